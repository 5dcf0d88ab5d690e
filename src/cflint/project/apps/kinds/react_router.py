"""React Router 7 and 8 as a framework.

Source: https://reactrouter.com/start/framework/routing, and the packages: @react-router/dev 7.18.4 and 8.4.0,
react-router 8.5.1, @react-router/cloudflare 7.18.4.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from cflint.platform.handlers import Owes
from cflint.project.apps.folder import AppFolder
from cflint.project.apps.kind import (
    PLATFORM,
    Accessors,
    AppKind,
    ContextKey,
    GeneratedEntry,
    Given,
    Handlers,
    Islands,
    Layout,
    LoadContext,
    Seed,
    Shape,
    Target,
    TypeAccessor,
)
from cflint.project.apps.options import OPEN, Options
from cflint.project.apps.realms import Realm
from cflint.syntax.suffixes import EXTENSIONS, without_extension

CODE = "{ts,tsx,js,jsx,mts,mjs}"
_CLOUDFLARE = ("@cloudflare/vite-plugin", "@react-router/dev/vite/cloudflare")
EVENT = Shape({"context": Given.LOAD_CONTEXT, "request": Given.REQUEST})
"""What loaders and actions are given."""
SENT = (
    *("default", "clientLoader", "clientAction", "clientMiddleware", "ErrorBoundary", "HydrateFallback"),
    *("Layout", "handle", "links", "meta", "shouldRevalidate"),
)
"""Exports of a route that the browser is sent."""
_EXPORT = rf"^[ \t]*export\b(?:[^\n]*|\s*\{{[^}}]*)(?:\b(?:{'|'.join(SENT)})\b|\*)"
RESOURCE = rf"\A(?![\s\S]*{_EXPORT})[\s\S]*^[ \t]*export\b[^\n;=]*\b(?:loader|action)\b"
"""What a route's text is like when nothing of it is sent to the browser."""
ISLANDS = Islands(
    server_exports=frozenset({"loader", "action", "headers", "middleware", "unstable_middleware"}),
    browser_exports=frozenset(
        {"clientLoader", "clientAction", "clientMiddleware", "unstable_clientMiddleware"}
    ),
)
HANDLERS = (
    Handlers(files=(f"**/*.{CODE}",), names=frozenset({"loader", "action"}), gives=(EVENT,)),
    Handlers(
        files=(f"**/entry.server.{CODE}",),
        names=frozenset({"default"}),
        gives=(Given.REQUEST, None, None, None, Given.LOAD_CONTEXT),
        owes=Owes.RESPONSE,
    ),
    Handlers(
        files=(f"**/entry.server.{CODE}",),
        names=frozenset({"handleDataRequest", "handleError"}),
        gives=(None, EVENT),
    ),
)
TYPES = (
    TypeAccessor("", "AppLoadContext", Given.LOAD_CONTEXT),
    *(TypeAccessor("", name, EVENT) for name in ("LoaderFunctionArgs", "ActionFunctionArgs")),
)


def layout(folder: AppFolder) -> Layout | None:
    """The layout of an app; None when its pages are made without a server."""
    vite = folder.options("vite.config")
    options = folder.options("react-router.config")
    imports = vite.imports if vite is not None else frozenset()
    proved = any(name in imports for name in _CLOUDFLARE) or folder.depends_on("@react-router/cloudflare")
    if folder.config is None and not proved:
        return None
    written = options.value("appDirectory") if options is not None else None
    if written is OPEN:
        return Layout(Target.GUESSED)
    app = written.removeprefix("./").strip("/") if isinstance(written, str) else "app"
    ssr = options is None or options.value("ssr") is not False
    lists = _Lists(folder, app)
    routes = tuple(lists.routes())
    listed = tuple(Seed(path, Realm.BUILD, "it lists the routes") for path in lists.read)
    return Layout(
        Target.PROVED if proved else Target.GUESSED,
        (*listed, *seeds(app, routes, ssr=ssr)),
        entries=tuple(entries_of(folder)),
    )


def entries_of(folder: AppFolder) -> Iterator[str]:
    """The modules of the folder that vite.config names as the input of the server's build."""
    vite = folder.options("vite.config")
    for key in ("input", "ssr"):
        for text in vite.texts(key) if vite is not None else ():
            path = folder.join(text)
            if path.endswith(EXTENSIONS) and folder.workspace.is_file(path):
                yield path


