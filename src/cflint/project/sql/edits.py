"""Edits of SQL: what is interpolated becomes a placeholder and a bound value."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from cflint.finding import Edit
from cflint.project.sql.statements import HolePosition, Interpolation, SqlDialect, SqlUse, chained_call
from cflint.record import record
from cflint.source import Span
from cflint.syntax.javascript import arguments_of, span_of, unwrap, with_wrappers
from cflint.syntax.sql import HOLE, Token, TokenKind, placeholders

if TYPE_CHECKING:
    from tree_sitter import Node


@record(frozen=True)
class _Change:
    """A hole, or a quoted string with holes: where it is in the text, what in the source gives way to a
    placeholder (with what has to stand after that), and the expression to be bound."""

    offset: int
    span: Span
    after: str
    value: str


def bind_holes(use: SqlUse, holes: Sequence[Interpolation]) -> tuple[Edit, ...] | None:
    """Edits that bind the values which holes stand for; None when that cannot be done where all is in sight:
    a name or clause, a statement that is used elsewhere too, bound values that are kept in a variable."""
    text = use.text
    given = _given(use)
    marks = placeholders(text.tokens)
    if given is None or not text.exact or marks.named or marks.count != len(given):
        return None
    if _root(use) is None or any(node.type == "spread_element" for node in given):
        return None
    changes: list[_Change] = []
    for token in _tokens(use, holes):
        change = _change(use, token)
        if change is None:
            return None
        changes.append(change)
    sign = "$" if use.engine is SqlDialect.POSTGRES else "?"
    numbered = use.engine is SqlDialect.POSTGRES or marks.count != marks.anonymous
    edits: list[Edit] = []
    values = list(
        zip(_offsets(text.tokens, len(given), numbered=numbered), map(use.module.text, given), strict=False)
    )
    for number, change in enumerate(changes, len(given) + 1):
        mark = f"{sign}{number}" if numbered else sign
        edits.append(Edit(use.module.document, change.span, mark + change.after))
        values.append((len(text.text) + number if numbered else change.offset, change.value))
    values.sort(key=lambda value: value[0])
    bound = _bind(use, given, [value for _, value in values])
    return (*edits, bound) if bound is not None else None


def _root(use: SqlUse) -> Node | None:
    """The expression that spells the statement out, when nothing else uses it."""
    module = use.module
    statement = unwrap(use.statement)
    if statement.type == "identifier":
        declaration = module.scope.resolve(statement)
        if declaration is None or len(module.scope.references(declaration)) != 1:
            return None
        statement = module.initializer(statement)
    return statement if statement.type in ("template_string", "binary_expression") else None


def _tokens(use: SqlUse, holes: Sequence[Interpolation]) -> Iterator[Token]:
    """The tokens that the holes are, or stand in, each once; a token of kind SYMBOL for what cannot be
    bound."""
    wanted = {hole.at: hole for hole in holes}
    for token in use.text.tokens:
        inside = [wanted[at] for at in wanted if token.start <= at < token.end]
        if inside and use.text.position(inside[0]) in (
            HolePosition.VALUE,
            HolePosition.QUOTED,
            HolePosition.LIST,
        ):
            yield token
        elif inside:
            yield Token(TokenKind.SYMBOL, token.text, token.start, token.end)


def _change(use: SqlUse, token: Token) -> _Change | None:
    if token.kind is TokenKind.HOLE:
        return _of_hole(use, token)
    if token.kind is not TokenKind.STRING or token.text[:1] != "'" or token.text[-1:] != "'":
        return None
    span = use.text.span(token.start, token.end)
    ends = _literal_at(use, token.start), _literal_at(use, token.end - 1)
    if span is None or ends[0] is None or ends[1] is None:
        return None
    module = use.module
    if _quote(use, ends[0]) != _quote(use, ends[1]):
        return None
    if ends[0].type == "string_fragment":
        above = module.syntax.parent(ends[0]), module.syntax.parent(ends[1])
        if above[0] is None or above[1] is None or above[0].id != above[1].id:
            return None
    elif ends[0].type != "string":
        return None
    value = _value(use, token)
    return _Change(token.start, span, "", value) if value is not None else None


def _of_hole(use: SqlUse, token: Token) -> _Change | None:
    module = use.module
    hole = next((found for found in use.text.holes if found.at == token.start), None)
    if hole is None:
        return None
    node = with_wrappers(module.syntax, hole.node)
    parent = module.syntax.parent(node)
    value = module.text(hole.node)
    if parent is not None and parent.type == "template_substitution":
        return _Change(token.start, span_of(parent), "", value)
    before = next(
        (found for found in use.text.literals if found.start + len(found.text) == token.start), None
    )
    after = next((found for found in use.text.literals if found.start == token.end), None)
    if before is None or before.node.type != "string" or before.span.end > node.start_byte:
        return None
    if after is None and token.end == len(use.text.text):
        return _Change(token.start, Span(before.span.end, node.end_byte), _quote(use, before.node), value)
    if after is None or after.node.type != "string" or after.span.start < node.end_byte:
        return None
    if _quote(use, before.node) != _quote(use, after.node):
        return None
    return _Change(token.start, Span(before.span.end, after.span.start), "", value)


def _literal_at(use: SqlUse, offset: int) -> Node | None:
    return next(
        (
            literal.node
            for literal in use.text.literals
            if literal.start <= offset < literal.start + len(literal.text)
        ),
        None,
    )


def _quote(use: SqlUse, node: Node) -> str:
    return use.module.text(node)[:1] if node.type == "string" else "`"


def _value(use: SqlUse, token: Token) -> str | None:
    """The expression of a quoted string with holes: the hole itself, or a template."""
    inner = token.text[1:-1].replace("''", "'")
    if inner == HOLE:
        hole = next((found for found in use.text.holes if found.at == token.start + 1), None)
        return use.module.text(hole.node) if hole is not None else None
    holes = [found for found in use.text.holes if token.start < found.at < token.end]
    if inner.count(HOLE) != len(holes):
        return None
    parts = [
        part.replace("\\", "\\\\").replace("`", "\\`").replace("${", "\\${") for part in inner.split(HOLE)
    ]
    made = parts[0]
    for hole, part in zip(holes, parts[1:], strict=True):
        made += "${" + use.module.text(hole.node) + "}" + part
    return f"`{made}`"


def _offsets(tokens: Sequence[Token], count: int, *, numbered: bool) -> list[int]:
    if numbered:
        return list(range(count))
    return [token.start for token in tokens if token.kind is TokenKind.PLACEHOLDER]


def _given(use: SqlUse) -> tuple[Node, ...] | None:
    """The values that are bound where the statement is handed over; None when that is not in sight."""
    if use.engine is SqlDialect.D1:
        if use.method != "prepare":
            return None
        chained = chained_call(use.module, use.call)
        return arguments_of(chained[1]) if chained is not None and chained[0] == "bind" else ()
    arguments = arguments_of(use.call)
    if use.engine is SqlDialect.DURABLE_OBJECT:
        return arguments[1:]
    if unwrap(arguments[0]).id != unwrap(use.statement).id:
        return None
    if len(arguments) == 1:
        return ()
    array = unwrap(arguments[1])
    if array.type != "array" or len(arguments) > 2:
        return None
    return tuple(part for part in array.named_children if part.type != "comment")


def _bind(use: SqlUse, given: tuple[Node, ...], values: list[str]) -> Edit | None:
    module = use.module
    listed = ", ".join(values)
    if given:
        return Edit(module.document, Span(given[0].start_byte, given[-1].end_byte), listed)
    if use.engine is SqlDialect.D1:
        chained = chained_call(module, use.call)
        if chained is not None and chained[0] == "bind":
            return None
        return module.insert(use.call.end_byte, f".bind({listed})")
    arguments = arguments_of(use.call)
    if use.engine is SqlDialect.DURABLE_OBJECT:
        return module.insert(arguments[0].end_byte, f", {listed}")
    if len(arguments) == 1:
        return module.insert(arguments[0].end_byte, f", [{listed}]")
    return Edit(module.document, span_of(unwrap(arguments[1])), f"[{listed}]")
