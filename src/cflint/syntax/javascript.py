"""TypeScript and JavaScript: parsing, and the questions one asks of a tree.

A tree comes from the bytes of a `Document`, so every offset is a byte offset of that document. Two things
are done before a tree is handed on, both without moving a byte:

- the grammar knows neither type arguments of a tagged template (``this.sql<Row>`…` ``) nor `using`, so the
  former are blanked and the latter is read as `const` (`Syntax.text` still says what is written);
- it reads `await a.b<T>(c)` as `(await a.b)<T>(c)`, so these type arguments are blanked, too;
- it takes `import("a").B` for a call also where a type stands, and stumbles over the brackets of `…B[]`,
  `…B<T>` and `…["b"]`, so before these the `import("a")` is read as a name;
- a known slip (a comma between class members, a missing `:` before a return type, …) is mended by replacing
  one byte of white space or punctuation, so that one slip does not hide the rest of the file. The slips stay
  on record: they are syntax errors all the same.
"""

from __future__ import annotations

import re
import time
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from enum import Enum
from functools import cache
from typing import TYPE_CHECKING, Any

from cflint.pattern import pattern
from cflint.record import record
from cflint.source import Document, Span, change_between
from cflint.syntax.anchors import Anchors
from cflint.syntax.suffixes import EXTENSIONS as EXTENSIONS
from cflint.syntax.suffixes import TYPESCRIPT_WITHOUT_JSX

if TYPE_CHECKING:
    from tree_sitter import Language, Node, Tree

PARSE_SECONDS = 5.0
"""A file that takes longer to parse than this is given up."""

_CHUNK = 65536

_NEAR_AN_ERROR = 500
"""How many bytes away from a slip the parser may say that something is wrong."""

FUNCTIONS = frozenset(
    {
        "function_declaration",
        "function_expression",
        "generator_function",
        "generator_function_declaration",
        "arrow_function",
        "method_definition",
    }
)
CLASSES = frozenset({"class_declaration", "class", "abstract_class_declaration"})
_TRANSPARENT = frozenset(
    {
        "parenthesized_expression",
        "as_expression",
        "satisfies_expression",
        "non_null_expression",
        "type_assertion",
    }
)


_WORD_BYTES = frozenset(bytes((byte,)) for byte in range(256) if chr(byte).isalnum() or byte in b"_$#")


_DEEP = 200
_LOOK_EVERY = 128
"""How deep nodes are when it pays to remember the way down, and after how many parents that is looked at."""


class ParseTimeout(Exception):
    """The parser was over its time budget."""


class TypoKind(Enum):
    """Slips that are common enough in Workers code to have a message, and a fix, of their own."""

    COMMA_BETWEEN_CLASS_MEMBERS = "comma-between-class-members"
    MISSING_RETURN_TYPE_COLON = "missing-return-type-colon"
    MISSING_COMMA_BETWEEN_HANDLERS = "handler-object-missing-comma"
    FUNCTION_KEYWORD_IN_OBJECT = "async-function-in-object"


@record(frozen=True)
class Typo:
    """A slip and the edit that mends it: `span` becomes `text`."""

    kind: TypoKind
    span: Span
    text: str