class _Lists:
    """The modules that list the routes: `routes.ts`, and what it imports of the app. `read` are those beside
    it, as paths below the folder."""

    def __init__(self, folder: AppFolder, app: str) -> None:
        self.read: dict[str, None] = {}
        self._folder = folder
        self._app = app

    def routes(self) -> Iterator[str]:
        """Globs of the route modules, below the app's directory: those that are listed, if any are."""
        first = self._folder.options(f"{self._app}/routes")
        if first is None:
            yield from FLAT
            return
        lists = [first]
        for options in lists:
            yield from _listed(options)
            for name in sorted(options.imports - _KNOWN_LISTS):
                found = self._imported(options, name)
                if found is None:
                    yield _ANY
                elif found not in lists:
                    lists.append(found)
        prefix = f"{self._folder.path}/" if self._folder.path else ""
        self.read.update((options.document.path.removeprefix(prefix), None) for options in lists[1:])

    def _imported(self, options: Options, name: str) -> Options | None:
        if name.startswith("~/"):
            stem = posixpath.join(self._app, name[2:])
        elif name.startswith("."):
            here = posixpath.relpath(posixpath.dirname(options.document.path), self._folder.path or ".")
            stem = posixpath.normpath(posixpath.join(here, name))
        else:
            return None
        stem = without_extension(stem)
        return self._folder.options(stem) or self._folder.options(f"{stem}/index")


def _listed(options: Options) -> Iterator[str]:
    for arguments in options.calls("flatRoutes"):
        given = arguments[0] if arguments else None
        root = given.get("rootDirectory", "routes") if isinstance(given, dict) else given or "routes"
        if isinstance(root, str):
            yield from (glob.replace("routes", root.removeprefix("./").strip("/"), 1) for glob in FLAT)
    if any(options.calls("relative")):
        yield _ANY
    for name, position in (("index", 0), ("layout", 0), ("route", 1)):
        for arguments in options.calls(name):
            file = arguments[position] if len(arguments) > position else None
            if isinstance(file, str):
                yield file.removeprefix("./")
            elif file is OPEN:
                yield _ANY


FLAT = (f"routes/*.{CODE}", f"routes/*/{{route,index}}.{CODE}")
"""Where routes are by the convention of flat files."""
_ANY = f"routes/**/*.{CODE}"
_KNOWN_LISTS = frozenset({"@react-router/fs-routes", "@react-router/dev/routes"})


def seeds(app: str, routes: tuple[str, ...], *, ssr: bool) -> Iterator[Seed]:
    """The modules that the framework finds below the app's directory; `routes` are globs below it."""
    prefix = f"{app}/" if app else ""
    yield Seed(
        "{vite,vitest,react-router,remix,drizzle,tailwind,postcss,eslint,prettier}.config.*",
        Realm.BUILD,
        "it configures the build",
    )
    yield Seed(f"{prefix}routes.{CODE}", Realm.BUILD, "it lists the routes")
    yield Seed(f"{prefix}entry.client.{CODE}", Realm.BROWSER, "the browser's entry")
    yield Seed(f"functions/**/*.{CODE}", Realm.SERVER, "a Pages Function")
    if not ssr:
        for glob in (f"root.{CODE}", *routes):
            yield Seed(prefix + glob, Realm.BROWSER, "a route, with `ssr: false`")
        return
    yield Seed(f"{prefix}entry.server.{CODE}", Realm.SERVER, "the entry of the server")
    yield Seed(f"{prefix}root.{CODE}", Realm.BOTH, "the root route")
    for glob in dict.fromkeys(routes):
        yield Seed(prefix + glob, Realm.SERVER, "a route that sends no component", RESOURCE)
        yield Seed(prefix + glob, Realm.BOTH, "a route")


KIND = AppKind(
    id="react-router",
    title="React Router",
    packages=frozenset({"@react-router/dev"}),
    files=("react-router.config.{ts,js,mts,mjs}", "vite.config.{ts,mts,mjs,js,cjs,cts}"),
    mains=("build/client", "build/server{,/**}"),
    layout=layout,
    proves_itself=True,
    islands=ISLANDS,
    accessors=Accessors(
        types=TYPES,
        owners={"cloudflare": PLATFORM},
        contexts=(
            LoadContext("react-router", "createRequestHandler"),
            LoadContext("@react-router/cloudflare", "createRequestHandler", option="getLoadContext"),
            LoadContext("@react-router/cloudflare", "createPagesFunctionHandler", option="getLoadContext"),
        ),
        keys=(
            ContextKey("react-router", "createContext"),
            ContextKey("react-router", "unstable_createContext"),
        ),
    ),
    handlers=HANDLERS,
    entry=GeneratedEntry(complete=False),
    entry_imports=("virtual:react-router/server-build", "**/build/server{,/**}", "build/server{,/**}"),
    virtual=("virtual:**", "**/+types/**", "**/build/server{,/**}"),
    env_types=frozenset({"AppLoadContext"}),
)
