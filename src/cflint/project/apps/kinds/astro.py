"""Astro on Workers or Pages, with `@astrojs/cloudflare`.

Source: https://docs.astro.build/en/guides/integrations-guide/cloudflare/, and the package: 12.6.13 for
Astro 5, 13.7.0 for Astro 6, 14.3.3 for Astro 7.
"""

from __future__ import annotations

from collections.abc import Iterator

from cflint.platform.handlers import Owes
from cflint.project.apps.folder import AppFolder
from cflint.project.apps.kind import (
    PLATFORM,
    Accessors,
    AppKind,
    GeneratedEntry,
    Given,
    Handlers,
    Layout,
    Seed,
    Shape,
    Target,
    TypeAccessor,
)
from cflint.project.apps.options import OPEN, Options
from cflint.project.apps.realms import Realm

_ADAPTER = "@astrojs/cloudflare"
_WITHOUT_RUNTIME = 13
"""The major version of the adapter from which bindings are added by it, and `locals.runtime` throws."""
_SESSIONS_IN_KV = 12
"""The major version that keeps sessions in a namespace that nobody adds."""

_CODE = "{ts,js,mts,mjs}"
_LOCALS = Shape({"runtime": PLATFORM, "cfContext": Given.CONTEXT})
_CONTEXT = Shape({"locals": _LOCALS, "request": Given.REQUEST, "url": Given.URL})
_VERBS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "ALL"})
_PRERENDERED = r"^[ \t]*export\s+const\s+prerender\s*(?::\s*\w+\s*)?=\s*true\b"
_ON_DEMAND = r"^[ \t]*export\s+const\s+prerender\b(?!\s*(?::\s*\w+\s*)?=\s*true\b)"

_HANDLERS = (
    Handlers(files=(f"**/pages/**/*.{_CODE}",), names=_VERBS, gives=(_CONTEXT,), owes=Owes.RESPONSE),
    Handlers(names=frozenset({"onRequest"}), files=(f"**/middleware{{,/index}}.{_CODE}",), gives=(_CONTEXT,)),
    Handlers(wrappers=frozenset({"defineMiddleware"}), gives=(_CONTEXT,)),
)


def layout(folder: AppFolder) -> Layout | None:
    """The layout of an app; None when another adapter is, or may be, the one that it uses."""
    options = folder.options("astro.config")
    if options is None or _ADAPTER not in options.imports:
        return None
    if options.value("adapter") is None:
        return None  # it is imported, and left alone
    if folder.is_static and not _adds_main(folder, options):
        return None
    others = {name for name in options.imports if name in _OTHER_ADAPTERS}
    source = _source(options)
    major = folder.major(_ADAPTER)
    writes_worker = major is not None and major < _WITHOUT_RUNTIME
    implied = {"SESSION": "kv", "IMAGES": "images", "ASSETS": "assets"}
    if writes_worker:
        implied = {}
    seeds = (*_entries(options), *_seeds(source, options.value("output")))
    target = Target.GUESSED if others else Target.PROVED
    needs = {"SESSION": "session"} if major == _SESSIONS_IN_KV and _says_no_session(options) else {}
    return Layout(
        *(target, seeds),
        implied=implied,
        pages_worker=writes_worker,
        major=major,
        needs=needs,
        silent=frozenset({"pass-through-on-exception"} if writes_worker else ()),  # the call only throws
    )


def _adds_main(folder: AppFolder, options: Options) -> bool:
    """Whether the adapter gives a configuration without `main` its entry, for pages rendered on demand."""
    major = folder.major(_ADAPTER)
    return major is not None and major >= _WITHOUT_RUNTIME and options.value("output") == "server"


def _says_no_session(options: Options) -> bool:
    """Whether sessions are kept where the adapter keeps them by itself."""
    return options.value("session") is None and b"session" not in options.document.data.lower()


_OTHER_ADAPTERS = frozenset(
    {"@astrojs/node", "@astrojs/vercel", "@astrojs/netlify", "@astrojs/deno", "@deno/astro-adapter"}
)


def _source(options: Options) -> str:
    written = options.value("srcDir")
    return written.removeprefix("./").strip("/") if isinstance(written, str) else "src"


def _entries(options: Options) -> Iterator[Seed]:
    """The entry of one's own, which the adapter took until version 12."""
    for arguments in options.calls("cloudflare"):
        given = arguments[0] if arguments else None
        entry = given.get("workerEntryPoint") if isinstance(given, dict) else None
        path = entry.get("path") if isinstance(entry, dict) else None
        if isinstance(path, str):
            yield Seed(path.removeprefix("./"), Realm.SERVER, "`workerEntryPoint`")


def _seeds(source: str, output: object) -> Iterator[Seed]:
    prefix = f"{source}/" if source else ""
    pages = f"{prefix}pages/**/*.{{astro,ts,js,mts,mjs}}"
    yield Seed(f"{prefix}content/config.{_CODE}", Realm.BUILD, "it describes collections")
    yield Seed(f"{prefix}content.config.{_CODE}", Realm.BUILD, "it describes collections")
    yield Seed(f"{prefix}middleware{{,/index}}.{_CODE}", Realm.SERVER, "middleware")
    yield Seed(f"{prefix}actions{{,/index}}.{_CODE}", Realm.SERVER, "actions")
    yield Seed(f"{prefix}live.config.{_CODE}", Realm.SERVER, "live collections")
    yield Seed(f"{prefix}pages/**/_*{{,/**}}", Realm.DEAD, "its name begins with `_`, so it is no page")
    yield Seed(pages, Realm.BUILD, "a page with `prerender = true`", _PRERENDERED)
    yield Seed(pages, Realm.SERVER, "a page that is rendered on demand", _ON_DEMAND)
    if output == "server":
        yield Seed(pages, Realm.SERVER, 'a page, with `output: "server"`')
    elif output is OPEN:
        yield Seed(pages, Realm.BOTH, "a page, and `output` is not known")
    else:
        yield Seed(pages, Realm.BUILD, "a page that is prerendered by default")
    yield Seed(
        "{astro,vite,vitest,drizzle,tailwind,postcss,eslint,svelte}.config.*",
        Realm.BUILD,
        "a configuration of the build",
    )


KIND = AppKind(
    id="astro",
    title="Astro",
    packages=frozenset({_ADAPTER}),
    files=("astro.config.{mjs,ts,js,mts,cjs,cts}",),
    mains=(
        "**dist/_worker.js{,/index.js}",
        "@astrojs/cloudflare/entrypoints/server{,.js}",
        "dist{,/server/entry.mjs}",
    ),
    layout=layout,
    needs_main=False,
    proves_itself=True,
    accessors=Accessors(
        types=(TypeAccessor("astro", "APIContext", _CONTEXT),),
        owners={"runtime": PLATFORM, "cfContext": Given.CONTEXT},
    ),
    handlers=_HANDLERS,
    entry=GeneratedEntry(complete=False),
    entry_imports=("@astrojs/cloudflare/**", "astro/app{,/**}", "astro/hono", "astro/fetch"),
    components=("**.{tsx,jsx,vue,svelte}",),
    virtual=("astro:**", "virtual:**", "@astrojs/**"),
    bindings=frozenset({"SESSION", "IMAGES", "ASSETS"}),
    env_types=frozenset({"App.Locals"}),
)
