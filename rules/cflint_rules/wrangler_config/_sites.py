"""A Workers Site, and what it is as static assets."""

from __future__ import annotations

import posixpath

from cflint.api import Edit, Environment, Project, config, fixes


def folder_of_site(subject: Environment, named: str, project: Project) -> str:
    """The folder with the files: that which a configuration names, or, where that is not there, the one
    of this name into which Vite builds beside the package.json above."""
    home, workspace = subject.config.directory, project.workspace
    manifest = config.manifest_above(workspace, home)
    root = posixpath.dirname(manifest.document.path) if manifest is not None else home
    if root == home or workspace.exists(posixpath.normpath(posixpath.join(home, named))):
        return named
    if not any(name.startswith("vite.config.") for name in workspace.entries(root)):
        return named
    return posixpath.relpath(posixpath.join(root or ".", named), home or ".")


def as_assets(subject: Environment, folder: str, project: Project) -> tuple[Edit, ...] | None:
    """The edits that make static assets of a site; None where it says more than its folder, or has code, and
    on Pages, which ignores it."""
    site = subject.own("site")
    bucket = site.get("bucket") if site is not None else None
    if site is None or bucket is None or len(site.members) > 1 or subject.config.deployment.entry:
        return None
    if any(found.own(key) is not None for found in subject.config.environments for key in ("main", "assets")):
        return None
    if config.is_deployed_to_pages(project, subject.config):
        return None
    path = subject.path("site")
    table = fixes.rename_key(subject.config, path, "assets")
    key = fixes.rename_key(subject.config, (*path, "bucket"), "directory")
    value = fixes.replace_text(subject.config, bucket, text=folder)
    return (*table, *key, *value) if table and key and value else None
