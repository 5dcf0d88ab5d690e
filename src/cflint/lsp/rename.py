"""Renaming a binding: over code, types, configurations and the variables of local development."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from lsprotocol import types

from cflint.finding import Edit
from cflint.lsp.analysis import Analysis
from cflint.lsp.asking import Asking
from cflint.lsp.convert import range_of, workspace_edit
from cflint.lsp.protocol import RequestFailed
from cflint.lsp.state import State
from cflint.naming import rename as renaming
from cflint.naming.names import Subject
from cflint.naming.rename import Plan, Refused
from cflint.report.escape import encodable, escape_message

OPTIONS = types.RenameOptions(prepare_provider=True)

T = TypeVar("T")


async def prepare(
    state: State, analysis: Analysis, params: types.PrepareRenameParams
) -> types.PrepareRenamePlaceholder | None:
    """`textDocument/prepareRename`: the name, or why it has to stay; None where no binding is named."""
    asking = await Asking.of(state, analysis, params.text_document.uri)
    subject = await _subject(asking, params.position) if asking is not None else None
    if asking is None or subject is None:
        return None
    await _planned(asking, subject)
    at = range_of(subject.at.document, subject.at.span, state.client.encoding)
    return types.PrepareRenamePlaceholder(at, subject.name)


async def rename(state: State, analysis: Analysis, params: types.RenameParams) -> types.WorkspaceEdit | None:
    """`textDocument/rename`. It is offered if the model read after it has the same bindings."""
    asking = await Asking.of(state, analysis, params.text_document.uri)
    subject = await _subject(asking, params.position) if asking is not None else None
    if asking is None or subject is None:
        return None
    new = params.new_name.strip()
    if new == subject.name:
        return types.WorkspaceEdit()
    planned = await _planned(asking, subject)
    await asking.each(planned.paths, lambda path: _checked(lambda: renaming.refuse_escape(planned, path)))
    edits = await asking.ask(lambda: _checked(lambda: _edits(asking, planned, new)))
    versions = state.versions()
    if renaming.is_stored(planned):
        command = f"wrangler secret put {new}"
        text = f"cflint: the value of a secret is stored under its old name; store it again with `{command}`"
        state.show_message(types.MessageType.Info, text)
    return workspace_edit(edits, state.client, state.uri_of(asking.root), versions)


async def _subject(asking: Asking, position: types.Position) -> Subject | None:
    offset = asking.offset(position)
    return await asking.ask(lambda: asking.root.names.subject_at(asking.loaded, asking.path, offset))


async def _planned(asking: Asking, subject: Subject) -> Plan:
    names, loaded = asking.root.names, asking.loaded
    paths = await asking.ask(lambda: names.paths(loaded, subject.workers))
    await asking.learn(paths, (subject.name,))
    return await asking.ask(lambda: _checked(lambda: renaming.plan(names, loaded, subject)))


def _edits(asking: Asking, planned: Plan, new: str) -> tuple[Edit, ...]:
    """The edits, after what they leave was read; on the worker's thread."""
    root = asking.root
    made = renaming.renaming(root.names, planned, new)
    texts = renaming.texts_after(made.edits)
    with root.session.imagined(texts, root.configure, root.excludes()) as after:
        renaming.check(made, after)
    return made.edits


def _checked(work: Callable[[], T]) -> T:
    try:
        return work()
    except Refused as refused:
        raise RequestFailed(encodable(escape_message(str(refused)))) from None
