"""The default output: findings with code frames, for people at a terminal.

Imported where used: the counts, which few runs ask for.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from cflint.finding import Finding, Fix, Location, Notice, Report, Safety, Severity
from cflint.lazy import Lazy
from cflint.report import DEFAULT, Options, severity_of
from cflint.report.cells import cells_of, start_within
from cflint.report.escape import escape_message, masked_source, paths_for, visible
from cflint.report.frame import Mark, Paint, frame, last_line
from cflint.report.wrapping import COMMAND, wrapped

if TYPE_CHECKING:
    from cflint.report import changes
    from cflint.report.changes import Row
else:
    changes = Lazy("cflint.report.changes")

_SEVERITY = {Severity.ERROR: "1;31", Severity.WARNING: "1;33", Severity.NOTE: "1;36"}
_STYLES = {
    "gutter": "1;34",
    "secondary": "1;34",
    "strong": "1",
    "help": "1;36",
    "fix": "1;32",
    "removed": "31",
    "added": "32",
    "good": "1;32",
    "faint": "2",
}
_NEAR = 20
"""A related place at most this many lines away shares the frame of what it relates to."""
_MAX_RELATED = 10
_MAX_DIFF_LINES = 40
_MAX_NOTICES = 20
_LEAST_ROOM = 20
"""With fewer cells left behind its name, a message begins on the next row."""
_NARROW = 60
_INDENT = 2
"""What a further row of a header is indented by."""

_FIX_LABEL = {
    Safety.SAFE: ("fix", "(safe, apply with `--fix`)"),
    Safety.UNSAFE: ("fix", "(unsafe: review the change; apply with `--fix --unsafe-fixes`)"),
    Safety.MANUAL: ("help", ""),
}


def render(report: Report, options: Options = DEFAULT) -> str:
    """Every finding with its frames, then the notices and a summary (without these two when it is quiet).

    Nothing of a file's name, a message or the source reaches the terminal unescaped; a secret is starred out.
    """
    if options.statistics:
        from cflint.report.statistics import as_text

        return as_text(report)
    shown = paths_for(report)
    blocks = [
        "".join(f"{row}\n" for row in _finding(item, report, options, shown)) for item in report.findings
    ]
    if not options.quiet:
        notices = "".join(f"{row}\n" for row in _notices(report.notices, options, shown))
        if notices:
            blocks.append(notices)
        blocks.append("".join(f"{row}\n" for row in _summary(report, options)))
    return "\n".join(blocks)


def _painter(options: Options, severity: Severity | None = None) -> Paint:
    if not options.color:
        return lambda text, style: text

    def paint(text: str, style: str) -> str:
        code = _SEVERITY[severity] if style == "primary" and severity is not None else _STYLES[style]
        return f"\x1b[{code}m{text}\x1b[0m"

    return paint


def _finding(
    finding: Finding, report: Report, options: Options, shown: Callable[[str], str]
) -> Iterator[str]:
    severity = severity_of(finding)
    paint = _painter(options, severity)
    name = f"[{escape_message(finding.rule)}]"
    rule = _link(name, report, finding.rule, options)
    lead = cells_of(f"{severity.label}{name}: ")
    message, room = escape_message(finding.message), options.width - _INDENT
    head, *more_rows = wrapped(message, options.width - lead, room)
    if options.width - lead < _LEAST_ROOM and not message.startswith(COMMAND):
        head, more_rows = "", list(wrapped(message, room, room))
    yield f"{paint(severity.label + rule, 'primary')}{paint(f': {head}'.rstrip(), 'strong')}"
    for row in more_rows:
        yield " " * _INDENT + paint(row, "strong")

    frames = list(_frames(finding))
    fix = finding.fix
    diff = list(changes.changed_lines(fix)) if fix is not None and fix.safety is Safety.MANUAL else []
    numbers = [last_line(place.document, place.span) + 1 for group in frames for place in group]
    numbers += [number for _, rows in diff for _, number, _ in rows]
    gutter = max(2, len(str(max(numbers))))
    arrow = "-->"
    for group in frames:
        document = group[0].document
        position = document.position(group[0].span.start)
        place = f"{shown(document.path)}:{position.line}:{position.column}"
        yield f"{' ' * (gutter - 1)}{paint(arrow, 'gutter')} {place}"
        arrow = ":::"
        marks = [Mark(place.span, escape_message(place.message), place is finding.at) for place in group]
        yield from frame(document, marks, gutter=gutter, width=options.width, paint=paint)
    more = len(finding.related) - _MAX_RELATED
    if more > 0 or fix is not None:
        yield f"{' ' * gutter} {paint('|', 'gutter')}"
    if more > 0:
        rest = _count(more, "more related place")
        yield f"{' ' * gutter} {paint('=', 'gutter')} {paint('note:', 'help')} {rest}"
    if fix is not None:
        yield from _offer(fix, gutter, options.width, paint)
        for path, rows in diff:
            with_path = len(diff) > 1 or path != finding.at.document.path
            width = options.width if options.on_terminal else None
            yield from _diff(path, rows, gutter, shown, paint, with_path, width)


def _offer(fix: Fix, gutter: int, width: int, paint: Paint) -> Iterator[str]:
    """What the fix does and how to apply it, on as many rows as it takes."""
    label, how = _FIX_LABEL[fix.safety]
    title = escape_message(fix.title)
    indent = gutter + len(f" = {label}: ")
    head = f"{' ' * gutter} {paint('=', 'gutter')} {paint(label + ':', label)} "
    plain = len(title)
    below = indent if width >= _NARROW else gutter + 3
    for row in wrapped(f"{title} {how}".rstrip(" "), width - indent, width - below):
        shown, rest = row[: max(plain, 0)], row[max(plain, 0) :]
        plain -= len(row) + 1
        yield head + shown + (paint(rest, "faint") if rest else "")
        head = " " * below


def _link(text: str, report: Report, rule: str, options: Options) -> str:
    """The text as an OSC 8 link to the rule's page, where the terminal takes it and there is one."""
    info = report.rules.get(rule)
    if not options.hyperlinks or info is None or info.uri is None:
        return text
    if not (
        info.uri.isascii()
        and info.uri.isprintable()
        and info.uri.startswith(("https://", "http://", "file://"))
    ):
        return text
    return f"\x1b]8;;{info.uri}\x1b\\{text}\x1b]8;;\x1b\\"


