"""Where the files of a workspace come from: the disk, or whatever else has folders with files in them."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from enum import Enum
from typing import Protocol

from cflint.record import record


class Entry(Enum):
    """What a name in a folder is. A `LINK` is a symbolic link, `OTHER` a FIFO, socket or device."""

    FILE = "file"
    FOLDER = "folder"
    LINK = "link"
    OTHER = "other"


class Unreadable(Enum):
    """Why a file cannot be read; the value completes "the file is …"."""

    ABSENT = "not there"
    BINARY = "not text in UTF-8 (UTF-16 or binary)"
    DENIED = "not readable (permission denied)"
    FOLDER = "a folder"
    LINK_NOWHERE = "a symbolic link that leads nowhere"
    NOT_A_FILE = "not a regular file"
    OUTSIDE = "outside the root"
    TOO_LARGE = "larger than the limit"


@record(frozen=True)
class TooLarge:
    """A file that is larger than the limit, and its size in bytes."""

    size: int


class Files(Protocol):
    """Folders and files by their real paths, relative to a root, with `/`; "" is the root."""

    def entries(self, folder: str) -> dict[str, Entry]:
        """The names in a folder, in a dictionary that the caller may change. Raises PermissionError, and
        OSError or ValueError where there is none."""

    def read(self, path: str, limit: int) -> bytes | Unreadable | TooLarge:
        """The bytes of a regular file; `limit` is the most, in bytes."""

    def follow(self, link: str) -> str | Unreadable:
        """The real path to which a symbolic link leads."""


class Disk:
    """The files below a folder of the disk, given by its real path. Nothing outside is ever read."""

    def __init__(self, root: str) -> None:
        self.prefix = root.rstrip(os.sep) + os.sep

    def entries(self, folder: str) -> dict[str, Entry]:
        """See `Files`."""
        return dict(_scan(self.prefix + folder))

    def read(self, path: str, limit: int) -> bytes | Unreadable | TooLarge:
        """See `Files`."""
        # The entry may have become a link or a FIFO since its folder was listed.
        flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
        flags |= getattr(os, "O_BINARY", 0)
        try:
            descriptor = os.open(self.prefix + path, flags)
        except PermissionError:
            return Unreadable.DENIED
        except FileNotFoundError:
            return Unreadable.ABSENT
        except (OSError, ValueError):
            return Unreadable.NOT_A_FILE
        try:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                return Unreadable.NOT_A_FILE
            if status.st_size > limit:
                return TooLarge(status.st_size)
            return _read_all(descriptor, status.st_size, limit)
        except OSError:
            return Unreadable.NOT_A_FILE
        finally:
            os.close(descriptor)

    def follow(self, link: str) -> str | Unreadable:
        """See `Files`."""
        try:
            target = os.path.realpath(self.prefix + link, strict=True)
        except (OSError, ValueError):
            return Unreadable.LINK_NOWHERE
        inside = self.inside(target)
        return Unreadable.OUTSIDE if inside is None else inside

    def inside(self, whole: str) -> str | None:
        """A real, absolute path of the disk as one below the root; None when it lies elsewhere."""
        if whole.rstrip(os.sep) + os.sep == self.prefix:
            return ""
        if not whole.startswith(self.prefix):
            return None
        return whole[len(self.prefix) :].replace(os.sep, "/")


def _read_all(descriptor: int, size: int, limit: int) -> bytes:
    """What is in a file of about `size` bytes; beyond `limit` nothing more than that it is longer."""
    data = os.read(descriptor, size + 1)  # a buffer of `limit` bytes would cost more than the reading
    while len(data) != size and len(data) <= limit and (more := os.read(descriptor, limit + 1 - len(data))):
        data += more
    return data


def _scan(folder: str) -> Iterator[tuple[str, Entry]]:
    with os.scandir(folder) as entries:
        for entry in entries:
            try:
                if entry.is_file(follow_symlinks=False):
                    kind = Entry.FILE
                elif entry.is_symlink() or getattr(entry, "is_junction", bool)():
                    kind = Entry.LINK
                elif entry.is_dir(follow_symlinks=False):
                    kind = Entry.FOLDER
                else:
                    kind = Entry.OTHER
            except OSError:
                kind = Entry.OTHER
            yield entry.name, kind
