"""Give a model of Workers AI its audio in the form that it takes.

`@cf/openai/whisper` and `whisper-tiny-en` take the bytes as an array of numbers, `[...new
Uint8Array(buffer)]`, and `whisper-large-v3-turbo` a text in base64. The input travels as JSON, in which an
`ArrayBuffer` is `{}` and an `Uint8Array` an object: the call fails, or the model hears nothing.

## Incorrect

```ts
interface Env {
  AI: Ai;
}

export default {
  async fetch(request, env): Promise<Response> {
    const bytes: any = new Uint8Array(await request.arrayBuffer());
    const heard = await env.AI.run("@cf/openai/whisper", { audio: bytes.buffer });
    return Response.json(heard);
  },
} satisfies ExportedHandler<Env>;
```

## Correct

```ts
interface Env {
  AI: Ai;
}

export default {
  async fetch(request, env): Promise<Response> {
    const size = Number(request.headers.get("content-length") ?? "0");
    if (size === 0 || size > 1_000_000) return new Response("too large", { status: 413 });
    const buffer = await request.arrayBuffer();
    if (buffer.byteLength > 1_000_000) return new Response("too large", { status: 413 });
    const heard = await env.AI.run("@cf/openai/whisper", { audio: [...new Uint8Array(buffer)] });
    return Response.json(heard);
  },
} satisfies ExportedHandler<Env>;
```

## What to do

For `whisper` and `whisper-tiny-en` write `audio: [...new Uint8Array(buffer)]`; for `whisper-large-v3-turbo`
the base64 of the bytes (`Buffer.from(buffer).toString("base64")`). As it is, the call fails, or the model
hears nothing.

- "takes a text in base64": Write `Buffer.from(buffer).toString("base64")` for it, with what it is today for
  `buffer`, and `import { Buffer } from "node:buffer"` (`nodejs_compat` has to be among the
  `compatibility_flags`). As it is, the call fails, or the model hears nothing.
- "takes an array of numbers": Write `[...new Uint8Array(buffer)]` for it, with what it is today for
  `buffer`. As it is, the call fails, or the model hears nothing.

## Not reported

Audio of which the form is not known here; other models.

## Fix safety

There is no fix: for long audio, an array of numbers takes many times the memory of the bytes.

Source: https://developers.cloudflare.com/workers-ai/models/whisper/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import Finding, Match, Module, Severity, call, js, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_NUMBERS = frozenset({"@cf/openai/whisper", "@cf/openai/whisper-tiny-en"})
_BASE64 = frozenset({"@cf/openai/whisper-large-v3-turbo"})


@rule(call("run"), severity=Severity.NOTE)
def check(match: Match) -> Iterator[Finding]:
    module = match.module
    if len(match.arguments) < 2 or not match.receiver_value.is_binding("ai"):
        return
    model = module.string_of(match.arguments[0])
    if model not in _NUMBERS | _BASE64:
        return
    audio = module.property_value(match.arguments[1], "audio")
    form = _form(module, audio) if audio is not None else None
    if audio is None or form is None:
        return
    wanted = "an array of numbers (`[...bytes]`)" if model in _NUMBERS else "a text in base64"
    if form == "an array of numbers" and model in _NUMBERS:
        return
    yield Finding(
        f"`{model}` takes {wanted}, and this is {form}",
        match.at(audio),
        words=js.word("buffer", match.module, audio),
    )


def _form(module: Module, audio: Node) -> str | None:
    """What an expression is, for a message; None where that is not known."""
    made = js.unwrap(module.initializer(audio))
    if made.type == "await_expression":
        made = js.unwrap(made.named_children[0])
    if made.type == "array":
        return "an array of numbers"
    member = module.member(made)
    if member is not None and member.name == "buffer":
        owner = module.call(module.initializer(member.object))
        return "an `ArrayBuffer`" if owner is not None and _makes_bytes(module, owner) else None
    found = module.call(made)
    if found is None:
        return None
    if found.name == "arrayBuffer":
        return "an `ArrayBuffer`"
    return "an `Uint8Array`" if _makes_bytes(module, found) else None


def _makes_bytes(module: Module, made: js.Call) -> bool:
    if made.is_new:
        return module.is_global(made.callee, "Uint8Array")
    return made.name == "from" and made.receiver is not None and module.is_global(made.receiver, "Uint8Array")
