"""Bound how large a file may be before its bytes become an array of numbers: that is many times larger.

An element of a JavaScript array takes four to eight bytes, and the array grows by copying; the bytes that it
is made of stay, and the request to the model is a text of up to four characters for each. A file of some
megabytes, as clients send and buckets hold, can take an isolate's 128 MB, and every request that it handles.

## Incorrect

```ts
interface Env {
  AI: Ai;
  RECORDINGS: R2Bucket;
}

export default {
  async fetch(request, env): Promise<Response> {
    const object = await env.RECORDINGS.get(new URL(request.url).pathname.slice(1));
    if (object === null) return new Response("not found", { status: 404 });
    const audio = [...new Uint8Array(await object.arrayBuffer())];
    return Response.json(await env.AI.run("@cf/openai/whisper", { audio }));
  },
} satisfies ExportedHandler<Env>;
```

## Correct

```ts
interface Env {
  AI: Ai;
  RECORDINGS: R2Bucket;
}

export default {
  async fetch(request, env): Promise<Response> {
    const object = await env.RECORDINGS.get(new URL(request.url).pathname.slice(1));
    if (object === null) return new Response("not found", { status: 404 });
    if (object.size > 2_000_000) return new Response("too large", { status: 413 });
    const audio = [...new Uint8Array(await object.arrayBuffer())];
    return Response.json(await env.AI.run("@cf/openai/whisper", { audio }));
  },
} satisfies ExportedHandler<Env>;
```

## What to do

Before this statement: `if (buffer.byteLength > 2_000_000) return new Response("too large", { status: 413 })`;
how much may come is yours to say, unless you know better two megabytes. For more, take a model that takes
base64, a third of it: `Buffer.from(buffer).toString("base64")` for `@cf/openai/whisper-large-v3-turbo`, with
`import { Buffer } from "node:buffer"` and `nodejs_compat`.

## Not reported

Bytes that nobody outside decides; a function that compares a size with something that is not more than five
megabytes, or is not known.

## Fix safety

There is no fix: how large a file may be is up to you.

Source: https://developers.cloudflare.com/workers/platform/limits/#memory,
https://developers.cloudflare.com/workers-ai/models/whisper/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import Finding, Match, Module, Severity, ValueKind, js, new, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_FEW = 5_000_000
_LEAST = 10_000
_SIZES = ("byteLength", "size", "length")
_COMPARES = frozenset({"<", ">", "<=", ">="})


@rule(new("Uint8Array"), severity=Severity.NOTE)
def check(match: Match) -> Iterator[Finding]:
    module, function = match.module, match.enclosing_function
    if function is None or len(match.arguments) != 1 or not module.is_run:
        return
    array = _array_of(module, match.node)
    if array is None or not _is_foreign(module, match.arguments[0]):
        return
    outermost = next(
        (above for above in reversed(list(module.ancestors(match.node))) if above.type in js.FUNCTIONS),
        function,
    )
    most = _most_bytes(module, outermost)
    if most is None or most > _FEW:
        bounded = "nothing bounds how many there are" if most is None else f"{most / 1e6:.0f} MB may come"
        yield Finding(
            f"each byte becomes a number of an array, four to eight times as large, and {bounded}",
            module.at(array),
            words=js.word("buffer", module, match.arguments[0]),
        )


def _array_of(module: Module, made: Node) -> Node | None:
    """`[...bytes]` or `Array.from(bytes)` of what is made, by a constant's name, too."""
    uses = [made]
    name = module.given_name(made)
    declaration = module.scope.resolve(name) if name is not None and name.type == "identifier" else None
    if declaration is not None:
        uses = list(module.scope.references(declaration))
    for use in uses:
        above = module.parent(module.with_wrappers(use))
        if above is not None and above.type == "spread_element":
            array = module.parent(above)
            if array is not None and array.type == "array" and len(array.named_children) == 1:
                return array
        around = module.call_around(use)
        if (
            around is not None
            and around[1] == 0
            and around[0].name == "from"
            and len(around[0].arguments) == 1
        ):
            receiver = around[0].receiver
            if receiver is not None and module.is_global(receiver, "Array"):
                return None if _is_joined(module, around[0].node) else around[0].node
    return None


def _is_joined(module: Module, array: Node) -> bool:
    """Whether an array is only made for `.map(…).join("")`: a digest as text."""
    return module.method_called_on(array) is not None


def _is_foreign(module: Module, given: Node) -> bool:
    """Whether bytes are those of a request, a file of a form, or an object of R2."""
    for part in module.origins(given):
        made = module.call(part)
        if made is None or made.name not in ("arrayBuffer", "bytes") or made.receiver is None:
            continue
        owner = module.value_of(made.receiver)
        if owner.kind in (ValueKind.R2_OBJECT, ValueKind.REQUEST, ValueKind.HONO_REQUEST):
            return True
        if any(module.reads_request(origin) for origin in module.origins(made.receiver)):
            return True
    return False


def _most_bytes(module: Module, function: Node) -> float | None:
    """The number of bytes with which a function compares a size, 0 where it is not known; None where it
    compares none. Less than some kilobytes is the least that a file may have."""
    most: float | None = None
    for leaf in (leaf for word in _SIZES for leaf in module.leaves(word, function)):
        node = module.parent(leaf)
        above = module.parent(module.with_wrappers(node)) if node is not None else None
        compared = module.operation(above) if above is not None else None
        if compared is None or compared.operator not in _COMPARES:
            continue
        numbers = [module.number(side) for side in compared.operands if side is not None]
        known = [number for number in numbers if number is not None]
        if not known:
            return 0
        if min(known) >= _LEAST:
            most = min(known) if most is None else min(most, min(known))
    return most
