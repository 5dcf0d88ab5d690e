"""Which framework the folder of a configuration is an app of, and the modules that it finds."""

from __future__ import annotations

import posixpath
from bisect import bisect_left
from collections.abc import Collection, Iterator, Sequence
from functools import cached_property

from cflint.pattern import pattern
from cflint.project.apps.app import MAIN, App, Found
from cflint.project.apps.built import is_built
from cflint.project.apps.closure import Closure, Closures, Start, said_in
from cflint.project.apps.folder import AppFolder
from cflint.project.apps.globs import is_match, matcher, which
from cflint.project.apps.kind import AppKind, Seed, Target
from cflint.project.apps.realms import Realm
from cflint.project.apps.registry import kinds_named_in
from cflint.project.config.wrangler import WranglerConfig
from cflint.project.files.discovery import discover
from cflint.project.files.roles import is_test_name, is_test_path
from cflint.project.files.workspace import Workspace
from cflint.project.modules.manifest import Manifest
from cflint.project.modules.resolve import ModuleGraph, Resolver
from cflint.source import Document
from cflint.syntax.suffixes import DECLARATION_SUFFIXES

_SIGNS = 2
"""How many of the three signs make an app: a name alone proves nothing."""

_OTHERS = pattern(
    r"^@astrojs/(?:node|vercel|netlify|deno)\b|^@deno/|/adapter-(?!cloudflare)|^svelte-adapter-"
    r"|^@(?:netlify|vercel)/(?:remix|react-router|vite-plugin)|^vite-plugin-(?:vercel|netlify)"
)
"""Packages by which a configuration builds for another platform; beside one for Cloudflare, for either."""

_ELSEWHERE = pattern(
    r"@astrojs/(?:node|vercel|netlify|deno)|@deno/astro-adapter"
    r"|@sveltejs/adapter-(?:node|vercel|netlify)|svelte-adapter-(?:bun|deno|azure-swa)"
)
"""Adapters that make a server for another platform. One for files alone suits any."""

_OTHER_SERVERS = pattern(r"@(?:remix-run|react-router)/(?:serve|express|architect|netlify|deno)")
"""Packages that serve an app elsewhere, where the proof is nothing but a package as well."""


