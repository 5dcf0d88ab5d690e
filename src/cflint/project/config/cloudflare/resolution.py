"""A configuration as the loader hands it on: functions called, promises awaited, references made names."""

from __future__ import annotations

from cflint.finding import Location
from cflint.project.config.cloudflare.evaluate import awaited
from cflint.project.config.cloudflare.machine import Fault, Machine
from cflint.project.config.cloudflare.natives import CONTEXT
from cflint.project.config.cloudflare.operations import copy_members, spread_items
from cflint.project.config.cloudflare.values import (
    UNDEFINED,
    Arr,
    Choice,
    Entry,
    Func,
    Item,
    Native,
    Obj,
    Opening,
    Scalar,
    Unknown,
    Value,
    choice,
    options,
)
from cflint.record import record

_OF_A_WORKER = ("compatibilityDate", "entrypoint", "env", "name", "workerName")
_OF_ANOTHER_WORKER = frozenset({"durable-object", "worker", "workflow"})
"""The types of bindings whose `worker` may be a definition."""


@record(frozen=True, eq=False)
class Resolved:
    """A configuration: all of it (`worker` and `containers` resolved), or None when it is no object.
    `is_worker`: what is exported is the Worker itself, which is read as if it stood under `worker`."""

    config: Obj | None
    value: Value
    is_worker: bool = False


