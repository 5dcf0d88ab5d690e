"""What `cflint inspect` shows: an inspection as text or JSON."""

from __future__ import annotations

import json
import os
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cflint.report.escape import visible

if TYPE_CHECKING:
    from cflint.engine.inspection import CheckRun, Inspection, RuleTrace
    from cflint.finding import Location


def as_text(found: Inspection, width: int = 100) -> str:
    """An inspection as lines of at most `width` characters."""
    rows = [("place", _spelled(found.at)), ("realm", found.realm.value)]
    rows += [
        (fact.name, f"{fact.text}, {_spelled(fact.at)}" if fact.at else fact.text) for fact in found.facts
    ]
    lines = [f"{name:<13}{visible(text)}" for name, text in rows]
    if found.trace is not None:
        lines += ["", *_trace_lines(found.trace)]
    return "\n".join(_wrapped(line, width) for line in lines) + "\n"


def _trace_lines(trace: RuleTrace) -> Iterator[str]:
    yield f"{trace.rule}: {trace.verdict.value}"
    for reason in trace.reasons:
        yield f"  - {reason}"
    for run in trace.runs:
        yield f"  ran on {visible(run.subject)}, {_spelled(run.at)}"
        for finding in run.findings:
            yield f"    reported at {_spelled(finding.at)}: {finding.message}"
        for step in run.steps if not run.findings else ():
            yield f"    `{step.function}` returned {step.returned} at {_short_path(trace.path)}:{step.line}"
            yield f"        {step.source}"
    if trace.left_out:
        runs = "1 more run" if trace.left_out == 1 else f"{trace.left_out} more runs"
        yield f"  and {runs} on other subjects of the file"


def _short_path(path: str) -> str:
    """The path of a rule's file from its group on."""
    return "/".join(Path(path).parts[-2:])


def _spelled(at: Location) -> str:
    position = at.document.position(at.span.start)
    return f"{visible(at.document.path)}:{position.line}:{position.column}"


def _wrapped(line: str, width: int) -> str:
    indent = " " * (len(line) - len(line.lstrip()))
    later = " " * 13 if not indent and len(line) > 13 and line[12] == " " else indent + "  "
    return textwrap.fill(line, width, subsequent_indent=later, break_long_words=False, break_on_hyphens=False)


def as_json(found: Inspection) -> str:
    """An inspection as a JSON object, version 1; lines and columns are 1-based, columns code points."""
    data: dict[str, Any] = {
        "version": 1,
        "place": _place_data(found.at),
        "realm": found.realm.name.lower(),
        "facts": [
            {"name": fact.name, "text": fact.text, "place": _place_data(fact.at) if fact.at else None}
            for fact in found.facts
        ],
        "rule": _trace_data(found.trace) if found.trace is not None else None,
    }
    return json.dumps(data, indent=2) + "\n"


def _trace_data(trace: RuleTrace) -> dict[str, Any]:
    return {
        "name": trace.rule,
        "path": os.path.relpath(trace.path),
        "verdict": trace.verdict.name.lower(),
        "reasons": list(trace.reasons),
        "runs": [_run_data(run) for run in trace.runs],
        "more_runs": trace.left_out,
    }


def _run_data(run: CheckRun) -> dict[str, Any]:
    return {
        "subject": run.subject,
        "place": _place_data(run.at),
        "findings": [{"message": each.message, "place": _place_data(each.at)} for each in run.findings],
        "steps": [
            {"function": step.function, "returned": step.returned, "line": step.line, "source": step.source}
            for step in run.steps
        ],
    }


def _place_data(at: Location) -> dict[str, Any]:
    start = at.document.position(at.span.start)
    end = at.document.position(at.span.end)
    return {
        "path": at.document.path,
        "start": {"line": start.line, "column": start.column},
        "end": {"line": end.line, "column": end.column},
    }
