"""SvelteKit on Workers or Pages, with `@sveltejs/adapter-cloudflare`.

Source: https://svelte.dev/docs/kit/adapter-cloudflare, and the packages (kit 2.70, adapter 7.2).
"""

from __future__ import annotations

from collections.abc import Iterator

from cflint.platform.handlers import Owes
from cflint.project.apps.folder import AppFolder
from cflint.project.apps.kind import (
    PLATFORM,
    Accessors,
    AppKind,
    CallAccessor,
    Given,
    Handlers,
    Layout,
    Seed,
    Shape,
    Target,
    TypeAccessor,
)
from cflint.project.apps.realms import Realm

_ADAPTERS = ("@sveltejs/adapter-cloudflare", "@sveltejs/adapter-cloudflare-workers")
_LAST_FOR_PAGES = 4
"""The last major version of the adapter that was made for Pages alone (its README and CHANGELOG)."""
_FOLDERS = {
    "lib": "src/lib",
    "routes": "src/routes",
    "params": "src/params",
    "serviceWorker": "src/service-worker",
}
_HOOKS = {"server": "src/hooks.server", "client": "src/hooks.client", "universal": "src/hooks"}

_EVENT = Shape({"platform": PLATFORM, "request": Given.REQUEST, "url": Given.URL})
_VERBS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "fallback"})

_TYPES = (
    *("RequestEvent", "ServerLoadEvent", "RequestHandler", "PageServerLoadEvent", "LayoutServerLoadEvent"),
)
_ACCESSORS = Accessors(
    calls=(CallAccessor("$app/server", "getRequestEvent", _EVENT),),
    types=(
        *(TypeAccessor("", name, _EVENT) for name in _TYPES),
        TypeAccessor("", "App.Platform", PLATFORM),
    ),
    owners={"platform": PLATFORM},
)
_HANDLERS = (
    Handlers(files=("**/+server.{ts,js}",), names=_VERBS, gives=(_EVENT,), owes=Owes.RESPONSE),
    Handlers(
        files=("**/+{page,layout}.server.{ts,js}",),
        names=frozenset({"load", "entries"}),
        objects=frozenset({"actions"}),
        gives=(_EVENT,),
    ),
    Handlers(
        files=("**/hooks.server.{ts,js}", "**/hooks/**/*.{ts,js}"),
        names=frozenset({"handle"}),
        gives=(Shape({"event": _EVENT}),),
        owes=Owes.RESPONSE,
    ),
)


def layout(folder: AppFolder) -> Layout | None:
    """The layout of an app; None when it has an adapter for another platform."""
    options = folder.options("svelte.config")
    vite = folder.options("vite.config")
    imports = (options.imports if options is not None else frozenset()) | (
        vite.imports if vite is not None else frozenset()
    )
    adapters = {name for name in imports if "/adapter-" in name or name.startswith("svelte-adapter")}
    if adapters & set(_ADAPTERS):
        target = Target.PROVED if adapters <= set(_ADAPTERS) else Target.GUESSED
    elif "@sveltejs/adapter-auto" in adapters or not adapters:
        if folder.config is None:
            return None
        target = Target.GUESSED
    else:
        return None
    places = dict(_FOLDERS)
    hooks = dict(_HOOKS)
    aliases: dict[str, str] = {}
    if options is not None:
        for name in places:
            written = options.value("kit", "files", name)
            if isinstance(written, str):
                places[name] = written.removeprefix("./").rstrip("/")
        for name in hooks:
            written = options.value("kit", "files", "hooks", name)
            if isinstance(written, str):
                hooks[name] = written.removeprefix("./").rstrip("/")
        given = options.value("kit", "alias")
        if isinstance(given, dict):
            for name, value in given.items():
                if isinstance(value, str):
                    aliases |= _alias(name, value.removeprefix("./"))
    aliases |= _alias("$lib", places["lib"])
    writes_worker = "@sveltejs/adapter-cloudflare" in adapters and target is Target.PROVED
    major = folder.major(_ADAPTERS[0]) if writes_worker else None
    if options is not None and any(_reads_another(given) for given in options.calls("adapter")):
        major = None  # what it says of the configuration it says of another one
    seeds = [*_seeds(places, hooks)]
    if folder.depends_on("houdini"):  # whose generated code imports it (houdini.graphql.com/api/client)
        seeds.append(Seed("src/client.{ts,js}", Realm.BOTH, "Houdini's client"))
    return Layout(
        *(target, tuple(seeds), aliases),
        pages_worker=writes_worker,
        pages_only=writes_worker and (folder.major(_ADAPTERS[0]) or _LAST_FOR_PAGES + 1) <= _LAST_FOR_PAGES,
        major=major,
    )


def _reads_another(arguments: tuple[object, ...]) -> bool:
    first = arguments[0] if arguments else {}
    return not isinstance(first, dict) or "config" in first


def _alias(name: str, path: str) -> dict[str, str]:
    """An alias as Kit reads it: for the folder and what is below, unless it says which."""
    if name.endswith("/*"):
        return {name: path}
    return {name: path, f"{name}/*": f"{path}/*"}


def _seeds(places: dict[str, str], hooks: dict[str, str]) -> Iterator[Seed]:
    code = "{ts,js}"
    routes, lib = places["routes"], places["lib"]
    yield Seed(f"{hooks['client']}{{.{code},/index.{code}}}", Realm.BROWSER, "hooks of the browser")
    yield Seed(
        f"{places['serviceWorker']}{{.{code},/index.{code}}}", Realm.BROWSER, "the browser's service worker"
    )
    yield Seed(f"{hooks['server']}{{.{code},/index.{code}}}", Realm.SERVER, "hooks of the server")
    yield Seed(f"src/instrumentation.server.{code}", Realm.SERVER, "instrumentation of the server")
    yield Seed(
        f"{routes}/**/+{{server,page.server,layout.server}}.{code}", Realm.SERVER, "a route's server file"
    )
    yield Seed(f"{lib}/server/**/*.{code}", Realm.SERVER, "below `$lib/server`")
    yield Seed(f"src/**/*.server.{code}", Realm.SERVER, "`.server` in its name")
    yield Seed(f"src/**/*.remote.{code}", Realm.SERVER, "remote functions")
    yield Seed(f"{routes}/**/+{{page,layout}}.{code}", Realm.BOTH, "a universal `load`")
    yield Seed(f"{routes}/**/+{{page,layout,error}}*.svelte", Realm.BOTH, "a route's component")
    yield Seed(f"{hooks['universal']}{{.{code},/index.{code}}}", Realm.BOTH, "universal hooks")
    yield Seed(f"{places['params']}/**/*.{code}", Realm.BOTH, "parameter matchers")
    yield Seed(
        "{svelte,vite,vitest,drizzle,tailwind,postcss,eslint}.config.*",
        Realm.BUILD,
        "a configuration of the build",
    )


KIND = AppKind(
    id="sveltekit",
    title="SvelteKit",
    packages=frozenset({"@sveltejs/kit"}),
    files=("svelte.config.{js,ts,mjs}",),
    mains=("**/.svelte-kit/cloudflare{,-workers}{,/**}", ".svelte-kit/**"),
    layout=layout,
    proves_itself=True,
    accessors=_ACCESSORS,
    handlers=_HANDLERS,
    entry_imports=("**.svelte-kit/cloudflare/**",),
    virtual=(
        "$app/**",
        "$env/**",
        "$service-worker",
        "$lib/paraglide/**",
        "**/paraglide/**",
        "./$types",
        "./$types.js",
    ),
    never=frozenset({"error", "redirect"}),
    env_types=frozenset({"App.Platform"}),
)
