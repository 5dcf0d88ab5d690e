"""The two ends of a `WebSocketPair` inside one module: who made them, and what becomes of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from cflint.project.code.parameters import parameter_index
from cflint.project.code.values import ValueKind
from cflint.record import record
from cflint.scope import Declaration, DeclarationKind
from cflint.syntax.javascript import arguments_of, unwrap, with_wrappers

if TYPE_CHECKING:
    from tree_sitter import Node

    from cflint.project.code.interface import ClassLike, ModuleLike

_EXPRESSIONS = ("identifier", "subscript_expression", "member_expression", "shorthand_property_identifier")


@record(frozen=True)
class PairEnd:
    """One end of a pair: the `new WebSocketPair()` that made it, and its index (`"0"` or `"1"`)."""

    pair: Node
    index: str

    @property
    def key(self) -> tuple[int, str]:
        """What is equal for the same end only."""
        return (self.pair.id, self.index)


def pair_end(module: ModuleLike, node: Node) -> PairEnd | None:
    """The end of a pair that an expression evaluates to where it stands."""
    value = module.value_of(node)
    if value.kind is ValueKind.WEBSOCKET_PAIR_END and value.origin is not None and value.name is not None:
        return PairEnd(value.origin, value.name)
    return None


def pair_ends(module: ModuleLike, node: Node) -> tuple[PairEnd, ...]:
    """The ends that an expression may be. The parameter of a function or method of the module is what the
    calls in the module hand it; () when one of them hands it anything else."""
    if module.document.data.find(b"WebSocketPair") == -1:
        return ()
    found = pair_end(module, node)
    if found is not None:
        return (found,)
    node = unwrap(node)
    declaration = module.scope.resolve(node) if node.type == "identifier" else None
    if declaration is None or declaration.kind is not DeclarationKind.PARAMETER or declaration.path:
        return ()
    return module.memoized(
        ("ends of parameter", declaration.node.id), lambda: _handed_ends(module, declaration)
    )


def _handed_ends(module: ModuleLike, declaration: Declaration) -> tuple[PairEnd, ...]:
    """The ends that all calls in the module hand to a parameter; () when one hands it anything else."""
    index = parameter_index(declaration)
    ends: dict[tuple[int, str], PairEnd] = {}
    for call in _calls_of(module, declaration.scope) if index is not None else ():
        arguments = arguments_of(call)
        end = pair_end(module, arguments[index]) if index is not None and index < len(arguments) else None
        if end is None:
            return ()
        ends[end.key] = end
    return tuple(ends.values())


def uses_of_end(module: ModuleLike, end: PairEnd) -> tuple[Node, ...]:
    """Every expression in the module that is this end, in source order, through the parameters of functions
    and methods of the module that it is handed to."""
    return module.memoized(("uses of end", *end.key), lambda: _find_uses(module, end))


def _find_uses(module: ModuleLike, end: PairEnd) -> tuple[Node, ...]:
    around: Node | None = next(
        (above for above in module.syntax.ancestors(end.pair) if above.type == "class_body"), None
    )
    around = around or module.enclosing_function(end.pair) or module.syntax.root
    found: dict[int, Node] = {}
    todo = list(_direct_uses(module, around).get(end.key, ()))
    while todo:
        node = todo.pop()
        if node.id in found:
            continue
        found[node.id] = node
        parameter = parameter_for(module, node)
        if parameter is not None:
            todo.extend(module.scope.references(parameter))
    return tuple(sorted(found.values(), key=lambda node: node.start_byte))


def _direct_uses(module: ModuleLike, around: Node) -> dict[tuple[int, str], list[Node]]:
    """The expressions within a node that are ends of pairs, by the end."""

    def find() -> dict[tuple[int, str], list[Node]]:
        uses: dict[tuple[int, str], list[Node]] = {}
        for node in module.descendants(around, *_EXPRESSIONS):
            direct = pair_end(module, node)
            if direct is not None and not _is_declared(module, node):
                uses.setdefault(direct.key, []).append(node)
        return uses

    return module.memoized(("uses of ends", around.id), find)


def parameter_for(module: ModuleLike, argument: Node) -> Declaration | None:
    """The parameter that an argument becomes, when a function or method of the module is called."""
    argument = with_wrappers(module.syntax, argument)
    listed = module.syntax.parent(argument)
    call = module.syntax.parent(listed) if listed is not None and listed.type == "arguments" else None
    if call is None or call.type != "call_expression":
        return None
    function = called_function(module, call)
    if function is None:
        return None
    position = next((i for i, given in enumerate(arguments_of(call)) if given.id == argument.id), None)
    for declaration in module.scope.declared_in(function).values():
        if (
            declaration.kind is DeclarationKind.PARAMETER
            and not declaration.path
            and position is not None
            and parameter_index(declaration) == position
        ):
            return declaration
    return None


def called_function(module: ModuleLike, call: Node) -> Node | None:
    """The function or method of the module that a call runs: `f()`, `this.f()`."""
    callee = call.child_by_field_name("function")
    callee = unwrap(callee) if callee is not None else None
    if callee is None:
        return None
    if callee.type == "identifier":
        declaration = module.scope.resolve(callee)
        return module.function_of(declaration) if declaration is not None else None
    if callee.type != "member_expression":
        return None
    target = callee.child_by_field_name("object")
    name = callee.child_by_field_name("property")
    if target is None or name is None or unwrap(target).type != "this":
        return None
    owner = module.this_class(unwrap(target))
    return owner.method(module.text(name)) if owner is not None else None


def _calls_of(module: ModuleLike, function: Node) -> Iterable[Node]:
    """The calls in the module of a named function or of a method by `this`."""
    within: Node = module.syntax.root
    if function.type == "method_definition":
        body = module.syntax.parent(function)
        if body is None or body.type != "class_body":
            return ()
        within = body

    def find() -> dict[int, list[Node]]:
        calls: dict[int, list[Node]] = {}
        for call in module.descendants(within, "call_expression"):
            called = called_function(module, call)
            if called is not None:
                calls.setdefault(called.id, []).append(call)
        return calls

    return module.memoized(("calls by function", within.id), find).get(function.id, ())


def _is_declared(module: ModuleLike, node: Node) -> bool:
    """Whether an identifier is where the name is declared."""
    if node.type != "identifier":
        return False
    declaration = module.scope.resolve(node)
    return declaration is not None and declaration.node.id == node.id


def hibernatable_accepts(module: ModuleLike, owner: ClassLike) -> tuple[Node, ...]:
    """The calls of `acceptWebSocket()` in a class."""
    return module.memoized(
        ("hibernatable accepts", owner.node.id),
        lambda: tuple(module.calls_of("acceptWebSocket", owner.body)),
    )


def method_called_on(module: ModuleLike, node: Node) -> tuple[str, Node] | None:
    """`("send", call)` when a method of the value is called there: `node.send(…)`."""
    node = with_wrappers(module.syntax, node)
    member = module.syntax.parent(node)
    if member is None or member.type != "member_expression":
        return None
    target = member.child_by_field_name("object")
    name = member.child_by_field_name("property")
    if target is None or name is None or target.id != node.id:
        return None
    whole = with_wrappers(module.syntax, member)
    call = module.syntax.parent(whole)
    if call is None or call.type != "call_expression":
        return None
    function = call.child_by_field_name("function")
    return (module.text(name), call) if function is not None and function.id == whole.id else None


def name_of_function(module: ModuleLike, function: Node) -> str:
    """What to call a function in a message: `fetch`, or `the function around`."""
    name = function.child_by_field_name("name")
    if name is None:
        parent = module.syntax.parent(function)
        if parent is not None and parent.type in ("variable_declarator", "public_field_definition"):
            name = parent.child_by_field_name("name")
        elif parent is not None and parent.type == "pair":
            name = parent.child_by_field_name("key")
    return f"`{module.text(name)}()`" if name is not None else "the function around"
