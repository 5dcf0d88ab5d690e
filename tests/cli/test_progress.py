"""The line that shows how far a check is: on a terminal, and nowhere else."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.cli.test_process import environment
from tests.support.cli_samples import project

SLOW = """\
import sys, time
from types import ModuleType
from cflint.engine import plan
from cflint.cli import progress
from cflint.api import Severity, call, rule
from cflint.rule import Rule, RuleSet

@rule(call("slow"), severity=Severity.NOTE)
def check(match):
    time.sleep(0.05)
    yield __import__("cflint.api").api.Finding("slow() is slow", match.at())

plan.PARALLEL_BYTES = 0
progress.PATIENCE = 0.1
module = ModuleType("slow")
module.check = check
rules = RuleSet([Rule("slow", "slow", check.spec, lambda: module)])
RuleSet.discover = classmethod(lambda cls, **_: rules)
from cflint.cli import main
main()
"""


class Terminal:
    """A check whose stderr, and stdout unless `out` is given, is a terminal; `seen` is what it was sent."""

    def __init__(
        self,
        folder: Path,
        *arguments: str,
        out: int | None = None,
        variables: Mapping[str, str] | None = None,
    ) -> None:
        import fcntl
        import struct
        import termios

        self._mine, theirs = os.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 60, 0, 0))
        self.process = subprocess.Popen(
            [sys.executable, "-c", SLOW, "check", "--no-cache", *arguments],
            cwd=folder,
            env=environment({"TERM": "xterm", "NO_COLOR": "1", **(variables or {})}),
            stdin=subprocess.DEVNULL,
            stdout=theirs if out is None else out,
            stderr=theirs,
            start_new_session=True,
        )
        os.close(theirs)
        self.seen = ""

    def read(self) -> bool:
        """Read what was sent; False when the process has closed the terminal."""
        try:
            data = os.read(self._mine, 65536)
        except OSError:
            return False
        self.seen += data.decode()
        return bool(data)

    def ended(self) -> int:
        """The exit code, when all is read."""
        while self.read():
            pass
        os.close(self._mine)
        return self.process.wait(60)


def screen(sent: str) -> str:
    """What stands on a terminal that was sent a text; of control characters it knows CR and LF."""
    rows = []
    for line in sent.replace("\r\n", "\n").split("\n"):
        row = ""
        for part in line.split("\r"):
            row = part + row[len(part) :]
        rows.append(row.rstrip())
    return "\n".join(rows)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    pytest.importorskip("termios")
    project(tmp_path)
    for name in ("a", "b", "c", "d"):
        (tmp_path / "src" / f"{name}.ts").write_text("slow();\nslow();\n")
    (tmp_path / "src" / "index.ts").write_text(
        'import "./a"; import "./b"; import "./c"; import "./d";\nexport default {};\nslow();\n'
    )
    return tmp_path


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_it_is_there_and_gone_at_the_end(folder: Path, jobs: str) -> None:
    terminal = Terminal(folder, "-j", jobs)
    assert terminal.ended() == 0
    assert "\rChecked 0 of 1 Worker, " in terminal.seen
    shown = screen(terminal.seen)
    assert shown.startswith("note[slow]: slow() is slow\n")
    assert "of 1 Worker, " not in shown
    assert shown.count("note[slow]") == 9


def test_stdout_has_the_findings_alone(folder: Path) -> None:
    reading, writing = os.pipe()
    terminal = Terminal(folder, "-j", "2", "--output-format", "concise", out=writing)
    os.close(writing)
    assert terminal.ended() == 0
    with os.fdopen(reading, "rb") as stream:
        assert stream.read().decode().count("note[slow]") == 9
    assert "Checked 0 of 1 Worker" in terminal.seen
    assert screen(terminal.seen) == ""


@pytest.mark.parametrize(
    ("arguments", "variables"), [(("-q",), {}), ((), {"CI": "true"}), ((), {"TERM": "dumb"})]
)
def test_it_is_not_there_where_nobody_wants_it(
    folder: Path, arguments: tuple[str, ...], variables: dict[str, str]
) -> None:
    terminal = Terminal(folder, "-j", "1", *arguments, variables=variables)
    assert terminal.ended() == 0
    assert "of 1 Worker, " not in terminal.seen
    assert "\r" not in terminal.seen.replace("\r\n", "")


@pytest.mark.usefixtures("signals_arrive")
@pytest.mark.parametrize("jobs", ["1", "2"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_is_gone_when_the_check_is_interrupted(folder: Path, jobs: str, number: signal.Signals) -> None:
    (folder / "src" / "index.ts").write_text('import "./a";\n' + "slow();\n" * 400)
    terminal = Terminal(folder, "-j", jobs)
    deadline = time.monotonic() + 60
    while "Checked" not in terminal.seen and time.monotonic() < deadline and terminal.read():
        pass
    os.killpg(terminal.process.pid, number)
    assert terminal.ended() == 128 + number
    assert screen(terminal.seen) == ""
