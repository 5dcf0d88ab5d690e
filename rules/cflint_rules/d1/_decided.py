"""Edits by which an `INSERT` itself decides whether the row is there already."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cflint.api import Edit, Fix, Module, Safety, js, pattern, record, sql
from cflint_rules.d1._batches import are_types_known

if TYPE_CHECKING:
    from collections.abc import Collection

    from tree_sitter import Node

_NAMES = ("inserted", "insertion", "insertResult", "insertedRow")
"""Names for what the `INSERT` gives, of which the first that the module does not know is taken."""
_NOTHING = {"run": ".meta.changes === 0", "first": " === null"}
"""By the method that runs an `INSERT`: how one sees that it inserted nothing."""
_SPACE = pattern(r"\s+")
_LONGEST = 400
_FOUND = ("{}", "!!{}", "Boolean({})", "{} !== null", "{} != null", "{} !== undefined", "{} != undefined")
_FOUND_ROWS = ("{}.length", "{}.length > 0", "{}.length !== 0", "{}.length >= 1", "{}[0]")
_MISSED = ("!{}", "{} === null", "{} == null", "{} === undefined", "{} == undefined")
_MISSED_ROWS = ("{}.length === 0", "{}.length == 0", "!{}.length", "!{}[0]", "{}.length < 1")


@record(frozen=True, eq=False)
class Branch:
    """What an `if` does when a lookup found a row (`found`, None where it does nothing), seen from an
    `INSERT` for when it found none."""

    found: Node | None


def rows_of(module: Module, taken: Node) -> tuple[Node, ...]:
    """The uses of `results` of `const { results } = …`."""
    for name in module.descendants(taken, "shorthand_property_identifier_pattern"):
        declaration = module.scope.resolve(name) if module.text(name) == "results" else None
        if declaration is not None:
            return tuple(module.scope.references(declaration))
    return ()


def branch_of(module: Module, lookup: Node, insert: Node) -> Branch | None:
    """The `if` by which code leaves or passes by an `INSERT` where a lookup found a row; None where it is not
    as plain as that."""
    statement = module.statement_of(insert)
    result = module.awaited(lookup)
    if statement is None or result is None:
        return None
    places = [js.unwrap(result.node), *(result.references if result.declaration is not None else ())]
    if result.pattern is not None and result.pattern.type == "object_pattern":
        places = [use for use in rows_of(module, result.pattern) if use.start_byte < insert.start_byte]
    for place in places:
        condition = _condition_around(module, place)
        choice = module.parent(condition) if condition is not None else None
        if condition is None or choice is None or choice.type != "if_statement":
            continue
        asked = _asked(module, condition, place)
        then, otherwise = (choice.child_by_field_name(name) for name in ("consequence", "alternative"))
        if asked is None or then is None or then.start_byte > insert.start_byte:
            continue
        instead = js.first_named(otherwise) if otherwise is not None else None
        if asked and otherwise is None and choice.end_byte <= insert.start_byte:
            return Branch(then) if not js.completes(module, then) else None
        if asked and instead is not None and _is_last(module, statement, instead):
            return Branch(then)
        if not asked and _is_last(module, statement, then):
            return Branch(instead)
    return None


def _condition_around(module: Module, place: Node) -> Node | None:
    """The parenthesized condition of an `if` that an expression stands in."""
    for above in module.ancestors(place):
        over = module.parent(above)
        if above.type == "parenthesized_expression" and over is not None and over.type == "if_statement":
            return above
        if above.type.endswith("_statement") or above.type in js.FUNCTIONS:
            return None
    return None


def _asked(module: Module, condition: Node, place: Node) -> bool | None:
    """Whether a condition holds where a row was found (True) or where none was (False)."""
    asked = module.text(condition)[1:-1].strip()
    name = module.text(place)
    rows = name if name == "results" else f"{name}.results"
    plain = asked.replace("?.", ".")
    for forms, of_rows, answer in ((_FOUND, _FOUND_ROWS, True), (_MISSED, _MISSED_ROWS, False)):
        listed = {it.format(rows) for it in of_rows}
        if name != "results":
            listed |= {it.format(name) for it in forms}
        if asked in listed or plain in listed:
            return answer
    return None


def _is_last(module: Module, statement: Node, block: Node) -> bool:
    """Whether a statement is all that a branch does in the end: what would follow it would run without it."""
    above = module.parent(statement)
    if statement.id == block.id:
        return True
    if above is None or above.id != block.id:
        return False
    following = statement.next_named_sibling
    while following is not None and following.type == "comment":
        following = following.next_named_sibling
    return following is None


def fix_of(
    module: Module, query: sql.D1Query, insert: js.Call, target: str | None, branch: Branch | None
) -> Fix | None:
    """An `INSERT` that does nothing where the row is there, and the answer that the lookup gives then.
    `target` is what stands behind `ON CONFLICT`; None where no columns are unique, so that the statement has
    to ask itself."""
    statement = insert.statement
    if branch is None or statement is None or insert.name not in _NOTHING:
        return None
    use = sql.prepared_by(module, insert.receiver) if insert.receiver is not None else None
    if use is None or not js.contains(insert.node, use.call):
        return None
    if target is not None:
        edits = _with_conflict(use, target)
        title = f"Write `ON CONFLICT{target} DO NOTHING`, and answer where nothing was inserted"
    else:
        edits = _with_lookup(use, query)
        title = "Look again in the `INSERT`, by `WHERE NOT EXISTS`, and answer where nothing was inserted"
    if edits is None:
        return None
    if branch.found is not None and not are_types_known(module, b"changes"):
        return None
    if branch.found is None:
        return Fix(title.partition(", and")[0], edits, Safety.UNSAFE)
    answer = _answer(module, query, insert, branch.found)
    return Fix(title, (*edits, *answer), Safety.UNSAFE) if answer is not None else None


def _with_conflict(use: sql.SqlUse, target: str) -> tuple[Edit, ...] | None:
    last = _row(use)[-1]
    span = _within(use, last.start, last.end)
    if span is None or last.text != ")":
        return None
    return (use.module.insert(span, f" ON CONFLICT{target} DO NOTHING"),)


def _row(use: sql.SqlUse) -> tuple[sql.Token, ...]:
    """The tokens of a statement as far as `RETURNING`."""
    tokens = use.text.statements[0].tokens
    end = next((at for at, token in enumerate(tokens) if token.upper == "RETURNING"), len(tokens))
    return tokens[:end]


def _within(use: sql.SqlUse, start: int, end: int) -> int | None:
    """Where a part of a statement ends in the source, when it stands in one literal of the call."""
    span = use.text.span(start, end)
    if span is None or not use.call.start_byte <= span.start < span.end <= use.call.end_byte:
        return None
    return span.end


def _with_lookup(use: sql.SqlUse, query: sql.D1Query) -> tuple[Edit, ...] | None:
    """`SELECT … WHERE NOT EXISTS (…)` for `VALUES (…)`, with the values of the lookup behind the others."""
    module, tokens = use.module, _row(use)
    asked = sql.prepared_by(module, query.call.receiver) if query.call.receiver is not None else None
    listed = [at for at, token in enumerate(tokens) if token.upper == "VALUES"]
    chained = sql.chained_call(module, use.call)
    if asked is None or len(listed) != 1 or chained is None or chained[0] != "bind":
        return None
    given, wanted = js.Call(module, chained[1]).arguments, query.select.values
    first, last = tokens[listed[0] : listed[0] + 2], tokens[-1]
    if len(first) != 2 or not _is_one_row([token.text for token in tokens[listed[0] + 1 :]]):
        return None
    if not _binds(use, given) or not _binds(asked, wanted) or not given:
        return None
    lookup = _as_part(asked, use)
    opens = use.text.span(first[0].start, first[1].end)
    if lookup is None or opens is None or _within(use, first[0].start, last.end) is None:
        return None
    closes = use.text.span(last.start, last.end)
    if closes is None or b"\n" in module.document.data[opens.start : opens.end]:
        return None
    if any(opens.start <= literal.span.end < opens.end for literal in use.text.literals):
        return None
    listed_values = ", ".join(module.text(value) for value in wanted)
    return (
        Edit(module.document, opens, "SELECT "),
        Edit(module.document, closes, f" WHERE NOT EXISTS ({lookup})"),
        module.insert(given[-1].end_byte, f", {listed_values}"),
    )


def _is_one_row(texts: list[str]) -> bool:
    """Whether one parenthesis opens at the start and closes at the end."""
    depth = 0
    for at, text in enumerate(texts):
        depth += (text == "(") - (text == ")")
        if depth == 0:
            return at == len(texts) - 1
    return False


def _binds(use: sql.SqlUse, given: Collection[Node]) -> bool:
    """Whether each `?` of a statement has a value, in their order."""
    marks = [token for token in use.text.tokens if token.kind is sql.TokenKind.PLACEHOLDER]
    is_plain = all(token.text == "?" for token in marks)
    return is_plain and len(marks) == len(given) and all(it.type != "spread_element" for it in given)


def _as_part(asked: sql.SqlUse, use: sql.SqlUse) -> str | None:
    """A lookup as a part of another statement's text; None where that literal would need escapes."""
    found = asked.text.statements[0]
    text = asked.text.text[found.start : found.end]
    last = next(reversed(use.text.literals), None)
    if not asked.text.is_whole or last is None or "--" in text or "/*" in text or len(text) > _LONGEST:
        return None
    quote = use.module.text(last.node)[:1] if last.node.type == "string" else "`"
    if any(it in text for it in (quote, "\\", "`", "${")):
        return None
    if any(token.kind is sql.TokenKind.STRING and "\n" in token.text for token in found.tokens):
        return None
    return _SPACE.sub(" ", text)


