"""The GitHub Action: its scripts run in a made-up environment of a runner, its manifest is read."""

from __future__ import annotations

import json
import re
import runpy
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.git import GitRepository, needs_git
from tests.support.github_actions import CHECK, Runner, command_in
from tests.support.paths import ROOT

INSTALL = ROOT / "action" / "install.py"
EXAMPLE = ROOT / "examples" / "chat-room"


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    made = Runner(tmp_path)
    for file in EXAMPLE.rglob("*"):
        if file.is_file():
            target = made.workspace / "workers" / "chat room" / file.relative_to(EXAMPLE)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(file.read_bytes())
    (made.workspace / ".git").mkdir()
    return made


def test_sarif(runner: Runner) -> None:
    runner.cflint = Path(sys.executable).with_name("cflint")  # the program itself
    assert runner.step(CHECK, category="workers/chat") == 0
    outputs = runner.outputs
    assert outputs["exit-code"] == "1"
    assert int(outputs["findings"]) > 5
    (run,) = json.loads(Path(outputs["sarif-file"]).read_text())["runs"]
    assert run["automationDetails"]["id"] == "workers/chat/"
    assert len(run["results"]) == int(outputs["findings"])
    uri = run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert uri.startswith("workers/chat%20room/")
    assert "\nworkers/chat room/src/room.ts:11:5: warning[ws-legacy-accept] " in runner.log
    assert "\n::" not in "\n" + runner.log


def test_annotations(runner: Runner) -> None:
    assert runner.step(CHECK, format="annotations", paths="'workers/chat room/wrangler.jsonc'") == 0
    assert runner.outputs["sarif-file"] == ""
    assert "::warning file=workers/chat room/src/room.ts,line=11,endLine=11," in runner.log


def test_select_args_fail_on_and_the_folder(runner: Runner) -> None:
    inputs = {"working_directory": "workers/chat room", "select": "websockets\nmigrations"}
    assert runner.step(CHECK, **inputs, fail_on="never", args="--ignore 'ws-event-listener-in-do'") == 0
    assert runner.outputs["exit-code"] == "0"
    (run,) = json.loads(Path(runner.outputs["sarif-file"]).read_text())["runs"]
    names = {rule["properties"]["tags"][2] for rule in run["tool"]["driver"]["rules"]}
    assert "ws-legacy-accept" in names
    assert not {"ws-event-listener-in-do", "no-log-env"} & names


def test_suppressed_findings_come_along_when_they_are_asked_for(runner: Runner) -> None:
    room = runner.workspace / "workers" / "chat room" / "src" / "room.ts"
    room.write_text(f"// cflint-ignore-file ws-legacy-accept: it is a demo\n{room.read_text()}")
    assert runner.step(CHECK, args="--show-suppressed") == 0
    (run,) = json.loads(Path(runner.outputs["sarif-file"]).read_text())["runs"]
    (silenced,) = [result["suppressions"] for result in run["results"] if result["suppressions"]]
    assert silenced == [{"kind": "inSource", "justification": "it is a demo."}]


def test_the_summary(runner: Runner) -> None:
    runner.step(CHECK)
    text = runner.summary.read_text()
    assert text.startswith("## cflint\n\n**1 error, 2 warnings, 4 notes** in 3 files of 1 Worker.\n")
    rows = [row for row in text.splitlines() if row.startswith("| error |")]
    assert len(rows) == 1
    assert "(https://github.com/o/r/blob/c0ffee/workers/chat%20room/src/index.ts#L17)" in text
    assert "- `cflint check --fix` fixes " in text


def test_no_name_of_a_file_is_a_command_in_the_log(runner: Runner) -> None:
    for name in ("::add-mask::x", " ::error::x", "a ##[error]b", "a\n::error::b", "\x1b[31m"):
        folder = runner.workspace / name
        folder.mkdir()
        (folder / "wrangler.jsonc").write_text("{ nope")
    assert runner.step(CHECK) == 0
    listed = [line for line in runner.log.splitlines() if "wrangler.jsonc:" in line]
    assert len(listed) > 5
    assert not [line for line in runner.log.splitlines() if command_in(line)]
    assert "\x1b" not in runner.log + runner.summary.read_text()
    assert runner.step(CHECK, format="annotations") == 0
    places = [command[1]["file"] for command in map(command_in, runner.log.splitlines()) if command]
    assert {"::add-mask::x/wrangler.jsonc", "a ##[error]b/wrangler.jsonc"} <= set(places)


def test_nothing_found(runner: Runner) -> None:
    assert runner.step(CHECK, select="cron-invalid") == 0
    assert (runner.outputs["exit-code"], runner.outputs["findings"]) == ("0", "0")
    assert "No findings in 3 files of 1 Worker." in runner.summary.read_text()


