"""JSON with comments and trailing commas, read as wrangler does, with a place for everything.

The reader is a scanner and a stack, so it is linear and knows no recursion. It goes on after an error: each
place gets one problem, and what stands around it is marked `broken` (everything open, when brackets do not
match; else only the innermost object or array).
"""

from __future__ import annotations

import re
from enum import IntEnum
from typing import Final

from cflint.pattern import pattern
from cflint.source import BOM, Document, Span
from cflint.syntax.data import (
    MAX_DEPTH,
    MAX_PROBLEMS,
    DataDocument,
    Format,
    Kind,
    Member,
    Node,
    Problem,
    Scalar,
    shown,
)

_TOKEN: Final = pattern(
    rb"""[ \t\r\n]*+(?:
      "((?:[^"\\\x00-\x1f]++|\\[^\x00-\x1f])*+)"
    | ([{}\[\],:])
    | (-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?+(?:[eE][+-]?[0-9]++)?+)(?![^\s"{}\[\],:/])
    | (true|false|null)(?![^\s"{}\[\],:/])
    | (//[^\r\n]*+|/\*.*?\*/)
    )""",
    re.VERBOSE | re.DOTALL,
)
_BLANK: Final = pattern(rb"[ \t\r\n]*+")
_LINE: Final = pattern(rb"[^\r\n]*+")
_LOOSE_STRING: Final = pattern(rb"""(["'])((?:(?!\1)[^\\\r\n]|\\[^\r\n])*+)\1""")
_WORD: Final = pattern(rb"""(?:[^\s"'{}\[\],:/]|/(?![/*])|[\x0b\x0c])++""")
_VALID_ESCAPES: Final = pattern(rb"""(?:[^\\]++|\\["\\/bfnrt]|\\u[0-9a-fA-F]{4})*+""")
_ESCAPE: Final = pattern(r"\\(u[0-9a-fA-F]{4}|.)", re.DOTALL)
_CONTROL: Final = pattern(rb"[\x00-\x1f]")
_NUMBER_LIKE: Final = pattern(r"[+-]?(?:\.?[0-9][\w.+-]*|Infinity|NaN)")

_UNESCAPED: Final = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_LITERALS: Final[dict[bytes, tuple[Kind, Scalar]]] = {
    b"true": (Kind.BOOLEAN, True),
    b"false": (Kind.BOOLEAN, False),
    b"null": (Kind.NULL, None),
}
_MEANT: Final = {"True": "true", "False": "false", "None": "null", "undefined": "null"}
_LONGEST_INTEGER: Final = 400  # digits; a longer one is infinite in JavaScript, and slow to read in Python


class _Want(IntEnum):
    """What may come next in an object, an array, or (`VALUE`, `END`) around the root."""

    KEY = 0  # or the end of the object
    COLON = 1
    VALUE = 2
    ITEM = 3  # or the end of the array
    COMMA = 4  # or the end
    END = 5


_KEY, _COLON, _VALUE, _ITEM, _COMMA, _END = _Want


class _Open:
    """An object or array that is being read; the outermost one (no bracket) stands for the file."""

    __slots__ = ("broken", "closer", "doomed", "items", "key", "key_span", "members", "seen", "start", "want")

    def __init__(self, start: int, closer: str, want: _Want) -> None:
        self.start = start
        self.closer = closer
        self.want = want
        self.broken = False
        self.doomed = False  # broken, and so is all around it
        self.key = ""
        self.key_span: Span | None = None  # None while no key waits for its value: the value is dropped
        self.members: list[Member] = []
        self.items: list[Node] = []
        self.seen: dict[str, Span] = {}


def read_jsonc(document: Document) -> DataDocument:
    """Read JSON or JSONC, both as wrangler does: comments, trailing commas and a BOM are no problem."""
    return _Reader(document.data).read(document)


