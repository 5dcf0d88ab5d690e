"""The files of one repository: what is on the disk under a root, with an editor's buffers laid over it.

Paths are relative to the root, with `/`, and `""` is the root itself; names that are no UTF-8 carry their
bytes as surrogates, as `os.fsdecode` gives them. Nothing outside the root is ever read, but git's index where
`.git` says that it is elsewhere.

Imported where used: git's index, which few runs ask for.
"""

from __future__ import annotations

import os
import posixpath
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from cflint.project.files.disk import Disk, Files, TooLarge
from cflint.project.files.disk import Entry as Entry
from cflint.project.files.disk import Unreadable as Unreadable
from cflint.record import record
from cflint.source import Document
from cflint.syntax.suffixes import EXTENSIONS

if TYPE_CHECKING:
    from cflint.project.files.tracked import Tracked

T = TypeVar("T")

DEFAULT_LIMIT = 1 << 20
"""The size in bytes above which a file is not read."""

_PROJECT_MARKS = (
    *("package.json", "wrangler.json", "wrangler.jsonc", "wrangler.toml", "cloudflare.config.ts"),
    "pyproject.toml",
)
_WIDE_BOMS = (b"\xff\xfe", b"\xfe\xff", b"\x00\x00\xfe\xff")
_TEXT_FOR_A_NUL = 20
_BINARY_PROBE = 8000  # as git does: text in UTF-16 or UTF-32 without a BOM shows its NULs early


@record(frozen=True, eq=False)
class Seen:
    """What a workspace has answered: by their real paths the entries of folders (none of those in `denied`)
    and the documents of files (or why they cannot be read); where paths lead (elsewhere by links); what
    git tracks."""

    folders: Mapping[str, Mapping[str, Entry]]
    denied: Collection[str]
    files: Mapping[str, Document | Unreadable]
    paths: Mapping[str, str | Unreadable]
    tracked: Mapping[str, bool]


