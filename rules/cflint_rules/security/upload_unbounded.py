"""Ask how large an upload is before you take it into memory.

`formData()`, `arrayBuffer()` and `blob()` hold all of a body in memory, and a copy of it once it becomes a
file. A body may have 100 MB (more on larger plans); all requests of an isolate share 128 MB. A few uploads at
once end them all with "Worker exceeded memory limit". A check of `file.size` comes too late: by then it is
all there.

## Incorrect

```ts
interface Env {
  FILES: R2Bucket;
}

export default {
  async fetch(request, env): Promise<Response> {
    const bytes = await request.arrayBuffer();
    await env.FILES.put(crypto.randomUUID(), bytes);
    return new Response("saved", { status: 201 });
  },
} satisfies ExportedHandler<Env>;
```

## Correct

```ts
interface Env {
  FILES: R2Bucket;
}

const MOST = 10 * 1024 * 1024;

export default {
  async fetch(request, env): Promise<Response> {
    const length = Number(request.headers.get("Content-Length") ?? Infinity);
    if (length > MOST) return new Response("too large", { status: 413 });
    await env.FILES.put(crypto.randomUUID(), request.body);
    return new Response("saved", { status: 201 });
  },
} satisfies ExportedHandler<Env>;
```

## What to do

Before it: `if (Number(request.headers.get("content-length") ?? Infinity) > 20_000_000) return new
Response("too large", { status: 413 })`. How large an upload may be is yours to say; unless you know better,
20 MB (several at once have to fit into 128 MB). One without a length is refused, which browsers always
send.

- "in Python": Before it: `if int(request.headers.get("content-length") or 20_000_001) > 20_000_000: return
  Response("too large", status=413)`. How large an upload may be is yours to say; unless you know better, 20
  MB (several at once have to fit into 128 MB). One without a length is refused, which browsers always send.

## Not reported

Modules that look at the length of the body anywhere, or use a body limit of Hono's; forms out of which no
file is taken; Durable Objects, whose requests come from a Worker. In Python it is `read()` of FastAPI's
`UploadFile`.

## Fix safety

Unsafe: an upload whose length is not sent is refused, too; browsers always send it. There is no fix where
nothing behind it says how large an upload may be.

Source: https://developers.cloudflare.com/workers/platform/limits/#memory,
https://developers.cloudflare.com/workers/platform/limits/#request-limits
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import (
    Finding,
    Fix,
    Match,
    Module,
    Safety,
    Severity,
    ValueKind,
    call,
    js,
    pattern,
    python,
    python_module,
    rule,
)
from cflint_rules.security._uploads import is_upload, reads_whole_body

if TYPE_CHECKING:
    from tree_sitter import Node


@rule(call("arrayBuffer", "formData", "blob"), severity=Severity.NOTE, fix=Safety.UNSAFE)
def check(match: Match) -> Iterator[Finding]:
    if not match.module.is_run or not match.module.runs_in_worker(match.node):
        return
    read = reads_whole_body(match)
    if read is None or not is_upload(match):
        return
    yield Finding(
        f"`{read.method}()` takes an upload into memory, of which there are 128 MB, and 100 MB or more may be"
        " sent: look at its `Content-Length` first, or stream it",
        match.at(match.node),
        fix=_fix(match, read),
    )


def _fix(match: Match, read: js.BodyRead) -> Fix | None:
    """The limit that the code looks at once it is too late, before the body is read: answered as there."""
    module, function = match.module, match.enclosing_function
    statement = module.statement_of(match.node)
    holder = module.parent(statement) if statement is not None else None
    if function is None or statement is None or holder is None or holder.type != "statement_block":
        return None
    found = _limit(module, function, match.node)
    if found is None or "\n" in module.text(read.owner):
        return None
    limit, answer = found
    quote = '"' if module.document.data.count(b'"') >= module.document.data.count(b"'") else "'"
    name = f"{quote}content-length{quote}"
    owner = module.text(read.owner)
    is_hono = read.kind is ValueKind.HONO_REQUEST
    length = f"{owner}.header({name})" if is_hono else f"{owner}.headers.get({name})"
    most = f"{limit} + {_FORM}" if match.word == "formData" else limit
    line = f"if (Number({length} ?? Infinity) > {most}) {answer}\n{module.indent_of(statement)}"
    return Fix("Ask for the length first", (module.insert(statement.start_byte, line),), Safety.UNSAFE)


def _limit(module: Module, function: Node, read: Node) -> tuple[str, str] | None:
    """How large an upload may be by a check behind a read, and what that check answers."""
    for word in ("size", "byteLength"):
        for leaf in module.leaves(word, function):
            access = module.parent(leaf)
            if leaf.start_byte < read.end_byte or access is None or access.type != "member_expression":
                continue
            compared = module.operation(module.parent(module.with_wrappers(access)))
            is_most = compared is not None and compared.operator in (">", ">=", "!==")
            if compared is None or not is_most or js.unwrap(compared.left or leaf).id != access.id:
                continue
            limit = module.text(compared.right)
            answer = _answer(module, compared.node, read)
            if (
                answer is not None
                and _is_known_before(module, compared.right, read)
                and len(limit) <= _LONGEST
            ):
                return limit, answer
    return None


def _answer(module: Module, compared: Node, read: Node) -> str | None:
    """What is returned where a condition holds, in one line, of names that are there before the read."""
    around = next((it for it in module.ancestors(compared) if it.type == "if_statement"), None)
    then = around.child_by_field_name("consequence") if around is not None else None
    condition = around.child_by_field_name("condition") if around is not None else None
    if then is None or condition is None or not js.contains(condition, compared):
        return None
    if not all(_SIZE.search(part) for part in module.text(condition).split("||")):
        return None  # the answer is about something else as well
    statements = [it for it in then.named_children if it.type != "comment"]
    given = then if then.type == "return_statement" else statements[0] if len(statements) == 1 else None
    if given is None or given.type != "return_statement" or not _is_known_before(module, given, read):
        return None
    text = " ".join(module.text(given).split())
    return text if len(text) <= _LONGEST_ANSWER and js.first_named(given) is not None else None


def _is_known_before(module: Module, code: Node, read: Node) -> bool:
    """Whether all names in some code are declared before a read, or outside of its function."""
    names = [code, *module.descendants(code, "identifier", "shorthand_property_identifier")]
    declared = (module.scope.resolve(name) for name in names if "identifier" in name.type)
    return all(it is None or _is_there(it, read) for it in declared)


def _is_there(declared: js.Declaration, read: Node) -> bool:
    """Whether a name has its value before a read."""
    is_kept = declared.constant or declared.kind in _GIVEN
    return is_kept and (declared.scope.type == "program" or declared.node.start_byte < read.start_byte)


_GIVEN = (js.DeclarationKind.PARAMETER, js.DeclarationKind.FUNCTION)
_SIZE = pattern(r"size|byteLength")
_FORM = "100_000"
"""Bytes that a form may have beside its file."""
_LONGEST = 60
_LONGEST_ANSWER = 240
_LENGTHS = pattern(r"content-length|content_length|MAX_|max_|\.size\b")


@check.on(python_module("UploadFile"))
def check_python(module: python.PythonModule) -> Iterator[Finding]:
    if not module.workers or module.has_errors:
        return
    for made in module.calls("read"):
        if made.args or not python.is_upload(module, module.receiver(made)):
            continue
        function = module.function_around(made)
        if function is not None and _LENGTHS.search(module.text(function)) is None:
            yield Finding(
                "`read()` takes an upload into memory, of which there are 128 MB, and 100 MB or more may be"
                " sent: look at its `Content-Length` first, or read a part of it",
                module.at(made),
            )
