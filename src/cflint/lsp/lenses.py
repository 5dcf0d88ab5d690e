"""Code lenses: how often a binding is used, how often a class is bound, and which migration created it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from lsprotocol import types

from cflint.finding import Location
from cflint.lsp.analysis import Analysis
from cflint.lsp.asking import Asking
from cflint.lsp.convert import location_of, range_of
from cflint.lsp.protocol import ContentModified
from cflint.lsp.roots import Root
from cflint.lsp.state import State
from cflint.naming.classes import birth, classes_in
from cflint.naming.config import name_place
from cflint.naming.mention import Role, mention_of
from cflint.project.config.wrangler import Binding
from cflint.project.workers.worker import Worker
from cflint.record import record

SHOW_REFERENCES = "cflint.showReferences"
"""A command of the client's: takes a URI, a position and locations."""

OPTIONS = types.CodeLensOptions(resolve_provider=False)


@record(frozen=True)
class Lens:
    """What stands above a place: a line of text, and the places that it speaks of."""

    at: Location
    title: str
    places: tuple[Location, ...]


async def code_lenses(state: State, analysis: Analysis, params: types.CodeLensParams) -> list[types.CodeLens]:
    """`textDocument/codeLens`.

    A client whose request fails shows no lenses until it is told to ask again, and does not ask of its own
    accord, for it was another file that changed. So what changes meanwhile is waited for; where nothing is
    loaded, the next report has the client ask again.
    """
    uri = params.text_document.uri
    belongs = state.root_of(uri)
    if belongs is None:
        return []
    while True:
        try:
            asking = await Asking.of(state, analysis, uri)
            found = _shown(state, asking, await _lenses(asking)) if asking is not None else []
        except ContentModified:
            continue
        belongs[0].lenses[uri] = hash(repr(found))
        return found


def refresh_changed(state: State, analysis: Analysis, root: Root) -> None:
    """After a report: have the client ask again when lenses that it shows say something else by now."""
    if state.client.refreshes_lenses and root.lenses and not root.compares_lenses:
        root.compares_lenses = True
        asyncio.get_running_loop().create_task(_refresh(state, analysis, root))


async def _refresh(state: State, analysis: Analysis, root: Root) -> None:
    try:
        for uri in [uri for uri in root.lenses if uri in state.buffers]:
            asking = await Asking.of(state, analysis, uri)
            found = _shown(state, asking, await _lenses(asking)) if asking is not None else []
            if root.lenses.get(uri) != hash(repr(found)):
                root.lenses.clear()
                state.server.workspace_code_lens_refresh(None)
                return
    except ContentModified:
        pass  # the next report comes
    finally:
        root.compares_lenses = False


def _shown(state: State, asking: Asking, lenses: Sequence[Lens]) -> list[types.CodeLens]:
    encoding, uri_of = state.client.encoding, state.uri_of(asking.root)
    found: list[types.CodeLens] = []
    for lens in lenses:
        place = range_of(lens.at.document, lens.at.span, encoding)
        command = types.Command(lens.title, "")
        if state.options.shows_references and lens.places:
            locations = [location_of(at, encoding, uri_of) for at in lens.places]
            command = types.Command(
                lens.title, SHOW_REFERENCES, arguments=[uri_of(lens.at.document.path), place.start, locations]
            )
        found.append(types.CodeLens(place, command))
    return found


async def _lenses(asking: Asking) -> list[Lens]:
    workers = await asking.ask(lambda: _configured_in(asking))
    if not workers:
        return await asking.ask(lambda: _of_classes(asking))
    paths = await asking.ask(lambda: asking.root.names.paths(asking.loaded, workers))
    await asking.learn(paths)
    return await asking.ask(lambda: _of_bindings(asking, workers))


def _configured_in(asking: Asking) -> list[Worker]:
    """The Workers whose configuration a file is, or is a part of."""
    return [
        worker
        for worker in asking.loaded.project.workers
        if worker.config is not None
        and any(document.path == asking.path for document in worker.config.documents)
    ]


def _of_bindings(asking: Asking, workers: Sequence[Worker]) -> list[Lens]:
    found: dict[tuple[str, object], Lens] = {}
    for worker in workers:
        for environment in worker.environments:
            for binding in environment.bindings:
                written = name_place(binding)
                at = mention_of(written.document, written.span, binding.name, Role.DECLARATION).at
                if at.document.path == asking.path and (at.document.path, at.span) not in found:
                    found[at.document.path, at.span] = _of_binding(asking, worker, binding, at)
    return sorted(found.values(), key=lambda lens: lens.at.span)


def _of_binding(asking: Asking, worker: Worker, binding: Binding, at: Location) -> Lens:
    names = asking.root.names
    mentions = names.references(asking.loaded, [worker], binding.name, declarations=False)
    uses = tuple(mention.at for mention in mentions if mention.role is Role.USE)
    title = _times(len(uses))
    tag = None
    if binding.kind.id == "durable_object" and binding.class_name and binding.is_local:
        tag = birth(binding.environment, binding.class_name)
    return Lens(at, f"{title}, created in {tag}" if tag else title, uses)


def _times(number: int) -> str:
    return {0: "no use found", 1: "used once"}.get(number, f"used {number} times")


def _of_classes(asking: Asking) -> list[Lens]:
    found: dict[object, Lens] = {}
    for subject in classes_in(asking.loaded, asking.path):
        at = subject.declaration
        if at is None or at.span in found:
            continue
        bindings = subject.bindings
        names = {(binding.environment.config.path, binding.name) for binding in bindings}
        tags = (birth(environment, subject.name) for environment in subject.worker.environments)
        tag = next((tag for tag in tags if tag), None)
        title = "1 binding" if len(names) == 1 else f"{len(names)} bindings"
        places = tuple(subject.places(declarations=False))
        found[at.span] = Lens(at, f"{title}, created in {tag}" if tag else title, places)
    return sorted(found.values(), key=lambda lens: lens.at.span)
