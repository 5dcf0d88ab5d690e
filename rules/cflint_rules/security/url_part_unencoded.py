"""Encode what a client sends before it becomes part of another service's URL.

Parameters are decoded when they are read. Put into a URL as they are, `../admin` or `x?role=owner` from the
client changes which address is asked, and `&` adds parameters of its own: a filter becomes wider, and another
record is read or deleted, with the credentials that the Worker sends along.

## Incorrect

```ts
interface Env {
  API: string;
}

export default {
  async fetch(request, env): Promise<Response> {
    const id = new URL(request.url).searchParams.get("id") ?? "";
    const url = `${env.API}/orders/${id}`;
    const response = await fetch(url, { signal: AbortSignal.timeout(5_000) });
    return new Response(response.body, { status: response.status });
  },
} satisfies ExportedHandler<Env>;
```

## Correct

```ts
interface Env {
  API: string;
}

export default {
  async fetch(request, env): Promise<Response> {
    const id = new URL(request.url).searchParams.get("id") ?? "";
    const url = `${env.API}/orders/${encodeURIComponent(id)}`;
    const response = await fetch(url, { signal: AbortSignal.timeout(5_000) });
    return new Response(response.body, { status: response.status });
  },
} satisfies ExportedHandler<Env>;
```

## What to do

Write `${encodeURIComponent(value)}` in its place, and so for each that is shown: a `/`, `?` or `..` in it
then stays part of the value.

## Not reported

What is a number, is compared with a list or a pattern, or is handed to a function before; requests without a
credential to a host that the code writes out: they reach what anyone can reach; whole URLs and hosts that a
client sends (`open-proxy`); a path that is meant to be handed on (it is called one, or comes from a wildcard
of the route); requests to bindings.

## Fix safety

Safe where the value is text: what needs no encoding stays as it is.

Source: https://developer.mozilla.org/en-US/docs/Web/JavaScript/Reference/Global_Objects/encodeURIComponent,
https://owasp.org/www-community/attacks/Path_Traversal
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from cflint.api import (
    Finding,
    Fix,
    Match,
    Module,
    Safety,
    Severity,
    ValueKind,
    call,
    js,
    new,
    pattern,
    quoted,
    rule,
)
from cflint_rules.security._effects import is_secret
from cflint_rules.security._targets import destructured

if TYPE_CHECKING:
    from tree_sitter import Node

_HOST = pattern(r"[a-z][a-z0-9+.-]*://[^/]+/.*", re.IGNORECASE | re.DOTALL)
_WHOLE = pattern(r"path|url|uri|query|search|params|rest|endpoint|route|slug|\bqs\b|file|key", re.IGNORECASE)
_CREDENTIAL = pattern(r"authorization|api-?key|token|cookie", re.IGNORECASE)
_HOLE = "\0"
_MOST = 8


@rule(call("fetch"), new("Request"), severity=Severity.NOTE, fix=Safety.SAFE)
def check(match: Match) -> Iterator[Finding]:
    module = match.module
    if not match.arguments or not js.is_global(module, match.callee, "fetch", "Request"):
        return
    url = _template(module, match.arguments[0])
    if url is None or not module.runs_in_worker(match.node):
        return
    if _is_public(module, match, url):
        return
    sent = list(_sent_parts(module, url))
    if not sent:
        return
    first, where = sent[0]
    others = [inner for inner, _ in sent[1:]]
    edits = [
        module.replace(inner, f"encodeURIComponent({module.text(inner)})")
        for inner in (first, *others)
        if inner.type == "identifier"
    ]
    request = (match.at(match.node, "the request"),) if not js.contains(match.node, first) else ()
    yield Finding(
        f"{quoted(module.text(first))} of the client stands in the {where} of this URL as it is: it can"
        " change which address is asked",
        module.at(first),
        (*request, *(module.at(inner, "so does this") for inner in others)),
        fix=Fix("Encode it", tuple(edits), Safety.SAFE) if first.type == "identifier" else None,
    )


def _sent_parts(module: Module, url: Node) -> Iterator[tuple[Node, str]]:
    """The parts of a URL that a client sends and that nothing encodes, with where they stand."""
    before = ""
    for part in url.named_children:
        if part.type != "template_substitution":
            before += module.text(part)
            continue
        inner = js.first_named(part)
        known = module.string_of(inner) if inner is not None else None
        if inner is None or known is not None:
            before += known or ""
            continue
        if _is_behind_host(before) and not _names_whole(module, inner) and _is_sent(module, inner):
            yield inner, "query" if "?" in before else "path"
        before += _HOLE


def _template(module: Module, node: Node) -> Node | None:
    """The template that a URL is: there, in a variable, or in `new URL(…)`."""
    found = js.unwrap(module.initializer(node))
    made = module.call(found)
    if made is not None and made.is_new and made.name == "URL" and made.arguments:
        found = js.unwrap(module.initializer(made.arguments[0]))
    return found if found.type == "template_string" else None


def _is_public(module: Module, match: Match, url: Node) -> bool:
    """Whether a request goes to a host that stands in the code, with nothing that is not everybody's."""
    if not module.text(url)[1:].lower().startswith(("https://", "http://")) or module.text(url)[1:].partition(
        "://"
    )[2].startswith("$"):
        return False
    parts = [url, *match.arguments[1:2]]
    if any(next(module.contents(part, partial(is_secret, module)), None) is not None for part in parts):
        return False
    options = match.call.argument(1)
    headers = module.property_value(options, "headers") if options is not None else None
    written = module.initializer(headers) if headers is not None else None
    return written is None or _CREDENTIAL.search(module.text(written)) is None


