"""Workers without a configuration: code that is one by its shape, or that a command deploys.

Nothing is known of their bindings. Code of browsers, of other runtimes and of other clouds looks alike: what
may be theirs is left alone.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Collection, Iterable, Iterator

from cflint.pattern import LINE_START, line_start, pattern
from cflint.project.files.roles import is_test_name, is_test_path
from cflint.project.files.workspace import Workspace
from cflint.project.modules.manifest import Manifest
from cflint.project.modules.quoted import finds_code
from cflint.project.modules.resolve import ModuleGraph, Reach
from cflint.project.modules.resolve.files import parent_of, upwards
from cflint.project.workers.elsewhere import Elsewhere
from cflint.project.workers.pages import is_pages_function, sources_of_worker_js
from cflint.project.workers.worker import Worker
from cflint.source import Document
from cflint.syntax.suffixes import DECLARATION_SUFFIXES

_SUFFIXES = (".js", ".mjs", ".ts", ".mts", ".jsx", ".tsx")
_WORKERS_PACKAGES = frozenset(
    {
        "wrangler",
        "@cloudflare/workers-types",
        "@cloudflare/vitest-pool-workers",
        "@cloudflare/kv-asset-handler",
    }
)
_DEFAULT = pattern(line_start(rb"export") + rb"[ \t]*(?:[ \t]default\b|\{[^}]{0,500}\bas[ \t]+default\b)")
_FETCH_WITH_ENV = pattern(
    rb"fetch(?<!\wfetch)\s*(?::\s*(?:async\s*)?(?:function\s*\w*\s*)?)?\(\s*\w+[^,()]{0,80},\s*_?(?:env|environment|bindings)\b"
)
_DEFAULT_FETCH = pattern(
    line_start(rb"export") + rb"[ \t]+default[ \t]*\{(?:[^{}]|\{[^{}]{0,2000}\}){0,50}?"
    rb"\b(?:async[ \t]+)?(fetch)\b\s*[(:,}]"
)
_OTHER_RUNTIME = pattern(rb"\bBun\.|\bDeno\.|[\"'](?:bun|node:http|http|express|fastify|koa)[\"']")
_LISTENER = pattern(
    LINE_START + rb"(?:(?:self|globalThis)\.)?addEventListener\(\s*[\"'`]fetch[\"'`]", re.MULTILINE
)
_OF_A_WORKER = pattern(
    rb"\bcaches\.default\b|\bHTMLRewriter\b|\.passThroughOnException\(|\brequest\.cf\b|\bWebSocketPair\b"
    rb"|\bFetchEvent\b|\bcf-connecting-ip\b|[\"']cf[\"']?\s*:\s*\{|\bcf:\s*\{",
    re.IGNORECASE,
)
_OF_CLOUDFLARE = pattern(rb"\bcloudflare", re.IGNORECASE)
_OF_A_BROWSER = pattern(
    rb"\b(?:skipWaiting|importScripts)\(|\bclients\.(?:claim|matchAll|openWindow|get)\b|\bself\.registration\b"
    rb"|addEventListener\(\s*[\"'`](?:install|activate|push|notificationclick|message|sync)[\"'`]|\bworkbox\b"
    rb"|\bcaches\.match\(|\bindexedDB\b|\bwindow\.|\bdocument\.|\bnavigator\.serviceWorker\b"
)
_BROWSER_PATH = pattern(
    r"(?:^|/)(?:public|static|assets|www|docs|client|browser|web)/"
    r"|(?:^|/)(?:[\w.-]*service-?worker[\w.-]*|[\w.-]*[-_.]?sw|ngsw[\w.-]*|workbox[\w.-]*|firebase-messaging-sw)\.[cm]?[jt]s$",
    re.IGNORECASE,
)
_OF_ANOTHER_EDGE = pattern(
    rb"\b(?:fermyon|wasmer|winterjs|starlingmonkey|fastly|edgeone|azion|edgeroutine|edgeworkers|gcore)\b",
    re.IGNORECASE,
)
"""Runtimes that give `fetch` events, too, as WinterTC writes them down."""
_PATH_OF_ANOTHER = pattern(
    r"(?:^|/)(?:azion|bun|deno|edgeone|fastly|fermyon|lambda|netlify|node|supabase|val-?town|vercel|wasmer)"
    r"(?:[-_.](?:adapter|edge|entry|handler|index|main|server))?(?:/|\.[cm]?[jt]sx?$)"
)
"""Where an adapter for another runtime lies (`platform/deno.ts`)."""
_CONFIGS = frozenset({"wrangler.toml", "wrangler.json", "wrangler.jsonc"})
_OTHER_CLOUDS = frozenset(
    ("firebase.json", "netlify.toml", "appwrite.json", "appwrite.config.json", "vercel.json")
)
_OF_EDGEONE = pattern(rb"\bedgeone\s+pages\s+(?:deploy|dev)\b")
"""EdgeOne Pages of Tencent has the same folder. Source: https://edgeone.ai/document/162227908259442688"""
_TO_PAGES = pattern(rb"\bwrangler(?:@[\w.^~-]+)?\s+pages\b")


