"""`--watch`: the program runs as a process, files change under it, and what it prints is read as it comes."""

from __future__ import annotations

import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.cli.test_process import SAMPLE, environment
from tests.support.cli_samples import Cli, project

pytestmark = pytest.mark.usefixtures("signals_arrive")

PATIENCE = 30
WAITING = "waiting for changes; Ctrl+C ends"


class Watch:
    """A process that watches a folder; both of its outputs are read line by line, together."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self._lines: queue.Queue[str] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._lines.put(line.rstrip("\n"))

    def run(self, seconds: float = PATIENCE) -> list[str]:
        """What one run prints, until the watch waits again."""
        lines: list[str] = []
        while not lines or not lines[-1].endswith(WAITING):
            lines.append(self._lines.get(timeout=seconds))
        return lines[:-1]

    def is_quiet(self, seconds: float = 1.5) -> bool:
        """Whether nothing is printed for a while."""
        try:
            self._lines.get(timeout=seconds)
        except queue.Empty:
            return True
        return False


@contextmanager
def watching(folder: Path, *options: str) -> Iterator[Watch]:
    process = subprocess.Popen(
        [sys.executable, "-u", "-c", SAMPLE, "check", "--watch", "--output", "concise", *options],
        cwd=folder,
        env=environment({"CFLINT_NO_CACHE": "" if "--cache-dir" in options else "1"}),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield Watch(process)
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize("is_cached", [True, False])
def test_it_checks_again_when_what_it_read_changes(tmp_path: Path, is_cached: bool) -> None:
    folder = project(tmp_path / "work", "careful();\n")
    options = ("--cache-dir", str(tmp_path / "cache")) if is_cached else ()
    with watching(folder, *options) as watch:
        (line,) = watch.run()
        assert line.startswith("src/index.ts:1:1: error[no-careful]")
        (folder / "src" / "index.ts").write_text("fine();\n")
        assert watch.run() == []
        (folder / "src" / "more").mkdir()
        (folder / "src" / "more" / "other.ts").write_text("careful();\n")
        (folder / "src" / "index.ts").write_text("import './more/other';\n")
        found: list[str] = []
        while not found:  # the folder and the import may come one after the other
            found = watch.run()
        assert found[0].startswith("src/more/other.ts:1:1: error[no-careful]")


def test_a_change_that_changes_nothing_prints_nothing(tmp_path: Path) -> None:
    folder = project(tmp_path / "work", "careful();\n")
    (folder / "README.md").write_text("one\n")
    with watching(folder, "--cache-dir", str(tmp_path / "cache")) as watch:
        assert len(watch.run()) == 1
        (folder / "README.md").write_text("two\n")
        assert watch.is_quiet()


def test_its_own_files_are_no_changes(tmp_path: Path) -> None:
    folder = project(tmp_path / "work", "careful();\n")
    (folder / "cflint.json").write_text("{}")
    with watching(folder, "--output", "json:cflint.json") as watch:
        assert len(watch.run()) == 2
        assert watch.is_quiet()
        assert "no-careful" in (folder / "cflint.json").read_text()


@pytest.mark.parametrize("output", ["json:cflint.json", "json:reports/cflint.json"])
def test_a_new_output_is_no_change(tmp_path: Path, output: str) -> None:
    folder = project(tmp_path / "work", "careful();\n")
    (folder / "reports").mkdir()
    with watching(folder, "--output", output) as watch:
        assert len(watch.run()) == 2
        assert watch.is_quiet()


def test_fixes_are_applied_once(tmp_path: Path) -> None:
    folder = project(tmp_path / "work", "fine();\n")
    with watching(folder, "--fix", "--cache-dir", str(tmp_path / "cache")) as watch:
        assert watch.run() == []
        (folder / "src" / "index.ts").write_text("careful();\n")
        assert watch.run()[0] == "Fixed 1 finding:"
        assert (folder / "src" / "index.ts").read_text() == "careless();\n"
        assert watch.run() == []
        assert watch.is_quiet()


def test_a_mistake_in_the_settings_is_printed_once_and_its_mending_waited_for(tmp_path: Path) -> None:
    folder = project(tmp_path / "work", "careful();\n")
    with watching(folder, "--cache-dir", str(tmp_path / "cache")) as watch:
        first = watch.run()
        (folder / "cflint.toml").write_text("{")
        (wrong,) = watch.run()
        assert wrong.startswith("cflint: error: cflint.toml:1:1: ")
        assert watch.is_quiet()
        (folder / "cflint.toml").write_text("")
        assert watch.run() == first


@pytest.mark.skipif(sys.platform == "win32", reason="there, Ctrl+C is no signal to a process alone")
def test_the_user_ends_it(tmp_path: Path) -> None:
    folder = project(tmp_path, "careful();\n")
    with watching(folder) as watch:
        watch.run()
        watch.process.send_signal(signal.SIGINT)
        assert watch.process.wait(timeout=PATIENCE) == 130
        assert watch.is_quiet(0.2)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("-", "--stdin-filename", "a.ts"), "does not go with `-`"),
        (("--shard", "1/2"), "does not go with `--shard`"),
        (("--show-settings",), "does not go with `--show-settings`"),
        (("--baseline", "b", "--write-baseline"), "does not go with `--write-baseline`"),
        (("absent",), "no such file or folder: absent"),
        (("--select", "nope"), "unknown rule"),
    ],
)
def test_a_mistake_of_the_command_line_ends_it_at_once(cli: Cli, options: tuple[str, ...], said: str) -> None:
    project(Path())
    result = cli("check", "--watch", *options)
    assert (result.code, result.out) == (2, "")
    assert said in result.err


def test_without_the_extra_it_says_how_to_get_it(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    project(Path())
    monkeypatch.setitem(sys.modules, "watchfiles", None)
    result = cli("check", "--watch")
    assert (result.code, result.out) == (2, "")
    assert "`--watch` needs watchfiles" in result.err
    assert "its extra `watch`" in result.err
