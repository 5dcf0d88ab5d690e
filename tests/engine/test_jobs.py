"""What is said does not depend on how many processes say it, nor on whether there can be more than one."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cflint.engine import Options, analyse
from cflint.project.files.workspace import Workspace
from tests.support.cli_samples import Cli
from tests.support.fixture_cases import KNOWN, cases
from tests.support.paths import FIXTURES

Check = Callable[..., str]
"""What `cflint check` writes to stdout."""


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One repository of a thirtieth of all fixtures."""
    root: Path = tmp_path_factory.mktemp("repository")
    (root / ".git").mkdir()
    for case in cases()[::30]:
        shutil.copytree(case.folder, root / case.folder.relative_to(FIXTURES), dirs_exist_ok=True)
    return root


@pytest.fixture
def check(
    repository: Path, monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]
) -> Check:
    """Runs the program on the repository, here; it takes several processes however little there is to do.
    There are findings."""
    monkeypatch.chdir(repository)
    monkeypatch.delenv("CFLINT_NO_CACHE", raising=False)
    monkeypatch.setattr("cflint.engine.plan.PARALLEL_BYTES", 0)
    cli = Cli(capsysbinary)

    def checked(*arguments: str) -> str:
        outcome = cli("check", "--isolated", "--quiet", "--preset", "all", "--fail-on", "note", *arguments)
        assert (outcome.code, outcome.err) == (1, "")
        return outcome.out

    return checked


_ALONE: dict[Path, str] = {}


@pytest.fixture
def alone(repository: Path, check: Check, forks: list[int]) -> str:
    """What one process says, which is asked once."""
    if repository not in _ALONE:
        said = check("--no-cache", "--output-format", "json", "--jobs", "1")
        assert said.count('"rule"') > 50
        assert forks == []
        _ALONE[repository] = said
    return _ALONE[repository]


@pytest.mark.parametrize("jobs", [2, 3, 8])
def test_any_number_of_processes_says_the_same(check: Check, alone: str, forks: list[int], jobs: int) -> None:
    assert check("--no-cache", "--output-format", "json", "--jobs", str(jobs)) == alone
    assert len(forks) == jobs - 1


def test_where_processes_cannot_be_forked_the_same_is_said(
    check: Check, alone: str, forks: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on Windows."""
    monkeypatch.setenv("CFLINT_NO_FORK", "1")
    assert check("--no-cache", "--output-format", "json", "--jobs", "8") == alone
    assert forks == []


def test_a_cache_of_many_processes_serves_one(check: Check, alone: str, tmp_path: Path) -> None:
    given = ("--cache-dir", str(tmp_path), "--output-format", "json", "--jobs")
    assert [check(*given, jobs) for jobs in ("3", "1", "8")] == [alone] * 3


@pytest.mark.parametrize("form", ["text", "sarif"])
def test_every_format_is_the_same(repository: Path, check: Check, form: str) -> None:
    part = [name for name in ("websockets", "migrations", "python-workers") if (repository / name).is_dir()]
    given = (*part, "--no-cache", "--output-format", form, "--jobs")
    assert check(*given, "3") == check(*given, "1")


# -- no more processes than there is work --------------------------------------------------------------


@pytest.fixture
def forks(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """The processes that are started."""
    started: list[int] = []
    fork = os.fork

    def counted() -> int:
        pid = fork()
        if pid:
            started.append(pid)
        return pid

    monkeypatch.setattr(os, "fork", counted)
    yield started
    for pid in started:
        with pytest.raises(ChildProcessError):  # nobody is left to wait for
            os.waitpid(pid, os.WNOHANG)


def worker(modules: int) -> dict[str, bytes]:
    names = [f"part{number}" for number in range(modules - 1)]
    imports = "".join(f'export {{ {name} }} from "./{name}";\n' for name in names)
    parts = {f"src/{name}.ts": f"export const {name} = () => console.log(env);\n".encode() for name in names}
    config = b'{ "name": "many", "main": "src/index.ts", "compatibility_date": "2026-08-01" }'
    return {"wrangler.jsonc": config, "src/index.ts": f"{imports}export default {{}};\n".encode(), **parts}


def analysed(files: dict[str, bytes], jobs: int) -> int:
    options = Options(KNOWN.select(["recommended"]), KNOWN, jobs=jobs)
    return len(analyse(Workspace.in_memory(files), [""], options, Path("/")).findings)


def test_little_work_is_done_by_one_process(forks: list[int]) -> None:
    assert analysed(worker(20), 8) == analysed(worker(20), 1)
    assert forks == []


@pytest.mark.parametrize(("modules", "jobs"), [(1, 8), (2, 8), (5, 3), (40, 2)])
def test_no_process_is_started_without_work(
    forks: list[int], monkeypatch: pytest.MonkeyPatch, modules: int, jobs: int
) -> None:
    monkeypatch.setattr("cflint.engine.plan.PARALLEL_BYTES", 0)
    found = analysed(worker(modules), jobs)
    assert len(forks) <= min(jobs - 1, modules)
    forked = len(forks)
    assert found == analysed(worker(modules), 1)
    assert len(forks) == forked


def test_nothing_is_forked_where_that_is_switched_off(
    forks: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cflint.engine.plan.PARALLEL_BYTES", 0)
    monkeypatch.setenv("CFLINT_NO_FORK", "1")
    assert analysed(worker(10), 4) > 0
    assert forks == []


def test_nothing_is_forked_where_the_system_cannot(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cflint.engine.plan.PARALLEL_BYTES", 0)
    monkeypatch.delattr(os, "fork")
    assert analysed(worker(10), 4) > 0