class Syntax:
    """The tree of one document. Keep it short-lived: a tree weighs twenty times its source."""

    def __init__(self, document: Document, tree: Tree, slips: tuple[Typo, ...]) -> None:
        self.document = document
        self.root: Node = tree.root_node
        self.slips = slips
        self.tree = tree
        self._data = document.data
        self._parents: dict[int, Node] = {}
        self._asked = 0
        self._is_deep = False
        self._path: list[tuple[int, int, Node]] = []  # down to where a parent was last looked for

    def text(self, node: Node) -> str:
        """The source text of a node."""
        data = self._data[node.start_byte : node.end_byte]
        try:
            return data.decode()
        except UnicodeDecodeError:
            return data.decode("utf-8", "replace")

    def parent(self, node: Node) -> Node | None:
        """The parent, remembered: tree-sitter's own walks down from the root at every call.

        That is quick, but where nodes are nested thousands deep: there one way down is used for many.
        """
        id = node.id
        found = self._parents.get(id)
        if found is not None:
            return found
        if self._is_deep:
            return self._parent_on_path(node)
        self._asked += 1
        if self._asked % _LOOK_EVERY == 1 and self.depth_at(node.start_byte) > _DEEP:
            self._is_deep = True
            return self._parent_on_path(node)
        found = node.parent
        if found is not None:
            self._parents[id] = found
        return found

    def _parent_on_path(self, node: Node) -> Node | None:
        target = node.id
        parents = self._parents
        above = self.root
        if above.id == target:
            return None
        start, end = node.start_byte, node.end_byte
        path = self._path
        if start == end:
            path = []  # an empty node may stand beside the one that covers its place
        while path:  # what covers more than the node is above it
            first, last, covering = path[-1]
            if first <= start and end <= last and end - start < last - first:
                above = covering
                break
            path.pop()
        while True:
            below = above.child_with_descendant(node)
            if below is None:
                return node.parent
            parents[below.id] = above
            if below.id == target:
                return above
            path.append((below.start_byte, below.end_byte, below))
            above = below

    def ancestors(self, node: Node) -> Iterator[Node]:
        """The nodes above, nearest first."""
        above = self.parent(node)
        while above is not None:
            yield above
            above = self.parent(above)

    def enclosing(self, node: Node, types: frozenset[str]) -> Node | None:
        """The nearest node above of one of the types."""
        return next((above for above in self.ancestors(node) if above.type in types), None)

    def ids_of(self, types: frozenset[str]) -> frozenset[int]:
        """The `kind_id` of named nodes of some types, which is quicker to ask for than the `type`."""
        return _ids_of(self.tree.language, types)

    def node_at(self, start: int, end: int) -> Node | None:
        """The smallest node that covers the bytes."""
        return self.root.descendant_for_byte_range(start, end)

    def depth_at(self, offset: int) -> int:
        """How many nodes are around the smallest one at a byte."""
        cursor = self.root.walk()
        while cursor.goto_first_child_for_byte(offset) is not None:
            pass
        return cursor.depth

    def tokens(self) -> list[tuple[str, int, int]]:
        """The leaves of the tree: type, first byte, byte after; without comments and the text of strings."""
        return _tokens(self.tree)

    def leaves(self, word: str, within: Node) -> Iterator[Node]:
        """The smallest nodes at a whole word (a name, a keyword) within a node, in source order.

        Found by searching the bytes, so that nothing else of the tree is looked at.
        """
        data = self._data
        needle = word.encode()
        at = data.find(needle, within.start_byte, within.end_byte)
        while at != -1:
            end = at + len(needle)
            if data[at - 1 : at] not in _WORD_BYTES and data[end : end + 1] not in _WORD_BYTES:
                leaf = self.node_at(at, end)
                if leaf is not None and (leaf.start_byte, leaf.end_byte) == (at, end):
                    yield leaf
            at = data.find(needle, end, within.end_byte)

    def errors(self) -> Iterator[Node]:
        """The outermost ERROR and MISSING nodes, in source order."""
        return _errors(self.tree)


def parse(document: Document, seconds: float = PARSE_SECONDS) -> Syntax:
    """Parse a document; the grammar follows from the path's ending. Raises ParseTimeout."""
    language = _language(document.path.endswith(TYPESCRIPT_WITHOUT_JSX))
    data = _readable(document.data)
    tree = _parse(language, data, seconds)
    slips: tuple[Typo, ...] = ()
    if tree.root_node.has_error:
        slips = tuple(_slips_at_errors(tree, data))
        if slips:
            mended = _mended(data, slips)
            again = _parse(language, mended, seconds)
            if _error_bytes(again) < _error_bytes(tree):
                tree = again
            else:
                slips = ()
    return Syntax(document, tree, slips)


