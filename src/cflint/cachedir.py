"""The user's cache folder, small JSON files in it, files that are written whole, and hashes. A cache is never
needed and never trusted.

Whatever goes wrong with one (no folder, no permission, a full disk, a damaged file) is as if nothing had been
kept.

Imported where used: json and hashes, which a run without a cache does not need, and the version, which the
package has.
"""

from __future__ import annotations

import contextlib
import os
import stat
import sys
from pathlib import Path

TEMPORARY_SUFFIX = ".cflint-tmp"
"""How the names of files end that stand in for a file until it is written."""


def cache_folder() -> Path | None:
    """Where this user's caches of cflint are; None when they are switched off or there is no home.

    `CFLINT_CACHE_DIR` names another folder; when it is empty nothing is kept.
    """
    given = os.environ.get("CFLINT_CACHE_DIR")
    if given is not None:
        return Path(given) if given else None
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA")
    elif sys.platform == "darwin":
        home = os.environ.get("HOME")
        base = f"{home}/Library/Caches" if home else None
    else:
        home = os.environ.get("HOME")
        base = os.environ.get("XDG_CACHE_HOME") or (f"{home}/.cache" if home else None)
    return Path(base, "cflint") if base and Path(base).is_absolute() else None


def hash_of(what: str | bytes) -> str:
    """A hash of a text or of bytes, in hex: 32 digits."""
    try:
        from _blake2 import blake2b  # the same one; hashlib loads OpenSSL first
    except ImportError:
        from hashlib import blake2b

    data = what if isinstance(what, bytes) else what.encode("utf-8", "surrogatepass")
    return blake2b(data, digest_size=16).hexdigest()


def wheel_record() -> str | None:
    """A hash of what the wheel that this cflint was installed from lists: each file with the hash of its
    content. None where cflint was installed otherwise, so that its files may change one by one."""
    from cflint import __version__

    home = Path(__file__).parents[1]
    try:
        data = (home / f"cflint-{__version__}.dist-info" / "RECORD").read_bytes()
    except OSError:
        return None
    return hash_of(data) if b"cflint/cachedir.py,sha256=" in data else None


def read_json(name: str) -> object:
    """What a file of the cache folder holds; None when there is none, or it cannot be read."""
    import json

    folder = cache_folder()
    if folder is None:
        return None
    try:
        return json.loads((folder / name).read_bytes())
    except (OSError, ValueError, RecursionError):
        return None


def write_json(name: str, value: object) -> None:
    """Keep a value, so that a reader sees all of it or nothing."""
    import json

    folder = cache_folder()
    if folder is None:
        return
    with contextlib.suppress(OSError, ValueError):
        folder.mkdir(parents=True, exist_ok=True)
        write_whole(folder / name, json.dumps(value, separators=(",", ":")).encode("ascii"))


def write_whole(path: Path, data: bytes, mode: int = 0o666) -> None:
    """Put data in a file, so that a reader sees all of it or nothing. A file that exists keeps its mode; a
    new one gets `mode` without what the umask takes. A link is replaced, not what it leads to. Raises
    OSError."""
    temporary = temporary_of(path)
    # Only Windows tells binary files from text.
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    try:
        with os.fdopen(os.open(temporary, flags, mode), "wb") as file:
            file.write(data)
        with contextlib.suppress(FileNotFoundError):
            status = path.lstat()
            if stat.S_ISREG(status.st_mode):
                temporary.chmod(stat.S_IMODE(status.st_mode))
        temporary.replace(path)
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def temporary_of(path: Path) -> Path:
    """A file that is not there yet, beside another one, to be put in its place when it is written."""
    return path.with_name(f".{path.name[:100]}.{os.getpid()}-{os.urandom(6).hex()}{TEMPORARY_SUFFIX}")
