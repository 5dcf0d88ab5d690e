"""Where the time goes: measured from the inside out, in any number of processes, and only when asked."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cflint.engine import Options, Run
from cflint.engine.profile import Clock, Spent, table
from cflint.finding import Report
from cflint.project.files.workspace import Workspace
from cflint.project.workers.loading import load
from cflint.project.workers.preferences import no_preferences
from tests.support.cli_samples import Cli, project
from tests.support.fixture_cases import KNOWN

CODE = """export default {
  async fetch(request: Request) {
    const [client, server] = Object.values(new WebSocketPair());
    server.accept();
    return new Response(null, { status: 101, webSocket: client });
  },
};
"""


def _ticking(monkeypatch: pytest.MonkeyPatch) -> None:
    """A processor whose time goes on by a second whenever it is asked for."""
    now = iter(range(1000))
    monkeypatch.setattr("cflint.engine.profile.time.process_time", lambda: float(next(now)))


def test_the_time_of_the_inner_is_not_that_of_the_outer(monkeypatch: pytest.MonkeyPatch) -> None:
    _ticking(monkeypatch)
    clock = Clock()
    with clock.around("outer"):
        with clock.around("inner"):
            pass
        with pytest.raises(ValueError, match="a hole"), clock.around("inner"):
            raise ValueError("a hole")
    assert clock.spent.seconds == {"outer": 3.0, "inner": 2.0}
    assert clock.spent.times == {"outer": 1, "inner": 2}


def test_what_other_processes_spent_is_added(monkeypatch: pytest.MonkeyPatch) -> None:
    _ticking(monkeypatch)
    clock = Clock()
    with clock.around("parse"):
        pass
    clock.add(Spent({"parse": 2.0, "rule:a": 0.5}, {"parse": 3, "rule:a": 7}))
    assert clock.spent.seconds == {"parse": 3.0, "rule:a": 0.5}
    assert clock.spent.times == {"parse": 4, "rule:a": 7}
    assert clock.processes == 2


def test_the_table(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    clock.add(
        Spent(
            {"parse": 1.0, "rule:slow": 0.7, "rule:slower": 0.9, "rule:quick": 0.0001},
            {"parse": 3, "rule:slow": 7, "rule:slower": 1, "rule:quick": 2},
        )
    )
    clock.begun("start", 0.4)
    report = Report((), {}, (), 0, 0, Path(), Path())
    assert table(clock, report, 2.0).splitlines() == [
        "phase          ms  share",
        "start       400.0  13.3%",
        "parse      1000.0  33.3%",
        "run rules  1600.1  53.3%",
        "",
        "rule                        ms  share  runs  findings",
        "slower                   900.0  30.0%     1         0",
        "slow                     700.0  23.3%     7         0",
        "1 more, each below 1 ms    0.1   0.0%     2         0",
        "",
        "3000 ms of work in 2 processes, 2000 ms from start to end",
    ]


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_profile_tells_on_stderr_and_changes_no_report(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsysbinary: pytest.CaptureFixture[bytes],
    jobs: str,
) -> None:
    (tmp_path / ".git").mkdir()
    project(tmp_path / "a", CODE)
    project(tmp_path / "b", CODE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("cflint.engine.plan.PARALLEL_BYTES", 0)
    monkeypatch.setattr("cflint.engine.plan.CONFIG_BYTES", 0)
    cli = Cli(capsysbinary)
    plain = cli("check", "--output-format", "json", "-j", jobs)
    told = cli("check", "--output-format", "json", "-j", jobs, "--profile")
    assert (told.code, told.out) == (plain.code, plain.out)
    assert plain.err == ""
    for phase in (
        "start",
        "find the project",
        "parse",
        "run rules",
        "apply suppressions and sort",
        "write the report",
    ):
        assert re.search(rf"^{phase} +\d+\.\d +\d+\.\d%$", told.err, re.MULTILINE), told.err
    processes = "1 process" if jobs == "1" else "2 processes"
    assert re.search(rf"^\d+ ms of work in {processes}, \d+ ms from start to end$", told.err, re.MULTILINE)
    asked = sum(int(row) for row in re.findall(r"% +(\d+) +\d+$", told.err, re.MULTILINE))
    assert asked > 20


def test_nothing_is_measured_unless_asked() -> None:
    files = {"wrangler.json": b'{"name": "a", "main": "a.ts"}', "a.ts": CODE.encode()}
    loaded = load(Workspace.in_memory(files), ("",), preferences=no_preferences)
    trees, facts = loaded.project.trees, loaded.project.facts
    before = trees.read, facts.take
    run = Run(loaded, Options(KNOWN, KNOWN))
    assert (trees.read, facts.take) == before
    assert run._runner.check == run._runner.check_plainly
