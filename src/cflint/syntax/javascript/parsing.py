"""Parsing, and its limits: seconds, and how the parser is stopped.

Imported where used: the parser and its grammars are loaded when a file is parsed, which a run whose findings
are all in the cache never does.
"""

from __future__ import annotations

import re
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from itertools import compress, count
from typing import TYPE_CHECKING, Any

from cflint.lazy import Lazy
from cflint.source import Document, change_between
from cflint.syntax.javascript.leaves import errors_of
from cflint.syntax.javascript.masking import readable
from cflint.syntax.javascript.tree import Syntax
from cflint.syntax.suffixes import FRONTMATTER, TYPESCRIPT_WITHOUT_JSX

if TYPE_CHECKING:
    from tree_sitter import Language, Tree

    from cflint.syntax import embedded
    from cflint.syntax.javascript import respelling
    from cflint.syntax.javascript import typos as _typos
    from cflint.syntax.javascript.typos import Typo
else:
    embedded = Lazy("cflint.syntax.embedded")
    respelling = Lazy("cflint.syntax.javascript.respelling")
    _typos = Lazy("cflint.syntax.javascript.typos")

PARSE_SECONDS = 5.0
"""A file that takes more of the processor's time to parse than this is given up, however often it is read."""

_MOST_TRIED = 2_000_000
"""How many bytes are parsed at most to see which respellings are good for broken code."""

_CHUNK = 65536
_PIECE = 256
_LOOK_EVERY = 32
"""The parser tells of its progress so often that each look at the clock and the signals would cost more than
what is parsed between two of them: one look for so many of its calls is one in a millisecond at most."""


class ParseTimeout(Exception):
    """The parser was over its time budget."""


def parse(document: Document, seconds: float = PARSE_SECONDS) -> Syntax:
    """Parse a document; the grammar follows from the path's ending. `seconds` are for all the readings that
    broken code needs together. Raises ParseTimeout."""
    deadline = time.thread_time() + seconds
    if document.path.endswith(FRONTMATTER) and document.origin is None:
        document = embedded.script_of(document)
    language = language_of(plain_typescript=document.path.endswith((*TYPESCRIPT_WITHOUT_JSX, FRONTMATTER)))
    data = readable(document.data)
    tree = parse_bytes(language, data, deadline)
    typos: tuple[Typo, ...] = ()
    is_respelled = False
    if tree.root_node.has_error:
        tree, other = _respelled(language, tree, data, deadline)
        data, is_respelled = other, other is not data
    if tree.root_node.has_error:
        typos = tuple(_typos.typos_at_errors(tree, data))
        if typos:
            again = parse_bytes(language, _typos.mended(data, typos), deadline)
            if _error_bytes(again) < _error_bytes(tree):
                tree = again
            else:
                typos = ()
    return Syntax(document, tree, typos, is_respelled=is_respelled)


def _respelled(language: Language, tree: Tree, data: bytes, deadline: float) -> tuple[Tree, bytes]:
    """The tree with the fewest errors of code that does not parse, and the bytes that it comes of: those
    bytes, or with some of what the grammar may misread spelled otherwise."""
    kinds = list(respelling.respellings(data))
    if not kinds:
        return tree, data
    fewest, kept, left = _error_bytes(tree), [False] * len(kinds), data

    def tried(wanted: list[bool]) -> None:
        nonlocal tree, fewest, kept, left
        other = respelling.applied(data, compress(kinds, wanted))
        again = parse_bytes(language, other, deadline)
        if (errors := _error_bytes(again)) < fewest:
            tree, fewest, kept, left = again, errors, wanted, other

    tried([True] * len(kinds))
    # one kind may spoil what others mend
    if fewest and len(kinds) > 1 and len(data) * len(kinds) < _MOST_TRIED:
        for index in range(len(kinds)):
            tried([*kept[:index], not kept[index], *kept[index + 1 :]])
    return tree, left if any(kept) else data


