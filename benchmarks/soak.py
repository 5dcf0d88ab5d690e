"""Whether the language server grows or slows down: thousands of edits of a real project, by the protocol.

    python benchmarks/soak.py REPOSITORY [--edits 10000]

The project is copied; its modules are opened and edited in turn, each edit is waited for. Told are the memory
of the server's process after the first hundred edits and at the end, and the medians of the first and last
hundred waits. Runs on Linux. Exit code 1: the memory grew by more than a tenth.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

import trees

from lsp_client import Client, serving

SETTLED = 100
MODULES = 12


def memory_of(client: Client) -> float:
    """The resident memory of the server's process, in MB."""
    server = client.lsp._server
    assert server is not None
    status = Path(f"/proc/{server.pid}/status").read_text(encoding="utf-8")
    line = next(line for line in status.splitlines() if line.startswith("VmRSS:"))
    return int(line.split()[1]) / 1024


async def soak(folder: Path, edits: int) -> tuple[list[float], list[float]]:
    """The seconds that each edit was waited for, and the memory after some of them."""
    choice = random.Random(1)
    async with serving(folder) as client:
        await client.quiet(3)
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
        seconds: list[float] = []
        memory: list[float] = []
        for number in range(1, edits + 1):
            path = opened[number % len(opened)]
            lines = texts[path].split("\n")
            lines.insert(
                choice.randrange(len(lines)), choice.choice(["", f"// {number}", f"console.log({number});"])
            )
            began = time.perf_counter()
            version = client.rewrite(path, "\n".join(lines))
            await client.until(lambda path=path, version=version: client.told_version(path) == version, 60)  # type: ignore[misc]
            seconds.append(time.perf_counter() - began)
            del client.published[:-200]
            if number % SETTLED == 0:
                memory.append(memory_of(client))
                if number % 500 == 0:
                    sys.stderr.write(f"{number} edits, {memory[-1]:.0f} MB\n")
        return seconds, memory


def main() -> int:
    """Soak and print."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("repository", type=Path)
    options.add_argument("--edits", type=int, default=10_000)
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "repository"
        trees.copy_of(given.repository.resolve(), folder)
        (folder / ".git").mkdir(exist_ok=True)
        seconds, memory = asyncio.run(soak(folder, given.edits))
    first, last = (statistics.median(part) * 1000 for part in (seconds[:SETTLED], seconds[-SETTLED:]))
    sys.stdout.write(
        f"{len(seconds)} edits: {memory[0]:.0f} MB after {SETTLED}, {memory[-1]:.0f} MB at the end, "
        f"{max(memory):.0f} MB at most; "
        f"median wait {first:.0f} ms at first, {last:.0f} ms at last\n"
    )
    return int(memory[-1] > memory[0] * 1.1)


if __name__ == "__main__":
    sys.exit(main())
