"""Send `Vary` where an answer follows the `Origin` or the `Accept` of the request.

An answer that names the origin of the request in `Access-Control-Allow-Origin` is right for that origin
alone. A cache that does not know that (the browser's own is one) gives it to the next page, from another
origin, whose browser then refuses it; a page that worked a minute ago fails until the cache forgets. In the
same way a cache mixes up what is HTML for one client and JSON for another, where `Accept` decides and caches
may keep the answer.

## Incorrect

```ts
const ALLOWED = ["https://example.com", "https://app.example.com"];

export default {
  async fetch(request): Promise<Response> {
    const origin = request.headers.get("Origin") ?? "";
    const headers = new Headers({ "Content-Type": "application/json" });
    if (ALLOWED.includes(origin)) headers.set("Access-Control-Allow-Origin", origin);
    return new Response("{}", { headers });
  },
} satisfies ExportedHandler;
```

## Correct

```ts
const ALLOWED = ["https://example.com", "https://app.example.com"];

export default {
  async fetch(request): Promise<Response> {
    const origin = request.headers.get("Origin") ?? "";
    const headers = new Headers({ "Content-Type": "application/json", Vary: "Origin" });
    if (ALLOWED.includes(origin)) headers.set("Access-Control-Allow-Origin", origin);
    return new Response("{}", { headers });
  },
} satisfies ExportedHandler;
```

## What to do

Set `Vary: Origin` beside this header, on each answer that has it: `headers.append("Vary", "Origin")` (in an
object of headers `Vary: "Origin"`). Only caches notice.

- "follows `Accept`": Set `Vary: Accept` on both forms of the answer: `headers.append("Vary", "Accept")` (in
  an object of headers `Vary: "Accept"`). Only caches notice.
- "a field of headers": Write `Vary: "Origin",` below this line: only caches notice.

## Not reported

Functions that no code calls, and such as answer errors only, which caches do not keep; options that are `*`
by default where no caller gives others. Workers in which `Vary` stands anywhere; handshakes of WebSockets
and answers to `OPTIONS` or to what changes something (`POST`, …) alone, which no cache keeps; an `Accept`
that only goes on to another server; middleware of packages (`hono/cors` sends `Vary` itself). Answers with
`no-store` everywhere.

It is said once in a module.

## Fix safety

Safe: it says what is so, and only caches notice. There is none where the header is sent in another way, and
for `Accept` outside of Hono, where the forms may be made in several places.

Source: https://developer.mozilla.org/en-US/docs/Web/HTTP/Reference/Headers/Access-Control-Allow-Origin,
https://fetch.spec.whatwg.org/#cors-protocol-and-http-caches
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import Edit, Finding, Fix, Module, Safety, Severity, ValueKind, js, module, pattern, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_HEADER = js.Phrases("access-control-allow-origin")
_VARY = pattern(rb"\bvary\b", re.IGNORECASE)
_NOT_KEPT = pattern(rb"no-store", re.IGNORECASE)
_BLOCKS = ("statement_block", "program")
_UNKEPT = frozenset({"OPTIONS", "POST", "PUT", "PATCH", "DELETE"})
_METHODS = _UNKEPT | {"GET", "HEAD"}
_CACHED = pattern(rb"public, ?(?:s-?)?max-?age=[1-9]|s-maxage=[1-9]", re.IGNORECASE)
_FRESH = pattern(rb"cache-control|\bexpires\b", re.IGNORECASE)
_KEPT = frozenset({404, 405, 410, 414, 501})
"""Errors that caches may keep by themselves: https://www.rfc-editor.org/rfc/rfc9110#section-15.1."""
_SPELLINGS = (
    "Access-Control-Allow-Origin",
    "access-control-allow-origin",
    "Access-Control-allow-Origin",
    "Access-control-allow-origin",
    "ACCESS-CONTROL-ALLOW-ORIGIN",
)


