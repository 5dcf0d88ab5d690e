"""How the time of `cflint sweep`, and the memory of the process in its middle, grow with the repositories.

    python benchmarks/fleet.py --make 2000 FOLDER           write them
    python benchmarks/fleet.py [--sizes 250,500,1000,2000] [-j 2]

Each is a bare repository of one commit with a small Worker, whose code has a finding. Every tenth is a fork
of the one before it, with the same tree. Nothing is random: the same number gives the same bytes.

Workers are started by the sweep, as it does without `--scheduler`. Measured are the seconds of a processor,
which a machine that is busy with other things changes less than those on the clock: of the processes that
look and examine (the sweep's `measures.jsonl` has them), and of the one in the middle, which has scheduler,
client and journal in it; and how much memory that one has (resident) when a quarter of the repositories has
been looked at, when all have, and at most, which is when Arrow is loaded and the tables are written; the most
that a worker of Dask, a server beside one, and a process that looks or examines has; and what is written. A
table is written as Markdown to stdout, a line for each size as soon as it is there.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
from dulwich.objects import Blob, Commit, Tree
from dulwich.refs import Ref
from dulwich.repo import Repo

from cflint.fleet.schema import TABLES

SIZES = "250,500,1000,2000"
_EACH = 0.5
"""Seconds from one look at the process in the middle to the next."""
_FORKS = 10
_MEASURES = "measures.jsonl"

_CONFIG = """{{
  "name": "worker-{number}",
  "main": "src/index.ts",
  "compatibility_date": "2025-{month:02}-01",
  "kv_namespaces": [{{ "binding": "STORE", "id": "{number:032x}" }}],
  "observability": {{ "enabled": true }}
}}
"""
_CODE = """interface Env {{
  STORE: KVNamespace;
}}

