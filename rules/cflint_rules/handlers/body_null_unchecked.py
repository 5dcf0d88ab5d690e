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

Unsafe: a body of `null` counts as one without fields then, which the code may answer otherwise than an error.
There is no fix where the type of the body is too long to write it once more.

Source: https://developer.mozilla.org/en-US/docs/Web/API/Request/json,
https://developers.cloudflare.com/workers/observability/errors/
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import (
    Documents,
    Edit,
    Finding,
    Fix,
    Module,
    Safety,
    Severity,
    ValueKind,
    config,
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
_LONGEST_TYPE = 60
_CASTS = frozenset({"as_expression", "satisfies_expression"})
_TAKE_ALL = frozenset({"variable_declarator", "assignment_expression", "parenthesized_expression"})
"""What takes an expression without parentheses around it."""
_NAMED = pattern(r"\.json<(.+)>\(\)$", re.DOTALL)
_OPTIONAL = pattern(r"\s*[\"']?[\w$]+[\"']?\?:")
_SEPARATED = pattern(r"[;,\n]")
_TYPED = pattern(r"\.json<([\w.]+)>\(")


@rule(module("json", "parse"), severity=Severity.NOTE, fix=Safety.UNSAFE, documents=Documents.NOTHING)
def check(subject: Module) -> Iterator[Finding]:
    if not subject.is_run or config.is_of_development(subject.path):
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
        fix=_fix(subject, [read for _, read in found[:_MOST]]),
    )


def _typed(subject: Module, node: Node) -> js.Words:
    """What an empty body is where the call says of which type it is."""
    named = _TYPED.search(subject.text(node))
    return (("{}", f"({{}} as {named[1]})"),) if named is not None else ()


def _fix(subject: Module, reads: list[Node]) -> Fix | None:
    """A fix that takes `null` for an object without fields at each of the reads."""
    edits = [_edits(subject, node) for node in reads]
    whole = tuple(edit for some in edits for edit in some)
    return Fix("Take `null` for no fields", whole, Safety.UNSAFE) if all(edits) else None


def _edits(subject: Module, read: Node) -> tuple[Edit, ...]:
    """Edits that put something in the place of `null` behind a read; () where it would need a type that is
    not known."""
    whole = _whole(subject, read)
    empty = _empty(subject, read, whole)
    above = subject.parent(whole)
    if empty is None or above is None:
        return ()
    if above.type in _CASTS:
        waits = subject.parent(
            above
        )  # `await read as Type`, of which the tree has the cast below the `await`
        first = waits if waits is not None and waits.type == "await_expression" else whole
        return (subject.insert(first.start_byte, "("), subject.insert(whole.end_byte, f" ?? {empty})"))
    return (subject.insert(whole.end_byte, f" ?? {empty}"),) if above.type in _TAKE_ALL else ()


def _whole(subject: Module, read: Node) -> Node:
    """A read with what is called on it and the `await` before it."""
    found = subject.method_called_on(read)
    while found is not None:
        read = found[1]
        found = subject.method_called_on(read)
    above = subject.parent(read)
    return above if above is not None and above.type == "await_expression" else read


def _empty(subject: Module, read: Node, whole: Node) -> str | None:
    """An object without fields, as what a read gives where it stands: of the type that it is said to have."""
    if not subject.is_typescript:
        return "{}"
    around = subject.parent(subject.with_wrappers(whole))
    is_cast = subject.with_wrappers(whole).id != whole.id and any(
        above.type in _CASTS for above in _up_to(subject, whole, subject.with_wrappers(whole))
    )
    named = _NAMED.search(subject.text(read))  # the tree has no types there
    wanted = named[1] if named is not None else ""
    if not wanted and not is_cast and around is not None:
        declared = _declared(subject, around)
        wanted = subject.text(declared) if declared is not None else ""
    if not wanted or wanted in ("any", "unknown") or wanted.startswith(("Partial<", "Record<")):
        return "{}"
    if wanted.startswith("{") and all(
        _OPTIONAL.match(it) for it in _SEPARATED.split(wanted[1:-1]) if it.strip()
    ):
        return "{}"
    return f"({{}} as {wanted})" if len(wanted) <= _LONGEST_TYPE and "\n" not in wanted else None


def _up_to(subject: Module, node: Node, last: Node) -> Iterator[Node]:
    for above in subject.ancestors(node):
        yield above
        if above.id == last.id:
            return


def _declared(subject: Module, around: Node) -> Node | None:
    """The type of the variable that gets a value."""
    declarator: Node | None = around if around.type == "variable_declarator" else None
    if around.type == "assignment_expression":
        target = around.child_by_field_name("left")
        known = target is not None and target.type == "identifier"
        declaration = subject.scope.resolve(target) if known and target is not None else None
        declarator = subject.parent(declaration.node) if declaration is not None else None
    kind = declarator.child_by_field_name("type") if declarator is not None else None
    return kind.named_children[0] if kind is not None and kind.named_children else None


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
