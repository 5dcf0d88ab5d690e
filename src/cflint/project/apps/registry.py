"""The frameworks that cflint knows, the special ones first: a module of `kinds`, and its packages.

A kind is loaded only when the package.json of a folder has one of the packages.
"""

from __future__ import annotations

# Imported where used: a run loads the kinds of the frameworks that it meets.
from collections.abc import Iterator
from importlib import import_module

from cflint.project.apps.kind import AppKind
from cflint.record import record


@record(frozen=True)
class Row:
    """A module of `kinds` whose `KIND` is a framework (its id is the name, with `-`), and its packages."""

    module: str
    packages: tuple[str, ...]


ROWS = (
    Row("vinext", ("vinext",)),
    Row("opennext", ("@opennextjs/cloudflare",)),
    Row("next_on_pages", ("@cloudflare/next-on-pages",)),
    Row("sveltekit", ("@sveltejs/kit",)),
    Row("nuxt", ("nuxt",)),
    Row("nuxthub", ("@nuxthub/core",)),
    Row("nitro", ("nitropack", "nitro")),
)


def kinds_named_in(manifest: bytes) -> Iterator[AppKind]:
    """The kinds one of whose packages a package.json may name."""
    for row in ROWS:
        if any(f'"{name}"'.encode() in manifest for name in row.packages):
            yield kind_of(row.module)


def kind_of(id: str) -> AppKind:
    """The kind of an id, or of the name of its module; raises ValueError when there is none."""
    module = id.replace("-", "_")
    if all(row.module != module for row in ROWS):
        raise ValueError(f"no framework is called {id}")
    kind = import_module(f"cflint.project.apps.kinds.{module}").KIND
    assert isinstance(kind, AppKind)
    return kind
