"""Close the writer of a stream also when what fills it fails: the client gets a part as if it were all.

A response whose body is the readable end of a `TransformStream` is sent while an async function writes to the
other end. When that function throws before it closes the writer, the response has begun and nothing ends it.
Once the Worker has nothing left to wait for, the runtime cancels the request as one that hangs: the client
sees the end of the body, also where `waitUntil()` has the promise, and no error that it could show.

## Incorrect

```ts
export default {
  async fetch(request, env, ctx): Promise<Response> {
    const { readable, writable } = new TransformStream();
    const writer = writable.getWriter();
    const task = async () => {
      const upstream = await fetch("https://api.example.com/parts");
      for (const part of await upstream.json<Uint8Array[]>()) await writer.write(part);
      await writer.close();
    };
    ctx.waitUntil(task());
    return new Response(readable, { headers: { "Content-Type": "text/event-stream" } });
  },
} satisfies ExportedHandler<Env>;
```

## Correct

```ts
export default {
  async fetch(request, env, ctx): Promise<Response> {
    const { readable, writable } = new TransformStream();
    const writer = writable.getWriter();
    const task = async () => {
      try {
        const upstream = await fetch("https://api.example.com/parts");
        for (const part of await upstream.json<Uint8Array[]>()) await writer.write(part);
        await writer.close();
      } catch (error) {
        console.error("the parts could not be read", error);
        await writer.abort(error);
      }
    };
    ctx.waitUntil(task());
    return new Response(readable, { headers: { "Content-Type": "text/event-stream" } });
  },
} satisfies ExportedHandler<Env>;
```

## What to do

Put what the function does into `try`, and end the stream below it: `catch (error) { await
writer.abort(error); }` breaks the response off, so that the client sees that it is not whole. To tell the
client what happened, write that and close: `catch (error) { await writer.write(message); } finally { await
writer.close(); }`.

## Not reported

Writers that are closed or aborted in a `catch`, a `finally` or a callback of a promise; those that are handed
to other code; functions that await nothing but their own writes outside of a `try`, and those whose promise
has a `catch()`; a function that is done before the response is returned.

## Fix safety

There is no fix: what the client gets instead is up to the author.

Source: https://developers.cloudflare.com/workers/runtime-apis/streams/transformstream/,
https://developers.cloudflare.com/workers/runtime-apis/streams/writablestreamdefaultwriter/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import PREVIEW, Finding, Match, Module, Severity, call, js, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_CLASSES = ("TransformStream", "IdentityTransformStream", "FixedLengthStream")
_ENDS = frozenset({"close", "abort", "releaseLock"})
_ASKS = frozenset({"then", "catch", "finally"})


@rule(call("getWriter"), severity=Severity.WARNING, presets=(PREVIEW,))
def check(match: Match) -> Iterator[Finding]:
    module, function = match.module, match.enclosing_function
    if function is None or b"Stream(" not in match.document.data or not _is_of_transform(match):
        return
    name = module.given_name(match.node)
    writer = module.scope.resolve(name) if name is not None and name.type == "identifier" else None
    if writer is None or not writer.constant:
        return
    ends = _ends(module, writer)
    if not ends:
        return  # never closed, or handed to other code
    task = module.enclosing_function(ends[-1])
    if task is None or task.id == function.id or not js.is_async(task):
        return
    if any(module.enclosing_function(end) != task or _is_for_failure(module, end, task) for end in ends):
        return
    if _is_looked_after(module, task):
        return
    failing = next(_failing(module, task, ends[-1], writer, function), None)
    if failing is not None:
        yield Finding(
            "when this fails nothing ends the stream: the runtime cancels it, and the client gets a part as"
            " if it were all",
            match.at(failing),
            (match.at(ends[-1], "it is closed here, if all goes well"),),
            words=js.word("writer", module, name) if name is not None else (),
        )


def _is_of_transform(match: Match) -> bool:
    """Whether the stream that a writer is asked of is the writable end of a stream made in the module."""
    module = match.module
    held = js.unwrap(match.receiver) if match.receiver is not None else None
    member = module.member(held) if held is not None else None
    if member is not None:
        held = js.unwrap(member.object) if member.name == "writable" else None
    declaration = module.scope.resolve(held) if held is not None and held.type == "identifier" else None
    if (
        declaration is None
        or declaration.value is None
        or (member is None) != (declaration.path == ("writable",))
    ):
        return False
    made = module.call(declaration.value)
    return made is not None and made.is_new and module.is_global(made.callee, *_CLASSES)


def _ends(module: Module, writer: js.Declaration) -> list[Node]:
    """The calls that end a writer, in order; none where it is handed to code that may do so."""
    found: list[Node] = []
    for use in module.scope.references(writer):
        read = module.member_read(use)
        if read is None:
            return []
        called = module.method_called_on(use)
        if read.name in _ENDS:
            if called is None:
                return []  # `.finally(writer.close)`
            found.append(called[1])
    return sorted(found, key=lambda node: node.start_byte)


def _is_for_failure(module: Module, end: Node, task: Node) -> bool:
    """Whether a call stands where it also runs, or only runs, when something has failed."""
    for above in module.ancestors(end):
        if above.id == task.id:
            return False
        if above.type in ("catch_clause", "finally_clause"):
            return True
    return False


def _is_looked_after(module: Module, task: Node) -> bool:
    """Whether something follows on the promise of a function, or it is called in a way that is not seen."""
    calls = list(js.calls_in_module(module, task))
    around = module.parent(module.with_wrappers(task))
    if around is not None and around.type == "call_expression":
        calls.append(around)  # called where it stands
    return not calls or any(
        ((found := module.method_called_on(node)) is not None and found[0] in _ASKS)
        or module.try_around(node) is not None
        for node in calls
    )


def _failing(
    module: Module, task: Node, last: Node, writer: js.Declaration, function: Node
) -> Iterator[Node]:
    """What a function awaits before it ends a stream, outside of any `try`, that may fail while the client is
    still there."""
    for waits in module.descendants(task, "await_expression"):
        around = module.enclosing_function(waits)
        if around is None or around.id != task.id or waits.start_byte > last.start_byte:
            continue
        value = js.first_named(waits)
        made = module.call(value) if value is not None else None
        if made is None or made.is_new or module.try_around(waits) is not None:
            continue
        called = module.called_function(made.node)
        if any(module.scope.resolve(leaf) is writer for leaf in module.leaves(writer.name, made.node)):
            continue
        if called is not None and next(module.leaves(writer.name, called), None) is not None:
            continue  # it writes: it fails when the client has gone
        yield waits
