"""Two models of a project compared: what is deployed by one and not, or otherwise, by the other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cflint.project.config.deployed import Part, flipped, parts_of
from cflint.project.config.wrangler import Environment
from cflint.project.workers.change import Change, pairs_of
from cflint.project.workers.model import Project
from cflint.project.workers.worker import Worker
from cflint.record import record
from cflint.report.escape import masked_source

EXPORTED = "exported name"
"""The kind of what the code exports, which is the same in all environments."""


@record(frozen=True)
class Difference:
    """A part that differs: its kind and name, what it was and what it is (None: not there), and the names of
    the environments where that is so (None is the top level's), () where it is so in all."""

    kind: str
    name: str
    before: str | None
    after: str | None
    environments: tuple[str | None, ...] = ()


@record(frozen=True)
class WorkerDifference:
    """A Worker that differs, or is `new` or `gone` (`status`); `path` is that of its configuration.

    `moved_from` is the path that it had in the base. `switched_on` and `switched_off` are flags of the
    runtime that another date or other flags change.
    """

    name: str
    path: str
    status: str
    moved_from: str | None = None
    differences: tuple[Difference, ...] = ()
    switched_on: tuple[str, ...] = ()
    switched_off: tuple[str, ...] = ()


def compare(base: Project, project: Project) -> tuple[WorkerDifference, ...]:
    """The Workers that differ, in the order of their paths, without those that are there for tests."""
    pairs = pairs_of(base, project)
    changes = (change for change in pairs.changes if change.after.is_deployed)
    found = [it for change in changes if (it := _changed(change, base, project)) is not None]
    found += [_one_sided(worker, project, "new") for worker in pairs.new if worker.is_deployed]
    found += [_one_sided(worker, base, "gone") for worker in pairs.gone if worker.is_deployed]
    return tuple(sorted(found, key=lambda it: (it.path, it.status)))


def _changed(change: Change, base: Project, project: Project) -> WorkerDifference | None:
    before, after = change.before, change.after
    assert before.config is not None and after.config is not None
    old = {environment.name: environment for environment in before.environments}
    new = {environment.name: environment for environment in after.environments}
    by_difference: dict[Difference, list[str | None]] = {}
    for name in dict.fromkeys((*new, *old)):
        if name not in old or name not in new:
            is_new = name in new
            there = Difference("environment", name or "", None if is_new else "", "" if is_new else None)
            by_difference[there] = []
            continue
        for found in _differences(parts_of(old[name]), parts_of(new[name])):
            by_difference.setdefault(found, []).append(name)
    both = [name for name in new if name in old]
    differences = [
        Difference(
            it.kind, it.name, it.before, it.after, () if len(names) in (0, len(both)) else tuple(names)
        )
        for it, names in by_difference.items()
    ]
    differences += _differences(_exported(before, base), _exported(after, project))
    moved = before.config.path if before.config.path != after.config.path else None
    if not differences and moved is None:
        return None
    on, off = _switched((old[name], new[name]) for name in both)
    return WorkerDifference(
        _name(after),
        after.config.path,
        "changed",
        moved,
        tuple(differences),
        tuple(sorted(on)),
        tuple(sorted(off)),
    )


def _one_sided(worker: Worker, project: Project, status: str) -> WorkerDifference:
    assert worker.config is not None
    exported = (part for part in _exported(worker, project) if part.name != "default")
    parts = [*parts_of(worker.config.top), *exported]
    is_new = status == "new"
    differences = tuple(
        Difference(part.kind, part.name, None if is_new else _detail(part), _detail(part) if is_new else None)
        for part in parts
    )
    return WorkerDifference(_name(worker), worker.config.path, status, None, differences)


def _differences(before: Iterable[Part], after: Iterable[Part]) -> Iterator[Difference]:
    old = {(part.kind, part.name): part for part in before}
    new = {(part.kind, part.name): part for part in after}
    for key in dict.fromkeys((*new, *old)):
        was, now = old.get(key), new.get(key)
        if was is not None and now is not None and was.hidden != now.hidden:
            yield Difference(*key, "a value", "another value")
        elif was is None or now is None or was.detail != now.detail:
            yield Difference(
                *key, None if was is None else _detail(was), None if now is None else _detail(now)
            )


def _exported(worker: Worker, project: Project) -> list[Part]:
    """What the runtime sees of the code; nothing where not all is known."""
    exports = project.exports.of_worker(worker)
    return [Part(EXPORTED, name, "") for name in sorted(exports.names)] if exports.complete else []


def _switched(pairs: Iterable[tuple[Environment, Environment]]) -> tuple[set[str], set[str]]:
    on: set[str] = set()
    off: set[str] = set()
    for before, after in pairs:
        more, fewer = flipped(before, after)
        on |= more
        off |= fewer
    return on, off


def _name(worker: Worker) -> str:
    return worker.name or "(no name)"


def _detail(part: Part) -> str:
    return masked_source("wrangler.jsonc", part.detail)
