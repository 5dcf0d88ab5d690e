"""Return a stream, or where it is stored, from a step that reads a whole file: a result has at most 1 MiB.

What a step returns is stored. A step that returns all bytes of a file works for small ones, and fails for
every file above 1 MiB, after all its attempts: as an array of numbers from some 250 KB on. A
`ReadableStream` may be larger, and a key of R2 is all that the next step needs.

## Incorrect

```ts
import { WorkflowEntrypoint, type WorkflowEvent, type WorkflowStep } from "cloudflare:workers";

export class Convert extends WorkflowEntrypoint<Env, { url: string }> {
  async run(event: WorkflowEvent<{ url: string }>, step: WorkflowStep): Promise<void> {
    const bytes = await step.do("load", async () => {
      const response = await fetch(event.payload.url, { signal: AbortSignal.timeout(60_000) });
      if (!response.ok) throw new Error(`status ${response.status}`);
      return Array.from(new Uint8Array(await response.arrayBuffer()));
    });
    await step.do("count", async () => console.log(bytes.length));
  }
}
```

## Correct

```ts
import { WorkflowEntrypoint, type WorkflowEvent, type WorkflowStep } from "cloudflare:workers";

export class Convert extends WorkflowEntrypoint<Env, { url: string }> {
  async run(event: WorkflowEvent<{ url: string }>, step: WorkflowStep): Promise<void> {
    const count = await step.do("load", async () => {
      const response = await fetch(event.payload.url, { signal: AbortSignal.timeout(60_000) });
      if (!response.ok) throw new Error(`status ${response.status}`);
      return (await response.arrayBuffer()).byteLength;
    });
    await step.do("count", async () => console.log(count));
  }
}
```

## What to do

Put the file into R2 in this step, and return its key: `await env.FILES.put(key, response.body); return key`.
The next step gets it from there.

## Not reported

Texts and JSON, which are small as a rule; steps that compare a size with something before.

## Fix safety

No fix: where the file is to be is up to you.

Source: https://developers.cloudflare.com/workflows/reference/limits/,
https://developers.cloudflare.com/changelog/post/2026-04-21-step-context-and-readable-streams/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import PREVIEW, Finding, Match, Module, Severity, ValueKind, call, js, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_READS = frozenset({"arrayBuffer", "bytes"})
_SIZES = ("byteLength", "size", "length")
_COMPARES = frozenset({"<", ">", "<=", ">="})
_MOST_NESTED = 8


@rule(call("do"), severity=Severity.WARNING, presets=(PREVIEW,))
def check(match: Match) -> Iterator[Finding]:
    module, callback = match.module, match.call.callback
    if callback is None or match.receiver_value.kind is not ValueKind.WORKFLOW_STEP:
        return
    if _is_compared(module, callback):
        return
    for result in _results(callback):
        read = _whole_file(module, result, _MOST_NESTED)
        if read is not None:
            yield Finding(
                "the step returns all bytes of a file: one above 1 MiB makes it fail",
                match.at(result),
                () if js.contains(result, read) else (match.at(read, "it is read here"),),
            )
            return


def _results(callback: Node) -> Iterator[Node]:
    body = js.body_of(callback)
    if body is not None and body.type != "statement_block":
        yield js.unwrap(body)
    for node in js.walk(callback, into_functions=False):
        value = js.first_named(node) if node.type == "return_statement" else None
        if value is not None:
            yield js.unwrap(value)


def _whole_file(module: Module, node: Node, hops: int) -> Node | None:
    """The call that reads all bytes of which an expression is made, with all of them in it."""
    node = js.unwrap(module.initializer(node))
    if hops == 0:
        return None
    if node.type == "object":
        values = (part.child_by_field_name("value") or part for part in node.named_children)
        found = (_whole_file(module, value, hops - 1) for value in values)
        return next((read for read in found if read is not None), None)
    if node.type in ("await_expression", "array", "spread_element"):
        inner = js.first_named(node)
        is_copy = node.type != "array" or (inner is not None and inner.type == "spread_element")
        return _whole_file(module, inner, hops - 1) if inner is not None and is_copy else None
    made = module.call(node)
    if made is None:
        return None
    if made.name in _READS and made.receiver is not None and not made.arguments:
        owner = module.value_of(made.receiver)
        return made.node if owner.kind in (ValueKind.RESPONSE, ValueKind.R2_OBJECT) else None
    if made.is_new:
        is_same = module.is_global(made.callee, "Uint8Array")
    elif made.name == "from":
        is_same = module.is_global(made.receiver, "Array", "Uint8Array", "Buffer")
    else:
        is_base64 = bool(made.arguments) and module.string_of(made.arguments[0]) == "base64"
        if made.name == "toString" and is_base64 and made.receiver is not None:
            return _whole_file(module, made.receiver, hops - 1)
        return None
    return _whole_file(module, made.arguments[0], hops - 1) if is_same and made.arguments else None


def _is_compared(module: Module, function: Node) -> bool:
    """Whether a function compares a size with anything."""
    for leaf in (leaf for word in _SIZES for leaf in module.leaves(word, function)):
        node = module.parent(leaf)
        above = module.parent(module.with_wrappers(node)) if node is not None else None
        compared = module.operation(above) if above is not None else None
        if compared is not None and compared.operator in _COMPARES:
            return True
    return False
