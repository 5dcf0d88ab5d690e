"""What a fix changes, as lines that go and lines that come."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cflint.finding import Edit, Fix
from cflint.source import Document

Row = tuple[str, int, str]
"""`-` or `+`, a 1-based line number, the line."""


def changed_lines(fix: Fix) -> Iterator[tuple[str, list[Row]]]:
    """For each document of a fix, the lines that its edits replace and the ones that take their place."""
    documents: dict[str, tuple[Document, list[Edit]]] = {}
    for edit in fix.edits:
        documents.setdefault(edit.document.path, (edit.document, []))[1].append(edit)
    for path, (document, edits) in documents.items():
        rows: list[Row] = []
        shift = 0
        for first, last, cluster in _clusters(document, edits):
            start, end = document.line_span(first).start, document.line_span(last).end
            before = document.data[start:end].decode("utf-8", "surrogateescape")
            after = _replaced(document, start, end, cluster)
            old, new = _lines(before), _lines(after)
            head, tail = _common(old, new), 0
            if head < min(len(old), len(new)):
                tail = _common(old[head:][::-1], new[head:][::-1])
                if head + tail == len(old) and tail and _is_closed_before(old[head], new[head]):
                    tail = len(old) - head - 1  # what was added follows the line, and ends with its like
            old, new = old[head : len(old) - tail], new[head : len(new) - tail]
            first += head
            rows += [("-", first + index, line) for index, line in enumerate(old)]
            rows += [("+", first + shift + index, line) for index, line in enumerate(new)]
            shift += len(new) - len(old)
        yield path, rows


def _lines(text: str) -> list[str]:
    return [line.removesuffix("\r") for line in text.split("\n")]


def _common(old: Sequence[str], new: Sequence[str]) -> int:
    """How many items the two begin with in common."""
    for index, (before, after) in enumerate(zip(old, new, strict=False)):
        if before != after:
            return index
    return min(len(old), len(new))


def _is_closed_before(old: str, new: str) -> bool:
    """Whether a line only got a comma: something is added after what it closes."""
    return new == f"{old}," and old.lstrip() in ("}", "]")


def _clusters(document: Document, edits: Sequence[Edit]) -> Iterator[tuple[int, int, list[Edit]]]:
    """Edits that touch the same lines together, with their first and last line."""
    cluster: list[Edit] = []
    first = last = 0
    for edit in sorted(edits, key=lambda edit: edit.span):
        begin, end = document.line_of(edit.span.start), document.line_of(edit.span.end)
        if cluster and begin > last:
            yield first, last, cluster
            cluster = []
        if not cluster:
            first, last = begin, end
        cluster.append(edit)
        last = max(last, end)
    if cluster:
        yield first, last, cluster


def _replaced(document: Document, start: int, end: int, edits: Sequence[Edit]) -> str:
    out, at = [], start
    for edit in edits:
        out.append(document.data[at : max(at, edit.span.start)].decode("utf-8", "surrogateescape"))
        out.append(edit.text)
        at = max(at, edit.span.end)
    out.append(document.data[at : max(at, end)].decode("utf-8", "surrogateescape"))
    return "".join(out)
