"""What the parts of the TOML reader share: the bytes, the tables made so far, and the problems found."""

from __future__ import annotations

from cflint.source import BOM, Span
from cflint.syntax.data import MAX_PROBLEMS, Node, Problem, shown
from cflint.syntax.toml.tables import DOTTED, HEADER, IMPLIED_BY_ARRAY, Blocks, Table
from cflint.syntax.toml.tokens import COMMENT, ESCAPE, KEY_PART, LINE, SPACE, VALID_ESCAPES, unescaped


class State:
    """A TOML document that is being read. `table` is the current one, `made` are all tables and arrays of
    tables in the order in which they were made.

    `panic`: this place has had its problem, further ones are dropped. `resumed`: a value that is never closed
    ended where the next statement begins. `unclosed` are the multi-line quotes that do not close any more.
    """

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.problems: list[Problem] = []
        self.comments: list[Span] = []
        start = len(BOM) if data.startswith(BOM) else 0
        self.root = Table(HEADER, Span(start, len(data)))
        self.made: list[Table | Blocks] = [self.root]
        self.table = self.root
        self.resumed = False
        self.panic = False
        self.stopped = False
        self.unclosed: set[bytes] = set()

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

    def put(
        self,
        table: Table,
        parts: list[str],
        keys: list[Span],
        value: Node,
        made: list[Table | Blocks],
    ) -> None:
        """Add a key, maybe a dotted one, to a table."""
        end = value.span.end
        if end > table.end:
            table.end = end
        reported = False
        for part, key in () if len(parts) == 1 else zip(parts[:-1], keys, strict=False):
            found = table.find(part)
            if isinstance(found, Table) and found.made in (DOTTED, IMPLIED_BY_ARRAY):
                table = found
            else:
                if found is not None and not reported:
                    self.twice(table, part, key, "a dotted key cannot add to it")
                    reported = True
                if isinstance(found, Table):
                    table = found
                else:
                    below = Table(DOTTED, Span(keys[0].start, end))
                    made.append(below)
                    table.add(part, key, below)
                    table = below
            table.end = max(table.end, end)
        if parts[-1] in table.keys and not reported:
            self.twice(table, parts[-1], keys[-1])
        table.add(parts[-1], keys[-1], value)

    def twice(self, table: Table, key: str, span: Span, why: str = "") -> None:
        table.broken = True
        first = table.place(key)
        found = table.find(key)
        what = "a value" if isinstance(found, Node) else "a table" if isinstance(found, Table) else "an array"
        message = (
            f"`{shown(key)}` is {what} already, and {why}" if why else f"`{shown(key)}` is defined twice"
        )
        panic, self.panic = self.panic, False
        self.problem(message, span, first)
        self.panic = panic

    def key(self, at: int) -> tuple[list[str], list[Span], int]:
        """A key, maybe dotted: its parts, their places, and where it ends (before `=` or `]`)."""
        data = self.data
        parts: list[str] = []
        keys: list[Span] = []
        while True:
            match = KEY_PART.match(data, at)
            if match is None:
                if parts:  # `a. = 1`
                    self.problem("expected the next part of the key after this dot", Span(at - 1, at))
                return parts, keys, SPACE.match(data, at).end()  # type: ignore[union-attr]
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
        line = LINE.match(self.data, at)
        return len(self.data) if line is None else line.end()

    def comment(self, at: int) -> int:
        data = self.data
        match = COMMENT.match(data, at)
        end = at + 1 if match is None else match.end()
        if end < len(data) and data[end] != 0x0A and not data.startswith(b"\r\n", end):
            self.problem("a comment cannot hold a control character", Span(end, end + 1))
            self.table.broken = True
            end = self.line_end(end)
        self.comments.append(Span(at, end))
        return end

    def unescape(self, content: bytes, start: int) -> str:
        """The text of a basic string's content, which begins at the byte `start`."""
        text = content.decode("utf-8", "replace")
        if "\\" not in text:
            return text
        valid = VALID_ESCAPES.match(content)
        stop = 0 if valid is None else valid.end()
        if stop < len(content):
            self.problem("TOML knows no such escape", Span(start + stop, start + stop + 2))
            self.table.broken = True
            return text  # not what is meant, but what is there
        return ESCAPE.sub(unescaped, text)
