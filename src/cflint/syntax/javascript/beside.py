"""What stands beside a word in the bytes: most words cannot be what is looked for, and no tree is read."""

from __future__ import annotations


def each_of(characters: str) -> frozenset[bytes]:
    """Single characters; in `bytes` it takes a microsecond to look for one of them."""
    return frozenset(character.encode() for character in characters)


END = frozenset({b""})  # of the file
_BLANK = each_of(" \t\r\n")
_AFTER_CALLEE = each_of("(<?)!`/as") | END  # `/` of a comment, `as` and `satisfies` of a cast


def next_byte(data: bytes, end: int) -> bytes:
    """The first byte from `end` on that is not blank; none at the end of the file."""
    after = data[end : end + 1]
    while after in _BLANK:
        end += 1
        after = data[end : end + 1]
    return after


def may_be_callee(data: bytes, end: int) -> bool:
    """Whether a word that ends at a byte may be the last one of what is called."""
    return next_byte(data, end) in _AFTER_CALLEE
