"""Code frames: lines of source with spans underlined and labelled, as text for a terminal.

A frame never shows more than it must: the marked lines, a line around the primary one, `...` for the rest.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise

from cflint.quoting import emoji_joints, visible_char
from cflint.record import record, replace
from cflint.report.cells import cells_of, widths
from cflint.report.escape import RUNNER, SHOWN_HASH, masked_source
from cflint.report.wrapping import wrapped
from cflint.source import Document, Span

TAB = 4
_ELLIPSIS = "..."
_MAX_LANES = 3
_LABEL_ROOM = 32
"""A label begins further left where there would be fewer cells for its words."""
_LEAST_ROOM = 12
_WHOLE = 5
"""A mark over at most this many lines is shown whole; of a longer one the first two and the last."""

Paint = Callable[[str, str], str]
"""(text, style) to text; the styles are `gutter`, `primary`, `secondary`, `removed`, `added`."""


@record(frozen=True)
class Mark:
    """A span to underline, with what to say of it (already escaped)."""

    span: Span
    label: str
    primary: bool


@record(frozen=True)
class _Placed:
    """A mark with its 1-based lines and, when it runs over several, its lane in the gutter."""

    mark: Mark
    first: int
    last: int
    lane: int | None = None

    @property
    def style(self) -> str:
        return "primary" if self.mark.primary else "secondary"

    @property
    def char(self) -> str:
        return "^" if self.mark.primary else "-"


@record(frozen=True)
class _Line:
    """A line as shown. `column` maps a byte offset to a 0-based cell of `text`, clamped to what is shown."""

    text: str
    offsets: list[int]
    cells: list[int]
    left: int
    right: int

    def column(self, offset: int) -> int:
        cell = self.cells[min(bisect_left(self.offsets, offset), len(self.cells) - 1)]
        return min(max(cell, self.left), self.right) - self.left + (len(_ELLIPSIS) if self.left else 0)


def last_line(document: Document, span: Span) -> int:
    """The 1-based line of a span's last byte (its start when it is empty)."""
    return document.line_of(max(span.start, span.end - 1))


def frame(
    document: Document, marks: Sequence[Mark], *, gutter: int, width: int, paint: Paint
) -> Iterator[str]:
    """The rows of one frame, without line ends.

    `gutter` (at least 2) is the width of the line numbers, `width` that of the terminal, both in cells.
    """
    placed = list(_in_lanes(_place(document, mark) for mark in marks))
    lanes = 1 + max((mark.lane for mark in placed if mark.lane is not None), default=-1)
    budget = max(20, width - gutter - 3 - 2 * lanes)
    bar = paint("|", "gutter")
    blank = f"{' ' * gutter} {bar}"
    yield blank
    previous = 0
    for number in _shown_lines(document, placed):
        if previous and number > previous + 1:
            dots = paint(_ELLIPSIS, "gutter") + " " * (gutter - 2)
            yield f"{dots}{bar} {_lanes(placed, lanes, previous, paint)}".rstrip()
        yield from _rows(document, placed, lanes, number, gutter, budget, paint)
        previous = number


def _place(document: Document, mark: Mark) -> _Placed:
    size = len(document.data)
    span = Span(min(mark.span.start, size), min(max(mark.span.end, mark.span.start), size))
    first, last = document.line_of(span.start), last_line(document, span)
    return _Placed(replace(mark, span=span), first, last)


def _in_lanes(marks: Iterable[_Placed]) -> Iterator[_Placed]:
    """Give each mark of several lines a lane that is free; without one it shrinks to its first line."""
    ends: list[int] = []
    for mark in sorted(marks, key=lambda mark: (mark.first, -mark.last)):
        if mark.first == mark.last:
            yield mark
            continue
        lane = next((lane for lane, end in enumerate(ends) if end < mark.first), None)
        if lane is None and len(ends) < _MAX_LANES:
            lane = len(ends)
            ends.append(0)
        if lane is None:
            yield replace(mark, last=mark.first)
        else:
            ends[lane] = mark.last
            yield replace(mark, lane=lane)


