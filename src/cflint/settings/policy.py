"""The settings of a run: those of files, and the command line on top."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from cflint.finding import Finding, Notice
from cflint.rule import RuleSet, renamed_notice
from cflint.settings.definition import Settings, SettingsError
from cflint.settings.tree import SettingsTree

if TYPE_CHECKING:
    from cflint.rule import Rule


class Policy:
    """The settings of a run: a tree, and the command line on top of every file of it."""

    def __init__(self, tree: SettingsTree, known: RuleSet, adjust: Callable[[Settings], Settings]) -> None:
        self._tree = tree
        self._known = known
        self._adjust = adjust
        self._adjusted: dict[int, Settings] = {}  # by identity: the tree keeps what it gave
        self._rules: dict[int, RuleSet] = {}  # by identity of the adjusted: settings above share one path
        self._known_for: dict[tuple[str, ...], RuleSet] = {}

    def settings_for(self, path: str) -> Settings:
        """The settings that count for a file. Raises SettingsError."""
        found = self._tree.for_path(path)
        adjusted = self._adjusted.get(id(found))
        if adjusted is None:
            adjusted = self._adjusted[id(found)] = self._adjust(found)
        return adjusted

    def options_for(self, path: str) -> Mapping[tuple[str, str], int]:
        """The options of rules for a file; none where the settings hold a mistake."""
        try:
            return self.settings_for(path).options
        except SettingsError:
            return {}

    def renamed(self, paths: Iterable[str]) -> dict[str, Notice]:
        """Notices about old names of rules on the command line and in the settings of files, each name once.
        Raises SettingsError."""
        known = self._known
        if not known.aliases:
            return {}
        given = self._adjust(Settings(select=()))
        found = {
            name: renamed_notice(name, known.aliases[name])
            for name in (*(given.select or ()), *given.ignore)
            if name in known.aliases
        }
        for folder in dict.fromkeys(map(posixpath.dirname, paths)):
            for name, notice in self._tree.for_folder(folder).renamed.items():
                found.setdefault(name, notice)
        return found

    def rules_for(self, path: str) -> RuleSet:
        """The rules that run over a file. Raises SettingsError and UnknownSelector."""
        settings = self.settings_for(path)
        found = self._rules.get(id(settings))
        if found is None:
            found = self._rules[id(settings)] = settings.rules(self._known)
        return found

    def known_for(self, paths: Iterable[str]) -> RuleSet:
        """All rules there are for some files: policies as well. Raises SettingsError for two policies of one
        name that do not demand the same."""
        folders = tuple(dict.fromkeys(map(posixpath.dirname, paths)))
        known = self._known_for.get(folders)
        if known is None:
            known = self._known_for[folders] = self._known_in(folders)
        return known

    def _known_in(self, folders: Iterable[str]) -> RuleSet:
        each = [self.settings_for(posixpath.join(folder, "-")) for folder in folders]
        found: dict[str, Rule] = {}
        for settings in {id(it): it for it in each}.values():
            for policy, rule in zip(settings.policies, settings.policy_rules, strict=True):
                other = found.setdefault(policy.rule, rule)
                if other.made_of != policy:
                    raise SettingsError(
                        f"the policy `{policy.name}` demands something else in {other.defined_in}: give one"
                        " of them another name, or have one file that both extend",
                        policy.document,
                        policy.span,
                    )
        return self._known.with_policies(found.values()) if found else self._known

    def rules(self, paths: Iterable[str]) -> RuleSet:
        """The rules that run over any of the files. Raises SettingsError and UnknownSelector."""
        paths = list(paths)
        folders = {posixpath.dirname(path) for path in paths}
        known = self.known_for(paths)
        each = {id(it): it for it in (self.rules_for(posixpath.join(folder, "-")) for folder in folders)}
        return known.only(frozenset(id for rules in each.values() for id in rules))

    def apply_policy(self, finding: Finding) -> Finding | None:
        """A finding with the severity that the settings of its file give it; None when they exclude it."""
        path = finding.at.document.path
        rules = self.rules_for(path)
        if finding.rule in rules:
            return self.settings_for(path).apply_to(finding, rules[finding.rule].group)
        if finding.rule != "internal-error":
            return None
        return self.settings_for(path).apply_to(finding, self._known[finding.rule].group)
