"""Constructs of TypeScript that the grammar does not know, each with what is read in its place.

Every place is found by its spelling alone, which says more often than it should: what is found in a text or
in other code does no harm there, or leaves more errors, and then the caller does without. Nothing here reads
further than some hundred bytes from what it is found by.

The grammar (tree-sitter-typescript 0.23.2) was compared with TypeScript 5 and esbuild over the test suites of
Babel, Biome, Oxc, Prettier, typescript-eslint and esbuild, and over test262 (November 2026).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from cflint.pattern import pattern
from cflint.syntax.javascript.masking import type_arguments_before

Change = tuple[int, bytes]
"""A first byte, and what is read from there on instead of as many bytes."""

_TYPES = rb"any|bigint|boolean|never|number|object|string|symbol|undefined|unknown"
_KEYWORDS = (
    rb"asserts|class|default|delete|enum|extends|false|for|function|if|import|in|infer|keyof|new|null|readonly"
    rb"|return|super|switch|this|throw|true|try|typeof|unique|var|void|while|with"
)
_QUOTED = rb"""(?:"[^"\n]{0,300}"|'[^'\n]{0,300}')"""

_IMPORT = rb"(?P<name>import\([ \t\r\n]{0,100}" + _QUOTED + rb"[ \t\r\n]{0,100}(?:,[^()]{0,200})?\))"
_MEMBER = rb"(?:[ \t\r\n]{0,100}\.[ \t]{0,100}(?!(?:then|catch|finally)\b)[\w$]{1,200})"
_AFTER = rb"[ \t\r\n]{0,100}[\[<>|&,)])"

# -- places by one expression -----------------------------------------------------------------------------
# The group `blank` becomes blanks, `name` a name, `minus` another operator. What stands before a word is
# looked at behind it: an expression that begins with a text is found several times as fast.

_PLACES: tuple[re.Pattern[bytes], ...] = (
    # a ?.5 : b
    pattern(rb"\?(?P<blank>\.)(?=[0-9])"),
    # f<typeof import("a")>(), <import("a").B>c, A<import("b").C, D>
    pattern(
        rb"(?:(?<![\w$.])typeof[ \t\r\n]+|(?<![|&<])[<|&][ \t\r\n]*)"
        + _IMPORT
        + rb"(?="
        + _MEMBER
        + rb"{0,20}"
        + _AFTER
    ),
    pattern(rb"[(,:=][ \t\r\n]*" + _IMPORT + rb"(?=" + _MEMBER + rb"{1,20}" + _AFTER),
    # import.source("a"), import.defer("a")
    pattern(rb"import(?<![\w$.]import)(?P<blank>\.(?:source|defer))(?=[ \t\r\n]*\()"),
    # import defer * as a from "b", import source a from "b"
    pattern(
        rb"import(?<![\w$.]import)[ \t]+(?P<blank>defer|source)"
        rb"(?=[ \t]+(?:\*|(?!from[ \t]*[\"'])[\w$]+[ \t]+from\b))"
    ),
    # export { a } from "b" with { type: "json" }
    pattern(
        rb"export(?<![\w$.]export)[ \t\r\n]*(?:\*[^;\"'\n{}]{0,300}|\{[^{};]{0,3000}\}[ \t\r\n]*)"
        rb"from[ \t\r\n]*" + _QUOTED + rb"(?P<blank>[ \t\r\n]*(?:with|assert)[ \t\r\n]*\{[^{}]{0,500}\})"
    ),
    # class A { static accessor b = 1 }
    pattern(rb"(?P<blank>accessor)(?<![\w$.]accessor)(?=[ \t]+(?:[\w$#\x80-\xff\"'\[]))"),
    # class A { static [key: string]: B }
    pattern(rb"(?P<blank>static)(?<![\w$.]static)(?=[ \t]+(?:readonly[ \t]+)?\[[ \t]*[\w$]+[ \t]*:)"),
    # declare module "a" { global { } }
    pattern(rb"(?P<blank>global)(?<![\w$.]global)(?<!declare[ \t]global)(?=[ \t\r\n]*\{)"),
    # type A = [new: B, string?: C]
    pattern(
        rb"[\[,][ \t\r\n]*(?:\.\.\.)?(?P<name>" + _TYPES + rb"|" + _KEYWORDS + rb")"
        rb"(?=[ \t]*(?:\?[ \t]*)?:)"
    ),
    # type A = (string) => void
    pattern(rb"\([ \t]*(?P<name>" + _TYPES + rb")(?=[ \t]*(?:,[ \t]*)?\)[ \t]*=>)"),
    # { [A in keyof readonly B[]]: C }
    pattern(rb"keyof(?<![\w$.]keyof)[ \t]+(?P<blank>readonly)(?=[ \t]+[\w$\[(])"),
    # (a? /* b */: C) => d
    pattern(rb"\?(?P<blank>[ \t]*/\*[^*]{0,300}\*/)(?=[ \t]*[:,)])"),
    # f(a < -2, b > (c))
    pattern(rb"<(?<![<=]<)[ \t]*(?P<minus>-)(?=[\d.])"),
    # import type A = B.C
    pattern(rb"import(?<![\w$.]import)(?P<blank>[ \t]+type)(?=[ \t]+[\w$]+[ \t]*=)"),
    # export import A = require("b")
    pattern(
        rb"^[ \t]*(?P<blank>export)(?=[ \t]+import[ \t]+(?:type[ \t]+)?[\w$]+[ \t]*=[ \t]*require\b)", re.M
    ),
    # export { type }, import { type as }, export { type as a }
    pattern(rb"[{,][ \t\r\n]*(?P<name>type)(?=[ \t\r\n]*[,}]|[ \t]+as[ \t]+[\w$]+[ \t\r\n]*[,}])"),
    pattern(rb"[{,][ \t\r\n]*(?P<blank>type)(?=[ \t]+(?:as[ \t]*[,}]|as[ \t]+as[ \t]+[\w$]))"),
    # type A<type> = (type extends B ? C : D) & { [type in keyof E]: F }
    pattern(rb"(?P<name>type)(?<![\w$.]type)(?=[ \t]+(?:extends|in)\b)"),
    # { [A in B]? : C }
    pattern(rb"\](?P<optional>[-+]?\?[ \t]+)(?=:)"),
    # export default abstract class { }
    pattern(rb"\bdefault[ \t]+(?P<blank>abstract)(?=[ \t]+class[ \t]*(?:\{|extends\b|implements\b))"),
    # new new A()()
    pattern(rb"(?P<blank>new)(?<![\w$.]new)(?=[ \t]+new[ \t]+[\w$(])"),
)
_READ_AS = {"minus": b"~"}

