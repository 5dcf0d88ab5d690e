"""Modules of projects in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cflint.project.code.module import Module
from cflint.project.files.workspace import Workspace
from cflint.project.workers.loading import load
from cflint.project.workers.preferences import no_preferences

if TYPE_CHECKING:
    from tree_sitter import Node

    from cflint.project.workers.model import Project

CONFIG = '{ "name": "example", "main": "index.ts", "compatibility_date": "2026-08-01" }'


def project_of(code: str, config: str = CONFIG, **others: str) -> Project:
    """A project of `index.ts`, with a `wrangler.jsonc`; other files by name, without `.ts`."""
    files = {
        "wrangler.jsonc": config,
        "index.ts": code,
        **{f"{name}.ts": text for name, text in others.items()},
    }
    return load(
        Workspace.in_memory({path: text.encode() for path, text in files.items()}),
        [""],
        preferences=no_preferences,
    ).project


def module_of(code: str, config: str = CONFIG, **others: str) -> Module:
    """`index.ts` of such a project."""
    project = project_of(code, config, **others)
    tree = project.trees.of("index.ts")
    assert tree is not None
    return Module(project, *tree)


def marked(code: str, config: str = CONFIG, **others: str) -> tuple[Module, Node]:
    """`index.ts` of such a project, and the node that stands between `«` and `»` in it."""
    before, _, rest = code.partition("«")
    inside, _, after = rest.partition("»")
    module = module_of(before + inside + after, config, **others)
    start = len(before.encode())
    node = module.syntax.node_at(start, start + len(inside.encode()))
    assert node is not None and module.text(node) == inside, "the marks are around no node"
    return module, node
