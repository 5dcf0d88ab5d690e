"""Fuzz cflint: `python tests/fuzz/run.py [TARGET…] --seconds 60`.

Each target runs in a process of its own, which is watched: an exception, a broken invariant, a crash of the
process and an input that takes too long all end the run with exit code 1, and the input is written to a file
whose path is printed. `--reproduce FILE` runs such a file again, `--minimise FILE` makes it smaller.

Inputs are made by atheris (libFuzzer, guided by coverage) where it is installed, else by mutations of the
seeds; `--engine` chooses. With the same `--seed` and `--runs` the mutations are the same on every machine.
Seeds are the fixtures, the examples and what is kept below `corpus` and `regressions`; `--real FOLDER` adds
the files of other repositories.
"""

from __future__ import annotations

import argparse
import faulthandler
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.fuzz import engines

FOUND = Path(__file__).resolve().parent / "found"


def main() -> int:
    arguments = parse_arguments()
    if arguments.child:
        return child(arguments)
    if arguments.reproduce or arguments.minimise:
        return again(arguments)
    from tests.fuzz.targets import TARGETS

    unknown = [name for name in arguments.targets if name not in TARGETS]
    if unknown:
        say(f"no such target: {', '.join(unknown)}; there are {', '.join(TARGETS)}")
        return 2
    names = list(arguments.targets or TARGETS)
    if "gitignore" in names and shutil.which("git") is None:
        say("gitignore is left out: git is its judge, and it is not installed")
        names.remove("gitignore")
    engine = arguments.engine
    if engine == "auto":
        engine = "mutations" if engines.load_atheris() is None else "atheris"
    elif engine == "atheris" and engines.load_atheris() is None:
        say("atheris is not installed")
        return 2
    say(f"engine: {engine}; seed: {arguments.seed}; targets: {', '.join(names)}")
    share = None if arguments.runs else arguments.seconds / len(names)
    failed = [name for name in names if not watch(name, engine, share, arguments)]
    say(f"failed: {', '.join(failed)}" if failed else "nothing found")
    return 1 if failed else 0


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("targets", nargs="*", metavar="TARGET")
    parser.add_argument("--seconds", type=float, default=60.0, help="for all targets together")
    parser.add_argument("--runs", type=int, help="inputs for each target, instead of a time")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--engine", choices=("auto", "atheris", "mutations"), default="auto")
    parser.add_argument("--real", type=Path, action="append", default=[], metavar="FOLDER")
    parser.add_argument("--most", type=int, default=150, help="seeds of each kind to start from")
    parser.add_argument("--work", type=Path, help="where atheris keeps what it learns")
    parser.add_argument("--keep-going", action="store_true", help="after a fault; each is told once")
    parser.add_argument("--reproduce", type=Path, metavar="FILE")
    parser.add_argument("--minimise", type=Path, metavar="FILE")
    parser.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--modules", nargs="*", default=[], help=argparse.SUPPRESS)
    return parser.parse_args()


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


# -- the watcher ---------------------------------------------------------------------------------------