def parse_again(before: Syntax, document: Document, seconds: float = PARSE_SECONDS) -> Syntax:
    """Parse a document of which little has changed since `before`, in a part of the time. Where it has syntax
    errors the tree may be another one than that of `parse`, and typos are not looked for. Raises
    ParseTimeout."""
    deadline = time.thread_time() + seconds
    old, new = readable(before.document.data), readable(document.data)
    change = change_between(old, new)
    if before.typos or before.is_respelled or change is None:
        return parse(document, deadline - time.thread_time())
    tree = before.tree.copy()
    tree.edit(
        change.start,
        change.old_end,
        change.new_end,
        _point(old, change.start),
        _point(old, change.old_end),
        _point(new, change.new_end),
    )
    language = language_of(plain_typescript=document.path.endswith(TYPESCRIPT_WITHOUT_JSX))
    tree = parse_bytes(language, new, deadline, tree)
    if tree.root_node.has_error and any(respelling.respellings(new)):
        return parse(document, deadline - time.thread_time())
    return Syntax(document, tree, ())


def _point(data: bytes, offset: int) -> tuple[int, int]:
    """The row of a byte and its column in it, both from 0 and in bytes."""
    return data.count(b"\n", 0, offset), offset - (data.rfind(b"\n", 0, offset) + 1)


@cache
def language_of(*, plain_typescript: bool) -> Language:
    """The grammar: of plain TypeScript, or of everything with JSX in it."""
    from tree_sitter import Language

    source = _grammars()
    return Language(source.language_typescript() if plain_typescript else source.language_tsx())


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

    version = getattr(tree_sitter, "__version__", "0")  # 0.25 does not have it
    return tuple(int(part) for part in re.findall(r"\d+", version)[:3]) >= (0, 26, 1)


def parse_bytes(language: Language, data: bytes, deadline: float, before: Tree | None = None) -> Tree:
    """The tree of readable bytes, of a change of `before` if that is given. `deadline` is a time of
    `time.thread_time()` in seconds. Raises ParseTimeout."""
    from tree_sitter import Parser

    parser: Any = Parser(language)
    known = () if before is None else (before,)  # a parser takes a tree or nothing, but not None
    tree: Tree | None

    if not _can_cancel():
        tree = parser.parse(data, *known, encoding="utf8")
        assert tree is not None
        return tree

    window = _spare_windows.pop() if _spare_windows else _Window()
    is_parsed = False

    def read(offset: int, _point: object) -> bytes | memoryview:
        # After parsing, the tree reads the text of a node, and looks at each byte of what it is given.
        return data[offset : offset + _PIECE] if is_parsed else window.show(data, offset)

    progress = count()

    def is_late(_offset: int, _has_error: bool) -> bool:
        return next(progress) % _LOOK_EVERY == 0 and (time.thread_time() > deadline or has_come())

    try:
        while True:
            with _signals_held_back() as has_come:
                try:
                    tree = parser.parse(read, *known, encoding="utf8", progress_callback=is_late)
                except ValueError as error:
                    parser.reset()
                    # Whether a signal came is not asked again: another thread may have taken it since.
                    if time.thread_time() > deadline:
                        raise ParseTimeout from error
                    tree = None
            if tree is not None:
                break  # else a signal came, and is ignored
    finally:
        is_parsed = True
        _spare_windows.append(window)
    return tree


_ENDING = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))


@contextmanager
def _signals_held_back() -> Iterator[Callable[[], bool]]:
    """Hold back signals that end a run, which act afterwards; what is given tells whether one has come.

    The binding loses what a signal raises while it reads.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield lambda: False
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _ENDING)
    own = frozenset(_ENDING) - before
    try:
        yield lambda: not own.isdisjoint(signal.sigpending())
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class _Window:
    """Where the parser reads a text, piece by piece.

    The binding (py-tree-sitter 0.26.1) never lets go of what its callback hands out, so every text gets the
    same few objects. It looks at a piece only until it reads the next.
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


def _error_bytes(tree: Tree) -> int:
    """How much of the source is in errors (a missing token counts one byte)."""
    return sum(max(1, error.end_byte - error.start_byte) for error in errors_of(tree))


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
    data = readable(syntax.document.data)
    if syntax.is_respelled:
        data = respelling.applied(data, respelling.respellings(data))
    plain = syntax.document.path.endswith(TYPESCRIPT_WITHOUT_JSX)
    deadline = time.thread_time() + PARSE_SECONDS
    for before, after, jsx in _AROUND_FRAGMENTS:
        try:
            tree = parse_bytes(
                language_of(plain_typescript=plain and not jsx), before + data + after, deadline
            )
        except ParseTimeout:
            return False
        if not tree.root_node.has_error:
            return True
    return False
