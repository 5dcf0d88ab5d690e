"""Auxiliary Workers of Cloudflare's Vite plugin that no configuration of their own speaks of.

What `auxiliaryWorkers: [{ config: … }]` of a vite.config names is evaluated: a Worker as in a
`cloudflare.config.ts` (since version 2 of the plugin), or one with wrangler's keys (version 1). One that has
a `configPath` has a configuration of its own.

Imported where used: what evaluates TypeScript, for a vite.config that has such Workers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from cflint.finding import Location
from cflint.platform.bindings import KINDS, Shape
from cflint.project.apps.options import Options
from cflint.project.config.cloudflare.modules import Files, Loader
from cflint.project.config.cloudflare.reader import Source, read_source
from cflint.project.config.cloudflare.values import Entry, Obj, Value
from cflint.project.config.wrangler import WranglerConfig
from cflint.record import record
from cflint.source import Document, Span
from cflint.syntax.javascript import Syntax, property_name

if TYPE_CHECKING:
    from tree_sitter import Node

_KEY = "auxiliaryWorkers"
_MOST = 20


@record(frozen=True)
class Auxiliary:
    """One Worker: its entry as written, from the folder of the vite.config, and the kinds of its bindings by
    name."""

    entry: str
    bound: Mapping[str, str]


def auxiliary_workers(document: Document, files: Files) -> Iterator[Auxiliary]:
    """The auxiliary Workers that a vite.config configures by itself."""
    for at in range(_MOST):
        config = _evaluated(document, files, at)
        if config is None:
            break
        bound = {one.name: one.kind.id for found in config.environments for one in found.bindings}
        mains = {found.main.text for found in config.environments if found.main is not None}
        yield from (Auxiliary(main, bound) for main in sorted(main for main in mains if main))
    for arguments in Options(document).calls("cloudflare"):
        first = arguments[0] if arguments else None
        listed = first.get(_KEY) if isinstance(first, dict) else None
        for one in listed if isinstance(listed, list) else ():
            given = one.get("config") if isinstance(one, dict) else None
            main = given.get("main") if isinstance(given, dict) else None
            if isinstance(main, str) and isinstance(given, dict):
                yield Auxiliary(main, dict(_bound(given)))


def _evaluated(document: Document, files: Files, at: int) -> WranglerConfig | None:
    """The configuration of one of them, under wrangler's keys; None when there are no more."""
    found: list[Node] = []

    def pick(loader: Loader) -> Value | None:
        module = loader.module(document.path)
        found[:] = _configs(loader.machine.syntaxes[document.path])[at : at + 1]
        if module is None or not found:
            return None
        value = loader.machine.evaluate(found[0], module.scope)
        if isinstance(value, Obj) and "worker" in value.members:
            return value
        place = Location(document, Span(found[0].start_byte, found[0].end_byte))
        return Obj({"worker": Entry(value, place, place)}, [], place)

    reading = read_source(Source(document, files, None, ("production", "development"), pick))
    return WranglerConfig.of_typescript(reading.config) if found and reading.config.trees else None


def _configs(syntax: Syntax) -> list[Node]:
    """The values of `config` in the lists of auxiliary Workers."""
    found: list[Node] = []
    for leaf in syntax.leaves(_KEY, syntax.root):
        pair = syntax.parent(leaf)
        listed = pair.child_by_field_name("value") if pair is not None and pair.type == "pair" else None
        for one in listed.named_children if listed is not None and listed.type == "array" else ():
            for part in one.named_children if one.type == "object" else ():
                key, value = part.child_by_field_name("key"), part.child_by_field_name("value")
                if key is not None and value is not None and property_name(syntax, key) == "config":
                    found.append(value)
                elif part.type == "shorthand_property_identifier" and syntax.text(part) == "config":
                    found.append(part)
    return found


def _bound(given: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    """The bindings of a configuration with wrangler's keys."""
    for kind in KINDS:
        here: object = given
        for key in kind.path:
            here = here.get(key) if isinstance(here, dict) else None
        if kind.shape is Shape.MAP and isinstance(here, dict):
            yield from ((name, kind.id) for name in here)
        elif kind.shape is Shape.NAMES and isinstance(here, list):
            yield from ((name, kind.id) for name in here if isinstance(name, str))
        elif kind.name_key:
            for one in here if isinstance(here, list) else [here]:
                name = one.get(kind.name_key) if isinstance(one, dict) else None
                if isinstance(name, str):
                    yield name, kind.id