def parse_again(before: Syntax, document: Document, seconds: float = PARSE_SECONDS) -> Syntax:
    """Parse a document of which little has changed since `before`, in a part of the time. Where it has syntax
    errors the tree may be another one than that of `parse`, and slips are not looked for. Raises
    ParseTimeout."""
    old, new = _readable(before.document.data), _readable(document.data)
    change = change_between(old, new)
    if before.slips or change is None:
        return parse(document, seconds)
    tree = before.tree.copy()
    tree.edit(
        change.start,
        change.old_end,
        change.new_end,
        _point(old, change.start),
        _point(old, change.old_end),
        _point(new, change.new_end),
    )
    language = _language(document.path.endswith(TYPESCRIPT_WITHOUT_JSX))
    return Syntax(document, _parse(language, new, seconds, tree), ())


def _point(data: bytes, offset: int) -> tuple[int, int]:
    """The row of a byte and its column in it, both from 0 and in bytes."""
    return data.count(b"\n", 0, offset), offset - (data.rfind(b"\n", 0, offset) + 1)


@cache
def _language(plain_typescript: bool) -> Language:
    from tree_sitter import Language

    source = _grammars()
    return Language(source.language_typescript() if plain_typescript else source.language_tsx())


@cache
def _ids_of(language: Language, types: frozenset[str]) -> frozenset[int]:
    ids = (language.id_for_node_kind(type, True) for type in types)
    return frozenset(id for id in ids if id is not None)


@cache
def _grammars() -> Any:
    """What `tree_sitter_typescript` offers. Its `__init__` also loads what it reads queries with, which is
    20 modules of the standard library and takes longer than all of the parser."""
    from importlib.machinery import PathFinder
    from importlib.util import module_from_spec

    package = PathFinder.find_spec("tree_sitter_typescript")
    folders = package.submodule_search_locations if package is not None else None
    found = PathFinder.find_spec("_binding", folders) if folders is not None else None
    if found is not None and found.loader is not None:
        binding = module_from_spec(found)
        found.loader.exec_module(binding)
        if hasattr(binding, "language_typescript") and hasattr(binding, "language_tsx"):
            return binding
    import tree_sitter_typescript

    return tree_sitter_typescript


@cache
def _can_cancel() -> bool:
    """Whether the parser can be stopped; before 0.26.1 a progress callback crashes the process."""
    import tree_sitter

    version = getattr(tree_sitter, "__version__", "0")
    return tuple(int(part) for part in re.findall(r"\d+", version)[:3]) >= (0, 26, 1)


def _parse(language: Language, data: bytes, seconds: float, before: Tree | None = None) -> Tree:
    from tree_sitter import Parser

    parser: Any = Parser(language)
    deadline = time.monotonic() + seconds
    known = () if before is None else (before,)  # a parser takes a tree or nothing, but not None
    tree: Tree | None

    if not _can_cancel():
        tree = parser.parse(data, *known, encoding="utf8")
        assert tree is not None
        return tree

    window = _spare_windows.pop() if _spare_windows else _Window()
    is_parsed = False

    def read(offset: int, _point: object) -> bytes | memoryview:
        # After parsing, the tree asks for the text of a node.
        return data[offset : offset + _CHUNK] if is_parsed else window.show(data, offset)

    def is_late(_offset: int, _has_error: bool) -> bool:
        return time.monotonic() > deadline

    try:
        tree = parser.parse(read, *known, encoding="utf8", progress_callback=is_late)
    except ValueError as error:
        parser.reset()
        raise ParseTimeout from error
    finally:
        is_parsed = True
        _spare_windows.append(window)
    assert tree is not None
    return tree


