"""What becomes of a call's result where the call stands: awaited, or as it is."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from cflint.project.code.env_uses import is_guard
from cflint.project.code.nodes import member_read, operation
from cflint.record import record
from cflint.syntax.javascript import unwrap, with_wrappers

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
    """The result of a call, when the call is awaited where it stands, also as one of those of an awaited
    `Promise.all([…])` whose results are taken apart there; the node is then the call."""
    syntax = module.syntax
    whole = with_wrappers(syntax, call)
    around = syntax.parent(whole)
    if around is not None and around.type == "array":
        return _of_all(module, whole, around)
    if around is None or around.type != "await_expression":
        return None
    return _held(module, with_wrappers(syntax, around))


def result_of(module: ModuleLike, call: Node) -> Awaited:
    """The result of a call, which is not awaited unless an `await` stands before it."""
    return awaited(module, call) or _held(module, with_wrappers(module.syntax, call))


def _of_all(module: ModuleLike, whole: Node, array: Node) -> Awaited | None:
    """The result of a promise in the array of `const [a, b] = await Promise.all([…])`."""
    syntax = module.syntax
    arguments = syntax.parent(array)
    made = syntax.parent(arguments) if arguments is not None and arguments.type == "arguments" else None
    callee = made.child_by_field_name("function") if made is not None else None
    if made is None or callee is None or module.text(callee) != "Promise.all":
        return None
    waits = syntax.parent(made)
    declarator = syntax.parent(waits) if waits is not None and waits.type == "await_expression" else None
    pattern = declarator.child_by_field_name("name") if declarator is not None else None
    if pattern is None or pattern.type != "array_pattern":
        return None
    index = 0
    for part in array.children:
        if part.type == "spread_element":
            return None
        if part.id == whole.id:
            break
        index += part.type == ","
    for part in pattern.children:
        if index == 0 and part.is_named:
            return _named(module, whole, part) if part.type in ("identifier", "object_pattern") else None
        index -= part.type == ","
    return Awaited(whole)


def _held(module: ModuleLike, whole: Node) -> Awaited:
    parent = module.syntax.parent(whole)
    name = parent.child_by_field_name("name") if parent is not None else None
    if parent is None or parent.type != "variable_declarator" or name is None:
        return Awaited(whole)
    return _named(module, whole, name)


def _named(module: ModuleLike, whole: Node, name: Node) -> Awaited:
    if name.type != "identifier":
        return Awaited(whole, pattern=name)
    declaration = module.scope.resolve(name)
    if declaration is None or module.scope.assignments(declaration):
        return Awaited(whole)
    return Awaited(whole, None, declaration, module.scope.references(declaration))


def only_awaits(module: ModuleLike, within: Node, call: Node) -> bool:
    """Whether a call is awaited where it stands, and nothing else within a node is, functions included."""
    for word in module.syntax.leaves("await", within):
        found = module.syntax.parent(word)
        if found is None or not found.start_byte <= call.start_byte < found.end_byte:
            return False
        if found.type != "await_expression" or unwrap(found.named_children[-1]).id != call.id:
            return False
    return awaited(module, call) is not None


_CLAIMS = frozenset({"non_null_expression", "as_expression", "type_assertion"})
_AROUND = _CLAIMS | {"parenthesized_expression", "await_expression"}


def unchecked_read(module: ModuleLike, call: Node, names: Collection[str] | None = None) -> Node | None:
    """Where a property of what an awaited call gives is read although that may be null: nobody asks anywhere
    whether there is anything, hands it on, or claims that there is (`!`, a cast to anything but `any`).

    The node is the name of the property, or the pattern that takes the value apart. With `names` only
    properties of these names count.
    """
    result = awaited(module, call)
    if result is None or _is_claimed(module, call):
        return None
    if result.pattern is not None:
        return result.pattern if result.pattern.type == "object_pattern" else None
    if any(_is_checked(module, reference) for reference in result.references):
        return None
    for holder in result.holders:
        read = member_read(module, holder)
        if read is not None and not read.is_optional and (names is None or read.name in names):
            return read.name_node
    return None


def _is_claimed(module: ModuleLike, node: Node) -> bool:
    """Whether `!` or a cast says that a value, or what it resolves to, is there; a cast to `any` does not."""
    parent = module.syntax.parent(node)
    while parent is not None and parent.type in _AROUND:
        if parent.type in _CLAIMS and not any(module.text(part) == "any" for part in parent.named_children):
            return True
        parent = module.syntax.parent(parent)
    return False


def _is_checked(module: ModuleLike, reference: Node) -> bool:
    if is_guard(module, reference) or _is_claimed(module, reference):
        return True
    parent = module.syntax.parent(with_wrappers(module.syntax, reference))
    if parent is None or parent.type == "arguments":
        return parent is not None
    compared = operation(module, parent)
    return compared is not None and compared.operator == "in"
