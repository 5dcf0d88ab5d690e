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

## What to do

This throws as it is.

- "is no status": Write a status from 200 to 599: 500 for an error of this Worker, 502 for one of another
  server.
- "is no redirect": Write 302 (301 for ever, 303 after a form, 307 or 308 to keep the method); 304 is `new
  Response(null, { status: 304 })`.
- "request": Write the method that is meant (`method: "POST"`), or leave `body` out.

## Not reported

An empty string as body (the runtime only warns), Hono's `c.json(undefined, 204)`, which has none, bodies and
statuses that are not known here, and requests whose method comes from another request.

## Errors

```text title="workerd"
TypeError: Response with null body status (101, 204, 205, or 304) cannot have a body.
RangeError: Responses may only be constructed with status codes in the range 200 to 599, inclusive.
TypeError: Request with a GET or HEAD method cannot have a body.
RangeError: … is not a redirect status code. It must be one of: 301, 302, 303, 307, or 308.
```

## Fix safety

Safe: the body becomes `null`, which is what reaches the client with such a status anyway.

Source: workerd `src/workerd/api/http.c++`
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import Finding, Fix, Match, Module, Safety, Severity, ValueKind, call, js, new, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_BODIES = frozenset({"string", "template_string", "object", "array", "number"})


@rule(new("Response", "Request"), severity=Severity.ERROR, fix=Safety.SAFE)
def check(match: Match) -> Iterator[Finding]:
    if match.module.is_global(match.callee, "Response"):
        yield from _response(match)
    elif match.module.is_global(match.callee, "Request"):
        yield from _request(match)


@check.on(call("fetch"))
def check_fetch(match: Match) -> Iterator[Finding]:
    if match.module.is_global(match.callee, "fetch"):
        yield from _request(match)


@check.on(call("redirect"))
def check_redirect(match: Match) -> Iterator[Finding]:
    if not match.module.is_global(match.receiver, "Response") or len(match.arguments) < 2:
        return
    status = match.module.number(match.arguments[1])
    if status is not None and status not in js.REDIRECT_STATUSES:
        yield Finding(
            f"{status:g} is no redirect: `Response.redirect()` takes 301, 302, 303, 307 or 308",
            match.at(match.arguments[1]),
        )


@check.on(call("json", "text", "html"))
def check_method(match: Match) -> Iterator[Finding]:
    """`Response.json()`, and the methods of Hono's context."""
    module, owner = match.module, match.receiver
    if module.is_global(owner, "Response"):
        if match.word == "json":
            yield from _response(match)
        return
    if owner is None or len(match.arguments) < 2 or match.receiver_value.kind is not ValueKind.HONO_CONTEXT:
        return
    status = module.number(match.arguments[1])
    if status in js.NULL_BODY_STATUSES and not _is_nothing(match):
        text = f"{module.text(owner)}.body(null, {status:g})"
        fix = Fix("Send no body", (match.replace(match.node, text),), Safety.SAFE)
        is_simple = len(match.arguments) == 2
        yield Finding(_throws(status), match.at(match.arguments[0]), fix=fix if is_simple else None)


def _is_nothing(match: Match) -> bool:
    """Whether what Hono is given makes no body: `JSON.stringify()` of undefined gives undefined, and a text
    goes to `new Response()` as it is."""
    given = js.unwrap(match.arguments[0])
    if given.type == "undefined" or match.word == "json":
        return given.type == "undefined"
    return given.type == "null" or match.module.string(given) == ""


def _throws(status: float) -> str:
    return f"a response of status {status:g} cannot have a body: this throws"


def _response(match: Match) -> Iterator[Finding]:
    made = match.module.response_made(match.node)
    if made is None or made.content is None or made.status is None or made.status_node is None:
        return
    status = made.status
    if status in js.NULL_BODY_STATUSES:
        if match.word == "json" or _is_body(match.module, made.content):
            yield Finding(_throws(status), match.at(made.content), fix=_without_body(match, made.content))
    elif not 200 <= status <= 599 or status != int(status):
        yield Finding(f"{status:g} is no status of a response: 200 to 599 are", match.at(made.status_node))


def _without_body(match: Match, body: Node) -> Fix:
    edits = [match.replace(body, "null")]
    if match.word == "json" and match.callee is not None:
        edits.insert(0, match.replace(match.callee, "new Response"))
    return Fix("Send no body", tuple(edits), Safety.SAFE)


def _is_body(module: Module, node: Node) -> bool:
    """Whether an expression surely is a body that is not empty."""
    node = js.unwrap(node)
    if node.type in _BODIES:
        return module.string(node) != ""
    made = module.call(node)
    return made is not None and module.is_from(made.callee, "", "JSON.stringify")


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
        made = module.call(address)
        plain = address.type in ("string", "template_string") or (made is not None and made.name == "URL")
        if not plain or module.is_open_object(init):
            return
        name = "GET"
    else:
        name = (module.string_of(method) or "").upper()
    if name in ("GET", "HEAD"):
        which = f"a `{name}` request" if method is not None else "a request without `method` is a `GET` and"
        yield Finding(f"{which} cannot have a body: this throws", match.at(body))
