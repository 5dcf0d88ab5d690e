"""SQL as text: tokens, statements, placeholders and the tables that are named.

Not a parser: enough of the lexical rules of SQLite, Postgres and MySQL to know what is quoted, what is a
comment, where one statement ends (triggers included) and what is bound. Offsets are code points of the text.
Broken SQL gives tokens too; nothing here raises. Linear in the length of the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from enum import Enum
from functools import cached_property

from cflint.pattern import pattern
from cflint.record import record

HOLE = "\ufffc"
"""Stands in a text for a value that is not known: an interpolated expression."""


class Dialect(Enum):
    """Whose lexical rules hold."""

    SQLITE = "SQLite"
    POSTGRES = "Postgres"
    MYSQL = "MySQL"


class TokenKind(Enum):
    """Kinds of tokens; white space and comments are none."""

    WORD = "word"
    QUOTED = "quoted identifier"
    STRING = "string"
    NUMBER = "number"
    PLACEHOLDER = "placeholder"
    HOLE = "hole"
    SEMICOLON = "semicolon"
    SYMBOL = "symbol"


@record(frozen=True)
class Token:
    """A token and where it stands: `start` inclusive, `end` exclusive. `upper` is the text in upper case when
    it is a word, else ""."""

    kind: TokenKind
    text: str
    start: int
    end: int
    upper: str = ""

    @property
    def name(self) -> str | None:
        """The identifier that a word or quoted identifier is, without its quotes; None of other tokens. A
        double-quoted string is an identifier."""
        if self.kind is TokenKind.WORD:
            return self.text
        if self.kind is TokenKind.QUOTED and len(self.text) >= 2:
            quote = self.text[-1]
            return self.text[1:-1].replace(quote * 2, quote)
        return None


_AGGREGATES = frozenset({"COUNT", "SUM", "TOTAL", "AVG", "MIN", "MAX", "GROUP_CONCAT", "EXISTS"})
"""Functions by which a query without `GROUP BY` always has a row."""
_CHANGES = frozenset({"INSERT", "UPDATE", "DELETE", "REPLACE"})


@record(frozen=True)
class Statement:
    """One statement: its tokens, without the semicolon. `closed` tells whether a semicolon ends it."""

    tokens: tuple[Token, ...]
    closed: bool

    @property
    def may_be_empty(self) -> bool:
        """Whether it is a query, and one that may have no row."""
        words = {token.upper for token in self.tokens}
        if self.verb not in ("SELECT", "WITH") or "FROM" not in words or not words.isdisjoint(_CHANGES):
            return False
        return words.isdisjoint(_AGGREGATES) or "GROUP" in words

    @property
    def start(self) -> int:
        return self.tokens[0].start

    @property
    def end(self) -> int:
        return self.tokens[-1].end

    @property
    def verb(self) -> str:
        """The first word, in upper case; "" when the statement starts with anything else."""
        return self.tokens[0].upper

    @property
    def reads(self) -> bool:
        """Whether it gives rows: SELECT, VALUES, PRAGMA, EXPLAIN, WITH … SELECT, or anything RETURNING."""
        words = {token.upper for token in self.tokens}
        if "RETURNING" in words or self.verb in ("SELECT", "VALUES", "PRAGMA", "EXPLAIN"):
            return True
        return self.verb == "WITH" and not words & {"INSERT", "UPDATE", "DELETE", "REPLACE"}

    @cached_property
    def is_trigger(self) -> bool:
        """Whether it creates a trigger, whose body has statements of its own."""
        return _creates(self.tokens) == "TRIGGER"


_COMMON = r"""
  (?P<space>[ \t-\r\ufeff]+|--[^\n]*|/\*(?:[^*]|\*(?!/))*(?:\*/|\Z)){hash}
