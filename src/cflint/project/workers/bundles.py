"""Which module a bundler makes a file of, by what its configuration, or a program that calls it, says.

Nothing is run: `entry: "src/a.ts"` and `outfile: "dist/b.js"` are strings beside each other in an object,
whatever the tool. Where several builds may be meant, none is.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from cflint.pattern import pattern
from cflint.source import Document
from cflint.syntax.javascript import (
    ParseTimeout,
    Syntax,
    parse,
    property_name,
    string_value,
    walk,
)
from cflint.syntax.suffixes import without_extension

if TYPE_CHECKING:
    from tree_sitter import Node

_CONFIGURATION = pattern(
    r"(?:rollup|rolldown|webpack|rspack|tsup|tsdown|build|esbuild|vite)\.(?:[\w-]+\.)*config(?:\.[\w-]+)*\.[cm]?[jt]s"
)
_PROGRAM = pattern(r"\besbuild\b|\bBun\.build\b|\b(?:rollup|rolldown|webpack|tsup|tsdown)\b|[\"']vite[\"']")
_ENTRIES = frozenset({"entry", "entries", "entryPoints", "entrypoints", "input", "ssr"})
_FILES = frozenset({"outfile", "file", "filename", "fileName", "entryFileNames"})
_FOLDERS = frozenset({"outdir", "outDir", "dir", "path"})
_INTO_DIST = ("tsup.", "tsdown.", "build.", "vite.", "rolldown.", "webpack.", "rspack.")
"""The configurations of tools that write to `dist` where they are told nothing."""
_BORDERS = frozenset({"array", "arguments", "program"})
_MOST_TEXTS = 100
_MOST_BUILDS = 50


class _Text(NamedTuple):
    """A string of a configuration, with the key of the innermost object that it is a value of."""

    key: str
    text: str


class _Build(NamedTuple):
    """What one build reads and writes, as it is written; a folder `None` is where the tool decides."""

    entries: tuple[_Text, ...]
    files: tuple[str, ...]
    folders: tuple[str, ...]
    is_page: bool


def is_configuration(name: str) -> bool:
    """Whether a file of that name configures a bundler."""
    return _CONFIGURATION.fullmatch(name) is not None


def calls_one(program: str) -> bool:
    """Whether the text of a program names a bundler that it may call."""
    return _PROGRAM.search(program) is not None


def source_of(
    document: Document, target: str, find: Callable[[str], str | None], folder: str | None = None
) -> str | None:
    """The module of which the builds of a configuration or program make a file; None where none does, or it
    is not certain which. Paths are of the workspace; `find` gives the module of a path without certainty
    about its ending, `folder` is where the tool runs, where that is not where the document lies."""
    base = posixpath.dirname(document.path) if folder is None else folder
    name = posixpath.basename(document.path)
    found = {
        source
        for build in document.memoized("builds", _builds_in)
        for source in _sources(build, base, target, find, "dist" if name.startswith(_INTO_DIST) else None)
    }
    return found.pop() if len(found) == 1 else None


def _sources(
    build: _Build, base: str, target: str, find: Callable[[str], str | None], usual: str | None
) -> Iterator[str]:
    """The modules of which one build may make a file."""

    def place(text: str) -> str:
        return posixpath.normpath(posixpath.join(base, text))

    is_usual = usual is not None and not build.folders and not _is_path(build.files)
    folders = {place(text) for text in ((usual,) if is_usual and usual is not None else build.folders)}
    home = posixpath.dirname(target)
    stem = posixpath.basename(without_extension(target))
    named = {posixpath.basename(without_extension(text)) for text in build.files}
    modules: dict[str, str] = {}
    for key, text in build.entries:
        if "*" in text:
            below = without_extension(target).removeprefix(home).lstrip("/")
            module = find(place(posixpath.join(text.partition("*")[0], below))) if home in folders else None
            if module is not None:
                yield module
        elif (module := find(place(text))) is not None:
            modules.setdefault(module, key)
    is_named = any(place(text) == target for text in build.files)
    if is_named:
        fits = list(modules)
    elif home in folders:
        fits = [it for it in modules if stem in (modules[it], posixpath.basename(without_extension(it)))]
        if not fits and (stem in named or (not build.is_page and stem in ("index", "main"))):
            fits = list(modules)
    else:
        return
    if len(fits) > 1 and is_named:
        fits = [it for it in fits if posixpath.basename(without_extension(it)) == stem]
    if len(fits) == 1:
        yield fits[0]


def _builds_in(document: Document) -> tuple[_Build, ...]:
    try:
        return tuple(_builds(parse(document)))
    except ParseTimeout:
        return ()


def _builds(syntax: Syntax) -> Iterator[_Build]:
    everywhere: list[str] | None = None
    pairs = (pair for pair in walk(syntax.root) if _key(syntax, pair) in _ENTRIES)
    for pair in islice(pairs, _MOST_BUILDS):
        key = _key(syntax, pair) or ""
        entries = tuple(_texts(syntax, pair, key))
        if not entries:
            continue
        files: list[str] = []
        folders: list[str] = []
        around = syntax.parent(pair)
        while around is not None and around.type not in _BORDERS and not (folders or _is_path(files)):
            if around.type == "object":
                files = _strings(syntax, around, _FILES)
                folders = _strings(syntax, around, _FOLDERS)
            around = syntax.parent(around)
        if not folders and not _is_path(files):  # of an object that is spread there, perhaps
            everywhere = _strings(syntax, syntax.root, _FOLDERS) if everywhere is None else everywhere
            folders = everywhere if len(everywhere) == 1 else []
        yield _Build(entries, tuple(files), tuple(folders), is_page=key == "input")


def _is_path(files: Sequence[str]) -> bool:
    return any("/" in text for text in files)


def _key(syntax: Syntax, pair: Node) -> str | None:
    name = pair.child_by_field_name("key") if pair.type == "pair" else None
    return property_name(syntax, name) if name is not None else None


def _strings(syntax: Syntax, node: Node, keys: frozenset[str]) -> list[str]:
    """The strings in the values of some keys below a node."""
    pairs = (pair for pair in walk(node) if _key(syntax, pair) in keys)
    return list(dict.fromkeys(text.text for pair in pairs for text in _texts(syntax, pair, "")))


def _texts(syntax: Syntax, pair: Node, key: str) -> Iterator[_Text]:
    """The strings in the value of a pair, without their `./`."""
    value = pair.child_by_field_name("value")
    count = 0
    for node in (value, *walk(value)) if value is not None else ():
        text = string_value(syntax, node) if node.type == "string" else None
        if node.type == "template_string" and node.named_child_count < 2:
            text = syntax.text(node)[1:-1]
        if not text:
            continue
        count += 1
        if count > _MOST_TEXTS:
            return
        above = syntax.parent(node)
        own = _key(syntax, above) if above is not None else None
        yield _Text(own if own is not None and above != pair else key, text)
