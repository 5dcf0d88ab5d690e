"""Write the counts of verdicts by rule, which `cflint rules`, pages and SARIF show, from `accuracy/`."""

from __future__ import annotations

import runpy
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "src" / "cflint" / "platform" / "_precision.py"
ACCURACY: dict[str, Any] = runpy.run_path(str(ROOT / "scripts" / "write_accuracy.py"))
PROOF = ("rule", "oracle")
MENDED = ("batch", "repository", "path", "line", "rule", "commit", "cause")
PLACE = MENDED[:5]
Row = Mapping[str, str]

HEAD = '''\
"""Verdicts on the findings of rules in code that they were not tuned to: true, arguable, false, projects.
And which rules say what an oracle has been seen to do.

Written by scripts/write_precision.py from accuracy/*.tsv: do not edit.
"""

from __future__ import annotations

'''


def counted(verdicts: Iterable[Row], mended: Iterable[Row]) -> dict[str, tuple[int, int, int, int]]:
    """True, arguable and false findings of each rule, and their projects; without what was false or arguable
    and is mended: no longer said, or said no louder than a note. Ends the program when a row of mended.tsv is
    no such finding of verdicts.tsv."""
    wrong = {tuple(row[name] for name in PLACE) for row in mended}
    kept = []
    for row in verdicts:
        place = tuple(row[name] for name in PLACE)
        if row["verdict"] in ("false", "arguable") and place in wrong:
            wrong.discard(place)
        else:
            kept.append(row)
    for place in sorted(wrong):
        file = ROOT / "accuracy" / "mended.tsv"
        sys.exit(f"{file}: no false or arguable finding of verdicts.tsv: {' '.join(place)}")
    found = sorted(ACCURACY["counted"](kept).items())
    return {rule: (read.true, read.arguable, read.false, read.projects) for rule, read in found}


def module(counts: Mapping[str, tuple[int, int, int, int]], proofs: Iterable[Row]) -> str:
    """The generated module."""
    read = "".join(f'    "{rule}": {numbers},\n' for rule, numbers in counts.items())
    proved = "".join(f'    "{row["rule"]}": "{row["oracle"]}",\n' for row in proofs)
    return (
        f"{HEAD}COUNTS: dict[str, tuple[int, int, int, int]] = {{\n{read}}}\n\n"
        f"PROOFS: dict[str, str] = {{\n{proved}}}\n"
    )


def proofs() -> list[Row]:
    """Which oracle proves a rule, one row for each rule."""
    found: list[Row] = ACCURACY["rows_of"]("proofs.tsv", PROOF)
    return found


def rows() -> tuple[list[Row], list[Row]]:
    """The verdicts, and which of the false ones are mended."""
    return (
        ACCURACY["rows_of"]("verdicts.tsv", ACCURACY["VERDICT"]),
        ACCURACY["rows_of"]("mended.tsv", MENDED),
    )


if __name__ == "__main__":
    TARGET.write_text(module(counted(*rows()), proofs()), encoding="utf-8")
