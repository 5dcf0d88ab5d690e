"""The comment that silences findings where they stand: how it is written there, and whether it can be.

A comment must not change what a file means, so every edit is proved: with it the file has the same tokens
(of code), the same syntax (of Python) or the same values (of a configuration) as without.

Imported where used: the parsers, each when there is a document of its language.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import Enum
from typing import TYPE_CHECKING

from cflint.engine.parsing import parses_worse
from cflint.finding import Edit
from cflint.pattern import pattern
from cflint.source import Document, Span
from cflint.syntax.suffixes import FRONTMATTER, MODULE_SUFFIXES

if TYPE_CHECKING:
    from cflint.syntax.javascript import Syntax

REASON = "reason"
"""The place for the reason in a new comment."""

_MARKDOWN = (".md", ".mdx")
_PLAIN = ("_headers", "_redirects")
"""Files of lines, of which one that begins with `#` is a comment."""
_FOR_NEXT_LINE = pattern(
    rb"-disable-next-line|-ignore-next-line|\b(?:prettier|biome|deno-lint|deno-fmt|dprint)-ignore\b"
    rb"|\b(?:istanbul|c8|v8) ignore\b|@ts-(?:ignore|expect-error)\b"
)
"""What in a comment of another tool is about the line below it, which has to stay there."""


class Obstacle(Enum):
    """Why a line can have no comment."""

    STRICT_JSON = "JSON of this kind has no comments"
    UNKNOWN = "comments in a file of this kind are not known"
    TEXT = "a comment would become part of a text over several lines, or the file does not parse"
    NO_EFFECT = "no comment there has an effect"


class Commenter:
    """Writes comments into one document."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self._syntax: dict[str, Syntax | None] = {}

    def edits(self, line: int, comment: str) -> tuple[Edit, ...] | Obstacle:
        """The ways to write a comment about a 1-based line, the best first; none of them is proved (see
        `keeps_meaning`)."""
        code = self._code(line)
        if code is None:
            return Obstacle.UNKNOWN
        name = code.path.rpartition("/")[2]
        if name.endswith(MODULE_SUFFIXES):
            found = tuple(self._in_code(code, line, comment))
        elif name.endswith((".py", ".toml")):
            found = (self._above(code, line, f"# {comment}"), self._behind(line, f"  # {comment}"))
        elif name.endswith(".jsonc") or (name.endswith(".json") and name.startswith("wrangler")):
            found = (self._above(code, line, f"// {comment}"), self._behind(line, f" // {comment}"))
        elif name in _PLAIN:
            found = (self._above(code, line, f"# {comment}"),)
        else:
            return Obstacle.STRICT_JSON if name.endswith(".json") else Obstacle.UNKNOWN
        if self._follows_directive(line):
            found = tuple(sorted(found, key=self._is_above))
        return found or Obstacle.TEXT

    def _code(self, line: int) -> Document | None:
        """The document that a line belongs to: of Markdown the block around it. None for a line without
        code."""
        document = self.document
        at = document.line_span(line).start
        if document.path.endswith(FRONTMATTER):
            from cflint.syntax.embedded import scripts_in

            scripts = scripts_in(document.path, document.data)
            return document if any(at in span for span in scripts) else None
        if not document.path.endswith(_MARKDOWN):
            return document
        from cflint.syntax.markdown import fenced_blocks

        blocks = document.memoized("blocks to comment in", fenced_blocks)
        return next((block.document for block in blocks if at in block.content), None)

    def _above(self, code: Document, line: int, comment: str) -> Edit:
        """A comment on a line of its own, as far in as the line below it."""
        span = self.document.line_span(line)
        text = code.data[span.start : span.end]
        width = len(text) - len(text.lstrip())
        before = self.document.data[span.start : span.start + width].decode("utf-8", "replace")
        return Edit(self.document, Span(span.start, span.start), f"{before}{comment}\n")

    def _behind(self, line: int, comment: str) -> Edit:
        end = self._end(line)
        return Edit(self.document, Span(end, end), comment)

    def _end(self, line: int) -> int:
        span = self.document.line_span(line)
        return span.start + len(self.document.data[span.start : span.end].rstrip())

    def _is_above(self, edit: Edit) -> bool:
        return edit.text.endswith("\n")

    def _follows_directive(self, line: int) -> bool:
        if line == 1:
            return False
        above = self.document.line_span(line - 1)
        return _FOR_NEXT_LINE.search(self.document.data, above.start, above.end) is not None

    def _in_code(self, code: Document, line: int, comment: str) -> Iterator[Edit]:
        syntax = self._parsed(code)
        if syntax is None:
            return
        span = code.line_span(line)
        text = code.data[span.start : span.end]
        form = _form(syntax, span.start + len(text) - len(text.lstrip()))
        if form is not None:
            yield self._above(code, line, form.format(comment))
        end = self._end(line)
        form = _form(syntax, end)
        if form is not None:
            blank = "" if form.startswith("{{") else " "  # between tags a blank may be text
            yield self._behind(line, f"{blank}{form.format(comment)}")
        at = code.data.find(b"${", span.start, end)
        while at != -1:
            node = syntax.node_at(at, at + 2)
            while node is not None and node.start_byte == at and node.type != "template_substitution":
                node = syntax.parent(node)
            if node is not None and node.start_byte == at:
                yield Edit(self.document, Span(at + 2, at + 2), f"/* {comment} */ ")
                return
            at = code.data.find(b"${", at + 2, end)

    def _parsed(self, code: Document) -> Syntax | None:
        if code.path not in self._syntax:
            from cflint.syntax.javascript import ParseTimeout, parse

            try:
                self._syntax[code.path] = parse(code)
            except ParseTimeout:
                self._syntax[code.path] = None
        return self._syntax[code.path]


