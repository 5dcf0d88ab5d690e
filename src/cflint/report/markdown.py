"""A summary in Markdown, for pull requests and the summaries of CI jobs.

Sources: https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands (a job summary
has at most 1 MiB); GitHub refuses a comment of more than 65,536 characters.

Imported where used: urllib, for the addresses of rules.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from cflint.finding import Finding, Report, Safety, Severity
from cflint.pattern import pattern
from cflint.report import DEFAULT, Options, severity_of
from cflint.report.escape import encodable, escape_message, uri, visible
from cflint.report.statistics import Row, statistics

MAX_ROWS = 50
"""Findings in the table; people read no more."""
MAX_LENGTH = 60_000
"""Characters of the tables; a comment on a pull request takes a little more."""

_CODE = pattern(r"(`[^`]+`)")
_SPECIAL = pattern(r"([\\`*_{}\[\]()#+!|<>~&@:])")
_REFERENCE = pattern(r"(?<=[@#])(?=\w)|(?<=://)|(?<=[Ww][Ww][Ww])(?=\.)|(?<=[Gg][Hh])(?=-\d)")
"""Where code hosts begin to read a mention, the number of an issue or an address."""


def render(report: Report, options: Options = DEFAULT) -> str:
    """How many findings there are, and the worst of them in a table; with `options.statistics` counts by rule
    and Worker instead. Paths are from the workspace's root, and links where `options.repository` knows the
    commit. No text of a project is markup, a mention or an address."""
    return "".join(f"{line}\n" for line in _lines(report, options))


def _lines(report: Report, options: Options) -> Iterator[str]:
    yield from ("## cflint", "")
    if report.partial:
        yield from ("**The analysis is partial: not everything could be read.**", "")
    checked = f"{_count(report.files_checked, 'file')} of {_count(report.workers_checked, 'Worker')}"
    fixed = f"Fixed {_count(options.fixed, 'finding')}. " if options.fixed else ""
    if not report.findings:
        yield f"{fixed}No findings in {checked}."
    else:
        tally = Counter(map(severity_of, report.findings))
        kinds = ", ".join(_count(tally[level], level.label) for level in reversed(Severity) if tally[level])
        yield from (f"{fixed}**{kinds}** in {checked}.", "")
        if options.statistics:
            yield from _counts(report)
        else:
            yield from _table(report, options)
        yield ""
        yield from (f"- {item}." for item in _advice(report))
    warnings = [notice for notice in report.notices if notice.level == "warning"]
    if warnings and not options.quiet:
        yield ""
        for notice in warnings[:MAX_ROWS]:
            place = f"{cell(encodable(notice.path))}: " if notice.path is not None else ""
            yield f"- ⚠️ {place}{cell(escape_message(notice.message))}"


def _advice(report: Report) -> Iterator[str]:
    safety = Counter(finding.fix.safety for finding in report.findings if finding.fix is not None)
    safe, unsafe = safety[Safety.SAFE], safety[Safety.UNSAFE]
    if safe:
        yield f"`cflint check --fix` fixes {safe}"
    if unsafe:
        more = " more" if safe else ""
        yield f"`cflint check --fix --unsafe-fixes` fixes {unsafe}{more}: review the changes"
    yield "Run `cflint explain RULE` for the reasons and the fix"


def _table(report: Report, options: Options) -> Iterator[str]:
    yield from ("| | location | message | rule |", "|---|---|---|---|")
    left, shown = MAX_LENGTH, 0
    for finding in _worst(report.findings)[:MAX_ROWS]:
        row = _row(finding, report, options)
        left -= len(row)
        if left < 0:
            break
        yield row
        shown += 1
    if len(report.findings) > shown:
        yield from ("", f"… and {len(report.findings) - shown} more.")


def _worst(findings: Iterable[Finding]) -> Sequence[Finding]:
    return sorted(findings, key=lambda finding: -severity_of(finding))


def _row(finding: Finding, report: Report, options: Options) -> str:
    path, line = finding.at.document.path, finding.at.document.line_of(finding.at.span.start)
    place = cell(f"{visible(path)}:{line}")
    page = options.repository.page(uri(path), line) if options.repository is not None else None
    if page is not None:
        place = f"[{place}]({page})"
    info = report.rules.get(finding.rule)
    rule = cell(escape_message(finding.rule))
    if info is not None and info.uri and info.uri.startswith(("https://", "http://")):
        rule = f"[{rule}]({_address(info.uri)})"
    return f"| {severity_of(finding).label} | {place} | {cell(escape_message(finding.message))} | {rule} |"


def _counts(report: Report) -> Iterator[str]:
    found = statistics(report)
    for title, rows in (("rule", found.rules), ("Worker", found.workers)):
        yield from (
            f"| {title} | findings | errors | warnings | notes | with a fix |",
            "|---|--:|--:|--:|--:|--:|",
        )
        yield from map(_count_row, rows[:MAX_ROWS])
        if len(rows) > MAX_ROWS:
            yield from ("", f"… and {len(rows) - MAX_ROWS} more.")
        yield ""


def _count_row(row: Row) -> str:
    levels = " | ".join(str(row.severities[level] or "") for level in reversed(Severity))
    return f"| {cell(escape_message(row.name))} | {row.total} | {levels} | {row.fixable or ''} |"


def cell(text: str) -> str:
    """A text as a cell of a table: code spans stay, everything else is what it looks like."""
    pieces = _CODE.split(text)
    return "".join(
        piece.replace("|", "\\|") if at % 2 else _REFERENCE.sub("&#8203;", "".join(_escaped(piece)))
        for at, piece in enumerate(pieces)
    )


def _escaped(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", text)


def _address(address: str) -> str:
    from urllib.parse import quote

    return quote(address, safe=":/#?&=%+~")


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
