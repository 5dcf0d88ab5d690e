"""What a place in a module of Python means: the value of the name there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst

from cflint.project.code.values import Value, ValueKind
from cflint.source import Span

if TYPE_CHECKING:
    from cflint.project.python.module import PythonModule


def value_at(module: PythonModule, offset: int) -> tuple[Value, Span] | None:
    """What the name at a byte offset means, and its place; None when no name is there."""
    name = name_at(module, offset)
    if name is None:
        return None
    above = module.syntax.parent(name)
    if isinstance(above, cst.Attribute) and above.attr is name:
        return module.value_of(above), module.span(name)
    if isinstance(above, cst.ImportAlias):
        entries = (entry for entries in module.top_level_names.values() for entry in entries)
        is_env = any(entry.node is above and entry.imported == "workers.env" for entry in entries)
        return Value(ValueKind.ENV if is_env else ValueKind.UNKNOWN), module.span(name)
    return module.value_of(name), module.span(name)


def name_at(module: PythonModule, offset: int) -> cst.Name | None:
    """The name at a byte offset."""
    for name in module.find(cst.Name):
        span = module.span(name)
        if span.start <= offset <= span.end:
            return name
    return None
