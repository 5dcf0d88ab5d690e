"""Names that the grammar takes for keywords, and ends of statements that it does not see, spelled otherwise.

All of it is right in TypeScript. The grammar's scanner takes a word at the beginning of a line for `in` or
`instanceof` if it starts so and no letter follows (`in_`, `in1`, `instanceof$`); after `<` it takes the words
that begin a type for nothing else (`i < unique.length`); words that modify members (`abstract`, `accessor`)
are no names to it; and `}` ends no statement where a `:` follows. It does not know the variance of type
parameters (`<in out T>`), nor `export type * from`, nor that a tag may be given any escape (`String.raw`).

Whether a word is meant as a name cannot be decided without a tree, so this is for code that did not parse:
the caller keeps what it makes fewer errors of. `constructs` has what the grammar does not know at all.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from cflint.pattern import pattern
from cflint.syntax.javascript.constructs import Change, changes_of

_ENDS_NAME = rb"(?=[.(\[]|[ \t]*(?:[;)&|?+*/%=!:,}-]|\r?$))"
"""What follows a name. A modifier, or an operator of types, has a blank and a word behind it."""
_TYPES = (
    rb"any|asserts|bigint|boolean|infer|keyof|never|number|object|readonly|string|symbol|undefined|unique"
    rb"|unknown"
)
_RESPELLED = pattern(
    rb"^[ \t]*(?P<line>in(?:stanceof)?(?=[0-9_$\x80-\xff]|\??[:(]|[ \t]*=[^=]|[ \t]*(?:;[ \t]*)?\r?$))"
    rb"|<[ \t\r\n]*(?P<less>abstract|infer|keyof|never|readonly|unique|unknown)"
    + _ENDS_NAME
    + rb"|(?<![\w$\x80-\xff])(?P<modifier>abstract|accessor|using)(?![\w$\x80-\xff])"
    + _ENDS_NAME
    + rb"|(?<![\w$.\x80-\xff])(?P<operator>as|satisfies)(?=\??:)"
    rb"|\)[ \t]*:[ \t]*(?:asserts[ \t]+(?P<asserted>" + _TYPES + rb")(?![\w$\x80-\xff])"
    rb"|(?P<guarded>" + _TYPES + rb")(?=[ \t]+is\b))",
    re.MULTILINE,
)
_ENDED = pattern(
    rb"(?:\b(?:return|break|continue|debugger)|\b(?:let|var)[ \t]+[\w$]{1,100}(?:[ \t]*:[^;{}\n]{1,200})?"
    rb"|\btype[ \t]+[\w$]{1,100}[ \t]*=[^;{}\n]{1,200}|\bclass[^{}\n]{0,200}\{[ \t]*[\w$]{1,100})"
    rb"(?P<blank>[ \t])[ \t\r\n]*\}[ \t\r\n]*:"
)
_VARIANCE = pattern(
    rb"[<,][ \t\r\n]*(?:(?:/\*\*?[^*]{0,300}\*/|//[^\n]{0,300}\n)[ \t\r\n]*){0,3}"
    rb"(?:const[ \t]+)?(?P<variance>in(?:[ \t]+out)?|out)"
    rb"(?=[ \t]+[\w$\x80-\xff]+[ \t\r\n]*(?:[,>=]|extends\b))"
)
_TYPES_OF_ALL = pattern(
    rb"^[ \t]*export[ \t]+type(?P<all>[ \t]+\*)"
    rb"(?:(?P<as>[ \t]+as[ \t]+)[\w$\x80-\xff]+(?P<end>[ \t]))?[ \t]*from\b",
    re.MULTILINE,
)
_RETURNED = pattern(rb"\b(?P<return>return)\}[ \t\r\n]*:")
_LINE_ENDED = pattern(
    rb"(?:[\w$)\]};\"'`/]|(?<!=)>)[ \t]*(?:\r?\n[ \t]*){1,5}(?<=(?P<blank>[ \t]))"
    rb"(?:\*[ \t]*[\w$\[]|<(?:[^<>();\n]|<[^<>();\n]{0,100}>){1,300}>\()"
)

_TAGGED = pattern(rb"(?<=[\w$)\]])`")
_IN_TEMPLATE = pattern(
    rb"`|\\(?:(?P<any>u(?!\{[0-9a-fA-F]{1,6}\}|[0-9a-fA-F]{4})|x(?![0-9a-fA-F]{2})|[0-9])|[\s\S])"
)


def respellings(data: bytes) -> Iterator[list[Change]]:
    """What the grammar may misread in a text, spelled so that it cannot, every offset kept; a list for each
    kind, and none of what is not there. Each is looked for when it is asked for."""
    return filter(None, _kinds(data))


def _kinds(data: bytes) -> Iterator[list[Change]]:
    yield [(found.start(found.lastgroup or 0), b"_") for found in _RESPELLED.finditer(data)]
    yield [(found.start("blank"), b";") for found in _ENDED.finditer(data)]
    yield [(found.start("blank"), b";") for found in _LINE_ENDED.finditer(data)]
    # the last statement of a function, so nothing is lost
    yield [(found.start("return"), b"void 0") for found in _RETURNED.finditer(data)]
    yield [(found.start("variance"), b" " * len(found["variance"])) for found in _VARIANCE.finditer(data)]
    yield [change for found in _TYPES_OF_ALL.finditer(data) for change in _listed(found)]
    yield [(at, b"n") for at in _free_escapes(data)]
    yield from changes_of(data)


def applied(data: bytes, kinds: Iterable[list[Change]]) -> bytes:
    """The bytes with changes of some kinds."""
    out = bytearray(data)
    for changes in kinds:
        for at, text in changes:
            out[at : at + len(text)] = text
    return bytes(out)


def _free_escapes(data: bytes) -> Iterator[int]:
    """Where the letters of `\\u` and `\\x` stand in templates with a tag that are no escapes."""
    at = 0
    while (start := _TAGGED.search(data, at)) is not None:
        at = start.end()
        for found in _IN_TEMPLATE.finditer(data, at):
            at = found.end()
            if found.group() == b"`":
                break
            if found["any"] is not None:
                yield found.start("any")


def _listed(found: re.Match[bytes]) -> list[Change]:
    """`export type * from` as one of no names, and `export type * as N from` as one of that name."""
    start, end = found.span("all")
    if found["as"] is None:
        return [(start, b" " * (end - start - 2) + b"{}")]
    return [
        (start, b" " * (end - start - 1) + b"{"),
        (found.start("as"), b" " * len(found["as"])),
        (found.start("end"), b"}"),
    ]
