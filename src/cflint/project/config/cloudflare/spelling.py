"""How a configuration in TypeScript writes what wrangler has other keys for."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from cflint.platform.bindings import KINDS
from cflint.project.config.cloudflare.names import (
    ASSETS,
    BINDINGS,
    CONSUMER,
    CONTAINER,
    DURABLE_OBJECT,
    SETTINGS,
    TAIL,
    TOOLING,
    WORKER,
    WORKFLOW,
    Name,
    Names,
)

Step = str | int
Path = tuple[Step, ...]

_SECTIONS: Mapping[Path, tuple[str, Names]] = {
    ("assets",): ("worker.assets", ASSETS),
    ("containers",): ("containers", CONTAINER),
    ("queues", "consumers"): ("worker.triggers", CONSUMER),
    ("tail_consumers",): ("worker.tailConsumers", TAIL),
    ("streaming_tail_consumers",): ("worker.experimental.streamingTailConsumers", TAIL),
}
"""Lists and objects that stand elsewhere, with the names of their fields."""

_WHOLE: Mapping[Path, str] = {
    ("addresses",): "worker.triggers",
    ("assets", "binding"): "worker.env",
    ("assets", "directory"): "assetsDirectory",
    ("connect",): "worker.triggers",
    ("first_party_worker",): "worker.experimental.firstPartyWorker",
    ("migrations",): "worker.exports",
    ("queues", "consumers"): "worker.triggers",
    ("queues",): "worker.triggers",
    ("route",): "worker.triggers",
    ("routes",): "worker.triggers",
    ("triggers", "crons"): "worker.triggers",
    ("triggers",): "worker.triggers",
}
"""What is one thing for wrangler and another for the configuration: no key follows."""


def spelled(path: Path) -> str:
    """The configuration's own words for a path of wrangler's keys: `worker.env.DB`, `worker.exports.Room`."""
    for length in range(len(path), 0, -1):
        head, rest = path[:length], path[length:]
        if head in _SECTIONS and rest:
            where, names = _SECTIONS[head]
            fields = rest[1:] if isinstance(rest[0], int) else rest
            index = f"[{rest[0]}]" if isinstance(rest[0], int) and head != ("queues", "consumers") else ""
            return _dotted(f"{where}{index}", _own(fields, names))
        if head in _WHOLE:
            return _WHOLE[head]
        if head in _binding_fields():
            return _binding(rest, _binding_fields()[head])
    if path[:1] == ("exports",):
        fields = _own(path[2:], {**DURABLE_OBJECT, **WORKFLOW})
        return _dotted("worker.exports", (*path[1:2], *fields))
    return _field(path)


def _field(path: Path) -> str:
    """A field of the Worker, of the configuration, or of `wrangler.config.ts`."""
    for names, where in ((WORKER, "worker"), (SETTINGS, ""), (TOOLING, "")):
        own = _own(path, names)
        if own != path or any(name.to == path[0] for name in names.values()):
            return _dotted(where, own)
    return _dotted("worker", path)


def _binding(rest: Path, fields: Mapping[str, str]) -> str:
    """A binding by its name, or a field of one, or all of them."""
    named = [step for step in rest if isinstance(step, str)]
    return _dotted("worker.env", tuple(fields.get(step, step) for step in named))


def _own(path: Path, names: Names) -> Path:
    """The configuration's own names of the keys of a path; what is not known stays as it is."""
    found: list[Step] = []
    level: Names | None = names
    for step in path:
        key, name = _own_key(step, level) if level is not None else (step, None)
        found.append(key)
        if isinstance(step, str):
            level = name.inside if name is not None else None
    return tuple(found)


def _own_key(step: Step, names: Names) -> tuple[Step, Name | None]:
    for key, name in names.items():
        if name.to == step:
            return key, name
    return step, None


@cache
def _binding_fields() -> Mapping[Path, Mapping[str, str]]:
    """The fields of bindings in the configuration's own words, by where wrangler has their kind."""
    found: dict[Path, dict[str, str]] = {kind.path: {} for kind in KINDS if kind.id != "assets"}
    for row in BINDINGS.values():
        own = found.setdefault(row.path, {})
        for key, name in row.names.items():
            own.setdefault(name.to, key)
    return found


def _dotted(start: str, path: Path) -> str:
    text = start
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text
