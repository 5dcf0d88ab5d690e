"""A short output for coding agents: what is wrong where, and what to change, in few tokens.

Imported where used: the counts, which few runs ask for.
"""

from __future__ import annotations

import posixpath
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from itertools import groupby

from cflint.finding import Edit, Finding, Location, Report, RuleInfo, Safety, Severity
from cflint.platform.clock import today
from cflint.project.workers.circumstances import PLAIN, Circumstances
from cflint.project.workers.runtime_types import RuntimeTypes
from cflint.report import DEFAULT, Options, severity_of
from cflint.report.advice import advice_for, why_unsafe
from cflint.report.changes import Row, changed_lines
from cflint.report.commands import for_project
from cflint.report.escape import escape_message, masked_source, paths_for, visible
from cflint.report.excerpt import code_of
from cflint.report.fitting import fitted

_MAX_WORKERS = 3
"""Of a file that more Workers share the first ones tell what edits depend on."""
_MAX_ENVIRONMENTS = 6
_TYPES = {
    RuntimeTypes.GENERATED: "generated types",
    RuntimeTypes.PACKAGE: "@cloudflare/workers-types",
    RuntimeTypes.IMPORTED: "@cloudflare/workers-types (by import)",
    RuntimeTypes.NONE: "no types",
}
_RECENT = 365
"""Days: what a compatibility date of the last year leaves switched off concerns no edit that pages name."""
_MAX_LINES = 12
"""Of a change of more lines the first ones are shown, with the command that shows all."""
_MAX_LENGTH = 400
_MOST_MASKED = 10_000
"""Characters of a line in which secrets are looked for; what is shown ends long before."""
_MAX_RELATED = 3
_MAX_PLACES = 12
"""Related places of which only the position is shown."""
_RELATED_LENGTH = 100
"""Characters of the line of code that are shown of a place in another file."""
_FURTHER = 3
"""Lines of code after the one of a place that are shown while what begins there goes on."""
_FURTHER_RELATED = 1
_LEGEND = "`-N` is line N now, `+N` line N afterwards."


def render(report: Report, options: Options = DEFAULT) -> str:
    """For each file what edits in its Workers may depend on, each Worker once, and its findings
    (`line:column severity rule: message`, both 1-based, columns in code points) with fixes as `-` and `+`
    lines, the first of a rule with why its fix is not safe. Where no fix changes the line of code it is
    shown, and where there is no fix the first of a rule says what to do. At the end what `--fix` would mend.

    Nothing from a file can begin a line of its own, and what is not printable is escaped, tabs in changed
    lines excepted.
    """
    if options.statistics:
        from cflint.report.statistics import as_text

        return as_text(report)
    shown = paths_for(report)
    rows: list[str] = []
    fixes: dict[tuple[Edit, ...], tuple[str, str]] = {}
    advised: set[tuple[str, str]] = set()
    has_lines = False
    circumstances = _Circumstances(options.circumstances, shown)
    for path, group in groupby(report.findings, key=lambda finding: finding.at.document.path):
        rows.append(shown(path))
        rows += (f"  {escape_message(row)}" for row in circumstances.rows(path))
        for finding in group:
            rows += (f"  {row}" for row in _finding(finding, shown))
            workers = options.circumstances.get(path, ())
            fix = list(_fix(finding, report, shown, fixes, advised, workers))
            has_lines = has_lines or any(row.startswith(("-", "+")) for row in fix)
            if not any(row.startswith(f"-{_line_number(finding.at)} ") for row in fix):
                further = _FURTHER if finding.fix is None else 0
                rows += (f"    | {_shortened(path, line)}" for line in code_of(finding.at, further))
            if finding.fix is None:
                advice = _once(finding, report, advised, partial(advice_for, finding, workers=workers))
                rows += [f"    do: {advice}"] if advice else []
            rows += (f"    {row}" for row in fix)
    if has_lines:
        rows.append(_LEGEND)
    rows += (
        f"warning: {_placed(notice.path, notice.line, shown)}{escape_message(notice.message)}"
        for notice in report.notices
        if notice.level == "warning" and not options.quiet
    )
    rows.append(_summary(report, options))
    return "".join(f"{row}\n" for row in rows)