class _Window:
    """Where the parser reads a text, piece by piece.

    The binding (py-tree-sitter 0.26.1) never lets go of what its callback hands out, so every text gets the
    same few objects. It looks at a piece only until it asks for the next.
    """

    def __init__(self) -> None:
        self._whole = memoryview(bytearray(_CHUNK))
        self._pieces: dict[int, memoryview] = {}  # by length, which has some 150 values

    def show(self, data: bytes, offset: int) -> bytes | memoryview:
        """The beginning of what is left of a text at an offset, both in bytes; nothing at its end."""
        length = min(len(data) - offset, _CHUNK)
        if length <= 0:
            return b""
        if length > 4096:
            length &= ~4095
        elif length > 64:
            length &= ~63
        piece = self._pieces.get(length)
        if piece is None:
            piece = self._pieces[length] = self._whole[:length]
        piece[:] = data[offset : offset + length]
        return piece


_spare_windows: list[_Window] = []
"""Windows that no thread looks through."""


_USING = pattern(rb"using(?=[ \t]+[\w$]+[ \t]*[=:])")
_BEFORE_USING = pattern(rb"(?<![\w$.])(await[ \t]+)?\Z")
_IMPORTED_TYPE = pattern(
    rb"""import\((?<![\w$.]import\()(?:"[^"\n]*"|'[^'\n]*')\)"""
    rb"""(?=(?:\.(?!(?:then|catch|finally)\b)[\w$]+)*[\[<])"""
)
_CLOSED_BEFORE_TEMPLATE = pattern(rb">[ \t\r\n]{0,20}`")
_CHAIN = 4000
"""How many bytes before a call its `await` is looked for."""


def _readable(data: bytes) -> bytes:
    """The bytes as the grammar can read them, every offset kept: see the module's docstring."""
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


_SIGNS = ("using", "import(", ">(")
"""What stands where the grammar may not be able to read on."""


@cache
def _signs() -> Anchors:
    return Anchors(_SIGNS, whole=False)


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
        arguments = _type_arguments_before(data, match.start() + 1)
        if arguments is not None:
            yield arguments


def _awaited_type_arguments(data: bytes, places: Iterable[int]) -> Iterator[Span]:
    """The `<…>` of calls that stand behind `await`; `places` are those of `>(`."""
    for at in places:
        arguments = _type_arguments_before(data, at + 1)
        if arguments is not None and _is_awaited(data, arguments.start):
            yield arguments


def _type_arguments_before(data: bytes, end: int) -> Span | None:
    """The `<…>` that ends at a byte and follows a name, when it can be type arguments."""
    first = max(end - 2000, 0)
    opening = data.rfind(b"<", first + 1, end - 1)
    if opening != -1 and _NO_NAMES.search(data, opening + 1, end - 1) is None:  # as nearly always
        return Span(opening, end) if _ends_a_name(data[opening - 1]) else None
    depth = 0
    for at in range(end - 1, first, -1):
        byte = data[at]
        if byte == 0x3E:  # >
            depth += data[at - 1] != 0x3D  # not the arrow of a function type
        elif byte == 0x3C:  # <
            depth -= 1
            if depth == 0:
                return Span(at, end) if _ends_a_name(data[at - 1]) else None
        elif byte in b"`()" or (byte == 0x2F and data[at - 1] == 0x2F):  # a template, a call, a comment
            return None
    return None


def _ends_a_name(byte: int) -> bool:
    return byte in b"_$" or chr(byte).isalnum()


_NO_NAMES = pattern(rb"[<>()`/]|=\Z")
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


def _errors(tree: Tree) -> Iterator[Node]:
    if not tree.root_node.has_error:
        return
    stack = [tree.root_node]
    while stack:
        node = stack.pop()
        if node.is_error or node.is_missing:
            yield node
        elif node.has_error:
            stack.extend(child for child in reversed(node.children) if child.has_error or child.is_missing)


def _slips_at_errors(tree: Tree, data: bytes) -> Iterator[Typo]:
    """The slips near which the parser stumbled: to mend what lies elsewhere would be in vain."""
    errors = list(_errors(tree))  # none overlaps another
    for slip in _slips(tree, data):
        place = bisect_left(errors, slip.span.end - _NEAR_AN_ERROR, key=lambda error: error.end_byte)
        if place < len(errors) and errors[place].start_byte <= slip.span.start + _NEAR_AN_ERROR:
            yield slip