@pytest.mark.parametrize(
    ("inputs", "code"),
    [({"select": "no-such-rule"}, "2"), ({"paths": ".git"}, "3"), ({"paths": "absent"}, "2")],
)
def test_what_cflint_refuses_is_the_verdict(runner: Runner, inputs: dict[str, str], code: str) -> None:
    assert runner.step(CHECK, **inputs) == 0
    assert runner.outputs == {"exit-code": code, "findings": "0", "sarif-file": ""}
    assert "::error title=cflint::cflint ended with exit code" in runner.log
    assert "Nothing was checked" in runner.summary.read_text()


@pytest.mark.parametrize(
    "inputs",
    [
        {"format": "html"},
        {"working_directory": "absent"},
        {"args": "'open"},
        {"args": "--output-file=/tmp/x"},
        {"args": "--watch"},
        {"args": "--output json"},
        {"args": "--diff"},  # lines of the project, as they are, are nothing for the log of a runner
        {"paths": '"'},
    ],
)
def test_inputs_that_mean_nothing_fail_the_step(runner: Runner, inputs: dict[str, str]) -> None:
    assert runner.step(CHECK, **inputs) == 2
    assert runner.log.startswith("::error title=cflint::")
    assert not runner.output.exists()


def test_inputs_are_no_shell(runner: Runner) -> None:
    runner.step(CHECK, paths=". ; touch owned", select="d1; touch owned", args="$(touch owned) `touch owned`")
    assert not list(runner.workspace.rglob("owned"))


def test_a_stale_report_is_not_taken_for_a_new_one(runner: Runner) -> None:
    runner.step(CHECK)
    runner.output.unlink()
    runner.step(CHECK, paths="absent")
    assert runner.outputs["findings"] == "0"


def test_the_action_installs_itself_and_no_name_from_pypi() -> None:
    script = runpy.run_path(str(INSTALL))
    source, *constraint = script["requirements"](ROOT)
    folder, _, extra = source.partition("[")
    assert (Path(folder) / "pyproject.toml").is_file()
    assert extra == "git]"
    assert constraint == ["--constraint", str(ROOT / "requirements.lock")]
    assert Path(constraint[1]).is_file()
    assert "INPUT_" not in INSTALL.read_text(encoding="utf-8")


def _manifest() -> Any:
    return yaml.safe_load((ROOT / "action.yml").read_text())


def test_the_manifest_and_the_scripts_know_the_same_inputs() -> None:
    manifest = _manifest()
    text = (ROOT / "action.yml").read_text()
    used = set(re.findall(r"inputs\.([a-z-]+)", text))
    assert used == manifest["inputs"].keys()
    passed = {name for step in manifest["runs"]["steps"] for name in step.get("env", {}) if "INPUT_" in name}
    read = {f"INPUT_{name.upper()}" for name in ("paths", "args", "select", "fail_on")}
    for script in (CHECK, INSTALL):
        read |= set(re.findall(r"INPUT_[A-Z_]+", script.read_text()))
    assert passed == read - {"INPUT_"}
    for step in manifest["runs"]["steps"]:
        assert "${{" not in step.get("run", "")  # an input inside a script is a command
        assert ("shell" in step) == ("run" in step)
    defaults = {name: entry["default"] for name, entry in manifest["inputs"].items()}
    assert all(isinstance(value, str) for value in defaults.values())


def test_the_workflows_of_the_guide_use_inputs_that_exist() -> None:
    page = (ROOT / "docs" / "guides" / "code-scanning.md").read_text()
    known = _manifest()["inputs"].keys()
    workflows = [yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)]
    assert workflows
    used = 0
    for workflow in workflows:
        for job in workflow["jobs"].values():
            for step in job["steps"]:
                if "cflint" in step.get("uses", ""):
                    used += 1
                    assert step.get("with", {}).keys() <= known
    assert used == len(workflows)
    named = set(re.findall(r"^\| `([a-z-]+)` \|", page, re.MULTILINE))
    assert named == known


@needs_git
def test_the_summary_begins_with_what_the_change_does(runner: Runner) -> None:
    (runner.workspace / ".git").rmdir()
    repository = GitRepository(runner.workspace)
    repository.commit({})
    config = runner.workspace / "workers" / "chat room" / "wrangler.jsonc"
    repository.commit({str(config.relative_to(runner.workspace)): config.read_text().replace("chat", "talk")})
    assert runner.step(CHECK, changed_since="HEAD~1") == 0
    text = runner.summary.read_text()
    assert text.startswith("## Workers\n\n**1 Worker differs")
    assert text.index("## Workers") < text.index("## cflint")
