"""SolidStart 1 and 2.

Source: https://docs.solidjs.com/solid-start, and the package (@solidjs/start 1.3.2 and 2.0.5).
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
    Islands,
    Layout,
    Seed,
    Shape,
    Target,
    TypeAccessor,
)
from cflint.project.apps.kinds import nitro
from cflint.project.apps.options import OPEN, Options
from cflint.project.apps.realms import Realm

_CODE = "{ts,tsx,js,jsx}"
_EVENT = Shape({"nativeEvent": nitro.EVENT, "request": Given.REQUEST})
_VERBS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"})
_DEFAULT = r"^[ \t]*export\b(?:\s+default\b|\s*\{[^}]*\bdefault\b)"
_API = rf"^[ \t]*export\b[^\n]*\b(?:{'|'.join(sorted(_VERBS))})\b"
_PRESETS = ("nitro", "nitroV2Plugin")


def layout(folder: AppFolder) -> Layout | None:
    """The layout of an app; None when it is built for another platform, or into files."""
    vite, own = folder.options("vite.config"), folder.options("app.config")
    if own is not None:
        start: object = {
            key: own.value(key)
            for key in ("appRoot", "routeDir", "middleware", "ssr")
            if own.value(key) is not None
        }
        preset = own.value("server", "preset")
    elif vite is not None:
        given = next(iter(vite.calls("solidStart")), None)
        if given is None:
            return None
        start = given[0] if given else {}
        preset = _preset(vite)
    else:
        return None
    proved = vite is not None and "@cloudflare/vite-plugin" in vite.imports
    target = Target.PROVED if proved else nitro.target_of(folder, preset)
    if target is None:
        return None
    if not isinstance(start, dict):
        return Layout(Target.GUESSED)
    root, routes = start.get("appRoot", "./src"), start.get("routeDir", "./routes")
    if not isinstance(root, str) or not isinstance(routes, str):
        return Layout(Target.GUESSED)
    root = root.removeprefix("./").strip("/")
    aliases = {"~/*": f"{root}/*" if root else "*"}
    return Layout(target, tuple(_seeds(root, routes.removeprefix("./").strip("/"), start)), aliases)


def _preset(options: Options) -> object:
    for name in _PRESETS:
        for arguments in options.calls(name):
            first = arguments[0] if arguments else None
            return first.get("preset") if isinstance(first, dict) else first
    return None


def _seeds(root: str, routes: str, start: dict[str, object]) -> Iterator[Seed]:
    prefix = f"{root}/" if root else ""
    pages = Realm.BROWSER if start.get("ssr") is False else Realm.BOTH
    side = ", with `ssr: false`" if pages is Realm.BROWSER else ""
    yield Seed(
        "{app,vite,vitest,drizzle,tailwind,postcss,eslint}.config.*", Realm.BUILD, "it configures the build"
    )
    yield Seed(f"{prefix}entry-client.{_CODE}", Realm.BROWSER, "the browser's entry")
    yield Seed(f"{prefix}entry-server.{_CODE}", Realm.SERVER, "the server's entry")
    middleware = start.get("middleware")
    if isinstance(middleware, str):
        yield Seed(f"{middleware.removeprefix('./')}{{,.{_CODE}}}", Realm.SERVER, "middleware")
    elif middleware is OPEN:
        yield Seed(f"{prefix}middleware{{,/index}}.{_CODE}", Realm.SERVER, "middleware")
    yield Seed(f"{prefix}app.{{tsx,jsx}}", pages, f"the root component{side}")
    yield Seed(f"{prefix}{routes}/**/*.{_CODE}", pages, f"a route{side}", _DEFAULT)
    yield Seed(f"{prefix}{routes}/**/*.{_CODE}", Realm.SERVER, "an API route", _API)


KIND = AppKind(
    id="solid-start",
    title="SolidStart",
    packages=frozenset({"@solidjs/start"}),
    files=("{app,vite}.config.{ts,js,mts,mjs,tsx,jsx}",),
    mains=("**.output/server{,/index.mjs}", "@solidjs/start/server/entry"),
    layout=layout,
    proves_itself=True,
    islands=Islands(server_exports=_VERBS, directives=True),
    accessors=Accessors(
        calls=(
            CallAccessor("solid-js/web", "getRequestEvent", _EVENT),
            CallAccessor("vinxi/http", "getEvent", nitro.EVENT),
        ),
        types=(
            *nitro.ACCESSORS.types,
            TypeAccessor("@solidjs/start/server", "APIEvent", _EVENT),
            TypeAccessor("@solidjs/start/server", "FetchEvent", _EVENT),
        ),
        owners=nitro.ACCESSORS.owners,
    ),
    handlers=(
        Handlers(files=(f"**/routes/**/*.{_CODE}",), names=_VERBS, gives=(_EVENT,)),
        *nitro.HANDLERS,
    ),
    entry=nitro.ENTRY,
    entry_imports=("**.output/server/**", "@solidjs/start/server/entry"),
    virtual=("#start/**", "solidstart:**", "solid-start:**", "virtual:**", "vinxi/**", *nitro.VIRTUAL),
    directives=True,
)
