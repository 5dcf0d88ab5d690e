"""What a contributor meets: issue forms, the CI workflow, hooks, the dev container, the editors' settings."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.paths import ROOT

GITHUB = ROOT / ".github"
FORMS = sorted(path for path in (GITHUB / "ISSUE_TEMPLATE").glob("*.yml") if path.name != "config.yml")
WORKFLOWS = sorted((GITHUB / "workflows").glob("*.yml"))
GATES = (ROOT / ".ci" / "run").read_text()
HOOKS: list[dict[str, Any]] = [
    hook
    for repository in yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]
    for hook in repository["hooks"]
]


@pytest.mark.parametrize("path", FORMS, ids=lambda path: path.stem)
def test_an_issue_form_has_what_github_wants(path: Path) -> None:
    form = yaml.safe_load(path.read_text())
    assert form.keys() <= {"name", "description", "title", "labels", "body"}
    assert form["name"] and form["description"]
    names = [field["id"] for field in form["body"]]
    assert len(set(names)) == len(names)
    for field in form["body"]:
        assert field.keys() <= {"type", "id", "attributes", "validations"}
        assert field["attributes"]["label"]
        if field["type"] in ("dropdown", "checkboxes"):
            assert field["attributes"]["options"]
        else:
            assert field["type"] in ("input", "textarea")
        assert ("render" in field["attributes"]) <= (field["type"] == "textarea")
    assert any(field.get("validations", {}).get("required") for field in form["body"])


def test_a_false_positive_comes_first_and_brings_what_inspect_says() -> None:
    first = yaml.safe_load(FORMS[0].read_text())
    assert first["name"] == "False positive"
    (field,) = [field for field in first["body"] if field["id"] == "inspect"]
    assert "`cflint inspect FILE:LINE:COL --rule NAME`" in field["attributes"]["description"]
    assert field["validations"] == {"required": True}
    ids = [yaml.safe_load(path.read_text())["name"] for path in FORMS]
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_a_workflow_may_read_and_no_more(path: Path) -> None:
    workflow = yaml.safe_load(path.read_text())
    assert workflow["permissions"] == {}
    assert "pull_request_target" not in path.read_text()
    for job in workflow["jobs"].values():
        # What a job of a tag may write, it has to ask an environment for.
        may_write = "environment" in job and job["if"] == "github.ref_type == 'tag'"
        assert set(job["permissions"].values()) <= ({"read", "write"} if may_write else {"read"})
        assert job["timeout-minutes"]
        for step in job["steps"]:
            if step.get("uses", "").startswith("actions/checkout@"):
                assert step["with"]["persist-credentials"] is False


def test_continuous_integration_runs_the_gates() -> None:
    workflow = yaml.safe_load((GITHUB / "workflows" / "ci.yml").read_text())
    assert [step["run"] for job in workflow["jobs"].values() for step in job["steps"] if "run" in step] == [
        '.ci/build-site "$RUNNER_TEMP/site"',
        ".ci/run",
    ]
    job = workflow["jobs"]["gates"]
    (python,) = [
        step["with"]["python-version"] for step in job["steps"] if "python-version" in step.get("with", {})
    ]
    assert tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["requires-python"] == f">={python}"


def test_an_action_has_one_version_everywhere() -> None:
    pages = [*WORKFLOWS, ROOT / "action.yml", *ROOT.glob("docs/**/*.md"), ROOT / "README.md"]
    used = {line for page in pages for line in re.findall(r"uses: (.*)", page.read_text(encoding="utf-8"))}
    others = sorted(line for line in used if "/cflint@" not in line)
    assert all(re.fullmatch(r"[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", line) for line in others), others
    actions = [line.partition("@")[0] for line in others]
    assert "actions/checkout" in actions
    assert len(set(actions)) == len(actions), others


def test_the_hooks_are_gates() -> None:
    assert HOOKS
    for hook in HOOKS:
        command = re.sub(r" --(fix|force-exclude)\b", "", hook["entry"]).removeprefix(".venv/bin/")
        assert re.search(rf"^{re.escape(command)}\b", GATES, re.MULTILINE), hook["entry"]
        assert hook["language"] == "system"


def test_the_hooks_stop_a_commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRE_COMMIT_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("SKIP", "mypy,lint-imports")
    folder = tmp_path / "repository"
    folder.mkdir()
    for name in (".pre-commit-config.yaml", "pyproject.toml", ".gitignore"):
        shutil.copy(ROOT / name, folder)
    (folder / ".venv").symlink_to(sys.prefix)
    (folder / "scripts").mkdir()
    subprocess.run(["git", "init", "-q", "."], cwd=folder, check=True)

    def commit(text: str) -> subprocess.CompletedProcess[str]:
        (folder / "scripts" / "tool.py").write_text(text)
        subprocess.run(["git", "add", "scripts", ".pre-commit-config.yaml"], cwd=folder, check=True)
        command = [sys.executable, "-m", "pre_commit", "run"]
        return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)

    fine = commit("print_it = 1\n")
    assert fine.returncode == 0, fine.stdout
    badly_formatted = commit("print_it = {  'a':1 }\n")
    assert badly_formatted.returncode == 1
    assert "ruff format" in badly_formatted.stdout and "files were modified" in badly_formatted.stdout
    wrong = commit("print_it = undefined\n")
    assert wrong.returncode == 1
    assert "F821" in wrong.stdout


def test_the_container_installs_as_a_contributor_does() -> None:
    container = json.loads((ROOT / ".devcontainer" / "devcontainer.json").read_text())
    command = container["postCreateCommand"]
    for page in ("CONTRIBUTING.md", "README.md"):
        assert f"{command} && .venv/bin/pytest" in (ROOT / page).read_text(encoding="utf-8")


def test_editors_break_lines_where_the_formatter_does() -> None:
    settings = (ROOT / ".editorconfig").read_text()
    code = re.search(r"^\[\*\.\{py.*?^max_line_length = (\d+)$", settings, re.DOTALL | re.MULTILINE)
    assert code is not None
    assert int(code[1]) == tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["ruff"]["line-length"]


def test_the_request_names_what_there_is() -> None:
    text = (GITHUB / "PULL_REQUEST_TEMPLATE.md").read_text()
    paths = [path for path in re.findall(r"`(?:python )?([\w./-]+)`", text) if "/" in path or "." in path]
    assert {".ci/run", "scripts/write_all.py", "fixtures/"} <= set(paths)
    assert all((ROOT / path).exists() for path in paths)
