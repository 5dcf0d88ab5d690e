"""The folders that are the packages of a monorepo."""

from __future__ import annotations

import posixpath
from fnmatch import fnmatchcase

from cflint.project.files.workspace import Entry, Workspace
from cflint.project.modules.resolve.files import Files, join

_GLOB_FOLDERS_LIMIT = 5000
_GLOB_DEPTH = 8


def package_folders(files: Files, root: str) -> list[str]:
    """The folders of the packages when this folder is the root of a monorepo, in the order of its globs."""
    workspaces = files.json(join(root, "package.json")).get("workspaces")
    if isinstance(workspaces, dict):
        workspaces = workspaces.get("packages")
    globs = [glob for glob in workspaces if isinstance(glob, str)] if isinstance(workspaces, list) else []
    pnpm = f"{root}/pnpm-workspace.yaml" if root else "pnpm-workspace.yaml"
    document = files.workspace.read(pnpm) if files.workspace.is_file(pnpm) else None
    if document is not None:
        globs.extend(_pnpm_packages(document.data))
    globs = [part for glob in globs for part in _braces(glob)]
    taken: dict[str, None] = {}
    for glob in globs:
        if not glob.startswith("!"):
            taken.update(dict.fromkeys(_folders(files.workspace, root, glob)))
    refused = {
        folder
        for glob in globs
        if glob.startswith("!")
        for folder in _folders(files.workspace, root, glob[1:])
    }
    return [folder for folder in taken if folder not in refused]


def _pnpm_packages(data: bytes) -> list[str]:
    """The list `packages:` of a pnpm-workspace.yaml; YAML beyond plain and quoted strings is left out."""
    globs: list[str] = []
    inside = False
    for line in data.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "surrogateescape").splitlines():
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        if not line.startswith((" ", "\t", "-")):
            key, _, value = text.partition(":")
            inside = key.strip("\"'") == "packages"
            value = value.strip()
            if inside and value.startswith("["):
                globs.extend(map(_yaml_string, value.partition("]")[0][1:].split(",")))
        elif inside and text.startswith("-"):
            globs.append(_yaml_string(text[1:]))
    return [glob for glob in globs if glob]


def _yaml_string(text: str) -> str:
    text = text.strip()
    if text[:1] in ("'", '"'):
        return text[1:].partition(text[0])[0]
    text = text.partition(" #")[0].strip()
    return "" if text[:1] in ("&", "*", "{", "[", "|", ">") and not text.startswith("**") else text


def _braces(glob: str) -> list[str]:
    """A glob with one `{a,b}` spelled out."""
    head, opened, rest = glob.partition("{")
    inner, closed, tail = rest.partition("}")
    if not opened or not closed or "{" in tail or "{" in inner:
        return [glob]
    return [head + part.strip() + tail for part in inner.split(",")[:64]]


def _folders(workspace: Workspace, root: str, glob: str) -> list[str]:
    """The folders that hold a package.json and match a glob, sorted; never in node_modules."""
    pattern = posixpath.normpath(glob) if glob else "."
    if pattern.startswith(("/", "..")):
        return []
    steps = [] if pattern == "." else pattern.split("/")
    found: list[str] = []
    stack = [(root, 0, 0)]
    seen: set[tuple[str, int]] = set()
    while stack and len(seen) < _GLOB_FOLDERS_LIMIT:
        folder, step, depth = stack.pop()
        if (folder, step) in seen:
            continue
        seen.add((folder, step))
        entries = workspace.entries(folder)
        if step == len(steps):
            if "package.json" in entries:
                found.append(folder)
            continue
        deep = steps[step] == "**"
        if deep:
            stack.append((folder, step + 1, depth))
        if depth >= _GLOB_DEPTH:
            continue
        for name, kind in entries.items():
            if kind is not Entry.FOLDER or name == "node_modules" or name == ".git":
                continue
            below = f"{folder}/{name}" if folder else name
            if deep and not name.startswith("."):
                stack.append((below, step, depth + 1))
            elif not deep and fnmatchcase(name, steps[step]):
                stack.append((below, step + 1, depth + 1))
    return sorted(set(found))
