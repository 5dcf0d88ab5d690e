"""Test data: projects below `fixtures/`, with markers that say what is reported on which line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cache

from cflint.finding import Finding, Report
from cflint.rule import RuleSet
from cflint.testing import Case, Line, check, expected
from cflint.testing import cases as cases_in
from tests.support.paths import FIXTURES

__all__ = ["KNOWN", "Case", "Expected", "cases", "expected", "reported", "rules_for", "run", "with_crlf"]

KNOWN = RuleSet.discover(packages=False)

ALSO = "recommended"
"""The rules that run over the cases of a rule beside the rule itself."""

Expected = Counter[Line]
"""(path, 1-based line, rule id), each as often as it is reported."""


@cache
def cases() -> tuple[Case, ...]:
    """Every `fixtures/<group>/<rule>/<case>`: the same objects each time, which read their files once."""
    groups = (FIXTURES / group for group in KNOWN.groups)
    return tuple(case for group in groups if group.is_dir() for case in cases_in(group, KNOWN))


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
