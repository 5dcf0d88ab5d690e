"""How wide text is on a terminal, in cells, where several characters may make one letter or one emoji.

As Unicode has it (UAX #11, UTS #51): East Asian wide characters and emoji take two cells, combining marks and
what joins or changes an emoji none. The package `wcwidth` says the same, and takes as long to load as a small
check.

Imported where used: unicodedata, for text that is not ASCII.
"""

from __future__ import annotations

from collections.abc import Iterator

from cflint.quoting import emoji_joints, is_pictograph, is_skin_tone

_CUT = "..."
_EMOJI_STYLE, _KEYCAP = "\ufe0f", "\u20e3"


def cells_of(text: str) -> int:
    """How many cells a printable text takes."""
    return len(text) if text.isascii() else sum(widths(text))


def widths(text: str) -> Iterator[int]:
    """How many cells each character of a printable text adds to those before it: 0, 1 or 2."""
    if text.isascii():
        yield from (1 for _ in text)
        return
    from unicodedata import category, east_asian_width

    joints = emoji_joints(text)
    base = " "  # the character that others may belong to
    for at, char in enumerate(text):
        joined = at in joints or (at - 1 in joints and is_pictograph(char))
        if joined or category(char) in ("Mn", "Me") or (is_skin_tone(char) and is_pictograph(base)):
            yield 0
        else:
            base = char
            styled = text.startswith(_EMOJI_STYLE, at + 1)
            is_emoji = styled and (is_pictograph(char) or text.startswith(_KEYCAP, at + 2))
            yield 2 if is_emoji or east_asian_width(char) in "WF" else 1


def start_within(text: str, cells: int) -> str:
    """The text, or as much of its start as `cells` have room for and `...`; no emoji is cut."""
    if cells_of(text) <= cells:
        return text
    room = max(0, cells - len(_CUT))
    end = 0
    for size in widths(text):
        room -= size
        if room < 0:
            break
        end += 1
    return text[:end] + _CUT


def end_within(text: str, cells: int) -> str:
    """The text, or `...` and as much of its end as `cells` have room for; no emoji is cut."""
    if cells_of(text) <= cells:
        return text
    room = max(0, cells - len(_CUT))
    sizes = list(widths(text))
    start, left = 0, sum(sizes)
    while start < len(text) and (left > room or not sizes[start]):
        left -= sizes[start]
        start += 1
    return _CUT + text[start:]
