"""Who imports whom, and which modules a `main` reaches."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING

from cflint.lazy import Lazy
from cflint.project.files.workspace import Workspace
from cflint.project.modules.imports import Import, ImportKind, import_specifiers
from cflint.project.modules.quoted import first_template
from cflint.project.modules.resolve.resolver import Resolver
from cflint.project.modules.resolve.takings import Barrel, Takings
from cflint.project.modules.resolve.targets import Local, Package, Resolution, Unknown
from cflint.record import record
from cflint.syntax.suffixes import DECLARATION_SUFFIXES, EMBEDDED_SUFFIXES, EXTENSIONS, SOURCE_SUFFIXES

if TYPE_CHECKING:
    from cflint.source import Document
    from cflint.syntax import embedded, javascript
else:
    embedded = Lazy("cflint.syntax.embedded")
    javascript = Lazy("cflint.syntax.javascript")

_AROUND = frozenset(("string", "template_string", "template_substitution", "comment"))
"""What tells whether a specifier is text: the innermost of these around it."""
_STATEMENTS = frozenset((ImportKind.STATIC, ImportKind.REEXPORT))
_OF_APPS = (*EXTENSIONS, *EMBEDDED_SUFFIXES)


@record(frozen=True)
class Edge:
    """An import of a module and where it leads."""

    item: Import
    to: Resolution


@record(frozen=True)
class Reach:
    """What a module reaches through imports.

    `modules` are the files of code, the module itself first, then in the order of a breadth-first walk;
    those in `type_only` are reached through type imports alone and come last. Of those in `idle` no function
    runs: they are reached so, or others only hand on their names, and nobody takes one. `others` are local
    files that are no code: data and declarations. `unread` could not be read (see `Workspace.problem`).
    `unresolved` are imports, with the path of their module, that lead to no file.
    """

    modules: tuple[str, ...] = ()
    type_only: frozenset[str] = frozenset()
    idle: frozenset[str] = frozenset()
    others: tuple[str, ...] = ()
    packages: frozenset[str] = frozenset()
    unread: tuple[str, ...] = ()
    unresolved: tuple[tuple[str, Import], ...] = ()

    @property
    def complete(self) -> bool:
        """Whether every local module that runs is in `modules`; else what is missing there is unknown."""
        return not self.unread and all(item.type_only for _, item in self.unresolved)


@record(frozen=True)
class _Step:
    """The imports of one module by where they lead; see `Reach`."""

    modules: tuple[str, ...]
    types: tuple[str, ...]
    others: dict[str, None]
    packages: frozenset[str]
    unresolved: tuple[tuple[str, Import], ...]

    @classmethod
    def of(cls, path: str, edges: Iterable[Edge]) -> _Step:
        modules: dict[str, None] = {}
        types: dict[str, None] = {}
        others: dict[str, None] = {}
        packages: set[str] = set()
        unresolved: list[tuple[str, Import]] = []
        for edge in edges:
            to = edge.to
            if isinstance(to, Unknown):
                unresolved.append((path, edge.item))
            elif isinstance(to, Package):
                packages.add(to.name)
            elif isinstance(to, Local):
                is_text = edge.item.specifier.partition("?")[2].startswith(("raw", "url", "text"))
                is_code = to.path.endswith(SOURCE_SUFFIXES) and not is_text  # Vite: "./client.js?raw"
                if not is_code or to.path.endswith(DECLARATION_SUFFIXES):
                    others[to.path] = None
                else:
                    (types if edge.item.type_only else modules)[to.path] = None
        return cls(tuple(modules), tuple(types), others, frozenset(packages), tuple(unresolved))


@record(frozen=True)
class Ways:
    """Where one module of an app leads: `code` are the modules of code that it runs, each with the specifier,
    `types` those that it imports types from, `lost` what it imports to run and no file is found for."""

    code: tuple[tuple[str, str], ...]
    types: tuple[str, ...]
    lost: tuple[Import, ...]

    @classmethod
    def of(cls, edges: Iterable[Edge]) -> Ways:
        code: dict[tuple[str, str], None] = {}
        types: dict[str, None] = {}
        lost: list[Import] = []
        for edge in edges:
            to, item = edge.to, edge.item
            if isinstance(to, Local):
                if to.path.endswith(_OF_APPS) and not to.path.endswith(DECLARATION_SUFFIXES):
                    if item.specifier.partition("?")[2].startswith(("raw", "url", "text")):
                        continue
                    if item.type_only:
                        types[to.path] = None
                    else:
                        code[to.path, item.specifier] = None
            elif isinstance(to, Unknown) and not item.type_only:
                lost.append(item)
        return cls(tuple(code), tuple(types), tuple(lost))


class ModuleGraph:
    """Who imports whom, a module's imports found once for all Workers that reach it."""

    def __init__(self, workspace: Workspace, resolver: Resolver) -> None:
        self._workspace = workspace
        self._resolver = resolver
        self._edges: dict[str, tuple[Edge, ...] | None] = {}
        self._steps: dict[str, _Step | None] = {}
        self._reach: dict[str, Reach] = {}
        self._ways: dict[str, Ways | None] = {}
        self._barrels: dict[str, Barrel] = {}
        self._handing: dict[str, bool] = {}
        self._words: dict[str, tuple[Document | None, set[str], set[str]]] = {}
        self.named: set[str] = set()
        """The modules whose text was asked for names that an `export *` may hand on."""

    @property
    def known(self) -> Mapping[str, tuple[Edge, ...] | None]:
        """The imports that have been looked for so far, by module."""
        return self._edges

    def imports_of(self, path: str) -> tuple[Edge, ...] | None:
        """The imports of a module in source order; None when it cannot be read."""
        if path not in self._edges:
            document = self._workspace.read(path)
            edges: tuple[Edge, ...] | None = None
            if document is not None:
                resolve = self._resolver.resolve
                data = (
                    embedded.script_of(document).data if path.endswith(EMBEDDED_SUFFIXES) else document.data
                )
                imports = import_specifiers(data, python=path.endswith(".py"))
                edges = tuple(Edge(item, resolve(item.specifier, path)) for item in imports)
                edges = _without_quoted(document, edges)
            self._edges[path] = edges
        return self._edges[path]

    def _step(self, path: str) -> _Step | None:
        """Where one module leads; None when it cannot be read."""
        if path not in self._steps:
            edges = self.imports_of(path)
            self._steps[path] = _Step.of(path, edges) if edges is not None else None
        return self._steps[path]

    def ways(self, path: str) -> Ways | None:
        """Where a module of an app leads; None when it cannot be read."""
        if path not in self._ways:
            edges = self.imports_of(path)
            self._ways[path] = Ways.of(edges) if edges is not None else None
        return self._ways[path]

    def reachable(self, main: str, is_data: Callable[[str], bool] | None = None) -> Reach:
        """What a Worker's `main` reaches; without that file, a reach of nothing with `main` unread. What
        `is_data` tells of is no code, although it may look so."""
        if is_data is not None:
            return self._search(main, is_data)
        known = self._reach.get(main)
        if known is None:
            known = self._reach[main] = self._search(main)
        return known

    def _search(self, main: str, is_data: Callable[[str], bool] | None = None) -> Reach:
        start = self._workspace.real(main)
        if start is None or not self._workspace.is_file(start):
            return Reach(unread=(main,))
        modules: dict[str, None] = {}
        others: dict[str, None] = {}
        unread: list[str] = []
        packages: set[str] = set()
        unresolved: list[tuple[str, Import]] = []
        running = 0
        seen = {start}
        queue = deque([start])
        later: list[str] = []  # reached through types: only after everything that runs
        while queue:
            path = queue.popleft()
            step = self._step(path)
            if step is None:
                unread.append(path)
            else:
                modules[path] = None
                for module in step.modules:
                    if module not in seen:
                        seen.add(module)
                        if is_data is not None and is_data(module):
                            others[module] = None
                        else:
                            queue.append(module)
                later += step.types
                others.update(step.others)
                packages |= step.packages
                unresolved += step.unresolved
            if not queue:
                running = running or len(modules)
                queue.extend(dict.fromkeys(path for path in later if path not in seen))
                seen.update(queue)
                later.clear()
        every = tuple(modules)
        type_only = frozenset(every[running:])
        return Reach(
            modules=every,
            type_only=type_only,
            idle=type_only | self.idle_among(every[:running], (start,)),
            others=tuple(others),
            packages=frozenset(packages),
            unread=tuple(unread),
            unresolved=tuple(unresolved),
        )

    def _hands_on(self, path: str) -> bool:
        """Whether a module exports values of others as its own."""
        found = self._handing.get(path)
        if found is None:
            items = (edge.item for edge in self.imports_of(path) or ())
            found = any(item.kind is ImportKind.REEXPORT and not item.type_only for item in items)
            self._handing[path] = found
        return found

    def idle_among(self, run: Iterable[str], starts: Iterable[str]) -> frozenset[str]:
        """Of modules that `starts` reach, those that others only hand names of on, and nobody takes one."""
        reached = frozenset(run)
        if not any(map(self._hands_on, reached)):
            return frozenset()
        return reached - Takings(reached, self._barrel_of, self._words_in).of(starts)

    def _barrel_of(self, path: str) -> Barrel:
        """What a module takes of others and hands on, found once for all Workers that reach it."""
        found = self._barrels.get(path)
        if found is None:
            found = self._barrels[path] = Barrel(
                (edge.to.path, edge.item)
                for edge in self.imports_of(path) or ()
                if isinstance(edge.to, Local) and not edge.item.type_only
            )
        return found

    def _words_in(self, path: str, words: AbstractSet[str]) -> AbstractSet[str]:
        """Those of some words that stand in a module; all may where it cannot be read."""
        known = self._words.get(path)
        if known is None:
            self.named.add(path)
            known = self._words[path] = self._workspace.read(path), set(), set()
        document, there, missing = known
        for word in words - there - missing:
            (there if document is None or document.has_word(word) else missing).add(word)
        return words & there