class Apps:
    """The apps of a workspace. `sources` were found in the folders `walked`, which are not walked again."""

    def __init__(
        self,
        workspace: Workspace,
        resolver: Resolver,
        graph: ModuleGraph,
        excludes: Collection[str],
        walked: Collection[str],
        sources: Collection[str],
    ) -> None:
        self._workspace = workspace
        self._resolver = resolver
        self._graph = graph
        self._excludes = tuple(excludes)
        self._walked = walked
        self._sources = sources
        self._closures = Closures(workspace, graph)
        self._files: dict[str, Sequence[str]] = {}
        self._recognised: dict[str, tuple[App, AppFolder] | None] = {}

    def recognise(self, config: WranglerConfig) -> bool:
        """Whether a framework is recognised around a configuration. From then on the aliases of the app hold:
        to be called for all configurations before the imports of any are followed."""
        if config.path not in self._recognised:
            found = self._recognised[config.path] = self._recognise(config)
            if found is not None:
                self._resolver.alias(found[0].folder, found[0].layout.aliases)
        return self._recognised[config.path] is not None

    def of(self, config: WranglerConfig) -> Found | None:
        """The app that a configuration deploys; None when no framework is recognised."""
        self.recognise(config)
        recognised = self._recognised[config.path]
        if recognised is None:
            return None
        app, folder = recognised
        mains = {main: self._is_generated(app.kind, folder, main) for main in folder.mains}
        wraps = []
        for main in (main for main, is_generated in mains.items() if not is_generated):
            start = self._main(config, main)
            if start is None and self._makes_what_is_not_there(app, folder):
                mains[main] = True
                continue
            if start is None or not self.wraps(app, start):
                return None  # the configuration is that of another Worker, which lies beside the app
            wraps.append(start)
        if any(mains.values()):
            made = config.deployment.entry
            wraps.extend((*app.layout.entries, *((made,) if made else ())))
        return self.with_modules(app, wraps)

    def reads_for_pages(self, config: WranglerConfig) -> str:
        """Why a configuration is not what its app is deployed with, a phrase: it goes to Pages, where one
        without `pages_build_output_dir` counts for nothing. "" where that is not known."""
        found = self._recognised.get(config.path)
        if found is None or config.is_pages or not found[0].layout.pages_only:
            return ""
        app, folder = found
        is_named = any(which(app.kind.mains, main) is not None for main in folder.mains)
        if is_named or config.assets is not None:
            return ""
        return (
            f"{app.title} is built for Pages, which reads no configuration without `pages_build_output_dir`"
        )

    def built_elsewhere(self, config: WranglerConfig) -> str:
        """Why a configuration that names no code is left over, a phrase: the app beside it uses the adapter
        of another platform, and none for Cloudflare. "" where that is not known."""
        if self.recognise(config) or any(environment.main for environment in config.environments):
            return ""
        manifest = self._resolver.manifest(config.directory)
        document = self._workspace.read(manifest) if manifest is not None else None
        if document is None:
            return ""
        folder = AppFolder(self._workspace, document, config)
        if not folder.has_config or folder.is_dir("functions"):
            return ""
        for stem in ("astro.config", "svelte.config"):
            options = folder.options(stem)
            names = sorted(options.imports) if options is not None else []
            used = next((name for name in names if _ELSEWHERE.match(name)), None)
            if used is not None and not any("cloudflare" in name for name in names):
                return f"the app in its folder is built with {used}"
        return ""

    def _makes_what_is_not_there(self, app: App, folder: AppFolder) -> bool:
        """Whether a `main` that is not there can only be of the app's build: its adapter is Cloudflare's, and
        the configuration stands beside it."""
        proved = app.target is Target.PROVED and app.kind.proves_itself and not app.kind.own_entry
        return proved and folder.has_config

    def without_config(self, manifest: Document) -> tuple[App, str] | None:
        """The app of a package.json that no configuration stands beside, and what proves that it is built for
        Cloudflare; None where nothing does. From then on its aliases hold. Its modules are not known yet."""
        kinds = tuple(kinds_named_in(manifest.data))
        if not any(kind.proves_itself for kind in kinds):
            return None
        folder = AppFolder(self._workspace, manifest, None)
        app = next((app for app, _ in self._apps(kinds, folder)), None)
        if app is None or not app.kind.proves_itself or app.target is not Target.PROVED:
            return None
        imports = sorted({(it.document.path, name) for it in folder.asked for name in it.imports})
        said = next((f"{path} imports {name}" for path, name in imports if "cloudflare" in name), "")
        if any(_OTHERS.search(name) for _, name in imports):
            return None
        if not said and any(map(_OTHER_SERVERS.fullmatch, folder.manifest.dependencies)):
            return None
        self._resolver.alias(app.folder, app.layout.aliases)
        return app, f"{app.title}, and {said or app.target.value}"

    def with_modules(self, app: App, wraps: Sequence[str]) -> Found:
        """An app with what runs where; `wraps` are the mains of one's own (see `wraps`)."""
        starts = [Start(path, Realm.SERVER, MAIN) for path in wraps]
        starts += self._starts(app)
        closure = self._closures.of(starts, app.borders)
        placed = App(app.kinds, app.folder, app.signs, app.layout, closure.placed)
        inside = tuple(placed.modules(Realm.SERVER, Realm.BOTH))
        return Found(
            placed,
            (*inside, *closure.types),
            frozenset(closure.types) | self._idle(closure).intersection(inside),
            closure.unread,
            closure.unresolved,
            tuple(wraps),
        )

    def _idle(self, closure: Closure) -> frozenset[str]:
        """The modules of which only names are handed on that nobody takes, in whatever realm."""
        starts = [path for path, found in closure.placed.items() if found.importer is None]
        return self._graph.idle_among(closure.placed, starts)

    # -- recognition ---------------------------------------------------------------------------------------

    def _recognise(self, config: WranglerConfig) -> tuple[App, AppFolder] | None:
        manifest = self._resolver.manifest(config.directory)
        document = self._workspace.read(manifest) if manifest is not None else None
        if document is None:
            return None
        kinds = tuple(kinds_named_in(document.data))  # which nearly always ends it
        if not kinds:
            return None
        folder = AppFolder(self._workspace, document, config)
        return next(self._apps(kinds, folder), None)

    def _apps(self, kinds: Sequence[AppKind], folder: AppFolder) -> Iterator[tuple[App, AppFolder]]:
        for kind in kinds:
            signs = self._signs(kind, folder)
            if kind.layout is None or len(signs) < _SIGNS:
                continue
            is_beside = folder.has_config or folder.config is None
            if not is_beside and not any(self._is_generated(kind, folder, it) for it in folder.mains):
                continue  # a Worker of its own in a folder below the app
            if kind.needs_main and folder.is_static:
                continue
            layout = kind.layout(folder)
            if layout is None:
                continue
            added = [it for it in kinds if it.layout is None and self._adds(it, folder)]
            yield App((kind, *added), folder.path, signs, layout), folder

    def _signs(self, kind: AppKind, folder: AppFolder) -> tuple[str, ...]:
        """What says that a folder is an app of a kind, in words."""
        signs = []
        package = next((name for name in sorted(kind.packages) if folder.depends_on(name)), None)
        if package is not None:
            signs.append(f"package {package}")
        file = folder.file(*kind.files)
        if file is not None:
            signs.append(file)
        main = next((main for main in folder.mains if which(kind.mains, main) is not None), None)
        if main is not None:
            signs.append(f"main {main}")
        return tuple(signs)

    def _adds(self, kind: AppKind, folder: AppFolder) -> bool:
        return folder.depends_on(*kind.packages)

    def _is_generated(self, kind: AppKind, folder: AppFolder, main: str) -> bool:
        """Whether the app's build makes what `main` names."""
        if which(kind.mains, main) is not None:
            return True
        return is_built(main) and folder.has_config and not self._workspace.exists(folder.join(main))

    def _main(self, config: WranglerConfig, main: str) -> str | None:
        return self._workspace.real(posixpath.normpath(posixpath.join(config.directory, main)))

    def wraps(self, app: App, main: str) -> bool:
        """Whether a `main` of one's own is the app's: it imports the generated entry, in whatever module."""
        if app.kind.own_entry:
            return self._workspace.is_file(main)
        reach = self._graph.reachable(main)
        wanted = matcher(*app.kind.entry_imports)
        for path in reach.modules:
            for edge in self._graph.imports_of(path) or ():
                specifier = edge.item.specifier
                if wanted.fullmatch(specifier) is not None or self._is_made(app, specifier, path):
                    return True
        return False

    def _is_made(self, app: App, specifier: str, importer: str) -> bool:
        """Whether a module imports what an app's build makes: by the name of the app's package, or a path to
        where builds write and nothing is."""
        if not specifier.startswith(("./", "../")):
            home = self._resolver.package_of(posixpath.dirname(importer))
            return home != app.folder and specifier == self._package(app)
        target = posixpath.normpath(posixpath.join(posixpath.dirname(importer), specifier))
        prefix = f"{app.folder}/" if app.folder else ""
        is_below = target.startswith(prefix) and is_built(target[len(prefix) :])
        return is_below and not self._workspace.exists(target)

    def _package(self, app: App) -> str | None:
        """The name of an app's package."""
        document = self._workspace.read(posixpath.join(app.folder, "package.json"))
        return Manifest(document).name if document is not None else None

    # -- seeds ---------------------------------------------------------------------------------------------

    def _starts(self, app: App) -> Iterator[Start]:
        seeds = (*app.layout.seeds, *app.kind.seeds)
        expression = matcher(*(seed.glob for seed in seeds))
        prefix = f"{app.folder}/" if app.folder else ""
        for path in self._files_in(app.folder):
            found = expression.fullmatch(path, len(prefix))
            if found is None or found.lastindex is None or is_test_name(path):
                continue
            if path.endswith(DECLARATION_SUFFIXES):
                continue
            first = seeds[found.lastindex - 1]
            for seed in seeds[found.lastindex - 1 :]:
                if seed is not first and not is_match(seed.glob, path, len(prefix)):
                    continue
                if is_test_path(path) and not (seed.routes and seed.glob[0] != "*"):
                    continue
                if self._is_meant(seed, path):
                    yield Start(path, seed.realm, seed.why)
                    break

    def _is_meant(self, seed: Seed, path: str) -> bool:
        """Whether the text of a module has what a seed asks for."""
        document = self._workspace.read(path) if seed.says else None
        return not seed.says or (document is not None and said_in(document, seed.says))

    def _files_in(self, folder: str) -> Sequence[str]:
        """The sources below a folder, sorted: those that were found, or of a walk of its own."""
        known = self._files.get(folder)
        if known is None:
            if any(not top or folder == top or folder.startswith(f"{top}/") for top in self._walked):
                known = self._below(folder)
            else:
                found = discover(self._workspace, (folder,), self._excludes)
                known = tuple(sorted((*found.sources, *found.embedded)))
            self._files[folder] = known
        return known

    @cached_property
    def _sorted(self) -> Sequence[str]:
        return sorted(self._sources)

    def _below(self, folder: str) -> tuple[str, ...]:
        if not folder:
            return tuple(self._sorted)
        first = bisect_left(self._sorted, f"{folder}/")
        last = bisect_left(self._sorted, f"{folder}0", first)  # the character after `/`
        return tuple(self._sorted[first:last])
