"""Whether a node runs always, only sometimes, again and again, or where an error of it is caught.

That any call can throw is taken for granted and not followed; see `flow` for what a statement does.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING

from cflint.project.code.conditions import truth_of
from cflint.project.code.flow import LOOPS, always_completes, is_endless, leaves, reaches_condition
from cflint.project.code.origins import callee_name
from cflint.syntax.javascript import FUNCTIONS, arguments_of, is_generator, is_static, unwrap, with_wrappers

if TYPE_CHECKING:
    from tree_sitter import Node

    from cflint.project.code.interface import ModuleLike

_LOGIC = frozenset({"&&", "||", "??", "&&=", "||=", "??="})
_PARAMETERS = frozenset({"required_parameter", "optional_parameter"})
_PATTERNS = frozenset({"assignment_pattern", "object_assignment_pattern"})
_CHAINED = frozenset({"call_expression", "member_expression", "subscript_expression", "non_null_expression"})
_BLOCKS = frozenset({"program", "statement_block", "switch_case", "switch_default"})


def always_runs(module: ModuleLike, node: Node, within: Node, through: Collection[str] = ()) -> bool:
    """Whether a node runs whenever `within`, a node around it, does: a function is called, a block entered.

    False where a branch decides (see `is_conditional`), where a loop that may have no turn or a nested
    function stands between, and where a statement before it may leave. A nested function that is called where
    it stands counts as run, and so does the callback of a function named in `through`.
    """
    if _may_be_cut(node):
        return False
    child = node
    if child.id == within.id:
        return True
    for parent in module.syntax.ancestors(node):
        if parent.type in FUNCTIONS:
            if parent.id != within.id and not runs_at_once(module, parent, through):
                return False
        elif (
            _branches(parent, child, node)
            or _repeats_perhaps(module, parent, child)
            or waits_for_instance(parent, child)
            or not _gets_to(module, parent, child)
        ):
            return False
        if parent.id == within.id:
            return True
        child = parent
    return False


def is_conditional(module: ModuleLike, node: Node, within: Node, *, chains: bool = True) -> bool:
    """Whether a branch inside `within`, a node around it, decides if a node runs: `if`, `?:`, `switch`,
    `catch`, the right side of `&&`, `||` and `??`, what follows `?.`, a default value.

    The condition of a branch is not in it. Loops, nested functions and statements that leave do not count;
    `always_runs` looks at these, too. With `chains` false, a `?.` in the node itself does not count.
    """
    if chains and _may_be_cut(node):
        return True
    child = node
    for parent in module.syntax.ancestors(node) if node.id != within.id else ():
        if _branches(parent, child, node):
            return True
        if parent.id == within.id:
            return False
        child = parent
    return False


def conditions_around(module: ModuleLike, node: Node, within: Node | None = None) -> Iterator[Node]:
    """The conditions of the `if` statements around a node, inner ones first; as far as `within`, if given."""
    for above in module.syntax.ancestors(node):
        if within is not None and above.id == within.id:
            return
        condition = above.child_by_field_name("condition") if above.type == "if_statement" else None
        if condition is not None:
            yield condition


def returns_of(module: ModuleLike, function: Node) -> tuple[Node, ...]:
    """The `return` statements of a function itself, in source order; those of nested functions are none."""
    body = function.child_by_field_name("body")
    found = (module.syntax.parent(word) for word in module.syntax.leaves("return", body or function))
    return tuple(
        node
        for node in found
        if node is not None
        and node.type == "return_statement"
        and (around := module.enclosing_function(node)) is not None
        and around.id == function.id
    )


def never_runs(module: ModuleLike, node: Node) -> bool:
    """Whether no Worker ever runs a node: it stands behind a statement that always leaves its block, or under
    a condition that never holds there (`typeof window !== "undefined"`; see `conditions`).

    What is declared by `function` behind a `return` can still be called.
    """
    child = node
    for parent in module.syntax.ancestors(node):
        if _is_excluded(module, parent, child):
            return True
        if parent.type in _BLOCKS and child.type not in _HOISTED:
            end = _end_of_block(module, parent)
            if end is not None and end <= child.start_byte:
                return True
        child = parent
    return False


_HOISTED = frozenset(
    {"function_declaration", "generator_function_declaration", "import_statement", "export_statement"}
    | {"interface_declaration", "type_alias_declaration", "ambient_declaration", "comment"}
)


def _end_of_block(module: ModuleLike, block: Node) -> int | None:
    """The byte behind the first statement of a block after which none runs; None if there is no such."""

    def find() -> int | None:
        body = block.children_by_field_name("body") if block.type in _CASES else block.named_children
        return next((part.end_byte for part in body if leaves(module, part)), None)

    return module.memoized(("end of block", block.id), find)


_CASES = frozenset({"switch_case", "switch_default"})


def _is_excluded(module: ModuleLike, parent: Node, child: Node) -> bool:
    """Whether a child is a branch that is never taken."""
    match parent.type:
        case "if_statement" | "ternary_expression":
            condition = parent.child_by_field_name("condition")
            if condition is None or condition.id == child.id:
                return False
            truth = truth_of(module, condition)
            return truth is not None and truth is not _is_field(parent, "consequence", child)
        case "binary_expression":
            operator, left = parent.child_by_field_name("operator"), parent.child_by_field_name("left")
            if operator is None or left is None or operator.type not in ("&&", "||"):
                return False
            truth = truth_of(module, left) if _is_field(parent, "right", child) else None
            return truth is (operator.type == "||")
    return False


def loop_around(module: ModuleLike, node: Node, within: Node | None = None) -> Node | None:
    """The innermost loop statement that runs a node again with each turn, in the node's function, and below
    `within` if that is given. What a loop starts with (`let i = 0`, the list of `for … of`) is not in it."""
    for parent, child in _climb(module, node, within):
        once = parent.child_by_field_name("right" if parent.type == "for_in_statement" else "initializer")
        if parent.type in LOOPS and (once is None or once.id != child.id):
            return parent
    return None


def leaves_loop(module: ModuleLike, leave: Node, loop: Node) -> bool:
    """Whether a `return` or `break` in a loop ends it: no `break` of a loop, a `switch` or a labelled block
    within it."""
    if leave.type == "return_statement":
        return True
    label = leave.child_by_field_name("label")
    for parent, _ in _climb(module, leave, None):
        if label is None and (parent.type in LOOPS or parent.type == "switch_statement"):
            return parent.id == loop.id
        name = parent.child_by_field_name("label") if parent.type == "labeled_statement" else None
        if label is not None and name is not None and module.text(name) == module.text(label):
            return parent.start_byte <= loop.start_byte
    return False


def try_around(module: ModuleLike, node: Node, within: Node | None = None) -> Node | None:
    """The `try` statement whose `catch` takes an error that is thrown at a node, in the node's function, and
    below `within` if that is given. The error of a promise is thrown where it is awaited."""
    for parent, child in _climb(module, node, within):
        body = parent.child_by_field_name("body") if parent.type == "try_statement" else None
        caught = body is not None and parent.child_by_field_name("handler") is not None
        if caught and body is not None and body.id == child.id:
            return parent
    return None


def is_caught(module: ModuleLike, node: Node, within: Node) -> bool:
    """Whether some `catch` inside `within`, a function around a node, takes an error that is thrown at the
    node; the functions between the two are taken for callbacks that run where they stand."""
    place = node
    while place.id != within.id:
        if try_around(module, place, within) is not None:
            return True
        above = module.enclosing_function(place)
        if above is None:
            return False
        place = above
    return False


def _climb(module: ModuleLike, node: Node, within: Node | None) -> Iterator[tuple[Node, Node]]:
    """The nodes above in the same function and below `within`, with the child that leads to the node."""
    child = node
    for parent in module.syntax.ancestors(node):
        if parent.type in FUNCTIONS or parent.type == "class_body":
            return
        if within is not None and parent.id == within.id:
            return
        yield parent, child
        child = parent


def _branches(parent: Node, child: Node, node: Node) -> bool:
    """Whether a node runs a child only under a condition; `node` is what stands in the child."""
    match parent.type:
        case "if_statement" | "ternary_expression":
            return not _is_field(parent, "condition", child)
        case "switch_body":
            first = next((part for part in parent.named_children if part.type != "comment"), child)
            value = child.child_by_field_name("value")
            in_value = value is not None and value.start_byte <= node.start_byte < value.end_byte
            return first.id != child.id or not in_value
        case "try_statement":
            return _is_field(parent, "handler", child)
        case "binary_expression" | "augmented_assignment_expression":
            operator = parent.child_by_field_name("operator")
            return operator is not None and operator.type in _LOGIC and _is_field(parent, "right", child)
        case "call_expression":
            return _is_field(parent, "arguments", child) and _may_be_cut(parent)
        case "subscript_expression":
            return _is_field(parent, "index", child) and _may_be_cut(parent)
        case kind if kind in _PARAMETERS:
            return _is_field(parent, "value", child)
        case kind if kind in _PATTERNS:
            return _is_field(parent, "right", child)
    return False


def _repeats_perhaps(module: ModuleLike, parent: Node, child: Node) -> bool:
    """Whether a loop may end, or be left, before it gets to a part of it."""
    match parent.type:
        case "for_statement" | "while_statement":
            if _is_field(parent, "body", child):
                return not is_endless(module, parent)
            return _is_field(parent, "increment", child)
        case "for_in_statement":
            return not _is_field(parent, "right", child)
        case "do_statement":
            return _is_field(parent, "condition", child) and not reaches_condition(module, parent)
    return False


def waits_for_instance(parent: Node, child: Node) -> bool:
    """Whether a child is the value of a field that is set when an instance is made."""
    is_value = parent.type == "public_field_definition" and _is_field(parent, "value", child)
    return is_value and not is_static(parent)


def _gets_to(module: ModuleLike, parent: Node, child: Node) -> bool:
    """Whether no statement of a block before a child may leave it."""
    if parent.type not in _BLOCKS:
        return True
    first = module.memoized(
        ("first that may leave", parent.id), lambda: _first_that_may_leave(module, parent)
    )
    return first is None or first >= child.start_byte


def _first_that_may_leave(module: ModuleLike, block: Node) -> int | None:
    """Where the first statement of a block begins after which control may not go on."""
    return next(
        (
            statement.start_byte
            for statement in block.named_children
            if statement.type != "comment" and not always_completes(module, statement)
        ),
        None,
    )


def _may_be_cut(node: Node) -> bool:
    """Whether a `?.` may end a chain of members and calls before its last part."""
    while node.type in _CHAINED:
        if any(part.type in ("optional_chain", "?.") for part in node.children):
            return True
        below = node.child_by_field_name("object") or node.child_by_field_name("function")
        node = below or node.named_children[0]
    return False


def _is_field(parent: Node, name: str, child: Node) -> bool:
    found = parent.child_by_field_name(name)
    return found is not None and found.id == child.id


def runs_at_once(module: ModuleLike, function: Node, through: Collection[str] = ()) -> bool:
    """Whether a function is called where it stands, or given to one, named in `through`, that calls it at
    once; a generator's body does not run then."""
    outer = with_wrappers(module.syntax, function)
    parent = module.syntax.parent(outer)
    if parent is None or parent.type not in ("call_expression", "arguments"):
        return False
    if parent.type == "call_expression":
        return _is_field(parent, "function", outer) and not is_generator(function)
    call = module.syntax.parent(parent) if through else None
    given = call is not None and any(unwrap(part).id == function.id for part in arguments_of(call))
    return given and call is not None and callee_name(module, call) in through and not is_generator(function)
