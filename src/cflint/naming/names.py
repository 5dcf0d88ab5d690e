"""Where the bindings of a project are named: found file by file, and kept as long as nothing changes it.

Imported where used: libcst, when there is a module of Python.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

from cflint.finding import Location
from cflint.naming.code import mentions_in_module
from cflint.naming.config import mentions_in_config, mentions_in_variables
from cflint.naming.mention import Form, Mention, Role
from cflint.naming.types import mentions_in_types
from cflint.project.code.module import module_of
from cflint.project.config.dev_vars import dev_var_names
from cflint.project.files.discovery import Reason
from cflint.project.modules.reads import Gathered
from cflint.project.workers.loaded import Loaded
from cflint.project.workers.model import Project
from cflint.project.workers.worker import Worker
from cflint.record import field, record
from cflint.source import Document, Span
from cflint.syntax.suffixes import COMPONENT_SUFFIXES, MODULE_SUFFIXES, PYTHON, is_declaration_file

_WORD = re.compile(rb"[\w$]+")
_LONGEST = 200
"""Bytes before a place in which the start of its name is looked for."""

Mentions = Mapping[str, Sequence[Mention]]
"""The mentions in one file, by name."""


@record(frozen=True)
class Subject:
    """A binding: its name, and the Workers whose binding it is. `at` is the place that was asked about."""

    name: str
    workers: tuple[Worker, ...]
    at: Location


@record(frozen=True)
class _Kept:
    """What was found in a file of some names, and what it was drawn from: the Workers, the texts."""

    names: frozenset[str]
    workers: object
    texts: Mapping[str, bytes | None]
    found: Mapping[str, list[Mention]]


@record(eq=False)
class _Sights:
    """What is known of a project: the files of each Worker (by its id), and the names that each binds."""

    loaded: Loaded
    paths: dict[int, tuple[str, ...]] = field(default_factory=dict)
    names: dict[int, frozenset[str]] = field(default_factory=dict)
    beside: dict[int, list[str]] = field(default_factory=dict)


class Names:
    """Finds mentions of bindings in a project that is loaded again and again.

    `learn` looks at one file and is quick; whoever must not wait calls it for each of `paths` by itself, and
    then asks the rest.
    """

    def __init__(self) -> None:
        self._kept: dict[str, _Kept] = {}
        self._last: _Sights | None = None

    # -- what there is ---------------------------------------------------------------------------------------

    def names(self, loaded: Loaded, worker: Worker) -> frozenset[str]:
        """All names that a Worker's configuration, or a file of variables beside it, declares."""
        sights = self._sights(loaded)
        known = sights.names.get(id(worker))
        if known is None:
            found = {binding.name for environment in worker.environments for binding in environment.bindings}
            if worker.config is not None:
                found |= dev_var_names(loaded.project.workspace, worker.config.directory)
            known = sights.names[id(worker)] = frozenset(found)
        return known

    def paths(self, loaded: Loaded, workers: Iterable[Worker]) -> list[str]:
        """The files in which some Workers' bindings may be named: modules, tests and declarations beside
        them."""
        return list(dict.fromkeys(path for worker in workers for path in self._paths(loaded, worker)))

    def workers_of(self, loaded: Loaded, path: str) -> tuple[Worker, ...]:
        """The Workers that run a module, or beside which it stands."""
        owners = loaded.project.owners
        return owners.of(path) or owners.near(path)

    def _sights(self, loaded: Loaded) -> _Sights:
        if self._last is not None and self._last.loaded is loaded:
            return self._last
        self._last = sights = _Sights(loaded)
        owners = loaded.project.owners
        declarations = (left.path for left in loaded.discovered.left_out if left.reason is Reason.DECLARATION)
        configured = {document.path for config in loaded.configs for document in config.documents}
        for path in dict.fromkeys((*loaded.modules, *loaded.discovered.sources, *declarations)):
            if path in configured:
                continue
            for worker in () if owners.of(path) else owners.near(path):
                if not path.endswith(PYTHON) or any(entry.endswith(PYTHON) for entry in worker.entries):
                    sights.beside.setdefault(id(worker), []).append(path)
        return sights

    def _paths(self, loaded: Loaded, worker: Worker) -> tuple[str, ...]:
        sights = self._sights(loaded)
        known = sights.paths.get(id(worker))
        if known is None:
            found = dict.fromkeys((*worker.modules, *sights.beside.get(id(worker), ())))
            generated = loaded.project.env_types.generated(worker)
            if generated is not None:
                found[generated.path] = None
            known = sights.paths[id(worker)] = tuple(found)
        return known

    # -- what is found ---------------------------------------------------------------------------------------

    def learn(self, loaded: Loaded, path: str, names: Collection[str] = ()) -> Mentions:
        """The mentions in a module or a file of types: of the bindings of its Workers, and of other names."""
        project = loaded.project
        document = project.sources.place(path)
        if document is None:
            return {}
        workers = self.workers_of(loaded, path)
        known = {name for worker in workers for name in self.names(loaded, worker)}
        present = frozenset(name for name in known.union(names) if document.has_word(name))
        if not present:
            return {}
        outlines = tuple(map(_outline, workers))
        kept = self._kept.get(path)
        is_same = kept is not None and present <= kept.names and outlines == kept.workers
        if kept is not None and is_same and _stands(project, kept.texts):
            return kept.found
        reads, found = _with_reads(project, lambda: _grouped(_mentions(project, document, sorted(present))))
        texts = {read: _data(project, read) for read in {path, *reads.texts, *reads.facts}}
        if project.memo.ledger is not None:
            self._kept[path] = _Kept(present, outlines, texts, found)
        project.trees.release(path)
        return found

    def references(
        self, loaded: Loaded, workers: Iterable[Worker], name: str, *, declarations: bool = True
    ) -> list[Mention]:
        """The places that name a binding of some Workers: declarations first, then code by file. Those that
        may mean something else are among them as `Role.OPEN`."""
        found: list[Mention] = []
        workers = tuple(workers)
        for worker in workers if declarations else ():
            if worker.config is not None:
                found += mentions_in_config(worker.config, name)
                found += mentions_in_variables(loaded.project.workspace, worker.config.directory, name)
        for path in self.paths(loaded, workers):
            found += self.learn(loaded, path, (name,)).get(name, ())
        once: dict[object, Mention] = {}
        for mention in found:
            once.setdefault(mention.place, mention)
        return list(once.values())

    def subject_at(self, loaded: Loaded, path: str, offset: int) -> Subject | None:
        """The binding that is named at a byte offset of a file; None where none is."""
        project = loaded.project
        for config in loaded.configs:
            if any(document.path == path for document in config.documents):
                found = _covering(mentions_in_config(config), path, offset)
                if found is not None:
                    workers = tuple(worker for worker in project.workers if worker.config is config)
                    return Subject(found.name, workers, found.at)
        folder, name = posixpath.split(path)
        if name.startswith((".dev.vars", ".env")):
            found = _covering(mentions_in_variables(project.workspace, folder), path, offset)
            configured = (worker for worker in project.workers if worker.config is not None)
            workers = tuple(w for w in configured if w.config and w.config.directory == folder)
            return Subject(found.name, workers, found.at) if found is not None and workers else None
        document = project.sources.place(path)
        word = _word_at(document.data, offset) if document is not None else None
        if word is None:
            return None
        found = _covering(self.learn(loaded, path, (word,)).get(word, ()), path, offset)
        if found is None or found.role is Role.OPEN:
            return None
        workers = self.workers_of(loaded, path)
        declaring = tuple(worker for worker in workers if word in self.names(loaded, worker))
        return Subject(word, declaring or workers, found.at) if workers else None


