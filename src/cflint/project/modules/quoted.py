"""Whether what a pattern finds in a module is code, or stands in a string, a template or a comment.

A program that writes others holds them as text. A tree is made only where what stands before leaves a doubt.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cflint.lazy import Lazy
from cflint.pattern import pattern
from cflint.source import Document
from cflint.syntax.suffixes import EXTENSIONS

if TYPE_CHECKING:
    from cflint.syntax import javascript
else:
    javascript = Lazy("cflint.syntax.javascript")

_DOUBT_IN_LINE = pattern(rb"//|[\"'*]")
_WORD = pattern(rb"\w")
_COMMENT_LINE = pattern(rb"[ \t]*(?://|/\*|\*[ /])")
_TEXT = frozenset(("string", "template_string", "comment", "jsx_text", "regex"))
_AROUND = _TEXT | {"template_substitution", "jsx_expression"}


def finds_code(found: re.Pattern[bytes], document: Document) -> bool:
    """Whether a pattern finds something in a module that begins outside of strings, templates and comments,
    as do its groups. What cannot be parsed in time is taken for code."""
    data = document.data
    syntax: javascript.Syntax | None = None
    for match in found.finditer(data):
        word = _WORD.search(data, match.start())
        start = word.start() if word is not None else match.start()
        places = (start, *(match.start(group) for group in range(1, found.groups + 1)))
        if syntax is None:  # there may be thousands, and to see that one is doubtful takes all that is before
            if not document.path.endswith(EXTENSIONS) or not any(_is_doubtful(data, it) for it in places):
                return True
            try:
                syntax = javascript.parse(document)
            except javascript.ParseTimeout:
                return True
        if not any(_is_text(syntax, place) for place in places):
            return True
    return False


def _is_text(syntax: javascript.Syntax, at: int) -> bool:
    """Whether a byte stands in a string, a template or a comment, and not in an expression in one."""
    node = syntax.node_at(at, at + 1)
    while node is not None and node.type not in _AROUND:
        node = syntax.parent(node)
    return node is not None and node.type in _TEXT


def _is_doubtful(data: bytes, at: int) -> bool:
    line = data.rfind(b"\n", 0, at) + 1
    return (
        data.find(b"`", 0, at) != -1
        or data.rfind(b"/*", 0, at) > data.rfind(b"*/", 0, at)
        or _DOUBT_IN_LINE.search(data, line, at) is not None
    )


def first_template(data: bytes) -> int:
    """Where the first template may begin: at a backtick, but for those in comments that have lines of their
    own; -1 without one."""
    at = data.find(b"`")
    while at != -1:
        line = data.rfind(b"\n", 0, at) + 1
        if _COMMENT_LINE.match(data, line, at) is None or data.find(b"*/", line, at) != -1:
            break
        end = data.find(b"\n", at)
        end = end if end != -1 else len(data)
        close = data.find(b"*/", at, end)
        at = data.find(b"`", close if close != -1 else end)
    return at
