"""What a worker of Dask does: it hands a request to a server of its thread, and gives back how that ended.

The worker itself reads nothing of a repository.
"""

from __future__ import annotations

import json
import threading
import zlib
from typing import Any

from cflint.fleet.identity import code_identity
from cflint.fleet.isolation import Limits, Outcome, Server

_own = threading.local()


class OtherCode(Exception):
    """A worker has another cflint than who started the sweep; the message says which."""


def run(request: dict[str, Any], seconds: int, memory: int, code: str) -> bytes:
    """Do a request in a process of its own; `unpacked` reads what comes back. Raises OtherCode."""
    if code != code_identity():
        raise OtherCode(f"a worker has cflint {code_identity()}, and the sweep cflint {code}")
    server = getattr(_own, "server", None)
    if server is None:
        server = _own.server = Server()
    found: Outcome = server.run(request, Limits(seconds, memory))
    row = [found.answer, found.status, found.reason, found.seconds, found.memory]
    return zlib.compress(json.dumps(row, separators=(",", ":")).encode("ascii"), 1)


def unpacked(data: bytes) -> Outcome:
    """What `run` gave back."""
    return Outcome(*json.loads(zlib.decompress(data)))


def close() -> None:
    """End the server of this thread."""
    server = getattr(_own, "server", None)
    if server is not None:
        server.close()
        _own.server = None
