"""Statements of a function or a module, run on values of which not all are known."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from cflint.finding import Location
from cflint.project.config.cloudflare.machine import MAX_DEPTH, Done, Machine, Thrown, Unfollowed
from cflint.project.config.cloudflare.operations import equal
from cflint.project.config.cloudflare.values import (
    UNDEFINED,
    Arr,
    Cell,
    Frame,
    Func,
    Item,
    Obj,
    Promised,
    Scalar,
    Scope,
    Unknown,
    Value,
    choice,
    first_opening,
    is_nullish,
    narrowed,
    truth,
)
from cflint.syntax.javascript import FUNCTIONS, first_named, is_async, is_generator, property_name, walk

if TYPE_CHECKING:
    from tree_sitter import Node

_MAX_CALLS = 20
"""How many functions may have been called and not have returned."""

_SILENT = frozenset(
    {
        "comment",
        "empty_statement",
        "interface_declaration",
        "type_alias_declaration",
        "ambient_declaration",
        "import_statement",
        "function_signature",
        "hash_bang_line",
    }
)
_DECLARES = frozenset({"lexical_declaration", "variable_declaration"})
_GOES_ON = frozenset({Done.CONTINUE, Done.PERHAPS})


# -- functions -------------------------------------------------------------------------------------------


def call_function(machine: Machine, function: Func, arguments: list[Value], place: Location) -> Value:
    """What a call of a function of a file gives."""
    node = function.node
    if is_generator(node):
        machine.escape(arguments, "a generator is not followed", place)
        return Unknown("a generator is not followed", place)
    if machine.calls >= _MAX_CALLS:
        machine.escape(arguments, "functions call each other too deep", place)
        return Unknown("functions call each other too deep", place)
    scope = function.scope.child()
    bind_parameters(machine, node, arguments, scope, place)
    body = node.child_by_field_name("body")
    if body is None:
        return Scalar(UNDEFINED, place)
    machine.calls += 1
    weak = machine.weak
    try:
        result = _result(machine, body, scope, place)
    except Unfollowed:
        havoc(machine, body, scope, "how this function goes on is not known")
        result = Unknown("how this function goes on is not known", place)
    finally:
        machine.calls -= 1
        machine.weak = weak
    return Promised(result, place) if is_async(node) and not isinstance(result, Promised) else result


def _result(machine: Machine, body: Node, scope: Scope, place: Location) -> Value:
    if body.type != "statement_block":
        return machine.evaluate(body, scope)
    frame = Frame()
    end = run_block(machine, body.named_children, scope, frame)
    if end is not Done.RETURN:
        frame.returned.append(Scalar(UNDEFINED, place))
    return choice(frame.returned, place)


def bind_parameters(
    machine: Machine, function: Node, arguments: list[Value], scope: Scope, place: Location
) -> None:
    """Give the parameters of a function their values."""
    single = function.child_by_field_name("parameter")
    listed = function.child_by_field_name("parameters")
    nodes = [single] if single is not None else listed.named_children if listed is not None else []
    index = 0
    for node in nodes:
        if node.type == "comment":
            continue
        pattern = node.child_by_field_name("pattern") or node
        if pattern.type == "this":
            continue
        if pattern.type == "rest_pattern":
            rest = [Item(value, value.place) for value in arguments[index:]]
            bind(machine, first_named(pattern), Arr(rest, [], place), scope)
            return
        value = arguments[index] if index < len(arguments) else Scalar(UNDEFINED, place)
        default = node.child_by_field_name("value")
        bind(machine, pattern, with_default(machine, value, default, scope), scope)
        index += 1


def with_default(machine: Machine, value: Value, default: Node | None, scope: Scope) -> Value:
    """A value, or what stands in for it when it is undefined."""
    if default is None:
        return value
    if isinstance(value, Scalar) and value.value is not UNDEFINED:
        return value
    known = is_nullish(value)
    if known is False or (isinstance(value, Scalar) and value.value is None):
        return value
    other = machine.evaluate(default, scope)
    if known:
        of_mode = isinstance(value, Scalar) and value.of_mode
        return Scalar(other.value, other.place, True) if of_mode and isinstance(other, Scalar) else other
    return choice([*narrowed(value, "present"), other], other.place)


def bind(machine: Machine, pattern: Node | None, value: Value, scope: Scope) -> None:
    """Declare the names of a pattern in a scope, with what they get of a value."""
    if pattern is None:
        return
    machine.step()
    match pattern.type:
        case "identifier" | "shorthand_property_identifier_pattern":
            cell = scope.cells.setdefault(machine.text(pattern, scope), Cell([], []))
            machine.set_value(cell, value)
        case "assignment_pattern" | "object_assignment_pattern":
            left, right = pattern.child_by_field_name("left"), pattern.child_by_field_name("right")
            bind(machine, left, with_default(machine, value, right, scope), scope)
        case "object_pattern":
            _bind_object(machine, pattern, value, scope)
        case "array_pattern":
            _bind_array(machine, pattern, value, scope)
        case _:
            for name in names_of(pattern):
                cell = scope.cells.setdefault(machine.text(name, scope), Cell([], []))
                machine.set_value(
                    cell, Unknown("this pattern is not followed", machine.place(pattern, scope))
                )


def _bind_object(machine: Machine, pattern: Node, value: Value, scope: Scope) -> None:
    taken: set[str] = set()
    for node in pattern.named_children:
        place = machine.place(node, scope)
        match node.type:
            case "shorthand_property_identifier_pattern":
                key: str | None = machine.text(node, scope)
                target: Node | None = node
            case "object_assignment_pattern":
                left = node.child_by_field_name("left")
                key = machine.text(left, scope) if left is not None else None
                target = node
            case "pair_pattern":
                name = node.child_by_field_name("key")
                key = property_name(machine.syntaxes[scope.module], name) if name is not None else None
                target = node.child_by_field_name("value")
            case "rest_pattern":
                bind(machine, first_named(node), _rest_of(value, taken, place), scope)
                continue
            case _:
                continue
        if key is None:
            bind(machine, target, Unknown("a computed key is not followed here", place), scope)
            continue
        taken.add(key)
        bind(machine, target, machine.get(value, key, place), scope)


def _rest_of(value: Value, taken: set[str], place: Location) -> Value:
    if isinstance(value, Obj):
        members = {key: entry for key, entry in value.members.items() if key not in taken}
        return Obj(members, list(value.openings), place)
    reason = value.reason if isinstance(value, Unknown) else "the rest of it is not followed"
    return Unknown(reason, place)


def _bind_array(machine: Machine, pattern: Node, value: Value, scope: Scope) -> None:
    index = 0
    for node in pattern.children:
        if node.type == ",":
            index += 1
        elif node.is_named and node.type != "comment":
            place = machine.place(node, scope)
            if node.type == "rest_pattern":
                rest: Value = Unknown("the rest of it is not followed", place)
                if isinstance(value, Arr):
                    rest = Arr(value.items[index:], list(value.openings), place)
                bind(machine, first_named(node), rest, scope)
            else:
                bind(machine, node, machine.get(value, index, place), scope)


def names_of(pattern: Node) -> list[Node]:
    """The identifiers that a pattern declares, or that a statement mentions."""
    kinds = {"identifier", "shorthand_property_identifier_pattern", "shorthand_property_identifier"}
    return [node for node in (pattern, *walk(pattern)) if node.type in kinds]


# -- blocks ----------------------------------------------------------------------------------------------


def declare(machine: Machine, statements: list[Node], scope: Scope) -> None:
    """Make the functions, classes and names of a block known before it runs."""
    for statement in statements:
        node: Node | None = statement
        if statement.type == "export_statement":
            node = statement.child_by_field_name("declaration")
        if node is None:
            continue
        name = node.child_by_field_name("name")
        if node.type in FUNCTIONS and name is not None:
            made = Func(node, scope, machine.place(node, scope))
            scope.cells[machine.text(name, scope)] = Cell([made], [])
        elif node.type in ("class_declaration", "abstract_class_declaration", "enum_declaration") and name:
            known = Unknown(f"a {node.type.split('_')[-2]} is not followed", machine.place(node, scope))
            scope.cells[machine.text(name, scope)] = Cell([known], [])
        elif node.type in _DECLARES:
            for declarator in node.named_children:
                pattern = declarator.child_by_field_name("name")
                if pattern is not None and pattern.type == "identifier":
                    scope.cells[machine.text(pattern, scope)] = Cell([], [])


def run_block(machine: Machine, statements: list[Node], scope: Scope, frame: Frame) -> Done:
    """Run the statements of a block, whose names are declared in the scope."""
    declare(machine, statements, scope)
    return _run(machine, statements, scope, frame)


def _run(machine: Machine, statements: list[Node], scope: Scope, frame: Frame) -> Done:
    for at, statement in enumerate(statements, 1):
        end = machine.execute(statement, scope, frame)
        if end is Done.PERHAPS and at < len(statements):
            return _perhaps(machine, statements[at:], scope, frame)
        if end is not Done.NORMAL:
            return end
    return Done.NORMAL


def _perhaps(machine: Machine, statements: list[Node], scope: Scope, frame: Frame) -> Done:
    """Run statements that a `continue` may have passed over."""
    if machine.depth >= MAX_DEPTH:
        raise Unfollowed
    machine.depth += 1
    try:
        rest = partial(_run, machine, statements, scope, frame)
        return _alternatives(machine, [lambda: Done.CONTINUE, rest], machine.place(statements[0], scope))
    finally:
        machine.depth -= 1


def execute(machine: Machine, node: Node, scope: Scope, frame: Frame) -> Done:
    """Run one statement."""
    machine.step()
    if node.type in _SILENT or node.type in FUNCTIONS or node.type.endswith("class_declaration"):
        return Done.NORMAL
    if machine.depth >= MAX_DEPTH:
        raise Unfollowed
    machine.depth += 1
    try:
        return _executed(machine, node, scope, frame)
    finally:
        machine.depth -= 1


def _executed(machine: Machine, node: Node, scope: Scope, frame: Frame) -> Done:
    kind = node.type
    if kind in _DECLARES:
        for declarator in node.named_children:
            if declarator.type == "variable_declarator":
                _declare_variable(machine, declarator, scope)
        return Done.NORMAL
    match kind:
        case "expression_statement":
            inner = first_named(node)
            if inner is not None:
                machine.evaluate(inner, scope)
            return Done.NORMAL
        case "return_statement":
            inner = first_named(node)
            place = machine.place(node, scope)
            frame.returned.append(
                machine.evaluate(inner, scope) if inner is not None else Scalar(UNDEFINED, place)
            )
            return Done.RETURN
        case "throw_statement":
            raise Thrown(machine.place(node, scope), _message_of(machine, node, scope))
        case "statement_block":
            return run_block(machine, node.named_children, scope.child(), frame)
        case "if_statement":
            return _if(machine, node, scope, frame)
        case "else_clause":
            inner = first_named(node)
            return machine.execute(inner, scope, frame) if inner is not None else Done.NORMAL
        case "switch_statement":
            return _switch(machine, node, scope, frame)
        case "try_statement":
            return _try(machine, node, scope, frame)
        case "break_statement" | "continue_statement" if first_named(node) is None:
            return Done.BREAK if kind == "break_statement" else Done.CONTINUE
        case "for_in_statement":
            return _for_of(machine, node, scope, frame)
        case "for_statement" | "while_statement" | "do_statement":
            return _loop(machine, node, scope, frame)
        case "export_statement":
            declaration = node.child_by_field_name("declaration")
            return Done.NORMAL if declaration is None else machine.execute(declaration, scope, frame)
    havoc(machine, node, scope, "this statement is not followed", frame)
    return Done.NORMAL


def _declare_variable(machine: Machine, declarator: Node, scope: Scope) -> None:
    pattern = declarator.child_by_field_name("name")
    value = declarator.child_by_field_name("value")
    if value is not None:
        bind(machine, pattern, machine.evaluate(value, scope), scope)
    elif pattern is not None and pattern.type == "identifier":
        cell = scope.cells.setdefault(machine.text(pattern, scope), Cell([], []))
        machine.set_value(cell, Scalar(UNDEFINED, machine.place(pattern, scope)))


def _message_of(machine: Machine, node: Node, scope: Scope) -> str | None:
    """The text that an error is thrown with."""
    thrown = first_named(node)
    arguments = thrown.child_by_field_name("arguments") if thrown is not None else None
    first = first_named(arguments)
    if first is None:
        return None
    value = machine.evaluate(first, scope)
    return value.value if isinstance(value, Scalar) and isinstance(value.value, str) else None


def _alternatives(machine: Machine, runs: list[Callable[[], Done]], place: Location) -> Done:
    """Run alternatives of which one happens; what comes after one that may have returned is uncertain."""
    going: set[Done] = set()

    def noted(run: Callable[[], Done]) -> Done:
        end = run()
        going.add(end)
        return Done.NORMAL if end in _GOES_ON else end  # what a round leaves, the next one finds

    ends = machine.branches([partial(noted, run) for run in runs], place)
    thrown = [end for end in ends if isinstance(end, Thrown)]
    if len(thrown) == len(ends):
        raise thrown[0]
    if len(going) == 1:
        return going.pop()
    if Done.BREAK in going:
        raise Unfollowed
    if Done.RETURN in going:
        machine.weak += 1  # until the function ends
        going.discard(Done.RETURN)
    return going.pop() if len(going) == 1 else Done.PERHAPS


def _if(machine: Machine, node: Node, scope: Scope, frame: Frame) -> Done:
    condition = node.child_by_field_name("condition")
    assert condition is not None
    consequence = node.child_by_field_name("consequence")
    alternative = node.child_by_field_name("alternative")
    known = truth(machine.evaluate(condition, scope))

    def run(branch: Node | None) -> Done:
        return Done.NORMAL if branch is None else machine.execute(branch, scope, frame)

    if known is not None:
        return run(consequence if known else alternative)
    place = machine.place(condition, scope)
    return _alternatives(machine, [lambda: run(consequence), lambda: run(alternative)], place)


def _switch(machine: Machine, node: Node, scope: Scope, frame: Frame) -> Done:
    subject_node, body = node.child_by_field_name("value"), node.child_by_field_name("body")
    assert subject_node is not None and body is not None
    subject = machine.evaluate(subject_node, scope)
    cases = [case for case in body.named_children if case.type in ("switch_case", "switch_default")]
    inner = scope.child()
    declare(machine, [statement for case in cases for statement in _statements_of(case)], inner)
    possible: list[int] = []
    matched = False
    for index, case in enumerate(cases):
        label = case.child_by_field_name("value")
        if case.type == "switch_default" or label is None:
            continue
        value = machine.evaluate(label, scope)
        machine.compared(subject, value)
        known = equal(machine, subject, value)
        if known is not False:
            possible.append(index)
        if known:
            matched = True
            break
    otherwise = next((index for index, case in enumerate(cases) if case.type == "switch_default"), None)

    def run(start: int | None) -> Done:
        if start is None:
            return Done.NORMAL
        for case in cases[start:]:
            for statement in _statements_of(case):
                end = machine.execute(statement, inner, frame)
                if end is Done.BREAK:
                    return Done.NORMAL
                if end is Done.PERHAPS:
                    raise Unfollowed
                if end is not Done.NORMAL:
                    return end
        return Done.NORMAL

    starts: list[int | None] = [*possible]
    if not matched:
        starts.append(otherwise)
    if len(starts) == 1:
        return run(starts[0])
    place = machine.place(subject_node, scope)
    try:
        return _alternatives(machine, [partial(run, start) for start in starts], place)
    except Unfollowed:
        havoc(machine, body, inner, "where the `switch` ends is not known", frame)
        goes_on = any(below.type == "continue_statement" for below in walk(body, into_functions=False))
        return Done.PERHAPS if goes_on else Done.NORMAL


def _statements_of(case: Node) -> list[Node]:
    label = case.child_by_field_name("value")
    return [
        child
        for child in case.named_children
        if child.type != "comment" and (label is None or child.id != label.id)
    ]


def _try(machine: Machine, node: Node, scope: Scope, frame: Frame) -> Done:
    body = node.child_by_field_name("body")
    handler = node.child_by_field_name("handler")
    finalizer = node.child_by_field_name("finalizer")
    place = machine.place(node, scope)

    def run() -> Done:
        return Done.NORMAL if body is None else machine.execute(body, scope, frame)

    def handle() -> Done:
        inner = scope.child()
        assert handler is not None
        parameter = handler.child_by_field_name("parameter")
        bind(machine, parameter, Unknown("what was thrown is not known", place), inner)
        caught = handler.child_by_field_name("body")
        return Done.NORMAL if caught is None else machine.execute(caught, inner, frame)

    if handler is None or _cannot_fail(body):
        end = run()
    else:
        end = _alternatives(machine, [run, handle], place)
    if finalizer is not None:
        inner = first_named(finalizer)
        last = Done.NORMAL if inner is None else machine.execute(inner, scope, frame)
        return last if last is not Done.NORMAL else end
    return end


def _cannot_fail(body: Node | None) -> bool:
    """Whether a block calls, awaits and throws nothing."""
    risky = {"call_expression", "await_expression", "new_expression", "throw_statement", "member_expression"}
    return body is None or not any(node.type in risky for node in walk(body))


# -- loops -----------------------------------------------------------------------------------------------


def _for_of(machine: Machine, node: Node, scope: Scope, frame: Frame) -> Done:
    left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
    body = node.child_by_field_name("body")
    operator = node.child_by_field_name("operator")
    assert left is not None and right is not None and body is not None
    over = machine.evaluate(right, scope)
    if operator is not None and operator.type == "in" and isinstance(over, Obj):
        keys = [
            Item(Scalar(key, entry.key), entry.key, entry.conditional) for key, entry in over.members.items()
        ]
        over = Arr(keys, list(over.openings), over.place)
    if not isinstance(over, Arr):
        reason = over.reason if isinstance(over, Unknown) else "what the loop runs over is not known"
        havoc(machine, node, scope, reason, frame)
        return Done.NORMAL
    items = list(over.items)
    for item in items:
        inner = scope.child()
        bind(machine, left, item.value, inner)
        try:
            if item.conditional:
                with machine.uncertain():
                    end = machine.execute(body, inner, frame)
            else:
                end = machine.execute(body, inner, frame)
        except Unfollowed:
            havoc(machine, node, scope, "whether the loop goes on is not known", frame)
            return Done.NORMAL
        if end is Done.BREAK:
            return Done.NORMAL
        if end is Done.RETURN:
            return end
    if over.openings:
        havoc(machine, node, scope, first_opening(over).reason, frame)
    return Done.NORMAL


def _loop(machine: Machine, node: Node, scope: Scope, frame: Frame) -> Done:
    inner = scope.child()
    start = node.child_by_field_name("initializer")
    condition = node.child_by_field_name("condition")
    increment = node.child_by_field_name("increment")
    body = node.child_by_field_name("body")
    if start is not None:
        if start.type.endswith("_declaration"):
            declare(machine, [start], inner)
        machine.execute(start, inner, frame)
    first = node.type == "do_statement"
    while True:
        machine.step()
        if not first and condition is not None and condition.type != "empty_statement":
            test = first_named(condition) if condition.type == "expression_statement" else condition
            known = truth(machine.evaluate(test, inner)) if test is not None else True
            if known is None:
                havoc(machine, node, inner, "how often the loop runs is not known", frame)
                return Done.NORMAL
            if not known:
                return Done.NORMAL
        first = False
        try:
            end = Done.NORMAL if body is None else machine.execute(body, inner, frame)
        except Unfollowed:
            havoc(machine, node, inner, "whether the loop goes on is not known", frame)
            return Done.NORMAL
        if end is Done.BREAK:
            return Done.NORMAL
        if end is Done.RETURN:
            return end
        if increment is not None:
            machine.evaluate(increment, inner)


def havoc(machine: Machine, node: Node, scope: Scope, reason: str, frame: Frame | None = None) -> None:
    """Forget what the variables and objects are that a piece of code that is not followed mentions; with
    `frame`, it may return from that function."""
    place = machine.place(node, scope)
    inside = (node, *walk(node, into_functions=False))
    if frame is not None and any(below.type == "return_statement" for below in inside):
        frame.returned.append(Unknown(reason, place))
    changes = ("assignment_expression", "augmented_assignment_expression", "update_expression")
    assigned = {
        machine.text(name, scope)
        for below in walk(node)
        if below.type in changes
        for target in below.named_children[:1]
        if target.type == "identifier" or target.type.endswith("_pattern")
        for name in names_of(target)
    }
    for name in {machine.text(found, scope) for found in names_of(node)}:
        machine.step()
        cell = scope.find(name)
        if cell is None:
            continue
        if name in assigned:
            machine.set_value(cell, Unknown(reason, place))
        elif cell.value:
            machine.escape([cell.value[0]], reason, place)
