"""Modules of TypeScript that hold types and nothing that runs."""

from __future__ import annotations

import re

from cflint.pattern import LINE_START, pattern
from cflint.source import Document
from cflint.syntax.suffixes import TYPESCRIPT

_TYPES = pattern(rb"\b(?:interface|type|declare)\b")
_RUNS = pattern(
    LINE_START
    + rb"(?:export\s+(?:default|const|let|var|function|class|abstract|async|enum|namespace|import|\{|\*)"
    rb"|(?:const|let|var|function|class|abstract|async|enum|if|for|while|try|throw|new|await|return|switch)\b"
    rb"|import\s*[\"'(]|(?!(?:export|import|interface|type|declare|namespace)\b)[A-Za-z_$][\w$.]*\s*[(=.`\[+]"
    rb"|[@!(\[`;])",
    re.MULTILINE,
)
"""What begins a line and is no type; what only looks like it makes a module one that runs."""


def is_type_module(document: Document) -> bool:
    """Whether all statements of a module are types, and imports for them."""
    if not document.path.endswith(TYPESCRIPT) or _TYPES.search(document.data) is None:
        return False
    return _RUNS.search(document.data) is None
