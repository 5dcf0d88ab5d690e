"""Configurations of a workspace, whatever their language: a `cloudflare.config.ts` is evaluated.

Imported where used: what evaluates TypeScript, when there is a configuration in it.
"""

from __future__ import annotations

import posixpath
from collections.abc import Sequence
from typing import TYPE_CHECKING

from cflint.project.config.wrangler import WranglerConfig, read_config
from cflint.project.files.discovery import TOOLING_NAME, is_typescript_config
from cflint.project.files.workspace import Workspace
from cflint.project.modules.installed import manifest_above
from cflint.record import replace
from cflint.source import Document

if TYPE_CHECKING:
    from cflint.project.modules.resolve import Resolver
    from cflint.project.workers.auxiliary import Auxiliary

_VITE_PLUGIN = "@cloudflare/vite-plugin"


def read_worker_config(workspace: Workspace, resolver: Resolver, document: Document) -> WranglerConfig:
    """The configuration in a file of a workspace, whatever is in it."""
    if not is_typescript_config(document.path):
        return read_config(document)
    folder = posixpath.dirname(document.path)
    beside = posixpath.join(folder, TOOLING_NAME)
    tooling = workspace.read(beside) if workspace.is_file(beside) else None
    return evaluated(document, _Sources(workspace, resolver), tooling, _default_modes(workspace, folder))


def read_shown_config(document: Document) -> WranglerConfig:
    """The configuration in a block of Markdown, in TypeScript; what it imports is not known."""
    return evaluated(document, None, None, (None,))


def evaluated(
    document: Document, sources: _Sources | None, tooling: Document | None, modes: Sequence[str | None]
) -> WranglerConfig:
    """A configuration in TypeScript; one that throws in every mode has a tree of which nothing is known."""
    from cflint.project.config.cloudflare.modules import Files
    from cflint.project.config.cloudflare.reader import read_cloudflare_config, unknown_tree

    files = None if sources is None else Files(sources.read, sources.package)
    found = read_cloudflare_config(document, files, tooling=tooling, default_modes=modes)
    imported = [] if tooling is None else [tooling]
    imported += [
        one for one in (sources.documents.values() if sources is not None else ()) if one not in imported
    ]
    trees = found.trees or (unknown_tree(document, "it throws in every mode"),)
    return WranglerConfig.of_typescript(replace(found, trees=trees, imported=tuple(imported)))


def auxiliary_workers_of(
    workspace: Workspace, resolver: Resolver, document: Document
) -> tuple[list[Auxiliary], list[str]]:
    """The auxiliary Workers that a vite.config configures by itself, and the files that were read for it."""
    from cflint.project.config.cloudflare.modules import Files
    from cflint.project.workers.auxiliary import auxiliary_workers

    sources = _Sources(workspace, resolver)
    found = list(auxiliary_workers(document, Files(sources.read, sources.package)))
    return found, list(sources.documents)


class _Sources:
    """The files that a configuration imports; `documents` are those that were read."""

    def __init__(self, workspace: Workspace, resolver: Resolver) -> None:
        self._workspace = workspace
        self._resolver = resolver
        self.documents: dict[str, Document] = {}

    def read(self, path: str) -> Document | None:
        """The document at a path of the workspace."""
        document = self._workspace.read(path)
        if document is not None:
            self.documents[path] = document
        return document

    def package(self, specifier: str, importer: str) -> str | None:
        """The file of the workspace that a specifier leads to when it is no relative path."""
        from cflint.project.modules.resolve import Local

        found = self._resolver.resolve(specifier, importer)
        return found.path if isinstance(found, Local) and "node_modules/" not in found.path else None


def _default_modes(workspace: Workspace, folder: str) -> tuple[str | None, ...]:
    """What commands give without `--mode`: Vite's are those of a project that has Cloudflare's plugin."""
    manifest = manifest_above(workspace, folder)
    has_plugin = manifest is not None and _VITE_PLUGIN in manifest.dependencies
    return ("production", "development") if has_plugin else (None,)
