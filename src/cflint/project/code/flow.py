"""Where control goes inside one function: whether it can run off the end, and what can run after what.

Everything here is about statements; that any call can throw is taken for granted and not followed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from cflint.pattern import pattern
from cflint.syntax.javascript import FUNCTIONS, unwrap

if TYPE_CHECKING:
    from tree_sitter import Node

    from cflint.project.code.interface import ModuleLike

_NEXT = "next"
_RETURN = "return"
_THROW = "throw"
_BREAK = "break"
_CONTINUE = "continue"
Exits = frozenset[str]
"""The ways in which control leaves a statement: the words above; a labelled `break` is `break name`."""

_ONLY_NEXT: Exits = frozenset({_NEXT})
LOOPS = frozenset({"for_statement", "while_statement", "do_statement", "for_in_statement"})
_LEAVING = frozenset({"return_statement", "throw_statement"})
_CHOICES = frozenset({"if_statement", "ternary_expression", "switch_statement"})
_NEVER_NAMES = pattern(
    r"(?:assert_?never|assert_?unreachable|unreachable|exhaustive|never|panic|fail|bail|throw|raise|abort|"
    r"redirect|not_?found|forbidden|unauthorized|exit)",
    re.IGNORECASE,
)
_NOTHING = pattern(r"""!x|x\s*===?\s*(?:''|""|``|null|undefined|0)""")
_EXITS = frozenset({"process.exit", "Deno.exit", "process.abort"})


def falls_through(
    module: ModuleLike, function: Node, is_exhaustive: Callable[[Node], bool] | None = None
) -> bool:
    """Whether control can reach the end of a function's body without `return` or `throw`.

    Followed: `if`, `switch`, loops without an end, labels, `try`/`finally`, and calls that never return.
    `is_exhaustive` is asked of a `switch_statement` that has no `default` whether one of its cases is always
    taken; without it, none is trusted to. False of an arrow function whose body is an expression.
    """
    body = function.child_by_field_name("body")
    if body is None or body.type != "statement_block":
        return False
    return _NEXT in _exits(module, body, is_exhaustive)


def completes(module: ModuleLike, statement: Node) -> bool:
    """Whether control can go on to what follows a statement."""
    return _NEXT in _exits(module, statement, None)


def always_completes(module: ModuleLike, statement: Node) -> bool:
    """Whether control goes on to what follows a statement in any case: no `return`, `throw`, `break` or
    `continue` in it leaves it."""
    return _exits(module, statement, None) == _ONLY_NEXT


def reaches_condition(module: ModuleLike, loop: Node) -> bool:
    """Whether control gets from the body of a `do` loop to its condition in any case."""
    body = loop.child_by_field_name("body")
    return body is None or _exits(module, body, None) <= {_NEXT, _CONTINUE}


def can_reach(module: ModuleLike, first: Node, second: Node) -> bool:
    """Whether the expression `second` can run after `first` in the same call of the same function.

    `second` has to stand behind `first`: another round of a loop does not count. Nothing that stands in a
    nested function is reached, nor anything whose order depends on two conditions of their own.
    """
    syntax = module.syntax
    if second.start_byte < first.end_byte:
        return False
    if _function_id(module, first) != _function_id(module, second):
        return False
    above_second = {node.id: node for node in (second, *_within_function(module, second))}
    child = first
    conditional = left = False
    for parent in syntax.ancestors(first):
        if parent.id in above_second:
            below = next(node for node in above_second.values() if _is_child(module, parent, node))
            if left or (child.type in _LEAVING and child.id != below.id):
                return parent.type == "try_statement"  # what it throws is caught, or `finally` runs
            return _onward(module, parent, child, below, second, conditional=conditional)
        if parent.type in FUNCTIONS:
            return False
        if child.type in _LEAVING:
            left = True
        if parent.type in ("statement_block", "switch_case", "switch_default"):
            exits = _sequence(module, _after(parent, child))
            left = left or not any(exit.startswith((_NEXT, _BREAK, _CONTINUE)) for exit in exits)
        if parent.type in _CHOICES:
            conditional = True
        child = parent
    return False


def _is_child(module: ModuleLike, parent: Node, node: Node) -> bool:
    above = module.syntax.parent(node)
    return above is not None and above.id == parent.id


def _onward(
    module: ModuleLike, meet: Node, one: Node, other: Node, second: Node, *, conditional: bool
) -> bool:
    """Whether control goes from child `one` to child `other` of the node where both paths meet."""
    match meet.type:
        case "if_statement" | "ternary_expression":
            condition = meet.child_by_field_name("condition")
            return condition is not None and one.id == condition.id
        case "switch_body":
            cases = (one, *_between(meet, one, other))
            return all(completes(module, statement) for case in cases for statement in _statements(case))
        case "statement_block" | "program" | "switch_case" | "switch_default":
            if conditional and _is_conditional(module, second, meet):
                return False  # two conditions, which may exclude each other
            return all(completes(module, statement) for statement in _between(meet, one, other))
    return True


def _is_conditional(module: ModuleLike, node: Node, until: Node) -> bool:
    """Whether a node runs only under a condition of its own below an ancestor."""
    child = node
    for above in module.syntax.ancestors(node):
        if above.id == until.id:
            return False
        if above.type in _CHOICES:
            condition = above.child_by_field_name("condition") or above.child_by_field_name("value")
            if condition is None or condition.id != child.id:
                return True
        child = above
    return False


def _function_id(module: ModuleLike, node: Node) -> int:
    function = module.enclosing_function(node)
    return function.id if function is not None else 0


def _within_function(module: ModuleLike, node: Node) -> Iterator[Node]:
    for above in module.syntax.ancestors(node):
        yield above
        if above.type in FUNCTIONS:
            return


def _after(block: Node, child: Node) -> list[Node]:
    return [node for node in _statements(block) if node.start_byte >= child.end_byte]


def _between(block: Node, one: Node, other: Node) -> Iterator[Node]:
    for node in block.named_children:
        if node.type != "comment" and one.end_byte <= node.start_byte and node.end_byte <= other.start_byte:
            yield node


# -- how a statement ends --------------------------------------------------------------------------------


def _statements(node: Node) -> list[Node]:
    """The statements that a statement consists of, without the expressions."""
    match node.type:
        case "statement_block" | "switch_body":
            return [child for child in node.named_children if child.type != "comment"]
        case "switch_case" | "switch_default":
            return node.children_by_field_name("body")
        case "if_statement":
            return [
                part
                for name in ("consequence", "alternative")
                if (part := node.child_by_field_name(name)) is not None
            ]
        case "else_clause":
            return [child for child in node.named_children if child.type != "comment"]
        case "try_statement":
            return [
                part
                for name in ("body", "handler", "finalizer")
                if (part := node.child_by_field_name(name)) is not None
            ]
        case "catch_clause" | "finally_clause" | "labeled_statement" | "with_statement" | "switch_statement":
            body = node.child_by_field_name("body")
            return [body] if body is not None else []
        case kind if kind in LOOPS:
            body = node.child_by_field_name("body")
            return [body] if body is not None else []
    return []


def _sequence(module: ModuleLike, statements: list[Node]) -> Exits:
    exits: set[str] = {_NEXT}
    for statement in statements:
        if _NEXT not in exits:
            break
        exits.discard(_NEXT)
        exits |= _exits(module, statement, None)
    return frozenset(exits)


def _exits(module: ModuleLike, statement: Node, is_exhaustive: Callable[[Node], bool] | None) -> Exits:
    """How control leaves a statement. From the innermost statement outwards, without recursion."""
    order: list[Node] = []
    stack = [statement]
    while stack:
        node = stack.pop()
        order.append(node)
        stack.extend(_statements(node))
    known: dict[int, Exits] = {}
    for node in reversed(order):
        known[node.id] = _exits_of(module, node, known, is_exhaustive)
    return known[statement.id]


def _exits_of(
    module: ModuleLike, node: Node, known: dict[int, Exits], is_exhaustive: Callable[[Node], bool] | None
) -> Exits:
    match node.type:
        case "return_statement":
            return frozenset({_RETURN})
        case "throw_statement":
            return frozenset({_THROW})
        case "break_statement" | "continue_statement":
            word = _BREAK if node.type == "break_statement" else _CONTINUE
            label = node.child_by_field_name("label")
            return frozenset({f"{word} {module.text(label)}" if label is not None else word})
        case "expression_statement":
            return frozenset({_THROW}) if _never_returns(module, node) else _ONLY_NEXT
        case "statement_block" | "switch_case" | "switch_default":
            return _one_after_another(_statements(node), known)
        case "else_clause" | "catch_clause" | "finally_clause" | "with_statement":
            return _one_after_another(_statements(node), known)
        case "if_statement":
            return _of_if(module, node, known)
        case "labeled_statement":
            return _of_label(module, node, known)
        case "switch_statement":
            body = node.child_by_field_name("body")
            return _of_switch(node, body, known, is_exhaustive) if body is not None else _ONLY_NEXT
        case "switch_body":
            return _ONLY_NEXT
        case "try_statement":
            return _of_try(node, known)
        case kind if kind in LOOPS:
            return _of_loop(module, node, known)
    return _ONLY_NEXT


def _one_after_another(statements: list[Node], known: dict[int, Exits]) -> Exits:
    exits: set[str] = {_NEXT}
    for statement in statements:
        if _NEXT not in exits:
            break
        exits.discard(_NEXT)
        exits |= known[statement.id]
    return frozenset(exits)


def _of_if(module: ModuleLike, node: Node, known: dict[int, Exits]) -> Exits:
    condition = node.child_by_field_name("condition")
    consequence = node.child_by_field_name("consequence")
    alternative = node.child_by_field_name("alternative")
    then = known[consequence.id] if consequence is not None else _ONLY_NEXT
    if condition is not None and unwrap(condition).type == "true":
        return then
    if alternative is None and condition is not None and _is_left_over(module, node, condition, known):
        return then
    return then | (known[alternative.id] if alternative is not None else _ONLY_NEXT)


def _is_left_over(module: ModuleLike, node: Node, condition: Node, known: dict[int, Exits]) -> bool:
    """Whether an `if (x)` ends a block that an `if (!x)` or `if (x === "")` has left otherwise."""
    name = unwrap(condition)
    declaration = module.scope.resolve(name) if name.type == "identifier" else None
    if declaration is None or not declaration.constant:
        return False
    block = module.syntax.parent(node)
    statements = (
        [part for part in block.named_children if part.type != "comment"] if block is not None else []
    )
    if not statements or statements[-1].id != node.id:
        return False  # what follows is reached, or not, whatever comes before
    for before in statements:
        test = before.child_by_field_name("condition") if before.type == "if_statement" else None
        if test is not None and before.child_by_field_name("alternative") is None:
            consequence = before.child_by_field_name("consequence")
            leaves = consequence is not None and _NEXT not in known.get(consequence.id, _ONLY_NEXT)
            if leaves and _NOTHING.fullmatch(module.text(unwrap(test)).replace(module.text(name), "x", 1)):
                return True
    return False


def _of_label(module: ModuleLike, node: Node, known: dict[int, Exits]) -> Exits:
    body = node.child_by_field_name("body")
    label = node.child_by_field_name("label")
    exits = known[body.id] if body is not None else _ONLY_NEXT
    name = module.text(label) if label is not None else ""
    if f"{_BREAK} {name}" in exits or f"{_CONTINUE} {name}" in exits:
        leaves = {_NEXT} if f"{_BREAK} {name}" in exits else set()
        exits = (exits - {f"{_BREAK} {name}", f"{_CONTINUE} {name}"}) | leaves
    return exits


def _of_switch(
    node: Node, body: Node, known: dict[int, Exits], is_exhaustive: Callable[[Node], bool] | None
) -> Exits:
    cases = _statements(body)
    exits: set[str] = set()
    open_end = not cases
    for case in cases:
        ends = known[case.id]
        exits |= ends - {_NEXT}
        open_end = _NEXT in ends  # runs on into the next case
    if open_end or _BREAK in exits:
        exits.add(_NEXT)
    has_default = any(case.type == "switch_default" for case in cases)
    if not has_default and not (is_exhaustive is not None and is_exhaustive(node)):
        exits.add(_NEXT)
    return frozenset(exits - {_BREAK})


def _of_try(node: Node, known: dict[int, Exits]) -> Exits:
    body = node.child_by_field_name("body")
    handler = node.child_by_field_name("handler")
    finalizer = node.child_by_field_name("finalizer")
    exits = known[body.id] if body is not None else _ONLY_NEXT
    if handler is not None:
        exits = (exits - {_THROW}) | known[handler.id]
    if finalizer is None:
        return exits
    last = known[finalizer.id]
    return exits | (last - {_NEXT}) if _NEXT in last else last


def _of_loop(module: ModuleLike, node: Node, known: dict[int, Exits]) -> Exits:
    body = node.child_by_field_name("body")
    inside = known[body.id] if body is not None else _ONLY_NEXT
    exits = inside - {_NEXT, _BREAK, _CONTINUE}
    if _BREAK in inside:
        return exits | _ONLY_NEXT
    if is_endless(module, node):
        return exits
    if node.type == "do_statement" and not ({_NEXT, _CONTINUE} & inside):
        return exits  # the condition is never reached
    return exits | _ONLY_NEXT


def is_endless(module: ModuleLike, loop: Node) -> bool:
    """Whether a loop has no condition, or one that always holds."""
    condition = loop.child_by_field_name("condition")
    if loop.type == "for_in_statement":
        return False
    if loop.type == "for_statement":
        if condition is None or condition.type == "empty_statement":
            return True
        if condition.type == "expression_statement" and condition.named_children:
            condition = condition.named_children[0]
    return condition is not None and module.text(unwrap(condition)) in ("true", "1")


def _never_returns(module: ModuleLike, statement: Node) -> bool:
    """Whether an expression statement is a call that never returns."""
    if not statement.named_children:
        return False
    call = unwrap(statement.named_children[0])
    if call.type == "await_expression" and call.named_children:
        call = unwrap(call.named_children[0])
    callee = call.child_by_field_name("function") if call.type == "call_expression" else None
    if callee is None:
        return False
    callee = unwrap(callee)
    text = module.text(callee)
    if text in _EXITS:
        return True
    if callee.type == "member_expression":
        name = callee.child_by_field_name("property")
        return name is not None and _NEVER_NAMES.fullmatch(module.text(name)) is not None
    if callee.type != "identifier":
        return False
    declaration = module.scope.resolve(callee)
    if declaration is None:
        return False
    function = module.function_of(declaration)
    if function is not None:
        return _is_never(module, function)
    ref = module.scope.origin(declaration)
    imported = module.project.imported.function(module.path, ref) if ref is not None else None
    if imported is not None:
        return (imported.return_type or "") in ("never", "Promise<never>")
    if module.app is not None and ref is not None and ref.name in module.app.never:
        return True
    return _NEVER_NAMES.match(text) is not None


def _is_never(module: ModuleLike, function: Node) -> bool:
    """Whether a function of the module never returns: it says so, or its last statement throws."""
    annotation = function.child_by_field_name("return_type")
    if annotation is not None:
        return module.text(annotation).lstrip(":").strip() in ("never", "Promise<never>")
    body = function.child_by_field_name("body")
    statements = _statements(body) if body is not None and body.type == "statement_block" else []
    return (
        bool(statements)
        and all(
            statement.type in ("lexical_declaration", "expression_statement") for statement in statements[:-1]
        )
        and statements[-1].type == "throw_statement"
    )
