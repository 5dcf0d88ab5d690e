"""How the time of a check grows with what repeats: `python -m tests.support.growth 'config:*' rows:imports`.

Prints a line for each shape with the processor's seconds for n, 4n and 16n repetitions, and what took most of
the last. A shape that grows faster than it should is marked.
"""

from __future__ import annotations

import fnmatch
import gc
import os
import sys
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

from cflint.engine import Options, analyse
from cflint.engine.profile import Clock
from cflint.project.files.workspace import Workspace
from cflint.report import FORMATS
from cflint.report import Options as Rendering
from cflint.rule import RuleSet
from tests.support.shapes import Files, Shape, code_shapes, config_shapes

os.environ.setdefault("CFLINT_TODAY", "2026-09-01")

STEP = 4
"""How many times as much is checked for each next number."""

MOST = 7.0
"""How many times as long that may take: n log n, and a machine that does other things."""

NOISE = 0.15
"""Seconds that prove nothing."""

KNOWN = RuleSet.discover()
ALL = KNOWN.select(["all"])


def shapes() -> Iterator[Shape]:
    """All shapes there are."""
    yield from code_shapes()
    yield from config_shapes()


def spent(files: Files) -> dict[str, float]:
    """The processor's seconds for a check of files with all rules, by phase and rule, and for each report."""
    clock = Clock()
    gc.collect()
    gc.freeze()  # what the process holds from before is not walked again and again on this check's account
    paths = ["", *(path for path in files if path.endswith((".md", ".ts", ".py")))]
    start = time.process_time()
    options = Options(ALL, KNOWN, jobs=1, debug=True, clock=clock)
    report = analyse(Workspace.in_memory(files), paths, options, Path("/"))
    seconds = {"check": time.process_time() - start, **clock.spent.seconds}
    for name, render in FORMATS.items():
        start = time.process_time()
        render(report, Rendering(color=name == "text", hyperlinks=name == "text"))
        seconds[name] = time.process_time() - start
    return seconds


WHOLE = ("check", *FORMATS)


def growth(shape: Shape, n: int) -> dict[str, str]:
    """What grows too fast from `n` repetitions to `STEP` times as many: by name, with the seconds."""
    few, many = spent(shape.make(n)), spent(shape.make(STEP * n))
    return {
        name: f"{few[name]:.2f} s for {n}, {many[name]:.2f} s for {STEP * n}"
        for name in WHOLE
        if many[name] > NOISE and many[name] > MOST * max(few[name], NOISE / STEP)
    }


def main() -> None:
    wanted = sys.argv[1:] or ["*"]
    for shape in shapes():
        if not any(fnmatch.fnmatch(shape.name, pattern) for pattern in wanted):
            continue
        n = max(shape.start // STEP, 10)
        seconds: list[dict[str, float]] = []
        while len(seconds) < 3 and (not seconds or seconds[-1]["check"] < 2):
            seconds.append(spent(shape.make(n)))
            n *= STEP
        fast = {
            name
            for name in WHOLE
            for few, many in pairwise(seconds)
            if many[name] > NOISE and many[name] > MOST * max(few[name], NOISE / STEP)
        }
        last = {name: spent for name, spent in seconds[-1].items() if name not in WHOLE}
        most = max(last, key=last.__getitem__)
        shown = " ".join(f"{run['check']:.2f}" for run in seconds)
        mark = "FAST" if fast else "ok  "
        where = " ".join(sorted(fast))
        sys.stdout.write(f"{mark} {shape} {shown} {where} ({most}: {last[most]:.2f})\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
