"""Output formats: each a function from a report to text, imported only when it is asked for.

Imported where used: a run writes one of the formats.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING, cast

from cflint.finding import Finding, Report, Severity
from cflint.record import field, record

if TYPE_CHECKING:
    from cflint.project.workers.circumstances import Circumstances
    from cflint.report.comparing import Earlier
    from cflint.report.repository import Repository


@record(frozen=True)
class Options:
    """What the caller decides about an output; a format takes no notice of what is not its own.

    `color` and `hyperlinks` (OSC 8) are for terminals; `width` is in terminal cells, and `on_terminal` wraps
    what is no finding, too; `fixed` says how many
    findings this run has mended; `quiet` leaves out what is no finding (text and concise); `category` names
    the run for code scanning (SARIF's automation id), `repository` is what was analysed, and `suppressions`
    lists what comments silence, marked as suppressed (SARIF). `statistics` asks for counts by rule, Worker
    and severity: instead of the findings in what people read, beside them elsewhere (`WITH_STATISTICS`).
    `circumstances` has, for the path of a file, what edits there may depend on, Worker by Worker (agent).
    The page for browsers has a `picture` of the Workers in SVG, or says `no_picture`, the reason why there is
    none, and compares with `earlier` reports, the last of them above all.
    """

    color: bool = False
    hyperlinks: bool = False
    width: int = 100
    on_terminal: bool = False
    fixed: int = 0
    quiet: bool = False
    category: str | None = None
    repository: Repository | None = None
    suppressions: bool = False
    statistics: bool = False
    picture: bytes | None = None
    no_picture: str = ""
    earlier: tuple[Earlier, ...] = ()
    circumstances: Mapping[str, tuple[Circumstances, ...]] = field(default_factory=dict)


Format = Callable[[Report, Options], str]
"""A pure function; its text ends with a line end unless it is empty, and holds no lone surrogates."""

DEFAULT = Options()


def severity_of(finding: Finding) -> Severity:
    """A finding's severity; one that the engine has not seen counts as a warning."""
    return finding.severity or Severity.WARNING


def _late(module: str, hash: str = "") -> Format:
    """The format of a module. `hash` is how it may write a `#` that a CI's runner would take for part of a
    command, wherever in a line of the log it stands; the formats for people see to that themselves."""

    def render(report: Report, options: Options = DEFAULT) -> str:
        found = cast(Format, import_module(f"cflint.report.{module}").render)
        text = found(report, options)
        if hash and "##" in text:
            from cflint.report.escape import RUNNER

            text = RUNNER.sub(lambda _: f"#{hash}", text)
        return text

    return render


FORMATS: Mapping[str, Format] = MappingProxyType(
    {
        "text": _late("text"),
        "concise": _late("concise"),
        "json": _late("json_format", "\\u0023"),
        "sarif": _late("sarif", "\\u0023"),
        "github": _late("github"),
        "gitlab": _late("gitlab", "\\u0023"),
        "junit": _late("junit", "&#35;"),
        "checkstyle": _late("checkstyle", "&#35;"),
        "rdjson": _late("rdjson", "\\u0023"),
        "agent": _late("agent"),
        "markdown": _late("markdown"),
        "html": _late("html"),
    }
)
"""The formats by name, the default first."""

WITH_STATISTICS = ("text", "concise", "json", "sarif", "agent", "markdown", "html")
"""Those that have a place for counts."""
