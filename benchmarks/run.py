"""How long `cflint check` takes on repositories, beside the bare cost of reading and parsing their files.

    python benchmarks/run.py [--runs 5] [--preset recommended] REPOSITORY...

Measured are: one process that reads and parses every source file and does nothing else (the floor), cflint
with one process and with two, cflint on the largest source file of the repository alone, and ast-grep and
oxlint where they are on the PATH. The runs are interleaved, so that a busy machine is slow for all of them
alike; the table that is printed has the medians in seconds, and in parentheses their ratio to the floor.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

ENDINGS = (".ts", ".tsx", ".mts", ".cts", ".js", ".jsx", ".mjs", ".cjs")
LEFT_OUT = ("node_modules", ".git")
LIMIT = 1 << 20
AST_GREP_RULE = "id: calls\nlanguage: {0}\nrule: {{ pattern: console.log($$$) }}\n"


def sources(root: Path) -> Iterator[Path]:
    """The source files below a folder that are no declarations and at most a megabyte."""
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(name for name in folders if name not in LEFT_OUT)
        for name in sorted(files):
            path = Path(folder, name)
            wanted = name.endswith(ENDINGS) and ".d." not in name and path.is_file()
            if wanted and path.stat().st_size <= LIMIT:
                yield path


def parse_all(root: Path) -> None:
    """Read and parse every source file, one after the other."""
    import tree_sitter_typescript
    from tree_sitter import Language, Parser

    plain = Parser(Language(tree_sitter_typescript.language_typescript()))
    with_jsx = Parser(Language(tree_sitter_typescript.language_tsx()))
    for path in sources(root):
        parser = plain if path.suffix in (".ts", ".mts", ".cts") else with_jsx
        parser.parse(path.read_bytes())


def commands(root: Path, preset: str) -> dict[str, list[str]]:
    """What is measured, by the head of its column."""
    check = [sys.executable, "-m", "cflint", "check", "-q", "--no-cache"]
    check += ["--preset", preset, "--output-format", "concise"]
    found = list(sources(root))
    largest = max(found, key=lambda path: path.stat().st_size) if found else root
    measured = {
        "floor: parse all": [sys.executable, __file__, "--parse", str(root)],
        "cflint -j 1": [*check, "-j", "1", str(root)],
        "cflint -j 2": [*check, "-j", "2", str(root)],
        "cflint, one file": [*check, str(largest)],
    }
    ast_grep = shutil.which("ast-grep")
    if ast_grep is not None:
        rules = "---\n".join(AST_GREP_RULE.format(language) for language in ("ts", "tsx", "js"))
        measured["ast-grep, one pattern"] = [ast_grep, "scan", "--inline-rules", rules, str(root)]
    oxlint = shutil.which("oxlint")
    if oxlint is not None:
        measured["oxlint"] = [oxlint, str(root)]
    return measured


def seconds(command: list[str]) -> float:
    """The wall time of a command; ends the script when the command does not do its work."""
    started = time.perf_counter()
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False)
    took = time.perf_counter() - started
    if done.returncode not in (0, 1):  # 1: there are findings
        sys.exit(f"{' '.join(command[:4])} … failed:\n{done.stderr.decode(errors='replace')[-2000:]}")
    return took


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    arguments.add_argument("repositories", nargs="+", type=Path)
    arguments.add_argument("--runs", type=int, default=5)
    arguments.add_argument("--preset", default="recommended")
    arguments.add_argument("--parse", action="store_true", help="only parse (this is the floor)")
    given = arguments.parse_args()
    if given.parse:
        for root in given.repositories:
            parse_all(root)
        return
    heads: list[str] = []
    for root in given.repositories:
        measured = commands(root, given.preset)
        times: dict[str, list[float]] = {name: [] for name in measured}
        for run in range(given.runs + 1):
            for name, command in measured.items():
                took = seconds(command)
                if run:  # the first one fills the disk's cache
                    times[name].append(took)
        if not heads:
            heads = list(measured)
            say("| repository | " + " | ".join(heads) + " |")
            say("| --- |" + " ---: |" * len(heads))
        medians = {name: statistics.median(took) for name, took in times.items()}
        floor = medians[heads[0]]
        cells = (f"{medians[name]:.2f} ({medians[name] / floor:.2f})" for name in heads)
        say(f"| {root.resolve().name} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
