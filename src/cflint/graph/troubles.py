"""Which element of a picture a finding is about: the smallest place of any element that holds it."""

from __future__ import annotations

from collections.abc import Iterable

from cflint.finding import Finding, Location
from cflint.graph.picture import Trouble


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
        self._places: dict[str, list[tuple[int, int, str]]] = {}
        self._whole: dict[str, list[str]] = {}
        self._owned: dict[str, list[str]] = {}
        self._by_element: dict[str, list[Trouble]] | None = None

    def place(self, element: str, at: Location) -> None:
        """An element is written down at a place."""
        self._places.setdefault(at.document.path, []).append((at.span.start, at.span.end, element))

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
            for trouble in self._findings:
                for owner in self._owners(trouble):
                    self._by_element.setdefault(owner, []).append(trouble)
        return tuple(self._by_element.get(element, ()))

    def _owners(self, trouble: Trouble) -> Iterable[str]:
        path, start = trouble.at.document.path, trouble.at.span.start
        around = [
            place for place in self._places.get(path, ()) if place[0] <= start < max(place[1], place[0] + 1)
        ]
        if around:
            least = min(end - begin for begin, end, _ in around)
            return dict.fromkeys(element for begin, end, element in around if end - begin == least)
        return self._whole.get(path) or self._owned.get(path) or ()
