"""Python source as libcst reads it, with the bytes of every node.

libcst takes 0.2 s to load and is slow beside the other parsers: import this module, and parse, only for what
a rule has a reason to look at. `parse` never raises: what Python cannot read becomes a `Problem`.

Imported where used: libcst.metadata is loaded for positions, which few modules need.
"""

from __future__ import annotations

import ast
import io
import sys
import warnings
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from functools import cache, cached_property
from typing import TypeGuard, TypeVar

import libcst as cst

from cflint.pattern import pattern
from cflint.source import BOM, Document, Span
from cflint.syntax.data import Problem
from cflint.syntax.python_limits import MAX_CHAIN, refusal

_NO_PARTS = pattern(
    r"whitespace|leading_lines|lines_after|lpar$|rpar$|lbracket|rbracket|lbrace|rbrace|comma$|semicolon$|"
    r"header$|footer$|trailing|equal$|dot$|colon$|tok$|async_|indent$|ellipsis$|operator"
)
N = TypeVar("N", bound=cst.CSTNode)
_DEFINES = (cst.FunctionDef, cst.ClassDef)


class PythonSyntax:
    """One module: `root` is its tree, an empty one when it does not parse, and `problems` say why.

    `refused`: the code may be right, but is not parsed (see `refusal`). Nodes are compared by
    identity. Positions are worked out at first use: they take longer than parsing.
    """

    def __init__(self, document: Document, root: cst.Module, source: _Source, problems: tuple[Problem, ...]):
        self.document = document
        self.root = root
        self.problems = problems
        self.refused = False
        self._source = source

    @cached_property
    def _below(self) -> Mapping[cst.CSTNode, tuple[cst.CSTNode, ...]]:
        """The parts of every node; its keys are in the order of a walk."""
        found: dict[cst.CSTNode, tuple[cst.CSTNode, ...]] = {}
        todo: list[cst.CSTNode] = [self.root]
        while todo:
            node = todo.pop()
            below = found[node] = tuple(children(node))
            todo.extend(reversed(below))
        return found

    @cached_property
    def parents(self) -> Mapping[cst.CSTNode, cst.CSTNode]:
        """The node around each node, blanks and punctuation left out."""
        return {child: node for node, below in self._below.items() for child in below}

    @cached_property
    def _by_type(self) -> Mapping[type[cst.CSTNode], list[cst.CSTNode]]:
        found: dict[type[cst.CSTNode], list[cst.CSTNode]] = {}
        for node in self._below:
            found.setdefault(type(node), []).append(node)
        return found

    def of_type(self, kind: type[N]) -> Iterator[N]:
        """All nodes of exactly one type of libcst, in the order of a walk."""
        for node in self._by_type.get(kind, ()):
            assert isinstance(node, kind)
            yield node

    def children(self, node: cst.CSTNode) -> tuple[cst.CSTNode, ...]:
        """The parts of a node without blanks, comments and punctuation, in the order of libcst's fields."""
        return self._below[node]

    def parent(self, node: cst.CSTNode) -> cst.CSTNode | None:
        """The node around a node; None of the module."""
        return self.parents.get(node)

    def ancestors(self, node: cst.CSTNode) -> Iterator[cst.CSTNode]:
        """The nodes around a node, nearest first."""
        above = self.parents.get(node)
        while above is not None:
            yield above
            above = self.parents.get(above)

    def walk(self, within: cst.CSTNode | None = None) -> Iterator[cst.CSTNode]:
        """A node (the module) and all below it; a statement comes before the ones that follow it."""
        below = self._below
        todo: list[cst.CSTNode] = [within if within is not None else self.root]
        while todo:
            node = todo.pop()
            yield node
            todo.extend(reversed(below[node]))

    @cached_property
    def _spans(self) -> Mapping[cst.CSTNode, tuple[int, int]]:
        from libcst.metadata import ByteSpanPositionProvider, MetadataWrapper

        limit = sys.getrecursionlimit()
        sys.setrecursionlimit(max(limit, 20 * MAX_CHAIN))  # libcst writes the code again, recursively
        try:
            wrapper = MetadataWrapper(self.root, unsafe_skip_copy=True)
            spans = wrapper.resolve(ByteSpanPositionProvider)
        finally:
            sys.setrecursionlimit(limit)
        return {node: (span.start, span.start + span.length) for node, span in spans.items()}

    def span(self, node: cst.CSTNode) -> Span:
        """The bytes of a node in the document, without the parentheses, blanks and comments around it, and
        without the decorators of a definition."""
        start, end = self._spans.get(node, (0, 0))
        return self._source.span(start, end)

    def text(self, node: cst.CSTNode) -> str:
        """The source text of a node (of a block of Markdown, with the indentation it has there)."""
        return self.document.text(self.span(node))


