"""What several rules ask of a `catch`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from cflint.api import Edit, Fix, Module, Safety, ValueKind, js, pattern

if TYPE_CHECKING:
    from tree_sitter import Node

_TELLS = pattern(
    r"log|report|capture|track|notif|warn|error$|fail|record|emit|handle|trace|exception|sentry|alert",
    re.IGNORECASE,
)
_MAKERS = frozenset({"json", "error", "Response", "NextResponse"})
_STORES = ("kv", "r2", "d1")
_PLAIN_CALLEE = pattern(r"[\w$.]{1,50}")
_SENTENCE = pattern(r"[^\W\d_][^/<>{}=]* [^/<>{}=]*|[a-z]+(?:_[a-z]+)+")
"""Words: no path, header, statement or markup."""
_LONGEST = 60
_CACHE = pattern(r"cache", re.IGNORECASE)


def catch_words(module: Module, clause: Node) -> js.Words:
    """What a `catch` calls the error, and the case that it has a name, or has none."""
    name = clause.child_by_field_name("parameter")
    if name is None or name.type != "identifier":
        return (("it has no name", ""),) if name is None else ()
    return (("it has a name", ""), *js.word("error", module, name))


def fix_by_log(module: Module, clauses: Iterable[tuple[Node, str]]) -> Fix | None:
    """The fix by which `catch` clauses log their errors: behind the text that each answers with, or else the
    label beside it. What an error says gets into the logs by that."""
    edits: list[Edit] = []
    for clause, label in clauses:
        added = module.log_caught(clause, _said(module, clause) or f'"{label}"')
        if not added:
            return None  # some would be left
        edits += added
    return Fix.of("Log the error", tuple(edits), Safety.UNSAFE)


def failure_of(module: Module, made: Node, otherwise: str | None = None) -> str:
    """What a log says of a call that failed."""
    callee = module.text(made.child_by_field_name("function") or made)
    if _PLAIN_CALLEE.fullmatch(callee) is not None:
        return f"{callee}() failed"
    return otherwise or f"{module.callee_name(made)}() failed"


def _said(module: Module, clause: Node) -> str | None:
    """The text by which a `catch` says what failed, as it is written."""
    body = clause.child_by_field_name("body")
    for text in module.descendants(body, "string") if body is not None else ():
        inside = module.string(text) or ""
        if _SENTENCE.fullmatch(inside) is not None and len(inside) <= _LONGEST:
            return module.text(text)
    return None


def blind_catches(module: Module) -> tuple[tuple[Node, Node, Node], ...]:
    """The `catch` clauses of a module that neither read the error nor log, with their block and `try`."""

    def find() -> tuple[tuple[Node, Node, Node], ...]:
        found = []
        for word in module.leaves("catch", module.root):
            clause = module.parent(word)
            attempt = module.parent(clause) if clause is not None else None
            if clause is None or clause.type != "catch_clause" or attempt is None:
                continue
            body, tried = clause.child_by_field_name("body"), attempt.child_by_field_name("body")
            if body is None or tried is None or not unread_error(module, clause) or tells(module, body):
                continue
            found.append((clause, body, tried))
        return tuple(found)

    return module.memoized("catch clauses that look at no error", find)


def unread_error(module: Module, clause: Node) -> bool:
    """Whether nothing in a `catch` reads the error."""
    parameter = clause.child_by_field_name("parameter")
    if parameter is None:
        return True
    error = module.scope.resolve(parameter) if parameter.type == "identifier" else None
    return error is not None and not module.scope.references(error)


def tells(module: Module, body: Node, *, by_name: bool = True) -> bool:
    """Whether a block logs, or calls a function whose name says so: without `by_name` only one that is not
    in sight."""
    for node in module.descendants(body, "call_expression"):
        made = js.Call(module, node)
        if module.log_at(node) is not None:
            return True
        is_named = _TELLS.search(made.name) is not None and made.name not in _MAKERS
        if is_named and (by_name or js.function_called(module, node) is None):
            return True
    return False


def waited_for(module: Module, clause: Node, tried: Node) -> Iterator[Node]:
    """The expressions that a `try` awaits and whose error gets to this `catch`."""
    attempt = module.parent(clause)
    for node in module.descendants(tried, "await_expression"):
        inner = js.first_named(node)
        if inner is not None and module.try_around(node) == attempt:
            yield js.unwrap(inner)


def store_used(module: Module, clause: Node, tried: Node) -> Node | None:
    """A call of a database, or of a store that is no cache, for which a `try` waits."""
    for node in waited_for(module, clause, tried):
        made = module.call(node)
        if made is None or made.receiver is None:
            continue
        value = module.value_of(made.receiver)
        if module.orm_statement(node) is not None or value.kind in (
            ValueKind.D1_STATEMENT,
            ValueKind.STORAGE,
        ):
            return node
        if any(value.is_binding(kind) for kind in _STORES) and _CACHE.search(value.name or "") is None:
            return node
    return None