@rule(module(*_SPELLINGS), severity=Severity.NOTE, fix=Safety.SAFE)
def check(subject: Module) -> Iterator[Finding]:
    if not subject.is_run:
        return
    found = [(value, source) for value in _values(subject) if (source := _asked(subject, value)) is not None]
    if not found or next(subject.mentions(_NOT_KEPT), None) is not None:
        return
    paths = js.paths_around(subject)
    varied = js.leaves_matching(subject.project, paths, _VARY, at_hand=subject)
    if any(leaf.type != "comment" for _, leaf in varied):
        return
    value, source = found[0]
    others = [subject.at(other, "and here") for other, _ in found[1:]]
    read = () if js.contains(value, source) else (subject.at(source, "it is read here"),)
    edits = [_edit(subject, value) for value, _ in found]
    known = tuple(edit for edit in edits if edit is not None)
    yield Finding(
        "this names the origin that asked, without `Vary: Origin`: a cache gives it to other origins",
        subject.at(value),
        (*read, *others),
        fix=Fix("Send `Vary: Origin`", known, Safety.SAFE) if len(known) == len(edits) else None,
        words=_words(subject, value),
    )


def _values(subject: Module) -> Iterator[Node]:
    """What is sent as the header, in the module's order."""
    for mention in subject.mentions(_HEADER):
        value = subject.header_value(mention)
        if value is not None and subject.string_of(value) is None and subject.runs_in_worker(value):
            yield value


def _asked(subject: Module, value: Node) -> Node | None:
    """Where the `Origin` is read that a value names, in an answer that a cache may keep."""
    source = _asking_origin(subject, value)
    if source is None or _is_never_kept(subject, value) or _is_always_any(subject, value):
        return None
    return source


def _edit(subject: Module, value: Node) -> Edit | None:
    """`Vary` beside the header: in the object, or by a statement, which stands before the `if` that asks
    whether the origin is one of the own, since the answer to the others differs as well."""
    pair = subject.parent(subject.with_wrappers(value))
    if pair is not None and pair.type == "pair":
        quote = subject.text(pair)[:1] if subject.text(pair)[:1] in "\"'" else '"'
        span = subject.document.line_span(subject.document.line_of(pair.end_byte))
        rest = subject.document.data[pair.end_byte : span.end].strip()
        if not rest.partition(b"//")[0].strip(b", \t"):  # the last of its line
            added = f"\n{subject.indent_of(pair)}Vary: {quote}Origin{quote}"
            if rest.startswith(b","):
                return subject.insert(span.end, f"{added},")
            return subject.insert(pair.end_byte, f",{added}")
        return subject.insert(pair.end_byte, f", Vary: {quote}Origin{quote}")
    around = subject.call_around(value)
    made = around[0] if around is not None else None
    if made is None or made.receiver is None or made.name not in ("set", "append", "header"):
        return None
    statement = subject.own_statement(made.node)
    first = made.argument(0)
    if statement is None or first is None:
        return None
    quote = subject.text(first)[:1]
    end = subject.semicolon_of(statement)
    options = ", { append: true }" if made.name == "header" else ""
    name = "header" if made.name == "header" else "append"
    line = f"{subject.text(made.receiver)}.{name}({quote}Vary{quote}, {quote}Origin{quote}{options}){end}"
    asked = _asks_for_origin(subject, statement, value)
    if asked is not None:
        return subject.insert(asked.start_byte, f"{line}\n{subject.indent_of(asked)}")
    holder = subject.parent(statement)
    if holder is None or holder.type not in ("statement_block", "program"):
        return None
    return subject.insert(statement.end_byte, f"\n{subject.indent_of(statement)}{line}")


def _asks_for_origin(subject: Module, statement: Node, value: Node) -> Node | None:
    """The `if` around a statement that asks for the origin that the statement sends."""
    names = {subject.text(part) for part in (value, *subject.descendants(value, "identifier"))}
    for above in subject.ancestors(statement):
        if above.type in js.FUNCTIONS:
            return None
        if above.type == "if_statement":
            condition = above.child_by_field_name("condition")
            holder = subject.parent(above)
            if condition is None or holder is None or holder.type != "statement_block":
                return None
            asked = {subject.text(part) for part in subject.descendants(condition, "identifier")}
            return above if names & asked else None
    return None


@check.on(module("accept", "Accept"))
def check_accept(subject: Module) -> Iterator[Finding]:
    """What `Accept` decides, and caches may keep."""
    data = subject.document.data
    if not subject.is_run or b"age=" not in data.lower() or _CACHED.search(data) is None:
        return
    reads = (node for name in ("get", "header") for node in subject.calls_of(name, subject.root))
    for node in sorted(reads, key=lambda node: node.start_byte):
        if subject.header_read(node) != "accept" or not subject.runs_in_worker(node):
            continue
        if _is_handed_on(subject, node):
            continue
        kept = _kept(subject, node)
        found = js.leaves_matching(subject.project, js.paths_around(subject), _VARY, at_hand=subject)
        if kept is None or any(leaf.type != "comment" for _, leaf in found):
            return
        yield Finding(
            "what this answers follows `Accept`, without `Vary: Accept`: caches mix the forms up",
            subject.at(node),
            (subject.at(kept, "caches may keep it"),),
            fix=_fix_in_hono(subject, node),
        )
        return


