"""What fixes write compiles: in no fixture TypeScript finds what cannot run that it did not find before."""

from __future__ import annotations

from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

from tests.support.oracle_tools import converse, needs_typescript
from tests.support.paths import ROOT

pytestmark = needs_typescript()

FIXTURES = ROOT / "fixtures"
DECLARED = frozenset({2300, 2440, 2448, 2451, 2454, 7034, 18004})
"""Names that are declared twice, used before they have a value, or not there."""


@cache
def pairs() -> tuple[tuple[Path, Path], ...]:
    """The modules of fixtures that fixes change: as they are, and as they are then."""
    found = []
    for after in sorted(FIXTURES.glob("*/*/*/fixed/**/*.ts")):
        case = next(above for above in after.parents if above.name == "fixed")
        before = case.parent / after.relative_to(case)
        if before.is_file() and before.read_bytes() != after.read_bytes():
            found.append((before, after))
    return tuple(found)


@cache
def said() -> dict[Path, Counter[int]]:
    """The codes of syntax (1000 to 1999) and of DECLARED that TypeScript gives for each of them, alone beside
    the types of Workers: types that other files declare are not there, so that other codes say little."""
    paths = [path for pair in pairs() for path in pair]
    questions = [{"text": path.read_text(encoding="utf-8"), "check": True} for path in paths]
    answers: Any = converse("typescript.cjs", questions, timeout=900)
    return {
        path: Counter(code for code in answer["codes"] if 1000 <= code < 2000 or code in DECLARED)
        for path, answer in zip(paths, answers, strict=True)
    }


def test_fixtures_run_as_well_as_before_their_fixes() -> None:
    found = said()
    worse = {
        str(after.relative_to(FIXTURES)): dict(found[after] - found[before])
        for before, after in pairs()
        if found[after] - found[before]
    }
    assert len(pairs()) > 300
    assert worse == {}
