"""What running the rules gave: findings and what they rest on, merged, each finding once, in order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from cflint.cache.observed import Observed
from cflint.engine.plan import WorkItem
from cflint.finding import Finding
from cflint.project.modules.reads import Reads
from cflint.record import field, record
from cflint.rule import Crash
from cflint.source import Document

if TYPE_CHECKING:
    from cflint.engine.profile import Spent


@record(frozen=True)
class ItemResult:
    """What the rules found in a work item, and its dependencies: what they read."""

    item: WorkItem
    findings: Sequence[Finding]
    reads: Reads


@record
class Outcome:
    """What running rules gave.

    `findings` are as the rules gave them; `crashes` are rules that raised, `unparsed` the modules that could
    not be parsed, `parsed` how many could, `skipped` modules that were skipped, and why. `results` is the
    same item by item, if dependencies are tracked. Of a process of its own, `observed` is what it read of the
    workspace, `fingerprints` those of the facts it took (see `fingerprint_of`), `spent` where its time went.
    """

    findings: list[Finding] = field(default_factory=list)
    crashes: list[Crash] = field(default_factory=list)
    unparsed: list[str] = field(default_factory=list)
    parsed: int = 0
    skipped: list[tuple[str, str]] = field(default_factory=list)
    results: list[ItemResult] = field(default_factory=list)
    observed: Observed = field(default_factory=Observed)
    fingerprints: dict[str, str] = field(default_factory=dict)
    spent: Spent | None = None


def merge(outcomes: Iterable[Outcome]) -> Outcome:
    """One outcome of several."""
    merged = Outcome()
    for outcome in outcomes:
        merged.findings.extend(outcome.findings)
        merged.crashes.extend(outcome.crashes)
        merged.unparsed.extend(outcome.unparsed)
        merged.skipped.extend(outcome.skipped)
        merged.results.extend(outcome.results)
        merged.observed.add(outcome.observed)
        merged.fingerprints.update(outcome.fingerprints)
        merged.parsed += outcome.parsed
    return merged


def unique(findings: Iterable[Finding]) -> list[Finding]:
    """Each finding once: a rule may find the same in several environments or Workers. Which of equal findings
    stays does not depend on their order."""
    kept: dict[tuple[str, str, int, int, str], Finding] = {}
    for finding in findings:
        at = finding.at
        key = (finding.rule, at.document.path, at.span.start, at.span.end, finding.message)
        other = kept.setdefault(key, finding)
        if other is not finding and _preference(finding) < _preference(other):
            kept[key] = finding
    return list(kept.values())


def _preference(finding: Finding) -> tuple[object, ...]:
    """An order of equal findings: severe ones and those with a fix first."""
    places = tuple((place.document.path, place.span, place.message) for place in finding.related)
    edits = finding.fix.edits if finding.fix is not None else ()
    changes = tuple((edit.document.path, edit.span, edit.text) for edit in edits)
    return (-(finding.severity or 0), not edits, places, changes)


def order(finding: Finding) -> tuple[str, int, int, str, str]:
    """The key by which the findings of a report are sorted."""
    at = finding.at
    return (at.document.path, at.span.start, at.span.end, finding.rule, finding.message)


def documents_of(finding: Finding) -> Iterator[Document]:
    """The documents that a finding points into or would change."""
    yield finding.at.document
    for place in finding.related:
        yield place.document
    for edit in finding.fix.edits if finding.fix is not None else ():
        yield edit.document