class Workspace:
    """Maps paths to documents; every answer about the disk is cached until `refresh()`.

    `limit` is in bytes. With `root=None` there is no disk, only overlays, over `files` where they are given.
    """

    def __init__(
        self,
        root: str | os.PathLike[str] | None,
        *,
        limit: int = DEFAULT_LIMIT,
        files: Files | None = None,
    ) -> None:
        self.root = None if root is None else Path(os.path.realpath(root))
        self.limit = limit
        self._disk = None if self.root is None else Disk(str(self.root))
        self._files = files if self._disk is None else self._disk
        self._overlays: dict[str, bytes] = {}
        self._overlay_folders: dict[str, dict[str, Entry]] = {}
        self._folders: dict[str, Mapping[str, Entry]] = {}
        self._denied: set[str] = set()
        self._real: dict[str, str | Unreadable] = {"": ""}
        self._documents: dict[str, Document | Unreadable] = {}
        self._remembered: dict[Hashable, Any] = {}
        self._details: dict[str, str] = {}
        self._index: Tracked | None = None
        self._tracked: dict[str, bool] = {}

    @classmethod
    def in_memory(cls, files: Mapping[str, bytes], *, limit: int = DEFAULT_LIMIT) -> Workspace:
        """A workspace without a disk."""
        workspace = cls(None, limit=limit)
        for path, data in files.items():
            if normal := _normal(path):
                workspace._overlays[normal] = data
        workspace._index_overlays()
        return workspace

    @classmethod
    def around(
        cls,
        paths: Iterable[str | os.PathLike[str]],
        *,
        cwd: str | os.PathLike[str] | None = None,
        limit: int = DEFAULT_LIMIT,
    ) -> Workspace:
        """The workspace that holds the given paths of the operating system (see `find_root`)."""
        return cls(find_root(paths, cwd), limit=limit)

    def relative(self, path: str | os.PathLike[str]) -> str | None:
        """A path of the operating system (relative to the current directory) as a path of the workspace.

        The folders' links are resolved, a link in the last place is not. None when it is outside the root.
        """
        if self._disk is None:
            return _normal(Path(path).as_posix())
        head, tail = os.path.split(path)
        if tail in ("", ".", ".."):
            head, tail = os.fspath(path), ""
        return self._disk.inside(str(Path(os.path.realpath(head), tail)))

    def on_disk(self, path: str) -> Path | None:
        """Where a path is on the disk, whether it exists or not; None without a disk or outside the root."""
        normal = _normal(path)
        if normal is None or self._disk is None:
            return None
        return Path(self._disk.prefix + normal)

    def read(self, path: str) -> Document | None:
        """The file's document, under its real path (links resolved); None when `problem(path)` says why."""
        real = self._real.get(path)
        known = self._documents.get(real) if isinstance(real, str) else None  # as nearly always
        if isinstance(known, Document):
            return known
        real = self._locate(path)
        found = real if isinstance(real, Unreadable) else self._load(real)
        return found if isinstance(found, Document) else None

    def problem(self, path: str) -> Unreadable | None:
        """Why `read(path)` gives nothing."""
        real = self._locate(path)
        if isinstance(real, Unreadable):
            return real
        if real in self._denied:
            return Unreadable.DENIED
        found = self._load(real)
        return found if isinstance(found, Unreadable) else None

    def why_unread(self, path: str) -> str | None:
        """The same in words, which complete "the file is …", with the size of what is too large."""
        problem = self.problem(path)
        if problem is None:
            return None
        real = self._locate(path)
        return self._details.get(real, problem.value) if isinstance(real, str) else problem.value

    def real(self, path: str) -> str | None:
        """The path with its symbolic links resolved; None when it does not exist inside the root."""
        real = self._locate(path)
        return None if isinstance(real, Unreadable) else real

    def exists(self, path: str) -> bool:
        """Whether there is a file or a folder (or a link to one inside the root)."""
        return self._kind(path) in (Entry.FILE, Entry.FOLDER)

    def is_file(self, path: str) -> bool:
        """Whether there is a regular file (or a link to one inside the root)."""
        return self._kind(path) is Entry.FILE

    def is_dir(self, path: str) -> bool:
        """Whether there is a folder (or a link to one inside the root)."""
        return self._kind(path) is Entry.FOLDER

    def entries(self, path: str) -> Mapping[str, Entry]:
        """The names in a folder and what they are, links unresolved; empty when it is no readable folder."""
        real = self._locate(path)
        return {} if isinstance(real, Unreadable) else self._entries(real)

    def list(self, path: str) -> tuple[str, ...]:
        """The names in a folder, sorted."""
        return tuple(sorted(self.entries(path)))

    def is_tracked(self, path: str) -> bool:
        """Whether git's index has a file, or something below a folder whose path ends in `/`. Without a disk
        it has nothing."""
        if self.root is None:
            return False
        if path not in self._tracked:
            from cflint.project.files.tracked import Tracked

            self._index = self._index or Tracked(self.root)
            self._tracked[path] = path in self._index
        return self._tracked[path]

    def is_committed(self, path: str) -> bool:
        """Whether git's index has a file; without a disk, where all files are those of a commit, whether it
        is there."""
        return self.is_file(path) if self.root is None else self.is_tracked(path)

    def memoized(self, question: Hashable, find: Callable[[], T]) -> T:
        """What `find` drew from the files when the question was first asked, until one may have changed."""
        if question not in self._remembered:
            self._remembered[question] = find()
        found: T = self._remembered[question]
        return found

    def overlay(self, path: str, data: bytes | None) -> None:
        """Lay a buffer over a path, or take it away again with None. A path outside the root is ignored."""
        normal = _normal(path)
        if not normal:
            return
        target = self.real(normal) or normal
        self._documents.pop(target, None)
        self._remembered.clear()
        known = target in self._overlays
        if data is not None:
            self._overlays[target] = data
        elif known:
            del self._overlays[target]
        if known != (data is not None):
            self._index_overlays()

    def overlaid(self, path: str) -> bytes | None:
        """The buffer that lies over a path, if one does."""
        normal = _normal(path)
        return self._overlays.get(self.real(normal) or normal) if normal else None

    def refresh(self) -> None:
        """Forget what is known of the disk."""
        self._documents.clear()
        self._remembered.clear()
        self._index = None
        self._tracked.clear()
        self._forget_names()

    @property
    def seen(self) -> Seen:
        """Everything that has been looked at so far; the mappings grow as more is."""
        return Seen(self._folders, self._denied, self._documents, self._real, self._tracked)

    def _forget_names(self) -> None:
        self._folders.clear()
        self._denied.clear()
        self._real = {"": ""}

    def _index_overlays(self) -> None:
        self._overlay_folders = {}
        for path in self._overlays:
            kind = Entry.FILE
            while path:
                folder, _, name = path.rpartition("/")
                self._overlay_folders.setdefault(folder, {})[name] = kind
                path, kind = folder, Entry.FOLDER
        self._forget_names()

    def _kind(self, path: str) -> Entry | None:
        real = self._locate(path)
        if isinstance(real, Unreadable):
            return None
        if real == "":
            return Entry.FOLDER
        folder, _, name = real.rpartition("/")
        return self._entries(folder).get(name)

    def _locate(self, path: str) -> str | Unreadable:
        """The real path of an existing entry."""
        known = self._real.get(path)
        if known is not None:
            return known
        folder, _, name = path.rpartition("/")
        parent = self._real.get(folder)
        plain = name not in ("", ".", "..") and path[0] != "/" and "\0" not in name
        if plain and isinstance(parent, str):  # the common case: a name in a folder that is known
            kind = self._entries(parent).get(name)
            if kind is None and parent not in self._denied:
                return Unreadable.ABSENT
            if kind is Entry.FILE or kind is Entry.FOLDER:
                known = self._real[path] = f"{parent}/{name}" if parent else name
                return known
        normal = _normal(path)
        if normal is None:
            return Unreadable.OUTSIDE
        at = ""
        passed = ""
        for name in normal.split("/") if normal else ():
            passed = f"{passed}/{name}" if passed else name
            known = self._real.get(passed)
            if known is None:
                kind = self._entries(at).get(name)
                if kind is None:
                    return Unreadable.DENIED if at in self._denied else Unreadable.ABSENT
                known = f"{at}/{name}" if at else name
                if kind is Entry.LINK:
                    known = self._follow(known)
                self._real[passed] = known
            if isinstance(known, Unreadable):
                return known
            at = known
        return at

    def _follow(self, link: str) -> str | Unreadable:
        return Unreadable.LINK_NOWHERE if self._files is None else self._files.follow(link)

    def _entries(self, folder: str) -> Mapping[str, Entry]:
        """The entries of a real path."""
        known = self._folders.get(folder)
        if known is not None:
            return known
        found: dict[str, Entry] = {}
        if self._files is not None:
            try:
                found = self._files.entries(folder)
            except PermissionError:
                self._denied.add(folder)
            except (OSError, ValueError):
                pass
        for name, kind in self._overlay_folders.get(folder, {}).items():
            if kind is Entry.FILE or name not in found:
                found[name] = kind
        self._folders[folder] = found
        return found

    def _load(self, real: str) -> Document | Unreadable:
        known = self._documents.get(real)
        if known is None:
            data = self._overlays.get(real)
            bytes_or_problem = self._read_below(real) if data is None else data
            if isinstance(bytes_or_problem, bytes):
                if len(bytes_or_problem) > self.limit:
                    bytes_or_problem = self._too_large(real, len(bytes_or_problem))
                elif _is_binary(real, bytes_or_problem):
                    self._details[real] = _why_binary(bytes_or_problem)
                    bytes_or_problem = Unreadable.BINARY
            if isinstance(bytes_or_problem, Unreadable):
                known = bytes_or_problem
            else:
                known = Document(real, bytes_or_problem)
            self._documents[real] = known
        return known

    def _too_large(self, real: str, size: int) -> Unreadable:
        """Note how large a file is, in bytes."""
        self._details[real] = f"{Unreadable.TOO_LARGE.value} of {_amount(self.limit)}: it has {size:,} bytes"
        return Unreadable.TOO_LARGE

    def _read_below(self, real: str) -> bytes | Unreadable:
        """What lies below the overlays."""
        kind = self._kind(real)
        if kind is Entry.FOLDER:
            return Unreadable.FOLDER
        if self._files is None or kind is not Entry.FILE:
            return Unreadable.NOT_A_FILE
        found = self._files.read(real, self.limit)
        return self._too_large(real, found.size) if isinstance(found, TooLarge) else found


