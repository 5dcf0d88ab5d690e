"""What Workers send to a queue or give a Workflow, and what the code at the other end reads of it.

Both are objects that nobody compares: the sender writes them where it calls, the reader gets them by the
runtime. Here is what is known of either side, and whether that is all of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from cflint.project.code.calls import callers_of, modules_naming, running_paths
from cflint.project.code.env_uses import env_uses_of
from cflint.project.code.module import Module
from cflint.project.code.nodes import Call
from cflint.project.code.parameters import parameter_index
from cflint.record import record
from cflint.scope import Declaration, DeclarationKind
from cflint.syntax.javascript import arguments_of, body_of, first_named, unwrap, walk
from cflint.syntax.suffixes import MODULE_SUFFIXES

if TYPE_CHECKING:
    from tree_sitter import Node

    from cflint.project.config.wrangler import Binding
    from cflint.project.workers.model import Project
    from cflint.project.workers.worker import Worker

_NAMES = frozenset({"identifier", "shorthand_property_identifier"})
_DECLARES_TYPES = frozenset({"interface_declaration", "type_alias_declaration", "type_annotation"})


@record(frozen=True, eq=False)
class Sent:
    """One payload, where it is sent: the call, and the expression of the payload (None where there is none).

    `values` are the expressions of its properties by name; None where it may have others than are seen.
    """

    module: Module
    call: Node
    node: Node | None
    values: Mapping[str, Node] | None


@record(frozen=True, eq=False)
class Senders:
    """All that is seen to be sent to one place. `complete`: all code of the project that may send there is
    read, and every payload has only the properties that are seen. Who sends from elsewhere is never known."""

    sent: tuple[Sent, ...]
    complete: bool


_KEYS = {"queue": ("queues", "producers"), "workflow": ("workflows",)}
"""Where a configuration lists bindings of a kind."""

_Given = tuple[Module, "Node | None"]
_Bodies = Callable[[Module, Call], "Iterator[_Given] | None"]
"""The payloads that a call sends, each with its module (None where it sends nothing); None of a call of
which they are not known."""
_MOST_HOPS = 2
"""From how many functions on, one calling the other, a payload is not followed to who gives it."""
_MOST_CALLS = 20


def sent_to_queues(project: Project, queues: Iterable[str]) -> Senders:
    """What the Workers of the project send to any of some queues, by their names."""
    wanted = frozenset(queues)
    return _senders(project, "queue", lambda _, it: it.queue in wanted, _QUEUE)


def sent_to_workflow(project: Project, owner: Worker, names: frozenset[str], class_name: str) -> Senders:
    """What the Workers of the project give the Workflow that a Worker exports as a class; `names` are those
    under which the Worker is deployed."""

    def leads_there(worker: Worker, binding: Binding) -> bool:
        if binding.class_name != class_name:
            return False
        return binding.is_local if worker is owner else binding.script_name in names

    return _senders(project, "workflow", leads_there, _WORKFLOW)


def _senders(
    project: Project,
    kind: str,
    is_wanted: Callable[[Worker, Binding], bool],
    methods: Mapping[str, _Bodies],
) -> Senders:
    sent: list[Sent] = []
    complete = True
    for worker in project.workers:
        if worker.is_document:
            continue
        is_open = any(environment.is_open(*_KEYS[kind]) for environment in worker.environments)
        if is_open or kind in worker.bound.values():
            complete = False
        bindings = {
            binding.name
            for environment in worker.environments
            for binding in environment.bindings_of(kind)
            if is_wanted(worker, binding)
        }
        if not bindings:
            continue
        if not _is_read(project, worker):
            complete = False
        for name in sorted(bindings):
            found = _sent_by(project, worker, name, methods)
            complete &= found is not None
            sent.extend(found or ())
    return Senders(tuple(sent), complete and all(one.values is not None for one in sent))


def _is_read(project: Project, worker: Worker) -> bool:
    """Whether all code of a Worker is JavaScript that is there."""
    if worker.unresolved or not worker.entries:
        return False
    return all(
        path.endswith(MODULE_SUFFIXES) and project.sources.document(path) is not None
        for path in running_paths(worker)
    )


def _sent_by(
    project: Project, worker: Worker, name: str, methods: Mapping[str, _Bodies]
) -> list[Sent] | None:
    """What a Worker sends by the binding of a name; None where it may send more than is seen: the binding is
    handed on, or named in a way that is not understood."""
    sent: list[Sent] = []
    for module in modules_naming(project, running_paths(worker), name):
        known: set[int] = set()
        for use in env_uses_of(module, name):
            calls = _calls_by(module, use.whole) if not use.written else None
            if calls is None and not (use.guarded and use.method is None and not _is_kept(module, use.whole)):
                return None
            known.add(use.node.start_byte)
            for call in calls or ():
                if call.name not in methods:
                    continue  # `metrics()`, `get()`: nothing is sent
                bodies = methods[call.name](module, call)
                if bodies is None:
                    return None
                sent.extend(_sent(where, call.node, body, module) for where, body in bodies)
        for leaf in module.leaves(name, module.root):
            inside = leaf.start_byte in known or (leaf.start_byte - 1) in known  # the text of a string
            if not inside and module.enclosing(leaf, _DECLARES_TYPES) is None:
                return None
    return sent


def _is_kept(module: Module, whole: Node) -> bool:
    """Whether what is read is put into a variable."""
    holder = module.parent(module.with_wrappers(whole))
    return holder is not None and holder.type in ("variable_declarator", "arguments")


def _calls_by(module: Module, whole: Node) -> list[Call] | None:
    """The methods that are called on what an expression gives, there or by the constant that keeps it; None
    where anything else is done with it."""
    outer = module.with_wrappers(whole)
    called = _call_on(module, outer)
    if called is not None:
        return [called]
    holder = module.parent(outer)
    name = holder.child_by_field_name("name") if holder is not None else None
    if holder is None or holder.type != "variable_declarator" or name is None or name.type != "identifier":
        return None
    declaration = module.scope.resolve(name)
    if declaration is None or not declaration.constant:
        return None
    calls = [_call_on(module, module.with_wrappers(use)) for use in module.scope.references(declaration)]
    return [call for call in calls if call is not None] if None not in calls else None


def _call_on(module: Module, outer: Node) -> Call | None:
    """The call of a method of an expression."""
    member = module.parent(outer)
    if member is None or member.type != "member_expression":
        return None
    target = member.child_by_field_name("object")
    if target is None or target.id != outer.id:
        return None
    found = module.call_of(member)
    return found if found is not None and not found.is_new else None


def _sent(module: Module, call: Node, body: Node | None, sender: Module) -> Sent:
    if body is None:
        return Sent(sender, call, None, {})
    return Sent(module, call, body, _values(module, body))


def _values(module: Module, node: Node) -> Mapping[str, Node] | None:
    """The properties of an object literal, or of a constant that holds one and is only read; None where
    there may be others."""
    named = unwrap(node)
    if named.type in _NAMES:
        declaration = module.scope.resolve(named)
        uses = module.scope.references(declaration) if declaration is not None else ()
        if any(not _only_reads(module, use, named) for use in uses) or module.is_open_object(named):
            return None
    return module.properties_of(module.initializer(named))


def _only_reads(module: Module, use: Node, sent: Node) -> bool:
    """Whether a use of an object's name can give it no other property."""
    if use.start_byte == sent.start_byte:
        return True
    parent = module.parent(module.with_wrappers(use))
    return parent is not None and parent.type == "member_expression"


