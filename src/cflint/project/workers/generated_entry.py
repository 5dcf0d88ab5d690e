"""What the entry of an app exports that its framework generates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cflint.pattern import pattern
from cflint.project.apps.realms import Realm
from cflint.project.modules.manifest import Manifest
from cflint.syntax.data import Kind

if TYPE_CHECKING:
    from cflint.project.apps.kind import GeneratedEntry
    from cflint.project.workers.model import Project
    from cflint.project.workers.worker import Worker

_WRITES = pattern(
    r"(?<![\w./-])(?:cp|mv|cat|sed|tee|node|tsx|ts-node|bun|deno|esbuild|rollup|patch|patch-package)(?![\w-])|>"
)
"""Words of a script that may write into what a build made."""
_WRITES_IN_CODE = pattern(rb"writeFile|appendFile|copyFile|createWriteStream|generateBundle|closeBundle")


def generated_entry(project: Project, worker: Worker) -> GeneratedEntry | None:
    """What the entry of a Worker exports that the framework of its app generates; None where no framework is
    known to, where a `main` of one's own wraps it, and where a script or the build may add to it."""
    app, config = worker.app, worker.config
    if app is None or config is None or worker.entries or not app.kind.entry.complete:
        return None
    if config.is_pages or all(environment.main is None for environment in config.environments):
        return None
    for environment in config.environments:
        build = environment.value("build")
        if build is not None and build.kind is Kind.OBJECT and build.get("command") is not None:
            return None
    folder = f"{app.folder}/" if app.folder else ""
    document = project.sources.document(f"{folder}package.json")
    if document is None or any(map(_WRITES.search, Manifest(document).scripts.values())):
        return None
    for path in app.modules(Realm.BUILD):
        found = project.sources.document(path)
        if found is None or _WRITES_IN_CODE.search(found.data) is not None:
            return None
    return app.kind.entry
