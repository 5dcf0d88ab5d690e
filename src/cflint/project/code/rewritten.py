"""Whether a value that is written somewhere is what was read before, changed in between (a lost update)."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, TypeVar

from cflint.project.code.calls import calls_in_module
from cflint.project.code.mutations import MutationKind
from cflint.project.code.values import ValueKind
from cflint.record import record
from cflint.scope import Declaration, DeclarationKind
from cflint.syntax.javascript import FUNCTIONS, unwrap, walk

if TYPE_CHECKING:
    from tree_sitter import Node

    from cflint.project.code.module import Module
    from cflint.project.code.nodes import Call

T = TypeVar("T")

_STEPS = 12
"""How many names a value is followed through."""
_SET = frozenset({MutationKind.UPDATED, MutationKind.AUGMENTED})
_ENTRY = frozenset({MutationKind.ASSIGNED, MutationKind.DELETED})
_RESIZING = frozenset({"push", "unshift", "splice", "concat", "shift", "pop"})
_MOST_READS = 30
_KEEP = frozenset({"variable_declarator", "assignment_expression", "arguments", "pair"})


@record(frozen=True, eq=False)
class Write:
    """Where something is written to a store under a key: `call` is the call of the store's method, `node` it
    or the call of the function of the module around that it is in, `arguments` what is given there for those
    of the method, as far as they are parameters of that function. `spelled` is the key at a call of a
    function that makes it of what it is given: `user:${id}` of `save(id, user)`."""

    call: Call
    node: Node
    arguments: tuple[Node, ...]
    spelled: str | None = None


def writes_by(module: Module, made: Call) -> Iterator[Write]:
    """A call that writes (`kv.put(key, value)`), and, where its key or its value is a parameter of the
    function around, and the key is made of parameters and constants, the calls of that function in the
    module: `save(kv, "a", list)` of `function save(kv, key, value)`."""
    yield Write(made, made.node, tuple(made.arguments))
    function = _function_around(module, made.node)
    key = made.argument(0)
    if key is None or function.id == made.node.id:
        return
    names = [parameter.name for parameter in module.parameters(function)]
    is_handed = _parameter_of(module, key, names) is not None
    if not is_handed and not _is_made_of_given(module, function, made, names):
        return
    for node in calls_in_module(module, function):
        call = module.call(node)
        if call is None:
            continue
        given = []
        for argument in made.arguments:
            index = _parameter_of(module, argument, names)
            passed = call.argument(index) if index is not None else None
            if passed is None and argument is made.arguments[0] and is_handed:
                break
            given.append(passed if passed is not None else argument)
        if given:
            yield Write(
                made, node, tuple(given), None if is_handed else _spelled_at(module, key, call, names)
            )


def _is_made_of_given(module: Module, function: Node, made: Call, names: Sequence[str | None]) -> bool:
    """Whether a function is given what it writes, and its key is made of its parameters and constants."""
    if made.argument(1) is None or _parameter_of(module, made.arguments[1], names) is None:
        return False
    key = module.initializer(made.arguments[0])
    for part in (key, *walk(key)):
        declaration = module.scope.resolve(part) if part.type == "identifier" else None
        if declaration is None:
            continue
        is_given = declaration.scope.id == function.id and declaration.kind is DeclarationKind.PARAMETER
        if not is_given and declaration.scope.type != "program":
            return False
    return True


def _spelled_at(module: Module, key: Node, call: Call, names: Sequence[str | None]) -> str:
    """A key as a call makes it of what it gives the parameters of a function."""
    given = {
        name: _spelled(module, module.initializer(argument), {})
        for name, argument in zip(names, call.arguments, strict=False)
        if name is not None
    }
    return _spelled(module, module.initializer(key), given)


def _parameter_of(module: Module, argument: Node, names: Sequence[str | None]) -> int | None:
    """Which of a function's parameters, by name, an expression is, or makes a text of."""
    node = unwrap(argument)
    call = module.call(node)
    if call is not None and call.name == "stringify" and call.arguments:
        node = unwrap(call.arguments[0])
    text = module.text(node) if node.type == "identifier" else None
    return names.index(text) if text is not None and text in names else None


def reads_before(module: Module, write: Call, name: str, function: Node) -> Iterator[Call]:
    """The calls of a method `name` in a function that read what a call writes, the nearest before it first:
    those of the same store with the same first argument, then those of a function of the module that reads
    so. None that is far above is looked at."""
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
    yield from _reads_by_functions(module, write, name, function)


