"""Commands that are run in turn, and what each of them took: wall time, processor time, memory."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Taken:
    """What a run took: seconds on the clock, seconds of processors (of all its processes), and the most
    memory (MiB, resident) that any one of its processes had."""

    wall: float
    processor: float
    memory: float


@dataclass(frozen=True, slots=True)
class Case:
    """A command that is measured, in a folder. `before` is done before each run and not measured; a run whose
    exit code is none of `exits` failed."""

    name: str
    command: Sequence[str | Path]
    folder: Path
    before: Callable[[], None] | None = None
    exits: tuple[int, ...] = (0, 1)
    extra: Mapping[str, str] = field(default_factory=dict)


class Failed(Exception):
    """A command did not do its work."""


def measure(case: Case) -> Taken:
    """Run a command once. Raises Failed."""
    if case.before is not None:
        case.before()
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    started = time.perf_counter()
    with subprocess.Popen(
        [str(part) for part in case.command],
        cwd=case.folder,
        env={**environment, **case.extra},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        _, status, used = os.wait4(process.pid, 0)
        wall = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in case.exits:
        words = " ".join(str(part) for part in case.command)
        raise Failed(f"{case.name} ended with {process.returncode}: {words}")
    unit = 1 << 20 if sys.platform == "darwin" else 1 << 10
    return Taken(wall, used.ru_utime + used.ru_stime, used.ru_maxrss / unit)


def in_turn(
    cases: Sequence[Case], runs: int, seconds: float, tell: Callable[[str], None]
) -> dict[str, list[Taken]]:
    """What each run of each command took, by the name of the case.

    The commands take turns, so that a busy machine is slow for all of them alike. The first round warms the
    disk's cache and does not count, but for a command that takes more than `seconds` in it: that one does not
    run again. Nor does one that would take more than `seconds` for all of its runs, once one has counted. A
    command that fails is told of and left out.
    """
    taken: dict[str, list[Taken]] = {case.name: [] for case in cases}
    spent = dict.fromkeys(taken, 0.0)
    left = list(cases)
    for turn in range(runs + 1):
        for case in tuple(left):
            if turn > 1 and spent[case.name] * (turn + 1) / turn > seconds:
                left.remove(case)
                continue
            try:
                found = measure(case)
            except (Failed, OSError) as error:
                tell(f"left out: {error}")
                left.remove(case)
                del taken[case.name]
                continue
            spent[case.name] += found.wall
            if turn or found.wall > seconds:
                taken[case.name].append(found)
            if not turn and found.wall > seconds:
                left.remove(case)
            tell(f"{case.name}: {found.wall:.3f} s")
    return taken


def median(runs: Sequence[Taken]) -> Taken:
    """The medians of at least one run, each for itself."""
    return Taken(
        statistics.median(run.wall for run in runs),
        statistics.median(run.processor for run in runs),
        statistics.median(run.memory for run in runs),
    )