def _error_bytes(tree: Tree) -> int:
    """How much of the source is in errors (a missing token counts one byte)."""
    return sum(max(1, error.end_byte - error.start_byte) for error in _errors(tree))


def _mended(data: bytes, slips: tuple[Typo, ...]) -> bytes:
    out = bytearray(data)
    for slip in slips:
        match slip.kind:
            case TypoKind.COMMA_BETWEEN_CLASS_MEMBERS:
                out[slip.span.start] = 0x20
            case TypoKind.MISSING_RETURN_TYPE_COLON:
                out[slip.span.start] = 0x3A
            case TypoKind.MISSING_COMMA_BETWEEN_HANDLERS:
                out[slip.span.start] = 0x2C
            case TypoKind.FUNCTION_KEYWORD_IN_OBJECT:
                out[slip.span.start : slip.span.end] = b" " * (slip.span.end - slip.span.start)
    return bytes(out)


_OPENERS = {"{": "}", "(": ")", "[": "]", "${": "}"}
_CONDITIONS = frozenset({"if", "while", "for", "switch", "catch", "with", "await"})
_TYPE_TOKENS = frozenset(
    {"identifier", "type_identifier", "property_identifier", "|", "&", "<", ">", ".", ",", "[", "]", "void"}
    | {
        "string",
        "number",
        "boolean",
        "any",
        "unknown",
        "never",
        "null",
        "undefined",
        "this",
        "object",
        "symbol",
    }
)
_OBJECT_BEFORE = frozenset({"default", "=", "(", ",", ":", "return", "[", "=>", "?", "||", "&&", "??"})
_MEMBER_START = frozenset({"async", "identifier", "property_identifier", "get", "set", "static", "*", "["})


_ENCLOSED = frozenset(
    {"statement_block", "class_body", "object", "object_type", "interface_body", "switch_body", "array"}
    | {"template_string", "string", "jsx_element", "jsx_self_closing_element"}
)
"""Nodes between a pair of brackets or quotes: without an error in them, nothing in them is a slip."""


def _tokens(tree: Tree, *, whole: bool = True) -> list[tuple[str, int, int]]:
    """The leaves of a (broken) tree: type, start, end. Comments and the text of strings are left out; unless
    `whole`, what is enclosed in brackets and has no error is left out too, its brackets are not."""
    tokens: list[tuple[str, int, int]] = []
    cursor = tree.walk()
    down = True
    while True:
        node = cursor.node if down else None
        if node is not None and not whole and node.type in _ENCLOSED and not node.has_error:
            brackets = [child for child in node.children if child.type != "comment"]
            tokens.extend(
                (end.type, end.start_byte, end.end_byte) for end in brackets[:1] + brackets[1:][-1:]
            )
        elif node is not None and cursor.goto_first_child():
            continue
        elif (
            node is not None
            and node.end_byte > node.start_byte
            and node.type not in ("comment", "string_fragment")
        ):
            tokens.append((node.type, node.start_byte, node.end_byte))
        if cursor.goto_next_sibling():
            down = True
        elif cursor.goto_parent():
            down = False
        else:
            return tokens


