"""From paths to a project: which Workers are meant, what they reach, and which other files matter."""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Iterable, Iterator
from dataclasses import field

from cflint.finding import Notice
from cflint.pattern import pattern
from cflint.project.config.wrangler import WranglerConfig, is_wrangler_document, read_config
from cflint.project.files.discovery import (
    Discovered,
    configs_above,
    configs_in,
    discover,
    is_config_name,
)
from cflint.project.files.ignore import Ignore
from cflint.project.files.workspace import Unreadable, Workspace
from cflint.project.modules.imports import Import
from cflint.project.modules.resolve import ModuleGraph, Resolver
from cflint.project.workers.markdown import MarkdownWorkers
from cflint.project.workers.model import Project
from cflint.project.workers.preferences import Preferences
from cflint.project.workers.selection import Selection
from cflint.project.workers.worker import Worker
from cflint.quoting import quoted
from cflint.record import record
from cflint.source import Document
from cflint.syntax.data import DataDocument
from cflint.syntax.documents import read

_GENERATED_MAIN = pattern(
    r"(?:^|/)(?:dist|build|out|output|\.open-next|\.svelte-kit|\.output|\.next|\.vercel|\.wrangler|_worker\.js)(?:/|$)"
)


@record(frozen=True)
class Loaded:
    """What a run looks at.

    `modules` are the paths of the code to analyse: what the Workers reach, and files beside that use Workers
    APIs or were named. `configs` are the configurations, `named` the files given by name, `discovered` what
    was found and left out.
    """

    project: Project
    modules: tuple[str, ...]
    configs: tuple[WranglerConfig, ...]
    named: frozenset[str]
    discovered: Discovered
    notices: tuple[Notice, ...] = ()
    markdown: tuple[Document, ...] = field(default=())
    excluded: Ignore = field(default=Ignore("", ()))

    @property
    def paths(self) -> tuple[str, ...]:
        """The paths of the modules and configurations, as files (a Markdown block's is its file's)."""
        found = (*self.modules, *(config.path for config in self.configs))
        return tuple(dict.fromkeys(path.split("#", 1)[0] for path in found))

    @property
    def empty(self) -> bool:
        """Whether there is nothing of a Worker here."""
        return not (self.project.workers or self.modules or self.configs)


def load(
    workspace: Workspace, paths: Iterable[str], excludes: Iterable[str] = (), *, preferences: Preferences
) -> Loaded:
    """Load the Workers that paths of the workspace mean ("" is its root)."""
    return _Loading(workspace, tuple(paths), tuple(excludes), preferences).load()


def modules_among(
    workspace: Workspace,
    excludes: Iterable[str],
    paths: Iterable[str],
    reached: Collection[str],
    named: frozenset[str],
) -> set[str]:
    """Those of some sources that are analysed; `reached` are what Workers reach, `named` was asked for."""
    paths = tuple(paths)
    selection = Selection(workspace, Ignore("", excludes))
    return set(selection.modules(paths, dict.fromkeys(path for path in paths if path in reached), named))


