"""Templates of configurations: what stands for a value that is put in before wrangler reads the file.

A placeholder inside a string is a value like any other. One outside of strings makes the file unreadable:
here it is read as a string, and a line that holds nothing else (`{{#if …}}`, `{% … %}`) as an empty one.
"""

from __future__ import annotations

import re
from functools import cache

from cflint.project.config.wrangler import WranglerConfig, has_placeholder, has_placeholder_value
from cflint.project.files.discovery import is_template_name
from cflint.record import record, replace
from cflint.source import Document, Span
from cflint.syntax.data import DataDocument, Format
from cflint.syntax.documents import read

_HOLE = (
    rb"\{\{[^{}\n]{0,200}\}\}|\$\{[^{}\n]{0,200}\}|\{%[^\n]{0,200}?%\}|<%[^\n]{0,200}?%>|<[A-Za-z][^<>\n\"'=]{0,80}>"
    rb"|%[A-Z_]{2,60}%|\$[A-Z_][A-Z0-9_]{0,60}|\bXXX+\b"
)
_NEAR = 200
_QUOTED = rb'"(?:[^"\\\n]|\\[^\n])*+"?'
_STRINGS = {  # what is not closed goes on to its end, so that nothing is looked at twice
    Format.TOML: rb'"""(?:[^"\\]|\\.|"(?!""))*+(?:""")?|'
    rb"'''(?:[^']|'(?!''))*+(?:''')?|" + _QUOTED + rb"|'[^'\n]*+'?|#[^\n]*",
    Format.JSON: _QUOTED + rb"|//[^\n]*|/\*(?:[^*]|\*(?!/))*+(?:\*/)?",
}


@record(frozen=True)
class Template:
    """A template read: `data` is of the document as it is; `gaps` are lines that stand for any number of
    lines or switch others on and off, so that there may be more."""

    data: DataDocument
    gaps: tuple[Span, ...] = ()


def read_template(document: Document) -> Template:
    """Read a template; the format follows from the path: that of `wrangler.toml.example` is TOML."""
    format = Format.TOML if ".toml" in document.path.rpartition("/")[2] else Format.JSON
    masked, gaps = _masked(document.data, format)
    data = read(Document(document.path, masked), format)
    return Template(replace(data, document=document), gaps)


def template_of(data: DataDocument) -> Template | None:
    """A configuration as a template, if it is one: by its name, by a placeholder where a name, a path or a
    date has to be, or because placeholders alone make it unreadable. None for any other."""
    document = data.document
    if is_template_name(document.path):
        return read_template(document)
    if not data.broken:
        return Template(data) if has_placeholder_value(data) else None
    template = read_template(document)
    return None if template.data.broken else template


def open_by_placeholders(config: WranglerConfig, template: Template) -> str:
    """Why a template may have more bindings than it says; "" when it does not."""
    if template.gaps:
        return f"what is put in at line {config.document.line_of(template.gaps[0].start)} of {config.path}"
    for environment in config.environments:
        for binding in environment.bindings:
            if has_placeholder(binding.name) or not binding.name.strip("_"):
                return f"a placeholder stands for a name in {config.path}"
    return ""


@cache
def _tokens(format: Format) -> re.Pattern[bytes]:
    return re.compile(rb"(" + _STRINGS[format] + rb")|" + _HOLE, re.DOTALL)


def _masked(data: bytes, format: Format) -> tuple[bytes, tuple[Span, ...]]:
    """The bytes with placeholders outside of strings made readable, at the same places, and the gaps."""
    gaps: list[Span] = []

    def mask(found: re.Match[bytes]) -> bytes:
        text = found[0]
        if found[1] is not None:
            return text
        if _is_alone(data, *found.span()):
            gaps.append(Span(*found.span()))
            return b" " * len(text)
        return b'"' + b"_" * (len(text) - 2) + b'"'

    return _tokens(format).sub(mask, data), tuple(gaps)


def _is_alone(data: bytes, start: int, end: int) -> bool:
    """Whether a placeholder is all that stands on its line. Only what is near is looked at, so that a long
    line of placeholders takes no longer than others."""
    before = data[max(0, start - _NEAR) : start]
    after = data[end : end + _NEAR]
    head, tail = before.rpartition(b"\n"), after.partition(b"\n")
    begins = bool(head[1]) or start <= _NEAR
    ends = bool(tail[1]) or end + _NEAR >= len(data)
    return begins and ends and not head[2].strip() and not tail[0].strip(b" \t\r,")
