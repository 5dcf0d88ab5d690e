"""What git tracks, from the index: a file that it tracks counts although a .gitignore names it.

Read only when something that would matter is ignored. Of an index only the names are read (versions 2 to 4);
https://git-scm.com/docs/index-format describes it.
"""

from __future__ import annotations

import os
import stat
from bisect import bisect_left
from collections.abc import Iterator
from pathlib import Path

_MOST_BYTES = 256 << 20
_LONGEST_LINK = 4096
_STATS = 40  # times, device, inode, mode, owner and size of an entry
_EXTENDED = 0x4000
_SHA1, _SHA256 = 20, 32


class Tracked:
    """The paths that the repositories in a folder of the disk track: its own, and submodules'.

    Where `.git` is a file, as in worktrees and submodules, it says where the index is. An index that cannot
    be read tracks nothing.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._indexes: dict[str, list[str]] = {}

    def __contains__(self, path: str) -> bool:
        """Whether git tracks a file, or something in a folder whose path ends in `/`; the path is relative to
        the root."""
        home = path.rstrip("/").rpartition("/")[0]
        while home and not os.path.lexists(self._root / home / ".git"):
            home = home.rpartition("/")[0]
        names = self._indexes.get(home)
        if names is None:
            names = self._indexes[home] = sorted(_names(self._root / home))
        relative = path[len(home) + 1 :] if home else path
        at = bisect_left(names, relative)
        if at == len(names):
            return False
        return names[at].startswith(relative) if relative.endswith("/") else names[at] == relative


def _names(home: Path) -> Iterator[str]:
    """The names in the index of the repository of a folder; none when it cannot be read."""
    folder = _git_folder(home)
    if folder is None:
        return
    data = _read(folder / "index", _MOST_BYTES)
    hash_size = _hash_size(folder)
    yield from index_names(data, hash_size)
    shared = _shared_index(data, hash_size)
    if shared is not None:
        yield from index_names(_read(folder / f"sharedindex.{shared}", _MOST_BYTES), hash_size)


def _git_folder(home: Path) -> Path | None:
    git = home / ".git"
    if git.is_symlink():  # it may lead anywhere
        return None
    if git.is_dir():
        return git
    text = os.fsdecode(_read(git, _LONGEST_LINK))
    mark, _, target = text.partition(":")
    return home / target.strip() if mark == "gitdir" and "\0" not in target else None


def _hash_size(folder: Path) -> int:
    common = os.fsdecode(_read(folder / "commondir", _LONGEST_LINK)).strip()  # of a worktree
    settings = _read(folder / common / "config", 1 << 20).lower()
    at = settings.find(b"objectformat")
    line = settings[at : settings.find(b"\n", at)] if at != -1 else b""
    return _SHA256 if b"sha256" in line else _SHA1


def _read(path: Path, limit: int) -> bytes:
    """The bytes of a regular file, b"" when it is none (a link, say) or longer than that."""
    try:
        status = path.lstat()
        if not stat.S_ISREG(status.st_mode) or status.st_size > limit:
            return b""
        return path.read_bytes()
    except (OSError, ValueError):
        return b""


def index_names(data: bytes, hash_size: int = _SHA1) -> Iterator[str]:
    """The names in the bytes of an index, as git has sorted them; those before what cannot be read."""
    for _, name in _entries(data, hash_size):
        if name:  # in a split index, an entry of the shared one that has changed has none
            yield os.fsdecode(name)


def _entries(data: bytes, hash_size: int) -> Iterator[tuple[int, bytes]]:
    """The names of the entries, each with where the next one begins."""
    version = int.from_bytes(data[4:8], "big")
    if data[:4] != b"DIRC" or not 2 <= version <= 4:
        return
    fixed = _STATS + hash_size + 2
    at, before = 12, b""
    for _ in range(int.from_bytes(data[8:12], "big")):
        flags = int.from_bytes(data[at + fixed - 2 : at + fixed], "big")
        start = at + fixed + (2 if version > 2 and flags & _EXTENDED else 0)
        dropped = 0
        if version == 4:  # a name shares its beginning with the one before
            dropped, start = _number(data, start)
        end = data.find(b"\0", start)
        if end == -1 or dropped > len(before):
            return
        name = data[start:end]
        if version == 4:
            name = before = before[: len(before) - dropped] + name
            at = end + 1
        else:
            at += (end - at + 8) & ~7  # an entry is filled up to a multiple of eight bytes
        yield at, name


def _number(data: bytes, at: int) -> tuple[int, int]:
    """A number of seven bits a byte, as in offsets of packs, and where it ends."""
    value = -1
    while at < len(data):
        byte = data[at]
        at += 1
        value = ((value + 1) << 7) | (byte & 127)
        if byte < 128:
            break
    return max(value, 0), at


def _shared_index(data: bytes, hash_size: int) -> str | None:
    """The name of the index that a split index rests on: its extension `link` says it."""
    at = 12
    for end, _ in _entries(data, hash_size):
        at = end
    while at + 8 < len(data) - hash_size:
        size = int.from_bytes(data[at + 4 : at + 8], "big")
        if data[at : at + 4] == b"link":
            return data[at + 8 : at + 8 + hash_size].hex()
        at += 8 + size
    return None
