"""Whether a value that is written somewhere is what was read before, changed in between (a lost update)."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, TypeVar

from cflint.project.code.mutations import MutationKind
from cflint.project.code.values import ValueKind
from cflint.scope import Declaration
from cflint.syntax.javascript import FUNCTIONS, unwrap, walk

if TYPE_CHECKING:
    from tree_sitter import Node

    from cflint.project.code.module import Module
    from cflint.project.code.nodes import Call

T = TypeVar("T")

_STEPS = 12
"""How many names a value is followed through."""
_SET = frozenset({MutationKind.UPDATED, MutationKind.AUGMENTED})
_RESIZING = frozenset({"push", "unshift", "splice", "concat", "shift", "pop"})
_MOST_READS = 30
_KEEP = frozenset({"variable_declarator", "assignment_expression", "arguments", "pair"})


def reads_before(module: Module, write: Call, name: str, function: Node) -> Iterator[Call]:
    """The calls of a method `name` in a function that read what a call writes, the nearest before it first:
    those of the same store with the same first argument. None that is far above is looked at."""
    key, store = write.argument(0), write.receiver
    if key is None or store is None:
        return
    known = module.memoized(
        ("reads by key", name, function.id), lambda: _by_key(module, module.calls(name, function))
    )
    for read in nearest(known.get(_sketch(module, key), ()), write.node, _end):
        given = read.argument(0)
        if given is None or read.receiver is None or not module.is_same(given, key):
            continue
        if _is_same_store(module, read.receiver, store):
            yield read


def nearest(found: Sequence[T], node: Node, end: Callable[[T], int]) -> Iterator[T]:
    """Those of some things, in the order of their ends (byte offsets), that end before a node, from the last
    one on: as many as a reader would look at."""
    after = bisect_right(found, node.start_byte, key=end)
    return reversed(found[max(0, after - _MOST_READS) : after])


def _end(call: Call) -> int:
    return call.node.end_byte


def _by_key(module: Module, calls: Iterable[Call]) -> dict[Hashable, list[Call]]:
    found: dict[Hashable, list[Call]] = {}
    for call in sorted(calls, key=_end):
        key = call.argument(0)
        if key is not None:
            found.setdefault(_sketch(module, key), []).append(call)
    return found


def _sketch(module: Module, key: Node) -> Hashable:
    """What two expressions have in common that are the same."""
    key = unwrap(module.initializer(key))
    text = module.string_of(key)
    if text is not None:
        return text
    texts = tuple(module.text(part) for part in key.children if part.type == "string_fragment")
    return key.type, module.text(key) if key.type == "identifier" else texts


def _is_same_store(module: Module, one: Node, other: Node) -> bool:
    """Whether two expressions are the same binding, or the storage of the same object."""
    found, wanted = module.value_of(one), module.value_of(other)
    if found.kind is not wanted.kind:
        return False
    if found.kind is ValueKind.STORAGE:
        return True
    if found.kind is ValueKind.BINDING and found.name is not None and wanted.name is not None:
        return found.name == wanted.name
    return module.is_same(one, other)


def names_between(module: Module, read: Node, value: Node) -> list[Declaration]:
    """The names by way of which an expression, `value`, is made of what is read at another that stands before
    it; none when it is not, or when no name stands between."""
    todo: list[tuple[Node, int]] = [(value, 0)]  # and the name that it is the value of
    names: dict[int, Declaration] = {}
    holders: dict[int, set[int]] = {}
    reached: list[int] = []
    for _ in range(_STEPS):
        if not todo:
            break
        current, holder = todo.pop()
        for part in (current, *walk(current)):
            if part.type not in ("identifier", "shorthand_property_identifier"):
                continue
            declaration = module.scope.resolve(part)
            if declaration is None:
                continue
            own = declaration.node.id
            holders.setdefault(own, set()).add(holder)
            if own in names:
                continue
            names[own] = declaration
            for source in _values_of(module, declaration):
                if source.start_byte <= read.start_byte and read.end_byte <= source.end_byte:
                    reached.append(own)
                elif source.type not in FUNCTIONS:
                    todo.append((source, own))
    made: set[int] = {0}
    while reached:
        own = reached.pop()
        if own not in made:
            made.add(own)
            reached.extend(holders[own])
    return [name for own, name in names.items() if own in made]


def _values_of(module: Module, declaration: Declaration) -> Iterator[Node]:
    if declaration.value is not None:
        yield declaration.value
    for node in module.scope.assignments(declaration):
        assignment = module.assignment(node)
        if assignment is not None:
            yield assignment.value


def is_counted_or_resized(module: Module, name: Declaration, function: Node, put: Node) -> bool:
    """Whether a number in a name is counted, or a list in it grows or shrinks, in a function before `put`."""
    for use in module.scope.references(name):
        if not function.start_byte <= use.start_byte < put.end_byte:
            continue
        mutation = module.mutation_of(use)
        if mutation is not None and (mutation.kind in _SET or mutation.method in _RESIZING):
            return True
        copy = module.changed_copy(use)
        if copy is not None and _counts_or_resizes(module, copy):
            return True
    return False


def _counts_or_resizes(module: Module, copy: Node) -> bool:
    """Whether a changed copy is a number with another added, or a list with another length."""
    operation, call = module.operation(copy), module.call(copy)
    if operation is not None:
        is_number = module.number(operation.right) is not None
        return operation.operator in ("+", "-") and is_number
    if call is not None and call.name == "filter":
        holder = module.parent(module.with_wrappers(copy))
        return holder is not None and holder.type in _KEEP  # and not only counted, or gone through
    return copy.type == "array" or (call is not None and call.name in _RESIZING)