class Resolver:
    """Resolves definitions for one evaluation; each function is called once."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self._known: dict[int, tuple[Value, Value]] = {}

    def definition(self, value: Value) -> Value:
        """What a definition (an object, a promise, a function of the context) comes to."""
        if isinstance(value, Choice):
            return choice([self.definition(option) for option in value.options], value.place)
        known = self._known.get(id(value))
        if known is None:
            result: Value = value
            if isinstance(value, Func | Native):
                result = self.machine.call(value, [Native(CONTEXT, value.place)], value.place)
            known = self._known[id(value)] = (value, awaited(result))
        return known[1]

    def config(self, value: Value) -> Resolved:
        """The whole configuration."""
        found = self.definition(value)
        config = as_object(self.machine, found)
        if config is None:
            return Resolved(None, found)
        members = dict(config.members)
        is_worker = "worker" not in members and sum(key in members for key in _OF_A_WORKER) > 1
        if is_worker:
            members = {"worker": Entry(config, config.place, config.place)}
        containers: list[Value] = []
        listed = members.get("containers")
        if listed is not None:
            array = as_array(self.machine, listed.value)
            if array is not None:
                items = [
                    Item(self.definition(item.value), item.use, item.conditional) for item in array.items
                ]
                containers = [option for item in items for option in options(item.value)]
                made = Arr(items, array.openings, array.place)
                members["containers"] = Entry(made, listed.key, listed.use, listed.conditional)
        worker = members.get("worker")
        if worker is not None:
            known = listed is None or (isinstance(listed.value, Arr) and not listed.value.openings)
            resolved = self._worker(self.definition(worker.value), containers, all_known=known)
            members["worker"] = Entry(resolved, worker.key, worker.use, worker.conditional)
        return Resolved(Obj(members, config.openings, config.place), found, is_worker)

    def _worker(self, value: Value, containers: list[Value], *, all_known: bool) -> Value:
        worker = as_object(self.machine, value)
        if worker is None:
            return value
        members = dict(worker.members)
        for key, change in (("entrypoint", self._entrypoint), ("env", self._env)):
            entry = members.get(key)
            if entry is not None:
                members[key] = Entry(change(entry.value, entry.use), entry.key, entry.use, entry.conditional)
        entry = members.get("exports")
        exports = as_object(self.machine, _spread(entry.value)) if entry is not None else None
        if entry is not None and exports is not None:
            linked = {
                name: Entry(
                    self._export(found, name, containers, all_known=all_known),
                    found.key,
                    found.use,
                    found.conditional,
                )
                for name, found in exports.members.items()
            }
            made = Obj(linked, exports.openings, exports.place)
            members["exports"] = Entry(made, entry.key, entry.use, entry.conditional)
        return Obj(members, worker.openings, worker.place)

    def _entrypoint(self, value: Value, use: Location) -> Value:
        if isinstance(value, Choice):
            return choice([self._entrypoint(option, use) for option in value.options], use)
        if not isinstance(value, Obj):
            return value
        if value.module is not None:
            self.machine.report(
                Fault.ENTRYPOINT_IMPORT,
                'the entry module has to be imported `with { type: "cf-worker" }`, or it is run here',
                value.module,
                path=("worker", "entrypoint"),
            )
            return Unknown("the entry module is imported without its attribute", use)
        entry = value.members.get("default")
        return value if entry is None else entry.value

    def _env(self, value: Value, use: Location) -> Value:
        env = as_object(self.machine, _spread(value))
        if env is None:
            return value
        members: dict[str, Entry] = {}
        for name, entry in env.members.items():
            found = options(entry.value)
            kept = [option for option in found if not _drops(option)]
            if not kept:
                continue
            binding = choice([self._binding(option) for option in kept], entry.use)
            conditional = entry.conditional or len(kept) < len(found)
            members[name] = Entry(binding, entry.key, entry.use, conditional)
        return Obj(members, env.openings, env.place)

    def _binding(self, value: Value) -> Value:
        if not isinstance(value, Obj):
            return value
        kind, worker = value.members.get("type"), value.members.get("worker")
        if kind is None or worker is None or not isinstance(kind.value, Scalar):
            return value
        if kind.value.value not in _OF_ANOTHER_WORKER or isinstance(worker.value, Scalar):
            return value
        name = self._name_of(worker.value)
        members = {**value.members, "worker": Entry(name, worker.key, worker.use, worker.conditional)}
        return Obj(members, value.openings, value.place)

    def _name_of(self, reference: Value) -> Value:
        """The name that a definition comes to; the reference itself when it has none."""
        names: list[Value] = []
        for option in options(self.definition(reference)):
            entry = option.members.get("name") if isinstance(option, Obj) else None
            if entry is not None:
                names.append(entry.value)
            elif isinstance(option, Obj) and option.openings:
                names.append(Unknown(option.openings[0].reason, option.place))
            else:
                names.append(option)
        return choice(names, reference.place)

    def _export(self, entry: Entry, name: str, containers: list[Value], *, all_known: bool) -> Value:
        value = entry.value
        if not isinstance(value, Obj):
            return value
        kind, container = value.members.get("type"), value.members.get("container")
        is_object = (
            kind is not None and isinstance(kind.value, Scalar) and kind.value.value == "durable-object"
        )
        if not is_object or container is None or isinstance(container.value, Unknown | Choice):
            return value
        if isinstance(container.value, Scalar) and container.value.value is UNDEFINED:
            return value
        path = ("worker", "exports", name, "container")
        linked: Value = Scalar(UNDEFINED, container.use)
        if isinstance(container.value, Scalar):
            self._report_link("a container is linked by its definition, not by its name", container.use, path)
        else:
            target = self.definition(container.value)
            linked = self._name_of(container.value)
            listed = any(target is one for one in containers)
            if isinstance(target, Obj) and not listed and all_known and isinstance(linked, Scalar):
                same = any(_named(one) == linked.value for one in containers)
                why = "a copy of the definition that is in" if same else "not in"
                self._report_link(
                    f"the container `{linked.value}` is {why} `containers`: put this very definition there",
                    container.use,
                    path,
                )
                linked = Scalar(UNDEFINED, container.use)
        members = {**value.members, "container": Entry(linked, container.key, container.use)}
        return Obj(members, value.openings, value.place)

    def _report_link(self, message: str, place: Location, path: tuple[str, ...]) -> None:
        self.machine.report(Fault.CONTAINER_LINK, message, place, path=path)


def _spread(value: Value) -> Value:
    """What `{ ...value }` is: of an array, an object with its indexes."""
    if not isinstance(value, Arr) or any(item.conditional for item in value.items):
        return value
    members = {str(index): Entry(item.value, item.use, item.use) for index, item in enumerate(value.items)}
    return Obj(members, value.openings, value.place)


def _named(value: Value) -> object:
    entry = value.members.get("name") if isinstance(value, Obj) else None
    return entry.value.value if entry is not None and isinstance(entry.value, Scalar) else None


def _drops(value: Value) -> bool:
    """Whether the loader leaves an entry of `env` out: false, null, undefined."""
    if isinstance(value, Scalar):
        return value.value is False or value.value is None or value.value is UNDEFINED
    return isinstance(value, Unknown) and value.truth is False


def as_object(machine: Machine, value: Value) -> Obj | None:
    """A value as one object: of several that it may be, all members, those that not all have conditional.
    None when it cannot be an object; of an unknown value an open object."""
    if isinstance(value, Obj):
        return value
    if isinstance(value, Unknown):
        if value.types is not None and "object" not in value.types:
            return None
        return Obj({}, [Opening(value.reason, value.place)], value.place)
    if isinstance(value, Choice) and any(isinstance(option, Obj | Unknown) for option in value.options):
        made = Obj({}, [], value.place)
        copy_members(machine, made, value, value.place)
        return made
    return None


def as_array(machine: Machine, value: Value) -> Arr | None:
    """A value as one array, in the same way."""
    if isinstance(value, Arr):
        return value
    if isinstance(value, Unknown):
        if value.types is not None and "object" not in value.types:
            return None
        return Arr([], [Opening(value.reason, value.place)], value.place)
    if isinstance(value, Choice) and any(isinstance(option, Arr | Unknown) for option in value.options):
        made = Arr([], [], value.place)
        for option in value.options:
            if isinstance(option, Arr | Unknown):
                spread_items(machine, made, option, value.place, True)
        return made
    return None