def _form(syntax: Syntax, at: int) -> str | None:
    """How a comment is written at a byte offset of code, as a format; None where it would be text."""
    node = syntax.node_at(at, at)
    while node is not None:
        if node.type == "comment" and node.start_byte < at <= node.end_byte:
            return None
        if node.start_byte < at < node.end_byte:
            match node.type:
                case "template_substitution" | "jsx_expression":
                    break
                case "template_string" | "string" | "regex":
                    return None
                case "jsx_element" | "jsx_fragment":
                    return "{{/* {} */}}"
                case "jsx_opening_element" | "jsx_self_closing_element" | "jsx_closing_element":
                    return "/* {} */"
        node = syntax.parent(node)
    return "// {}"


def comment_for(rules: Sequence[str], reason: str) -> str:
    """What a comment says that silences rules, without the marks of the language."""
    return f"cflint-ignore {', '.join(rules)}: {reason}"


def ignore_edit(document: Document, offset: int, rule: str) -> Edit | None:
    """The edit that puts `cflint-ignore <rule>: reason` where it silences what is reported at a byte offset;
    None where no comment can stand."""
    edits = Commenter(document).edits(document.line_of(offset), comment_for([rule], REASON))
    if isinstance(edits, Obstacle):
        return None
    return next((edit for edit in edits if keeps_meaning(document, with_comments(document, [edit]))), None)


def with_comments(document: Document, edits: Sequence[Edit]) -> Document:
    """A document with some edits made, none of which touches another; their line ends become its own."""
    data = document.data
    parts: list[bytes] = []
    at = 0
    for edit in sorted(edits, key=lambda edit: edit.span):
        text = edit.text.replace("\n", document.newline)
        parts += (data[at : edit.span.start], text.encode("utf-8", "surrogateescape"))
        at = edit.span.end
    return Document(document.path, b"".join((*parts, data[at:])))


def keeps_meaning(before: Document, after: Document) -> bool:
    """Whether two texts of a file that differ in comments mean the same: what was added is a comment."""
    if parses_worse(before, after):
        return False
    path = before.path
    if path.endswith(_MARKDOWN):
        from cflint.syntax.markdown import fenced_blocks

        blocks, others = fenced_blocks(before), fenced_blocks(after)
        return len(blocks) == len(others) and all(
            block.info == other.info
            and block.content.end - block.content.start <= other.content.end - other.content.start
            and keeps_meaning(block.document, other.document)
            for block, other in zip(blocks, others, strict=True)
        )
    if path.endswith((".json", ".jsonc", ".toml")):
        from cflint.syntax.documents import read

        return bool(read(after).root.plain == read(before).root.plain)
    if path.endswith(".py"):
        return _is_same_python(before.data, after.data)
    if path.endswith(MODULE_SUFFIXES):
        return _is_same_code(before, after)
    return True


def _is_same_code(before: Document, after: Document) -> bool:
    from cflint.syntax.javascript import ParseTimeout, parse

    try:
        return list(_tokens(parse(before))) == list(_tokens(parse(after)))
    except ParseTimeout:
        return False


def _tokens(syntax: Syntax) -> Iterator[tuple[str, bytes]]:
    """The tokens of code, comments left out. Of a text between tags they are its lines, as they are shown: a
    comment in it makes two texts of one."""
    data = syntax.document.data
    stack = [syntax.tree.root_node]
    while stack:
        node = stack.pop()
        if node.type in ("comment", "html_comment"):
            continue
        if node.type == "jsx_text":
            shown = _shown(data[node.start_byte : node.end_byte])
            if shown:
                yield "jsx_text", shown
        elif node.type == "jsx_expression" and all(
            child.type in ("{", "comment", "}") for child in node.children
        ):
            continue
        elif node.child_count:
            stack.extend(reversed(node.children))
        elif node.end_byte > node.start_byte:
            yield node.type, data[node.start_byte : node.end_byte]


def _shown(text: bytes) -> bytes:
    """What JSX makes of a text between tags: each line without the blanks at line ends, empty ones left
    out, joined by one blank."""
    lines = text.replace(b"\t", b" ").splitlines() or [b""]
    last = len(lines) - 1
    kept = [
        line.lstrip(b" ") if at and at == last else line.rstrip(b" ") if not at else line.strip(b" ")
        for at, line in enumerate(lines)
    ]
    if not last:
        kept = [lines[0]]
    if text.endswith((b"\n", b"\r")):
        kept[-1] = kept[-1].rstrip(b" ")
    return b" ".join(line for line in kept if line)


def _is_same_python(before: bytes, after: bytes) -> bool:
    """Whether two texts that differ in a comment mean the same: it is none within a string."""
    import ast

    from cflint.syntax.python_limits import refusal

    if refusal(before.decode("utf-8", "replace")) is not None:
        return False
    try:
        return ast.dump(ast.parse(before)) == ast.dump(ast.parse(after))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
