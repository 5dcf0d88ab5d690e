"""Where the code of an app runs."""

from __future__ import annotations

from enum import Enum

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

    @property
    def in_worker(self) -> bool:
        """Whether a Worker runs the module, so that rules may speak of it."""
        return self in (Realm.SERVER, Realm.BOTH)

    @property
    def label(self) -> str:
        """The realm's own name."""
        return self.name.lower()

    @property
    def strength(self) -> int:
        """Smaller is stronger."""
        return _ORDER[self]


_ORDER = {realm: at for at, realm in enumerate(Realm)}


@record(frozen=True)
class Sides:
    """Parts of a module, as spans of bytes: those that run in the Worker only, and in the browser only."""

    server: tuple[Span, ...] = ()
    browser: tuple[Span, ...] = ()

    def on_server(self, offset: int) -> bool:
        """Whether a byte offset lies in code that runs in the Worker only."""
        return any(offset in span for span in self.server) and not self.in_browser(offset)

    def in_browser(self, offset: int) -> bool:
        """Whether a byte offset lies in code that runs in the browser only, innermost part counting."""
        browser = [span for span in self.browser if offset in span]
        if not browser:
            return False
        smallest = min(browser, key=lambda span: span.end - span.start)
        inner = (
            span for span in self.server if offset in span and smallest.covers(span) and span != smallest
        )
        return next(inner, None) is None


NO_SIDES = Sides()
