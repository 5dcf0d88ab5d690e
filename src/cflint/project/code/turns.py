"""Where a call is made once for each item of a list: in a loop, in a callback of `map()`, or by a helper."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.project.code.calls import CallSite, callers_of
from cflint.project.code.tracing import function_called
from cflint.project.code.values import ValueKind
from cflint.record import record
from cflint.scope import DeclarationKind
from cflint.syntax.javascript import body_of, contains, first_named, unwrap, walk

if TYPE_CHECKING:
    from tree_sitter import Node

    from cflint.project.code.module import Module
    from cflint.scope import Declaration

_LEAVES = ("break_statement", "return_statement", "throw_statement")
_PER_ITEM = frozenset({"map", "forEach", "flatMap"})
_TAKES_SOME = frozenset({"slice", "splice", "chunk"})
_WRITTEN_OUT = frozenset({"array", "object"})
_IN_A_ROW = 3
"""From how many items on a list that is written out is worth one call."""
_KEPT = frozenset({"identifier", "array"})
_MOST_HOPS = 3
"""Through how many functions a list is followed to where it is written out; two may call each other."""
_OF_OBJECT = frozenset({"entries", "keys", "values"})


@record(frozen=True, eq=False)
class Turn:
    """What runs for each item of a list: `body` is that of a `for … of` loop, or of the function that a call
    of `method` (`map`, `forEach`, `flatMap`; "" of a loop) takes. `items` is the list; None where `method` is
    called on nothing. `head` is what names the loop: `for`, or `list.map`. `is_async`: it waits for the items
    (`for await`)."""

    module: Module
    body: Node
    items: Node | None
    head: Node
    method: str = ""
    is_async: bool = False

    @property
    def may_be_last(self) -> bool:
        """Whether a loop can be left before its end; what calls a function for each item goes on."""
        if self.method:
            return False

        def find() -> bool:
            function = self.module.enclosing_function(self.body)
            leaves = self.module.descendants(self.body, *_LEAVES)
            return any(self.module.enclosing_function(leave) == function for leave in leaves)

        return self.module.memoized(("loop that is left", self.body.id), find)

    def changes(self, node: Node) -> bool:
        """Whether what an expression in it is made of is another thing each turn."""
        module = self.module
        near = module.loop_around(node) or module.enclosing_function(node)
        for name in (node, *walk(node)):
            declaration = module.scope.resolve(name) if name.type == "identifier" else None
            if declaration is None:
                continue
            if contains(self.body, declaration.node):
                return True
            of_loop = (
                declaration.owner.type == "for_in_statement" or declaration.kind is DeclarationKind.PARAMETER
            )
            if of_loop and near is not None and contains(near, declaration.node):
                return True
        return False


def turn_around(module: Module, node: Node) -> Turn | None:
    """The turn of the innermost loop around a node in its function, or else of the function as a callback;
    None where that loop is no `for … of`."""
    loop = module.loop_around(node)
    if loop is not None:
        words = {child.type for child in loop.children}
        body, items = loop.child_by_field_name("body"), loop.child_by_field_name("right")
        if body is None or items is None or "of" not in words:
            return None
        return Turn(module, body, items, loop.children[0], is_async="await" in words)
    function = module.enclosing_function(node)
    taken = module.callback_of(function) if function is not None else None
    body = body_of(function) if function is not None else None
    if taken is None or body is None or taken.name not in _PER_ITEM:
        return None
    return Turn(module, body, taken.receiver, taken.callee or taken.node, taken.name)


def repetition_of(module: Module, call: Node) -> Turn | None:
    """The turn that makes a call again for each item of a list, and waits for nothing else meanwhile: one
    call could make all of them.

    None where a turn awaits another thing, may be the last by choice, or handles each one's error; where the
    list is one or two items that are written out, and where it is the messages of a queue, each of which is
    acknowledged by itself.
    """
    turn = turn_around(module, call)
    if turn is None or turn.items is None or module.try_around(call, turn.body) is not None:
        return None
    return None if _is_short(module, turn.items) or not _only_makes(module, turn.body, call) else turn


def _is_short(module: Module, items: Node) -> bool:
    """Whether a list is a short array literal, or messages of a queue."""
    if module.value_of(items).kind is ValueKind.MESSAGES:
        return True
    found = module.initializer(items)
    parts = [part for part in found.named_children if part.type != "comment"]
    return (
        found.type == "array"
        and len(parts) < _IN_A_ROW
        and all(part.type != "spread_element" for part in parts)
        and not _is_filled(module, items)
    )


def _is_filled(module: Module, items: Node) -> bool:
    """Whether a loop or a spread list puts more into a list than it is written with."""
    name = unwrap(items)
    declaration = module.scope.resolve(name) if name.type == "identifier" else None
    if declaration is None:
        return False
    for change in module.mutations(declaration):
        if change.sets_name or any(_is_part(module, value) for value in change.values):
            continue
        if any(value.type == "spread_element" for value in change.values):
            return True
        if _is_repeated(module, change.node, declaration.node):
            return True
    return False


def _is_part(module: Module, value: Node) -> bool:
    """Whether what is put into a list is a chunk: a part of another list, or a list that is filled itself."""
    node = unwrap(value)
    declaration = module.scope.resolve(node) if node.type == "identifier" else None
    made = declaration.value if declaration is not None and declaration.value is not None else node
    parts = unwrap(made).named_children
    if unwrap(made).type == "array" and all(part.type == "spread_element" for part in parts):
        return True
    return any(next(module.calls_of(name, made), None) is not None for name in _TAKES_SOME)


def _is_repeated(module: Module, node: Node, declared: Node) -> bool:
    """Whether a node runs more often than a name is declared: in a loop, or a callback for each of a list."""
    loop = module.loop_around(node)
    if loop is not None and not contains(loop, declared):
        return True
    function = module.enclosing_function(node)
    taken = module.callback_of(function) if function is not None else None
    return taken is not None and taken.name in _PER_ITEM and not contains(taken.node, declared)


def _only_makes(module: Module, body: Node, call: Node) -> bool:
    """Whether a turn awaits nothing but the one call, and is never the last by choice."""
    return not any(True for _ in module.descendants(body, "break_statement")) and awaits_only(
        module, body, call
    )


def awaits_only(module: Module, within: Node, call: Node) -> bool:
    """Whether nothing but a call is awaited within a node; the call need not be, where its promise is handed
    on."""
    for word in module.leaves("await", within):
        awaited = module.parent(word)
        inner = unwrap(awaited.named_children[0]) if awaited is not None and awaited.named_children else None
        if inner is None or inner.id != call.id:
            return False
    return True


def turns_of(module: Module, node: Node) -> Iterator[CallSite]:
    """The places that a call is made from, each turn of a loop over a list of unknown length anew: the call
    itself, or else the calls of the function around it, where that is no handler."""
    if _repeats(module, node):
        yield CallSite(module, node)
        return
    function = module.enclosing_function(node)
    if function is None or not list(module.parameters(function)):
        return
    for found in callers_of(module, function).calls:
        if _repeats(found.module, found.node):
            yield found


def gets_one_message(module: Module) -> bool:
    """Whether every consumer of the Workers that hold a module gets one message at a time."""
    sizes = [
        consumer.node.get("max_batch_size")
        for environment in module.environments
        for consumer in environment.queue_consumers
    ]
    return bool(sizes) and all(size is not None and size.number == 1 for size in sizes)


def _repeats(module: Module, node: Node) -> bool:
    """Whether a call is made for each item of a list of unknown length, with what belongs to the item, by a
    loop that goes on to its end."""
    turn = turn_around(module, node)
    if turn is None or turn.items is None or turn.is_async or turn.may_be_last:
        return False
    return _is_open(module, turn.items) and turn.changes(node)


def _is_open(module: Module, items: Node, hops: int = _MOST_HOPS) -> bool:
    """Whether nobody knows how many items there are: no list that is written out, and no part of one, nor
    what some functions hand on of such a list."""
    made = module.initializer(unwrap(items))
    if made.type in _WRITTEN_OUT:
        return _is_filled(module, items)
    if module.string_of(made) is not None:
        return False
    if module.value_of(items).kind is ValueKind.MESSAGES and gets_one_message(module):
        return False
    call = module.call(made)
    if call is not None:
        if call.name in _TAKES_SOME:
            return False
        if call.name in _OF_OBJECT and call.arguments:
            return _is_open(module, call.arguments[0], hops)
        if call.receiver is not None and call.name in ("filter", "map", "sort", "toSorted", "reverse"):
            return _is_open(module, call.receiver, hops)
        return hops == 0 or not _gives_written_list(module, made, hops - 1)
    if made.type == "identifier":
        declaration = module.scope.resolve(made)
        if declaration is not None and declaration.scope.type == "program":
            return False  # of the module, or imported: as long as somebody wrote it
        if declaration is not None and _is_cut_before(module, declaration, items):
            return False
    return True


def _is_cut_before(module: Module, declaration: Declaration, items: Node) -> bool:
    """Whether a variable is given a part of a list before a loop, in a block around it: `all = all.slice(0,
    8)`."""
    for assigned in module.scope.assignments(declaration):
        value, statement = assigned.child_by_field_name("right"), module.statement_of(assigned)
        call = module.call(unwrap(value)) if value is not None else None
        block = module.parent(statement) if statement is not None else None
        is_before = block is not None and contains(block, items) and assigned.start_byte < items.start_byte
        if is_before and call is not None and call.name in _TAKES_SOME:
            return True
    return False


def _gives_written_list(module: Module, call: Node, hops: int) -> bool:
    """Whether a function of the project that is called gives nothing but lists that are written out."""
    found = function_called(module, call)
    if found is None:
        return False
    other, function = found
    returned = [first_named(statement) for statement in other.returns_of(function)]
    body = body_of(function)
    if body is not None and body.type != "statement_block":
        returned.append(body)
    return bool(returned) and all(
        value is not None and value.type in _KEPT and not _is_open(other, value, hops) for value in returned
    )