class _Reader:
    def __init__(self, data: bytes) -> None:
        self.data = data
        self.problems: list[Problem] = []
        self.errors = 0
        self.comments: list[Span] = []
        self.file = _Open(0, "", _VALUE)
        self.stack = [self.file]
        self.arrays_open = 0
        self.before = Span(0, 0)  # the token before this one
        self.panic = False  # within one place of error: say nothing until a comma, colon or bracket fits
        self.stopped = False

    def read(self, document: Document) -> DataDocument:
        data = self.data
        stack = self.stack
        match = _TOKEN.match
        at = len(BOM) if data.startswith(BOM) else 0
        while not self.stopped:
            token = match(data, at)
            if token is None:
                at = _BLANK.match(data, at).end()  # type: ignore[union-attr]  # it matches nothing, too
                if at == len(data):
                    break
                at = self.unlexed(at)
                continue
            group = token.lastindex
            start, at = token.start(group or 0), token.end()
            if group == 2:
                mark = data[start]
                open_ = stack[-1]
                span = Span(start, at)
                if mark == 0x2C:  # ,
                    if open_.want is _COMMA:
                        open_.want = _ITEM if open_.closer == "]" else _KEY
                    else:
                        self.comma(span)
                    self.panic = False
                elif mark == 0x3A:  # :
                    if open_.want is _COLON:
                        open_.want = _VALUE
                        self.panic = False
                    else:
                        self.colon(span)
                elif mark == 0x7B or mark == 0x5B:  # { [
                    if len(stack) > MAX_DEPTH:
                        self.problem(f"this is nested deeper than {MAX_DEPTH} levels", span)
                        self.panic = True
                        at = self.skip_nested(start)
                        self.value(Node(Kind.INVALID, Span(start, at), broken=True))
                    else:
                        self.open(start, "}" if mark == 0x7B else "]")
                else:
                    self.close(span, "}" if mark == 0x7D else "]")
                self.before = span
            elif group == 1:
                self.string(Span(start - 1, at), token[1])
            elif group == 3:
                self.number(Span(start, at), token[3])
            elif group == 4:
                kind, scalar = _LITERALS[token[4]]
                self.value(Node(kind, Span(start, at), scalar))
            else:
                self.comments.append(Span(start, at))
        return self.finish(document)

    def finish(self, document: Document) -> DataDocument:
        end = len(self.data.rstrip())
        if len(self.stack) > 1:
            innermost = self.stack[-1]
            if not self.stopped:
                bracket = Span(innermost.start, innermost.start + 1)
                self.panic = False
                self.problem(
                    f"this `{self.data[innermost.start : innermost.start + 1].decode()}` is never closed",
                    bracket,
                    related=Span(end, end),
                )
            self.break_all()
            while len(self.stack) > 1:
                self.leave(end)
        if self.file.items:
            root = self.file.items[0]
            if self.file.broken and not root.broken:
                root = Node(root.kind, root.span, root.value, root.members, root.items, broken=True)
        else:
            if not self.errors:
                blank = end <= (len(BOM) if self.data.startswith(BOM) else 0)
                start = 0 if blank else self.comments[0].start
                self.problem("expected a JSON value, but there is none in this file", Span(start, start))
            at = self.problems[0].span.start
            root = Node(Kind.INVALID, Span(at, at), broken=True)
        return DataDocument(document, Format.JSON, root, tuple(self.problems), tuple(self.comments))

    # Problems

    def problem(self, message: str, span: Span, related: Span | None = None) -> None:
        """Note an error, unless this place has had one."""
        self.stack[-1].broken = True
        if self.panic:
            return
        self.panic = True
        self.errors += 1
        if self.errors > MAX_PROBLEMS:
            self.stopped = True
            message, related = "too many problems; the rest of this file was not read", None
        self.problems.append(Problem(message, span, related))

    def break_all(self) -> None:
        """Brackets do not match: what belongs where is unknown."""
        for open_ in reversed(self.stack):
            if open_.doomed:
                break
            open_.broken = open_.doomed = True

    # What the grammar has

    def value(self, node: Node) -> None:
        """A value that is no string (or one that cannot be a key)."""
        open_ = self.stack[-1]
        want = open_.want
        if want is _VALUE or want is _ITEM:
            self.attach(open_, node)
        elif self.want_value(node.span):
            self.attach(self.stack[-1], node)
        elif not self.stopped:
            open_ = self.stack[-1]
            text = self.data[node.span.start : node.span.end].decode("utf-8", "replace").lstrip("\"'")
            if node.kind in (Kind.INVALID, Kind.NUMBER, Kind.BOOLEAN, Kind.NULL) and _one_line(text):
                self.problem("a key needs double quotes", node.span)
                self.key(open_, text, node.span)
            else:
                self.problem("expected a key in double quotes", node.span)
        self.before = node.span

    def string(self, span: Span, content: bytes) -> None:
        open_ = self.stack[-1]
        want = open_.want
        text = content.decode("utf-8", "replace")
        if "\\" in text:
            valid = _VALID_ESCAPES.match(self.data, span.start + 1, span.end - 1)
            stop = span.end - 1 if valid is None else valid.end()
            if stop < span.end - 1:
                self.problem("JSON knows no such escape", Span(stop, stop + 2))
                self.panic = False
            text = _unescape(text)
        if want is not _KEY and want is not _VALUE and want is not _ITEM:
            if self.stopped:
                return
            if self.want_value(span):
                want = _VALUE
            elif self.stopped:
                return
            else:
                want = _KEY
            open_ = self.stack[-1]
        if want is _KEY:
            self.key(open_, text, span)
        else:
            self.attach(open_, Node(Kind.STRING, span, text))
        self.before = span

    def number(self, span: Span, text: bytes) -> None:
        number: int | float
        if text.lstrip(b"-").isdigit() and len(text) < _LONGEST_INTEGER:
            number = int(text)
        else:
            number = float(text)
        self.value(Node(Kind.NUMBER, span, number))

    def key(self, open_: _Open, key: str, span: Span) -> None:
        open_.key = key
        open_.key_span = span
        open_.want = _COLON
        first = open_.seen.get(key)
        if first is not None:
            self.problems.append(
                Problem(f"`{shown(key)}` is here twice; the last one counts", span, first, duplicate=True)
            )
        open_.seen[key] = span

    def attach(self, open_: _Open, node: Node) -> None:
        """Give a value to the object, array or file that waits for one."""
        if open_.closer == "}":
            if open_.key_span is not None:
                open_.members.append(Member(open_.key, open_.key_span, node))
                open_.key_span = None
            open_.want = _COMMA
        else:
            open_.items.append(node)
            open_.want = _COMMA if open_.closer else _END

    def no_value(self, open_: _Open, at: int) -> None:
        """The key that waits gets a value that is none."""
        self.attach(open_, Node(Kind.INVALID, Span(at, at), broken=True))

    def want_value(self, span: Span) -> bool:
        """Make up for what is missing before the value at `span`.

        True: the top of the stack now takes a value; False: a key (or nothing, when `stopped`).
        """
        open_ = self.stack[-1]
        if open_.want is _COLON and open_.key_span is not None:
            key = open_.key_span
            if self.new_line_before(span):
                self.problem("expected a colon and a value after this key", key)
                self.no_value(open_, key.end)
                open_.want = _KEY
                return False
            self.problem("expected a colon after this key", key)
            open_.want = _VALUE
            return True
        if open_.want is _COMMA:
            self.problem(f"expected a comma or `{open_.closer}` after this value", self.before)
            open_.want = _KEY if open_.closer == "}" else _ITEM
        elif open_.want is _END:
            self.panic = False
            self.problem("expected the end of the file here", span)
            self.stopped = True
        return open_.want is _ITEM

    def new_line_before(self, span: Span) -> bool:
        return b"\n" in self.data[self.before.end : span.start]

    # Marks

    def open(self, start: int, closer: str) -> None:
        open_ = self.stack[-1]
        want = open_.want
        if want is not _VALUE and want is not _ITEM and not self.want_value(Span(start, start + 1)):
            if self.stopped:
                return
            self.problem("expected a key in double quotes", Span(start, start + 1))
        self.stack.append(_Open(start, closer, _KEY if closer == "}" else _ITEM))
        self.arrays_open += closer == "]"

    def leave(self, end: int) -> None:
        """Close the innermost object or array at `end`."""
        open_ = self.stack[-1]
        if open_.key_span is not None:
            self.no_value(open_, self.before.end)
        self.stack.pop()
        self.arrays_open -= open_.closer == "]"
        span = Span(open_.start, max(end, open_.start + 1, self.before.end))
        if open_.closer == "}":
            node = Node(Kind.OBJECT, span, members=tuple(open_.members), broken=open_.broken)
        else:
            node = Node(Kind.ARRAY, span, items=tuple(open_.items), broken=open_.broken)
        self.attach(self.stack[-1], node)

    def close(self, span: Span, closer: str) -> None:
        open_ = self.stack[-1]
        if open_.closer == closer:
            if open_.want is _COLON:
                self.problem("expected a colon and a value after this key", self.before)
            elif open_.want is _VALUE:
                self.problem(f"expected a value before this `{closer}`", span)
            self.panic = False
            self.leave(span.end)
            return
        if open_.want is _END:
            self.want_value(span)
            return
        found = self.arrays_open if closer == "]" else len(self.stack) - 1 - self.arrays_open
        if not found:
            self.problem(f"there is no open bracket for this `{closer}`", span)
            self.break_all()
            return
        self.problem(
            f"expected `{open_.closer}` before this `{closer}`", span, Span(open_.start, open_.start + 1)
        )
        self.break_all()
        while self.stack[-1].closer != closer:
            self.leave(span.start)
        self.leave(span.end)
        self.panic = False

    def comma(self, span: Span) -> None:
        open_ = self.stack[-1]
        if open_.want is _KEY:
            self.problem("expected a key before this comma", span)
        elif open_.want is _COLON:
            self.problem("expected a colon and a value after this key", self.before)
            self.no_value(open_, self.before.end)
            open_.want = _KEY
        elif open_.want is _END:
            self.want_value(span)
        else:
            self.problem("expected a value before this comma", span)
            if open_.want is _VALUE and open_.closer:
                self.no_value(open_, span.start)
                open_.want = _KEY

    def colon(self, span: Span) -> None:
        open_ = self.stack[-1]
        if open_.want is _END:
            self.want_value(span)
        elif open_.want is _COMMA and open_.closer == "}":
            self.colon_after_value(open_, span)
        elif open_.want is _KEY:
            self.problem("expected a key before this colon", span)
            open_.want = _VALUE
        elif open_.closer == "]":
            self.colon_in_array(open_, span)
        else:
            self.problem("expected a value before this colon", span)

    def colon_after_value(self, open_: _Open, span: Span) -> None:
        """`"a":⏎ "b": 1`: what was taken for a's value is the next key."""
        last = open_.members[-1] if open_.members else None
        taken = None if last is None else last.value
        if (
            last is not None
            and taken is not None
            and taken.kind is Kind.STRING
            and taken.span == self.before
            and b"\n" in self.data[last.key_span.end : taken.span.start]
        ):
            self.problem("expected a value after this key", last.key_span)
            nothing = Node(Kind.INVALID, Span(last.key_span.end, last.key_span.end), broken=True)
            open_.members[-1] = Member(last.key, last.key_span, nothing)
            self.key(open_, str(taken.value), taken.span)
            self.panic = False
        else:
            self.problem("expected a comma or `}` before this colon", span)
        open_.want = _VALUE

    def colon_in_array(self, open_: _Open, span: Span) -> None:
        """`"a": [1⏎ "b": 2`: the array is never closed, and its last string is the next key."""
        last = open_.items[-1] if open_.items else None
        around = self.stack[-2]
        if (
            last is not None
            and last.kind is Kind.STRING
            and last.span == self.before
            and around.closer == "}"
            and b"\n" in self.data[open_.start : last.span.start]
        ):
            self.problem("expected `]` before this key", last.span, Span(open_.start, open_.start + 1))
            self.break_all()
            open_.items.pop()
            self.leave(open_.items[-1].span.end if open_.items else open_.start + 1)
            self.key(around, str(last.value), last.span)
            around.want = _VALUE
            self.panic = False
        else:
            self.problem("a colon has no place in an array", span)

    # What the grammar does not have

    def unlexed(self, at: int) -> int:
        """Read something that is no token of JSON; return where it ends."""
        data = self.data
        if data.startswith(b"/*", at):
            self.problem("this comment is never closed", Span(at, at + 2))
            self.break_all()
            self.comments.append(Span(at, len(data)))
            return len(data)
        if data[at] == 0x23:  # `#`
            end = self.line_end(at)
            self.problem("a comment begins with `//`", Span(at, end))
            self.comments.append(Span(at, end))
            self.panic = False
            return end
        if data[at] in b"\"'":
            return self.odd_string(at)
        word = _WORD.match(data, at)
        end = at + 1 if word is None else word.end()
        span = Span(at, end)
        if self.stack[-1].want is _KEY:
            self.problem("a key needs double quotes", span)
        elif self.stack[-1].want in (_VALUE, _ITEM):
            self.problem(_no_value_message(data[at:end].decode("utf-8", "replace")), span)
        self.value(Node(Kind.INVALID, span, broken=True))
        return end

    def odd_string(self, at: int) -> int:
        """A string in single quotes, with control characters, or without an end."""
        data = self.data
        loose = _LOOSE_STRING.match(data, at)
        if loose is None:
            end = at + 1 + len(data[at + 1 : self.line_end(at)].rstrip(b" \t,}]"))
            self.problem("this string is never closed", Span(at, end))
            self.value(Node(Kind.INVALID, Span(at, end), broken=True))
            return end
        span = Span(at, loose.end())
        if data[at] == 0x27:  # '
            self.problem("a string needs double quotes", span)
        else:
            control = _CONTROL.search(data, at)
            place = span if control is None else Span(control.start(), control.end())
            self.problem("a control character in a string has to be escaped", place)
            self.panic = False
        self.string(span, loose[2] if b"\\" not in loose[2] else loose[2].replace(b"\\'", b"'"))
        return loose.end()

    def line_end(self, at: int) -> int:
        line = _LINE.match(self.data, at)
        return len(self.data) if line is None else line.end()

    def skip_nested(self, at: int) -> int:
        """The end of the object or array at `at`, found by counting brackets."""
        depth = 0
        data = self.data
        while at < len(data):
            token = _TOKEN.match(data, at)
            if token is None:
                at = _BLANK.match(data, at).end()  # type: ignore[union-attr]
                if data.startswith(b"/*", at):
                    return len(data)
                word = _WORD.match(data, at)
                at = max(at + 1, self.line_end(at)) if word is None else word.end()
                continue
            at = token.end()
            if token.lastindex == 2:
                mark = data[at - 1]
                depth += (mark == 0x7B or mark == 0x5B) - (mark == 0x7D or mark == 0x5D)
                if depth == 0:
                    break
        return min(at, len(data))


def _unescape(text: str) -> str:
    def plain(match: re.Match[str]) -> str:
        escape = match[1]
        if len(escape) == 5:
            return chr(int(escape[1:], 16))
        return _UNESCAPED.get(escape, escape)

    # Pairs of surrogates become one character; one that is alone cannot be encoded, and would raise later.
    return _ESCAPE.sub(plain, text).encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _no_value_message(word: str) -> str:
    if word in _MEANT:
        return f"`{word}` is not JSON; `{_MEANT[word]}` is"
    if _NUMBER_LIKE.fullmatch(word):
        return f"`{shown(word)}` is not a number in JSON"
    if word.isidentifier():
        return f"`{shown(word)}` needs double quotes"
    return f"expected a value, not `{shown(word)}`"


def _one_line(text: str) -> bool:
    return "\n" not in text and len(text) < 100
