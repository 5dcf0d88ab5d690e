"""Findings and names as single lines: of text, of Markdown that no text of a project breaks, for JSON."""

from __future__ import annotations

import re
from typing import Any

from cflint.finding import Finding
from cflint.report import severity_of
from cflint.report.escape import encodable, escape_message, masked, visible


def found_line(finding: Finding) -> str:
    """`path:line: severity[rule] message`."""
    place = f"{finding.at.document.path}:{finding.at.document.line_of(finding.at.span.start)}"
    return f"{visible(place)}: {severity_of(finding).label}[{finding.rule}] {escape_message(finding.message)}"


def found_data(finding: Finding) -> dict[str, Any]:
    """The finding for JSON; line and column are 1-based, columns in characters."""
    position = finding.at.document.position(finding.at.span.start)
    return {
        "rule": finding.rule,
        "severity": severity_of(finding).label,
        "message": encodable(masked(finding.message)),
        "path": encodable(finding.at.document.path),
        "line": position.line,
        "column": position.column,
    }


def environment_name(name: str | None) -> str:
    """What to call an environment in a list; None is the top level."""
    return "top level" if name is None else f"env.{name}"


def code(text: str) -> str:
    """A code span of Markdown, also in a cell, which nothing in the text can end."""
    shown = escape_message(text).replace("|", "\\|")
    fence = "`" * (max(map(len, re.findall("`+", shown)), default=0) + 1)
    space = " " if shown.startswith("`") or shown.endswith("`") else ""
    return f"{fence}{space}{shown}{space}{fence}"


def prose(text: str) -> str:
    """A text in Markdown, also in a cell: code spans stay, everything else is what it looks like."""
    pieces = re.split(r"(`[^`]+`)", escape_message(text))
    return "".join(
        piece.replace("|", "\\|") if at % 2 else re.sub(r"([\\*_{}\[\]()#+!|<>~&@`])", r"\\\1", piece)
        for at, piece in enumerate(pieces)
    )
