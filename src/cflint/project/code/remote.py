"""Calls of the methods of other Workers: who is bound to which class, which calls reach it, what it takes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from cflint.platform.handlers import NO_RPC_METHODS
from cflint.project.code.calls import CallSite, calls_named, modules_naming, running_paths
from cflint.project.code.module import Module, module_of
from cflint.project.code.values import Value, ValueKind
from cflint.project.config.wrangler import Binding
from cflint.project.modules.facts import ClassFacts, MemberKind
from cflint.record import record
from cflint.syntax.javascript import CLASSES

if TYPE_CHECKING:
    from tree_sitter import Node

    from cflint.project.workers.model import Project
    from cflint.project.workers.worker import Worker

DEFAULT = "default"
"""The name under which a service binding without an `entrypoint` finds its class."""


@record(frozen=True, eq=False)
class Bound:
    """A binding of one Worker that leads to a class of another; `name` is that under which it is exported."""

    worker: Worker
    binding: Binding
    name: str


@record(frozen=True, eq=False)
class RemoteMethod:
    """A method that others can call: its module and node, and how many arguments it takes (`most` is None
    where it takes any number)."""

    module: Module
    node: Node
    least: int
    most: int | None

    def takes(self, arguments: int) -> bool:
        """Whether so many arguments are neither too few nor too many."""
        return self.least <= arguments and (self.most is None or arguments <= self.most)

    @property
    def label(self) -> str:
        """How many arguments, in words."""
        if self.most is None:
            return f"at least {self.least} argument{'' if self.least == 1 else 's'}"
        count = f"{self.least}" if self.least == self.most else f"{self.least} to {self.most}"
        return f"{count} argument{'' if count == '1' else 's'}"


def bound_by_others(project: Project, names: frozenset[str], target: Worker | None) -> Iterator[Bound]:
    """The bindings of other Workers than `target` that lead to a Worker of some names, each once."""
    known = project.memo.memoized("bindings by the Worker they lead to", lambda: _by_target(project))
    for name in sorted(names):
        yield from (bound for bound in known.get(name, ()) if bound.worker is not target)


def names_that_only_one_has(project: Project, worker: Worker) -> frozenset[str]:
    """Those of the names of a Worker that no other Worker of the project has."""
    counts = project.memo.memoized("how many Workers have a name", lambda: _counts(project))
    return frozenset(name for name in worker.names if counts[name] == 1)


def _counts(project: Project) -> Mapping[str, int]:
    return Counter(name for worker in project.workers for name in worker.names)


def _by_target(project: Project) -> Mapping[str, list[Bound]]:
    found: dict[str, list[Bound]] = {}
    for worker in project.workers:
        seen: set[tuple[int, int]] = set()
        for environment in worker.environments if not worker.is_document else ():
            for binding in environment.bindings:
                place = (binding.name_span.start, binding.name_span.end)
                target, name = _leads_to(binding)
                if target and name and place not in seen:
                    seen.add(place)
                    found.setdefault(target, []).append(Bound(worker, binding, name))
    return found


def _leads_to(binding: Binding) -> tuple[str | None, str | None]:
    """The Worker and the name of its export that a binding leads to."""
    if binding.kind.id == "service":
        return binding.service, binding.entrypoint or DEFAULT
    if binding.kind.id in ("durable_object", "workflow"):
        return binding.script_name, binding.class_name
    return None, None


def class_behind(project: Project, target: Worker, name: str) -> ClassFacts | None:
    """The class that a Worker exports under a name, `default` for the default export; None when there is none
    or it is not known."""
    if name != DEFAULT:
        return project.exports.find_class(target, name)
    found = project.entrypoints.of(target)
    return found.owner if found is not None else None


def remote_method(project: Project, owner: ClassFacts, name: str) -> RemoteMethod | None:
    """A method of a class that other Workers can call; None where the class itself has none of that name, or
    the runtime means something of its own by it."""
    if name in NO_RPC_METHODS or name.startswith("#"):
        return None
    found = [member for member in owner.members if member.name == name and not member.is_static]
    module = module_of(project, owner.path) if found else None
    if module is None or any(member.kind is not MemberKind.METHOD for member in found):
        return None
    node = module.node_at(owner.span.start, owner.span.end)
    while node is not None and node.type not in CLASSES:
        node = module.parent(node)
    method = module.class_of(node).method(name) if node is not None else None
    if method is None:
        return None
    parameters = [one for one in module.parameters(method) if one.name != "this"]
    required = [at for at, one in enumerate(parameters, start=1) if not one.is_optional]
    has_rest = any(one.is_rest for one in parameters)
    return RemoteMethod(module, method, max(required, default=0), None if has_rest else len(parameters))


def remote_calls(project: Project, bound: Bound, method: str) -> Iterator[tuple[CallSite, int | None]]:
    """The calls of a method by way of a binding, in all modules that run in its Worker, and how many
    arguments each gives; None where a spread is among them."""
    for site in calls_named(project, running_paths(bound.worker), method):
        call = site.module.call(site.node)
        if call is None or call.is_new or call.receiver is None:
            continue
        if _is_of(site.module.value_of(call.receiver), bound):
            given = call.arguments
            spread = any(argument.type == "spread_element" for argument in given)
            yield site, None if spread else len(given)


def all_remote_calls(project: Project, bound: Bound) -> Iterator[tuple[CallSite, str, int | None]]:
    """All calls of methods by way of a binding that stand where it is named: the call, the method's name, and
    how many arguments it gives (None: not known)."""
    for module in modules_naming(project, running_paths(bound.worker), bound.binding.name):
        for node in module.descendants(module.root, "call_expression"):
            call = module.call(node)
            if call is None or call.receiver is None or not call.name:
                continue
            if _is_of(module.value_of(call.receiver), bound):
                given = call.arguments
                spread = any(argument.type == "spread_element" for argument in given)
                yield CallSite(module, node), call.name, None if spread else len(given)


def _is_of(value: Value, bound: Bound) -> bool:
    """Whether a value is what a binding gives: a service itself, or a stub of a namespace."""
    if value.kind is ValueKind.STUB and value.inner is not None:
        value = value.inner
    elif bound.binding.kind.id != "service":
        return False
    return value.kind is ValueKind.BINDING and value.name == bound.binding.name
