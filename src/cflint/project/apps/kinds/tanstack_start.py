"""TanStack Start, for React, Solid and Vue; before 1.121 with vinxi, which `app.config.ts` configures.

Source: https://tanstack.com/start/latest/docs/framework/react/guide/hosting, and the packages of
@tanstack: react-start 1.169.5, start-plugin-core 1.171.56, start-client-core 1.170.39, start-server-core
1.169.45; react-start-config 1.120.20.
"""

from __future__ import annotations

from collections.abc import Iterator

from cflint.project.apps.folder import AppFolder
from cflint.project.apps.kind import (
    Accessors,
    AppKind,
    CallAccessor,
    GeneratedEntry,
    Given,
    Handlers,
    Islands,
    Layout,
    LoadContext,
    Seed,
    Shape,
    Target,
)
from cflint.project.apps.kinds import nitro
from cflint.project.apps.options import OPEN, Options
from cflint.project.apps.realms import Realm

_OLD = "@tanstack/start"
"""What the package was called before it was one for each framework."""
_PACKAGES = ("@tanstack/react-start", "@tanstack/solid-start", "@tanstack/vue-start")
_CODE = "{ts,tsx,js,jsx,mts,mjs}"
_TOOLS = "vite,vitest,drizzle,tailwind,postcss,eslint,prettier"
_OLD_CONFIGS = tuple(f"{package}/config" for package in (_OLD, *_PACKAGES))
_API_ROUTE = r"\bcreateAPIFileRoute\("
_ROUTES = ("createFileRoute", "createRootRoute", "createRootRouteWithContext")
_SENT = (
    *("component", "loader", "beforeLoad", "head", "validateSearch", "loaderDeps", "shouldReload"),
    *("errorComponent", "pendingComponent", "notFoundComponent", "onEnter", "onStay", "onLeave"),
)
_SERVER_ROUTE = (
    r"\A(?![\s\S]*\b(?:" + "|".join(_SENT) + r")\b)[\s\S]*\bcreateFileRoute\([^)\n]*\)\(\{\s*server\s*:"
)
"""What the text of a route is like that has nothing but `server`."""
_EVENT = Shape({"request": Given.REQUEST, "context": Given.LOAD_CONTEXT})


def layout(folder: AppFolder) -> Layout | None:
    """The layout of an app; None when it is built for another platform."""
    old = folder.options("app.config")
    if old is not None and any(name in old.imports for name in _OLD_CONFIGS):
        return _layout_with_vinxi(folder, old)
    options = folder.options("vite.config")
    if options is None or not any(name.startswith(_PACKAGES) for name in options.imports):
        return None
    given = next(iter(options.calls("tanstackStart")), ())
    start = given[0] if given else {}
    target = _target(folder, options, start)
    if target is None:
        return None
    if not isinstance(start, dict):
        return Layout(Target.GUESSED)
    source = start.get("srcDirectory", "src")
    if not isinstance(source, str):
        return Layout(Target.GUESSED)
    return Layout(target, tuple(_seeds(source.removeprefix("./").strip("/"), start)))


def _layout_with_vinxi(folder: AppFolder, options: Options) -> Layout | None:
    """The layout of an app that vinxi builds, with Nitro's presets."""
    target = nitro.target_of(folder, options.value("server", "preset"))
    if target is None:
        return None
    source = options.value("tsr", "appDirectory")
    routes = options.value("tsr", "routesDirectory")
    if source is OPEN or routes is OPEN:
        return Layout(Target.GUESSED)
    root = source.removeprefix("./").strip("/") if isinstance(source, str) else "app"
    prefix = f"{root}/" if root else ""
    below = routes.removeprefix("./").strip("/") if isinstance(routes, str) else f"{prefix}routes"
    return Layout(target, tuple(_seeds_with_vinxi(prefix, below, options)))


def _seeds_with_vinxi(prefix: str, routes: str, options: Options) -> Iterator[Seed]:
    yield Seed(f"{{app,{_TOOLS}}}.config.*", Realm.BUILD, "it configures the build")
    for router, name, realm, why in (
        ("client", f"client.{_CODE}", Realm.BROWSER, "the browser's entry"),
        ("ssr", f"ssr.{_CODE}", Realm.SERVER, "the server's entry"),
        ("api", f"api.{_CODE}", Realm.SERVER, "the entry of API routes"),
    ):
        written = options.value("routers", router, "entry")
        yield Seed(written.removeprefix("./") if isinstance(written, str) else prefix + name, realm, why)
    yield Seed(f"{prefix}global-middleware.{_CODE}", Realm.BOTH, "middleware of server functions")
    yield Seed(f"{prefix}router.{_CODE}", Realm.BOTH, "the router")
    yield from _routes(routes, _API_ROUTE, "an API route")