def _amount(size: int) -> str:
    """Bytes for people: `1 MiB`, `1.4 MiB`, `12 KiB`."""
    if size >= 1 << 20:
        return f"{size / (1 << 20):.1f}".removesuffix(".0") + " MiB"
    return f"{size / 1024:.1f}".removesuffix(".0") + " KiB" if size >= 1024 else f"{size} bytes"


def _is_binary(path: str, data: bytes) -> bool:
    """Whether a file is no text in UTF-8 or like it. A literal of JavaScript may hold a NUL byte: there are
    few of them, and all else is UTF-8."""
    if data.startswith(_WIDE_BOMS):
        return True
    head = data[:_BINARY_PROBE]
    if b"\0" not in head:
        return False
    if not path.endswith(EXTENSIONS) or head[0] == 0 or head.count(0) * _TEXT_FOR_A_NUL > len(head):
        return True
    try:
        data.decode()
    except UnicodeDecodeError:
        return True
    return False


def _why_binary(data: bytes) -> str:
    if data.startswith(_WIDE_BOMS):
        return "not text in UTF-8: it is UTF-16 or UTF-32"
    line = data.count(b"\n", 0, data.find(b"\0")) + 1
    return f"not text in UTF-8: there is a NUL byte on line {line} (UTF-16 or binary)"


