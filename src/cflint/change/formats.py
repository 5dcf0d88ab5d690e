"""The differences, and the findings that only a change can have, as text, Markdown or JSON."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from cflint.change.compare import EXPORTED, Difference, WorkerDifference
from cflint.finding import Report
from cflint.record import record
from cflint.report import severity_of
from cflint.report.escape import encodable, escape_message, visible
from cflint.report.lines import code, environment_name, found_data, found_line, prose

VERSION = 1
"""Of the JSON; raised when a field is taken away or changes its meaning."""


@record(frozen=True)
class Outcome:
    """What is written: `base` and `head` say what was compared."""

    base: str
    head: str
    workers: tuple[WorkerDifference, ...]
    report: Report


Format = Callable[[Outcome], str]

_HOLDS_DATA = frozenset({"class", "migration"})
_SELDOM = frozenset({"variable", EXPORTED})
_MOST_IN_SHORT = 4
"""Differences of one sign that the line of a Worker names."""


def as_text(outcome: Outcome) -> str:
    """For people at a terminal: `+` is new, `-` gone, `~` changed, `!` a finding."""
    lines: list[str] = []
    for worker in outcome.workers:
        state = {"new": "new Worker ", "gone": "gone: "}.get(worker.status, "")
        moved = f", which was {visible(worker.moved_from)}" if worker.moved_from is not None else ""
        lines.append(f"{state}{visible(worker.name)} ({visible(worker.path)}{moved})")
        lines += (f"  {_line(it)}" for it in worker.differences)
        for word, flags in (("on", worker.switched_on), ("off", worker.switched_off)):
            if flags:
                lines.append(f"      switches {word}: {', '.join(flags)}")
        lines.append("")
    lines += (f"! {found_line(finding)}" for finding in outcome.report.findings)
    if outcome.report.findings:
        lines.append("")
    lines.append(_summary(outcome))
    return "".join(f"{line}\n" for line in lines)


def as_markdown(outcome: Outcome) -> str:
    """For a comment on a pull request: what is found, a line for each Worker, then a table for each."""
    lines = ["## Workers", "", f"**{prose(_summary(outcome))}**", ""]
    if outcome.report.findings:
        lines += (f"- {prose(found_line(finding))}" for finding in outcome.report.findings)
        lines.append("")
    lines += map(_in_short, outcome.workers)
    if outcome.workers:
        lines.append("")
    for worker in outcome.workers:
        if not worker.differences and not worker.switched_on and not worker.switched_off:
            continue
        lines += [f"### {prose(worker.name)}{_state(worker)}", "", f"{code(worker.path)}", ""]
        if worker.differences:
            lines += ["| | | before | after |", "|---|---|---|---|", *map(_row, worker.differences), ""]
        for word, flags in (("on", worker.switched_on), ("off", worker.switched_off)):
            if flags:
                lines += [f"Switched {word}: {', '.join(map(code, flags))}", ""]
    return "\n".join(lines)


def _in_short(worker: WorkerDifference) -> str:
    """A Worker in one line of a list: what is new, gone and changed, the first of each by name."""
    parts: list[str] = []
    for sign, those in _by_sign(worker.differences).items():
        named = ", ".join(f"{prose(it.kind)}{_name_of(it)}" for it in those[:_MOST_IN_SHORT])
        more = len(those) - _MOST_IN_SHORT
        parts.append(f"{sign} {named}{f' and {more} more' if more > 0 else ''}")
    for word, flags in (("on", worker.switched_on), ("off", worker.switched_off)):
        if flags:
            parts.append(f"switches {word} {len(flags)} flag{'' if len(flags) == 1 else 's'}")
    if worker.moved_from is not None:
        parts.append(f"moved from {code(worker.moved_from)}")
    return f"- **{prose(worker.name)}**{_state(worker)}: {'; '.join(parts) or 'nothing else'}"


def _name_of(it: Difference) -> str:
    return "" if it.kind in (it.name, "entry", "date", "account") else f" {code(it.name)}"


def _by_sign(differences: Sequence[Difference]) -> dict[str, list[Difference]]:
    """The differences by what became of them, what is gone first: it is what cannot be taken back. Of each
    sign, what holds data comes first, and last what a deployment seldom fails by."""
    found: dict[str, list[Difference]] = {"gone:": [], "changed:": [], "new:": []}
    for it in sorted(differences, key=_weight):
        found["new:" if it.before is None else "gone:" if it.after is None else "changed:"].append(it)
    return {sign: those for sign, those in found.items() if those}


def _weight(it: Difference) -> int:
    if it.kind in _HOLDS_DATA:
        return 0
    return 2 if it.kind in _SELDOM else 1


def _state(worker: WorkerDifference) -> str:
    return {"new": ", new", "gone": ", gone"}.get(worker.status, "")


def as_json(outcome: Outcome) -> str:
    """For programs: see docs/diff-output.schema.json."""
    data = {
        "version": VERSION,
        "base": encodable(outcome.base),
        "head": encodable(outcome.head),
        "workers": [_worker(worker) for worker in outcome.workers],
        "findings": [found_data(finding) for finding in outcome.report.findings],
    }
    return json.dumps(data, indent=2) + "\n"


FORMATS: Mapping[str, Format] = {"text": as_text, "markdown": as_markdown, "json": as_json}


def _summary(outcome: Outcome) -> str:
    count = len(outcome.workers)
    what = (
        "No Worker is deployed otherwise"
        if not count
        else f"{count} Worker{'' if count == 1 else 's'} differ"
    )
    what += "s" if count == 1 else ""
    tally = Counter(severity_of(finding).label for finding in outcome.report.findings)
    found = ", ".join(
        f"{number} {label}{'' if number == 1 else 's'}" for label, number in sorted(tally.items())
    )
    return f"{what}{f', with {found}' if found else ''}: {outcome.base} against {outcome.head}."


# -- text --------------------------------------------------------------------------------------------------


def _line(it: Difference) -> str:
    what = f"{it.kind} {it.name}" if it.kind not in (it.name, "entry", "date", "account") else it.kind
    where = f" [{_where(it.environments)}]" if it.environments else ""
    if it.before is None:
        return escape_message(f"+ {what}{_after_colon(it.after or '')}{where}")
    if it.after is None:
        return escape_message(f"- {what}{_after_colon(it.before)}{where}")
    return escape_message(f"~ {what}: {it.before or 'nothing'} -> {it.after or 'nothing'}{where}")


def _after_colon(text: str) -> str:
    return f": {text}" if text else ""


def _where(environments: Sequence[str | None]) -> str:
    return ", ".join(map(environment_name, environments))


# -- Markdown ----------------------------------------------------------------------------------------------


def _row(it: Difference) -> str:
    sign = "new" if it.before is None else "gone" if it.after is None else "changed"
    where = f" ({_where(it.environments)})" if it.environments else ""
    cells = [sign, prose(f"{it.kind} ") + code(it.name) + prose(where), *map(_value, (it.before, it.after))]
    return f"| {' | '.join(cells)} |"


def _value(text: str | None) -> str:
    return code(text) if text else ""


# -- JSON --------------------------------------------------------------------------------------------------


def _worker(worker: WorkerDifference) -> dict[str, Any]:
    return {
        "name": encodable(worker.name),
        "path": encodable(worker.path),
        "status": worker.status,
        "movedFrom": None if worker.moved_from is None else encodable(worker.moved_from),
        "differences": [_difference(it) for it in worker.differences],
        "switchedOn": list(worker.switched_on),
        "switchedOff": list(worker.switched_off),
    }


def _difference(it: Difference) -> dict[str, Any]:
    return {
        "kind": it.kind,
        "name": encodable(it.name),
        "before": None if it.before is None else encodable(it.before),
        "after": None if it.after is None else encodable(it.after),
        "environments": [None if name is None else encodable(name) for name in it.environments],
    }
