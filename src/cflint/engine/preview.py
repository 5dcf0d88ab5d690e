"""The findings of a long module right after an edit, before the whole has been analysed again.

The rules run on the part around the edit alone; what was found elsewhere moves along with its text. Until the
whole is done, that may be out of date in what the edit changes further away.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cflint.finding import Finding, Location
from cflint.record import record, replace
from cflint.source import Change, Document, Span

if TYPE_CHECKING:
    from tree_sitter import Node

    from cflint.syntax.javascript import Syntax

LONG = 20_000
"""Bytes of a module from which on its analysis takes long enough for a preview."""

_PART = 3_000
_LARGEST_PART = 12_000


@record(frozen=True)
class Preview:
    """The findings of a file right after an edit of it; those of before the edit have no fixes any more."""

    path: str
    findings: tuple[Finding, ...]


def part_around(syntax: Syntax, change: Change) -> Span | None:
    """The construct around a change, a few thousand bytes at most; None when there is none of that size."""
    root = syntax.root
    node = root.descendant_for_byte_range(change.start, change.new_end) or root
    if _size(node) <= _PART:
        while (above := syntax.parent(node)) is not None and _size(above) <= _PART and above.id != root.id:
            node = above
    if node.id != root.id and _size(node) <= _PART:
        return Span(node.start_byte, node.end_byte)
    touched = [
        child
        for child in node.children
        if child.end_byte >= change.start and child.start_byte <= change.new_end
    ]
    start = min([change.start, *(child.start_byte for child in touched)])
    end = max([change.new_end, *(child.end_byte for child in touched)])
    return Span(start, end) if end - start <= _LARGEST_PART else None


def _size(node: Node) -> int:
    return node.end_byte - node.start_byte


def carried_over(finding: Finding, change: Change, document: Document) -> Finding | None:
    """A finding about the old text as one about the new text `document`; None when its place was touched."""
    span = change.moved(finding.at.span)
    if span is None:
        return None
    related = [
        place if place.document.path != document.path else _at(place, change, document)
        for place in finding.related
    ]
    return replace(
        finding,
        at=Location(document, span, finding.at.message),
        related=tuple(place for place in related if place is not None),
        fix=None,
    )


def _at(place: Location, change: Change, document: Document) -> Location | None:
    span = change.moved(place.span)
    return Location(document, span, place.message) if span is not None else None
