"""The action's main step: run cflint, and write annotations or SARIF, a summary of the job, and the outputs.

Inputs are environment variables, never part of a command. The step fails only when it cannot run: the result
of the check is the output `exit-code`, so that the findings are uploaded before the job fails.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any
from urllib.parse import quote

MAX_ROWS = 50
"""Findings in the summary; GitHub takes 1 MiB of it, and people take less."""
SEVERITIES = ("error", "warning", "note")

Report = dict[str, Any]


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
    found, sarif = temp / "cflint.json", temp / "cflint.sarif"
    for old in (found, sarif):
        old.unlink(missing_ok=True)

    status = _cflint("json", options, paths, found)
    outputs = {"exit-code": status, "findings": 0, "sarif-file": ""}
    if not found.is_file():  # a usage error, or no Worker: cflint has printed it
        _say(f"::error title=cflint::cflint ended with exit code {status}, see the log")
        _summarise(f"## cflint\n\nNothing was checked: cflint ended with exit code {status}, see the log.\n")
        _output(outputs)
        return 0
    report: Report = json.loads(found.read_text(encoding="utf-8"))
    outputs["findings"] = len(report["findings"])
    if form == "annotations":
        _cflint("github", options, paths, None)
    else:
        for finding in report["findings"]:
            _say(f"  {_line(finding)}")
        _cflint("sarif", options, paths, sarif)
        _name_analysis(sarif, os.environ.get("INPUT_CATEGORY", ""))
        outputs["sarif-file"] = sarif
    _summarise(summary(report, os.environ))
    _output(outputs)
    return 0


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
    if any(
        option.startswith(("--output-f", "--diff", "--statistics", "--show-settings")) for option in options
    ):
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


def _cflint(form: str, options: list[str], paths: list[str], file: Path | None) -> int:
    """Run cflint with an output format, into a file or to the log, and return its exit code."""
    command = [os.environ.get("CFLINT") or "cflint", "check", *options, f"--output-format={form}"]
    if file is not None:
        command += [f"--output-file={file}", "--quiet"]
    return subprocess.run([*command, "--", *paths], check=False).returncode


def _name_analysis(sarif: Path, category: str) -> None:
    """Code scanning tells analyses apart by this name; the uploading action leaves one that is there."""
    category = category.strip().rstrip("/")
    if category and sarif.is_file():
        log = json.loads(sarif.read_text(encoding="utf-8"))
        for run in log["runs"]:
            run["automationDetails"] = {"id": f"{category}/"}
        sarif.write_text(json.dumps(log), encoding="utf-8")


def _line(finding: Report) -> str:
    """A finding on one line of the log, which no file name can end."""
    start = finding["start"]
    place = f"{finding['path']}:{start['line']}:{start['column']}"
    if place.lstrip().startswith("::"):  # the runner would take it for a command
        place = f"./{place}"
    return _printable(f"{place}: {finding['severity']}[{finding['rule']}] {finding['message']}")


def _printable(text: str) -> str:
    """A text in which nothing ends a line, and nothing is a command (`##[error]`)."""
    shown = "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode("ascii") for char in text
    )
    return re.sub(r"(?<=#)#(?=[A-Za-z]{0,16}\[)", lambda _: "\\x23", shown)


def summary(report: Report, environment: Any) -> str:
    """The report as Markdown: how many there are, and the worst of them in a table."""
    findings = report["findings"]
    counts = report["summary"]
    tally = Counter(finding["severity"] for finding in findings)
    checked = f"{_count(counts['files'], 'file')} of {_count(counts['workers'], 'Worker')}"
    lines = ["## cflint", ""]
    if counts["partial"]:
        lines += ["**The analysis is partial: not everything could be read.**", ""]
    if not findings:
        return "\n".join([*lines, f"No findings in {checked}.", ""])
    kinds = ", ".join(_count(tally[name], name) for name in SEVERITIES if tally[name])
    lines += [f"**{kinds}** in {checked}.", "", "| | location | message | rule |", "|---|---|---|---|"]
    worst = sorted(findings, key=lambda finding: SEVERITIES.index(finding["severity"]))
    lines += (_row(finding, environment) for finding in worst[:MAX_ROWS])
    if len(worst) > MAX_ROWS:
        lines += ["", f"… and {len(worst) - MAX_ROWS} more."]
    safe, unsafe = counts["fixable"]["safe"], counts["fixable"]["unsafe"]
    offers = [f"`cflint check --fix` fixes {safe}"] if safe else []
    offers += (
        [f"`cflint check --fix --unsafe-fixes` fixes {unsafe} more: review the changes"] if unsafe else []
    )
    more = [*offers, "Run `cflint explain RULE` for the reasons and the fix"]
    return "\n".join([*lines, "", *(f"- {item}." for item in more), ""])


def _row(finding: Report, environment: Any) -> str:
    line = finding["start"]["line"]
    place = markdown(f"{finding['path']}:{line}")
    server, repository, commit = (
        environment.get(name, "") for name in ("GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_SHA")
    )
    if server and repository and commit:
        place = f"[{place}]({server}/{repository}/blob/{commit}/{quote(finding['path'])}#L{line})"
    rule = markdown(finding["rule"])
    if finding["url"]:
        rule = f"[{rule}]({quote(finding['url'], safe=':/#?&=%+~')})"
    return f"| {finding['severity']} | {place} | {markdown(finding['message'])} | {rule} |"


def markdown(text: str) -> str:
    """A text as a cell of a table: code spans stay, everything else is what it looks like."""
    pieces = re.split(r"(`[^`]+`)", _printable(text))
    return "".join(
        piece.replace("|", "\\|") if at % 2 else re.sub(r"([\\`*_{}\[\]()#+!|<>~&@:])", r"\\\1", piece)
        for at, piece in enumerate(pieces)
    )


def _say(text: str) -> None:
    """A line of the log, whatever the encoding of the runner's console."""
    sys.stdout.buffer.write(f"{text}\n".encode("utf-8", "backslashreplace"))
    sys.stdout.buffer.flush()


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _summarise(text: str) -> None:
    _append("GITHUB_STEP_SUMMARY", text)


def _output(values: dict[str, Any]) -> None:
    _append("GITHUB_OUTPUT", "".join(f"{name}={value}\n" for name, value in values.items()))


def _append(name: str, text: str) -> None:
    with Path(os.environ[name]).open("a", encoding="utf-8", errors="backslashreplace") as file:
        file.write(text)


if __name__ == "__main__":
    sys.exit(main())
