"""What settings say, whichever file they are from.

Imported where used: policies, which few settings have.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from cflint.finding import Finding, Notice, Severity
from cflint.project.files.ignore import Ignore
from cflint.record import field, record, replace
from cflint.rule import POLICY_GROUP, POLICY_PREFIX, PRESETS, PREVIEW, RECOMMENDED, RuleSet
from cflint.source import Document, Span

if TYPE_CHECKING:
    from cflint.policy import ConfigPolicy
    from cflint.rule import Rule

LEVELS = ("off", "note", "warning", "error")
KEYS: dict[str, str] = {
    "extends": "Settings to start from: a file relative to this one, `package:NAME`, or an array of these.",
    "preset": "The rules to start from: recommended, reference, strict, preview or all.",
    "preview": "Whether rules in preview run besides those of the preset: true or false.",
    "select": "Rules, groups or presets to run, instead of the preset.",
    "extend-select": "Rules, groups or presets to run besides.",
    "ignore": "Rules, groups or presets not to run.",
    "severity": "The severity of rules or groups: off, note, warning or error.",
    "per-file-ignores": "Rules or groups to ignore in the files that a pattern matches.",
    "options": "The options of rules, a table for each: what counts as too short, or as too old.",
    "exclude": "Patterns, as in a .gitignore, of files to leave out.",
    "policy": "What configurations have to say: a table for each demand.",
    "rule-packages": "Whether rules of installed packages run, besides those of cflint: true or false.",
    "fail-on": "Exit with 1 if there is a finding of this severity or higher: note, warning, error or never.",
}


class SettingsError(ValueError):
    """A mistake in a settings file: `path`, 1-based `line` and `column`, and what is wrong."""

    def __init__(self, message: str, document: Document, span: Span) -> None:
        position = document.position(span.start)
        self.path, self.line, self.column = document.path, position.line, position.column
        shown = "".join(char if char.isprintable() else repr(char)[1:-1] for char in message)
        super().__init__(f"{document.path}:{position.line}:{position.column}: {shown}")


@record(frozen=True)
class Settings:
    """One settings file, what it extends included; `path` is the file's, "" for the defaults.

    `select` is None when the file names none, so that `preset` counts. `preview` adds the rules in preview to
    presets, not to rules and groups that are selected by name. `severity` maps rules and groups to a
    severity, None meaning off. `per_file_ignores` are patterns relative to the file's folder, with what they
    match and the names; `exclude` are patterns of the root. `options` are values by rule and option. Names of
    rules are those of today; `renamed` has a notice for each old name that the file uses. `rule_packages`
    says whether rules of installed packages run. `policies` are those of the file and of what it extends;
    they run whatever it selects, but for what the command line does (`narrowed`).
    """

    path: str = ""
    preset: str = RECOMMENDED
    preview: bool = False
    select: tuple[str, ...] | None = None
    extend_select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    severity: Mapping[str, Severity | None] = field(default_factory=dict)
    per_file_ignores: tuple[tuple[str, Ignore, frozenset[str]], ...] = ()
    options: Mapping[tuple[str, str], int] = field(default_factory=dict)
    exclude: tuple[str, ...] = ()
    fail_on: str | None = None
    rule_packages: bool = True
    renamed: Mapping[str, Notice] = field(default_factory=dict)
    policies: tuple[ConfigPolicy, ...] = ()
    narrowed: bool = False

    @cached_property
    def policy_rules(self) -> list[Rule]:
        """The rules that the policies are."""
        if not self.policies:
            return []
        from cflint.policy import rules_of

        return rules_of(self.policies)

    @property
    def folder(self) -> str:
        """The folder whose files the settings are for."""
        return posixpath.dirname(self.path)

    @cached_property
    def _excludes(self) -> Ignore:
        return Ignore("", self.exclude)

    def overridden(self, select: Iterable[str] | None = None, ignore: Iterable[str] = ()) -> Settings:
        """The settings with the command line on top: it selects instead, and ignores besides."""
        changed = self
        if select is not None:
            changed = replace(changed, select=tuple(select), extend_select=(), narrowed=True)
        return replace(changed, ignore=(*changed.ignore, *ignore))

    def rules(self, known: RuleSet) -> RuleSet:
        """The rules that run. Raises UnknownSelector."""
        known = known.with_policies(self.policy_rules)
        chosen = self.select if self.select is not None else (self.preset,)
        if self.narrowed:  # by names that are known somewhere, policies not everywhere
            chosen = tuple(names_here(chosen, known))
        elif self.policies:
            chosen = (*chosen, POLICY_GROUP)
        if self.preview and not set(chosen).isdisjoint(PRESETS):
            chosen = (*chosen, PREVIEW)
        off = [name for name, severity in self.severity.items() if severity is None]
        rules = known.select((*chosen, *self.extend_select), (*names_here(self.ignore, known), *off))
        return rules if self.rule_packages else rules.own

    def apply_to(self, finding: Finding, group: str) -> Finding | None:
        """A finding with the severity that the settings give it; None when they ignore it, or exclude its
        file, which those of a folder below the one that is checked cannot do before."""
        if self.exclude and self._excludes.covers(finding.at.document.path):
            return None
        for _, files, names in self.per_file_ignores:
            if (finding.rule in names or group in names) and files.covers(finding.at.document.path):
                return None
        for name in (finding.rule, group):
            if name in self.severity:
                severity = self.severity[name]
                return None if severity is None else replace(finding, severity=severity)
        return finding


def names_here(names: Iterable[str], known: RuleSet) -> Iterator[str]:
    """The names without those of policies that only the settings of other folders define, or of other
    repositories: nobody can tell from here that such a name is a mistake."""
    for name in names:
        may_be_elsewhere = name == POLICY_GROUP or name.startswith(POLICY_PREFIX)
        if not may_be_elsewhere or name in known or name in known.groups:
            yield name
