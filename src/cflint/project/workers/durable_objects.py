"""The Durable Object classes of Workers: the configuration and the code side by side."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from cflint.project.config.wrangler import Environment
from cflint.project.modules.facts import ClassFacts
from cflint.project.modules.queries import Memo, query
from cflint.project.workers.exports import Exports
from cflint.project.workers.owners import Owners
from cflint.project.workers.scan import Scan
from cflint.project.workers.worker import DurableObject, Worker

_Home = tuple[int, Environment, str]
"""A class that a configuration names: its rank there, the environment, its name."""


class DurableObjects:
    """Durable Objects by Worker, and by the class that they are."""

    def __init__(self, memo: Memo, owners: Owners, exports: Exports, scan: Scan) -> None:
        self.memo = memo
        self._owners = owners
        self._exports = exports
        self._scan = scan

    def of(self, worker: Worker) -> tuple[DurableObject, ...]:
        """The Durable Object classes that a Worker's configuration names, per environment."""
        return tuple(self._find(worker, environment, name) for environment, name in _configured(worker))

    def of_class(self, facts: ClassFacts) -> Iterator[DurableObject]:
        """The Durable Objects, one per environment, that a class is by a configuration that names it."""
        for worker in self._owners.of(facts.path):
            homes = self._homes(worker)
            for _, environment, name in sorted(
                (*homes.get(facts.path, ()), *homes.get(None, ())), key=lambda home: home[0]
            ):
                found = self._find(worker, environment, name)
                owner = found.facts
                if owner is not None and (owner.path, owner.span) == (facts.path, facts.span):
                    yield found

    def sites(self, facts: ClassFacts) -> Iterator[tuple[Worker, Environment]]:
        """The environments in which a configuration makes the class a Durable Object."""
        for found in self.of_class(facts):
            yield found.worker, found.environment

    def named(self, facts: ClassFacts) -> Iterator[Environment]:
        """The environments of the nearest configurations that name a class which they do not reach, where
        they find no other of that name: what `main` names is made by a build."""
        for worker in self._owners.near(facts.path):
            for environment, name in _configured(worker):
                if name == facts.name and self._find(worker, environment, name).facts is None:
                    yield environment

    @query
    def _homes(self, worker: Worker) -> Mapping[str | None, Sequence[_Home]]:
        """The classes that a Worker's configuration names, by the modules that may declare them; under None
        those of which the text does not show which these are."""
        found: dict[str | None, list[_Home]] = {}
        for rank, (environment, name) in enumerate(_configured(worker)):
            way = self._scan.way(worker.entries[0], name) if len(worker.entries) == 1 else None
            for module in way.modules if way is not None and way.home is not None else (None,):
                found.setdefault(module, []).append((rank, environment, name))
        return found

    @query
    def _find(self, worker: Worker, environment: Environment, name: str) -> DurableObject:
        binding = environment.durable_object_classes.get(name)
        live = environment.lifecycle.classes.get(name)
        at = binding.place("class_name") if binding is not None else None
        if at is None and live is not None:
            at = environment.location(live.span)
        owner = self._exports.find_class(worker, name)
        return DurableObject(name, worker, environment, binding, live, owner, at)


def _configured(worker: Worker) -> Iterator[tuple[Environment, str]]:
    """The classes that a Worker's configuration makes Durable Objects, per environment."""
    for environment in worker.environments:
        for name in dict.fromkeys((*environment.durable_object_classes, *environment.lifecycle.classes)):
            yield environment, name