def _runs_in(path: str, reach: Reach) -> bool:
    """Whether a module is a part of what another one reaches, and not for its types alone."""
    return path in reach.modules and path not in reach.type_only


class BareWorkers:
    """Finds the Workers of one workspace that have no configuration. `looked_at` are the sources that could
    have been one."""

    def __init__(self, workspace: Workspace, graph: ModuleGraph, elsewhere: Elsewhere) -> None:
        self.looked_at: list[str] = []
        self._workspace = workspace
        self._graph = graph
        self._elsewhere = elsewhere
        self._manifests: dict[str, Manifest | None] = {}

    def workers(
        self, sources: Collection[str], reached: Collection[str], has_config: Callable[[str], bool]
    ) -> Iterator[Worker]:
        """The Workers among some sources. `reached` are the modules of those that have a configuration;
        `has_config` tells whether one lies in a folder or above it."""
        outside = [path for path in sources if path not in reached and not has_config(parent_of(path))]
        self.looked_at = [path for path in outside if path.endswith(_SUFFIXES)]
        if not self.looked_at:
            return
        entries = dict(self._deployed())
        for path in self.looked_at:
            document = None if self._is_no_product(path) else self._workspace.read(path)
            if path not in entries and document is not None:
                how = self._is_entry(document)
                if how:
                    entries[path] = how
        reaches = {path: self._graph.reachable(path) for path in entries}
        for path, how in entries.items():
            if any(_runs_in(path, reach) for other, reach in reaches.items() if other != path):
                continue  # it is a part of another one
            reach = reaches[path]
            yield Worker(
                None,
                (path,),
                reach.modules,
                unresolved=not reach.complete,
                idle=reach.idle,
                without_config=how,
            )

    def pages(self, sources: Iterable[str], is_configured: Callable[[str], bool]) -> Iterator[Worker]:
        """The Pages projects whose `functions/` no configuration speaks of; `is_configured` tells whether one
        does in a folder."""
        folders: dict[str, list[str]] = {}
        for path in sources:
            home, found, _ = f"/{path}".partition("/functions/")
            if found and path.endswith(_SUFFIXES):
                folders.setdefault(home[1:], []).append(path)
        for home, paths in folders.items():
            if is_configured(home) or sources_of_worker_js(self._workspace, home):
                continue  # in advanced mode functions do not run
            if not self._is_wranglers(home) and self._is_of_another_cloud(home):
                continue
            modules: dict[str, None] = {}
            complete = True
            for path in paths:
                document = self._workspace.read(path)
                if document is None or is_test_name(path) or not is_pages_function(document):
                    continue
                reach = self._graph.reachable(path)
                modules.update(dict.fromkeys(reach.modules))
                complete = complete and reach.complete
            if modules:
                how = f"the functions of a Pages project in {posixpath.join(home, 'functions')}"
                yield Worker(None, (), tuple(modules), unresolved=not complete, without_config=how)

    def _deployed(self) -> Iterator[tuple[str, str]]:
        """The entries that commands, or what declares Workers, name."""
        folders = dict.fromkeys(above for path in self.looked_at for above in upwards(parent_of(path)))
        known = set(self.looked_at)
        for folder in folders:
            found = [*self._elsewhere.stacks.entries(folder)]
            manifest = self._workspace.read(posixpath.join(folder, "package.json"))
            if manifest is not None and b"wrangler" in manifest.data:
                found += self._elsewhere.deployed_without_config(folder)
            for entry, said_by in found:
                if entry in known:
                    yield entry, f"{said_by} names it as the entry"
            for entry in sources_of_worker_js(self._workspace, folder):
                if entry in known:
                    yield entry, "a script of package.json makes the `_worker.js` of a Pages project of it"

    def _is_no_product(self, path: str) -> bool:
        return is_test_path(path) or path.endswith(DECLARATION_SUFFIXES)

    def _is_entry(self, document: Document) -> str:
        """Why a module is a Worker's entry; "" when it is none, or may be something else."""
        data = document.data
        if b"fetch" not in data:
            return ""
        if b"addEventListener" in data and finds_code(_LISTENER, document):
            return self._is_service_worker(document)
        if b"default" not in data:
            return ""
        # The text alone rules out nearly all: whether what it has is code is asked at last.
        takes_env = _FETCH_WITH_ENV.search(data) is not None
        if not (takes_env or self._may_fetch(document)) or not finds_code(_DEFAULT, document):
            return ""
        if takes_env and finds_code(_FETCH_WITH_ENV, document):
            return "its default export has a fetch() that takes env"
        is_like_one = self._may_fetch(document) and finds_code(_DEFAULT_FETCH, document)
        return "its default export has a fetch()" if is_like_one else ""

    def _may_fetch(self, document: Document) -> bool:
        """Whether a module's default export may be a Worker's, by the text of its `fetch` and its package."""
        has_fetch = _DEFAULT_FETCH.search(document.data) is not None
        return (
            has_fetch
            and self._uses_workers(document.path)
            and _OTHER_RUNTIME.search(document.data) is None
            and _PATH_OF_ANOTHER.search(document.path) is None
        )

    def _is_service_worker(self, document: Document) -> str:
        path, data = document.path, document.data
        if _BROWSER_PATH.search(path) is not None or _OF_A_BROWSER.search(data) is not None:
            return ""
        is_of_another = _PATH_OF_ANOTHER.search(path) is not None or _OF_ANOTHER_EDGE.search(data) is not None
        if is_of_another and _OF_CLOUDFLARE.search(data) is None:
            return ""
        if _OF_A_WORKER.search(data) is None and not self._uses_workers(path) and len(self.looked_at) > 1:
            return ""
        name = posixpath.basename(path).encode()
        for other in self.looked_at:
            beside = self._workspace.read(other)
            if beside is not None and b"serviceWorker.register" in beside.data and name in beside.data:
                return ""  # a page installs it
        return "it listens to fetch events"

    def _uses_workers(self, path: str) -> bool:
        """Whether the package of a module uses what only Workers need."""
        folder = parent_of(path)
        if "workers-site" in folder.split("/"):
            return True
        if folder not in self._manifests:
            near = (above for above in upwards(folder) if "package.json" in self._workspace.entries(above))
            found = next(near, None)
            document = None
            if found is not None:
                document = self._workspace.read(posixpath.join(found, "package.json"))
            self._manifests[folder] = Manifest(document) if document is not None else None
        manifest = self._manifests[folder]
        return manifest is not None and not _WORKERS_PACKAGES.isdisjoint(manifest.dependencies)

    def _is_wranglers(self, home: str) -> bool:
        """Whether a configuration of wrangler lies in a folder: whatever else deploys it, Cloudflare does."""
        return not _CONFIGS.isdisjoint(self._workspace.entries(home))

    def _is_of_another_cloud(self, home: str) -> bool:
        if "supabase" in home.split("/") or posixpath.basename(home) in ("firebase", "netlify", "appwrite"):
            return True
        manifest = self._workspace.read(posixpath.join(home, "package.json"))
        if manifest is not None and _OF_EDGEONE.search(manifest.data) and not _TO_PAGES.search(manifest.data):
            return True
        return any(not _OTHER_CLOUDS.isdisjoint(self._workspace.entries(above)) for above in upwards(home))
