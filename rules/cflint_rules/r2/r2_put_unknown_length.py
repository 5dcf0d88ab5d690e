"""Give R2 streams of a known length.

R2 has to know the size of an object before it stores it. `put()` takes the body of a request or response with
a known length, and the output of a `FixedLengthStream`. For what comes out of a `TransformStream`, a
`CompressionStream` or a `ReadableStream` of one's own it throws `Provided readable stream must have a known
length`.

## Incorrect

```ts
interface Env {
  FILES: R2Bucket;
}

export default {
  async fetch(request, env): Promise<Response> {
    if (request.body === null) return new Response("nothing to store", { status: 400 });
    await env.FILES.put("upload.gz", request.body.pipeThrough(new CompressionStream("gzip")));
    return new Response("stored");
  },
} satisfies ExportedHandler<Env>;
```

## Correct

```ts
interface Env {
  FILES: R2Bucket;
}

export default {
  async fetch(request, env): Promise<Response> {
    if (request.body === null) return new Response("nothing to store", { status: 400 });
    const packed = new Response(request.body.pipeThrough(new CompressionStream("gzip")));
    await env.FILES.put("upload.gz", await packed.arrayBuffer());
    return new Response("stored");
  },
} satisfies ExportedHandler<Env>;
```

## What to do

Write `await new Response(stream).arrayBuffer()` for it, unless it may be larger than some MB: it is then in
memory as a whole. If it may be, and its size is known, pipe it through `new FixedLengthStream(size)`, and
hand the `readable` of that on; if it is a request with `Content-Length`, hand `request.body` itself on.

## Not reported

Bodies of requests and responses, streams through a `FixedLengthStream`, and streams that come from elsewhere.

## Errors

```text title="workerd"
TypeError: Provided readable stream must have a known length (request/response body or readable half of
  FixedLengthStream)
```

## Fix safety

Unsafe: what is stored is in memory as a whole first; where it may be larger than some MB, `new
FixedLengthStream(size)` is needed, or a multipart upload.

Source: https://developers.cloudflare.com/r2/api/workers/workers-api-reference/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import Finding, Fix, Match, Module, Safety, Severity, call, js, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_TRANSFORMS = (
    "TransformStream", "CompressionStream", "DecompressionStream", "TextEncoderStream", "TextDecoderStream",
)  # fmt: skip
_DEPTH = 8
"""How many steps a stream is followed back."""


@rule(call("put"), severity=Severity.ERROR, fix=Safety.UNSAFE)
def check(match: Match) -> Iterator[Finding]:
    arguments = match.arguments
    if len(arguments) < 2:
        return
    written = js.unwrap(arguments[1])
    if written.type not in ("identifier", "call_expression", "member_expression", "new_expression"):
        return
    maker = _maker(match.module, written)
    if maker is None or not match.receiver_value.is_binding("r2"):
        return
    yield Finding(
        "R2 has to know the length of a stream, which is not known of this one: `put()` throws",
        match.at(written),
        () if maker.start_byte >= written.start_byte else (match.at(maker, "it comes from here"),),
        _fix(match, arguments[1], maker),
        words=js.word("stream", match.module, arguments[1]),
    )


def _fix(match: Match, written: Node, maker: Node) -> Fix | None:
    """All bytes of the stream in its place, where the function around may wait for them."""
    function = match.enclosing_function
    gives_text = "TextDecoderStream" in match.text(written) + match.text(maker)
    if function is None or not js.is_async(function) or gives_text:
        return None  # a stream of text is no body
    edit = match.replace(written, f"await new Response({match.text(written)}).arrayBuffer()")
    return Fix("Read it whole first", (edit,), Safety.UNSAFE)


def _maker(module: Module, stream: Node) -> Node | None:
    """What makes a stream one of unknown length; None where its length may be known."""
    for _ in range(_DEPTH):
        stream = js.unwrap(stream)
        following: Node | None = None
        match stream.type:
            case "identifier":
                declaration = module.scope.resolve(stream)
                if declaration is None or declaration.value is None or module.scope.assignments(declaration):
                    return None
                source = js.unwrap(declaration.value)
                if declaration.path == ("readable",):
                    return source if _is_transform(module, source) else None
                if declaration.path:
                    following = _teed(module, source) if len(declaration.path) == 1 else None
                else:
                    following = source
            case "new_expression":
                return stream if _is_own_stream(module, stream) else None
            case "member_expression":
                member = module.member(stream)
                source = module.initializer(member.object) if member is not None else stream
                is_readable = member is not None and member.name == "readable"
                return source if is_readable and _is_transform(module, source) else None
            case "call_expression":
                call = module.call(stream)
                if call is None or call.name != "pipeThrough" or len(call.arguments) not in (1, 2):
                    return None
                return stream if _is_transform(module, module.initializer(call.arguments[0])) else None
        if following is None:
            return None
        stream = following
    return None


def _is_own_stream(module: Module, node: Node) -> bool:
    """Whether an expression makes a `ReadableStream` whose source does not tell its length."""
    call = module.call(node)
    if call is None or not module.is_global(call.callee, "ReadableStream"):
        return False
    source = call.argument(0)
    if source is None:
        return not call.arguments
    return not module.is_open_object(source) and module.property_value(source, "expectedLength") is None


def _is_transform(module: Module, node: Node) -> bool:
    """Whether an expression makes a transform stream of the platform that does not tell a length."""
    call = module.call(node)
    return call is not None and call.is_new and module.is_global(call.callee, *_TRANSFORMS)


def _teed(module: Module, node: Node) -> Node | None:
    """`stream` of `stream.tee()`."""
    call = module.call(node)
    return call.receiver if call is not None and call.name == "tee" else None
