"""What the grammar cannot read is blanked or read as something else, every offset kept."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache

from cflint.pattern import pattern
from cflint.source import Span
from cflint.syntax.anchors import Anchors

_USING = pattern(rb"using(?=[ \t]+[\w$]+[ \t]*(?:[=:]|of\b))")
_BEFORE_USING = pattern(rb"(?<![\w$.])(await[ \t]+)?\Z")
_IMPORTED_TYPE = pattern(
    rb"""import\((?<![\w$.]import\()(?:"[^"\n]*"|'[^'\n]*')\)"""
    rb"""(?=(?:\.(?!(?:then|catch|finally)\b)[\w$]+)*(?:[\[<]|>[ \t\r\n]{0,20}\())"""
)
_CLOSED_BEFORE_TEMPLATE = pattern(rb">(?<!=>)[ \t\r\n]{0,20}`")  # begins with what is quick to look for
_CHAIN = 4000
"""How many bytes before a call its `await` is looked for."""


def readable(data: bytes) -> bytes:
    """The bytes as the grammar can read them, every offset kept: see the docstring of the package."""
    if b"---" in data[:200] and (front := _FRONT_MATTER.match(data)) is not None:
        data = _without_front_matter(data, front)
    if b"\0" in data:
        data = data.replace(b"\0", b" ")  # a literal may hold one, which the grammar does not know
    data = _without_unclosed_comments(data)
    places: dict[str, list[int]] = {sign: [] for sign in _SIGNS}
    for start, _, sign in _signs().find(data):
        places[sign].append(start)
    if places["using"]:
        data = _using_as_const(data, places["using"])
    if places["import("]:
        data = _without_imported_types(data, places["import("])
    blanks = list(_template_type_arguments(data))
    if places[">("] and b"await" in data:
        blanks += _awaited_type_arguments(data, places[">("])
    if blanks:
        out = bytearray(data)
        for span in blanks:
            out[span.start : span.end] = re.sub(rb"[^\r\n]", b" ", data[span.start : span.end])
        data = bytes(out)
    return data


_FRONT_MATTER = pattern(rb"\s*(---)[ \t]*\r?\n(?:(?s:.*?)^[ \t]*(---)[ \t]*\r?$)?", re.MULTILINE)
"""The lines `---` around the code of a component of Astro. What the grammar makes of them takes minutes."""


def _without_front_matter(data: bytes, front: re.Match[bytes]) -> bytes:
    """The bytes with these lines as comments."""
    out = bytearray(data)
    for group in (1, 2):
        start, end = front.span(group)
        if start != -1:
            out[start:end] = b"// "
    return bytes(out)


_SIGNS = ("using", "import(", ">(")
"""What stands where the grammar may not be able to read on."""


@cache
def _signs() -> Anchors:
    return Anchors(_SIGNS, whole=False)


def _without_unclosed_comments(data: bytes) -> bytes:
    """The bytes without most signs of comments that nothing closes: at each the grammar reads to the end."""
    last = max(data.rfind(b"*/"), 0)
    if data.count(b"/*", last) <= _UNCLOSED:
        return data
    at = last
    for _ in range(_UNCLOSED):
        at = data.find(b"/*", at) + 2
    return data[:at] + data[at:].replace(b"/*", b"/ ")


_UNCLOSED = 20


def _without_imported_types(data: bytes, places: Iterable[int]) -> bytes:
    """The bytes with types that are imported in place as names."""
    out: bytearray | None = None
    for place in places:
        match = _IMPORTED_TYPE.match(data, place)
        if match is not None:
            out = bytearray(data) if out is None else out
            out[place : match.end()] = b"_" * (match.end() - place)
    return data if out is None else bytes(out)


def _template_type_arguments(data: bytes) -> Iterator[Span]:
    """The `<…>` before a template, where they can be type arguments of its tag."""
    for match in _CLOSED_BEFORE_TEMPLATE.finditer(data):
        arguments = type_arguments_before(data, match.start() + 1, b")]!")
        if arguments is not None:
            yield arguments


def _awaited_type_arguments(data: bytes, places: Iterable[int]) -> Iterator[Span]:
    """The `<…>` of calls that stand behind `await`; `places` are those of `>(`."""
    for at in places:
        arguments = type_arguments_before(data, at + 1)
        if arguments is not None and _is_awaited(data, arguments.start):
            yield arguments


def type_arguments_before(
    data: bytes, end: int, others: bytes = b"", *, with_templates: bool = False
) -> Span | None:
    """The `<…>` that ends at a byte and follows a name or one of `others` (a call is a tag, too: `sql()<T>`),
    when it can be type arguments. Templates are types only if that is asked for: what closes at `>` before a
    template may have been opened in the text of an earlier one."""
    first = max(end - 2000, 0)
    opening = data.rfind(b"<", first + 1, end - 1)
    if opening == -1 or _CLOSING_TAG.match(data, opening) is not None:
        return None
    if _NO_NAMES.search(data, opening + 1, end - 1) is None:  # as nearly always
        return Span(opening, end) if _is_generic(data[opening - 1], others) else None
    for _ in range(_MOST_NESTED):
        if _is_generic(data[opening - 1], others) and _are_types(
            data, opening, end, with_templates=with_templates
        ):
            return Span(opening, end)
        opening = data.rfind(b"<", first + 1, opening)
        if opening == -1:
            break
    return None


def _is_generic(before: int, others: bytes) -> bool:
    return _ends_a_name(before) or before in others


def _are_types(data: bytes, start: int, end: int, *, with_templates: bool) -> bool:
    """Whether the `<` at a byte is closed right before another, with nothing between them that no type has:
    calls, operators of values, the end of a statement, a place of a template."""
    stack: list[bytes] = []
    for found in _IN_TYPES.finditer(data, start, end):
        sign = found.group()
        inside = stack[-1] if stack else b""
        if found.lastgroup == "skipped" or (found.lastgroup == "template" and with_templates):
            continue
        if found.lastgroup in ("value", "template") or (sign in b"+;" and inside != b"{"):
            return False
        if sign == b"=" and len(stack) < 2:  # but the default of a function's type parameter
            return False
        if found.lastgroup == "open":
            is_call = sign == b"(" and inside != b"{" and _ends_a_name(data[found.start() - 1])
            if is_call and _TYPE_BEFORE_PARENTHESES.search(data, start, found.start()) is None:
                return False
            stack.append(sign)
        elif found.lastgroup == "close":
            if _CLOSED_BY[stack.pop()] != sign:
                return False
            if not stack:
                return found.end() == end
    return False


_MOST_NESTED = 20
"""How many `<` are looked at for the one that a `>` closes."""
_IN_TYPES = pattern(
    rb"(?P<skipped>=>|\"(?:[^\"\n$]|\$(?!\{))*\"|'(?:[^'\n$]|\$(?!\{))*'|//[^\n]*|/\*[\s\S]*?\*/)|(?P<open>[<({\[])|(?P<close>[>)}\]])"
    rb"|(?P<template>`(?:[^`\\]|\\.)*`)|(?P<value>&&|\|\||\$\{|\?[?.]|[`*/%^~@!\"'\\]|=(?==))|[+;=]"
)
_CLOSING_TAG = pattern(rb"</(?![/*])")
_CLOSED_BY = {b"<": b">", b"(": b")", b"{": b"}", b"[": b"]"}
_TYPE_BEFORE_PARENTHESES = pattern(rb"(?<![\w$.])(?:import|new|keyof|readonly|extends|is)\Z")


def _ends_a_name(byte: int) -> bool:
    return byte in b"_$" or chr(byte).isalnum()


_NO_NAMES = pattern(rb"[<>()`/]|=\Z|\$\{")
_NAME_BYTES = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_$#")


def _is_awaited(data: bytes, end: int) -> bool:
    """Whether the chain of members and calls that ends at a byte is what an `await` stands before."""
    depth = 0
    named = False  # a name was read last
    for at in range(end - 1, max(end - _CHAIN, 3), -1):
        byte = data[at]
        if byte in b")]":
            if named and depth == 0:
                return False
            depth += 1
        elif byte in b"([":
            depth -= 1
            if depth < 0:
                return False
            named = False
        elif depth:
            continue
        elif byte in _NAME_BYTES:
            if named and data[at + 1] not in _NAME_BYTES:  # a word before the chain
                before = data[at - 5] if at > 4 else 0x20
                return data[at - 4 : at + 1] == b"await" and before not in _NAME_BYTES and before != 0x2E
            named = True
        elif byte in b".?!":
            named = False
        elif byte not in b" \t\r\n":
            return False
    return False


def _using_as_const(data: bytes, places: Iterable[int]) -> bytes:
    """The bytes with `using` and `await using` of declarations as `const`."""
    out: bytearray | None = None
    for start in places:
        match = _USING.match(data, start)
        if match is None:
            continue
        end = match.end()
        before = _BEFORE_USING.search(data, max(0, start - 24), start)
        if before is None:
            continue
        if out is None:
            out = bytearray(data)
        out[before.start() : end] = b"const".rjust(end - before.start())
    return data if out is None else bytes(out)