class _Circumstances:
    """What edits may depend on, each Worker once, at the first file of it."""

    def __init__(self, by_path: Mapping[str, tuple[Circumstances, ...]], shown: Callable[[str], str]) -> None:
        self._by_path = by_path
        self._shown = shown
        self._files = Counter(worker for workers in by_path.values() for worker in workers)
        self._told: set[Circumstances] = set()

    def rows(self, path: str) -> Iterator[str]:
        """Those of the Workers that a file belongs to which no file before told."""
        workers = self._by_path.get(path, ())
        for worker in [it for it in workers if it not in self._told][:_MAX_WORKERS]:
            self._told.add(worker)
            name = [f"`{worker.name}`"] if len(workers) > 1 and worker.name else []
            facts = [*name, *self._facts(worker, path)]
            if facts:
                yield f"of {', '.join(facts)}"

    def _facts(self, worker: Circumstances, path: str) -> Iterator[str]:
        if worker.kind != PLAIN:
            yield worker.kind
        if worker.config and worker.config != path:
            yield self._from(path, worker.config)
        if worker.config and worker.compatibility_date is None:
            yield "no compatibility date"
        elif worker.compatibility_date is not None and (today() - worker.compatibility_date).days > _RECENT:
            yield f"compatibility date {worker.compatibility_date.isoformat()}"
        if worker.uses_nodejs:
            yield "nodejs_compat"
        if worker.wrangler:
            yield f"wrangler {worker.wrangler}"
        if worker.environments:
            more = len(worker.environments) - _MAX_ENVIRONMENTS
            listed = "/".join(worker.environments[:_MAX_ENVIRONMENTS])
            yield f"environments {listed}{f' and {more} more' if more > 0 else ''}"
        for name, at in worker.env_types:
            if at.document.path != path:
                yield f"{name} {self._from(path, at.document.path)}:{_line_number(at)}"
            elif self._files[worker] > 1:  # whoever edits one file alone has it in sight
                yield f"{name} line {_line_number(at)}"
        if worker.types in _TYPES:
            yield _TYPES[worker.types]
        if worker.language:
            yield worker.language

    def _from(self, path: str, other: str) -> str:
        """Another file as seen from where `path` is, where that is the shorter name of it."""
        beside = visible(posixpath.relpath(other, posixpath.dirname(path) or "."))
        beside = beside if beside.startswith("../") else f"./{beside}"
        return min(self._shown(other), beside, key=len)


def _placed(path: str | None, line: int | None, shown: Callable[[str], str]) -> str:
    if path is None:
        return ""
    return f"{shown(path)}:{line}: " if line else f"{shown(path)}: "


def _position(at: Location) -> str:
    position = at.document.position(at.span.start)
    return f"{position.line}:{position.column}"


def _finding(finding: Finding, shown: Callable[[str], str]) -> Iterator[str]:
    """What is wrong where, and the places that belong to it."""
    here, place = finding.at.document.path, _position(finding.at)
    rule, message = escape_message(finding.rule), escape_message(finding.message)
    yield f"{place} {severity_of(finding).label} {rule}: {message}"
    for related in finding.related[:_MAX_RELATED]:
        path = "" if related.document.path == here else f"{shown(related.document.path)}:"
        yield f"  see {path}{_position(related)} {escape_message(related.message) or 'and here'}"
        is_beside = not path and _line_number(related) == _line_number(finding.at)
        for line in () if is_beside else code_of(related, _FURTHER_RELATED):
            yield f"    | {_shortened(related.document.path, line, _RELATED_LENGTH)}"
    others = [
        _position(at) if at.document.path == here else f"{shown(at.document.path)}:{_position(at)}"
        for at in finding.related[_MAX_RELATED:]
    ]
    if others:
        more = f" and {len(others) - _MAX_PLACES} more" if len(others) > _MAX_PLACES else ""
        yield f"  see also {', '.join(others[:_MAX_PLACES])}{more}"


