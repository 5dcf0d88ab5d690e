"""What is measured: cflint in several ways, the floor, and other tools as far as they are installed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path

import trees
from stopwatch import Case

HERE = Path(__file__).parent
RULE_SETS = HERE / "peers"

PYTHON = "python -c pass"
FLOOR = "floor: read and parse all"
FLOOR_WITH_DECLARATIONS = "floor with .d.ts"
ONE_PROCESS = "cflint, cold, -j 1, no cache"
WITHOUT_THREE = "cflint, cold, -j 1, without three rules"
COLD = "cflint, cold, no cache"
FIRST = "cflint, cold, writes the cache"
WARM = "cflint, warm, nothing changed"
CHANGED = "cflint, warm, one file changed"
ONE_FILE = "cflint, one file of a Worker, no cache"
ONE_FILE_WARM = "cflint, one file of a Worker, warm"
ALONE = "cflint, one file alone, no cache"
FLOOR_ALONE = "floor of one file alone"
SERIAL = "cflint, cold, until work is divided"
AST_GREP = "ast-grep"
OXLINT = "oxlint, its own rules"
OXLINT_PLUGIN = "oxlint, a plugin"
BIOME = "Biome, GritQL"
ESLINT = "ESLint, typescript-eslint"
ESLINT_TYPES = "ESLint, with types"
SEMGREP = "Semgrep"


def floor(root: Path, name: str = FLOOR, *options: str) -> Case:
    """One process that reads and parses all source files."""
    return Case(name, [sys.executable, HERE / "floor.py", *options, root], root, exits=(0,))


Words = Sequence[str | Path]


def said_by(python: Path, *arguments: str | Path) -> str:
    """What an interpreter prints that runs some arguments, without the line end."""
    return subprocess.run([python, *arguments], capture_output=True, text=True, check=True).stdout.strip()


def label_of(python: Path) -> str:
    """What rows of another interpreter are called: `Python 3.13`."""
    return f"Python {said_by(python, '-c', 'import sys; print(*sys.version_info[:2], sep=chr(46))')}"


CFLINT = ("-m", "cflint")
THREE = ("floating-promise", "binding-floating-promise", "no-log-env")
"""The rules that took a fifth of a cold run once."""


def check(
    jobs: int,
    preset: str,
    *options: str | Path,
    python: str | Path = sys.executable,
    program: Words = CFLINT,
) -> Words:
    """The command that checks, without the user's settings."""
    start = [python, *program, "check", "-q", "--isolated", "--output-format", "concise"]
    return [*start, "--preset", preset, "-j", str(jobs), *options]


def cold(root: Path, jobs: int, preset: str) -> Case:
    """cflint on a whole repository without a cache."""
    return Case(COLD, check(jobs, preset, "--no-cache", root), root)


def ours(
    root: Path, scratch: Path, jobs: int, preset: str, runs: int, others: Sequence[Path] = ()
) -> Iterator[Case]:
    """The floor and cflint in all ways; with `others`, interpreters, what depends on the start.

    Writes into `scratch`: the run after a change has a copy of its own, in which a comment is added to
    another source file before each run.
    """
    files = [file for file in trees.sources(root) if not file.is_declaration]
    workers = trees.of_workers(root, files)
    one = trees.of_median_size(workers).path
    alone = scratch / "alone" / Path(one).name
    alone.parent.mkdir(parents=True)
    shutil.copyfile(root / one, alone)
    caches = {name: ("--cache-dir", scratch / name) for name in ("first", "warm", "changed", "one")}

    def forget() -> None:
        shutil.rmtree(scratch / "first", ignore_errors=True)

    edited = scratch / "edited"
    trees.copy_of(root, edited)
    changes = cycle(trees.spread(workers, runs + 1))

    def change() -> None:
        with (edited / next(changes).path).open("a", encoding="utf-8") as file:
            file.write("\n// a change\n")

    yield Case(PYTHON, [sys.executable, "-c", "pass"], root, exits=(0,))
    yield floor(root)
    yield floor(root, FLOOR_WITH_DECLARATIONS, "--declarations")
    yield Case(ONE_PROCESS, check(1, preset, "--no-cache", root), root)
    yield Case(WITHOUT_THREE, check(1, preset, "--no-cache", "--ignore", ",".join(THREE), root), root)
    yield cold(root, jobs, preset)
    serial = (HERE / "serial.py",)
    yield Case(SERIAL, check(max(jobs, 2), preset, "--no-cache", root, program=serial), root)
    yield Case(FIRST, check(jobs, preset, *caches["first"], root), root, before=forget)
    yield Case(WARM, check(jobs, preset, *caches["warm"], root), root)
    yield Case(CHANGED, check(jobs, preset, *caches["changed"], edited), edited, before=change)
    yield Case(ONE_FILE, check(jobs, preset, "--no-cache", one), root)
    yield Case(ONE_FILE_WARM, check(jobs, preset, *caches["one"], one), root)
    yield floor(alone.parent, FLOOR_ALONE)
    yield Case(ALONE, check(jobs, preset, "--no-cache", alone.name), alone.parent)
    for other in others:
        label = label_of(other)
        cache = ("--cache-dir", scratch / label)
        yield Case(f"{PYTHON}, {label}", [other, "-c", "pass"], root, exits=(0,))
        yield Case(f"{COLD}, {label}", check(jobs, preset, "--no-cache", root, python=other), root)
        yield Case(f"{ONE_FILE_WARM}, {label}", check(jobs, preset, *cache, one, python=other), root)
        command = check(jobs, preset, "--no-cache", alone.name, python=other)
        yield Case(f"{ALONE}, {label}", command, alone.parent)


