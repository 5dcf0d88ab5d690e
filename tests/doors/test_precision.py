"""What readers judged decides how loud a rule is, and the counts that cflint shows are theirs."""

from __future__ import annotations

import runpy
from typing import Any

import pytest

from cflint.finding import Severity
from cflint.platform import precision
from cflint.platform.precision import (
    LAST_READ,
    ORACLES,
    Level,
    Precision,
    Recent,
    lately,
    lower_bound,
    precision_of,
)
from cflint.record import replace
from cflint.rule import RuleSet
from cflint.rule.loudness import earned, why_quieter
from tests.oracles import test_deploy, test_frameworks, test_typescript, test_uploads, test_workerd
from tests.support.fixture_cases import KNOWN
from tests.support.oracle_comparison import ABOUT_WRANGLER
from tests.support.paths import ROOT

SPOKEN = RuleSet.discover(packages=False)
SCRIPT: dict[str, Any] = runpy.run_path(str(ROOT / "scripts" / "write_precision.py"))


def verdict(word: str, rule: str = "kv-lock", repository: str = "a/b", line: str = "1") -> dict[str, str]:
    """A row of verdicts.tsv."""
    row = {"batch": "1", "repository": repository, "path": "a.ts", "line": line, "rule": rule}
    return {**row, "verdict": word}


def test_the_counts_are_fresh() -> None:
    assert SCRIPT["text"]() == SCRIPT["TARGET"].read_text(encoding="utf-8"), "run scripts/write_precision.py"


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


def test_the_last_findings_count_as_they_were_read() -> None:
    batches = [{"batch": "2"}, {"batch": "1"}]
    rows = [verdict("false", repository="c/d"), {**verdict("true"), "batch": "2"}]
    assert SCRIPT["recent"](rows, batches) == {"kv-lock": (2, 1, 2)}


def test_of_a_project_the_worst_count_and_not_all() -> None:
    same = [("a/b", word) for word in ("true", "arguable", "true", "false")]
    assert lately(same) == Recent(3, 1, 1)
    before = [(f"c/{number}", "false") for number in range(LAST_READ)]
    assert lately([*before, *same]) == Recent(LAST_READ, LAST_READ - 2, LAST_READ - 2)
    assert lately([*same, *before]) == Recent(LAST_READ, LAST_READ, LAST_READ)


def test_what_was_often_false_or_seldom_read_is_quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    read = {"often": (30, 4, 9), "seldom": (9, 0, 9), "narrow": (20, 0, 4), "enough": (20, 2, 5)}
    monkeypatch.setattr(precision, "RECENT", read)
    monkeypatch.setattr(precision, "COUNTS", {"often": (30, 0, 0, 9), "enough": (20, 0, 0, 5)})
    proofs = {"proved": "wrangler", "runs": "workerd", "own": "cflint", "narrow": "workerd"}
    monkeypatch.setattr(precision, "PROOFS", proofs)
    spec = KNOWN["floating-promise"].spec
    error = replace(spec, harm=Severity.ERROR)
    assert [earned(rule, spec) for rule in ("often", "seldom", "runs", "narrow", "proved", "enough")] == [
        *[Severity.NOTE] * 3,
        *[Severity.WARNING] * 3,
    ]
    assert [earned(rule, error) for rule in ("proved", "narrow", "enough", "own")] == [
        *[Severity.WARNING] * 2,
        *[Severity.ERROR] * 2,
    ]
    assert earned("often", replace(error, unread=True)) is Severity.WARNING
    assert earned("enough", replace(spec, harm=Severity.NOTE)) is Severity.NOTE
    monkeypatch.setattr(precision, "COUNTS", {"enough": (15, 5, 0, 5)})
    assert earned("enough", error) is Severity.NOTE
    said = why_quieter("enough", replace(error, severity=Severity.NOTE))
    assert said is not None and said.endswith("speaks as a note: too many of its findings were arguable.")
    said = why_quieter("often", replace(spec, severity=Severity.NOTE))
    assert said is not None and said.endswith("of the 30 findings that were read last 4 were false.")
    assert why_quieter("proved", spec) is None


def test_each_rule_is_as_loud_as_it_has_earned() -> None:
    for id, rule in SPOKEN.items():
        assert rule.spec.severity is earned(id, rule.spec) <= rule.spec.harm is KNOWN[id].spec.severity


def test_what_is_often_false_is_not_recommended() -> None:
    """A note may be left by a maintainer; it may not be false."""
    for id, rule in KNOWN.select(["recommended"]).items():
        read = precision_of(id)
        if read.share is not None:
            assert read.share >= 0.5 or rule.spec.unread, f"{id}, {read.as_text()}: to preview"
        if read.is_enough:
            assert 1 - read.false / read.places >= 0.9, f"{id}, {read.as_text()}: to preview"


SEEN = {
    "workerd": {case.rule for case in test_workerd.ALL},
    "wrangler": {
        "cloudflare-config-invalid",
        *ABOUT_WRANGLER,
        *(one.rule for one in test_deploy.REFUSED),
        *test_deploy.OLDER,
        *test_uploads.RULES,
        *(case.rule for case in test_workerd.ALL if "queueConsumers" in case.more and case.claim),
    },
    "framework": {run.rule for run in test_frameworks.FILES},
    "framework-code": {run.rule for run in test_frameworks.CODE},
    "typescript": {"syntax-error", *test_typescript.REFUSED, *test_typescript.TYPES},
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
                assert KNOWN[rule].group == "meta"
            case _:
                assert rule in SEEN[oracle], row
    assert {row["rule"] for row in SCRIPT["proofs"]()} >= set().union(*SEEN.values())
