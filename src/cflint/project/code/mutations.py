"""Where a module changes what a name holds: by `=`, `delete`, methods such as `push`, `Object.assign`."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from typing import TYPE_CHECKING

from cflint.platform.containers import COPYING, MUTATING
from cflint.project.code.origins import is_global
from cflint.project.code.values import ValueKind
from cflint.record import record
from cflint.scope import Declaration
from cflint.syntax.javascript import (
    FUNCTIONS,
    arguments_of,
    is_static,
    string_value,
    unwrap,
    walk,
    with_wrappers,
)

if TYPE_CHECKING:
    from tree_sitter import Node

    from cflint.project.code.interface import ClassLike, ModuleLike

_MEMBERS = frozenset({"member_expression", "subscript_expression"})
_ASSIGNMENTS = frozenset({"assignment_expression", "augmented_assignment_expression"})
_NAMES = frozenset({"identifier", "shorthand_property_identifier"})
_IN_PATTERNS = frozenset(
    {"array_pattern", "object_pattern", "pair_pattern", "rest_pattern", "assignment_pattern"}
    | {"object_assignment_pattern"}
)
_NUMBERS = ("Number", "parseInt", "parseFloat", "BigInt")
_HOPS = 6
_SETTERS = {
    "Object": frozenset({"assign", "defineProperty", "defineProperties", "setPrototypeOf"}),
    "Reflect": frozenset({"set", "deleteProperty", "defineProperty", "setPrototypeOf"}),
}
"""Functions that change their first argument."""

_ELSEWHERE = frozenset(
    {
        ValueKind.BINDING,
        ValueKind.STUB,
        ValueKind.STORAGE,
        ValueKind.SYNC_KV,
        ValueKind.CACHE,
        ValueKind.PROMISE,
    }
    | {ValueKind.CACHE_STORAGE, ValueKind.INSTANCE, ValueKind.CONNECTION, ValueKind.DATABASE_CLIENT}
    | {ValueKind.DURABLE_OBJECT_STATE, ValueKind.HONO_APP, ValueKind.WORKFLOW_INSTANCE}
)
"""What `set()` or `delete()` of is no change of a JavaScript object."""

Path = tuple[str | None, ...]
"""The members that lead from a name to what is meant: `("payload", "items", None)` of
`event.payload.items[i]`."""


@record(frozen=True, eq=False)
class Place:
    """What an expression names: `path` from what `root` holds on, and the whole chain of members, `whole`,
    with the casts and parentheses around it. `declaration` is the root's, None of `this` and globals."""

    root: Node
    declaration: Declaration | None
    path: Path
    whole: Node


class MutationKind(Enum):
    """How a place is changed."""

    __hash__ = object.__hash__  # that of Enum is written in Python

    ASSIGNED = "="
    REBUILT = "= of itself"
    AUGMENTED = "+="
    UPDATED = "++"
    DELETED = "delete"
    METHOD = "push()"
    MERGED = "Object.assign()"


@record(frozen=True, eq=False)
class Mutation:
    """An expression, `node`, that changes a place.

    `method` is the name of the method of a METHOD, else "". `values` are the expressions that are put there:
    the right side of an assignment, the arguments of a call.
    """

    node: Node
    place: Place
    kind: MutationKind
    method: str = ""
    values: tuple[Node, ...] = ()

    @property
    def sets_name(self) -> bool:
        """Whether the name itself gets another value: what it held before stays as it is."""
        return not self.place.path and self.kind not in _OF_CONTENT


_OF_CONTENT = frozenset({MutationKind.METHOD, MutationKind.MERGED})


