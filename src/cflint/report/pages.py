"""Pages in Markdown for who does not show Markdown: a terminal, in colour or plain, and a simple editor."""

from __future__ import annotations

import re
from collections.abc import Iterator

from cflint.pattern import pattern
from cflint.record import record
from cflint.report.cells import cells_of

_FENCE = pattern(r" {0,3}(`{3,}|~{3,})")
_TITLE = pattern(r' title="([^"\n]+)"')
_HEADING = pattern(r"(#{1,6})\s+(.*?)\s*#*\s*$")
_ITEM = pattern(r"(\s*)([-*+]|\d{1,9}[.)])\s+(.*)")
_TABLE_RULE = pattern(r"\|?[\s:|-]*-[\s:|-]*\|?\s*$")
_INLINE = pattern(
    r"(?P<ticks>`+)(?P<code>.+?)(?<!`)(?P=ticks)(?!`)"
    r"|\*\*(?P<strong>[^*\n]+)\*\*"
    r"|(?<![\w*])[*_](?P<emphasis>[^*_\s](?:[^*_\n]*[^*_\s])?)[*_](?![\w*])"
    r"|\[(?P<text>[^\]\n]+)\]\((?P<target>[^)\s]+)\)"
    r"|<?(?P<address>https?://[^\s<>)]+[^\s<>).,;:])>?"
)
_RESET = "\x1b[0m"
_JOINER = "\x00"  # a blank that must not be a place to wrap, and has to be one column wide until the end


@record(frozen=True)
class _Style:
    width: int
    color: bool
    hyperlinks: bool
    ticks: bool


def render(
    text: str, *, width: int = 100, color: bool = False, hyperlinks: bool = False, ticks: bool = True
) -> str:
    """Markdown for a terminal `width` columns wide; plain text without `color`. Code is not wrapped.

    In plain text code stays between backticks, and headings are underlined; without `ticks` they are not.
    Takes headings, paragraphs, lists, fenced code, tables and inline marks; anything else stays as it is.
    """
    style = _Style(max(20, width), color, hyperlinks, ticks)
    blocks = ["\n".join(block) for block in _blocks(text.replace("\0", "").split("\n"), style)]
    return "\n\n".join(block for block in blocks if block) + "\n"


def _blocks(lines: list[str], style: _Style) -> Iterator[list[str]]:
    at = 0
    while at < len(lines):
        line = lines[at]
        fence = _FENCE.match(line)
        heading = _HEADING.match(line)
        if not line.strip():
            at += 1
        elif fence:
            end = _end_of_fence(lines, at, fence[1])
            title = _TITLE.search(line)
            yield [
                *([f"{title[1]}:"] if title else ()),
                *(f"    {code}".rstrip() for code in lines[at + 1 : end]),
            ]
            at = end + 1
        elif heading:
            yield _heading(heading[2], len(heading[1]), style)
            at += 1
        elif "|" in line and at + 1 < len(lines) and _TABLE_RULE.match(lines[at + 1]):
            end = at
            while end < len(lines) and "|" in lines[end]:
                end += 1
            yield _table([lines[at], *lines[at + 2 : end]], style)
            at = end
        else:
            end = at + 1
            while end < len(lines) and lines[end].strip() and not _starts_block(lines[end]):
                end += 1
            yield list(_paragraphs(lines[at:end], style))
            at = end


def _starts_block(line: str) -> bool:
    return bool(_FENCE.match(line) or _HEADING.match(line))


def _end_of_fence(lines: list[str], start: int, mark: str) -> int:
    for at in range(start + 1, len(lines)):
        bare = lines[at].strip()
        if bare.startswith(mark) and not bare.strip(mark[0]):
            return at
    return len(lines)


def _heading(text: str, level: int, style: _Style) -> list[str]:
    if style.color:
        return [f"\x1b[1;4m{text}{_RESET}" if level == 1 else f"\x1b[1m{text}{_RESET}"]
    if not style.ticks:
        return [_finished(_inline(text, style))]
    return [text, ("=" if level == 1 else "-") * len(text)]