def _target(folder: AppFolder, options: Options, start: object) -> Target | None:
    if "@cloudflare/vite-plugin" in options.imports:
        return Target.PROVED
    presets: list[object] = [start.get("target") if isinstance(start, dict) else None]
    for name in ("nitro", "nitroV2Plugin"):
        presets += [it[0].get("preset") for it in options.calls(name) if it and isinstance(it[0], dict)]
    named = [preset for preset in presets if isinstance(preset, str)]
    if any(preset.startswith("cloudflare") for preset in named):
        return Target.PROVED
    return None if named or folder.config is None else Target.GUESSED


def _entry(start: dict[str, object], key: str, default: str) -> str:
    """The path of an entry below the source directory, without its suffix."""
    given = start.get(key)
    written = given.get("entry") if isinstance(given, dict) else None
    name = written.removeprefix("./") if isinstance(written, str) else default
    stem, _, suffix = name.rpartition(".")
    return stem if stem and suffix in ("ts", "tsx", "js", "jsx", "mts", "mjs") else name


def _seeds(source: str, start: dict[str, object]) -> Iterator[Seed]:
    prefix = f"{source}/" if source else ""
    router = start.get("router")
    routes = router.get("routesDirectory", "routes") if isinstance(router, dict) else "routes"
    yield Seed(f"{{{_TOOLS}}}.config.*", Realm.BUILD, "it configures the build")
    yield Seed(f"{prefix}{_entry(start, 'client', 'client')}.{_CODE}", Realm.BROWSER, "the browser's entry")
    yield Seed(
        f"{prefix}{_entry(start, 'server', 'server')}.{_CODE}", Realm.SERVER, "the entry of the server"
    )
    yield Seed(f"{prefix}{_entry(start, 'start', 'start')}.{_CODE}", Realm.BOTH, "what starts both sides")
    yield Seed(f"{prefix}{_entry(start, 'router', 'router')}.{_CODE}", Realm.BOTH, "the router")
    if routes is OPEN or not isinstance(routes, str):
        return
    below = prefix + routes.removeprefix("./").strip("/")
    yield from _routes(below, _SERVER_ROUTE, "a route that has `server` only")


def _routes(below: str, of_server: str, why: str) -> Iterator[Seed]:
    yield Seed(f"{below}/**/{{-*/**,-*}}", Realm.DEAD, "its name says that it is no route")
    yield Seed(f"{below}/**/*.{_CODE}", Realm.SERVER, why, of_server)
    yield Seed(f"{below}/**/*.{_CODE}", Realm.BOTH, "a route")


def _accessors() -> Accessors:
    calls = [CallAccessor("vinxi/http", "getEvent", nitro.EVENT)]
    contexts = [LoadContext("@tanstack/*-start/server-entry", "default", method="fetch", path=("context",))]
    for package in _PACKAGES:
        server = f"{package}/server"
        calls += [CallAccessor(server, name, Given.REQUEST) for name in ("getRequest", "getWebRequest")]
        calls.append(CallAccessor(server, "getEvent", nitro.EVENT))
        calls.append(CallAccessor(package, "getGlobalStartContext", Given.LOAD_CONTEXT))
        contexts.append(LoadContext(server, "createStartHandler", path=("context",)))
    return Accessors(calls=tuple(calls), contexts=tuple(contexts))


KIND = AppKind(
    id="tanstack-start",
    title="TanStack Start",
    packages=frozenset((_OLD, *_PACKAGES)),
    files=("app.config.{ts,js,mts,mjs}", "vite.config.{ts,mts,mjs,js,cjs,cts}"),
    mains=(
        "@tanstack/{react,solid,vue}-start/server-entry",
        "**.output/server{,/index.mjs}",
        "dist{,/_worker.js{,/index.js}}",
        "dist/server{,/**}",
    ),
    layout=layout,
    proves_itself=True,
    islands=Islands(
        server_calls=frozenset(
            {
                *(f"createServerFn.{name}" for name in ("handler", "validator", "inputValidator")),
                *(f"createMiddleware.{name}" for name in ("server", "validator", "inputValidator")),
                *("createIsomorphicFn.server", "createServerOnlyFn"),
            }
        ),
        browser_calls=frozenset(
            {"createMiddleware.client", "createIsomorphicFn.client", "createClientOnlyFn"}
        ),
        server_keys=frozenset(f"{name}.server" for name in _ROUTES),
    ),
    accessors=_accessors(),
    handlers=(
        Handlers(
            wrappers=frozenset({"createMiddleware.server", *(f"{name}(server)" for name in _ROUTES)}),
            gives=(_EVENT,),
        ),
        Handlers(
            wrappers=frozenset({"createServerFn.handler"}), gives=(Shape({"context": Given.LOAD_CONTEXT}),)
        ),
    ),
    entry=GeneratedEntry(complete=False),
    entry_imports=(
        "@tanstack/{react,solid,vue}-start/{server-entry,server}",
        "virtual:tanstack-start-server-entry",
        "**.output/server/**",
    ),
    virtual=(
        "virtual:**",
        "vinxi/**",
        "#tanstack-{router,start}-entry",
        "tanstack-start-*:v",
        "**/routeTree.gen{,.ts,.js}",
    ),
)
