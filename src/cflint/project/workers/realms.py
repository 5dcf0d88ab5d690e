"""Where the modules of a project run, by the apps that they belong to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property

from cflint.project.apps.app import App
from cflint.project.apps.realms import Realm
from cflint.project.workers.worker import Worker


class Realms:
    """Realms by module. A module that no app knows runs where Workers do."""

    def __init__(self, workers: Sequence[Worker]) -> None:
        self.apps = tuple(dict.fromkeys(worker.app for worker in workers if worker.app is not None))
        self._workers = workers

    def of(self, path: str) -> Realm:
        """Where a module runs: the strongest of what its Workers and apps say."""
        return self._by_module.get(path, Realm.SERVER)

    def app_of(self, path: str) -> App | None:
        """The app that a module belongs to; the first, if there are several."""
        return next((app for app in self.apps if path in app.placed), None)

    @cached_property
    def outside(self) -> frozenset[str]:
        """The modules of apps that no Worker runs."""
        return frozenset(path for path, realm in self._by_module.items() if not realm.in_worker)

    @cached_property
    def _by_module(self) -> Mapping[str, Realm]:
        if not self.apps:
            return {}
        found: dict[str, Realm] = {}
        for app in self.apps:
            for path, placed in app.placed.items():
                before = found.get(path)
                if before is None or placed.realm.strength < before.strength:
                    found[path] = placed.realm
        for worker in self._workers:
            for (
                path
            ) in worker.modules:  # what a Worker reaches beside its app (Pages Functions, another Worker)
                if worker.app is None or path not in worker.app.placed:
                    found[path] = Realm.SERVER
        return found
