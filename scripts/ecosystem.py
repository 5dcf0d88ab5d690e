"""What a change does to real code: the findings of two commits of cflint over many checkouts, compared.

    python scripts/ecosystem.py OLD NEW FOLDER…  [--jobs 2] [-- OPTIONS OF check]

OLD and NEW are commits of this repository, or `.` for the files as they are. Each FOLDER holds checkouts.
New and gone findings are printed by rule, with their places; a checkout that ends otherwise than the other
time (a crash, another exit code, a partial analysis) is printed, too. Exits with 1 when anything differs.
Results of a commit are kept in the user's cache folder, by the commits of cflint and of the checkout.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
KEPT = Path.home() / ".cache" / "cflint-ecosystem"
LIMIT = 600
"""Seconds that one checkout may take."""

Key = tuple[str, str, str, str]
"""Rule, path, message, and which of the equal ones in the file: lines may move."""


@dataclass(frozen=True)
class Run:
    """What a commit of cflint says of a checkout."""

    code: int
    findings: dict[Key, dict[str, Any]]
    trouble: str


def main() -> int:
    """Compare, and print; 1 when something differs."""
    given = sys.argv[1:]
    at = given.index("--") if "--" in given else len(given)
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("old")
    parser.add_argument("new")
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args(given[:at])
    extra = given[at + 1 :]
    checkouts = [found for folder in options.folders for found in sorted(folder.iterdir()) if found.is_dir()]
    with tempfile.TemporaryDirectory() as scratch:
        trees = [tree_of(commit, Path(scratch)) for commit in (options.old, options.new)]
        try:
            with ThreadPoolExecutor(options.jobs) as pool:
                pairs = pool.map(lambda one: [run(tree, one, extra) for tree in trees], checkouts)
                return 1 if report(zip(checkouts, pairs, strict=True)) else 0
        finally:
            subprocess.run(["git", "worktree", "prune"], cwd=ROOT, check=True)


def tree_of(commit: str, scratch: Path) -> Path:
    """The files of a commit, in a worktree of their own."""
    if commit == ".":
        return ROOT
    name = subprocess.run(
        ["git", "rev-parse", "--verify", commit + "^{commit}"], cwd=ROOT, capture_output=True, text=True
    )
    if name.returncode:
        sys.exit(f"ecosystem: there is no commit {commit}")
    target = scratch / name.stdout.strip()
    if not target.exists():
        command = ["git", "worktree", "add", "--quiet", "--detach", str(target), name.stdout.strip()]
        subprocess.run(command, cwd=ROOT, check=True)
    return target


def run(tree: Path, checkout: Path, extra: Sequence[str]) -> Run:
    """Check a checkout, or take what was kept of the last time."""
    kept = None
    state = state_of(checkout)
    if tree != ROOT and state:
        said = json.dumps([tree.name, str(checkout), state, *extra])
        kept = KEPT / f"{hashlib.sha256(said.encode()).hexdigest()}.json"
        if kept.is_file():
            return read(json.loads(kept.read_text()))
    command = [sys.executable, "-m", "cflint", "check", "--no-cache", "--isolated", "-j", "1"]
    command += ["--output-format", "json", *extra, "."]
    paths = f"{tree / 'src'}:{tree / 'rules'}"
    try:
        done = subprocess.run(
            command,
            cwd=checkout,
            env={"PYTHONPATH": paths, "PATH": "/usr/bin:/bin", "HOME": str(Path.home())},
            capture_output=True,
            timeout=LIMIT,
        )
        result = {"code": done.returncode, "out": done.stdout.decode(), "err": done.stderr.decode()}
    except subprocess.TimeoutExpired:
        result = {"code": -1, "out": "", "err": f"it took more than {LIMIT} seconds"}
    if kept is not None:
        KEPT.mkdir(parents=True, exist_ok=True)
        kept.write_text(json.dumps(result))
    return read(result)


def state_of(checkout: Path) -> str:
    """The commit of a checkout; "" where it has none or files were changed."""
    git = ["git", "-C", str(checkout)]
    changed = subprocess.run([*git, "status", "--porcelain"], capture_output=True, text=True)
    head = subprocess.run([*git, "rev-parse", "HEAD"], capture_output=True, text=True)
    return "" if changed.stdout or changed.returncode or head.returncode else head.stdout.strip()


def read(result: dict[str, Any]) -> Run:
    """What a run printed."""
    try:
        said = json.loads(result["out"])
    except ValueError:
        return Run(result["code"], {}, result["err"].strip()[-300:])
    findings: dict[Key, dict[str, Any]] = {}
    seen: Counter[tuple[str, str, str]] = Counter()
    for finding in said["findings"]:
        same = (finding["rule"], finding["path"], finding["message"])
        seen[same] += 1
        findings[(*same, str(seen[same]))] = finding
    return Run(result["code"], findings, "")


def report(pairs: Iterator[tuple[Path, list[Run]]]) -> int:
    """Print what differs; returns how many differences there are."""
    rows: list[tuple[str, str, str]] = []
    total: Counter[str] = Counter()
    for checkout, (old, new) in pairs:
        total["before"] += len(old.findings)
        total["after"] += len(new.findings)
        for sign, one, other in (("-", old, new), ("+", new, old)):
            for key in sorted(one.findings.keys() - other.findings.keys()):
                found = one.findings[key]
                place = f"{checkout.name}/{found['path']}:{found['start']['line']}"
                rows.append((found["rule"], f"{sign} {found['severity']}", f"{place}: {found['message']}"))
        for key in sorted(old.findings.keys() & new.findings.keys()):
            before, after = old.findings[key], new.findings[key]
            for part in ("severity", "fix"):
                if before[part] != after[part]:
                    rows.append((key[0], f"~ {part}", f"{checkout.name}/{key[1]}: {key[2]}"))
        if (old.code, old.trouble) != (new.code, new.trouble):
            ended = f"ended with {old.code} {old.trouble}, now with {new.code} {new.trouble}"
            rows.append(("(run)", "~ exit", f"{checkout.name}: {ended}"))
    say = sys.stdout.write
    for rule in sorted({row[0] for row in rows}):
        say(f"{rule}\n")
        for _, sign, text in sorted(row for row in rows if row[0] == rule):
            say(f"  {sign}  {text}\n")
    say(f"{total['before']} findings before, {total['after']} after, {len(rows)} differences\n")
    return len(rows)


if __name__ == "__main__":
    sys.exit(main())
