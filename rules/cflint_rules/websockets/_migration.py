"""From `accept()` and listeners to `ctx.acceptWebSocket()` and methods: what it takes, what is in the way.

All listeners of one socket move in one fix, or none does: a socket that is half migrated loses messages.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import ClassDefinition, Edit, Fix, Location, Module, Safety, Span, js, quoted, record
from cflint_rules.websockets._listener import method_of

if TYPE_CHECKING:
    from tree_sitter import Node

_LOOKING_CALLS = frozenset({"delete", "has", "get", "includes", "indexOf", "acceptWebSocket", "getTags"})
_STORING_CALLS = js.ADDING | {"splice"}
_COMPARISONS = frozenset({"===", "!==", "==", "!=", "&&", "||", "??", "instanceof"})
_MOST_OBSTACLES = 6

Part = Location | Edit
"""What is in the way, or a piece of the fix."""


@record(frozen=True)
class Migration:
    """What has to change for one end of a pair: its listeners, the calls of `accept()`, and the fix, which is
    None when `obstacles` are in the way."""

    listeners: tuple[js.SocketListener, ...]
    accepts: tuple[Node, ...]
    obstacles: tuple[Location, ...]
    fix: Fix | None


def migration_of(module: Module, owner: ClassDefinition, end: js.PairEnd) -> Migration:
    """What it takes to accept an end with `acceptWebSocket()` and to serve it by methods of the class."""
    return module.memoized(
        ("socket migration", owner.node.id, *end.key), lambda: _migration(module, owner, end)
    )


def _migration(module: Module, owner: ClassDefinition, end: js.PairEnd) -> Migration:
    listeners = module.listeners_of_end(end)
    accepts = tuple(found.node for found in module.accepts_of_end(end) if not found.hibernates)
    edits: list[Edit] = []
    obstacles: list[Location] = []
    for part in _parts(module, owner, end, listeners):
        if isinstance(part, Edit):
            edits.append(part)
        else:
            obstacles.append(part)
    if obstacles:
        return Migration(listeners, accepts, tuple(obstacles[:_MOST_OBSTACLES]), None)
    steps = ["move the listeners to methods of the class"] if listeners else []
    if accepts or not listeners:
        steps.append("accept the socket with `acceptWebSocket()`")
    title = ", and ".join(steps)
    return Migration(listeners, accepts, (), Fix(title[0].upper() + title[1:], tuple(edits), Safety.UNSAFE))


def _parts(
    module: Module, owner: ClassDefinition, end: js.PairEnd, listeners: tuple[js.SocketListener, ...]
) -> Iterator[Part]:
    if module.root.has_error or module.syntax.typos:
        yield module.at(owner.node, "the file has syntax errors")
        return
    accepts = module.accepts_of_end(end)
    call = module.call(accepts[0].node) if len(accepts) == 1 else None
    if call is None:
        yield module.at(end.pair, "the socket is not accepted in exactly one place")
        return
    statement = module.own_statement(call.node)
    moves = not accepts[0].hibernates
    if module.this_class(call.node) is not owner:
        yield module.at(call.node, f"this is not in a method of {owner.label}")
    if statement is None:
        yield module.at(call.node, "this is not a statement of its own")
    if owner.state is None:
        yield module.at(
            owner.node, f"{owner.label} has no field that holds what its constructor is given as `ctx`"
        )
    if moves and call.arguments:
        yield module.at(call.node, "`acceptWebSocket()` has no such option")
    for other in module.hibernatable_accepts(owner):
        if not _accepts_end(module, other, end):
            yield module.at(other, "the class's handlers would serve this other socket too")
    for use in module.uses_of_end(end):
        yield from _lost(module, owner, use, listeners)
    if statement is None or owner.state is None:
        return
    if moves:
        socket = module.text(call.receiver) if call.receiver is not None else ""
        yield module.replace(call.node, f"{owner.state}.acceptWebSocket({socket})")
    added: list[str] = []
    for listener in listeners:
        for part in _moved(module, owner, end, listener, module.parent(statement)):
            if isinstance(part, str):
                added.append(part)
            else:
                yield part
    if added:
        yield owner.append_members(*added)


def _accepts_end(module: Module, accept: Node, end: js.PairEnd) -> bool:
    given = js.arguments_of(accept)
    return bool(given) and any(found.key == end.key for found in module.pair_ends(given[0]))


# -- what becomes of the socket --------------------------------------------------------------------------


def _lost(
    module: Module, owner: ClassDefinition, use: Node, listeners: tuple[js.SocketListener, ...]
) -> Iterator[Location]:
    """What is wrong with a use after which the socket could not be found once the object was evicted."""
    called = module.method_called_on(use)
    if called is not None:
        if called[0] not in js.SOCKET_METHODS:
            yield module.at(called[1], f"`{called[0]}()` has no counterpart")
        return
    if module.parameter_for(use) is not None:
        return
    held = module.with_wrappers(use)
    above = module.parent(held)
    while above is not None and above.type in ("array", "pair", "object"):
        held = module.with_wrappers(above)
        above = module.parent(held)
    in_literal = held.id != module.with_wrappers(use).id
    handlers = [listener.handler for listener in listeners if listener.handler is not None]
    inside = any(node.start_byte <= use.start_byte < node.end_byte for node in handlers)
    match above.type if above is not None else "":
        case "member_expression" | "if_statement" | "unary_expression" if not in_literal:
            return
        case "variable_declarator" if inside or not in_literal:
            return
        case "binary_expression" if not in_literal and above is not None:
            operator = above.child_by_field_name("operator")
            if operator is not None and operator.type in _COMPARISONS:
                return
        case "arguments":
            yield from _handed(module, owner, use, held, inside=inside, in_literal=in_literal)
            return
        case "assignment_expression" if above is not None:
            yield _kept(module, owner, use, above.child_by_field_name("left"))
            return
    yield module.at(use, "what becomes of the socket here cannot be followed")


def _handed(
    module: Module, owner: ClassDefinition, use: Node, held: Node, *, inside: bool, in_literal: bool
) -> Iterator[Location]:
    """What is wrong with a use as an argument, unless the callee only looks at the socket."""
    around = module.call_around(held)
    if around is None:
        return
    call = around[0]
    method = call.name if call.receiver is not None else ""
    if (method in _LOOKING_CALLS and not in_literal) or module.log_at(call.node) is not None:
        return
    if method in _STORING_CALLS:
        yield _kept(module, owner, use, call.receiver)
    elif not inside:
        callee = quoted(module.text(call.callee)) if call.callee is not None else "other code"
        yield module.at(use, f"{callee} is handed the socket, and may listen to it or keep it")


def _kept(module: Module, owner: ClassDefinition, use: Node, place: Node | None) -> Location:
    where = quoted(module.text(place)) if place is not None else "an object"
    return module.at(
        use,
        f"the socket is kept in {where}, which an evicted object loses: use "
        f"`{owner.state or 'ctx'}.getWebSockets()`",
    )


# -- one listener ----------------------------------------------------------------------------------------


def _moved(
    module: Module, owner: ClassDefinition, end: js.PairEnd, listener: js.SocketListener, block: Node | None
) -> Iterator[Part | str]:
    """The edits that take a listener away, and the source of the new method unless the class has an empty one
    that it replaces."""
    name = js.SOCKET_EVENTS.get(listener.event)
    statement = module.own_statement(listener.node)
    if name is None:
        yield module.at(listener.node, f"there is no method for the event `{listener.event}`")
        return
    parent = module.parent(statement) if statement is not None else None
    if statement is None or parent is None or block is None or parent.id != block.id:
        yield module.at(
            listener.node, "this listener is not added in the same block in which the socket is accepted"
        )
        return
    if sum(other.event == listener.event for other in module.listeners_of_end(end)) > 1:
        yield module.at(listener.node, f"there are several listeners for `{listener.event}`")
        return
    function = js.unwrap(listener.handler) if listener.handler is not None else None
    if function is None:
        yield module.at(listener.node, "this listener has options")
        return
    if function.type not in ("arrow_function", "function_expression") or js.is_generator(function):
        yield module.at(function, f"the listener {quoted(module.text(function))} is not written here")
        return
    existing = owner.method(name)
    if existing is not None and not _is_empty(existing):
        yield module.at(existing, f"`{name}()` is there already")
        return
    if existing is None and owner.has(name) is not False:
        yield module.at(owner.node, f"a base of {owner.label} may have `{name}()` already")
        return
    method = method_of(module, owner, listener.event, function, module.uses_of_end(end))
    if not isinstance(method, str):
        yield from method
        return
    indent = owner.member_indent
    comments = module.comments_of(statement)
    source = "".join(f"{module.text(comment)}\n{indent}" for comment in comments) + method
    if existing is not None:
        body = js.body_of(existing)
        end_of_body = js.block_end(body) if body is not None else existing.end_byte
        yield Edit(module.document, Span(existing.start_byte, end_of_body), source)
    else:
        yield source
    yield Edit(module.document, module.lines_with_comments(statement), "")


def _is_empty(method: Node) -> bool:
    body = js.body_of(method)
    return body is not None and all(child.type == "comment" for child in body.named_children)
