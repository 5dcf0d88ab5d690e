"""Ask whether a client has sent what you read before you call a method of it, or bind it.

A parameter of a query, a field of a form or a header that is not there is `null` (with Hono `undefined`), and
a field that the JSON of a body leaves out is `undefined`, whatever type the code claims for it. Calling a
method of it throws a `TypeError`, and D1 takes no `undefined`: its `bind()` throws `D1_TYPE_ERROR`. Where
nothing catches that the client gets status 500 (error 1101) for a mistake of its own, and the logs an
exception for every such request.

## Incorrect

```ts
// src/index.ts
export default {
  async fetch(request): Promise<Response> {
    const url = new URL(request.url);
    const words = url.searchParams.get("q").split(" ");
    return Response.json(words);
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
    const url = new URL(request.url);
    const query = url.searchParams.get("q");
    if (query === null) return new Response("no q", { status: 400 });
    return Response.json(query.split(" "));
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

Before it: `if (value == null) return new Response("a field is missing", { status: 400 })`, for this and each
that is shown, those of one block in one question before the first of them. One that may be left out gets a
default instead (`value ?? null` where it is bound to a column that may be NULL).

- "of a list": Before it: `if (!Array.isArray(value)) return new Response("a field is missing", { status: 400
  })`, and so for each that is shown (`value == null` of what is no list).
- "of a text": Before it: `if (typeof value !== "string") return new Response("a field is missing", { status:
  400 })`, and so for each that is shown (`value == null` of what is no text).

## Not reported

- Fields of which anything is asked, with a default or `?.`, or that are handed first to a function that may
  look at them (those of the project are followed); bodies that are handed to one (a schema), or whose fields
  are looked up by a variable.
- Routes with a validator, queries of which `has()` is asked, and headers that Cloudflare always sets.
- What a `catch` takes, in the function, in one that calls it, or in an `onError()` of Hono, unless it answers
  all errors with status 500.
- Durable Objects, which get what the Worker made; examples in Markdown.

There is one finding in a module, with the other places, and what is read of the items of the same body's
lists: `c.posts.map(…)`.

## Fix safety

Unsafe: who leaves a field out, or sends another type where a list or a text is needed, gets an answer 400. It
is an answer as the code around gives to errors; what the type says may be left out is bound as `null`. There
is no fix in a function that gives no response.

Source: https://developer.mozilla.org/en-US/docs/Web/API/URLSearchParams/get#return_value,
https://developers.cloudflare.com/d1/worker-api/#type-conversion,
https://developers.cloudflare.com/workers/observability/errors/
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
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
    quoted,
    record,
    rule,
    sql,
)

if TYPE_CHECKING:
    from tree_sitter import Node

_READS = ("json", "get", "query", "header")
_REQUESTS = frozenset({ValueKind.REQUEST, ValueKind.HONO_REQUEST})
_GIVEN = frozenset({"host", "cf-connecting-ip", "cf-ray", "cf-ipcountry", "x-forwarded-proto", "x-real-ip"})
"""Headers that Cloudflare sets for every request."""
_VALIDATOR = pattern(r"validator", re.IGNORECASE)
_PRINTS = pattern(r"console\.\w+|JSON\.stringify|log(?:ger)?(?:\.\w+)?|String|encodeURIComponent")
_TELLS_APART = pattern(r"instanceof(?! Error\b)|\b4\d\d\b|\.name\b|\.code\b|\.status\b")
_STATUS_500 = pattern(rb"\b500\b")
_MOST = 16
_MOST_ITEMS = 4
_MISSING = "a field is missing"
_HOLDERS = frozenset({"statement_block", "switch_case", "switch_default"})
_PLAIN = pattern(r"[A-Za-z_$][\w$]*(?:\.[A-Za-z_$][\w$]*)*")
_OF_LISTS = frozenset(
    {"map", "filter", "forEach", "reduce", "some", "every", "find", "join", "flatMap", "sort", "push"}
)
_OF_TEXTS = frozenset(
    {"toUpperCase", "toLowerCase", "trim", "startsWith", "endsWith", "split", "replace", "replaceAll"}
    | {"match", "charAt", "padStart", "substring", "normalize", "localeCompare"}
)
"""Methods that only lists, or only texts have."""
_MOST_HOPS = 2


@record(frozen=True)
class _Throw:
    """What throws: the expression that may be nothing, what becomes of it, and where it was sent."""

    node: Node
    is_bound: bool
    sent: Node


@rule(module(*_READS), severity=Severity.NOTE, fix=Safety.UNSAFE, documents=Documents.NOTHING)
def check(subject: Module) -> Iterator[Finding]:
    if not subject.is_run or config.is_of_development(subject.path):
        return
    found = [
        one
        for one in _throws(subject)
        if js.escapes_handler(subject, one.node) or _is_answered_with_500(subject, one.node)
    ]
    if not found:
        return
    found.sort(key=lambda one: one.node.start_byte)
    first, *others = found
    what = quoted(subject.text(first.node), otherwise="this")
    harm = "D1 takes no `undefined`" if first.is_bound else "this throws"
    yield Finding(
        f"{what} is not there when a client leaves it out, and {harm}: the client gets an error 500",
        subject.at(first.node),
        (
            subject.at(first.sent, "the client sends it here"),
            *(subject.at(other.node, "so is this") for other in others[: _MOST - 1]),
            *(subject.at(item, "nor need an item have this") for item in _of_items(subject, first)),
        ),
        words=(*js.word("value", subject, first.node), *_kind_word(subject, first)),
        fix=_fix(subject, found[:_MOST]),
    )


def _of_items(subject: Module, thrown: _Throw) -> list[Node]:
    """What is read of the items of the same body's lists as if it were there: `c.posts.map(…)` in
    `clusters.map((c) => …)`."""
    body = subject.awaited(thrown.sent) if js.Call(subject, thrown.sent).name == "json" else None
    if body is None:
        return []
    lists: list[Node] = []
    if body.pattern is not None:
        for part in body.pattern.named_children:
            declaration = subject.scope.resolve(part) if part.type != "rest_pattern" else None
            if declaration is not None:
                lists += subject.scope.references(declaration)
    else:
        lists += [read.node for each in body.holders if (read := subject.member_read(each)) is not None]
    found: dict[int, Node] = {}
    for each in lists:
        for item in _unchecked_of_item(subject, each):
            found.setdefault(item.start_byte, item)
    return [found[start] for start in sorted(found)][:_MOST_ITEMS]


def _unchecked_of_item(subject: Module, listed: Node) -> Iterator[Node]:
    """The first place of each member of an item that is used as a list or a text, and of which nothing is
    asked, where a list is gone through by a function."""
    read = subject.member_read(listed)
    made = subject.call(subject.parent(read.node)) if read is not None and read.name in _OF_LISTS else None
    first = made.argument(0) if made is not None else None
    function = subject.function_value(first) if first is not None else None
    parameter = next(iter(subject.parameters(function)), None) if function is not None else None
    item = subject.scope.resolve(parameter.pattern) if parameter is not None else None
    if item is None or item.path or subject.scope.assignments(item):
        return
    members: dict[str, list[Node]] = {}
    for use in subject.scope.references(item):
        member = subject.member_read(use)
        if member is not None and not member.is_optional:
            members.setdefault(member.name, []).append(member.node)
        elif js.is_guard(subject, use):
            return
    for reads in members.values():
        if any(js.is_guard(subject, each) for each in reads):
            continue
        for each in reads:
            used = subject.member_read(each)
            if used is not None and not used.is_optional and used.name in _OF_LISTS | _OF_TEXTS:
                yield each
                break


def _kind_word(subject: Module, thrown: _Throw) -> js.Words:
    """The case of the page for what the code takes a value for."""
    asked = _asked(subject, thrown)
    return (("of a list", ""),) if "isArray" in asked else (("of a text", ""),) if "typeof" in asked else ()


def _fix(subject: Module, found: Sequence[_Throw]) -> Fix | None:
    """A fix that answers 400 where what a statement needs is not there, and binds `null` for what the type
    says may be left out; None where the first of it cannot be."""
    by_statement: dict[int, list[_Throw]] = {}
    edits: list[Edit] = []
    for one in found:
        statement = subject.statement_of(one.node)
        if one.is_bound and _may_be_left_out(subject, one):
            edits.append(subject.insert(one.node.end_byte, " ?? null"))
        elif statement is not None:
            by_statement.setdefault(_first_of_block(subject, by_statement, one, statement), []).append(one)
        if (
            one is found[0]
            and not edits
            and (statement is None or _refuses(subject, [one], statement) is None)
        ):
            return None
    for several in by_statement.values():
        statement = subject.statement_of(several[0].node)
        edit = _refuses(subject, several, statement) if statement is not None else None
        if edit is not None:
            edits.append(edit)
    return Fix("Answer 400 where a field is missing", tuple(edits), Safety.UNSAFE)


def _first_of_block(
    subject: Module, groups: Mapping[int, Sequence[_Throw]], one: _Throw, statement: Node
) -> int:
    """The statement of the same block before which is asked already, where the value is there by then: what
    it writes would stay where a later question refuses. Otherwise the statement itself."""
    holder, name = subject.parent(statement), js.unwrap(one.node)
    while (access := subject.member(name)) is not None:
        name = js.unwrap(access.object)
    declaration = subject.scope.resolve(name) if name.type == "identifier" else None
    for key, several in groups.items():
        earlier = subject.statement_of(several[0].node)
        if earlier is None or holder is None or subject.parent(earlier) != holder or declaration is None:
            continue
        if declaration.node.start_byte < earlier.start_byte:
            return key
    return statement.id


def _refuses(subject: Module, several: Sequence[_Throw], statement: Node) -> Edit | None:
    """An edit that answers before a statement where something that it needs is not there."""
    holder = subject.parent(statement)
    label = js.unwrap(several[0].node)
    text = (
        f"{subject.text(label)} is missing" if len(several) == 1 and _is_plain(subject, label) else _MISSING
    )
    answer = js.refusing_statement(subject, statement, text.removeprefix("body."), 400)
    if answer is None or holder is None or holder.type not in _HOLDERS:
        return None
    if any(not _is_plain(subject, js.unwrap(one.node)) for one in several):
        return None
    if subject.enclosing_function(several[0].node) != subject.enclosing_function(statement):
        return None
    asked = " || ".join(dict.fromkeys(_asked(subject, one) for one in several))
    end = subject.semicolon_of(statement, ";")
    return subject.insert(statement.start_byte, f"if ({asked}) {answer}{end}\n{subject.indent_of(statement)}")


def _is_plain(subject: Module, node: Node) -> bool:
    """Whether an expression is a name, or a field of one, which may be written twice."""
    return _PLAIN.fullmatch(subject.text(node)) is not None


def _asked(subject: Module, thrown: _Throw) -> str:
    """The condition under which a value is not what the code takes it for."""
    text = subject.text(js.unwrap(thrown.node))
    read = subject.member_read(thrown.node) if not thrown.is_bound else None
    if read is not None and read.name in _OF_LISTS:
        return f"!Array.isArray({text})"
    if read is not None and read.name in _OF_TEXTS:
        return f'typeof {text} !== "string"'
    return f"{text} === undefined" if thrown.is_bound else f"{text} == null"


def _may_be_left_out(subject: Module, thrown: _Throw) -> bool:
    """Whether the type that the body is said to have makes a field optional, where it is read."""
    statement = subject.statement_of(thrown.sent)
    name = subject.text(js.unwrap(thrown.node)).rpartition(".")[2]
    text = subject.text(statement) if statement is not None else ""
    return re.search(rf"\b{re.escape(name)}\?\s*:", text) is not None


def _is_answered_with_500(subject: Module, node: Node) -> bool:
    """Whether the `catch` around makes a 500 of whatever is thrown in the function, for a request."""
    attempt = subject.try_around(node)
    handler = attempt.child_by_field_name("handler") if attempt is not None else None
    if handler is None or _TELLS_APART.search(subject.text(handler)) is not None:
        return False
    if next(subject.mentions(_STATUS_500, handler), None) is None:
        return False
    return js.Invocation.REQUEST in js.invocations_of(subject, node)


def _throws(subject: Module) -> Iterator[_Throw]:
    for name in _READS[1:]:
        for node in subject.calls_of(name, subject.root):
            is_text = _may_be_missing(subject, node)
            if (not is_text and name != "query") or _is_apart(subject, node):
                continue
            yield from _of_text(subject, node) if is_text else _of_query(subject, node)
    for node in subject.calls_of("json", subject.root):
        read = subject.body_read_at(node)
        if read is None or read.kind not in _REQUESTS or subject.value_of(read.owner).detail == "new":
            continue
        if not _is_apart(subject, node):
            yield from _of_body(subject, node)


def _is_apart(subject: Module, node: Node) -> bool:
    """Whether what is read at a place does not count: in an object, in a route with a validator."""
    if subject.may_be_durable(node) or subject.never_runs(node):
        return True
    function = subject.enclosing_function(node)
    route = subject.callback_of(function) if function is not None else None
    return route is not None and any(
        _VALIDATOR.search(subject.text(argument)) is not None
        for argument in route.arguments
        if function is None or not js.contains(argument, function)
    )


# -- queries and headers ----------------------------------------------------------------------


def _may_be_missing(subject: Module, node: Node) -> bool:
    """Whether a call reads a parameter of the query, a field of a form, or a header, that a client may leave
    out."""
    header = subject.header_read(node)
    if header is not None:
        return header not in _GIVEN
    made = js.Call(subject, node)
    if made.name == "get" and made.receiver is not None and _is_form(subject, made.receiver):
        return True
    return subject.reads_query(node) and len(made.arguments) == 1 and made.name != "getAll"


def _is_form(subject: Module, node: Node) -> bool:
    """Whether an expression is the form that a client has sent."""
    form = js.unwrap(subject.initializer(js.unwrap(node)))
    call = js.first_named(form) if form.type == "await_expression" else None
    read = subject.body_read_at(call) if call is not None else None
    return read is not None and read.method == "formData" and read.kind in _REQUESTS


def _of_query(subject: Module, node: Node) -> Iterator[_Throw]:
    """What throws where a parameter of all of Hono's query is not there: `const { q } = c.req.query()`."""
    made = js.Call(subject, node)
    if made.arguments or subject.value_of(made.receiver).kind is not ValueKind.HONO_REQUEST:
        return
    name = subject.given_name(node)
    if name is not None and name.type == "object_pattern":
        yield from _of_parts(subject, name, node)


