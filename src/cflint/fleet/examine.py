"""What is done with one source, in a process of its own: look which states it has, and examine one of them.

Both give plain data for JSON. What the source is to blame for raises Unexamined; anything else is a crash.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from cflint.cli.check.analysis import Analysis
from cflint.cli.check.arguments import asked
from cflint.cli.check.place import Place
from cflint.cli.check.plan import Plan, plan_at
from cflint.cli.exits import Failure
from cflint.finding import Report
from cflint.fleet.facts import facts_of, workers_of
from cflint.fleet.owners import Owners
from cflint.fleet.states import files_of, states_of
from cflint.history.base import Base
from cflint.history.repository import HistoryError
from cflint.project.files.workspace import Workspace
from cflint.record import replace
from cflint.report import json_format, sarif

Row = dict[str, Any]

ROOT = Path("/")
"""Where an examined state is said to be: nothing of the machine is in a result."""

SETTINGS = ".cflint-sweep.toml"
"""The path, in the workspace, of settings that count for all sources; patterns in it are meant from the
root."""


class Unexamined(Exception):
    """That a source cannot be examined; `status` says why in a word of the schema's, the message in a
    sentence."""

    def __init__(self, status: str, message: str) -> None:
        super().__init__(message)
        self.status = status


def look(request: Mapping[str, Any]) -> Row:
    """The states of a source: `request` has its `path` and `ref`. Raises Unexamined."""
    try:
        uri, states = states_of(Path(request["path"]), request["ref"])
    except HistoryError as error:
        raise Unexamined("unreadable", _said(error)) from error
    return {"uri": uri, "states": [state.as_data() for state in states]}


def examine(request: Mapping[str, Any]) -> Row:
    """What is found in a state: `request` has the source's `path`, the `commit` (None: the folder), `options`
    of `check`, maybe the text of `settings`, which count in place of the source's own or (`is_above`) on top
    of these. Raises Unexamined."""
    try:
        return _examined(request)
    except HistoryError as error:
        raise Unexamined("unreadable", _said(error)) from error
    except Failure as failure:
        raise Unexamined("wrong-settings", failure.message) from failure


def _examined(request: Mapping[str, Any]) -> Row:
    files = files_of(Path(request["path"]), request["commit"])
    text, is_above = request.get("settings"), request.get("is_above", False)
    found = examined(Workspace(None, files=files), request["options"], text, is_above=is_above)
    if isinstance(files, Base) and files.lacking is not None:
        raise files.lacking  # a rule that read it was blamed for it
    return found


def examined(
    workspace: Workspace, options: Sequence[str], settings: str | None = None, *, is_above: bool = False
) -> Row:
    """What is found in a workspace, see `examine`. Raises Failure."""
    analysis = Analysis(_plan(workspace, options, settings, is_above=is_above))
    report = analysis.first()
    if analysis.loaded.empty:
        return {"status": "no-workers", "partial": False}
    owners = Owners.of(workspace)
    said = json.loads(json_format.render(report))
    return {
        "status": "checked",
        "partial": report.partial,
        "modules": report.files_checked,
        "suppressed": report.suppressed,
        "workers": workers_of(analysis.loaded, owners),
        "facts": facts_of(analysis.loaded),
        "findings": [_finding(found, report, owners) for found in said["findings"]],
        "notices": said["notices"],
        "sarif": sarif.render(_with_rules_of_findings(report)) if report.findings else None,
    }


def remarks_on(options: Sequence[str], settings: str | None = None, *, is_above: bool = False) -> list[str]:
    """What there is to say of options and settings like those of `examine` before anything is examined: which
    names are old. Raises Failure for a mistake in them, whatever the source."""
    plan = _plan(Workspace.in_memory({}), options, settings, is_above=is_above)
    _ = Analysis(plan).rules
    return [notice.message for notice in plan.settings.renamed(()).values()]


def _plan(workspace: Workspace, options: Sequence[str], settings: str | None, *, is_above: bool) -> Plan:
    if settings is not None:
        workspace.overlay(SETTINGS, settings.encode())
        options = [*options, *([] if is_above else ["--config", SETTINGS])]
    request, place = asked("--jobs", "1", *options), Place(workspace, ("",), ROOT)
    return plan_at(request, place, above=SETTINGS if is_above else None, one_of_many=True)


def _finding(found: Row, report: Report, owners: Owners) -> Row:
    info = report.rules.get(found["rule"])
    return {
        "rule": found["rule"],
        "group": found["group"],
        "severity": found["severity"],
        "message": found["message"],
        "path": found["path"],
        "line": found["start"]["line"],
        "column": found["start"]["column"],
        "end_line": found["end"]["line"],
        "end_column": found["end"]["column"],
        "workers": found["workers"],
        "owners": list(owners.of_path(found["path"])),
        "fingerprint": found["fingerprint"],
        "fix": found["fix"]["safety"] if found["fix"] is not None else None,
        "package": info.package if info is not None else None,
    }


def _with_rules_of_findings(report: Report) -> Report:
    """The report with no other rules than those that found something: their pages are most of a log."""
    names = dict.fromkeys(finding.rule for finding in report.findings)
    return replace(report, rules={name: report.rules[name] for name in sorted(names)})


def _said(error: HistoryError) -> str:
    return f"{error}: {error.hint}" if error.hint else str(error)


JOBS: Mapping[str, Callable[[Mapping[str, Any]], Row]] = {"look": look, "examine": examine}
"""What a process of its own may be asked to do."""
