"""How often each rule was right in code that it was not tuned to, and what that makes of it.

Source: the verdicts of readers in `accuracy/verdicts.tsv`, and the proofs in `accuracy/proofs.tsv`;
`scripts/write_precision.py` counts them.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from math import sqrt

from cflint.platform._precision import COUNTS, PROOFS, RECENT
from cflint.record import record

ENOUGH_PLACES = 10
ENOUGH_PROJECTS = 5
"""How much of a rule has to be read before its share of right findings says something."""


LAST_READ = 30
"""Of how many of a rule's findings, the last that were read, `Recent` tells."""

MOST_OF_A_PROJECT = 3
"""So many of them are of one project at most, false ones first: a cause shows as often as it is repeated."""

MOST_FALSE = 0.1
"""Which share of them may have been false when they were read, so that the rule may warn."""


class Level(StrEnum):
    """How far to trust a rule's findings, in the words of SARIF's `precision` as code scanning reads it."""

    VERY_HIGH = "very-high"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


@record(frozen=True)
class Precision:
    """How many findings of a rule readers called true, arguable (right, but a maintainer may well leave it)
    and false, and in how many projects these were. What was false and is mended is not counted."""

    true: int = 0
    arguable: int = 0
    false: int = 0
    projects: int = 0

    @property
    def places(self) -> int:
        """How many findings were read."""
        return self.true + self.arguable + self.false

    @property
    def share(self) -> float | None:
        """The share that was right, from 0 to 1, an arguable one as half; None when none was read."""
        return (self.true + self.arguable / 2) / self.places if self.places else None

    @property
    def least(self) -> float | None:
        """The lower end of Wilson's 90 % interval of `share`; None when none was read."""
        return lower_bound(self.share, self.places) if self.share is not None else None

    @property
    def is_enough(self) -> bool:
        """Whether enough was read, in enough projects, for `share` to be more than an impression."""
        return self.places >= ENOUGH_PLACES and self.projects >= ENOUGH_PROJECTS

    @property
    def level(self) -> Level:
        """Very high and high only by enough reading; where little or nothing was read, medium at most."""
        share = self.share
        if share is None or (share >= 0.75 and not self.is_enough):
            return Level.MEDIUM
        if share >= 0.95:
            return Level.VERY_HIGH
        if share >= 0.9:
            return Level.HIGH
        return Level.MEDIUM if share >= 0.75 else Level.LOW

    def as_text(self) -> str:
        """`12 findings read in 7 projects: 11 true, 1 arguable, 0 false`, or that none was read."""
        if not self.places:
            return "none of its findings read yet"
        findings = "finding" if self.places == 1 else "findings"
        projects = "project" if self.projects == 1 else "projects"
        return (
            f"{self.places} {findings} read in {self.projects} {projects}: {self.true} true, "
            f"{self.arguable} arguable, {self.false} false"
        )


@record(frozen=True)
class Recent:
    """The findings of a rule that readers saw last, `LAST_READ` at most and `MOST_OF_A_PROJECT` of each
    project: how many, how many of these were false then, and in how many projects they were. A false one
    counts although it is mended since: over ten batches 40 % of the next findings of rules that had been
    false that often were false as well, each for a cause of its own, and 2 % of those of other rules."""

    read: int = 0
    false: int = 0
    projects: int = 0

    @property
    def is_enough(self) -> bool:
        """Whether so much was read that nothing false among it says something."""
        return self.read >= ENOUGH_PLACES and self.projects >= ENOUGH_PROJECTS

    @property
    def is_half_enough(self) -> bool:
        """Whether at least half of that was read."""
        return 2 * self.read >= ENOUGH_PLACES and 2 * self.projects >= ENOUGH_PROJECTS

    @property
    def is_often_false(self) -> bool:
        """Whether more than `MOST_FALSE` of them were false."""
        return self.false > MOST_FALSE * self.read


def lately(read: Iterable[tuple[str, str]]) -> Recent:
    """What was read last, of all findings of a rule that were read, in that order: project and verdict
    (`true`, `arguable` or `false`)."""
    by_project: dict[str, list[str]] = {}
    for project, verdict in read:
        by_project[project] = [*by_project.pop(project, ()), verdict]
    last: list[tuple[str, str]] = []
    for project, verdicts in reversed(by_project.items()):
        worst_first = sorted(verdicts, key=("false", "arguable", "true").index)
        last += ((project, verdict) for verdict in worst_first[:MOST_OF_A_PROJECT])
    last = last[:LAST_READ]
    false = sum(verdict == "false" for _, verdict in last)
    return Recent(len(last), false, len({project for project, _ in last}))


def recent_of(rule: str) -> Recent:
    """What readers saw last of a rule; all zero for one of which nothing was read."""
    counts = RECENT.get(rule)
    return Recent(*counts) if counts is not None else Recent()


def precision_of(rule: str) -> Precision:
    """What readers found of a rule; all zero for one of which nothing was read."""
    counts = COUNTS.get(rule)
    return Precision(*counts) if counts is not None else Precision()


ORACLES = {
    "workerd": "the runtime does what the page says (tests/oracles/test_workerd.py)",
    "wrangler": "wrangler says it, too (tests/oracles)",
    "framework": "the framework does this with such files (tests/oracles/test_frameworks.py)",
    "framework-code": "the framework does what the page says (tests/oracles/test_frameworks.py)",
    "typescript": "TypeScript does what the page says (tests/oracles/test_typescript.py)",
    "service": "the service is documented to refuse it, or to do what the page says",
    "cflint": "it is about cflint itself",
}
"""What has been seen to do what a rule says, by its name in `accuracy/proofs.tsv`."""


def proof_of(rule: str) -> str | None:
    """Which of `ORACLES` proves what a rule says; None when none does."""
    return PROOFS.get(rule)


def lower_bound(share: float, number: int, z: float = 1.645) -> float:
    """The lower end of Wilson's interval of a share (0 to 1) that was seen in a number of places; `z` is that
    of 90 %."""
    spread = z * sqrt(share * (1 - share) / number + z * z / (4 * number * number))
    return max(0.0, (share + z * z / (2 * number) - spread) / (1 + z * z / number))
