"""The folders of which it is known what runs there."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from cflint.project.modules.resolve.files import parent_of
from cflint.project.workers.worker import Worker


def settled_folders(workers: Iterable[Worker]) -> frozenset[str]:
    """The folders of which it is known what runs there: those of the `main` of Workers whose imports are all
    resolved. That of a configuration may hold other packages, and is none."""
    return frozenset(
        folder
        for worker in workers
        if worker.config is not None and worker.app is None and worker.entries
        if not (worker.unresolved or worker.is_document)
        for entry in worker.entries
        if len(folder := parent_of(entry)) > len(worker.config.directory)
    )


def is_below(path: str, folders: Collection[str]) -> bool:
    """Whether a path is in one of some folders, or in one of their folders."""
    above = parent_of(path)
    while folders:
        if above in folders:
            return True
        if not above:
            return False
        above = parent_of(above)
    return False
