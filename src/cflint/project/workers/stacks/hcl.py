"""The language of Terraform, as far as it is literal: blocks, attributes, lists and objects.

Source: https://github.com/hashicorp/hcl/blob/main/hclsyntax/spec.md. Nothing is evaluated, nothing is
refused: what is no text, list or object has no value, but for the lists and objects that stand in it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from cflint.pattern import pattern
from cflint.record import field, record

_TOKEN = pattern(
    r"(?P<skip>[ \t\r]+|\#[^\n]*|//[^\n]*|/\*.*?(?:\*/|\Z))"
    r"|<<-?(?P<heredoc>[A-Za-z_]\w*)[ \t\r]*(?=\n)"
    r"|(?P<name>[A-Za-z_][\w-]*(?:\.[A-Za-z_][\w-]*)*)"
    r"|(?P<quote>\")"
    r"|(?P<mark>[{}\[\]()=,:\n])"
    r"|.",
    re.DOTALL,
)
_MOST_DEPTH = 40
_CLOSING = {"{": "}", "[": "]", "(": ")"}


@record(frozen=True, eq=False)
class Value:
    """What stands behind a `=`: `text` is a string without `${…}`, `members` are those of an object, `items`
    the parts of a list, or the lists and objects anywhere in an expression. `names` are what it refers to
    (`cloudflare_worker.api.id`)."""

    text: str | None = None
    members: tuple[tuple[str, Value], ...] = ()
    items: tuple[Value, ...] = ()
    names: tuple[str, ...] = ()

    def get(self, key: str) -> Value | None:
        """The last member of a name."""
        return next((value for name, value in reversed(self.members) if name == key), None)

    def walk(self) -> Iterator[Value]:
        """It, and all that is in it."""
        stack = [self]
        while stack:
            here = stack.pop()
            yield here
            stack += [value for _, value in here.members]
            stack += here.items


@record(frozen=True, eq=False)
class Block:
    """A block: its type, its labels, its attributes as an object, the blocks in it, and where its body starts
    and ends in the text."""

    type: str
    labels: tuple[str, ...] = ()
    body: Value = field(default_factory=Value)
    blocks: tuple[Block, ...] = ()
    span: tuple[int, int] = (0, 0)


def read_hcl(text: str) -> tuple[Block, ...]:
    """The blocks at the top level of a file."""
    return _Reader(text).body(0)[1]


def without_comments(text: str) -> str:
    """The text without its comments, each of which leaves a space; a `#` or `//` in a string is none."""
    parts: list[str] = []
    after = 0
    for kind, _, start, end in _scan(text):
        if kind == "comment":
            parts += (text[after:start], " ")
            after = end
    return "".join((*parts, text[after:]))


class _Reader:
    def __init__(self, text: str) -> None:
        self._tokens = list(_tokens(text))
        self._at = 0
        self._end = len(text)

    def _peek(self) -> tuple[str, str]:
        return self._tokens[self._at][:2] if self._at < len(self._tokens) else ("end", "")

    @property
    def _place(self) -> int:
        return self._tokens[self._at][2] if self._at < len(self._tokens) else self._end

    def body(self, depth: int) -> tuple[Value, tuple[Block, ...]]:
        """What stands up to the next `}`, which is taken: attributes, members of an object, and blocks."""
        members: list[tuple[str, Value]] = []
        blocks: list[Block] = []
        while True:
            kind, text = self._peek()
            if kind == "end":
                break
            self._at += 1
            if text == "}" and kind == "mark":
                break
            if kind not in ("name", "text"):
                self._skip_nested(text if kind == "mark" else "", depth)
                continue
            labels = []
            while self._peek()[0] in ("name", "text"):
                labels.append(self._peek()[1])
                self._at += 1
            following = self._peek()
            if following == ("mark", "{") and depth < _MOST_DEPTH:
                self._at += 1
                start = self._place
                inner, within = self.body(depth + 1)
                blocks.append(Block(text, tuple(labels), inner, within, (start, self._place)))
            elif following in (("mark", "="), ("mark", ":")) and not labels:
                self._at += 1
                members.append((text, self._value(depth + 1)))
        return Value(members=tuple(members)), tuple(blocks)

    def _skip_nested(self, opening: str, depth: int) -> None:
        """What stands between brackets where nothing is expected."""
        if opening in _CLOSING and opening and depth < _MOST_DEPTH:
            self._value_until(_CLOSING[opening], depth + 1)

    def _value(self, depth: int) -> Value:
        """An expression, up to the end of its line, a comma, or what closes around it; none of these is
        taken."""
        texts: list[str | None] = []
        parts: list[Value] = []
        names: list[str] = []
        while True:
            kind, text = self._peek()
            if kind == "end" or (kind == "mark" and text in "},])\n"):
                break
            self._at += 1
            if kind == "text":
                texts.append(text)
            elif kind == "name":
                names.append(text)
            elif kind == "mark" and text in _CLOSING and depth < _MOST_DEPTH:
                if text == "{":
                    parts.append(self.body(depth + 1)[0])
                else:
                    parts.append(self._value_until(_CLOSING[text], depth + 1))
            else:
                texts.append(None)
        if len(parts) == 1 and not texts and not names:
            return parts[0]
        alone = texts[0] if len(texts) == 1 and not parts and not names else None
        return Value(alone, items=tuple(parts), names=tuple(names))

    def _value_until(self, closing: str, depth: int) -> Value:
        items: list[Value] = []
        while True:
            kind, text = self._peek()
            if kind == "end":
                break
            if kind == "mark" and text in ",\n":
                self._at += 1
                continue
            if kind == "mark" and text in "}])":
                self._at += 1
                break
            items.append(self._value(depth))
        return Value(items=tuple(items))


def _tokens(text: str) -> Iterator[tuple[str, str, int]]:
    """Names, texts (a string with `${…}` is none, but a token of its own), and marks, with their places."""
    for kind, said, start, _ in _scan(text):
        if kind != "comment":
            yield kind, said, start


def _scan(text: str) -> Iterator[tuple[str, str, int, int]]:
    """The tokens and the comments, with where each starts and ends."""
    at = 0
    while at < len(text):
        found = _TOKEN.match(text, at)
        assert found is not None  # the last alternative takes any character
        start, at = at, found.end()
        match found.lastgroup:
            case "skip":
                if not found[0].isspace():
                    yield "comment", "", start, at
            case "heredoc":
                last = re.compile(rf"^[ \t]*{found['heredoc']}\b", re.MULTILINE).search(text, at)
                at = last.end() if last is not None else len(text)
                yield "other", "", start, at
            case "quote":
                at, plain = _string(text, at)
                yield ("text", plain, start, at) if plain is not None else ("other", "", start, at)
            case "name":
                yield "name", found[0], start, at
            case "mark":
                yield "mark", found[0], start, at
            case _:
                yield "other", "", start, at


_PART = pattern(r"[^\"\\$%\n]+|\\.|\$\$\{|%%\{|(?P<hole>[$%]\{)|(?P<end>\"|\n)|.", re.DOTALL)
_HOLE = pattern(r"[^{}\"]+|(?P<open>\{)|(?P<close>\})|(?P<quote>\")")


def _string(text: str, at: int) -> tuple[int, str | None]:
    """Where a string ends that begins before `at`, and what it says; None with `${…}` in it."""
    start, plain = at, True
    while at < len(text):
        found = _PART.match(text, at)
        assert found is not None
        at = found.end()
        if found.lastgroup == "end":
            return at, text[start : at - 1] if plain else None
        if found.lastgroup == "hole":
            plain = False
            at = _after_hole(text, at)
    return at, None


def _after_hole(text: str, at: int) -> int:
    """Where a `${…}` ends, whatever strings and braces are in it."""
    depth, in_string = 1, False
    while depth and at < len(text):
        found = _HOLE.match(text, at)
        if found is None:
            return at
        at = found.end()
        if found.lastgroup == "quote":
            in_string = not in_string
        elif not in_string and found.lastgroup is not None:
            depth += 1 if found.lastgroup == "open" else -1
    return at