def _without_quoted(document: Document, edges: tuple[Edge, ...]) -> tuple[Edge, ...]:
    """The imports of a module without those that stand in the text of a template: a program that holds others
    as strings. A tree is made only where there may be such: a template is open before, or the import leads
    nowhere, or stands between backticks (see `_between_templates`)."""
    data = document.data
    first = data.find(b"`")
    if first == -1 or not edges or edges[-1].item.span.start < first:
        return edges
    is_open = _are_in_open_template(data, [edge.item.span.start for edge in edges])
    between = _between_templates(data, edges)
    doubtful = [
        edge.item
        for edge, in_template in zip(edges, is_open, strict=True)
        if first < edge.item.span.start
        and data[edge.item.span.start - 1 : edge.item.span.start] != b"`"
        and (in_template or _leads_nowhere(edge) or edge.item.specifier in between)
    ]
    if not doubtful or not document.path.endswith(EXTENSIONS):
        return edges
    try:
        syntax = javascript.parse(document)
    except javascript.ParseTimeout:
        return edges
    texts = {item for item in doubtful if _is_quoted(syntax, item)}
    return tuple(edge for edge in edges if edge.item not in texts)


def _leads_nowhere(edge: Edge) -> bool:
    return isinstance(edge.to, Unknown) and edge.item.specifier.startswith(("./", "../"))


def _between_templates(data: bytes, edges: Iterable[Edge]) -> frozenset[str]:
    """The specifiers of modules that only statements between the first and the last backtick import."""
    first, last = first_template(data), data.rfind(b"`")
    inside: set[str] = set()
    outside: set[str] = set()
    for edge in edges:
        item = edge.item
        is_between = -1 < first <= item.span.start < last and item.kind in _STATEMENTS
        is_module = isinstance(edge.to, Local) and not item.type_only
        (inside if is_between and is_module else outside).add(item.specifier)
    return frozenset(inside - outside)


def _are_in_open_template(data: bytes, places: Iterable[int]) -> Iterator[bool]:
    """For places in order: whether a template is open there, as far as counting its quotes tells."""
    after = count = 0
    for place in places:
        count += data.count(b"`", after, place) - data.count(b"\\`", max(after - 1, 0), place)
        after = place
        yield count % 2 == 1


def _is_quoted(syntax: javascript.Syntax, item: Import) -> bool:
    """Whether a specifier stands in the text of a template, or in a comment, and is not the template."""
    node = syntax.node_at(item.span.start, item.span.end)
    while node is not None and node.type not in _AROUND:
        node = syntax.parent(node)
    return node is not None and node.type in ("template_string", "comment")
