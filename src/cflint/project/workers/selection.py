"""Which modules are analysed, of those that Workers reach and those that stand beside."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from cflint.finding import Notice
from cflint.pattern import LINE_START, pattern
from cflint.project.files.discovery import unfit
from cflint.project.files.ignore import Ignore
from cflint.project.files.roles import is_test_path
from cflint.project.files.workspace import Unreadable, Workspace
from cflint.project.workers.recognition import is_of_a_worker
from cflint.project.workers.settled import is_below
from cflint.source import Document
from cflint.syntax.suffixes import FRONTMATTER, SOURCE_SUFFIXES

_CALLED = pattern(
    LINE_START + rb"export\s+(?:abstract\s+)?class\s+(\w+)[^{;]{0,300}?\bextends\s+(?:\w+\.)?"
    rb"(?:WorkflowEntrypoint|DurableObject|WorkerEntrypoint|AgentWorkflow|Agent|McpAgent|AIChatAgent|Container)\b",
    re.MULTILINE,
)
"""A class that the runtime makes: whose code runs by itself wherever it is exported."""
_SAME = 0.5
"""Modules that have more than this part of their lines in common are states of one."""
_SHORT_LINE = 10
_CLASS = pattern(rb"class\s+(\w+)")  # what begins with a word is searched for in a tenth of the time
_DEFAULT = pattern(LINE_START + rb"export\s+default\b|\bas\s+default\b", re.MULTILINE)
_OLD = pattern(
    r"(?:^|[/._-])(?:old|older|orig(?:inal)?|bak|backup|copy|deprecated|legacy|archived?|unused|draft|wip|v\d+)"
    r"(?:[/._-]|$)",
    re.IGNORECASE,
)
_MANY_LINES = 25
_HEAD = 4000


def _names_of_classes(document: Document, classes: re.Pattern[bytes]) -> set[bytes]:
    return {found[1] for found in classes.finditer(document.data)}


def _lines(document: Document) -> set[bytes]:
    """The lines that say something."""
    return document.memoized("lines that say something", _find_lines)


def _find_lines(document: Document) -> set[bytes]:
    stripped = (line.strip() for line in document.data.splitlines())
    return {line for line in stripped if len(line) > _SHORT_LINE}


def _is_state(
    document: Document, names: Collection[bytes], reached: Mapping[bytes, Sequence[Document]]
) -> bool:
    """Whether a module that nothing reaches is another state of one that a Worker runs, or a copy for a
    template: it has a class of the same name, and mostly the same lines."""
    others = {other.path: other for name in names for other in reached.get(name, ())}
    own = _lines(document) if others else set()
    return any(len(own & _lines(other)) > len(own) * _SAME for other in others.values())


class Selection:
    """Chooses modules; `notices` tell of those that were left out although a Worker reaches them."""

    def __init__(self, workspace: Workspace, excluded: Ignore) -> None:
        self.notices: list[Notice] = []
        self._workspace = workspace
        self._excluded = excluded

    def modules(
        self,
        sources: Iterable[str],
        reached: Collection[str],
        named: frozenset[str],
        outside: Collection[str] = (),
        settled: Collection[str] = (),
        product: Collection[str] = (),
    ) -> Iterator[str]:
        """The modules to analyse, those that Workers reach first; `sources` is all that was found, `named`
        the files given by name, `outside` those that apps run elsewhere than in a Worker. Below the folders
        `settled` nothing runs that is not reached. `product` is no test, whatever it is called."""
        by_class: dict[bytes, list[Document]] | None = None
        for path in reached:
            if not path.endswith((*SOURCE_SUFFIXES, FRONTMATTER)):
                continue
            if is_test_path(path) and path not in product:
                continue
            if self._excluded.covers(path):
                continue
            if path in named or self._has_many_lines(path) or self._is_fit(path):
                yield path
        for path in sources:
            if path in reached or path in outside or not path.endswith(SOURCE_SUFFIXES):
                continue
            if path in named and not path.endswith(".py"):
                yield path
                continue
            if is_test_path(path):
                continue
            document = self._workspace.read(path)
            if document is None or not is_of_a_worker(document):
                continue
            if path in named:
                yield path
                continue
            if is_below(path, settled) and not self._stands_alone(document):
                continue
            names = _names_of_classes(document, _CALLED)
            if names and by_class is None:
                by_class = self._by_class(reached)
            if not _is_state(document, names, by_class or {}) and self._is_fit(path):
                yield path

    def _stands_alone(self, document: Document) -> bool:
        """Whether a module that nothing reaches, beside what a Worker runs, is code of its own: it exports
        classes that the runtime calls, as an example does, or what nobody exports yet. A second default
        export may be a former state of `main`."""
        if _OLD.search(document.path) is not None or _DEFAULT.search(document.data) is not None:
            return False
        return _CALLED.search(document.data) is not None

    def _by_class(self, reached: Iterable[str]) -> dict[bytes, list[Document]]:
        """The modules that Workers reach, by the classes that they declare."""
        found: dict[bytes, list[Document]] = {}
        for path in reached:
            document = self._workspace.read(path)
            if document is None:
                continue
            for name in _names_of_classes(document, _CLASS):
                found.setdefault(name, []).append(document)
        return found

    def _has_many_lines(self, path: str) -> bool:
        """Whether a file is written line by line, although one of them may hold a picture or a page."""
        document = self._workspace.read(path)
        if document is None:
            return False
        lines = document.data.count(b"\n", 0, _HEAD)  # which settles it for most
        return lines >= _MANY_LINES or document.data.count(b"\n", _HEAD) + lines >= _MANY_LINES

    def _is_fit(self, path: str) -> bool:
        reason = unfit(self._workspace, path)
        if reason is None or reason is Unreadable.ABSENT:  # a block of a Markdown file is no file
            return True
        why = self._workspace.why_unread(path) or reason.value
        self.notices.append(Notice(f"skipped: {why}", path=path))
        return False
