"""A repository of git, as far as it has to be read: which commit a name means, trees and files.

What is in a repository may be a stranger's work: whatever dulwich raises over it becomes a HistoryError.

Imported where used: dulwich, which an extra installs.
"""

from __future__ import annotations

import os
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from dulwich.object_store import DiskObjectStore
    from dulwich.objects import Commit, ObjectID
    from dulwich.repo import Repo

_HARMLESS_EXTENSIONS = (b"partialclone", b"preciousobjects", b"noop")
"""Extensions of git that change nothing for who reads objects that are there."""
_REMOTE_HEAD = "refs/remotes/origin/HEAD"
_MAIN_BRANCHES = (
    *("refs/remotes/origin/main", "refs/remotes/origin/master"),
    *("refs/heads/main", "refs/heads/master"),
)
_MOST_NAMES = 2_000_000
"""How many entries of trees are looked at: a few objects may stand for more files than any disk holds."""


_MOST_BYTES = 256 << 20
"""Of an object that stands alone: a few bytes may stand for any number."""
_NOT_READ = frozenset(("hooks", "modules", "worktrees", "lfs", "fsmonitor--daemon.ipc"))


class HistoryError(Exception):
    """That something about history cannot be told, for the user; `hint` is what to do about it."""

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint


class TreeEntry(NamedTuple):
    """An entry of a tree: git's mode, and the id of a tree, a blob or (of a submodule) a commit."""

    mode: int
    id: ObjectID


