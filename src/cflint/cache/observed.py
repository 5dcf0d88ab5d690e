"""What a run was drawn from: hashes of the folders, files and links it read, what git tracks, and what has
changed since."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any

from cflint.cachedir import hash_of
from cflint.project.files.workspace import Unreadable, Workspace
from cflint.record import field, record
from cflint.source import Document

if TYPE_CHECKING:
    from cflint.project.files.workspace import Seen

SLACK = 2_000_000_000
"""Nanoseconds: a file changed so short before a run, or in it, may change again without a new time."""

Json = Any


@record(frozen=True)
class Observed:
    """What was read, by path: hashes of the listings of folders and of the bytes of files; where links led;
    whether git tracks it (`yes` or `no`)."""

    folders: dict[str, str] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)
    tracked: dict[str, str] = field(default_factory=dict)

    def add(self, other: Observed) -> None:
        """Take over what another process read and this one did not."""
        for mine, theirs in zip(self._parts, other._parts, strict=True):
            for path, what in theirs.items():
                if mine.setdefault(path, what) != what:
                    mine[path] = ""  # it changed in between: such a run is not kept

    @property
    def _parts(self) -> tuple[dict[str, str], ...]:
        return self.folders, self.files, self.links, self.tracked

    @property
    def steady(self) -> bool:
        """Whether nothing changed while it was being read."""
        return not any("" in part.values() for part in self._parts)


@record(frozen=True)
class Changed:
    """What is no longer as it was: files by their content, `names` anything else: listings, links, and
    whether a file can be read."""

    files: frozenset[str] = frozenset()
    names: bool = False

    def __bool__(self) -> bool:
        return self.names or bool(self.files)


Mark = tuple[int, int, int]
"""How many folders, files and links had been read at some time."""


def mark(workspace: Workspace) -> Mark:
    """How much a workspace has read."""
    seen = workspace.seen
    return len(seen.folders), len(seen.files), len(seen.paths)


def observed(workspace: Workspace, since: Mark = (0, 0, 0)) -> Observed:
    """What a workspace has read since a mark."""
    seen = workspace.seen
    folders, files, paths = since
    return Observed(
        {path: _hash_of_folder(seen, path) for path in islice(seen.folders, folders, None)},
        {path: hash_of_file(found) for path, found in islice(seen.files.items(), files, None)},
        {
            path: _hash_of_link(to)
            for path, to in islice(seen.paths.items(), paths, None)
            if to is not path and to != path
        },
        {path: _yes_or_no(found) for path, found in seen.tracked.items()},
    )


def _hash_of_folder(seen: Seen, path: str) -> str:
    if path in seen.denied:
        return f"!{Unreadable.DENIED.name}"
    return hash_of("\0".join(f"{kind.value}\0{name}" for name, kind in sorted(seen.folders[path].items())))


def hash_of_file(found: Document | Unreadable) -> str:
    """A hash of a file's bytes, or why it cannot be read."""
    return f"!{found.name}" if isinstance(found, Unreadable) else hash_of(found.data)


def _hash_of_link(to: str | Unreadable) -> str:
    return f"!{to.name}" if isinstance(to, Unreadable) else f"={to}"


def _yes_or_no(found: bool) -> str:
    return "yes" if found else "no"


def stamp(path: str, began: int | None = None) -> int:
    """A number that changes when the file system sees a file or folder change. 0 when there is none, or when
    it may have changed since a run began (nanoseconds since 1970)."""
    try:
        status = os.lstat(path)
    except (OSError, ValueError):
        return 0
    if began is not None and max(status.st_mtime_ns, status.st_ctime_ns) >= began - SLACK:
        return 0
    return hash((status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino, status.st_mode))


def stamped(root: str, part: Mapping[str, str], began: int) -> dict[str, Json]:
    """The hashes of files with their stamps (see `stamp`)."""
    return {path: [stamp(root + path, began), what] for path, what in part.items()}


def stamped_folders(root: str, part: Mapping[str, str], began: int) -> dict[str, Json]:
    """The hashes of folders with their stamps."""
    if sys.platform == "win32":  # FAT does not tell when a folder changes
        return {path: [0, what] for path, what in part.items()}
    return stamped(root, part, began)


def changes_since(root: str, limit: int, entry: Json, fresh: dict[str, str]) -> Changed:
    """What has changed since an entry was made; `fresh` gets the files whose stamp, not content, changed."""
    again: Workspace | None = None
    files: set[str] = set()
    names = False
    for path, (before, what) in entry["folders"].items():
        if before and before == stamp(root + path):
            continue
        again = again or Workspace(root, limit=limit)
        again.entries(path)
        seen = again.seen
        if (_hash_of_folder(seen, path) if path in seen.folders else hash_of("")) != what:
            names = True
        fresh[path] = what
    for path, (before, what) in entry["files"].items():
        if before and before == stamp(root + path):
            continue
        again = again or Workspace(root, limit=limit)
        document = again.read(path)
        found = document if document is not None else again.problem(path) or Unreadable.ABSENT
        is_now = hash_of_file(found)
        if is_now != what:
            files.add(path)
            names = names or is_now.startswith("!") or what.startswith("!")
        fresh[path] = what
    for path, to in entry["links"].items():
        again = again or Workspace(root, limit=limit)
        if _hash_of_link(again.real(path) or again.problem(path) or Unreadable.ABSENT) != to:
            names = True
    for path, was in entry["tracked"].items():
        again = again or Workspace(root, limit=limit)
        names = names or _yes_or_no(again.is_tracked(path)) != was
    return Changed(frozenset(files), names)