def _slips(tree: Tree, data: bytes) -> Iterator[Typo]:
    tokens = _tokens(tree, whole=False)
    stack: list[tuple[str, str, int]] = []  # closer, what the bracket is, index of its token
    class_ahead = False
    closed_parameters: dict[int, int] = {}  # index of `)` -> index of its `(`
    for i, (kind, start, end) in enumerate(tokens):
        before = data[tokens[i - 1][1] : tokens[i - 1][2]].decode("utf-8", "replace") if i else ""
        inside = stack[-1][1] if stack else ""
        if kind == "class" and before != ".":
            class_ahead = True
        elif kind in _OPENERS:
            what = "block"
            if kind == "{":
                if class_ahead and before not in ("<", ",", ":", "|", "&"):
                    what, class_ahead = "class", False
                elif before in _OBJECT_BEFORE:
                    what = "object"
            stack.append((_OPENERS[kind], what, i))
        elif stack and kind == stack[-1][0]:
            opened = stack.pop()[2]
            if kind == ")":
                closed_parameters[i] = opened
        if kind == "," and inside == "class" and before == "}":
            yield Typo(TypoKind.COMMA_BETWEEN_CLASS_MEMBERS, Span(start, end), "")
        elif kind == ")" and i in closed_parameters:
            slip = _missing_colon(tokens, data, i, closed_parameters[i])
            if slip is not None:
                yield slip
        elif (
            inside == "object" and before == "}" and kind in _MEMBER_START and _starts_method(tokens, data, i)
        ):
            gap = tokens[i - 1][2]
            if gap < start and data[gap : gap + 1].isspace():
                yield Typo(TypoKind.MISSING_COMMA_BETWEEN_HANDLERS, Span(gap, gap), ",")
        elif inside == "object" and data[start:end] == b"function" and i and _is_async(tokens[i - 1], data):
            opener = tokens[i - 2][0] if i >= 2 else ""
            following = tokens[i + 2][0] if i + 2 < len(tokens) else ""
            if opener in ("{", ",") and following == "(":
                yield Typo(TypoKind.FUNCTION_KEYWORD_IN_OBJECT, Span(start, tokens[i + 1][1]), "")


def _is_async(token: tuple[str, int, int], data: bytes) -> bool:
    return data[token[1] : token[2]] == b"async"


def _missing_colon(tokens: list[tuple[str, int, int]], data: bytes, close: int, opened: int) -> Typo | None:
    if opened == 0 or tokens[opened - 1][0] in _CONDITIONS:
        return None
    at = tokens[close][2]
    if close + 1 >= len(tokens) or data[at : at + 1] not in (b" ", b"\t"):
        return None
    i = close + 1
    while i < len(tokens) and tokens[i][0] in _TYPE_TOKENS and i - close < 40:
        i += 1
    if i == close + 1 or i >= len(tokens) or tokens[i][0] != "{" or b"\n" in data[at : tokens[i][1]]:
        return None
    return Typo(TypoKind.MISSING_RETURN_TYPE_COLON, Span(at, at), ":")


def _starts_method(tokens: list[tuple[str, int, int]], data: bytes, i: int) -> bool:
    """Whether a method (`name(…)`, `async name(…)`) starts at token i."""
    while i < len(tokens) and data[tokens[i][1] : tokens[i][2]] in (b"async", b"get", b"set", b"*"):
        i += 1
    return (
        i + 1 < len(tokens)
        and tokens[i][0] in ("identifier", "property_identifier")
        and tokens[i + 1][0] == "("
    )


_AROUND_FRAGMENTS = (
    (b"class _ {", b"\n}", False),
    (b"({", b"\n})", False),
    (b"[", b"\n]", False),
    (b"const _ = ", b"\n", False),
    (b"", b"", True),
)


def is_fragment(syntax: Syntax) -> bool:
    """Whether code that does not parse by itself is the inside of a class, of an object, or of a list, or
    holds JSX although it is not called so.

    Documentation shows such pieces.
    """
    if not syntax.root.has_error:
        return False
    data = _readable(syntax.document.data)
    plain = syntax.document.path.endswith(TYPESCRIPT_WITHOUT_JSX)
    for before, after, jsx in _AROUND_FRAGMENTS:
        try:
            tree = _parse(_language(plain and not jsx), before + data + after, PARSE_SECONDS)
        except ParseTimeout:
            return False
        if not tree.root_node.has_error:
            return True
    return False


# -- questions about nodes -------------------------------------------------------------------------------