def _fix_in_hono(subject: Module, read: Node) -> Fix | None:
    """`c.header("Vary", "Accept")` behind the statement that reads it: it goes to all forms of the answer."""
    made = subject.call(read)
    owner = subject.member(made.receiver) if made is not None else None
    statement = next(
        (it for it in subject.ancestors(read) if (above := subject.parent(it)) and above.type in _BLOCKS),
        None,
    )
    if (
        owner is None
        or statement is None
        or statement.type not in ("lexical_declaration", "expression_statement")
    ):
        return None
    if subject.value_of(owner.object).kind is not ValueKind.HONO_CONTEXT:
        return None
    quote = subject.text(made.arguments[0])[:1] if made is not None else '"'
    end = subject.semicolon_of(statement)
    words = f"{quote}Vary{quote}, {quote}Accept{quote}, {{ append: true }}"
    line = f"\n{subject.indent_of(statement)}{subject.text(owner.object)}.header({words}){end}"
    return Fix("Send `Vary: Accept`", (subject.insert(statement.end_byte, line),), Safety.SAFE)


def _is_handed_on(subject: Module, read: Node) -> bool:
    """Whether an `Accept` only goes on to another server, as the header of that name: it decides nothing
    here."""
    uses = [use for use in subject.result_of(read).references if not _is_condition(subject, use)]
    return all(_is_header_given(subject, use) for use in uses or [read])


def _is_condition(subject: Module, use: Node) -> bool:
    """Whether a variable is all that an `if` asks for."""
    above = subject.parent(subject.with_wrappers(use))
    return above is not None and above.type == "if_statement"


def _is_header_given(subject: Module, use: Node) -> bool:
    above = subject.parent(subject.with_wrappers(use))
    if above is not None and above.type == "pair":
        return (subject.key(above) or "").lower() == "accept"
    around = subject.call_around(use)
    first = around[0].argument(0) if around is not None else None
    is_set = around is not None and around[0].name in ("set", "append") and around[1] == 1
    return is_set and first is not None and (subject.string_of(first) or "").lower() == "accept"


def _words(subject: Module, value: Node) -> js.Words:
    """The case of a header in an object, or whose headers a call sets."""
    above = subject.parent(subject.with_wrappers(value))
    if above is not None and above.type == "pair":
        return (("a field of headers", ""),)
    around = subject.call_around(value)
    return js.word("headers", subject, around[0].receiver) if around is not None else ()


def _is_never_kept(subject: Module, value: Node) -> bool:
    """Whether no cache keeps what a value is sent with: no code calls the function, or all that it answers
    are errors of which caches keep none without being told to (RFC 9110, 15.1)."""
    function = subject.enclosing_function(value)
    if function is None:
        return False
    if _is_for_unkept(subject, value) or _is_handed_to_unkept(subject, function):
        return True
    if js.is_dead(subject, value):
        return True
    made = list(subject.responses_made(function))
    return (
        bool(made)
        and all(one.status is not None and one.status >= 400 and one.status not in _KEPT for one in made)
        and next(subject.mentions(_FRESH, function), None) is None
    )


def _is_handed_to_unkept(subject: Module, function: Node) -> bool:
    """Whether a function is only handed to routers, for methods whose answers no cache keeps:
    `router.options("*", preflight)`."""
    callers = js.callers_of(subject, function)
    handed = [site.module.call_around(site.node) for site in callers.handed]
    return (
        bool(handed)
        and not callers.calls
        and all(around is not None and (around[0].name or "").upper() in _UNKEPT for around in handed)
    )


def _is_for_unkept(subject: Module, value: Node) -> bool:
    """Whether a value is sent where the request is an OPTIONS or one that changes something, whose answer no
    cache keeps unless it is told to (RFC 9110, 9.3)."""
    if any(_names_unkept(subject, condition) for condition in subject.conditions_around(value)):
        return True
    function = subject.enclosing_function(value)
    return function is not None and any(
        _leaves_others(subject, above, value)
        for word in subject.leaves("if", function)
        if word.end_byte < value.start_byte and (above := subject.parent(word)) is not None
    )


