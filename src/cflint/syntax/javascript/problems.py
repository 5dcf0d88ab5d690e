"""What is wrong with code that does not parse: the causes among the errors of a tree.

Nothing here decides by the text of comments and strings: what of a line is looked at for its spelling is
looked at without them.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator
from enum import Enum
from itertools import islice, pairwise
from typing import TYPE_CHECKING

from cflint.pattern import pattern
from cflint.record import field, record
from cflint.source import Span
from cflint.syntax.javascript.nodes import span_of

if TYPE_CHECKING:
    from tree_sitter import Node

    from cflint.syntax.javascript.tree import Syntax

Token = tuple[str, int, int]


class SyntaxProblemKind(Enum):
    """What is wrong."""

    NOT_READABLE = "newer than the grammar"
    UNCLOSED = "a bracket is never closed"
    UNOPENED = "a bracket closes nothing"
    LEFT_OUT = "code was left out"
    MISSING = "something is missing after this"
    UNCLOSED_STRING = "a string is never closed"
    SPLIT_ARROW = "`= >` stands for `=>`"
    MISSING_COMMA = "a `,` is missing before this"
    NOT_ASSIGNABLE = "no value can be assigned to this"
    OTHER_SIGN = "this is a sign of another script"
    UNEXPECTED = "this cannot stand here"


@record(frozen=True)
class SyntaxProblem:
    """One thing that is wrong, and its place.

    `what` says more: the construct that the grammar does not know (`import attributes`), the bracket, the
    grammar's name of what is missing (`identifier`, `;`), or the text itself. `closed_early`, of a bracket
    that closes nothing: the earlier one that closed too much, by the indentation, and what that closed.
    """

    kind: SyntaxProblemKind
    span: Span
    what: str = ""
    closed_early: tuple[Span, Span] | None = None

    @property
    def start(self) -> int:
        """The first byte of all its places."""
        places = (self.span,) if self.closed_early is None else (self.span, *self.closed_early)
        return min(span.start for span in places)


def problems_of(syntax: Syntax) -> Iterator[SyntaxProblem]:
    """The causes of the errors in a tree, the typos that were mended left out.

    First what the grammar does not know yet, each construct once; an error in the same top-level statement is
    a consequence. Then the rest, in source order, up to the bracket without its other half: what comes after
    that follows from it.
    """
    errors = [node for node in islice(_smallest(syntax), _MOST_ERRORS) if not _is_target(syntax, node)]
    tokens = syntax.tokens() if errors else []
    unread: set[int] = set()
    known: set[str] = set()
    for node in errors:
        what = _not_readable(syntax, node)
        statement = _top_level(syntax, node)
        if what is None:
            continue
        unread.add(statement.id)
        if what not in known and what != _JSX_TEXT:
            known.add(what)
            has_text = node.end_byte > node.start_byte
            span = _first_token(syntax, node) if has_text else _before(tokens, node)
            yield SyntaxProblem(SyntaxProblemKind.NOT_READABLE, span, what)
    left = [node for node in errors if _top_level(syntax, node).id not in unread]
    bracket = _bracket(syntax, tokens) if left else None
    is_brace = bracket is not None and bracket.what in ("{", "}", "${")
    for node in left:
        sign = _other_sign(syntax, node.start_byte)
        if sign is not None:
            yield sign
            continue
        is_large = _lines(syntax, node) > 1
        if bracket is not None and (is_large or (is_brace and node.start_byte >= bracket.start)):
            yield _other_sign(syntax, bracket.start) or bracket
            return
        yield _problem_at(syntax, tokens, node)


def leaves_code_out(syntax: Syntax) -> bool:
    """Whether code has a `...`, or `…`, where some of it was left out."""
    data = syntax.document.data
    return any(_is_code(syntax, found.start()) for found in _LEFT_OUT.finditer(data))


def exports_something(syntax: Syntax) -> bool:
    """Whether code has an `export` of a declaration or a default, even where it does not parse."""
    tokens = syntax.tokens()
    data = syntax.document.data
    words = [data[start:end] for _, start, end in tokens]
    return any(word == b"export" and after in _EXPORTED for word, after in pairwise(words))


def is_in_text(syntax: Syntax, span: Span) -> bool:
    """Whether bytes are a part of one comment or of one text."""
    node = syntax.node_at(span.start, span.end)
    return node is not None and node.type in _TEXTS


_MOST_ERRORS = 200
"""How many errors are looked at: what comes after so many follows from them."""

_EXPORTED = frozenset({b"default", b"class", b"const", b"async", b"function"})
_COMMENTS = frozenset({"comment", "html_comment", "hash_bang_line"})
_TEXTS = _COMMENTS | {"string_fragment", "string", "template_string"}
_NEWER: tuple[tuple[re.Pattern[bytes], str], ...] = (
    (pattern(rb"""\bimport\s*\(\s*["'][^"'\n]+["']\s*(?:,[^)\n]*)?\)"""), "a type that is `import(…)`"),
    (pattern(rb"\bexport\s*\{[^}\n]*\btype\b"), "an export that is called `type`"),
    (pattern(rb"\bexport\s+type\s*\*"), "`export type *`"),
    (pattern(rb"\b(?:import|export)\b[^;\n]*\bwith\s*\{"), "import attributes"),
    (pattern(rb"\bfor\s*(?:await\s*)?\(\s*(?:await\s+)?using\b"), "`using` in a loop"),
    (pattern(rb"<\s*(?:const|in|out)\s+(?:out\s+)?\w"), "a modifier of a type parameter"),
    (pattern(rb"\baccessor\s+[\w#$]"), "`accessor`"),
    (pattern(rb"\bimport\s+(?:defer|source)\s"), "an import phase"),
    (pattern(rb">\s*\?\.\s*\("), "type arguments before `?.(`"),
    (pattern(rb"(?:^|[\s;({])@[\w$(]"), "a decorator in this place"),
)
_JSX_TEXT = "`&` in the text of JSX"  # which no rule looks at
_ENTITY_PARENTS = frozenset({"jsx_element", "jsx_fragment", "string", "jsx_attribute", "jsx_text"})
_LEFT_OUT = pattern(rb"(?:\.\.\.|\xe2\x80\xa6)[ \t]*(?:[),;}\]]|\r?\n)")
_ELISION = pattern(rb"[\s,;(]*(?:\.\.\.|\xe2\x80\xa6)[\s,;)]*\Z")
_SPLIT_ARROW = pattern(rb"=\s+>")
_OTHER_SIGN = pattern("|".join("，；：（）［］｛｝！？＝＜＞＋＊＆｜．＂＇、。【】“”‘’").encode())
"""Signs that a keyboard for another script writes in the place of those that code has."""
_OTHER_TEXTS = frozenset({"jsx_text", "regex_pattern"})
_LISTS = frozenset(
    {"object", "array", "arguments", "named_imports", "export_clause", "object_pattern", "formal_parameters"}
    | {"array_pattern", "enum_body"}
)


def _smallest(syntax: Syntax) -> Iterator[Node]:
    """The errors of the tree in source order; of a large one, those inside it when there are any."""
    for node in syntax.errors():
        inner: list[Node] = []
        stack = list(reversed(node.children)) if _lines(syntax, node) > 1 else []
        while stack:
            below = stack.pop()
            if below.is_error or below.is_missing:
                inner.append(below)
            elif below.has_error:
                stack.extend(reversed(below.children))
        yield from inner or (node,)


def _lines(syntax: Syntax, node: Node) -> int:
    """How many line ends a node has."""
    line_of = syntax.document.line_of
    return line_of(node.end_byte) - line_of(node.start_byte)


def _top_level(syntax: Syntax, node: Node) -> Node:
    """The child of the root that a node stands in, or is."""
    for above in syntax.ancestors(node):
        if above.id == syntax.root.id:
            break
        node = above
    return node


def _not_readable(syntax: Syntax, node: Node) -> str | None:
    """What of the language the grammar does not know yet, if that is all that is wrong here."""
    document = syntax.document
    parent = syntax.parent(node)
    text = document.data[node.start_byte : node.end_byte]
    if text.startswith(b"&") and parent is not None and parent.type in _ENTITY_PARENTS:
        return _JSX_TEXT
    start = document.line_span(document.line_of(node.start_byte)).start
    last = max(node.start_byte, min(node.end_byte, node.start_byte + 300))
    end = min(document.line_span(document.line_of(last)).end, start + 1000)
    if not any(newer.search(document.data[start:end]) for newer, _ in _NEWER):
        return None
    window = _without_texts(syntax, start, end)
    return next((what for newer, what in _NEWER if newer.search(window)), None)


def _without_texts(syntax: Syntax, start: int, end: int) -> bytes:
    """Bytes of the source with the text of comments and strings made blank."""
    text = bytearray(syntax.document.data[start:end])
    stack = list(syntax.at_top(start, end))
    while stack:
        node = stack.pop()
        if node.end_byte <= start or node.start_byte >= end:
            continue
        if node.type in _COMMENTS or node.type == "string_fragment":
            first, last = max(node.start_byte, start), min(node.end_byte, end)
            text[first - start : last - start] = b" " * (last - first)
        else:
            stack.extend(node.children)
    return bytes(text)


def _assigned(syntax: Syntax, node: Node) -> Node | None:
    """What is assigned to, at the `!` that the grammar misses behind targets that it does not know."""
    above = syntax.parent(node) if node.is_missing and node.type == "!" else None
    around = syntax.parent(above) if above is not None else None
    if above is None or around is None or around.child_by_field_name("left") != above:
        return None
    return above.named_children[0] if above.named_children else None


_TARGETS = frozenset(
    {"identifier", "member_expression", "subscript_expression", "shorthand_property_identifier", "undefined"}
    | {"shorthand_property_identifier_pattern", "array_pattern", "object_pattern"}
)
_AROUND_TARGETS = frozenset(
    {"parenthesized_expression", "as_expression", "satisfies_expression", "non_null_expression"}
    | {"spread_element", "rest_pattern", "assignment_expression", "assignment_pattern"}
    | {"object_assignment_pattern"}
)


def _is_target(syntax: Syntax, node: Node) -> bool:
    """Whether an error is only a target that the grammar does not know: `[a as B] = c`, `[(a)] = b`."""
    target = _assigned(syntax, node)
    if target is None:
        return False
    stack = [target]
    while stack:
        part = stack.pop()
        if part.type in ("array", "object"):
            stack += part.named_children
        elif part.type == "pair" or part.type == "type_assertion":
            stack += part.named_children[-1:]
        elif part.type in _AROUND_TARGETS:
            stack += part.named_children[:1]
        elif part.type not in _TARGETS and part.type != "comment":
            return False
    return True


def _is_code(syntax: Syntax, offset: int) -> bool:
    return not is_in_text(syntax, Span(offset, offset + 1))


def _other_sign(syntax: Syntax, offset: int) -> SyntaxProblem | None:
    """The first sign of another script, for one of code, in the line of an error: the grammar takes it for a
    letter, and stumbles over what comes next."""
    document = syntax.document
    line = document.line_span(document.line_of(offset))
    end = min(line.end, line.start + 10_000)
    for found in islice(_OTHER_SIGN.finditer(document.data, line.start, end), 20):
        span = Span(*found.span())
        node = syntax.node_at(*found.span())
        if node is not None and node.type not in _TEXTS and node.type not in _OTHER_TEXTS:
            return SyntaxProblem(SyntaxProblemKind.OTHER_SIGN, span, document.text(span))
    return None


def _problem_at(syntax: Syntax, tokens: list[Token], node: Node) -> SyntaxProblem:
    """What is wrong at an error that no bracket explains."""
    data = syntax.document.data
    if _ELISION.match(data[node.start_byte : node.end_byte]) is not None:
        return SyntaxProblem(SyntaxProblemKind.LEFT_OUT, span_of(node))
    if node.is_missing:
        target = _assigned(syntax, node)
        if target is not None:
            return SyntaxProblem(SyntaxProblemKind.NOT_ASSIGNABLE, _first_token(syntax, target))
        return SyntaxProblem(SyntaxProblemKind.MISSING, _before(tokens, node), node.type)
    span = _first_token(syntax, node)
    text = syntax.document.text(span)
    line = syntax.document.line_span(syntax.document.line_of(node.start_byte))
    quote = data[node.start_byte : node.start_byte + 1]
    if quote in (b"'", b'"') and quote not in data[node.start_byte + 1 : line.end]:
        return SyntaxProblem(SyntaxProblemKind.UNCLOSED_STRING, span)
    if text == "=" and _SPLIT_ARROW.match(data, span.start):
        return SyntaxProblem(SyntaxProblemKind.SPLIT_ARROW, span)
    before = _token_before(tokens, span.start)
    lacks_comma = before is not None and _lacks_comma(syntax, node, before, span, line)
    return SyntaxProblem(
        SyntaxProblemKind.MISSING_COMMA if lacks_comma else SyntaxProblemKind.UNEXPECTED, span, text
    )


def _before(tokens: list[Token], node: Node) -> Span:
    """The token before a place: what is missing has none of its own."""
    token = _token_before(tokens, node.start_byte)
    if token is not None and token[2] - token[1] < 80:
        return Span(token[1], token[2])
    end = token[2] if token is not None else node.start_byte
    return Span(max(end - 1, 0), end)


def _token_before(tokens: list[Token], offset: int) -> Token | None:
    """The last token that ends at or before a byte; comments are none."""
    index = bisect_left(tokens, offset + 1, key=lambda token: token[2]) - 1
    return tokens[index] if index >= 0 else None


def _first_token(syntax: Syntax, node: Node) -> Span:
    """The first token of an error, within its first line."""
    leaf = node
    while leaf.child_count:
        leaf = leaf.children[0]
    if leaf.id != node.id and leaf.end_byte > leaf.start_byte:
        return span_of(leaf)
    document = syntax.document
    end = min(node.end_byte, document.line_span(document.line_of(node.start_byte)).end)
    text = document.data[node.start_byte : end].rstrip()
    return Span(node.start_byte, node.start_byte + len(text))


_ITEM = pattern(rb"[\w$\"'`]")
_MEMBER = pattern(rb"[\w$\"']+\s*[:,(]")


def _lacks_comma(syntax: Syntax, node: Node, before: Token, span: Span, line: Span) -> bool:
    """Whether an error starts another item of a list, before which no comma stands."""
    data = syntax.document.data
    if data[before[2] - 1 : before[2]] in b",([{:=":
        return False
    if _ITEM.match(data, span.start, line.end) is None:
        return False
    above = list(islice(syntax.ancestors(node), 6))
    if above and above[0].type in _LISTS:
        return True
    starts_line = not data[line.start : span.start].strip()
    is_member = _MEMBER.match(data, span.start, line.end) is not None
    return starts_line and is_member and any(found.type in _LISTS for found in above)


# -- brackets --------------------------------------------------------------------------------------------

_BLANKS = pattern(rb"\s*")
_CLOSERS = {"{": "}", "(": ")", "[": "]", "${": "}"}


@record
class _Open:
    kind: str
    span: Span
    indent: int


@record
class _Balance:
    stack: list[_Open] = field(default_factory=list)
    unclosed: list[_Open] = field(default_factory=list)
    unopened: list[Token] = field(default_factory=list)
    suspect: _Open | None = None  # open although a line with less indentation closed something
    early: tuple[Span, Span] | None = None  # closed by a line with more indentation, and what it closed
    waiting: Counter[str] = field(default_factory=Counter)  # the closers of the stack
    indents: Counter[int] = field(default_factory=Counter)  # the indentations of the stack

    def open(self, opened: _Open) -> None:
        self.stack.append(opened)
        self.waiting[_CLOSERS[opened.kind]] += 1
        self.indents[opened.indent] += 1

    def close(self) -> _Open:
        opened = self.stack.pop()
        self.waiting[_CLOSERS[opened.kind]] -= 1
        self.indents[opened.indent] -= 1
        return opened


def _bracket(syntax: Syntax, tokens: list[Token]) -> SyntaxProblem | None:
    """The bracket without its other half that explains the errors, by the count and the indentation."""
    balance, lines = _Balance(), _Lines(syntax)
    for token in tokens:
        if token[0] in _CLOSERS:
            span = Span(token[1], token[2])
            balance.open(_Open(token[0], span, lines.at(token[1])[0]))
        elif token[0] in ("}", ")", "]"):
            _close(lines, balance, token)
    balance.unclosed.extend(balance.stack)
    if balance.unclosed:
        found = balance.suspect if balance.suspect is not None else balance.unclosed[0]
        return SyntaxProblem(SyntaxProblemKind.UNCLOSED, found.span, found.kind)
    if balance.unopened:
        kind, start, end = balance.unopened[0]
        return SyntaxProblem(SyntaxProblemKind.UNOPENED, Span(start, end), kind, balance.early)
    return None


def _close(lines: _Lines, balance: _Balance, token: Token) -> None:
    kind, start, end = token
    if not balance.waiting[kind]:
        balance.unopened.append(token)
        return
    inside: list[_Open] = []
    while _CLOSERS[(opened := balance.close()).kind] != kind:
        inside.append(opened)
    balance.unclosed.extend(reversed(inside))
    indent, first = lines.at(start)
    if kind == "}" and first == start:
        if indent < opened.indent and balance.suspect is None and balance.indents[indent] > 0:
            balance.suspect = opened
        if indent > opened.indent and balance.early is None:
            balance.early = Span(start, end), opened.span


class _Lines:
    """How far lines are indented: each is looked at once, however many brackets are on it."""

    def __init__(self, syntax: Syntax) -> None:
        self._document = syntax.document
        self._known: dict[int, tuple[int, int]] = {}

    def at(self, offset: int) -> tuple[int, int]:
        """The columns of blanks that the line of a byte begins with, and the first byte after them."""
        number = self._document.line_of(offset)
        known = self._known.get(number)
        if known is None:
            line = self._document.line_span(number)
            blanks = _BLANKS.match(self._document.data, line.start, line.end)
            first = blanks.end() if blanks is not None else line.start
            indent = len(self._document.data[line.start : first].expandtabs(4))
            known = self._known[number] = (indent, first)
        return known
