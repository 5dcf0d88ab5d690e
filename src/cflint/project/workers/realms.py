"""Where the modules of a project run, by the apps that they belong to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from cflint.pattern import pattern
from cflint.project.apps.realms import Realm
from cflint.project.files.roles import is_test_name, is_test_path
from cflint.project.workers.settled import is_below, settled_folders
from cflint.project.workers.worker import Worker

if TYPE_CHECKING:
    from cflint.project.apps.app import App

_TEST_WORD = pattern(r"(?:^|[-_./])tests?[-_.][^/]*$")


def product_in_test_folders(workers: Iterable[Worker]) -> frozenset[str]:
    """The modules in folders for tests that deployed Workers run: a route may be called `test`."""
    return frozenset(
        path
        for worker in workers
        if worker.config is None or worker.config.role.is_deployed
        if not any(map(is_test_path, worker.entries))
        for path in worker.modules
        if is_test_path(path) and not is_test_name(path)
    )


def entries_for_tests(workers: Iterable[Worker]) -> frozenset[str]:
    """The entries of Workers that nobody deploys which are called after tests, and that no other Worker
    runs: a Worker of Cloudflare's test pool."""
    workers = tuple(workers)
    found = {
        path
        for worker in workers
        if worker.config is not None and not worker.config.role.is_deployed
        for path in worker.entries
        if _TEST_WORD.search(path) is not None
    }
    deployed = (worker for worker in workers if worker.config is None or worker.config.role.is_deployed)
    return frozenset(found.difference(*(worker.modules for worker in deployed))) if found else frozenset()


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

    def is_test(self, path: str) -> bool:
        """Whether a module is a test, by its path, or the entry of a Worker that is there for tests; what a
        Worker runs that is deployed is none."""
        return path in self._entries_for_tests or (is_test_path(path) and path not in self._product)

    def is_beside(self, path: str) -> bool:
        """Whether a module stands where it is known what runs, and nothing runs it: an example."""
        return is_below(path, self._settled) and path not in self._run

    @cached_property
    def _settled(self) -> frozenset[str]:
        return settled_folders(self._workers)

    @cached_property
    def _run(self) -> frozenset[str]:
        return frozenset(path for worker in self._workers for path in worker.modules)

    @cached_property
    def _product(self) -> frozenset[str]:
        return product_in_test_folders(self._workers)

    @cached_property
    def _entries_for_tests(self) -> frozenset[str]:
        return entries_for_tests(self._workers)

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
