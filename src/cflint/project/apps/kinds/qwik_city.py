"""Qwik City on Pages or Workers.

Source: https://qwik.dev/docs/deployments/cloudflare-pages/, and the packages of @builder.io: qwik-city and
qwik 1.20.1.
"""

from __future__ import annotations

from collections.abc import Iterator

from cflint.project.apps.folder import AppFolder
from cflint.project.apps.kind import (
    PLATFORM,
    Accessors,
    AppKind,
    Given,
    Handlers,
    Islands,
    Layout,
    Seed,
    Shape,
    Target,
    TypeAccessor,
)
from cflint.project.apps.realms import Realm

_CODE = "{ts,tsx,js,jsx}"
_PLACES = ("cloudflare-pages", "cloudflare-workers")
_OTHER_PLACES = (
    *("aws-lambda", "azure-swa", "bun", "cloud-run", "deno", "express", "fastify", "firebase"),
    *("netlify-edge", "node-server", "vercel-edge"),
)
"""The adapters of Qwik City for other platforms (packages/qwik-city/src/adapters and starters/adapters)."""
_EVENT = Shape({"platform": PLATFORM, "env": Shape(lookup="get"), "request": Given.REQUEST})
_VERBS = frozenset({"onRequest", "onGet", "onPost", "onPut", "onPatch", "onDelete", "onHead", "onOptions"})
_TYPES = (
    "RequestEvent",
    "RequestEventLoader",
    "RequestEventAction",
    "RequestEventCommon",
    "RequestEventBase",
)
_ENDPOINT = r"\A(?![\s\S]*(?:\bdefault\b|\$\(|\bhead\b))[\s\S]*^[ \t]*export\b[^\n]*\bon[A-Z]"
"""What the text of a route is like of which the browser is sent nothing."""


def layout(folder: AppFolder) -> Layout | None:
    """The layout of an app; None when nothing in it is for Cloudflare."""
    if not any(folder.has(f"src/entry.{name}") or folder.is_dir(f"adapters/{name}") for name in _PLACES):
        return None
    options = folder.options("vite.config")
    given = next(iter(options.calls("qwikCity")), ()) if options is not None else ()
    city = given[0] if given else {}
    routes = city.get("routesDir", "src/routes") if isinstance(city, dict) else None
    if not isinstance(routes, str):
        return Layout(Target.GUESSED)
    is_for_others = any(folder.is_dir(f"adapters/{name}") for name in _OTHER_PLACES)
    plugins = city.get("serverPluginsDir", routes) if isinstance(city, dict) else None
    return Layout(
        Target.GUESSED if is_for_others else Target.PROVED,
        seeds=tuple(
            _seeds(
                routes.removeprefix("./").strip("/"),
                plugins.removeprefix("./").strip("/") if isinstance(plugins, str) else None,
            )
        ),
    )


def _seeds(routes: str, plugins: str | None) -> Iterator[Seed]:
    yield Seed(
        "{vite,vitest,drizzle,tailwind,postcss,eslint}.config.*", Realm.BUILD, "it configures the build"
    )
    yield Seed("adapters/**", Realm.BUILD, "it configures the build")
    yield Seed(f"src/entry.preview.{_CODE}", Realm.BUILD, "the entry of a preview")
    yield Seed(f"src/entry.dev.{_CODE}", Realm.BROWSER, "the browser's entry in development")
    yield Seed(f"{routes}/**/service-worker.{{ts,js}}", Realm.BROWSER, "the browser's service worker")
    yield Seed(f"src/entry.{{ssr,{','.join(_PLACES)}}}.{_CODE}", Realm.SERVER, "an entry of the server")
    if plugins is not None:
        yield Seed(f"{plugins}/plugin{{,@*}}.{_CODE}", Realm.SERVER, "a plugin of the server")
    yield Seed(f"src/root.{_CODE}", Realm.BOTH, "the root component")
    found = f"{routes}/**/{{index{{,!,@*}},layout{{,!,-*}},4??,5??}}.{_CODE}"
    yield Seed(found, Realm.SERVER, "a route that sends no component", _ENDPOINT)
    yield Seed(found, Realm.BOTH, "a route")


KIND = AppKind(
    id="qwik-city",
    title="Qwik City",
    packages=frozenset({"@builder.io/qwik-city"}),
    files=("vite.config.{ts,mts,mjs,js}",),
    mains=("dist{,/_worker.js}",),
    layout=layout,
    proves_itself=True,
    islands=Islands(
        server_exports=_VERBS | {"onStaticGenerate"},
        server_calls=frozenset(
            {"routeLoader$", "routeAction$", "globalAction$", "server$", "zod$", "validator$"}
        ),
    ),
    accessors=Accessors(
        types=tuple(TypeAccessor("@builder.io/qwik-city", name, _EVENT) for name in _TYPES),
        owners={"platform": PLATFORM},
    ),
    handlers=(
        Handlers(files=(f"**/*.{_CODE}",), names=_VERBS, gives=(_EVENT,)),
        Handlers(wrappers=frozenset({"routeLoader$"}), gives=(_EVENT,)),
        Handlers(wrappers=frozenset({"routeAction$", "globalAction$"}), gives=(None, _EVENT)),
    ),
    entry_imports=("@builder.io/qwik-city/middleware/cloudflare-pages", "**entry.cloudflare-{pages,workers}"),
    virtual=("@qwik-*", "@qwik-city-*", "virtual:**", "**server/entry.*"),
    bindings=frozenset({"ASSETS"}),
    env_types=frozenset({"QwikCityPlatform"}),
)
