"""A report as one page for browsers, which needs no network: data, a style and a script in one file.

Nothing of a project is ever markup. It stands in a block of JSON in which no character of markup occurs, and
the script puts it on the page as text. A Content-Security-Policy allows this style and this script, by their
hashes, and nothing else.

Imported where used: hashlib and base64, which no other format needs, and what is only there to compare.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from cflint import __version__
from cflint.finding import Finding, Fix, Location, Report, RuleInfo, Severity
from cflint.report import DEFAULT, Options, severity_of
from cflint.report.changes import changed_lines
from cflint.report.escape import encodable, holds_secret, masked, masked_source, uri
from cflint.report.fingerprint import fingerprints
from cflint.report.markup import hash_for_policy
from cflint.source import Document

_AROUND = 2
"""Lines of source before and after a place."""
_MOST_LINES = 24
"""Lines of an excerpt, and of a change."""
_MOST_COLUMNS = 400
"""Characters of a line; of a longer one the page has what is around the place."""
_MOST_MASKED = 20_000
"""Characters of a line in which secrets are looked for."""
_MOST_RELATED = 10
_PARTS = Path(__file__).parent / "page"

Json = Any


def render(report: Report, options: Options = DEFAULT) -> str:
    """The page. Its data has findings in the report's order; columns are counted in code points."""
    style, script = ((_PARTS / name).read_text(encoding="utf-8") for name in ("page.css", "page.js"))
    data = json.dumps(_Data(report, options).whole(), ensure_ascii=True, separators=(",", ":"))
    for char in "<>&#":  # no markup, whatever a browser takes for some; no command to a runner
        data = data.replace(char, f"\\u{ord(char):04x}")
    page = (_PARTS / "page.html").read_text(encoding="utf-8")
    hashes = f"style-src {hash_for_policy(style)}; script-src {hash_for_policy(script)}"
    policy = f"default-src 'none'; {hashes}; img-src data:; base-uri 'none'; form-action 'none'"
    parts = {"policy": policy, "style": style, "script": script, "data": data, "picture": _picture(options)}
    head, *rest = page.split("{{")
    return head + "".join(parts[name] + text for name, _, text in (piece.partition("}}") for piece in rest))


def _picture(options: Options) -> str:
    """The drawing as data, of which the script takes shapes, text and links."""
    from base64 import b64encode

    if options.picture is None:
        return ""
    return b64encode(options.picture).decode("ascii")


