"""What sets off what among the Workers of a project: messages that make messages, calls that make calls.

A step leads from one end to another: from the messages of a queue to those of another, when its consumer
sends there for each of them; from a handler or method of a Worker to that of a Worker that it calls.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from cflint.finding import Location
from cflint.platform.classes import ClassKind
from cflint.project.code.calls import CallSite, callers_of, name_of, running_paths
from cflint.project.code.module import Handler, Module, module_of
from cflint.project.code.remote import (
    Bound,
    all_remote_calls,
    bound_by_others,
    class_behind,
    names_that_only_one_has,
)
from cflint.project.code.tracing import function_called
from cflint.project.code.values import ValueKind
from cflint.record import record

if TYPE_CHECKING:
    from tree_sitter import Node

    from cflint.project.workers.model import Project
    from cflint.project.workers.worker import Worker

_MOST_HOPS = 3
"""Through how many functions a message, or a call, is followed."""
_MOST_CALLERS = 20
_PER_MESSAGE = frozenset({"map", "forEach"})

End = tuple[str, ...]
"""What is set off: the name of a queue, or the path of a configuration, an export and a method."""


@record(frozen=True)
class Step:
    """One end sets off another, at a place. `is_delayed`: not at once."""

    source: End
    target: End
    at: Location
    is_delayed: bool = False


def way_back(steps: Sequence[Step], first: Step) -> tuple[Step, ...] | None:
    """The shortest chain of steps that begins with one and leads back to where that starts; None without."""
    by_source: dict[End, list[Step]] = {}
    for step in steps:
        by_source.setdefault(step.source, []).append(step)
    todo: list[tuple[Step, ...]] = [(first,)]
    seen = {first.target}
    for chain in todo:
        if chain[-1].target == first.source:
            return chain
        for step in by_source.get(chain[-1].target, ()):
            if step.target not in seen:
                seen.add(step.target)
                todo.append((*chain, step))
    return None


# -- queues ----------------------------------------------------------------------------------------------


def queue_steps(project: Project) -> tuple[Step, ...]:
    """The messages that consumers send for each message, whatever it is, or for each batch."""
    return project.memo.memoized("messages that make messages", lambda: tuple(_queue_steps(project)))


def _queue_steps(project: Project) -> Iterator[Step]:
    for worker in project.workers:
        if worker.is_document or not worker.is_deployed:
            continue
        if not any(environment.queue_consumers for environment in worker.environments):
            continue
        for path in running_paths(worker):
            document = project.sources.document(path)
            has_words = document is not None and document.has_word("queue")
            module = module_of(project, path) if has_words else None
            for handler in module.handlers if module is not None else ():
                of_worker = handler.owner is None or handler.owner.kind is ClassKind.WORKER_ENTRYPOINT
                if handler.name == "queue" and of_worker:
                    yield from _fed_by(worker, handler)


def _fed_by(worker: Worker, handler: Handler) -> Iterator[Step]:
    for module, call, name in _sends(handler.module, handler.function, 0):
        for environment in worker.environments:
            binding = environment.binding(name)
            queue = binding.queue if binding is not None and binding.kind.id == "queue" else None
            for consumer in environment.queue_consumers if queue else ():
                if consumer.queue and queue:
                    options = module.call(call)
                    given = options.argument(1) if options is not None else None
                    yield Step((consumer.queue,), (queue,), module.at(call), given is not None)


def _sends(module: Module, function: Node, hops: int) -> Iterator[tuple[Module, Node, str]]:
    """The calls that send a message whenever a function runs, or for each message of a batch there, and the
    name of the binding."""
    for call in module.descendants(function, "call_expression"):
        found = module.call(call)
        if found is None or not found.name:
            continue
        name = _sends_by(module, call) if found.name in ("send", "sendBatch") else None
        if name is None and (hops == _MOST_HOPS or found.name in _PER_MESSAGE):
            continue
        target = function_called(module, call) if name is None else None
        if (name is None and target is None) or not _runs_for_each(module, call, function):
            continue
        if name is not None:
            yield module, call, name
        elif target is not None and target[1].id != function.id:
            yield from _sends(*target, hops + 1)


def _sends_by(module: Module, call: Node) -> str | None:
    """The name of the binding by which a call sends a message; a batch may be empty, unless it is written
    out."""
    found = module.call(call)
    value = module.value_of(found.receiver) if found is not None and found.receiver is not None else None
    if found is None or value is None or not value.is_binding("queue"):
        return None
    if found.name == "sendBatch":
        given = found.argument(0)
        listed = module.initializer(given) if given is not None else None
        parts = listed.named_children if listed is not None and listed.type == "array" else ()
        if not any(part.type == "object" for part in parts):
            return None
    return value.name


def _runs_for_each(module: Module, call: Node, function: Node) -> bool:
    """Whether a call is made whenever a function runs, or for each of the messages that it is given."""
    node = call
    while True:
        loop = module.loop_around(node, function)
        inner = module.enclosing_function(node)
        if loop is not None and (inner is None or loop.start_byte > inner.start_byte):
            over, body = loop.child_by_field_name("right"), loop.child_by_field_name("body")
            if loop.type != "for_in_statement" or over is None or body is None:
                return False
            if module.value_of(over).kind is not ValueKind.MESSAGES:
                return False
            if not module.always_runs(node, body):
                return False
            node = loop
        elif inner is None or inner.id == function.id:
            return module.always_runs(node, function)
        else:
            around = module.callback_of(inner)
            if around is None or around.name not in _PER_MESSAGE or around.receiver is None:
                return module.always_runs(node, function)
            if module.value_of(around.receiver).kind is not ValueKind.MESSAGES:
                return False
            if not module.always_runs(node, inner):
                return False
            node = around.node


# -- services --------------------------------------------------------------------------------------------


def service_steps(project: Project) -> tuple[Step, ...]:
    """The calls of Workers by service bindings, as steps between their handlers and methods. Of a call of
    `fetch()`, only one that is made whatever the request is."""
    return project.memo.memoized("calls that make calls", lambda: tuple(_service_steps(project)))


def _service_steps(project: Project) -> Iterator[Step]:
    for target in project.workers:
        if target.config is None or target.is_document:
            continue
        for bound in bound_by_others(project, names_that_only_one_has(project, target), None):
            if bound.binding.kind.id == "service" and bound.worker.is_deployed:
                yield from _steps_by(project, target, bound)


def _steps_by(project: Project, target: Worker, bound: Bound) -> Iterator[Step]:
    if target.config is None or bound.worker.config is None:
        return
    paths = frozenset(running_paths(bound.worker))
    for site, method, _ in all_remote_calls(project, bound):
        end = (target.config.path, bound.name, method)
        for source in _sources(project, bound.worker, paths, site, is_always=method == "fetch"):
            yield Step((bound.worker.config.path, *source), end, site.module.at(site.node))


def _sources(
    project: Project, worker: Worker, paths: frozenset[str], site: CallSite, *, is_always: bool
) -> Iterator[End]:
    """The exports and the handlers or methods of a Worker, whose modules are `paths`, that make a call, or
    call a function that does. `is_always`: only those that make it whatever happens."""
    todo = [(site, 0)]
    seen: set[tuple[str, int]] = set()
    for call, hops in todo:
        module = call.module
        function = _function_around(module, call.node)
        if function is None or (module.path, function.start_byte) in seen:
            continue
        if is_always and not module.always_runs(call.node, function):
            continue
        seen.add((module.path, function.start_byte))
        end = _end_at(project, worker, module, function)
        if end is not None:
            yield end
        if hops < _MOST_HOPS and module.handler_of(function) is None:
            callers = callers_of(module, function).calls[:_MOST_CALLERS]
            todo.extend((caller, hops + 1) for caller in callers if caller.module.path in paths)


def _function_around(module: Module, call: Node) -> Node | None:
    """The function that makes a call, of which a callback without a name is a part."""
    function = module.enclosing_function(call)
    while function is not None and function.type == "arrow_function":
        if module.handler_of(function) is not None or name_of(module, function) is not None:
            break
        function = module.enclosing_function(module.parent(function) or function)
    return function


def _end_at(project: Project, worker: Worker, module: Module, function: Node) -> End | None:
    """The export and the name by which other Workers, or the runtime, call a function."""
    handler = module.handler_of(function)
    if handler is not None and handler.owner is None:
        return ("default", handler.name) if module.path in worker.entries else None
    owner = module.enclosing_class(function) if function.type == "method_definition" else None
    name = function.child_by_field_name("name")
    if owner is None or name is None or owner.kind is not ClassKind.WORKER_ENTRYPOINT:
        return None
    for export in ("default", owner.name):
        found = class_behind(project, worker, export)
        if found is not None and found.is_same(owner.facts):
            return export, module.text(name)
    return None
