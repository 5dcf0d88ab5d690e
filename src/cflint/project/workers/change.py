"""What became of a Worker since a base: the Worker in two models, side by side."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.project.config.wrangler import Environment
from cflint.project.workers.worker import Worker
from cflint.record import record

if TYPE_CHECKING:
    from cflint.project.workers.model import Project


@record(frozen=True, eq=False)
class Change:
    """A Worker that the base has, too: `before` in the model of the base, and `after` as it is now."""

    before: Worker
    after: Worker
    base: Project

    @property
    def environments(self) -> Iterator[tuple[Environment, Environment]]:
        """The environments that both have, by their name: before and after."""
        if self.before.config is None or self.after.config is None:
            return
        for after in self.after.environments:
            before = self.before.config.environment(after.name)
            if before is not None:
                yield before, after


@record(frozen=True)
class Pairs:
    """The Workers of two models: those of both, and those that only one has."""

    changes: tuple[Change, ...]
    gone: tuple[Worker, ...]
    new: tuple[Worker, ...]


def pairs_of(base: Project, project: Project) -> Pairs:
    """Pair the Workers that have a configuration: by its path, then, where it was moved, by a name that only
    one Worker of each model has."""
    before, after = _by_path(base), _by_path(project)
    moved = _by_name(worker for path, worker in before.items() if path not in after)
    arrived = _by_name(worker for path, worker in after.items() if path not in before)
    changes: list[Change] = []
    new: list[Worker] = []
    left = set(before.values())
    for path, worker in after.items():
        was = before.get(path)
        if was is None and worker.name is not None and worker.name in arrived:
            was = moved.get(worker.name)
        if was is None:
            new.append(worker)
        else:
            changes.append(Change(was, worker, base))
            left.discard(was)
    return Pairs(tuple(changes), tuple(worker for worker in before.values() if worker in left), tuple(new))


def _by_path(project: Project) -> dict[str, Worker]:
    return {
        worker.config.path: worker
        for worker in project.workers
        if worker.config is not None and not worker.is_document
    }


def _by_name(workers: Iterator[Worker]) -> dict[str, Worker]:
    found = [worker for worker in workers if worker.name is not None]
    counts = Counter(worker.name for worker in found)
    return {str(worker.name): worker for worker in found if counts[worker.name] == 1}
