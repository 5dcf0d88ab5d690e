"""The sections of Markdown files, each a Worker, and what they show of each other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property

from cflint.finding import Location
from cflint.project.config.wrangler import Environment
from cflint.project.modules.facts import ClassFacts
from cflint.project.workers.exports import Exports
from cflint.project.workers.worker import Worker
from cflint.record import record


@record(frozen=True, eq=False)
class Section:
    """A section of a Markdown file that shows code and no configuration for it, as a Worker.

    `at` is its heading, `elsewhere` the environments that the other sections of the file configure.
    `new_classes` are the classes it exports of which no other section says anything, abstract ones left out:
    not configured anywhere, not shown before.
    """

    worker: Worker
    at: Location
    elsewhere: tuple[Environment, ...]
    new_classes: tuple[ClassFacts, ...]


class Sections:
    """Sections by the Markdown file that they are of."""

    def __init__(self, workers: Sequence[Worker], exports: Exports) -> None:
        self._workers = workers
        self._exports = exports

    def mates(self, worker: Worker) -> tuple[Worker, ...]:
        """The other sections of the Markdown file that a section is of, in their order."""
        if worker.section is None:
            return ()
        mates = self._by_file.get(worker.section.document.path, ())
        return tuple(other for other in mates if other is not worker)

    def shown_before(self, worker: Worker, class_name: str) -> bool:
        """Whether another section of the Markdown file configures a Durable Object class, or an earlier one
        already shows a class of that name."""
        if worker.section is None:
            return False
        for mate in self.mates(worker):
            for environment in mate.environments:
                if (
                    class_name in environment.durable_object_classes
                    or class_name in environment.lifecycle.classes
                ):
                    return True
            assert mate.section is not None
            is_earlier = mate.section.span.start < worker.section.span.start
            if is_earlier and class_name in self._exports.of_worker(mate):
                return True
        return False

    def without_config(self, worker: Worker) -> Section | None:
        """A Worker that is a section of a Markdown file without a configuration; None of every other."""
        if worker.section is None or worker.config is not None:
            return None
        elsewhere = tuple(found for mate in self.mates(worker) for found in mate.environments)
        return Section(worker, worker.section, elsewhere, tuple(self._new_classes(worker)))

    def _new_classes(self, worker: Worker) -> Iterator[ClassFacts]:
        seen: set[tuple[str, int]] = set()
        for name in self._exports.of_worker(worker).names:
            owner = self._exports.find_class(worker, name)
            if owner is None or owner.is_abstract or (owner.path, owner.span.start) in seen:
                continue
            seen.add((owner.path, owner.span.start))
            if not self.shown_before(worker, owner.name):
                yield owner

    @cached_property
    def _by_file(self) -> Mapping[str, Sequence[Worker]]:
        found: dict[str, list[Worker]] = {}
        for worker in self._workers:
            if worker.section is not None:
                found.setdefault(worker.section.document.path, []).append(worker)
        return found
