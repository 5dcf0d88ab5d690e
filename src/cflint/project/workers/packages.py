"""Which packages count for a Worker and its configuration, those that Markdown shows included."""

from __future__ import annotations

import posixpath

from cflint.project.config.wrangler import WranglerConfig
from cflint.project.files.workspace import Workspace
from cflint.project.modules.installed import Installed, version_in
from cflint.project.modules.toolchain import ConfigSchema, bundled_config_schema, installed_config_schema
from cflint.project.workers.worker import Worker


def config_schema(workspace: Workspace, config: WranglerConfig) -> ConfigSchema:
    """The schema for a configuration: that in the project's node_modules, or else the bundled one."""
    if config.document.origin is not None:  # a block of Markdown belongs to no project
        return bundled_config_schema()
    return installed_config_schema(workspace, config.directory)


def shown_version(worker: Worker, name: str) -> Installed | None:
    """The version of a package by the package.json that a section of a Markdown file shows."""
    return version_in(worker.manifest, name) if worker.manifest is not None else None


def package_folder(worker: Worker) -> str:
    """The folder in which, or above which, the package.json of a Worker is."""
    if worker.config is not None:
        return worker.config.directory
    if worker.app is not None:
        return worker.app.folder
    path = next(iter(worker.entries or worker.modules), "")
    home, below, _ = f"/{path}".rpartition("/functions/")
    return home.strip("/") if below and worker.is_pages else posixpath.dirname(path)
