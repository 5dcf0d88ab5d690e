"""The tokens of TOML: what a key, a string, a number and a date look like, and what they mean."""

from __future__ import annotations

import re
from typing import Final

from cflint.pattern import pattern
from cflint.source import Span
from cflint.syntax.data import Kind, Node, shown

BLANK: Final = pattern(rb"(?:[ \t\n]++|\r\n)*+")
SPACE: Final = pattern(rb"[ \t]*+")
COMMENT: Final = pattern(rb"#[^\n\x00-\x08\x0b-\x1f\x7f]*+")
LINE: Final = pattern(rb"[^\n]*+")
KEY_PART: Final = pattern(
    rb"""[ \t]*+(?:
      ([A-Za-z0-9_-]++)
    | "((?:[^"\\\x00-\x08\x0a-\x1f\x7f]++|\\[^\x00-\x1f\x7f])*+)"
    | '([^'\x00-\x08\x0a-\x1f\x7f]*+)'
    )[ \t]*+(\.)?""",
    re.VERBOSE,
)
PLAIN_PAIR: Final = rb"""([A-Za-z0-9_-]++)[ \t]*+=[ \t]*+(?:
      "([^"\\\x00-\x08\x0a-\x1f\x7f]*+)"(?!")
    | (true|false)
    | (0|-?[1-9][0-9]{0,14})
    )[ \t]*+"""
