"""Commands in an edit, written for a project's package manager, and for the folder that they are run in."""

from __future__ import annotations

import posixpath
import re

from cflint.pattern import pattern
from cflint.project.workers.circumstances import Circumstances

_INSTALL = pattern(r"`npm install(?P<dev> -D)? (?P<package>[@\w/.-]+)`")
_RUN = pattern(r"`npx (?P<tool>wrangler|drizzle-kit) ")
_SECRET = pattern(r"wrangler secret (?=put |bulk )")
_ADDS = {
    "npm": ("npm install", "npm install -D"),
    "pnpm": ("pnpm add", "pnpm add -D"),
    "yarn": ("yarn add", "yarn add -D"),
    "bun": ("bun add", "bun add -d"),
}
_RUNS = {"npm": "npx", "pnpm": "pnpm exec", "yarn": "yarn", "bun": "bunx"}
"""How the tool of a package is run that the project has."""


def for_project(text: str, worker: Circumstances) -> str:
    """An edit with the commands that a project's package manager has for those of npm, and Pages for those of
    Workers. Where wrangler stands in a package.json that is not the nearest one, its folder is said."""
    manager = worker.manager or "npm"
    runner = _RUNS[manager]

    def add(found: re.Match[str]) -> str:
        package = found["package"]
        command = f"`{_ADDS[manager][found['dev'] is not None]} {package}`"
        if package.partition("@")[0] != "wrangler" or not worker.wrangler_manifest:
            return command
        folder = posixpath.dirname(worker.wrangler_manifest)
        where = f"`{folder}`" if folder else "the root folder"
        return f"{command} in {where}, whose package.json has it"

    if worker.is_pages:
        text = _SECRET.sub("wrangler pages secret ", text)
    return _RUN.sub(lambda found: f"`{runner} {found['tool']} ", _INSTALL.sub(add, text))
