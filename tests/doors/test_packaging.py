"""What `packaging/` makes of a release: npm packages and their command, the formula, notes, the workflow."""

from __future__ import annotations

import hashlib
import json
import os
import re
import runpy
import shutil
import signal
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from cflint.settings.files import NAMES
from tests.support import oracle_tools
from tests.support.paths import ROOT

PACKAGING = ROOT / "packaging"
NPM: dict[str, Any] = runpy.run_path(str(PACKAGING / "npm" / "make.py"))
RELEASE: dict[str, Any] = runpy.run_path(str(PACKAGING / "release.py"))
HOMEBREW: dict[str, Any] = runpy.run_path(str(PACKAGING / "homebrew.py"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
WORKFLOW: dict[str, Any] = yaml.safe_load((ROOT / ".github" / "workflows" / "release.yml").read_text())
NODE = shutil.which("node")

needs_node = pytest.mark.skipif(NODE is None or sys.platform == "win32", reason="there is no Node.js")


def nodes() -> list[Path]:
    """The Node.js in the path, and the one beside wrangler, which is newer than Debian's."""
    tools = oracle_tools.modules()
    return [Path(NODE or "node"), *([oracle_tools.node(tools)] if tools is not None else [])]


# -- npm ---------------------------------------------------------------------------------------------------


def build(folder: Path, script: str) -> Path:
    """A folder with a program that stands for the build."""
    program = folder / "cflint" / "cflint"
    program.parent.mkdir(parents=True)
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return folder


def own_platforms() -> list[str]:
    """The names of the packages that could run here, one of each C library."""
    assert NODE is not None
    ask = "process.stdout.write(`${process.platform}-${process.arch}`)"
    stem = subprocess.run([NODE, "-e", ask], capture_output=True, text=True, check=True).stdout
    return [name for name in NPM["PLATFORMS"] if name == stem or name.startswith(f"{stem}-")]


def installed(folder: Path, builds: dict[str, str]) -> Path:
    """The command in `node_modules`, beside packages of platforms whose programs are scripts."""
    modules = folder / "node_modules"
    command: Path = NPM["make_command"](modules)
    for platform, script in builds.items():
        NPM["make_platform"](modules, platform, build(folder / platform, script))
    return command / "cflint"


def run(command: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    assert NODE is not None
    return subprocess.run([NODE, command, *arguments], capture_output=True, text=True, check=False)


def test_a_platform_is_what_npm_knows_of_it(tmp_path: Path) -> None:
    NPM["make_command"](tmp_path)
    command = json.loads((tmp_path / "cflint-workers" / "package.json").read_text())
    assert command["version"] == PROJECT["version"]
    for platform in NPM["PLATFORMS"]:
        NPM["make_platform"](tmp_path, platform, build(tmp_path / "build" / platform, "exit 0"))
        manifest = json.loads((tmp_path / f"cflint-workers-{platform}" / "package.json").read_text())
        assert command["optionalDependencies"].pop(manifest["name"]) == manifest["version"]
        libc = {"gnu": "glibc", "musl": "musl"}.get(platform.rpartition("-")[2])
        assert manifest.get("libc") == ([libc] if libc else None)
        assert platform.startswith(f"{manifest['os'][0]}-{manifest['cpu'][0]}")
        assert (tmp_path / manifest["name"] / "cflint" / "cflint").stat().st_mode & 0o111
    assert not command["optionalDependencies"]


@needs_node
def test_the_command_passes_on_arguments_and_the_exit_code(tmp_path: Path) -> None:
    platform = own_platforms()[0]
    command = installed(tmp_path, {platform: 'echo "$# $2"; exit 3'})
    done = run(command, "check", "a b")
    assert (done.returncode, done.stdout) == (3, "2 a b\n")


@needs_node
def test_the_command_ends_by_the_signal_that_ended_the_program(tmp_path: Path) -> None:
    command = installed(tmp_path, {own_platforms()[0]: "kill -TERM $$"})
    assert run(command).returncode == -signal.SIGTERM


@needs_node
def test_a_signal_to_the_command_reaches_the_program(tmp_path: Path) -> None:
    assert NODE is not None
    script = "trap 'echo heard; exit 7' TERM; echo up; while :; do sleep 0.05; done"
    command = installed(tmp_path, {own_platforms()[0]: script})
    with subprocess.Popen([NODE, command], text=True, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "up\n"
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=60) == 7
        assert process.stdout.read() == "heard\n"


@needs_node
@pytest.mark.parametrize("node", nodes(), ids=str)
def test_a_node_that_can_becomes_the_program(tmp_path: Path, node: Path) -> None:
    """Nothing but Node.js's own start is added then: no second process waits."""
    can = "process.exit(typeof process.execve === 'function' ? 0 : 1)"
    becomes = subprocess.run([node, "-e", can], check=False).returncode == 0
    command = installed(tmp_path, {own_platforms()[0]: "echo $$"})
    with subprocess.Popen(
        [node, command], text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        said, complaint = process.communicate(timeout=60)
    assert (int(said) == process.pid) is becomes
    assert complaint == "", "no warning of something experimental"


@needs_node
def test_a_command_without_a_build_says_what_is_missing(tmp_path: Path) -> None:
    done = run(installed(tmp_path, {}), "check")
    assert done.returncode == 4
    assert f"cflint-workers-{own_platforms()[0]}" in done.stderr
    assert "Error:" not in done.stderr


@needs_node
def test_of_two_c_libraries_the_one_of_the_machine_is_taken(tmp_path: Path) -> None:
    platforms = own_platforms()
    if len(platforms) == 1:
        pytest.skip("this system has one")
    own = (
        "musl"
        if list(Path("/lib").glob("ld-musl-*")) and not list(Path("/lib64").glob("ld-linux*"))
        else "gnu"
    )
    done = run(installed(tmp_path, {platform: f"echo {platform}" for platform in platforms}))
    assert done.stdout.strip().endswith(f"-{own}")


@needs_node
@pytest.mark.parametrize(
    ("agent", "linked"), [("npm/10.8.2 node/v20", True), ("pnpm/10.1.0 npm/? node/v20", False)]
)
def test_npm_alone_gets_a_link_to_the_program(tmp_path: Path, agent: str, linked: bool) -> None:
    assert NODE is not None
    command = installed(tmp_path, {own_platforms()[0]: "echo ran"})
    environment = {**os.environ, "npm_config_user_agent": agent}
    subprocess.run([NODE, command.with_name("optimise.js")], check=True, env=environment)
    assert command.is_symlink() is linked
    program = [str(command)] if linked else [NODE, str(command)]
    assert subprocess.run(program, capture_output=True, text=True, check=True).stdout == "ran\n"
    assert sorted(path.name for path in command.parent.iterdir() if path.name.startswith("cflint")) == [
        "cflint"
    ]


# -- the release --------------------------------------------------------------------------------------------


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """What a release is checked by."""
    for name in ("pyproject.toml", "src/cflint/__init__.py", "CHANGELOG.md", *versioned()):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def versioned() -> list[str]:
    return list(RELEASE["versions"](ROOT))


def test_there_is_one_version(copy: Path) -> None:
    assert RELEASE["problems_of"](ROOT, None) == []
    for name in versioned():
        file = copy / name
        before = file.read_text(encoding="utf-8")
        file.write_text(before.replace(PROJECT["version"], "9.9.9", 1), encoding="utf-8")
        assert RELEASE["problems_of"](copy, None) == [
            f"{name} says 9.9.9, and pyproject.toml {PROJECT['version']}"
        ]
        file.write_text(before, encoding="utf-8")


@pytest.mark.parametrize(
    ("tag", "log", "problem"),
    [
        ("v{}", "## {} (2027-01-31)\n\n- new\n\n## 0.0.1 (2026-01-01)\n\n- old\n", None),
        ("{}", "## {} (2027-01-31)\n\n- new\n", "the tag is"),
        ("v{}", "## Unreleased\n\n- new\n\n## {} (2027-01-31)\n\n- old\n", "the first heading"),
        ("v{}", "## {}\n\n- new\n", "needs its day"),
        ("v{}", "## {} (2027-01-31)\n\n## 0.0.1 (2026-01-01)\n\n- old\n", "says nothing"),
        ("v{}", "nothing\n", "the first heading"),
    ],
)
def test_a_tag_needs_its_changelog(copy: Path, tag: str, log: str, problem: str | None) -> None:
    own = PROJECT["version"]
    (copy / "CHANGELOG.md").write_text(log.format(own))
    problems = RELEASE["problems_of"](copy, tag.format(own))
    if problem is None:
        assert problems == []
        assert RELEASE["notes"](copy) == "- new"
    else:
        assert len(problems) == 1
        assert problem in problems[0]


def test_the_formula_names_each_archive_with_its_hash(tmp_path: Path) -> None:
    for _, _, platform in HOMEBREW["PLATFORMS"]:
        assert platform in NPM["PLATFORMS"]
        (tmp_path / f"cflint-{PROJECT['version']}-{platform}.tar.gz").write_text(platform)
    text = HOMEBREW["formula"](tmp_path, "ada/cflint")
    found = re.findall(
        r'url "https://github\.com/ada/cflint/releases/download/v(.+?)/(.+?)"\n +sha256 "(\w+)"', text
    )
    assert len(found) == len(HOMEBREW["PLATFORMS"])
    for version, name, digest in found:
        assert version == PROJECT["version"]
        assert hashlib.sha256((tmp_path / name).read_bytes()).hexdigest() == digest
    assert len(re.findall(r"^ *(?:class|on_\w+|def|test)\b", text, re.MULTILINE)) == text.count("end\n")
    (tmp_path / name).unlink()
    with pytest.raises(SystemExit, match="there is no"):
        HOMEBREW["formula"](tmp_path, "ada/cflint")


def test_the_workflow_builds_each_platform_and_runs_what_is_here() -> None:
    jobs = WORKFLOW["jobs"]
    rows = jobs["standalone"]["strategy"]["matrix"]["include"]
    assert sorted(row["platform"] for row in rows) == sorted(NPM["PLATFORMS"])
    steps = [step for job in jobs.values() for step in job["steps"]]
    scripts = {
        word for step in steps for word in re.findall(r"(?:\.ci|packaging)/[\w./-]+", step.get("run", ""))
    }
    assert len(scripts) > 6
    for script in scripts:
        assert (ROOT / script).is_file(), script
        assert script.endswith(".py") or os.access(ROOT / script, os.X_OK), script


def test_nothing_is_published_before_all_is_built() -> None:
    jobs = WORKFLOW["jobs"]
    builds = {name for name, job in jobs.items() if "environment" not in job}
    for name in jobs.keys() - builds:
        assert builds - {"check"} <= set(jobs[name]["needs"]), name
        assert jobs[name]["if"] == "github.ref_type == 'tag'"
    assert all(
        "check" in job["needs"] for name, job in jobs.items() if name in ("python", "standalone", "extension")
    )


def test_the_image_is_pinned_and_nobody_in_particular() -> None:
    text = (PACKAGING / "docker" / "Dockerfile").read_text()
    bases = set(re.findall(r"^FROM (\S+)", text, re.MULTILINE))
    assert len(bases) == 1
    assert re.fullmatch(r"python:3\.\d+-slim-\w+@sha256:[0-9a-f]{64}", bases.pop())
    assert re.search(r"^USER [1-9]\d*:[1-9]\d*$", text, re.MULTILINE)


def test_the_entry_for_schemastore_names_the_settings() -> None:
    entry = json.loads((PACKAGING / "schemastore" / "catalog-entry.json").read_text())
    assert entry["fileMatch"] == [name for name in NAMES if name != "pyproject.toml"]
    path = re.fullmatch(r"https://raw\.githubusercontent\.com/[\w.-]+/cflint/main/(.+)", entry["url"])
    assert path is not None
    assert (ROOT / path[1]).is_file()


def test_the_packager_is_the_one_that_packages() -> None:
    packs, publishes = (
        json.loads((ROOT / name / "package.json").read_text())["devDependencies"]["@vscode/vsce"]
        for name in ("editors/vscode", "packaging/vscode")
    )
    assert packs == publishes


def test_the_locks_agree() -> None:
    """What builds comes in the versions that the tests have, where both name it."""
    own, tools = (
        dict(re.findall(r"^([\w.-]+)==(\S+)", path.read_text(), re.MULTILINE))
        for path in (ROOT / "requirements.lock", PACKAGING / "standalone" / "requirements.lock")
    )
    assert own.keys() & tools.keys()
    assert {name: tools[name] for name in own.keys() & tools.keys()} == {
        name: own[name] for name in own.keys() & tools.keys()
    }
