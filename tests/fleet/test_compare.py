"""Two sweeps: what differs between them, what the questions are answered, and the script that compares two
commits of cflint."""

from __future__ import annotations

import json
import os
import re
import runpy
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest.mock import Mock

import pytest

from cflint.cli import run
from cflint.fleet.compare import compare
from cflint.fleet.journal import JournalError
from cflint.fleet.questions import QUESTIONS, TREND, ask
from tests.fleet.test_sweep import lines, sweep
from tests.support.fleet import bare, fleet, worker, write
from tests.support.paths import ROOT

if TYPE_CHECKING:
    from distributed import Client

Capture = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def sweeps(client: Client, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A sweep of a fleet, and one after some of it has changed."""
    root = tmp_path_factory.mktemp("two")
    names = fleet(root / "all")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root / "all")
        sweep(client, root / "old", names)
        mended = worker("cron", "2026-08-01")
        mended["src/index.js"] = "\n\n" + mended["src/index.js"].replace("env.CACHE", "await env.CACHE")
        bare(root / "all" / "cron.git", mended)
        plain = worker("plain")["src/index.js"]
        write(root / "all" / "plain", {"src/index.js": f"// a line more\n{plain}"})
        write(root / "all" / "new", worker("new"))
        (root / "all" / "docs.git" / "refs" / "heads" / "main").unlink()
        sweep(client, root / "new", sorted([*names, "new"]))
    return root / "old", root / "new"


def test_what_differs_between_two_sweeps(sweeps: tuple[Path, Path]) -> None:
    found = compare(*sweeps)
    assert (found.before, found.after) == tuple(len(lines(one / "findings.jsonl")) for one in sweeps)
    gone = [it for it in found.differences if it.sign == "-"]
    assert {it.rule for it in gone} == {"binding-floating-promise", "compat-date-stale"}
    assert all(it.where.startswith("cron.git/") for it in gone)
    new = [it for it in found.differences if it.sign == "+"]
    assert new and all(it.where.startswith("new/") for it in new), "lines that moved are nothing new"
    ends = [it.where for it in found.differences if not it.rule]
    assert ends[0].startswith("docs.git: no-workers, now unreadable (")
    assert ends[1:] == ["new: not there, now checked"]
    assert compare(sweeps[0], sweeps[0]).differences == ()


def test_the_command_shows_it(sweeps: tuple[Path, Path], capfd: Capture) -> None:
    assert run(["sweep", "compare", *map(str, sweeps)]) == 1
    shown = capfd.readouterr().out
    assert "binding-floating-promise\n" in shown and "(how it ended)\n  ~  end  " in shown
    assert re.search(r"^  -  warning  cron\.git/src/index\.js:3: ", shown, re.MULTILINE)
    assert run(["sweep", "compare", str(sweeps[0]), str(sweeps[0])]) == 0
    assert capfd.readouterr().out.endswith(" after, 0 differences\n")
    assert run(["sweep", "compare", *map(str, sweeps), "--output-format", "json"]) == 1
    assert {row["sign"] for row in json.loads(capfd.readouterr().out)["differences"]} == {"+", "-", "~"}
    assert run(["sweep", "compare", str(sweeps[0]), str(sweeps[0].parent)]) == 2
    assert "is it the folder of a sweep?" in capfd.readouterr().err


def test_the_questions_are_answered(sweeps: tuple[Path, Path]) -> None:
    pytest.importorskip("duckdb", reason="the extra `sweep-report` is not installed")
    old, new = sweeps
    found = {it.name: it for it in ask(old, [*QUESTIONS], None, None).answers}
    assert list(found) == list(QUESTIONS) and len(found) == 10
    dates = [dict(zip(found["dates"].columns, row, strict=True)) for row in found["dates"].rows]
    assert [(row["date"], row["repository"]) for row in dates] == [
        (date(2022, 3, 4), "cron.git"),
        (date(2025, 1, 1), "plain"),
        (date(2025, 1, 1), "shop-fork.git"),
        (date(2025, 1, 1), "shop.git"),
    ]
    assert dates[-1]["owners"] == "@shop"
    (later,) = ask(old, ["dates"], date(2023, 1, 1), None).answers
    assert [row[1] for row in later.rows] == ["cron.git"] and "2023-01-01" in later.title
    findings = lines(old / "findings.jsonl")
    rules = {row[0]: row[3:5] for row in found["rules"].rows}
    assert sum(count for count, _ in rules.values()) == len(findings)
    assert rules["binding-floating-promise"] == (4, 4)
    assert {row[0] for row in found["owners"].rows} == {"(nobody)", "@shop", "@code", "@more"}
    assert found["bindings"].rows[0][:3] == ("kv", 4, 4)
    assert found["flags"].rows == [("nodejs_compat", 4, 4, date(2022, 3, 4), date(2025, 1, 1))]
    assert found["classes"].rows == [("legacy-kv", 2, 2, "Room")]
    assert ("kv", "a" * 32, 4) in [row[:3] for row in found["shared"].rows]
    assert {row[1] for row in found["unread"].rows} == {"damaged.git", "empty", "mistaken.git"}
    worst = [(int(row[3]), int(row[4])) for row in found["repositories"].rows]  # errors and warnings
    assert worst[0][1] > 0 and worst == sorted(worst, reverse=True)
    (trend,) = ask(new, [TREND.name], None, old).answers
    changed = {row[0]: row[1:] for row in trend.rows}
    assert changed["binding-floating-promise"] == (4, 3, 0, 1)
    assert changed["compat-date-stale"][3] == 1, "what a new repository has is no trend"


@pytest.mark.parametrize("format", ["text", "json", "html"])
def test_the_answers_are_shown(
    format: str, sweeps: tuple[Path, Path], tmp_path: Path, capfd: Capture
) -> None:
    pytest.importorskip("duckdb", reason="the extra `sweep-report` is not installed")
    old, new = map(str, sweeps)
    assert run(["sweep", "report", new, "--against", old, "--output-format", format]) == 0
    shown = capfd.readouterr().out
    for name in ("trend", *QUESTIONS):
        assert {"text": f"\n{name}: ", "json": f'"{name}": [', "html": f'<details id="{name}"'}[
            format
        ] in f"\n{shown}"
    assert "binding-floating-promise" in shown
    if format == "html":
        assert "default-src 'none'" in shown and "<script" not in shown
    assert run(["sweep", "report", new, "--question", "rules", "--output-file", str(tmp_path / "r")]) == 0
    assert (tmp_path / "r").read_text().startswith("rules: ")


def test_no_name_is_markup(
    client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: Capture
) -> None:
    pytest.importorskip("duckdb", reason="the extra `sweep-report` is not installed")
    name = "<img src=x onerror=alert(1)>"
    write(tmp_path / name, worker(name))
    monkeypatch.chdir(tmp_path)
    sweep(client, tmp_path / "out", [name])
    assert run(["sweep", "report", "out", "--output-format", "html"]) == 0
    shown = capfd.readouterr().out
    assert "<img" not in shown and "&lt;img src=x" in shown


def test_a_sweep_that_goes_on_answers_nothing(
    client: Client,
    embedded: list[Any],
    sweeps: tuple[Path, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: Capture,
) -> None:
    pytest.importorskip("duckdb", reason="the extra `sweep-report` is not installed")
    write(tmp_path / "shop", worker("shop"))
    monkeypatch.chdir(tmp_path)
    command, report = ["sweep", "shop", "--output", "out", "-q"], ["sweep", "report", "--question", "rules"]
    assert run(command) == 0 and run([*report, "out"]) == 0
    for more in ([], ["--again"]):
        with monkeypatch.context() as patch:
            patch.setattr("cflint.fleet.sweep.Sweep.run", Mock(side_effect=JournalError("ended")))
            assert run([*command, *more]) == 2
        capfd.readouterr()
        for asked in (["out"], [str(sweeps[0]), "--against", "out"]):
            assert run([*report, *asked]) == 2
            assert "out: the sweep has not come to its end" in capfd.readouterr().err
        assert run(command) == 0 and run([*report, "out"]) == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nowhere"], "there is no sweep in nowhere"),
        (["OLD", "--question", "who"], "there is no question `who`"),
        (["OLD", "--question", "trend"], "there is no question `trend`"),
        (["OLD", "--before", "soon"], "`--before` takes a date"),
        (["OLD", "--against", "nowhere"], "repositories.parquet is not there"),
    ],
)
def test_mistakes_are_said(
    arguments: list[str], message: str, sweeps: tuple[Path, Path], capfd: Capture
) -> None:
    pytest.importorskip("duckdb", reason="the extra `sweep-report` is not installed")
    assert run(["sweep", "report", *(str(sweeps[0]) if it == "OLD" else it for it in arguments)]) == 2
    assert message in capfd.readouterr().err


def test_the_files_as_they_are_equal_themselves(
    embedded: list[Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: Capture
) -> None:
    script = runpy.run_path(str(ROOT / "scripts" / "ecosystem.py"))
    write(tmp_path / "checkouts" / "shop", worker("shop"))
    monkeypatch.setitem(script["main"].__globals__, "KEPT", tmp_path / "kept")
    start = subprocess.run

    def here(command: list[str], **options: Any) -> Any:
        """Run cflint in this process, where a cluster is; start anything else."""
        if "sweep" not in command:
            return start(command, **options)
        paths = options["env"]["PYTHONPATH"].split(os.pathsep)
        assert paths == [str(ROOT / "src"), str(ROOT / "rules")]
        return Mock(returncode=run(command[command.index("sweep") :]))

    monkeypatch.setattr(subprocess, "run", here)
    monkeypatch.setattr(sys, "argv", ["ecosystem.py", ".", ".", str(tmp_path / "checkouts")])
    assert script["main"]() == 0
    shown = capfd.readouterr()
    before, after, differences = [int(word) for word in shown.out.split() if word.isdigit()]
    assert before == after > 0 and differences == 0
    assert "1 content, 1 known before" in shown.err, "what was found is kept"
