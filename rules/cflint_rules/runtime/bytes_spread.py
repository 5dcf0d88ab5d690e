"""Do not spread the bytes of a body into the arguments of a call.

`String.fromCharCode(...bytes)` makes an argument of each byte, and so does `.apply(null, bytes)`. Above
about 120,000 bytes the call throws `RangeError: Maximum call stack size exceeded`: it works with small
files and fails with the first image. `bytes.toBase64()`, a `TextDecoder`, or a loop over pieces takes any
size.

## Incorrect

```ts
interface Env {
  FILES: R2Bucket;
}

export default {
  async fetch(request, env): Promise<Response> {
    const logo = await env.FILES.get("logo.png");
    if (logo === null) return new Response("not found", { status: 404 });
    const bytes = new Uint8Array(await logo.arrayBuffer());
    return new Response(btoa(String.fromCharCode(...bytes)));
  },
} satisfies ExportedHandler<Env>;
```

## Correct

```ts
import { Buffer } from "node:buffer";

interface Env {
  FILES: R2Bucket;
}

export default {
  async fetch(request, env): Promise<Response> {
    const logo = await env.FILES.get("logo.png");
    if (logo === null) return new Response("not found", { status: 404 });
    return new Response(Buffer.from(await logo.arrayBuffer()).toString("base64"));
  },
} satisfies ExportedHandler<Env>;
```

## What to do

Write `Array.from(bytes, (byte) => String.fromCharCode(byte)).join("")` for this call: the same text,
whatever the length.

## Not reported

Digests, signatures, keys, random values and other bytes of a known small size; pieces (`subarray()`,
`slice()`); images that the Images binding makes, where the last `transform()` has a width and a height that
make at most 25,000 pixels, or 1,000 where the image may move (no JPEG, PNG or `anim: false`); bytes of which
it is not known where they come from.

## Errors

```text title="workerd"
RangeError: Maximum call stack size exceeded
```

## Fix safety

Safe: the text is the same, whatever the length.

Source: https://developer.mozilla.org/en-US/docs/Web/JavaScript/Reference/Global_Objects/Function/apply,
https://developers.cloudflare.com/images/transform-images/bindings/,
https://developers.cloudflare.com/images/transform-images/transform-via-workers/ (`width`, `height`, `anim`),
and workerd, which takes 120,000 bytes and refuses 130,000 (seen with 2026-11-17)
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import Finding, Fix, Match, Module, Safety, Severity, call, js, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_PIECES = frozenset({"subarray", "slice"})
_STEPS = 8
"""How many arrays that are made of others are looked through."""
_SMALL = 25_000
"""Pixels of a still image that can be spread: four bytes each, where nothing can be compressed."""
_SMALL_MOVING = 1_000
"""Pixels of an image that stays below it with a hundred frames."""
_STILL = frozenset({"image/jpeg", "image/png"})


@rule(call("fromCharCode", "apply"), severity=Severity.WARNING, fix=Safety.SAFE)
def check(match: Match) -> Iterator[Finding]:
    module = match.module
    bytes_ = _spread(match)
    if bytes_ is None:
        return
    origins = tuple(_origins(module, bytes_))
    if any(_is_piece(module, origin) for origin in origins) or _is_small_image(module, origins):
        return
    read = next((origin for origin in origins if _is_whole_body(module, origin)), None)
    if read is not None:
        yield Finding(
            "each byte becomes an argument: above about 120,000 bytes this throws a `RangeError`",
            match.at(),
            (match.at(read, "the bytes come from here"),),
            words=js.word("bytes", module, bytes_),
            fix=_fix(match, bytes_),
        )


def _fix(match: Match, bytes_: Node) -> Fix | None:
    """A fix that makes the same text of each byte by itself."""
    text = match.module.text(bytes_)
    if "\n" in text:
        return None
    joined = f'Array.from({text}, (byte) => String.fromCharCode(byte)).join("")'
    return Fix("Make the text byte by byte", (match.module.replace(match.node, joined),), Safety.SAFE)


def _spread(match: Match) -> Node | None:
    """The bytes of which each becomes an argument of `String.fromCharCode`."""
    module = match.module
    if match.word == "fromCharCode":
        spread = match.arguments[0] if len(match.arguments) == 1 else None
        if (
            spread is None
            or spread.type != "spread_element"
            or not module.is_global(match.receiver, "String")
        ):
            return None
        return js.first_named(spread)
    member = module.member(match.receiver)
    if member is None or member.name != "fromCharCode" or not module.is_global(member.object, "String"):
        return None
    return match.arguments[1] if len(match.arguments) == 2 else None


def _origins(module: Module, node: Node) -> Iterator[Node]:
    """The expressions from which bytes are made, through arrays that are made of others."""
    todo = [node]
    for _ in range(_STEPS):
        if not todo:
            return
        for origin in module.origins(todo.pop()):
            yield origin
            made = module.call(origin)
            if made is not None and made.arguments and _copies(module, made):
                todo.append(made.arguments[0])


def _copies(module: Module, made: js.Call) -> bool:
    if made.is_new:
        return module.is_global(made.callee, "Uint8Array", "Uint8ClampedArray")
    return made.name == "from" and module.is_global(made.receiver, "Array", "Uint8Array")


def _is_piece(module: Module, node: Node) -> bool:
    call = module.call(node)
    return call is not None and call.name in _PIECES


def _is_whole_body(module: Module, node: Node) -> bool:
    """Whether an expression reads all of a body, or of a file, as bytes."""
    call = module.call(node)
    return (
        call is not None and not call.is_new and call.name in ("arrayBuffer", "bytes") and not call.arguments
    )


def _is_small_image(module: Module, origins: tuple[Node, ...]) -> bool:
    """Whether bytes are an image that the Images binding was asked to make small: `.transform({ width: 8,
    height: 8 })`. The last size in the chain counts."""
    calls = [found for origin in origins if (found := module.call(origin)) is not None]
    output = next((found.argument(0) for found in calls if found.name == "output"), None)
    if output is None:
        return False
    most = _SMALL if _is_still(module, output) else _SMALL_MOVING
    for found in calls:
        options = found.argument(0) if found.name == "transform" else None
        if options is None:
            continue
        sides = [module.property_value(options, side) for side in ("width", "height")]
        if any(side is not None for side in sides):
            sizes = [module.number(side) if side is not None else None for side in sides]
            return None not in sizes and math.prod(size or 0 for size in sizes) <= most
    return False


def _is_still(module: Module, output: Node) -> bool:
    """Whether an image has one frame, whatever it is made of."""
    kept, made = (module.property_value(output, key) for key in ("anim", "format"))
    return (kept is not None and kept.type == "false") or (
        made is not None and module.string_of(made) in _STILL
    )
