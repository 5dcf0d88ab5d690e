"""The server: what the client says and asks, and when which root is analysed."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from threading import Event
from typing import Any, TypeVar

from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pygls.lsp.server import LanguageServer
from pygls.protocol import LanguageServerProtocol, lsp_method
from pygls.uris import to_fs_path

from cflint import __version__
from cflint.engine.preview import Preview
from cflint.engine.session import Progress
from cflint.finding import Finding, Location
from cflint.lsp import actions, completion, pages, places
from cflint.lsp.convert import SOURCE, Client, diagnostic, range_of
from cflint.lsp.roots import ClientOptions, Root, project_around
from cflint.lsp.text import Buffer, Lines, encoded, lines_of
from cflint.lsp.transport import Phase
from cflint.lsp.worker import Worker
from cflint.report.escape import encodable, escape_message
from cflint.rule import RuleSet, UnknownSelector
from cflint.source import Document, Span
from cflint.syntax.javascript import EXTENSIONS

DEBOUNCE = 0.01
"""Seconds without a further change before an analysis begins; one under way ends when there is a change."""

PATIENCE = 0.3
"""Seconds after which it begins all the same."""

QUIET = 0.5
"""Seconds that looking at everything may take without the client being shown how far it is."""

_TURN = 0.001
"""Seconds after which an analysis lets the client's messages in: several threads see to each of them."""

_HANDOVER = 0.05
"""Seconds at most that an analysis pauses so that what it has said already can be sent."""

EXPLAIN = "cflint.explain"
_DIAGNOSTICS_ID = "cflint-diagnostics"
_WATCHERS_ID = "cflint-watchers"
_WATCHED = (
    "**/wrangler*.{toml,json,jsonc}",
    "**/{package,tsconfig*,jsconfig*,package-lock}.json",
    "**/{pnpm-workspace.yaml,pnpm-lock.yaml,yarn.lock,bun.lock}",
    "**/{cflint,.cflint,pyproject}.toml",
    "**/.gitignore",
    "**/{.dev.vars,.env}*",
    "**/*.{ts,tsx,mts,cts,js,jsx,mjs,cjs,py}",
)
_CODE = (*EXTENSIONS, ".py")
_CONTENT_MODIFIED = -32801

_log = logging.getLogger("cflint.lsp")
T = TypeVar("T")


class _Protocol(LanguageServerProtocol):
    """pygls' protocol without its own copies of the documents: ours count lines as the protocol says.

    These are plain functions, unlike pygls' own: of a generator, pygls 2.1 keeps a future for each
    notification for ever.
    """

    @lsp_method(types.TEXT_DOCUMENT_DID_OPEN)
    def lsp_text_document__did_open(self, params: types.DidOpenTextDocumentParams) -> None:
        self.fm.features[types.TEXT_DOCUMENT_DID_OPEN](params)

    @lsp_method(types.TEXT_DOCUMENT_DID_CHANGE)
    def lsp_text_document__did_change(self, params: types.DidChangeTextDocumentParams) -> None:
        self.fm.features[types.TEXT_DOCUMENT_DID_CHANGE](params)

    @lsp_method(types.TEXT_DOCUMENT_DID_CLOSE)
    def lsp_text_document__did_close(self, params: types.DidCloseTextDocumentParams) -> None:
        self.fm.features[types.TEXT_DOCUMENT_DID_CLOSE](params)


class _Server(LanguageServer):
    """pygls' server, which logs what goes wrong instead of popping up."""

    def report_server_error(self, error: Exception, source: object) -> None:
        _log.error("%s", error)


class _Stale(JsonRpcException):
    """The document changed while the answer was made."""

    CODE = _CONTENT_MODIFIED
    MESSAGE = "content modified"