def _once(
    finding: Finding,
    report: Report,
    advised: set[tuple[str, str]],
    say: Callable[[RuleInfo], tuple[str, str]],
) -> str:
    """What the page of a finding's rule says, in the words of the place, the first time; "" afterwards, also
    where another place has other words. `say` gives both: as the page has it, and as it is shown."""
    info = report.rules.get(finding.rule)
    general, text = ("", "") if info is None else say(info)
    if (finding.rule, general) in advised:
        return ""
    advised.add((finding.rule, general))
    return escape_message(text)


def _reason(
    safety: Safety, finding: Finding, workers: Sequence[Circumstances], info: RuleInfo
) -> tuple[str, str]:
    title = finding.fix.title if finding.fix is not None else ""
    text = why_unsafe(info, safety, finding.message, finding.words, title)
    here = fitted(text, finding.words, finding.at.document.path)
    return text, for_project(here, workers[0]) if workers else here


def _line_number(at: Location) -> int:
    return at.document.position(at.span.start).line


def _fix(
    finding: Finding,
    report: Report,
    shown: Callable[[str], str],
    fixes: dict[tuple[Edit, ...], tuple[str, str]],
    advised: set[tuple[str, str]],
    workers: Sequence[Circumstances],
) -> Iterator[str]:
    """What the fix changes, if there is one, in full where it is short and was not shown before."""
    fix = finding.fix
    if fix is None:
        return
    here, place = finding.at.document.path, _position(finding.at)
    same = fixes.get(fix.edits)
    if same is not None:
        path, where = same
        yield f"fix: the same as that of {where if path == here else f'{shown(path)}:{where}'}"
        return
    if fix.edits:
        fixes[fix.edits] = here, place
    changes = list(changed_lines(fix))
    number = sum(len(lines) for _, lines in changes)
    large, left = "", _MAX_LINES
    if number > _MAX_LINES:
        unsafe = " --unsafe-fixes" if fix.safety is Safety.UNSAFE else ""
        is_applied = fix.safety is not Safety.MANUAL
        shows_all = f", all by `cflint check --diff{unsafe}`" if is_applied else ""
        large = f" ({number} lines, the first {_MAX_LINES} here{shows_all})"
    verdict = "by hand" if fix.safety is Safety.MANUAL else fix.safety.value
    reason = _once(finding, report, advised, partial(_reason, fix.safety, finding, workers))
    yield f"fix ({verdict}): {escape_message(fix.title)}{large}"
    if reason:
        yield f"  why: {reason}"
    for path, lines in changes:
        if path != here or len(changes) > 1:
            yield f"in {shown(path)}"
        yield from (_changed(path, row) for row in lines[:left])
        left -= len(lines)
        if left <= 0:
            break


def _changed(path: str, row: Row) -> str:
    sign, number, line = row
    return f"{sign}{number} {_shortened(path, line)}".rstrip()


def _shortened(path: str, line: str, most: int = _MAX_LENGTH) -> str:
    text = "\t".join(map(visible, masked_source(path, line[:_MOST_MASKED]).split("\t")))
    return text[:most] + "..." if len(text) > most else text


def _summary(report: Report, options: Options) -> str:
    fixed = f"{options.fixed} fixed. " if options.fixed else ""
    partial = " The analysis is partial." if report.partial else ""
    if not report.findings:
        return f"{fixed}No findings.{partial}"
    tally = Counter(severity_of(finding) for finding in report.findings)
    listed = ", ".join(
        f"{tally[level]} {level.label}{'s' if tally[level] > 1 else ''}"
        for level in sorted(Severity, reverse=True)
        if tally[level]
    )
    safety = Counter(finding.fix.safety for finding in report.findings if finding.fix is not None)
    safe, unsafe = safety[Safety.SAFE], safety[Safety.UNSAFE]
    offers = [f"`cflint check --fix` mends {safe}"] if safe else []
    if unsafe:
        command = "with `--unsafe-fixes` also" if safe else "`cflint check --fix --unsafe-fixes` mends"
        offers.append(f"{command} {unsafe}")
    offer = f" {', '.join(offers)}." if offers else ""
    return (
        f"{fixed}{listed}.{offer} More: `cflint explain RULE`."
        f" To keep code: a comment `cflint-ignore RULE: reason` above.{partial}"
    )
