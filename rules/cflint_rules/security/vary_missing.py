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
- "in Hono": Behind it: `c.header("Vary", "Origin", { append: true })`. Only caches notice.

## Not reported

Functions that no code calls, and such as answer errors only, which caches do not keep; options that are `*`
by default where no caller gives others. Workers in which `Vary` stands anywhere; handshakes of WebSockets
and answers to `OPTIONS` or to what changes something (`POST`, …) alone, which no cache keeps; middleware of
packages (`hono/cors` sends `Vary` itself). Answers with `no-store` everywhere.

It is said once in a module.

## Fix safety

No fix: the header may have to go to several places.

Source: https://developer.mozilla.org/en-US/docs/Web/HTTP/Reference/Headers/Access-Control-Allow-Origin,
https://fetch.spec.whatwg.org/#cors-protocol-and-http-caches
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import Finding, Module, Severity, js, module, pattern, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_HEADER = js.Phrases("access-control-allow-origin")
_VARY = pattern(rb"\bvary\b", re.IGNORECASE)
_NOT_KEPT = pattern(rb"no-store", re.IGNORECASE)
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


@rule(module(*_SPELLINGS), severity=Severity.NOTE)
def check(subject: Module) -> Iterator[Finding]:
    if not subject.is_run:
        return
    for mention in subject.mentions(_HEADER):
        value = subject.header_value(mention)
        if value is None or subject.string_of(value) is not None or not subject.runs_in_worker(value):
            continue
        source = _asking_origin(subject, value)
        if source is None or _is_never_kept(subject, value) or _is_always_any(subject, value):
            continue
        if next(subject.mentions(_NOT_KEPT), None) is not None:
            return
        paths = js.paths_around(subject)
        found = js.leaves_matching(subject.project, paths, _VARY, at_hand=subject)
        if any(leaf.type != "comment" for _, leaf in found):
            return
        yield Finding(
            "this names the origin that asked, without `Vary: Origin`: a cache gives it to other origins",
            subject.at(value),
            () if js.contains(value, source) else (subject.at(source, "it is read here"),),
            words=_words(subject, value),
        )
        return


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
        kept = _kept(subject, node)
        found = js.leaves_matching(subject.project, js.paths_around(subject), _VARY, at_hand=subject)
        if kept is None or any(leaf.type != "comment" for _, leaf in found):
            return
        yield Finding(
            "what this answers follows `Accept`, without `Vary: Accept`: caches mix the forms up",
            subject.at(node),
            (subject.at(kept, "caches may keep it"),),
        )
        return


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
    if _is_for_unkept(subject, value):
        return True
    if js.is_never_called(subject, function):
        return True
    made = list(subject.responses_made(function))
    return (
        bool(made)
        and all(one.status is not None and one.status >= 400 and one.status not in _KEPT for one in made)
        and next(subject.mentions(_FRESH, function), None) is None
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
