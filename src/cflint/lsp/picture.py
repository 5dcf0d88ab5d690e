"""The command `cflint.graph`: the picture of a folder's Workers, for a client that draws it.

Imported where used: what draws, which few sessions ask for.
"""

from __future__ import annotations

from pygls.uris import to_fs_path

from cflint.finding import Location
from cflint.lsp.analysis import Analysis
from cflint.lsp.convert import range_of
from cflint.lsp.roots import Root
from cflint.lsp.state import State

COMMAND = "cflint.graph"


async def picture(state: State, analysis: Analysis, uri: str) -> str | None:
    """`workspace/executeCommand` with the URI of a folder or of a file in it: the picture in Graphviz's
    language. A link in it is a URI with the 0-based line and character of the place: `file:///a.ts#4,2`. None
    where no Worker is."""
    root = _root(state, uri)
    if root is None:
        return None
    await analysis.settled(root)
    return await analysis.query(lambda: _drawn(state, root))


def _root(state: State, uri: str) -> Root | None:
    folder = to_fs_path(uri)
    own = (root for root in state.roots if str(root.target) == folder)
    found = state.root_of(uri)
    return next(own, found[0] if found is not None else None)


def _drawn(state: State, root: Root) -> str | None:
    """The picture; on the worker's thread."""
    from cflint.graph.dot import as_dot
    from cflint.graph.drawing import Wishes, draw

    loaded, report = root.session.loaded, root.report
    if loaded is None or report is None or all(worker.is_document for worker in loaded.project.workers):
        return None
    uri_of = state.uri_of(root)

    def address(at: Location) -> str:
        start = range_of(at.document, at.span, state.client.encoding).start
        return f"{uri_of(at.document.file.path)}#{start.line},{start.character}"

    return as_dot(draw(loaded.project, report.findings, Wishes()), address)
