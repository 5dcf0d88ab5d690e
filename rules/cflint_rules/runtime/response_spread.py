"""Take what a response, a request or headers hold by their names: `{ ...response }` copies nothing.

Spreading copies the properties that an object has itself. `status` and `headers` of a `Response`, `method`
and `body` of a `Request` are getters of their classes, and the fields of `Headers` are no properties at all:
what is spread is empty. A response that is made of it has none of the headers, a request is sent as a plain
GET.

## Incorrect

```ts
export default {
  async fetch(request): Promise<Response> {
    const url = new URL(request.url);
    url.hostname = "origin.example.com";
    const headers = { ...request.headers, "x-from": "worker" };
    return fetch(url, { method: request.method, headers });
  },
} satisfies ExportedHandler;
```

## Correct

```ts
export default {
  async fetch(request): Promise<Response> {
    const url = new URL(request.url);
    url.hostname = "origin.example.com";
    const headers = new Headers(request.headers);
    headers.set("x-from", "worker");
    return fetch(url, { method: request.method, headers });
  },
} satisfies ExportedHandler;
```

## What to do

Copy headers by `new Headers(…)`, and set what is to be another; as an object they are
`...Object.fromEntries(headers)`.

- "a response": Give the response itself where nothing changes, `new Response(response.body, response)`; with
  another status `new Response(response.body, { status: 404, headers: response.headers })`.
- "a request": Give the request itself as the second argument, `new Request(url, request)`, and change what is
  to be another on a copy of that.

## Not reported

Values of which it is not known what they are; arrays (`[...headers]` has the pairs); responses and requests
where the compatibility date is before 2022-01-31, or not known: there they have the properties themselves.

## Fix safety

Unsafe: headers come along that did not before.

Source: https://developer.mozilla.org/en-US/docs/Web/JavaScript/Reference/Operators/Spread_syntax,
https://developers.cloudflare.com/workers/configuration/compatibility-flags/ (properties of the API on the
prototype)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import Finding, Fix, Module, Safety, Severity, ValueKind, js, module, pattern, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_GETTERS = "workers_api_getters_setters_on_prototype"
_DOTS = pattern(rb"\.\.\.(?=[\w$(])")
_GIVEN = frozenset({"identifier", "member_expression", "call_expression", "await_expression"}) | {
    *("parenthesized_expression", "as_expression", "non_null_expression", "new_expression")
}
"""What may be one thing; a choice (`...(a && { b })`) seldom is a response."""
_KINDS = {
    ValueKind.RESPONSE: "a response",
    ValueKind.REQUEST: "a request",
    ValueKind.HEADERS: "headers",
}


@rule(
    module("headers", "Response", "Request", "fetch"),
    severity=Severity.WARNING,
    fix=Safety.UNSAFE,
)
def check(subject: Module) -> Iterator[Finding]:
    if not subject.is_run or b"..." not in subject.document.data:
        return
    for dots in subject.mentions(_DOTS):
        node = subject.parent(dots)
        holder = subject.parent(node) if node is not None and node.type == "spread_element" else None
        given = js.first_named(node) if node is not None else None
        if holder is None or node is None or holder.type != "object":
            continue
        if given is None or given.type not in _GIVEN:
            continue
        what = _KINDS.get(subject.value_of(given).kind) or _of_asset(subject, given)
        if what is None or not subject.runs_in_worker(node):
            continue
        if what == "headers" or _are_getters(subject):
            yield Finding(
                f"spreading {what} copies nothing: what it holds are no properties of its own",
                subject.at(node),
                fix=_fix(subject, given) if what == "headers" else None,
            )


def _are_getters(subject: Module) -> bool:
    """Whether properties of the runtime's objects are those of their classes, in all Workers of a module."""
    environments = subject.environments
    return bool(environments) and all(one.enables(_GETTERS) for one in environments)


def _of_asset(subject: Module, given: Node) -> str | None:
    """A response of Workers Sites: `await getAssetFromKV(event)`."""
    made = subject.call(_awaited(subject.initializer(js.unwrap(given))))
    if made is None or not subject.is_from(made.callee, "@cloudflare/kv-asset-handler", "getAssetFromKV"):
        return None
    return "a response"


def _awaited(node: Node) -> Node:
    inner = js.first_named(node) if node.type == "await_expression" else None
    return js.unwrap(inner) if inner is not None else node


def _fix(subject: Module, given: Node) -> Fix:
    edit = subject.replace(given, f"Object.fromEntries({subject.text(given)})")
    return Fix("Copy the fields", (edit,), Safety.UNSAFE)
