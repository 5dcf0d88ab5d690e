"""Statements that the SQLite of D1 and of Durable Objects refuses, whatever the tables hold."""

from __future__ import annotations

from collections.abc import Iterator

from cflint.record import record
from cflint.syntax.sql import Statement, Token, TokenKind

_PRAGMAS = frozenset(
    {"data_version", "page_size", "case_sensitive_like", "foreign_keys", "defer_foreign_keys", "table_list"}
    | {"ignore_check_constraints", "legacy_alter_table", "recursive_triggers", "reverse_unordered_selects"}
    | {"foreign_key_check", "foreign_key_list", "index_info", "index_list", "index_xinfo", "quick_check"}
    | {"optimize", "table_info", "table_xinfo"}
)
"""Those that are let through: `ALLOWED_PRAGMAS` in src/workerd/util/sqlite.c++ of workerd."""
_FOREIGN = frozenset({"COMMENT", "GRANT", "REVOKE", "SET", "USE", "DO", "LOCK", "CALL"})
"""Verbs that SQLite does not know."""
_CREATED = frozenset({"EXTENSION", "TYPE", "SCHEMA", "FUNCTION", "SEQUENCE", "DOMAIN", "DATABASE", "POLICY"})
"""What SQLite cannot create."""
_REFUSED_KEYS = frozenset({"FOREIGN", "UNIQUE", "PRIMARY"})
_TIMES = frozenset({"CURRENT_TIMESTAMP", "CURRENT_DATE", "CURRENT_TIME"})


@record(frozen=True)
class Refusal:
    """Why a statement fails, and the token that says so; `with_rows` when it takes a table with rows."""

    token: Token
    why: str
    with_rows: bool = False
    table: str = ""


def refused_pragma(statement: Statement) -> Token | None:
    """The name of a `PRAGMA` that is not let through."""
    tokens = statement.tokens
    at = 3 if len(tokens) > 3 and tokens[2].text == "." else 1
    if statement.verb != "PRAGMA" or at >= len(tokens) or tokens[at].kind is not TokenKind.WORD:
        return None
    following = tokens[at + 1] if at + 1 < len(tokens) else None
    if following is not None and following.kind is TokenKind.HOLE and following.start == tokens[at].end:
        return None  # the name goes on
    return None if tokens[at].text.lower() in _PRAGMAS else tokens[at]


def refusal(statement: Statement) -> Refusal | None:
    """Why D1 refuses a statement; None where it takes it, as far as one can see."""
    first, tokens = statement.tokens[0], statement.tokens
    second = tokens[1].upper if len(tokens) > 1 else ""
    pragma = refused_pragma(statement)
    if pragma is not None:
        return Refusal(pragma, f"D1 does not take `PRAGMA {pragma.text}`")
    match statement.verb:
        case "BEGIN" | "COMMIT" | "ROLLBACK" | "SAVEPOINT" | "RELEASE":
            why = f"D1 does not take `{statement.verb}`: it runs the statements in a transaction of its own"
            return Refusal(first, why)
        case "ATTACH" | "DETACH" | "VACUUM":
            return Refusal(first, f"D1 does not take `{statement.verb}`")
        case "TRUNCATE":
            return Refusal(first, "SQLite has no `TRUNCATE`: `DELETE FROM` empties a table")
        case "CREATE" if second in _CREATED:
            return Refusal(first, f"SQLite has no `CREATE {second}`")
        case "ALTER" if second == "TABLE":
            return _refused_alter(tokens)
        case verb if verb in _FOREIGN:
            return Refusal(first, f"SQLite has no `{verb}`")
    return None


def _refused_alter(tokens: tuple[Token, ...]) -> Refusal | None:
    """Why `ALTER TABLE` fails."""
    at = 2
    if tokens[at : at + 1] and tokens[at].upper in ("IF", "ONLY"):
        return Refusal(tokens[at], f"SQLite has no `ALTER TABLE {tokens[at].upper}`")
    if len(tokens) < 5 or tokens[at].name is None or tokens[at + 1].text == ".":
        return None
    table, change = tokens[at].name or "", tokens[at + 1]
    rest = tokens[at + 2 :]
    if change.upper == "MODIFY":
        return Refusal(change, "SQLite has no `ALTER TABLE … MODIFY`: make a new table, and copy the rows")
    if change.upper == "ALTER":
        if not {"TYPE", "DEFAULT"}.isdisjoint(token.upper for token in rest):
            return Refusal(change, "SQLite changes no column's type or default: make a new table")
        return None
    if change.upper not in ("ADD", "DROP"):
        return None
    if rest[0].upper == "COLUMN":
        rest = rest[1:]
    words = [token.upper for token in rest[:3]]
    if words[:1] == ["IF"] and "EXISTS" in words:
        return Refusal(rest[0], f"SQLite has no `IF {'NOT ' * ('NOT' in words)}EXISTS` for columns")
    comma = next((token for token in _outside(rest) if token.text == ","), None)
    if comma is not None:
        return Refusal(comma, "SQLite changes one column by a statement: write an `ALTER TABLE` for each")
    if change.upper == "ADD" and len(rest) > 1:
        return _refused_column(table, rest)
    return None


def _refused_column(table: str, rest: tuple[Token, ...]) -> Refusal | None:
    """Why `ADD COLUMN` fails, from the column's name on."""
    words = [token.upper for token in rest[:3]]
    if words[0] in _REFUSED_KEYS or (words[0] == "CONSTRAINT" and words[2:] and words[2] in _REFUSED_KEYS):
        return Refusal(rest[0], "SQLite adds no keys to a table that is there: make a new table")
    said = list(_outside(rest[1:]))
    upper = [token.upper for token in said]
    for key in ("UNIQUE", "PRIMARY"):
        if key in upper:
            return Refusal(said[upper.index(key)], f"SQLite adds no column that is `{key}`")
    if not {"GENERATED", "AS"}.isdisjoint(upper):
        return None
    default = rest[1:]
    while default and default[0].upper != "DEFAULT":
        default = default[1:]
    value = default[1] if len(default) > 1 else None
    is_null = value is None or value.upper == "NULL"
    pairs = zip(said, upper[1:], strict=False)
    if is_null and (missing := next((one for one, after in pairs if _is_not_null(one, after)), None)):
        return Refusal(missing, "a column that is `NOT NULL` and has no default", True, table)
    if value is None or is_null:
        return None
    if value.upper in _TIMES or (value.text == "(" and any(one.text == "(" for one in _inside(default[1:]))):
        return Refusal(value, "a column whose default is no constant", True, table)
    if "REFERENCES" in upper:
        return Refusal(value, "a column that refers to another table and has a default", True, table)
    return None


def _is_not_null(token: Token, after: str) -> bool:
    return token.upper == "NOT" and after == "NULL"


def _outside(tokens: tuple[Token, ...]) -> Iterator[Token]:
    """The tokens that stand in no parentheses."""
    depth = 0
    for token in tokens:
        depth += {"(": 1, ")": -1}.get(token.text, 0)
        if depth == 0:
            yield token


def _inside(tokens: tuple[Token, ...]) -> Iterator[Token]:
    """The tokens between the parenthesis that the first one is and the one that closes it."""
    depth = 0
    for token in tokens:
        depth += {"(": 1, ")": -1}.get(token.text, 0)
        if depth == 0:
            return
        if depth > 1 or token.text != "(":
            yield token
