"""Refuse a body that is too long before you read it: a limit behind `text()` finds all of it in memory.

`text()` and `arrayBuffer()` come back when the whole body has arrived. A limit that is looked at behind them
keeps the rest of the code from long bodies, and not the Worker: Cloudflare lets 100 MB through and more, and
the isolate has 128 MB for all its requests. Whoever sends a few of them at once ends it for everybody
(error 1102). The `length` of a text counts UTF-16 units besides, of which one may be three bytes.

## Incorrect

```ts
const MAX_BODY_BYTES = 64 * 1024;

export default {
  async fetch(request): Promise<Response> {
    const body = await request.text();
    if (body.length > MAX_BODY_BYTES) return new Response("too large", { status: 413 });
    return new Response(body.toUpperCase());
  },
} satisfies ExportedHandler;
```

## Correct

```ts
const MAX_BODY_BYTES = 64 * 1024;

export default {
  async fetch(request): Promise<Response> {
    const length = Number(request.headers.get("Content-Length") ?? Infinity);
    if (length > MAX_BODY_BYTES) return new Response("too large", { status: 413 });
    const body = await request.text();
    return new Response(body.toUpperCase());
  },
} satisfies ExportedHandler;
```

Clients that have to send without a length need a reader that counts: `getReader()`, and `cancel()` when it is
too much.

## What to do

Before the body is read: `if (Number(request.headers.get("Content-Length") ?? Infinity) > MAX_BODY_BYTES)
return new Response("too large", { status: 413 })`, with the limit that stands here.

## Not reported

A function that looks at `Content-Length`, or reads by `getReader()`; Durable Objects, which get what the
Worker made; a limit of 100 MB and more; uploads, of which `upload-unbounded` tells.

## Fix safety

There is no fix: whether clients may send without a length is up to the author.

Source: https://developers.cloudflare.com/workers/platform/limits/#request-limits,
https://developers.cloudflare.com/workers/platform/limits/#memory
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import PREVIEW, Finding, Match, Module, Severity, ValueKind, call, js, pattern, rule
from cflint_rules.security._uploads import is_upload, reads_whole_body

if TYPE_CHECKING:
    from tree_sitter import Node

_MOST = 100_000_000
_LIMIT = pattern(r"max|limit|bytes|size|most", re.IGNORECASE)
_ASKS_FIRST = pattern(rb"[Cc]ontent-?[Ll]ength|getReader|pipeT")
_SIZES = frozenset({"length", "byteLength"})
_LEAVES = ("return_statement", "throw_statement")


@rule(call("text", "arrayBuffer"), severity=Severity.NOTE, presets=(PREVIEW,))
def check(match: Match) -> Iterator[Finding]:
    module, function = match.module, match.enclosing_function
    if function is None or not module.is_run or match.arguments or module.may_be_durable(match.node):
        return
    read = module.body_read_at(match.node)
    if read is None or read.kind not in (ValueKind.REQUEST, ValueKind.HONO_REQUEST):
        return
    if module.value_of(read.owner).detail == "new" or not module.runs_in_worker(match.node):
        return
    compared = _compared(module, match.node)
    if compared is None or next(module.mentions(_ASKS_FIRST, function), None) is not None:
        return
    if match.word == "arrayBuffer" and reads_whole_body(match) is not None and is_upload(match):
        return  # `upload-unbounded` tells of it
    yield Finding(
        f"this limit is looked at when `{match.word}()` has all of the body in memory: 100 MB or more may be"
        " sent",
        module.at(compared),
        (module.at(match.node, "all of it is read here"),),
    )


def _compared(module: Module, read: Node) -> Node | None:
    """Where the size of what a call reads is compared with a limit first of all, and the function is left."""
    for holder in _uses(module, read):
        member = module.member_read(holder)
        above = module.parent(module.with_wrappers(member.node)) if member is not None else None
        compared = module.operation(above) if member is not None and member.name in _SIZES else None
        if compared is None or above is None or compared.operator not in (">", ">=") or member is None:
            continue
        if compared.left is None or not js.contains(compared.left, member.node):
            continue
        if _is_limit(module, compared.right) and _is_refused(module, above):
            return above
    return None


def _uses(module: Module, read: Node) -> Iterator[Node]:
    """The places of what a call reads: where it stands, and the uses of the variable that it goes to."""
    body = module.awaited(read)
    if body is None:
        return
    yield body.node
    name = module.given_name(body.node)
    declaration = module.scope.resolve(name) if name is not None and name.type == "identifier" else None
    for use in module.scope.references(declaration) if declaration is not None else ():
        if use.start_byte > read.end_byte:
            yield use


def _is_limit(module: Module, node: Node | None) -> bool:
    """Whether an expression is the most bytes that there may be: a number, or what is called so."""
    if node is None:
        return False
    number = module.number(node)
    if number is not None:
        return 0 < number < _MOST
    return _LIMIT.search(module.text(node)) is not None


def _is_refused(module: Module, condition: Node) -> bool:
    """Whether the function is left where a condition, or one of several of which any is enough, is true."""
    for above in module.ancestors(condition):
        if above.type == "if_statement":
            taken = above.child_by_field_name("consequence")
            return taken is not None and (
                taken.type in _LEAVES or next(module.descendants(taken, *_LEAVES), None) is not None
            )
        operation = module.operation(above)
        if above.type != "parenthesized_expression" and (operation is None or operation.operator != "||"):
            return False
    return False
