"""Documents that are open in the client, and files that change on the disk."""

from __future__ import annotations

import logging

from lsprotocol import types

from cflint.lsp import folders
from cflint.lsp.analysis import Analysis
from cflint.lsp.state import State, file_of
from cflint.lsp.text import Buffer, encoded

WATCHED = (
    "**/wrangler*.{toml,json,jsonc}",
    "**/{package,tsconfig*,jsconfig*,package-lock}.json",
    "**/{pnpm-workspace.yaml,pnpm-lock.yaml,yarn.lock,bun.lock}",
    "**/{cflint,.cflint,pyproject}.toml",
    "**/.gitignore",
    "**/{.dev.vars,.env}*",
    "**/*.{ts,tsx,mts,cts,js,jsx,mjs,cjs,py}",
)
"""The files whose changes on the disk may change findings."""

_NOT_READ = ("/node_modules/", "/.wrangler/tmp/")
"""Parts of the URIs of files that change often and are no part of a project: `wrangler dev` writes a bundle
for each save, and what is analysed on a slow machine would begin anew each time."""

_log = logging.getLogger("cflint.lsp")


def opened(state: State, analysis: Analysis, params: types.DidOpenTextDocumentParams) -> None:
    """`textDocument/didOpen`."""
    item = params.text_document
    _take(state, analysis, Buffer(item.uri, item.version, encoded(item.text)))


def changed(state: State, analysis: Analysis, params: types.DidChangeTextDocumentParams) -> None:
    """`textDocument/didChange`."""
    item = params.text_document
    buffer = state.buffers.get(item.uri)
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
                state.client.encoding,
            )
        else:
            buffer = buffer.replaced(change.text, item.version)
    _take(state, analysis, buffer)


def _take(state: State, analysis: Analysis, buffer: Buffer) -> None:
    state.buffers[buffer.uri] = buffer
    folders.add_around(state, buffer.uri)
    for root in state.roots:
        if state.overlay(root, buffer):
            analysis.schedule(root)


def closed(state: State, analysis: Analysis, params: types.DidCloseTextDocumentParams) -> None:
    """`textDocument/didClose`."""
    uri = params.text_document.uri
    if state.buffers.pop(uri, None) is None:
        return
    for root in list(state.roots):
        path = root.path_seen(file_of(uri))
        if path is None:
            continue
        state.uncover(root, path)
        if root.is_adhoc and not any(state.open_in(root)):
            folders.drop(state, analysis, root)
        else:
            analysis.schedule(root)


def saved(state: State, analysis: Analysis, params: types.DidSaveTextDocumentParams) -> None:
    """`textDocument/didSave`."""
    found = state.root_of(params.text_document.uri)
    if found is not None and not state.client.watches:
        analysis.refresh(found[0])


def files_changed(state: State, analysis: Analysis, params: types.DidChangeWatchedFilesParams) -> None:
    """`workspace/didChangeWatchedFiles`."""
    files = [
        file_of(change.uri)
        for change in params.changes
        if not any(part in change.uri for part in _NOT_READ)
        and not (change.uri in state.buffers and change.type is types.FileChangeType.Changed)
    ]
    for root in state.roots:
        if any(root.path_seen(file) is not None for file in files):
            analysis.refresh(root)
