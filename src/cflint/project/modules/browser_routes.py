"""Whether pages find their way in the browser, so that each path has to be answered by the one page."""

from __future__ import annotations

from cflint.project.files.workspace import Workspace
from cflint.project.modules.installed import manifest_above

_ROUTERS = (
    "react-router-dom",
    "react-router",
    "@tanstack/react-router",
    "vue-router",
    "wouter",
    "@reach/router",
    "@solidjs/router",
    "@tanstack/solid-router",
    "@angular/router",
    "preact-router",
    "svelte-routing",
    "page",
)
"""Packages whose routes are paths of the address."""
_WITH_SERVERS = frozenset(
    {"next", "nuxt", "astro", "gatsby", "vitepress", "@sveltejs/kit", "@react-router/dev", "@solidjs/start"}
    | {"@remix-run/dev", "@tanstack/react-start", "@tanstack/solid-start", "@analogjs/platform", "hexo"}
    | {"@docusaurus/core", "vite-ssg", "vike", "waku", "@builder.io/qwik-city", "@11ty/eleventy"}
)
"""Packages that write a file for each page, or run on the server."""


def browser_router(workspace: Workspace, folder: str) -> str | None:
    """The package by which the pages of a folder's package.json route in the browser; None where there is no
    such package, and where a framework makes the pages."""
    manifest = manifest_above(workspace, folder)
    if manifest is None or not _WITH_SERVERS.isdisjoint(manifest.dependencies):
        return None
    return next((name for name in _ROUTERS if name in manifest.dependencies), None)