@dataclass(frozen=True, slots=True)
class Peer:
    """Another tool: its file, and the node_modules that it was installed in, if any."""

    program: Path
    modules: Path | None = None

    def version(self) -> str:
        """What it says its version is."""
        done = subprocess.run([self.program, "--version"], capture_output=True, text=True, check=False)
        return (done.stdout.strip().splitlines() or ["?"])[-1].removeprefix("Version: ").split(" ")[-1]


def installed(name: str, folder: Path | None) -> Peer | None:
    """A tool in `folder` (its node_modules/.bin, or its bin) or on the PATH; the native program that npm's
    wrapper starts, where there is one."""
    places = [] if folder is None else [folder / "node_modules" / ".bin", folder / "bin", folder]
    search = os.pathsep.join([*map(str, places), os.environ.get("PATH", "")])
    found = shutil.which(name, path=search)
    if found is None:
        return None
    program = Path(found)
    modules = next((up for up in program.resolve().parents if up.name == "node_modules"), None)
    if modules is not None:
        native = (*modules.glob(f"@ast-grep/cli-*/{name}"), *modules.glob(f"@biomejs/cli-*/{name}"))
        program = next((path for path in native if os.access(path, os.X_OK)), program)
    return Peer(program, modules)


NAMES = ("ast-grep", "oxlint", "biome", "eslint", "semgrep")


def peers(folders: Sequence[Path]) -> dict[str, Peer]:
    """The other tools that are installed, by their names."""
    found = {name: peer for name in NAMES for folder in folders if (peer := installed(name, folder))}
    on_path = {name: peer for name in NAMES if name not in found and (peer := installed(name, None))}
    return {name: peer for name in NAMES if (peer := (found | on_path).get(name))}


def rule_sets(scratch: Path, found: dict[str, Peer]) -> Path:
    """A copy of the rule sets, beside the packages that ESLint's configuration imports."""
    target = scratch / "peers"
    shutil.copytree(RULE_SETS, target)
    eslint = found.get("eslint")
    if eslint is not None and eslint.modules is not None:
        (target / "node_modules").symlink_to(eslint.modules, target_is_directory=True)
    return target


def theirs(root: Path, found: dict[str, Peer], rules: Path, types: bool = False) -> Iterator[Case]:
    """The other tools on a whole repository, each with its rule set."""
    program = {name: peer.program for name, peer in found.items()}
    if "ast-grep" in program:
        config = rules / "ast-grep" / "sgconfig.yml"
        options: Words = ["scan", "-c", config, "--report-style", "short", "--globs", "!**/*.d.ts", "."]
        yield Case(AST_GREP, [program["ast-grep"], *options], root)
    if "oxlint" in program:
        options = ["-f", "unix", "--disable-nested-config", "-c"]
        config = rules / "oxlint"
        yield Case(OXLINT, [program["oxlint"], *options, config / ".oxlintrc.json", "."], root)
        yield Case(OXLINT_PLUGIN, [program["oxlint"], *options, config / "plugin.oxlintrc.json", "."], root)
    if "biome" in program:
        yield Case(BIOME, [program["biome"], "lint", f"--config-path={rules / 'biome'}", "."], root)
    if "eslint" in program:
        config = rules / "eslint" / "eslint.config.mjs"
        command: Words = [
            program["eslint"],
            "--config",
            config,
            "--no-inline-config",
            "--no-warn-ignored",
            ".",
        ]
        yield Case(ESLINT, command, root)
        if types:
            yield Case(ESLINT_TYPES, command, root, extra={"BENCH_TYPES": "1"})
    if "semgrep" in program:
        options = [
            "--metrics=off",
            "--disable-version-check",
            "--quiet",
            "--no-git-ignore",
            "--exclude=*.d.ts",
        ]
        command = [program["semgrep"], "scan", "--config", rules / "semgrep.yml", *options, "."]
        path = f"{program['semgrep'].parent}{os.pathsep}{os.environ.get('PATH', '')}"
        yield Case(SEMGREP, command, root, extra={"PATH": path, "SEMGREP_SEND_METRICS": "off"})