def _of_text(subject: Module, node: Node) -> Iterator[_Throw]:
    if js.is_guard(subject, node):
        return
    read = subject.member_read(node)
    if read is not None:
        if not read.is_optional and not _is_asked_elsewhere(subject, node):
            yield _Throw(node, False, node)
        return
    name = subject.given_name(node)
    if name is not None and name.type == "identifier":
        thrown = _first_throw(subject, name, is_text=True)
        if thrown is not None and not _is_asked_elsewhere(subject, node):
            yield _Throw(thrown[0], thrown[1], node)


def _is_asked_elsewhere(subject: Module, node: Node) -> bool:
    """Whether the function around asks the same of the request somewhere, or whether it is there at all."""
    function = subject.enclosing_function(node)
    if function is None:
        return True
    made = js.Call(subject, node)
    if any(True for _ in subject.calls_of("has", function)):
        return True
    return any(
        other.id != node.id and js.is_guard(subject, other) and subject.is_same(other, node)
        for other in subject.calls_of(made.name, function)
    )


# -- fields of JSON ---------------------------------------------------------------------------


def _of_body(subject: Module, call: Node) -> Iterator[_Throw]:
    """What throws where a field of a body is not there: the body is taken apart, or its fields are read."""
    body = subject.awaited(call)
    if body is None:
        return
    if body.pattern is not None:
        if body.pattern.type == "object_pattern":
            yield from _of_parts(subject, body.pattern, call)
        return
    fields: dict[str, list[Node]] = {}
    for holder in body.holders:
        if holder is body.node and body.declaration is not None:
            continue
        read = subject.member_read(holder)
        if read is not None:
            fields.setdefault(read.name, []).append(read.node)
            continue
        taken = subject.given_name(holder)
        if taken is not None and taken.type == "object_pattern" and holder is not body.node:
            yield from _of_parts(subject, taken, call)
        elif not _is_harmless(subject, holder):
            return
    for reads in fields.values():
        thrown = _first_of(subject, reads)
        if thrown is not None:
            yield _Throw(*thrown, call)


