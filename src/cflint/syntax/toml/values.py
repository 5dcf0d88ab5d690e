"""Values of TOML: strings, numbers, dates, arrays and inline tables."""

from __future__ import annotations

from enum import IntEnum

from cflint.source import Span
from cflint.syntax.data import MAX_DEPTH, Kind, Node, shown
from cflint.syntax.toml.state import State
from cflint.syntax.toml.tables import DOTTED, Blocks, Table, freeze
from cflint.syntax.toml.tokens import (
    BARE,
    BASIC,
    BLANK,
    CONTROL,
    DATE,
    DAY,
    HEADER_LINE,
    JUNK,
    KEY_LINE,
    LITERAL,
    LONG_BASIC,
    LONG_CONTROL,
    LONG_LITERAL,
    SIMPLE_INLINE,
    SIMPLE_STRING,
    SKIPPED,
    SPACE,
    TIME_AFTER_DAY,
    is_day,
    no_value_message,
    number_of,
    plain_value,
)


class _Want(IntEnum):
    """What may come next in an array (`ITEM`, `COMMA`) or an inline table."""

    KEY = 0
    VALUE = 1
    ITEM = 2
    COMMA = 3


class _Open:
    """An array or inline table that is being read."""

    __slots__ = ("broken", "depth", "doomed", "items", "keys", "made", "parts", "start", "table", "want")

    def __init__(self, start: int, depth: int, *, is_table: bool) -> None:
        self.start = start
        self.depth = depth  # with all that is around it
        self.want = _Want.KEY if is_table else _Want.ITEM
        self.table = Table(DOTTED, Span(start, start + 1)) if is_table else None
        self.made: list[Table | Blocks] = [] if self.table is None else [self.table]
        self.items: list[Node] = []
        self.parts: list[str] = []
        self.keys: list[Span] = []
        self.broken = False
        self.doomed = False  # broken, and so is all around it

    @property
    def closer(self) -> str:
        return "]" if self.table is None else "}"


