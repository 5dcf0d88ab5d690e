"""Build addresses from `request.url` or a variable, not from `X-Forwarded-Host`.

Cloudflare sets no `X-Forwarded-Host`: what a Worker finds there is what the client sent. Links in mails, an
issuer, a redirect URI or an endpoint that is made with it lead to any host that a client names, and a cache
keeps them for others.

## Incorrect

```ts
export default {
  async fetch(request): Promise<Response> {
    const host = request.headers.get("X-Forwarded-Host") ?? new URL(request.url).host;
    return Response.json({ issuer: `https://${host}`, token_endpoint: `https://${host}/token` });
  },
} satisfies ExportedHandler;
```

## Correct

```ts
export default {
  async fetch(request): Promise<Response> {
    const { origin } = new URL(request.url);
    return Response.json({ issuer: origin, token_endpoint: `${origin}/token` });
  },
} satisfies ExportedHandler;
```

## What to do

Take the host of the address that was asked for: `new URL(request.url).host` for the header. Where another
proxy of yours stands before the Worker, write its host into a variable of the configuration, and take that.

## Not reported

Hosts that are compared with a list or handed to a function, and those that are only logged or sent on as a
header.

## Fix safety

Unsafe: addresses are then made with the host that the Worker was asked by, also behind another proxy. There
is a fix where another host stands beside the header (`header ?? url.host`).

Source: https://developers.cloudflare.com/fundamentals/reference/http-headers/,
https://owasp.org/www-project-web-security-testing-guide/latest/4-Web_Application_Security_Testing/07-Input_Validation_Testing/17-Testing_for_Host_Header_Injection
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import PREVIEW, Finding, Fix, Match, Module, Safety, Severity, call, js, pattern, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_HEADERS = frozenset({"x-forwarded-host", "x-original-host", "x-host"})
_FORWARDED = pattern(rb"forwarded|x-host|original-host", re.IGNORECASE)
_EQUAL = frozenset({"==", "===", "!=", "!=="})

_HEADERS_NAME = pattern(r"(?:req(?:uest)?_?|incoming_?)?headers(?:_?list)?", re.IGNORECASE)
_LOCAL = pattern(r"localhost|127\.0\.0\.1|::1|\.local$")
"""Hosts of whoever develops: to ask for these says nothing of the others."""


@rule(call("get", "header"), severity=Severity.NOTE, fix=Safety.UNSAFE, presets=(PREVIEW,))
def check(match: Match) -> Iterator[Finding]:
    module = match.module
    first = match.call.argument(0)
    if first is None or (module.string_of(first) or "").lower() not in _HEADERS or not module.is_run:
        return
    if module.header_read(match.node) is None and not _is_of_request(module, match.receiver):
        return
    held = _held(module, match.node)
    held = (*held, *(further for use in held if _is_chosen(module, use) for further in _held(module, use)))
    places = [match.node, *held]
    if any(_is_checked(module, place) for place in places):
        return
    built = next((found for place in places if (found := _builds(module, place)) is not None), None)
    if built is None:
        return
    yield Finding(
        "any client can send this header: the address that is made with it leads where the client says",
        match.at(),
        () if js.contains(built, match.node) else (module.at(built, "the address is made here"),),
        _fix(module, match.node),
    )


def _fix(module: Module, header: Node) -> Fix | None:
    """The fix that takes what stands in the place of a missing header."""
    operation = module.operation(module.parent(module.with_wrappers(header)))
    if operation is None or operation.operator not in ("??", "||") or operation.left is None:
        return None
    other = operation.right
    if (
        other is None
        or js.contains(other, header)
        or js.unwrap(other).type in ("string", "null", "undefined")
    ):
        return None
    if next(module.mentions(_FORWARDED, other), None) is not None:
        return None
    text = module.text(other)
    return Fix(f"Take `{text}`", (module.replace(operation.node, text),), Safety.UNSAFE)


def _is_of_request(module: Module, receiver: Node | None) -> bool:
    """Whether headers are those of the request by what they are called: `await headers()` of Next.js, a
    parameter `requestHeaders: Headers`."""
    made = js.unwrap(module.initializer(receiver)) if receiver is not None else None
    if made is not None and made.type == "await_expression":
        made = js.first_named(made)
    asked = module.call(made) if made is not None else None
    if asked is not None:
        return asked.callee is not None and module.is_from(asked.callee, "next/headers", "headers")
    declaration = module.scope.resolve(receiver) if receiver is not None else None
    if declaration is None or declaration.kind is not js.DeclarationKind.PARAMETER:
        return False
    return _HEADERS_NAME.fullmatch(declaration.name) is not None


def _is_chosen(module: Module, use: Node) -> bool:
    """Whether a use is a side of `a ?? b`, of which another constant is made."""
    operation = module.operation(module.parent(module.with_wrappers(use)))
    return operation is not None and operation.operator in ("??", "||")


def _held(module: Module, node: Node) -> tuple[Node, ...]:
    """The uses of a constant that holds a header, with a default or without."""
    whole = module.with_wrappers(node)
    above = module.parent(whole)
    operation = module.operation(above)
    if operation is not None and operation.operator in ("??", "||"):
        whole = module.with_wrappers(operation.node)
        above = module.parent(whole)
        operation = module.operation(above)
        if operation is not None and operation.operator in ("??", "||"):
            whole = module.with_wrappers(operation.node)
    return tuple(module.result_of(js.unwrap(whole)).references)


def _is_checked(module: Module, place: Node) -> bool:
    """Whether something is asked of a host, other than whether there is one."""
    whole = module.with_wrappers(place)
    above = module.parent(whole)
    compared = module.operation(above)
    if compared is not None and compared.operator in _EQUAL:
        return not any(side is not None and side.type in ("null", "undefined") for side in compared.operands)
    access = module.member(above) if above is not None else None
    if access is not None and js.unwrap(access.object).id == js.unwrap(place).id:
        first = access.call.argument(0) if access.call is not None else None
        if access.name in ("includes", "startsWith") and first is not None:
            return _LOCAL.search(module.string_of(first) or "") is None
        return access.name not in ("split", "trim", "toString")
    around = module.call_around(place)
    return around is not None and around[0].name not in (*js.HEADER_SETTERS, "URL", "log", "String")


def _builds(module: Module, place: Node) -> Node | None:
    """The template or sum that makes an address with a host in it."""
    for above in module.ancestors(place):
        if above.type == "template_string" and b"//" in (above.text or b""):
            return above
        operation = module.operation(above)
        if operation is not None and operation.operator == "+" and b"//" in (above.text or b""):
            return above
        assigned = module.assignment(above)
        if assigned is not None:
            access = module.member(assigned.target)
            return above if access is not None and access.name in ("host", "hostname") else None
        if above.type.endswith(("_statement", "_declaration", "function")):
            return None
    return None
