"""What a framework's own configuration says, for rules about its apps."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from cflint.project.apps.options import Options

if TYPE_CHECKING:
    from cflint.project.apps.app import App
    from cflint.project.workers.model import Project

_SUFFIXES = (".ts", ".mts", ".js", ".mjs", ".cjs", ".cts")


def app_options(project: Project, app: App, stem: str) -> Options | None:
    """The configuration `stem.{ts,js,…}` of an app; None when there is none that can be read. `stem` is a
    path below the app's folder (`astro.config`)."""
    return framework_options(project, app.folder, stem)


def framework_options(project: Project, folder: str, stem: str) -> Options | None:
    """The same of a folder, of which no app need be known."""
    for suffix in _SUFFIXES:
        path = posixpath.join(folder, stem + suffix)
        if project.workspace.is_file(path):
            document = project.sources.document(path)
            return document.memoized("options of a framework", Options) if document is not None else None
    return None