class Repository:
    """The repository whose working tree is a folder of the disk, or a bare one in that folder."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._repo = _opened(root)
        weakref.finalize(self, self._repo.close)  # dulwich complains where nobody does
        self._looked_at = 0

    # -- commits -------------------------------------------------------------------------------------------

    @property
    def hash_name(self) -> str:
        """The function that makes ids, by the name that `hashlib` has for it."""
        return "sha256" if self._repo.object_format.oid_length == 32 else "sha1"

    def commit(self, name: str) -> ObjectID:
        """The commit that a name means: a branch, a tag, an id, `HEAD~2`, … Raises HistoryError."""
        from dulwich.objects import Commit

        if not name or ":" in name or name.startswith("-"):
            raise HistoryError(f"`{name}` names no commit")
        try:
            found = self._peeled(self._named(name))
        except KeyError:
            self.head()  # where nothing was ever committed, that is what to say
            raise self._unknown(name) from None
        except (ValueError, NotImplementedError) as error:
            raise self._unknown(name, str(error)) from None
        except Exception as error:
            raise _unreadable(f"`{name}`", error) from error
        if not isinstance(found, Commit):
            raise HistoryError(
                f"`{name}` names no commit, but a {found.type_name.decode('ascii', 'replace')}"
            )
        return found.id

    def head(self) -> ObjectID:
        """The commit that is checked out. Raises HistoryError where there is none yet."""
        with _reading("HEAD"):
            try:
                return self._repo.head()
            except KeyError:
                raise HistoryError(
                    "nothing was ever committed on this branch, so nothing can have changed since",
                    "commit something first, or check everything",
                ) from None

    @property
    def is_unborn(self) -> bool:
        """Whether nothing was ever committed on the branch that is checked out. Raises HistoryError."""
        with _reading("HEAD"):
            try:
                self._repo.head()
            except KeyError:
                return True
        return False

    def refs(self, wanted: Callable[[str], object]) -> Iterator[tuple[str, ObjectID]]:
        """The references that lead to a commit, by their full names, sorted, as far as `wanted` takes the
        name; `HEAD` is none. Raises HistoryError, also for an object that is not here."""
        from dulwich.objects import Commit

        with _reading("the references"):
            names = {name.decode("utf-8", "surrogateescape"): name for name in self._repo.refs.allkeys()}
            for name in sorted(name for name in names if name != "HEAD" and wanted(name)):
                _, id = self._repo.refs.follow(names[name])
                try:
                    found = self._peeled(id) if id is not None else None
                except KeyError as error:
                    raise self._missing(error.args[0] if error.args else b"", f"`{name}`") from error
                if isinstance(found, Commit):
                    yield name, found.id

    def time_of(self, commit: ObjectID) -> int:
        """When a commit was made, in seconds since 1970. Raises HistoryError."""
        time: int = self._read_commit(commit).commit_time
        return time

    def merge_base(self, one: ObjectID, other: ObjectID) -> ObjectID:
        """The newest commit that both have in their history. Raises HistoryError where there is none here."""
        from dulwich.graph import find_merge_base

        try:
            found = find_merge_base(self._repo, [one, other])
        except KeyError as error:
            raise self._missing(error.args[0] if error.args else b"", "the history") from error
        except Exception as error:
            raise _unreadable("the history", error) from error
        if found:
            return max(found, key=self._time)
        if self._is_shallow:
            raise HistoryError(
                f"the clone is shallow: it ends before {_short(one)} and {_short(other)} meet",
                _DEEPEN,
            )
        raise HistoryError(f"{_short(one)} and {_short(other)} have no commit in common")

    def default_branch(self) -> str:
        """A name for the branch that others start from. Raises HistoryError where none is known."""
        from dulwich.refs import Ref

        with _reading("the branches"):
            refs = self._repo.refs
            head = Ref(_REMOTE_HEAD.encode())
            chain = refs.follow(head)[0] if head in refs else []
            for ref in (*chain[-1:], *(Ref(name.encode()) for name in _MAIN_BRANCHES)):
                if ref in refs:
                    return ref.decode("utf-8", "replace").removeprefix("refs/").removeprefix("heads/")
        raise HistoryError(
            "it is not known which branch others start from: there is no `origin/HEAD`, `main` or `master`",
            "name the base: `cflint diff BASE`",
        )

    def _time(self, commit: ObjectID) -> tuple[int, bytes]:
        return self._read_commit(commit).commit_time, commit

    def _named(self, name: str) -> ObjectID:
        from dulwich.objectspec import parse_commit, parse_object

        start = next((at for at, letter in enumerate(name) if letter in "~^"), len(name))
        try:
            found = parse_object(self._repo, name[:start]).id
        except KeyError:
            found = parse_commit(self._repo, name[:start]).id  # which knows the beginnings of ids
        return parse_object(self._repo, found + name[start:].encode()).id if name[start:] else found

    def _peeled(self, id: ObjectID) -> Commit:
        from dulwich.object_store import peel_sha

        return peel_sha(self._repo.object_store, id)[1]  # type: ignore[return-value]

    def _read_commit(self, id: ObjectID) -> Commit:
        from dulwich.objects import Commit

        found = self._object(id, "the history")
        if not isinstance(found, Commit):
            raise HistoryError(f"git's object {_short(id)} is no commit")
        return found

    @property
    def _is_shallow(self) -> bool:
        return bool(self._repo.get_shallow())

    def _hint(self) -> str | None:
        """What brings objects that are not here, as far as something tells why they are not."""
        if self._is_shallow:
            return _DEEPEN
        if Path(self._repo.commondir(), "objects", "info", "alternates").exists():
            return (
                "it may be in another repository, which is not read: `git repack -a -d` copies what is needed"
            )
        if self._is_partial:
            return "the clone is partial: `git fetch --refetch --no-filter` brings all objects"
        return None

    def _unknown(self, name: str, why: str = "") -> HistoryError:
        hint = self._hint()
        if hint is None and "/" in name:
            remote, _, branch = name.partition("/")
            hint = f"`git fetch {remote} {branch}` brings it, when it is a branch of `{remote}`"
        return HistoryError(f"git knows no commit `{name}`{why and ': '}{why}", hint)

    def _missing(self, id: object, what: str) -> HistoryError:
        shown = _short(id) if isinstance(id, bytes) else str(id)
        hint = self._hint() or "`git fsck` tells what else is missing"
        return HistoryError(f"git's object {shown} is not here, which {what} needs", hint)

    @property
    def _is_partial(self) -> bool:
        """Whether some of the objects were left with the remote."""
        packs = Path(self._repo.commondir(), "objects", "pack")
        return any(packs.glob("*.promisor"))

    # -- trees and blobs -----------------------------------------------------------------------------------

    def tree_of(self, commit: ObjectID) -> ObjectID:
        """The tree of a commit. Raises HistoryError."""
        tree: ObjectID = self._read_commit(commit).tree
        return tree

    def entries(self, tree: ObjectID) -> dict[str, TreeEntry]:
        """The names in a tree. Names that no file can have are left out. Raises HistoryError."""
        from dulwich.objects import Tree

        found = self._object(tree, "the base")
        if not isinstance(found, Tree):
            raise HistoryError(f"git's object {_short(tree)} is no tree")
        names: dict[str, TreeEntry] = {}
        with _reading(f"the tree {_short(tree)}"):
            for name, mode, id in found.iteritems():
                if name not in (b"", b".", b"..") and name.lower() != b".git" and b"/" not in name:
                    names[os.fsdecode(name)] = TreeEntry(mode, id)
        self._looked_at += len(names)
        if self._looked_at > _MOST_NAMES:
            raise HistoryError(f"the base has more than {_MOST_NAMES:,} files")
        return names

    def blob(self, id: ObjectID) -> bytes:
        """The bytes of a file. Raises HistoryError."""
        from dulwich.objects import Blob

        found = self._object(id, "the base")
        if not isinstance(found, Blob):
            raise HistoryError(f"git's object {_short(id)} is no file")
        return found.data

    def _object(self, id: ObjectID, what: str) -> object:
        try:
            return self._repo.object_store[id]
        except KeyError as error:
            raise self._missing(id, what) from error
        except Exception as error:
            raise _unreadable(f"its object {_short(id)}", error) from error


_DEEPEN = "`git fetch --unshallow` brings the rest; with `actions/checkout` say `fetch-depth: 0`"


def _short(id: bytes) -> str:
    return id[:10].decode("ascii", "replace")


def _unreadable(what: str, error: Exception) -> HistoryError:
    reason = " ".join(str(error).split())[:200]
    return HistoryError(f"{what} cannot be read from git: {type(error).__name__}{reason and ': '}{reason}")


@contextmanager
def _reading(what: str) -> Iterator[None]:
    """Whatever dulwich raises over `what` becomes a HistoryError."""
    try:
        yield
    except HistoryError:
        raise
    except Exception as error:
        raise _unreadable(what, error) from error


def _opened(root: Path) -> Repo:
    """The repository of a working tree, or a bare one, opened to be read. Raises HistoryError."""
    git = root if is_bare(root) else root / ".git"
    if git.is_symlink():
        raise HistoryError(f"{git} is a symbolic link, which is not followed")
    if not (git.is_dir() or git.is_file()):
        raise HistoryError(
            f"{root} is not in a repository of git, so there is no history",
            "run it inside of a repository, on paths of one repository",
        )
    reader, objects = _reader()
    try:
        if git.is_dir():
            _refuse_links(git)
        repo = reader(root)
        for folder in {Path(repo.controldir()), Path(repo.commondir())} - {git}:
            _refuse_links(folder)
        repo.object_store.close()
        repo.object_store = objects(
            repo.object_store.path,
            object_format=repo.object_format,
            loose_object_size_limit=_MOST_BYTES,
        )
        return repo
    except HistoryError:
        raise
    except Exception as error:
        from dulwich.errors import NotGitRepository
        from dulwich.repo import UnsupportedExtension, UnsupportedVersion

        which = ""
        if isinstance(error, UnsupportedExtension):
            which = f"the extension `{error.extension}`"
        elif isinstance(error, UnsupportedVersion):
            which = f"version {error.version} of git's format"
        if which:
            raise HistoryError(f"the repository uses {which}, which cannot be read") from error
        if isinstance(error, NotGitRepository | FileNotFoundError | NotADirectoryError):
            raise HistoryError(f"{git} leads to no repository of git") from error
        raise _unreadable(f"the repository of {root}", error) from error


def is_bare(folder: Path) -> bool:
    """Whether a folder is a repository without a working tree, as far as its names tell."""
    if (folder / ".git").exists():
        return False
    return (folder / "HEAD").is_file() and all((folder / name).is_dir() for name in ("objects", "refs"))


def _refuse_links(git: Path) -> None:
    """Raise HistoryError for what is neither a file nor a folder in a folder of git: it may lead anywhere,
    and reading may never end."""
    folders = [str(git)]
    while folders:
        with os.scandir(folders.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    if entry.name not in _NOT_READ:
                        folders.append(entry.path)
                elif not entry.is_file(follow_symlinks=False) and entry.name not in _NOT_READ:
                    raise HistoryError(f"{entry.path} is no regular file, and is not followed")


def _reader() -> tuple[type[Repo], type[DiskObjectStore]]:
    """Opens a repository as dulwich does, with no file that its configuration includes and no objects of
    other repositories: they may name any place."""
    try:
        from dulwich.config import ConfigFile
        from dulwich.object_store import BaseObjectStore, DiskObjectStore
        from dulwich.repo import Repo
    except ImportError as error:
        raise HistoryError(
            "git's history is read with dulwich, which is not installed",
            "install dulwich beside cflint, or cflint with its extra `git`",
        ) from error

    class OwnObjects(DiskObjectStore):
        @property
        def alternates(self) -> list[BaseObjectStore]:
            return []

    class ReadOnly(Repo):
        def get_config(self) -> ConfigFile:
            try:
                with Path(self.commondir(), "config").open("rb") as file:
                    config = ConfigFile.from_file(file, expand_includes=False)
            except FileNotFoundError:
                return ConfigFile()
            for name in {name.lower() for name, _ in config.items((b"extensions",))}:
                if name in _HARMLESS_EXTENSIONS:
                    config.remove((b"extensions",), name)
            return config

        def get_worktree_config(self) -> ConfigFile:
            return ConfigFile()

    return ReadOnly, OwnObjects
