"""The page of accuracy is made of the verdicts, and counts them right."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
SCRIPT: dict[str, Any] = runpy.run_path(str(ROOT / "scripts" / "write_accuracy.py"))


def verdict(rule: str, severity: str, word: str, repository: str = "a/b") -> dict[str, str]:
    """A row of verdicts.tsv."""
    row = dict.fromkeys(SCRIPT["VERDICT"], "x")
    return {
        **row,
        "batch": "1",
        "repository": repository,
        "rule": rule,
        "severity": severity,
        "verdict": word,
    }


BATCH = {
    **dict.fromkeys(SCRIPT["BATCH"], ""),
    "batch": "1",
    "date": "2026-11-27",
    "commit": "abc1234",
    "what": "a sample",
    "projects": "3",
    "judge": "a reader",
}


def test_the_page_is_fresh() -> None:
    rows = SCRIPT["rows_of"]
    page = SCRIPT["page"](
        rows("batches.tsv", SCRIPT["BATCH"]),
        rows("verdicts.tsv", SCRIPT["VERDICT"]),
        rows("seen.tsv", SCRIPT["SEEN"]),
        rows("cloudflare_config.tsv", SCRIPT["CONFIG"]),
        rows("after.tsv", SCRIPT["AFTER"]),
    )
    assert page == SCRIPT["TARGET"].read_text(encoding="utf-8"), "run scripts/write_accuracy.py"


def test_verdicts_are_counted_by_severity_and_rule() -> None:
    rows = [verdict("d1-use-batch", "warning", "true"), verdict("d1-use-batch", "warning", "false", "c/d")]
    rows += [verdict("kv-ttl", "warning", "arguable"), verdict("kv-ttl", "error", "true")]
    page = SCRIPT["page"]([{**BATCH, "listed": "9", "found": "4", "found_all": "5"}], rows)
    assert (
        "| 1: a sample | 2026-11-27 | `abc1234` | 3 | 1, 0 (0 %), 0 (0 %) | 3, 1 (33 %), 1 (33 %) | - | "
        "4 of 9, with all rules 5 |"
    ) in page
    assert "| `d1-use-batch` | 2 | 2 | 1 | 0 | 1 | 12 % |" in page
    assert "| `kv-ttl` | 2 | 1 | 1 | 1 | 0 | 25 % |" in page
    assert "- 1: a reader" in page


def test_a_new_batch_changes_no_figure_of_those_before() -> None:
    rows = SCRIPT["rows_of"]("verdicts.tsv", SCRIPT["VERDICT"])
    batches = list(dict.fromkeys(row["batch"] for row in rows))
    assert len(batches) > 3
    before = ""
    for number in range(1, len(batches) + 1):
        page = SCRIPT["by_rule"]([row for row in rows if row["batch"] in batches[:number]])
        assert page.startswith(before)
        before = page


def test_what_is_seen_is_summed() -> None:
    row = {"batch": "1", "kind": "Nuxt", "by_hand": "yes", "remark": ""}
    seen = [
        {**row, "repository": "a/b", "modules": "9", "seen": "9", "wrongly": "1"},
        {**row, "repository": "c/d", "modules": "11", "seen": "10", "wrongly": "0"},
    ]
    page = SCRIPT["page"]([BATCH], [], seen)
    assert "| a/b | Nuxt | 9 | 9 | 1 | yes |" in page
    assert "| **all** | 2 projects | 20 | 19 (95 %) | 1 | |" in page


def test_what_is_left_after_mending_is_no_first_sight() -> None:
    verdicts = [verdict("kv-ttl", "warning", "true"), verdict("kv-ttl", "warning", "false")]
    row = {**verdicts[0], "date": "2026-12-01", "commit": "def5678"}
    later = [row, {**row, "verdict": "unread"}, {**row, "severity": "error", "verdict": "unread"}]
    page = SCRIPT["page"]([BATCH], verdicts, [], [], later)
    assert (
        "| 1 | 2026-12-01 | `def5678` | 0 (0 of 0 true, 0 of 0 arguable, 0 of 0 false); 1 | "
        "1 (1 of 1 true, 0 of 0 arguable, 0 of 1 false); 1 | "
        "0 (0 of 0 true, 0 of 0 arguable, 0 of 0 false); 0 |"
    ) in page
    assert "no first sight" in page
    with pytest.raises(SystemExit, match="not all of these are verdicts"):
        SCRIPT["page"]([BATCH], verdicts, [], [], [{**row, "verdict": "maybe"}])


CONFIG = {"repository": "a/b", "commit": "0123456789ab", "path": "cloudflare.config.ts", "remark": ""}


def test_configurations_are_counted() -> None:
    closed = {**CONFIG, "reading": "closed", "open_because": "", "wrangler": "equal"}
    opened = {**CONFIG, "reading": "open", "open_because": "`x` is a package", "wrangler": "not run"}
    page = SCRIPT["page"]([BATCH], [], [], [closed, closed, opened])
    assert "2 of 3 (67 %)\nare closed" in page
    assert "- 2 are *equal*" in page
    assert "| a/b | `cloudflare.config.ts` at `0123456` | open | not run | `x` is a package |" in page


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"reading": "half"}, "half or equal is none of its words"),
        ({"wrangler": "maybe"}, "closed or maybe is none of its words"),
        ({"open_because": "why"}, "has a reason"),
        ({"reading": "open"}, "has a reason"),
    ],
)
def test_what_is_no_reading_is_refused(row: dict[str, str], message: str) -> None:
    closed = {**CONFIG, "reading": "closed", "open_because": "", "wrangler": "equal"}
    with pytest.raises(SystemExit, match=message):
        SCRIPT["page"]([BATCH], [], [], [{**closed, **row}])


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"verdict": "maybe"}, "maybe or error is none of its words"),
        ({"severity": "fatal"}, "true or fatal is none of its words"),
        ({"batch": "2"}, "there is no batch 2"),
    ],
)
def test_what_is_no_verdict_is_refused(row: dict[str, str], message: str) -> None:
    with pytest.raises(SystemExit, match=message):
        SCRIPT["page"]([BATCH], [{**verdict("a", "error", "true"), **row}])


def test_the_defects_of_a_batch_are_those_that_were_written_down() -> None:
    rows = SCRIPT["rows_of"]
    found: dict[str, list[str]] = {}
    for row in rows("defects.tsv", SCRIPT["DEFECT"]):
        assert row["static"] in ("yes", "no") and row["found"] in ("default", "all", "no"), row
        if row["static"] == "yes":
            found.setdefault(row["batch"], []).append(row["found"])
    for batch in rows("batches.tsv", SCRIPT["BATCH"]):
        if batch["listed"]:
            marks = found.pop(batch["batch"])
            by_default, with_all = marks.count("default"), len(marks) - marks.count("no")
            counts = (int(batch["listed"]), int(batch["found"]), int(batch["found_all"]))
            assert counts == (len(marks), by_default, with_all)
    assert not found
