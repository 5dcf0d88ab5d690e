"""The workers of Dask: those of an embedded cluster, or of one that runs somewhere.

Imported where used: Dask, which an extra installs.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from distributed import Client

MISSING = "a sweep needs Dask distributed"
HINT = "install `distributed` and `pyarrow` beside cflint, or cflint with its extra `sweep`"


class ClusterError(Exception):
    """That there are no workers, for the user; `hint` is what to do about it."""

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint


@contextmanager
def connected(
    scheduler: str | None, workers: int, *, processes: bool = True, dashboard: str | None = ":0"
) -> Iterator[Client]:
    """A client of a scheduler, or of an embedded cluster with so many workers. `dashboard` is the port of the
    embedded cluster's dashboard, None for no dashboard. Raises ClusterError."""
    try:
        import dask
        from distributed import Client, LocalCluster
    except ImportError as error:
        raise ClusterError(f"{MISSING}, which is not installed ({error})", HINT) from error
    quiet = {
        "distributed.worker.memory.target": False,  # a worker holds nothing: the processes have limits
        "distributed.worker.memory.spill": False,
        "distributed.worker.memory.pause": False,
        "distributed.worker.memory.terminate": False,
        "distributed.scheduler.allowed-failures": 3,
        "distributed.admin.low-level-log-length": 1_000,
        # A worker waits nearly all the time. What Dask measures about itself would cost it, and the process
        # in the middle, more of a processor than what they do.
        "distributed.worker.profile.enabled": False,
        "distributed.admin.tick.interval": "1s",
        "distributed.admin.tick.cycle": "10s",
        "distributed.admin.system-monitor.interval": "10s",
        "distributed.admin.system-monitor.disk": False,
        "distributed.admin.system-monitor.host-cpu": False,
        "distributed.admin.system-monitor.gil.enabled": False,
    }
    with dask.config.set(quiet):
        if scheduler is not None:
            try:
                client = Client(scheduler, timeout="20s")
            except (OSError, ValueError, TimeoutError) as error:
                raise ClusterError(f"there is no scheduler at {scheduler}: {error}") from error
            with client:
                yield client
            return
        options: dict[str, Any] = {
            "n_workers": workers if processes else 1,
            "threads_per_worker": 1 if processes else workers,
            "processes": processes,
            "memory_limit": 0,
            "dashboard_address": dashboard,
            "silence_logs": logging.CRITICAL,
        }
        with LocalCluster(**options) as cluster, Client(cluster) as client:
            yield client


def slots(client: Client) -> int:
    """How many pieces of work the workers do at a time, at the moment."""
    return sum(client.nthreads().values())


def dashboard_of(client: Client) -> str | None:
    """The address of the dashboard; None where the scheduler has none."""
    try:
        import bokeh  # noqa: F401
    except ImportError:
        return None
    link: str | None = client.dashboard_link
    return link or None
