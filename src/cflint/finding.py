"""What a rule says (findings, the places they speak of, fixes) and what a run says. Frozen data."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, IntEnum
from pathlib import Path
from typing import Literal

from cflint.record import field, record
from cflint.source import Document, Span


class Severity(IntEnum):
    """How bad a finding is, least first. `NOTE` is advice, `WARNING` mostly wrong, `ERROR` fails."""

    NOTE = 1
    WARNING = 2
    ERROR = 3

    @property
    def label(self) -> str:
        return self.name.lower()


def _one_line(text: str) -> str:
    """The text with its line ends as escapes: a name that it quotes may hold some."""
    return text.replace("\r", "\\r").replace("\n", "\\n")


class Safety(Enum):
    """Whether a fix may be applied unseen.

    `SAFE`: behaviour only gains what was clearly meant. `UNSAFE`: needs a look, applied with
    `--unsafe-fixes`. `MANUAL`: shown, never applied.
    """

    SAFE = "safe"
    UNSAFE = "unsafe"
    MANUAL = "manual"


@record(frozen=True)
class Location:
    """A span of a document; `message` says what is there (of related places)."""

    document: Document
    span: Span
    message: str = ""

    def __post_init__(self) -> None:
        if self.document.origin is not None:  # a Markdown block shares its offsets with the file
            object.__setattr__(self, "document", self.document.origin)
        if "\n" in self.message or "\r" in self.message:
            object.__setattr__(self, "message", _one_line(self.message))

    def saying(self, message: str) -> Location:
        """The same place with a message."""
        return Location(self.document, self.span, message)


@record(frozen=True)
class Edit:
    """Replace the bytes of `span` in `document` by `text` (an empty span inserts)."""

    document: Document
    span: Span
    text: str

    def __post_init__(self) -> None:
        if self.document.origin is not None:
            object.__setattr__(self, "document", self.document.origin)


@record(frozen=True)
class Fix:
    """One change that mends a finding. The title is an imperative; edits may touch several documents, and one
    that several environments ask for is made once."""

    title: str
    edits: tuple[Edit, ...]
    safety: Safety

    @classmethod
    def of(cls, title: str, edits: tuple[Edit, ...] | None, safety: Safety) -> Fix | None:
        """The fix that some edits are; None where there are none."""
        return cls(title, edits, safety) if edits else None

    def __post_init__(self) -> None:
        if "\n" in self.title or "\r" in self.title:
            object.__setattr__(self, "title", _one_line(self.title))
        once = tuple(dict.fromkeys(self.edits))
        if len(once) < len(self.edits):
            object.__setattr__(self, "edits", once)


@record(frozen=True)
class Finding:
    """One thing that is wrong, in one line.

    A rule gives `message`, `at`, and maybe `related`, `fix`, `severity` (only to lower its own) and `words`;
    the engine fills in `rule` and `severity`. `words` fit what the rule's page says to do to the place: pairs
    of a name that the page uses in code (`env.NAME`) and what it is here (`c.env.API_KEY`), or of the name of
    a case that the page tells apart and "".
    """

    message: str
    at: Location
    related: tuple[Location, ...] = ()
    fix: Fix | None = None
    severity: Severity | None = None
    rule: str = ""
    words: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        if "\n" in self.message or "\r" in self.message:
            object.__setattr__(self, "message", _one_line(self.message))


@record(frozen=True)
class RuleInfo:
    """What a report tells of a rule.

    `summary` is the first line of its page, `page` the whole page (both Markdown); `fix` the least safe fix
    that it offers; `uri` is where its page is published or, before that, what the page names as its source;
    `aliases` are names it had before; `package` is the name and version of the installed package that it
    comes from, None for cflint itself.
    """

    id: str
    group: str
    severity: Severity
    summary: str
    page: str
    fix: Safety | None = None
    presets: frozenset[str] = frozenset()
    since: str = ""
    uri: str | None = None
    aliases: tuple[str, ...] = ()
    package: str | None = None


@record(frozen=True)
class Notice:
    """Something said aside, never a finding: a file that was skipped, a configuration that is ambiguous.

    `path` is relative to the workspace's root; `line` is 1-based; `rule` names the rule that it is about.
    """

    message: str
    path: str | None = None
    line: int | None = None
    level: Literal["info", "warning"] = "info"
    rule: str | None = None

    @property
    def is_skip(self) -> bool:
        """Whether it says that something which should be analysed was not."""
        return self.level == "warning" and self.message.startswith("skipped: ")


@record(frozen=True)
class Shard:
    """That a report is one of several parts, `index` (from 1) of `count`. The first `general` notices are
    about the whole project, and only in the first part."""

    index: int
    count: int
    general: int


@record(frozen=True)
class Report:
    """The outcome of one run.

    `findings` are sorted by path, offset and rule, and so are `silenced`, those that comments silence, of
    which there are `suppressed`; `rules` has every rule that ran or that a finding names; document paths are
    relative to `root`, and `base` is where the user stands; `partial` says that not everything could be
    analysed; `shard` that this is only one of several parts. `workers` has, for the path of each file with
    findings, the Workers that it belongs to, by names that tell them apart.
    """

    findings: tuple[Finding, ...]
    rules: Mapping[str, RuleInfo]
    notices: tuple[Notice, ...]
    files_checked: int
    workers_checked: int
    root: Path
    base: Path
    suppressed: int = 0
    partial: bool = False
    silenced: tuple[Finding, ...] = ()
    shard: Shard | None = None
    workers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def workers_of(self, finding: Finding) -> tuple[str, ...]:
        """The names of the Workers that the file of a finding belongs to."""
        return self.workers.get(finding.at.document.path, ())
