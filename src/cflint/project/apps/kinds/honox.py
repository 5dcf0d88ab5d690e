"""HonoX: routes of `app/routes`, islands of `app/islands`.

Source: https://github.com/honojs/honox, and the packages (honox 0.1.61, @hono/vite-build 1.11.1).
"""

from __future__ import annotations

from collections.abc import Iterator

from cflint.project.apps.folder import AppFolder
from cflint.project.apps.kind import (
    Accessors,
    AppKind,
    CallAccessor,
    Given,
    Handlers,
    Layout,
    Seed,
    Shape,
    Target,
)
from cflint.project.apps.options import OPEN
from cflint.project.apps.realms import Realm

_CONTEXT = Shape({"env": Given.ENV, "executionCtx": Given.CONTEXT, "req": Shape({"raw": Given.REQUEST})})
_SUFFIXES = "{ts,tsx}"
_BUILDS = "@hono/vite-build/"
_CLOUDFLARE = (
    *("@hono/vite-build/cloudflare-workers", "@hono/vite-build/cloudflare-pages"),
    *("@hono/vite-cloudflare-pages", "@cloudflare/vite-plugin"),
)


def layout(folder: AppFolder) -> Layout | None:
    """The layout of an app; None when it is built for another platform."""
    options = folder.options("vite.config")
    if options is None or "honox/vite" not in options.imports:
        return None
    if not any(name in options.imports for name in _CLOUDFLARE):
        if folder.config is None or any(name.startswith(_BUILDS) for name in options.imports):
            return None
        return Layout(Target.GUESSED, tuple(_seeds(None)))
    entry = next((_entry(arguments) for arguments in options.calls("honox")), None)
    for_pages = any(name.endswith("cloudflare-pages") for name in options.imports)
    return Layout(seeds=tuple(_seeds(entry)), pages_worker=for_pages)


def _entry(arguments: tuple[object, ...]) -> object:
    first = arguments[0] if arguments else None
    return first.get("entry") if isinstance(first, dict) else OPEN if first is OPEN else None


def _seeds(entry: object) -> Iterator[Seed]:
    written = entry.removeprefix("./") if isinstance(entry, str) else "app/server.ts"
    yield Seed("app/client.{ts,tsx}", Realm.BROWSER, "the browser's entry")
    yield Seed("app/islands/**/*.tsx", Realm.BOTH, "an island")
    yield Seed("app/**/_*.island.tsx", Realm.BOTH, "an island")
    yield Seed("app/**/$*.tsx", Realm.BOTH, "an island")
    yield Seed(written, Realm.SERVER, "the entry of the server")
    yield Seed(
        f"app/routes/**/{{_404,_error,_middleware,_renderer}}.{_SUFFIXES}",
        Realm.SERVER,
        "a file that HonoX finds",
    )
    yield Seed("app/routes/**/{-*/**,-*,_*}", Realm.DEAD, "its name says that it is no route")
    yield Seed(f"app/routes/**/*.{_SUFFIXES}", Realm.SERVER, "a route")


KIND = AppKind(
    id="honox",
    title="HonoX",
    packages=frozenset({"honox"}),
    files=("vite.config.{ts,mts,mjs,js,cjs,cts}",),
    mains=("dist{,/_worker.js,/index.js}", "**dist/{_worker,index}.js"),
    layout=layout,
    proves_itself=True,
    seeds=(
        Seed(
            "{vite,vitest,drizzle,tailwind,postcss,eslint}.config.*", Realm.BUILD, "it configures the build"
        ),
    ),
    accessors=Accessors(calls=(CallAccessor("hono/context-storage", "getContext", _CONTEXT),)),
    handlers=(
        Handlers(wrappers=frozenset({"createRoute"}), gives=(_CONTEXT,)),
        Handlers(
            files=(f"app/routes/**/*.{_SUFFIXES}",),
            names=frozenset({"default", "GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}),
            gives=(_CONTEXT,),
        ),
    ),
    entry_imports=("honox/server{,/**}",),
    virtual=("virtual:**",),
)
