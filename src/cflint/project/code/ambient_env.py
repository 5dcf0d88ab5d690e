"""Types of `env` that an app declares for its framework: `App.Platform`, `CloudflareEnv`, …"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.project.modules.facts import TypeFacts, object_type_facts, type_facts
from cflint.project.workers.facts import GENERATED_TYPES, without_runtime_types
from cflint.source import Document
from cflint.syntax.javascript import ParseTimeout, Syntax, first_named, parse, property_name

if TYPE_CHECKING:
    from tree_sitter import Node

    from cflint.project.workers.model import Project
    from cflint.project.workers.worker import Worker

_FOLDERS = ("", "src", "app", "server", "types", "src/types", "server/types")
"""Folders of an app in which such types are declared."""


def ambient_env(project: Project, worker: Worker) -> Iterator[TypeFacts]:
    """The types that say what `env` has in the declarations of an app, named as the framework names what
    holds it. Types that only name another one are left out."""
    app = worker.app
    wanted = {name for kind in app.kinds for name in kind.env_types} if app is not None else set()
    for folder in _FOLDERS if app is not None and wanted else ():
        below = "/".join(part for part in (app.folder if app is not None else "", folder) if part)
        for name in project.workspace.entries(below):
            path = f"{below}/{name}" if below else name
            if not name.endswith(".d.ts") or name == GENERATED_TYPES:
                continue
            document = project.sources.document(path)
            if document is None or not any(it.rpartition(".")[2].encode() in document.data for it in wanted):
                continue
            try:
                syntax = parse(Document(path, without_runtime_types(document.data)))
            except ParseTimeout:
                continue
            yield from _declared(syntax, wanted)


def _declared(syntax: Syntax, wanted: set[str]) -> Iterator[TypeFacts]:
    for name in sorted(wanted):
        namespace, _, last = name.rpartition(".")
        for leaf in syntax.leaves(last, syntax.root):
            node = syntax.parent(leaf)
            if node is None or node.type != "interface_declaration" or leaf.type != "type_identifier":
                continue
            if node.child_by_field_name("name") != leaf or not _is_inside(syntax, node, namespace):
                continue
            if name == "CloudflareEnv":
                yield type_facts(syntax, node)
                continue
            env = _env_in(syntax, node.child_by_field_name("body"))
            if env is not None:
                yield object_type_facts(syntax, env, f"{name}.env")


def _is_inside(syntax: Syntax, node: Node, namespace: str) -> bool:
    names = [
        syntax.text(name)
        for above in syntax.ancestors(node)
        if above.type == "internal_module" and (name := above.child_by_field_name("name")) is not None
    ]
    return not namespace or namespace in names


def _env_in(syntax: Syntax, body: Node | None, depth: int = 0) -> Node | None:
    """The type in place of a member `env`, in the type of a member `cloudflare` too."""
    for entry in body.named_children if body is not None and depth < 3 else ():
        key = entry.child_by_field_name("name")
        inner = first_named(entry.child_by_field_name("type"))
        if entry.type != "property_signature" or key is None or inner is None or inner.type != "object_type":
            continue
        name = property_name(syntax, key)
        if name == "env":
            return inner
        found = _env_in(syntax, inner, depth + 1) if name == "cloudflare" else None
        if found is not None:
            return found
    return None
