"""A Workers Site, and what it is as static assets."""

from __future__ import annotations

import posixpath

from cflint.api import Edit, Environment, Project, config, fixes, js

_ONE_PAGE = "serveSinglePageApp"
"""What `@cloudflare/kv-asset-handler` has for pages that route in the browser."""


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
    """The edits that make static assets of a site, with the page for all paths where pages route in the
    browser; None where it says more than its folder, or has code, and
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
    if not table or not key or not value:
        return None
    fallback: tuple[Edit, ...] | None = ()
    if _router(subject, project) is not None:
        fallback = fixes.set_key(subject.config, (*path, "not_found_handling"), "single-page-application")
    return (*table, *key, *value, *fallback) if fallback is not None else None


def words_of_site(subject: Environment, folder: str, project: Project) -> js.Words:
    """What an edit has to know: the folder, and by what the pages route in the browser."""
    router = _router(subject, project)
    named = (("<folder>", folder),) if folder else ()
    return named if router is None else (*named, ("routes in the browser", ""), ("<router>", router))


def _router(subject: Environment, project: Project) -> str | None:
    """What says that the pages of a site route in the browser: a package, or the function by which its Worker
    answers each path with the one page."""
    code = [path for worker in project.workers if worker.config is subject.config for path in worker.modules]
    if js.is_mentioned(project, code, _ONE_PAGE):
        return _ONE_PAGE
    return config.browser_router(project.workspace, subject.config.directory)
