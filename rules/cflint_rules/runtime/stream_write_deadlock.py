"""Return the readable end of a stream before waiting for what is written into the other.

A `TransformStream` keeps nothing: `write()` resolves when what was written has been read, `pipeTo()` when all
of it has. A function that awaits that before it returns the readable end waits for ever: "The Workers runtime
canceled this request because it detected that your Worker's code had hung". Write beside the response
instead, and hand the work to `waitUntil()`.

## Incorrect

```ts
export default {
  async fetch(request, env, ctx): Promise<Response> {
    const { readable, writable } = new TransformStream();
    const writer = writable.getWriter();
    await writer.write(new TextEncoder().encode("hello"));
    await writer.close();
    return new Response(readable);
  },
} satisfies ExportedHandler<Env>;
```

## Correct

```ts
export default {
  async fetch(request, env, ctx): Promise<Response> {
    const { readable, writable } = new TransformStream();
    const write = async (): Promise<void> => {
      const writer = writable.getWriter();
      await writer.write(new TextEncoder().encode("hello"));
      await writer.close();
    };
    ctx.waitUntil(write());
    return new Response(readable);
  },
} satisfies ExportedHandler<Env>;
```

## What to do

Write `ctx.waitUntil(…)` around this write in place of its `await`, and around each other one before the
response is returned: they stay in order, and the stream is handed on meanwhile.

## Not reported

Streams whose readable end was handed on before, to a response, a bucket, a function; streams with a queue of
their own size.

## Errors

```text title="workerd"
The Workers runtime canceled this request because it detected that your Worker's code had hung and would
  never generate a response.
```

## Fix safety

There is no fix: what runs beside the response has to handle its own errors.

Source: https://developers.cloudflare.com/workers/runtime-apis/streams/transformstream/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import Finding, Match, Severity, js, new, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_CLASSES = ("TransformStream", "IdentityTransformStream", "FixedLengthStream")


@rule(new(*_CLASSES), severity=Severity.ERROR)
def check(match: Match) -> Iterator[Finding]:
    data, function = match.document.data, match.enclosing_function
    if function is None or not match.module.is_global(match.callee, *_CLASSES):
        return
    rest = data[match.node.end_byte : function.end_byte]
    if b"await" not in rest or (b".write(" not in rest and b".pipeTo(" not in rest):
        return
    if match.word == "TransformStream" and len(match.arguments) > 1:
        return  # it may have a queue
    waits = _waits(match, function)
    readable, writable = _ends(match) if waits else ([], [])
    if not readable or not writable:
        return
    at = _stuck(match, waits, writable)
    if at is None:
        return
    for node in readable:
        around = match.module.enclosing_function(node)
        if around is None or around.id != function.id or node.start_byte < at.end_byte:
            return  # somebody may be reading
    yield Finding(
        "this waits until somebody reads, and the stream is only handed on afterwards: the request hangs",
        match.at(at),
        related=(match.at(readable[0], "the readable end is first used here"),),
    )


def _ends(match: Match) -> tuple[list[Node], list[Node]]:
    """The expressions that are the readable and the writable end of the stream, in source order; what is done
    with the stream as a whole counts as use of the readable one."""
    module = match.module
    readable: list[Node] = []
    writable: list[Node] = []
    name = module.given_name(match.node)
    if name is None or name.type not in ("identifier", "object_pattern"):
        return readable, writable
    for declaration in _declared(match, name):
        for use in module.scope.references(declaration):
            match declaration.path:
                case ("readable",):
                    readable.append(use)
                case ("writable",):
                    writable.append(use)
                case _:
                    access = module.member_read(use)
                    if access is not None and access.name == "writable":
                        writable.append(access.node)
                    else:
                        readable.append(use)
    return readable, writable


def _declared(match: Match, name: Node) -> Iterator[js.Declaration]:
    kinds = ("identifier", "shorthand_property_identifier_pattern")
    for node in (name, *js.walk(name)):
        declaration = match.module.scope.resolve(node) if node.type in kinds else None
        if declaration is not None and declaration.node.id == node.id and declaration.constant:
            yield declaration


def _waits(match: Match, function: Node) -> list[js.Call]:
    """The calls of `write()` or `pipeTo()` that the function itself awaits, in source order."""
    module = match.module
    found = [
        call
        for name in ("write", "pipeTo")
        for call in module.calls(name, function)
        if call.is_awaited and call.node.start_byte >= match.node.end_byte
        if module.enclosing_function(call.node) == function
    ]
    return sorted(found, key=lambda call: call.node.start_byte)


def _stuck(match: Match, waits: list[js.Call], writable: list[Node]) -> Node | None:
    """The first `await` that ends only when somebody has read from the stream."""
    module = match.module
    ends = {module.with_wrappers(node).id for node in writable}
    writers: set[int] = set()
    for node in writable:
        made = module.method_called_on(node)
        name = module.given_name(made[1]) if made is not None and made[0] == "getWriter" else None
        declaration = module.scope.resolve(name) if name is not None and name.type == "identifier" else None
        if declaration is not None:
            writers.add(declaration.node.id)
    for call in waits:
        at = module.parent(module.with_wrappers(call.node))
        if call.arguments and call.arguments[0].id in ends:
            return at  # `pipeTo(writable)`
        target = js.unwrap(call.receiver) if call.receiver is not None else None
        declaration = (
            module.scope.resolve(target) if target is not None and target.type == "identifier" else None
        )
        if declaration is not None and declaration.node.id in writers:
            return at
    return None
