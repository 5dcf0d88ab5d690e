"""The frameworks that cflint knows, the special ones first: a module of `kinds`, and its packages.

A kind is loaded only when the package.json of a folder has one of the packages.
"""

from __future__ import annotations

# Imported where used: a run loads the kinds of the frameworks that it meets.
from collections.abc import Iterator
from functools import cached_property
from importlib import import_module
from typing import TYPE_CHECKING

from cflint.record import record

if TYPE_CHECKING:
    from cflint.project.apps.kind import AppKind


@record(frozen=True)
class Row:
    """A module of `kinds` whose `KIND` is a framework (its id is the name, with `-`), and its packages.
    `below` are packages that it is built on, which alone are named where a command brings the adapter with
    it (`npx --package @opennextjs/cloudflare`)."""

    module: str
    packages: tuple[str, ...]
    below: tuple[str, ...] = ()

    @cached_property
    def needles(self) -> tuple[bytes, ...]:
        """What a package.json holds that may be an app's."""
        return tuple(f'"{name}"'.encode() for name in (*self.packages, *self.below))


ROWS = (
    Row("vinext", ("vinext",)),
    Row("opennext", ("@opennextjs/cloudflare",), below=("next",)),
    Row("next_on_pages", ("@cloudflare/next-on-pages",)),
    Row("sveltekit", ("@sveltejs/kit",)),
    Row("astro", ("@astrojs/cloudflare",)),
    Row("nuxt", ("nuxt",)),
    Row("nuxthub", ("@nuxthub/core",)),
    Row("solid_start", ("@solidjs/start",)),
    Row(
        "tanstack_start",
        ("@tanstack/start", "@tanstack/react-start", "@tanstack/solid-start", "@tanstack/vue-start"),
    ),
    Row("analog", ("@analogjs/platform",)),
    Row("nitro", ("nitropack", "nitro")),
    Row("react_router", ("@react-router/dev",)),
    Row("remix", ("@remix-run/dev",)),
    Row("qwik_city", ("@builder.io/qwik-city",)),
    Row("angular", ("@angular/ssr",)),
    Row("rwsdk", ("@redwoodjs/sdk", "rwsdk")),
    Row("honox", ("honox",)),
    Row("hono_vite", ("@hono/vite-build", "@hono/vite-cloudflare-pages")),
    Row("waku", ("waku",)),
    Row("vike", ("vike",)),
    Row("vite", ("@cloudflare/vite-plugin",)),
)


def names_one(manifest: bytes) -> bool:
    """Whether a package.json may name a package of a framework."""
    return any(needle in manifest for row in ROWS for needle in row.needles)


def kinds_named_in(manifest: bytes) -> Iterator[AppKind]:
    """The kinds one of whose packages a package.json may name."""
    for row in ROWS:
        if any(needle in manifest for needle in row.needles):
            yield kind_of(row.module)


def kind_of(id: str) -> AppKind:
    """The kind of an id, or of the name of its module; raises ValueError when there is none."""
    module = id.replace("-", "_")
    if all(row.module != module for row in ROWS):
        raise ValueError(f"no framework is called {id}")
    kind: AppKind = import_module(f"cflint.project.apps.kinds.{module}").KIND
    return kind