def watch(name: str, engine: str, seconds: float | None, arguments: argparse.Namespace) -> bool:
    """Run a target in a process of its own; whether nothing was found."""
    from tests.fuzz.targets import TARGETS

    work = Path(tempfile.mkdtemp(prefix="cflint-fuzz-"))
    path = work / "page"
    engines.Page.make(path)
    page = engines.Page(path)
    command = [sys.executable, __file__, name, "--engine", engine, "--seed", str(arguments.seed)]
    command += ["--child", str(path), "--most", str(arguments.most)]
    command += [word for folder in arguments.real for word in ("--real", str(folder))]
    command += ["--runs", str(arguments.runs)] if arguments.runs else ["--seconds", str(seconds)]
    command += ["--work", str(arguments.work / name if arguments.work else work / "work")]
    command += ["--keep-going"] if arguments.keep_going else []
    command += ["--modules", *TARGETS[name].modules]
    log = work / "log"
    start = time.monotonic()
    patience = max(30.0, 6 * TARGETS[name].seconds)
    try:
        with log.open("wb") as output:
            process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
            code = _wait(process, page, patience)
        number, since, data = page.read()
        said = log.read_text("utf-8", "replace")
        faults = [line for line in said.splitlines() if line.startswith("FOUND")]
        took = time.monotonic() - start
        coverage = [line.split("cov: ")[1].split()[0] for line in said.splitlines() if "cov: " in line]
        covered = f", {coverage[-1]} edges" if coverage else ""
        say(f"{name:<13} {number:>8} inputs in {took:5.1f} s{covered}{'' if code == 0 else '  FAILED'}")
        for line in faults:
            say(line.replace("\t", "\n        "))
        if code == 0:
            return not faults
        if since:  # the process is gone, and the input with it
            file = keep(name, data)
            why = "it takes too long" if code is None else f"the process ended with {code}"
            say(f"FOUND {name}: {why}\n        {file}\n{said[-3000:]}")
        elif not faults:
            say(said[-3000:])
        return False
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _wait(process: subprocess.Popen[bytes], page: engines.Page, patience: float) -> int | None:
    """The exit code; None when an input took so long that the process was ended.

    On a busy machine a process waits more than it runs, so its own time is counted where it can be.
    """
    last, used = -1, None
    while True:
        try:
            return process.wait(0.5)
        except subprocess.TimeoutExpired:
            number, since, _ = page.read()
            if number != last:
                last, used = number, _processor_seconds(process.pid)
            busy = _processor_seconds(process.pid)
            waited = time.time() - since if since else 0.0
            if waited > patience and (
                waited > 20 * patience or busy is None or used is None or busy - used > patience
            ):
                if hasattr(signal, "SIGUSR1"):
                    process.send_signal(signal.SIGUSR1)  # tells where it is
                    time.sleep(1.0)
                process.kill()
                process.wait()
                return None


def _processor_seconds(pid: int) -> float | None:
    """The processor time that a process has used, on Linux."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def keep(name: str, data: bytes) -> Path:
    """Write down an input that broke something."""
    path = FOUND / name / engines.digest(data)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


# -- the process that is watched -----------------------------------------------------------------------


def child(arguments: argparse.Namespace) -> int:
    if hasattr(signal, "SIGUSR1"):
        faulthandler.register(signal.SIGUSR1)
    atheris = engines.load_atheris() if arguments.engine == "atheris" else None
    if atheris is not None:
        engines.instrument(atheris, arguments.modules)
    from tests.fuzz.targets import TARGETS

    (name,) = arguments.targets
    target = TARGETS[name]
    known: set[str] = set()

    def found(data: bytes, error: BaseException) -> bool:
        what = engines.signature(error)
        if what not in known:
            known.add(what)
            file = keep(name, data)
            first = str(error).partition("\n")[0][:300]
            say(f"FOUND {name}: {type(error).__name__}: {first}\t{file}")
            traceback.print_exception(error, file=sys.stderr)
            sys.stderr.flush()
        if not arguments.keep_going:
            page.end(runner.number)
            os._exit(1)  # libFuzzer would take the way out for a crash of its own
        return True

    page = engines.Page(arguments.child)
    runner = engines.Runner(target, page, found)
    seeds = engines.starting(target, arguments.real, random.Random(arguments.seed), arguments.most)
    limits = {"seconds": None if arguments.runs else arguments.seconds, "runs": arguments.runs}
    if atheris is not None:
        engines.guided(atheris, runner, seeds, arguments.seed, arguments.work, **limits)
    else:
        engines.mutate(runner, seeds, arguments.seed, **limits)
    return 0


def again(arguments: argparse.Namespace) -> int:
    """Run one input, or make it smaller; its target is the name of its folder unless one is given."""
    from tests.fuzz.targets import TARGETS

    file: Path = arguments.reproduce or arguments.minimise
    name = arguments.targets[0] if arguments.targets else file.resolve().parent.name
    target = TARGETS[name]
    data = file.read_bytes()
    if arguments.minimise:
        smaller = engines.minimised(target, data)
        path = file.with_name(file.name + ".min")
        path.write_bytes(smaller)
        say(f"{len(data)} bytes, now {len(smaller)}: {path}")
        data = smaller
    start = time.process_time()
    try:
        target.check(data[: target.limit])
    except Exception as error:
        traceback.print_exception(error)
        return 1
    say(f"{name}: nothing wrong, in {time.process_time() - start:.2f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
