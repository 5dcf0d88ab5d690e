"""The files of a base: a commit's tree, as the place that a workspace reads from."""

from __future__ import annotations

import os
import posixpath
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from cflint.history.repository import HistoryError, Repository
from cflint.project.files.disk import Disk, Entry, TooLarge, Unreadable
from cflint.project.files.workspace import Workspace

if TYPE_CHECKING:
    from dulwich.objects import ObjectID

_INSTALLED = "node_modules"
_SUBMODULE = 0o160000
"""The mode that git gives to submodules."""
_LONGEST_PATH = 4096
"""What lies deeper could not have been written to a disk."""
_MOST_LINKS = 40
"""How many links are followed on the way to one file, as Linux does."""


class Blob(NamedTuple):
    """A file of a base, or the text of a link: where it is stored, and under which id."""

    repository: Repository
    id: ObjectID
    is_link: bool

    def read(self) -> bytes:
        """The bytes. Raises HistoryError."""
        return self.repository.blob(self.id)


class _Tree(NamedTuple):
    repository: Repository
    id: ObjectID


class Base:
    """The files of a commit; of submodules, those of the commit that it names for them.

    `commit` is its id, `name` what it is called in a message. What a package manager installs is in no
    commit: `node_modules` is taken from the disk, so that a model of the base differs from one of the working
    tree by what was changed alone. With `alone` neither counts: what is read is the commit's tree and nothing
    else. Every member raises HistoryError for objects that are not there; `lacking` is the last of these
    errors, which something between may have taken for one of its own.
    """

    def __init__(self, repository: Repository, commit: ObjectID, name: str, *, alone: bool = False) -> None:
        self.commit = commit.decode("ascii", "replace")
        self.name = name
        self.repository = repository
        self.lacking: HistoryError | None = None
        self._alone = alone
        self._disk = Disk(os.path.realpath(repository.root))
        self._root = _Tree(repository, repository.tree_of(commit))
        self._folders = {"": dict(self._read("", self._root))}

    @classmethod
    def of(cls, root: Path, name: str, *, fork: str | None = "HEAD") -> Base:
        """The base that a name means in the repository of a folder: where the history of that commit and of
        `fork` part; with None, the commit itself. Raises HistoryError."""
        repository = Repository(root)
        commit = repository.commit(name)
        if fork is not None:
            commit = repository.merge_base(commit, repository.commit(fork))
        return cls(repository, commit, name)

    def workspace(self) -> Workspace:
        """The base as a workspace of its own."""
        return Workspace(None, files=self)

    def blob(self, path: str) -> Blob | None:
        """What the commit has at a path: a file or a link; None when it has neither."""
        found = self._at(path)
        return found if isinstance(found, Blob) else None

    # -- as files of a workspace ---------------------------------------------------------------------------

    def entries(self, folder: str) -> dict[str, Entry]:
        """See `Files`."""
        if self._is_installed(folder):
            return self._disk.entries(folder)
        found = {name: _kind(entry) for name, entry in self._names(folder).items()}
        if _INSTALLED not in found and not self._alone:
            place = Path(self._disk.prefix, folder, _INSTALLED)
            if place.is_symlink():
                found[_INSTALLED] = Entry.LINK
            elif place.is_dir():
                found[_INSTALLED] = Entry.FOLDER
        return found

    def read(self, path: str, limit: int) -> bytes | Unreadable | TooLarge:
        """See `Files`."""
        if self._is_installed(path):
            return self._disk.read(path, limit)
        blob = self.blob(path)
        if blob is None:
            return Unreadable.ABSENT
        try:
            data = blob.read()
        except HistoryError as error:
            self.lacking = error
            raise
        return TooLarge(len(data)) if len(data) > limit else data

    def follow(self, link: str) -> str | Unreadable:
        """See `Files`."""
        if self._is_installed(link):
            return self._disk.follow(link)
        left = link.split("/")
        done: list[str] = []
        links = 0
        while left:
            name = left.pop(0)
            if name in ("", "."):
                continue
            if name == "..":
                if not done:
                    return Unreadable.OUTSIDE
                done.pop()
                continue
            path = "/".join((*done, name))
            if self._is_installed(path):
                return "/".join((path, *left))
            found = self._at(path)
            if found is None:
                return Unreadable.LINK_NOWHERE
            if not (isinstance(found, Blob) and found.is_link):
                done.append(name)
                continue
            target = os.fsdecode(found.read())
            links += 1
            if target.startswith("/"):
                return Unreadable.OUTSIDE
            if links > _MOST_LINKS or "\0" in target:
                return Unreadable.LINK_NOWHERE
            left[:0] = target.split("/")
        return "/".join(done)

    def _is_installed(self, path: str) -> bool:
        return not self._alone and _INSTALLED in path and _INSTALLED in path.split("/")

    # -- trees ---------------------------------------------------------------------------------------------

    def _at(self, path: str) -> _Tree | Blob | None:
        if not path:
            return self._root
        folder, _, name = path.rpartition("/")
        return self._names(folder).get(name)

    def _names(self, folder: str) -> dict[str, _Tree | Blob]:
        chain: list[str] = []
        while folder not in self._folders:
            chain.append(folder)
            folder = folder.rpartition("/")[0]
        names = self._folders[folder]
        for inner in reversed(chain):
            found = names.get(posixpath.basename(inner))
            names = dict(self._read(inner, found)) if isinstance(found, _Tree) else {}
            self._folders[inner] = names
        return names

    def _read(self, folder: str, tree: _Tree) -> Iterator[tuple[str, _Tree | Blob]]:
        for name, entry in tree.repository.entries(tree.id).items():
            path = posixpath.join(folder, name)
            if len(path) > _LONGEST_PATH:
                continue
            if stat.S_ISDIR(entry.mode):
                yield name, _Tree(tree.repository, entry.id)
            elif stat.S_IFMT(entry.mode) == _SUBMODULE:
                submodule = self._submodule(path, entry.id)
                if submodule is not None:
                    yield name, submodule
            else:
                yield name, Blob(tree.repository, entry.id, stat.S_ISLNK(entry.mode))

    def _submodule(self, path: str, commit: ObjectID) -> _Tree | None:
        """The tree of the commit that a submodule was at; None where it is not checked out."""
        root = Path(self._disk.prefix, path)
        if self._alone or not Path(root, ".git").exists() or os.path.realpath(root) != str(root):
            return None
        try:
            repository = Repository(root)
            return _Tree(repository, repository.tree_of(commit))
        except HistoryError as error:
            hint = f"`git -C {path} fetch` may bring the commit that it was at"
            raise HistoryError(f"the submodule {path}: {error}", error.hint or hint) from error


class Folder:
    """A folder of the disk as a base."""

    commit = ""

    def __init__(self, name: str) -> None:
        self.name = name

    def workspace(self) -> Workspace:
        """The folder as a workspace of its own."""
        return Workspace(self.name)


def _kind(entry: _Tree | Blob) -> Entry:
    if isinstance(entry, _Tree):
        return Entry.FOLDER
    return Entry.LINK if entry.is_link else Entry.FILE