def _of_parts(subject: Module, parts: Node, call: Node) -> Iterator[_Throw]:
    """What throws where a variable that a pattern fills is left empty."""
    for part in parts.named_children:
        if part.type == "pair_pattern":
            part = part.child_by_field_name("value") or part
        if part.type in ("identifier", "shorthand_property_identifier_pattern"):
            thrown = _first_throw(subject, part, is_text=False)
            if thrown is not None:
                yield _Throw(*thrown, call)


def _is_harmless(subject: Module, holder: Node) -> bool:
    """Whether a body is only asked whether it is there, or printed."""
    if js.is_guard(subject, holder):
        return True
    around = subject.call_around(holder)
    return around is not None and _PRINTS.fullmatch(subject.text(around[0].callee or holder)) is not None


def _first_throw(
    subject: Module,
    name: Node,
    *,
    is_text: bool,
    hops: int = _MOST_HOPS,
    seen: tuple[js.Declaration, ...] = (),
) -> tuple[Node, bool] | None:
    """Where the value of a variable is used as if it were there; see `_first_of`. `seen` are the variables
    that it has come through."""
    declaration = subject.scope.resolve(name)
    if declaration is None or declaration in seen or subject.scope.assignments(declaration):
        return None
    uses = [use for use in subject.scope.references(declaration) if use.id != name.id]
    found = _first_of(subject, uses, hops, (*seen, declaration))
    return None if found is not None and is_text and found[1] else found  # `null` can be bound


