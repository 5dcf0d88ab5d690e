"""Where the code of an app runs."""

from __future__ import annotations

from bisect import bisect_right
from enum import Enum
from functools import cached_property

from cflint.record import record
from cflint.source import Span


class Realm(Enum):
    """Where a module runs; the value completes "it runs …". In the order of strength: of two realms by which
    a module is reached, the first counts."""

    __hash__ = object.__hash__  # that of Enum is written in Python

    SERVER = "in the Worker only"
    BOTH = "in the Worker while it renders, and in the browser"
    BROWSER = "in the browser only"
    BUILD = "when the app is built"
    DEAD = "nowhere: it is not deployed"

    strength: int
    """Smaller is stronger."""
    in_worker: bool
    """Whether a Worker runs the module, so that rules may speak of it."""

    @property
    def label(self) -> str:
        """The realm's own name."""
        return self.name.lower()


for _strength, _realm in enumerate(Realm):  # attributes, as they are asked for of each module of each app
    _realm.strength = _strength
    _realm.in_worker = _realm in (Realm.SERVER, Realm.BOTH)


@record(frozen=True)
class Sides:
    """Parts of a module, as spans of bytes: those that run in the Worker only, and in the browser only."""

    server: tuple[Span, ...] = ()
    browser: tuple[Span, ...] = ()

    def on_server(self, offset: int) -> bool:
        """Whether a byte offset lies in code that runs in the Worker only."""
        return self._side(offset) is True

    def in_browser(self, offset: int) -> bool:
        """Whether a byte offset lies in code that runs in the browser only."""
        return self._side(offset) is False

    def _side(self, offset: int) -> bool | None:
        """Whether the innermost part around a byte offset runs in the Worker; None outside of all."""
        starts, sides = self._borders
        at = bisect_right(starts, offset) - 1
        return sides[at] if at >= 0 else None

    @cached_property
    def _borders(self) -> tuple[list[int], list[bool | None]]:
        """Where the side changes, and to which. The parts lie in one another or apart, as nodes do."""
        spans = [(span.start, -span.end, True) for span in self.server]
        spans += [(span.start, -span.end, False) for span in self.browser]
        starts: list[int] = []
        sides: list[bool | None] = []
        around: list[tuple[int, bool]] = []

        def leave(until: int) -> None:
            while around and around[-1][0] <= until:
                end, _ = around.pop()
                starts.append(end)
                sides.append(around[-1][1] if around else None)

        for start, end, side in sorted(spans, key=lambda span: (span[0], span[1], not span[2])):
            leave(start)
            starts.append(start)
            sides.append(side)
            around.append((-end, side))
        leave(max((end for end, _ in around), default=0))
        return starts, sides


NO_SIDES = Sides()
