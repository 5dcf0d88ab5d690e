"""From paths to a project: which Workers are meant, what they reach, and which other files matter."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Literal

from cflint.finding import Notice
from cflint.lazy import Lazy
from cflint.project.apps.built import is_built
from cflint.project.apps.candidates import Candidates
from cflint.project.config.deployment import AS_WRITTEN
from cflint.project.config.wrangler import (
    WranglerConfig,
    has_placeholder_value,
    is_wrangler_document,
    join_names,
)
from cflint.project.files.discovery import (
    Discovered,
    configs_above,
    configs_in,
    discover,
    is_config_name,
    is_template_name,
    is_typescript_config,
    unread_above,
)
from cflint.project.files.ignore import Ignore
from cflint.project.files.workspace import Unreadable, Workspace
from cflint.project.modules.imports import Import
from cflint.project.modules.resolve import ModuleGraph, Resolver
from cflint.project.modules.resolve.files import parent_of
from cflint.project.workers.bare import BareWorkers
from cflint.project.workers.data_files import data_files
from cflint.project.workers.elsewhere import Elsewhere
from cflint.project.workers.loaded import Loaded
from cflint.project.workers.model import Project
from cflint.project.workers.pages import advanced_entries, is_pages_function
from cflint.project.workers.preferences import Preferences
from cflint.project.workers.programs import LEFT_OVER
from cflint.project.workers.realms import product_in_test_folders
from cflint.project.workers.remarks import (
    checkouts,
    empty_workers,
    not_utf_8,
    of_partykit,
    shadowed,
    unknown,
    unreached,
)
from cflint.project.workers.selection import Selection
from cflint.project.workers.settled import settled_folders
from cflint.project.workers.worker import Worker
from cflint.quoting import quoted
from cflint.record import replace
from cflint.source import Document
from cflint.syntax.data import DataDocument
from cflint.syntax.documents import read

if TYPE_CHECKING:
    from cflint.project.apps.app import Found
    from cflint.project.workers import markdown, typescript_config
else:
    markdown = Lazy("cflint.project.workers.markdown")
    typescript_config = Lazy("cflint.project.workers.typescript_config")


def load(
    workspace: Workspace,
    paths: Iterable[str],
    excludes: Iterable[str] = (),
    *,
    preferences: Preferences,
    visit: Callable[[str], None] | None = None,
) -> Loaded:
    """Load the Workers that paths of the workspace mean ("" is its root). `visit` is called with the path of
    each configuration when it is looked at, which happens several times."""
    return _Loading(workspace, tuple(paths), tuple(excludes), preferences, visit).load()


def modules_among(
    workspace: Workspace,
    excludes: Iterable[str],
    paths: Iterable[str],
    workers: Iterable[Worker],
    named: frozenset[str],
    outside: Collection[str],
) -> set[str]:
    """Those of some sources that are analysed, for some Workers; `named` was asked for, `outside` is what
    apps run elsewhere."""
    workers, paths = tuple(workers), tuple(paths)
    reached = {module for worker in workers for module in worker.modules}
    selection = Selection(workspace, Ignore("", excludes))
    own = dict.fromkeys(path for path in paths if path in reached)
    product = product_in_test_folders(workers)
    return set(selection.modules(paths, own, named, outside, settled_folders(workers), product))


class _Loading:
    def __init__(
        self,
        workspace: Workspace,
        paths: tuple[str, ...],
        excludes: tuple[str, ...],
        preferences: Preferences,
        visit: Callable[[str], None] | None,
    ) -> None:
        self._workspace = workspace
        self._visit = visit
        self._preferences = preferences
        self._given = paths
        self._excludes = excludes
        self._excluded = Ignore("", excludes)
        self._paths = tuple(path for path in paths if not self._is_excluded(path))
        self._read: dict[str, DataDocument] = {}
        self._resolver = Resolver(workspace)
        self._graph = ModuleGraph(workspace, self._resolver)
        self._selection = Selection(workspace, self._excluded)
        self._apps = Candidates(workspace, self._resolver, self._graph, excludes)
        self._unread: dict[str, None] = {}
        self._unresolved: dict[tuple[str, Import], None] = {}
        self._elsewhere = Elsewhere(workspace, self._resolver)
        self._data: set[str] = set()
        self._of_functions: set[str] = set()
        self._bare = BareWorkers(workspace, self._graph, self._elsewhere)

    def _is_excluded(self, path: str) -> bool:
        return self._excluded.covers(path + "/" if self._workspace.is_dir(path) else path)

    def _is_config(self, document: Document) -> bool:
        self._look_at(document.path)
        if is_typescript_config(document.path):
            return True
        data = self._read.get(document.path)
        if data is None or data.document is not document:
            data = self._read[document.path] = read(document)
        return is_wrangler_document(data)

    def _look_at(self, path: str) -> None:
        if self._visit is not None:
            self._visit(path)

    def _config(self, path: str) -> WranglerConfig | None:
        self._look_at(path)
        document = self._workspace.read(path)
        if document is None:
            return None
        data = self._read.get(document.path)
        if is_typescript_config(document.path):
            config = typescript_config.read_worker_config(self._workspace, self._resolver, document)
            return self._as_deployed(config)
        if data is None or data.document is not document:
            data = read(document)
        if data.broken or is_template_name(path) or has_placeholder_value(data):
            # Imported where used: templates, which few projects have.
            from cflint.project.config.templates import open_by_placeholders, template_of

            template = template_of(data)
            if template is not None:
                self._say_template(path, template.data)
                config = WranglerConfig.of(template.data)
                deployment = self._elsewhere.deployment(config, is_template=True)
                opened = deployment.open or open_by_placeholders(config, template)
                return WranglerConfig.of(template.data, replace(deployment, open=opened))
        return self._as_deployed(WranglerConfig.of(data))

    def _configs(self, paths: Iterable[str]) -> list[WranglerConfig]:
        """The configurations at some paths, with the apps and functions around them."""
        found = [config for path in paths if (config := self._config(path)) is not None]
        for config in found:  # all of them before the modules of any, so that all aliases hold
            if config.deployment.copied_to is not None:
                self._resolver.place(config.deployment.entry, config.deployment.copied_to)
            self._apps.recognise(config)
        return [self._opened(config) for config in found]

    def _opened(self, config: WranglerConfig) -> WranglerConfig:
        """The configuration with why it may not be all that its app or its functions are deployed with, and
        why nobody deploys it."""
        deployed = config.deployment
        reason = self._apps.reads_for_pages(config) or self._has_functions_alone(config)
        if reason and not deployed.open:
            deployed = replace(deployed, open=reason)
        elsewhere = self._apps.built_elsewhere(config) if not deployed.local else ""
        if elsewhere and not self._elsewhere.is_deployed(config):
            deployed = replace(deployed, local=elsewhere)
        return config if deployed is config.deployment else replace(config, deployment=deployed)

    def _as_deployed(self, config: WranglerConfig) -> WranglerConfig:
        """The configuration with what other files say of it."""
        deployment = self._elsewhere.deployment(config)
        return config if deployment == AS_WRITTEN else replace(config, deployment=deployment)

    def _say_template(self, path: str, data: DataDocument) -> None:
        message, line = "a template is taken for the configuration: no other is here", None
        if not is_template_name(path):
            message = "the configuration is taken for a template: placeholders stand in it"
        problem = next((problem for problem in data.problems if not problem.duplicate), None)
        if problem is not None:
            line = data.document.line_of(problem.span.start)
            message += f"; not all of it can be read ({problem.message})"
        level: Literal["info", "warning"] = "info" if problem is None else "warning"
        self._selection.notices.append(Notice(message, path=path, line=line, level=level))

    def load(self) -> Loaded:
        found = discover(
            self._workspace,
            self._given,
            self._excludes,
            is_config=self._is_config,
            uses_wrangler=self._elsewhere.uses_wrangler,
        )
        sources = (*found.sources, *found.embedded)
        self._apps.walked((path for path in self._paths if self._workspace.is_dir(path)), sources)
        named = frozenset(path for path in self._paths if path and self._workspace.is_file(path))
        configs = {config.path: config for config in self._configs(found.configs)}
        workers = [self._worker(config) for config in configs.values()]
        for worker in self._owners(found, frozenset(configs)):
            assert worker.config is not None
            configs[worker.config.path] = worker.config
            workers.append(worker)
        workers.extend([self._bound(worker) for worker in self._without_config(found, workers)])
        documents = [document for path in found.markdown if (document := self._workspace.read(path))]
        shown = markdown.MarkdownWorkers() if documents else None
        for document in documents:
            assert shown is not None
            for section in shown.sections(document):
                workers.append(section)
                if section.config is not None:
                    configs[section.config.path] = section.config
        project = Project(
            self._workspace,
            self._resolver,
            tuple(workers),
            shown.blocks if shown is not None else {},
            shown.titles if shown is not None else {},
            self._preferences,
            self._graph,
        )
        reached = dict.fromkeys(module for worker in workers for module in worker.modules)
        outside = {*project.realms.outside, *(self._data - reached.keys())}
        settled = settled_folders(workers)
        product = product_in_test_folders(workers)
        modules = tuple(self._selection.modules(found.sources, reached, named, outside, settled, product))
        of_apps = self._say_unknown_apps(workers)
        others = [worker for worker in workers if worker not in of_apps]
        self._selection.notices.extend(empty_workers(others, self._workspace.why_unread, _is_generated))
        self._selection.notices.extend(unreached(named, modules, reached, any_worker=bool(workers)))
        self._selection.notices.extend(shadowed(found.shadowed))
        self._selection.notices.extend(checkouts(found.left_out))
        self._selection.notices.extend(of_partykit(found.left_out))
        self._selection.notices.extend(unknown(configs.values()))
        self._say_unread(found)
        self._say_unresolved()
        self._selection.notices.extend(not_utf_8(self._workspace, (*modules, *configs)))
        return Loaded(
            project,
            modules,
            tuple(configs.values()),
            named,
            found,
            tuple(self._selection.notices),
            tuple(documents),
            self._excluded,
            frozenset((*self._elsewhere.read, *self._bare.looked_at, *self._data)),
        )

    def _say_unknown_apps(self, workers: Iterable[Worker]) -> frozenset[Worker]:
        """Tell once of folders that look like apps of unknown frameworks; returns their Workers."""
        folders: dict[str, None] = {}
        said: list[Worker] = []
        for worker in workers:
            config = worker.config
            if config is None or worker.app is not None or worker.modules or not config.role.is_deployed:
                continue
            if any(_is_generated(main, config) for main in config.mains) and self._apps.may_be_unknown(
                config
            ):
                folders[config.directory or "the root"] = None
                said.append(worker)
        if folders:
            listed = join_names(list(folders), 3)
            message = f"`main` of the Worker in {listed} is made by a framework that is not known: of its "
            message += "modules only those that use Workers APIs are checked"
            self._selection.notices.append(Notice(message))
        return frozenset(said)

    def _say_unread(self, found: Discovered) -> None:
        """Tell of what belongs to the project and could not be read; without it the rest means less."""
        unread = {path: self._workspace.why_unread(path) for path in self._unread}
        for item in found.left_out:
            if isinstance(item.reason, Unreadable) and (
                item.reason is Unreadable.DENIED or is_config_name(item.path)
            ):
                unread[item.path] = self._workspace.why_unread(item.path) or item.reason.value
        for path, why in unread.items():
            if self._is_excluded(path):
                continue  # that it is not analysed is known
            is_folder = is_config_name(path) and self._workspace.is_dir(path)
            if why is not None and (is_folder or path not in self._paths):
                what = "folder" if path.endswith("/") else "file"
                said = f"the {what} is {why}"
                if is_folder:
                    said = "a folder has the name of the configuration"
                self._selection.notices.append(Notice(f"skipped: {said}", path=path, level="warning"))

    def _say_unresolved(self) -> None:
        """Tell of imports of files that are not there: what they bring is not known."""
        for path, item in self._unresolved:
            document = self._workspace.read(path)
            if document is not None and not item.type_only and self._is_absent(path, item.specifier):
                message = f"imports {quoted(item.specifier)}, which is not there"
                line = document.line_of(item.span.start)
                self._selection.notices.append(Notice(message, path=path, line=line))

    def _is_absent(self, path: str, specifier: str) -> bool:
        """Whether nothing in the workspace has the name that a relative import of a module gives."""
        if not specifier.startswith(("./", "../")):
            return False
        target = posixpath.normpath(posixpath.join(parent_of(path), specifier.partition("?")[0]))
        folder, _, name = target.rpartition("/")
        if target.startswith(".."):
            return False
        stem = posixpath.splitext(name)[0] + "."
        return not any(found == name or found.startswith(stem) for found in self._workspace.entries(folder))

    # -- Workers of configurations -------------------------------------------------------------------------

    def _worker(self, config: WranglerConfig) -> Worker:
        self._look_at(config.path)
        found = self._apps.of(config)
        return self._plain_worker(config) if found is None else self._app_worker(config, found)

    def _app_worker(self, config: WranglerConfig | None, found: Found) -> Worker:
        self._unread.update(dict.fromkeys(filter(self._is_unreadable, found.unread)))
        modules = dict.fromkeys(found.modules)
        if config is not None and config.is_pages:
            modules.update(dict.fromkeys(self._pages_functions(config)))
        unresolved = bool(found.unread or found.unresolved)
        return Worker(
            config,
            found.wraps,
            tuple(modules),
            unresolved=unresolved,
            idle=found.idle,
            app=found.app,
            bound=self._elsewhere.stacks.bindings(config) if config is not None else {},
        )

    def _plain_worker(self, config: WranglerConfig) -> Worker:
        mains = (config.deployment.entry,) if config.deployment.entry else config.mains
        is_advanced = config.is_pages and not mains
        if is_advanced:
            has_functions = any(self._pages_functions(config))
            mains = advanced_entries(self._workspace, config.directory, has_functions)
            mains = mains or self._elsewhere.entries_of_worker_js(config)
        is_data = data_files(config)
        reaches = {main: self._graph.reachable(main, is_data) for main in mains}
        modules: dict[str, None] = {}
        running: set[str] = set()
        for reach in reaches.values():
            self._unread.update(dict.fromkeys(filter(self._is_unreadable, reach.unread)))
            self._unresolved.update(dict.fromkeys(reach.unresolved))
            modules.update(dict.fromkeys(reach.modules))
            running.update(set(reach.modules) - reach.idle)
            if is_data is not None:
                self._data.update(filter(is_data, reach.others))
        entries = tuple(
            reach.modules[0]
            for main, reach in reaches.items()
            if reach.modules and not _is_generated(main, config)
        )
        if config.path in self._of_functions or (config.is_pages and not (is_advanced and mains)):
            functions = dict.fromkeys(self._pages_functions(config))
            modules.update(functions)
            running.update(functions)
        if config.deployment.local == LEFT_OVER:
            running.clear()
        unresolved = any(not reach.complete for reach in reaches.values())
        if config.is_typescript:
            unresolved = unresolved or any(found.is_open("main") for found in config.environments)
        return Worker(
            config,
            entries,
            tuple(modules),
            unresolved=unresolved,
            idle=frozenset(modules) - running,
            bound=self._elsewhere.stacks.bindings(config),
        )

    def _is_unreadable(self, path: str) -> bool:
        """Whether a file is there and cannot be read; a `main` that is not there is for a rule to tell."""
        return self._workspace.problem(path) in (Unreadable.BINARY, Unreadable.DENIED, Unreadable.TOO_LARGE)

    def _has_functions_alone(self, config: WranglerConfig) -> str:
        """Notes whether the functions of Pages beside a configuration that is not one of Pages are all that
        it can deploy: it names no code that is there. Returns why they may be deployed without it."""
        mains = config.mains
        if config.is_pages or config.is_typescript or config.deployment.entry or self._apps.recognise(config):
            return ""
        if any(map(self._workspace.is_file, mains)) or (not mains and config.assets is not None):
            return ""
        if not mains and self._elsewhere.is_deployed(config):
            return ""
        if not any(self._pages_functions(config)):
            return ""
        self._of_functions.add(config.path)
        if mains and self._elsewhere.builds_functions(config):
            return ""
        if mains:
            return "it is not known whether `main` is made of `functions/`"
        return "Pages, which deploys `functions/`, reads no configuration without `pages_build_output_dir`"

    def _pages_functions(self, config: WranglerConfig) -> Iterator[str]:
        folder = posixpath.join(config.directory, "functions")
        if not self._workspace.is_dir(folder):
            return
        for path in discover(self._workspace, (folder,), self._excludes).sources:
            document = self._workspace.read(path)
            if document is not None and is_pages_function(document):
                yield from self._graph.reachable(path).modules

    def _without_config(self, found: Discovered, workers: list[Worker]) -> Iterator[Worker]:
        """The Workers among what was found that no configuration speaks of. Of Workers that wrap the build of
        an app in another folder, these become the ones of the app."""
        configs = [worker.config for worker in workers if worker.config is not None]
        configured = {config.directory for config in configs} | set(map(parent_of, found.configs))
        pages = {config.directory for config in configs if config.is_pages}
        known: dict[str, bool] = {}

        def has_config(folder: str) -> bool:
            if folder not in known:
                if folder in configured:
                    known[folder] = True
                elif folder:
                    known[folder] = has_config(parent_of(folder))
                else:
                    known[folder] = "" not in self._paths and any(self._configs_around())
            return known[folder]

        reached = {module for worker in workers for module in worker.modules}
        pages |= {config.directory for config in configs if config.path in self._of_functions}
        functions = list(self._bare.pages(found.sources, lambda folder: folder in pages))
        reached.update(module for worker in functions for module in worker.modules)
        yield from functions
        apps = self._apps_without_config(found, workers, has_config)
        reached.update(path for _, app in apps.values() for path in app.app.placed)
        self._join(workers, apps)
        bare: list[Worker] = []
        wraps: dict[str, list[str]] = {}
        for worker in self._bare.workers(found.sources, reached, has_config):
            folder = self._resolver.package_of(parent_of(worker.entries[0]))
            if folder in apps and self._apps.wraps(apps[folder][1].app, worker.entries[0]):
                wraps.setdefault(folder, []).extend(worker.entries)
            else:
                bare.append(worker)
        for folder, (how, app) in apps.items():
            app = self._apps.with_modules(app.app, wraps[folder]) if folder in wraps else app
            if app.modules:
                yield replace(self._app_worker(None, app), without_config=how)
        yield from bare
        yield from self._auxiliary({config.directory for config in configs} | set(apps), workers)

    def _join(self, workers: list[Worker], apps: dict[str, tuple[str, Found]]) -> None:
        """Make the Workers whose modules import what the build of an app makes those of the app."""
        for folder, (_, found) in tuple(apps.items()):
            for at, worker in enumerate(workers):
                if worker.config is None or worker.app is not None or not worker.entries:
                    continue
                if any(self._apps.wraps(found.app, entry) for entry in worker.entries):
                    app = self._apps.with_modules(found.app, worker.entries)
                    workers[at] = self._app_worker(worker.config, app)
                    apps.pop(folder, None)

    def _auxiliary(self, folders: Iterable[str], workers: Sequence[Worker]) -> Iterator[Worker]:
        """The auxiliary Workers that the configurations of Vite in some folders configure by themselves."""
        taken = {entry for worker in workers for entry in worker.entries}
        for folder in sorted(folders):
            names = self._workspace.entries(folder)
            name = next((name for name in sorted(names) if name.startswith("vite.config.")), None)
            document = self._workspace.read(posixpath.join(folder, name)) if name is not None else None
            if document is None or b"auxiliaryWorkers" not in document.data:
                continue
            self._elsewhere.read[document.path] = None
            # Imported where used: what evaluates TypeScript, which few projects have here.
            from cflint.project.workers.typescript_config import auxiliary_workers_of

            found, read = auxiliary_workers_of(self._workspace, self._resolver, document)
            self._elsewhere.read.update(dict.fromkeys(read))
            for one in found:
                entry = posixpath.normpath(posixpath.join(folder, one.entry))
                if entry in taken or not self._workspace.is_file(entry):
                    continue
                taken.add(entry)
                reach = self._graph.reachable(entry)
                yield Worker(
                    None,
                    (entry,),
                    reach.modules,
                    unresolved=not reach.complete,
                    idle=reach.idle,
                    without_config=f"{document.path} builds it as an auxiliary Worker",
                    bound=one.bound,
                )

    def _bound(self, worker: Worker) -> Worker:
        """A Worker without a configuration, with the bindings that something else gives it."""
        places = (*worker.entries, *worker.modules)
        if worker.app is not None:
            folder = worker.app.folder
        else:
            folder = (self._resolver.package_of(parent_of(places[0])) or "") if places else ""
        bound = self._elsewhere.stacks.bindings_without_config(folder, worker.entries)
        return replace(worker, bound={**worker.bound, **bound}) if bound else worker

    def _apps_without_config(
        self, found: Discovered, workers: Sequence[Worker], has_config: Callable[[str], bool]
    ) -> dict[str, tuple[str, Found]]:
        """The apps of frameworks that no configuration speaks of, with what proves that they are built for
        Cloudflare, by their folders."""
        folders = dict.fromkeys(map(parent_of, (*found.sources, *found.embedded)))
        near = dict.fromkeys(map(self._resolver.package_of, (it for it in folders if not has_config(it))))
        taken = {worker.app.folder for worker in workers if worker.app is not None}
        proved = {
            folder: proof
            for folder in near
            if folder is not None and folder not in taken and not has_config(folder)
            if (proof := self._apps.without_config(folder)) is not None
        }  # all of them before the modules of any, so that all aliases hold
        apps: dict[str, tuple[str, Found]] = {}
        for folder, (app, how) in proved.items():
            placed = self._apps.with_modules(app)
            if any(_within(path, given) for path in placed.app.placed for given in self._paths):
                apps[folder] = (how, placed)
        return apps

    def _configs_around(self) -> Iterator[str]:
        """The configurations in the folders of the given paths and above them."""
        for path in self._paths:
            yield from configs_above(self._workspace, path, self._excludes, is_config=self._is_config)

    def _owners(self, found: Discovered, known: frozenset[str]) -> Iterator[Worker]:
        """The Workers, configured outside the given paths, that reach a file within them."""
        if "" in self._paths:
            return
        candidates: dict[str, None] = {}
        for path in self._paths:
            if not any(_within(config, path) for config in known):
                above = configs_above(
                    self._workspace,
                    path,
                    self._excludes,
                    is_config=self._is_config,
                    uses_wrangler=self._elsewhere.uses_wrangler,
                )
                candidates.update(dict.fromkeys(above))
        owners = list(self._reaching(candidates, known))
        covered = {module for worker in owners for module in worker.modules}
        left = [path for path in found.sources if path not in covered]
        if left and not known and self._is_monorepo():
            everywhere = configs_in(
                self._workspace,
                "",
                self._excludes,
                is_config=self._is_config,
                uses_wrangler=self._elsewhere.uses_wrangler,
            )
            seen = frozenset(known) | frozenset(candidates)
            owners.extend(self._reaching(dict.fromkeys(everywhere), seen))
        self._unread.update(dict.fromkeys(unread_above(self._workspace, left)))
        yield from owners

    def _reaching(self, candidates: Iterable[str], known: frozenset[str]) -> Iterator[Worker]:
        for config in self._configs(path for path in candidates if path not in known):
            worker = self._worker(config)
            known_to_app = worker.app.placed if worker.app is not None else ()
            modules = dict.fromkeys((*worker.modules, *known_to_app))
            if any(_within(module, given) for module in modules for given in self._paths):
                yield worker

    def _is_monorepo(self) -> bool:
        if self._workspace.exists("pnpm-workspace.yaml"):
            return True
        manifest = self._workspace.read("package.json")
        return manifest is not None and b'"workspaces"' in manifest.data


def _within(path: str, given: str) -> bool:
    return not given or path == given or path.startswith(f"{given}/")


def _is_generated(main: str, config: WranglerConfig) -> bool:
    """Whether a `main` is what a build makes, so that what it exports today says nothing."""
    return is_built(posixpath.relpath(main, config.directory or "."))
