"""Vike on Workers, by Photon.

Source: the packages vike 0.4.266 (`metaBuiltIn.js` says where each `+` file runs, `getFileSuffixes.js` and
`resolveVikeConfigInternal.js` what a suffix changes), vike-photon 0.1.26 and @photonjs/cloudflare 0.1.13.
"""

from __future__ import annotations

from cflint.project.apps.folder import AppFolder
from cflint.project.apps.kind import AppKind, GeneratedEntry, Layout, Seed
from cflint.project.apps.realms import Realm

_CODE = "{ts,tsx,js,jsx,mts,mjs}"
_SERVER = "{server,middleware,data,onRenderHtml,onBeforeRender,onError,onHookCall,passToClient,cacheControl}"
_ANSWERS = "{headersResponse,redirects,trailingSlash,csp,injectScriptsAt,Head}"
_BROWSER = "{onRenderClient,onHydrationEnd,onPageTransitionStart,onPageTransitionEnd,hydrationCanBeAborted}"
_BUILD = "{config,pages,meta,client,prerender,onPrerenderStart,onBeforePrerenderStart,vite,extends,mode,root}"


def layout(folder: AppFolder) -> Layout | None:
    """The layout of an app; None when it is not built for Workers by Photon."""
    options = folder.options("vite.config")
    is_built = options is not None and "@photonjs/cloudflare/vite" in options.imports
    is_named = any(main.startswith("virtual:photon:cloudflare") for main in folder.mains)
    return Layout() if is_built or is_named else None


def _plus(names: str, realm: Realm, why: str) -> Seed:
    return Seed(f"**/+{names}.{_CODE}", realm, why)


KIND = AppKind(
    id="vike",
    title="Vike",
    packages=frozenset({"vike"}),
    files=("vite.config.{ts,mts,mjs,js,cjs,cts}",),
    mains=("virtual:photon:cloudflare**",),
    layout=layout,
    proves_itself=True,
    seeds=(
        Seed(
            "{vite,vitest,drizzle,tailwind,postcss,eslint}.config.*", Realm.BUILD, "it configures the build"
        ),
        _plus("*.server", Realm.SERVER, "`.server` in its name"),
        _plus("*.client", Realm.BROWSER, "`.client` in its name"),
        _plus("*.shared", Realm.BOTH, "`.shared` in its name"),
        _plus(_SERVER, Realm.SERVER, "Vike runs it on the server"),
        _plus(_ANSWERS, Realm.SERVER, "Vike asks it on the server"),
        _plus(_BROWSER, Realm.BROWSER, "Vike runs it in the browser"),
        _plus(_BUILD, Realm.BUILD, "Vike reads it at the build"),
        _plus("*", Realm.BOTH, "a `+` file of both sides"),
    ),
    entry=GeneratedEntry(complete=False),
    entry_imports=("virtual:photon:**", "vike-photon/**", "@photonjs/**"),
    virtual=("virtual:**", "vike/**", "vike-photon/**"),
)
