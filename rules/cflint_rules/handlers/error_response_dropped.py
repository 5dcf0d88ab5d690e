"""Return the error that a function answers with: where its `Response` is dropped, the handler goes on.

A function that says by a `Response` that something failed, or that a client may not do this, throws nothing.
Where its result is dropped the handler goes on: it answers 200 although nothing was done, or does what the
function was to prevent.

## Incorrect

```ts
async function refuse(request: Request): Promise<Response | undefined> {
  const token = await caches.default.match(request.headers.get("X-Token") ?? "https://example.com/none");
  return token === undefined ? undefined : new Response("used already", { status: 409 });
}

export default {
  async fetch(request): Promise<Response> {
    await refuse(request);
    return new Response("used once");
  },
} satisfies ExportedHandler;
```

## Correct

```ts
async function refuse(request: Request): Promise<Response | undefined> {
  const token = await caches.default.match(request.headers.get("X-Token") ?? "https://example.com/none");
  return token === undefined ? undefined : new Response("used already", { status: 409 });
}

export default {
  async fetch(request): Promise<Response> {
    const refused = await refuse(request);
    if (refused !== undefined) return refused;
    return new Response("used once");
  },
} satisfies ExportedHandler;
```

## What to do

Write `const failed = await call; if (failed) return failed;`, or, where the function always gives a
`Response`, `if (!failed.ok) return failed`.

## Not reported

Functions that answer with nothing above status 399; calls for something else than a request (a cron trigger,
a queue); methods; calls without `await`.

## Fix safety

There is no fix: whether the function is to return or to throw is up to the author.

Source: https://developers.cloudflare.com/workers/runtime-apis/response/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import PREVIEW, Finding, Module, Severity, js, module, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_FAILS = 400


@rule(module("await"), severity=Severity.WARNING, presets=(PREVIEW,))
def check(subject: Module) -> Iterator[Finding]:
    if not subject.is_run:
        return
    for word in subject.leaves("await", subject.root):
        whole = subject.parent(word)
        above = subject.parent(whole) if whole is not None else None
        inner = js.first_named(whole) if whole is not None else None
        if above is None or above.type != "expression_statement" or inner is None:
            continue
        made = subject.call(inner) if inner.type == "call_expression" else None
        if made is None or made.callee is None or made.callee.type != "identifier":
            continue
        called = js.function_called(subject, made.node)
        answer = _fails_with(*called) if called is not None else None
        if called is None or answer is None:
            continue
        if js.invocations_of(subject, made.node) != {js.Invocation.REQUEST}:
            continue
        yield Finding(
            f"`{made.name}()` answers an error by a `Response`, which is dropped here: the handler goes on",
            subject.at(made.callee),
            (called[0].at(answer, "this is dropped"),),
        )


def _fails_with(home: Module, function: Node) -> Node | None:
    """The response of an error that a function returns; None where it returns none."""
    for statement in home.returns_of(function):
        value = js.first_named(statement)
        for given in js.alternatives(home, value) if value is not None else ():
            answer = home.response_made(given)
            statuses = [answer.status] if answer is not None else []
            if given.type == "call_expression":
                statuses += [reply.status for reply in js.replies_of(home, given)]
            if any(status is not None and status >= _FAILS for status in statuses):
                return given
    return None
