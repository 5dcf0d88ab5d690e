"""Where the keywords stand that declare names, without a tree."""

from __future__ import annotations

from functools import cache

from cflint.syntax.anchors import Anchors

_DECLARE = (
    *("const", "let", "var", "using", "function", "class"),
    *("enum", "namespace", "module", "interface", "type", "import"),
)
_IN_WORD = frozenset(bytes((byte,)) for byte in range(128) if chr(byte).isalnum() or byte == 0x5F)


def declaring_words(data: bytes) -> list[int]:
    """The first bytes of the keywords that declare something, in order, those in comments and texts included:
    an automaton finds them four times as fast as a pattern with a boundary in front."""
    return [
        start
        for start, end, _ in _words().find(data)
        if data[start - 1 : start] not in _IN_WORD and data[end : end + 1] not in _IN_WORD
    ]


@cache
def _words() -> Anchors:
    return Anchors(_DECLARE, whole=False)
