"""How long cflint takes on repositories, beside the bare cost of parsing them and beside other tools.

    python benchmarks/run.py [--peers FOLDER] [--runs 5] [--output markdown|json] REPOSITORY...

Measured are the floor (one process that reads and parses all source files and does nothing else), cflint
without a cache, with an empty and with a full one, after one file was changed, and on one file; and ast-grep,
oxlint, Biome, ESLint with typescript-eslint and Semgrep, as far as they are on the PATH or in the folders
that --peers names (their `node_modules/.bin`, or `bin` in that of a virtual environment), each with the rule
set in `benchmarks/peers` that mimics cflint's rules. Then, for the repository with the most source files, how
the time grows with their number. Nothing is fetched, and nothing is written into the repositories: copies are
measured.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import sys
import sysconfig
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import competitors as tools
import trees
from stopwatch import Taken, in_turn, median

HERE = Path(__file__).parent
SIZES = "10,30,100,300,1000"


@dataclass(frozen=True, slots=True)
class Aim:
    """That the wall time of a case is at most `most` times that of another one."""

    text: str
    case: str
    than: str
    most: float


AIMS = (
    Aim("cold, of the floor with .d.ts", tools.COLD, tools.FLOOR_WITH_DECLARATIONS, 1.0),
    Aim("cold, of ast-grep", tools.COLD, tools.AST_GREP, 1.25),
    Aim("cold, of oxlint with a plugin", tools.COLD, tools.OXLINT_PLUGIN, 1.0),
    Aim("cold, of ESLint", tools.COLD, tools.ESLINT, 1 / 8),
    Aim("cold, of Semgrep", tools.COLD, tools.SEMGREP, 1 / 10),
    Aim("nothing changed, of `python -c pass`", tools.WARM, tools.PYTHON, 6.0),
    Aim("one file changed, of cold", tools.CHANGED, tools.COLD, 0.25),
    Aim("until work is divided, of cold with one process", tools.SERIAL, tools.ONE_PROCESS, 1 / 4),
    Aim("cold with one process, of that without three rules", tools.ONE_PROCESS, tools.WITHOUT_THREE, 1.1),
    Aim("one file alone, of reading and parsing it", tools.ALONE, tools.FLOOR_ALONE, 3.0),
    Aim("one file of a Worker, warm, of `python -c pass`", tools.ONE_FILE_WARM, tools.PYTHON, 4.0),
)
MOST_MEMORY = 80.0


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table in Markdown: the first column to the left, the others to the right."""
    lines = [heads, ["---", *["---:"] * (len(heads) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def digits(value: float) -> str:
    """A number of seconds, or a ratio, with as many digits as say something."""
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.3g}"


def medians_table(measured: Mapping[str, Mapping[str, float]]) -> str:
    """What each case took on a repository; measured are `wall`, `processor`, `memory` and `runs`."""
    floor = measured[tools.FLOOR]["wall"]
    return table(
        ["", "wall (s)", "× floor", "processor (s)", "memory (MB)", "runs"],
        (
            [
                name,
                digits(taken["wall"]),
                digits(taken["wall"] / floor),
                digits(taken["processor"]),
                f"{taken['memory']:.0f}",
                f"{taken['runs']:.0f}",
            ]
            for name, taken in measured.items()
        ),
    )


def aims_table(repositories: Sequence[Mapping[str, Any]]) -> str:
    """Each aim, and for each repository what was reached of it: in bold what was missed."""
    rows = []
    for aim in AIMS:
        row = [aim.text, f"≤ {digits(aim.most)}"]
        for repository in repositories:
            measured = repository["measured"]
            if aim.case in measured and aim.than in measured:
                ratio = measured[aim.case]["wall"] / measured[aim.than]["wall"]
                row.append(digits(ratio) if ratio <= aim.most else f"**{digits(ratio)}**")
            else:
                row.append("")
        rows.append(row)
    memory = ["most memory of a process (MB)", f"≤ {MOST_MEMORY:.0f}"]
    for repository in repositories:
        found = [taken for name, taken in repository["measured"].items() if name.startswith("cflint")]
        most = max(taken["memory"] for taken in found)
        memory.append(f"{most:.0f}" if most <= MOST_MEMORY else f"**{most:.0f}**")
    return table(["cflint's time", "aim", *(one["name"] for one in repositories)], [*rows, memory])


def growth_table(growth: Sequence[Mapping[str, Any]]) -> str:
    """How the wall time of each case grows with the number of files."""
    names = list(dict.fromkeys(name for step in growth for name in step["measured"]))
    return table(
        ["files", "MB", *names],
        (
            [
                f"{step['files']:,}",
                f"{step['bytes'] / 1e6:.2f}",
                *(
                    digits(step["measured"][name]["wall"]) if name in step["measured"] else ""
                    for name in names
                ),
            ]
            for step in growth
        ),
    )


def circumstances(result: Mapping[str, Any]) -> str:
    """When, at which commit, and in what company something was measured, as far as it is known."""
    loads = [f"{load:.1f}" for load in (result.get("load_before"), result.get("load")) if load is not None]
    company = f"a load of {loads[0]} before and {loads[1]} at the end, " if len(loads) == 2 else ""
    commit = f"cflint at `{result['commit']}`, " if result.get("commit") else ""
    taken = f"in {result['minutes']} minutes; " if "minutes" in result else ""
    return f"{result.get('date', '')}, {commit}{company}{taken}".removeprefix(", ")


def as_markdown(result: Mapping[str, Any]) -> str:
    """All tables of a result."""
    machine = result["machine"]
    versions = ", ".join(f"{name} {version}" for name, version in result["versions"].items())
    parts = [f"{circumstances(result)}{machine['processors']} processors, {machine['system']}; {versions}.\n"]
    for one in result["repositories"]:
        parts.append(
            f"### {one['name']}\n\n{one['files']:,} source files, {one['bytes'] / 1e6:.1f} MB; "
            f"with declarations {one['all_files']:,} and {one['all_bytes'] / 1e6:.1f} MB.\n"
        )
        parts.append(medians_table(one["measured"]))
    parts += ["### Aims\n", aims_table(result["repositories"])]
    if result["growth"]:
        parts += [f"### From few files to all of {result['grown']}\n", growth_table(result["growth"])]
    return "\n".join(parts)


def summary(taken: Mapping[str, Sequence[Taken]]) -> dict[str, dict[str, float]]:
    """The medians of what each case took, and of how many runs."""
    return {name: {**asdict(median(runs)), "runs": len(runs)} for name, runs in taken.items() if runs}


def counted(files: Sequence[trees.Source]) -> dict[str, int]:
    own = [file for file in files if not file.is_declaration]
    return {
        "files": len(own),
        "bytes": sum(file.size for file in own),
        "all_files": len(files),
        "all_bytes": sum(file.size for file in files),
    }


def tell(line: str) -> None:
    sys.stderr.write(f"{time.strftime('%H:%M:%S')} {line}\n")
    sys.stderr.flush()


def build() -> str:
    """How the interpreter that runs cflint was built: one without the feedback of a profile takes up to a
    third more time, `python -c pass` included."""
    if "--enable-optimizations" in (sysconfig.get_config_var("CONFIG_ARGS") or ""):
        return "built with --enable-optimizations"
    if "deb_system" in sysconfig.get_scheme_names():
        return "Debian's build, which is optimised and does not say so in sysconfig"
    return "built without optimisation"


def interpreter() -> str:
    """The interpreter that runs this: its version, its path, how it was built."""
    return f"{platform.python_version()} ({sys.executable}, {build()})"


def versions(found: Mapping[str, tools.Peer], others: Sequence[Path] = ()) -> dict[str, str]:
    """The versions of all that is measured; `others` are further interpreters."""
    python = {name: metadata.version(name) for name in ("cflint", "tree-sitter")}
    return {
        "Python": interpreter(),
        **{tools.label_of(other): tools.said_by(other, HERE / "run.py", "--interpreter") for other in others},
        **python,
        **{name: peer.version() for name, peer in found.items()},
    }


def on_repository(root: Path, given: argparse.Namespace, found: dict[str, tools.Peer]) -> dict[str, Any]:
    """What everything takes on one repository."""
    with tempfile.TemporaryDirectory(prefix="cflint-bench-") as place:
        scratch = Path(place)
        copy = scratch / "repository"
        trees.copy_of(root, copy)
        (copy / ".semgrepignore").write_text("node_modules/\n", encoding="utf-8")
        rules = tools.rule_sets(scratch, found)
        cases = [
            *tools.ours(copy, scratch, given.jobs, given.preset, given.runs, given.also),
            *tools.theirs(copy, found, rules, given.types),
        ]
        taken = in_turn(cases, given.runs, given.seconds, lambda line: tell(f"{root.name}: {line}"))
    return {
        "name": re.sub(r"\+|__", "/", root.name, count=1),
        **counted(trees.sources(root)),
        "measured": summary(taken),
    }


def growth_of(root: Path, given: argparse.Namespace, found: dict[str, tools.Peer]) -> list[dict[str, Any]]:
    """What the floor, cflint and the other tools take on more and more of a repository's files; a tool that
    has become slow is left out of the larger steps."""
    files = [file for file in trees.sources(root) if not file.is_declaration]
    sizes = sorted({min(size, len(files)) for size in (*given.sizes, len(files))})
    steps = []
    slow: set[str] = set()
    for size in sizes:
        with tempfile.TemporaryDirectory(prefix="cflint-bench-") as place:
            scratch = Path(place)
            part = scratch / "part"
            trees.cut(root, files, size, part)
            (part / ".semgrepignore").write_text("node_modules/\n", encoding="utf-8")
            cases = [
                tools.floor(part),
                tools.cold(part, given.jobs, given.preset),
                *tools.theirs(part, found, tools.rule_sets(scratch, found)),
            ]
            own = counted(trees.sources(part))
            cases = [case for case in cases if case.name not in slow]
            taken = summary(in_turn(cases, given.runs, given.seconds / 4, tell))
        slow |= {name for name, found in taken.items() if found["wall"] > given.seconds / 4}
        steps.append({"files": own["files"], "bytes": own["bytes"], "measured": taken})
    return steps


MARKERS = ("<!-- tables: written by benchmarks/run.py --write -->", "<!-- end of the tables -->")


def put_into(document: Path, tables: str) -> None:
    """Put tables between the markers of a document. Raises ValueError when they are not there."""
    text = document.read_text(encoding="utf-8")
    before, first, rest = text.partition(MARKERS[0])
    _, last, after = rest.partition(MARKERS[1])
    if not (first and last):
        raise ValueError(f"{document} has no markers `{MARKERS[0]}` and `{MARKERS[1]}`")
    document.write_text(f"{before}{first}\n\n{tables}\n{last}{after}", encoding="utf-8")


def numbers(text: str) -> list[int]:
    """Numbers with commas between; raises ValueError."""
    return [int(part) for part in text.split(",") if part.strip()]


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        prog="run.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = made.add_argument
    add("repositories", nargs="*", type=Path, metavar="REPOSITORY")
    add("--peers", action="append", type=Path, default=[], metavar="FOLDER", help="where other tools are")
    add(
        "--also",
        action="append",
        type=Path,
        default=[],
        metavar="PYTHON",
        help="another interpreter with cflint",
    )
    add("--interpreter", action="store_true", help="measure nothing, say which interpreter runs this")
    add("--runs", type=int, default=5, help="how often each command runs, but once to warm up (5)")
    add("--seconds", type=float, default=60, help="run a command less often if it takes longer (60)")
    add("--preset", default="recommended", help="cflint's rules (recommended)")
    add("-j", "--jobs", type=int, default=os.cpu_count() or 1, help="cflint's processes (one per processor)")
    add("--types", action="store_true", help="ESLint once more, with the types of TypeScript")
    add("--sizes", type=numbers, default=numbers(SIZES), help=f"numbers of files ({SIZES})")
    add("--no-growth", action="store_true", help="do not measure how the time grows with the files")
    add("--commit", default="", help="of which commit cflint is installed: the tables say it")
    add("--output", choices=("markdown", "json"), default="markdown")
    add("--write", type=Path, metavar="FILE", help="put the tables between the markers of a document, too")
    add("--read", type=Path, metavar="FILE", help="measure nothing, show what `--output json` wrote to FILE")
    return made


def main(arguments: Sequence[str] | None = None) -> None:
    reader = parser()
    given = reader.parse_args(arguments)
    if given.interpreter:
        sys.stdout.write(interpreter() + "\n")
        return
    if given.read is not None:
        result = json.loads(given.read.read_text(encoding="utf-8"))
    elif given.repositories:
        result = measured_by(given)
    else:
        reader.error("no REPOSITORY is given")
    tables = as_markdown(result)
    if given.write is not None:
        put_into(given.write, tables)
    sys.stdout.write(json.dumps(result, indent=2) + "\n" if given.output == "json" else tables)


def measured_by(given: argparse.Namespace) -> dict[str, Any]:
    """What everything takes on the repositories that are given."""
    roots = [root.resolve() for root in given.repositories]
    found = tools.peers([folder.absolute() for folder in given.peers])
    given.also = [python.absolute() for python in given.also]
    began, load_before = time.monotonic(), os.getloadavg()[0]
    tell(f"installed: {', '.join(str(peer.program) for peer in found.values()) or 'no other tool'}")
    measured = [on_repository(root, given, found) for root in roots]
    largest = max(range(len(roots)), key=lambda number: measured[number]["files"])
    growth = [] if given.no_growth else growth_of(roots[largest], given, found)
    return {
        "machine": {"processors": os.cpu_count(), "system": f"{platform.system()} {platform.machine()}"},
        "date": time.strftime("%Y-%m-%d"),
        "commit": given.commit,
        "load_before": round(load_before, 2),
        "load": round(os.getloadavg()[0], 2),
        "minutes": round((time.monotonic() - began) / 60),
        "versions": versions(found, given.also),
        "repositories": measured,
        "grown": measured[largest]["name"],
        "growth": growth,
    }


if __name__ == "__main__":
    main()