def run() -> int:
    """Serve the client on stdin and stdout; returns the exit code."""
    from cflint.lsp.transport import serve

    sys.setswitchinterval(_TURN)
    desk = LanguageService()
    try:
        return serve(desk.server, lambda: desk.phase)
    finally:
        desk.end()


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A question of the client about a document as it is now."""

    root: Root
    path: str
    done: asyncio.Future[None]
    takes_preview: bool

    @property
    def is_served(self) -> bool:
        """Whether what it waits for is there."""
        preview = self.root.previewed(self.path) if self.takes_preview else None
        return preview is not None or self.root.is_current(self.path)


class LanguageService:
    """Takes the client's messages. All of its state belongs to the event loop's thread."""

    def __init__(self) -> None:
        self.server = _Server("cflint", __version__, protocol_cls=_Protocol)
        self.known = RuleSet.discover()
        self.client = Client()
        self.wishes = ClientOptions()
        self.roots: list[Root] = []
        self.buffers: dict[str, Buffer] = {}
        self.phase = Phase.NEW
        self._worker = Worker()
        self._uris: dict[tuple[int, str], str] = {}
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._waiting: list[_Waiting] = []
        self._shown_progress: dict[int, asyncio.Task[None]] = {}
        self._told_failures: set[str] = set()
        self._register()

    @property
    def is_shut_down(self) -> bool:
        """Whether the client said that it is over."""
        return self.phase is Phase.ENDED

    def _register(self) -> None:
        feature = self._feature
        feature(types.INITIALIZE, self._initialize)
        feature(types.INITIALIZED, self._initialized)
        feature(types.SHUTDOWN, self._shutdown)
        feature(types.TEXT_DOCUMENT_DID_OPEN, self._opened)
        feature(types.TEXT_DOCUMENT_DID_CHANGE, self._changed)
        feature(types.TEXT_DOCUMENT_DID_CLOSE, self._closed)
        feature(types.TEXT_DOCUMENT_DID_SAVE, self._saved)
        feature(types.WORKSPACE_DID_CHANGE_WATCHED_FILES, self._files_changed)
        feature(types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS, self._folders_changed)
        feature(types.WORKSPACE_DID_CHANGE_CONFIGURATION, self._configuration_changed)
        feature(
            types.TEXT_DOCUMENT_CODE_ACTION,
            self._code_actions,
            types.CodeActionOptions(
                code_action_kinds=[types.CodeActionKind.QuickFix, actions.FIX_ALL], resolve_provider=True
            ),
        )
        feature(types.CODE_ACTION_RESOLVE, self._resolve)
        feature(types.TEXT_DOCUMENT_HOVER, self._hover)
        feature(types.TEXT_DOCUMENT_DEFINITION, self._definition)
        feature(
            types.TEXT_DOCUMENT_COMPLETION,
            self._complete,
            types.CompletionOptions(trigger_characters=[".", '"', " ", ","]),
        )
        self.server.command(EXPLAIN)(partial(self._explain))

    def _feature(self, method: str, handler: Callable[..., Any], options: object = None) -> None:
        """Have a method handled; pygls marks what it is given, which a bound method does not let it."""
        self.server.feature(method, options)(partial(handler))

    def end(self) -> None:
        """Begin nothing new."""
        for root in self.roots:
            root.stop.set()
        self._worker.end()

    # -- beginning and end ---------------------------------------------------------------------------------

    def _initialize(self, params: types.InitializeParams) -> None:
        self.phase = Phase.READY
        encoding = self.server.workspace.position_encoding
        self.client = Client.of(params.capabilities, str(getattr(encoding, "value", encoding)))
        self._take_wishes(params.initialization_options)
        folders = [folder.uri for folder in params.workspace_folders or ()]
        if not folders and params.root_uri:
            folders = [params.root_uri]
        for uri in folders:
            self._add_folder(uri)
        if self.client.pulls and not self.client.pull_is_dynamic:
            options = types.DiagnosticOptions(
                identifier=SOURCE, inter_file_dependencies=True, workspace_diagnostics=True
            )
            self._register_pull(options)

    def _register_pull(self, options: types.DiagnosticOptions | None) -> None:
        self._feature(types.TEXT_DOCUMENT_DIAGNOSTIC, self._pulled, options)
        self._feature(types.WORKSPACE_DIAGNOSTIC, self._pulled_all)

    async def _initialized(self, params: types.InitializedParams) -> None:
        registrations: list[types.Registration] = []
        if self.client.pulls and self.client.pull_is_dynamic:
            self._register_pull(None)
            options = types.DiagnosticRegistrationOptions(
                identifier=SOURCE,
                inter_file_dependencies=True,
                workspace_diagnostics=True,
                document_selector=None,
            )
            registrations.append(types.Registration(_DIAGNOSTICS_ID, types.TEXT_DOCUMENT_DIAGNOSTIC, options))
        if self.client.watches:
            watchers = [types.FileSystemWatcher(pattern) for pattern in _WATCHED]
            registrations.append(
                types.Registration(
                    _WATCHERS_ID,
                    types.WORKSPACE_DID_CHANGE_WATCHED_FILES,
                    types.DidChangeWatchedFilesRegistrationOptions(watchers),
                )
            )
        for root in self.roots:
            self._schedule(root)
        if registrations:
            try:
                await self.server.client_register_capability_async(types.RegistrationParams(registrations))
            except JsonRpcException as error:
                _log.warning("the client did not register: %s", error)

    def _shutdown(self, params: None) -> None:
        self.phase = Phase.ENDED
        self.end()

    def _take_wishes(self, given: object) -> None:
        """Read `select` and `ignore`, lists of rules, groups or presets, of the client's options."""
        options = given if isinstance(given, dict) else {}
        options = options.get(SOURCE, options) if isinstance(options.get(SOURCE, {}), dict) else {}

        def names(key: str) -> tuple[str, ...]:
            value = options.get(key)
            found = [name for name in value if isinstance(name, str)] if isinstance(value, list) else []
            for name in list(found):
                try:
                    self.known.matching(name)
                except UnknownSelector as error:
                    self._say(types.MessageType.Warning, f"cflint: {error}")
                    found.remove(name)
            return tuple(found)

        self.wishes = ClientOptions(names("select") or None, names("ignore"))
        for root in self.roots:
            root.wishes = self.wishes

    def _say(self, type: types.MessageType, message: str) -> None:
        self.server.window_show_message(types.ShowMessageParams(type, encodable(escape_message(message))))

    # -- roots ---------------------------------------------------------------------------------------------

    def _add_folder(self, uri: str) -> None:
        path = to_fs_path(uri)
        if path is None or any(str(root.target) == path and not root.is_adhoc for root in self.roots):
            return
        root = Root.of(Path(path), self.known, self.wishes)
        for buffer in self.buffers.values():
            self._lay(root, buffer)
        self.roots.append(root)
        for adhoc in [root for root in self.roots if root.is_adhoc and not self._open_in(root)]:
            self._drop(adhoc)

    def _drop(self, root: Root) -> None:
        root.stop.set()
        self.roots.remove(root)
        self._release_waiting(root)
        if not self.client.pulls:
            for uri in root.published:
                if self._root_of(uri) is None:
                    self._publish(uri, None, [])

    def _folders_changed(self, params: types.DidChangeWorkspaceFoldersParams) -> None:
        for folder in params.event.removed:
            path = to_fs_path(folder.uri)
            for root in [root for root in self.roots if str(root.target) == path]:
                self._drop(root)
        for folder in params.event.added:
            self._add_folder(folder.uri)
        for uri in self.buffers:
            self._root_for(uri)
        for root in self.roots:
            self._schedule(root)

    def _root_of(self, uri: str) -> tuple[Root, str] | None:
        """The root that a document belongs to, the innermost one, and its path there."""
        file = _file_of(uri)
        if file is None:
            return None
        best: tuple[Root, str] | None = None
        for root in self.roots:
            path = root.path_of(file)
            if path is not None and (best is None or len(str(root.target)) > len(str(best[0].target))):
                best = root, path
        return best

    def _root_for(self, uri: str) -> tuple[Root, str] | None:
        """The root of a document; one is made for a file that lies in none."""
        found = self._root_of(uri)
        file = _file_of(uri)
        if found is not None or file is None:
            return found
        if not Path(file).name or Path(file).is_dir():  # never analyse a whole disk
            return None
        project = project_around(Path(file))
        root = Root.of(project or Path(file), self.known, self.wishes, is_adhoc=True)
        for buffer in self.buffers.values():
            self._lay(root, buffer)
        self.roots.append(root)
        return self._root_of(uri)

    def _owns(self, root: Root, uri: str) -> bool:
        """Whether it is for a root to tell about a file, and not for one within it."""
        found = self._root_of(uri)
        return found is None or found[0] is root

    def _open_in(self, root: Root) -> Iterator[tuple[Buffer, str]]:
        """The open documents of a root, with their paths."""
        for buffer in self.buffers.values():
            found = self._root_of(buffer.uri)
            if found is not None and found[0] is root:
                yield buffer, found[1]

    def _uri_of(self, root: Root) -> Callable[[str], str]:
        """From a path to the URI that the client knows it by."""
        return lambda path: self._uris.get((id(root), path)) or root.uri_of(path)

    def _versions(self) -> dict[str, int]:
        return {uri: buffer.version for uri, buffer in self.buffers.items()}

    # -- documents -----------------------------------------------------------------------------------------

    def _opened(self, params: types.DidOpenTextDocumentParams) -> None:
        item = params.text_document
        self._take(Buffer(item.uri, item.version, encoded(item.text)))

    def _changed(self, params: types.DidChangeTextDocumentParams) -> None:
        item = params.text_document
        buffer = self.buffers.get(item.uri)
        if buffer is None:
            _log.warning("a change of a document that is not open: %s", item.uri)
            return
        for change in params.content_changes:
            if isinstance(change, types.TextDocumentContentChangePartial):
                start, end = change.range.start, change.range.end
                buffer = buffer.edited(
                    (start.line, start.character),
                    (end.line, end.character),
                    change.text,
                    item.version,
                    self.client.encoding,
                )
            else:
                buffer = buffer.replaced(change.text, item.version)
        self._take(buffer)

    def _take(self, buffer: Buffer) -> None:
        self.buffers[buffer.uri] = buffer
        self._root_for(buffer.uri)
        for root in self.roots:
            if self._lay(root, buffer):
                self._schedule(root)

    def _lay(self, root: Root, buffer: Buffer) -> bool:
        """Lay a buffer over its file, also where code of the root only may import it; whether it can."""
        path = root.path_seen(_file_of(buffer.uri))
        if path is None:
            return False
        root.pending[path] = buffer.data
        self._uris[id(root), path] = buffer.uri
        return True

    def _closed(self, params: types.DidCloseTextDocumentParams) -> None:
        uri = params.text_document.uri
        if self.buffers.pop(uri, None) is None:
            return
        for root in list(self.roots):
            path = root.path_seen(_file_of(uri))
            if path is None:
                continue
            root.pending[path] = None
            self._uris.pop((id(root), path), None)
            if root.is_adhoc and not any(self._open_in(root)):
                self._drop(root)
            else:
                self._schedule(root)

    def _saved(self, params: types.DidSaveTextDocumentParams) -> None:
        found = self._root_of(params.text_document.uri)
        if found is not None and not self.client.watches:
            self._refresh(found[0])

    def _files_changed(self, params: types.DidChangeWatchedFilesParams) -> None:
        changed = [
            _file_of(change.uri)
            for change in params.changes
            if "/node_modules/" not in change.uri
            and not (change.uri in self.buffers and change.type is types.FileChangeType.Changed)
        ]
        for root in self.roots:
            if any(root.path_seen(file) is not None for file in changed):
                self._refresh(root)

    def _refresh(self, root: Root) -> None:
        root.wants_refresh = True
        root.is_settled = False
        self._schedule(root)

    def _configuration_changed(self, params: types.DidChangeConfigurationParams) -> None:
        if isinstance(params.settings, dict) and isinstance(params.settings.get(SOURCE), dict):
            self._take_wishes(params.settings)
            for root in self.roots:
                self._schedule(root)

    # -- analysis ------------------------------------------------------------------------------------------

    def _schedule(self, root: Root) -> None:
        """Something changed: stop what looks at the past, and look at the present soon."""
        if self.is_shut_down:
            return
        root.generation += 1
        root.stop.set()
        task = self._tasks.get(id(root))
        if task is None or task.done():
            task = asyncio.get_running_loop().create_task(self._keep_current(root))
            self._tasks[id(root)] = task
        if self.client.shows_progress and not root.is_settled and id(root) not in self._shown_progress:
            shown = asyncio.get_running_loop().create_task(self._show_progress(root))
            self._shown_progress[id(root)] = shown
            shown.add_done_callback(lambda _: self._shown_progress.pop(id(root), None))

    async def _show_progress(self, root: Root) -> None:
        """Show how far it is until a root has a whole report, when that takes long."""

        def is_over() -> bool:
            return root.is_settled or root not in self.roots or self.is_shut_down

        await asyncio.sleep(QUIET)
        if is_over():
            return
        progress = self.server.work_done_progress
        token = f"cflint-{id(root)}-{root.generation}"
        try:
            await progress.create_async(token)
        except JsonRpcException as error:
            _log.warning("the client shows no progress: %s", error)
            return
        progress.begin(token, types.WorkDoneProgressBegin("cflint", message="reading", percentage=0))
        told = (0, 0)
        while not is_over():
            if root.counted != told and root.counted[1]:
                told = done, total = root.counted
                message = f"{done} of {total} modules"
                progress.report(
                    token, types.WorkDoneProgressReport(message=message, percentage=done * 100 // total)
                )
            await asyncio.sleep(0.1)
        progress.end(token, types.WorkDoneProgressEnd())

    async def _keep_current(self, root: Root) -> None:
        loop = asyncio.get_running_loop()
        while root.answered != root.generation and root in self.roots and not self.is_shut_down:
            latest = loop.time() + PATIENCE
            generation = -1
            while generation != root.generation and loop.time() < latest:
                generation = root.generation
                await asyncio.sleep(DEBOUNCE)
            generation = root.generation
            root.stop.clear()
            pending, root.pending = root.pending, {}
            refresh, root.wants_refresh = root.wants_refresh, False
            first = frozenset(path for _, path in self._open_in(root))
            versions = self._versions()

            def emit(
                progress: Progress, generation: int = generation, versions: dict[str, int] = versions
            ) -> None:
                loop.call_soon_threadsafe(self._deliver, root, generation, versions, progress)

            def show(
                preview: Preview, generation: int = generation, versions: dict[str, int] = versions
            ) -> None:
                shown = Event()
                loop.call_soon_threadsafe(self._show, root, generation, versions, preview, shown)
                shown.wait(_HANDOVER)

            def work(
                pending: dict[str, bytes | None] = pending,
                refresh: bool = refresh,
                first: frozenset[str] = first,
                emit: Callable[[Progress], None] = emit,
                show: Callable[[Preview], None] = show,
            ) -> bool:
                root.take_up(pending, refresh)
                return root.analyse(first, self._worker.breathe, emit, show)

            try:
                await self._worker.run(work)
            except Exception:
                if self.is_shut_down:
                    return
                self._failed(root, generation)

    def _failed(self, root: Root, generation: int) -> None:
        """An analysis raised: nobody is left to wait, and the user is told, once for each mistake."""
        _log.exception("the analysis of %s failed", root.target)
        root.answered = max(root.answered, generation)
        root.is_settled = True
        error = sys.exc_info()[1]
        message = f"cflint: the analysis of {root.target.name} failed ({type(error).__name__}: {error})"
        if message not in self._told_failures:
            self._told_failures.add(message)
            self._say(types.MessageType.Error, f"{message}; its log says where")
        self._release_waiting(root, is_all=True)

    def _deliver(self, root: Root, generation: int, versions: dict[str, int], progress: Progress) -> None:
        """A report has come; what is about the past by now is dropped."""
        if generation != root.generation or root not in self.roots:
            return
        root.answered = generation
        paths = root.accept(progress)
        self._tell_mistake(root)
        if self.client.pulls:
            if not progress.incomplete_paths or paths:
                self._refresh_pulls(root)
        else:
            uri_of = self._uri_of(root)
            for path in paths:
                uri = uri_of(path)
                if not self._owns(root, uri):
                    continue
                found = self._diagnostics(root, path)
                key = hash(repr(found))
                version = versions.get(uri)
                if self._version(uri) != version:
                    continue
                if root.published.get(uri) != key or version is not None:
                    root.published[uri] = key
                    self._publish(uri, version, found)
                if not found:
                    root.published.pop(uri, None)
        self._release_waiting(root)

    def _show(
        self, root: Root, generation: int, versions: dict[str, int], preview: Preview, shown: Event
    ) -> None:
        """Publish what could be said at once, or answer who asked for it."""
        uri = self._uri_of(root)(preview.path)
        version = versions.get(uri)
        is_present = generation == root.generation and root in self.roots and self._version(uri) == version
        if is_present and version is not None and self._owns(root, uri):
            root.preview, root.preview_of = preview, generation
            if self.client.pulls:
                self._release_waiting(root)
            else:
                root.published[uri] = 0
                self._publish(uri, version, self._diagnostics_of(root, preview.findings))
        shown.set()

    def _version(self, uri: str) -> int | None:
        buffer = self.buffers.get(uri)
        return buffer.version if buffer is not None else None

    def _publish(self, uri: str, version: int | None, found: list[types.Diagnostic]) -> None:
        self.server.text_document_publish_diagnostics(
            types.PublishDiagnosticsParams(uri=uri, version=version, diagnostics=found)
        )

    def _diagnostics(self, root: Root, path: str) -> list[types.Diagnostic]:
        found = self._diagnostics_of(root, root.findings.get(path, ()))
        mistake = root.mistake
        if mistake is not None and mistake.path == path:
            place = types.Position(mistake.line - 1, mistake.column - 1)
            message = str(mistake).partition(": ")[2]
            found.append(
                types.Diagnostic(
                    types.Range(place, place),
                    encodable(escape_message(message)),
                    severity=types.DiagnosticSeverity.Error,
                    code="settings",
                    source=SOURCE,
                )
            )
        return found

    def _diagnostics_of(self, root: Root, findings: Iterable[Finding]) -> list[types.Diagnostic]:
        uri_of = self._uri_of(root)
        return [diagnostic(finding, self.known, self.client, uri_of) for finding in findings]

    def _tell_mistake(self, root: Root) -> None:
        """Publish a mistake in the settings, or that there is none any more."""
        mistake = root.mistake
        path = mistake.path if mistake is not None else root.mistake_told
        root.mistake_told = mistake.path if mistake is not None else None
        if path is not None and not self.client.pulls:
            uri = self._uri_of(root)(path)
            self._publish(uri, self._version(uri), self._diagnostics(root, path))

    # -- waiting for the present ---------------------------------------------------------------------------

    async def _present(self, uri: str, *, takes_preview: bool = False) -> tuple[Root, str] | None:
        """The root of a document once it has a report on the present that has all of the document, or a
        preview of it, if that will do."""
        found = self._root_of(uri)
        if found is None:
            return None
        root, path = found
        waiting = _Waiting(root, path, asyncio.get_running_loop().create_future(), takes_preview)
        if not waiting.is_served:
            if root.generation == 0:
                self._schedule(root)
            task = self._tasks.get(id(root))
            if task is not None and not task.done():
                self._waiting.append(waiting)
                await waiting.done
        return found

    def _release_waiting(self, root: Root, *, is_all: bool = False) -> None:
        """Go on with what waited for a root, if it is current now, or, with `is_all`, though it is not."""
        left: list[_Waiting] = []
        for waiting in self._waiting:
            of = waiting.root
            if waiting.done.done():
                continue
            gone = of not in self.roots or self.is_shut_down
            if gone or (of is root and (is_all or waiting.is_served)):
                waiting.done.set_result(None)
            else:
                left.append(waiting)
        self._waiting = left

    # -- diagnostics that the client pulls -----------------------------------------------------------------

    def _refresh_pulls(self, root: Root) -> None:
        """Have the client pull again when something changed that it did not ask for."""
        key = hash(repr([(path, self._diagnostics(root, path)) for path in sorted(root.findings)]))
        if root.published.get("") != key:
            root.published[""] = key
            self.server.workspace_diagnostic_refresh(None)

    async def _pulled(self, params: types.DocumentDiagnosticParams) -> types.DocumentDiagnosticReport:
        found = await self._present(params.text_document.uri, takes_preview=True)
        items = self._pullable(*found) if found is not None else []
        result = _result_id(items)
        if params.previous_result_id == result:
            return types.RelatedUnchangedDocumentDiagnosticReport(result)
        return types.RelatedFullDocumentDiagnosticReport(items=items, result_id=result)

    def _pullable(self, root: Root, path: str) -> list[types.Diagnostic]:
        preview = root.previewed(path)
        if preview is None:
            return self._diagnostics(root, path)
        root.published[""] = 0  # the whole will be asked for
        return self._diagnostics_of(root, preview)

    async def _pulled_all(self, params: types.WorkspaceDiagnosticParams) -> types.WorkspaceDiagnosticReport:
        before = {item.uri: item.value for item in params.previous_result_ids}
        items: list[types.WorkspaceDocumentDiagnosticReport] = []
        for root in list(self.roots):
            await self._settled(root)
            uri_of = self._uri_of(root)
            paths = {uri: path for path in root.findings if self._owns(root, uri := uri_of(path))}
            for uri in before:
                of = self._root_of(uri)
                if of is not None and of[0] is root:
                    paths.setdefault(uri, of[1])
            for uri, path in paths.items():
                found = self._diagnostics(root, path)
                result = _result_id(found)
                version = self._version(uri)
                if before.get(uri) == result:
                    items.append(
                        types.WorkspaceUnchangedDocumentDiagnosticReport(uri, result, version=version)
                    )
                else:
                    items.append(
                        types.WorkspaceFullDocumentDiagnosticReport(
                            uri, found, version=version, result_id=result
                        )
                    )
        return types.WorkspaceDiagnosticReport(items)

    async def _settled(self, root: Root) -> None:
        """Wait until a root has a whole report on the present."""
        if root.generation == 0:
            self._schedule(root)
        while root in self.roots and not self.is_shut_down:
            task = self._tasks.get(id(root))
            if task is None or task.done():
                return
            await asyncio.wait({task})

    # -- code actions --------------------------------------------------------------------------------------

    async def _code_actions(self, params: types.CodeActionParams) -> list[types.CodeAction]:
        uri = params.text_document.uri
        only = params.context.only
        if only is not None and not any(actions.concerns(kind) for kind in only):
            return []
        found = await self._present(uri)
        if found is None or found[0].report is None:
            return []
        root, path = found
        source = self._source(root, path, uri)
        if source is None:
            return []
        start, end = (
            lines_of(source).offset(at.line, at.character, self.client.encoding)
            for at in (params.range.start, params.range.end)
        )
        span = Span(min(start, end), max(start, end))
        findings = root.findings.get(path, ())
        if not all(finding.at.document.data == source.data for finding in findings):
            return []
        context = actions.Context(
            self.known, self.client, self._uri_of(root), self._versions(), source, params.context.only
        )
        offered = list(actions.offered(findings, span, context, EXPLAIN))
        if actions.wants_fix_all(only) and any(actions.fixes_only(path, finding) for finding in findings):
            version = self._version(uri)
            if self.client.resolves_edits:
                offered.append(actions.fix_all({"uri": uri, "version": version}))
            elif only is not None:  # without being asked for it, it is not worth an analysis
                action = actions.fix_all(None)
                action.edit = await self._fix_all(root, path, uri)
                offered.append(action)
        return offered

    async def _resolve(self, action: types.CodeAction) -> types.CodeAction:
        data = action.data
        if isinstance(data, dict) and isinstance(data.get("uri"), str):
            uri = data["uri"]
            if self._version(uri) != data.get("version"):
                raise _Stale()
            found = await self._present(uri)
            if found is not None:
                action.edit = await self._fix_all(found[0], found[1], uri)
            if self._version(uri) != data.get("version"):
                raise _Stale()
        return action

    async def _fix_all(self, root: Root, path: str, uri: str) -> types.WorkspaceEdit | None:
        """All safe fixes of a file as one edit, applied until none is left to make."""
        source = self._source(root, path, uri)
        if source is None:
            return None
        excludes = await self._worker.ask(root.excludes)
        mended = await self._worker.ask(
            lambda: actions.converged(root.session, root.configure, excludes, path)
        )
        if mended is None:
            return None
        return actions.whole_edit(source, mended, uri, self.client, self._versions())

    def _source(self, root: Root, path: str, uri: str) -> Document | None:
        """A document as the client has it now."""
        buffer = self.buffers.get(uri)
        if buffer is not None:
            return Document(path, buffer.data)
        return root.workspace.read(path)

    async def _explain(self, rule: str = "") -> None:
        found = self.known.get(rule)
        if found is None:
            return
        if found.info.uri and self.client.shows_documents:
            await self.server.window_show_document_async(
                types.ShowDocumentParams(uri=found.info.uri, external=True)
            )
        else:
            self._say(types.MessageType.Info, f"{found.id}: {found.summary}. {found.info.uri or ''}")

    # -- what somebody wants to know -----------------------------------------------------------------------

    async def _hover(self, params: types.HoverParams) -> types.Hover | None:
        uri = params.text_document.uri
        found = await self._present(uri)
        if found is None:
            return None
        root, path = found
        source = self._source(root, path, uri)
        if source is None:
            return None
        offset = self._offset(source, params.position)
        named = pages.rule_in_comment(source, offset, self.known)
        if named is not None:
            return self._shown(pages.rule_page(named[0]), source, named[1])
        parts: list[str] = []
        span: Span | None = None
        binding = await self._model(root, lambda: _value_page(root, path, offset))
        if binding is not None:
            parts.append(binding[0])
            span = binding[1]
        for finding in _at(root.findings.get(path, ()), offset):
            rule = self.known.get(finding.rule)
            if rule is not None and finding.at.document.data == source.data:
                parts.append(pages.rule_page(rule))
                span = span or finding.at.span
        if not parts or span is None:
            return None
        return self._shown("\n\n---\n\n".join(dict.fromkeys(parts)), source, span)

    def _shown(self, page: str, document: Document, span: Span) -> types.Hover:
        kind = types.MarkupKind.Markdown if self.client.markdown else types.MarkupKind.PlainText
        content = types.MarkupContent(kind, encodable(page))
        return types.Hover(content, range_of(document, span, self.client.encoding))

    async def _definition(self, params: types.DefinitionParams) -> list[types.Location]:
        uri = params.text_document.uri
        found = await self._present(uri)
        source = self._source(*found, uri) if found is not None else None
        if found is None or source is None:
            return []
        root, path = found
        offset = self._offset(source, params.position)
        targets = await self._model(root, lambda: _definitions(root, path, offset)) or []
        uri_of = self._uri_of(root)
        return [
            types.Location(
                uri_of(place.document.path), range_of(place.document, place.span, self.client.encoding)
            )
            for place in dict.fromkeys(targets)
        ]

    async def _complete(self, params: types.CompletionParams) -> types.CompletionList | None:
        uri = params.text_document.uri
        found = self._root_of(uri)
        source = self._source(*found, uri) if found is not None else None
        if found is None or source is None:
            return None
        root, _ = found
        offset = self._offset(source, params.position)

        def look() -> tuple[Span, list[completion.Choice]]:
            loaded = root.session.loaded
            if loaded is None:
                return Span(offset, offset), []
            return completion.choices(loaded.project, self.known, source, offset)

        span, choices = await self._worker.ask(look)
        typed = range_of(source, span, self.client.encoding)
        items = [
            types.CompletionItem(
                choice.name,
                kind=_ITEM_KINDS[choice.kind],
                detail=encodable(choice.detail) or None,
                text_edit=types.TextEdit(typed, choice.name),
                filter_text=choice.name,
            )
            for choice in choices
        ]
        return types.CompletionList(is_incomplete=False, items=items)

    def _offset(self, document: Document, position: types.Position) -> int:
        lines = lines_of(document) if document.data else Lines(b"")
        return lines.offset(position.line, position.character, self.client.encoding)

    async def _model(self, root: Root, question: Callable[[], T]) -> T | None:
        """Ask the model; what goes wrong there is logged, and no answer."""
        try:
            return await self._worker.ask(question)
        except Exception:
            _log.exception("no answer")
            return None


_ITEM_KINDS = {
    "rule": types.CompletionItemKind.Value,
    "group": types.CompletionItemKind.Module,
    "class": types.CompletionItemKind.Class,
    "binding": types.CompletionItemKind.Field,
    "name": types.CompletionItemKind.Reference,
}


def _file_of(uri: str) -> str | None:
    """The path of the file that a URI means; None when it means none of this machine."""
    return to_fs_path(uri) if uri.startswith("file:") else None


def _result_id(items: list[types.Diagnostic]) -> str:
    from hashlib import blake2s

    return blake2s(repr(items).encode("utf-8", "backslashreplace")).hexdigest()[:16]


def _at(findings: Iterable[Finding], offset: int) -> Iterator[Finding]:
    for finding in findings:
        if finding.at.span.start <= offset <= finding.at.span.end:
            yield finding


def _value_page(root: Root, path: str, offset: int) -> tuple[str, Span] | None:
    loaded = root.session.loaded
    if loaded is None or not path.endswith(_CODE):
        return None
    project = loaded.project
    found = pages.value_at(project, path, offset)
    page = pages.value_page(project, found[0], found[1]) if found is not None else None
    project.release(path)
    return (page, found[2]) if page is not None and found is not None else None


def _definitions(root: Root, path: str, offset: int) -> list[Location]:
    loaded = root.session.loaded
    if loaded is None:
        return []
    project = loaded.project
    if path.endswith(_CODE):
        found = list(places.definitions_in_code(project, path, offset))
        project.release(path)
        return found
    config = next((config for config in loaded.configs if config.path == path), None)
    return list(places.definitions_in_config(project, config, offset)) if config is not None else []
