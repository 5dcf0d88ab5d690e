"""What of a source is looked at: a commit of a repository, or a folder as it is; and the files of that.

A state is known by its `content`: git's id of the tree, or a hash of a folder's files. What a package manager
installs, and the working trees of submodules, are no part of it.

Imported where used: dulwich, which an extra installs.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from fnmatch import translate
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cflint.cachedir import hash_of
from cflint.fleet.sources import HEAD, is_repository
from cflint.history.base import Base
from cflint.history.repository import HistoryError, Repository
from cflint.project.files.disk import Disk, Entry, Files
from cflint.project.files.workspace import DEFAULT_LIMIT
from cflint.record import record
from cflint.report.repository import address_of

if TYPE_CHECKING:
    from dulwich.objects import ObjectID

_NOT_READ = frozenset(("node_modules", ".git"))
_MOST_REFS = 10_000


@record(frozen=True)
class State:
    """A state of a source: the name of a commit, its id and when it was made (None of a plain folder), and
    the key of its content."""

    ref: str | None
    commit: str | None
    committed: str | None
    content: str

    def as_data(self) -> dict[str, Any]:
        """As data for JSON."""
        return {
            "ref": self.ref,
            "commit": self.commit,
            "committed": self.committed,
            "content": self.content,
        }


def states_of(path: Path, ref: str) -> tuple[str | None, list[State]]:
    """The address of a source's remote, and the states that `ref` means; "" is the folder as it is, and so is
    HEAD where nothing was ever committed. Raises HistoryError."""
    if not path.is_dir():
        raise HistoryError("there is no such folder")
    if not is_repository(path):
        return None, [_as_it_is(path)]
    inner = path / ".git"
    folder = path.resolve()
    uri = address_of(folder / ".git" if inner.exists() else folder)
    if not ref:
        return uri, [_as_it_is(path)]
    repository = Repository(path)
    if ref == HEAD and inner.exists() and repository.is_unborn:
        return uri, [_as_it_is(path)]
    return uri, list(_states(repository, ref))


def _as_it_is(path: Path) -> State:
    return State(None, None, None, content_of(Folder(str(path))))


def _states(repository: Repository, ref: str) -> Iterator[State]:
    for name, commit in _commits(repository, ref):
        made = datetime.fromtimestamp(repository.time_of(commit), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        tree = repository.tree_of(commit).decode("ascii")
        yield State(name, commit.decode("ascii"), made, f"tree:{tree}")


def _commits(repository: Repository, ref: str) -> Sequence[tuple[str, ObjectID]]:
    """The commits that a name or a pattern of references means, each with its name. A reference to something
    else, a tag of a file, has nothing to look at."""
    if "*" not in ref:
        return [(ref, repository.commit(ref))]
    found = list(islice(repository.refs(re.compile(translate(ref)).match), _MOST_REFS + 1))
    if not found:
        raise HistoryError(f"no reference to a commit is called `{ref}`")
    if len(found) > _MOST_REFS:
        raise HistoryError(f"more than {_MOST_REFS:,} references are called `{ref}`")
    return found


def files_of(path: Path, commit: str | None) -> Files:
    """The files of a state: of a `commit` by its id, or of the folder. Raises HistoryError."""
    if commit is None:
        return Folder(str(path))
    repository = Repository(path)
    from dulwich.objects import ObjectID

    return Base(repository, ObjectID(commit.encode("ascii")), commit, alone=True)


class Folder(Disk):
    """The files of a folder, without what is installed and without what git keeps."""

    def entries(self, folder: str) -> dict[str, Entry]:
        """See `Files`."""
        return {name: kind for name, kind in super().entries(folder).items() if name not in _NOT_READ}


def content_of(files: Folder) -> str:
    """A key of the files of a folder: the same for equal names, kinds, links and bytes, as far as they are
    read (of a file that is too large, its size)."""
    lines: list[str] = []
    folders = [""]
    while folders:
        folder = folders.pop()
        try:
            entries = files.entries(folder)
        except OSError:
            lines.append(f"{folder}\0unreadable")
            continue
        for name, kind in sorted(entries.items()):
            path = posixpath.join(folder, name)
            said = kind.value
            if kind is Entry.FOLDER:
                folders.append(path)
            elif kind is Entry.FILE:
                data = files.read(path, DEFAULT_LIMIT)
                said = hash_of(data) if isinstance(data, bytes) else str(data)
            elif kind is Entry.LINK:
                said = f"link {files.follow(path)}"
            lines.append(f"{path}\0{said}")
    return f"folder:{hash_of(chr(1).join(sorted(lines)))}"