def place_of(module: ModuleLike, root: Node) -> Place:
    """The longest chain of members that begins with an expression (a name, `this.state`), a method that is
    called left out: `event.payload.items` of `event.payload.items.push(x)`."""
    syntax = module.syntax
    whole, path = with_wrappers(syntax, root), list[str | None]()
    while True:
        parent = syntax.parent(whole)
        if parent is None or parent.type not in _MEMBERS:
            break
        target = parent.child_by_field_name("object")
        if target is None or target.id != whole.id:
            break
        outer = with_wrappers(syntax, parent)
        above = syntax.parent(outer)
        function = above.child_by_field_name("function") if above is not None else None
        if function is not None and function.id == outer.id:
            break  # a method of it
        path.append(_step(module, parent))
        whole = outer
    root = unwrap(root)
    declaration = module.scope.resolve(root) if root.type in _NAMES else None
    return Place(root, declaration, tuple(path), whole)


def _step(module: ModuleLike, member: Node) -> str | None:
    name = member.child_by_field_name("property")
    if name is not None:
        return module.text(name)
    index = member.child_by_field_name("index")
    if index is None:
        return None
    return module.text(index) if index.type == "number" else string_value(module.syntax, index)


def overlaps(one: Path, other: Path) -> bool:
    """Whether what is changed at one path is seen at another: one is the other, or leads to it. A computed
    step may be any."""
    pairs = zip(one, other, strict=False)
    return all(step is None or twin is None or step == twin for step, twin in pairs)


def mutation_of(module: ModuleLike, root: Node) -> Mutation | None:
    """The change of what a name (or `this.state`) holds, or of a part of it, that is made where the name
    stands; None where it is only read."""
    place = place_of(module, root)
    whole = place.whole
    parent = module.syntax.parent(whole)
    if parent is None:
        return None
    if parent.type in _ASSIGNMENTS:
        left, right = parent.child_by_field_name("left"), parent.child_by_field_name("right")
        if left is None or left.id != whole.id:
            return None
        kind = MutationKind.AUGMENTED
        if parent.type == "assignment_expression":
            rebuilt = right is not None and _is_made_of(module, right, place)
            kind = MutationKind.REBUILT if rebuilt else MutationKind.ASSIGNED
        return Mutation(parent, place, kind, values=(right,) if right is not None else ())
    match parent.type:
        case "update_expression":
            return Mutation(parent, place, MutationKind.UPDATED)
        case "unary_expression":
            operator = parent.child_by_field_name("operator")
            deletes = operator is not None and operator.type == "delete"
            return Mutation(parent, place, MutationKind.DELETED) if deletes else None
        case "member_expression" | "subscript_expression":
            return _by_method(module, place, parent)
        case "arguments":
            return _by_function(module, place, parent)
        case "for_in_statement":
            left, declares = parent.child_by_field_name("left"), parent.child_by_field_name("kind")
            is_target = left is not None and left.id == whole.id and declares is None
            return Mutation(parent, place, MutationKind.ASSIGNED) if is_target else None
        case word if word in _IN_PATTERNS:
            return _by_pattern(module, place, parent)
    return None


def mutation_at(module: ModuleLike, node: Node) -> Mutation | None:
    """The change that an expression makes (an assignment, `x++`, `delete x.a`, a call), when what it changes
    begins with a name or `this`; None of other expressions and of patterns, which may change several."""
    node = unwrap(node)
    target = node.child_by_field_name("left") or node.child_by_field_name("argument")
    if node.type == "call_expression":
        callee = node.child_by_field_name("function")
        callee = unwrap(callee) if callee is not None else None
        target = callee.child_by_field_name("object") if callee is not None else None
        if target is not None and is_global(module, target, *_SETTERS):
            target = next(iter(arguments_of(node)), None)
    while target is not None:
        target = unwrap(target)
        if target.type not in _MEMBERS:
            break
        target = target.child_by_field_name("object")
    if target is None or (target.type not in _NAMES and target.type != "this"):
        return None
    found = mutation_of(module, target)
    return found if found is not None and found.node.id == node.id else None


def mutations(module: ModuleLike, declaration: Declaration, within: Node | None = None) -> Iterator[Mutation]:
    """The changes of a declared name, and of what it holds, within a node or all of the module, in source
    order; what is changed by another name is not among them (see `aliases`)."""
    for reference in module.scope.references(declaration):
        if within is not None and not (
            within.start_byte <= reference.start_byte and reference.end_byte <= within.end_byte
        ):
            continue
        found = mutation_of(module, reference)
        if found is not None:
            yield found