def _shown_lines(document: Document, marks: Sequence[_Placed]) -> list[int]:
    wanted: set[int] = set()
    for mark in marks:
        if mark.last - mark.first < _WHOLE:
            wanted.update(range(mark.first, mark.last + 1))
        else:
            wanted.update((mark.first, mark.first + 1, mark.last))
        if mark.mark.primary:
            around = (mark.first - 1, mark.last + 1)
            wanted.update(line for line in around if _has_text(document, line))
    ordered = sorted(wanted)
    bridges = [before + 1 for before, after in pairwise(ordered) if after == before + 2]
    return sorted(ordered + bridges)


def _has_text(document: Document, line: int) -> bool:
    if not 1 <= line <= document.line_count:
        return False
    span = document.line_span(line)
    return not document.data[span.start : min(span.end, span.start + 4096)].isspace() and not span.empty


def _rows(
    document: Document,
    marks: Sequence[_Placed],
    lanes: int,
    number: int,
    gutter: int,
    budget: int,
    paint: Paint,
) -> Iterator[str]:
    here = [mark for mark in marks if number in (mark.first, mark.last)]
    bounds = document.line_span(number)
    line = lay_out(document, number, _focus(here, bounds), budget)
    bar = paint("|", "gutter")
    indent = _indent(document, bounds)
    opened = {
        mark.lane
        for mark in here
        if mark.lane is not None and mark.first == number and mark.mark.span.start <= indent
    }
    lead = _lanes(marks, lanes, number - 1, paint, opening=opened, until=number)
    yield f"{paint(f'{number:>{gutter}}', 'gutter')} {bar} {lead}{line.text}".rstrip()

    blank = f"{' ' * gutter} {bar} "
    open_lanes = {
        mark.lane for mark in marks if mark.lane is not None and mark.first < number <= mark.last
    } | opened
    for mark in here:  # where a span of several lines begins in the midst of a line
        if mark.lane is not None and mark.first == number and mark.lane not in opened:
            column = line.column(mark.mark.span.start)
            yield blank + _reach(marks, lanes, open_lanes, mark, column, " ", paint)[0]
            open_lanes.add(mark.lane)
    single = [mark for mark in here if mark.lane is None]
    if single:
        lead = _bars(marks, lanes, open_lanes, paint)
        for row in _underlines(single, line, bounds, budget, paint):
            yield f"{blank}{lead}{row}".rstrip()
    for mark in here:  # where one ends
        if mark.lane is not None and mark.last == number:
            column = max(0, line.column(mark.mark.span.end) - 1)
            reach, end = _reach(marks, lanes, open_lanes, mark, column, "|", paint)
            open_lanes.discard(mark.lane)
            at, rows = _hung(mark.mark.label, end + 1 - 2 * lanes, budget)
            if rows and at == end + 1 - 2 * lanes:
                reach += " " + paint(rows.pop(0), mark.style)
            yield f"{blank}{reach}".rstrip()
            lead = _bars(marks, lanes, open_lanes, paint)
            yield from (f"{blank}{lead}{' ' * at}{paint(row, mark.style)}" for row in rows)


def _focus(here: Sequence[_Placed], bounds: Span) -> Span:
    """What of a long line has to be seen: its primary mark, else its first one."""
    chosen = min(here, key=lambda mark: (not mark.mark.primary, mark.mark.span.start), default=None)
    if chosen is None:
        return Span(bounds.start, bounds.start)
    span = chosen.mark.span
    return Span(max(span.start, bounds.start), max(bounds.start, min(span.end, bounds.end)))


def _indent(document: Document, bounds: Span) -> int:
    head = document.data[bounds.start : min(bounds.end, bounds.start + 4096)]
    return bounds.start + len(head) - len(head.lstrip(b" \t"))


def _bars(marks: Sequence[_Placed], lanes: int, open_lanes: set[int], paint: Paint) -> str:
    styles = {mark.lane: mark.style for mark in marks}
    return "".join(paint("|", styles[lane]) + " " if lane in open_lanes else "  " for lane in range(lanes))