def _alternatives(module: Module, node: Node, hops: int = 0) -> Iterator[_Given]:
    """The branches of `?:`, and what all calls of the function around give for a parameter; else the
    expression itself."""
    node = unwrap(node)
    if node.type == "ternary_expression":
        for field in ("consequence", "alternative"):
            found = node.child_by_field_name(field)
            if found is not None:
                yield from _alternatives(module, found, hops)
        return
    declaration = module.scope.resolve(node) if node.type in _NAMES else None
    given = _given_for(module, declaration, node) if declaration is not None and hops < _MOST_HOPS else None
    if given is None:
        yield module, node
    for site, argument in given or ():
        yield from _alternatives(site, argument, hops + 1)


def _given_for(module: Module, parameter: Declaration, sent: Node) -> list[tuple[Module, Node]] | None:
    """What is given for a parameter that is only read, by all calls of its function; None where that is not
    known."""
    is_plain = parameter.kind is DeclarationKind.PARAMETER and not parameter.path
    index = parameter_index(parameter) if is_plain and parameter.default is None else None
    if index is None or any(True for _ in module.mutations(parameter)):
        return None
    if not all(_only_reads(module, use, sent) for use in module.scope.references(parameter)):
        return None
    callers = callers_of(module, parameter.scope)
    if not callers.complete or not 0 < len(callers.calls) <= _MOST_CALLS:
        return None
    found: list[tuple[Module, Node]] = []
    for site in callers.calls:
        made = site.module.call(site.node)
        argument = made.argument(index) if made is not None else None
        if argument is None:
            return None
        found.append((site.module, argument))
    return found


def _argument(module: Module, call: Call) -> Iterator[_Given] | None:
    given = call.argument(0)
    return _alternatives(module, given) if given is not None else None


def _listed(key: str) -> _Bodies:
    """The payloads of a call that takes a list of objects with a payload under a key."""

    def bodies(module: Module, call: Call) -> Iterator[_Given] | None:
        given = call.argument(0)
        items = list(_items(module, given)) if given is not None else [None]
        wrapped = [module.properties_of(item) if item is not None else None for item in items]
        if any(one is None or (key == "body" and key not in one) for one in wrapped):
            return None
        return ((module, one.get(key)) for one in wrapped if one is not None)

    return bodies


def _items(module: Module, node: Node) -> Iterator[Node | None]:
    """The elements of a list that is written out or made by `map()`; None for those that are not seen."""
    node = module.initializer(node)
    if node.type == "array":
        for part in node.named_children:
            if part.type != "comment":
                yield None if part.type == "spread_element" else part
        return
    is_mapped = node.type == "call_expression" and module.callee_name(node) == "map"
    yield mapped(node) if is_mapped else None


def mapped(call: Node) -> Node | None:
    """What the arrow function that a call is given (`list.map(…)`) makes of each element, where that is one
    expression."""
    given = arguments_of(call)
    callback = unwrap(given[0]) if given else None
    body = body_of(callback) if callback is not None and callback.type == "arrow_function" else None
    if body is None:
        return None
    if body.type != "statement_block":
        return unwrap(body)
    returned = [part for part in walk(body, into_functions=False) if part.type == "return_statement"]
    value = first_named(returned[0]) if len(returned) == 1 else None
    return unwrap(value) if value is not None else None


def _params(module: Module, call: Call) -> Iterator[_Given] | None:
    if not call.arguments:
        return iter(((module, None),))
    given = call.argument(0)
    options = module.properties_of(module.initializer(given)) if given is not None else None
    if options is None:
        return None
    params = options.get("params")
    return _alternatives(module, params) if params is not None else iter(((module, None),))


_QUEUE: Mapping[str, _Bodies] = {"send": _argument, "sendBatch": _listed("body")}
_WORKFLOW: Mapping[str, _Bodies] = {"create": _params, "createBatch": _listed("params")}
