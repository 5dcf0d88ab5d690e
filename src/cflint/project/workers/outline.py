"""What loading a project came to, as data for JSON, and the project loaded again by it.

To find the Workers and what they reach takes a walk, and a look into every file. When nothing but the text of
some modules has changed, and these import what they imported, nothing else can have come of it.
"""

from __future__ import annotations

from collections.abc import Set
from typing import TYPE_CHECKING, Any, Literal

from cflint.finding import Notice
from cflint.lazy import Lazy
from cflint.project.config.deployment import Deployment
from cflint.project.config.wrangler import WranglerConfig
from cflint.project.files.discovery import Discovered
from cflint.project.files.ignore import Ignore
from cflint.project.files.workspace import Workspace
from cflint.project.modules.reads import fingerprint_of
from cflint.project.modules.resolve import Edge, ModuleGraph, Resolver
from cflint.project.workers.loaded import Loaded
from cflint.project.workers.loading import modules_among
from cflint.project.workers.model import Project
from cflint.project.workers.preferences import Preferences
from cflint.project.workers.typescript_config import read_worker_config
from cflint.project.workers.worker import Worker
from cflint.record import replace
from cflint.source import Document
from cflint.syntax.javascript import EXTENSIONS

if TYPE_CHECKING:
    from cflint.project.workers import app_outline
else:
    app_outline = Lazy("cflint.project.workers.app_outline")

Json = Any


def outline_of(loaded: Loaded, before: Json = None) -> Json:
    """The outline of a project that was loaded; None when there is Markdown in it, which is read anew.

    A project that was loaded by the outline `before` has looked at the imports of what changed only: those of
    the rest are still in there.
    """
    workers = loaded.project.workers
    if loaded.markdown or any(worker.is_document for worker in workers):
        return None
    return {
        "workers": [_worker(worker, loaded.project.workspace) for worker in workers],
        "configs": [[config.path, config.deployment.row] for config in loaded.configs],
        "consulted": sorted(loaded.consulted),
        "read": sorted(
            {one.path for config in loaded.configs if config.is_typescript for one in config.documents}
            | loaded.project.imports.graph.named
            | set(before["read"] if before is not None else ())
        ),
        "modules": loaded.modules,
        "named": sorted(loaded.named),
        "notices": [[n.message, n.path, n.line, n.level, n.rule] for n in loaded.notices],
        "imports": {
            **(before["imports"] if before is not None else {}),
            **{
                path: _imports(edges)
                for path, edges in loaded.project.imports.graph.known.items()
                if edges is not None
            },
        },
    }


def load_again(
    workspace: Workspace,
    excludes: tuple[str, ...],
    outline: Json,
    changed: Set[str],
    *,
    preferences: Preferences,
) -> Loaded | None:
    """The project of an outline, whose modules `changed` have another text by now and of which all else is as
    it was; None when that may have changed what there is to load. May raise what unfit data raises."""
    noticed = {row[1] for row in outline["notices"]}
    if not changed.isdisjoint((*outline["consulted"], *outline["read"])):
        return None
    reached = {module for worker in outline["workers"] for module in worker[2]}
    resolver = Resolver(workspace)
    graph = ModuleGraph(workspace, resolver)
    apps = [app_outline.app_of(row[5]) if row[5] is not None else None for row in outline["workers"]]
    for app in apps:
        if app is not None:
            resolver.alias(app.folder, app.layout.aliases)
    for _, row in outline["configs"]:
        placed = Deployment.of_row(row)
        if placed.copied_to is not None:
            resolver.place(placed.entry, placed.copied_to)
    for path in changed:
        document = workspace.read(path)
        if any(app is not None and app.is_configured_by(path) for app in apps):
            return None
        if document is None or not path.endswith(EXTENSIONS) or path in noticed or not _is_text(document):
            return None
        imports = outline["imports"].get(path)
        if imports is None and path in reached:
            return None
        if imports is not None and imports != _imports(graph.imports_of(path) or ()):
            return None
    for app, row in zip(apps, outline["workers"], strict=True):
        if app is not None and not app_outline.keeps_borders(workspace, app, row[5]["borders"], changed):
            return None
    configs: dict[str, WranglerConfig] = {}
    for path, row in outline["configs"]:
        found = workspace.read(path)
        if found is None:
            return None
        deployment = Deployment.of_row(row)
        if deployment.is_template:
            return None
        configs[path] = replace(read_worker_config(workspace, resolver, found), deployment=deployment)
    workers = tuple(
        Worker(
            configs[path] if path is not None else None,
            tuple(entries),
            tuple(modules),
            unresolved=unresolved is True,
            idle=frozenset(idle),
            app=app,
            without_config=how,
            bound=bound,
        )
        for app, (path, entries, modules, unresolved, idle, _, how, bound) in zip(
            apps, outline["workers"], strict=True
        )
    )
    named = frozenset(outline["named"])
    outside = {path for app in apps if app is not None for path in app.outside}
    before = set(outline["modules"]) & set(changed)
    if modules_among(workspace, excludes, changed, workers, named, outside) != before:
        return None
    return Loaded(
        Project(workspace, resolver, workers, {}, {}, preferences, graph),
        tuple(outline["modules"]),
        tuple(configs.values()),
        named,
        Discovered(),
        tuple(_notice(*row) for row in outline["notices"]),
        excluded=Ignore("", excludes),
        consulted=frozenset(outline["consulted"]),
    )


def _worker(worker: Worker, workspace: Workspace) -> Json:
    return [
        worker.config.path if worker.config is not None else None,
        worker.entries,
        worker.modules,
        worker.unresolved,
        sorted(worker.idle),
        app_outline.outline_of(worker.app, workspace) if worker.app is not None else None,
        worker.without_config,
        dict(worker.bound),
    ]


def _imports(edges: tuple[Edge, ...]) -> str:
    """A hash of what a module imports, wherever in it."""
    return fingerprint_of(tuple(edge.item for edge in edges))


def _is_text(document: Document) -> bool:
    try:
        document.data.decode()
    except UnicodeDecodeError:
        return False
    return True


def _notice(message: str, path: str | None, line: int | None, level: str, rule: str | None) -> Notice:
    kind: Literal["info", "warning"] = "warning" if level == "warning" else "info"
    return Notice(message, path, line, kind, rule)
