"""Expect that there may be no instance of a Workflow with an id that a client sent.

`get()` throws when there is no instance of that id (`instance.not_found`), or when it is older than what is
retained. With an id from the request, any visitor makes the handler end with status 500 instead of 404.

## Incorrect

```ts
interface Env {
  IMPORT: Workflow;
}

export default {
  async fetch(request, env): Promise<Response> {
    const id = new URL(request.url).searchParams.get("id") ?? "";
    const instance = await env.IMPORT.get(id);
    return Response.json(await instance.status());
  },
} satisfies ExportedHandler<Env>;
```

## Correct

```ts
interface Env {
  IMPORT: Workflow;
}

export default {
  async fetch(request, env): Promise<Response> {
    const id = new URL(request.url).searchParams.get("id") ?? "";
    try {
      const instance = await env.IMPORT.get(id);
      return Response.json(await instance.status());
    } catch (error) {
      console.warn("no such instance", id, error);
      return new Response("no such instance", { status: 404 });
    }
  },
} satisfies ExportedHandler<Env>;
```

## What to do

Write `let instance: WorkflowInstance; try { instance = await workflow.get(id); } catch { return new
Response("not found", { status: 404 }); }` for the statement: an id that there is not is answered with 404
instead of an error 500; do the same at each other place that is shown.

- "`get()` raises": Put it into `try:`, and answer 404: `except Exception: return Response("not found",
  status=404)`. As it is, the client gets an error 500.

## Not reported

A call within `try`, or whose promise has a `.catch()`; ids that do not come from a request, as far as it is
in sight; apps of Hono with an `onError()`.

## Errors

```text title="Workflows"
instance.not_found
```

## Fix safety

No fix: what to answer is up to you.

Source: https://developers.cloudflare.com/workflows/build/workers-api/#get, and workers-sdk,
`packages/workflows-shared/src/binding.ts`
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import Finding, Match, Module, Severity, call, js, python, python_module, rule

if TYPE_CHECKING:
    from tree_sitter import Node


@rule(call("get"), severity=Severity.NOTE)
def check(match: Match) -> Iterator[Finding]:
    module = match.module
    if len(match.arguments) != 1 or not match.receiver_value.is_binding("workflow"):
        return
    first, *others = module.memoized("workflow-get-unguarded", lambda: _unguarded(module)) or (None,)
    if first is not None and first.id == match.node.id:
        yield Finding(
            "`get()` throws when there is no instance of that id, which a client can choose here",
            match.at(),
            tuple(module.at(other, "and here") for other in others if other is not None),
            words=(
                *js.word("workflow", module, match.receiver),
                *js.word("id", module, match.arguments[0]),
            ),
        )


@check.on(python_module("get"))
def check_python(module: python.PythonModule) -> Iterator[Finding]:
    if not module.workers or module.is_document or module.has_errors:
        return
    found = [
        node
        for node in module.calls("get")
        if len(given := module.arguments(node)) == 1
        and module.value_of(module.receiver(node)).is_binding("workflow")
        and python.reads_python_request(module, given[0])
        and python.escapes_python_handler(module, node)
    ]
    if found:
        yield Finding(
            "`get()` raises when there is no instance of that id, which a client can choose here",
            module.at(found[0]),
            tuple(module.at(other, "and here") for other in found[1:]),
        )


_EVENTS = frozenset({js.Invocation.EVENT})


def _unguarded(module: Module) -> tuple[Node, ...]:
    """The calls of `get()` on a Workflow with an id that a client sent, of which nobody takes the error."""
    if next(module.calls("onError"), None) is not None:
        return ()
    return tuple(
        found.node
        for found in module.calls("get")
        if len(found.arguments) == 1
        and module.value_of(found.receiver).is_binding("workflow")
        and module.try_around(found.node) is None
        and not module.handles_errors(module.promise_use(found.node).promise)
        and module.provenance(found.arguments[0]).trust is js.Trust.REQUEST
        and js.invocations_of(module, found.node) != _EVENTS  # a message that fails is tried again
    )
