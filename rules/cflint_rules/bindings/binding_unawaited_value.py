"""Await what a binding returns before it is used.

The methods of bindings return promises. A promise is always truthy, has none of the result's properties, and
becomes `[object Promise]` as text and `{}` as JSON, so the code goes on with nonsense instead of failing.

## Incorrect

```ts
interface Env {
  USERS: KVNamespace;
}

export default {
  async fetch(request, env): Promise<Response> {
    const user = env.USERS.get(new URL(request.url).pathname);
    if (!user) {
      return new Response("Not found", { status: 404 });
    }
    return Response.json(user);
  },
} satisfies ExportedHandler<Env>;
```

## Correct

```ts
interface Env {
  USERS: KVNamespace;
}

export default {
  async fetch(request, env): Promise<Response> {
    const user = await env.USERS.get(new URL(request.url).pathname);
    if (!user) {
      return new Response("Not found", { status: 404 });
    }
    return Response.json({ user });
  },
} satisfies ExportedHandler<Env>;
```

## What to do

Put `await` before the call, make the function `async`, and await it where it is called.

## Not reported

Members of what a remote procedure call returns (`await env.USERS_API.find(id).name()`): those are promises
too. A variable that is awaited anywhere, or passed on.

## Errors

```text title="workerd"
TypeError: … is not a function
```

## Fix safety

Safe: in an asynchronous function `await` is put before the call.

Source: https://developers.cloudflare.com/kv/api/read-key-value-pairs/
"""

from __future__ import annotations

from collections.abc import Iterator

from cflint.api import Finding, Fix, Match, Safety, Severity, call, config, js, quoted, rule

_METHODS = config.async_methods(
    "D1PreparedStatement",
    "D1DatabaseSession",
    "WorkflowInstance",
    "R2ObjectBody",
    "Fetcher",
    "DurableObjectStorage",
)
_READS = frozenset({js.PromiseSource.BINDING, js.PromiseSource.STORAGE})


@rule(call(*_METHODS), severity=Severity.ERROR, fix=Safety.SAFE)
def check(match: Match) -> Iterator[Finding]:
    use = match.module.promise_use(match.node)
    if use.outcome is not js.PromiseOutcome.VALUE or match.module.promise_source(match.node) not in _READS:
        return
    called = quoted(f"{match.text(match.callee)}()")
    yield Finding(
        f"{called} gives a promise, and it is used as if it were the result",
        match.at(match.node),
        related=(match.at(use.at, "used here"),) if use.at.start_byte > match.node.end_byte else (),
        fix=_fix(match, use),
    )


def _fix(match: Match, use: js.PromiseUse) -> Fix | None:
    module, promise = match.module, use.promise
    if match.enclosing_function is None or not module.can_await(promise):
        return None
    title = "Await the promise"
    if (
        use.at.type not in ("member_expression", "subscript_expression")
        or use.at.start_byte > promise.end_byte
    ):
        return Fix(title, (match.insert(promise.start_byte, "await "),), Safety.SAFE)
    if promise.type == "parenthesized_expression":
        return Fix(title, (match.insert(promise.start_byte + 1, "await "),), Safety.SAFE)
    edits = (match.insert(promise.start_byte, "(await "), match.insert(promise.end_byte, ")"))
    return Fix(title, edits, Safety.SAFE)
