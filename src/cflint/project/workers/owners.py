"""Which Workers a module belongs to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property

from cflint.project.workers.worker import Worker


class Owners:
    """Workers by the modules that they reach."""

    def __init__(self, workers: Sequence[Worker]) -> None:
        self._workers = workers

    def near(self, path: str) -> tuple[Worker, ...]:
        """The Workers of the nearest configurations in the folder of a module or above it, whether they reach
        it or not."""
        found: dict[str, list[Worker]] = {}
        for worker in self._workers:
            if worker.config is None or worker.is_document:
                continue
            home = worker.config.directory
            if not home or path.startswith(f"{home}/"):
                found.setdefault(home, []).append(worker)
        return tuple(found[max(found, key=len)]) if found else ()

    def of(self, path: str) -> tuple[Worker, ...]:
        """The Workers that reach a module, in the project's order."""
        return self._by_module.get(path, ())

    @cached_property
    def _by_module(self) -> Mapping[str, tuple[Worker, ...]]:
        gathered: dict[str, list[Worker]] = {}
        for worker in self._workers:
            for module in worker.modules:
                gathered.setdefault(module, []).append(worker)
        return {module: tuple(workers) for module, workers in gathered.items()}