def _is_behind_host(before: str) -> bool:
    """Whether the text before a part holds the whole host: one that is written out, or a variable with a
    slash behind it."""
    if _HOST.fullmatch(before) is not None:
        return True
    return before.startswith(_HOLE) and before[1:2] in ("/", "?") and len(before) > 1


def _names_whole(module: Module, node: Node) -> bool:
    """Whether a value is a path or a query by its name, which is handed on as it is."""
    access = module.member(node)
    made = module.call(node)
    name = access.name if access is not None else module.text(node)
    if made is not None:
        first = made.argument(0)
        name = (module.string_of(first) if first is not None else None) or made.name or ""
    return _WHOLE.search(name) is not None or "*" in name


def _is_sent(module: Module, node: Node) -> bool:
    """Whether a value is a parameter of the request, as it was sent."""
    source = _source(module, node, _MOST)
    if source is not None:
        return js.provenance(module, node).trust is js.Trust.REQUEST
    declaration = module.scope.resolve(node) if node.type == "identifier" else None
    if declaration is None or declaration.kind is not js.DeclarationKind.PARAMETER:
        return False
    if js.provenance(module, node).trust is js.Trust.FIXED:
        return False
    handed = next(js.traced(module, node, _is_source), None)  # a helper, and who calls it
    return handed is not None and _stays_as_sent(handed.module, handed.node)


def _is_source(found: js.Traced) -> bool:
    return (
        not found.path
        and _source(found.module, found.node, 1) is not None
        and found.node.type == "call_expression"
    )


def _stays_as_sent(module: Module, read: Node) -> bool:
    """Whether a parameter that was read is used somewhere with nothing asked of it before."""
    uses = module.result_of(read).references
    return not uses or any(js.provenance(module, use).trust is not js.Trust.FIXED for use in uses)


def _source(module: Module, node: Node, hops: int) -> Node | None:
    """The read of one parameter of the query, of the route or of a JSON body that an expression is."""
    node = js.unwrap(node)
    if hops == 0:
        return None
    if node.type in ("identifier", "shorthand_property_identifier"):
        declaration = module.scope.resolve(node)
        if (
            declaration is None
            or declaration.value is None
            or declaration.kind is js.DeclarationKind.PARAMETER
        ):
            return None
        if any(True for _ in module.scope.assignments(declaration)):
            return None
        if declaration.path:
            return destructured(module, declaration, ("query", "param"))
        return _source(module, declaration.value, hops - 1)
    operation = module.operation(node)
    if operation is not None and operation.operator in ("??", "||") and operation.left is not None:
        return _source(module, operation.left, hops - 1)
    if module.reads_query(node):
        return node
    made = module.call(node)
    if made is not None:
        if made.name in ("trim", "toLowerCase", "toUpperCase", "toString") and made.receiver is not None:
            return _source(module, made.receiver, hops - 1)
        is_hono = made.receiver is not None and _is_hono_request(module, made.receiver)
        first = made.argument(0)
        if is_hono and made.name == "param" and first is not None and module.string_of(first) != "*":
            return node
    return None


def _is_hono_request(module: Module, node: Node) -> bool:
    """Whether an expression is Hono's request: known to be, or `c.req` of a parameter without a type."""
    value = module.value_of(node)
    if value.kind is ValueKind.HONO_REQUEST:
        return True
    access = module.member(node)
    return not value and access is not None and access.name == "req"
