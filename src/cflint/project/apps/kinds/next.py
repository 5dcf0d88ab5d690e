"""Next.js: what its adapters for Cloudflare have in common. It is no kind of its own."""

from __future__ import annotations

from collections.abc import Iterator

from cflint.project.apps.folder import AppFolder
from cflint.project.apps.kind import Given, Handlers, Islands, Layout, Owes, Seed, Target
from cflint.project.apps.realms import Realm

CONFIG_FILES = ("next.config.{ts,mts,mjs,js,cjs}",)
"""Names of the configuration."""

_SERVER_FILES = (
    "page,layout,template,default,loading,not-found,forbidden,unauthorized,route,"
    "sitemap,robots,manifest,opengraph-image,twitter-image,icon,apple-icon"
)
_SUFFIXES = "{tsx,ts,jsx,js}"

HANDLERS = (
    Handlers(
        files=("{src/,}app/**/route.{ts,js,tsx,jsx}",),
        names=frozenset({"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"}),
        gives=(Given.REQUEST,),
        owes=Owes.RESPONSE,
    ),
    Handlers(
        files=("{src/,}{middleware,proxy}.{ts,js}",),
        names=frozenset({"middleware", "proxy", "default"}),
        gives=(Given.REQUEST,),
        owes=Owes.NOTHING,
    ),
)

ISLANDS = Islands(
    server_exports=frozenset({"getServerSideProps"}),
    directives=True,
)

VIRTUAL = ("next/font/*", "server-only", "client-only", ".next/**", "**/.next/**", "**/.open-next/**")
"""Specifiers that no file of a checkout stands behind."""

CLOUDFLARE_ENV_TYPES = frozenset({"CloudflareEnv"})


def layout(folder: AppFolder) -> Layout | None:
    """The layout of an app; None when it is exported as static files."""
    options = folder.options("next.config")
    if options is not None and options.value("output") == "export":
        return None
    extensions = options.value("pageExtensions") if options is not None else None
    suffixes = _suffixes(extensions)
    if suffixes is None:
        return Layout(seeds=tuple(_seeds(_SUFFIXES)))
    return Layout(Target.PROVED, tuple(_seeds(suffixes)))


def _suffixes(extensions: object) -> str | None:
    """The endings of pages as a part of a glob; None when they are the usual ones, or not known."""
    if not isinstance(extensions, list):
        return None
    names = [name for name in extensions if isinstance(name, str)]
    return "{" + ",".join(names) + "}" if names and len(names) == len(extensions) else None


def _seeds(suffixes: str) -> Iterator[Seed]:
    yield Seed(
        f"{{src/,}}app/**/{{error,global-error}}.{suffixes}", Realm.BOTH, "an error boundary of `app/`"
    )
    yield Seed(
        f"{{src/,}}app/**/{{{_SERVER_FILES}}}.{suffixes}", Realm.SERVER, "a file that the App Router finds"
    )
    yield Seed("{src/,}{middleware,proxy,instrumentation}.{ts,js}", Realm.SERVER, "Next calls it")
    yield Seed("{src/,}instrumentation-client.{ts,js}", Realm.BROWSER, "Next runs it in the browser")
    yield Seed(f"{{src/,}}pages/api/**/*.{suffixes}", Realm.SERVER, "an API route of `pages/`")
    yield Seed(f"{{src/,}}pages/api/*.{suffixes}", Realm.SERVER, "an API route of `pages/`")
    yield Seed(f"{{src/,}}pages/_document.{suffixes}", Realm.SERVER, "the document of `pages/`")
    yield Seed(f"{{src/,}}pages/**/*.{suffixes}", Realm.BOTH, "a page of `pages/`")
    yield Seed(
        "{next.config,open-next.config,drizzle.config,tailwind.config,postcss.config}.*",
        Realm.BUILD,
        "a configuration of the build",
    )
