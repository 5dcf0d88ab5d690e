"""Whether git leaves out a path that need not be there: what a build makes is not kept."""

from __future__ import annotations

import posixpath

from cflint.finding import Edit
from cflint.project.files.ignore import Ignore
from cflint.project.files.workspace import Workspace
from cflint.source import Span

_COMPILED = {".js": (".ts", ".tsx"), ".mjs": (".mts",)}


def compiled_in_place(workspace: Workspace, path: str) -> str | None:
    """The TypeScript beside a script of its name that git leaves out, so that something compiles it there."""
    stem, suffix = posixpath.splitext(path)
    found = (stem + other for other in _COMPILED.get(suffix, ()) if workspace.is_file(stem + other))
    source = next(found, None)
    return source if source is not None and is_ignored(workspace, path) else None


def is_ignored(workspace: Workspace, path: str) -> bool:
    """Whether a `.gitignore` beside a file or folder (a path of the workspace), or above it, names it."""
    folder = path
    while folder:
        folder = posixpath.dirname(folder)
        document = workspace.read(posixpath.join(folder, ".gitignore"))
        if document is None:
            continue
        ignore = Ignore(folder, document.data.decode("utf-8", "surrogateescape").splitlines())
        if any(ignore.covers(one) for one in (path, f"{path}/", f"{path}/a")):
            return True  # all that is in it, too: git keeps no empty folder
    return False


def ignoring(workspace: Workspace, path: str) -> tuple[Edit, ...]:
    """The edit by which the nearest `.gitignore` names a file; () where one does so already, and where there
    is none (that of the repository may lie above what is looked at)."""
    if is_ignored(workspace, path):
        return ()
    folder = path
    while folder:
        folder = posixpath.dirname(folder)
        document = workspace.read(posixpath.join(folder, ".gitignore"))
        if document is not None:
            end, name = len(document.data), posixpath.basename(path)
            newline = "\r\n" if b"\r\n" in document.data else "\n"
            ends = not document.data or document.data.endswith(b"\n")
            text = f"{name}{newline}" if ends else f"{newline}{name}"
            return (Edit(document, Span(end, end), text),)
    return ()
