"""When code runs and how long: while its module loads, for one event, after the response."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.pattern import pattern
from cflint.platform.classes import ClassKind
from cflint.platform.language import RUN_LATER
from cflint.platform.packages import USER_INTERFACES
from cflint.project.apps.realms import Realm
from cflint.project.code.control import is_conditional, runs_at_once, try_around, waits_for_instance
from cflint.project.code.nodes import call_around, call_of, function_name
from cflint.project.code.tree import mentions, method_around
from cflint.project.code.values import ValueKind
from cflint.syntax.javascript import CLASSES, FUNCTIONS, is_generator
from cflint.syntax.suffixes import JSX

if TYPE_CHECKING:
    from tree_sitter import Node

    from cflint.project.code.interface import ModuleLike

_CONTEXTS = frozenset({ValueKind.HONO_CONTEXT, ValueKind.PAGES_CONTEXT, ValueKind.EXECUTION_CONTEXT})
_AROUND = FUNCTIONS | CLASSES
_STREAM = pattern(rb"new(?<!\wnew)\s{1,9}(?:\w{0,40}TransformStream|FixedLengthStream|ReadableStream)\b")


def run_while_loading(module: ModuleLike, node: Node) -> tuple[Node, ...] | None:
    """Whether an expression runs whenever its module is loaded: () where it stands at the top level, the call
    of a function of the module that it stands in otherwise; None where it does not, where a branch decides,
    and where a `catch` takes its error."""
    if module.runs_per_request or is_piece(module):
        return None
    if module.app is not None and not module.app.loads_with_main(module.path):
        return None
    function = _function_of(module, node)
    if function is None:
        return () if _always(module, node) else None
    name = function_name(module, function)
    declaration = module.scope.resolve(name) if name is not None else None
    if declaration is None or declaration.scope.type != "program" or is_generator(function):
        return None
    for use in module.scope.references(declaration):
        call = call_of(module, use)
        if call is not None and _function_of(module, call.node) is None and _always(module, call.node):
            return (call.node,) if _always(module, node) else None
    return None


def is_piece(module: ModuleLike) -> bool:
    """Whether a module is a block of a page that exports nothing: a piece of a function, of a class, of a
    script, of which nobody knows where it runs."""
    if module.document.origin is None:
        return False
    facts = module.project.facts.of(module.path)
    return facts is None or not (facts.exports or facts.listens or facts.default is not None)


def _function_of(module: ModuleLike, node: Node) -> Node | None:
    """The innermost function around a node that is not called where it stands."""
    around = (above for above in module.syntax.ancestors(node) if above.type in FUNCTIONS)
    return next((above for above in around if not runs_at_once(module, above)), None)


def _always(module: ModuleLike, node: Node) -> bool:
    """Whether a node runs, and throws, whenever the function of `_function_of`, or the module, does."""
    child = node
    for above in module.syntax.ancestors(node):
        if waits_for_instance(above, child):
            return False
        child = above
        if above.type in FUNCTIONS:
            if is_conditional(module, node, above, chains=False) or try_around(module, node) is not None:
                return False
            if not runs_at_once(module, above):
                return True
            node = above
    return not is_conditional(module, node, module.syntax.root, chains=False) and (
        try_around(module, node) is None
    )


def runs_for_event(module: ModuleLike, node: Node) -> bool:
    """Whether code runs for one request or another event: in a handler, in a class of the platform, in a
    function that is given a context."""
    around = module.syntax.enclosing(node, _AROUND)
    id = around.id if around is not None else None
    return module.memoized(("runs for event", id), lambda: _runs_for_event(module, node))


def _runs_for_event(module: ModuleLike, node: Node) -> bool:
    """The answer, which is the same for all nodes with the same function or class around them."""
    owner = module.enclosing_class(node)
    if module.handler_around(node) is not None or (owner is not None and owner.kind.is_platform):
        return True
    return any(
        module.value_declared(declaration).kind in _CONTEXTS
        for function in _functions_around(module, node)
        for declaration in module.scope.declared_in(function).values()
    )


def runs_in_worker(module: ModuleLike, node: Node) -> bool:
    """Whether code is a Worker's: what runs for an event, or a helper in a module that a Worker reaches and
    that is no user interface."""
    if runs_for_event(module, node):
        return True
    if module.app is not None:
        return module.realm is Realm.SERVER or module.sides.on_server(node.start_byte)
    if all(worker.is_document for worker in module.workers) or module.path.endswith(JSX):
        return False
    sources = (found.imported.module for found in module.scope.imports if found.imported is not None)
    return not any(source.startswith(USER_INTERFACES) for source in sources)


def may_be_durable(module: ModuleLike, node: Node) -> bool:
    """Whether code stands in the class of a Durable Object, or in one that may be: a mixin."""
    owner = module.enclosing_class(node)
    return owner is not None and (owner.kind.runs_as_durable_object or owner.kind is ClassKind.UNKNOWN)


def in_constructor(module: ModuleLike, node: Node) -> bool:
    """Whether code is that of a constructor, which can wait for nothing."""
    method, owner = method_around(module, node), module.enclosing_class(node)
    return method is not None and owner is not None and owner.constructor == method


def runs_later(module: ModuleLike, node: Node) -> bool:
    """Whether code stands in a listener, or in what a timer calls."""
    around = (call_around(module, function) for function in _functions_around(module, node))
    return any(found is not None and found[0].name in RUN_LATER for found in around)


def makes_stream_beside(module: ModuleLike, node: Node) -> bool:
    """Whether a function around makes a stream, which a response may hand on while the code goes on."""
    return any(
        made.type == "new_expression"
        for function in _functions_around(module, node)
        for made in mentions(module, _STREAM, function)
    )


def _functions_around(module: ModuleLike, node: Node) -> Iterator[Node]:
    return (above for above in module.syntax.ancestors(node) if above.type in FUNCTIONS)
