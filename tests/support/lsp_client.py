"""A client for the real server process: it answers what a server asks, and keeps what a server says."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

from lsprotocol import types
from pytest_lsp import LanguageClient
from pytest_lsp.client import register_lsp_features

from cflint.lsp.protocol import converter
from tests.support import preloaded

COMMAND = _REAL = [sys.executable, "-m", "cflint", "server"]
"""The program itself; a test may put another in its place."""
TIMEOUT = 30.0


def capabilities(
    *,
    pull: bool = False,
    dynamic: bool = True,
    encodings: tuple[str, ...] = ("utf-16",),
    resolve: bool = True,
    watch: bool = True,
    versioned: bool = True,
    progress: bool = False,
    markdown: bool = True,
    lenses: bool = False,
) -> types.ClientCapabilities:
    """The capabilities of an able client."""
    return types.ClientCapabilities(
        general=types.GeneralClientCapabilities(position_encodings=list(encodings)),
        workspace=types.WorkspaceClientCapabilities(
            workspace_edit=types.WorkspaceEditClientCapabilities(document_changes=versioned),
            diagnostics=types.DiagnosticWorkspaceClientCapabilities(refresh_support=True) if pull else None,
            did_change_watched_files=types.DidChangeWatchedFilesClientCapabilities(
                dynamic_registration=watch
            ),
            workspace_folders=True,
            code_lens=types.CodeLensWorkspaceClientCapabilities(refresh_support=lenses),
        ),
        window=types.WindowClientCapabilities(
            show_document=types.ShowDocumentClientCapabilities(support=True), work_done_progress=progress
        ),
        text_document=types.TextDocumentClientCapabilities(
            diagnostic=types.DiagnosticClientCapabilities(dynamic_registration=dynamic) if pull else None,
            publish_diagnostics=types.PublishDiagnosticsClientCapabilities(
                related_information=True,
                code_description_support=True,
                tag_support=types.ClientDiagnosticsTagOptions(
                    value_set=[types.DiagnosticTag.Unnecessary, types.DiagnosticTag.Deprecated]
                ),
            ),
            hover=types.HoverClientCapabilities(
                content_format=[types.MarkupKind.Markdown if markdown else types.MarkupKind.PlainText]
            ),
            rename=types.RenameClientCapabilities(prepare_support=True),
            code_action=types.CodeActionClientCapabilities(
                data_support=resolve,
                resolve_support=types.ClientCodeActionResolveOptions(properties=["edit"])
                if resolve
                else None,
            ),
        ),
    )


def place_in(text: str, part: str, within: int = 0) -> tuple[int, int]:
    """The 0-based line and character of a part of a text, `within` characters into it."""
    at = text.index(part) + within
    return text.count("\n", 0, at), at - (text.rfind("\n", 0, at) + 1)


def applied(text: str, edit: types.WorkspaceEdit | None, uri: str) -> str:
    """A text of ASCII after the edits of one document."""
    assert edit is not None
    if edit.document_changes is not None:
        edits = [
            change
            for document in edit.document_changes
            if isinstance(document, types.TextDocumentEdit) and document.text_document.uri == uri
            for change in document.edits
        ]
    else:
        edits = list((edit.changes or {})[uri])
    lines = text.splitlines(keepends=True)

    def offset(place: types.Position) -> int:
        return sum(map(len, lines[: place.line])) + place.character

    for change in sorted(edits, key=lambda change: offset(change.range.start), reverse=True):
        assert isinstance(change, types.TextEdit)
        text = text[: offset(change.range.start)] + change.new_text + text[offset(change.range.end) :]
    return text


class Client:
    """A session of an editor in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.lsp = LanguageClient(converter_factory=converter)  # one for all clients
        register_lsp_features(self.lsp)
        self.published: list[types.PublishDiagnosticsParams] = []
        self.registered: list[types.Registration] = []
        self.shown: list[types.ShowDocumentParams] = []
        self.messages: list[str] = []
        self.progress: list[object] = []
        self.refreshes = 0
        self.lens_refreshes = 0
        self.titles: list[str] = []
        self.version = 0
        self.initialized: types.InitializeResult
        self._news = asyncio.Event()
        handlers: dict[str, Callable[..., object]] = {
            types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS: self._on_published,
            types.CLIENT_REGISTER_CAPABILITY: self._on_registered,
            types.WORKSPACE_DIAGNOSTIC_REFRESH: self._on_refresh,
            types.WORKSPACE_CODE_LENS_REFRESH: self._on_lens_refresh,
            types.WINDOW_SHOW_DOCUMENT: self._on_shown,
            types.WINDOW_SHOW_MESSAGE: self._on_message,
            types.WINDOW_WORK_DONE_PROGRESS_CREATE: self._on_token,
            types.PROGRESS: self._on_progress,
        }
        for method, handler in handlers.items():
            self.lsp.protocol.fm.features.pop(method, None)
            self.lsp.feature(method)(partial(handler))

    def _on_published(self, params: types.PublishDiagnosticsParams) -> None:
        self.published.append(params)
        self._news.set()

    def _on_registered(self, params: types.RegistrationParams) -> None:
        self.registered += params.registrations
        self._news.set()

    def _on_refresh(self, params: None) -> None:
        self.refreshes += 1
        self._news.set()

    def _on_lens_refresh(self, params: None) -> None:
        self.lens_refreshes += 1
        self._news.set()

    def _on_shown(self, params: types.ShowDocumentParams) -> types.ShowDocumentResult:
        self.shown.append(params)
        return types.ShowDocumentResult(success=True)

    def _on_message(self, params: types.ShowMessageParams) -> None:
        self.messages.append(params.message)
        self._news.set()

    def _on_token(self, params: types.WorkDoneProgressCreateParams) -> None:
        self.progress.append(params.token)

    def _on_progress(self, params: types.ProgressParams) -> None:
        self.progress.append(params.value)
        self._news.set()

    def uri(self, path: str) -> str:
        """The URI of a file of the folder."""
        return (self.folder / path).as_uri()

    def one(self, path: str) -> types.Diagnostic:
        """The one finding that was published last about a file."""
        found = self.found(path)
        assert found is not None
        assert len(found) == 1
        return found[0]

    def found(self, path: str) -> list[types.Diagnostic] | None:
        """What was published last about a file; None when nothing was."""
        uri = self.uri(path) if "://" not in path else path
        for params in reversed(self.published):
            if params.uri == uri:
                return list(params.diagnostics)
        return None

    def told_version(self, path: str) -> int | None:
        """The version of a file that what was published last is about."""
        uri = self.uri(path) if "://" not in path else path
        return next((params.version for params in reversed(self.published) if params.uri == uri), None)

    def codes(self, path: str) -> list[str]:
        """The rules that were reported last in a file, in order."""
        return [str(found.code) for found in self.found(path) or ()]

    async def until(self, condition: Callable[[], bool], timeout: float = TIMEOUT) -> None:
        """Wait until what the server sent makes a condition true."""

        async def wait() -> None:
            while not condition():
                self._news.clear()
                await self._news.wait()

        await asyncio.wait_for(wait(), timeout)

    async def until_codes(self, path: str, *codes: str) -> None:
        """Wait until exactly these rules are reported in a file."""
        try:
            await self.until(
                lambda: self.found(path) is not None and sorted(self.codes(path)) == sorted(codes)
            )
        except TimeoutError:
            raise AssertionError(f"{path}: {self.codes(path)}, not {list(codes)}") from None

    async def quiet(self, seconds: float = 0.4) -> None:
        """Wait until the server has said nothing for a while; it may not go on for ever."""
        end = time.monotonic() + TIMEOUT
        while time.monotonic() < end:
            self._news.clear()
            try:
                await asyncio.wait_for(self._news.wait(), seconds)
            except TimeoutError:
                return
        raise AssertionError("the server does not become quiet")

    def open(self, path: str, text: str | None = None, language: str = "typescript") -> None:
        """Open a file, by default with what is on the disk."""
        self.version += 1
        uri = self.uri(path) if "://" not in path and not path.startswith("untitled:") else path
        if text is None:
            text = (self.folder / path).read_text()
        self.lsp.text_document_did_open(
            types.DidOpenTextDocumentParams(types.TextDocumentItem(uri, language, self.version, text))
        )

    def change(self, path: str, *changes: types.TextDocumentContentChangeEvent) -> int:
        """Change an open file; returns its version."""
        self.version += 1
        uri = self.uri(path) if "://" not in path else path
        self.lsp.text_document_did_change(
            types.DidChangeTextDocumentParams(
                types.VersionedTextDocumentIdentifier(uri=uri, version=self.version), list(changes)
            )
        )
        return self.version

    def rewrite(self, path: str, text: str) -> int:
        """Replace the text of an open file."""
        return self.change(path, types.TextDocumentContentChangeWholeDocument(text))

    def close(self, path: str) -> None:
        """Close a file."""
        self.lsp.text_document_did_close(types.DidCloseTextDocumentParams(self.document(path)))

    def document(self, path: str) -> types.TextDocumentIdentifier:
        """The identifier of a file."""
        return types.TextDocumentIdentifier(self.uri(path) if "://" not in path else path)

    async def actions(
        self, path: str, place: types.Range, only: list[str] | None = None
    ) -> list[types.CodeAction]:
        """The code actions at a place that change something; `titles` has those of all."""
        found = await self.lsp.text_document_code_action_async(
            types.CodeActionParams(self.document(path), place, types.CodeActionContext([], only=only))
        )
        self.titles = [action.title for action in found or ()]
        return [action for action in found or () if isinstance(action, types.CodeAction)]

    async def hover(self, path: str, line: int, character: int) -> str | None:
        """What a hover shows at a 0-based place."""
        found = await self.lsp.text_document_hover_async(
            types.HoverParams(self.document(path), types.Position(line, character))
        )
        if found is None:
            return None
        assert isinstance(found.contents, types.MarkupContent)
        return found.contents.value

    async def definition(self, path: str, line: int, character: int) -> list[tuple[str, int]]:
        """Where a definition is: the file's name and the 0-based line."""
        found: Any = await self.lsp.text_document_definition_async(
            types.DefinitionParams(self.document(path), types.Position(line, character))
        )
        return [(place.uri.rpartition("/")[2], place.range.start.line) for place in found or ()]

    async def references(
        self, path: str, line: int, character: int, *, declarations: bool = True
    ) -> list[tuple[str, int, int]]:
        """The places that name what is at a place: the file's name, the 0-based line and character."""
        context = types.ReferenceContext(include_declaration=declarations)
        at = types.Position(line, character)
        found: Any = await self.lsp.text_document_references_async(
            types.ReferenceParams(context, self.document(path), at)
        )
        return [
            (place.uri.rpartition("/")[2], place.range.start.line, place.range.start.character)
            for place in found or ()
        ]

    async def rename(self, path: str, line: int, character: int, name: str) -> types.WorkspaceEdit | None:
        """The edit that gives what is at a place another name."""
        return await self.lsp.text_document_rename_async(
            types.RenameParams(self.document(path), types.Position(line, character), name)
        )

    async def lenses(self, path: str) -> list[types.CodeLens]:
        """The lenses of a document, in order."""
        found = await self.lsp.text_document_code_lens_async(types.CodeLensParams(self.document(path)))
        return list(found or ())

    async def complete(self, path: str, line: int, character: int) -> dict[str, str]:
        """What could stand at a place: labels and details."""
        found: Any = await self.lsp.text_document_completion_async(
            types.CompletionParams(self.document(path), types.Position(line, character))
        )
        return {item.label: item.detail or "" for item in (found.items if found is not None else ())}


@asynccontextmanager
async def serving(
    folder: Path,
    able: types.ClientCapabilities | None = None,
    *,
    folders: tuple[Path, ...] | None = None,
    options: object = None,
) -> AsyncIterator[Client]:
    """A client that is connected to a server of its own, which has to end with 0."""
    client = Client(folder)
    await client.lsp.start_io(*((COMMAND is _REAL and preloaded.command()) or COMMAND))
    roots = (folder,) if folders is None else folders
    beginning = client.lsp.initialize_session(
        types.InitializeParams(
            capabilities=able or capabilities(),
            workspace_folders=[types.WorkspaceFolder(root.as_uri(), root.name) for root in roots],
            initialization_options=options,
        )
    )
    client.initialized = await asyncio.wait_for(beginning, TIMEOUT)
    try:
        yield client
    finally:
        await asyncio.wait_for(client.lsp.shutdown_async(None), TIMEOUT)
        client.lsp.exit(None)
        process = client.lsp._server
        assert process is not None
        await asyncio.wait_for(process.wait(), TIMEOUT)
        await client.lsp.stop()  # type: ignore[no-untyped-call]
        assert process.returncode == 0