def _first_of(
    subject: Module, uses: Sequence[Node], hops: int = _MOST_HOPS, seen: tuple[js.Declaration, ...] = ()
) -> tuple[Node, bool] | None:
    """The first of the places of a value at which it has to be there, and whether it is bound there; None
    where anything is asked of it, where a function may look at it before, and where it is changed."""
    for use in uses:
        if js.is_guard(subject, use) or subject.mutation_of(use) is not None:
            return None
    for use in uses:
        read = subject.member_read(use)
        if read is not None:
            return (use, False) if not read.is_optional else None
        around = subject.call_around(use)
        if around is not None:
            call = around[0]
            if call.name == "bind" and call.receiver is not None and _is_d1(subject, call.receiver):
                return use, True
            if _PRINTS.fullmatch(subject.text(call.callee or use)) is not None:
                continue
            return _needed_by(subject, call, around[1], use, hops)
        taken = subject.given_name(use)
        if taken is not None:
            if taken.type != "identifier":
                return None
            return _first_throw(subject, taken, is_text=False, hops=hops, seen=seen)
        if not _is_in_text(subject, use):
            return None
    return None


def _needed_by(
    subject: Module, call: js.Call, position: int, use: Node, hops: int
) -> tuple[Node, bool] | None:
    """The place of a value that a function of the project is handed, where that needs it to be there first of
    all, and whether it is bound there."""
    found = js.function_called(subject, call.node) if hops > 0 and not call.is_new else None
    if found is None:
        return None
    home, function = found
    parameters = home.parameters(function)
    if position >= len(parameters) or parameters[position].is_optional:
        return None
    name = parameters[position].pattern
    thrown = _first_throw(home, name, is_text=False, hops=hops - 1) if name.type == "identifier" else None
    if thrown is None or home.try_around(thrown[0]) is not None:
        return None
    return use, thrown[1]


def _is_d1(subject: Module, receiver: Node) -> bool:
    if subject.value_of(receiver).kind is ValueKind.D1_STATEMENT:
        return True
    use = sql.prepared_by(subject, receiver)
    return use is not None and use.engine is sql.SqlDialect.D1


def _is_in_text(subject: Module, use: Node) -> bool:
    """Whether a value is only put into a text, or an object."""
    above = subject.parent(subject.with_wrappers(use))
    return above is not None and above.type in (
        "template_substitution",
        "pair",
        "binary_expression",
        "shorthand_property_identifier",
        "object",
        "return_statement",
    )
