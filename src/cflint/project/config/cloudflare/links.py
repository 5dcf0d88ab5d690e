"""What the loader refuses beyond the kinds of values: singletons, containers, fields that exclude another."""

from __future__ import annotations

from collections.abc import Iterator

from cflint.finding import Location
from cflint.project.config.cloudflare.machine import Fault, Machine
from cflint.project.config.cloudflare.values import UNDEFINED, Arr, Entry, Item, Obj, Scalar, Value, options

Path = tuple[str | int, ...]

_PERCENTAGES = (5, 10, 20, 25, 50, 100)


def check_links(machine: Machine, config: Obj, singletons: frozenset[str]) -> None:
    """Note what is wrong between the values of a configuration."""
    worker = _object(config, "worker")
    env = _object(worker, "env")
    if env is not None:
        _singletons(machine, env, singletons)
        for name, entry in env.members.items():
            for option in options(entry.value):
                if isinstance(option, Obj):
                    _binding(machine, option, entry, ("worker", "env", name))
    _domains(machine, worker)
    containers = _items(config, "containers")
    for index, item in enumerate(containers):
        if isinstance(item.value, Obj):
            _rollout(machine, item.value, ("containers", index))
    _containers(machine, worker, containers, is_whole=_is_whole(config, "containers"))


def _object(value: Obj | None, key: str) -> Obj | None:
    entry = value.members.get(key) if value is not None else None
    return entry.value if entry is not None and isinstance(entry.value, Obj) else None


def _items(value: Obj, key: str) -> list[Item]:
    entry = value.members.get(key)
    return entry.value.items if entry is not None and isinstance(entry.value, Arr) else []


def _is_whole(value: Obj, key: str) -> bool:
    entry = value.members.get(key)
    if entry is None:
        return not value.openings
    return isinstance(entry.value, Arr) and not entry.value.openings


def _has(value: Obj, key: str) -> bool:
    """Whether a field is surely there."""
    entry = value.members.get(key)
    if entry is None or entry.conditional:
        return False
    return not any(isinstance(one, Scalar) and one.value is UNDEFINED for one in options(entry.value))


def _type_of(value: Value) -> str | None:
    entry = value.members.get("type") if isinstance(value, Obj) else None
    if entry is None or not isinstance(entry.value, Scalar):
        return None
    return entry.value.value if isinstance(entry.value.value, str) else None


def _text(value: Value, key: str) -> str | None:
    entry = value.members.get(key) if isinstance(value, Obj) else None
    if entry is None or not isinstance(entry.value, Scalar):
        return None
    return entry.value.value if isinstance(entry.value.value, str) else None


def _singletons(machine: Machine, env: Obj, singletons: frozenset[str]) -> None:
    first: dict[str, tuple[str, Entry]] = {}
    for name, entry in env.members.items():
        kind = _type_of(entry.value)
        if kind is None or kind not in singletons or entry.conditional:
            continue
        if kind in first:
            other, at = first[kind]
            machine.report(
                Fault.SINGLETON_TWICE,
                f"a Worker has one binding of type `{kind}` at most; `{other}` is one already",
                entry.key,
                path=("worker", "env", name),
                related=at.key,
            )
        else:
            first[kind] = (name, entry)


def _binding(machine: Machine, value: Obj, entry: Entry, path: Path) -> None:
    kind = _type_of(value)
    if kind == "send-email":
        both = ("destinationAddress", "allowedDestinationAddresses")
        if all(_has(value, key) for key in both):
            _exclusive(machine, value, both, path)
    elif kind == "vpc-network":
        both = ("tunnelId", "networkId")
        if all(_has(value, key) for key in both):
            _exclusive(machine, value, both, path)
        elif not value.openings and not any(key in value.members for key in both):
            message = f"`{'.'.join(map(str, path))}` lacks `tunnelId` or `networkId`"
            machine.report(Fault.MISSING_KEY, message, entry.use, path=path)


