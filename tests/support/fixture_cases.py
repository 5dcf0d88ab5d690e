"""Test data: projects below `fixtures/`, with markers that say what is reported on which line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from itertools import groupby

from cflint.finding import Finding, Report
from cflint.rule import RuleSet
from cflint.testing import Case, Line, check, expected
from cflint.testing import cases as cases_in
from tests.support.paths import FIXTURES

__all__ = [
    "KNOWN",
    "Case",
    "Expected",
    "cases",
    "cases_by_rule",
    "expected",
    "hold",
    "reported",
    "rules_for",
    "run",
    "with_crlf",
]

KNOWN = RuleSet.discover(packages=False).as_harmful()
"""The rules of cflint, each as loud as its file says: what it has earned changes with what is read."""

ALSO = "recommended"
"""The rules that run over the cases of a rule beside the rule itself."""

Expected = Counter[Line]
"""(path, 1-based line, rule id), each as often as it is reported."""


@cache
def cases() -> tuple[Case, ...]:
    """Every `fixtures/<group>/<rule>/<case>`: the same objects each time, which read their files once."""
    groups = (FIXTURES / group for group in KNOWN.groups)
    return tuple(case for group in groups if group.is_dir() for case in cases_in(group, KNOWN))


def cases_by_rule() -> Iterator[tuple[str, list[Case]]]:
    """The cases of each rule, as `GROUP/RULE` and its cases."""
    for name, found in groupby(cases(), lambda case: case.name.rpartition("/")[0]):
        yield name, list(found)


def hold(check: Callable[[Case], None], those: Iterable[Case]) -> None:
    """Check cases, all of them: what is wrong with each says which one it is. A test for each takes longer
    than its check."""
    __tracebackhide__ = True
    failed: list[Exception] = []
    for case in those:
        try:
            check(case)
        except Exception as error:
            error.add_note(f"in fixtures/{case.name}")
            failed.append(error)
    if len(failed) == 1:
        raise failed[0]
    if failed:
        raise ExceptionGroup(f"{len(failed)} cases", failed)


@cache
def rules_for(rule: str) -> RuleSet:
    """The rules that run over the cases of a rule: all of the recommended preset, and the rule itself."""
    return KNOWN.select([ALSO, rule])


def run(files: Mapping[str, bytes], rules: RuleSet) -> Report:
    """Analyse files in memory; Markdown files count as given by name."""
    return check(files, rules, known=KNOWN).report


def reported(findings: Iterable[Finding]) -> Expected:
    """What was reported, in the shape of `expected`."""
    return Counter((f.at.document.path, f.at.document.line_of(f.at.span.start), f.rule) for f in findings)


def with_crlf(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Files as they are on Windows: their lines end so."""
    return {path: data.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n") for path, data in files.items()}
