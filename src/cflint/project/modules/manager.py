"""By which package manager a project's packages come, and which package.json names one of them. Only data."""

from __future__ import annotations

from functools import partial

from cflint.project.files.workspace import Workspace
from cflint.project.modules.installed import MANAGERS, declared_beside, manifests_above, named_manager
from cflint.project.modules.manifest import Manifest
from cflint.project.modules.resolve.files import upwards


def package_manager(workspace: Workspace, folder: str) -> str:
    """The package manager of the code in a folder: the one that `packageManager` of a package.json names,
    otherwise whose lock file is the nearest; "" where neither says it, or two say different ones."""
    return workspace.memoized(("package manager", folder), partial(_manager, workspace, folder))


def _manager(workspace: Workspace, folder: str) -> str:
    named = named_manager(workspace, folder)
    if named is not None:
        return named if named in MANAGERS.values() else ""
    for above in upwards(folder):
        names = workspace.entries(above)
        found = {manager for file, manager in MANAGERS.items() if file in names}
        if found:
            return found.pop() if len(found) == 1 else ""
    return ""


def manifest_naming(workspace: Workspace, folder: str, name: str) -> str:
    """The path of the package.json by which code in a folder gets a package: that of the folder, of one above
    it, or of another package of the same monorepo; "" where none names it."""
    quoted = f'"{name}"'.encode()
    for document in manifests_above(workspace, folder):
        if quoted in document.data and Manifest(document).version(name) is not None:
            return document.path
    beside = declared_beside(workspace, folder, name)
    return beside.path if beside is not None else ""
