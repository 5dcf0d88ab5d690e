"""Where a definition is: from code to the configuration and back."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from cflint.finding import Location
from cflint.lsp.pages import binding_at, configured
from cflint.project.config import WranglerConfig
from cflint.project.model import Project, Worker
from cflint.project.module import Module
from cflint.source import Document, Span
from cflint.syntax.data import Kind, Node
from cflint.syntax.javascript import CLASSES

_CLASS_KEYS = frozenset({"class_name", "entrypoint", "new_classes", "new_sqlite_classes", "to"})


def definitions_in_code(project: Project, module: Module, offset: int) -> Iterator[Location]:
    """From `env.NAME` to the configuration's key; from the name of a class to what configures it."""
    found = binding_at(module, offset)
    if found is not None:
        yield from (binding.location for binding in configured(module, found[0]))
        return
    node = module.syntax.node_at(offset, offset)
    parent = module.syntax.parent(node) if node is not None else None
    if node is None or parent is None or parent.type not in CLASSES:
        return
    name = parent.child_by_field_name("name")
    if name is None or name.id != node.id:
        return
    for durable in project.durable_objects_of(module.class_of(parent).facts):
        if durable.location is not None:
            yield durable.location
    text = module.text(node)
    for worker in module.workers:
        target = project.worker_exports(worker).names.get(text)
        if target is None or target.module != module.path:
            continue
        for environment in worker.environments:
            workflow = environment.workflow_classes.get(text)
            if workflow is not None:
                yield workflow.place("class_name")


def definitions_in_config(project: Project, config: WranglerConfig, offset: int) -> Iterator[Location]:
    """From a class's name in a configuration to the class; from `main` to the module."""
    found = string_at(config.root, offset)
    if found is None:
        return
    trail, node = found
    key = trail[-1]
    if key == "main" and len(trail) in (1, 3):
        path = posixpath.normpath(posixpath.join(config.directory, node.text or ""))
        document = project.document(path)
        if document is not None:
            yield Location(document, Span(0, 0))
        return
    if key not in _CLASS_KEYS:
        return
    workers = [worker for worker in project.workers if worker.config is config]
    script = _script_beside(config, node)
    if script is not None:
        workers = [worker for worker in project.workers if _is_called(worker, script)]
    for worker in workers:
        yield from _class_place(project, worker, node.text or "")


def _is_called(worker: Worker, name: str) -> bool:
    return any(environment.worker_name == name for environment in worker.environments)


def _script_beside(config: WranglerConfig, node: Node) -> str | None:
    """The other Worker that the binding with a node names."""
    for environment in config.environments:
        for binding in environment.bindings:
            if any(member.value is node for member in binding.node.members):
                return binding.service or (None if binding.is_local else binding.script_name)
    return None


def _class_place(project: Project, worker: Worker, name: str) -> Iterator[Location]:
    facts = project.exported_class(worker, name)
    document = project.document(facts.path) if facts is not None else None
    if facts is not None and document is not None:
        yield Location(document, facts.name_span)
        return
    for entry in worker.entries:
        target = project.exports_of(entry).names.get(name)
        if target is not None:
            yield target.at


def string_at(root: Node, offset: int) -> tuple[tuple[str, ...], Node] | None:
    """The keys that lead to the string at a byte offset (arrays left out), and the string."""
    node, trail = root, []
    while node.kind is not Kind.STRING:
        below: Node | None = None
        for member in node.members:
            if member.value.span.start <= offset <= member.value.span.end:
                below = member.value
                trail.append(member.key)
                break
        else:
            below = next((item for item in node.items if item.span.start <= offset <= item.span.end), None)
        if below is None:
            return None
        node = below
    return (tuple(trail), node) if trail else None


def config_of(project: Project, document: Document) -> WranglerConfig | None:
    """The configuration that a document is."""
    for worker in project.workers:
        if worker.config is not None and worker.config.path == document.path:
            return worker.config
    return None
