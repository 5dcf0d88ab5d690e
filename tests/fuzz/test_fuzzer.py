"""The fuzzer: what once broke something stays whole, and a fault is caught, told and written down."""

from __future__ import annotations

import hashlib
import os
import random
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.fuzz import engines, run
from tests.fuzz.target import Broken, Slow, Target, kept, pack, unpack
from tests.fuzz.targets import TARGETS

KEPT = [(name, path) for name in TARGETS for path, _ in kept(name)]


@pytest.mark.parametrize(("name", "path"), KEPT, ids=[f"{name}-{path.name}" for name, path in KEPT])
def test_kept_inputs(name: str, path: Path) -> None:
    needs(name)
    target = TARGETS[name]
    data = path.read_bytes()
    assert len(data) <= target.limit
    target.check(data)


def test_every_kept_input_is_of_a_target() -> None:
    folders = {
        path.name
        for kind in ("corpus", "regressions")
        for path in (Path(run.__file__).parent / kind).glob("*")
    }
    assert folders <= set(TARGETS)


@pytest.mark.parametrize("name", TARGETS)
def test_a_few_inputs_of_every_target(name: str) -> None:
    needs(name)
    told = Told()
    runner = engines.Runner(TARGETS[name], None, told)
    seeds = engines.starting(TARGETS[name], [], random.Random(7), 4)
    engines.mutate(runner, seeds, 7, runs=15)
    assert (told, runner.number) == ([], 15)


class Told(list[tuple[bytes, BaseException]]):
    """What was found; the run goes on."""

    def __call__(self, data: bytes, error: BaseException) -> bool:
        self.append((data, error))
        return True


def stop(data: bytes, error: BaseException) -> bool:
    return False


def needs(name: str) -> None:
    if name == "gitignore" and shutil.which("git") is None:
        pytest.skip("git is the judge")


def check_for_fun(data: bytes) -> list[str]:
    if b"boom" in data:
        raise LookupError("it is gone")
    if b"slow" in data:
        at = time.process_time()
        while time.process_time() - at < 0.02:
            pass
    return [str(len(data) % 7)]


FUN = Target(
    "fun", check_for_fun, lambda: iter([b"abc\ndef"]), lambda path, data: data, (b"bo", b"om"), 50, 0.01
)


def test_a_fault_is_told_and_made_small() -> None:
    told = Told()
    runner = engines.Runner(FUN, None, told)
    assert runner.run(b"fine") is True
    assert runner.run(b"fine") is False
    runner.run(b"xx boom xx")
    runner.run(b"slow")
    (data, error), (_, slow) = told
    assert isinstance(error, LookupError) and isinstance(slow, Slow)
    assert engines.minimised(FUN, data) == b"boom"
    assert engines.minimised(FUN, b"fine") == b"fine"
    with pytest.raises(SystemExit):
        engines.Runner(FUN, None, stop).run(b"boom")


def test_inputs_depend_on_the_seed_alone() -> None:
    def digest(seed: int) -> str:
        hashed = hashlib.sha256()

        def check(data: bytes) -> list[str]:
            hashed.update(data)
            return [str(len(data))]

        target = Target("seen", check, FUN.seeds, FUN.wrap, FUN.words, 50)
        runner = engines.Runner(target, None, stop)
        engines.mutate(runner, [b"abc\ndef"], seed, runs=300)
        return hashed.hexdigest()

    assert digest(1) == digest(1) != digest(2)


def test_mutations_find_what_takes_two_words() -> None:
    told = Told()
    runner = engines.Runner(FUN, None, told)
    engines.mutate(runner, [b"abc\ndef"], 3, runs=20_000)
    assert any(b"boom" in data for data, _ in told)


CHILD = """\
import sys, time
from pathlib import Path
from tests.fuzz.engines import Page
page = Page(Path(sys.argv[1]))
page.begin(3, b"the input")
{}
"""


@pytest.mark.parametrize(
    ("body", "code"), [("while True: pass", None), ("import os; os.abort()", -6), ("page.end(3)", 0)]
)
def test_the_input_is_known_when_the_process_hangs_or_dies(
    tmp_path: Path, body: str, code: int | None
) -> None:
    path = tmp_path / "page"
    engines.Page.make(path)
    page = engines.Page(path)
    folder = Path(run.__file__).resolve().parents[2]
    process = subprocess.Popen(
        [sys.executable, "-c", CHILD.format(body), str(path)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(folder), *sys.path])},
        stderr=subprocess.DEVNULL,
    )
    found = run._wait(process, page, 1.0)
    assert found == code if os.name == "posix" else (found is None) == (code is None)
    number, since, data = page.read()
    assert number == 3
    assert (since == 0) == (code == 0)
    if code != 0:
        assert data == b"the input"


def test_projects_are_packed_and_unpacked() -> None:
    files = {"wrangler.toml": b"a = 1\n", "src/x y.ts": b"-- a\n--b --\n", "empty": b""}
    assert unpack(pack(files)) == files
    assert unpack(b"no header") == {}


def test_signatures_tell_faults_apart() -> None:
    assert engines.signature(Broken("at 12: 'x'")) == engines.signature(Broken("at 7: 'y'"))
    assert engines.signature(Broken("a")) != engines.signature(Broken("b"))
