"""What a change does to real code: the findings of two commits of cflint over many checkouts, compared.

    python scripts/ecosystem.py OLD NEW FOLDER…  [--jobs 2] [-- OPTIONS OF sweep]

OLD and NEW are commits of this repository, or `.` for the files as they are. Each FOLDER holds checkouts,
which are swept as they are on the disk. New and gone findings are printed by rule, with their places; a
checkout that ends otherwise than the other time (a crash, a partial analysis) is printed, too. Exits with 1
when anything differs. What a cflint found in a checkout is kept in the user's cache folder, by the content of
both. Commits that have no `cflint sweep` cannot be compared.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from cflint.cli import run

ROOT = Path(__file__).resolve().parent.parent
KEPT = Path.home() / ".cache" / "cflint-ecosystem"


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
    checkouts = [found for folder in options.folders for found in sorted(folder.iterdir()) if found.is_dir()]
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        (scratch / "checkouts").write_text("".join(f"{path}\n" for path in checkouts), encoding="utf-8")
        arguments = ["--from", str(scratch / "checkouts"), "--working-tree", "--isolated"]
        arguments += ["--jobs", str(options.jobs), "--cache", str(KEPT), *given[at + 1 :]]
        try:
            outputs = []
            for which, commit in (("old", options.old), ("new", options.new)):
                outputs.append(str(scratch / which))
                sweep(tree_of(commit, scratch), [*arguments, "--output", outputs[-1]])
            return run(["sweep", "compare", *outputs])
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
    if not (target / "src" / "cflint" / "fleet").is_dir():
        sys.exit(f"ecosystem: {commit} is older than `cflint sweep`")
    return target


def sweep(tree: Path, arguments: Sequence[str]) -> None:
    """Sweep with the cflint of a tree."""
    paths = os.pathsep.join(str(tree / name) for name in ("src", "rules"))
    command = [sys.executable, "-P", "-m", "cflint", "sweep", "run", *arguments]
    done = subprocess.run(command, env={**os.environ, "PYTHONPATH": paths}, check=False)
    if done.returncode:
        sys.exit(f"ecosystem: the sweep ended with {done.returncode}")


if __name__ == "__main__":
    sys.exit(main())
