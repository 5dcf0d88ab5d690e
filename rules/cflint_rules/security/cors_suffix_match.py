r"""Compare the whole origin with those that are allowed, not its end, its start or a part.

`endsWith("example.com")` also holds for `https://evil-example.com`, `startsWith("https://example.com")` for
`https://example.com.evil.net`, and `includes()` for both. Whoever registers such a name may read the answers
as the user, or pass for the site. So may every page where `null` is allowed, which is the origin of a
sandboxed frame, and of files.

## Incorrect

```ts
export default {
  async fetch(request): Promise<Response> {
    const origin = request.headers.get("Origin") ?? "";
    const headers = new Headers();
    if (origin.endsWith("example.com")) headers.set("Access-Control-Allow-Origin", origin);
    return new Response("data", { headers });
  },
} satisfies ExportedHandler;
```

## Correct

```ts
export default {
  async fetch(request): Promise<Response> {
    const origin = request.headers.get("Origin") ?? "";
    const headers = new Headers({ Vary: "Origin" });
    if (origin === "https://example.com" || origin.endsWith(".example.com")) {
      headers.set("Access-Control-Allow-Origin", origin);
    }
    return new Response("data", { headers });
  },
} satisfies ExportedHandler;
```

## What to do

Compare with a list: `["https://app.example.com"].includes(origin ?? "")`, with the origins that the check
was written for. As it is, a page at that address may read the answers.

- "the origin `null`": Leave the comparison with `"null"` out. What has no `Origin` at all needs no answer by
  CORS; an app that shows its pages from files sends a token instead.
- "the local machine": Write `/^https?:\/\/localhost(:\d+)?$/.test(origin ?? "")` for this condition. As it
  is, a page at that address may read the answers.
- "a domain": Write `/^https:\/\/([\w-]+\.)*DOMAIN$/.test(origin ?? "")` for this condition: the domain
  itself and all below it, over HTTPS. As it is, a page at that address may read the answers.

## Not reported

`null` where it is refused, or only told apart, or where every other origin is let in, too. Ends that begin
with a dot or hold `://`, starts that end with `:` or `/`, lists that are asked for the origin
(`ALLOWED.includes(origin)`), and texts that are no host. What chooses the domain of a cookie: browsers refuse
one that is not that of the answer.

## Fix safety

There is no fix: which origins are meant is up to the author.

Source: https://developer.mozilla.org/en-US/docs/Web/HTTP/Guides/CORS,
https://developer.mozilla.org/en-US/docs/Web/HTTP/Reference/Headers/Access-Control-Allow-Origin#null
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import Finding, Match, Module, Severity, call, js, module, pattern, quoted, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_HOST = r"[a-z0-9][a-z0-9-]*(?:\.[a-z0-9-]+)+"
_HEADERS = frozenset({"origin", "referer"})
_LOOSE = {
    "endsWith": (pattern(_HOST, re.I), "https://evil-{text}"),
    "startsWith": (pattern(rf"https?://(?:localhost|{_HOST})", re.I), "{text}.evil.net"),
    "includes": (
        pattern(rf"(?:https?://|\.)?(?:{_HOST}|[a-z0-9-]+\.)|localhost", re.I),
        "https://{text}.evil.net",
    ),
}
_NULL = pattern(rb"null(?<=[\"']null)[\"']")
_COOKIE = pattern(r"cookie", re.IGNORECASE)
_DOMAIN = pattern(r"[\w-]+(?:\.[\w-]+)+")


@rule(call("endsWith", "startsWith", "includes"), severity=Severity.WARNING)
def check(match: Match) -> Iterator[Finding]:
    module, part = match.module, match.call.argument(0)
    text = module.string_of(part) if part is not None else None
    if match.receiver is None or part is None:
        return
    if text is None:
        if _is_compared(module, match.receiver, part) and _is_origin(module, match.receiver):
            yield Finding(f"this also holds for more than {quoted(module.text(part))}", match.at())
        return
    shape, example = _LOOSE[match.word]
    if shape.fullmatch(text) is None or not _is_origin(module, match.receiver):
        return
    if _is_of_cookie(module, match.node):
        return
    host = text.partition("://")[2] or text if match.word == "includes" else text
    yield Finding(
        f"this also holds for `{example.format(text=host.strip('.'))}`",
        match.at(),
        words=(*_case(match.word, host), *js.word('origin ?? ""', module, match.receiver)),
    )


@check.on(module("origin", "Origin"))
def check_null(module: Module) -> Iterator[Finding]:
    """`origin === "null"`, which lets every page in that puts itself into a sandboxed frame."""
    for leaf in module.mentions(_NULL) if _NULL.search(module.document.data) is not None else ():
        text = leaf if leaf.type == "string" else module.parent(leaf)
        compared = module.operation(module.parent(text)) if text is not None else None
        if compared is None or compared.operator not in ("===", "==") or compared.left is None:
            continue
        sides = [side for side in compared.operands if side is not None and module.string(side) is None]
        if len(sides) != 1 or not module.runs_in_worker(compared.node):
            continue
        if _is_origin(module, sides[0]) and _allows(module, compared.node, sides[0]):
            yield Finding(
                "any page can have the origin `null` (in a sandboxed frame): this lets it in",
                module.at(compared.node),
            )


def _is_of_cookie(module: Module, node: Node) -> bool:
    """Whether a check chooses the domain of a cookie: browsers refuse one that is not that of the answer."""
    function = module.enclosing_function(node)
    return function is not None and _COOKIE.search(js.name_of_function(module, function)) is not None


def _allows(module: Module, compared: Node, origin: Node) -> bool:
    """Whether what holds a comparison decides that an origin is allowed: `return "*"`, `? origin : ""`."""
    for above in module.ancestors(compared):
        if above.type in js.FUNCTIONS:
            return False
        condition = above.child_by_field_name("condition")
        if condition is None or not js.contains(condition, compared):
            continue
        given = above.child_by_field_name("consequence")
        if given is None or above.type not in ("if_statement", "ternary_expression"):
            return False
        if above.type == "if_statement":
            returned = next(iter(module.descendants(given, "return_statement")), None)
            returned = given if given.type == "return_statement" else returned
            given = js.first_named(returned) if returned is not None else None
        if given is None:
            return False
        given = js.unwrap(given)
        other = above.child_by_field_name("alternative")
        if above.type == "ternary_expression" and other is not None and module.is_same(other, origin):
            return False  # all origins are let in, this one no more than others
        return module.string_of(given) == "*" or given.type == "true" or module.is_same(given, origin)
    return False


def _case(method: str, text: str) -> js.Words:
    """Whether a check means the local machine, or a domain and what is below it, which it names."""
    name = text.rpartition("://")[2].strip(".")
    if name.partition(":")[0] in ("localhost", "127.0.0.1"):
        return (("the local machine", ""), ("localhost", name.partition(":")[0]))
    is_domain = method in ("endsWith", "includes") and _DOMAIN.fullmatch(name) is not None
    return (("a domain", ""), ("DOMAIN", name.replace(".", "\\."))) if is_domain else ()


def _is_compared(module: Module, origin: Node, allowed: Node) -> bool:
    """Whether code also asks if an origin is one of those that are allowed, which is then a whole origin or
    host: `origin === allowed || origin.startsWith(allowed)`."""
    around = module.enclosing_function(allowed)
    for node in module.descendants(around, "binary_expression") if around is not None else ():
        operation = module.operation(node)
        if operation is None or operation.operator not in ("===", "==") or operation.left is None:
            continue
        if module.is_same(operation.left, origin) and module.is_same(operation.right, allowed):
            return True
        if module.is_same(operation.left, allowed) and module.is_same(operation.right, origin):
            return True
    return False


def _is_origin(module: Module, node: Node) -> bool:
    """Whether a value is the origin of a request, or its host."""
    for part in module.origins(node):
        if module.header_read(part) in _HEADERS:
            return True
        declaration = module.scope.resolve(part) if part.type == "identifier" else None
        if declaration is None or declaration.kind is not js.DeclarationKind.PARAMETER:
            continue
        if not declaration.path and _decides_origin(module, declaration.scope, declaration):
            return True
    return False


def _decides_origin(module: Module, function: Node, declaration: js.Declaration) -> bool:
    """Whether a function is the `origin` of Hono's `cors()`, or is given an origin by all that call it."""
    holder = module.parent(module.with_wrappers(function))
    key = module.key(holder) if holder is not None and holder.type == "pair" else None
    if key == "origin" and holder is not None:
        options = module.parent(holder)
        around = module.call_around(options) if options is not None else None
        first = next(iter(module.parameters(function)), None)
        if first is None or not js.contains(first.node, declaration.node):
            return False  # the second one is the context
        return around is not None and module.is_from(around[0].callee, "hono/cors", "cors")
    return any(
        module.header_read(part) in _HEADERS
        for site in js.calls_in_module(module, function)
        for argument in js.arguments_of(site)
        if module.parameter_for(argument) is declaration
        for part in module.origins(argument)
    )
