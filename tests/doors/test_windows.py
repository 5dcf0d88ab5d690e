"""What differs on Windows and can be seen elsewhere: ends of lines, separators and drives in paths, pipes."""

from __future__ import annotations

import errno
import ntpath
import os
import sys
from collections.abc import Mapping
from pathlib import Path, PureWindowsPath
from types import SimpleNamespace
from typing import Any

import pytest

from cflint import cli
from cflint.engine import plan
from cflint.engine.parsing import parses_worse
from cflint.finding import Finding, Location, Report, Safety, Severity
from cflint.fixer import converge
from cflint.project.files import disk as disks
from cflint.project.files import workspace as workspaces
from cflint.project.files.workspace import Workspace
from cflint.report import escape
from cflint.source import Document, Span
from tests.support.fixture_cases import KNOWN, Case, cases, run, with_crlf

CASES = cases()
GROUPS = sorted({case.name.split("/")[0] for case in CASES})


# -- ends of lines ------------------------------------------------------------------------------------

# That they change no finding is part of what holds for each case: tests/rules/test_fixtures.py.


def fixed(case: Case, files: Mapping[str, bytes]) -> dict[str, bytes]:
    rules = KNOWN.select(["recommended", case.rule])
    result = converge(
        lambda overlay: run({**files, **overlay}, rules), Safety.UNSAFE, parses_worse=parses_worse
    )
    return {change.path: change.after for change in result.changes}


@pytest.mark.parametrize("group", GROUPS)
def test_fixes_end_their_lines_as_the_file_does(group: str) -> None:
    for case in [case for case in CASES if case.name.startswith(f"{group}/") and case.fixed][::3]:
        assert fixed(case, with_crlf(case.files)) == with_crlf(case.fixed), case.name


# -- paths --------------------------------------------------------------------------------------------


@pytest.fixture
def on_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Paths are those of Windows where a workspace takes them, and where a report shows them."""
    names = {name: getattr(os, name) for name in dir(os)}
    windows = SimpleNamespace(**{**names, "path": ntpath, "sep": "\\"})
    for module in (workspaces, disks, escape):
        monkeypatch.setattr(module, "os", windows)
    monkeypatch.setattr(workspaces, "Path", PureWindowsPath)


ROOT = "C:\\Users\\ann\\app"


@pytest.mark.usefixtures("on_windows")
@pytest.mark.parametrize(
    ("path", "inside"),
    [
        ("C:\\Users\\ann\\app\\src\\index.ts", "src/index.ts"),
        ("C:/Users/ann/app/src/index.ts", "src/index.ts"),
        ("C:\\Users\\ann\\app\\src\\..\\wrangler.jsonc", "wrangler.jsonc"),
        ("C:\\Users\\ann\\app", ""),
        ("C:\\Users\\ann\\app\\", ""),
        ("C:\\Users\\ann\\apple\\index.ts", None),
        ("C:\\Users\\ann", None),
        ("D:\\Users\\ann\\app\\src\\index.ts", None),
        ("\\\\server\\share\\app\\index.ts", None),
    ],
)
def test_a_path_of_the_system_is_one_of_the_workspace(path: str, inside: str | None) -> None:
    assert Workspace(ROOT).relative(path) == inside


@pytest.mark.usefixtures("on_windows")
def test_a_path_of_the_workspace_is_one_of_the_system() -> None:
    place: Any = Workspace(ROOT).on_disk("src/index.ts")
    assert isinstance(place, PureWindowsPath)
    assert place == PureWindowsPath("C:\\Users\\ann\\app\\src\\index.ts")
    assert place.as_uri() == "file:///C:/Users/ann/app/src/index.ts"


@pytest.mark.usefixtures("on_windows")
@pytest.mark.parametrize(
    "path", ["C:/Windows/win.ini", "C:\\Windows\\win.ini", "//server/share/x", "../x", "/x"]
)
def test_no_path_of_a_configuration_leads_to_another_drive(path: str) -> None:
    workspace = Workspace(ROOT)
    assert workspace.on_disk(path) is None
    assert workspace.read(path) is None
    assert workspace.problem(path) in (workspaces.Unreadable.OUTSIDE, workspaces.Unreadable.ABSENT)


def report(root: str, base: str) -> Report:
    document = Document("src/index.ts", b"x\n")
    finding = Finding("m", Location(document, Span(0, 1)), rule="r", severity=Severity.ERROR)
    places: Any = PureWindowsPath(root), PureWindowsPath(base)
    return Report((finding,), {}, (), 1, 1, *places)


@pytest.mark.usefixtures("on_windows")
@pytest.mark.parametrize(
    ("base", "shown"),
    [
        (ROOT, "src/index.ts"),
        (f"{ROOT}\\src", "index.ts"),
        ("C:\\Users\\ann", "app/src/index.ts"),
        ("D:\\work", "src/index.ts"),
    ],
)
def test_reports_show_paths_with_slashes(base: str, shown: str) -> None:
    assert escape.paths_for(report(ROOT, base))("src/index.ts") == shown


def test_the_cache_is_in_the_local_folder_of_the_user(monkeypatch: pytest.MonkeyPatch) -> None:
    from cflint import cachedir

    monkeypatch.delenv("CFLINT_CACHE_DIR", raising=False)
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setattr(cachedir, "Path", PureWindowsPath)
    monkeypatch.setenv("LOCALAPPDATA", "C:\\Users\\ann\\AppData\\Local")
    assert str(cachedir.cache_folder()) == "C:\\Users\\ann\\AppData\\Local\\cflint"
    monkeypatch.delenv("LOCALAPPDATA")
    assert cachedir.cache_folder() is None


# -- what the system lacks, or says otherwise ---------------------------------------------------------

POSIX_ONLY = ("O_NOFOLLOW", "O_NONBLOCK", "fork", "chown", "geteuid", "waitpid", "WIFSIGNALED")


def test_a_check_and_a_fix_need_nothing_that_windows_lacks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    for name in POSIX_ONLY:
        monkeypatch.delattr(os, name)
    for name in ("SIGHUP", "pthread_sigmask"):
        monkeypatch.delattr(f"signal.{name}")
    monkeypatch.setattr(plan, "PARALLEL_BYTES", 0)
    case = next(case for case in CASES if case.fixed and case.rule == "do-constructor-missing-super")
    for path, data in with_crlf(case.files).items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(data)
    monkeypatch.chdir(tmp_path)
    given = [
        "check",
        "--isolated",
        "--jobs",
        "4",
        "--cache-dir",
        str(tmp_path / "cache"),
        "--select",
        case.rule,
        "--fail-on",
        "note",
    ]
    assert cli.run(given) == 1
    said = capfdbinary.readouterr().out
    assert said.count(case.rule.encode()) > 0
    cli.run([*given, "--fix", "--unsafe-fixes"])
    for path, data in with_crlf(case.fixed).items():
        assert (tmp_path / path).read_bytes() == data


@pytest.mark.parametrize(("platform", "code"), [("win32", 141), ("linux", 4)])
def test_a_closed_pipe_is_an_invalid_argument_there(
    platform: str, code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def closed(*_arguments: object, **_more: object) -> None:
        raise OSError(errno.EINVAL, "Invalid argument")

    monkeypatch.setattr(cli, "_invoke", closed)
    monkeypatch.setattr("cflint.cli.console.give_up_stdout", lambda: None)
    monkeypatch.setattr(sys, "platform", platform)
    assert cli.run(["rules"]) == code
    assert (capsys.readouterr().err == "") is (code == 141)
