"""Which repositories a sweep is about: what was given, made into a list."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from cflint.history.repository import is_bare
from cflint.record import record

HEAD = "HEAD"

_DEPTH = 4
"""So many folders deep repositories are looked for: `host/owner/name`, and one more."""
_NOT_ENTERED = frozenset(("node_modules", "venv", "__pycache__"))


class SourceError(ValueError):
    """Something that was given and is no source; the message says what."""


@record(frozen=True)
class Source:
    """A repository or a folder. `name` is what it is called in results, `path` its absolute real path, `ref`
    a commit's name or a pattern of references (`refs/heads/release/*`); of a plain folder it counts for
    nothing.
    """

    name: str
    path: str
    ref: str = HEAD

    @property
    def is_git(self) -> bool:
        """Whether it is a repository of git, as far as names tell."""
        return is_repository(Path(self.path))


def called(name: str, ref: str) -> str:
    """What a state of a repository is called; "" is the folder as it is."""
    return name if ref in ("", HEAD) else f"{name}@{ref}"


def is_repository(folder: Path) -> bool:
    """Whether a folder has a repository, or is a bare one."""
    return (folder / ".git").exists() or is_bare(folder)


def sources_of(given: Iterable[str], lists: Iterable[tuple[str, str]], refs: Sequence[str]) -> list[Source]:
    """The sources that paths and lists (the name and the text of each) mean, in order, each once.

    A line of a list is a path, and maybe a tab and the name of a commit; without one, `refs` count. A folder
    that has no repository, but others below it that have, stands for these. Raises SourceError.
    """
    found: dict[Source, None] = {}
    names = tuple(refs) or (HEAD,)
    for path in given:
        found.update(dict.fromkeys(_meant(path, names, path)))
    for name, text in lists:
        for number, line in enumerate(text.splitlines(), 1):
            if not line.strip() or line.startswith("#"):
                continue
            path, _, ref = line.partition("\t")
            own = (ref.strip(),) if ref.strip() else names
            found.update(dict.fromkeys(_meant(path.strip(), own, f"{name}:{number}: {path.strip()}")))
    return list(found)


def _meant(path: str, refs: Sequence[str], said: str) -> Iterator[Source]:
    try:
        folder = Path(os.path.realpath(path))
        is_there = folder.is_dir()
    except (OSError, ValueError) as error:
        raise SourceError(f"no folder can have this name: {said!r}") from error
    if not is_there:
        raise SourceError(f"no such folder: {said}")
    name = os.path.normpath(path).replace(os.sep, "/")
    if is_repository(folder):
        yield from (Source(name, str(folder), ref) for ref in refs)
        return
    inner = list(_repositories_below(folder, _DEPTH))
    if not inner:
        yield Source(name, str(folder))
    for below in inner:
        relative = below.relative_to(folder).as_posix()
        for ref in refs:
            yield Source(relative if name == "." else f"{name}/{relative}", str(below), ref)


def _repositories_below(folder: Path, depth: int) -> Iterator[Path]:
    if not depth:
        return
    try:
        with os.scandir(folder) as entries:
            inner = sorted(
                entry.name
                for entry in entries
                if entry.is_dir(follow_symlinks=False)
                and entry.name not in _NOT_ENTERED
                and not entry.name.startswith(".")
            )
    except OSError:
        return
    for name in inner:
        below = folder / name
        if is_repository(below):
            yield below
        else:
            yield from _repositories_below(below, depth - 1)