def _lanes(
    marks: Sequence[_Placed],
    lanes: int,
    after: int,
    paint: Paint,
    opening: set[int] | frozenset[int] = frozenset(),
    until: int | None = None,
) -> str:
    """The gutter's lanes: bars of spans that run on past line `after`, slashes of those that open here."""
    until = after + 1 if until is None else until
    chars = ["  "] * lanes
    for mark in marks:
        if mark.lane is None:
            continue
        if mark.first <= after and mark.last >= until:
            chars[mark.lane] = paint("|", mark.style) + " "
        elif mark.lane in opening and mark.first == until:
            chars[mark.lane] = paint("/", mark.style) + " "
    return "".join(chars)


def _reach(
    marks: Sequence[_Placed],
    lanes: int,
    open_lanes: set[int],
    mark: _Placed,
    column: int,
    begin: str,
    paint: Paint,
) -> tuple[str, int]:
    """A row that leads from a mark's lane to a column of the text, and its width."""
    lane = mark.lane or 0
    before = _bars(marks, lane, open_lanes, paint)
    run = begin + "_" * (2 * (lanes - lane) - 1 + column) + mark.char
    return f"{before}{paint(run, mark.style)}", 2 * lane + len(run)


def _hung(label: str, column: int, budget: int, least: int = 0) -> tuple[int, list[str]]:
    """The column where a label's rows begin, and the rows: at `column` where there is room for words, else
    further left, but not left of `least`."""
    if not label:
        return column, []
    size = cells_of(label)
    if size > budget - column < _LABEL_ROOM:
        column = max(least, min(column, budget - min(size, _LABEL_ROOM)), 0)
    room = max(_LEAST_ROOM, budget - column)
    return column, list(wrapped(label, room, room))


def _underlines(
    marks: Sequence[_Placed], line: _Line, bounds: Span, budget: int, paint: Paint
) -> Iterator[str]:
    """The row of carets, with the last label on it, then a row for every other label, from the right."""
    spots = []
    for mark in marks:
        span = mark.mark.span
        start = line.column(span.start)
        end = max(start + 1, line.column(min(span.end, bounds.end)))
        spots.append((start, end, mark))
    spots.sort(key=lambda spot: (spot[0], spot[1]))
    row: dict[int, _Placed] = {}
    for start, end, mark in sorted(spots, key=lambda spot: spot[2].mark.primary):
        for column in range(start, end):
            row[column] = mark
    labelled = [spot for spot in spots if spot[2].mark.label]
    inline = None
    if labelled and labelled[-1][0] >= max((start for start, _, _ in spots), default=0):
        inline = labelled.pop()
    text = _paint_cells({column: (mark.char, mark.style) for column, mark in row.items()}, paint)
    rows: list[str] = []
    if inline is not None:
        start, mark = inline[0], inline[2]
        end = max(row) + 2
        at, rows = _hung(mark.mark.label, end, budget)
        if at == end:
            text += " " + paint(rows.pop(0), mark.style)
        else:
            at, rows = _hung(
                mark.mark.label, start, budget, max((spot[0] + 2 for spot in labelled), default=0)
            )
    yield text
    if inline is not None and rows:
        plain = max((spot[0] + 1 for spot in labelled), default=0)
        lead = _connectors(labelled, paint)
        yield from (_after(lead, plain, at, paint(row, mark.style)) for row in rows)
    if labelled:
        yield _connectors(labelled, paint)
    while labelled:
        start, _, mark = labelled.pop()
        lead = _connectors([spot for spot in labelled if spot[0] < start], paint)
        plain = max((spot[0] + 1 for spot in labelled if spot[0] < start), default=0)
        at, rows = _hung(mark.mark.label, start, budget, plain + 1 if plain else 0)
        yield from (_after(lead, plain, at, paint(row, mark.style)) for row in rows)


def _after(lead: str, width: int, column: int, text: str) -> str:
    """A text at a column, behind a lead that is so wide."""
    return f"{lead}{' ' * (column - width)}{text}"


def _connectors(spots: Sequence[tuple[int, int, _Placed]], paint: Paint) -> str:
    return _paint_cells({start: ("|", mark.style) for start, _, mark in spots}, paint)


