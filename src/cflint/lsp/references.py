"""References: every place that names a binding, or the class of a Durable Object or Workflow."""

from __future__ import annotations

from lsprotocol import types

from cflint.finding import Location
from cflint.lsp.analysis import Analysis
from cflint.lsp.asking import Asking
from cflint.lsp.convert import location_of
from cflint.lsp.state import State
from cflint.naming.classes import class_at
from cflint.naming.mention import Role
from cflint.naming.names import Subject


async def references(state: State, analysis: Analysis, params: types.ReferenceParams) -> list[types.Location]:
    """`textDocument/references`."""
    asking = await Asking.of(state, analysis, params.text_document.uri)
    if asking is None:
        return []
    root, loaded = asking.root, asking.loaded
    offset = asking.offset(params.position)
    declarations = params.context.include_declaration
    subject = await asking.ask(lambda: root.names.subject_at(loaded, asking.path, offset))
    if subject is not None:
        places = await places_of(asking, subject, declarations=declarations)
    else:
        places = await asking.ask(lambda: _places_of_class(asking, offset, declarations=declarations))
    encoding, uri_of = state.client.encoding, state.uri_of(root)
    return [location_of(place, encoding, uri_of) for place in places]


async def places_of(asking: Asking, subject: Subject, *, declarations: bool) -> list[Location]:
    """The places that name a binding."""
    names, loaded = asking.root.names, asking.loaded
    paths = await asking.ask(lambda: names.paths(loaded, subject.workers))
    await asking.learn(paths, (subject.name,))
    found = await asking.ask(
        lambda: names.references(loaded, subject.workers, subject.name, declarations=declarations)
    )
    return [mention.at for mention in found if mention.role is not Role.OPEN]


def _places_of_class(asking: Asking, offset: int, *, declarations: bool) -> list[Location]:
    named = class_at(asking.loaded, asking.path, offset)
    return named.places(declarations=declarations) if named is not None else []
