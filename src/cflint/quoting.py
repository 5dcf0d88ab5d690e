"""Pieces of a user's text as a message can show them: in backticks, on one line, no longer than needed."""

from __future__ import annotations

from cflint.pattern import pattern

_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
_CHAIN = pattern(r"(?<!\s)\s++(?=\??\.[\w$#])")
"""White space before a member; each run of it is looked at once."""
_MORE = "…"


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
    return folded if folded.isprintable() else "".join(map(visible_char, folded))


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
