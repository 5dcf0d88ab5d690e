"""Views of nodes: what a call, a member, a parameter or an assignment consists of.

A view is made where it is needed and holds the node; what it knows is looked up when it is asked for.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.project.code.origins import callee_name
from cflint.project.code.parameters import parameter_nodes
from cflint.syntax.javascript import (
    FUNCTIONS,
    arguments_of,
    first_named,
    string_value,
    unwrap,
    with_wrappers,
)

if TYPE_CHECKING:
    from tree_sitter import Node

    from cflint.project.code.interface import ModuleLike

_CALLS = frozenset({"call_expression", "new_expression"})
_HOLDERS = {
    "variable_declarator": ("name", "value"),
    "public_field_definition": ("name", "value"),
    "enum_assignment": ("name", "value"),
    "pair": ("key", "value"),
    "assignment_expression": ("left", "right"),
    "augmented_assignment_expression": ("left", "right"),
    "assignment_pattern": ("left", "right"),
    "object_assignment_pattern": ("left", "right"),
    "required_parameter": ("pattern", "value"),
    "optional_parameter": ("pattern", "value"),
}
"""The fields of a name and of its value, by what puts the one into the other."""
_FIELD_MODIFIERS = frozenset({"accessibility_modifier", "readonly", "override_modifier"})
_BLOCKS = frozenset({"program", "statement_block", "switch_case", "switch_default", "else_clause"})


class Call:
    """A call, or a `new`."""

    __slots__ = ("_module", "node")

    def __init__(self, module: ModuleLike, node: Node) -> None:
        self._module = module
        self.node = node

    @property
    def is_new(self) -> bool:
        """Whether it is a `new`."""
        return self.node.type == "new_expression"

    @property
    def callee(self) -> Node | None:
        """The function of a call or the class of a `new`, without parentheses and casts."""
        found = self.node.child_by_field_name("constructor" if self.is_new else "function")
        return unwrap(found) if found is not None else None

    @property
    def name(self) -> str:
        """The name that is called: `get` of `a.b.get()`, `fetch` of `fetch()`; else ""."""
        return callee_name(self._module, self.node)

    @property
    def receiver(self) -> Node | None:
        """`a.b` of `a.b.get()`; None of a plain call."""
        callee = self.callee
        if callee is None or callee.type != "member_expression":
            return None
        return callee.child_by_field_name("object")

    @property
    def arguments(self) -> tuple[Node, ...]:
        """The argument expressions (a spread is one node); () of a tagged template."""
        return arguments_of(self.node)

    def argument(self, index: int) -> Node | None:
        """The argument at a position, from 0; None without one, or behind a spread."""
        given = self.arguments
        if index >= len(given) or any(part.type == "spread_element" for part in given[: index + 1]):
            return None
        return given[index]

    @property
    def callbacks(self) -> tuple[Node, ...]:
        """The functions among the arguments, in their order; see `function_value`."""
        found = (function_value(self._module, argument) for argument in self.arguments)
        return tuple(function for function in found if function is not None)

    @property
    def callback(self) -> Node | None:
        """The first function among the arguments."""
        return next(iter(self.callbacks), None)

    @property
    def is_awaited(self) -> bool:
        """Whether an `await` stands before it."""
        parent = self._module.syntax.parent(with_wrappers(self._module.syntax, self.node))
        return parent is not None and parent.type == "await_expression"

    @property
    def whole(self) -> Node:
        """The call with the parentheses, casts and the `await` around it."""
        whole = with_wrappers(self._module.syntax, self.node)
        parent = self._module.syntax.parent(whole)
        if parent is None or parent.type != "await_expression":
            return whole
        return with_wrappers(self._module.syntax, parent)

    @property
    def statement(self) -> Node | None:
        """The statement that it is part of; see `statement_of`."""
        return statement_of(self._module, self.node)

    @property
    def is_statement(self) -> bool:
        """Whether it is a statement of its own, awaited or not, so that nobody takes what it gives."""
        parent = self._module.syntax.parent(self.whole)
        return parent is not None and parent.type == "expression_statement"


class Member:
    """A member that is read, called or assigned: `a.name`, `a["name"]`."""

    __slots__ = ("_module", "node")

    def __init__(self, module: ModuleLike, node: Node) -> None:
        self._module = module
        self.node = node

    @property
    def object(self) -> Node:
        """`a` of `a.name`."""
        return self.node.child_by_field_name("object") or self.node

    @property
    def name_node(self) -> Node:
        """The name itself: an identifier, or the string of `a["name"]`."""
        found = self.node.child_by_field_name("property") or self.node.child_by_field_name("index")
        return found or self.node

    @property
    def name(self) -> str:
        """The name, of a private member with its `#`."""
        if self.node.type == "member_expression":
            return self._module.text(self.name_node)
        return string_value(self._module.syntax, self.name_node) or ""

    @property
    def is_optional(self) -> bool:
        """Whether it is read with `?.`."""
        return any(part.type == "optional_chain" for part in self.node.children)

    @property
    def call(self) -> Call | None:
        """The call of it: `a.name(…)`."""
        return call_of(self._module, self.node)


class Parameter:
    """A parameter of a function."""

    __slots__ = ("_module", "node")

    def __init__(self, module: ModuleLike, node: Node) -> None:
        self._module = module
        self.node = node

    @property
    def pattern(self) -> Node:
        """What is declared: a name, or a pattern that takes apart what is given."""
        found = self.node.child_by_field_name("pattern") or self.node
        return (first_named(found) or found) if found.type == "rest_pattern" else found

    @property
    def name(self) -> str | None:
        """The name; None of a pattern."""
        pattern = self.pattern
        return self._module.text(pattern) if pattern.type in ("identifier", "this") else None

    @property
    def type(self) -> Node | None:
        """The annotated type, without its colon."""
        return first_named(self.node.child_by_field_name("type"))

    @property
    def default(self) -> Node | None:
        """The value without an argument."""
        return self.node.child_by_field_name("value")

    @property
    def modifiers(self) -> tuple[Node, ...]:
        """The words that make a constructor's parameter a field: `private`, `readonly`, `override`."""
        return tuple(part for part in self.node.children if part.type in _FIELD_MODIFIERS)

    @property
    def is_rest(self) -> bool:
        """Whether it takes all arguments that are left: `...name`."""
        pattern = self.node.child_by_field_name("pattern")
        return pattern is not None and pattern.type == "rest_pattern"

    @property
    def is_optional(self) -> bool:
        """Whether the argument can be left out: `name?`, `name = …`, `...name`."""
        return self.node.type == "optional_parameter" or self.default is not None or self.is_rest


