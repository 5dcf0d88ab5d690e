"""A short output for coding agents: what is wrong where, how to mend it, and why, in few tokens.

Imported where used: the counts, which few runs ask for.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from itertools import groupby

from cflint.finding import Edit, Finding, Report, Safety, Severity
from cflint.report import DEFAULT, Options, severity_of
from cflint.report.changes import Row, changed_lines
from cflint.report.escape import escape_message, masked_source, paths_for, visible

_MAX_LINES = 8
"""A change of more lines is left to `cflint check --diff`."""
_MAX_LENGTH = 400
_MOST_MASKED = 10_000
"""Characters of a line in which secrets are looked for; what is shown ends long before."""
_MAX_RELATED = 3


def render(report: Report, options: Options = DEFAULT) -> str:
    """For each file its findings (`line:column severity rule: message`, both 1-based, columns in code points)
    with small fixes as `-` and `+` lines; then once for each rule why, and what `--fix` would mend.

    Nothing from a file can begin a line of its own, and what is not printable is escaped, tabs in changed
    lines excepted.
    """
    if options.statistics:
        from cflint.report.statistics import as_text

        return as_text(report)
    shown = paths_for(report)
    rows: list[str] = []
    fixes: dict[tuple[Edit, ...], tuple[str, str]] = {}
    for path, group in groupby(report.findings, key=lambda finding: finding.at.document.path):
        rows.append(shown(path))
        for finding in group:
            rows += (f"  {row}" for row in _finding(finding, shown, fixes))
    if rows:
        rows += ["why", *(f"  {row}" for row in _reasons(report))]
    rows += (
        f"warning: {_placed(notice.path, notice.line, shown)}{escape_message(notice.message)}"
        for notice in report.notices
        if notice.level == "warning" and not options.quiet
    )
    rows.append(_summary(report, options))
    return "".join(f"{row}\n" for row in rows)


def _placed(path: str | None, line: int | None, shown: Callable[[str], str]) -> str:
    if path is None:
        return ""
    return f"{shown(path)}:{line}: " if line else f"{shown(path)}: "


def _finding(
    finding: Finding, shown: Callable[[str], str], fixes: dict[tuple[Edit, ...], tuple[str, str]]
) -> Iterator[str]:
    here = finding.at.document.path
    position = finding.at.document.position(finding.at.span.start)
    place = f"{position.line}:{position.column}"
    rule, message = escape_message(finding.rule), escape_message(finding.message)
    yield f"{place} {severity_of(finding).label} {rule}: {message}"
    for related in finding.related[:_MAX_RELATED]:
        found = related.document.position(related.span.start)
        path = "" if related.document.path == here else f"{shown(related.document.path)}:"
        yield f"  see {path}{found.line}:{found.column} {escape_message(related.message)}".rstrip()
    fix = finding.fix
    if fix is None:
        return
    by_hand = "by hand" if fix.safety is Safety.MANUAL else fix.safety.value
    same = fixes.get(fix.edits)
    if same is not None:
        path, where = same
        yield f"  fix: the same as that of {where if path == here else f'{shown(path)}:{where}'}"
        return
    if fix.edits:
        fixes[fix.edits] = here, place
    yield f"  fix ({by_hand}): {escape_message(fix.title)}"
    changes = list(changed_lines(fix))
    if sum(len(lines) for _, lines in changes) > _MAX_LINES:
        return
    for path, lines in changes:
        if path != here or len(changes) > 1:
            yield f"  in {shown(path)}"
        yield from (f"  {_changed(path, row)}" for row in lines)


def _changed(path: str, row: Row) -> str:
    sign, number, line = row
    text = "\t".join(map(visible, masked_source(path, line[:_MOST_MASKED]).split("\t")))
    if len(text) > _MAX_LENGTH:
        text = text[:_MAX_LENGTH] + "..."
    return f"{sign}{number} {text}".rstrip()


def _reasons(report: Report) -> Iterator[str]:
    for rule in sorted({finding.rule for finding in report.findings}):
        info = report.rules.get(rule)
        if info is not None and info.summary:
            yield f"{escape_message(rule)}: {escape_message(info.summary)}"


def _summary(report: Report, options: Options) -> str:
    fixed = f"{options.fixed} fixed. " if options.fixed else ""
    partial = " The analysis is partial." if report.partial else ""
    if not report.findings:
        return f"{fixed}No findings.{partial}"
    tally = Counter(severity_of(finding) for finding in report.findings)
    listed = ", ".join(
        f"{tally[level]} {level.label}" for level in sorted(Severity, reverse=True) if tally[level]
    )
    safety = Counter(finding.fix.safety for finding in report.findings if finding.fix is not None)
    safe, unsafe = safety[Safety.SAFE], safety[Safety.UNSAFE]
    offers = [f"`cflint check --fix` mends {safe}"] if safe else []
    if unsafe:
        offers.append(f"`cflint check --fix --unsafe-fixes` {'also ' if safe else ''}{unsafe} (look at them)")
    offer = f" {', '.join(offers)}." if offers else ""
    return f"{fixed}{listed}.{offer} More: `cflint explain RULE`.{partial}"
