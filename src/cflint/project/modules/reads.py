"""What an answer about the project was drawn from: so one knows which answers a change leaves standing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import field, fields, is_dataclass

from cflint.cachedir import hash_of
from cflint.record import record
from cflint.source import Span


@record(frozen=True)
class Reads:
    """Paths of modules: those whose text was looked at, and those of which only the facts were asked."""

    texts: frozenset[str] = frozenset()
    facts: frozenset[str] = frozenset()


@record
class _Gathered:
    texts: set[str] = field(default_factory=set)
    facts: set[str] = field(default_factory=set)

    def add(self, other: _Gathered) -> None:
        self.texts |= other.texts
        self.facts |= other.facts


class Ledger:
    """Writes down what is read while a question is being answered.

    A question whose answer is kept (`kept`) is read once and asked often: whoever asks it again has read what
    its first answer was drawn from.
    """

    def __init__(self) -> None:
        self._open: list[_Gathered] = [_Gathered()]
        self._kept: dict[object, _Gathered] = {}

    def text(self, path: str) -> None:
        """A module's text, or its tree, is looked at."""
        self._open[-1].texts.add(path)

    def facts(self, path: str) -> None:
        """A module's facts are asked for."""
        self._open[-1].facts.add(path)

    @contextmanager
    def kept(self, *question: object) -> Iterator[None]:
        """Around a question whose answer is kept under a key."""
        self._open.append(_Gathered())
        try:
            yield
        finally:
            mine = self._open.pop()
            known = self._kept.setdefault(question, mine)
            if known is not mine:
                known.add(mine)
            self._open[-1].add(known)

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Around what is no part of the question being answered, such as taking a module's facts."""
        self._open.append(_Gathered())
        try:
            yield
        finally:
            self._open.pop()

    def take(self) -> Reads:
        """What has been read since the last call."""
        mine = self._open[-1]
        self._open[-1] = _Gathered()
        return Reads(frozenset(mine.texts), frozenset(mine.facts))


def without_places(value: object) -> object:
    """A value of dataclasses, tuples, dicts and sets as tuples, equal wherever the parts of it stand."""
    if isinstance(value, Span):
        return None
    if isinstance(value, tuple):
        return tuple(map(without_places, value))
    if isinstance(value, dict):
        return tuple((key, without_places(item)) for key, item in value.items())
    if isinstance(value, frozenset):
        return tuple(sorted(value, key=repr))
    kind = type(value)
    names = _fields_of.get(kind)
    if names is None:
        names = tuple(part.name for part in fields(kind)) if is_dataclass(kind) else ()
        _fields_of[kind] = names
    return tuple([without_places(getattr(value, name)) for name in names]) if names else value


_fields_of: dict[type, tuple[str, ...]] = {}
"""The fields of each class of values; none of what is no dataclass."""


def fingerprint_of(value: object) -> str:
    """A hash of a value of dataclasses, tuples and dicts that does not depend on where their parts stand."""
    return hash_of(repr(without_places(value)))