def _exclusive(machine: Machine, value: Obj, keys: tuple[str, str], path: Path) -> None:
    second = value.members[keys[1]]
    machine.report(
        Fault.BAD_VALUE,
        f"`{keys[0]}` and `{keys[1]}` exclude each other",
        second.key,
        path=(*path, keys[1]),
        related=value.members[keys[0]].key,
    )


def _domains(machine: Machine, worker: Obj | None) -> None:
    for index, item in enumerate(_items(worker, "domains") if worker is not None else []):
        if not isinstance(item.value, Obj):
            continue
        flags = [item.value.members.get(key) for key in ("production", "previews")]
        values = [flag.value for flag in flags if flag is not None]
        if len(values) == 2 and all(isinstance(one, Scalar) and one.value is False for one in values):
            machine.report(
                Fault.BAD_VALUE,
                "a domain has to be for `production`, for `previews`, or for both",
                item.use,
                path=("worker", "domains", index),
            )


# -- containers ------------------------------------------------------------------------------------------


def _rollout(machine: Machine, container: Obj, path: Path) -> None:
    rollout = _object(container, "rollout")
    entry = rollout.members.get("stepPercentage") if rollout is not None else None
    if entry is None:
        return
    path = (*path, "rollout", "stepPercentage")
    for message, place in _steps(entry, container):
        machine.report(Fault.BAD_VALUE, message, place, path=path)


def _steps(entry: Entry, container: Obj) -> Iterator[tuple[str, Location]]:
    value = entry.value
    if isinstance(value, Scalar) and isinstance(value.value, int | float):
        if value.value not in _PERCENTAGES:
            yield "a step of a rollout has to be 5, 10, 20, 25, 50 or 100 percent", entry.use
        return
    if not isinstance(value, Arr) or value.openings:
        return
    if not value.items:
        yield "a rollout needs a step", entry.use
        return
    before: float | None = None
    for item in value.items:
        step = item.value.value if isinstance(item.value, Scalar) else None
        if not isinstance(step, int | float):
            return
        if not 10 <= step <= 100:
            yield "a step of a rollout has to be between 10 and 100 percent", item.use
        if before is not None and step < before:
            yield "the steps of a rollout have to rise", item.use
        before = step
    if before != 100:
        yield "the last step of a rollout has to be 100 percent", value.items[-1].use
    most = container.members.get("maxInstances")
    limit = most.value.value if most is not None and isinstance(most.value, Scalar) else None
    if isinstance(limit, int) and len(value.items) > limit:
        yield "a rollout cannot have more steps than `maxInstances`", entry.use


def _containers(machine: Machine, worker: Obj | None, containers: list[Item], *, is_whole: bool) -> None:
    names: dict[str, Item] = {}
    for index, item in enumerate(containers):
        name = _text(item.value, "name")
        if name is None or item.conditional:
            continue
        if name in names:
            machine.report(
                Fault.CONTAINER_LINK,
                f"another container has the name `{name}` already",
                item.use,
                path=("containers", index, "name"),
                related=names[name].use,
            )
        names.setdefault(name, item)
    exports = _object(worker, "exports")
    linked: dict[str, tuple[str, Entry]] = {}
    for name, entry in exports.members.items() if exports is not None else ():
        value = entry.value
        container = _text(value, "container")
        if container is None or not isinstance(value, Obj) or _type_of(value) != "durable-object":
            continue
        field = value.members["container"]
        path = ("worker", "exports", name, "container")
        if container in linked:
            other, at = linked[container]
            machine.report(
                Fault.CONTAINER_LINK,
                f"`worker.exports.{other}` has the container `{container}` already",
                field.use,
                path=path,
                related=at.use,
            )
        linked.setdefault(container, (name, field))
        if container not in names and is_whole:
            message = f"the container `{container}` is not in `containers`"
            machine.report(Fault.CONTAINER_LINK, message, field.use, path=path)
