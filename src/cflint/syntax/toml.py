"""TOML as wrangler reads it (1.0, and 1.1 in inline tables, escapes and times), with a place for everything.

One pass over the bytes, with a stack for nested values; headers and dotted keys are merged into one tree. The
reader goes on after an error, mostly with the next line: each place gets one problem, and the table, array
or inline table around it is marked `broken`.
"""

from __future__ import annotations

import re
from enum import IntEnum
from typing import Final

from cflint.pattern import pattern
from cflint.record import record
from cflint.source import BOM, Document, Span
from cflint.syntax.data import MAX_DEPTH, MAX_PROBLEMS, DataDocument, Format, Kind, Member, Node, Problem


@record(frozen=True)
class Statement:
    """A `key = value` or a header, in source order; what an editor has to know besides the tree.

    `path` leads to the value or table in the document's tree (a block of an array of tables has its index).
    `keys` are the places of the key's parts as written, `span` is the statement without comment and line
    end, `value` the value's place (None for a header), `array` is true of `[[x]]`. Keys of one table follow
    its header.
    """

    path: tuple[str | int, ...]
    keys: tuple[Span, ...]
    span: Span
    value: Span | None = None
    array: bool = False


def read_toml(document: Document) -> DataDocument:
    """Read TOML 1.0 and what wrangler takes of 1.1; bare dates and times become `DATE`s."""
    reader = _Reader(document.data)
    root = reader.read()
    reader.problems.sort(key=lambda problem: problem.span)
    return DataDocument(document, Format.TOML, root, tuple(reader.problems), tuple(reader.comments))


def statements_of(document: Document) -> tuple[Statement, ...]:
    """The statements of a TOML document, for editing it."""
    reader = _Reader(document.data, wants_statements=True)
    reader.read()
    return tuple(reader.statements)


_BLANK: Final = pattern(rb"(?:[ \t\n]++|\r\n)*+")
_SPACE: Final = pattern(rb"[ \t]*+")
_COMMENT: Final = pattern(rb"#[^\n\x00-\x08\x0b-\x1f\x7f]*+")
_LINE: Final = pattern(rb"[^\n]*+")
_KEY_PART: Final = pattern(
    rb"""[ \t]*+(?:
      ([A-Za-z0-9_-]++)
    | "((?:[^"\\\x00-\x08\x0a-\x1f\x7f]++|\\[^\x00-\x1f\x7f])*+)"
    | '([^'\x00-\x08\x0a-\x1f\x7f]*+)'
    )[ \t]*+(\.)?""",
    re.VERBOSE,
)
_PLAIN_PAIR: Final = rb"""([A-Za-z0-9_-]++)[ \t]*+=[ \t]*+(?:
      "([^"\\\x00-\x08\x0a-\x1f\x7f]*+)"(?!")
    | (true|false)
    | (0|-?[1-9][0-9]{0,14})
    )[ \t]*+"""
