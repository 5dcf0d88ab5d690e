"""Test data: projects below `fixtures/`, with markers that say what is reported on which line."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from cflint.engine import Options, analyse
from cflint.finding import Finding, Report, Severity
from cflint.project.files.workspace import Workspace
from cflint.rule import RuleSet
from tests.support.paths import FIXTURES

KNOWN = RuleSet.discover()

_MARKER = re.compile(
    r"(?://|\#|/\*|<!--|\{/\*)\s*(error|warning|note)(-next-line)?:\s*([\w-]+(?:\s*,\s*[\w-]+)*)"
)

Expected = Counter[tuple[str, int, str]]
"""(path, 1-based line, rule id), each as often as it is reported."""


@dataclass(frozen=True)
class Case:
    """One project: its files, and what `fixed/` says they become."""

    folder: Path
    rule: str

    @property
    def name(self) -> str:
        return self.folder.relative_to(FIXTURES).as_posix()

    @property
    def fixed_folder(self) -> Path:
        return self.folder / "fixed"

    @property
    def files(self) -> dict[str, bytes]:
        """The project's files, by path, without `fixed/`."""
        return {
            path.relative_to(self.folder).as_posix(): path.read_bytes()
            for path in sorted(self.folder.rglob("*"))
            if path.is_file() and self.fixed_folder not in path.parents
        }

    @property
    def fixed(self) -> dict[str, bytes]:
        """The files of `fixed/`, by the path that they replace."""
        return {
            path.relative_to(self.fixed_folder).as_posix(): path.read_bytes()
            for path in sorted(self.fixed_folder.rglob("*"))
            if path.is_file()
        }


def cases() -> list[Case]:
    """Every `fixtures/<group>/<rule>/<case>`."""
    found: list[Case] = []
    for group in sorted(path for path in FIXTURES.iterdir() if path.is_dir()):
        for rule in sorted(path for path in group.iterdir() if path.is_dir()):
            if rule.name in KNOWN:
                found.extend(Case(case, rule.name) for case in sorted(rule.iterdir()) if case.is_dir())
    return found


def expected(files: Mapping[str, bytes]) -> tuple[Expected, dict[tuple[str, int, str], Severity]]:
    """What the markers say: the findings, and the severities of those marked `warning` or `note`."""
    found: Expected = Counter()
    severities: dict[tuple[str, int, str], Severity] = {}
    for path, data in files.items():
        for number, line in enumerate(data.decode("utf-8", "replace").split("\n"), 1):
            for level, next_line, names in _MARKER.findall(line):
                for name in re.split(r"\s*,\s*", names):
                    key = (path, number + bool(next_line), name)
                    found[key] += 1
                    if level != "error":
                        severities[key] = Severity[level.upper()]
    return found, severities


def rules_for(rule: str) -> RuleSet:
    """The rules that run over the cases of a rule: all of the recommended preset, and the rule itself."""
    return KNOWN.select(["recommended", rule])


def run(files: Mapping[str, bytes], rules: RuleSet) -> Report:
    """Analyse files in memory; Markdown files count as given by name."""
    workspace = Workspace.in_memory(files)
    paths = ["", *(path for path in files if path.endswith((".md", ".mdx")))]
    return analyse(workspace, paths, Options(rules, KNOWN, jobs=1, debug=True), Path("/"))


def reported(findings: Iterator[Finding] | tuple[Finding, ...]) -> Expected:
    """What was reported, in the shape of `expected`."""
    return Counter((f.at.document.path, f.at.document.line_of(f.at.span.start), f.rule) for f in findings)
