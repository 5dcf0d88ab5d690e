"""Where a module makes an ORM or query builder of a database's client."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cflint.platform.orms import Orm, orm_maker, orm_package
from cflint.project.code.platform_names import called_name
from cflint.syntax.javascript import unwrap, with_wrappers

if TYPE_CHECKING:
    from tree_sitter import Node

    from cflint.project.code.interface import ModuleLike

_CALLS = frozenset({"call_expression", "new_expression"})
_AROUND = frozenset({"arguments", "pair", "object", "await_expression"})
_DEEP = 12


def orm_made(module: ModuleLike, node: Node) -> Orm | None:
    """The ORM of which a call or `new` makes the database, a dialect or an adapter: `drizzle(client)`,
    `new Kysely({ dialect })`; None of every other expression."""
    node = unwrap(node)
    name = called_name(module, node) if node.type in _CALLS else None
    return orm_maker(name.module, name.name) if name is not None else None


def with_orms(module: ModuleLike, node: Node) -> Node:
    """An expression with the ORMs and dialects that it is given to at once, and the `await` around them:
    `drizzle(postgres(url))` of its `postgres(url)`; itself when there is none."""
    syntax = module.syntax
    whole = inner = with_wrappers(syntax, node)
    for _ in range(_DEEP):
        parent = syntax.parent(inner)
        if parent is None:
            break
        if parent.type in _CALLS:
            if orm_made(module, parent) is None:
                break
            whole = inner = with_wrappers(syntax, parent)
        elif parent.type in _AROUND:
            inner = with_wrappers(syntax, parent)
            if parent.type == "await_expression":
                whole = inner
        else:
            break
    return whole


def orms_imported(module: ModuleLike) -> frozenset[str]:
    """The names of the ORMs of which a module imports something that is no type."""
    names = set()
    for declaration in module.scope.top_level.values():
        ref = module.scope.origin(declaration)
        label = orm_package(ref.module) if ref is not None and not ref.type_only else None
        if label is not None:
            names.add(label)
    return frozenset(names)