# -- places by more ---------------------------------------------------------------------------------------

_MISPLACED_DECORATOR = pattern(rb"(?<![\w$.])(?:export(?:[ \t]+default)?|return|=>|[=(,:?])[ \t\r\n]*(?=@)")
_DECORATOR = pattern(rb"@(?:[\w$.#!]+|(?=\())")
_CLASS = pattern(rb"[ \t\r\n]*(?:abstract[ \t]+)?class\b")


def _decorators(data: bytes) -> Iterator[Change]:
    """Decorators of a class that is an expression, or behind `export`: `export @a() class B {}`."""
    for found in _MISPLACED_DECORATOR.finditer(data):
        start = at = found.end()
        while (name := _DECORATOR.match(data, at)) is not None:
            at = name.end()
            if data[at : at + 1] == b"(":
                closed = _closed(data, at)
                if closed is None:
                    break
                at = closed
            while data[at : at + 1].isspace():
                at += 1
        if at > start and _CLASS.match(data, at) is not None:
            yield start, _blank(data[start:at])


def _closed(data: bytes, at: int) -> int | None:
    """The byte after the parentheses that open at a byte; None if they are long."""
    depth = 0
    for end in range(at, min(at + 500, len(data))):
        depth += (data[end] == 0x28) - (data[end] == 0x29)
        if depth == 0:
            return end + 1
    return None


_OPENED_ANGLES = pattern(
    rb"<<(?<=[\w$\])]<<)(?:const[ \t]+)?[\w$][\w$, ]{0,200}(?:extends\b[^<>\n]{0,100})?>\("
)


def _types_of_generic_functions(data: bytes) -> Iterator[Change]:
    """Type arguments that begin with those of a function's type: `a<<B>(c: B) => D>(e)`."""
    for found in _OPENED_ANGLES.finditer(data):
        start, depth = found.start(), 0
        for at in range(start, min(start + 500, len(data))):
            byte = data[at]
            depth += (byte == 0x3C) - (byte == 0x3E and data[at - 1] != 0x3D)
            if depth == 0:
                yield start, _blank(data[start : at + 1])
                break


_CLOSED_BEFORE_CALL = pattern(rb">(?<!=>)(?=\?\.\(|[ \t\r\n]{0,20}`)")


def _types_of_calls(data: bytes) -> Iterator[Change]:
    """Type arguments before a call that may not be, and templates as those of a tag: ``f<A>?.(b)``,
    ``f<`a${B}`>`c` ``."""
    for found in _CLOSED_BEFORE_CALL.finditer(data):
        arguments = type_arguments_before(data, found.end(), b")]!", with_templates=True)
        if arguments is not None:
            yield arguments.start, _blank(data[arguments.start : arguments.end])


