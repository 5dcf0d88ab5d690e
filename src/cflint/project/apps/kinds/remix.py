"""Remix 2.

Source: https://v2.remix.run/docs, and the packages: @remix-run/dev, @remix-run/cloudflare and
@remix-run/cloudflare-pages 2.17.5.
"""

from __future__ import annotations

from cflint.project.apps.folder import AppFolder
from cflint.project.apps.kind import (
    PLATFORM,
    Accessors,
    AppKind,
    GeneratedEntry,
    Layout,
    LoadContext,
    Seed,
    Target,
)
from cflint.project.apps.kinds.react_router import CODE, FLAT, HANDLERS, ISLANDS, TYPES, seeds
from cflint.project.apps.options import OPEN
from cflint.project.apps.realms import Realm

_ADAPTERS = ("@remix-run/cloudflare", "@remix-run/cloudflare-pages", "@remix-run/cloudflare-workers")
_NESTED_UNTIL = 1
"""The last major version that finds routes in folders of any depth by itself."""


def layout(folder: AppFolder) -> Layout | None:
    """The layout of an app; None when it is built for another platform."""
    if not folder.depends_on(*_ADAPTERS):
        return None
    old, vite = folder.options("remix.config"), folder.options("vite.config")
    given: dict[str, object] = {}
    if old is not None:
        given = {key: old.value(key) for key in ("appDirectory", "routes", "server")}
    elif vite is not None:
        for name in ("remix", "vitePlugin"):
            for arguments in vite.calls(name):
                if arguments and isinstance(arguments[0], dict):
                    given = arguments[0]
                elif arguments:
                    return Layout(Target.GUESSED)
    app = given.get("appDirectory")
    if app is OPEN:
        return Layout(Target.GUESSED)
    directory = app.removeprefix("./").strip("/") if isinstance(app, str) else "app"
    major = folder.major("@remix-run/dev")
    is_nested = given.get("routes") is not None or (major is not None and major <= _NESTED_UNTIL)
    routes = (f"routes/**/*.{CODE}",) if is_nested else FLAT
    found = tuple(seeds(directory, routes, ssr=given.get("ssr") is not False))
    server = given.get("server")
    if isinstance(server, str):
        found = (
            Seed(server.removeprefix("./"), Realm.SERVER, "`server` makes the entry"),
            *found,
        )
    return Layout(seeds=found)


KIND = AppKind(
    id="remix",
    title="Remix",
    packages=frozenset({"@remix-run/dev"}),
    files=("remix.config.{js,mjs,cjs,ts}", "vite.config.{ts,mts,mjs,js,cjs,cts}"),
    mains=("build/client", "build{,/index.js}", "public"),
    layout=layout,
    proves_itself=True,
    islands=ISLANDS,
    accessors=Accessors(
        types=TYPES,
        owners={"cloudflare": PLATFORM},
        contexts=(
            LoadContext("@remix-run/", "createRequestHandler"),
            *(
                LoadContext("@remix-run/", maker, option="getLoadContext")
                for maker in ("createPagesFunctionHandler", "createEventHandler")
            ),
        ),
    ),
    handlers=HANDLERS,
    entry=GeneratedEntry(complete=False),
    entry_imports=(
        "virtual:remix/server-build",
        "@remix-run/dev/server-build",
        "{,**/}build{,/server{,/**},/index.js}",
    ),
    virtual=("virtual:**", "@remix-run/dev/server-build", "**/build{,/server{,/**},/index.js}"),
    env_types=frozenset({"AppLoadContext"}),
)