def children(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """What `PythonSyntax.children` tells of a node, read from the node itself."""
    for name in _fields(type(node)):
        value: object = getattr(node, name)
        for item in value if isinstance(value, (list, tuple)) else (value,):
            if _is_node(item):
                yield item


_IS_NODE: dict[type, bool] = {}


def _is_node(value: object) -> TypeGuard[cst.CSTNode]:
    """`isinstance(value, cst.CSTNode)`, which is slow since libcst's classes are abstract."""
    kind = type(value)
    found = _IS_NODE.get(kind)
    if found is None:
        found = _IS_NODE[kind] = issubclass(kind, cst.CSTNode)
    return found


@cache
def _fields(kind: type[cst.CSTNode]) -> tuple[str, ...]:
    names = [name for name in kind.__dataclass_fields__ if _NO_PARTS.search(name) is None]
    if issubclass(kind, _DEFINES):  # decorators come first in the source
        names.sort(key=lambda name: name != "decorators")
    return tuple(names)


def parse(document: Document) -> PythonSyntax:
    """Parse a module, or a block of Markdown (whose indentation is taken away first)."""
    source = _Source(document)
    problem: Problem | None = source.problem
    refused = False
    if problem is None:
        too_much = refusal(source.text)
        if too_much is not None:
            at = source.span_of_text(too_much.offset, too_much.offset + 1)
            problem, refused = Problem(too_much.reason, at), True
    if problem is None:
        try:
            return PythonSyntax(document, cst.parse_module(source.text), source, ())
        except cst.ParserSyntaxError as error:
            problem = _problem(source, error)
        except (RecursionError, ValueError, cst.CSTValidationError) as error:
            problem = Problem(str(error) or type(error).__name__, Span(0, 0))
    broken = PythonSyntax(document, cst.Module([]), source, (problem,))
    broken.refused = refused
    return broken


def class_outline(document: Document) -> Mapping[str, tuple[str, ...]] | None:
    """The classes of a module's top level by name, each with its bases as dotted names, imported ones by
    where they come from (`workers.WorkerEntrypoint`); None of what the interpreter's parser, which is much
    faster than libcst, cannot read. The last class of a name counts."""
    text = _Source(document).text
    if refusal(text) is not None:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            body = ast.parse(text).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    imported: dict[str, str] = {}
    found: dict[str, tuple[str, ...]] = {}
    for statement in body:
        if isinstance(statement, ast.ImportFrom) and not statement.level:
            imported |= {
                name.asname or name.name: f"{statement.module}.{name.name}" for name in statement.names
            }
        elif isinstance(statement, ast.ClassDef):
            found[statement.name] = tuple(_dotted(base, imported) for base in statement.bases)
    return found


def _dotted(node: ast.expr, imported: Mapping[str, str]) -> str:
    if isinstance(node, ast.Attribute):
        return f"{_dotted(node.value, imported)}.{node.attr}"
    return imported.get(node.id, node.id) if isinstance(node, ast.Name) else ""


def refused(document: Document) -> str | None:
    """Why a module is not parsed although it may be right; None when it is."""
    found = refusal(_Source(document).text)
    return None if found is None else found.reason


def syntax_error(document: Document) -> Problem | None:
    """Why a module does not parse; None when it does, or is not parsed. The interpreter's parser comes first:
    it is faster and says more, but may be older than the code."""
    source = _Source(document)
    if refusal(source.text) is not None:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(source.text)
        return source.problem
    except SyntaxError as error:
        reported: SyntaxError | None = error
    except (ValueError, RecursionError, MemoryError):
        reported = None
    found = parse(document)
    if not found.problems or found.refused:
        return None
    if reported is None or reported.lineno is None or source.problem is not None:
        return found.problems[0]
    start = source.offset_at(reported.lineno, max(0, (reported.offset or 1) - 1))
    end = start
    if reported.end_lineno == reported.lineno and reported.end_offset is not None and reported.end_offset > 0:
        end = source.offset_at(reported.lineno, reported.end_offset - 1)
        end = min(end, document.line_span(document.line_of(start)).end)  # from 3.12 on a line end has a width
    return Problem(reported.msg, Span(start, max(start, end)))


def _problem(source: _Source, error: cst.ParserSyntaxError) -> Problem:
    message = error.message.split(": ")[-1] if error.message.startswith("tokenizer") else "invalid syntax"
    at = source.offset_at(error.raw_line, error.raw_column)
    return Problem(message, Span(at, at))


class _Source:
    """The text that is parsed, and where its bytes are in the document.

    Leading blank lines, a byte order mark and the indentation of a block of Markdown are left out.
    """

    def __init__(self, document: Document) -> None:
        self.document = document
        self.problem: Problem | None = None
        data = document.data
        begin = len(BOM) if data.startswith(BOM) else 0
        self._starts: list[tuple[int, int]]  # (offset in the parsed bytes, offset in the document) of lines
        if document.origin is None:
            parsed = data[begin:]
            self._starts = [(0, begin)]
        else:
            parsed = self._dedent(data)
        try:
            self.text = parsed.decode("utf-8")
        except UnicodeDecodeError as error:
            self.text = ""
            at = self.at(error.start)
            self.problem = Problem("not UTF-8", Span(at, at + 1))

    def _dedent(self, data: bytes) -> bytes:
        lines = data.splitlines(keepends=True)
        filled = [number for number, line in enumerate(lines) if line.strip()]
        if not filled:
            self._starts = [(0, 0)]
            return b""
        first, last = filled[0], filled[-1]
        margin = len(lines[first]) - len(lines[first].lstrip(b" \t"))
        at = sum(len(line) for line in lines[:first])
        self._starts = []
        kept: list[bytes] = []
        size = 0
        for line in lines[first : last + 1]:
            cut = min(margin, len(line) - len(line.lstrip(b" \t")))
            self._starts.append((size, at + cut))
            kept.append(line[cut:])
            size += len(line) - cut
            at += len(line)
        return b"".join(kept)

    def at(self, offset: int) -> int:
        """The offset in the document of one in the parsed bytes."""
        index = max(0, bisect_right(self._starts, (offset, sys.maxsize)) - 1)
        parsed, real = self._starts[index]
        return min(real + offset - parsed, len(self.document.data))

    def span(self, start: int, end: int) -> Span:
        """The document's bytes of a span of the parsed ones."""
        first = self.at(start)
        last = self.at(end - 1) + 1 if end > start else first  # libcst adds a line end where there is none
        return Span(first, max(first, min(last, len(self.document.data))))

    def span_of_text(self, start: int, end: int) -> Span:
        """The document's bytes of a span of the parsed text, in code points."""
        before = len(self.text[:start].encode())
        return self.span(before, before + len(self.text[start:end].encode()))

    def offset_at(self, line: int, column: int) -> int:
        """The document's offset of a 1-based line and 0-based column, in code points, of the text."""
        lines = list(io.StringIO(self.text, newline=""))  # as Python's: a form feed or U+2028 ends none
        before = "".join(lines[: line - 1])
        here = lines[line - 1][:column] if 0 < line <= len(lines) else ""
        return self.at(len((before + here).encode()))
