"""Whether `cflint check` can be interrupted at any time.

    python benchmarks/interrupts.py [FOLDER...] [--runs 200] [--seed 1]

Starts a check again and again, of folders of the fixtures unless others are named, and sends it a signal
after a random part of the time that it takes: SIGINT (as Ctrl-C, to all of its processes) and SIGTERM (to the
first) in turns, with one process and with two, with the cache of an earlier run, without one, and with an
output file. Held each time:

- the exit code is 130 or 143 (or the signal itself, which a shell shows as the same, as long as Python has
  not started), or that of a whole run that had ended before the signal;
- stdout is the report as far as it was written, stderr is empty: no traceback, no internal error (but for
  those of Python itself, which is interrupted before it comes to cflint);
- the output file is not there or whole; no other file, and no process, is left behind;
- what is in the cache is whole, and a run that reads it afterwards reports the same;
- not more than a second (of processor time; the machine may have other work) passes from the signal to the
  end.

Runs on Linux. Exit code 1 when one of them does not hold; each run that broke one is printed.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FIXTURES = ("websockets", "security")
"""Folders that are large enough, together, for several processes."""
PATIENCE = 1.0
"""The most seconds of the processor from the signal to the end."""
SIGNALS = {signal.SIGINT: 130, signal.SIGTERM: 143}


@dataclass(frozen=True, slots=True)
class Way:
    """How a check is run: processes, and whether it has a cache and an output file."""

    jobs: int
    cached: bool
    to_file: bool

    def __str__(self) -> str:
        named = [f"-j{self.jobs}", "cache" if self.cached else "no cache", "file" if self.to_file else ""]
        return ", ".join(filter(None, named))


@dataclass(frozen=True, slots=True)
class Ended:
    """How a run ended. `waited` is the time from the signal to the end, `used` the processor time of it,
    both in seconds."""

    code: int
    out: bytes
    err: bytes
    waited: float = 0.0
    used: float = 0.0


@dataclass(slots=True)
class Tally:
    """What came of all runs."""

    codes: Counter[int] = field(default_factory=Counter)
    broken: list[str] = field(default_factory=list)
    waited: list[float] = field(default_factory=list)
    used: list[float] = field(default_factory=list)


class Check:
    """Runs of one check, with a folder of its own for the cache and the output file."""

    def __init__(self, folders: Sequence[Path], home: Path) -> None:
        self._folders = folders
        self._home = home
        self._cache = home / "cache"
        self._file = home / "out" / "report.txt"
        self._file.parent.mkdir()
        self._whole: dict[Way, tuple[Ended, bytes, float]] = {}

    def _command(self, way: Way) -> list[str]:
        words = [sys.executable, "-m", "cflint", "check", "-q", "--isolated", "-j", str(way.jobs)]
        words += ["--cache-dir", str(self._cache)] if way.cached else ["--no-cache"]
        words += ["--output-file", str(self._file)] if way.to_file else []
        return [*words, *map(str, self._folders)]

    def whole(self, way: Way) -> tuple[Ended, bytes, float]:
        """An undisturbed run, what it wrote to the file, and the seconds it took; the first of its kind, for
        which nothing was cached."""
        if way not in self._whole:
            self._forget()
            begun = time.monotonic()
            done = subprocess.run(self._command(way), cwd=self._home, capture_output=True)
            took = time.monotonic() - begun
            if done.returncode not in (0, 1) or done.stderr:
                raise SystemExit(f"{way}: ended with {done.returncode}\n{done.stderr.decode()}")
            self._whole[way] = (Ended(done.returncode, done.stdout, b""), self._written(), took)
        return self._whole[way]

    def _written(self) -> bytes:
        return self._file.read_bytes() if self._file.exists() else b""

    def _forget(self) -> None:
        self._file.unlink(missing_ok=True)
        for path in self._cached():
            path.unlink()

    def _cached(self) -> list[Path]:
        return sorted(path for path in self._cache.rglob("*") if path.is_file())

    def interrupted(self, way: Way, number: signal.Signals, after: float, *, fresh: bool) -> Ended:
        """A run that gets a signal after some seconds; SIGINT goes to all of its processes, as from a
        terminal. `fresh` is without what earlier runs left in the cache."""
        if fresh:
            self._forget()
        self._file.unlink(missing_ok=True)
        before = _of_children()
        process = subprocess.Popen(
            self._command(way),
            cwd=self._home,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(after)
        if process.returncode is not None:
            return Ended(process.returncode, *process.communicate())
        sent, used = time.monotonic(), _processor(process.pid)
        (os.killpg if number is signal.SIGINT else os.kill)(process.pid, number)
        out, err = process.communicate(timeout=120)
        waited = time.monotonic() - sent
        return Ended(process.returncode, out, err, waited, max(0.0, _of_children() - before - used))

    def problems(self, way: Way, number: signal.Signals, ended: Ended) -> Iterator[str]:
        """What is wrong with how a run ended."""
        whole, written, _ = self.whole(way)
        if ended.code not in (whole.code, SIGNALS[number], -number):
            yield f"exit code {ended.code}"
        # Before cflint's first line it is Python that is interrupted, and tells where.
        is_python = b"KeyboardInterrupt" in ended.err and b"/cflint/" not in ended.err
        if ended.err and not is_python:
            yield f"stderr: {ended.err.decode('utf-8', 'replace')}"
        if not whole.out.startswith(ended.out):
            yield f"stdout is no beginning of the report: {ended.out[:200]!r}"
        if self._written() not in (b"", written):
            yield "a part of the output file"
        others = [path for path in self._file.parent.iterdir() if path != self._file]
        if others:
            yield f"left beside the output file: {others}"
        if ended.used > PATIENCE:
            yield f"{ended.used:.2f} s of the processor after the signal, {ended.waited:.2f} s in all"
        for path in self._cached():
            if path.suffix == ".tmp":
                yield f"left in the cache: {path.name}"
                path.unlink()
                continue
            try:
                json.loads(path.read_bytes())
            except ValueError as error:
                yield f"damaged in the cache: {path.name}: {error}"

    def again(self, way: Way) -> Iterator[str]:
        """What is wrong with a run that takes over what the interrupted ones left in the cache."""
        whole, written, _ = self.whole(way)
        done = subprocess.run(self._command(way), cwd=self._home, capture_output=True)
        if (done.returncode, done.stdout, done.stderr) != (whole.code, whole.out, b""):
            yield f"the next run ends with {done.returncode} and reports something else"
        if self._written() != written:
            yield "the next run writes something else to the file"


def _processor(pid: int) -> float:
    """The processor time that a process and its children have had, in seconds."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    except OSError:
        return 0.0
    own = sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")
    return own + sum(_processor(int(child)) for child in children)


