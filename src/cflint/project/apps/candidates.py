"""Which folders may be apps, by a look at their package.json: frameworks are loaded for those alone."""

from __future__ import annotations

# Imported where used: the recognition of frameworks, for folders whose package.json names one.
from collections.abc import Collection, Iterable, Sequence
from typing import TYPE_CHECKING

from cflint.pattern import pattern
from cflint.project.apps.registry import names_one
from cflint.project.files.roles import is_test_config
from cflint.project.modules.manifest import Manifest

if TYPE_CHECKING:
    from cflint.project.apps.app import App, Found
    from cflint.project.apps.recognition import Apps
    from cflint.project.config.wrangler import WranglerConfig
    from cflint.project.files.workspace import Workspace
    from cflint.project.modules.resolve import ModuleGraph, Resolver
    from cflint.source import Document

_BUNDLERS = pattern(
    r"\b(?:wrangler|esbuild|tsc|tsup|tsdown|rollup|webpack|bun build|worker-build|cargo|swc)\b"
)


class Candidates:
    """The folders of a workspace that may be apps."""

    def __init__(
        self, workspace: Workspace, resolver: Resolver, graph: ModuleGraph, excludes: Collection[str]
    ) -> None:
        self._workspace = workspace
        self._resolver = resolver
        self._graph = graph
        self._excludes = tuple(excludes)
        self._walked: tuple[str, ...] = ()
        self._sources: Collection[str] = ()
        self._known: Apps | None = None
        self._naming: dict[str, bool] = {}

    def walked(self, folders: Iterable[str], sources: Collection[str]) -> None:
        """Say which folders have been walked and what sources were found there: they are not walked again."""
        self._walked = tuple(folders)
        self._sources = sources

    def recognise(self, config: WranglerConfig) -> bool:
        """Whether a framework is recognised around a configuration. From then on the aliases of the app hold:
        to be called for all configurations before the imports of any are followed."""
        return self._is_candidate(config) and self._apps.recognise(config)

    def reads_for_pages(self, config: WranglerConfig) -> str:
        """Why the configuration of an app that was recognised is not what it is deployed with, a phrase."""
        return self._known.reads_for_pages(config) if self._known is not None else ""

    def built_elsewhere(self, config: WranglerConfig) -> str:
        """Why a configuration that names no code is left over, a phrase; "" where that is not known."""
        return self._apps.built_elsewhere(config) if self._is_candidate(config) else ""

    def of(self, config: WranglerConfig) -> Found | None:
        """The app that a configuration deploys; None when no framework is recognised."""
        return self._apps.of(config) if self._is_candidate(config) else None

    def without_config(self, folder: str) -> tuple[App, str] | None:
        """The app of a folder with a package.json that no configuration stands beside, and what proves that
        it is built for Cloudflare; None when nothing does. Its aliases hold from then on."""
        path = f"{folder}/package.json" if folder else "package.json"
        document = None if is_test_config(path) else self._workspace.read(path)
        if document is None or not names_one(document.data):
            return None
        return self._apps.without_config(document)

    def with_modules(self, app: App, wraps: Sequence[str] = ()) -> Found:
        """Such an app with what runs where; `wraps` are the modules that wrap its generated entry."""
        return self._apps.with_modules(app, wraps)

    def wraps(self, app: App, main: str) -> bool:
        """Whether a module wraps the generated entry of such an app."""
        return self._apps.wraps(app, main)

    def may_be_unknown(self, config: WranglerConfig) -> bool:
        """Whether a folder in which no framework was recognised looks like an app: it has a package.json that
        builds something, by no tool that bundles plain Workers."""
        document = self._manifest(config)
        if document is None or self.recognise(config):
            return False
        script = Manifest(document).scripts.get("build", "")
        return bool(script) and _BUNDLERS.search(script) is None

    def _manifest(self, config: WranglerConfig) -> Document | None:
        path = self._resolver.manifest(config.directory)
        return self._workspace.read(path) if path is not None else None

    def _is_candidate(self, config: WranglerConfig) -> bool:
        path = self._resolver.manifest(config.directory)
        if path is None:
            return False
        found = self._naming.get(path)
        if found is None:
            document = self._workspace.read(path)
            found = self._naming[path] = document is not None and names_one(document.data)
        return found

    @property
    def _apps(self) -> Apps:
        if self._known is None:
            from cflint.project.apps.recognition import Apps

            self._known = Apps(
                *(self._workspace, self._resolver, self._graph, self._excludes, self._walked, self._sources)
            )
        return self._known
