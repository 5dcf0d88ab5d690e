"""What code runs for, and so what becomes of work that nobody waits for when that ends.

The runtime cancels what an invocation of a Worker still does when its response is sent, or its handler is
done, but for what was given to `waitUntil()`. A Durable Object goes on with it, and so does a request that
was answered with a WebSocket, as long as that is open. Source: workerd `src/workerd/io/io-context.h`;
https://developers.cloudflare.com/workers/runtime-apis/context/ and
https://developers.cloudflare.com/durable-objects/api/state/ (`waitUntil`).
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from cflint.platform.classes import ClassKind
from cflint.platform.language import PROMISE_CHAIN
from cflint.project.code.calls import callers_of, makers_of, name_of
from cflint.project.code.control import runs_at_once
from cflint.project.code.module import Module
from cflint.project.code.values import ValueKind
from cflint.scope import DeclarationKind
from cflint.syntax.javascript import FUNCTIONS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tree_sitter import Node

    from cflint.project.code.module import ClassDefinition


class Invocation(Enum):
    """What code runs for. `UNKNOWN`: not all that calls it is seen."""

    __hash__ = object.__hash__  # that of Enum is written in Python

    REQUEST = "a request"
    EVENT = "an event"
    CALL = "a remote call"
    WORKFLOW = "a Workflow"
    DURABLE_OBJECT = "a Durable Object"
    SOCKET = "a request whose answer is an open WebSocket"
    UNKNOWN = "unknown"

    @property
    def end(self) -> str | None:
        """When the runtime cancels what still runs there, in words; None where it does not, and where that
        is not known."""
        return _ENDS.get(self)


_ENDS = {
    Invocation.REQUEST: "when the response is sent",
    Invocation.EVENT: "when the handler is done",
    Invocation.CALL: "when the call has returned",
    Invocation.WORKFLOW: "when `run()` returns",
}
_BLOCKS = frozenset({"statement_block"})
_MOST_HOPS = 6
_CALLED_HERE = PROMISE_CHAIN | {
    "map",
    "flatMap",
    "forEach",
    "filter",
    "some",
    "every",
    "reduce",
    "find",
    "sort",
}
"""Methods whose callbacks run as a part of what calls them."""
_OF_REQUESTS = frozenset({ValueKind.HONO_CONTEXT, ValueKind.PAGES_CONTEXT})
_ROUTES = frozenset({"get", "post", "put", "patch", "delete", "all", "use"})
"""Methods of routers, whose callbacks are given the request."""
_STATES = frozenset({"DurableObjectState", "DurableObjectStorage", "AgentContext"})


def invocations_of(module: Module, node: Node) -> frozenset[Invocation]:
    """What the code at a node runs for: that of the handler or class around, else that of whoever calls the
    functions around, in any module of its Workers."""
    return _invocations(module, node, _MOST_HOPS, set())


def loss_of(module: Module, promise: Node, root: Node) -> str | None:
    """What is lost if nobody waits for a promise, whose chain starts with the call `root`, in words to put
    behind a colon. None where nothing is: a Durable Object goes on with it, and its errors are handled."""
    handled = module.handles_errors(promise)
    durable = module.may_be_durable(root)
    found = frozenset({Invocation.DURABLE_OBJECT}) if durable else invocations_of(module, root)
    if goes_on(found):
        return None if handled else "its errors are lost"
    end = next((one.end for one in Invocation if one in found and one.end is not None), None)
    cut = f"it may be cancelled {end}" if end is not None else "it may be cut off in the middle"
    return cut if handled else f"{cut}, and its errors are lost"


def goes_on(found: frozenset[Invocation]) -> bool:
    """Whether the runtime lets run on what nobody waits for, whatever the code runs for."""
    return bool(found) and found <= _LASTING


def _invocations(module: Module, node: Node, hops: int, seen: set[tuple[str, int]]) -> frozenset[Invocation]:
    if _has_socket(module, node):
        return _OF_SOCKET
    around = module.enclosing_class(node)
    if around is not None and around.kind.runs_as_durable_object:
        return _LIVES_ON  # whatever its callbacks are given to
    child = node
    for above in module.ancestors(node):
        if above.type == "class_body":
            owner = module.enclosing_class(child)
            return _of_class(module, owner, node, hops, seen) if owner is not None else _NOBODY
        if above.type in FUNCTIONS:
            found = _of_function(module, above, hops, seen)
            if found is not None:
                is_inner = found == _NOBODY and module.enclosing_function(above) is not None
                outer = _invocations(module, above, hops, seen) if is_inner else found
                return outer if outer == _OF_SOCKET else found
        child = above
    return _NOBODY


_NOBODY = frozenset({Invocation.UNKNOWN})
_LIVES_ON = frozenset({Invocation.DURABLE_OBJECT})
_OF_SOCKET = frozenset({Invocation.SOCKET})
_LASTING = _LIVES_ON | _OF_SOCKET


def _has_socket(module: Module, node: Node) -> bool:
    """Whether code stands behind a `new WebSocketPair()`, in its block."""
    spans = module.memoized("blocks with sockets", lambda: tuple(_blocks_with_sockets(module)))
    return any(start <= node.start_byte < end for start, end in spans)


def _blocks_with_sockets(module: Module) -> Iterator[tuple[int, int]]:
    """From where pairs of sockets are made to the end of the block around."""
    for leaf in module.leaves("WebSocketPair", module.root):
        made = module.parent(leaf)
        if made is not None and made.type == "new_expression":
            block = module.enclosing(made, _BLOCKS)
            if block is not None:
                yield made.end_byte, block.end_byte


def _of_function(
    module: Module, function: Node, hops: int, seen: set[tuple[str, int]]
) -> frozenset[Invocation] | None:
    """What a function runs for; None where that is what the code around it runs for."""
    handler = module.handler_of(function)
    if handler is not None and handler.owner is None:
        return frozenset({Invocation.REQUEST if handler.name == "fetch" else Invocation.EVENT})
    if any(one.function.id == function.id for one in module.app_handlers):
        return frozenset({Invocation.REQUEST})
    kinds = {
        module.value_declared(declaration).kind
        for declaration in module.scope.declared_in(function).values()
        if declaration.kind is DeclarationKind.PARAMETER
    }
    if kinds & _OF_REQUESTS:
        return frozenset({Invocation.REQUEST})
    parent = module.parent(function)
    if parent is not None and parent.type in ("class_body", "public_field_definition"):
        return None
    if runs_at_once(module, function):
        return None
    around = module.call_around(function)
    if around is not None:
        if ValueKind.REQUEST in kinds and around[0].name in _ROUTES:
            return frozenset({Invocation.REQUEST})
        executes = around[0].is_new and around[0].name == "Promise"
        return None if executes or around[0].name in _CALLED_HERE else _NOBODY
    named = name_of(module, function)
    is_known = named is not None and named.type == "identifier"
    return _of_callers(module, function, hops, seen) if is_known else _NOBODY


def _of_class(
    module: Module, owner: ClassDefinition, node: Node, hops: int, seen: set[tuple[str, int]]
) -> frozenset[Invocation]:
    if owner.kind is ClassKind.PLAIN and _is_given_state(module, owner):
        return _LIVES_ON
    if owner.kind is ClassKind.WORKFLOW:
        return frozenset({Invocation.WORKFLOW})
    if owner.kind is ClassKind.WORKER_ENTRYPOINT:
        handler = module.handler_around(node)
        if handler is None:
            return frozenset({Invocation.CALL})
        return frozenset({Invocation.REQUEST if handler.name == "fetch" else Invocation.EVENT})
    if owner.kind is not ClassKind.PLAIN or hops == 0 or not _first(module, owner.node, seen):
        return frozenset({Invocation.UNKNOWN})
    made_by = None
    for site in makers_of(module, owner):
        made_by = _invocations(site.module, site.node, hops - 1, seen)
        if made_by != _LIVES_ON:
            return _NOBODY  # an instance may be handed to anybody, and outlive who made it
    return made_by if made_by is not None else _NOBODY


def _first(module: Module, node: Node, seen: set[tuple[str, int]]) -> bool:
    """Whether a place is looked at for the first time."""
    key = module.path, node.start_byte
    if key in seen:
        return False
    seen.add(key)
    return True


def _is_given_state(module: Module, owner: ClassDefinition) -> bool:
    """Whether the constructor of a class takes what only Durable Objects have."""
    given = module.parameters(owner.constructor) if owner.constructor is not None else ()
    types = (module.text(one.type) for one in given if one.type is not None)
    return any(type.partition("<")[0].strip() in _STATES for type in types)


def _of_callers(
    module: Module, function: Node, hops: int, seen: set[tuple[str, int]]
) -> frozenset[Invocation]:
    if hops == 0 or not _first(module, function, seen):
        return frozenset()
    found: set[Invocation] = set()
    callers = callers_of(module, function)
    for site in callers.calls:
        found |= _invocations(site.module, site.node, hops - 1, seen)
    if not callers.complete or not callers.calls:
        found.add(Invocation.UNKNOWN)
    return frozenset(found)
