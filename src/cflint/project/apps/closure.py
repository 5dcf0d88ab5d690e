"""The realm of each module of an app: from its seeds along the imports.

A module's realm is the strongest by which it is reached. Type imports lead nowhere. `"use client"`, a seed of
both realms and what names mark for the browser end the way of `server`; `"use server"` and what names mark
for the server begin it anew. An import that a module of both realms uses in its server islands only hands on
`server`.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping

from cflint.pattern import pattern
from cflint.project.apps.app import Borders, Placed
from cflint.project.apps.globs import matcher
from cflint.project.apps.islands import imports_of_server, sides_of
from cflint.project.apps.kind import Islands
from cflint.project.apps.realms import Realm
from cflint.project.files.workspace import Workspace
from cflint.project.modules.imports import Import
from cflint.project.modules.resolve import Local, ModuleGraph
from cflint.record import field, record, replace
from cflint.scope import ModuleScope
from cflint.source import Document
from cflint.syntax.javascript import EXTENSIONS, ParseTimeout, parse

_SERVER_NAME = pattern(r"(?:^|/)(?:[^/]+\.server\.[^/]+|\.server/.+)$")
_COMPILED_NAME = pattern(r"\.css\.[cm]?[jt]sx?$")  # of vanilla-extract: styles are made of it
_BROWSER_NAME = pattern(r"(?:^|/)(?:[^/]+\.client\.[^/]+|\.client/.+)$")
_SERVER_IMPORTS = frozenset({"server-only"})
_SERVER_IMPORT_END = "-start/server-only"
_BROWSER_IMPORTS = frozenset({"client-only"})
_DIRECTIVE = pattern(
    rb"(?:\xef\xbb\xbf)?(?:\s|//[^\n]*\n|/\*(?s:.)*?\*/|[\"']use (?!client|server)[\w ]+[\"'];?)*"
    rb"[\"'](use client|use server)[\"']"
)
_HEAD = 3000


@record(frozen=True)
class Start:
    """A module at which the way begins."""

    path: str
    realm: Realm
    why: str


@record(frozen=True)
class Closure:
    """`placed` are the modules by path, in the order in which they were reached; `types` those that modules
    in the Worker import types from and nothing else; `unresolved` imports of these that lead to no file."""

    placed: Mapping[str, Placed]
    types: tuple[str, ...] = ()
    unresolved: tuple[tuple[str, Import], ...] = ()
    unread: tuple[str, ...] = field(default=())


class Closures:
    """Finds the realms of the modules of apps, of which many share their packages: what a module says of its
    realm is found once for all that ask alike."""

    def __init__(self, workspace: Workspace, graph: ModuleGraph) -> None:
        self._workspace = workspace
        self._graph = graph
        self._marks: dict[tuple[bool, tuple[str, ...]], dict[str, Realm | None]] = {}

    def of(self, starts: Iterable[Start], borders: Borders) -> Closure:
        """The realms of all modules that some others reach."""
        marks = self._marks.setdefault((borders.directives, borders.components), {})
        return _Search(self._workspace, self._graph, borders, marks).run(tuple(starts))


def directive_of(document: Document) -> str | None:
    """`use client` or `use server` at the head of a module."""
    if b"use " not in document.data[:_HEAD]:
        return None
    found = _DIRECTIVE.match(document.data, 0, _HEAD)
    return found[1].decode() if found is not None else None


def border_of(document: Document, realm: Realm, borders: Borders) -> str:
    """What of a module's text decides over the realms of others: when it and the imports have not changed,
    no realm has."""
    found = directive_of(document) if borders.directives else None
    on_server = server_imports(document, borders.islands) if realm is Realm.BOTH else ()
    said = (says for says in borders.says if said_in(document, says))
    return " ".join((*([found] if found is not None else ()), *said, *sorted(on_server)))


def said_in(document: Document, says: str) -> bool:
    """Whether the text of a module has what a seed asks for."""
    return re.search(says.encode(), document.data, re.MULTILINE) is not None


def server_imports(document: Document, islands: Islands) -> frozenset[str]:
    """The specifiers of which a module uses names in server islands only."""
    if not document.path.endswith(EXTENSIONS):
        return frozenset()
    if not any(word.encode() in document.data for word in islands.words):
        return frozenset()
    question = ("imports of server islands", id(islands))
    return document.memoized(question, lambda it: _server_imports(it, islands))


def _server_imports(document: Document, islands: Islands) -> frozenset[str]:
    try:
        syntax = parse(document)
    except ParseTimeout:
        return frozenset()
    scope = ModuleScope(syntax)
    sides = sides_of(syntax, scope, islands)
    return imports_of_server(syntax, scope, sides) if sides.server else frozenset()


class _Search:
    """The way through one app. `marks` and `loads` have what was found of modules already: what their text
    says of the realm, and what they load."""

    def __init__(
        self,
        workspace: Workspace,
        graph: ModuleGraph,
        borders: Borders,
        marks: dict[str, Realm | None],
    ) -> None:
        self._workspace = workspace
        self._graph = graph
        self._borders = borders
        self._virtual = matcher(*borders.virtual)
        self._components = matcher(*borders.components)
        self._placed: dict[str, Placed] = {}
        self._queues: dict[Realm, deque[tuple[str, Placed]]] = {realm: deque() for realm in Realm}
        self._pins: dict[str, Realm] = {}
        self._marks = marks
        self._unread: dict[str, None] = {}

    def run(self, starts: tuple[Start, ...]) -> Closure:
        for start in starts:
            mark = self._mark(start.path)
            realm = start.realm
            if mark is not None and realm.in_worker:
                realm = mark
            if realm is not Realm.SERVER:
                self._pins.setdefault(start.path, realm)
            self._queues[realm].append((start.path, Placed(realm, start.why)))
        queues = list(self._queues.values())
        while any(queues):
            for queue in queues:  # the strongest realm that has one left
                if queue:
                    self._visit(*queue.popleft())
                    break
        if self._borders.shares:
            self._share(starts)
        self._mark_shared()
        placed = dict(sorted(self._placed.items(), key=lambda item: item[1].realm.strength))  # stable
        inside = [path for path, found in placed.items() if found.realm.in_worker]
        return Closure(placed, self._types(inside), tuple(self._lost(inside)), tuple(self._unread))

    def _share(self, starts: tuple[Start, ...]) -> None:
        """Give to both realms what the browser's modules reach of the server's: not its entry, of which the
        browser has types at most."""
        entries = {start.path for start in starts if start.realm is Realm.SERVER}
        queue = deque(path for path, found in self._placed.items() if found.realm is Realm.BROWSER)
        queue.extend(start.path for start in starts if start.realm is Realm.BROWSER)
        seen = set(queue)
        while queue:
            path = queue.popleft()
            for to, _ in self._loaded(path):
                if to in seen or to in entries or self._mark(to) is Realm.SERVER:
                    continue
                seen.add(to)
                queue.append(to)
                found = self._placed.get(to)
                if found is not None and found.realm is Realm.SERVER:
                    why = "shared with the browser, imported by"
                    self._placed[to] = Placed(Realm.BOTH, why, found.importer)

    def _mark_shared(self) -> None:
        """Note of what is of the server that the browser's modules reach it, too."""
        queue = deque(
            path for path, found in self._placed.items() if found.realm in (Realm.BOTH, Realm.BROWSER)
        )
        seen = set(queue)
        while queue:
            path = queue.popleft()
            on_server = self._server_imports(path) if self._placed[path].realm is Realm.BOTH else ()
            for edge in self._graph.imports_of(path) or ():
                to = edge.to
                if edge.item.type_only or edge.item.specifier in on_server or not isinstance(to, Local):
                    continue
                found = self._placed.get(to.path)
                if to.path in seen or found is None or self._mark(to.path) is Realm.SERVER:
                    continue
                seen.add(to.path)
                queue.append(to.path)
                if found.realm is Realm.SERVER and found.importer is not None:
                    self._placed[to.path] = replace(found, shared=True)

    def _visit(self, path: str, placed: Placed) -> None:
        if self._is_known(path, placed.realm):
            return
        self._placed[path] = placed
        ways = self._graph.ways(path)
        if ways is None:
            self._unread[path] = None
            return
        realm = placed.realm
        on_server = self._server_imports(path) if realm is Realm.BOTH else frozenset()
        marks, pins, known = self._marks, self._pins, self._placed
        for to, specifier in self._loaded(path):
            if specifier not in on_server and to in marks and marks[to] is None and to not in pins:
                # what nothing is said of, which is nearly all, is reached by the importer's realm
                before = known.get(to)
                if before is None or not (before.realm is realm or before.realm.strength < realm.strength):
                    self._queues[realm].append((to, Placed(realm, "imported by", path)))
                continue
            self._reach(to, Realm.SERVER if specifier in on_server else realm, path)

    def _loaded(self, path: str) -> tuple[tuple[str, str], ...]:
        """The modules of code that a module loads, each with the specifier."""
        ways = self._graph.ways(path)
        return ways.code if ways is not None else ()

    def _is_known(self, path: str, realm: Realm) -> bool:
        """Whether a module has been reached by a realm that is as strong."""
        before = self._placed.get(path)
        return before is not None and (before.realm is realm or before.realm.strength < realm.strength)

    def _reach(self, path: str, realm: Realm, importer: str) -> None:
        """Go on to a module that one of a realm imports."""
        why = "imported by"
        pin = self._pins.get(path)
        mark = self._mark(path)
        if mark is Realm.BUILD:
            realm = mark
        elif realm is Realm.SERVER and mark in (Realm.BOTH, Realm.BROWSER):
            realm, why = mark, "marked for the browser, imported by"
        elif realm is Realm.BOTH and mark in (Realm.SERVER, Realm.BROWSER):
            realm, why = mark, f"marked for the {mark.label}, imported by"
        elif realm is Realm.BROWSER and mark is Realm.SERVER and self._borders.directives:
            realm, why = mark, "marked for the server, imported by"
        if pin in (Realm.BOTH, Realm.BROWSER) and realm.in_worker and mark is not Realm.SERVER:
            realm = pin
        if not self._is_known(path, realm):
            self._queues[realm].append((path, Placed(realm, why, importer)))

    def _mark(self, path: str) -> Realm | None:
        """What a module's name, directive or imports say: SERVER and BROWSER, BOTH of `"use client"`, or
        BUILD."""
        if path not in self._marks:
            self._marks[path] = self._find_mark(path)
        return self._marks[path]

    def _find_mark(self, path: str) -> Realm | None:
        if _COMPILED_NAME.search(path):
            return Realm.BUILD
        if _SERVER_NAME.search(path):
            return Realm.SERVER
        if _BROWSER_NAME.search(path):
            return Realm.BROWSER
        if self._components.fullmatch(path) is not None:
            return Realm.BOTH
        document = self._workspace.read(path)
        if document is None:
            return None
        if self._borders.directives:
            directive = directive_of(document)
            if directive is not None:
                return Realm.BOTH if directive == "use client" else Realm.SERVER
        if b"-only" in document.data:
            named = {edge.item.specifier for edge in self._graph.imports_of(path) or ()}
            if named & _SERVER_IMPORTS or any(name.endswith(_SERVER_IMPORT_END) for name in named):
                return Realm.SERVER
            if named & _BROWSER_IMPORTS:
                return Realm.BROWSER
        return None

    def _server_imports(self, path: str) -> frozenset[str]:
        document = self._workspace.read(path)
        return server_imports(document, self._borders.islands) if document is not None else frozenset()

    def _types(self, inside: Iterable[str]) -> tuple[str, ...]:
        """What modules in the Worker import types from, and these in turn."""
        found: dict[str, None] = {}
        queue = deque(inside)
        while queue:
            ways = self._graph.ways(queue.popleft())
            for path in ways.types if ways is not None else ():
                if path not in found and path not in self._placed:
                    found[path] = None
                    queue.append(path)
        return tuple(found)

    def _lost(self, inside: Iterable[str]) -> Iterator[tuple[str, Import]]:
        for path in inside:
            ways = self._graph.ways(path)
            for item in ways.lost if ways is not None else ():
                if self._virtual.fullmatch(item.specifier.partition("?")[0]) is None:
                    yield path, item
