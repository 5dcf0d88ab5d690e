"""Where the time of a run goes: to each phase, and to each rule. Costs nothing unless it is measured."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ParamSpec, TypeVar

if TYPE_CHECKING:
    from cflint.finding import Report
    from cflint.project.workers.model import Project

P = ParamSpec("P")
T = TypeVar("T")

SMALL = 0.001
"""Rules that took fewer seconds are counted together."""


@dataclass(slots=True)
class Spent:
    """Seconds and how many times, by name."""

    seconds: dict[str, float] = field(default_factory=dict)
    times: dict[str, int] = field(default_factory=dict)

    def add(self, name: str, seconds: float, times: int = 1) -> None:
        self.seconds[name] = self.seconds.get(name, 0.0) + seconds
        self.times[name] = self.times.get(name, 0) + times


class Clock:
    """Measures what happens inside of what: the time of the inner is not that of the outer.

    It is the processor's time: waiting, for another process say, is no work.
    """

    def __init__(self) -> None:
        self.spent = Spent()
        self.processes = 1
        self._open: list[str] = []
        self._since = 0.0

    @contextmanager
    def around(self, name: str) -> Iterator[None]:
        """Measure a phase, or `rule:` and a rule's id."""
        self._turn(name)
        try:
            yield
        finally:
            self._turn(None)

    def _turn(self, name: str | None) -> None:
        now = time.process_time()
        if self._open:
            self.spent.add(self._open[-1], now - self._since, 0)
        if name is None:
            self._open.pop()
        else:
            self._open.append(name)
            self.spent.add(name, 0.0)
        self._since = now

    def begun(self, name: str, seconds: float) -> None:
        """What came before the first phase."""
        self.spent.seconds = {name: seconds, **self.spent.seconds}
        self.spent.times[name] = 1

    def timed(self, name: str, function: Callable[P, T]) -> Callable[P, T]:
        """The function, measured whenever it is called."""

        def measured(*given: P.args, **named: P.kwargs) -> T:
            with self.around(name):
                return function(*given, **named)

        return measured

    def watch(self, project: Project) -> None:
        """Measure how long the trees and the facts of a project's modules take."""
        project.measure(self.timed)

    def begin_apart(self) -> None:
        """Start from nothing, in another process."""
        self.spent = Spent()
        self._open.clear()

    def add(self, spent: Spent) -> None:
        """What another process measured."""
        self.processes += 1
        for name, seconds in spent.seconds.items():
            self.spent.add(name, seconds, spent.times[name])


def table(clock: Clock, report: Report, wall: float) -> str:
    """The phases in the order in which they began, then the rules, the slowest first; `wall` in seconds."""
    spent = clock.spent
    rules = {
        name.removeprefix("rule:"): seconds
        for name, seconds in spent.seconds.items()
        if name.startswith("rule:")
    }
    phases = {name: seconds for name, seconds in spent.seconds.items() if not name.startswith("rule:")}
    phases["run rules"] = sum(rules.values())
    whole = sum(phases.values()) or 1.0
    found: dict[str, int] = {}
    for finding in (*report.findings, *report.silenced):
        found[finding.rule] = found.get(finding.rule, 0) + 1
    rows = [["phase", "ms", "share"]]
    rows += [[name, f"{seconds * 1000:.1f}", f"{seconds / whole:.1%}"] for name, seconds in phases.items()]
    lines = [*_aligned(rows), ""]
    slow = {id: seconds for id, seconds in rules.items() if seconds >= SMALL}
    rows = [["rule", "ms", "share", "runs", "findings"]]
    for id, seconds in sorted(slow.items(), key=lambda item: (-item[1], item[0])):
        rows.append(_row(id, seconds, whole, spent.times[f"rule:{id}"], found.get(id, 0)))
    rest = rules.keys() - slow.keys()
    if rest:
        name = f"{len(rest)} more, each below {SMALL * 1000:g} ms"
        runs = sum(spent.times[f"rule:{id}"] for id in rest)
        rows.append(
            _row(name, sum(rules[id] for id in rest), whole, runs, sum(found.get(id, 0) for id in rest))
        )
    lines += _aligned(rows)
    processes = "1 process" if clock.processes == 1 else f"{clock.processes} processes"
    lines += ["", f"{whole * 1000:.0f} ms of work in {processes}, {wall * 1000:.0f} ms from start to end"]
    return "\n".join(lines) + "\n"


def _row(name: str, seconds: float, whole: float, runs: int, findings: int) -> list[str]:
    return [name, f"{seconds * 1000:.1f}", f"{seconds / whole:.1%}", str(runs), str(findings)]


def _aligned(rows: list[list[str]]) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for name, *numbers in rows:
        cells = [name.ljust(widths[0])]
        cells += [number.rjust(width) for number, width in zip(numbers, widths[1:], strict=True)]
        yield "  ".join(cells).rstrip()
