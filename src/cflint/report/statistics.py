"""How many findings there are: by rule, by Worker, by severity; as data, and as text for people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from cflint.finding import Finding, Report, Severity
from cflint.record import record
from cflint.report import severity_of
from cflint.report.escape import encodable, escape_message

NO_WORKER = "no Worker"
"""What findings in files are counted under that belong to none."""


@record(frozen=True)
class Row:
    """The findings of a rule, or of a Worker: how many of each severity, and how many of them have a fix that
    an option applies or that is shown."""

    name: str
    severities: Counter[Severity]
    fixable: int

    @property
    def total(self) -> int:
        return self.severities.total()


@record(frozen=True)
class Statistics:
    """Rows with findings, the most frequent first. What belongs to several Workers counts for each."""

    rules: tuple[Row, ...]
    workers: tuple[Row, ...]
    severities: Counter[Severity]


def statistics(report: Report) -> Statistics:
    """The counts of a report."""
    pairs = [(report.workers_of(finding) or (NO_WORKER,), finding) for finding in report.findings]
    return Statistics(
        _rows((finding.rule, finding) for finding in report.findings),
        _rows((name, finding) for names, finding in pairs for name in names),
        Counter(map(severity_of, report.findings)),
    )


def _rows(pairs: Iterable[tuple[str, Finding]]) -> tuple[Row, ...]:
    rows: dict[str, tuple[Counter[Severity], list[int]]] = {}
    for name, finding in pairs:
        severities, fixable = rows.setdefault(name, (Counter(), [0]))
        severities[severity_of(finding)] += 1
        fixable[0] += finding.fix is not None
    made = (Row(name, severities, fixable[0]) for name, (severities, fixable) in rows.items())
    return tuple(sorted(made, key=lambda row: (-row.total, row.name)))


def as_data(found: Statistics) -> dict[str, Any]:
    """The counts as data for JSON: rows as objects, in order."""

    def row(row: Row) -> dict[str, Any]:
        levels = {f"{severity.label}s": row.severities[severity] for severity in reversed(Severity)}
        return {"name": encodable(row.name), "findings": row.total, **levels, "fixable": row.fixable}

    return {
        "rules": [row(one) for one in found.rules],
        "workers": [row(one) for one in found.workers],
        "severities": {severity.label: found.severities[severity] for severity in reversed(Severity)},
    }


def as_text(report: Report) -> str:
    """Three tables for people: a line a rule (how often, which, how bad, how many fixes), a line a Worker, a
    line a severity. Empty when nothing was found."""
    found = statistics(report)
    tables = (
        list(_rule_lines(found.rules, report)),
        list(_worker_lines(found.workers)),
        list(_levels(found)),
    )
    heads = ("by rule", "by Worker", "by severity")
    return "\n".join(
        "".join(f"{line}\n" for line in (head, *lines))
        for head, lines in zip(heads, tables, strict=True)
        if lines
    )


def _rule_lines(rows: Sequence[Row], report: Report) -> Iterator[str]:
    wide, longest = _widths(rows)
    for row in rows:
        info = report.rules.get(row.name)
        summary = escape_message(info.summary) if info is not None else ""
        label = info.severity.label if info is not None else ""
        fixes = f"{row.fixable} fix{'' if row.fixable == 1 else 'es'}" if row.fixable else ""
        name = escape_message(row.name)
        yield f"{row.total:>{wide}}  {name:<{longest}}  {label:<7}  {fixes:<9}  {summary}".rstrip()


def _worker_lines(rows: Sequence[Row]) -> Iterator[str]:
    wide, longest = _widths(rows)
    for row in rows:
        kinds = ", ".join(
            f"{number} {severity.label}{'' if number == 1 else 's'}"
            for severity in reversed(Severity)
            if (number := row.severities[severity])
        )
        yield f"{row.total:>{wide}}  {escape_message(row.name):<{longest}}  {kinds}"


def _levels(found: Statistics) -> Iterator[str]:
    wide = max((len(str(number)) for number in found.severities.values()), default=0)
    for severity in reversed(Severity):
        if found.severities[severity]:
            yield f"{found.severities[severity]:>{wide}}  {severity.label}"


def _widths(rows: Sequence[Row]) -> tuple[int, int]:
    """The columns of the largest number and of the longest name."""
    return (
        max((len(str(row.total)) for row in rows), default=0),
        max((len(escape_message(row.name)) for row in rows), default=0),
    )
