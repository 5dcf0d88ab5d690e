"""One embedded cluster for all tests of sweeps: threads in this process, and a server that forks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from distributed import Client

NEEDED = ("distributed", "dulwich", "fcntl", "pyarrow")
"""What the extra `sweep` brings, and what only systems have that can sweep."""

collect_ignore_glob = ["test_*.py"] if any(find_spec(name) is None for name in NEEDED) else []
"""Nothing here can be tested without."""


@pytest.fixture(scope="session")
def client() -> Iterator[Client]:
    """A client of a cluster with one slot."""
    from cflint.fleet import work
    from cflint.fleet.cluster import connected

    with connected(None, 1, processes=False, dashboard=None) as client:
        yield client
        client.submit(work.close, pure=False).result()


@pytest.fixture
def embedded(client: Client, monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """Let `cflint sweep` use the cluster that is there; how it wanted one."""
    wanted: list[tuple[Any, ...]] = []

    @contextmanager
    def given(*arguments: Any, **_: Any) -> Iterator[Client]:
        wanted.append(arguments)
        yield client

    monkeypatch.setattr("cflint.fleet.cluster.connected", given)
    return wanted
