"""Analog: Angular with Nitro as its server.

Source: the packages @analogjs/platform and @analogjs/vite-plugin-nitro 2.7.5 (`vite-plugin-nitro.js`,
`utils/get-page-handlers.js`, `utils/get-server-fn-handlers.js`, `router-plugin.js`).
"""

from __future__ import annotations

from collections.abc import Iterator

from cflint.pattern import pattern
from cflint.project.apps.folder import AppFolder
from cflint.project.apps.kind import AppKind, Layout, Seed, Target
from cflint.project.apps.kinds.nitro import ACCESSORS, ENTRY, HANDLERS, VIRTUAL, server_seeds, target_of
from cflint.project.apps.options import OPEN, Options
from cflint.project.apps.realms import Realm

_PRESET = pattern(r"\bBUILD_PRESET=[\"']?([\w-]+)")
_CLOUDFLARE = pattern(r"cloudflare(?:[-_]\w+)*")


def layout(folder: AppFolder) -> Layout | None:
    """The layout of an app; None when it is built for another platform."""
    options = folder.options("vite.config")
    if options is None or "@analogjs/platform" not in options.imports:
        return None
    given = next((arguments[0] for arguments in options.calls("analog") if arguments), None)
    target = _target(folder, options, given)
    if target is None:
        return None
    ssr = given.get("ssr") if isinstance(given, dict) else None
    return Layout(target, tuple(_seeds(Realm.BROWSER if ssr is False else Realm.BOTH)))


def _target(folder: AppFolder, options: Options, given: object) -> Target | None:
    named = [found[1] for it in folder.manifest.scripts.values() for found in _PRESET.finditer(it)]
    if named:  # it has its way over the configuration
        ours = all(map(_CLOUDFLARE.fullmatch, named))
        return Target.PROVED if ours else None
    nitro = given.get("nitro") if isinstance(given, dict) else given
    preset = nitro.get("preset") if isinstance(nitro, dict) else nitro
    return target_of(folder, OPEN if preset is OPEN else preset)


def _seeds(pages: Realm) -> Iterator[Seed]:
    yield Seed("src/main.server.ts", Realm.SERVER, "it renders the app in the Worker")
    yield Seed("src/main.ts", Realm.BROWSER, "it starts the app in the browser")
    yield from (seed for seed in server_seeds("src/server") if "/utils/" not in seed.glob)  # no auto-imports
    yield Seed("src/app/pages/**/*.server.ts", Realm.SERVER, "the server's part of a page")
    yield Seed("src/**/*.server.ts", Realm.SERVER, "it has server functions", r"\bserverFn\b")
    yield Seed("src/app/pages/**/*.page.ts", pages, "a page")


KIND = AppKind(
    id="analog",
    title="Analog",
    packages=frozenset({"@analogjs/platform"}),
    files=("vite.config.{ts,mts,mjs,js,cjs,cts}",),
    mains=("**dist/**analog/server{,/index.mjs}", "**dist/**analog/public"),
    layout=layout,
    proves_itself=True,
    seeds=(
        Seed(
            "{vite,vitest,drizzle,tailwind,postcss,eslint}.config.*", Realm.BUILD, "it configures the build"
        ),
    ),
    accessors=ACCESSORS,
    handlers=HANDLERS,
    entry=ENTRY,
    components=("**src/app/**",),
    virtual=(*VIRTUAL, "@angular/**", "@analogjs/**"),
    env_types=frozenset({"H3EventContext"}),
)
