"""The suite runs on a fixed day, so that no test rots: rules about dates ask `cflint.platform.clock`.

Records refuse to be changed, which in a user's run only the type checker does (see `cflint.record`).
What an earlier run found counts only where that is tested: a test may put rules of its own in place of ours.
Modules are compiled once, also where the environment forbids to keep them: hundreds of tests start Python.
Examples of hypothesis have no deadline: a busy machine is no mistake, and what hangs is found by the fuzzer.
They are new ones in every run but in the gate (`--hypothesis-profile=gate`), where a red run is the change's.
What was collected stays until the end: the garbage collector need not look through it again and again.
The processes of a run begin at different places, so that in a fresh clone each compiles a part for all.
What they tell the process that counts is what it needs: most tests take less time than six messages do.
"""

import compileall
import contextlib
import faulthandler
import gc
import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from _pytest.runner import runtestprotocol
from hypothesis import settings

os.environ["CFLINT_TODAY"] = "2026-09-01"
os.environ["CFLINT_NO_CACHE"] = "1"
os.environ["CFLINT_FROZEN"] = "1"
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

pytest.register_assert_rewrite("tests.support")

settings.register_profile("cflint", deadline=None)
settings.register_profile("gate", deadline=None, derandomize=True)
settings.load_profile("cflint")

HANGS = 300
"""Seconds after which a test counts as one that hangs. Its process prints the stacks of all threads and ends,
also where foreign code holds the interpreter; xdist starts another one and goes on."""

AGAIN = 10
"""Seconds for which one alarm serves the tests that begin: a thread for each takes longer than most tests."""

WAIT = ("tests/lsp/", "tests/fleet/", "tests/doors/test_benchmarks.py")
"""What mostly waits for other processes, and comes first: one of the suite's waits while the others compute,
and none is left to wait for at the end."""

TOLD = 0.01
"""Seconds from which on `--durations` gets to know of what a test set up or left behind."""


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """How many processes `-n auto`, the default, starts: none for files, tests, for `-k` and for `-s`,
    where starting them takes longer than it saves or hides what is printed; else half as many again as there
    are cores: a third of the suite's time is waiting, for the pauses of servers and for other programs."""
    files = (Path(str(config.invocation_params.dir), given.partition("::")[0]) for given in config.args)
    alone = config.option.keyword or config.option.capture == "no" or all(file.is_file() for file in files)
    if alone:
        return 0
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(2, cores * 3 // 2)


def _place(config: pytest.Config) -> tuple[int, int]:
    """Which one of how many processes of pytest-xdist this is, from 0."""
    given = getattr(config, "workerinput", None) or {"workerid": "gw0", "workercount": 1}
    return int(given["workerid"].removeprefix("gw")), given["workercount"]


def pytest_sessionstart(session: pytest.Session) -> None:
    """Compile a part of what all import, and begin with other tests than the other processes do, since these
    are compiled when they are collected."""
    gc.disable()
    config = session.config
    number, count = _place(config)
    if count == 1:
        return
    for folder in ("src", "rules"):
        for path in sorted((config.rootpath / folder).rglob("*.py"))[number::count]:
            compileall.compile_file(path, quiet=2)
            _read_constants(path)
    if config.args == config.getini("testpaths"):
        rooms = sorted(path for given in config.args for path in (config.rootpath / given).glob("[a-z]*"))
        first = len(rooms) * number // count
        config.args[:] = map(str, rooms[first:] + rooms[:first])


def _read_constants(path: Path) -> None:
    """Have hypothesis keep the constants of a module, which each process looks for when it has collected."""
    with contextlib.suppress(ImportError):  # older ones do not look for any
        from hypothesis.internal.constants_ast import constants_from_module

        module = ModuleType(path.stem)
        module.__file__ = str(path)
        constants_from_module(module)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: (not item.nodeid.startswith(WAIT), item.path))


def pytest_collection_finish() -> None:
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
    gc.enable()


_alarm = -float(AGAIN)
"""When the alarm was set."""

_terminal = 2
"""What the stacks are printed to: what a test prints is kept from the terminal."""


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> bool | None:
    """Set the alarm; in a process of pytest-xdist, tell of a test what it came to, and of what is around it
    only what is worth a line. A report for CI wants it all."""
    global _alarm
    if time.monotonic() - _alarm >= AGAIN:
        _alarm = time.monotonic()
        faulthandler.dump_traceback_later(HANGS + AGAIN, exit=True, file=_terminal)
    if not hasattr(item.config, "workerinput") or getattr(item.config.option, "xmlpath", None):
        return None
    for report in runtestprotocol(item, log=False, nextitem=nextitem):
        if report.when == "call" or not report.passed or report.duration >= TOLD:
            item.ihook.pytest_runtest_logreport(report=report)
    return True


def pytest_configure() -> None:
    global _terminal
    _terminal = os.dup(2)


def pytest_exception_interact() -> None:
    global _alarm
    _alarm = -float(AGAIN)  # pytest has taken it back


def pytest_enter_pdb() -> None:
    pytest_exception_interact()


def pytest_unconfigure() -> None:
    faulthandler.cancel_dump_traceback_later()


@pytest.fixture
def signals_arrive() -> Iterator[None]:
    """Undo what whoever runs the tests ignores (`nohup`, a shell's `&`), which processes hand on."""
    numbers = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
    ignored = [number for number in numbers if signal.getsignal(number) is signal.SIG_IGN]
    for number in ignored:
        signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
    yield
    for number in ignored:
        signal.signal(number, signal.SIG_IGN)
