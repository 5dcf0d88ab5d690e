"""Where control goes inside one function: whether it can run off the end, and what can run after what.

Everything here is about statements; that any call can throw is taken for granted and not followed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from cflint.pattern import pattern
from cflint.project.code.conditions import implies, truth_of
from cflint.syntax.elision import leaves_out
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
    taken; without it, none is trusted to. False of an arrow function whose body is an expression, and where
    an example leaves something of the body out.
    """
    body = function.child_by_field_name("body")
    if body is None or body.type != "statement_block":
        return False
    if leaves_out(module.document, body.start_byte, body.end_byte):
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
    nested function is reached, nor anything whose order depends on two conditions of their own, nor what a
    statement between the two leaves whenever `first` has run (`if (!response.ok) throw …`).
    """
    syntax = module.syntax
    if second.start_byte < first.end_byte:
        return False
    if _function_id(module, first) != _function_id(module, second):
        return False
    above_second = {node.id: node for node in (second, *_within_function(module, second))}
    child = first
    exits: Exits = _ONLY_NEXT  # how control leaves `child`, `first` having run
    conditions: list[Node] = []  # those under which `first` has run
    for parent in syntax.ancestors(first):
        if parent.id in above_second:
            below = next(node for node in above_second.values() if _is_child(module, parent, node))
            if child.type in _LEAVING and child.id == below.id:
                exits = _ONLY_NEXT  # both are parts of what it hands out
            if _NEXT not in exits and not (parent.type in LOOPS and _CONTINUE in exits):
                return parent.type == "try_statement"  # what it throws is caught, or `finally` runs
            return _onward(module, parent, child, below, second, conditions)
        if parent.type in FUNCTIONS:
            return False
        if parent.type in _CHOICES:
            condition = parent.child_by_field_name("condition")
            if parent.type != "switch_statement" and condition is not None and condition.id != child.id:
                is_else = (other := parent.child_by_field_name("alternative")) is not None and (
                    other.id == child.id
                )
                conditions.append(parent if is_else else condition)
            elif condition is None or condition.id != child.id:
                conditions.append(parent)
        exits = _leaving(module, parent, child, exits)
        child = parent
    return False


def _leaving(module: ModuleLike, node: Node, child: Node, exits: Exits) -> Exits:
    """How control leaves a node whose child has run and been left in some ways."""
    match node.type:
        case "return_statement":
            return frozenset({_RETURN})
        case "throw_statement":
            return frozenset({_THROW})
        case "expression_statement":
            return _exits(module, node, None)
        case "statement_block" | "switch_case" | "switch_default":
            return _then(exits, _sequence(module, _after(node, child)))
        case "switch_body":
            for case in _after(node, child):
                exits = _then(exits, _exits(module, case, None))
            return exits
        case "switch_statement":
            return (exits - {_BREAK}) | _ONLY_NEXT if _BREAK in exits else exits
        case "labeled_statement":
            label = node.child_by_field_name("label")
            name = module.text(label) if label is not None else ""
            ways = {f"{_BREAK} {name}", f"{_CONTINUE} {name}"}
            return (exits - ways) | _ONLY_NEXT if exits & ways else exits
        case "try_statement":
            handler = node.child_by_field_name("handler")
            body, finalizer = node.child_by_field_name("body"), node.child_by_field_name("finalizer")
            if handler is not None and body is not None and body.id == child.id and _THROW in exits:
                exits = (exits - {_THROW}) | _exits(module, handler, None)
            last = _exits(module, finalizer, None) if finalizer is not None else _ONLY_NEXT
            return exits if _NEXT in last else last
        case kind if kind in LOOPS:
            return (exits - {_BREAK, _CONTINUE}) | _ONLY_NEXT if exits & _OF_LOOP else exits
    return exits


_OF_LOOP = frozenset({_NEXT, _BREAK, _CONTINUE})


def _then(exits: Exits, following: Exits) -> Exits:
    return (exits - {_NEXT}) | following if _NEXT in exits else exits


def _is_child(module: ModuleLike, parent: Node, node: Node) -> bool:
    above = module.syntax.parent(node)
    return above is not None and above.id == parent.id


def _onward(
    module: ModuleLike, meet: Node, one: Node, other: Node, second: Node, conditions: list[Node]
) -> bool:
    """Whether control goes from child `one` to child `other` of the node where both paths meet, under some
    conditions."""
    match meet.type:
        case "if_statement" | "ternary_expression":
            condition = meet.child_by_field_name("condition")
            return condition is not None and one.id == condition.id
        case "switch_body":
            cases = (one, *_between(meet, one, other))
            return all(completes(module, statement) for case in cases for statement in _statements(case))
        case "statement_block" | "program" | "switch_case" | "switch_default":
            if conditions and _is_conditional(module, second, meet):
                return False  # two conditions, which may exclude each other
            return not any(_leaves_then(module, part, conditions) for part in _between(meet, one, other))
    return True


def _leaves_then(module: ModuleLike, statement: Node, conditions: list[Node]) -> bool:
    """Whether control never gets behind a statement where some conditions have held before."""
    if not completes(module, statement):
        return True
    condition = statement.child_by_field_name("condition") if statement.type == "if_statement" else None
    consequence = statement.child_by_field_name("consequence")
    if condition is None or consequence is None or completes(module, consequence):
        return False
    return any(known.type not in _CHOICES and implies(module, known, condition) for known in conditions)


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
    truth = truth_of(module, condition) if condition is not None else None
    otherwise = known[alternative.id] if alternative is not None else _ONLY_NEXT
    if truth is not None:
        return then if truth else otherwise
    if alternative is None and condition is not None and _is_left_over(module, node, condition, known):
        return then
    return then | otherwise


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


def leaves(module: ModuleLike, statement: Node) -> bool:
    """Whether control never gets behind a statement, for certain: it ends with `return`, `throw`, `break`,
    `continue`, or the call of a function that is seen not to return."""
    node = statement
    match node.type:
        case "return_statement" | "throw_statement" | "break_statement" | "continue_statement":
            return True
        case "expression_statement":
            return _never_returns(module, node, guess=False)
        case "statement_block" | "else_clause":
            return any(leaves(module, part) for part in _statements(node))
        case "if_statement":
            condition = node.child_by_field_name("condition")
            truth = truth_of(module, condition) if condition is not None else None
            then, otherwise = node.child_by_field_name("consequence"), node.child_by_field_name("alternative")
            return (truth is False or (then is not None and leaves(module, then))) and (
                truth is True or (otherwise is not None and leaves(module, otherwise))
            )
    return False


def _never_returns(module: ModuleLike, statement: Node, *, guess: bool = True) -> bool:
    """Whether an expression statement is a call that never returns. With `guess`, the name of a function or
    method that is not seen says so, too."""
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
        name, owner = callee.child_by_field_name("property"), callee.child_by_field_name("object")
        if name is None or owner is None:
            return False
        this = module.this_class(owner) if owner.type == "this" else None
        method = this.method(module.text(name)) if this is not None else None
        if method is not None:
            return _is_never(module, method)
        return guess and _NEVER_NAMES.fullmatch(module.text(name)) is not None
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
        return (imported.return_type or "") in _NEVER
    if module.app is not None and ref is not None and ref.name in module.app.never:
        return True
    return guess and _NEVER_NAMES.match(text) is not None


_NEVER = ("never", "Promise<never>")


def _is_never(module: ModuleLike, function: Node) -> bool:
    """Whether a function of the module never returns: it says so, or it ends with `throw` and has no
    `return`."""
    annotation = function.child_by_field_name("return_type")
    if annotation is not None and module.text(annotation).lstrip(":").strip() in _NEVER:
        return True
    body = function.child_by_field_name("body")
    statements = _statements(body) if body is not None and body.type == "statement_block" else []
    if body is None or not statements or statements[-1].type != "throw_statement":
        return False
    returns = (module.syntax.parent(leaf) for leaf in module.syntax.leaves("return", body))
    return not any(
        node is not None
        and node.type == "return_statement"
        and (around := module.enclosing_function(node)) is not None
        and around.id == function.id
        for node in returns
    )
