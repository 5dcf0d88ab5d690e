"""Angular with server-side rendering: `server.ts` is judged, components only where they use `env`.

Source: the packages @angular/ssr 22.2.0 and @schematics/angular 22.2.7, and the templates of
create-cloudflare 2.74.0. `env` reaches components by the app's own providers, which nothing here follows.
"""

from __future__ import annotations

from collections.abc import Iterator

from cflint.pattern import pattern
from cflint.project.apps.folder import AppFolder
from cflint.project.apps.kind import AppKind, GeneratedEntry, Layout, Seed, Target
from cflint.project.apps.realms import Realm

_NEUTRAL = pattern(rb'"(?:experimentalP|p)latform"\s*:\s*"neutral"')
_NAMED = pattern(rb'"(entry|server|browser)"\s*:\s*"(?:\./)?([^"*{}]+\.ts)"')
_REALMS = {
    b"entry": (Realm.SERVER, "the entry of the server"),
    b"server": (Realm.SERVER, "it starts the app in the Worker"),
    b"browser": (Realm.BROWSER, "it starts the app in the browser"),
}


def layout(folder: AppFolder) -> Layout | None:
    """The layout of an app; None when there is no server."""
    document = folder.workspace.read(folder.join("angular.json"))
    if document is None or b'"ssr"' not in document.data:
        return None
    proved = _NEUTRAL.search(document.data) is not None
    if not proved and folder.config is None:
        return None
    return Layout(Target.PROVED if proved else Target.GUESSED, tuple(_seeds(document.data)))


def _seeds(data: bytes) -> Iterator[Seed]:
    for found in _NAMED.finditer(data):
        realm, why = _REALMS[found[1]]
        yield Seed(found[2].decode(errors="replace"), realm, why)


KIND = AppKind(
    id="angular",
    title="Angular",
    packages=frozenset({"@angular/ssr"}),
    files=("angular.json",),
    mains=("dist/server{,/server.mjs}", "dist/cloudflare"),
    layout=layout,
    entry=GeneratedEntry(complete=False),
    entry_imports=("@angular/ssr",),
    components=("**src/app/**",),
    virtual=("@angular/**",),
)
