"""Expect `null` where you read JSON that a client sends: it is JSON, too.

`request.json()` gives whatever the body says, and `null` is a body like any other. Reading a property of it
throws a `TypeError`, outside of the `try` that was written for bodies that are no JSON: the client gets
status 500 (error 1101) for a mistake of its own, and anyone can make as many of these as they like.

## Incorrect

```ts
// src/index.ts
export default {
  async fetch(request): Promise<Response> {
    const length = Number(request.headers.get("Content-Length") ?? Infinity);
    if (length > 10_000) return new Response("too long", { status: 413 });
    let body: { name: string };
    try {
      body = await request.json();
    } catch {
      return new Response("no JSON", { status: 400 });
    }
    return new Response(`hello ${body.name}`);
  },
} satisfies ExportedHandler;
```

```jsonc
// wrangler.jsonc
{
  "name": "example",
  "main": "src/index.ts",
  "compatibility_date": "2026-08-20",
  "observability": { "enabled": true }
}
```

## Correct

```ts
// src/index.ts
export default {
  async fetch(request): Promise<Response> {
    const length = Number(request.headers.get("Content-Length") ?? Infinity);
    if (length > 10_000) return new Response("too long", { status: 413 });
    let body: { name?: unknown } | null;
    try {
      body = await request.json();
    } catch {
      return new Response("no JSON", { status: 400 });
    }
    if (typeof body?.name !== "string") return new Response("no name", { status: 400 });
    return new Response(`hello ${body.name}`);
  },
} satisfies ExportedHandler;
```

```jsonc
// wrangler.jsonc
{
  "name": "example",
  "main": "src/index.ts",
  "compatibility_date": "2026-08-20",
  "observability": { "enabled": true }
}
```

## What to do

Write `?? {}` behind what is read, inside of a cast: `(await request.json()) ?? {}`, here and at each other
place that is shown. `null` then counts as no fields.

## Not reported

Bodies of which something is asked before they are read, or that are handed to a function first (a schema),
and reads whose error is caught. Where not even a body that is no JSON is caught, `unguarded-parse` says so.
Texts that are parsed where a signature is checked. Durable Objects, which get what the Worker made; examples
in Markdown. There is one finding in a module, with the other places. Of what the client of a WebSocket sends,
`ws-unguarded-parse` speaks.

## Fix safety

No fix: what to answer is up to the author.

Source: https://developer.mozilla.org/en-US/docs/Web/API/Request/json,
https://developers.cloudflare.com/workers/observability/errors/
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import (
    Documents,
    Finding,
    Module,
    Severity,
    ValueKind,
    js,
    module,
    pattern,
    python,
    python_module,
    rule,
)

if TYPE_CHECKING:
    import libcst as cst
    from tree_sitter import Node

_REQUESTS = frozenset({ValueKind.REQUEST, ValueKind.HONO_REQUEST})
_VERIFIES = js.Phrases("verif signature hmac constructEvent")
_MOST = 6
_TYPED = pattern(r"\.json<([\w.]+)>\(")


@rule(module("json", "parse"), severity=Severity.NOTE, documents=Documents.NOTHING)
def check(subject: Module) -> Iterator[Finding]:
    if not subject.is_run:
        return
    found = sorted(_faults(subject), key=lambda one: one[0].start_byte)
    if not found:
        return
    (thrown, node), *others = found
    yield Finding(
        "a body of `null` is valid JSON, and then this throws: the client gets an error 500",
        subject.at(thrown),
        (
            subject.at(node, "the client sends it here"),
            *(subject.at(other, "so does this") for other, _ in others[: _MOST - 1]),
        ),
        words=(*js.awaited_word("await request.json()", subject, node), *_typed(subject, node)),
    )


def _typed(subject: Module, node: Node) -> js.Words:
    """What an empty body is where the call says of which type it is."""
    named = _TYPED.search(subject.text(node))
    return (("{}", f"({{}} as {named[1]})"),) if named is not None else ()


def _faults(subject: Module) -> Iterator[tuple[Node, Node]]:
    """Where something is read of JSON that may be `null`, and nothing catches the error; and the JSON."""
    for node in subject.calls_of("json", subject.root):
        whole, is_handled = _waited_for(subject, node)
        if whole is None or not (is_handled or js.catch_around(subject, node) is not None):
            continue  # what is no JSON is not caught either: unguarded-parse
        thrown = js.thrown_by_null(subject, whole)
        if thrown is not None and _is_sent_as_json(subject, node) and _escapes(subject, node, thrown):
            yield thrown, node
    for node in subject.calls_of("parse", subject.root):
        if js.catch_around(subject, node) is None:
            continue
        thrown = js.thrown_by_null(subject, subject.with_wrappers(node))
        if thrown is not None and _is_sent_as_text(subject, node) and _escapes(subject, node, thrown):
            yield thrown, node


def _escapes(subject: Module, node: Node, thrown: Node) -> bool:
    """Whether an error gets out of a handler that some client's request has come to."""
    if subject.may_be_durable(node) or subject.never_runs(node):
        return False
    return js.escapes_handler(subject, thrown)


