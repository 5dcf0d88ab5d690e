"""Which file holds the settings of a folder, and what it names, before anything in it is checked."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable
from typing import TYPE_CHECKING

from cflint.source import Document, Span
from cflint.syntax.data import Kind, Node
from cflint.syntax.documents import read

if TYPE_CHECKING:
    from cflint.project.files.workspace import Workspace

NAMES = ("cflint.toml", ".cflint.toml", "pyproject.toml")
"""Where settings are looked for in a folder, first found first."""

PACKAGE = "package:"
"""What `extends` begins with where it names an installed package."""


def settings_file(workspace: Workspace, folder: str) -> str | None:
    """The settings file of a folder ("" is the root); None without one."""
    here = workspace.entries(folder)
    paths = (posixpath.join(folder, name) for name in NAMES if name in here)
    return next((path for path in paths if _holds_settings(workspace, path)), None)


def _holds_settings(workspace: Workspace, path: str) -> bool:
    if not path.endswith("pyproject.toml"):
        return True
    document = workspace.read(path)
    return document is not None and b"tool.cflint" in document.data


def extended(path: str, text: str) -> str | None:
    """The file that a settings file names in `extends`; None when it leads out of the repository."""
    target = posixpath.normpath(posixpath.join(posixpath.dirname(path), text))
    return None if "://" in text or posixpath.isabs(text) or target.startswith("..") else target


def allows_packages(workspace: Workspace, paths: Iterable[str], *, only: str | None = None) -> bool:
    """Whether the settings that count for any of some paths let rules of installed packages run. This is
    asked before the rules are known, without which settings cannot be read: mistakes in them are no matter
    here. `only` is the one settings file to use."""
    if only is not None:
        return _allows(workspace, only)
    for path in paths:
        folder: str | None = path if workspace.is_dir(path) else posixpath.dirname(path)
        file = None
        while folder is not None and file is None:
            file = settings_file(workspace, folder)
            folder = posixpath.dirname(folder) if folder else None
        if file is None or _allows(workspace, file):
            return True
    return False


def _allows(workspace: Workspace, path: str) -> bool:
    return _switch_of(workspace, path, set()) is not False


def _switch_of(workspace: Workspace, path: str, seen: set[str]) -> bool | None:
    """What a settings file says of packages, or the last of those that it extends; None for nothing. What a
    package says is not asked: that one is used."""
    seen.add(path)
    document = workspace.read(path)
    if document is None or not (b"rule-packages" in document.data or b"extends" in document.data):
        return None
    root = root_of(document, read(document).root)
    node = root.get("rule-packages")
    if node is not None:
        return node.value is not False
    said = None
    for base in bases_of(root):
        target = extended(path, base.text) if base.text else None
        if target is not None and not (base.text or "").startswith(PACKAGE) and target not in seen:
            found = _switch_of(workspace, target, seen)
            said = said if found is None else found
    return said


def bases_of(root: Node) -> tuple[Node, ...]:
    """What settings extend: one thing, or several."""
    node = root.get("extends")
    if node is None:
        return ()
    return node.items if node.kind is Kind.ARRAY else (node,)


def root_of(document: Document, root: Node) -> Node:
    """What of a file is settings."""
    if not document.path.endswith("pyproject.toml"):
        return root
    return root.at("tool", "cflint") or Node(Kind.OBJECT, Span(0, 0))
