"""Where the types of the platform (`KVNamespace`, `ExportedHandler`) come from in a Worker's code."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from enum import Enum
from typing import TYPE_CHECKING

from cflint.pattern import pattern
from cflint.platform.exports import RUNTIME_TYPES
from cflint.project.modules.installed import declares, manifest_above
from cflint.project.modules.resolve.files import upwards
from cflint.project.workers.facts import GENERATED_TYPES, has_runtime_types
from cflint.project.workers.packages import package_folder

if TYPE_CHECKING:
    from cflint.project.workers.model import Project
    from cflint.project.workers.worker import Worker

_TSCONFIG = pattern(r"tsconfig(?:\.[\w-]+)*\.json")
_EXTENDS_PACKAGE = pattern(rb'"extends"\s*:\s*\[?\s*"[^."/][^"]*"')
_PACKAGE = RUNTIME_TYPES.encode()
_REFERENCE = b'reference types="' + _PACKAGE
_GENERATED = b"worker-configuration"


class RuntimeTypes(Enum):
    """Where the types of the platform come from.

    `GENERATED`: from what `wrangler types` wrote. `PACKAGE`: from `@cloudflare/workers-types`, which a
    tsconfig.json names. `IMPORTED`: from the same package, which none names: each module imports what it
    uses. `NONE`: the project has packages, and none with them. `UNKNOWN`: it has no package.json.
    """

    GENERATED = "generated"
    PACKAGE = "package"
    IMPORTED = "imported"
    NONE = "none"
    UNKNOWN = "unknown"

    @property
    def is_global(self) -> bool:
        """Whether they may be named without an import, as far as is known."""
        return self not in (RuntimeTypes.IMPORTED, RuntimeTypes.NONE)


def runtime_types_of(project: Project, worker: Worker) -> RuntimeTypes:
    """Where the types of the platform come from in the code of a Worker."""
    workspace, folder = project.workspace, package_folder(worker)
    document = workspace.read(posixpath.join(folder, GENERATED_TYPES))
    if document is not None and has_runtime_types(document.data):
        return RuntimeTypes.GENERATED
    if manifest_above(workspace, folder) is None:
        return RuntimeTypes.UNKNOWN
    settings = list(_tsconfigs(project, folder))
    if not declares(workspace, folder, RUNTIME_TYPES):
        may_be_elsewhere = any(_PACKAGE in data or _GENERATED in data for data in settings)
        return RuntimeTypes.UNKNOWN if may_be_elsewhere else RuntimeTypes.NONE
    is_named = not settings or any(_PACKAGE in data or _EXTENDS_PACKAGE.search(data) for data in settings)
    if is_named or any(_PACKAGE in data for data in _declarations(project, folder)):
        return RuntimeTypes.PACKAGE
    entries = (project.sources.document(path) for path in worker.entries)
    if any(entry is not None and _REFERENCE in entry.data for entry in entries):
        return RuntimeTypes.PACKAGE
    return RuntimeTypes.IMPORTED


def _tsconfigs(project: Project, folder: str) -> Iterator[bytes]:
    """The settings of TypeScript in a folder and those above it."""
    for above in upwards(folder):
        for name in project.workspace.entries(above):
            if _TSCONFIG.fullmatch(name):
                document = project.workspace.read(posixpath.join(above, name))
                if document is not None:
                    yield document.data


def _declarations(project: Project, folder: str) -> Iterator[bytes]:
    """Files of declarations in a folder, its `src` and its `types`."""
    for below in ("", "src", "types"):
        inside = posixpath.join(folder, below) if below else folder
        for name in project.workspace.entries(inside):
            document = (
                project.workspace.read(posixpath.join(inside, name)) if name.endswith(".d.ts") else None
            )
            if document is not None and name != GENERATED_TYPES:
                yield document.data
