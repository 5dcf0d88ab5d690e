"""What an answer about the project was drawn from: so one knows which answers a change leaves standing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from cflint.cachedir import hash_of
from cflint.record import field, field_names, record
from cflint.source import Span


@record(frozen=True)
class Reads:
    """Paths of modules: those whose text was looked at, and those of which only the facts were asked."""

    texts: frozenset[str] = frozenset()
    facts: frozenset[str] = frozenset()


@record
class Gathered:
    """Reads while they are being written down."""

    texts: set[str] = field(default_factory=set)
    facts: set[str] = field(default_factory=set)

    def add(self, other: Gathered) -> None:
        """Count the reads of another as well."""
        self.texts |= other.texts
        self.facts |= other.facts


class Ledger:
    """Writes down what is read: the dependencies of what is being found out."""

    def __init__(self) -> None:
        self._open: list[Gathered] = [Gathered()]

    def text(self, path: str) -> None:
        """A module's text, or its tree, is looked at."""
        self._open[-1].texts.add(path)

    def facts(self, path: str) -> None:
        """A module's facts are looked at."""
        self._open[-1].facts.add(path)

    def include(self, reads: Gathered) -> None:
        """An answer is used that was drawn from these reads."""
        self._open[-1].add(reads)

    @contextmanager
    def gather(self) -> Iterator[Gathered]:
        """Write down apart what is read inside; it counts outside only when it is included there."""
        self._open.append(Gathered())
        try:
            yield self._open[-1]
        finally:
            self._open.pop()

    def take(self) -> Reads:
        """What has been read since the last call."""
        mine = self._open[-1]
        self._open[-1] = Gathered()
        return Reads(frozenset(mine.texts), frozenset(mine.facts))


def without_places(value: object) -> object:
    """A value of records, tuples, dicts and sets as tuples, equal wherever the parts of it stand."""
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
        names = field_names(kind)
        _fields_of[kind] = names
    return tuple([without_places(getattr(value, name)) for name in names]) if names else value


_fields_of: dict[type, tuple[str, ...]] = {}
"""The fields of each class of values; none of what is no record."""


def fingerprint_of(value: object) -> str:
    """A hash of a value of records, tuples and dicts that does not depend on where their parts stand."""
    return hash_of(repr(without_places(value)))
