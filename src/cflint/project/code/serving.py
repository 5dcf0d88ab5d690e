"""What the top level of a module makes and keeps: whether code that runs later may use it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.project.code.calls import (
    CallSite,
    exported_names,
    paths_around,
    uses_of_import,
)
from cflint.project.modules.imports import ImportKind
from cflint.project.modules.resolve import Local
from cflint.syntax.javascript import FUNCTIONS
from cflint.syntax.suffixes import MODULE_SUFFIXES

if TYPE_CHECKING:
    from tree_sitter import Node

    from cflint.project.code.module import Module
    from cflint.scope import Declaration

_LATER = FUNCTIONS | {"class_body"}
_EXPORTS = ("export_specifier", "export_statement")


def may_be_used_later(module: Module, made: Node) -> bool:
    """Whether a function may use what an expression of the top level makes, or what the top level makes of
    that in turn: here, or in a module of the same Workers that imports it. A module that only takes types, or
    other parts of the same module, does not."""
    known: set[tuple[str, int]] = set()
    todo = [CallSite(module, made)]
    while todo:
        site = todo.pop()
        if site.module.runs_per_request:
            return True
        declarations = _declared_with(site.module, site.node)
        if declarations is None:
            return True
        for declaration in declarations:
            key = site.module.path, declaration.node.start_byte
            if key in known:
                continue
            known.add(key)
            uses = _uses(site.module, declaration)
            if uses is None:
                return True
            todo.extend(uses)
    return False


def _declared_with(module: Module, node: Node) -> tuple[Declaration, ...] | None:
    """The names of the top level that what a node is a part of is given; None where a function or a class
    holds it, or a statement does something else with it."""
    for above in module.ancestors(node):
        if above.type in _LATER:
            return None
        target = above if above.type == "variable_declarator" else None
        if target is not None:
            found = tuple(one for one in module.scope.top_level.values() if one.owner.id == target.id)
            return found or None
        kept = module.assignment(above)
        if kept is not None:
            declared = module.scope.resolve(kept.target) if kept.target.type == "identifier" else None
            return (declared,) if declared is not None and declared.scope.type == "program" else None
    return None


def _uses(module: Module, declaration: Declaration) -> list[CallSite] | None:
    """The uses of a name of the top level, in its module and in others; None where not all are seen."""
    uses = [CallSite(module, use) for use in module.scope.references(declaration)]
    found = [site for site in uses if not (_is_export(site) or _is_type(site) or _is_set(site))]
    exported = exported_names(module, declaration.name)
    if not exported:
        return found
    if not _importers_are_known(module):
        return None
    imported = (site for site, _ in uses_of_import(module, declaration.name, exported))
    return [*found, *(site for site in imported if not _is_type(site))]


def _importers_are_known(module: Module) -> bool:
    """Whether nothing but modules of the project that name what they import takes what a module exports."""
    if any(module.path in worker.entries for worker in module.workers):
        return False
    placed = module.app.placed.get(module.path) if module.app is not None else None
    if placed is not None and placed.importer is None:
        return False  # the framework loads it
    return not any(_takes_all(module, path) for path in paths_around(module))


def _takes_all(module: Module, path: str) -> bool:
    """Whether a file imports a module as a whole, while it runs, or is none whose names are looked at."""
    is_other = not path.endswith(MODULE_SUFFIXES)
    return any(
        (is_other or edge.item.kind in (ImportKind.DYNAMIC, ImportKind.REQUIRE))
        and isinstance(edge.to, Local)
        and edge.to.path == module.path
        for edge in module.project.imports.of(path)
    )


def _is_export(site: CallSite) -> bool:
    parent = site.module.parent(site.node)
    return parent is not None and parent.type in _EXPORTS


def _is_set(site: CallSite) -> bool:
    """Whether the name is only given another value there."""
    kept = site.module.assignment(site.module.parent(site.node))
    return kept is not None and kept.operator == "=" and kept.target.id == site.node.id


def _is_type(site: CallSite) -> bool:
    """Whether a name stands in a type: `typeof auth.$Infer`."""
    if site.node.type == "type_identifier":
        return True
    return any(above.type == "type_query" for above in _within_statement(site))


def _within_statement(site: CallSite) -> Iterator[Node]:
    for above in site.module.ancestors(site.node):
        if above.type.endswith("_statement"):
            return
        yield above