def _paragraphs(lines: list[str], style: _Style) -> Iterator[str]:
    """A paragraph, or the items of a list, each wrapped; an item's further lines hang under its text."""
    texts: list[tuple[str, str, list[str]]] = []  # first indent, other indents, lines
    for line in lines:
        item = _ITEM.match(line)
        if item is not None:
            mark = item[2] if style.ticks or item[2] not in "*+" else "-"
            first = f"{item[1]}{mark} "
            texts.append((first, " " * len(first), [item[3]]))
        elif texts:
            texts[-1][2].append(line.strip())
        else:
            texts.append(("", "", [line.strip()]))
    for first, other, parts in texts:
        yield from _wrapped(" ".join(parts), first, other, style)


def _wrapped(text: str, first: str, other: str, style: _Style) -> Iterator[str]:
    words = _inline(text, style).split()
    row, columns = first, len(first)
    fresh = True
    for word in words:
        wide = _columns(word)
        if not fresh and columns + 1 + wide > style.width:
            yield _finished(row)
            row, columns, fresh = other, len(other), True
        row += word if fresh else f" {word}"
        columns += wide if fresh else wide + 1
        fresh = False
    yield _finished(row)


def _finished(row: str) -> str:
    return row.replace(_JOINER, " ").rstrip()


_ESCAPES = pattern(r"\x1b\[[0-9;]*m|\x1b\]8;;[^\x1b]*\x1b\\")


def _columns(word: str) -> int:
    return cells_of(_ESCAPES.sub("", word))


def _inline(text: str, style: _Style) -> str:
    """The text with its inline marks as colours, or plain; the blanks in coloured code do not wrap."""

    def shown(match: re.Match[str]) -> str:
        if match["code"] is not None:
            code = match["code"].strip() or match["code"]
            if style.color:
                return _each_word(code, "36", style)
            return (match[0] if style.ticks else code).replace(" ", _JOINER)
        if match["strong"] is not None:
            return _each_word(match["strong"], "1", style)
        if match["emphasis"] is not None:
            return _each_word(match["emphasis"], "3", style)
        if match["text"] is not None:
            return _link(_inline(match["text"], style), match["target"], style)
        return _link(match["address"], match["address"], style)

    return _INLINE.sub(shown, text)


def _each_word(text: str, code: str, style: _Style) -> str:
    """Each word painted for itself, so that a row can end between two of them."""
    if not style.color:
        return _inline(text, style)
    return " ".join(f"\x1b[{code}m{word}{_RESET}" for word in text.split())


def _link(text: str, target: str, style: _Style) -> str:
    absolute = target.startswith(("https://", "http://"))
    if style.hyperlinks and absolute and target.isascii() and target.isprintable():
        joined = text.replace(" ", _JOINER)
        return f"\x1b]8;;{target}\x1b\\{joined}\x1b]8;;\x1b\\"
    return f"{text} ({target})" if absolute and text != target else text


def _table(rows: list[str], style: _Style) -> list[str]:
    """A table as aligned columns, its head in bold or underlined."""
    cells = [[_inline(cell.strip(), style) for cell in _cells(row)] for row in rows]
    count = max(map(len, cells))
    for row in cells:
        row += [""] * (count - len(row))
    widths = [max(_columns(row[column]) for row in cells) for column in range(count)]
    lines = [
        "  ".join(
            cell + " " * (wide - _columns(cell)) for cell, wide in zip(row, widths, strict=True)
        ).rstrip()
        for row in cells
    ]
    if style.color:
        head = [f"\x1b[1m{lines[0]}{_RESET}"]
    else:
        head = [lines[0], "  ".join("-" * wide for wide in widths)]
    return [_finished(line) for line in (*head, *lines[1:])]


def _cells(row: str) -> list[str]:
    bare = row.strip().removeprefix("|").removesuffix("|")
    return [cell.replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", bare)]
