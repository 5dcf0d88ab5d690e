"""Configurations that are there to be copied out of a folder of examples: no code lies beside them."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from cflint.project.files.workspace import Entry

if TYPE_CHECKING:
    from cflint.project.config.wrangler import WranglerConfig
    from cflint.project.files.workspace import Workspace

_TEXTS = frozenset({"", ".md", ".mdx", ".txt", ".yml", ".yaml", ".toml", ".json", ".jsonc"})
_MANIFESTS = frozenset({"package.json", "Cargo.toml", "pyproject.toml"})
_MOST_FOLDERS = 20


def why_sample(workspace: Workspace, config: WranglerConfig) -> str:
    """Why nobody deploys a configuration below a folder of examples, a phrase: its `main` is not there, and
    in its folder and below is nothing but texts and other configurations, no package either. "" of all
    others."""
    if not config.mains:
        return ""
    if any(workspace.exists(main) for main in config.mains) or not _is_of_texts(workspace, config):
        return ""
    return "it is a sample without code among the examples"


def _is_of_texts(workspace: Workspace, config: WranglerConfig) -> bool:
    folders = [config.directory]
    for number, here in enumerate(folders):
        if number == _MOST_FOLDERS:
            return False
        for name, kind in workspace.entries(here).items():
            path = posixpath.join(here, name)
            if kind is Entry.FOLDER:
                folders.append(path)
            elif path == config.path:
                continue
            elif name in _MANIFESTS or posixpath.splitext(name)[1] not in _TEXTS:
                return False
    return True
