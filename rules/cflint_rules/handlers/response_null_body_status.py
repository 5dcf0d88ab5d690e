"""Give responses and requests a body only where they can have one, and a status that exists.

The runtime throws for `new Response(body, { status })` when the status is 101, 204, 205 or 304 and the body
is not `null`, for a status outside of 200 to 599, for `Response.redirect()` with a status that does not
redirect, and for a `GET` or `HEAD` request with a body.

## Incorrect

```ts
export default {
  async fetch(request: Request): Promise<Response> {
    if (request.method === "DELETE") return new Response("deleted", { status: 204 });
    return Response.redirect("https://example.com/", 200);
  },
};
```

## Correct

```ts
export default {
  async fetch(request: Request): Promise<Response> {
    if (request.method === "DELETE") return new Response(null, { status: 204 });
    return Response.redirect("https://example.com/", 302);
  },
};
```

## Not reported

An empty string as body (the runtime only warns), bodies and statuses that are not known here, and requests
whose method comes from another request.

## Fix safety

Safe: the body becomes `null`, which is what reaches the client with such a status anyway.

Source: workerd `src/workerd/api/http.c++`
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import Finding, Fix, Match, Module, Safety, Severity, ValueKind, call, js, new, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_NO_BODY = frozenset({101, 204, 205, 304})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_BODIES = frozenset({"string", "template_string", "object", "array", "number"})
_HONO = ("json", "text", "html")


@rule(
    new("Response", "Request"),
    call("redirect", "fetch", *_HONO),
    severity=Severity.ERROR,
    fix=Safety.SAFE,
)
def check(match: Match) -> Iterator[Finding]:
    module, node = match.module, match.node
    callee = match.callee
    if callee is None:
        return
    if node.type == "new_expression":
        if module.is_global(callee, "Response"):
            yield from _response(match, 1, match.arguments[:1])
        elif module.is_global(callee, "Request"):
            yield from _request(match)
        return
    if match.word == "fetch":
        if module.is_global(callee, "fetch"):
            yield from _request(match)
        return
    owner = match.receiver
    if module.is_global(owner, "Response"):
        if match.word == "json":
            yield from _response(match, 1, match.arguments[:1])
        elif match.word == "redirect" and len(match.arguments) > 1:
            status = module.number(match.arguments[1])
            if status is not None and status not in _REDIRECTS:
                yield Finding(
                    f"{status:g} is no redirect: `Response.redirect()` takes 301, 302, 303, 307 or 308",
                    match.at(match.arguments[1]),
                )
    elif match.word in _HONO and len(match.arguments) > 1:
        if match.value_of(owner).kind is not ValueKind.HONO_CONTEXT:
            return
        status = module.number(match.arguments[1])
        if status in _NO_BODY and owner is not None:
            fix = Fix(
                "Send no body",
                (match.replace(node, f"{module.text(owner)}.body(null, {status:g})"),),
                Safety.SAFE,
            )
            simple = len(match.arguments) == 2
            yield Finding(_throws(status), match.at(match.arguments[0]), fix=fix if simple else None)


def _throws(status: float) -> str:
    return f"a response of status {status:g} cannot have a body: this throws"


def _response(match: Match, index: int, bodies: "tuple[Node, ...]") -> Iterator[Finding]:
    module = match.module
    if len(match.arguments) <= index or not bodies:
        return
    init = match.arguments[index]
    written = module.property_value(init, "status")
    status = module.number(written) if written is not None else None
    if written is None or status is None:
        return
    if status in _NO_BODY:
        if match.word == "json" or _is_body(module, bodies[0]):
            yield Finding(_throws(status), match.at(bodies[0]), fix=_without_body(match, bodies[0]))
    elif not 200 <= status <= 599 or status != int(status):
        yield Finding(f"{status:g} is no status of a response: 200 to 599 are", match.at(written))


def _without_body(match: Match, body: "Node") -> Fix:
    edits = [match.replace(body, "null")]
    if match.word == "json" and match.callee is not None:
        edits.insert(0, match.replace(match.callee, "new Response"))
    return Fix("Send no body", tuple(edits), Safety.SAFE)


def _is_body(module: Module, node: "Node") -> bool:
    """Whether an expression surely is a body that is not empty."""
    node = js.unwrap(node)
    if node.type in _BODIES:
        return module.string(node) != ""
    if node.type == "call_expression" and module.callee_name(node) == "stringify":
        callee = node.child_by_field_name("function")
        return callee is not None and module.is_global(callee.child_by_field_name("object"), "JSON")
    return False


def _request(match: Match) -> Iterator[Finding]:
    """A request with a body whose method, by its `init` or by default, takes none."""
    module = match.module
    if len(match.arguments) < 2:
        return
    target, init = match.arguments[:2]
    body = module.property_value(init, "body")
    if body is None or not _is_body(module, body):
        return
    method = module.property_value(init, "method")
    if method is None:
        address = module.initializer(target)
        plain = address.type in ("string", "template_string") or (
            address.type == "new_expression" and module.callee_name(address) == "URL"
        )
        if not plain or module.is_open_object(init):
            return
        name = "GET"
    else:
        name = (module.string_of(method) or "").upper()
    if name in ("GET", "HEAD"):
        which = f"a `{name}` request" if method is not None else "a request without `method` is a `GET` and"
        yield Finding(f"{which} cannot have a body: this throws", match.at(body))
