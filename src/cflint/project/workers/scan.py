"""What the text of modules shows of their exports, without a tree: enough for most, and much quicker."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache

from cflint.pattern import pattern
from cflint.project.modules.queries import Memo, query
from cflint.project.workers.imports import Imports
from cflint.project.workers.sources import Sources
from cflint.record import record
from cflint.syntax.anchors import Anchors

MAX_HOPS = 20
"""Longer chains of re-exports are cycles or not worth following."""


@record(frozen=True)
class Way:
    """What is seen without a tree of the way from an export to its declaration: the modules on it, the one
    that declares the name ("" when there is none, None when that is not seen), and the name there."""

    modules: frozenset[str]
    home: str | None
    name: str


class Scan:
    """Questions about exports that the text answers, or leaves open."""

    def __init__(self, memo: Memo, sources: Sources, imports: Imports) -> None:
        self.memo = memo
        self._sources = sources
        self._imports = imports

    @query
    def way(self, path: str, name: str) -> Way:
        """The way from a module that exports a name to the one that declares it."""
        passed = [path]
        while len(passed) < MAX_HOPS:
            exports = self.exports(path)
            if name not in exports:
                break
            source, name = exports[name]
            module = self._imports.resolve(source, path) if source else None
            if module is None:
                return Way(frozenset(passed), "" if source else path, name)
            passed.append(module)
            path = module
        return Way(frozenset(passed), None, name)

    @query
    def exports(self, path: str) -> Mapping[str, tuple[str, str]]:
        """What the starts of lines show of a module's exports: `export class A` as `A: ("", A)`, and
        `export { A as B } from "x"` as `B: (x, A)`, also when it takes an import and an export."""
        if self.memo.ledger is not None:
            self.memo.ledger.facts(path)  # they show no less, and do not change with every text
        document = self._sources.place(path)
        return dict(_exports_in(document.data)) if document is not None else {}

    @query
    def gives_promise(self, path: str, name: str) -> bool | None:
        """Whether an exported function gives a promise, if its text shows it: `async`, or no word of one."""
        document = self._sources.document(path)
        return _gives_promise(document.data, name) if document is not None else None


def _gives_promise(data: bytes, name: str) -> bool | None:
    """Whether a function exported at a line's start gives a promise; None when its text does not show it."""
    needle = b"function " + name.encode()
    at = data.find(needle)
    shown: bool | None = None
    while at != -1:
        end = at + len(needle)
        before = data[data.rfind(b"\n", 0, at) + 1 : at]
        if data[end : end + 1] in (b"(", b"<"):
            if before == b"export async ":
                return True
            if before == b"export ":
                close = data.find(b"\n}", end)
                if close == -1 or data.find(b"Promise", end, close) != -1:
                    return None
                shown = False
        at = data.find(needle, end)
    return shown


_SHOWN = pattern(
    rb"(?:(export )?(?:class|(?:async )?function) (\w+)"
    rb"|(import|export) \{([\w\s,]*)\}(?: from [\"']([^\"'\n]+)[\"'])?)"
)
_OPENINGS = ("\nexport ", "\nimport {", "\nclass ", "\nfunction ", "\nasync function ")


@cache
def _openings() -> Anchors:
    return Anchors(_OPENINGS, whole=False)


def _exports_in(data: bytes) -> Iterator[tuple[str, tuple[str, str]]]:
    known: dict[str, tuple[str, str]] = {}  # local names
    listed: dict[str, str] = {}
    starts = [0] if data[:1].isalpha() else []
    starts += [start + 1 for start, _, _ in _openings().find(data)]
    for start in starts:
        match = _SHOWN.match(data, start)
        if match is None:
            continue
        exported, name, keyword, names, source = match.groups()
        if name is not None:
            known[name.decode()] = ("", name.decode())
            if exported is not None:
                yield name.decode(), ("", name.decode())
            continue
        for part in names.decode().split(","):
            match part.split():
                case [outer] | [_, "as", outer] as words if keyword == b"import" and source is not None:
                    known[outer] = (source.decode("utf-8", "surrogateescape"), words[0])
                case [outer] | [_, "as", outer] as words if source is not None:
                    yield outer, (source.decode("utf-8", "surrogateescape"), words[0])
                case [outer] | [_, "as", outer] as words:
                    listed[outer] = words[0]
    for outer, local in listed.items():
        if local in known:
            yield outer, known[local]
