"""What code reads of an object that another Worker made: which properties, where, and for which objects.

The object is followed from the expressions that give it through constants, patterns, and functions that
nobody else calls. A read says what has been asked of the object before it: `switch (job.type)` has only those
of one type come to a branch.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from cflint.platform.classes import ClassKind
from cflint.project.code.calls import callers_of, modules_naming
from cflint.project.code.env_uses import is_guard
from cflint.project.code.flow import completes
from cflint.project.code.module import Module
from cflint.project.code.mutations import aliases, declared_by, mutation_of, place_of
from cflint.project.code.tracing import function_called
from cflint.project.code.values import ValueKind
from cflint.record import record
from cflint.scope import Declaration
from cflint.syntax.javascript import unwrap

if TYPE_CHECKING:
    from tree_sitter import Node

    from cflint.project.code.payloads import Sent
    from cflint.project.workers.model import Project
    from cflint.project.workers.worker import Worker

_MOST_HOPS = 3
"""Through how many functions an object is followed."""

Tests = Mapping[str, frozenset[str]]
"""What a property has to be, by its name: one of some strings."""


@record(frozen=True, eq=False)
class Read:
    """A property that is read of an object.

    `tests` are what other properties are where it is read; None where something was asked that is not
    understood. `is_asked`: the code does not rely on it (`job.note ?? ""`, `if (job.note)`, a default).
    """

    module: Module
    node: Node
    name: str
    tests: Tests | None
    is_asked: bool


@record(frozen=True, eq=False)
class _View:
    """An object as a module has it: `roots` are expressions that give it, by id, `names` what holds it or a
    part of it, by the start of the declared name, with the way there; `tests` is what was asked before."""

    module: Module
    roots: Mapping[int, Node]
    names: Mapping[int, tuple[Declaration, tuple[str | None, ...]]]
    tests: Tests | None
    hops: int


def message_bodies(project: Project, paths: Iterable[str]) -> Iterator[tuple[Module, list[Node]]]:
    """The expressions, and the names in patterns, that give the body of a queue's message, by module."""
    for module in modules_naming(project, paths, "body"):
        found = [node for leaf in module.leaves("body", module.root) if (node := _body_at(module, leaf))]
        if found:
            yield module, found


def _body_at(module: Module, leaf: Node) -> Node | None:
    parent = module.parent(leaf)
    if parent is not None and parent.type == "member_expression":
        target = parent.child_by_field_name("object")
        is_message = module.value_of(target).kind is ValueKind.MESSAGE if target is not None else False
        return parent if is_message else None
    if leaf.type != "shorthand_property_identifier_pattern":
        return None
    declaration = module.scope.resolve(leaf)
    if declaration is None or declaration.node.id != leaf.id or declaration.path[-1:] != ("body",):
        return None
    value = module.value_of(declaration.value)
    each = value.kind is ValueKind.MESSAGES and len(declaration.path) == 2
    return leaf if each or (value.kind is ValueKind.MESSAGE and len(declaration.path) == 1) else None


def reads_of(module: Module, given: Iterable[Node]) -> Iterator[Read]:
    """The properties that are read of an object, which some expressions and declared names give."""
    yield from _reads(_view(module, given, {}, 0))


def payload_reads(module: Module, event: Declaration) -> Iterator[Read]:
    """The properties that are read of the payload of a Workflow's event; `event` is the parameter of `run()`,
    or a name that a pattern in its place takes out of the event."""
    roots: list[Node] = []
    for name, path in aliases(module, event):
        whole = (*event.path, *path)
        if whole[:1] == ("payload",):
            if len(whole) == 1:
                roots.append(name.node)
            continue
        for use in module.scope.references(name) if not whole else ():
            member = module.parent(module.with_wrappers(use))
            if member is not None and place_of(module, use).path[:1] == ("payload",):
                roots.append(member)
    yield from _reads(_view(module, roots, {}, 0))


