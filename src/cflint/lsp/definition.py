"""Where a definition is: from code to the configuration and back.

Imported where used: libcst, which modules of Python need, is slow to load.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from lsprotocol import types

from cflint.finding import Location
from cflint.lsp.analysis import Analysis
from cflint.lsp.convert import location_of
from cflint.lsp.pages import binding_name, configured, value_at
from cflint.lsp.roots import Root
from cflint.lsp.state import State
from cflint.naming import python_classes
from cflint.naming.classes import class_place
from cflint.project.code.module import Module, module_of
from cflint.project.config.wrangler import WranglerConfig
from cflint.project.workers.model import Project
from cflint.project.workers.worker import Worker
from cflint.source import Span
from cflint.syntax.data import Kind, Node
from cflint.syntax.javascript import CLASSES, EXTENSIONS

_CLASS_KEYS = frozenset({"class_name", "entrypoint", "new_classes", "new_sqlite_classes", "to"})
_CODE = (*EXTENSIONS, ".py")


async def definition(
    state: State, analysis: Analysis, params: types.DefinitionParams
) -> list[types.Location]:
    """`textDocument/definition`."""
    uri = params.text_document.uri
    found = await analysis.present(uri)
    source = state.source(*found, uri) if found is not None else None
    if found is None or source is None:
        return []
    root, path = found
    offset = state.offset(source, params.position)
    targets = await analysis.query(lambda: _definitions(root, path, offset)) or []
    uri_of = state.uri_of(root)
    return [location_of(place, state.client.encoding, uri_of) for place in dict.fromkeys(targets)]


def _definitions(root: Root, path: str, offset: int) -> list[Location]:
    """The definitions of what is at a byte offset; on the worker's thread."""
    loaded = root.session.loaded
    if loaded is None:
        return []
    project = loaded.project
    config = next((config for config in loaded.configs if config.path == path), None)
    if config is not None:
        return list(definitions_in_config(project, config, offset))
    if not path.endswith(_CODE):
        return []
    found = list(definitions_in_code(project, path, offset))
    project.trees.release(path)
    return found


def definitions_in_code(project: Project, path: str, offset: int) -> Iterator[Location]:
    """From `env.NAME` to the configuration's key; from the name of a class to what configures it."""
    found = value_at(project, path, offset)
    name = binding_name(found[1]) if found is not None else None
    if found is not None and name is not None:
        yield from (binding.location for binding in configured(found[0], name))
    elif path.endswith(".py"):
        from cflint.project.python.module import python_module_of

        python = python_module_of(project, path)
        owner = python_classes.class_at(python, offset) if python is not None else None
        if owner is not None:
            yield from _configuring(project, path, owner.name, python_classes.place_of(owner))
    else:
        module = module_of(project, path)
        if module is not None:
            yield from _of_class(project, module, offset)


def _of_class(project: Project, module: Module, offset: int) -> Iterator[Location]:
    node = module.syntax.node_at(offset, offset)
    parent = module.syntax.parent(node) if node is not None else None
    if node is None or parent is None or parent.type not in CLASSES:
        return
    name = parent.child_by_field_name("name")
    if name is not None and name.id == node.id:
        yield from _configuring(project, module.path, module.text(node), module.at(node))


def _configuring(project: Project, path: str, local: str, at: Location) -> Iterator[Location]:
    """What in the configurations of a module's Workers means the class that is declared at a place."""
    for worker in project.owners.of(path):
        exported = project.exports.of_worker(worker)
        names = [
            name for name, target in exported.names.items() if (target.module, target.local) == (path, local)
        ]
        for name in names or [local]:
            if class_place(project, worker, name) != at:
                continue
            for environment in worker.environments:
                durable = environment.durable_object_classes.get(name)
                workflow = environment.workflow_classes.get(name)
                live = environment.lifecycle.classes.get(name)
                if durable is not None:
                    yield durable.place("class_name")
                elif live is not None:
                    yield environment.location(live.span)
                if workflow is not None:
                    yield workflow.place("class_name")


def definitions_in_config(project: Project, config: WranglerConfig, offset: int) -> Iterator[Location]:
    """From a class's name in a configuration to the class; from `main` to the module."""
    workers = [worker for worker in project.workers if worker.config is config]
    for name in _exports_at(config, offset):
        for worker in workers:
            yield from _class_place(project, worker, name)
    found = string_at(config, offset)
    if found is None:
        return
    trail, node = found
    key = trail[-1]
    if key == "main" and len(trail) in (1, 3):
        path = posixpath.normpath(posixpath.join(config.directory, node.text or ""))
        document = project.sources.document(path)
        if document is not None:
            yield Location(document, Span(0, 0))
        return
    if key not in _CLASS_KEYS:
        return
    script = _script_beside(config, node)
    if script is not None:
        workers = [worker for worker in project.workers if script in worker.names]
    for worker in workers:
        yield from _class_place(project, worker, node.text or "")


def _script_beside(config: WranglerConfig, node: Node) -> str | None:
    """The other Worker that the binding with a node names."""
    for environment in config.environments:
        for binding in environment.bindings:
            if any(member.value is node for member in binding.node.members):
                return binding.service or (None if binding.is_local else binding.script_name)
    return None


def _class_place(project: Project, worker: Worker, name: str) -> Iterator[Location]:
    place = class_place(project, worker, name)
    if place is not None:
        yield place
        return
    for entry in worker.entries:
        target = project.exports.of(entry).names.get(name)
        if target is not None:
            yield target.at


def _exports_at(config: WranglerConfig, offset: int) -> Iterator[str]:
    """The name of the class whose entry in `exports` is named at a byte offset."""
    found = {
        export.name
        for environment in config.environments
        for export in environment.exports
        if export.name_span.start <= offset <= export.name_span.end
    }
    yield from sorted(found)


def string_at(config: WranglerConfig, offset: int) -> tuple[tuple[str, ...], Node] | None:
    """The keys of wrangler's that lead to the string at a byte offset (arrays left out), and the string."""
    if not config.is_typescript:
        return _string_below(config.root, offset)
    for environment in config.environments:  # where a value stands says nothing of what it is part of
        for path, node in environment.node.paths():
            if node.kind is Kind.STRING and node.span.start <= offset <= node.span.end:
                return tuple(step for step in path if isinstance(step, str)), node
    return None


def _string_below(root: Node, offset: int) -> tuple[tuple[str, ...], Node] | None:
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
