"""Hono built by Vite: `@hono/vite-build` merges the default exports of the entries into one Worker, as
`@hono/vite-cloudflare-pages` before it.

Source: the packages: `dist/base.mjs` and `dist/adapter/cloudflare-*/index.mjs` of @hono/vite-build 1.11.1,
`dist/cloudflare-pages.js` of @hono/vite-cloudflare-pages 0.4.2.
"""

from __future__ import annotations

from collections.abc import Iterator

from cflint.project.apps.folder import AppFolder
from cflint.project.apps.kind import AppKind, GeneratedEntry, Layout, Seed, Target
from cflint.project.apps.options import Options
from cflint.project.apps.realms import Realm
from cflint.syntax.suffixes import EXTENSIONS

_BUILDS = "@hono/vite-build/"
_FOR_PAGES = {f"{_BUILDS}cloudflare-pages", "@hono/vite-cloudflare-pages"}
_CLOUDFLARE = {f"{_BUILDS}cloudflare-workers", *_FOR_PAGES}
_DEFAULTS = ("src/index.ts", "src/index.tsx", "app/server.ts")


def layout(folder: AppFolder) -> Layout | None:
    """The layout of an app; None when it is built for another platform, or its entry is made by HonoX."""
    options = folder.options("vite.config")
    if options is None or "honox/vite" in options.imports or _CLOUDFLARE.isdisjoint(options.imports):
        return None
    others = any(name.startswith(_BUILDS) and name not in _CLOUDFLARE for name in options.imports)
    entries = tuple(_files(folder, options, "entry")) or tuple(
        folder.join(name) for name in _DEFAULTS if folder.workspace.is_file(folder.join(name))
    )
    prefix = f"{folder.path}/" if folder.path else ""
    seeds = [Seed(it.removeprefix(prefix), Realm.SERVER, "an entry of the server") for it in entries]
    seeds += [
        Seed(it.removeprefix(prefix), Realm.BROWSER, "an input of the browser's build")
        for it in _files(folder, options, "input")
        if it not in entries
    ]
    return Layout(
        Target.GUESSED if others else Target.PROVED,
        tuple(seeds),
        pages_worker=not _FOR_PAGES.isdisjoint(options.imports),
        entries=entries,
    )


def _files(folder: AppFolder, options: Options, key: str) -> Iterator[str]:
    """The modules of the folder that values of a key name, as paths of the workspace."""
    for text in options.texts(key):
        path = folder.join(text.lstrip("/"))
        if path.endswith(EXTENSIONS) and not set("*?{},") & set(path) and folder.workspace.is_file(path):
            yield path


KIND = AppKind(
    id="hono-vite",
    title="Hono with Vite",
    packages=frozenset({"@hono/vite-build", "@hono/vite-cloudflare-pages"}),
    files=("vite.config.{ts,mts,mjs,js,cjs,cts}",),
    mains=("dist{,/_worker.js,/index.js}", "**dist/{_worker,index}.js"),
    layout=layout,
    proves_itself=True,
    seeds=(
        Seed(
            "{vite,vitest,drizzle,tailwind,postcss,eslint}.config.*", Realm.BUILD, "it configures the build"
        ),
    ),
    shares=True,
    entry=GeneratedEntry(complete=False),
    virtual=("virtual:**",),
)
