"""Reports and findings read from what `pack` made of them."""

# Imported where used: the rules, whose facts few outputs need.

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from cflint.cache.observed import hash_of_file
from cflint.finding import Edit, Finding, Fix, Location, Notice, Report, RuleInfo, Safety, Severity
from cflint.project.files.workspace import Workspace
from cflint.source import Document, Span

if TYPE_CHECKING:
    from cflint.rule import RuleSet

UNFIT: tuple[type[Exception], ...] = (
    *(AttributeError, ArithmeticError, IndexError, KeyError, TypeError, ValueError),
    *(OSError, RecursionError),
)
"""What reading data that does not fit may raise."""

Json = Any


class Unpacker:
    """Reads what `Packer` made; `hashes` are those of the files as they were. Raises one of `UNFIT`."""

    def __init__(self, workspace: Workspace, hashes: Mapping[str, Json]) -> None:
        self._workspace = workspace
        self._hashes = hashes
        self._documents: dict[str, Document] = {}

    def report(self, data: Json, base: Path) -> Report:
        """A whole report; `base` is where the user stands."""
        files, workers, suppressed = map(_count, data["counts"])
        root = self._workspace.root
        assert root is not None
        return Report(
            findings=self.findings(data["findings"]),
            rules=_Infos(list(map(string, data["rules"])), data["infos"]),
            notices=tuple(map(_notice, data["notices"])),
            files_checked=files,
            workers_checked=workers,
            root=root,
            base=base,
            suppressed=suppressed,
            silenced=self.findings(data["silenced"]),
            workers={string(path): tuple(map(string, names)) for path, names in data["workers"].items()},
        )

    def findings(self, data: Json) -> tuple[Finding, ...]:
        """Findings, whose documents have to be as they were."""
        return tuple(map(self._finding, data))

    def _finding(self, data: Json) -> Finding:
        rule, severity, message, at, related, fix, words = data
        return Finding(
            self._text(message),
            self._place(at),
            tuple(map(self._place, related)),
            None if fix is None else self._fix(fix),
            None if severity is None else Severity(severity),
            string(rule),
            tuple((string(general), self._text(here)) for general, here in words),
        )

    def _fix(self, data: Json) -> Fix:
        title, safety, edits = data
        return Fix(
            self._text(title),
            tuple(
                Edit(self._document(path), self._span(path, start, end), self._text(text))
                for path, start, end, text in edits
            ),
            Safety(safety),
        )

    def _place(self, data: Json) -> Location:
        path, start, end, message = data
        return Location(self._document(path), self._span(path, start, end), self._text(message))

    def _span(self, path: str, start: Json, end: Json) -> Span:
        if not _count(start) <= _count(end) <= len(self._document(path).data):
            raise ValueError(start, end)
        return Span(start, end)

    def _text(self, data: Json) -> str:
        if isinstance(data, str):
            return data
        return "".join(piece if isinstance(piece, str) else self._cut(*piece) for piece in data)

    def _cut(self, path: str, start: Json, end: Json) -> str:
        span = self._span(path, start, end)
        return self._document(path).data[span.start : span.end].decode("utf-8", "surrogateescape")

    def _document(self, path: str) -> Document:
        known = self._documents.get(path)
        if known is None:
            found = self._workspace.read(string(path))
            if found is None or found.path != path or hash_of_file(found) != self._hashes[path][1]:
                raise ValueError(path)
            known = self._documents[path] = found
        return known


class _Infos(Mapping[str, RuleInfo]):
    """The facts of rules in a report; of those without findings they are looked up when they are needed."""

    def __init__(self, ids: list[str], kept: Json) -> None:
        self._ids = dict.fromkeys(ids)
        self._known = {id: self._unpacked(id, data) for id, data in kept.items()}

    def _unpacked(self, id: str, data: Json) -> RuleInfo:
        group, severity, summary, page, fix, presets, since, uri, aliases, package = data
        return RuleInfo(
            id,
            string(group),
            Severity(severity),
            string(summary),
            string(page),
            None if fix is None else Safety(fix),
            frozenset(map(string, presets)),
            string(since),
            None if uri is None else string(uri),
            tuple(map(string, aliases)),
            None if package is None else string(package),
        )

    def __getitem__(self, id: str) -> RuleInfo:
        found = self._known.get(id)
        if found is None:
            if id not in self._ids:
                raise KeyError(id)
            rules = self._own if id in self._own else self._all
            found = self._known[id] = rules[id].info
        return found

    @cached_property
    def _own(self) -> RuleSet:
        from cflint.rule import RuleSet

        return RuleSet.discover(packages=False)

    @cached_property
    def _all(self) -> RuleSet:
        return self._own.with_packages()

    def __iter__(self) -> Iterator[str]:
        return iter(self._ids)

    def __len__(self) -> int:
        return len(self._ids)


def _notice(data: Json) -> Notice:
    message, path, line, level, rule = data
    kind: Literal["info", "warning"] = "warning" if level == "warning" else "info"
    return Notice(
        string(message),
        None if path is None else string(path),
        None if line is None else _count(line),
        kind,
        None if rule is None else string(rule),
    )


def string(value: Json) -> str:
    """A value that is a string. Raises TypeError."""
    if not isinstance(value, str):
        raise TypeError(value)
    return value


def _count(value: Json) -> int:
    if not isinstance(value, int) or value < 0:
        raise TypeError(value)
    return value