def unwrap(node: Node) -> Node:
    """The expression itself, without parentheses, `as`, `satisfies`, `!` and `<T>` around it."""
    while node.type in _TRANSPARENT:
        inner = node.named_children
        if not inner:
            break
        node = (
            inner[-1]
            if node.type == "type_assertion"
            else next((n for n in inner if n.type != "comment"), inner[0])
        )
    return node


def with_wrappers(syntax: Syntax, node: Node) -> Node:
    """The node with all the parentheses, casts and `!` that stand around it."""
    above = syntax.parent(node)
    while above is not None and above.type in _TRANSPARENT and unwrap(above).id == unwrap(node).id:
        node, above = above, syntax.parent(above)
    return node


def arguments_of(call: Node) -> tuple[Node, ...]:
    """The argument expressions of a call or `new` (a spread is one node); () of a tagged template."""
    arguments = call.child_by_field_name("arguments")
    if arguments is None or arguments.type != "arguments":
        return ()
    return tuple(child for child in arguments.named_children if child.type != "comment")


def first_named(node: Node | None) -> Node | None:
    """The first named child that is no comment; None without one, as of the type in `x: const`."""
    for index in range(node.named_child_count if node is not None else 0):
        child = node.named_child(index) if node is not None else None
        if child is not None and child.type != "comment":
            return child
    return None


def property_name(syntax: Syntax, node: Node) -> str | None:
    """The name of an object's or class's member: an identifier, a string, a number; None when computed."""
    match node.type:
        case (
            "property_identifier" | "shorthand_property_identifier" | "shorthand_property_identifier_pattern"
        ):
            return syntax.text(node)
        case "private_property_identifier" | "identifier" | "number":
            return syntax.text(node)
        case "string":
            return string_value(syntax, node)
        case "computed_property_name":
            inner = first_named(node)
            return string_value(syntax, inner) if inner is not None and inner.type == "string" else None
    return None


_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "v": "\v", "0": "\0", "\n": ""}


def string_value(syntax: Syntax, node: Node) -> str | None:
    """The value of a string literal or of a template without substitutions; None of anything else."""
    node = unwrap(node)
    if node.type == "template_string":
        if any(child.type == "template_substitution" for child in node.named_children):
            return None
    elif node.type != "string":
        return None
    text = syntax.text(node)[1:-1]
    if "\\" not in text:
        return text
    return re.sub(r"\\(u\{[0-9a-fA-F]{1,6}\}|u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|[\s\S])", _escape, text)


def _escape(match: re.Match[str]) -> str:
    code = match.group(1)
    if len(code) > 1:
        try:
            return chr(int(code.strip("ux{}"), 16))
        except (ValueError, OverflowError):
            return "\ufffd"
    return _ESCAPES.get(code, code)


def is_async(function: Node) -> bool:
    """Whether a function, arrow or method is declared `async`."""
    for child in function.children:
        if child.type == "async":
            return True
        if child.type in ("formal_parameters", "statement_block", "=>"):
            return False
    return False


def is_generator(function: Node) -> bool:
    """Whether a function or method is a generator (`function*`, `*name()`)."""
    return function.type.startswith("generator_") or any(child.type == "*" for child in function.children)


def body_of(node: Node) -> Node | None:
    """The body of a function, class or loop."""
    return node.child_by_field_name("body")


def block_end(block: Node) -> int:
    """The byte behind a block's closing brace. The block's node may end later: the grammar counts comments
    that follow in."""
    return next((child.end_byte for child in reversed(block.children) if child.type == "}"), block.end_byte)


def span_of(node: Node) -> Span:
    """The bytes of a node."""
    return Span(node.start_byte, node.end_byte)


def walk(node: Node, *, into_functions: bool = True, into_classes: bool = True) -> Iterator[Node]:
    """All named nodes below, in source order; can stay out of nested functions and classes."""
    stack = list(reversed(node.named_children))
    while stack:
        below = stack.pop()
        yield below
        if (not into_functions and below.type in FUNCTIONS) or (not into_classes and below.type in CLASSES):
            continue
        stack.extend(reversed(below.named_children))
