"""The user's cache folder, small JSON files in it, and hashes. A cache is never needed and never trusted.

Whatever goes wrong (no folder, no permission, a full disk, a damaged file) is as if nothing had been kept.

Imported where used: json and hashes, which a run without a cache does not need.
"""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path


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
    temporary = folder / f"{name}.{os.getpid()}.tmp"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        temporary.write_text(json.dumps(value, separators=(",", ":")), encoding="utf-8")
        temporary.replace(folder / name)
    except (OSError, ValueError):
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
