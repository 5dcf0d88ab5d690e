"""The roots: the folders of the client, and one for an open file that lies in none of them."""

from __future__ import annotations

from pathlib import Path

from lsprotocol import types
from pygls.uris import to_fs_path

from cflint.lsp import diagnostics
from cflint.lsp.analysis import Analysis
from cflint.lsp.roots import Root, project_around
from cflint.lsp.state import State, file_of


def add(state: State, analysis: Analysis, uri: str) -> None:
    """Make a folder of the client a root."""
    path = to_fs_path(uri)
    if path is None or any(str(root.target) == path and not root.is_adhoc for root in state.roots):
        return
    _add(state, Root.of(Path(path), state.rules, state.options))
    for adhoc in [root for root in state.roots if root.is_adhoc and not any(state.open_in(root))]:
        drop(state, analysis, adhoc)


def add_around(state: State, uri: str) -> None:
    """Make a root for a document that lies in none: its project, or the file alone."""
    file = file_of(uri)
    if file is None or state.root_of(uri) is not None:
        return
    place = Path(file)
    if not place.name or place.is_dir():  # never analyse a whole disk
        return
    target = project_around(place) or place
    _add(state, Root.of(target, state.rules, state.options, is_adhoc=True))


def _add(state: State, root: Root) -> None:
    for buffer in state.buffers.values():
        state.overlay(root, buffer)
    state.roots.append(root)


def drop(state: State, analysis: Analysis, root: Root) -> None:
    """Forget a root, and take back its diagnostics."""
    root.stop.set()
    state.roots.remove(root)
    analysis.release_waiting(root)
    diagnostics.withdraw(state, root)


def changed(state: State, analysis: Analysis, params: types.DidChangeWorkspaceFoldersParams) -> None:
    """`workspace/didChangeWorkspaceFolders`."""
    for folder in params.event.removed:
        path = to_fs_path(folder.uri)
        for root in [root for root in state.roots if str(root.target) == path]:
            drop(state, analysis, root)
    for folder in params.event.added:
        add(state, analysis, folder.uri)
    for uri in state.buffers:
        add_around(state, uri)
    for root in state.roots:
        analysis.schedule(root)
