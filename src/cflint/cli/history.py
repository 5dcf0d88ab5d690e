"""What commands ask of git's history; what cannot be told is an error of the user's, with exit code 2."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from cflint.cli.exits import Exit, Failure
from cflint.history.base import Base, Folder
from cflint.history.changes import Changes
from cflint.history.repository import HistoryError, Repository
from cflint.history.workers import ChangedWorkers
from cflint.project.workers.loading import Loaded, load

if TYPE_CHECKING:
    from pathlib import Path

    from cflint.project.workers.preferences import Preferences


@contextmanager
def failures() -> Iterator[None]:
    """Turn what history cannot tell into an expected error."""
    try:
        yield
    except HistoryError as error:
        raise Failure(str(error), Exit.USAGE, error.hint) from error


def base_of(root: Path, name: str) -> Base:
    """Where the history of a commit and that of the working tree part. Raises Failure."""
    with failures():
        return Base.of(root, name)


def fork_of(root: Path, base: str | None, head: str | None) -> Base:
    """Where the history of a commit, or of the default branch, and that of `head` or the working tree part.
    Raises Failure."""
    with failures():
        name = base if base is not None else Repository(root).default_branch()
        return Base.of(root, name, fork=head or "HEAD")


def commit_of(root: Path, name: str) -> Base:
    """The commit that a name means. Raises Failure."""
    with failures():
        return Base.of(root, name, fork=None)


def changed_workers(loaded: Loaded, base: Base) -> ChangedWorkers:
    """The Workers that have changed since a base."""
    return ChangedWorkers(loaded, Changes(base, loaded.project.workspace))


def load_base(
    base: Base | Folder, paths: tuple[str, ...], excludes: tuple[str, ...], preferences: Preferences
) -> Loaded:
    """The project as it was at a base. Raises Failure."""
    with failures():
        return load(base.workspace(), paths, excludes, preferences=preferences)
