"""The action's main step: run cflint, and write annotations or SARIF, a summary of the job, and the outputs.

Inputs are environment variables, never part of a command. The step fails only when it cannot run: the result
of the check is the output `exit-code`, so that the findings are uploaded before the job fails.
"""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any


class Mistake(Exception):
    """An input that is not valid."""


def main() -> int:
    """Returns 0 when cflint ran, whatever it found; 2 for an input that is not valid."""
    try:
        options, paths, form = _inputs()
    except Mistake as mistake:
        _say(f"::error title=cflint::{mistake}")
        return 2
    temp = Path(os.environ["RUNNER_TEMP"])
    found, sarif, text = temp / "cflint.json", temp / "cflint.sarif", temp / "cflint.md"
    for old in (found, sarif, text):
        old.unlink(missing_ok=True)

    outputs = ["github"] if form == "annotations" else ["concise", f"sarif:{sarif}"]
    outputs += [
        f"markdown:{text}",
        f"json:{found}",
    ]  # they are written in this order: the last says that all are
    status = _cflint(outputs, options, paths)
    results = {"exit-code": status, "findings": 0, "sarif-file": ""}
    if not found.is_file():  # a usage error, or no Worker: cflint has printed it
        _say(f"::error title=cflint::cflint ended with exit code {status}, see the log")
        _summarise(f"## cflint\n\nNothing was checked: cflint ended with exit code {status}, see the log.\n")
        _output(results)
        return 0
    results["findings"] = len(json.loads(found.read_text(encoding="utf-8"))["findings"])
    if form == "sarif":
        _name_analysis(sarif, os.environ.get("INPUT_CATEGORY", ""))
        results["sarif-file"] = sarif
    _summarise(_changes(temp) + text.read_text(encoding="utf-8"))
    _output(results)
    return 0


def _changes(temp: Path) -> str:
    """What the change does to the deployment of the Workers, in Markdown; "" where no base is given, or it
    cannot be told, which the log says."""
    since = os.environ.get("INPUT_CHANGED_SINCE", "").strip()
    if not since:
        return ""
    file = temp / "cflint-diff.md"
    file.unlink(missing_ok=True)
    command = [os.environ.get("CFLINT") or "cflint", "diff", "--output-format=markdown"]
    subprocess.run([*command, f"--output-file={file}", "--", since], check=False)
    return file.read_text(encoding="utf-8") + "\n" if file.is_file() else ""


def _inputs() -> tuple[list[str], list[str], str]:
    """Options and paths for `cflint check`, and the format."""
    form = os.environ.get("INPUT_FORMAT", "") or "sarif"
    if form not in ("sarif", "annotations"):
        raise Mistake("the input `format` must be `sarif` or `annotations`")
    folder = os.environ.get("INPUT_WORKING_DIRECTORY", "") or "."
    if not Path(folder).is_dir():
        raise Mistake("the input `working-directory` is not a folder")
    os.chdir(folder)
    options = _words("args")
    if any(option.startswith(("--output", "--diff", "--show-settings", "--watch")) for option in options):
        raise Mistake("`args` cannot change the output format: use the input `format`")
    for name, option in (("SELECT", "--select"), ("FAIL_ON", "--fail-on")):
        value = os.environ.get(f"INPUT_{name}", "").strip()
        if value:
            options.append(f"{option}={','.join(value.split())}")
    since = os.environ.get("INPUT_CHANGED_SINCE", "").strip()
    if since:
        options.append(f"--changed-since={since}")
    return options, _words("paths") or ["."], form


def _words(name: str) -> list[str]:
    try:
        return shlex.split(os.environ.get(f"INPUT_{name.upper()}", ""))
    except ValueError as error:
        raise Mistake(f"the input `{name}` has an unclosed quote") from error


def _cflint(outputs: list[str], options: list[str], paths: list[str]) -> int:
    """Run cflint with all outputs, and return its exit code."""
    command = [os.environ.get("CFLINT") or "cflint", "check", *options]
    command += [f"--output={output}" for output in outputs]
    return subprocess.run([*command, "--", *paths], check=False).returncode


def _name_analysis(sarif: Path, category: str) -> None:
    """Code scanning tells analyses apart by this name; the uploading action leaves one that is there."""
    category = category.strip().rstrip("/")
    if category and sarif.is_file():
        log = json.loads(sarif.read_text(encoding="utf-8"))
        for run in log["runs"]:
            run["automationDetails"] = {"id": f"{category}/"}
        sarif.write_text(json.dumps(log), encoding="utf-8")


def _say(text: str) -> None:
    """A line of the log, whatever the encoding of the runner's console."""
    sys.stdout.buffer.write(f"{text}\n".encode("utf-8", "backslashreplace"))
    sys.stdout.buffer.flush()


def _summarise(text: str) -> None:
    _append("GITHUB_STEP_SUMMARY", text)


def _output(values: dict[str, Any]) -> None:
    _append("GITHUB_OUTPUT", "".join(f"{name}={value}\n" for name, value in values.items()))


def _append(name: str, text: str) -> None:
    with Path(os.environ[name]).open("a", encoding="utf-8", errors="backslashreplace") as file:
        file.write(text)


if __name__ == "__main__":
    sys.exit(main())