def field_mutations(
    module: ModuleLike, owner: ClassLike, name: str, within: Node | None = None
) -> Iterator[Mutation]:
    """The changes of `this.name`, and of what it holds, within a node or all of a class. Paths begin at the
    field."""
    for leaf in module.syntax.leaves(name, within if within is not None else owner.body):
        member = module.syntax.parent(leaf)
        target = member.child_by_field_name("object") if member is not None else None
        if member is None or target is None or member.type != "member_expression" or target.id == leaf.id:
            continue
        this = unwrap(target)
        if this.type == "this" and module.this_class(this) is owner:
            found = mutation_of(module, member)
            if found is not None:
                yield found


def field_values(module: ModuleLike, owner: ClassLike) -> Iterator[tuple[str, Node, Node]]:
    """What the fields of a class's instances are given: the field's name, the expression or assignment that
    gives it the value, the value."""
    for part in owner.body.named_children:
        name, value = part.child_by_field_name("name"), part.child_by_field_name("value")
        is_field = part.type == "public_field_definition" and not is_static(part)
        if is_field and name is not None and value is not None:
            yield module.text(name), value, value
    for node in module.descendants(owner.body, *_ASSIGNMENTS):
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        left = unwrap(left) if left is not None else None
        target = left.child_by_field_name("object") if left is not None else None
        name = left.child_by_field_name("property") if left is not None else None
        if target is None or name is None or right is None:
            continue
        if unwrap(target).type == "this" and module.this_class(unwrap(target)) is owner:
            yield module.text(name), node, right


def aliases(module: ModuleLike, declaration: Declaration) -> Iterator[tuple[Declaration, Path]]:
    """The constants that hold the same object as a name, or a part of it, with the way there: `payload` with
    `("payload",)` of `const { payload } = event`. Itself comes first."""
    todo: list[tuple[Declaration, Path, int]] = [(declaration, (), 0)]
    seen = {declaration.node.id}
    while todo:
        current, path, hops = todo.pop(0)
        yield current, path
        for reference in module.scope.references(current) if hops < _HOPS else ():
            place = place_of(module, reference)
            holder = module.syntax.parent(place.whole)
            value = holder.child_by_field_name("value") if holder is not None else None
            if holder is None or holder.type != "variable_declarator" or value is None:
                continue
            if value.id != place.whole.id:
                continue
            for alias in declared_by(module, holder):
                steps = [str(step) for step in alias.path if isinstance(step, str | int)]
                if alias.constant and len(steps) == len(alias.path) and alias.node.id not in seen:
                    seen.add(alias.node.id)
                    todo.append((alias, (*path, *place.path, *steps), hops + 1))


def declared_by(module: ModuleLike, declarator: Node) -> Iterator[Declaration]:
    """The names that a `variable_declarator` declares: one, or those of its pattern."""
    name = declarator.child_by_field_name("name")
    if name is None:
        return
    for node in (name, *walk(name, into_functions=False)):
        if node.type in ("identifier", "shorthand_property_identifier_pattern"):
            declaration = module.scope.resolve(node)
            if declaration is not None and declaration.node.id == node.id:
                yield declaration


