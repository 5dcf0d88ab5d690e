"""From paths to a project: which Workers are meant, what they reach, and which other files matter."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import field
from functools import cache

from cflint.finding import Location, Notice
from cflint.pattern import pattern
from cflint.project.config.wrangler import WranglerConfig, is_wrangler_document, read_config
from cflint.project.files.discovery import (
    Discovered,
    configs_above,
    configs_in,
    discover,
    is_config_name,
    unfit,
)
from cflint.project.files.ignore import Ignore
from cflint.project.files.roles import is_test_path
from cflint.project.files.workspace import Unreadable, Workspace
from cflint.project.modules.imports import import_specifiers
from cflint.project.modules.resolve import ModuleGraph, Resolver
from cflint.project.workers.model import Project, Worker
from cflint.record import record
from cflint.source import Document
from cflint.syntax.anchors import Anchors
from cflint.syntax.data import DataDocument, Kind
from cflint.syntax.documents import read
from cflint.syntax.suffixes import EXTENSIONS, SOURCE_SUFFIXES

_WORKERS_PACKAGES = pattern(
    r"cloudflare:.*|partyserver|@cloudflare/workers-types.*|(?:agents|@cloudflare/(?:workers-oauth-provider|containers"
    r"|sandbox|actors|ai-chat|think|codemode|voice|shell|worker-bundler|puppeteer|playwright|kv-asset-handler))"
    r"(?:/(?!(?:.*/)?(?:react|ai-react|client|vite|ui|transport|webmcp|compile)$).*)?"
)
"""Packages that run in a Worker, without their parts for browsers and for building."""
_WORKERS_TYPES = (
    *("DurableObjectState", "DurableObjectNamespace", "ExportedHandler", "KVNamespace", "D1Database"),
    *("R2Bucket", "WebSocketPair", "ExecutionContext", "MessageBatch"),
)
_TOOLS = pattern(
    r"(?:node:)?(?:fs|fs/promises|child_process|os|readline|worker_threads|cluster|repl|v8|vm)|esbuild|vite|vitest|rollup"
    r"|miniflare|wrangler|undici|execa|jest"
)
"""Packages of programs that run on a developer's machine: they speak of Workers and are none."""
_PACKAGE_NEEDLES = ("cloudflare:", "@cloudflare/", "agents", "partyserver")
"""What the names of `_WORKERS_PACKAGES` begin with."""
_PYTHON_WORDS = pattern(
    rb"^[ \t]*(?:from|import)[ \t]+(?:cloudflare\.)?workers\b|\bdef[ \t]+on_fetch\b"
    rb"|^[ \t]*from[ \t]+js[ \t]+import\b",
    re.MULTILINE,
)
_GENERATED_MAIN = pattern(
    r"(?:^|/)(?:dist|build|out|output|\.open-next|\.svelte-kit|\.output|\.next|\.vercel|\.wrangler|_worker\.js)(?:/|$)"
)


_MANY_LINES = 25
_HEAD = 4000
_LONGEST_NAME = 1000
_WORD = pattern(rb"\b\w+")


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


def load(workspace: Workspace, paths: Iterable[str], excludes: Iterable[str] = ()) -> Loaded:
    """Load the Workers that paths of the workspace mean ("" is its root)."""
    return _Loading(workspace, tuple(paths), tuple(excludes)).load()


def modules_among(
    workspace: Workspace,
    excludes: Iterable[str],
    paths: Iterable[str],
    reached: Collection[str],
    named: frozenset[str],
) -> set[str]:
    """Those of some sources that are analysed; `reached` are what Workers reach, `named` was asked for."""
    loading = _Loading(workspace, (), tuple(excludes))
    paths = tuple(paths)
    of_a_worker = Worker(None, (), tuple(path for path in paths if path in reached))
    return set(loading._modules(Discovered(sources=paths), [of_a_worker], named))