def _is_sent_as_json(subject: Module, node: Node) -> bool:
    """Whether a call reads the JSON of a request's body."""
    read = subject.body_read_at(node)
    return read is not None and read.kind in _REQUESTS and subject.value_of(read.owner).detail != "new"


def _is_sent_as_text(subject: Module, node: Node) -> bool:
    """Whether a call parses a body that was read as text, and whose signature nothing has to do with."""
    made = js.Call(subject, node)
    if len(made.arguments) != 1 or not subject.is_from(made.callee, "", "JSON.parse"):
        return False
    function = subject.enclosing_function(node)
    if function is None or next(subject.mentions(_VERIFIES, function), None) is not None:
        return False
    for part in subject.origins(made.arguments[0]):
        read = subject.body_read_at(part)
        if read is not None and read.method == "text":
            return read.kind in _REQUESTS and subject.value_of(read.owner).detail != "new"
    return False


def _waited_for(subject: Module, read: Node) -> tuple[Node | None, bool]:
    """The `await` of a call with what is around it, and whether a `.catch()` takes its error. None where the
    result is another one."""
    is_handled = False
    found = subject.method_called_on(read)
    if found is not None and found[0] == "catch":
        read, is_handled = found[1], True
    above = subject.parent(subject.with_wrappers(read))
    if above is None or above.type != "await_expression":
        return None, False
    return subject.with_wrappers(above), is_handled


@check.on(python_module("get"))
def check_python(module: python.PythonModule) -> Iterator[Finding]:
    """JSON that is no object has no `get()`: `null` is `None`, and a list or a number is valid, too."""
    # Imported where used: libcst is slow to load.
    if not module.workers or b"json" not in module.document.data or module.has_errors:
        return
    import libcst as cst

    found: list[tuple[cst.Call, cst.Assign]] = []
    for assigned in module.find(cst.Assign):
        name = assigned.targets[0].target if len(assigned.targets) == 1 else None
        function = module.function_around(assigned)
        if not isinstance(name, cst.Name) or not isinstance(function, cst.FunctionDef):
            continue
        if not _is_python_body(module, assigned.value) or not module.is_handled(assigned, *_PYTHON_PARSED):
            continue  # what is no JSON is not caught either: unguarded-parse
        if _asks(name.value).search(module.text(function)) is not None:
            continue
        reads = (
            call
            for call in module.find_in(function.body, cst.Call)
            if module.called_name(call) == "get" and _is_named(module.receiver(call), name.value)
        )
        first = next(reads, None)
        if any(_is_named(one.value, name.value) for one in module.find_in(function.body, cst.Subscript)):
            continue  # py-request-field-unchecked
        if first is not None and not module.is_handled(first, "AttributeError"):
            found.append((first, assigned))
    if found:
        (read, assigned), *others = found
        yield Finding(
            "a body of `null` or `[]` is valid JSON without `get()`, and then this raises: the client gets"
            " an error 500",
            module.at(read),
            (
                module.at(assigned, "the client sends it here"),
                *(module.at(other, "so does this") for other, _ in others[: _MOST - 1]),
            ),
        )


_PYTHON_PARSED = ("ValueError", "JSONDecodeError")


def _asks(name: str) -> re.Pattern[str]:
    """What asks of a body what it is."""
    return re.compile(
        rf"isinstance\(\s*{name}\b|\bnot {name}\b|\b{name} (?:is|or|and)\b|\bif {name}\b|type\({name}\)"
        rf"|\*\*{name}\b"
        rf"|\b{name}\s*=\s*{name}\b|(?:validate|parse)\w*\({name}\b"
    )


def _is_named(node: cst.BaseExpression | None, name: str) -> bool:
    # Imported where used: libcst is slow to load.
    import libcst as cst

    return isinstance(node, cst.Name) and node.value == name


def _is_python_body(module: python.PythonModule, value: cst.BaseExpression) -> bool:
    """Whether an expression is the JSON of a request, or of its text."""
    # Imported where used: libcst is slow to load.
    import libcst as cst

    if isinstance(value, cst.Await):
        made = value.expression
        return (
            isinstance(made, cst.Call)
            and module.called_name(made) == "json"
            and module.value_of(module.receiver(made)).kind is ValueKind.REQUEST
        )
    if not isinstance(value, cst.Call) or module.origin(value.func) != "json.loads" or not value.args:
        return False
    return python.reads_python_request(module, value.args[0].value)
