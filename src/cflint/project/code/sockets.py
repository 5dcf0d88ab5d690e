"""The two ends of a `WebSocketPair` inside one module: who made them, and what becomes of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from cflint.platform.websockets import SOCKET_EVENTS
from cflint.project.code.nodes import Call, call_around
from cflint.project.code.parameters import parameter_index
from cflint.project.code.values import ValueKind
from cflint.record import record
from cflint.scope import Declaration, DeclarationKind
from cflint.syntax.javascript import arguments_of, string_value, unwrap, with_wrappers

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


@record(frozen=True, eq=False)
class SocketAccept:
    """A call that accepts an end: `end.accept()`, or `ctx.acceptWebSocket(end)`, that which `hibernates`."""

    node: Node
    hibernates: bool


@record(frozen=True, eq=False)
class SocketListener:
    """A listener of a socket: the event, the `addEventListener` call or the assignment of `onmessage` and the
    like, and what is called; `handler` is None with options."""

    event: str
    node: Node
    handler: Node | None


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
    if owner is not None:
        return owner.method(module.text(name))
    return _method_beside(module, unwrap(target), module.text(name))


def _method_beside(module: ModuleLike, this: Node, name: str) -> Node | None:
    """The method of a name of the object literal in whose method a `this` stands: `this.answer()` of `export
    default { fetch() { return this.answer(); }, answer() {} }`."""
    for above in module.syntax.ancestors(this):
        if above.type in ("class_body", "function_declaration", "function_expression"):
            return None
        if above.type != "method_definition":
            continue
        owner = module.syntax.parent(above)
        for part in owner.named_children if owner is not None and owner.type == "object" else ():
            named = part.child_by_field_name("name") if part.type == "method_definition" else None
            if named is not None and module.text(named) == name:
                return part
        return None
    return None


def _calls_of(module: ModuleLike, function: Node) -> Iterable[Node]:
    """The calls in the module of a named function or of a method by `this`."""
    within: Node = module.syntax.root
    if function.type == "method_definition":
        body = module.syntax.parent(function)
        if body is None or body.type not in ("class_body", "object"):
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


def accepts_of_end(module: ModuleLike, end: PairEnd) -> tuple[SocketAccept, ...]:
    """The calls in the module that accept an end, in source order of the end."""
    return module.memoized(
        ("accepts of end", *end.key),
        lambda: tuple(
            found for use in uses_of_end(module, end) if (found := accept_at(module, use)) is not None
        ),
    )


def accept_at(module: ModuleLike, use: Node) -> SocketAccept | None:
    """The call that accepts a socket where it stands."""
    called = method_called_on(module, use)
    if called is not None:
        return SocketAccept(called[1], False) if called[0] == "accept" else None
    around = call_around(module, use)
    if around is None or around[1] != 0 or around[0].is_new or around[0].name != "acceptWebSocket":
        return None
    return SocketAccept(around[0].node, True)


def listeners_of_end(module: ModuleLike, end: PairEnd) -> tuple[SocketListener, ...]:
    """The listeners of an end that the module adds, in source order of the end."""
    return tuple(found for use in uses_of_end(module, end) if (found := listener_at(module, use)) is not None)


def listener_at(module: ModuleLike, use: Node) -> SocketListener | None:
    """The listener that is added to a socket where it stands."""
    called = method_called_on(module, use)
    if called is not None:
        given = Call(module, called[1]).arguments
        event = string_value(module.syntax, given[0]) if given and called[0] == "addEventListener" else None
        if event is None:
            return None
        return SocketListener(event, called[1], given[1] if len(given) == 2 else None)
    member = module.syntax.parent(with_wrappers(module.syntax, use))
    name = member.child_by_field_name("property") if member is not None else None
    setting = module.syntax.parent(member) if member is not None else None
    event = module.text(name).removeprefix("on") if name is not None else ""
    if member is None or name is None or setting is None or setting.type != "assignment_expression":
        return None
    if event not in SOCKET_EVENTS or module.text(name) != f"on{event}":
        return None
    left = setting.child_by_field_name("left")
    if left is None or left.id != member.id:
        return None
    return SocketListener(event, setting, setting.child_by_field_name("right"))


def opens_sockets(module: ModuleLike, owner: ClassLike) -> bool:
    """Whether a class has outgoing sockets, too. These cannot hibernate, and an object that passes messages
    from one socket to another has to stay in memory."""
    return module.memoized(("opens sockets", owner.node.id), lambda: _opens_sockets(module, owner))


def _opens_sockets(module: ModuleLike, owner: ClassLike) -> bool:
    made = module.descendants(owner.body, "new_expression")
    if any(module.value_of(node).kind is ValueKind.OUTGOING_WEBSOCKET for node in made):
        return True
    return reads_web_socket(module, owner.body)


def reads_web_socket(module: ModuleLike, within: Node) -> bool:
    """Whether a node reads the `webSocket` of something: of the response to a fetch that asked for one."""
    return any(
        leaf.type == "property_identifier" and _is_read(module, leaf)
        for leaf in module.syntax.leaves("webSocket", within)
    )


def _is_read(module: ModuleLike, name: Node) -> bool:
    parent = module.syntax.parent(name)
    if parent is None or parent.type != "member_expression":
        return False
    owner = parent.child_by_field_name("object")
    if owner is not None and owner.type == "this":
        return False  # a field of the class, whatever was put there
    is_response = owner is not None and module.value_of(owner).kind is ValueKind.RESPONSE
    return is_response or not module.memoized(("keeps sockets",), lambda: _keeps_sockets(module))


def _keeps_sockets(module: ModuleLike) -> bool:
    """Whether the module has objects of its own that hold a socket as `webSocket`, such as its sessions: an
    object other than what a `Response` is made with, or a type that is declared."""
    for leaf in module.syntax.leaves("webSocket", module.syntax.root):
        above = module.syntax.parent(leaf)
        if above is not None and above.type == "property_signature":
            return True
        held = leaf if leaf.type == "shorthand_property_identifier" else above
        if held is None or (held is above and held.type != "pair"):
            continue
        if held is above and held.child_by_field_name("key") != leaf:
            continue
        holder = module.syntax.parent(held)
        around = call_around(module, holder) if holder is not None else None
        if around is None or around[0].name != "Response":
            return True
    return False


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
