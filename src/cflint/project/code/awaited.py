"""What becomes of a call's result where the call stands: awaited, or as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cflint.record import record
from cflint.syntax.javascript import with_wrappers

if TYPE_CHECKING:
    from tree_sitter import Node

    from cflint.project.code.interface import ModuleLike
    from cflint.scope import Declaration


@record(frozen=True, eq=False)
class Awaited:
    """The result of a call: `node` is the call, or the `await` of it, with the parentheses and casts around
    it. `pattern` takes the result apart (`const { keys } = await …`), `declaration` is the variable
    that holds it and nothing else, and `references` are the places of its name."""

    node: Node
    pattern: Node | None = None
    declaration: Declaration | None = None
    references: tuple[Node, ...] = ()

    @property
    def holders(self) -> tuple[Node, ...]:
        """The expressions that are the result: the `await`, and the references of the variable."""
        return (self.node, *self.references)


def awaited(module: ModuleLike, call: Node) -> Awaited | None:
    """The result of a call, when the call is awaited where it stands."""
    syntax = module.syntax
    await_node = syntax.parent(with_wrappers(syntax, call))
    if await_node is None or await_node.type != "await_expression":
        return None
    return _held(module, with_wrappers(syntax, await_node))


def result_of(module: ModuleLike, call: Node) -> Awaited:
    """The result of a call, which is not awaited unless an `await` stands before it."""
    return awaited(module, call) or _held(module, with_wrappers(module.syntax, call))


def _held(module: ModuleLike, whole: Node) -> Awaited:
    parent = module.syntax.parent(whole)
    name = parent.child_by_field_name("name") if parent is not None else None
    if parent is None or parent.type != "variable_declarator" or name is None:
        return Awaited(whole)
    if name.type != "identifier":
        return Awaited(whole, pattern=name)
    declaration = module.scope.resolve(name)
    if declaration is None or module.scope.assignments(declaration):
        return Awaited(whole)
    return Awaited(whole, None, declaration, module.scope.references(declaration))
