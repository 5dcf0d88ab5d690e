"""Return plain data from a Workflow's step.

What a step returns is written to storage so that the step need not run again. A `Response`, a function, a
stub or a binding cannot be written: the step fails with "Value returned from step … is not serialisable".

## Incorrect

```ts
import { WorkflowEntrypoint, type WorkflowEvent, type WorkflowStep } from "cloudflare:workers";

export class Import extends WorkflowEntrypoint<Env, { url: string }> {
  async run(event: WorkflowEvent<{ url: string }>, step: WorkflowStep): Promise<void> {
    await step.do("download", () => fetch(event.payload.url));
  }
}
```

## Correct

```ts
import { WorkflowEntrypoint, type WorkflowEvent, type WorkflowStep } from "cloudflare:workers";

export class Import extends WorkflowEntrypoint<Env, { url: string }> {
  async run(event: WorkflowEvent<{ url: string }>, step: WorkflowStep): Promise<void> {
    await step.do("download", async () => {
      const response = await fetch(event.payload.url);
      return await response.json<{ id: string }>();
    });
  }
}
```

## What to do

Return plain data of it: of a response `await response.json()` (with `status` where it counts), of an object
of R2 its `key` or `await object.text()`, of an instance its `id`; nothing of a function. Read it anew in the
next step where it is large.

## Not reported

Steps that return nothing, and values of which it is not known what they are.

## Errors

```text title="Workflows"
Value returned from step "…" is not serialisable
… was terminated, as the step "…" returned a value which is not serialisable
```

## Fix safety

Unsafe: of a response that `fetch()` gives, the JSON is returned, which is too little where its status or
headers are used.

Source: https://developers.cloudflare.com/workflows/build/rules-of-workflows/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import Finding, Fix, Match, Safety, Severity, ValueKind, call, js, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_UNFIT: dict[ValueKind, str] = {
    ValueKind.RESPONSE: "a `Response`",
    ValueKind.STUB: "a stub",
    ValueKind.BINDING: "a binding",
    ValueKind.ENV: "`env`",
    ValueKind.WORKFLOW_INSTANCE: "a Workflow instance",
    ValueKind.R2_OBJECT: "an R2 object",
    ValueKind.DATABASE_CLIENT: "a database client",
    ValueKind.FUNCTION: "a function",
    ValueKind.CLASS: "a class",
    ValueKind.OUTGOING_WEBSOCKET: "a WebSocket",
}


@rule(call("do"), severity=Severity.ERROR, fix=Safety.UNSAFE)
def check(match: Match) -> Iterator[Finding]:
    callback = match.call.callback
    if callback is None or match.receiver_value.kind is not ValueKind.WORKFLOW_STEP:
        return
    is_written_here = match.module.call_around(callback) is not None
    for result in _results(callback):
        value = match.value_of(result).awaited
        what = _UNFIT.get(value.kind)
        if what is None or (
            value.kind is ValueKind.BINDING and (value.binding is None or value.binding.is_value)
        ):
            continue
        yield Finding(
            f"the step returns {what}, which cannot be stored: the step fails",
            match.at(result),
            fix=_fix(match, result) if is_written_here and value.kind is ValueKind.RESPONSE else None,
        )


def _results(callback: Node) -> Iterator[Node]:
    body = js.body_of(callback)
    if body is None:
        return
    if body.type != "statement_block":
        yield js.unwrap(body)
        return
    for node in js.walk(body, into_functions=False, into_classes=False):
        if node.type == "return_statement" and node.named_child_count:
            yield js.unwrap(node.named_children[0])


def _fix(match: Match, result: Node) -> Fix | None:
    """`fetch(u)` to `fetch(u).then((response) => response.json())`."""
    made = match.module.call(result.named_children[0] if result.type == "await_expression" else result)
    if made is None or made.is_new:
        return None
    at = match.module.with_wrappers(made.node).end_byte
    return Fix(
        "Return the response's JSON",
        (match.insert(at, ".then((response) => response.json())"),),
        Safety.UNSAFE,
    )
