"""The language server: it wires the client's messages to the features, and knows no more of them."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from functools import partial
from typing import Any

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from cflint import __version__
from cflint.engine.session import Progress
from cflint.lsp import (
    actions,
    completion,
    definition,
    diagnostics,
    documents,
    folders,
    hover,
    inspect,
    lenses,
    picture,
    references,
    rename,
)
from cflint.lsp.analysis import Analysis
from cflint.lsp.convert import SOURCE, Client
from cflint.lsp.protocol import Protocol, Server, converter
from cflint.lsp.roots import ClientOptions, Root
from cflint.lsp.state import State
from cflint.lsp.transport import Phase, serve
from cflint.rule import UnknownSelector

_TURN = 0.001
"""Seconds after which an analysis lets the client's messages in; each of them takes several threads."""

_DIAGNOSTICS_ID = "cflint-diagnostics"
_WATCHERS_ID = "cflint-watchers"

_log = logging.getLogger("cflint.lsp")


def run() -> int:
    """Serve the client on stdin and stdout; returns the exit code."""
    sys.setswitchinterval(_TURN)
    service = LanguageService()
    try:
        return serve(service.server, lambda: service.state.phase)
    finally:
        service.end()


class LanguageService:
    """Takes the client's messages."""

    def __init__(self) -> None:
        self.server = Server("cflint", __version__, protocol_cls=Protocol, converter_factory=converter)
        self.state = State(self.server)
        self.analysis = Analysis(self.state, self._reported, diagnostics.publish_preview)
        self._register()

    def _register(self) -> None:
        state, analysis, feature = self.state, self.analysis, self._feature
        feature(types.INITIALIZE, self._initialize)
        feature(types.INITIALIZED, self._initialized)
        feature(types.SHUTDOWN, self._shutdown)
        feature(types.WORKSPACE_DID_CHANGE_CONFIGURATION, self._configuration_changed)
        feature(types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS, partial(folders.changed, state, analysis))
        feature(types.WORKSPACE_DID_CHANGE_WATCHED_FILES, partial(documents.files_changed, state, analysis))
        feature(types.TEXT_DOCUMENT_DID_OPEN, partial(documents.opened, state, analysis))
        feature(types.TEXT_DOCUMENT_DID_CHANGE, partial(documents.changed, state, analysis))
        feature(types.TEXT_DOCUMENT_DID_CLOSE, partial(documents.closed, state, analysis))
        feature(types.TEXT_DOCUMENT_DID_SAVE, partial(documents.saved, state, analysis))
        code_actions = partial(actions.code_actions, state, analysis)
        feature(types.TEXT_DOCUMENT_CODE_ACTION, code_actions, actions.OPTIONS)
        feature(types.CODE_ACTION_RESOLVE, partial(actions.resolve, state, analysis))
        feature(types.TEXT_DOCUMENT_HOVER, partial(hover.hover, state, analysis))
        feature(types.TEXT_DOCUMENT_DEFINITION, partial(definition.definition, state, analysis))
        feature(types.TEXT_DOCUMENT_REFERENCES, partial(references.references, state, analysis))
        feature(types.TEXT_DOCUMENT_PREPARE_RENAME, partial(rename.prepare, state, analysis))
        feature(types.TEXT_DOCUMENT_RENAME, partial(rename.rename, state, analysis), rename.OPTIONS)
        feature(types.TEXT_DOCUMENT_CODE_LENS, partial(lenses.code_lenses, state, analysis), lenses.OPTIONS)
        feature(types.TEXT_DOCUMENT_COMPLETION, partial(completion.complete, state), completion.OPTIONS)
        self.server.command(actions.EXPLAIN)(partial(self._explain))
        self.server.command(inspect.COMMAND)(partial(self._inspect))
        self.server.command(picture.COMMAND)(partial(self._picture))

    def _feature(self, method: str, handler: Callable[..., Any], options: object = None) -> None:
        """Have a method handled; pygls marks what it is given, which a bound method does not let it."""
        self.server.feature(method, options)(partial(handler))

    def end(self) -> None:
        """Begin nothing new."""
        for root in self.state.roots:
            root.stop.set()
        self.state.worker.end()

    def _reported(
        self, state: State, root: Root, versions: dict[str, int], progress: Progress, paths: list[str]
    ) -> None:
        diagnostics.publish_report(state, root, versions, progress, paths)
        if not progress.incomplete_paths:
            lenses.refresh_changed(state, self.analysis, root)

    # -- beginning and end ---------------------------------------------------------------------------------

    def _initialize(self, params: types.InitializeParams) -> None:
        state = self.state
        state.phase = Phase.READY
        encoding = self.server.workspace.position_encoding
        name = encoding.value if isinstance(encoding, types.PositionEncodingKind) else encoding or "utf-16"
        state.client = Client.of(params.capabilities, name)
        self._take_options(params.initialization_options)
        uris = [folder.uri for folder in params.workspace_folders or ()]
        if not uris and params.root_uri:
            uris = [params.root_uri]
        for uri in uris:
            folders.add(state, self.analysis, uri)
        if state.client.pulls and not state.client.pull_is_dynamic:
            options = types.DiagnosticOptions(
                identifier=SOURCE, inter_file_dependencies=True, workspace_diagnostics=True
            )
            self._register_pull(options)

    def _register_pull(self, options: types.DiagnosticOptions | None) -> None:
        state, analysis = self.state, self.analysis
        self._feature(types.TEXT_DOCUMENT_DIAGNOSTIC, partial(diagnostics.pull, state, analysis), options)
        self._feature(types.WORKSPACE_DIAGNOSTIC, partial(diagnostics.pull_all, state, analysis))

    async def _initialized(self, params: types.InitializedParams) -> None:
        client = self.state.client
        registrations: list[types.Registration] = []
        if client.pulls and client.pull_is_dynamic:
            self._register_pull(None)
            options = types.DiagnosticRegistrationOptions(
                identifier=SOURCE,
                inter_file_dependencies=True,
                workspace_diagnostics=True,
                document_selector=None,
            )
            registrations.append(types.Registration(_DIAGNOSTICS_ID, types.TEXT_DOCUMENT_DIAGNOSTIC, options))
        if client.watches:
            watchers = [types.FileSystemWatcher(pattern) for pattern in documents.WATCHED]
            registrations.append(
                types.Registration(
                    _WATCHERS_ID,
                    types.WORKSPACE_DID_CHANGE_WATCHED_FILES,
                    types.DidChangeWatchedFilesRegistrationOptions(watchers),
                )
            )
        for root in self.state.roots:
            self.analysis.schedule(root)
        if registrations:
            try:
                await self.server.client_register_capability_async(types.RegistrationParams(registrations))
            except JsonRpcException as error:
                _log.warning("the client did not register: %s", error)

    def _shutdown(self, params: None) -> None:
        self.state.phase = Phase.ENDED
        self.end()

    # -- the client's options ------------------------------------------------------------------------------

    def _configuration_changed(self, params: types.DidChangeConfigurationParams) -> None:
        if isinstance(params.settings, dict) and isinstance(params.settings.get(SOURCE), dict):
            self._take_options(params.settings)
            for root in self.state.roots:
                self.analysis.schedule(root)

    def _take_options(self, given: object) -> None:
        """Read the client's options: `select` and `ignore`, lists of rules, groups or presets; whether it
        `showReferences` by a command."""
        options = given if isinstance(given, dict) else {}
        options = options.get(SOURCE, options) if isinstance(options.get(SOURCE, {}), dict) else {}

        def names(key: str) -> tuple[str, ...]:
            value = options.get(key)
            found = [name for name in value if isinstance(name, str)] if isinstance(value, list) else []
            for name in list(found):
                try:
                    self._check(name)
                except UnknownSelector as error:
                    self.state.show_message(types.MessageType.Warning, f"cflint: {error}")
                    found.remove(name)
            return tuple(found)

        shows = options.get("showReferences") is True or self.state.options.shows_references
        self.state.options = ClientOptions(names("select") or None, names("ignore"), shows)
        for root in self.state.roots:
            root.options = self.state.options

    def _check(self, name: str) -> None:
        """Raise UnknownSelector for what is no rule, group or preset, not of an installed package either."""
        try:
            self.state.known.matching(name)
        except UnknownSelector:
            self.state.rules.every.matching(name)

    # -- commands ------------------------------------------------------------------------------------------

    async def _explain(self, rule: str = "") -> None:
        await actions.explain(self.state, rule)

    async def _inspect(self, uri: str, position: types.Position, rule: str) -> str | None:
        return await inspect.inspect(self.state, self.analysis, uri, position, rule)

    async def _picture(self, uri: str) -> str | None:
        return await picture.picture(self.state, self.analysis, uri)
