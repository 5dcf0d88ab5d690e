"""Typos that hide the rest of a file from the parser: found near its errors, and mended byte by byte."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from enum import Enum
from typing import TYPE_CHECKING

from cflint.record import record
from cflint.source import Span
from cflint.syntax.javascript.leaves import errors_of, tokens_of

if TYPE_CHECKING:
    from tree_sitter import Tree

_NEAR_AN_ERROR = 500
"""How many bytes away from a typo the parser may say that something is wrong."""

_OPENERS = {"{": "}", "(": ")", "[": "]", "${": "}"}
_CONDITIONS = frozenset({"if", "while", "for", "switch", "catch", "with", "await"})
_TYPE_TOKENS = frozenset(
    {"identifier", "type_identifier", "property_identifier", "|", "&", "<", ">", ".", ",", "[", "]", "void"}
    | {
        "string",
        "number",
        "boolean",
        "any",
        "unknown",
        "never",
        "null",
        "undefined",
        "this",
        "object",
        "symbol",
    }
)
_OBJECT_BEFORE = frozenset({"default", "=", "(", ",", ":", "return", "[", "=>", "?", "||", "&&", "??"})
_BEFORE_NAMES = frozenset({b"async", b"get", b"set", b"*"})
_MEMBER_START = frozenset({"async", "identifier", "property_identifier", "get", "set", "static", "*", "["})


class TypoKind(Enum):
    """Typos that are common enough in Workers code to have a message, and a fix, of their own."""

    COMMA_BETWEEN_CLASS_MEMBERS = "comma-between-class-members"
    MISSING_RETURN_TYPE_COLON = "missing-return-type-colon"
    MISSING_COMMA_BETWEEN_HANDLERS = "handler-object-missing-comma"
    FUNCTION_KEYWORD_IN_OBJECT = "async-function-in-object"


@record(frozen=True)
class Typo:
    """A typo and the edit that mends it: `span` becomes `text`. `at` is the place to show: of what is
    missing, the word that follows."""

    kind: TypoKind
    span: Span
    text: str
    at: Span


def typos_at_errors(tree: Tree, data: bytes) -> Iterator[Typo]:
    """The typos near which the parser stumbled: to mend what lies elsewhere would be in vain."""
    errors = list(errors_of(tree))  # none overlaps another
    for typo in _typos(tree, data):
        place = bisect_left(errors, typo.span.end - _NEAR_AN_ERROR, key=lambda error: error.end_byte)
        if place < len(errors) and errors[place].start_byte <= typo.span.start + _NEAR_AN_ERROR:
            yield typo


def mended(data: bytes, typos: tuple[Typo, ...]) -> bytes:
    """The bytes without the typos, every offset kept."""
    out = bytearray(data)
    for typo in typos:
        match typo.kind:
            case TypoKind.COMMA_BETWEEN_CLASS_MEMBERS:
                out[typo.span.start] = 0x20
            case TypoKind.MISSING_RETURN_TYPE_COLON:
                out[typo.span.start] = 0x3A
            case TypoKind.MISSING_COMMA_BETWEEN_HANDLERS:
                out[typo.span.start] = 0x2C
            case TypoKind.FUNCTION_KEYWORD_IN_OBJECT:
                out[typo.span.start : typo.span.end] = b" " * (typo.span.end - typo.span.start)
    return bytes(out)


def _typos(tree: Tree, data: bytes) -> Iterator[Typo]:
    tokens = tokens_of(tree, whole=False)
    stack: list[tuple[str, str, int]] = []  # closer, what the bracket is, index of its token
    class_ahead = False
    closed_parameters: dict[int, int] = {}  # index of `)` -> index of its `(`
    for i, (kind, start, end) in enumerate(tokens):
        before = data[tokens[i - 1][1] : tokens[i - 1][2]].decode("utf-8", "replace") if i else ""
        inside = stack[-1][1] if stack else ""
        if kind == "class" and before != ".":
            class_ahead = True
        elif kind in _OPENERS:
            what = "block"
            if kind == "{":
                if class_ahead and before not in ("<", ",", ":", "|", "&"):
                    what, class_ahead = "class", False
                elif before in _OBJECT_BEFORE:
                    what = "object"
            stack.append((_OPENERS[kind], what, i))
        elif stack and kind == stack[-1][0]:
            opened = stack.pop()[2]
            if kind == ")":
                closed_parameters[i] = opened
        if kind == "," and inside == "class" and before == "}":
            yield Typo(TypoKind.COMMA_BETWEEN_CLASS_MEMBERS, Span(start, end), "", Span(start, end))
        elif kind == ")" and i in closed_parameters:
            typo = _missing_colon(tokens, data, i, closed_parameters[i])
            if typo is not None:
                yield typo
        elif (
            inside == "object" and before == "}" and kind in _MEMBER_START and _starts_method(tokens, data, i)
        ):
            gap = tokens[i - 1][2]
            if gap < start and data[gap : gap + 1].isspace():
                at = Span(start, tokens[i + (data[start:end] in _BEFORE_NAMES)][2])
                yield Typo(TypoKind.MISSING_COMMA_BETWEEN_HANDLERS, Span(gap, gap), ",", at)
        elif inside == "object" and data[start:end] == b"function" and i and _is_async(tokens[i - 1], data):
            opener = tokens[i - 2][0] if i >= 2 else ""
            following = tokens[i + 2][0] if i + 2 < len(tokens) else ""
            if opener in ("{", ",") and following == "(":
                span, word = Span(start, tokens[i + 1][1]), Span(start, end)
                yield Typo(TypoKind.FUNCTION_KEYWORD_IN_OBJECT, span, "", word)


def _is_async(token: tuple[str, int, int], data: bytes) -> bool:
    return data[token[1] : token[2]] == b"async"


def _missing_colon(tokens: list[tuple[str, int, int]], data: bytes, close: int, opened: int) -> Typo | None:
    if opened == 0 or tokens[opened - 1][0] in _CONDITIONS:
        return None
    at = tokens[close][2]
    if close + 1 >= len(tokens) or data[at : at + 1] not in (b" ", b"\t"):
        return None
    i = close + 1
    while i < len(tokens) and tokens[i][0] in _TYPE_TOKENS and i - close < 40:
        i += 1
    if i == close + 1 or i >= len(tokens) or tokens[i][0] != "{" or b"\n" in data[at : tokens[i][1]]:
        return None
    return Typo(TypoKind.MISSING_RETURN_TYPE_COLON, Span(at, at), ":", Span(*tokens[close + 1][1:]))


def _starts_method(tokens: list[tuple[str, int, int]], data: bytes, i: int) -> bool:
    """Whether a method (`name(…)`, `async name(…)`) starts at token i."""
    while i < len(tokens) and data[tokens[i][1] : tokens[i][2]] in _BEFORE_NAMES:
        i += 1
    return (
        i + 1 < len(tokens)
        and tokens[i][0] in ("identifier", "property_identifier")
        and tokens[i + 1][0] == "("
    )