class Assignment:
    """An assignment to a place: `a = b`, `a += b`."""

    __slots__ = ("_module", "node")

    def __init__(self, module: ModuleLike, node: Node) -> None:
        self._module = module
        self.node = node

    @property
    def target(self) -> Node:
        """The place: a name, a member, a pattern."""
        return self.node.child_by_field_name("left") or self.node

    @property
    def value(self) -> Node:
        """What stands right of the operator."""
        return self.node.child_by_field_name("right") or self.node

    @property
    def operator(self) -> str:
        """`=`, `+=`, `??=`, …"""
        found = self.node.child_by_field_name("operator")
        return found.type if found is not None else "="


class Operation:
    """An expression with an operator: `a + b`, `a ?? b`, `!a`, `typeof a`, `delete a.b`."""

    __slots__ = ("_module", "node")

    def __init__(self, module: ModuleLike, node: Node) -> None:
        self._module = module
        self.node = node

    @property
    def operator(self) -> str:
        """`+`, `??`, `instanceof`, `!`, `typeof`, …"""
        found = self.node.child_by_field_name("operator")
        return found.type if found is not None else ""

    @property
    def left(self) -> Node | None:
        """`a` of `a + b`, without parentheses and casts; None of an operation on one value."""
        found = self.node.child_by_field_name("left")
        return unwrap(found) if found is not None else None

    @property
    def right(self) -> Node:
        """`b` of `a + b`, `a` of `!a`, without parentheses and casts."""
        found = self.node.child_by_field_name("right") or self.node.child_by_field_name("argument")
        return unwrap(found) if found is not None else self.node

    @property
    def operands(self) -> tuple[Node, ...]:
        """The one value or both, the left one first."""
        left = self.left
        return (self.right,) if left is None else (left, self.right)