def reads_before_write(module: Module, write: Write, name: str, function: Node) -> Iterator[Call]:
    """The calls of a method `name`, or of functions of the module that read by it, before a write."""
    if write.node.id == write.call.node.id:
        yield from reads_before(module, write.call, name, function)
        return
    key, store = write.arguments[0], write.call.receiver
    known = module.memoized(
        ("reads by key", name, function.id), lambda: _by_key(module, module.calls(name, function))
    )
    for read in nearest(known.get(_sketch(module, key), ()), write.node, _end):
        given = read.argument(0)
        if given is None or store is None or read.receiver is None:
            continue
        if write.spelled is None:
            is_same = module.is_same(given, key)
        else:
            is_same = _spelled(module, module.initializer(given), {}) == write.spelled
        if is_same and _is_like_store(module, read.receiver, store):
            yield read
    if store is not None:
        yield from _given_before(module, key, store, write.node, name, function, write.spelled)


def _reads_by_functions(module: Module, write: Call, name: str, function: Node) -> Iterator[Call]:
    key, store = write.argument(0), write.receiver
    if key is not None and store is not None:
        yield from _given_before(module, key, store, write.node, name, function)


def _given_before(
    module: Module, key: Node, store: Node, at: Node, name: str, function: Node, spelled: str | None = None
) -> Iterator[Call]:
    """The calls of functions of the module, before a place, that give what a store has under a key:
    `load("a")` of a function that returns what `kv.get(key)` gives, parsed or not."""
    kind = module.value_of(store)
    if kind.kind is not ValueKind.STORAGE and not kind.is_binding("kv"):
        return
    wanted = spelled if spelled is not None else _spelled(module, module.initializer(key), {})
    known = module.memoized(
        ("calls of readers", name, function.id), lambda: tuple(_calls_of_readers(module, name, function))
    )
    for made, read in nearest(known, at, lambda found: _end(found[0])):
        if read.receiver is None or not _is_like_store(module, read.receiver, store):
            continue
        parameters = module.parameters(_function_around(module, read.node))
        asked = read.argument(0)
        names = [parameter.name for parameter in parameters]
        if asked is not None and _spelled_at(module, asked, made, names) == wanted:
            yield made


def _is_like_store(module: Module, one: Node, other: Node) -> bool:
    """Whether two expressions may be the same store: of one kind, and not of two names."""
    found, wanted = module.value_of(one), module.value_of(other)
    if found.kind is not wanted.kind or found.binding != wanted.binding:
        return False
    return found.name is None or wanted.name is None or found.name == wanted.name


def _calls_of_readers(module: Module, name: str, function: Node) -> Iterator[tuple[Call, Call]]:
    """The calls in a function of others of the module that read by a method and give what they read, each
    with that read, in the order of their ends."""
    if not any(True for _ in module.calls(name)):
        return
    found = []
    for node in module.descendants(function, "call_expression"):
        called = module.called_function(node)
        if called is None or called.id == function.id:
            continue
        read = _read_given(module, name, called)
        made = module.call(node)
        if read is not None and made is not None:
            found.append((made, read))
    yield from sorted(found, key=lambda pair: _end(pair[0]))


def _read_given(module: Module, name: str, called: Node) -> Call | None:
    return module.memoized(("read that is given", name, called.id), lambda: _given(module, name, called))


def _given(module: Module, name: str, called: Node) -> Call | None:
    """The only read of a function, where the function gives what it reads."""
    reads = [
        read
        for read in module.calls(name, called)
        if read.receiver is not None
        and ((value := module.value_of(read.receiver)).kind is ValueKind.STORAGE or value.is_binding("kv"))
    ]
    if len(reads) != 1 or _function_around(module, reads[0].node).id != called.id:
        return None
    for node in module.descendants(called, "return_statement"):
        result = node.named_children[0] if node.named_children else None
        if result is not None and _is_made_of(module, reads[0].node, result):
            return reads[0]
    body = called.child_by_field_name("body")
    is_given = (
        body is not None and body.type != "statement_block" and _is_made_of(module, reads[0].node, body)
    )
    return reads[0] if is_given else None


def _is_made_of(module: Module, read: Node, value: Node) -> bool:
    inside = value.start_byte <= read.start_byte and read.end_byte <= value.end_byte
    return inside or bool(names_between(module, read, value))


def _function_around(module: Module, node: Node) -> Node:
    return next((above for above in module.ancestors(node) if above.type in FUNCTIONS), node)


def _spelled(module: Module, node: Node, given: Mapping[str, str]) -> str:
    """An expression without white space, and with what some names are given in their place."""
    node = unwrap(node)
    text = module.string_of(node)
    if text is not None:
        return f'"{text}"'
    if node.child_count == 0 or node.type == "string":
        said = module.text(node)
        return given.get(said, said) if node.type == "identifier" else said
    return "".join(_spelled(module, part, given) for part in node.children)


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
    """Whether a number in a name is counted, or a list in it grows or shrinks, or what has entries gets or
    loses one (`all[key] = value`), in a function before `put`."""
    for use in module.scope.references(name):
        if not function.start_byte <= use.start_byte < put.end_byte:
            continue
        mutation = module.mutation_of(use)
        if mutation is not None and (mutation.kind in _SET or mutation.method in _RESIZING):
            return True
        if mutation is not None and mutation.kind in _ENTRY and mutation.place.path[-1:] == (None,):
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
