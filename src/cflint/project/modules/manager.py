"""By which package manager a project's packages come, and which package.json names one of them. Only data."""

from __future__ import annotations

from functools import partial

from cflint.project.files.workspace import Workspace
from cflint.project.modules.installed import declared_beside, manifests_above
from cflint.project.modules.manifest import Manifest
from cflint.project.modules.resolve.files import upwards

_LOCK_FILES = {
    "package-lock.json": "npm",
    "npm-shrinkwrap.json": "npm",
    "pnpm-lock.yaml": "pnpm",
    "yarn.lock": "yarn",
    "bun.lock": "bun",
    "bun.lockb": "bun",
}


def package_manager(workspace: Workspace, folder: str) -> str:
    """The package manager of the code in a folder: the one that `packageManager` of a package.json names,
    otherwise whose lock file is the nearest; "" where neither says it, or two say different ones."""
    return workspace.memoized(("package manager", folder), partial(_manager, workspace, folder))


def _manager(workspace: Workspace, folder: str) -> str:
    for document in manifests_above(workspace, folder):
        said = Manifest(document).root.get("packageManager") if b'"packageManager"' in document.data else None
        if said is not None and said.text:
            name = said.text.partition("@")[0]
            return name if name in _LOCK_FILES.values() else ""
    for above in upwards(folder):
        names = workspace.entries(above)
        found = {manager for file, manager in _LOCK_FILES.items() if file in names}
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