def _view(module: Module, given: Iterable[Node], tests: Tests | None, hops: int) -> _View:
    roots: dict[int, Node] = {}
    names: dict[int, tuple[Declaration, tuple[str | None, ...]]] = {}
    for node in given:
        declaration = module.scope.resolve(node) if node.type in _NAMES else None
        if declaration is not None and declaration.node.id == node.id:
            for name, path in aliases(module, declaration):
                names[name.node.start_byte] = (name, path)
            continue
        roots[node.id] = node
        place = place_of(module, node)
        holder = module.parent(place.whole)
        value = holder.child_by_field_name("value") if holder is not None else None
        if holder is None or holder.type != "variable_declarator" or value is None:
            continue
        for declared in declared_by(module, holder) if value.id == place.whole.id else ():
            steps = tuple(step if isinstance(step, str) else None for step in declared.path)
            for name, path in aliases(module, declared) if declared.constant else ():
                names[name.node.start_byte] = (name, (*place.path, *steps, *path))
    return _View(module, roots, names, tests, hops)


_NAMES = frozenset({"identifier", "shorthand_property_identifier_pattern"})


def _reads(view: _View) -> Iterator[Read]:
    module = view.module
    for name, path in view.names.values():
        if name.path and path and path[0] is not None and len(path) == 1:
            asked = name.default is not None or _is_asked_by_name(module, name)
            yield Read(module, name.node, path[0], _tests(view, name.node), asked)
        for use in module.scope.references(name) if not path else ():
            yield from _read_at(view, use)
    for root in view.roots.values():
        yield from _read_at(view, root)


def _read_at(view: _View, root: Node) -> Iterator[Read]:
    """What is read where the object itself stands: a property of it, or those that a function reads that
    it is given to."""
    module = view.module
    whole = module.with_wrappers(root)
    member = module.parent(whole)
    if member is None:
        return
    if member.type == "arguments":
        yield from _handed_on(view, whole, member)
        return
    access = module.member(member)
    target = member.child_by_field_name("object")
    if access is None or target is None or target.id != whole.id or not access.name:
        return
    if module.call_of(member) is not None or mutation_of(module, root) is not None:
        return  # a method, or a property that is set here
    asked = access.is_optional or is_guard(module, member) or _is_asked_as_variable(module, member)
    yield Read(module, member, access.name, _tests(view, member), asked)


def _handed_on(view: _View, given: Node, listed: Node) -> Iterator[Read]:
    module = view.module
    call = module.parent(listed)
    if call is None or call.type != "call_expression" or view.hops == _MOST_HOPS:
        return
    target = function_called(module, call)
    if target is None:
        return
    other, function = target
    index = next((at for at, part in enumerate(listed.named_children) if part.id == given.id), None)
    parameters = other.parameters(function)
    if index is None or index >= len(parameters) or any(one.is_rest for one in parameters[: index + 1]):
        return
    callers = callers_of(other, function)
    if len(callers.calls) != 1 or not (callers.complete or _is_of_workflow(other, function)):
        return  # others give it other objects
    owner = parameters[index].node
    declared = [one for one in other.scope.declared_in(function).values() if one.owner.id == owner.id]
    tests = _tests(view, call)
    whole = [one.node for one in declared if not one.path]
    below = _view(other, whole, tests, view.hops + 1)
    yield from _reads(below)
    for one in declared:
        if len(one.path) == 1 and isinstance(one.path[0], str):
            asked = one.default is not None or _is_asked_by_name(other, one)
            yield Read(other, one.node, one.path[0], tests, asked)


def _is_of_workflow(module: Module, function: Node) -> bool:
    """Whether a function is a method of a Workflow, whose methods nobody but itself can call."""
    owner = module.enclosing_class(function) if function.type == "method_definition" else None
    return owner is not None and owner.kind is ClassKind.WORKFLOW


def _is_asked_by_name(module: Module, name: Declaration) -> bool:
    return any(is_guard(module, use) for use in module.scope.references(name))


