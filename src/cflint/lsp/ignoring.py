"""The comment that silences a finding where it stands: how it is written there, and whether it can be."""

from __future__ import annotations

import ast

from cflint.engine.parsing import parses_worse
from cflint.finding import Edit
from cflint.source import Document, Span
from cflint.syntax.documents import read
from cflint.syntax.javascript import ParseTimeout, parse
from cflint.syntax.python_limits import refusal
from cflint.syntax.suffixes import MODULE_SUFFIXES

REASON = "reason"
"""The place for the reason in a new comment."""


def ignore_edit(document: Document, offset: int, rule: str) -> Edit | None:
    """The edit that puts `cflint-ignore <rule>: reason` on a line above the one of a byte offset.

    None where no comment can stand: in a text over several lines, in JSON that other tools read, in Python
    that does not parse.
    """
    line = document.line_span(document.line_of(offset))
    text = document.data[line.start : line.end]
    indent = text[: len(text) - len(text.lstrip())].decode("ascii", "replace")
    comment = f"cflint-ignore {rule}: {REASON}"
    path = document.path
    if path.endswith((".toml", ".py")):
        written = f"# {comment}"
    elif path.endswith((".json", ".jsonc")):
        if path.endswith(".json") and not path.rpartition("/")[2].startswith("wrangler"):
            return None
        written = f"// {comment}"
    elif path.endswith(MODULE_SUFFIXES):
        found = _comment_in_code(document, line.start + len(indent.encode()), comment)
        if found is None:
            return None
        written = found
    else:
        return None
    edit = Edit(document, Span(line.start, line.start), f"{indent}{written}\n")
    return edit if _keeps_its_meaning(document, edit) else None


def _comment_in_code(document: Document, start: int, comment: str) -> str | None:
    """The comment as it has to be written at the start of a line of code."""
    try:
        syntax = parse(document)
    except ParseTimeout:
        return None
    node = syntax.node_at(start, start)
    while node is not None:
        if node.type in ("template_substitution", "jsx_expression") and node.start_byte < start:
            break
        if node.type in ("template_string", "comment", "string") and node.start_byte < start:
            return None
        if node.type in ("jsx_element", "jsx_fragment") and node.start_byte < start:
            return f"{{/* {comment} */}}"
        if node.type in ("jsx_opening_element", "jsx_self_closing_element") and node.start_byte < start:
            return f"/* {comment} */"
        node = syntax.parent(node)
    return f"// {comment}"


def _keeps_its_meaning(document: Document, edit: Edit) -> bool:
    """Whether the document still parses, and a configuration has the same value, with the comment in it."""
    at = edit.span.start
    after = Document(document.path, document.data[:at] + edit.text.encode() + document.data[at:])
    if parses_worse(document, after):
        return False
    if document.path.endswith((".json", ".jsonc", ".toml")):
        return read(after).root.plain == read(document).root.plain
    if document.path.endswith(".py"):
        return _is_same_python(document.data, after.data)
    return True


def _is_same_python(before: bytes, after: bytes) -> bool:
    """Whether two texts that differ in a comment mean the same: it is none within a string."""
    if refusal(before.decode("utf-8", "replace")) is not None:
        return False
    try:
        return ast.dump(ast.parse(before)) == ast.dump(ast.parse(after))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
