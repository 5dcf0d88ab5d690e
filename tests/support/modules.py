"""Modules of projects in memory."""

from __future__ import annotations

from cflint.project.code.module import Module
from cflint.project.files.workspace import Workspace
from cflint.project.workers.loading import load
from cflint.project.workers.preferences import no_preferences

CONFIG = '{ "name": "example", "main": "index.ts", "compatibility_date": "2026-08-01" }'


def module_of(code: str, config: str = CONFIG, **others: str) -> Module:
    """`index.ts` of a project with a `wrangler.jsonc`; other files by name, without `.ts`."""
    files = {
        "wrangler.jsonc": config,
        "index.ts": code,
        **{f"{name}.ts": text for name, text in others.items()},
    }
    project = load(
        Workspace.in_memory({path: text.encode() for path, text in files.items()}),
        [""],
        preferences=no_preferences,
    ).project
    tree = project.tree("index.ts")
    assert tree is not None
    return Module(project, *tree)
