"""TOML as wrangler reads it (1.0, and 1.1 in inline tables, escapes and times), with a place for everything.

One pass over the bytes, with a stack for nested values; headers and dotted keys are merged into one tree. The
reader goes on after an error, mostly with the next line: each place gets one problem, and the table, array
or inline table around it is marked `broken`.
"""

from __future__ import annotations

import re

from cflint.record import record
from cflint.source import Document, Span
from cflint.syntax.data import MAX_DEPTH, DataDocument, Format, Kind, Node
from cflint.syntax.toml.state import State
from cflint.syntax.toml.tables import HEADER, IMPLIED, IMPLIED_BY_ARRAY, Blocks, Table, freeze
from cflint.syntax.toml.tokens import BLANK, SIMPLE, SIMPLE_HEADER, SPACE, plain_value
from cflint.syntax.toml.values import Values


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
    problems = sorted(reader.state.problems, key=lambda problem: problem.span)
    return DataDocument(document, Format.TOML, root, tuple(problems), tuple(reader.state.comments))


def statements_of(document: Document) -> tuple[Statement, ...]:
    """The statements of a TOML document, for editing it."""
    reader = _Reader(document.data, wants_statements=True)
    reader.read()
    return tuple(reader.statements)


class _Reader:
    """Reads the statements of one document into tables."""

    def __init__(self, data: bytes, *, wants_statements: bool = False) -> None:
        self.data = data
        self.wants_statements = wants_statements
        self.state = State(data)
        self.values = Values(self.state)
        self.statements: list[Statement] = []
        self.path: tuple[str | int, ...] = ()
        self.lost = False  # which table is the current one is unknown

    def read(self) -> Node:
        data = self.data
        size = len(data)
        at = self.state.root.start
        while not self.state.stopped:
            at = BLANK.match(data, at).end()  # type: ignore[union-attr]  # it matches nothing, too
            if at >= size:
                break
            simple = SIMPLE.match(data, at)
            if simple is not None:
                at = self.simple(simple)
                continue
            mark = data[at]
            if mark == 0x23:  # `#`
                at = self.state.comment(at)
            elif mark == 0x5B:  # [
                header = SIMPLE_HEADER.match(data, at)
                at = self.header(at) if header is None else self.simple_header(header)
            else:
                at = self.pair(at)
        freeze(self.state.made)
        if self.state.root.node is None:
            raise AssertionError("the root is the first table made")
        return self.state.root.node

    def simple(self, match: re.Match[bytes]) -> int:
        """`key = value` on one line with a bare key and a plain value: most lines are so."""
        self.state.panic = False
        self.note([match[1].decode()], [Span(*match.span(1))], plain_value(match))
        return match.end()

    def note(self, parts: list[str], keys: list[Span], value: Node) -> None:
        """A key of the current table, and its value."""
        if self.wants_statements and not self.lost:
            span = Span(keys[0].start, value.span.end)
            self.statements.append(Statement((*self.path, *parts), tuple(keys), span, value.span))
        self.state.put(self.state.table, parts, keys, value, self.state.made)

    def pair(self, at: int) -> int:
        self.state.panic = False
        parts, keys, end = self.state.key(at)
        data = self.data
        mark = data[end : end + 1]
        line_end = self.state.line_end(at)
        self.state.table.broken |= self.state.panic
        if not parts or mark != b"=":
            self.state.table.broken = True
            equals = data.find(b"=", end, line_end)
            if parts and mark == b":":
                self.state.problem(
                    "expected `=` after this key, not a colon", Span(keys[0].start, keys[-1].end)
                )
            elif equals == -1:
                if parts and self.rest_is_blank(end):
                    self.state.problem(
                        "expected `=` and a value after this key", Span(keys[0].start, keys[-1].end)
                    )
                    nothing = Span(keys[-1].end, keys[-1].end)
                    self.note(parts, keys, Node(Kind.INVALID, nothing, broken=True))
                    return self.rest(end)
                line = data[at:line_end].rstrip()
                if data[at] in b"]}," and self.state.problems:
                    return line_end  # the end of something whose beginning was a problem
                self.state.problem("expected a key and `=`, or a table in brackets", Span(at, at + len(line)))
                return line_end
            else:
                name = data[at:equals].rstrip()
                message = "expected a key before this `=`" if not name else "a key like this needs quotes"
                self.state.problem(message, Span(at, at + max(1, len(name))))
                parts, end = [], equals
        depth = 1 + len(self.path) + max(0, len(parts) - 1)
        place = keys[-1] if parts else Span(end, end + 1)
        value, at = self.values.value(SPACE.match(data, end + 1).end(), place, depth)  # type: ignore[union-attr]
        if parts:
            if depth > MAX_DEPTH:
                self.state.table.broken = True
                self.state.problem(f"this is nested deeper than {MAX_DEPTH} levels", keys[-1])
            else:
                self.note(parts, keys, value)
        if self.state.resumed:
            self.state.resumed = False
            return at
        return self.rest(at)

    def header(self, at: int) -> int:
        data = self.data
        self.state.panic = False
        array = data.startswith(b"[[", at)
        parts, keys, end = self.state.key(at + 1 + array)
        close = b"]]" if array else b"]"
        line_end = self.state.line_end(at)
        closed = data.startswith(close, end)
        span = Span(at, end + len(close))
        if not parts:
            whole = Span(at, at + len(data[at:line_end].rstrip()))
            self.state.problem("expected the name of a table in these brackets", whole)
            self.enter_nowhere(whole)
            return line_end
        if not closed:
            self.state.problem(f"expected `{close.decode()}` after this table's name", Span(at, keys[-1].end))
            span = Span(at, keys[-1].end)
            end = line_end
        else:
            end += len(close)
        if 1 + len(self.path_of(parts)) + array > MAX_DEPTH:
            self.state.problem(f"this is nested deeper than {MAX_DEPTH} levels", span)
            self.enter_nowhere(span)
        else:
            self.enter(parts, keys, span, array=array)
            self.state.table.broken |= self.state.panic
        return self.rest(end)

    def simple_header(self, match: re.Match[bytes]) -> int:
        """`[a.b]` or `[[a.b]]` on a line of its own, with bare keys."""
        parts = match[2].decode().split(".")
        if len(parts) > MAX_DEPTH // 4:
            return self.header(match.start())
        self.state.panic = False
        keys: list[Span] = []
        at = match.start(2)
        for part in parts:
            keys.append(Span(at, at + len(part)))
            at += len(part) + 1
        array = match[1] is not None
        self.enter(parts, keys, Span(match.start(), at + array), array=array)
        return match.end()

    def path_of(self, parts: list[str]) -> list[str | int]:
        """The path of a header's table, with the indexes of the arrays of tables it goes through."""
        table: Node | Table | Blocks | None = self.state.root
        path: list[str | int] = []
        for part in parts:
            if isinstance(table, Blocks):
                path.append(len(table.tables) - 1)
                table = table.tables[-1]
            path.append(part)
            table = table.find(part) if isinstance(table, Table) else None
        return path

    def enter_nowhere(self, span: Span) -> None:
        """The keys that follow belong to an unknown table."""
        self.state.root.broken = True
        self.state.table = Table(HEADER, span)
        self.path = ()
        self.lost = True

    def enter(self, parts: list[str], keys: list[Span], span: Span, *, array: bool) -> None:
        """Make the table of a header the current one."""
        self.lost = False
        table = self.state.root
        implied = IMPLIED_BY_ARRAY if array else IMPLIED
        path: list[str | int] = []
        for part, key in zip(parts[:-1], keys, strict=False):
            found = table.find(part)
            path.append(part)
            if isinstance(found, Blocks):
                path.append(len(found.tables) - 1)
                table = found.tables[-1]
            elif isinstance(found, Table):
                table = found
            else:
                if found is not None:
                    self.state.twice(table, part, key, "a header cannot add to it")
                below = Table(implied, span)
                self.state.made.append(below)
                table.add(part, key, below)
                table = below
        part, key = parts[-1], keys[-1]
        found = table.find(part)
        path.append(part)
        if array:
            if not isinstance(found, Blocks):
                if found is not None:
                    self.state.twice(table, part, key, "it is no array of tables")
                found = Blocks()
                self.state.made.append(found)
                table.add(part, key, found)
            path.append(len(found.tables))
            block = Table(HEADER, span)
            self.state.made.append(block)
            found.tables.append(block)
            self.state.table = block
        elif isinstance(found, Table) and found.made <= IMPLIED_BY_ARRAY:
            found.made = HEADER
            found.start, found.end = span.start, span.end
            self.state.table = found
        else:
            if found is not None:
                self.state.twice(table, part, key)
            if isinstance(found, Table):
                self.state.table = found
            else:
                self.state.table = Table(HEADER, span)
                self.state.made.append(self.state.table)
                table.add(part, key, self.state.table)
        self.path = tuple(path)
        if self.wants_statements:
            self.statements.append(Statement(self.path, tuple(keys), span, None, array))

    def rest_is_blank(self, at: int) -> bool:
        rest = self.data[at : self.state.line_end(at)].strip()
        return not rest or rest.startswith(b"#")

    def rest(self, at: int) -> int:
        """The end of a statement's line, where nothing but a comment may be."""
        data = self.data
        at = SPACE.match(data, at).end()  # type: ignore[union-attr]
        if at == len(data) or data[at] == 0x0A or data.startswith(b"\r\n", at):
            return at
        if data[at] == 0x23:
            return self.state.comment(at)
        end = self.state.line_end(at)
        extra = Span(at, at + max(1, len(data[at:end].rstrip())))
        if not self.state.panic:
            self.state.table.broken = True
        self.state.problem("expected the end of the line here", extra)
        return end