def _mentions(project: Project, document: Document, names: Sequence[str]) -> Iterator[Mention]:
    path = document.path
    if is_declaration_file(path):
        yield from mentions_in_types(document, names)
    elif path.endswith(PYTHON):
        from cflint.naming.python import mentions_in_python
        from cflint.project.python.module import python_module_of

        python = python_module_of(project, path)
        if python is not None:
            yield from mentions_in_python(python, names)
    elif path.endswith(MODULE_SUFFIXES):
        module = module_of(project, path)
        if module is not None:
            yield from mentions_in_module(module, names)
    elif path.endswith(COMPONENT_SUFFIXES):
        for name in names:
            for found in re.finditer(rb"(?<![\w$])%s(?![\w$])" % re.escape(name.encode()), document.data):
                yield Mention(name, Location(document, Span(*found.span())), Role.OPEN, Form.NAME)


def _grouped(mentions: Iterable[Mention]) -> Mapping[str, list[Mention]]:
    found: dict[str, list[Mention]] = {}
    for mention in sorted(mentions, key=lambda mention: mention.at.span):
        found.setdefault(mention.name, []).append(mention)
    return found


def _with_reads(
    project: Project, find: Callable[[], Mapping[str, list[Mention]]]
) -> tuple[Gathered, Mapping[str, list[Mention]]]:
    ledger = project.memo.ledger
    if ledger is None:
        return Gathered(), find()
    with ledger.gather() as reads:
        return reads, find()


def _stands(project: Project, texts: Mapping[str, bytes | None]) -> bool:
    return all(_data(project, path) == data for path, data in texts.items())


def _data(project: Project, path: str) -> bytes | None:
    document = project.sources.place(path)
    return document.data if document is not None else None


def _outline(worker: Worker) -> object:
    """What of a Worker decides what `env` is in its modules."""
    classes = tuple(
        (*environment.durable_object_classes, *environment.workflow_classes)
        for environment in worker.environments
    )
    return worker.entries, worker.app.kinds if worker.app is not None else None, classes


def _covering(mentions: Iterable[Mention], path: str, offset: int) -> Mention | None:
    for mention in mentions:
        span = mention.at.span
        if mention.at.document.path == path and span.start <= offset <= span.end:
            return mention
    return None


def _word_at(data: bytes, offset: int) -> str | None:
    for found in _WORD.finditer(data, max(0, offset - _LONGEST), offset + _LONGEST):
        if found.start() <= offset <= found.end():
            return found[0].decode("ascii", "replace")
    return None
