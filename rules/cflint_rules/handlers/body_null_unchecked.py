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

After the body is read: `if (typeof body !== "object" || body === null) return new Response("expected an
object", { status: 400 })`; or let a schema parse it.

## Not reported

Bodies of which something is asked before they are read, or that are handed to a function first (a schema),
and reads whose error is caught. Where not even a body that is no JSON is caught, `unguarded-parse` says so.
Durable Objects, which get what the Worker made; examples in Markdown. There is one finding in a module, with
the other places.

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
    python,
    python_module,
    rule,
)

if TYPE_CHECKING:
    import libcst as cst
    from tree_sitter import Node

_REQUESTS = frozenset({ValueKind.REQUEST, ValueKind.HONO_REQUEST})
_MOST = 6
_SETS = frozenset({"assignment_expression", "variable_declarator"})


@rule(module("json"), severity=Severity.NOTE, documents=Documents.NOTHING)
def check(subject: Module) -> Iterator[Finding]:
    if not subject.is_run:
        return
    found = [
        (thrown, node)
        for node in subject.calls_of("json", subject.root)
        if (thrown := _thrown(subject, node)) is not None
    ]
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
    )


def _thrown(subject: Module, node: Node) -> Node | None:
    """Where something is read of a request's body that may be `null`, and nothing catches the error."""
    read = subject.body_read_at(node)
    if read is None or read.kind not in _REQUESTS or subject.value_of(read.owner).detail == "new":
        return None
    if subject.may_be_durable(node) or subject.never_runs(node):
        return None
    whole, is_handled = _waited_for(subject, node)
    if whole is None or not (is_handled or subject.try_around(node) is not None):
        return None  # what is no JSON is not caught either: unguarded-parse
    name = subject.given_name(whole)
    thrown = _first_read(subject, name, whole) if name is not None else None
    return thrown if thrown is not None and js.escapes_handler(subject, thrown) else None


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


def _first_read(subject: Module, name: Node, whole: Node) -> Node | None:
    """The first place behind a call at which a property of its result is read; None where something else is
    done with it before."""
    if name.type == "object_pattern":
        return name
    declaration = subject.scope.resolve(name) if name.type == "identifier" else None
    if declaration is None or any(
        (set_ := subject.assignment(node)) is None or set_.value is None or not js.contains(set_.value, whole)
        for node in subject.scope.assignments(declaration)
    ):
        return None
    return _read_of(subject, declaration, name, whole.end_byte)


def _read_of(
    subject: Module, declaration: js.Declaration, name: Node, behind: int, *, is_handed_on: bool = False
) -> Node | None:
    """The first use of a name behind a byte, where it is a property that is read."""
    for use in subject.scope.references(declaration):
        if use.start_byte < behind or use.id == name.id:
            continue
        if js.is_guard(subject, use):
            return None
        read = subject.member_read(use)
        if read is not None:
            return None if read.is_optional else use
        above = subject.parent(subject.with_wrappers(use))
        if above is not None and above.type == "arguments":
            return use if not is_handed_on and _reads_at_once(subject, use) else None
        if above is None or above.type not in _SETS:
            return None
        taken = subject.given_name(subject.with_wrappers(use))
        return use if taken is not None and taken.type == "object_pattern" else None
    return None


def _reads_at_once(subject: Module, use: Node) -> bool:
    """Whether a function of the module that is given a value reads a property of it before anything else is
    done with it, where nothing catches the error."""
    given = subject.call_around(use)
    called = js.function_called(subject, given[0].node) if given is not None else None
    if given is None or called is None or called[0] is not subject:
        return False
    function = called[1]
    parameters = subject.parameters(function)
    parameter = parameters[given[1]] if given[1] < len(parameters) else None
    name = parameter.name if parameter is not None else None
    declaration = subject.scope.declared_in(function).get(name) if name is not None else None
    if parameter is None or declaration is None or parameter.default is not None:
        return False
    read = _read_of(subject, declaration, parameter.pattern, function.start_byte, is_handed_on=True)
    return read is not None and subject.try_around(read) is None


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