| (?P<string>{string})
| (?P<quoted>"(?:[^"]|"")*(?:"|\Z)|`(?:[^`]|``)*(?:`|\Z){bracket})
| (?P<hole>\ufffc)
| (?P<placeholder>{placeholder})
| (?P<number>0[xX][0-9a-fA-F]+|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)
| (?P<word>(?:[^\W\d]|[^\x00-\x7f\ufeff\ufffc])(?:[\w$]|[^\x00-\x7f\ufeff\ufffc])*)
| (?P<semicolon>;)
| (?P<symbol>::|->>?|\|\||[<>!=]=|<>|[\s\S])
"""
_PLAIN = r"[xX]?'(?:[^']|'')*(?:'|\Z)"
_ESCAPED = r"[eE]'(?:[^'\\]|''|\\[\s\S])*(?:'|\Z)"
_BACKSLASHED = r"'(?:[^'\\]|''|\\[\s\S])*(?:'|\Z)"


def _pattern(**parts: str) -> re.Pattern[str]:
    text = _COMMON
    for name, part in parts.items():
        text = text.replace("{" + name + "}", part)
    return pattern(text, re.VERBOSE)


_PATTERNS = {
    Dialect.SQLITE: _pattern(
        hash="", string=_PLAIN, bracket=r"|\[[^\]\n]{0,128}\]", placeholder=r"\?\d*|[:@$][^\W\d]\w*|\$\d+"
    ),
    Dialect.POSTGRES: _pattern(hash="", string=f"{_ESCAPED}|{_PLAIN}", bracket="", placeholder=r"\$\d+"),
    Dialect.MYSQL: _pattern(
        hash=r"|(?P<hash>\#[^\n]*)", string=_BACKSLASHED, bracket="", placeholder=r"\?|:[^\W\d]\w*"
    ),
}
_DOLLAR_TAG = pattern(r"\$(?:[^\W\d]\w*)?\$")
_KINDS = {
    "string": TokenKind.STRING,
    "quoted": TokenKind.QUOTED,
    "hole": TokenKind.HOLE,
    "placeholder": TokenKind.PLACEHOLDER,
    "number": TokenKind.NUMBER,
    "word": TokenKind.WORD,
    "semicolon": TokenKind.SEMICOLON,
    "symbol": TokenKind.SYMBOL,
}


def tokenize(sql: str, dialect: Dialect = Dialect.SQLITE) -> Iterator[Token]:
    """The tokens of a text. An unclosed string, identifier or comment reaches to the end."""
    pattern = _PATTERNS[dialect]
    at = 0
    unclosed: set[str] = set()
    while dialect is Dialect.POSTGRES and at < len(sql):
        if sql[at] == "$":
            tag = _DOLLAR_TAG.match(sql, at)
            if tag is not None and tag.group() not in unclosed and len(unclosed) < 50:
                close = sql.find(tag.group(), tag.end())
                if close != -1:
                    end = close + len(tag.group())
                    yield Token(TokenKind.STRING, sql[at:end], at, end)
                    at = end
                    continue
                unclosed.add(tag.group())  # searched to the end once, never again
        found = pattern.match(sql, at)
        assert found is not None and found.lastgroup is not None  # the last alternative takes anything
        kind = _KINDS.get(found.lastgroup)
        if kind is not None:
            yield _token(kind, found)
        at = found.end()
    for found in pattern.finditer(sql, at):  # one after the other: something matches everywhere
        kind = _KINDS.get(found.lastgroup or "")
        if kind is not None:
            yield _token(kind, found)


def _token(kind: TokenKind, found: re.Match[str]) -> Token:
    text = found.group()
    return Token(kind, text, found.start(), found.end(), text.upper() if found.lastgroup == "word" else "")


def statements(sql: str, dialect: Dialect = Dialect.SQLITE) -> tuple[Statement, ...]:
    """The statements of a text; empty ones are left out. A trigger is one statement, its body included."""
    return split(tokenize(sql, dialect))


def split(tokens: Iterable[Token]) -> tuple[Statement, ...]:
    """The statements that the tokens of a text are."""
    found: list[Statement] = []
    current: list[Token] = []
    body = False  # inside BEGIN … END of a trigger
    depth = 0  # of CASE … END in there
    for token in tokens:
        word = token.upper
        if token.text == ";" and token.kind is TokenKind.SEMICOLON and not body:
            if current:
                found.append(Statement(tuple(current), True))
                current = []
            continue
        current.append(token)
        if not word:
            continue
        if body:
            if word == "CASE":
                depth += 1
            elif word == "END" and depth:
                depth -= 1
            elif word == "END":
                body = False
        elif word == "BEGIN" and len(current) > 3 and _creates(current) == "TRIGGER":
            body, depth = True, 0
    if current:
        found.append(Statement(tuple(current), False))
    return tuple(found)


_BETWEEN = frozenset({"TEMP", "TEMPORARY", "UNIQUE", "VIRTUAL", "UNLOGGED", "MATERIALIZED", "OR", "REPLACE"})


def _creates(tokens: list[Token] | tuple[Token, ...]) -> str:
    """What a CREATE statement creates (`TABLE`, `TRIGGER`, …); "" of other statements."""
    if tokens[0].upper != "CREATE":
        return ""
    for token in tokens[1:6]:
        if token.upper not in _BETWEEN:
            return token.upper
    return ""


@record(frozen=True)
class Placeholders:
    """The placeholders of a text.

    `count` is how many values have to be bound (a bare `?` takes the number after the highest one before it,
    as SQLite counts; named ones are left out), `anonymous` how many bare `?` there are, `named` the first
    token of each `:name`, `@name` and `$name`.
    """

    count: int
    anonymous: int
    named: tuple[Token, ...]

    def __bool__(self) -> bool:
        return bool(self.count or self.named)


def placeholders(tokens: Iterable[Token]) -> Placeholders:
    """The placeholders among tokens."""
    found = [token for token in tokens if token.kind is TokenKind.PLACEHOLDER]
    named: dict[str, Token] = {}
    for token in found:
        if not _has_number(token):
            named.setdefault(token.text, token)
    count = max((position + 1 for _, position in positions(found)), default=0)
    return Placeholders(count, sum(token.text == "?" for token in found), tuple(named.values()))


def positions(tokens: Iterable[Token]) -> Iterator[tuple[Token, int]]:
    """The placeholders that take a value by its position, from 0: `?2` the second, a bare `?` the one after
    the highest before it, as SQLite counts. Named ones are left out."""
    count = 0
    for token in tokens:
        if token.kind is TokenKind.PLACEHOLDER and _has_number(token):
            position = count if token.text == "?" else int(token.text[1:7]) - 1
            count = max(count, position + 1)
            yield token, position


def _has_number(placeholder: Token) -> bool:
    return placeholder.text == "?" or placeholder.text[1:].isdecimal()


class TableUse(Enum):
    """What a statement does with a table."""

    CREATES = "creates"
    USES = "uses"


def tables(statement: Statement) -> Iterator[tuple[TableUse, Token]]:
    """The tables (and views) that a statement creates or uses, by the token of the name.

    Left out: names of WITH, table-valued functions, names of another schema, and names with a hole in them.
    """
    tokens = statement.tokens
    own = _with_names(tokens)
    created = _creates(tokens)
    for i, token in enumerate(tokens):
        word = token.upper
        following = i + 1
        if word in ("TABLE", "VIEW") and i <= 5 and tokens[0].upper in ("CREATE", "ALTER", "DROP"):
            use = TableUse.CREATES if created else TableUse.USES
            optional = tokens[0].upper == "DROP"
        elif word in ("FROM", "JOIN", "INTO") or (word == "UPDATE" and _starts(tokens, i)):
            use, optional = TableUse.USES, False
        elif word == "TO" and tokens[0].upper == "ALTER" and i and tokens[i - 1].upper == "RENAME":
            use, optional = TableUse.CREATES, False
        elif word == "ON" and created in ("INDEX", "TRIGGER") and not _inside(tokens, i):
            use, optional = TableUse.USES, False
        else:
            continue
        if word == "FROM" and i and tokens[i - 1].upper == "DISTINCT":
            continue  # IS NOT DISTINCT FROM
        while following < len(tokens) and tokens[following].upper in ("IF", "NOT", "EXISTS", "ONLY", "OR"):
            optional = optional or (tokens[following].upper == "IF" and use is TableUse.USES)
            following += 1
        if word == "UPDATE" and following < len(tokens) and tokens[following - 1].upper == "OR":
            following += 1  # UPDATE OR REPLACE name
        if following >= len(tokens) or optional:
            continue
        target = tokens[following]
        name = target.name
        after = tokens[following + 1] if following + 1 < len(tokens) else None
        if name is None or name.lower() in own or HOLE in name:
            continue
        glued = after is not None and after.start == target.end
        if glued and after is not None and (after.kind is TokenKind.HOLE or after.text == "."):
            continue
        if after is not None and after.text == "(" and word in ("FROM", "JOIN"):
            continue
        if target.upper in ("SELECT", "SET", "VALUES", "LATERAL"):
            continue
        yield use, target


def _starts(tokens: tuple[Token, ...], at: int) -> bool:
    """Whether UPDATE starts a statement there (and is no `ON UPDATE`, `DO UPDATE`, `FOR UPDATE`)."""
    before = tokens[at - 1] if at else None
    if before is None or before.text in (")", ";") or before.kind is TokenKind.SEMICOLON:
        return True
    return before.upper == "BEGIN"


def _inside(tokens: tuple[Token, ...], at: int) -> bool:
    """Whether a token of a CREATE TRIGGER stands in its body."""
    return any(token.upper == "BEGIN" for token in tokens[: min(at, 40)])


def _with_names(tokens: tuple[Token, ...]) -> frozenset[str]:
    """The lower-case names that WITH gives to its queries, and those of a trigger's rows."""
    names: set[str] = set()
    if any(token.upper == "WITH" for token in tokens):
        for i, token in enumerate(tokens[:-1]):
            name = token.name
            if name is None:
                continue
            after = i + 1
            if tokens[after].text == "(":  # name(column, …) AS (
                limit = min(len(tokens), after + 200)
                while after < limit and tokens[after].text != ")":
                    after += 1
                after += 1
            following = tokens[after + 1] if after + 1 < len(tokens) else None
            if following is None or tokens[after].upper != "AS":
                continue
            if following.text == "(" or following.upper in ("MATERIALIZED", "NOT"):
                names.add(name.lower())
    return frozenset(names)