def _frames(finding: Finding) -> Iterator[list[Location]]:
    """The places that share a frame, the one with the primary place first, related ones in their order."""
    groups: list[list[Location]] = [[finding.at]]
    for place in finding.related[:_MAX_RELATED]:
        home = next((group for group in groups if _near(group, place)), None)
        if home is None:
            groups.append([place])
        else:
            home.append(place)
    yield from groups


def _near(group: Sequence[Location], place: Location) -> bool:
    document = group[0].document
    if document.path != place.document.path or document.data != place.document.data:
        return False
    first, last = document.line_of(place.span.start), last_line(document, place.span)
    return any(
        first <= last_line(document, other.span) + _NEAR
        and last >= document.line_of(other.span.start) - _NEAR
        for other in group
    )


def _diff(
    path: str,
    rows: Sequence[Row],
    gutter: int,
    shown: Callable[[str], str],
    paint: Paint,
    with_path: bool,
    width: int | None,
) -> Iterator[str]:
    if with_path:
        yield f"{' ' * (gutter - 1)}{paint(':::', 'gutter')} {shown(path)}"
    bar = paint("|", "gutter")
    for sign, number, line in rows[:_MAX_DIFF_LINES]:
        text = visible(masked_source(path, line).expandtabs(4))
        if width is not None:
            text = start_within(text, width - gutter - 5)
        style = "removed" if sign == "-" else "added"
        yield f"{paint(f'{number:>{gutter}}', 'gutter')} {bar} {paint(f'{sign} {text}'.rstrip(), style)}"
    if len(rows) > _MAX_DIFF_LINES:
        yield f"{' ' * gutter} {bar} ... {len(rows) - _MAX_DIFF_LINES} more lines"


def _notices(notices: Sequence[Notice], options: Options, shown: Callable[[str], str]) -> Iterator[str]:
    paint = _painter(options, Severity.WARNING)
    chosen = sorted(notices, key=lambda notice: notice.level != "warning")[:_MAX_NOTICES]
    for notice in chosen:
        place = ""
        if notice.path is not None:
            place = shown(notice.path) + (f":{notice.line}" if notice.line else "") + ": "
        style = "primary" if notice.level == "warning" else "help"
        label = f"{notice.level}:"
        first, *rows = _sentence(f"{label} {place}{escape_message(notice.message)}", options)
        yield paint(label, style) + first.removeprefix(label)
        yield from (" " * _INDENT + row for row in rows)
    if len(notices) > len(chosen):
        more = _count(len(notices) - len(chosen), "more notice")
        yield from _sentence(f"... and {more} (all of them with `--output-format json`)", options)


def _sentence(text: str, options: Options) -> Iterator[str]:
    """The rows of a sentence beside the findings; where no terminal is, one row, which is easy to search."""
    if not options.on_terminal:
        return iter((text,))
    return wrapped(text, options.width, options.width - _INDENT)


def _summary(report: Report, options: Options) -> Iterator[str]:
    paint = _painter(options)

    def rows(text: str, style: str) -> Iterator[str]:
        return (paint(row, style) for row in _sentence(text, options))

    checked = f"{_count(report.files_checked, 'file')} of {_count(report.workers_checked, 'Worker')}"
    fixed = f"Fixed {_count(options.fixed, 'finding')}. " if options.fixed else ""
    hushed = f" {_count(report.suppressed, 'finding')} suppressed by comments." if report.suppressed else ""
    if report.partial:
        yield from rows("The analysis is partial: not everything could be read.", "strong")
    if not report.findings:
        skipped = sum(notice.is_skip for notice in report.notices)
        unread = f" {_count(skipped, 'file')} skipped." if skipped else ""
        is_whole = report.workers_checked and not report.partial and not skipped
        passed = "All checks passed" if is_whole else "No findings"
        text = "\n".join(_sentence(f"{fixed}{passed} in {checked}.{unread}{hushed}", options))
        yield from text.replace(passed, paint(passed, "good"), 1).split("\n")
        return
    tally = Counter(severity_of(finding) for finding in report.findings)
    kinds = ", ".join(_count(tally[severity], severity.label) for severity in sorted(tally, reverse=True))
    files = len({finding.at.document.path for finding in report.findings})
    found = f"Found {kinds}"
    first, *more = _sentence(f"{fixed}{found} in {_count(files, 'file')}{_fixable(report)}.", options)
    yield first.replace(found, paint(found, "strong"), 1)
    yield from more
    yield from rows(f"Checked {checked}.{hushed}", "faint")
    yield from rows("Run `cflint explain RULE` for the reasons and the fix.", "faint")


def _fixable(report: Report) -> str:
    safety = Counter(finding.fix.safety for finding in report.findings if finding.fix is not None)
    safe, unsafe = safety[Safety.SAFE], safety[Safety.UNSAFE]
    if safe and unsafe:
        return f" ({safe} fixable with `--fix`, {unsafe} more with `--fix --unsafe-fixes`)"
    if safe:
        return f" ({safe} fixable with `--fix`)"
    return f" ({unsafe} fixable with `--fix --unsafe-fixes`)" if unsafe else ""


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