def find_root(paths: Iterable[str | os.PathLike[str]], cwd: str | os.PathLike[str] | None = None) -> Path:
    """The root for paths of the operating system, which need not exist.

    The nearest ancestor of all of them that has a `.git`; without one the current directory if they lie in
    it, else the nearest ancestor that has a package.json or a configuration, else their common folder.
    """
    here = Path(os.path.realpath(cwd if cwd is not None else "."))
    folders = [_folder_of(here / path, here) for path in paths] or [here]
    common = Path(os.path.commonpath(folders)) if _share_a_drive(folders) else here
    for folder in (common, *common.parents):
        if (folder / ".git").exists():
            return folder
    if common == here or here in common.parents:
        return here
    for folder in (common, *common.parents[:-1]):
        if any((folder / mark).is_file() for mark in _PROJECT_MARKS):
            return folder
    return common


def _share_a_drive(folders: Iterable[Path]) -> bool:
    return len({folder.drive for folder in folders}) == 1


def _folder_of(path: Path, here: Path) -> Path:
    """The real folder that a path means. A link that leads out of a repository, or the current folder, does
    not take the root along: then it is that repository or folder."""
    real = Path(os.path.realpath(path))
    folder = real if real.is_dir() else Path(os.path.realpath(path.parent))
    written = Path(os.path.normpath(path))
    around = next((above for above in written.parents if (above / ".git").exists()), None)
    if around is None and here in written.parents:
        around = here
    if around is not None:
        home = Path(os.path.realpath(around))
        if home != folder and home not in folder.parents:
            return home
    return folder


def _normal(path: str) -> str | None:
    """The path without `.`, `..` and doubled slashes; None when it leaves the root or is no path."""
    if not path:
        return ""
    if path[0] == "/" or "\0" in path or (os.sep == "\\" and Path(path).is_absolute()):
        return None
    normal = posixpath.normpath(path)
    if normal == ".":
        return ""
    return None if normal == ".." or normal.startswith("../") else normal
