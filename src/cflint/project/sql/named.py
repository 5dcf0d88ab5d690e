"""Which columns of which tables a statement names, as far as its words alone say it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from cflint.syntax.sql import HOLE, Statement, TableUse, Token, TokenKind, positions, tables

_COMPARES = frozenset({"=", "==", "<", ">", "<=", ">=", "!=", "<>"})
_COMPARING = frozenset({"LIKE", "IN", "IS", "BETWEEN", "GLOB", "NOT", "ISNULL", "NOTNULL"})
_BEFORE = frozenset({"WHERE", "AND", "OR", "NOT", "HAVING", "WHEN", "ON"})
_OF_ROWS = frozenset({"ROWID", "OID", "_ROWID_"})
_NO_NAMES = frozenset(
    {"NULL", "TRUE", "FALSE", "CURRENT_TIMESTAMP", "CURRENT_DATE", "CURRENT_TIME", "CASE", "NOT", "EXISTS"}
    | {"SELECT", "FROM", "WHERE", "WHEN", "THEN", "ELSE", "END", "DISTINCT", "ALL", "AS", "AND", "OR", "IN"}
    | {"CAST", "COLLATE", "INTERVAL", "LIMIT", "OFFSET", "ORDER", "GROUP", "BY", "HAVING", "SET", "VALUES"}
)
_ENDS = frozenset({"WHERE", "FROM", "RETURNING", "ORDER", "LIMIT"})
_NO_ALIAS = frozenset(
    {"WHERE", "SET", "ON", "USING", "JOIN", "INNER", "LEFT", "RIGHT", "FULL", "CROSS", "NATURAL", "OUTER"}
    | {"ORDER", "GROUP", "HAVING", "LIMIT", "OFFSET", "UNION", "EXCEPT", "INTERSECT", "VALUES", "SELECT"}
    | {"DEFAULT", "RETURNING", "INDEXED", "NOT", "WINDOW", "AND", "OR", "FROM", "AS", "DO", "WHEN"}
)
_SEVERAL = frozenset({"WITH", "JOIN", "UNION", "EXCEPT", "INTERSECT", "WINDOW", "OVER"})


def columns_written(statement: Statement) -> Iterator[tuple[Token, Token]]:
    """The columns that an `INSERT` lists or an `UPDATE` sets, each behind the table's name. Nothing where a
    part of them is put together."""
    names = [token for _, token in tables(statement) if token.name]
    if not names or statement.verb not in ("INSERT", "REPLACE", "UPDATE"):
        return
    table = names[0]
    tokens = [token for token in statement.tokens if token.start >= table.end]
    found = _set(tokens) if statement.verb == "UPDATE" else _listed(tokens)
    yield from ((table, token) for token in found)


def columns_bound(statement: Statement) -> dict[int, str]:
    """The columns (lower case) that get a bound value as it is, by the position of the value, from 0: of an
    `INSERT` of one row, and of an `UPDATE`."""
    written = [token for _, token in columns_written(statement)]
    places = {token.start: position for token, position in positions(statement.tokens)}
    if not written:
        return {}
    found: dict[int, str] = {}
    for column, value in _values(statement, written):
        if len(value) == 1 and value[0].start in places:
            found[places[value[0].start]] = (column.name or "").lower()
    return found


def _values(statement: Statement, written: Sequence[Token]) -> Iterator[tuple[Token, list[Token]]]:
    """The columns that a statement writes, each with the tokens of what it gets."""
    tokens = list(statement.tokens)
    if statement.verb == "UPDATE":
        for column in written:
            at = tokens.index(column)
            yield column, _up_to_comma(tokens[at + 2 :])
        return
    values = next((at for at, token in enumerate(tokens) if token.upper == "VALUES"), None)
    if values is None or not tokens[values + 1 : values + 2] or tokens[values + 1].text != "(":
        return
    at = values + 2
    for column in written:
        value = _up_to_comma(tokens[at:])
        yield column, value
        at += len(value) + 1


def _up_to_comma(tokens: Sequence[Token]) -> list[Token]:
    """The tokens of one value: up to a comma, what closes the list, or the next clause."""
    found: list[Token] = []
    depth = 0
    for token in tokens:
        if depth == 0 and (token.text in (",", ")") or token.upper in _ENDS):
            break
        depth += {"(": 1, ")": -1}.get(token.text, 0)
        found.append(token)
    return found


def _set(tokens: list[Token]) -> list[Token]:
    if not tokens or tokens[0].upper != "SET":
        return []
    depth, found = 0, []
    for before, token, after in zip(tokens, tokens[1:], tokens[2:], strict=False):
        depth += {"(": 1, ")": -1}.get(token.text, 0)
        if depth == 0 and token.upper in _ENDS:
            break
        starts = before.upper == "SET" or before.text == ","
        if depth == 0 and starts and after.text == "=" and token.name:
            found.append(token)
    edges = _edges(tokens)
    return [token for token in found if not _is_glued(edges, token)]


def _listed(tokens: list[Token]) -> list[Token]:
    if not tokens or tokens[0].text != "(":
        return []
    found: list[Token] = []
    for token in tokens[1:]:
        if token.text == ")":
            return found
        if token.kind is TokenKind.HOLE or HOLE in token.text:
            return []
        if token.name:
            found.append(token)
    return []


def columns_read(statement: Statement) -> Iterator[tuple[Token, Token]]:
    """The columns that a statement compares, gives, or sorts by, each behind the name of its table: those
    with the table's name or alias before them, and, where there is one table alone, those without.

    Words in double quotes are left out, which SQLite takes for texts where no column is called so.
    """
    tokens = statement.tokens
    if statement.verb not in ("SELECT", "UPDATE", "DELETE", "WITH"):
        return
    known, edges = _aliases(statement), _edges(tokens)
    for before, dot, token in zip(tokens, tokens[1:], tokens[2:], strict=False):
        if dot.text == "." and _is_name(token) and (before.name or "").lower() in known:
            table = known[(before.name or "").lower()]
            if table is not None and not _is_glued(edges, token) and not _is_glued(edges, before):
                yield table, token
    names = [token for use, token in tables(statement) if use is TableUse.USES]
    words = [token.upper for token in tokens]
    if len(names) != 1 or not _SEVERAL.isdisjoint(words) or words.count("SELECT") > 1 or not names[0].name:
        return
    if words.count("FROM") > 1 or _has_comma_behind(tokens, names[0]):
        return
    own = {(token.name or "").lower() for before, token in pairwise(tokens) if _is_alias(before, token)}
    for token in _bare(tokens):
        if (token.name or "").lower() not in own and not _is_glued(edges, token):
            yield names[0], token


def _is_alias(before: Token, token: Token) -> bool:
    """Whether a name is one that a statement gives: `count(*) AS n`, `count(*) n`."""
    if token.name is None or token.upper in _NO_ALIAS | _NO_NAMES | _COMPARING:
        return False
    if before.upper:
        return before.upper == "AS" or before.upper == "END"
    return before.text == ")" or before.kind in (TokenKind.STRING, TokenKind.NUMBER)


def _bare(tokens: tuple[Token, ...]) -> Iterator[Token]:
    """The names without a table before them that stand where only a column can."""
    clause, depth = "", 0
    nothing = Token(TokenKind.SYMBOL, "", -1, -1)
    for at, token in enumerate(tokens):
        before = tokens[at - 1] if at else nothing
        after = tokens[at + 1] if at + 1 < len(tokens) else nothing
        depth += {"(": 1, ")": -1}.get(token.text, 0)
        if depth == 0 and token.upper in (
            "SELECT",
            "FROM",
            "WHERE",
            "SET",
            "HAVING",
            "LIMIT",
            "ORDER",
            "GROUP",
        ):
            clause = token.upper
        elif depth == 0 and token.upper == "RETURNING":
            clause = "SELECT"
        if not _is_name(token) or after.text in (".", "(") or before.text == ".":
            continue
        compared = after.text in _COMPARES or (after.upper in _COMPARING and after.upper != "NOT")
        if clause in ("WHERE", "HAVING") and compared and (before.upper in _BEFORE or before.text == "("):
            yield token
        elif depth:
            continue
        elif clause == "SELECT":
            starts = before.upper in ("SELECT", "DISTINCT", "RETURNING") or before.text == ","
            if starts and (after.text in (",", "") or after.upper in ("FROM", "AS")):
                yield token
        elif clause == "ORDER" and (before.upper == "BY" or before.text == ","):
            ends = after.text in (",", "") or after.upper in ("ASC", "DESC", "LIMIT")
            yield from (token,) if ends else ()


def _is_name(token: Token) -> bool:
    """Whether a token is a name of a column, and not one that each table has."""
    if token.kind is TokenKind.QUOTED:
        return not token.text.startswith('"') and HOLE not in token.text
    return token.kind is TokenKind.WORD and token.upper not in _NO_NAMES | _OF_ROWS


def _edges(tokens: Sequence[Token]) -> frozenset[int]:
    """Where holes begin and end: a name there goes on."""
    holes = [one for one in tokens if one.kind is TokenKind.HOLE]
    return frozenset(place for one in holes for place in (one.start, one.end))


def _is_glued(edges: frozenset[int], token: Token) -> bool:
    """Whether a hole stands right before or behind a name."""
    return token.start in edges or token.end in edges


def _has_comma_behind(tokens: tuple[Token, ...], table: Token) -> bool:
    """Whether another table follows behind a table's name: `FROM a, b`."""
    for token in tokens:
        if token.start < table.end:
            continue
        if token.text == ",":
            return True
        if token.upper in _NO_ALIAS and token.upper != "AS":
            return False
    return False


def _aliases(statement: Statement) -> dict[str, Token | None]:
    """The tables by the names that a statement gives them, in lower case; None where a name is that of
    several, or of a query."""
    tokens = statement.tokens
    places = {token.start: at for at, token in enumerate(tokens)}
    found: dict[str, Token | None] = {}

    def add(name: str | None, table: Token | None) -> None:
        key = (name or "").lower()
        known = found.get(key, table)
        same = (
            known is not None
            and table is not None
            and (known.name or "").lower() == (table.name or "").lower()
        )
        found[key] = table if same else None

    for use, table in tables(statement):
        if use is not TableUse.USES:
            continue
        at = places[table.start] + 1
        add(table.name, table)
        if at < len(tokens) and tokens[at].upper == "AS":
            at += 1
        if at < len(tokens) and tokens[at].name and tokens[at].upper not in _NO_ALIAS:
            add(tokens[at].name, table)
    for at, token in enumerate(tokens[:-1]):
        following = tokens[at + 1] if token.text == ")" else None
        if following is not None and following.upper == "AS" and at + 2 < len(tokens):
            following = tokens[at + 2]
        if following is not None and following.name and following.upper not in _NO_ALIAS:
            add(following.name, None)
    return found
