"""Pieces of a user's text as a message can show them: in backticks, on one line, no longer than needed.

Imported where used: unicodedata, for text with emoji of several characters; difflib, after a mistake.
"""

from __future__ import annotations

from collections.abc import Iterable

from cflint.pattern import pattern

_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
_CHAIN = pattern(r"(?<!\s)\s++(?=\??\.[\w$#])")
"""White space before a member; each run of it is looked at once."""
_MORE = "…"

_JOINER, _EMOJI_STYLE = "\u200d", "\ufe0f"
_TAGS = "\U000e0067\U000e0062(?:{})\U000e007f".format(
    "|".join("".join(chr(0xE0000 + ord(letter)) for letter in name) for name in ("eng", "sct", "wls"))
)
_TAGGED_FLAG = pattern(f"(?<=\U0001f3f4){_TAGS}")
"""What makes the flags of England, Scotland and Wales of a black one."""


def quoted(text: str, limit: int = 60, *, otherwise: str | None = None, keep_end: bool = False) -> str:
    """The text between backticks, on one line and with at most `limit` characters between them.

    White space is folded, and dropped before a member on a line of its own (`a\\n  .b()` is `a.b()`). A
    backtick becomes `'`, and what nobody can see an escape (`\\x1b`, `\\u202e`), as in reports. What is too
    long ends with `…`, or begins with it where the end tells more (`keep_end`). With `otherwise`, a text that
    is too long or has several lines is not cut: `otherwise` is quoted in its place.
    """
    whole = text.strip()
    if otherwise is not None and ("\n" in whole or "\r" in whole or len(_plain(whole)) > limit):
        whole = otherwise
    shown = _plain(whole)
    if len(shown) > limit:
        room = max(limit - len(_MORE), 0)
        shown = _MORE + shown[len(shown) - room :] if keep_end else shown[:room].rstrip() + _MORE
    return f"`{shown}`"


def _plain(text: str) -> str:
    joined = _CHAIN.sub(lambda found: "" if {*found[0]} & {"\n", "\r"} else found[0], text)
    folded = " ".join(joined.split()).replace("`", "'")
    return visible_text(folded)


def visible_text(text: str) -> str:
    """The text with everything a terminal could act on, or nobody could see, as an escape (see
    `visible_char`), but for what joins the characters of one emoji: that is seen by what it makes."""
    if text.isprintable():
        return text
    kept = emoji_joints(text)
    return "".join(char if at in kept else visible_char(char) for at, char in enumerate(text))


def emoji_joints(text: str) -> frozenset[int]:
    """Where invisible characters stand that make one emoji of several, as in UTS #51: zero-width joiners
    between two pictographs, and the tags of the flags that have some."""
    found: set[int] = set()
    at = text.find(_JOINER, 1)
    while at != -1:
        before = at - 1
        if before and text[before] == _EMOJI_STYLE:
            before -= 1
        if before and is_skin_tone(text[before]):
            before -= 1
        if at + 1 < len(text) and is_pictograph(text[before]) and is_pictograph(text[at + 1]):
            found.add(at)
        at = text.find(_JOINER, at + 1)
    if "\U000e007f" in text:
        for flag in _TAGGED_FLAG.finditer(text):
            found.update(range(*flag.span()))
    return frozenset(found)


def is_skin_tone(char: str) -> bool:
    """Whether a character changes the colour of the pictograph before it."""
    return "\U0001f3fb" <= char <= "\U0001f3ff"


def is_pictograph(char: str) -> bool:
    """Whether a character can be, or be a part of, an emoji; true of all symbols that are none of
    mathematics or money."""
    if char.isascii():
        return False
    from unicodedata import category

    return category(char) == "So" or char == "\u2194"


def visible_char(char: str) -> str:
    """One character, as an escape when a terminal could act on it or nobody could see it.

    ESC becomes `\\x1b`, a bidi override `\\u202e`, a line end `\\n`; an undecodable byte of a file name
    (a surrogate escape) becomes `\\xff`.
    """
    if char.isprintable():
        return char
    if char in _SHORT:
        return _SHORT[char]
    code = ord(char)
    if 0xDC80 <= code <= 0xDCFF:
        code -= 0xDC00
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def did_you_mean(name: str, choices: Iterable[str]) -> str:
    """What a message about a name that is none ends with: the choice that is spelled most like it, or ""."""
    from difflib import get_close_matches

    near = get_close_matches(name, list(choices), n=1, cutoff=0.6)
    return f"; did you mean `{near[0]}`?" if near else ""
