"""Commands in guides are run, options and commands that pages name exist, and samples come from runs."""

from __future__ import annotations

import re
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from cflint.cli import run
from cflint.cli.app import COMMANDS, cli
from cflint.report import FORMATS
from tests.support.git import GitRepository
from tests.support.paths import ROOT

DOCS = ROOT / "docs"
GUIDES = sorted((DOCS / "guides").glob("*.md"))
PAGES = [ROOT / "README.md", *DOCS.glob("*.md"), *GUIDES, *ROOT.glob("editors/*/README.md")]
EXAMPLE = ROOT / "examples" / "chat-room"


def blocks(page: Path) -> list[str]:
    """All fenced blocks but the sessions of a terminal, which show output."""
    found = re.findall(
        r"^ *```(\w*)\n(.*?)^ *```", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE
    )
    return [text for language, text in found if language not in ("console", "")]


def commands(page: Path) -> Iterator[list[str]]:
    """The arguments of each command `cflint …` in a guide's blocks, those of hooks included."""
    for block in blocks(page):
        for line in block.splitlines():
            hook = re.search(r"args: \[(.*)\]", line)
            if hook:
                yield ["check", *hook[1].split(", ")]
            for text in re.findall(rf"(?<![\w./-])cflint ((?:{'|'.join(COMMANDS)})\b[^|>&'#]*)", line):
                yield shlex.split(text)
                if "--shard 1/4" in text:
                    yield from (shlex.split(text.replace("1", number)) for number in "234")


def needs_history(arguments: list[str]) -> bool:
    """Whether a command reads commits."""
    return "--changed-since" in arguments


OWN_ENVIRONMENT = ("rule-packages", "sweep")
"""Guides whose commands need an environment of their own; `tests/packages` and `tests/fleet` run them."""


@pytest.mark.parametrize(
    "page",
    [page for page in GUIDES if list(commands(page)) and page.stem not in OWN_ENVIRONMENT],
    ids=lambda page: page.stem,
)
def test_the_commands_of_a_guide_run(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    for folder in (tmp_path, tmp_path / "workers" / "api"):
        shutil.copytree(EXAMPLE, folder, dirs_exist_ok=True)
    if shutil.which("git") is not None:
        repository = GitRepository(tmp_path)
        repository.commit({"package.json": "{}"})
        repository("update-ref", "refs/remotes/origin/main", "HEAD")
    (tmp_path / "test-reports").mkdir()  # which Bitbucket's steps make
    (tmp_path / "strict.toml").write_text('preset = "strict"\n')
    monkeypatch.chdir(tmp_path)
    for arguments in commands(page):
        if needs_history(arguments) and not (tmp_path / ".git").exists():
            continue  # there is no git that could make some
        assert run(arguments) in (0, 1), (arguments, capfd.readouterr().err)
        if "--output-file" in arguments:
            assert (tmp_path / arguments[arguments.index("--output-file") + 1]).stat().st_size > 0


def test_enough_commands_are_run() -> None:
    counts = {page.stem: len(list(commands(page))) for page in GUIDES}
    assert {"baseline", "ci", "code-scanning", "gitlab", "install", "pre-commit", "settings", "speed"} <= {
        name for name, count in counts.items() if count
    }
    assert sum(counts.values()) >= 20


def options() -> set[str]:
    """All long options of all commands."""
    context = click.Context(cli)
    found = [cli.get_command(context, name) for name in COMMANDS]
    found += [one for group in found if isinstance(group, click.Group) for one in group.commands.values()]
    params = [param for command in [cli, *found] if command is not None for param in command.params]
    return {word for param in params for word in [*param.opts, *param.secondary_opts]} | {"--help"}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: f"{page.parent.name}-{page.stem}")
def test_commands_and_options_that_a_page_names_exist(page: Path) -> None:
    text = re.sub(r"^ *```.*?^ *```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    known = options()
    for span in re.findall(r"`([^`\n]+)`", text):
        words = span.split() or [""]
        if words[0] == "cflint" and len(words) > 1:
            assert words[1] in COMMANDS or words[1].startswith("-"), span
        if words[0] == "cflint" or (words[0].startswith("--") and page.stem not in ("benchmarks", "api")):
            named = {word.partition("=")[0].rstrip(",") for word in words if re.match("--?[a-z]", word)}
            assert named <= known, span


def test_the_table_of_formats_is_complete() -> None:
    text = (DOCS / "guides" / "formats.md").read_text(encoding="utf-8")
    table = text[text.index("| `--output-format` |") : text.index("Secrets are masked")]
    assert re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE) == list(FORMATS)


def test_the_sample_of_a_profile_has_the_lines_of_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(EXAMPLE, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    run(["check", "--profile", "--quiet"])
    profile = capfd.readouterr().err
    shown = re.search(
        r"^```\n(phase .*?)^```", (DOCS / "guides" / "speed.md").read_text(), re.DOTALL | re.MULTILINE
    )
    assert shown is not None

    def lines(text: str) -> list[str]:
        """The headers, the phases and the last line, without numbers."""
        phases, _, rest = text.partition("\n\n")
        header, *_, last = rest.strip().splitlines()
        bare = [re.sub(r"[ \d.%]+$", "", line) for line in phases.splitlines()[1:]]
        heads = [" ".join(line.split()) for line in (phases.splitlines()[0], header)]
        return [*heads, *bare, re.sub(r"\d+", "N", last).replace("processes", "process")]

    assert lines(shown[1]) == lines(profile)