class Values:
    """Reads the values of one document."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.data = state.data

    def value(self, at: int, key: Span, depth: int) -> tuple[Node, int]:
        """The value at `at`, whatever it is, and where reading goes on; `depth` tables are around it."""
        data = self.data
        if at == len(data) or data[at] in b"\r\n#":
            self.state.problem("expected a value after this key", key)
            node = Node(Kind.INVALID, Span(at, at), broken=True)
        elif data[at] not in b"[{":
            node = self.scalar(at)
        elif depth >= MAX_DEPTH:
            node = self.too_deep(at)
        else:
            return self.nested(at, depth + 1)
        if node.broken:
            self.state.table.broken = True
        return node, node.span.end

    def too_deep(self, at: int) -> Node:
        self.state.problem(f"this is nested deeper than {MAX_DEPTH} levels", Span(at, at + 1))
        return Node(Kind.INVALID, Span(at, self.skip_nested(at)), broken=True)

    def scalar(self, at: int) -> Node:
        """A string, number, boolean or date; anything else is a problem and takes at least one byte."""
        data = self.data
        mark = data[at]
        if mark == 0x22 or mark == 0x27:
            simple = SIMPLE_STRING.match(data, at)
            if simple is not None:
                return Node(Kind.STRING, Span(at, simple.end()), simple[1].decode("utf-8", "replace"))
            return self.string(at, data[at : at + 1])
        match = BARE.match(data, at)
        if match is None:
            span = Span(at, at + 1)
            self.state.problem(
                f"expected a value, not `{shown(data[at : at + 1].decode('utf-8', 'replace'))}`", span
            )
            return Node(Kind.INVALID, span, broken=True)
        end = match.end()
        word = match[0]
        if DAY.fullmatch(word):
            time = TIME_AFTER_DAY.match(data, end)
            if time is not None:
                end = time.end()
                word = data[at:end]
        span = Span(at, end)
        if word == b"true" or word == b"false":
            return Node(Kind.BOOLEAN, span, word == b"true")
        text = word.decode("utf-8", "replace")
        number = number_of(text)
        if number is not None:
            return Node(Kind.NUMBER, span, number)
        date = DATE.fullmatch(text)
        if date is not None and (date[1] is None or is_day(int(date[1]), int(date[2]), int(date[3]))):
            return Node(Kind.DATE, span, text)
        self.state.problem(no_value_message(text), span)
        junk = JUNK.match(data, end)
        return Node(Kind.INVALID, Span(at, end if junk is None else junk.end()), broken=True)

    def string(self, at: int, quote: bytes) -> Node:
        data = self.data
        long = quote * 3
        basic = quote == b'"'
        if not data.startswith(long, at):
            match = (BASIC if basic else LITERAL).match(data, at)
            if match is None:
                line = data[at + 1 : self.state.line_end(at)]
                span = Span(at, at + 1 + len(line.rstrip(b" \t\r,]}")))
                self.state.problem("this string is never closed", span)
                return Node(Kind.INVALID, span, broken=True)
            content, start = match[1], at + 1
            control = CONTROL.search(content)
        else:
            match = None
            if long not in self.state.unclosed:
                match = (LONG_BASIC if basic else LONG_LITERAL).match(data, at)
            if match is None:
                self.state.unclosed.add(long)
                span = Span(at, at + len(data[at : self.state.line_end(at)].rstrip()))
                self.state.problem(f"these `{long.decode()}` are never closed", Span(at, at + 3))
                self.state.table.broken = self.state.root.broken = True
                return Node(Kind.INVALID, span, broken=True)
            content, start = match[1] + match[2], at + 3
            skip = 1 if content.startswith(b"\n") else 2 if content.startswith(b"\r\n") else 0
            content, start = content[skip:], start + skip
            control = LONG_CONTROL.search(content)
        span = Span(at, match.end())
        problems = len(self.state.problems)
        if control is not None:
            place = start + control.start()
            self.state.problem("a control character in a string has to be escaped", Span(place, place + 1))
        if basic and b"\\" in content:
            text = self.state.unescape(content, start)
        else:
            text = content.decode("utf-8", "replace")
        if start > at + 1:
            text = text.replace("\r\n", "\n")
        return Node(Kind.STRING, span, text, broken=len(self.state.problems) > problems)

    def nested(self, at: int, depth: int) -> tuple[Node, int]:
        """The array or inline table at `at`, and where reading goes on."""
        data = self.data
        stack = [_Open(at, depth, is_table=data[at] == 0x7B)]
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
                at = SPACE.match(data, at).end()  # type: ignore[union-attr]
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
                self.state.resumed = True
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
                self.state.panic = False
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
                self.state.panic = False
                at += 1
                tables_open -= is_table
                done = self.leave(stack, at)
            elif open_.want is _Want.COMMA:
                self.problem_in(open_, f"expected a comma or `{open_.closer}` after this value", before)
                open_.want = _Want.ITEM if open_.table is None else _Want.KEY
            elif open_.want is _Want.KEY:
                simple = SIMPLE_INLINE.match(data, at)
                if simple is None or open_.table is None:
                    at, before = self.inline_key(open_, at, before)
                    continue
                node = plain_value(simple)
                self.state.put(open_.table, [simple[1].decode()], [Span(*simple.span(1))], node, open_.made)
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
                    stack.append(_Open(at, inner, is_table=mark == 0x7B))
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
        self.state.problem(message, span, related)

    def break_all(self, stack: list[_Open]) -> None:
        """Brackets do not match: what belongs where is unknown."""
        self.state.table.broken = True
        for open_ in reversed(stack):
            if open_.doomed:
                break
            open_.broken = open_.doomed = True

    def inline_key(self, open_: _Open, at: int, before: Span) -> tuple[int, Span]:
        """A key of an inline table with its `=`; what cannot be a key is skipped."""
        data = self.data
        parts, keys, end = self.state.key(at)
        if not parts:
            junk = JUNK.match(data, at)
            stop = at + 1 if junk is None else junk.end()
            if data[at] in b"\"'":
                stop = self.string(at, data[at : at + 1]).span.end
            self.problem_in(open_, "expected a key here", Span(at, stop))
            return stop, Span(at, stop)
        open_.broken |= self.state.panic
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
                self.state.put(open_.table, parts, keys, node, open_.made)

    def leave(self, stack: list[_Open], end: int) -> Node:
        """Close the innermost array or inline table at `end`."""
        open_ = stack.pop()
        span = Span(open_.start, max(end, open_.start + 1))
        if open_.table is None:
            return Node(Kind.ARRAY, span, items=tuple(open_.items), broken=open_.broken)
        if open_.parts:
            self.attach(open_, Node(Kind.INVALID, Span(end, end), broken=True))
        freeze(open_.made)
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
            at = BLANK.match(data, at).end()  # type: ignore[union-attr]
            if at == len(data) or data[at] != 0x23:
                break
            at = self.state.comment(at)
        if at == start:
            return False, at
        return b"\n" in data[start:at], at

    def is_statement(self, at: int, stack: list[_Open]) -> bool:
        """Whether the line at `at` is rather the next statement than a part of what is open."""
        open_ = stack[-1]
        data = self.data
        if data[at] == 0x5B:
            return open_.table is not None or HEADER_LINE.match(data, at) is not None
        if KEY_LINE.match(data, at) is None:
            return False
        if open_.table is None:
            return True
        spread = data[open_.start + 1 : open_.start + 2] in b"\r\n"  # `{⏎`: a comma is missing
        return open_.want is _Want.COMMA and len(stack) == 1 and not spread

    def skip_nested(self, at: int) -> int:
        """The end of the array or inline table at `at`, found by counting brackets."""
        depth = 0
        for token in SKIPPED.finditer(self.data, at):
            mark = token[0]
            if mark == b"[" or mark == b"{":
                depth += 1
            elif mark == b"]" or mark == b"}":
                depth -= 1
                if depth == 0:
                    return token.end()
        return len(self.data)
