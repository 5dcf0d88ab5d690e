"""What the guides say is so: addresses, links, settings, versions, and what is in their blocks."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from cflint import settings
from cflint.finding import Finding, Report, Severity
from cflint.project.files.workspace import Workspace
from cflint.report import FORMATS, Options
from cflint.rule import RuleSet
from tests.support.paths import ROOT
from tests.support.report_samples import CONFIG, place, report

GUIDES = sorted((ROOT / "docs" / "guides").glob("*.md"))
PAGES = [*GUIDES, *ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
PUBLISHED = PROJECT.get("urls", {}).get("Repository", "https://github.com/OWNER/cflint")
"""Where the repository is; pyproject.toml does not say so before it is published."""
INSTALLS_THE_NAME = re.compile(
    r"\b(?:pip[3x]? install|tool install|add|uvx|pipx run)(?: +-\S+)* +[\"']?cflint(?:[=<>~\[\s\"'`]|$)"
)

by_name = pytest.mark.parametrize("page", PAGES, ids=lambda path: path.stem)


def text_of(name: str) -> str:
    return (ROOT / "docs" / "guides" / f"{name}.md").read_text(encoding="utf-8")


def blocks(text: str, language: str) -> list[str]:
    found: list[str] = re.findall(rf"^```{language}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    return found


@by_name
def test_addresses_and_versions_are_those_of_the_project(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    owner = PUBLISHED.removeprefix("https://github.com/")
    addresses = re.findall(r"(?:git\+|repo: )(https?://[^\s@`)]+)", text)
    assert set(addresses) <= {PUBLISHED}
    assert set(re.findall(r"uses: ([^\s@]+/cflint)@", text)) <= {owner}
    assert set(re.findall(r"cflint-([0-9.]+)\.vsix", text)) <= {PROJECT["version"]}
    if re.search(r"\bOWNER\b", text):
        assert "`OWNER` " in text, "a page says what OWNER stands for"


@by_name
def test_no_release_is_promised(page: Path) -> None:
    """There is none: guides install a branch or a commit."""
    text = page.read_text(encoding="utf-8")
    assert set(re.findall(r"/cflint(?:\.git)?@([\w.]+)", text)) <= {"main", "COMMIT"}
    assert set(re.findall(r"\brev: (\S+)", text)) <= {"COMMIT"}
    if re.search(r"(?:@|rev: )COMMIT", text):
        assert "`git ls-remote " in text, "a page says where a commit comes from"


def test_nothing_installs_the_name_from_pypi() -> None:
    """The name is not ours there."""
    folders = ("action", "docs", "editors", "scripts", "packaging", ".ci", ".github", ".devcontainer")
    files = [path for folder in folders for path in (ROOT / folder).rglob("*") if path.is_file()]
    shipped = [*ROOT.glob("*.md"), ROOT / "action.yml", ROOT / ".pre-commit-hooks.yaml", *files]
    read = 0
    for file in shipped:
        if "node_modules" in file.parts or file.suffix in (".wasm", ".pyc"):
            continue
        read += 1
        text = file.read_text(encoding="utf-8")
        assert not INSTALLS_THE_NAME.search(text), file
        assert "cflint==" not in text, file
    assert read > 40


@by_name
def test_links_lead_somewhere(page: Path) -> None:
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if "://" in target:
            continue
        path, _, anchor = target.partition("#")
        file = page.parent / path if path else page
        assert file.exists(), target
        if anchor:
            titles = re.findall(r"^#+ (.+)$", file.read_text(encoding="utf-8"), re.MULTILINE)
            assert anchor in {re.sub(r"[^\w -]", "", title).lower().replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", GUIDES, ids=lambda path: path.stem)
def test_a_guide_is_found_and_says_how_to_install(page: Path) -> None:
    if page.stem != "install":
        assert f"({page.name})" in text_of("install")
    if page.stem not in ("install", "settings", "speed"):
        assert "(install.md)" in page.read_text(encoding="utf-8")


def test_actions_are_pinned() -> None:
    sources = [*GUIDES, ROOT / "action.yml"]
    used = [line for file in sources for line in re.findall(r"uses: (.*)", file.read_text(encoding="utf-8"))]
    others = [line for line in used if "/cflint@" not in line]
    assert len(others) > 3
    assert all(re.fullmatch(r"[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", line) for line in others), others


def test_settings() -> None:
    page = text_of("settings")
    assert re.findall(r"^\| `([a-z-]+)` \|", page, re.MULTILINE) == list(settings.definition.KEYS)
    known = RuleSet.discover()
    (example,) = blocks(page, "toml")
    workspace = Workspace.in_memory({"cflint.toml": example.encode()})
    said = settings.SettingsTree(workspace, known).for_path("a.ts")
    assert said.options and said.severity and said.per_file_ignores and said.fail_on == "error"
    assert said.rules(known)
    schema = json.loads((ROOT / "docs" / "settings.schema.json").read_text())
    validator = jsonschema.Draft202012Validator(schema)
    validator.check_schema(schema)
    assert not list(validator.iter_errors(tomllib.loads(example)))
    for wrong in (
        'selct = ["d1"]',
        'ignore = ["a b"]',
        "rule-packages = 1",
        "options.compat-date-stale.days = 1",
    ):
        assert list(validator.iter_errors(tomllib.loads(wrong)))
    mistake = b'\n\nignore = ["observabilty"]'
    with pytest.raises(settings.SettingsError) as caught:
        settings.SettingsTree(Workspace.in_memory({"cflint.toml": mistake}), known).for_path("a.ts")
    assert f"\ncflint: error: {caught.value}\n" in page


def test_gitlab() -> None:
    page = text_of("gitlab")
    table = dict(re.findall(r"^\| (error|warning|note) \| (\w+) \|$", page, re.MULTILINE))
    for severity in Severity:
        found: Report = report(Finding("m", place(CONFIG, "ROOM"), rule="r", severity=severity))
        (issue,) = json.loads(FORMATS["gitlab"](found, Options()))
        assert issue["severity"] == table[severity.label]
    files: list[Any] = [yaml.safe_load(block) for block in blocks(page, "yaml")]
    jobs = [file["cflint"] for file in files if "cflint" in file]
    for job, kind in zip(jobs, ("codequality", "junit"), strict=True):
        written = re.findall(r"--output-file (\S+)", job["script"][1])
        assert [job["artifacts"]["reports"][kind]] == written


def test_a_patch_in_the_log_of_a_runner(tmp_path: Path) -> None:
    """Whatever the lines of the project are, the runner takes none for a command."""
    (script,) = [block for block in blocks(text_of("formats"), "sh") if "--diff" in block]
    (tmp_path / "src").mkdir()
    config = '{ "name": "w", "main": "src/index.ts", "compatibility_date": "2026-08-01" }'
    (tmp_path / "wrangler.jsonc").write_text(config)
    (tmp_path / "src" / "index.ts").write_text(
        "/*\n ::error::taken for a command\n*/\nexport default {\n"
        '  async fetch(): Response { return new Response("a"); },\n} satisfies ExportedHandler;\n'
    )
    folder = Path(sys.executable).parent
    environment = {**os.environ, "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}", "CFLINT_NO_CACHE": "1"}
    done = subprocess.run(
        ["bash", "-ec", script], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    first, *patch, last = done.stdout.splitlines()
    stopped = re.fullmatch(r"::stop-commands::([0-9a-f]{32})", first)
    assert stopped is not None
    assert last == f"::{stopped[1]}::"
    assert "  ::error::taken for a command" in patch
    assert (tmp_path / "cflint.patch").read_text().splitlines() == patch


def test_visual_studio_code() -> None:
    page = text_of("vscode")
    manifest = json.loads((ROOT / "editors" / "vscode" / "package.json").read_text())
    assert manifest["version"] == PROJECT["version"]
    contributed = manifest["contributes"]
    rows = re.findall(r"^\| (`cflint.*?) \|", page, re.MULTILINE)
    named = [name for row in rows for name in re.findall(r"`([^`]+)`", row)]
    assert sorted(named) == sorted(contributed["configuration"]["properties"])
    hidden = {
        entry["command"] for entry in contributed["menus"]["commandPalette"] if entry["when"] == "false"
    }
    for command in contributed["commands"]:
        assert (f"`cflint: {command['title']}`" in page) is (command["command"] not in hidden)


def test_zed() -> None:
    folder = ROOT / "editors" / "zed"
    manifest = tomllib.loads((folder / "extension.toml").read_text())
    package = tomllib.loads((folder / "Cargo.toml").read_text())
    assert manifest["version"] == package["package"]["version"] == PROJECT["version"]
    assert package["lib"] == {"crate-type": ["cdylib"]}
    assert manifest["schema_version"] == 1
    (server,) = manifest["language_servers"]
    assert {"TypeScript", "TSX", "JavaScript", "JSON", "JSONC", "TOML", "Python"} == set(
        manifest["language_servers"][server]["languages"]
    )
    (wish,) = map(json.loads, blocks(text_of("zed"), "json"))
    assert wish["lsp"].keys() == {server}
    assert wish["lsp"][server]["binary"]["arguments"] == ["server"]
