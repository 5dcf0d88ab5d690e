"""Decode the chunks of a stream with `{ stream: true }`: a character may begin in one and end in the next.

`decode()` without it takes each chunk for a whole text. Where the end of a chunk cuts a character of several
bytes (an umlaut, Chinese, an emoji), both halves become `�`. Chunks end where the network wants, so that it
happens now and then, and never in a test.

## Incorrect

```ts
export default {
  async fetch(request): Promise<Response> {
    const upstream = await fetch("https://example.com/events");
    const decoder = new TextDecoder();
    const reader = upstream.body!.getReader();
    let text = "";
    while (true) {
      const { done, value } = await reader.read();
      if (done) break;
      text += decoder.decode(value);
    }
    return new Response(text);
  },
} satisfies ExportedHandler<Env>;
```

## Correct

```ts
export default {
  async fetch(request): Promise<Response> {
    const upstream = await fetch("https://example.com/events");
    const decoder = new TextDecoder();
    const reader = upstream.body!.getReader();
    let text = "";
    while (true) {
      const { done, value } = await reader.read();
      if (done) break;
      text += decoder.decode(value, { stream: true });
    }
    return new Response(text + decoder.decode());
  },
} satisfies ExportedHandler<Env>;
```

## What to do

Before the loop write `const decoder = new TextDecoder()`, here `decoder.decode(chunk, { stream: true })`,
and behind the loop add `decoder.decode()` to the text: the last bytes come then.

## Not reported

Bytes that are all of a text; a decoder that is made for another encoding of one byte for each character.

## Fix safety

Unsafe: where one decoder reads several streams, the last bytes of one begin the next. The fix adds the
option. A decoder that is made anew for each chunk has to move in front of the loop: there is no fix for that.

Source: https://developer.mozilla.org/en-US/docs/Web/API/TextDecoder/decode,
https://developers.cloudflare.com/workers/runtime-apis/encoding/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import Finding, Fix, Match, Module, Safety, Severity, call, js, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_GIVES_CHUNKS = {"transform": "TransformStream", "write": "WritableStream"}
_UTF_8 = frozenset({"utf-8", "utf8", "unicode-1-1-utf-8"})


@rule(call("decode"), severity=Severity.NOTE, fix=Safety.UNSAFE)
def check(match: Match) -> Iterator[Finding]:
    module = match.module
    if len(match.arguments) != 1 or match.receiver is None or not module.is_run:
        return
    made = module.initializer(match.receiver)
    decoder = module.call(made)
    if decoder is None or not decoder.is_new or not module.is_global(decoder.callee, "TextDecoder"):
        return
    label = module.string_of(decoder.arguments[0]) if decoder.arguments else "utf-8"
    if label is None or label.lower() not in _UTF_8:
        return
    if not _is_chunk(module, match.node, match.arguments[0]):
        return
    loop = module.loop_around(match.node)
    function = match.enclosing_function
    is_new = made.id == js.unwrap(match.receiver).id or any(
        around is not None and js.contains(around, made)
        for around in (loop, function if loop is None else None)
    )
    edit = module.insert(match.arguments[0].end_byte, ", { stream: true }")
    yield Finding(
        "a character that is cut by the end of a chunk becomes `�`: decode with `{ stream: true }`"
        + (", and with one decoder for all chunks" if is_new else ""),
        match.at(match.node),
        fix=None if is_new else Fix("Decode as a part of a stream", (edit,), Safety.UNSAFE),
    )


def _is_chunk(module: Module, node: Node, chunk: Node) -> bool:
    """Whether an expression is a chunk of a stream: what `read()` gave, a turn of `for await`,
    or what a `TransformStream` hands on."""
    name = js.unwrap(chunk)
    member = module.member(name)
    if member is not None and member.name == "value":
        name = js.unwrap(member.object)
    declaration = module.scope.resolve(name) if name.type == "identifier" else None
    if declaration is None:
        return False
    if declaration.kind is js.DeclarationKind.PARAMETER:
        return member is None and _is_given_chunks(module, declaration)
    loop = module.loop_around(node)
    if loop is None:
        return False
    if declaration.owner.type == "for_in_statement":
        return any(child.type == "await" for child in declaration.owner.children) and _is_body(
            module, declaration.owner
        )
    given = [declaration.value, *(_right(found) for found in module.scope.assignments(declaration))]
    return any(_is_read(module, value) for value in given if value is not None) and (
        member is not None or "value" in declaration.path
    )


def _is_given_chunks(module: Module, declaration: js.Declaration) -> bool:
    """Whether a parameter is each chunk in turn of what goes through a stream: the first one of `transform()`
    of a `TransformStream`, or of `write()` of a `WritableStream`."""
    parameters = module.parameters(declaration.scope)
    if not parameters or parameters[0].pattern.id != declaration.node.id:
        return False
    above = module.parent(declaration.scope)
    holder = declaration.scope if above is None or above.type != "pair" else above
    key = holder.child_by_field_name("key" if holder.type == "pair" else "name")
    given = module.parent(holder)
    around = module.call_around(given) if given is not None and given.type == "object" else None
    if key is None or around is None or around[1] != 0 or not around[0].is_new:
        return False
    wanted = _GIVES_CHUNKS.get(module.text(key))
    return wanted is not None and module.is_global(around[0].callee, wanted)


def _right(node: Node) -> Node | None:
    return node.child_by_field_name("right")


def _is_read(module: Module, value: Node) -> bool:
    """Whether an expression is what a reader of a stream reads: `await reader.read()`."""
    node = js.unwrap(value)
    made = module.call(node.named_children[0]) if node.type == "await_expression" else None
    return made is not None and made.name == "read" and made.receiver is not None and not made.arguments


def _is_body(module: Module, loop: Node) -> bool:
    """Whether a loop goes over the body of a request or response."""
    right = loop.child_by_field_name("right")
    member = module.member(module.initializer(right)) if right is not None else None
    return member is not None and member.name == "body"
