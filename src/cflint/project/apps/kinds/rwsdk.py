"""RedwoodSDK.

Source: https://docs.rwsdk.com, and the package (rwsdk 1.7.3).
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
    ImportAccessor,
    Islands,
    Layout,
    Seed,
    Shape,
    TypeAccessor,
)
from cflint.project.apps.realms import Realm

_PACKAGES = ("rwsdk", "@redwoodjs/sdk")
_INFO = Shape({"request": Given.REQUEST, "cf": Given.CONTEXT})
"""`requestInfo`: its `cf` is the context, its `ctx` the app's own."""


def layout(folder: AppFolder) -> Layout | None:
    """The layout of an app; None without the plugin."""
    options = folder.options("vite.config")
    if options is None or not any(f"{package}/vite" in options.imports for package in _PACKAGES):
        return None
    return Layout(seeds=tuple(_seeds(folder)))


def _seeds(folder: AppFolder) -> Iterator[Seed]:
    yield Seed("src/client.tsx", Realm.BROWSER, "the browser's entry")
    if not folder.mains:
        yield Seed("src/worker.tsx", Realm.SERVER, "the entry where there is no `main`")


KIND = AppKind(
    id="rwsdk",
    title="RedwoodSDK",
    packages=frozenset(_PACKAGES),
    files=("vite.config.{ts,mts,mjs,js,cjs,cts}",),
    layout=layout,
    proves_itself=True,
    seeds=(
        Seed(
            "{vite,vitest,drizzle,tailwind,postcss,eslint}.config.*", Realm.BUILD, "it configures the build"
        ),
    ),
    islands=Islands(directives=True),
    accessors=Accessors(
        calls=tuple(CallAccessor(f"{package}/worker", "getRequestInfo", _INFO) for package in _PACKAGES),
        imports=tuple(ImportAccessor(f"{package}/worker", "requestInfo", _INFO) for package in _PACKAGES),
        types=tuple(TypeAccessor(package, "RequestInfo", _INFO) for package in _PACKAGES),
    ),
    handlers=(
        Handlers(wrappers=frozenset({"route", "index"}), gives=(_INFO,)),
        Handlers(wrappers=frozenset({"defineApp"}), gives=(_INFO,)),
    ),
    entry_imports=tuple(f"{package}/{name}" for package in _PACKAGES for name in ("worker", "router")),
    virtual=("virtual:**", "rwsdk/**", "@redwoodjs/sdk/**", "@generated/**", "rwsdk_asset:**"),
    directives=True,
)
