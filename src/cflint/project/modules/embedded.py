"""The scripts in files of other languages: `.astro` frontmatter, `<script>` of `.svelte` and `.vue`.

Everything outside the scripts is blanked, so that positions stay those of the file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from cflint.pattern import pattern
from cflint.source import Document, Span

_FRONTMATTER = pattern(
    rb"\A(?:\xef\xbb\xbf)?\s*---[ \t]*(?=\r?\n)(.*?)(?<=\n)---[ \t]*(?:\r?\n|\Z)", re.DOTALL
)
_OPENED = pattern(rb"^<script\b((?:[^>\"']|\"[^\"]*\"|'[^']*')*)>", re.MULTILINE)
_CLOSED = pattern(rb"</script\s*>")
_NO_LINE_END = pattern(rb"[^\r\n]+")


def scripts_in(path: str, data: bytes) -> Iterator[Span]:
    """The spans of the scripts of a file that run where the file does: not `<script>` of `.astro`, which is
    the browser's."""
    if path.endswith(".astro"):
        found = _FRONTMATTER.match(data)
        if found is not None:
            yield Span(found.start(1), found.end(1))
        return
    at = 0
    while (opened := _OPENED.search(data, at)) is not None:
        begun = data.rfind(b"<!--", at, opened.start())
        if begun != -1 and data.find(b"-->", begun, opened.start()) == -1:  # commented out
            end = data.find(b"-->", opened.end())
            if end == -1:
                return
            at = end
            continue
        closed = _CLOSED.search(data, opened.end())
        if closed is None:
            return
        yield Span(opened.end(), closed.start())
        at = closed.end()


def script_of(document: Document) -> Document:
    """A document with the scripts alone: everything else is blank, line ends apart."""
    return document.memoized("embedded script", _script)


def _script(document: Document) -> Document:
    data = document.data
    parts: list[bytes] = []
    end = 0
    for span in scripts_in(document.path, data):
        parts += (_blank(data[end : span.start]), data[span.start : span.end])
        end = span.end
    parts.append(_blank(data[end:]))
    return Document(document.path, b"".join(parts))


def _blank(data: bytes) -> bytes:
    return _NO_LINE_END.sub(lambda match: b" " * len(match[0]), data)
