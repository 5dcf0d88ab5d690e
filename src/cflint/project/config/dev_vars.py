"""The variables and secrets of local development: `.dev.vars`, `.env` and their like."""

from __future__ import annotations

import re

from cflint.pattern import pattern
from cflint.project.files.workspace import Workspace

_NAME = pattern(rb"^[ \t]*(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_]*)[ \t]*=", re.MULTILINE)
_FILES = (".dev.vars", ".env")


def dev_var_names(workspace: Workspace, folder: str) -> frozenset[str]:
    """The names, and only these, in the `.dev.vars…` and `.env…` files of a folder ("" is the root)."""
    names: set[str] = set()
    for file in workspace.entries(folder):
        document = workspace.read(f"{folder}/{file}" if folder else file) if file.startswith(_FILES) else None
        if document is not None:
            names.update(found.decode() for found in _NAME.findall(document.data))
    return frozenset(names)