def _paint_cells(cells: dict[int, tuple[str, str]], paint: Paint) -> str:
    """Single characters at columns, runs of one style painted together."""
    out: list[str] = []
    run, style, at = "", "", 0
    for column in sorted(cells):
        char, wanted = cells[column]
        if column != at or wanted != style:
            if run:
                out.append(paint(run, style))
            out.append(" " * (column - at))
            run, style = "", wanted
        run += char
        at = column + 1
    if run:
        out.append(paint(run, style))
    return "".join(out)


def lay_out(document: Document, number: int, focus: Span, budget: int) -> _Line:
    """A line for `budget` cells: escaped, secrets starred out, cut around `focus` when it is too long."""
    bounds = document.line_span(number)
    data = document.data
    start, end = bounds.start, bounds.end
    if end - start > 16 * budget:  # a minified file: only the bytes that could be shown are looked at
        start = max(start, focus.start - 4 * budget)
        while start < focus.start and data[start] & 0xC0 == 0x80:
            start += 1
        end = min(end, start + 16 * budget)
    text = data[start:end].decode("utf-8", "surrogateescape")
    shown = masked_source(document.path, text)
    pieces, offsets, cells = _cells(text, shown, start)
    total = cells[-1]
    cut_left, cut_right = start > bounds.start, end < bounds.end
    if total <= budget and not cut_left and not cut_right:
        return _Line("".join(pieces), offsets, cells, 0, total)

    from_cell = cells[min(bisect_left(offsets, focus.start), len(cells) - 1)]
    to_cell = cells[min(bisect_left(offsets, focus.end), len(cells) - 1)]
    left = 0
    if cut_left or to_cell > budget - len(_ELLIPSIS):
        left = max(1 if cut_left else 0, min(from_cell - budget // 3, total - budget + len(_ELLIPSIS)))
    if left <= 0:
        left = 1 if cut_left else 0
    room = budget - (len(_ELLIPSIS) if left else 0)
    cut_right = cut_right or total - left > room
    right = min(total, left + room - (len(_ELLIPSIS) if cut_right else 0))
    kept = "".join(
        piece
        for piece, cell, after in zip(pieces, cells, cells[1:], strict=False)
        if cell >= left and after <= right
    )
    first = next((cell for cell in cells if cell >= left), left)
    text = (_ELLIPSIS if left else "") + " " * (first - left) + kept + (_ELLIPSIS if cut_right else "")
    return _Line(text, offsets, cells, left, right)


def _cells(text: str, shown: str, start: int) -> tuple[list[str], list[int], list[int]]:
    """What each character shows as, its byte offset, and its first cell; both lists end with the end's."""
    if text.isascii() and text.isprintable() and "##" not in text:
        length = len(text)
        return list(shown), list(range(start, start + length + 1)), list(range(length + 1))
    pieces: list[str] = []
    offsets: list[int] = []
    cells: list[int] = []
    offset, cell = start, 0
    base = 0  # the piece that what has no cells of its own belongs to, so that both are shown or neither
    joints, sizes = emoji_joints(shown), widths(shown)
    commands = {match.end() - 1 for match in RUNNER.finditer(shown)}
    for at, (char, face, size) in enumerate(zip(text, shown, sizes, strict=True)):
        offsets.append(offset)
        cells.append(cell)
        offset += _byte_length(char)
        if face == "\t":
            piece = " " * (TAB - cell % TAB)
        elif face == "\ufeff" and offset <= 3:
            piece = ""
        elif at in commands:
            piece = SHOWN_HASH
        else:
            piece = face if at in joints else visible_char(face)
        if piece == face and not size and pieces:
            pieces[base] += piece
            piece = ""
        else:
            base = at
        pieces.append(piece)
        cell += len(piece) if piece != face else size
    offsets.append(offset)
    cells.append(cell)
    return pieces, offsets, cells


def _byte_length(char: str) -> int:
    code = ord(char)
    if code < 0x80 or 0xDC80 <= code <= 0xDCFF:
        return 1
    if code < 0x800:
        return 2
    return 3 if code < 0x10000 else 4