_DEFAULT_FUNCTION = pattern(
    rb"export(?<![\w$.]export)[ \t]+default[ \t]+(?:async[ \t]+)?(?P<function>function)[ \t]*(?P<name>[\w$]*)"
)
_OF_SIGNATURE = pattern(rb"[(){}\[\];\n]|//[^\n]*|/\*[\s\S]{0,1000}?\*/")
_BEFORE_TYPE = (b":", b"|", b"&", b"<", b",", b"=>")


def _default_signatures(data: bytes) -> Iterator[Change]:
    """Default exports that are a function without a body: `export default function (a: B): C;`."""
    for found in _DEFAULT_FUNCTION.finditer(data):
        if _has_body(data, found.end()):
            continue
        start = found.start()
        if found["name"]:
            yield start, _blank(data[start : found.start("function")])
        else:
            yield start, b"function _".ljust(found.end("function") - start)


def _has_body(data: bytes, start: int) -> bool:
    """Whether a function has a body, or is too long to tell; its parameters begin at a byte."""
    end = min(start + 3000, len(data))
    depth, has_parameters = 0, False
    for found in _OF_SIGNATURE.finditer(data, start, end):
        sign = found.group()
        if sign in b"({[":
            is_after = sign == b"{" and depth == 0 and has_parameters
            if is_after and not data[start : found.start()].rstrip().endswith(_BEFORE_TYPE):
                return True
            depth += 1
        elif sign in b")}]":
            depth -= 1
            has_parameters = has_parameters or (depth == 0 and sign == b")")
        elif depth == 0 and has_parameters and sign in b";\n":
            return False
    return end < len(data)


_TEMPLATE_TYPE = pattern(rb"(?:[:|&<,=]|\bextends|\?)[ \t\r\n]{0,200}`")
_IN_TEMPLATE = pattern(
    rb"`|\\(?:(?P<right>u\{[0-9a-fA-F]{1,6}\}|u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|0(?![0-9])|[^ux0-9])|[\s\S])"
)


def _template_types(data: bytes) -> Iterator[Change]:
    """Escapes in templates that may be types."""
    at = 0
    while (start := _TEMPLATE_TYPE.search(data, at)) is not None:
        at = start.end()
        for found in _IN_TEMPLATE.finditer(data, at):
            at = found.end()
            if found.group() == b"`":
                break
            if found["right"] is not None:
                yield found.start(), b"__"


_JSX_STRING = pattern(rb"""=(?:"[^"<>]{0,5000}"|'[^'<>]{0,5000}')(?=[ \t\r\n/>])""")
_JSX_TEXT = pattern(rb"[>}](?:&[#\w]{1,30};|[^<>{};=]){0,5000}(?=[<{])")
_AMPERSAND = pattern(rb"&(?<!&&)(?!&|(?:[A-Za-z]{1,30}|#\d{1,5}|#[xX][0-9a-fA-F]{1,6});)")


def _ampersands(data: bytes) -> Iterator[Change]:
    """`&` in the attributes and the text of JSX that begins no entity that the grammar knows."""
    if b"</" not in data and b"/>" not in data:
        return
    for place in (_JSX_STRING, _JSX_TEXT):
        for found in place.finditer(data):
            for sign in _AMPERSAND.finditer(data, found.start(), found.end()):
                yield sign.start(), b"_"


_MORE: tuple[Callable[[bytes], Iterable[Change]], ...] = (
    _decorators,
    _types_of_generic_functions,
    _types_of_calls,
    _default_signatures,
    _template_types,
    _ampersands,
)


def changes_of(data: bytes) -> Iterator[list[Change]]:
    """What of the constructs is in a text, a list for each construct, which may be empty; their order is
    fixed."""
    for place in _PLACES:
        yield [_change(match) for match in place.finditer(data)]
    for changes in _MORE:
        yield list(changes(data))


def _change(found: re.Match[bytes]) -> Change:
    group = found.lastgroup or ""
    text = found[group]
    start = found.start(group)
    if group == "blank":
        return start, _blank(text)
    if group == "optional":
        return start, text.rstrip().rjust(len(text))
    if group == "name":
        return start, _name(text)
    return start, _READ_AS[group]


def _name(text: bytes) -> bytes:
    """A name of as many bytes, on the first line of a text; blanks behind it."""
    if text.isalnum():
        return b"_" + text[1:]
    return b"_" * 6 + _blank(text[6:])


def _blank(text: bytes) -> bytes:
    return re.sub(rb"[^\r\n]", b" ", text)
