"""Waku.

Source: https://waku.gg, and the packages waku 0.27.5 and 1.0.0-rc.1 (`lib/constants.js`,
`adapters/cloudflare.js`, `adapters/cloudflare-build-enhancer.js`: where wrangler has no configuration, the
build writes one).
"""

from __future__ import annotations

from collections.abc import Iterator

from cflint.project.apps.folder import AppFolder
from cflint.project.apps.kind import AppKind, GeneratedEntry, Islands, Layout, Seed, Target
from cflint.project.apps.options import OPEN
from cflint.project.apps.realms import Realm

_CODE = "{js,ts,tsx,jsx,mjs,cjs}"
_ENTRIES = "{server-entry,waku.server}"


def layout(folder: AppFolder) -> Layout | None:
    """The layout of an app; None when nothing says that a Worker is made of it."""
    if folder.config is None:
        return None
    options = folder.options("waku.config")
    source = options.value("srcDir") if options is not None else None
    if source is OPEN:
        return None
    prefix = source.removeprefix("./").strip("/") if isinstance(source, str) else "src"
    proved = any("serve-cloudflare" in main or "waku.server" in main for main in folder.mains)
    return Layout(Target.PROVED if proved else Target.GUESSED, tuple(_seeds(f"{prefix}/" if prefix else "")))


def _seeds(prefix: str) -> Iterator[Seed]:
    yield Seed(f"{prefix}client-entry.{_CODE}", Realm.BROWSER, "the browser's entry")
    yield Seed(f"{prefix}waku.client.{_CODE}", Realm.BROWSER, "the browser's entry")
    yield Seed(f"{prefix}{_ENTRIES}.{_CODE}", Realm.SERVER, "the entry of the server")
    yield Seed(f"{prefix}middleware/*.{_CODE}", Realm.SERVER, "middleware")
    yield Seed(
        f"{prefix}pages/**/{{_components,_hooks}}/**", Realm.DEAD, "its folder says that it is no page"
    )
    yield Seed(f"{prefix}pages/**/*.{_CODE}", Realm.SERVER, "a page")


KIND = AppKind(
    id="waku",
    title="Waku",
    packages=frozenset({"waku"}),
    files=("waku.config.{ts,js,mts,mjs}",),
    mains=("**dist/server/serve-cloudflare.js", "**src/waku.server{,.tsx,.ts}"),
    layout=layout,
    seeds=(
        Seed("{waku,vite,vitest,drizzle,tailwind,postcss}.config.*", Realm.BUILD, "it configures the build"),
    ),
    islands=Islands(directives=True),
    entry=GeneratedEntry(complete=False),
    entry_imports=("waku/**", "waku"),
    virtual=("virtual:**", "waku/**"),
    directives=True,
)
