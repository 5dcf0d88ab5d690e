"""A run that is interrupted at any moment ends as interrupted: no rule is said to have failed."""

from __future__ import annotations

import os
import random
import signal
from pathlib import Path

import pytest

from cflint.engine import Options, analyse
from cflint.project.files.workspace import Workspace
from tests.support.fixture_cases import KNOWN, cases

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="each run is a process of its own")

RUNS = int(os.environ.get("CFLINT_INTERRUPTS", "20"))

INTERRUPTED, FINISHED, FAILED = 130, 0, 4


def project() -> dict[str, bytes]:
    """A few fixtures as one repository."""
    chosen = cases()[::120]
    return {
        f"{number}/{path}": data for number, case in enumerate(chosen) for path, data in case.files.items()
    }


def run(files: dict[str, bytes], after: float | None) -> tuple[int, float]:
    """Check files with all rules in a child process that is interrupted after some seconds of its processor
    time, which other work on the machine does not stretch: how that ends, and how many seconds it took."""
    child = os.fork()
    if not child:
        code = FAILED
        try:
            signal.signal(signal.SIGINT, signal.default_int_handler)
            signal.signal(signal.SIGPROF, lambda *_: os.kill(os.getpid(), signal.SIGINT))
            try:
                if after is not None:
                    signal.setitimer(signal.ITIMER_PROF, after)
                options = Options(KNOWN.select(["all"]), KNOWN, jobs=1)
                report = analyse(Workspace.in_memory(files), [""], options, Path("/"))
                failed = [finding for finding in report.findings if finding.rule == "internal-error"]
                code = FAILED if failed or report.partial else FINISHED
            except KeyboardInterrupt:
                code = INTERRUPTED
        finally:
            os._exit(code)
    _, status, spent = os.wait4(child, 0)
    return os.waitstatus_to_exitcode(status), spent.ru_utime + spent.ru_stime


def test_interrupts_at_random_moments() -> None:
    files = project()
    assert (
        run(files, None)[0] == FINISHED
    )  # loads the rules' modules for none of the others, but warms the disk
    end, whole = run(files, None)
    assert end == FINISHED
    chance = random.Random(1)
    ends = [run(files, chance.uniform(0.001, whole))[0] for _ in range(RUNS)]
    assert set(ends) <= {INTERRUPTED, FINISHED}
    assert ends.count(INTERRUPTED) > RUNS // 2