_SIMPLE: Final = pattern(_PLAIN_PAIR + rb"(?=\#|\r?\n|\Z)", re.VERBOSE)
_SIMPLE_INLINE: Final = pattern(_PLAIN_PAIR + rb"(?=[,}])", re.VERBOSE)
_SIMPLE_STRING: Final = pattern(rb'"([^"\\\x00-\x08\x0a-\x1f\x7f]*+)"(?!")')
_SIMPLE_HEADER: Final = pattern(
    rb"\[(\[)?([A-Za-z0-9_-]++(?:\.[A-Za-z0-9_-]++)*+)\](?(1)\])[ \t]*+(?=\r?\n|\Z)"
)
_BASIC: Final = pattern(rb'"((?:[^"\\\n\r]++|\\[^\n\r])*+)"')
_LITERAL: Final = pattern(rb"'([^'\n\r]*+)'")
_LONG_BASIC: Final = pattern(rb'"""((?:[^"\\]++|\\.|"{1,2}(?!"))*+)"""("{0,2})', re.DOTALL)
_LONG_LITERAL: Final = pattern(rb"'''((?:[^']++|'{1,2}(?!'))*+)'''('{0,2})")
_CONTROL: Final = pattern(rb"[\x00-\x08\x0a-\x1f\x7f]")
_LONG_CONTROL: Final = pattern(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|\r(?!\n)")
_ESCAPE: Final = pattern(
    r"""\\(?:([btnfre"\\])|x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|([ \t]*\r?\n[ \t\r\n]*))"""
)
_VALID_ESCAPES: Final = pattern(
    rb"""(?:[^\\]++|\\(?:[btnfre"\\]|[ \t]*+\r?\n|x[0-9A-Fa-f]{2}
    |(?:u|U0000)(?![Dd][89A-Fa-f])[0-9A-Fa-f]{4}|U00(?:0[1-9A-Fa-f]|10)[0-9A-Fa-f]{4}))*+""",
    re.VERBOSE,
)
_BARE: Final = pattern(rb"""[^\s,\[\]{}#="']++""")
_JUNK: Final = pattern(rb"""[^\s,\[\]{}#"']++""")
_INTEGER: Final = pattern(r"[+-]?(?:0|[1-9](?:_?[0-9])*)")
_PREFIXED: Final = pattern(r"0x[0-9A-Fa-f](?:_?[0-9A-Fa-f])*|0o[0-7](?:_?[0-7])*|0b[01](?:_?[01])*")
_FLOAT: Final = pattern(
    r"[+-]?(?:(?:0|[1-9](?:_?[0-9])*)(?:\.[0-9](?:_?[0-9])*)?(?:[eE][+-]?[0-9](?:_?[0-9])*)?|inf|nan)"
)
_TIME: Final = r"(?:[01][0-9]|2[0-3]):[0-5][0-9](?::(?:[0-5][0-9]|60)(?:\.[0-9]+)?)?"
_DATE: Final = pattern(
    rf"(?:([0-9]{{4}})-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
    rf"(?:[Tt ]{_TIME}(?:[Zz]|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])?)?|{_TIME})"
)
_DAY: Final = pattern(rb"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIME_AFTER_DAY: Final = pattern(rb" [0-9]{2}:[^\s,\[\]{}#=\"']*+")
_HEADER_LINE: Final = pattern(
    rb"\[{1,2}[ \t]*+(?!(?:true|false|inf|nan)[ \t]*\])[A-Za-z_][A-Za-z0-9_-]*+[ \t]*+(?:\.[^\r\n\]#,]*+)?"
    rb"\]{1,2}[ \t]*+(?:#[^\n]*+)?(?:\r?\n|\Z)"
)
_KEY_LINE: Final = pattern(rb"[A-Za-z0-9_-]++(?:[ \t]*+\.[ \t]*+[A-Za-z0-9_-]++)*+[ \t]*+=")
_SKIPPED: Final = pattern(
    rb"""[\[{]|[\]}]|\#[^\n]*+|"{3}(?:[^"\\]++|\\(?:.|\Z)|"{1,2}(?!"))*+(?:"{3,5}|\Z)|'{3}(?:[^']++|'{1,2}(?!'))*+(?:'{3,5}|\Z)
    |"(?:[^"\\\n]++|\\[^\n])*+"?|'[^'\n]*+'?|[^\[\]{}\#"']++""",
    re.VERBOSE | re.DOTALL,
)

_ESCAPED: Final = {
    "b": "\b",
    "t": "\t",
    "n": "\n",
    "f": "\f",
    "r": "\r",
    "e": "\x1b",
    '"': '"',
    "\\": "\\",
}
_MEANT: Final = {"True": "true", "False": "false", "yes": "true", "no": "false"}
_LONGEST_INTEGER: Final = 400  # digits; a longer one is infinite in JavaScript, and slow to read in Python


class _Made(IntEnum):
    """How a table came to be, which decides what may be added to it."""

    IMPLIED = 0  # by `[a.b]`: a
    IMPLIED_BY_ARRAY = 1  # by `[[a.b]]`: a
    HEADER = 2
    DOTTED = 3  # by `a.b = 1`: a


_IMPLIED, _IMPLIED_BY_ARRAY, _HEADER, _DOTTED = _Made


class _Table:
    """A table that is being filled."""

    __slots__ = ("broken", "end", "keys", "made", "members", "node", "start")

    def __init__(self, made: _Made, span: Span) -> None:
        self.made = made
        self.start = span.start
        self.end = span.end
        self.members: list[tuple[str, Span, Node | _Table | _Blocks]] = []
        self.keys: dict[str, int] = {}  # the key's last place in `members`
        self.broken = False
        self.node: Node | None = None

    def find(self, key: str) -> Node | _Table | _Blocks | None:
        at = self.keys.get(key)
        return None if at is None else self.members[at][2]

    def place(self, key: str) -> Span:
        return self.members[self.keys[key]][1]

    def add(self, key: str, span: Span, value: Node | _Table | _Blocks) -> None:
        self.keys[key] = len(self.members)
        self.members.append((key, span, value))


class _Blocks:
    """An array of tables, `[[x]]`, that is being filled."""

    __slots__ = ("node", "tables")

    def __init__(self) -> None:
        self.tables: list[_Table] = []
        self.node: Node | None = None


class _Want(IntEnum):
    """What may come next in an array (`ITEM`, `COMMA`) or an inline table."""

    KEY = 0
    VALUE = 1
    ITEM = 2
    COMMA = 3


class _Open:
    """An array or inline table that is being read."""

    __slots__ = ("broken", "depth", "doomed", "items", "keys", "made", "parts", "start", "table", "want")

    def __init__(self, start: int, is_table: bool, depth: int) -> None:
        self.start = start
        self.depth = depth  # with all that is around it
        self.want = _Want.KEY if is_table else _Want.ITEM
        self.table = _Table(_DOTTED, Span(start, start + 1)) if is_table else None
        self.made: list[_Table | _Blocks] = [] if self.table is None else [self.table]
        self.items: list[Node] = []
        self.parts: list[str] = []
        self.keys: list[Span] = []
        self.broken = False
        self.doomed = False  # broken, and so is all around it

    @property
    def closer(self) -> str:
        return "]" if self.table is None else "}"


def _freeze(made: list[_Table | _Blocks]) -> None:
    """Give each table its node. What is in a table was made after it, so the last is done first."""
    for part in reversed(made):
        if isinstance(part, _Blocks):
            items = tuple(table.node for table in part.tables if table.node is not None)
            part.node = Node(Kind.ARRAY, Span(items[0].span.start, items[-1].span.end), items=items)
            continue
        members = tuple(
            [
                Member(key, span, value if isinstance(value, Node) else value.node)  # type: ignore[arg-type]
                for key, span, value in part.members
            ]
        )
        start, end = part.start, part.end
        if part.made <= _IMPLIED_BY_ARRAY and members:
            start = min(member.value.span.start for member in members)
            end = max(member.value.span.end for member in members)
        part.node = Node(Kind.OBJECT, Span(start, end), members=members, broken=part.broken)


class _Reader:
    def __init__(self, data: bytes, wants_statements: bool = False) -> None:
        self.data = data
        self.wants_statements = wants_statements
        self.problems: list[Problem] = []
        self.comments: list[Span] = []
        self.statements: list[Statement] = []
        start = len(BOM) if data.startswith(BOM) else 0
        self.root = _Table(_HEADER, Span(start, len(data)))
        self.made: list[_Table | _Blocks] = [self.root]
        self.table = self.root
        self.path: tuple[str | int, ...] = ()
        self.lost = False  # the current table cannot be told
        self.resumed = False  # a value that never closes ended where the next statement begins
        self.panic = False  # within one place of error: say nothing more
        self.stopped = False
        self.unclosed: set[bytes] = set()  # multi-line quotes that do not close any more

    def read(self) -> Node:
        data = self.data
        size = len(data)
        at = self.root.start
        while not self.stopped:
            at = _BLANK.match(data, at).end()  # type: ignore[union-attr]  # it matches nothing, too
            if at >= size:
                break
            simple = _SIMPLE.match(data, at)
            if simple is not None:
                at = self.simple(simple)
                continue
            mark = data[at]
            if mark == 0x23:  # `#`
                at = self.comment(at)
            elif mark == 0x5B:  # [
                header = _SIMPLE_HEADER.match(data, at)
                at = self.header(at) if header is None else self.simple_header(header)
            else:
                at = self.pair(at)
        _freeze(self.made)
        if self.root.node is None:
            raise AssertionError("the root is the first table made")
        return self.root.node

    # Problems

    def problem(self, message: str, span: Span, related: Span | None = None) -> None:
        """Note an error, unless this place has had one."""
        if self.panic:
            return
        self.panic = True
        if len(self.problems) >= MAX_PROBLEMS:
            if not self.stopped:
                self.problems.append(Problem("too many problems; the rest of this file was not read", span))
            self.stopped = True
            self.table.broken = self.root.broken = True
            return
        self.problems.append(Problem(message, span, related))

    # Statements

    def simple(self, match: re.Match[bytes]) -> int:
        """`key = value` on one line with a bare key and a plain value: most lines are so."""
        self.panic = False
        self.note([match[1].decode()], [Span(*match.span(1))], _plain_value(match))
        return match.end()

    def note(self, parts: list[str], keys: list[Span], value: Node) -> None:
        """A key of the current table, and its value."""
        if self.wants_statements and not self.lost:
            span = Span(keys[0].start, value.span.end)
            self.statements.append(Statement((*self.path, *parts), tuple(keys), span, value.span))
        self.put(self.table, parts, keys, value, self.made)

    def pair(self, at: int) -> int:
        self.panic = False
        parts, keys, end = self.key(at)
        data = self.data
        mark = data[end : end + 1]
        line_end = self.line_end(at)
        self.table.broken |= self.panic
        if not parts or mark != b"=":
            self.table.broken = True
            equals = data.find(b"=", end, line_end)
            if parts and mark == b":":
                self.problem("expected `=` after this key, not a colon", Span(keys[0].start, keys[-1].end))
            elif equals == -1:
                if parts and self.rest_is_blank(end):
                    self.problem("expected `=` and a value after this key", Span(keys[0].start, keys[-1].end))
                    nothing = Span(keys[-1].end, keys[-1].end)
                    self.note(parts, keys, Node(Kind.INVALID, nothing, broken=True))
                    return self.rest(end)
                shown = data[at:line_end].rstrip()
                if data[at] in b"]}," and self.problems:
                    return line_end  # the end of something whose beginning was a problem
                self.problem("expected a key and `=`, or a table in brackets", Span(at, at + len(shown)))
                return line_end
            else:
                name = data[at:equals].rstrip()
                message = "expected a key before this `=`" if not name else "a key like this needs quotes"
                self.problem(message, Span(at, at + max(1, len(name))))
                parts, end = [], equals
        depth = 1 + len(self.path) + max(0, len(parts) - 1)
        place = keys[-1] if parts else Span(end, end + 1)
        value, at = self.value(_SPACE.match(data, end + 1).end(), place, depth)  # type: ignore[union-attr]
        if parts:
            if depth > MAX_DEPTH:
                self.table.broken = True
                self.problem(f"this is nested deeper than {MAX_DEPTH} levels", keys[-1])
            else:
                self.note(parts, keys, value)
        if self.resumed:
            self.resumed = False
            return at
        return self.rest(at)

    def header(self, at: int) -> int:
        data = self.data
        self.panic = False
        array = data.startswith(b"[[", at)
        parts, keys, end = self.key(at + 1 + array)
        close = b"]]" if array else b"]"
        line_end = self.line_end(at)
        closed = data.startswith(close, end)
        span = Span(at, end + len(close))
        if not parts:
            whole = Span(at, at + len(data[at:line_end].rstrip()))
            self.problem("expected the name of a table in these brackets", whole)
            self.enter_nowhere(whole)
            return line_end
        if not closed:
            self.problem(f"expected `{close.decode()}` after this table's name", Span(at, keys[-1].end))
            span = Span(at, keys[-1].end)
            end = line_end
        else:
            end += len(close)
        if 1 + len(self.path_of(parts)) + array > MAX_DEPTH:
            self.problem(f"this is nested deeper than {MAX_DEPTH} levels", span)
            self.enter_nowhere(span)
        else:
            self.enter(parts, keys, span, array)
            self.table.broken |= self.panic
        return self.rest(end)

    def simple_header(self, match: re.Match[bytes]) -> int:
        """`[a.b]` or `[[a.b]]` on a line of its own, with bare keys."""
        parts = match[2].decode().split(".")
        if len(parts) > MAX_DEPTH // 4:
            return self.header(match.start())
        self.panic = False
        keys: list[Span] = []
        at = match.start(2)
        for part in parts:
            keys.append(Span(at, at + len(part)))
            at += len(part) + 1
        array = match[1] is not None
        self.enter(parts, keys, Span(match.start(), at + array), array)
        return match.end()

    def path_of(self, parts: list[str]) -> list[str | int]:
        """The path of a header's table, with the indexes of the arrays of tables it goes through."""
        table: Node | _Table | _Blocks | None = self.root
        path: list[str | int] = []
        for part in parts:
            if isinstance(table, _Blocks):
                path.append(len(table.tables) - 1)
                table = table.tables[-1]
            path.append(part)
            table = table.find(part) if isinstance(table, _Table) else None
        return path

    def enter_nowhere(self, span: Span) -> None:
        """The keys that follow belong to a table that cannot be told."""
        self.root.broken = True
        self.table = _Table(_HEADER, span)
        self.path = ()
        self.lost = True

    def enter(self, parts: list[str], keys: list[Span], span: Span, array: bool) -> None:
        """Make the table of a header the current one."""
        self.lost = False
        table = self.root
        implied = _IMPLIED_BY_ARRAY if array else _IMPLIED
        path: list[str | int] = []
        for part, key in zip(parts[:-1], keys, strict=False):
            found = table.find(part)
            path.append(part)
            if isinstance(found, _Blocks):
                path.append(len(found.tables) - 1)
                table = found.tables[-1]
            elif isinstance(found, _Table):
                table = found
            else:
                if found is not None:
                    self.twice(table, part, key, "a header cannot add to it")
                below = _Table(implied, span)
                self.made.append(below)
                table.add(part, key, below)
                table = below
        part, key = parts[-1], keys[-1]
        found = table.find(part)
        path.append(part)
        if array:
            if not isinstance(found, _Blocks):
                if found is not None:
                    self.twice(table, part, key, "it is no array of tables")
                found = _Blocks()
                self.made.append(found)
                table.add(part, key, found)
            path.append(len(found.tables))
            block = _Table(_HEADER, span)
            self.made.append(block)
            found.tables.append(block)
            self.table = block
        elif isinstance(found, _Table) and found.made <= _IMPLIED_BY_ARRAY:
            found.made = _HEADER
            found.start, found.end = span.start, span.end
            self.table = found
        else:
            if found is not None:
                self.twice(table, part, key)
            if isinstance(found, _Table):
                self.table = found
            else:
                self.table = _Table(_HEADER, span)
                self.made.append(self.table)
                table.add(part, key, self.table)
        self.path = tuple(path)
        if self.wants_statements:
            self.statements.append(Statement(self.path, tuple(keys), span, None, array))

    def put(
        self,
        table: _Table,
        parts: list[str],
        keys: list[Span],
        value: Node,
        made: list[_Table | _Blocks],
    ) -> None:
        """Add a key, maybe a dotted one, to a table."""
        end = value.span.end
        if end > table.end:
            table.end = end
        told = False
        for part, key in () if len(parts) == 1 else zip(parts[:-1], keys, strict=False):
            found = table.find(part)
            if isinstance(found, _Table) and found.made in (_DOTTED, _IMPLIED_BY_ARRAY):
                table = found
            else:
                if found is not None and not told:
                    self.twice(table, part, key, "a dotted key cannot add to it")
                    told = True
                if isinstance(found, _Table):
                    table = found
                else:
                    below = _Table(_DOTTED, Span(keys[0].start, end))
                    made.append(below)
                    table.add(part, key, below)
                    table = below
            table.end = max(table.end, end)
        if parts[-1] in table.keys and not told:
            self.twice(table, parts[-1], keys[-1])
        table.add(parts[-1], keys[-1], value)

    def twice(self, table: _Table, key: str, span: Span, why: str = "") -> None:
        table.broken = True
        first = table.place(key)
        found = table.find(key)
        what = (
            "a value" if isinstance(found, Node) else "a table" if isinstance(found, _Table) else "an array"
        )
        message = (
            f"`{_shown(key)}` is {what} already, and {why}" if why else f"`{_shown(key)}` is defined twice"
        )
        panic, self.panic = self.panic, False
        self.problem(message, span, first)
        self.panic = panic

    # Parts of statements

    def key(self, at: int) -> tuple[list[str], list[Span], int]:
        """A key, maybe dotted: its parts, their places, and where it ends (before `=` or `]`)."""
        data = self.data
        parts: list[str] = []
        keys: list[Span] = []
        while True:
            match = _KEY_PART.match(data, at)
            if match is None:
                if parts:  # `a. = 1`
                    self.problem("expected the next part of the key after this dot", Span(at - 1, at))
                return parts, keys, _SPACE.match(data, at).end()  # type: ignore[union-attr]
            at = match.end()
            if match[1] is not None:
                start, end = match.span(1)
                parts.append(match[1].decode())
            elif match[2] is not None:
                start, end = match.start(2) - 1, match.end(2) + 1
                parts.append(self.unescape(match[2], start + 1))
            else:
                start, end = match.start(3) - 1, match.end(3) + 1
                parts.append(match[3].decode("utf-8", "replace"))
            keys.append(Span(start, end))
            if match[4] is None:
                return parts, keys, at

    def line_end(self, at: int) -> int:
        line = _LINE.match(self.data, at)
        return len(self.data) if line is None else line.end()

    def rest_is_blank(self, at: int) -> bool:
        rest = self.data[at : self.line_end(at)].strip()
        return not rest or rest.startswith(b"#")

    def rest(self, at: int) -> int:
        """The end of a statement's line, where nothing but a comment may be."""
        data = self.data
        at = _SPACE.match(data, at).end()  # type: ignore[union-attr]
        if at == len(data) or data[at] == 0x0A or data.startswith(b"\r\n", at):
            return at
        if data[at] == 0x23:
            return self.comment(at)
        end = self.line_end(at)
        extra = Span(at, at + max(1, len(data[at:end].rstrip())))
        if not self.panic:
            self.table.broken = True
        self.problem("expected the end of the line here", extra)
        return end

    def comment(self, at: int) -> int:
        data = self.data
        match = _COMMENT.match(data, at)
        end = at + 1 if match is None else match.end()
        if end < len(data) and data[end] != 0x0A and not data.startswith(b"\r\n", end):
            self.problem("a comment cannot hold a control character", Span(end, end + 1))
            self.table.broken = True
            end = self.line_end(end)
        self.comments.append(Span(at, end))
        return end

    # Values

    def value(self, at: int, key: Span, depth: int) -> tuple[Node, int]:
        """The value at `at`, whatever it is, and where reading goes on; `depth` tables are around it."""
        data = self.data
        if at == len(data) or data[at] in b"\r\n#":
            self.problem("expected a value after this key", key)
            node = Node(Kind.INVALID, Span(at, at), broken=True)
        elif data[at] not in b"[{":
            node = self.scalar(at)
        elif depth >= MAX_DEPTH:
            node = self.too_deep(at)
        else:
            return self.nested(at, depth + 1)
        if node.broken:
            self.table.broken = True
        return node, node.span.end

    def too_deep(self, at: int) -> Node:
        self.problem(f"this is nested deeper than {MAX_DEPTH} levels", Span(at, at + 1))
        return Node(Kind.INVALID, Span(at, self.skip_nested(at)), broken=True)

    def scalar(self, at: int) -> Node:
        """A string, number, boolean or date; anything else is a problem and takes at least one byte."""
        data = self.data
        mark = data[at]
        if mark == 0x22 or mark == 0x27:
            simple = _SIMPLE_STRING.match(data, at)
            if simple is not None:
                return Node(Kind.STRING, Span(at, simple.end()), simple[1].decode("utf-8", "replace"))
            return self.string(at, data[at : at + 1])
        match = _BARE.match(data, at)
        if match is None:
            span = Span(at, at + 1)
            self.problem(
                f"expected a value, not `{_shown(data[at : at + 1].decode('utf-8', 'replace'))}`", span
            )
            return Node(Kind.INVALID, span, broken=True)
        end = match.end()
        word = match[0]
        if _DAY.fullmatch(word):
            time = _TIME_AFTER_DAY.match(data, end)
            if time is not None:
                end = time.end()
                word = data[at:end]
        span = Span(at, end)
        if word == b"true" or word == b"false":
            return Node(Kind.BOOLEAN, span, word == b"true")
        text = word.decode("utf-8", "replace")
        number = _number(text)
        if number is not None:
            return Node(Kind.NUMBER, span, number)
        date = _DATE.fullmatch(text)
        if date is not None and (date[1] is None or _is_day(int(date[1]), int(date[2]), int(date[3]))):
            return Node(Kind.DATE, span, text)
        self.problem(_no_value_message(text), span)
        junk = _JUNK.match(data, end)
        return Node(Kind.INVALID, Span(at, end if junk is None else junk.end()), broken=True)

    def string(self, at: int, quote: bytes) -> Node:
        data = self.data
        long = quote * 3
        basic = quote == b'"'
        if not data.startswith(long, at):
            match = (_BASIC if basic else _LITERAL).match(data, at)
            if match is None:
                line = data[at + 1 : self.line_end(at)]
                span = Span(at, at + 1 + len(line.rstrip(b" \t\r,]}")))
                self.problem("this string is never closed", span)
                return Node(Kind.INVALID, span, broken=True)
            content, start = match[1], at + 1
            control = _CONTROL.search(content)
        else:
            match = None
            if long not in self.unclosed:
                match = (_LONG_BASIC if basic else _LONG_LITERAL).match(data, at)
            if match is None:
                self.unclosed.add(long)
                span = Span(at, at + len(data[at : self.line_end(at)].rstrip()))
                self.problem(f"these `{long.decode()}` are never closed", Span(at, at + 3))
                self.table.broken = self.root.broken = True
                return Node(Kind.INVALID, span, broken=True)
            content, start = match[1] + match[2], at + 3
            skip = 1 if content.startswith(b"\n") else 2 if content.startswith(b"\r\n") else 0
            content, start = content[skip:], start + skip
            control = _LONG_CONTROL.search(content)
        span = Span(at, match.end())
        problems = len(self.problems)
        if control is not None:
            place = start + control.start()
            self.problem("a control character in a string has to be escaped", Span(place, place + 1))
        if basic and b"\\" in content:
            text = self.unescape(content, start)
        else:
            text = content.decode("utf-8", "replace")
        if start > at + 1:
            text = text.replace("\r\n", "\n")
        return Node(Kind.STRING, span, text, broken=len(self.problems) > problems)

    def unescape(self, content: bytes, start: int) -> str:
        """The text of a basic string's content, which begins at the byte `start`."""
        text = content.decode("utf-8", "replace")
        if "\\" not in text:
            return text
        valid = _VALID_ESCAPES.match(content)
        stop = 0 if valid is None else valid.end()
        if stop < len(content):
            self.problem("TOML knows no such escape", Span(start + stop, start + stop + 2))
            self.table.broken = True
            return text  # not what is meant, but what is there
        return _ESCAPE.sub(_unescaped, text)

    # Arrays and inline tables

    def nested(self, at: int, depth: int) -> tuple[Node, int]:
        """The array or inline table at `at`, and where reading goes on."""
        data = self.data
        stack = [_Open(at, data[at] == 0x7B, depth)]
        tables_open = int(data[at] == 0x7B)
        done: Node | None = None
        before = Span(at, at + 1)  # the token before
        at += 1
        while True:
            if done is not None:  # an array or table was closed
                before = Span(at - 1, at)
                if not stack:
                    return done, at
                self.attach(stack[-1], done)
                done = None
            open_ = stack[-1]
            if open_.want is _Want.VALUE:
                at = _SPACE.match(data, at).end()  # type: ignore[union-attr]
                new_line = False
                if at == len(data) or data[at] in b"\r\n#":
                    self.problem_in(open_, "expected a value after this key", open_.keys[-1])
                    self.attach(open_, Node(Kind.INVALID, Span(before.end, before.end), broken=True))
                    continue
            else:
                new_line, at = self.void(at, open_)
            if at == len(data) or (new_line and self.is_statement(at, stack)):
                start = stack[-1].start
                self.problem_in(
                    stack[-1],
                    f"this `{data[start : start + 1].decode()}` is never closed",
                    Span(start, start + 1),
                    Span(before.end, before.end),
                )
                self.break_all(stack)
                self.resumed = True
                return self.unwind(stack, before.end), at
            mark = data[at]
            if mark == 0x2C:  # ,
                if open_.want is _Want.COMMA:
                    open_.want = _Want.ITEM if open_.table is None else _Want.KEY
                elif open_.want is _Want.VALUE:
                    self.problem_in(open_, "expected a value before this comma", Span(at, at + 1))
                    self.attach(open_, Node(Kind.INVALID, Span(before.end, before.end), broken=True))
                    open_.want = _Want.KEY
                else:
                    what = "a key" if open_.want is _Want.KEY else "a value"
                    self.problem_in(open_, f"expected {what} before this comma", Span(at, at + 1))
                self.panic = False
                before = Span(at, at + 1)
                at += 1
            elif mark == 0x5D or mark == 0x7D:  # ] }
                is_table = mark == 0x7D
                closer = chr(mark)
                if (open_.table is not None) != is_table:
                    if not (tables_open if is_table else len(stack) - tables_open):
                        self.problem_in(
                            open_, f"there is no open bracket for this `{closer}`", Span(at, at + 1)
                        )
                        self.break_all(stack)
                        before = Span(at, at + 1)
                        at += 1
                        continue
                    self.problem_in(
                        open_,
                        f"expected `{open_.closer}` before this `{closer}`",
                        Span(at, at + 1),
                        Span(open_.start, open_.start + 1),
                    )
                    self.break_all(stack)
                    while (stack[-1].table is not None) != is_table:
                        tables_open -= not is_table
                        node = self.leave(stack, before.end)
                        self.attach(stack[-1], node)
                    open_ = stack[-1]
                if open_.want is _Want.VALUE:
                    self.problem_in(open_, f"expected a value before this `{closer}`", Span(at, at + 1))
                self.panic = False
                at += 1
                tables_open -= is_table
                done = self.leave(stack, at)
            elif open_.want is _Want.COMMA:
                self.problem_in(open_, f"expected a comma or `{open_.closer}` after this value", before)
                open_.want = _Want.ITEM if open_.table is None else _Want.KEY
            elif open_.want is _Want.KEY:
                simple = _SIMPLE_INLINE.match(data, at)
                if simple is None or open_.table is None:
                    at, before = self.inline_key(open_, at, before)
                    continue
                node = _plain_value(simple)
                self.put(open_.table, [simple[1].decode()], [Span(*simple.span(1))], node, open_.made)
                open_.want = _Want.COMMA
                before, at = node.span, simple.end()
            elif mark == 0x5B or mark == 0x7B:  # [ {
                inner = open_.depth + max(1, len(open_.parts))
                if inner > MAX_DEPTH:
                    open_.broken = True
                    node = self.too_deep(at)
                    self.attach(open_, node)
                    before, at = node.span, node.span.end
                else:
                    stack.append(_Open(at, mark == 0x7B, inner))
                    tables_open += mark == 0x7B
                    before = Span(at, at + 1)
                    at += 1
            else:
                node = self.scalar(at)
                open_.broken |= node.broken
                self.attach(open_, node)
                before, at = node.span, node.span.end

    def problem_in(self, open_: _Open, message: str, span: Span, related: Span | None = None) -> None:
        open_.broken = True
        self.problem(message, span, related)

    def break_all(self, stack: list[_Open]) -> None:
        """Brackets do not match: what belongs where is anybody's guess."""
        self.table.broken = True
        for open_ in reversed(stack):
            if open_.doomed:
                break
            open_.broken = open_.doomed = True

    def inline_key(self, open_: _Open, at: int, before: Span) -> tuple[int, Span]:
        """A key of an inline table with its `=`; what cannot be a key is skipped."""
        data = self.data
        parts, keys, end = self.key(at)
        if not parts:
            junk = _JUNK.match(data, at)
            stop = at + 1 if junk is None else junk.end()
            if data[at] in b"\"'":
                stop = self.string(at, data[at : at + 1]).span.end
            self.problem_in(open_, "expected a key here", Span(at, stop))
            return stop, Span(at, stop)
        open_.broken |= self.panic
        open_.parts, open_.keys = parts, keys
        mark = data[end : end + 1]
        open_.want = _Want.VALUE
        if mark == b"=":
            return end + 1, Span(end, end + 1)
        if mark == b":":
            self.problem_in(open_, "expected `=` after this key, not a colon", keys[-1])
            return end + 1, Span(end, end + 1)
        self.problem_in(open_, "expected `=` and a value after this key", keys[-1])
        place = keys[-1].end
        self.attach(open_, Node(Kind.INVALID, Span(place, place), broken=True))
        return place, keys[-1]

    def attach(self, open_: _Open, node: Node) -> None:
        open_.want = _Want.COMMA
        if open_.table is None:
            open_.items.append(node)
        elif open_.parts:
            parts, keys = open_.parts, open_.keys
            open_.parts, open_.keys = [], []
            if open_.depth + len(parts) - 1 > MAX_DEPTH:
                self.problem_in(open_, f"this is nested deeper than {MAX_DEPTH} levels", keys[-1])
            else:
                self.put(open_.table, parts, keys, node, open_.made)

    def leave(self, stack: list[_Open], end: int) -> Node:
        """Close the innermost array or inline table at `end`."""
        open_ = stack.pop()
        span = Span(open_.start, max(end, open_.start + 1))
        if open_.table is None:
            return Node(Kind.ARRAY, span, items=tuple(open_.items), broken=open_.broken)
        if open_.parts:
            self.attach(open_, Node(Kind.INVALID, Span(end, end), broken=True))
        _freeze(open_.made)
        members = () if open_.table.node is None else open_.table.node.members
        return Node(Kind.OBJECT, span, members=members, broken=open_.broken or open_.table.broken)

    def unwind(self, stack: list[_Open], end: int) -> Node:
        """Close all that is open."""
        node = self.leave(stack, end)
        while stack:
            self.attach(stack[-1], node)
            node = self.leave(stack, end)
        return node

    def void(self, at: int, open_: _Open) -> tuple[bool, int]:
        """Skip blanks, line ends and comments: whether a new line began, and where the next token is."""
        data = self.data
        start = at
        while True:
            at = _BLANK.match(data, at).end()  # type: ignore[union-attr]
            if at == len(data) or data[at] != 0x23:
                break
            at = self.comment(at)
        if at == start:
            return False, at
        return b"\n" in data[start:at], at

    def is_statement(self, at: int, stack: list[_Open]) -> bool:
        """Whether the line at `at` is rather the next statement than a part of what is open."""
        open_ = stack[-1]
        data = self.data
        if data[at] == 0x5B:
            return open_.table is not None or _HEADER_LINE.match(data, at) is not None
        if _KEY_LINE.match(data, at) is None:
            return False
        if open_.table is None:
            return True
        spread = data[open_.start + 1 : open_.start + 2] in b"\r\n"  # `{⏎`: a comma is missing
        return open_.want is _Want.COMMA and len(stack) == 1 and not spread

    def skip_nested(self, at: int) -> int:
        """The end of the array or inline table at `at`, found by counting brackets."""
        depth = 0
        for token in _SKIPPED.finditer(self.data, at):
            mark = token[0]
            if mark == b"[" or mark == b"{":
                depth += 1
            elif mark == b"]" or mark == b"}":
                depth -= 1
                if depth == 0:
                    return token.end()
        return len(self.data)


def _plain_value(match: re.Match[bytes]) -> Node:
    """The value of a `_PLAIN_PAIR`."""
    group = match.lastindex or 0
    start, end = match.span(group)
    if group == 2:
        return Node(Kind.STRING, Span(start - 1, end + 1), match[2].decode("utf-8", "replace"))
    if group == 3:
        return Node(Kind.BOOLEAN, Span(start, end), match[3] == b"true")
    return Node(Kind.NUMBER, Span(start, end), int(match[4]))


def _unescaped(match: re.Match[str]) -> str:
    group = match.lastindex or 0
    if group == 1:
        return _ESCAPED[match[1]]
    return "" if group == 5 else chr(int(match[group], 16))


def _number(text: str) -> int | float | None:
    if _INTEGER.fullmatch(text):
        plain = text.replace("_", "")
        return int(plain) if len(plain) < _LONGEST_INTEGER else float(plain)
    if _PREFIXED.fullmatch(text):
        return int(text, 0)
    if _FLOAT.fullmatch(text):
        return float(text.replace("_", ""))
    return None


def _is_day(year: int, month: int, day: int) -> bool:
    if month == 2:
        leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
        return day <= (29 if leap else 28)
    return day <= 30 or month not in (4, 6, 9, 11)


def _no_value_message(word: str) -> str:
    if word in _MEANT:
        return f"`{word}` is not TOML; `{_MEANT[word]}` is"
    if word[:1].isdigit() or word[:1] in "+-.":
        return f"`{_shown(word)}` is not a number or date in TOML"
    return f"`{_shown(word)}` needs quotes"


def _shown(text: str) -> str:
    """A piece of source as a message can show it."""
    short = text if len(text) <= 40 else text[:39] + "…"
    return "".join(char if char.isprintable() else "�" for char in short)
