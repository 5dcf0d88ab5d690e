"""What cannot be read, or is no file at all: each has a message of its own, and nothing passes unread."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from cflint.cli.exits import Exit
from cflint.report import FORMATS
from tests.support.cli_samples import Cli
from tests.support.faults import CLEAN, CONFIG, PYTHON_CONFIG, beside, cli, concise, rules_of, worker
from tests.support.paths import ROOT

__all__ = ["cli"]

pytestmark = pytest.mark.portable

MAIN = Path("src/index.ts")


def _pipe() -> None:
    os.mkfifo(MAIN)


def _loop() -> None:
    MAIN.symlink_to("index.ts")


def _outside() -> None:
    MAIN.symlink_to("/etc/hosts")


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (_pipe, "`main` is no regular file, but a pipe, a socket or a device: `src/index.ts`"),
        (_loop, "`main` is a symbolic link that leads nowhere, or to itself: `src/index.ts`"),
        (_outside, "`main` is a symbolic link that leads out of the repository: `src/index.ts`"),
    ],
)
def test_a_main_that_is_no_file(cli: Cli, make: object, said: str) -> None:
    worker()
    MAIN.unlink()
    assert callable(make)
    make()
    outcome = concise(cli)
    assert (outcome.code, rules_of(outcome)) == (1, ["nonexistent-path"])
    assert said in outcome.out and "did you mean" not in outcome.out


def test_a_main_that_is_an_address(cli: Cli) -> None:
    worker(config=CONFIG.replace("src/index.ts", "https://example.com/a.ts"))
    outcome = concise(cli)
    assert rules_of(outcome) == ["nonexistent-path"]
    assert (
        "`main` is a URL, and wrangler wants a path in the repository: `https://example.com/a.ts`"
        in outcome.out
    )


def test_what_is_too_large_does_not_pass(cli: Cli) -> None:
    worker("export const a = 1;\n" * 80_000)
    outcome = cli("check")
    assert outcome.code == Exit.INTERNAL  # where it would be 0
    assert "skipped" not in cli("check", "--exclude", "src/index.ts").out
    assert cli("check", "--exit-zero").code == cli("check", "--fail-on", "never").code == Exit.CLEAN
    out = outcome.out
    assert "src/index.ts: skipped: the file is larger than the limit of 1 MiB: it has 1,600,000 bytes" in out
    assert out.rstrip().endswith("No findings in 1 file of 1 Worker. 1 file skipped.")
    worker(config=CONFIG + "// a\n" * 300_000)
    out = cli("check").out
    assert "wrangler.jsonc: skipped: the file is larger than the limit of 1 MiB: it has 1,500,1" in out
    assert "All checks passed" not in out


def test_a_zero_byte_in_a_configuration(cli: Cli) -> None:
    worker(config=CONFIG.replace('"w"', '"w\0"'))
    out = cli("check").out
    assert "wrangler.jsonc: skipped: the file is not text in UTF-8: there is a NUL byte on line 2" in out
    assert "All checks passed" not in out


def _folder(path: Path) -> None:
    path.mkdir()


def _pipe_at(path: Path) -> None:
    os.mkfifo(path)


def _loop_at(path: Path) -> None:
    path.symlink_to(path.name)


def _large(path: Path) -> None:
    path.write_text(CONFIG + "// a\n" * 300_000)


def _with_zero(path: Path) -> None:
    path.write_text(CONFIG.replace('"w"', '"w\0"'))


UNREAD = {
    "a folder": (_folder, "a folder has the name of the configuration"),
    "a pipe": (_pipe_at, "the file is not a regular file"),
    "a loop": (_loop_at, "the file is a symbolic link that leads nowhere"),
    "too large": (_large, "the file is larger than the limit of 1 MiB: it has 1,500,122 bytes"),
    "a NUL": (_with_zero, "the file is not text in UTF-8: there is a NUL byte on line 2"),
}


def _alone(make: Callable[[Path], None], name: str = "wrangler.jsonc") -> None:
    """A project in which nothing but the configuration tells that there is a Worker."""
    worker("export default { fetch: () => new Response() };\n")
    Path("wrangler.jsonc").unlink()
    make(Path(name))


@pytest.mark.parametrize("what", UNREAD)
def test_a_configuration_that_cannot_be_read_is_not_taken_for_none(cli: Cli, what: str) -> None:
    make, said = UNREAD[what]
    _alone(make)
    for _ in range(2):  # nothing of it is cached
        outcome = cli("check")
        assert outcome.code == Exit.INTERNAL
        assert f"warning: wrangler.jsonc: skipped: {said}" in outcome.out
        assert outcome.out.rstrip().endswith("No findings in 0 files of 0 Workers. 1 file skipped.")
    assert cli("check", "--allow-empty").code == Exit.INTERNAL


@pytest.mark.parametrize("form", FORMATS)
def test_it_is_told_in_every_format(cli: Cli, form: str) -> None:
    make, said = UNREAD["too large"]
    _alone(make)
    outcome = cli("check", "--output-format", form)
    assert outcome.code == Exit.INTERNAL
    assert said in (outcome.out + outcome.err).replace("\\:", ":")  # as Markdown has it


@pytest.mark.parametrize("name", ["wrangler.toml", "wrangler.json", "cloudflare.config.ts"])
def test_a_folder_with_the_name_of_a_configuration(cli: Cli, name: str) -> None:
    _alone(_folder, name)
    said = f"{name}: skipped: a folder has the name of the configuration"
    assert said in cli("check").out
    assert said in cli("check", name).out
    outcome = cli("check", "src/index.ts")
    assert said in outcome.out and "src/index.ts: no Worker reaches it" in outcome.out


def test_why_no_code_is_checked(cli: Cli) -> None:
    for make, why in (
        (lambda: MAIN.write_text("export const a = 1;\n" * 80_000), "larger than the limit of 1 MiB"),
        (_pipe, "not a regular file"),
        (_loop, "a symbolic link that leads nowhere"),
        (_outside, "outside the root"),
        (MAIN.mkdir, "a folder"),
        (lambda: None, "not there"),
    ):
        worker()
        MAIN.unlink()
        make()
        assert f"no code is checked: `main` (src/index.ts) is {why}" in cli("check").out
        if MAIN.is_dir():
            MAIN.rmdir()
        else:
            MAIN.unlink(missing_ok=True)
    worker(config=CONFIG.replace("src/index.ts", "https://example.com/a.ts"))
    assert "no code is checked: `main` is a URL\n" in cli("check").out


def test_imports_of_files_that_are_not_there(cli: Cli) -> None:
    code = 'export { a } from "./gone";\nimport type { T } from "./types";\nimport b from "./b";\n' + CLEAN
    worker(code, **{"src/b.ts": "export default 1;\n"})
    outcome = cli("check")
    assert outcome.code == 0
    assert re.findall(r"imports .*", outcome.out) == ["imports `./gone`, which is not there"]
    assert "src/index.ts:1: " in outcome.out


def test_a_current_folder_that_was_deleted(cli: Cli) -> None:
    worker()
    Path("deleted").mkdir()
    os.chdir("deleted")
    Path("../deleted").rmdir()
    for arguments in (("check",), ("check", "a.ts"), ("inspect", "a.ts:1:1")):
        outcome = cli(*arguments)
        assert outcome.code == Exit.USAGE
        assert "the current folder does not exist any more" in outcome.err


def test_python_that_no_parser_survives_is_left_out_aloud(cli: Cli) -> None:
    worker(config=PYTHON_CONFIG, **{"src/entry.py": "x = " + "-\\\n" * 10_000 + "1\n"})
    beside()
    outcome = concise(cli)
    assert outcome.code == Exit.INTERNAL
    assert "src/entry.py:1:1: warning: skipped: nested too deeply to be analysed" in outcome.out
    assert "beside/src/index.ts:7:5: warning[ws-legacy-accept]" in outcome.out


def test_the_default_hook_runs_when_files_are_deleted() -> None:
    hooks = {hook["id"]: hook for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())}
    assert hooks["cflint"]["always_run"] is True
