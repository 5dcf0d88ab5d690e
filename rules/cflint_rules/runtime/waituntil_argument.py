"""Pass a promise to `waitUntil()`.

`waitUntil()` keeps the Worker alive until a promise is settled. It does not call a function that it is given:
the work is never done. `waitUntil(await work())` waits first, so the visitor waits too, and then keeps alive
what is over already.

## Incorrect

```ts
async function log(path: string): Promise<void> {
  await fetch("https://log.example.com", { method: "POST", body: path });
}

export default {
  async fetch(request: Request, env: Env, ctx: ExecutionContext): Promise<Response> {
    ctx.waitUntil(async () => {
      await log(request.url);
    });
    return new Response("Hello");
  },
};
```

## Correct

```ts
async function log(path: string): Promise<void> {
  await fetch("https://log.example.com", { method: "POST", body: path });
}

export default {
  async fetch(request: Request, env: Env, ctx: ExecutionContext): Promise<Response> {
    ctx.waitUntil(log(request.url));
    return new Response("Hello");
  },
};
```

## What to do

Call the function: `ctx.waitUntil(work())`.

- "no promise": Leave `waitUntil()` out where the call returns nothing to wait for; otherwise let the function
  return its promise (`async`, or `return` before what it starts).

## Not reported

Variables and calls of which it is not known what they give.

## Errors

```text title="workerd"
TypeError: Failed to execute 'waitUntil' on '…': parameter 1 is not of type 'Promise'.
```

## Fix safety

Safe: the function is called, or `await` is left out.

Source: https://developers.cloudflare.com/workers/runtime-apis/context/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import Edit, Finding, Fix, Match, Safety, Severity, Span, ValueKind, call, js, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_CONTEXTS = frozenset({ValueKind.EXECUTION_CONTEXT, ValueKind.DURABLE_OBJECT_STATE, ValueKind.PAGES_CONTEXT})
_LITERALS = frozenset({"string", "number", "true", "false", "null", "object", "template_string"})


@rule(call("waitUntil"), severity=Severity.ERROR, fix=Safety.SAFE)
def check(match: Match) -> Iterator[Finding]:
    if not match.arguments or not _is_wait_until(match):
        return
    argument = match.arguments[0]
    value = js.unwrap(argument)
    function = _function(match, value)
    if function is not None:
        yield Finding(
            "`waitUntil()` is given a function, which it does not call: the work is never done",
            match.at(argument),
            fix=_call_it(match, argument, value, function),
        )
    elif value.type == "await_expression":
        yield Finding(
            "`waitUntil()` is given the result of `await`: the code waits, and nothing is left to keep alive",
            match.at(argument),
            fix=_without_await(match, value),
            severity=Severity.WARNING,
        )
    elif value.type in _LITERALS:
        yield Finding("`waitUntil()` is given no promise, so it keeps nothing alive", match.at(argument))


def _is_wait_until(match: Match) -> bool:
    callee = match.callee
    if callee is not None and callee.type == "identifier":
        imported = match.module.import_named("cloudflare:workers", "waitUntil")
        return imported is not None and match.module.scope.resolve(callee) is imported
    return match.receiver_value.kind in _CONTEXTS


def _function(match: Match, value: Node) -> Node | None:
    if value.type in js.FUNCTIONS:
        return value
    if value.type == "identifier":
        declaration = match.module.scope.resolve(value)
        return match.module.function_of(declaration) if declaration is not None else None
    return None


def _call_it(match: Match, argument: Node, value: Node, function: Node) -> Fix | None:
    if match.module.parameters(function) or js.is_generator(function):
        return None
    if value.type == "identifier":
        return Fix("Call the function", (match.insert(argument.end_byte, "()"),), Safety.SAFE)
    body = value.child_by_field_name("body")
    if value.type == "arrow_function" and body is not None and js.unwrap(body).type == "call_expression":
        return Fix("Pass the promise", (match.replace(argument, match.text(js.unwrap(body))),), Safety.SAFE)
    edits = (match.insert(argument.start_byte, "("), match.insert(argument.end_byte, ")()"))
    return Fix("Call the function", edits, Safety.SAFE)


def _without_await(match: Match, value: Node) -> Fix | None:
    inner = js.first_named(value)
    if inner is None:
        return None
    span = Span(value.start_byte, inner.start_byte)
    return Fix("Leave out `await`", (Edit(match.document, span, ""),), Safety.SAFE)
