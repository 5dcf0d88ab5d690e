"""What has changed in the files of a workspace since a base."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from cflint.history.base import Base, Blob
from cflint.history.lines import new_lines
from cflint.project.files.discovery import GitIgnored
from cflint.project.files.disk import Disk

if TYPE_CHECKING:
    from cflint.project.files.workspace import Workspace

_MOST_BYTES = 256 << 20


class Changes:
    """Answers about the files of a workspace, by their path. Every member raises HistoryError.

    A file that git neither has nor ignores counts as new. Line ends alone are no change: git may have changed
    them when it wrote the file.
    """

    def __init__(self, base: Base, workspace: Workspace) -> None:
        self.base = base
        self.workspace = workspace
        self._ignored = GitIgnored(workspace)
        self._known: dict[str, bool] = {}

    def is_changed(self, path: str) -> bool:
        """Whether a file is not as it was: changed, new or gone."""
        known = self._known.get(path)
        if known is None:
            known = self._known[path] = self._differs(path)
        return known

    def lines(self, path: str) -> frozenset[int] | None:
        """The lines of a file, from 1, that are new; None when all are."""
        if not self.is_changed(path):
            return frozenset()
        blob, data = self.base.blob(path), self._bytes(path)
        return None if blob is None or data is None else new_lines(blob.read(), data)

    def _differs(self, path: str) -> bool:
        blob, data = self.base.blob(path), self._bytes(path)
        if data is None:
            return blob is not None
        if blob is None:
            return path not in self._ignored
        if _id_of(data, blob) == blob.id:
            return False
        return b"\r\n" not in data or _unix(data) != _unix(blob.read())

    def _bytes(self, path: str) -> bytes | None:
        document = self.workspace.read(path)
        if document is not None:
            return document.data
        root, real = self.workspace.root, self.workspace.real(path)
        if root is None or real is None:
            return None
        found = Disk(str(root)).read(real, _MOST_BYTES)
        return found if isinstance(found, bytes) else None


def _id_of(data: bytes, blob: Blob) -> bytes:
    """The id that git gives to a file of these bytes."""
    hashed = hashlib.new(blob.repository.hash_name, b"blob %d\0" % len(data), usedforsecurity=False)
    hashed.update(data)
    return hashed.hexdigest().encode()


def _unix(data: bytes) -> bytes:
    return data.replace(b"\r\n", b"\n")