SIMPLE: Final = pattern(PLAIN_PAIR + rb"(?=\#|\r?\n|\Z)", re.VERBOSE)
SIMPLE_INLINE: Final = pattern(PLAIN_PAIR + rb"(?=[,}])", re.VERBOSE)
SIMPLE_STRING: Final = pattern(rb'"([^"\\\x00-\x08\x0a-\x1f\x7f]*+)"(?!")')
SIMPLE_HEADER: Final = pattern(
    rb"\[(\[)?([A-Za-z0-9_-]++(?:\.[A-Za-z0-9_-]++)*+)\](?(1)\])[ \t]*+(?=\r?\n|\Z)"
)
BASIC: Final = pattern(rb'"((?:[^"\\\n\r]++|\\[^\n\r])*+)"')
LITERAL: Final = pattern(rb"'([^'\n\r]*+)'")
LONG_BASIC: Final = pattern(rb'"""((?:[^"\\]++|\\.|"{1,2}(?!"))*+)"""("{0,2})', re.DOTALL)
LONG_LITERAL: Final = pattern(rb"'''((?:[^']++|'{1,2}(?!'))*+)'''('{0,2})")
CONTROL: Final = pattern(rb"[\x00-\x08\x0a-\x1f\x7f]")
LONG_CONTROL: Final = pattern(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|\r(?!\n)")
ESCAPE: Final = pattern(
    r"""\\(?:([btnfre"\\])|x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|([ \t]*\r?\n[ \t\r\n]*))"""
)
VALID_ESCAPES: Final = pattern(
    rb"""(?:[^\\]++|\\(?:[btnfre"\\]|[ \t]*+\r?\n|x[0-9A-Fa-f]{2}
    |(?:u|U0000)(?![Dd][89A-Fa-f])[0-9A-Fa-f]{4}|U00(?:0[1-9A-Fa-f]|10)[0-9A-Fa-f]{4}))*+""",
    re.VERBOSE,
)
BARE: Final = pattern(rb"""[^\s,\[\]{}#="']++""")
JUNK: Final = pattern(rb"""[^\s,\[\]{}#"']++""")
INTEGER: Final = pattern(r"[+-]?(?:0|[1-9](?:_?[0-9])*)")
PREFIXED: Final = pattern(r"0x[0-9A-Fa-f](?:_?[0-9A-Fa-f])*|0o[0-7](?:_?[0-7])*|0b[01](?:_?[01])*")
FLOAT: Final = pattern(
    r"[+-]?(?:(?:0|[1-9](?:_?[0-9])*)(?:\.[0-9](?:_?[0-9])*)?(?:[eE][+-]?[0-9](?:_?[0-9])*)?|inf|nan)"
)
TIME: Final = r"(?:[01][0-9]|2[0-3]):[0-5][0-9](?::(?:[0-5][0-9]|60)(?:\.[0-9]+)?)?"
DATE: Final = pattern(
    rf"(?:([0-9]{{4}})-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
    rf"(?:[Tt ]{TIME}(?:[Zz]|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])?)?|{TIME})"
)
DAY: Final = pattern(rb"[0-9]{4}-[0-9]{2}-[0-9]{2}")
TIME_AFTER_DAY: Final = pattern(rb" [0-9]{2}:[^\s,\[\]{}#=\"']*+")
HEADER_LINE: Final = pattern(
    rb"\[{1,2}[ \t]*+(?!(?:true|false|inf|nan)[ \t]*\])[A-Za-z_][A-Za-z0-9_-]*+[ \t]*+(?:\.[^\r\n\]#,]*+)?"
    rb"\]{1,2}[ \t]*+(?:#[^\n]*+)?(?:\r?\n|\Z)"
)
KEY_LINE: Final = pattern(rb"[A-Za-z0-9_-]++(?:[ \t]*+\.[ \t]*+[A-Za-z0-9_-]++)*+[ \t]*+=")
SKIPPED: Final = pattern(
    rb"""[\[{]|[\]}]|\#[^\n]*+|"{3}(?:[^"\\]++|\\(?:.|\Z)|"{1,2}(?!"))*+(?:"{3,5}|\Z)|'{3}(?:[^']++|'{1,2}(?!'))*+(?:'{3,5}|\Z)
    |"(?:[^"\\\n]++|\\[^\n])*+"?|'[^'\n]*+'?|[^\[\]{}\#"']++""",
    re.VERBOSE | re.DOTALL,
)

ESCAPED: Final = {
    "b": "\b",
    "t": "\t",
    "n": "\n",
    "f": "\f",
    "r": "\r",
    "e": "\x1b",
    '"': '"',
    "\\": "\\",
}
MEANT: Final = {"True": "true", "False": "false", "yes": "true", "no": "false"}
LONGEST_INTEGER: Final = 400  # digits; a longer one is infinite in JavaScript, and slow to read in Python


def plain_value(match: re.Match[bytes]) -> Node:
    """The value of a `PLAIN_PAIR`."""
    group = match.lastindex or 0
    start, end = match.span(group)
    if group == 2:
        return Node(Kind.STRING, Span(start - 1, end + 1), match[2].decode("utf-8", "replace"))
    if group == 3:
        return Node(Kind.BOOLEAN, Span(start, end), match[3] == b"true")
    return Node(Kind.NUMBER, Span(start, end), int(match[4]))


def unescaped(match: re.Match[str]) -> str:
    group = match.lastindex or 0
    if group == 1:
        return ESCAPED[match[1]]
    return "" if group == 5 else chr(int(match[group], 16))


def number_of(text: str) -> int | float | None:
    if INTEGER.fullmatch(text):
        plain = text.replace("_", "")
        return int(plain) if len(plain) < LONGEST_INTEGER else float(plain)
    if PREFIXED.fullmatch(text):
        return int(text, 0)
    if FLOAT.fullmatch(text):
        return float(text.replace("_", ""))
    return None


def is_day(year: int, month: int, day: int) -> bool:
    if month == 2:
        leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
        return day <= (29 if leap else 28)
    return day <= 30 or month not in (4, 6, 9, 11)


def no_value_message(word: str) -> str:
    if word in MEANT:
        return f"`{word}` is not TOML; `{MEANT[word]}` is"
    if word[:1].isdigit() or word[:1] in "+-.":
        return f"`{shown(word)}` is not a number or date in TOML"
    return f"`{shown(word)}` needs quotes"
