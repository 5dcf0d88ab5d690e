"""A run that is interrupted at any moment ends as interrupted: no rule is said to have failed."""

from __future__ import annotations

import os
import random
import signal
from pathlib import Path

import libcst as cst
import pytest

from cflint.engine import Options, analyse
from cflint.engine.interrupts import interrupt_behind
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
            except Exception as error:  # as the command line takes it
                code = INTERRUPTED if interrupt_behind(error) is not None else FAILED
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


def test_an_interrupt_that_a_library_made_an_error_of_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Around a function libcst looks for the span of its body, also when it was interrupted before that."""

    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(cst.Parameters, "_codegen_impl", interrupted)
    code = b"import asyncio\n\n\ndef later(env):\n    return undefined(env)\n"
    options = Options(KNOWN.select(["all"]), KNOWN, jobs=1)
    files = {"wrangler.toml": b'name = "w"\nmain = "entry.py"\n', "entry.py": code}
    with pytest.raises(KeyboardInterrupt):
        analyse(Workspace.in_memory(files), [""], options, Path("/"))


def test_an_error_after_which_no_interrupt_stands_is_one() -> None:
    error = KeyError("a")
    error.__context__ = ValueError("b")
    error.__context__.__cause__ = error
    assert interrupt_behind(error) is None