def call(module: ModuleLike, node: Node | None) -> Call | None:
    """The call or `new` that an expression is, parentheses and casts looked through."""
    node = unwrap(node) if node is not None else None
    return Call(module, node) if node is not None and node.type in _CALLS else None


def member(module: ModuleLike, node: Node | None) -> Member | None:
    """The member with a name that an expression is, parentheses and casts looked through; not `a[i]`."""
    node = unwrap(node) if node is not None else None
    if node is None:
        return None
    if node.type == "subscript_expression":
        index = node.child_by_field_name("index")
        is_named = index is not None and string_value(module.syntax, index) is not None
        return Member(module, node) if is_named else None
    return Member(module, node) if node.type == "member_expression" else None


def member_read(module: ModuleLike, node: Node) -> Member | None:
    """The member of an expression that is named where it stands: `a.name`, `(a as T)["name"]` of `a`."""
    whole = with_wrappers(module.syntax, node)
    found = member(module, module.syntax.parent(whole))
    target = found.node.child_by_field_name("object") if found is not None else None
    return found if target is not None and target.id == whole.id else None


def parameters(module: ModuleLike, function: Node) -> tuple[Parameter, ...]:
    """The parameters of a function, in their order."""
    return tuple(Parameter(module, node) for node in parameter_nodes(function))


def assignment(module: ModuleLike, node: Node | None) -> Assignment | None:
    """The assignment that an expression is, parentheses looked through; declarations are none."""
    node = unwrap(node) if node is not None else None
    is_one = node is not None and node.type in ("assignment_expression", "augmented_assignment_expression")
    return Assignment(module, node) if node is not None and is_one else None


def operation(module: ModuleLike, node: Node | None) -> Operation | None:
    """The operation that an expression is, parentheses and casts looked through; not `?:`, `=` and `++`."""
    node = unwrap(node) if node is not None else None
    is_one = node is not None and node.type in ("binary_expression", "unary_expression")
    return Operation(module, node) if node is not None and is_one else None


def calls(module: ModuleLike, name: str, within: Node | None = None) -> Iterator[Call]:
    """The calls of a function or method of a name within a node, or in all of the module, in source order."""
    for node in module.calls_of(name, within if within is not None else module.syntax.root):
        yield Call(module, node)


def call_of(module: ModuleLike, callee: Node) -> Call | None:
    """The call of what an expression is: `f(…)` of `f`; None where it is not called."""
    whole = with_wrappers(module.syntax, callee)
    parent = module.syntax.parent(whole)
    function = parent.child_by_field_name("function") if parent is not None else None
    if parent is None or function is None or function.id != whole.id:
        return None
    return Call(module, parent)


def call_around(module: ModuleLike, node: Node) -> tuple[Call, int] | None:
    """The call or `new` of which a node is an argument, and the argument's position, from 0."""
    argument = with_wrappers(module.syntax, node)
    listed = module.syntax.parent(argument)
    around = module.syntax.parent(listed) if listed is not None and listed.type == "arguments" else None
    if around is None or around.type not in _CALLS:
        return None
    index = next((i for i, given in enumerate(arguments_of(around)) if given.id == argument.id), None)
    return (Call(module, around), index) if index is not None else None


def given_name(module: ModuleLike, node: Node) -> Node | None:
    """The name, pattern or member that gets an expression as its value, parentheses and casts looked through:
    of a variable, a field, a property of an object or element, an assignment, a default; None elsewhere."""
    whole = with_wrappers(module.syntax, node)
    holder = module.syntax.parent(whole)
    if holder is None:
        return None
    if holder.type == "jsx_attribute":
        name = holder.named_children[0]
        return name if name.id != whole.id else None
    fields = _HOLDERS.get(holder.type)
    value = holder.child_by_field_name(fields[1]) if fields is not None else None
    if fields is None or value is None or value.id != whole.id:
        return None
    return holder.child_by_field_name(fields[0])


