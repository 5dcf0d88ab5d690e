"""Modules in memory for tests of what code means."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cflint.project.code.module import Module
from cflint.project.files.workspace import Workspace
from cflint.project.workers.loading import load

if TYPE_CHECKING:
    from tree_sitter import Node

    from cflint.project.workers.model import Project

MAIN = "index.ts"
CONFIG = """{
  "name": "example", "main": "index.ts", "compatibility_date": "2026-08-01",
  "kv_namespaces": [{ "binding": "KV" }],
  "d1_databases": [{ "binding": "DB", "database_name": "db" }],
  "durable_objects": { "bindings": [{ "name": "ROOMS", "class_name": "Room" }] }
}"""


def project_of(files: dict[str, str]) -> Project:
    """The project of some files; a configuration whose `main` is `index.ts` is added."""
    texts = {"wrangler.jsonc": CONFIG, **files}
    return load(Workspace.in_memory({path: text.encode() for path, text in texts.items()}), [""]).project


def module_of(source: str, others: dict[str, str] | None = None) -> Module:
    """`index.ts` of a project with a source and other files."""
    project = project_of({MAIN: source, **(others or {})})
    tree = project.tree(MAIN)
    assert tree is not None
    return Module(project, *tree)


def marked(source: str, others: dict[str, str] | None = None) -> tuple[Module, Node]:
    """The module of a source and the node that stands between `«` and `»` in it."""
    before, _, rest = source.partition("«")
    inside, _, after = rest.partition("»")
    module = module_of(before + inside + after, others)
    start = len(before.encode())
    node = module.syntax.node_at(start, start + len(inside.encode()))
    assert node is not None and module.text(node) == inside, "the marks are around no node"
    return module, node
