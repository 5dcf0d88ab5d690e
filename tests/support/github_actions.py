"""The runner of GitHub Actions: what it gives a step, and the commands that it finds in a log."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from tests.support import preloaded
from tests.support.paths import ROOT
from tests.support.rule_index import put_index

CHECK = ROOT / "action" / "check.py"


class Runner:
    """A runner of GitHub Actions: folders, files for outputs, and what a step printed. `cflint` is the
    program that steps find."""

    def __init__(self, folder: Path) -> None:
        self.temp = folder / "temp"
        self.workspace = folder / "workspace"
        for made in (self.temp, self.workspace):
            made.mkdir()
        put_index(self.temp / "cache")
        self.output, self.summary = folder / "output", folder / "summary"
        self.log = ""
        self.cflint = preloaded.program(folder)

    def step(self, script: Path, **inputs: str) -> int:
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.temp),
            "CFLINT_CACHE_DIR": str(self.temp / "cache"),
            "CFLINT": str(self.cflint),
            "RUNNER_TEMP": str(self.temp),
            "GITHUB_OUTPUT": str(self.output),
            "GITHUB_STEP_SUMMARY": str(self.summary),
            "GITHUB_SERVER_URL": "https://github.com",
            "GITHUB_REPOSITORY": "o/r",
            "GITHUB_SHA": "c0ffee",
            **{f"INPUT_{name.upper()}": value for name, value in inputs.items()},
        }
        done = subprocess.run(
            [sys.executable, str(script)],
            cwd=self.workspace,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
        self.log = done.stdout.decode()
        return done.returncode

    @property
    def outputs(self) -> dict[str, str]:
        lines = self.output.read_text().splitlines()
        return dict(line.split("=", 1) for line in lines)


def command_in(line: str) -> tuple[str, dict[str, str], str] | None:
    """The command that the runner of GitHub Actions finds in a line of a log: its name, properties and data.
    As its `ActionCommand.cs` does it, both kinds, but every name of letters is one of a command."""
    line = line.lstrip()
    end = line.find("::", 2) if line.startswith("::") else -1
    if end >= 0:
        return _command(line[2:end], line[end + 2 :], ",", {"%3A": ":", "%2C": ","}, {})
    start = line.find("##[")
    end = line.find("]", start) if start >= 0 else -1
    if end >= 0:
        return _command(line[start + 3 : end], line[end + 1 :], ";", {"%3B": ";", "%5D": "]"}, {"%3B": ";"})
    return None


def _command(
    head: str, data: str, separator: str, of_properties: dict[str, str], of_data: dict[str, str]
) -> tuple[str, dict[str, str], str] | None:
    def read(text: str, escapes: dict[str, str]) -> str:
        for escape, char in {"%0D": "\r", "%0A": "\n", **escapes, "%25": "%"}.items():
            text = text.replace(escape, char)
        return text

    name, _, listed = head.partition(" ")
    if not re.fullmatch("[A-Za-z-]+", name):
        return None
    pairs = (item.split("=", 1) for item in listed.strip().split(separator) if item)
    properties = {pair[0]: read(pair[1], of_properties) for pair in pairs if len(pair) == 2}
    return name, properties, read(data, of_data)
