"""The suite runs on a fixed day, so that no test rots: rules about dates ask `cflint.platform.clock`.

Records refuse to be changed, which in a user's run only the type checker does (see `cflint.record`).
What an earlier run found counts only where that is tested: a test may put rules of its own in place of ours.
Modules are compiled once, also where the environment forbids to keep them: hundreds of tests start Python.
Examples of hypothesis have no deadline: a busy machine is no mistake, and what hangs is found by the fuzzer.
They are new ones in every run but in the gate (`--hypothesis-profile=gate`), where a red run is the change's.
What was collected stays until the end: the garbage collector need not look through it again and again.
The processes of a run begin at different places, so that in a fresh clone each compiles a part for all.
"""

import compileall
import gc
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
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
    if config.args == config.getini("testpaths"):
        rooms = sorted(path for given in config.args for path in (config.rootpath / given).glob("[a-z]*"))
        first = len(rooms) * number // count
        config.args[:] = map(str, rooms[first:] + rooms[:first])


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: item.path)


def pytest_collection_finish() -> None:
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
    gc.enable()


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
