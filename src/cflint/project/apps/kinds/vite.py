"""A page of the browser and a Worker, built by Vite with `@cloudflare/vite-plugin`.

Source: https://developers.cloudflare.com/workers/vite-plugin/, and the package (1.64.0).
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from cflint.pattern import pattern
from cflint.project.apps.folder import AppFolder
from cflint.project.apps.kind import AppKind, Layout, Seed
from cflint.project.apps.options import Options
from cflint.project.apps.realms import Realm

_PLUGIN = "@cloudflare/vite-plugin"
_SCRIPT = pattern(rb"<script\b[^>]*?\bsrc\s*=\s*[\"']?([^\"'\s>]+)")
_FRAMEWORKS = pattern(
    r"@react-router/dev|@remix-run/dev|@tanstack/|@solidjs/start|@sveltejs/kit|@builder\.io/qwik|@qwik\.dev"
    r"|rwsdk|@redwoodjs/|vinext|waku|vike|vite-plugin-ssr|honox|nitro|nuxt|astro|@analogjs|@angular"
    r"|@vitejs/plugin-rsc|@hono/vite-build|@hiogawa/|@lazarv/|one$|void$"
)
"""Plugins of frameworks, which have their own ways from a path to code."""


def layout(folder: AppFolder) -> Layout | None:
    """The layout of an app; None when a framework makes the entry, or the Worker is not of this build."""
    options = folder.options("vite.config")
    if options is None or _PLUGIN not in options.imports:
        return None
    if any(_FRAMEWORKS.match(name) for name in options.imports):
        return None
    root = options.value("root")
    place = root.removeprefix("./").strip("/") if isinstance(root, str) else ""
    seeds = tuple(_pages(folder, "" if place == "." else place))
    return Layout(seeds=seeds, auxiliary=tuple(_auxiliary(folder, options)))


def _auxiliary(folder: AppFolder, options: Options) -> Iterator[str]:
    """The configurations of auxiliary Workers, but for those that the plugin's options complete."""
    for arguments in options.calls("cloudflare"):
        given = arguments[0] if arguments else None
        listed = given.get("auxiliaryWorkers") if isinstance(given, dict) else None
        for one in listed if isinstance(listed, list) else ():
            path = one.get("configPath") if isinstance(one, dict) and "config" not in one else None
            if isinstance(path, str):
                yield folder.join(path)


def _pages(folder: AppFolder, root: str) -> Iterator[Seed]:
    """The scripts of the pages in a folder."""
    for name in folder.workspace.list(folder.join(root)):
        document = folder.workspace.read(folder.join(root, name)) if name.endswith(".html") else None
        for found in _SCRIPT.finditer(document.data) if document is not None else ():
            source = found[1].decode(errors="replace").partition("?")[0]
            if "://" in source or source.startswith("//"):
                continue
            path = posixpath.normpath(posixpath.join(root, source.lstrip("/")))
            if not path.startswith("..") and not set("*?{},") & set(path):
                yield Seed(path, Realm.BROWSER, f"a script of {name}")


KIND = AppKind(
    id="vite",
    title="Vite with the Cloudflare plugin",
    packages=frozenset({_PLUGIN}),
    files=("vite.config.{ts,mts,mjs,js,cjs,cts}",),
    layout=layout,
    seeds=(
        Seed(
            "{vite,vitest,drizzle,tailwind,postcss,eslint}.config.*", Realm.BUILD, "it configures the build"
        ),
    ),
    own_entry=True,
    shares=True,
    virtual=("virtual:**",),
)
