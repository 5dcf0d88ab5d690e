"""The scripts of the package.json of a configuration."""

from __future__ import annotations

from collections.abc import Mapping

from cflint.api import Project, WranglerConfig, config


def speaks_for_its_package(subject: WranglerConfig, project: Project) -> bool:
    """Whether a configuration is the first of those whose nearest package.json is the same, so that something
    is said once of its scripts."""
    manifest = config.manifest_above(project.workspace, subject.directory)
    speakers = project.memo.memoized("Configurations by package.json", lambda: _speakers(project))
    return manifest is not None and speakers.get(manifest.document.path) == subject.path


def _speakers(project: Project) -> Mapping[str, str]:
    """The first configuration of each package.json, by the path of that."""
    found: dict[str, str] = {}
    configs = (it.config for it in project.workers if it.config is not None and not it.is_document)
    for one in sorted(configs, key=lambda it: it.path):
        manifest = config.manifest_above(project.workspace, one.directory)
        if manifest is not None and one.role.is_deployed:
            found.setdefault(manifest.document.path, one.path)
    return found
