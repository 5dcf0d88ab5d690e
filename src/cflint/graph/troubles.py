"""Which element of a picture a finding is about: the smallest place of any element that holds it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cflint.finding import Finding, Location
from cflint.graph.picture import Trouble

_Place = tuple[int, int, str]
"""Start and end of a span, in bytes, and the element that it is."""


class Troubles:
    """Findings by the element that they are about. Elements say which places are theirs (`place`), which
    files (`whole`), and which files they own where nobody else claims a finding (`owned`)."""

    def __init__(self, findings: Iterable[Finding]) -> None:
        ordered = sorted(findings, key=lambda f: (-(f.severity or 0), f.at.document.path, f.at.span.start))
        self._findings = [
            Trouble(number, f.rule, f.severity, f.message, f.at)
            for number, f in enumerate(ordered, 1)
            if f.severity is not None
        ]
        self._places: dict[str, dict[_Place, None]] = {}
        self._whole: dict[str, list[str]] = {}
        self._owned: dict[str, list[str]] = {}
        self._by_element: dict[str, list[Trouble]] | None = None

    def place(self, element: str, at: Location) -> None:
        """An element is written down at a place."""
        self._places.setdefault(at.document.path, {})[at.span.start, at.span.end, element] = None

    def whole(self, element: str, path: str) -> None:
        """An element is a file."""
        self._whole.setdefault(path, []).append(element)

    def owned(self, element: str, paths: Iterable[str]) -> None:
        """What is found in some files is about an element unless another claims it."""
        for path in paths:
            self._owned.setdefault(path, []).append(element)

    def all(self) -> tuple[Trouble, ...]:
        """All of them, in the order of their numbers."""
        return tuple(self._findings)

    def of(self, element: str) -> tuple[Trouble, ...]:
        """Those about an element. To be asked when all elements have said what is theirs."""
        if self._by_element is None:
            self._by_element = {}
            for trouble, owners in self._owners():
                for owner in owners:
                    self._by_element.setdefault(owner, []).append(trouble)
        return tuple(sorted(self._by_element.get(element, ()), key=lambda trouble: trouble.number))

    def _owners(self) -> Iterator[tuple[Trouble, Iterable[str]]]:
        """The elements that each is about: from place to place through a file, with the places open there."""
        none: list[_Place] = []
        path, places, open_ones = "", iter(none), none
        upcoming: _Place | None = None
        for trouble in sorted(self._findings, key=lambda it: (it.at.document.path, it.at.span.start)):
            start = trouble.at.span.start
            if trouble.at.document.path != path:
                path = trouble.at.document.path
                places, open_ones = iter(sorted(self._places.get(path, ()))), []
                upcoming = next(places, None)
            while upcoming is not None and upcoming[0] <= start:
                open_ones.append(upcoming)
                upcoming = next(places, None)
            open_ones = [place for place in open_ones if start < max(place[1], place[0] + 1)]
            if open_ones:
                least = min(end - begin for begin, end, _ in open_ones)
                yield trouble, dict.fromkeys(it[2] for it in open_ones if it[1] - it[0] == least)
            else:
                yield trouble, self._whole.get(path) or self._owned.get(path) or ()