def _is_asked_as_variable(module: Module, member: Node) -> bool:
    """Whether what is read is kept by a name, and the code asks whether that is there."""
    holder = module.parent(module.with_wrappers(member))
    name = holder.child_by_field_name("name") if holder is not None else None
    if holder is None or holder.type != "variable_declarator" or name is None or name.type != "identifier":
        return False
    declaration = module.scope.resolve(name)
    return declaration is not None and _is_asked_by_name(module, declaration)


# -- what was asked of the object before -----------------------------------------------------------------


def _tests(view: _View, node: Node) -> Tests | None:
    """What properties are at a place; None where the object was asked something that is not understood."""
    if view.tests is None:
        return None
    known: dict[str, frozenset[str]] = dict(view.tests)
    child = node
    for parent in view.module.ancestors(node):
        found = _asked_by(view, parent, child)
        if found is None:
            return None
        for key, texts in found.items():
            known[key] = known[key] & texts if key in known else texts
        child = parent
    return known


def _asked_by(view: _View, parent: Node, child: Node) -> Tests | None:
    """What holds in a child because of the node around it."""
    match parent.type:
        case "if_statement" | "ternary_expression":
            condition = parent.child_by_field_name("condition")
            if condition is None or condition.id == child.id or not _mentions(view, condition):
                return {}
            taken = parent.child_by_field_name("consequence")
            return _holds(view, condition, taken is not None and taken.id == child.id)
        case "while_statement" | "do_statement" | "for_statement":
            condition = parent.child_by_field_name("condition")
            return {} if condition is None or not _mentions(view, condition) else None
        case "binary_expression":
            left = parent.child_by_field_name("left")
            operator = view.module.operation(parent)
            if left is None or left.id == child.id or operator is None or not _mentions(view, left):
                return {}
            if operator.operator in ("&&", "||"):
                return _holds(view, left, operator.operator == "&&")
            return None if operator.operator == "??" else {}
        case "switch_case" | "switch_default":
            return _case(view, parent, child)
        case "statement_block" | "program":
            return _left_before(view, parent, child)
    return {}


def _case(view: _View, case: Node, child: Node) -> Tests | None:
    around = view.module.parent(case)
    switch = view.module.parent(around) if around is not None else None
    value = switch.child_by_field_name("value") if switch is not None else None
    if around is None or value is None or not _mentions(view, value):
        return {}
    own = case.child_by_field_name("value")
    if own is not None and own.id == child.id:
        return {}
    key = _key(view, value)
    if key is None or case.type == "switch_default":
        return None
    texts: set[str] = set()
    above: Node | None = case
    while above is not None and above.type == "switch_case":
        label = above.child_by_field_name("value")
        text = view.module.string_of(label) if label is not None else None
        if text is None:
            return None
        texts.add(text)
        above = above.prev_named_sibling
        while above is not None and above.type == "comment":
            above = above.prev_named_sibling
        if above is None or above.type != "switch_case":
            break
        body = above.children_by_field_name("body")
        if body and not any(not completes(view.module, part) for part in body):
            continue  # control falls through from there
        if body:
            break
    return {key: frozenset(texts)}


def _left_before(view: _View, block: Node, child: Node) -> Tests | None:
    """What holds behind the statements of a block that leave it under a condition."""
    known: dict[str, frozenset[str]] = {}
    for statement in block.named_children:
        if statement.end_byte > child.start_byte:
            break
        condition = statement.child_by_field_name("condition") if statement.type == "if_statement" else None
        taken = statement.child_by_field_name("consequence")
        if condition is None or taken is None or not _mentions(view, condition):
            continue
        if not completes(view.module, taken):
            found = _holds(view, condition, is_true=False)
            if found is None:
                return None
            known.update(found)
    return known


