"""Answer with an object's `body`, a stream, and not with all of its bytes: they do not have to be in memory.

An isolate has 128 MB for all requests that it handles at a time. `await object.arrayBuffer()` reads the
whole object before the answer begins: a few large ones at once, and the isolate is ended for its memory, with
all its requests. A stream is passed on as it comes, and the client gets the first byte at once.

## Incorrect

```ts
export default {
  async fetch(request, env): Promise<Response> {
    const image = await env.BUCKET.get(new URL(request.url).pathname.slice(1));
    if (image === null) return new Response("not found", { status: 404 });
    return new Response(await image.arrayBuffer(), { headers: { "Content-Type": "image/png" } });
  },
} satisfies ExportedHandler<Env>;
```

## Correct

```ts
export default {
  async fetch(request, env): Promise<Response> {
    const image = await env.BUCKET.get(new URL(request.url).pathname.slice(1));
    if (image === null) return new Response("not found", { status: 404 });
    return new Response(image.body, { headers: { "Content-Type": "image/png" } });
  },
} satisfies ExportedHandler<Env>;
```

## What to do

Put `object.body` in the place of the bytes. If their number goes into a header, `object.size` has it.

## Not reported

Bytes that are used for anything else, too: changed, hashed, encoded.

## Fix safety

Unsafe: an object that cannot be read to its end fails in the middle of the answer, after its status was sent.

Source: https://developers.cloudflare.com/r2/api/workers/workers-api-reference/,
https://developers.cloudflare.com/workers/platform/limits/#memory
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import Edit, Finding, Fix, Match, Module, Safety, Severity, ValueKind, call, js, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_SIZES = frozenset({"byteLength", "size", "length"})


@rule(call("arrayBuffer", "blob", "bytes"), severity=Severity.NOTE, fix=Safety.UNSAFE)
def check(match: Match) -> Iterator[Finding]:
    module, function = match.module, match.enclosing_function
    if function is None or match.receiver is None or match.receiver_value.kind is not ValueKind.R2_OBJECT:
        return
    result = module.awaited(match.node)
    if result is None or result.pattern is not None:
        return
    contents = [
        js.unwrap(made.content) for made in module.responses_made(function) if made.content is not None
    ]
    uses = result.references if result.declaration is not None else (result.node,)
    answers = [use for use in uses if any(_is_at(module, use, content) for content in contents)]
    if not answers or not all(use in answers or _is_size(module, use) for use in uses):
        return
    fix = None
    if result.declaration is None:
        text = f"{match.text(match.receiver)}.body"
        fix = Fix.of(f"Answer with `{text}`", (module.replace(result.node, text),), Safety.UNSAFE)
    else:
        fix = _without_name(match, result, answers)
    yield Finding("the whole object is read into memory before the answer begins", match.at(), fix=fix)


def _without_name(match: Match, result: js.Awaited, answers: list[Node]) -> Fix | None:
    """The variable goes: its uses become the `body` and the `size` of the object."""
    module, declarator = match.module, match.module.parent(result.node)
    statement = module.parent(declarator) if declarator is not None else None
    holder = module.parent(statement) if statement is not None else None
    if statement is None or holder is None or holder.type not in ("statement_block", "program"):
        return None
    is_name = match.receiver is not None and match.receiver.type == "identifier"
    if not is_name or len(statement.named_children) != 1 or statement.type != "lexical_declaration":
        return None
    stored = match.text(match.receiver)
    edits = [Edit(module.document, module.whole_lines(statement), "")]
    for use in result.references:
        above = module.parent(use)
        if above is None or above.type not in ("arguments", "member_expression"):
            return None
        if use in answers:
            edits.append(module.replace(use, f"{stored}.body"))
        else:
            edits.append(module.replace(above, f"{stored}.size"))
    return Fix.of(f"Answer with `{stored}.body`", tuple(edits), Safety.UNSAFE)


def _is_at(module: Module, use: Node, content: Node) -> bool:
    """Whether an expression is what a response is made of."""
    return js.unwrap(use).id == content.id or (
        content.type == "await_expression" and js.contains(content, use)
    )


def _is_size(module: Module, use: Node) -> bool:
    read = module.member_read(use)
    return read is not None and read.name in _SIZES
