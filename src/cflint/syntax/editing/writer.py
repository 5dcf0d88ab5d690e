"""How a format writes values, and what both formats write alike."""

from __future__ import annotations

import re
from typing import Final, Protocol

from cflint.syntax.data import Value


class Writer(Protocol):
    """How a format writes values."""

    @property
    def unit(self) -> str:
        """One level of indentation."""

    @property
    def needs_one_line(self) -> bool: ...

    def key(self, key: str) -> str: ...

    def pair(self, key: str, text: str) -> str: ...

    def comment(self, comment: str | None, indent: str) -> str:
        """A comment's lines with their line ends; nothing for None."""

    def on_one_line(self, value: Value, like: str = "") -> str:
        """A value; a string in the quotes of `like`, which it takes the place of, where it can be."""

    def on_lines(self, value: Value, indent: str) -> str:
        """A value that may go over several lines, the first of which is indented by `indent`."""


_SHORT_ESCAPES: Final = {
    '"': '\\"',
    "\\": "\\\\",
    "\b": "\\b",
    "\f": "\\f",
    "\n": "\\n",
    "\r": "\\r",
    "\t": "\\t",
}


def in_double_quotes(text: str, escaped: re.Pattern[str]) -> str:
    """The text in double quotes; what `escaped` matches is written as an escape."""

    def escape(match: re.Match[str]) -> str:
        return _SHORT_ESCAPES.get(match[0], f"\\u{ord(match[0]):04x}")

    return f'"{escaped.sub(escape, text)}"'


def comment_lines(comment: str | None, mark: str, indent: str, newline: str) -> str:
    """A comment's lines behind the mark of the format, each with its line end; nothing for None."""
    if comment is None:
        return ""
    return "".join(f"{indent}{mark} {line}".rstrip() + newline for line in comment.splitlines())
