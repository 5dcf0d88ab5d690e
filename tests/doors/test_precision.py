"""What readers judged decides how loud a rule is, and the counts that cflint shows are theirs."""

from __future__ import annotations

import runpy
from typing import Any

import pytest

from cflint.finding import Severity
from cflint.platform.precision import ORACLES, Level, Precision, lower_bound, precision_of, proof_of
from tests.oracles import test_deploy, test_typescript, test_workerd
from tests.support.fixture_cases import KNOWN
from tests.support.oracle_comparison import ABOUT_WRANGLER
from tests.support.paths import ROOT

SCRIPT: dict[str, Any] = runpy.run_path(str(ROOT / "scripts" / "write_precision.py"))


def verdict(word: str, rule: str = "kv-lock", repository: str = "a/b", line: str = "1") -> dict[str, str]:
    """A row of verdicts.tsv."""
    row = {"batch": "1", "repository": repository, "path": "a.ts", "line": line, "rule": rule}
    return {**row, "verdict": word}


def test_the_counts_are_fresh() -> None:
    text = SCRIPT["module"](SCRIPT["counted"](*SCRIPT["rows"]()), SCRIPT["proofs"]())
    assert text == SCRIPT["TARGET"].read_text(encoding="utf-8"), "run scripts/write_precision.py"


def test_what_is_mended_counts_no_more() -> None:
    rows = [verdict("true"), verdict("false", repository="c/d", line="2"), verdict("arguable", line="3")]
    assert SCRIPT["counted"](rows, []) == {"kv-lock": (1, 1, 1, 2)}
    assert SCRIPT["counted"](rows, [rows[1]]) == {"kv-lock": (1, 1, 0, 1)}
    assert SCRIPT["counted"](rows, [rows[2]]) == {"kv-lock": (1, 0, 1, 2)}
    with pytest.raises(SystemExit, match="no false or arguable finding"):
        SCRIPT["counted"](rows, [rows[0]])


def test_levels_need_enough_places_in_enough_projects() -> None:
    assert Precision(20, 0, 0, 5).level is Level.VERY_HIGH
    assert Precision(20, 0, 0, 4).level is Level.MEDIUM
    assert Precision(9, 0, 0, 9).level is Level.MEDIUM
    assert Precision(17, 2, 1, 9).level is Level.HIGH
    assert Precision(8, 0, 2, 9).level is Level.MEDIUM
    assert Precision(1, 0, 1, 2).level is Level.LOW
    assert Precision().level is Level.MEDIUM
    assert precision_of("no-such-rule") == Precision()
    assert Precision(1, 1, 0, 1).share == 0.75


def test_the_lower_bound_is_wilsons() -> None:
    assert lower_bound(1.0, 10) == pytest.approx(0.787, abs=0.001)
    assert lower_bound(0.0, 10) == pytest.approx(0.0)


def test_the_text_counts() -> None:
    assert Precision(1, 0, 0, 1).as_text() == "1 finding read in 1 project: 1 true, 0 arguable, 0 false"
    assert Precision().as_text() == "none of its findings read yet"


def test_a_rule_of_recommended_is_as_loud_as_its_figures_allow() -> None:
    """A note, and what an oracle proves, may be left by a maintainer; it may not be false."""
    for id, rule in KNOWN.select(["recommended"]).items():
        read = precision_of(id)
        if read.share is None:
            continue
        may_be_arguable = rule.spec.severity is Severity.NOTE or proof_of(id) is not None
        least = 0.9 if read.is_enough and not may_be_arguable else 0.5
        assert read.share >= least, f"{id}, {read.as_text()}: lower it, or to preview"
        if read.is_enough:
            assert 1 - read.false / read.places >= 0.9, f"{id}, {read.as_text()}: to preview"


def test_an_error_is_proved_or_read_often_enough() -> None:
    for id, rule in KNOWN.items():
        if rule.spec.severity is Severity.ERROR and proof_of(id) is None:
            read = precision_of(id)
            assert read.is_enough and (read.share or 0) >= 0.95, f"{id}, {read.as_text()}: a warning at most"


SEEN = {
    "workerd": {case.rule for case in test_workerd.ALL},
    "wrangler": {"cloudflare-config-invalid", *ABOUT_WRANGLER, *(one.rule for one in test_deploy.REFUSED)},
    "typescript": {"syntax-error", *test_typescript.REFUSED},
}
"""The rules that tests of oracles are about."""


def test_proofs_are_tests() -> None:
    for row in SCRIPT["proofs"]():
        rule, oracle = row["rule"], row["oracle"]
        assert rule in KNOWN and oracle in ORACLES, row
        match oracle:
            case "service":
                assert "Source: https://developers.cloudflare.com/" in KNOWN[rule].page, row
            case "cflint":
                assert rule == "internal-error"
            case _:
                assert rule in SEEN[oracle], row
    assert {row["rule"] for row in SCRIPT["proofs"]()} >= set().union(*SEEN.values())