class _Loading:
    def __init__(self, workspace: Workspace, paths: tuple[str, ...], excludes: tuple[str, ...]) -> None:
        self._workspace = workspace
        self._given = paths
        self._excludes = excludes
        self._excluded = Ignore("", excludes)
        self._paths = tuple(path for path in paths if not self._is_excluded(path))
        self._read: dict[str, DataDocument] = {}
        self._resolver = Resolver(workspace)
        self._graph = ModuleGraph(workspace, self._resolver)
        self._notices: list[Notice] = []
        self._titles: dict[str, str] = {}
        self._unread: dict[str, None] = {}

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
        documents: dict[str, Document] = {}
        markdown = []
        for path in found.markdown:
            document = self._workspace.read(path)
            if document is not None:
                markdown.append(document)
                for section in self._sections(document, documents):
                    workers.append(section)
                    if section.config is not None:
                        configs[section.config.path] = section.config
        project = Project(
            self._workspace, self._resolver, tuple(workers), documents, self._titles, self._graph
        )
        modules = tuple(self._modules(found, workers, named))
        self._say_shadowed(found)
        self._say_unread(found)
        self._say_encodings((*modules, *configs))
        return Loaded(
            project,
            modules,
            tuple(configs.values()),
            named,
            found,
            tuple(self._notices),
            tuple(markdown),
            self._excluded,
        )

    def _say_shadowed(self, found: Discovered) -> None:
        for path, others in found.shadowed.items():
            listed = ", ".join(f"`{posixpath.basename(other)}`" for other in others)
            self._notices.append(
                Notice(f"wrangler reads `{posixpath.basename(path)}` here and not {listed}", path=path)
            )

    def _say_unread(self, found: Discovered) -> None:
        """Tell of what belongs to the project and could not be read; without it the rest means less."""
        unread = {path: self._workspace.problem(path) for path in self._unread}
        for item in found.left_out:
            if isinstance(item.reason, Unreadable) and (
                item.reason is Unreadable.DENIED or is_config_name(item.path)
            ):
                unread[item.path] = item.reason
        for path, problem in unread.items():
            if problem is not None and path not in self._paths:
                what = "folder" if path.endswith("/") else "file"
                self._notices.append(
                    Notice(f"skipped: the {what} is {problem.value}", path=path, level="warning")
                )

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
                self._notices.append(Notice(message, path=path, line=line, level="warning"))

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

    # -- Markdown ------------------------------------------------------------------------------------------

    def _sections(self, document: Document, documents: dict[str, Document]) -> Iterator[Worker]:
        """The virtual Workers of a Markdown file: the code and configuration blocks under one heading."""
        from cflint.syntax.markdown import fenced_blocks, worker_groups

        for group in worker_groups(fenced_blocks(document)):
            blocks = [block.document for block in group.config]
            manifest = next((block for block in blocks if self._is_manifest(block)), None)
            config = next((read_config(block) for block in blocks if self._is_wrangler_block(block)), None)
            code: list[str] = []
            python: list[str] = []
            for block in group.code:
                if block.document.path.endswith(EXTENSIONS):
                    code.append(block.document.path)
                elif block.document.path.endswith(".py") and _PYTHON_WORDS.search(block.document.data):
                    python.append(block.document.path)
                else:
                    continue
                documents[block.document.path] = block.document
                self._titles[block.document.path] = block.title or ""
            if not code and not python and config is None:
                continue
            first = (*group.code, *group.config)[0]
            place = group.heading.span if group.heading is not None else first.content
            at = Location(document, place)
            if code and python:  # the same in two languages, and the configuration may be that of one
                yield Worker(None, tuple(python), tuple(python), at)
            entries = tuple(code or python)
            yield Worker(config, entries, entries, at, manifest=manifest)

    def _is_manifest(self, document: Document) -> bool:
        dependencies = read(document).root.get("dependencies") if b'"dependencies"' in document.data else None
        return dependencies is not None and dependencies.kind is Kind.OBJECT

    def _is_wrangler_block(self, document: Document) -> bool:
        root = read(document).root
        keys = {member.key for member in root.members}
        return bool(keys & _WRANGLER_KEYS)

    # -- modules -------------------------------------------------------------------------------------------

    def _modules(self, found: Discovered, workers: list[Worker], named: frozenset[str]) -> Iterator[str]:
        reached = dict.fromkeys(module for worker in workers for module in worker.modules)
        for path in reached:
            if not path.endswith(SOURCE_SUFFIXES) or is_test_path(path) or self._excluded.covers(path):
                continue
            if path in named or self._has_many_lines(path) or self._is_fit(path):
                yield path
        for path in found.sources:
            if path in reached or not path.endswith(SOURCE_SUFFIXES):
                continue
            if path in named and not path.endswith(".py"):
                yield path
                continue
            if is_test_path(path):
                continue
            document = self._workspace.read(path)
            if document is None or not _is_of_a_worker(document):
                continue
            if path in named or self._is_fit(path):
                yield path

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
        self._notices.append(Notice(f"skipped: {reason.value}", path=path))
        return False


_WRANGLER_KEYS = frozenset(
    {
        "compatibility_date",
        "compatibility_flags",
        "durable_objects",
        "migrations",
        "kv_namespaces",
        "d1_databases",
    }
    | {
        "r2_buckets",
        "queues",
        "hyperdrive",
        "workflows",
        "triggers",
        "vectorize",
        "send_email",
        "observability",
    }
    | {
        "services",
        "ai",
        "vars",
        "assets",
        "main",
        "analytics_engine_datasets",
        "ratelimits",
        "containers",
        "routes",
    }
)
"""A block of JSON or TOML with one of these at its top level is taken for wrangler's."""


def _is_of_a_worker(document: Document) -> bool:
    """Whether code that no Worker reaches uses what only Workers have."""
    data = document.data
    if document.path.endswith(".py"):
        return _PYTHON_WORDS.search(data) is not None
    has_types = has_packages = False
    for start, end, word in _traces().find(data):
        if word in _PACKAGE_NEEDLES:
            has_packages = has_packages or _names_a_package(data, start)
        else:
            has_types = has_types or _is_word(data, start, end)
    if not has_types and not has_packages:
        return False  # which settles most files before their imports are looked for
    imported = [item.specifier for item in import_specifiers(data) if not item.type_only]
    if any(_WORKERS_PACKAGES.fullmatch(specifier) for specifier in imported):
        return True
    return has_types and not any(_TOOLS.fullmatch(specifier) for specifier in imported)


@cache
def _traces() -> Anchors:
    return Anchors((*_WORKERS_TYPES, *_PACKAGE_NEEDLES), whole=False)


def _is_word(data: bytes, start: int, end: int) -> bool:
    match = _WORD.match(data, start)
    return match is not None and match.end() == end


def _names_a_package(data: bytes, start: int) -> bool:
    """Whether what begins there, between quotes, is the name of a package that runs in a Worker."""
    quote = data[start - 1 : start]
    if quote not in (b'"', b"'", b"`"):
        return False
    end = data.find(quote, start, start + _LONGEST_NAME)
    return _WORKERS_PACKAGES.fullmatch(data[start : max(start, end)].decode("utf-8", "replace")) is not None


def _within(path: str, given: str) -> bool:
    return not given or path == given or path.startswith(f"{given}/")


def _is_generated(main: str, config: WranglerConfig) -> bool:
    """Whether a `main` is what a build makes, so that what it exports today says nothing."""
    below = main[len(config.directory) :].lstrip("/") if config.directory else main
    return _GENERATED_MAIN.search(below) is not None
