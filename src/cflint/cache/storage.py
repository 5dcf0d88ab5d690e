"""Files of the cache: where they are, read and written whole, removed when there are too many."""

from __future__ import annotations

import contextlib
import json
import os
import stat
import sys
import time
from collections.abc import Iterable
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cflint
from cflint.cache.observed import stamp
from cflint.cachedir import TEMPORARY_SUFFIX, hash_of, wheel_record, write_whole

if TYPE_CHECKING:
    from cflint.packages import Package

FOLDER = "findings"
"""The folder of the entries in the cache folder."""

MOST_ENTRIES = 256
MOST_BYTES = 1 << 27
"""A file of the cache that is larger (bytes) is not read."""

_DAYS_KEPT = 30
_FORMAT = 2

Json = Any


class Refused(Exception):
    """A folder that is not to be used for a cache; the message says why."""


def findings_folder(cache: Path, root: Path | None) -> Path:
    """The folder of the entries. Raises Refused when a link inside the root leads to it: what a repository
    holds does not decide where something is written."""
    whole = Path(os.path.abspath(cache)) / FOLDER  # noqa: PTH100 (links have to stay)
    if root is not None:
        for part in (whole, *whole.parents):
            if root in part.parents and part.is_symlink():
                raise Refused(f"{part} is a symbolic link inside the project")
    return whole


def code_key(packages: Iterable[Package] = ()) -> str:
    """A hash of this cflint, by its files or by what its wheel lists, of the packages it parses with, and of
    packages of rules. Raises PackageError."""
    parts: list[object] = [cflint.__version__, sys.version, _FORMAT, *(it.stamp for it in packages)]
    record = wheel_record()
    parts += [_own_files() if record is None else record]
    for module in ("tree_sitter", "tree_sitter_typescript", "libcst", "ahocorasick_rs"):
        spec = find_spec(module)
        if spec is not None and spec.origin:
            parts.append(stamp(spec.origin))
    return hash_of(repr(parts))


@cache
def _own_files() -> str:
    """The files of cflint and of its rules. They are some thousand: to look at each takes longer than much
    else that a run does whose result is in the cache. No process outlives its code: once in each will do."""
    specs = map(find_spec, ("cflint", "cflint_rules"))
    folders = [
        folder for spec in specs if spec is not None for folder in spec.submodule_search_locations or ()
    ]
    return repr([_files_below(folder) for folder in folders])


def _files_below(folder: str) -> list[tuple[str, int, int]]:
    """The files in a folder and below, with their times and sizes, but for compiled code."""
    found: list[tuple[str, int, int]] = []
    folders = [folder]
    while folders:
        with os.scandir(folders.pop()) as entries:
            for entry in entries:
                name = entry.name
                if entry.is_dir():
                    if name != "__pycache__":
                        folders.append(entry.path)
                elif not name.endswith(".pyc"):
                    status = entry.stat()
                    found.append((entry.path, status.st_mtime_ns, status.st_size))
    found.sort()
    return found


def read(path: Path) -> Json:
    """The JSON of a regular file; None when there is none, or it is damaged."""
    # Windows has neither of the first two flags, and nothing else has the third.
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    flags |= getattr(os, "O_BINARY", 0)
    try:
        with os.fdopen(os.open(path, flags), "rb") as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode) or status.st_size > MOST_BYTES:
                return None
            return json.loads(file.read(MOST_BYTES))
    except (OSError, ValueError, RecursionError, MemoryError):
        return None


def write(path: Path, value: Json) -> bool:
    """Write JSON so that a reader sees all of it or nothing; whether it could be done."""
    try:
        data = json.dumps(value, separators=(",", ":")).encode("ascii")
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_whole(path, data, 0o600)
    except (OSError, ValueError, RecursionError, MemoryError):
        return False
    return True


def clean(folder: Path) -> tuple[int, int]:
    """Delete all entries of a folder: how many files, and how many bytes. Raises OSError."""
    files = size = 0
    if folder.is_dir() and not folder.is_symlink():
        for path in _entries(folder):
            size += path.lstat().st_size
            files += 1
            path.unlink(missing_ok=True)
        with contextlib.suppress(OSError):  # there is something in it that is not ours
            folder.rmdir()
    return files, size


def _entries(folder: Path) -> list[Path]:
    return [
        path for path in folder.iterdir() if path.suffix in (".json", TEMPORARY_SUFFIX) and not path.is_dir()
    ]


def prune(folder: Path, *, thoroughly: bool) -> None:
    """Delete the oldest entries when there are too many; thoroughly, also those that were not used for
    long."""
    now = time.time()
    with contextlib.suppress(OSError):
        if not thoroughly and len(os.listdir(folder)) <= MOST_ENTRIES:  # noqa: PTH208 (quicker)
            return
        aged = sorted(((path.lstat().st_mtime, path) for path in _entries(folder)), reverse=True)
        for number, (changed, path) in enumerate(aged):
            if number >= MOST_ENTRIES or changed < now - _DAYS_KEPT * 86400:
                path.unlink(missing_ok=True)