class _Data:
    """What the page shows, as data for JSON. Names and lines that occur again and again stand there once."""

    def __init__(self, report: Report, options: Options) -> None:
        self._report = report
        self._options = options
        self._names: dict[str, dict[str, int]] = {"paths": {}, "workers": {}, "rules": {}}
        self._lines: dict[int, dict[int, str]] = {}
        self._fixes: dict[Fix, int] = {}
        self._shown: dict[tuple[str, str], str] = {}

    def whole(self) -> Json:
        """All of it; the tables of names come last, when they are full."""
        report, options = self._report, self._options
        keys = fingerprints(report.findings)
        findings = [self._finding(item, key) for item, key in zip(report.findings, keys, strict=True)]
        past = self._past()
        fixes = [self._fix(fix) for fix in self._fixes]
        return {
            "version": __version__,
            "files": report.files_checked,
            "workersChecked": report.workers_checked,
            "suppressed": report.suppressed,
            "fixed": options.fixed,
            "partial": report.partial,
            "findings": findings,
            "fixes": fixes,
            "notices": [
                [notice.level, _text(notice.message), _text(notice.path or ""), notice.line or 0]
                for notice in report.notices
            ],
            "past": past,
            "noPicture": options.no_picture,
            "paths": [_plain(path) for path in self._names["paths"]],
            "pages": [self._page(path) for path in self._names["paths"]],
            "workers": [_plain(name) for name in self._names["workers"]],
            "rules": [self._rule(id) for id in self._names["rules"]],
            "lines": self._lines,
        }

    def _number(self, table: str, name: str) -> int:
        names = self._names[table]
        return names.setdefault(name, len(names))

    def _finding(self, finding: Finding, key: str) -> Json:
        places = [self._place(finding.at), *map(self._place, finding.related[:_MOST_RELATED])]
        fix = finding.fix
        return [
            int(severity_of(finding)),
            self._number("rules", finding.rule),
            _text(finding.message),
            [self._number("workers", name) for name in self._report.workers_of(finding)],
            key,
            places,
            max(0, len(finding.related) - _MOST_RELATED),
            -1 if fix is None else self._fixes.setdefault(fix, len(self._fixes)),
        ]

    def _place(self, place: Location) -> Json:
        """`[path, line, column, last line, last column, message]`, and of a line that is too long what is
        shown of it: the text and where the place begins and ends there, 0-based."""
        document, span = place.document, place.span
        start, end = document.position(span.start), document.position(max(span.start, span.end))
        if end.line > start.line and end.column == 1:  # it ends with a line
            last = document.position(document.line_span(end.line - 1).end)
            end = last if last.line >= start.line else start
        path = self._number("paths", document.path)
        found = [path, start.line, start.column, end.line, end.column, _text(place.message)]
        lines = range(max(1, start.line - _AROUND), min(end.line + _AROUND, document.line_count) + 1)
        for line in lines[:_MOST_LINES]:
            text = self._line(path, document, line)
            if line == start.line and len(text) > _MOST_COLUMNS:
                found.append(
                    self._window(document, start.line, start.column, end.column, start.line == end.line)
                )
        return found

    def _line(self, path: int, document: Document, number: int) -> str:
        """The text of a line, which is kept, cut when it is long."""
        kept = self._lines.setdefault(path, {})
        if number not in kept:
            kept[number] = self._visible(document.path, _line(document, number))[: _MOST_COLUMNS + 1]
        return kept[number]

    def _visible(self, path: str, line: str) -> str:
        """A line of source as anybody may see it; the same line is often asked for."""
        known = self._shown.get((path, line))
        if known is None:
            known = self._shown[path, line] = _plain(masked_source(path, line[:_MOST_MASKED]))
        return known

    def _window(self, document: Document, line: int, first: int, last: int, is_one_line: bool) -> Json:
        text = self._visible(document.path, _line(document, line))
        begin = max(0, min(first - 1, len(text)) - _MOST_COLUMNS // 4)
        shown = text[begin : begin + _MOST_COLUMNS]
        start = min(first - 1 - begin, len(shown))
        end = min(last - 1 - begin, len(shown)) if is_one_line else len(shown)
        return [shown, start, max(start, end)]

    def _fix(self, fix: Fix) -> Json:
        """`[title, safety, changes]`, a change as a path and its rows; None for changes with a secret."""
        if any(holds_secret(edit.document.path, edit.text) for edit in fix.edits):
            return [_text(fix.title), fix.safety.value, None]
        changes = []
        for path, rows in changed_lines(fix):
            shown = [
                [sign, number, self._visible(path, line)[:_MOST_COLUMNS]]
                for sign, number, line in rows[:_MOST_LINES]
            ]
            changes.append([self._number("paths", path), shown, max(0, len(rows) - _MOST_LINES)])
        return [_text(fix.title), fix.safety.value, changes]

    def _page(self, path: str) -> str:
        """The address of a file's lines at its host, to which the number of one is added; "" for none."""
        repository = self._options.repository
        page = repository.page(uri(path), 1) if repository is not None else None
        return page.removesuffix("1") if page is not None else ""

    def _rule(self, id: str) -> Json:
        info: RuleInfo | None = self._report.rules.get(id)
        if info is None:
            return [_plain(id), "", "", ""]
        is_address = info.uri is not None and info.uri.startswith(("https://", "http://"))
        return [
            _plain(id),
            _plain(info.group),
            _text(info.summary),
            encodable(info.uri or "") if is_address else "",
        ]

    def _past(self) -> Json:
        """The comparison with the last earlier report, and the counts of all of them."""
        if not self._options.earlier:
            return None
        from cflint.report.comparing import compared

        comparison = compared(self._report, self._options.earlier[-1])
        states = [0 if before is None else [_plain(before.path), before.line] for before in comparison.before]
        gone = [
            [Severity[it.severity.upper()], _plain(it.rule), _plain(it.message), _plain(it.path), it.line]
            for it in comparison.gone
        ]
        levels = [severity.label for severity in reversed(Severity)]
        counts = [
            [
                _plain(earlier.name),
                *(sum(it.severity == level for it in earlier.findings) for level in levels),
            ]
            for earlier in self._options.earlier
        ]
        return {"before": states, "gone": gone, "counts": counts}


def _line(document: Document, number: int) -> str:
    span = document.line_span(number)
    text = document.data[span.start : min(span.end, span.start + 4 * _MOST_MASKED)].decode("utf-8", "replace")
    return text[:_MOST_MASKED]


def _text(text: str) -> str:
    return _plain(masked(text))


def _plain(text: str) -> str:
    """The text with each character that nobody could see, but for tabs, replaced by one that says so."""
    if text.isprintable():
        return text
    return "".join(map(_seen, text))


def _seen(char: str) -> str:
    if char.isprintable() or char == "\t":
        return char
    if char < " ":
        return chr(0x2400 + ord(char))
    return "\u2421" if char == "\x7f" else "\ufffd"
