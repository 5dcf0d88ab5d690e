"""What a rule says: findings, the places they speak of, and fixes. Frozen data, no behaviour."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, IntEnum

from cflint.source import Document, Span


class Severity(IntEnum):
    """How bad a finding is, least first. `NOTE` is advice, `WARNING` mostly wrong, `ERROR` fails."""

    NOTE = 1
    WARNING = 2
    ERROR = 3

    @property
    def label(self) -> str:
        return self.name.lower()


class Safety(Enum):
    """Whether a fix may be applied unseen.

    `SAFE`: behaviour only gains what was clearly meant. `UNSAFE`: needs a look, applied with
    `--unsafe-fixes`. `MANUAL`: shown, never applied.
    """

    SAFE = "safe"
    UNSAFE = "unsafe"
    MANUAL = "manual"


@dataclass(frozen=True, slots=True)
class Location:
    """A span of a document; `message` says what is there (of related places)."""

    document: Document
    span: Span
    message: str = ""

    def __post_init__(self) -> None:
        if self.document.origin is not None:  # a Markdown block shares its offsets with the file
            object.__setattr__(self, "document", self.document.origin)

    def saying(self, message: str) -> Location:
        """The same place with a message."""
        return Location(self.document, self.span, message)


@dataclass(frozen=True, slots=True)
class Edit:
    """Replace the bytes of `span` in `document` by `text` (an empty span inserts)."""

    document: Document
    span: Span
    text: str

    def __post_init__(self) -> None:
        if self.document.origin is not None:
            object.__setattr__(self, "document", self.document.origin)


@dataclass(frozen=True, slots=True)
class Fix:
    """One change that mends a finding. The title is an imperative; edits may touch several documents."""

    title: str
    edits: tuple[Edit, ...]
    safety: Safety


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong, in one line.

    A rule gives `message`, `at`, and maybe `related`, `fix` and `severity` (only to lower its own); the
    engine fills in `rule` and `severity`.
    """

    message: str
    at: Location
    related: tuple[Location, ...] = ()
    fix: Fix | None = None
    severity: Severity | None = None
    rule: str = ""