def _holds(view: _View, condition: Node, is_true: bool) -> Tests | None:
    """What is known of the object when a condition that speaks of it holds, or does not."""
    operation = view.module.operation(condition)
    if operation is None or operation.left is None:
        return None
    word = operation.operator
    if word in ("&&", "||"):
        parts = [_holds(view, part, is_true) if _mentions(view, part) else {} for part in operation.operands]
        if (word == "&&") is is_true:
            known: dict[str, frozenset[str]] = {}
            for part in parts:
                if part is None:
                    return None
                known.update(part)
            return known
        known_parts = [part for part in parts if part]
        keys = {key for part in known_parts for key in part}
        if len(known_parts) < len(parts) or len(keys) != 1:
            return None
        return {key: frozenset().union(*(part[key] for part in known_parts)) for key in keys}
    wanted = ("===", "==") if is_true else ("!==", "!=")
    key = _key(view, operation.left)
    text = view.module.string_of(operation.right)
    return {key: frozenset({text})} if word in wanted and key is not None and text is not None else None


def _key(view: _View, node: Node) -> str | None:
    """The property of the object that an expression is."""
    path = _path(view, node)
    return path[0] if path is not None and len(path) == 1 else None


def _path(view: _View, node: Node) -> tuple[str | None, ...] | None:
    steps: list[str | None] = []
    node = unwrap(node)
    while node.id not in view.roots:
        access = view.module.member(node)
        if access is None:
            declared = view.module.scope.resolve(node) if node.type == "identifier" else None
            found = view.names.get(declared.node.start_byte) if declared is not None else None
            return (*found[1], *reversed(steps)) if found is not None else None
        steps.append(access.name or None)
        node = unwrap(access.object)
    return tuple(reversed(steps))


def _mentions(view: _View, node: Node) -> bool:
    """Whether an expression speaks of the object, or of something that is taken out of it."""
    todo = [node]
    while todo:
        part = todo.pop()
        if part.id in view.roots:
            return True
        if part.type == "identifier":
            declared = view.module.scope.resolve(part)
            if declared is not None and declared.node.start_byte in view.names:
                return True
        todo.extend(part.named_children)
    return False


# -- what is read, and not sent --------------------------------------------------------------------------


def unsent(
    project: Project, reader: Worker, reads: Iterable[Read], sent: Sequence[Sent]
) -> Iterator[tuple[Read, tuple[Sent, ...]]]:
    """The first read of each property that nothing of what is sent has, with what is sent where it is read.

    All payloads have to be known (`Senders.complete`). A property is left out when the code asks somewhere
    whether it is there, or a type in the Worker's modules says that a member of that name may be absent.
    """
    by_name: dict[str, list[Read]] = {}
    for read in reads:
        by_name.setdefault(read.name, []).append(read)
    for name, found in by_name.items():
        if name in _OF_EVERY_OBJECT or any(read.is_asked for read in found):
            continue
        for read in found:
            here = tuple(one for one in sent if _may_come(one, read.tests)) if read.tests is not None else ()
            if not here or any(one.values is None or name in one.values for one in here):
                continue
            if not _may_lack(project, reader, name):
                yield read, here
                break


_OF_EVERY_OBJECT = frozenset({"constructor", "hasOwnProperty", "toString", "valueOf", "toJSON", "__proto__"})


def _may_come(sent: Sent, tests: Tests) -> bool:
    """Whether a payload may pass what was asked of it. One that lacks what is asked for does not."""
    for key, texts in tests.items():
        value = sent.values.get(key) if sent.values is not None else None
        if value is None:
            return False
        text = sent.module.string_of(value)
        if text is not None and text not in texts:
            return False
    return True


def _may_lack(project: Project, reader: Worker, name: str) -> bool:
    """Whether a type among the modules of a Worker has an optional member of a name."""
    for path in reader.modules:
        document = project.sources.document(path)
        if document is None or not document.has_word(name):
            continue
        facts = project.facts.of(path)
        for type in facts.types.values() if facts is not None else ():
            if any(member.name == name and member.optional for member in type.members):
                return True
    return False