def changed_copy(module: ModuleLike, root: Node) -> Node | None:
    """The expression that makes a changed copy of what a name holds, or of a part of it: `[...list, x]`,
    `{ ...state, a }`, `list.concat(x)`, `count + 1`, `(count ?? 0) - 1`, `Number(count) + 1`."""
    syntax = module.syntax
    node = place_of(module, root).whole
    parent = syntax.parent(node)
    for _ in range(_HOPS):
        if parent is None:
            return None
        if parent.type == "binary_expression" and _operator(parent) in ("??", "||"):
            left = parent.child_by_field_name("left")
            if left is None or left.id != node.id:
                return None
            node = with_wrappers(syntax, parent)
        elif parent.type == "arguments" and len(parent.named_children) <= 2:
            call = syntax.parent(parent)
            callee = call.child_by_field_name("function") if call is not None else None
            if call is None or not is_global(module, callee, *_NUMBERS):
                return None
            node = with_wrappers(syntax, call)
        else:
            break
        parent = syntax.parent(node)
    if parent is None:
        return None
    match parent.type:
        case "binary_expression":
            return parent if _operator(parent) in ("+", "-", "*", "/") else None
        case "spread_element":
            whole = syntax.parent(parent)
            is_literal = whole is not None and whole.type in ("array", "object")
            several = whole is not None and sum(part.type != "comment" for part in whole.named_children) > 1
            return whole if is_literal and several else None
        case "member_expression":
            name, call = parent.child_by_field_name("property"), syntax.parent(with_wrappers(syntax, parent))
            if name is None or call is None or call.type != "call_expression":
                return None
            function = call.child_by_field_name("function")
            is_callee = function is not None and unwrap(function).id == parent.id
            return call if is_callee and module.text(name) in COPYING else None
    return None


def _is_made_of(module: ModuleLike, right: Node, place: Place) -> bool:
    """Whether an expression is a copy of what stands at a place, changed or not."""
    for node in (right, *walk(right, into_functions=False)):
        if node.type in FUNCTIONS or not _is_root(module, node, place):
            continue
        other = place_of(module, node)
        if other.path != place.path:
            continue
        copy = changed_copy(module, node)
        parent = module.syntax.parent(other.whole)
        if copy is not None or (parent is not None and parent.type == "spread_element"):
            return True
    return False


def _is_root(module: ModuleLike, node: Node, place: Place) -> bool:
    if place.root.type == "this":
        return node.type == "this"
    if node.type not in _NAMES or place.root.type not in _NAMES:
        return False
    return module.scope.resolve(node) is place.declaration and module.text(node) == module.text(place.root)


def _operator(node: Node) -> str:
    operator = node.child_by_field_name("operator")
    return operator.type if operator is not None else ""


def _by_method(module: ModuleLike, place: Place, member: Node) -> Mutation | None:
    call = module.syntax.parent(with_wrappers(module.syntax, member))
    target = member.child_by_field_name("object")
    function = call.child_by_field_name("function") if call is not None else None
    if call is None or call.type != "call_expression" or target is None or target.id != place.whole.id:
        return None
    method = _step(module, member)
    if function is None or unwrap(function).id != member.id or method not in MUTATING:
        return None
    if module.value_of(place.whole).kind in _ELSEWHERE:
        return None
    return Mutation(call, place, MutationKind.METHOD, method, arguments_of(call))


def _by_function(module: ModuleLike, place: Place, listed: Node) -> Mutation | None:
    call = module.syntax.parent(listed)
    given = arguments_of(call) if call is not None else ()
    if call is None or not given or given[0].id != place.whole.id:
        return None
    callee = call.child_by_field_name("function")
    callee = unwrap(callee) if callee is not None else None
    if callee is None or callee.type != "member_expression":
        return None
    owner, name = callee.child_by_field_name("object"), callee.child_by_field_name("property")
    word = module.text(name) if name is not None else ""
    if not any(word in names and is_global(module, owner, known) for known, names in _SETTERS.items()):
        return None
    return Mutation(call, place, MutationKind.MERGED, word, given[1:])


def _by_pattern(module: ModuleLike, place: Place, pattern: Node) -> Mutation | None:
    child = place.whole
    above: Node | None = pattern
    while above is not None and above.type in _IN_PATTERNS:
        is_default = above.child_by_field_name("right")
        if is_default is not None and is_default.id == child.id:
            return None
        child, above = above, module.syntax.parent(above)
    if above is None or above.type not in ("assignment_expression", "for_in_statement"):
        return None
    left = above.child_by_field_name("left")
    if left is None or unwrap(left).id != child.id or above.child_by_field_name("kind") is not None:
        return None
    return Mutation(above, place, MutationKind.ASSIGNED)