def _of_children() -> float:
    """The processor time of all processes that were waited for, in seconds."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def left_over(home: Path) -> list[str]:
    """The processes that still run below a folder of their own, by their command lines."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and (entry / "cwd").readlink() == home:
                found.append((entry / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace"))
        except OSError:
            continue
    return found


def hold(folders: Sequence[Path], runs: int, seed: int, ways: Sequence[Way]) -> Tally:
    """Interrupt so many runs, in all ways in turns."""
    # A shell starts what it runs in the background with SIGINT ignored, and so would be what is run here.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    chance, tally = random.Random(seed), Tally()
    with tempfile.TemporaryDirectory(prefix="cflint-interrupts-") as name:
        home = Path(name).resolve()
        check = Check(folders, home)
        for at in range(runs):
            way = ways[at // 2 % len(ways)]
            number = list(SIGNALS)[at % 2]
            took = check.whole(way)[2]
            fresh = not way.cached or chance.random() < 0.7
            after = chance.uniform(0, took if fresh else took / 5)
            ended = check.interrupted(way, number, after, fresh=fresh)
            problems = list(check.problems(way, number, ended))
            if way.cached and at % 10 == 0:
                problems += check.again(way)
            left = left_over(home)
            if left:
                problems.append(f"processes are left: {left}")
            tally.codes[ended.code] += 1
            if ended.code == SIGNALS[number]:
                tally.waited.append(ended.waited)
                tally.used.append(ended.used)
            what = f"run {at + 1}: {way}, {number.name} after {after:.2f} of {took:.2f} s"
            tally.broken += [f"{what}: {problem}" for problem in problems]
    return tally


def all_ways() -> list[Way]:
    """One process and two, with and without a cache and an output file."""
    return [
        Way(jobs, cached, to_file) for cached in (False, True) for to_file in (False, True) for jobs in (1, 2)
    ]


def main() -> int:
    """Interrupt runs, and print what came of it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folders", nargs="*", type=Path, metavar="FOLDER")
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    folders = [folder.resolve() for folder in arguments.folders] or [
        ROOT / "fixtures" / name for name in FIXTURES
    ]
    tally = hold(folders, arguments.runs, arguments.seed, all_ways())
    codes = ", ".join(f"{count} with {code}" for code, count in sorted(tally.codes.items()))
    sys.stdout.write(f"{sum(tally.codes.values())} runs ended: {codes}\n")
    if tally.used:
        sys.stdout.write(
            f"from the signal to the end: at most {max(tally.used):.2f} s of the processor, "
            f"{max(tally.waited):.2f} s in all\n"
        )
    sys.stdout.writelines(f"BROKEN {problem}\n" for problem in tally.broken)
    return 1 if tally.broken else 0


if __name__ == "__main__":
    sys.exit(main())