def reads_row(module: Module, lookup: Node, code: Node) -> bool:
    """Whether code takes anything of the row that a lookup finds."""
    result = module.awaited(lookup)
    names = {result.declaration.name} if result is not None and result.declaration is not None else set()
    if result is not None and result.pattern is not None:
        kinds = ("identifier", "shorthand_property_identifier_pattern")
        names |= {module.text(it) for it in module.descendants(result.pattern, *kinds)}
    return any(next(module.leaves(name, code), None) is not None for name in names)


def _answer(module: Module, query: sql.D1Query, insert: js.Call, found: Node) -> tuple[Edit, ...] | None:
    """What the code does where the lookup finds a row, done again where the `INSERT` did nothing."""
    statement = insert.statement
    if statement is None:
        return None
    if reads_row(module, query.call.node, found):
        return None  # which was not there
    throws = next(module.descendants(found, "throw_statement"), None) is not None
    if throws and module.try_around(found) != module.try_around(statement):
        return None
    if not _are_in_scope(module, found, statement):
        return None
    text = _moved(module, found, statement)
    made = module.awaited(insert.node)
    if insert.is_statement and statement.type == "expression_statement":
        name = next((it for it in _NAMES if not module.document.has_word(it)), None)
        before = [module.insert(statement.start_byte, f"const {name} = ")]
    else:
        held = made.declaration if made is not None and statement.type == "lexical_declaration" else None
        name, before = (held.name, []) if held is not None else (None, [])
    if name is None:
        return None
    indent = module.indent_of(statement)
    after = f"\n{indent}if ({name}{_NOTHING[insert.name]}) {text}"
    return (*before, module.insert(_line_end(module, statement), after))


def _line_end(module: Module, statement: Node) -> int:
    """Where a statement ends, with a comment behind it."""
    following = statement.next_sibling
    is_beside = (
        following is not None
        and following.type == "comment"
        and module.document.line_of(following.start_byte) == module.document.line_of(statement.end_byte)
    )
    return following.end_byte if following is not None and is_beside else statement.end_byte


def _are_in_scope(module: Module, moved: Node, to: Node) -> bool:
    """Whether each name that code uses means the same at another place."""
    for name in module.descendants(moved, "identifier", "shorthand_property_identifier"):
        declaration = module.scope.resolve(name)
        if declaration is None or js.contains(moved, declaration.node):
            continue
        is_late = declaration.scope.type != "program" and declaration.node.start_byte > to.start_byte
        if is_late or not js.contains(declaration.scope, to):
            return False
    return True


def _moved(module: Module, node: Node, to: Node) -> str:
    """The text of a branch with the indentation of another place."""
    choice = module.enclosing(node, frozenset({"if_statement"}))
    before = module.indent_of(choice if choice is not None else node)
    return re.sub(rf"\n{re.escape(before)}", f"\n{module.indent_of(to)}", module.text(node))
