"""One place that names a binding."""

from __future__ import annotations

from enum import Enum

from cflint.finding import Location
from cflint.record import record
from cflint.source import Document, Span


class Role(Enum):
    """What a place is to a binding. `OPEN`: it may name the binding, or something else of that name."""

    DECLARATION = "declaration"
    USE = "use"
    TYPE = "type"
    OPEN = "open"


class Form(Enum):
    """How the name stands there.

    `NAME`: it can be replaced as it is. `SHORTHAND`: it names a variable as well (`const { NAME } = env`),
    which keeps its name. `ESCAPED`: it is written in another way, and cannot be replaced.
    """

    NAME = "name"
    SHORTHAND = "shorthand"
    ESCAPED = "escaped"


@record(frozen=True)
class Mention:
    """A place that names a binding: `at` is the name itself, without quotes."""

    name: str
    at: Location
    role: Role
    form: Form = Form.NAME

    @property
    def place(self) -> tuple[str, Span]:
        """The path and the span: two mentions of one place are one."""
        return self.at.document.path, self.at.span


def mention_of(document: Document, span: Span, name: str, role: Role) -> Mention:
    """The mention at a span that holds a name, maybe in quotes."""
    data = document.data
    start, end = span
    if end - start >= 2 and data[start : start + 1] in (b'"', b"'", b"`") and data[end - 1] == data[start]:
        start, end = start + 1, end - 1
    written = data[start:end] == name.encode()
    place = Location(document, Span(start, end))
    return Mention(name, place, role, Form.NAME if written else Form.ESCAPED)
