"""The command `cflint.inspect`: what the model knows of a place, and why a rule is silent there."""

from __future__ import annotations

from lsprotocol import types

from cflint.engine.inspection import inspect_place
from cflint.lsp.analysis import Analysis
from cflint.lsp.roots import Root
from cflint.lsp.state import State
from cflint.report.inspection import as_text
from cflint.source import Document

COMMAND = "cflint.inspect"


async def inspect(
    state: State, analysis: Analysis, uri: str, position: types.Position, rule: str = ""
) -> str | None:
    """`workspace/executeCommand` with a document's URI, a position of the protocol and a rule's name ("" for
    none): the inspection as text; None where there is nothing to inspect."""
    found = await analysis.present(uri)
    source = state.source(*found, uri) if found is not None else None
    if found is None or source is None:
        return None
    offset = state.offset(source, position)
    root, path = found
    return await analysis.query(lambda: _inspected(state, root, path, source, offset, rule))


def _inspected(state: State, root: Root, path: str, source: Document, offset: int, name: str) -> str | None:
    """The inspection of a place; on the worker's thread."""
    loaded = root.session.loaded
    if loaded is None:
        return None
    document = loaded.project.sources.document(path) or source
    rule = state.known.get(state.known.current(name))
    found = inspect_place(loaded, root.configure(loaded), document, offset, rule)
    loaded.project.trees.release(path)
    return as_text(found)
