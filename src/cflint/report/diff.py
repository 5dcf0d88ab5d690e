"""Unified diffs of what fixes change, for `--diff`.

Imported where used: difflib, for `--diff` alone.
"""

from __future__ import annotations

from collections.abc import Sequence

from cflint.fixer import Change
from cflint.report.escape import masked_source, visible

_COLORS = {"-": "31", "+": "32", "@": "36"}


def unified_diff(path: str, before: bytes, after: bytes, *, color: bool = False) -> str:
    """A unified diff of one file, `path` being what its header names; empty when nothing changes.

    `git apply` and `patch` take it, line ends as they are, unless a line that it shows holds a control
    character, which is escaped, or a secret, which is starred out: then they refuse it.
    """
    if before == after:
        return ""
    from difflib import unified_diff as diff

    old, new = _lines(before), _lines(after)
    name = visible(path)
    rows: list[str] = []
    for row in diff(old, new, f"a/{name}", f"b/{name}", n=3):
        end = "\r\n" if row.endswith("\r\n") else "\n"
        body = row.removesuffix("\n").removesuffix("\r") if row.endswith("\n") else row
        text = body[:1] + _shown(masked_source(path, body[1:]))
        if color:
            header = len(rows) < 2
            code = "1" if header else _COLORS.get(text[:1])
            text = f"\x1b[{code}m{text}\x1b[0m" if code else text
        rows.append(text + end)
        if not row.endswith("\n"):
            rows.append("\\ No newline at end of file\n")
    return "".join(rows)


def diffs(changes: Sequence[Change], *, color: bool = False) -> str:
    """The diffs of all changes, one after the other, paths relative to the workspace's root."""
    return "".join(unified_diff(change.path, change.before, change.after, color=color) for change in changes)


def _lines(data: bytes) -> list[str]:
    lines = data.decode("utf-8", "surrogateescape").split("\n")
    return [f"{line}\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])


def _shown(text: str) -> str:
    bom = "\ufeff" if text.startswith("\ufeff") else ""
    return bom + "\t".join(visible(part) for part in text.removeprefix(bom).split("\t"))
