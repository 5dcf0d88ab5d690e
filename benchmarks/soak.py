"""Whether cflint grows or slows down when a process lives long.

    python benchmarks/soak.py server REPOSITORY [--edits 10000]
    python benchmarks/soak.py check REPOSITORY... [--rounds 3]

`server`: thousands of edits of a real project, by the protocol. The project is copied; its modules are opened
and edited in turn, each edit is waited for. Told are the memory of the server's process after the first
hundred edits and at the end, and what the first and the last tenth of the edits took: the median wait, and
the processor time of the server, which hangs less on what else the machine does.

`check`: all repositories one after the other in one process, several times over; told is the memory after
each round, and how many objects there are.

Runs on Linux. Exit code 1: the memory grew by more than a tenth (of `check`: after the first round), an edit
took a quarter more processor time at last than at first, or a run ended with a traceback.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gc
import io
import os
import random
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import trees

from tests.support.lsp_client import serving

SETTLED = 100
MODULES = 12


@dataclass(frozen=True, slots=True)
class Taken:
    """What an edit took: the seconds until its diagnostics came, and those of the server's processor."""

    waited: float
    processor: float


def resident(pid: int) -> float:
    """The resident memory of a process, in MB."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    line = next(line for line in status.splitlines() if line.startswith("VmRSS:"))
    return int(line.split()[1]) / 1024


def processor(pid: int) -> float:
    """The processor time that a process has had, in seconds."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def edited(folder: Path, edits: int) -> tuple[list[Taken], list[float]]:
    """What each edit took, and the memory after every hundred of them, in MB."""
    choice = random.Random(1)
    async with serving(folder) as client:
        await client.quiet(3)
        server = client.lsp._server
        assert server is not None
        texts = {
            file.path: (folder / file.path).read_text(encoding="utf-8")
            for file in trees.of_workers(folder, trees.sources(folder))
            if not file.is_declaration
        }
        longest = sorted(texts, key=lambda path: -len(texts[path]))[:MODULES]
        for path in longest:
            client.open(path, texts[path])
        await client.quiet(3)
        opened = [path for path in longest if client.told_version(path) is not None]
        taken: list[Taken] = []
        memory: list[float] = []
        for number in range(1, edits + 1):
            path = opened[number % len(opened)]
            lines = texts[path].split("\n")
            lines.insert(
                choice.randrange(len(lines)), choice.choice(["", f"// {number}", f"console.log({number});"])
            )
            began, had = time.perf_counter(), processor(server.pid)
            version = client.rewrite(path, "\n".join(lines))
            await client.until(lambda path=path, version=version: client.told_version(path) == version, 60)  # type: ignore[misc]
            taken.append(Taken(time.perf_counter() - began, processor(server.pid) - had))
            del client.published[:-200]
            if number % SETTLED == 0:
                memory.append(resident(server.pid))
                if number % 500 == 0:
                    sys.stderr.write(f"{number} edits, {memory[-1]:.0f} MB\n")
        return taken, memory


def soak_server(repository: Path, edits: int) -> bool:
    """Whether the server neither grows nor slows down."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "repository"
        trees.copy_of(repository.resolve(), folder)
        (folder / ".git").mkdir(exist_ok=True)
        taken, memory = asyncio.run(edited(folder, edits))
    part = max(1, len(taken) // 10)
    waits = [statistics.median(one.waited for one in some) * 1000 for some in (taken[:part], taken[-part:])]
    times = [statistics.mean(one.processor for one in some) * 1000 for some in (taken[:part], taken[-part:])]
    sys.stdout.write(
        f"{len(taken)} edits: {memory[0]:.0f} MB after {SETTLED}, {memory[-1]:.0f} MB at the end, "
        f"{max(memory):.0f} MB at most; in the first and the last tenth the median wait was "
        f"{waits[0]:.0f} and {waits[1]:.0f} ms, the processor time of an edit "
        f"{times[0]:.0f} and {times[1]:.0f} ms\n"
    )
    return memory[-1] <= memory[0] * 1.1 and times[1] <= times[0] * 1.25


def soak_check(repositories: list[Path], rounds: int) -> bool:
    """Whether runs over repositories leave nothing behind in their process."""
    from cflint.cli import run

    memory: list[float] = []
    whole = True
    for number in range(1, rounds + 1):
        for repository in repositories:
            out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True) for _ in "oe")
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
                code = run(["check", str(repository), "--no-cache", "-j1"])
            said = err.buffer.getvalue().decode()
            if (
                code not in (0, 1)
                or "Traceback" in said
                or "internal-error" in out.buffer.getvalue().decode()
            ):
                whole = False
                sys.stdout.write(f"{repository}: exit code {code}\n{said}\n")
        gc.collect()
        memory.append(resident(os.getpid()))
        sys.stdout.write(
            f"round {number}: {len(repositories)} repositories, {memory[-1]:.0f} MB, "
            f"{len(gc.get_objects())} objects\n"
        )
        sys.stdout.flush()
    return whole and memory[-1] <= memory[0] * 1.1


def main() -> int:
    """Soak and print."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    kinds = options.add_subparsers(dest="kind", required=True)
    server = kinds.add_parser("server")
    server.add_argument("repository", type=Path)
    server.add_argument("--edits", type=int, default=10_000)
    check = kinds.add_parser("check")
    check.add_argument("repositories", type=Path, nargs="+")
    check.add_argument("--rounds", type=int, default=3)
    given = options.parse_args()
    if given.kind == "server":
        return int(not soak_server(given.repository, given.edits))
    return int(not soak_check(given.repositories, given.rounds))


if __name__ == "__main__":
    sys.exit(main())