def callback_of(module: ModuleLike, function: Node) -> Call | None:
    """The call that a function is an argument of; of a function with a name, the one call that takes it when
    nothing else is done with the name."""
    around = call_around(module, function)
    if around is not None:
        return around[0]
    name = function_name(module, function)
    declaration = module.scope.resolve(name) if name is not None else None
    if declaration is None or module.function_of(declaration) != function or _is_exported(module, function):
        return None
    uses = [use for use in module.scope.references(declaration) if use.id != declaration.node.id]
    taken = call_around(module, uses[0]) if len(uses) == 1 else None
    return taken[0] if taken is not None else None


def function_value(module: ModuleLike, node: Node) -> Node | None:
    """The function of the module that an expression is: one that is written there, the name of one, a method
    by `this`, and any of these with `.bind(…)`."""
    node = unwrap(node)
    if node.type in FUNCTIONS:
        return node
    if node.type == "identifier":
        declaration = module.scope.resolve(node)
        return module.function_of(declaration) if declaration is not None else None
    found = member(module, node)
    if found is not None and unwrap(found.object).type == "this":
        owner = module.this_class(unwrap(found.object))
        return owner.method(found.name) if owner is not None else None
    bound = call(module, node)
    if bound is not None and bound.name == "bind" and bound.receiver is not None:
        inner = unwrap(bound.receiver)
        return function_value(module, inner) if inner.type != "call_expression" else None
    return None


def statement_of(module: ModuleLike, node: Node) -> Node | None:
    """The innermost statement that a node is, or is part of, in the node's own function; None in an arrow
    function without a block, in a parameter and in a field of a class. A block is no statement here."""
    child = node
    for parent in module.syntax.ancestors(node):
        kind = parent.type
        if kind in FUNCTIONS or kind == "class_body":
            return None
        if child.type != "statement_block" and child.type != "comment" and _holds(parent, child):
            return child
        child = parent
    return None


def own_statement(module: ModuleLike, expression: Node) -> Node | None:
    """The statement that consists of an expression alone, parentheses and casts aside; None where the
    expression is part of something (of an `await`, too)."""
    parent = module.syntax.parent(with_wrappers(module.syntax, expression))
    return parent if parent is not None and parent.type == "expression_statement" else None


def own_declaration(module: ModuleLike, declarator: Node) -> Node | None:
    """The `const` or `let` statement that declares one variable alone; None where it declares others, too."""
    statement = module.syntax.parent(declarator)
    if statement is None or statement.type != "lexical_declaration":
        return None
    declared = [part for part in statement.named_children if part.type == "variable_declarator"]
    return statement if len(declared) == 1 else None


def _holds(parent: Node, child: Node) -> bool:
    """Whether a node holds a child as a statement."""
    if parent.type == "switch_case":
        value = parent.child_by_field_name("value")
        return value is None or value.id != child.id
    if parent.type in _BLOCKS:
        return True
    if parent.type.endswith("_statement") and parent.type != "export_statement":
        field = "consequence" if parent.type == "if_statement" else "body"
        body = parent.child_by_field_name(field)
        return body is not None and body.id == child.id and child.type != "switch_body"
    return False


def function_name(module: ModuleLike, function: Node) -> Node | None:
    """The identifier by which the code around a function calls it: its own, or that of the variable that
    holds it; None of a method and of a function without a name."""
    name = function.child_by_field_name("name")
    if function.type.endswith("_declaration"):
        return name
    holder = module.syntax.parent(with_wrappers(module.syntax, function))
    if holder is None or holder.type != "variable_declarator":
        return None
    name = holder.child_by_field_name("name")
    return name if name is not None and name.type == "identifier" else None


def _is_exported(module: ModuleLike, function: Node) -> bool:
    statement = statement_of(module, function)
    return statement is not None and statement.type == "export_statement"