def _names_unkept(subject: Module, condition: Node) -> bool:
    named = {subject.string(text) for text in subject.descendants(condition, "string")} & _METHODS
    return bool(named) and named <= _UNKEPT


def _leaves_others(subject: Module, test: Node, value: Node) -> bool:
    """Whether an `if` before a value leaves unless the request is one whose answer no cache keeps."""
    block, then = subject.parent(test), test.child_by_field_name("consequence")
    condition = js.unwrap(test.child_by_field_name("condition") or test)
    if block is None or then is None or not js.contains(block, value):
        return False
    compared = subject.operation(condition)
    is_other = compared is not None and compared.operator in ("!==", "!=")
    return is_other and _names_unkept(subject, condition) and not js.completes(subject, then)


def _is_always_any(subject: Module, value: Node) -> bool:
    """Whether a value is `*` with the options that all callers leave at their defaults:
    `options.origins.includes("*") ? "*" : origin`."""
    choice = js.unwrap(value)
    condition, then = choice.child_by_field_name("condition"), choice.child_by_field_name("consequence")
    if choice.type != "ternary_expression" or condition is None or then is None:
        return False
    asked = subject.call(js.unwrap(condition))
    if subject.string_of(then) != "*" or asked is None or asked.name != "includes" or asked.receiver is None:
        return False
    if [subject.string_of(one) for one in asked.arguments] != ["*"]:
        return False
    member = subject.member(js.unwrap(asked.receiver))
    listed = _by_default(subject, member.object, member.name) if member is not None else None
    made = subject.initializer(js.unwrap(listed)) if listed is not None else None
    return made is not None and made.type == "array" and "*" in map(subject.string_of, made.named_children)


def _by_default(subject: Module, options: Node, name: str) -> Node | None:
    """A property of an object that spreads others, the last ones first, where a parameter that no caller
    gives is its default; None where it is not known."""
    made = subject.initializer(js.unwrap(options))
    for part in reversed(made.named_children if made.type == "object" else ()):
        if part.type != "spread_element":
            found = subject.property_value(made, name)
            return found if found is not None else None
        inner = js.first_named(part)
        if inner is None:
            return None
        declaration = subject.scope.resolve(inner) if inner.type == "identifier" else None
        if declaration is not None and declaration.kind is js.DeclarationKind.PARAMETER:
            if not _is_left_out(subject, declaration) or declaration.default is None:
                return None
            inner = declaration.default
        found = subject.property_value(inner, name)
        if found is not None:
            return found
        if subject.is_open_object(inner):
            return None
    return None


def _is_left_out(subject: Module, parameter: js.Declaration) -> bool:
    """Whether no caller gives a parameter, and all of them are known."""
    places = subject.parameters(parameter.scope)
    index = next((at for at, one in enumerate(places) if js.contains(one.node, parameter.node)), None)
    callers = js.callers_of(subject, parameter.scope)
    return (
        index is not None
        and callers.complete
        and all(len(js.arguments_of(site.node)) <= index for site in callers.calls)
    )


def _kept(subject: Module, read: Node) -> Node | None:
    """Where caches are told to keep what a read decides: behind it in a function that answers itself,
    anywhere in the module where the function only tells the answers apart."""
    function = subject.enclosing_function(read)
    if function is not None and next(subject.responses_made(function), None) is not None:
        return next(
            (leaf for leaf in subject.mentions(_CACHED, function) if leaf.start_byte > read.end_byte), None
        )
    return next(subject.mentions(_CACHED), None)


def _asking_origin(subject: Module, value: Node) -> Node | None:
    """Where the `Origin` of the request is read that a value is made of, by way of assignments in the module,
    too."""
    seen: set[int] = set()
    todo = [value]
    while todo and len(seen) < 60:
        for part in subject.origins(todo.pop()):
            if part.id in seen:
                continue
            seen.add(part.id)
            if subject.header_read(part) == "origin":
                return part
            declaration = subject.scope.resolve(part) if part.type == "identifier" else None
            if declaration is None:
                continue
            for node in subject.scope.assignments(declaration):
                assignment = subject.assignment(node)
                if assignment is not None:
                    todo.append(assignment.value)
    return None
