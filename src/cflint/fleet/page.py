"""The answers to questions about a sweep: as text, as JSON, and as a page for browsers without a script.

Nothing of a repository is ever markup, and the page loads nothing: a Content-Security-Policy says so.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from types import MappingProxyType
from typing import Any

from cflint.cli.console import counted
from cflint.fleet.questions import Answer, Asked
from cflint.report.escape import visible
from cflint.report.markup import escaped, hash_for_policy

_MOST_LINES = 20
"""Rows of an answer in text."""
_MOST_ROWS = 500
"""Rows of an answer on the page."""
_WIDEST = 48
"""Characters of a cell in text."""


def as_json(asked: Asked) -> str:
    """The answers as JSON: a list of objects for each question, by its name."""
    data = {
        answer.name: [
            dict(zip(answer.columns, (_plain(cell) for cell in row), strict=True)) for row in answer.rows
        ]
        for answer in asked.answers
    }
    return json.dumps({"version": 1, "day": asked.day, "answers": data}, indent=1) + "\n"


def as_text(asked: Asked) -> str:
    """The answers as tables, of each the first rows."""
    return "\n".join(line for answer in asked.answers for line in _lines(answer)) + "\n"


def _lines(answer: Answer) -> Iterator[str]:
    yield f"{answer.name}: {answer.title}"
    rows = [[_cell(cell) for cell in row] for row in answer.rows[:_MOST_LINES]]
    if not rows:
        yield "  none"
    else:
        cut = [[_shortened(cell) for cell in row] for row in (list(answer.columns), *rows)]
        widths = [max(map(len, column)) for column in zip(*cut, strict=True)]
        numbers = [isinstance(cell, int) for cell in answer.rows[0]]
        for row in cut:
            cells = (
                cell.rjust(width) if number else cell.ljust(width)
                for cell, width, number in zip(row, widths, numbers, strict=True)
            )
            yield f"  {'  '.join(cells)}".rstrip()
    if len(answer.rows) > _MOST_LINES:
        yield f"  … and {len(answer.rows) - _MOST_LINES} more: `--output-format json` has all of them"
    yield ""


def _shortened(text: str) -> str:
    return text if len(text) <= _WIDEST else f"{text[: _WIDEST // 2]}…{text[-_WIDEST // 2 + 1 :]}"


def _cell(value: Any) -> str:
    return "-" if value is None else visible(str(value))


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


_STYLE = """
:root { color-scheme: light dark; --back: #fff; --panel: #f5f7fa; --line: #d5dbe3; --text: #18202c;
  --faint: #505c6d; --bar: #bcd3f5; }
@media (prefers-color-scheme: dark) { :root { --back: #12161c; --panel: #1b212a; --line: #364050;
  --text: #e7ebf1; --faint: #a5b0bf; --bar: #2c4a75; } }
body { margin: 0 auto; max-width: 76rem; padding: 1.25rem; background: var(--back); color: var(--text);
  font: 16px/1.5 system-ui, "Segoe UI", Roboto, Arial, sans-serif; }
h1 { font-size: 1.6rem; margin: 0; } h2 { display: inline; font-size: 1.1rem; } p { color: var(--faint); }
details { border: 1px solid var(--line); border-radius: .5rem; margin: .75rem 0; background: var(--panel); }
summary { cursor: pointer; padding: .6rem .75rem; } .count { color: var(--faint); }
.scroll { overflow: auto; max-height: 32rem; margin: 0 .75rem .75rem; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .2rem .6rem; border-bottom: 1px solid var(--line); }
th { position: sticky; top: 0; background: var(--panel); }
td { overflow-wrap: anywhere; min-width: 9rem; vertical-align: top; }
td:first-child { white-space: nowrap; min-width: 0; }
.number { text-align: right; white-space: nowrap; min-width: 4rem; }
svg { display: block; width: 100%; height: .3rem; } rect { fill: var(--bar); }
"""


_BAR = '<svg viewBox="0 0 100 1" preserveAspectRatio="none" aria-hidden="true">'


def as_html(asked: Asked) -> str:
    """A page with a table for each question, which needs no network."""
    style = hash_for_policy(_STYLE)
    policy = f"default-src 'none'; style-src {style}; base-uri 'none'; form-action 'none'"
    parts = [
        "<!doctype html>",
        '<html lang="en"><head><meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>cflint sweep: {_html(str(asked.folder))}</title><style>{_STYLE}</style></head><body><main>",
        f"<h1>A sweep of {escaped(asked.day)}</h1><p>{_html(str(asked.folder))}</p>",
        *(_section(answer) for answer in asked.answers),
        "</main></body></html>",
    ]
    return "\n".join(parts) + "\n"


def _section(answer: Answer) -> str:
    count = len(answer.rows)
    is_open = " open" if 0 < count <= _MOST_LINES else ""
    rows = f'<span class="count">{counted(count, "row")}</span>'
    head = f"<summary><h2>{_html(answer.title)}</h2> {rows}</summary>"
    if not count:
        return f'<details id="{answer.name}">{head}</details>'
    numbers = [
        all(isinstance(row[at], int | None) for row in answer.rows) for at in range(len(answer.columns))
    ]
    kinds = [' class="number"' if number else "" for number in numbers]
    heads = "".join(
        f'<th scope="col"{kind}>{_html(column.replace("_", " "))}</th>'
        for column, kind in zip(answer.columns, kinds, strict=True)
    )
    first = next((at for at, number in enumerate(numbers) if number), None)
    most = max((row[first] or 0 for row in answer.rows), default=0) if first is not None else 0
    body = []
    for row in answer.rows[:_MOST_ROWS]:
        cells = []
        for at, (cell, kind) in enumerate(zip(row, kinds, strict=True)):
            bar = ""
            if at == first and most:
                width = f"{100 * (cell or 0) / most:.1f}"
                bar = f'{_BAR}<rect width="{width}" height="1"/></svg>'
            text = _html(_cell(cell)).replace("/", "/<wbr>")  # a path breaks behind its folders
            cells.append(f"<td{kind}>{text}{bar}</td>")
        body.append(f"<tr>{''.join(cells)}</tr>")
    rest = f"<p>{count - _MOST_ROWS} more rows are left out.</p>" if count > _MOST_ROWS else ""
    table = f"<table><thead><tr>{heads}</tr></thead><tbody>{''.join(body)}</tbody></table>{rest}"
    return (
        f'<details id="{answer.name}"{is_open}>{head}<div class="scroll" tabindex="0">{table}</div></details>'
    )


def _html(text: str) -> str:
    return escaped(visible(text))


FORMATS: Mapping[str, Callable[[Asked], str]] = MappingProxyType(
    {"text": as_text, "json": as_json, "html": as_html}
)
"""The formats by name, the default first."""