export default {{
  async fetch(request: Request, env: Env): Promise<Response> {{
    const known = await env.STORE.get("worker-{number}");
    if (known === null) env.STORE.put("worker-{number}", request.url);
    return new Response(known ?? "new");
  }},
}} satisfies ExportedHandler<Env>;
"""
_CHILDREN_EACH = 20
"""Looks at the process in the middle for one at the processes that it has started."""
HEADS = (
    "repositories",
    "on the clock (s)",
    "looking, examining (s)",
    "ms each",
    "in the middle (s)",
    "ms each",
    "memory at a quarter (MB)",
    "at all (MB)",
    "KB each",
    "at most (MB)",
    "a worker at most (MB)",
    "a server at most (MB)",
    "one that works at most (MB)",
    "tables and SARIF (MB)",
    "results and journal (MB)",
)


@dataclass(frozen=True, slots=True)
class Taken:
    """What a sweep took: seconds on the clock; seconds of a processor in the processes that work and in the
    one in the middle; the memory (bytes) of that one after a quarter and after all, and at most, and the most
    of a worker, of a server, and of a process that works; bytes of what is for readers, and of what the sweep
    goes on from."""

    wall: float
    work: float
    middle: float
    early: int
    late: int
    most: int
    worker: int
    server: int
    each: int
    tables: int
    results: int


def make(folder: Path, count: int) -> None:
    """Write so many repositories into a folder."""
    for number in range(count):
        add(folder / f"repository-{number}.git", number - 1 if number % _FORKS == _FORKS - 1 else number)


def add(place: Path, number: int) -> None:
    """Write the bare repository of a Worker of a number."""
    place.mkdir(parents=True)
    values = {"number": number, "month": number % 12 + 1}
    with closing(Repo.init_bare(str(place))) as repository:
        config, code = (Blob.from_string(text.format(**values).encode()) for text in (_CONFIG, _CODE))
        source, tree, commit = Tree(), Tree(), Commit()
        source.add(b"index.ts", 0o100644, code.id)
        tree.add(b"src", 0o40000, source.id)
        tree.add(b"wrangler.jsonc", 0o100644, config.id)
        commit.tree, commit.message = tree.id, b"all of it"
        commit.author = commit.committer = b"a <a@example.com>"
        commit.author_time = commit.commit_time = 1_700_000_000 + number
        commit.author_timezone = commit.commit_timezone = 0
        for one in (config, code, source, tree, commit):
            repository.object_store.add_object(one)
        repository.refs[Ref(b"refs/heads/main")] = commit.id
        repository.refs.set_symbolic_ref(Ref(b"HEAD"), Ref(b"refs/heads/main"))


def sweep(folder: Path, output: Path, jobs: int) -> Taken:
    """Sweep the repositories of a folder. Raises SystemExit when the sweep fails."""
    count = sum(1 for _ in folder.iterdir())
    options = ["--isolated", "--quiet", "--dashboard", "0", "--jobs", str(jobs), "--output", str(output)]
    command = [sys.executable, "-m", "cflint", "sweep", "run", str(folder), *options]
    began = time.perf_counter()
    middle, early, late, most = 0.0, 0, 0, 0
    children: dict[bool, int] = {False: 0, True: 0}
    times, looks, read = 0, 0, 0
    with subprocess.Popen(command) as process:
        watched = psutil.Process(process.pid)
        while process.poll() is None:
            try:
                with watched.oneshot():
                    used, memory = watched.cpu_times(), watched.memory_info().rss
            except psutil.Error:
                break  # it is gone
            middle, most = used.user + used.system, max(most, memory)
            if times % _CHILDREN_EACH == 0:
                for is_server, size in memory_below(watched):
                    children[is_server] = max(children[is_server], size)
            times += 1
            more, read = looked(output, read)
            looks += more
            if not early and looks >= count / 4:
                early = memory
            if not late and looks == count:
                late = memory
            time.sleep(_EACH)
    if process.returncode:
        raise SystemExit(f"the sweep ended with {process.returncode}")
    wall = time.perf_counter() - began
    done_each = list(rows(output))
    tables, results = written(output)
    return Taken(
        wall,
        sum(row["seconds"] for row in done_each),
        middle,
        early,
        late,
        most,
        children[False],
        children[True],
        max(row["memory"] for row in done_each),
        tables,
        results,
    )


def memory_below(process: psutil.Process) -> Iterator[tuple[bool, int]]:
    """The memory of each process that another has started, and whether it is a server, or forked from one."""
    try:
        for child in process.children(recursive=True):
            with suppress(psutil.Error):
                yield "cflint.fleet.isolation" in child.cmdline(), child.memory_info().rss
    except psutil.Error:
        return


def written(output: Path) -> tuple[int, int]:
    """The bytes of what a sweep wrote for readers, and of what it goes on from."""
    tables = results = 0
    for folder, _, names in os.walk(output):
        for path in (Path(folder, name) for name in names):
            if path.parent == output / "sarif" or path.stem in TABLES:
                tables += path.stat().st_size
            else:
                results += path.stat().st_size
    return tables, results


def rows(output: Path) -> Iterator[dict[str, Any]]:
    """What each piece of work of a sweep took."""
    with (output / _MEASURES).open("rb") as lines:
        yield from map(json.loads, lines)


def looked(output: Path, read: int) -> tuple[int, int]:
    """How many repositories have been looked at since so many bytes of the measures were read; and how many
    bytes there are by now."""
    try:
        with (output / _MEASURES).open("rb") as lines:
            lines.seek(read)
            data = lines.read()
    except FileNotFoundError:
        return 0, read
    whole = data[: data.rfind(b"\n") + 1]
    return whole.count(b'"look"'), read + len(whole)


def line(size: int, taken: Taken) -> str:
    """The line of the table for a number of repositories."""
    cells = (
        f"{size:,}",
        f"{taken.wall:.0f}",
        f"{taken.work:.0f}",
        f"{taken.work / size * 1000:.0f}",
        f"{taken.middle:.0f}",
        f"{taken.middle / size * 1000:.0f}",
        f"{taken.early / 1e6:.0f}",
        f"{taken.late / 1e6:.0f}",
        f"{(taken.late - taken.early) / (0.75 * size) / 1000:.1f}",
        f"{taken.most / 1e6:.0f}",
        f"{taken.worker / 1e6:.0f}",
        f"{taken.server / 1e6:.0f}",
        f"{taken.each / 1e6:.0f}",
        f"{taken.tables / 1e6:.0f}",
        f"{taken.results / 1e6:.0f}",
    )
    return f"| {' | '.join(cells)} |\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--make", type=int, metavar="REPOSITORIES", help="write them into FOLDER, and stop")
    parser.add_argument("folder", nargs="?", type=Path, metavar="FOLDER")
    parser.add_argument("--sizes", default=SIZES, help="how many repositories to measure with")
    parser.add_argument("-j", "--jobs", type=int, default=2)
    given = parser.parse_args()
    if given.make is not None:
        if given.folder is None:
            parser.error("--make needs a FOLDER")
        make(given.folder, given.make)
        return
    sys.stdout.write(f"| {' | '.join(HEADS)} |\n| {' | '.join(['---:'] * len(HEADS))} |\n")
    for size in map(int, given.sizes.split(",")):
        with tempfile.TemporaryDirectory() as place:
            make(Path(place, "all"), size)
            sys.stdout.write(line(size, sweep(Path(place, "all"), Path(place, "out"), given.jobs)))
            sys.stdout.flush()


if __name__ == "__main__":
    main()