class _Loading:
    def __init__(
        self,
        workspace: Workspace,
        paths: tuple[str, ...],
        excludes: tuple[str, ...],
        preferences: Preferences,
    ) -> None:
        self._workspace = workspace
        self._preferences = preferences
        self._given = paths
        self._excludes = excludes
        self._excluded = Ignore("", excludes)
        self._paths = tuple(path for path in paths if not self._is_excluded(path))
        self._read: dict[str, DataDocument] = {}
        self._resolver = Resolver(workspace)
        self._graph = ModuleGraph(workspace, self._resolver)
        self._markdown = MarkdownWorkers()
        self._selection = Selection(workspace, self._excluded)
        self._unread: dict[str, None] = {}
        self._unresolved: dict[tuple[str, Import], None] = {}

    def _is_excluded(self, path: str) -> bool:
        return self._excluded.covers(path + "/" if self._workspace.is_dir(path) else path)

    def _is_config(self, document: Document) -> bool:
        data = self._read.get(document.path)
        if data is None or data.document is not document:
            data = self._read[document.path] = read(document)
        return is_wrangler_document(data)

    def _config(self, path: str) -> WranglerConfig | None:
        document = self._workspace.read(path)
        if document is None:
            return None
        data = self._read.get(document.path)
        return (
            WranglerConfig.of(data)
            if data is not None and data.document is document
            else read_config(document)
        )

    def load(self) -> Loaded:
        found = discover(self._workspace, self._given, self._excludes, is_config=self._is_config)
        named = frozenset(path for path in self._paths if path and self._workspace.is_file(path))
        configs = {path: config for path in found.configs if (config := self._config(path)) is not None}
        workers = [self._worker(config) for config in configs.values()]
        for worker in self._owners(found, frozenset(configs)):
            assert worker.config is not None
            configs[worker.config.path] = worker.config
            workers.append(worker)
        markdown = []
        for path in found.markdown:
            document = self._workspace.read(path)
            if document is not None:
                markdown.append(document)
                for section in self._markdown.sections(document):
                    workers.append(section)
                    if section.config is not None:
                        configs[section.config.path] = section.config
        project = Project(
            self._workspace,
            self._resolver,
            tuple(workers),
            self._markdown.blocks,
            self._markdown.titles,
            self._preferences,
            self._graph,
        )
        reached = dict.fromkeys(module for worker in workers for module in worker.modules)
        modules = tuple(self._selection.modules(found.sources, reached, named))
        self._say_shadowed(found)
        self._say_unread(found)
        self._say_unresolved()
        self._say_encodings((*modules, *configs))
        return Loaded(
            project,
            modules,
            tuple(configs.values()),
            named,
            found,
            tuple(self._selection.notices),
            tuple(markdown),
            self._excluded,
        )

    def _say_shadowed(self, found: Discovered) -> None:
        for path, others in found.shadowed.items():
            listed = ", ".join(f"`{posixpath.basename(other)}`" for other in others)
            self._selection.notices.append(
                Notice(f"wrangler reads `{posixpath.basename(path)}` here and not {listed}", path=path)
            )

    def _say_unread(self, found: Discovered) -> None:
        """Tell of what belongs to the project and could not be read; without it the rest means less."""
        unread = {path: self._workspace.why_unread(path) for path in self._unread}
        for item in found.left_out:
            if isinstance(item.reason, Unreadable) and (
                item.reason is Unreadable.DENIED or is_config_name(item.path)
            ):
                unread[item.path] = self._workspace.why_unread(item.path) or item.reason.value
        for path, why in unread.items():
            if why is not None and path not in self._paths:
                what = "folder" if path.endswith("/") else "file"
                self._selection.notices.append(
                    Notice(f"skipped: the {what} is {why}", path=path, level="warning")
                )

    def _say_unresolved(self) -> None:
        """Tell of imports of files that are not there: what they bring is not known."""
        for path, item in self._unresolved:
            document = self._workspace.read(path)
            if document is not None and not item.type_only and item.specifier.startswith(("./", "../")):
                message = f"imports {quoted(item.specifier)}, which is not there"
                line = document.line_of(item.span.start)
                self._selection.notices.append(Notice(message, path=path, line=line))

    def _say_encodings(self, paths: Iterable[str]) -> None:
        for path in paths:
            document = self._workspace.read(path)
            if document is None or document.data.isascii():
                continue
            try:
                document.data.decode()
            except UnicodeDecodeError as error:
                line = document.line_of(error.start)
                message = "not all of the file is UTF-8: what is not is read as U+FFFD"
                self._selection.notices.append(Notice(message, path=path, line=line, level="warning"))

    # -- Workers of configurations -------------------------------------------------------------------------

    def _worker(self, config: WranglerConfig) -> Worker:
        mains = dict.fromkeys(
            posixpath.normpath(posixpath.join(config.directory, main.text or ""))
            for environment in config.environments
            if (main := environment.main) is not None
        )
        reaches = {main: self._graph.reachable(main) for main in mains}
        modules: dict[str, None] = {}
        running: set[str] = set()
        for reach in reaches.values():
            self._unread.update(dict.fromkeys(filter(self._is_unreadable, reach.unread)))
            self._unresolved.update(dict.fromkeys(reach.unresolved))
            modules.update(dict.fromkeys(reach.modules))
            running.update(path for path in reach.modules if path not in reach.type_only)
        entries = tuple(
            reach.modules[0]
            for main, reach in reaches.items()
            if reach.modules and not _is_generated(main, config)
        )
        if config.is_pages:
            functions = dict.fromkeys(self._pages_functions(config))
            modules.update(functions)
            running.update(functions)
        unresolved = any(not reach.complete for reach in reaches.values())
        type_only = frozenset(modules) - running
        return Worker(config, entries, tuple(modules), unresolved=unresolved, type_only=type_only)

    def _is_unreadable(self, path: str) -> bool:
        """Whether a file is there and cannot be read; a `main` that is not there is for a rule to tell."""
        return self._workspace.problem(path) in (Unreadable.BINARY, Unreadable.DENIED, Unreadable.TOO_LARGE)

    def _pages_functions(self, config: WranglerConfig) -> Iterator[str]:
        folder = posixpath.join(config.directory, "functions")
        if not self._workspace.is_dir(folder):
            return
        for path in discover(self._workspace, (folder,), self._excludes).sources:
            yield from self._graph.reachable(path).modules

    def _owners(self, found: Discovered, known: frozenset[str]) -> Iterator[Worker]:
        """The Workers, configured outside the given paths, that reach a file within them."""
        if "" in self._paths:
            return
        candidates: dict[str, None] = {}
        for path in self._paths:
            if not any(_within(config, path) for config in known):
                above = configs_above(self._workspace, path, self._excludes, is_config=self._is_config)
                candidates.update(dict.fromkeys(above))
        owners = list(self._reaching(candidates, known))
        covered = {module for worker in owners for module in worker.modules}
        left = [path for path in found.sources if path not in covered]
        if left and not known and self._is_monorepo():
            everywhere = configs_in(self._workspace, "", self._excludes, is_config=self._is_config)
            seen = frozenset(known) | frozenset(candidates)
            owners.extend(self._reaching(dict.fromkeys(everywhere), seen))
        yield from owners

    def _reaching(self, candidates: Iterable[str], known: frozenset[str]) -> Iterator[Worker]:
        for path in candidates:
            config = self._config(path) if path not in known else None
            if config is None:
                continue
            worker = self._worker(config)
            if any(_within(module, given) for module in worker.modules for given in self._paths):
                yield worker

    def _is_monorepo(self) -> bool:
        if self._workspace.exists("pnpm-workspace.yaml"):
            return True
        manifest = self._workspace.read("package.json")
        return manifest is not None and b'"workspaces"' in manifest.data


def _within(path: str, given: str) -> bool:
    return not given or path == given or path.startswith(f"{given}/")


def _is_generated(main: str, config: WranglerConfig) -> bool:
    """Whether a `main` is what a build makes, so that what it exports today says nothing."""
    below = main[len(config.directory) :].lstrip("/") if config.directory else main
    return _GENERATED_MAIN.search(below) is not None
