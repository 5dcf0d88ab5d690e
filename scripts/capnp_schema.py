"""Reads what Cap'n Proto keeps of a struct in a program: its fields and their annotations.

A program that uses a schema holds it as a message of the schema `Node` of capnp's own `schema.capnp`
(https://capnproto.org/encoding.html), in the order of its words: the node, then what its pointers lead to.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

_ROOTS = (b"\0\0\0\0\5\0\6\0", b"\0\0\0\0\6\0\6\0")
"""The pointer that such a message begins with: to a struct of 5 or 6 words of data and 6 pointers."""
_NAME, _FIELDS, _FIELD_NAME, _FIELD_ANNOTATIONS = 0, 3, 0, 1
_TEXT, _STRUCT = 12, 16
"""Tags of the union `Value`."""


class Struct(NamedTuple):
    """A struct: where its data begins (bytes), and how many words of data and pointers it has."""

    at: int
    words: int
    pointers: int


class Schema:
    """The schema of a struct in the bytes of a program, found by the struct's whole name."""

    def __init__(self, data: bytes, name: str) -> None:
        self._data = data
        text = data.index(name.encode() + b"\0")
        starts = range(text & ~7, max(0, text - 512), -8)
        self._node = self._struct(next(at for at in starts if data[at : at + 8] in _ROOTS))
        assert self.text(self._node, _NAME) == name

    def fields(self) -> Iterator[tuple[str, dict[int, Struct]]]:
        """The fields in the order of their ordinals: name, and the values of annotations by their ids."""
        for field in self._list(self._pointer(self._node, _FIELDS)):
            annotations = self._list(self._pointer(field, _FIELD_ANNOTATIONS))
            values = {self._word(it.at): self._struct(self._pointer(it, 0)) for it in annotations}
            yield self.text(field, _FIELD_NAME), values

    def annotated_text(self, value: Struct) -> str:
        """The text that an annotation has."""
        assert self._word(value.at) & 0xFFFF == _TEXT
        return self.text(value, 0)

    def annotated_struct(self, value: Struct) -> Struct:
        """The struct that an annotation has."""
        assert self._word(value.at) & 0xFFFF == _STRUCT
        return self._struct(self._pointer(value, 0))

    def tag(self, of: Struct, half_word: int = 0) -> int:
        """Which member of a union a struct has, by the 16-bit word that says so."""
        return int(struct.unpack_from("<H", self._data, of.at + 2 * half_word)[0])

    def text(self, of: Struct, pointer: int) -> str:
        """The text that a pointer of a struct leads to; "" where it leads to none."""
        return self._text(self._pointer(of, pointer))

    def texts(self, of: Struct, pointer: int) -> list[str]:
        """The list of texts that a pointer of a struct leads to."""
        word, at = self._target(self._pointer(of, pointer))
        return [self._text(at + 8 * index) for index in range(word >> 35)]

    def _text(self, at: int) -> str:
        word, start = self._target(at)
        return self._data[start : start + (word >> 35) - 1].decode() if word else ""

    def _word(self, at: int) -> int:
        return int(struct.unpack_from("<Q", self._data, at)[0])

    def _target(self, at: int) -> tuple[int, int]:
        """A pointer's word, and where it leads."""
        word = self._word(at)
        offset = (word >> 2) & 0x3FFFFFFF
        if offset & 0x20000000:
            offset -= 0x40000000
        return word, at + 8 + 8 * offset

    def _struct(self, at: int) -> Struct:
        word, start = self._target(at)
        assert word & 3 == 0, "a pointer to a struct"
        return Struct(start, (word >> 32) & 0xFFFF, (word >> 48) & 0xFFFF)

    def _pointer(self, of: Struct, index: int) -> int:
        assert index < of.pointers
        return of.at + 8 * (of.words + index)

    def _list(self, at: int) -> list[Struct]:
        """A list of structs: its first word says how many there are, and how large each is."""
        word, start = self._target(at)
        if word == 0:
            return []
        tag = self._word(start)
        count, words, pointers = (tag >> 2) & 0x3FFFFFFF, (tag >> 32) & 0xFFFF, (tag >> 48) & 0xFFFF
        return [Struct(start + 8 + 8 * index * (words + pointers), words, pointers) for index in range(count)]
