"""The rules that there are for a server: those of cflint, and those of installed packages once a folder lets
them run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property

from cflint.packages import PackageError
from cflint.rule import Rule, RuleSet


class KnownRules:
    """The rules by whether packages count. `error` says why packages cannot be used, when they were to be:
    the rules of cflint go on without them."""

    def __init__(self, own: RuleSet | None = None) -> None:
        self.own = RuleSet.discover(packages=False) if own is None else own
        self.error: str | None = None
        self._policies: Mapping[str, Rule] = {}
        self._joined: tuple[RuleSet, Mapping[str, Rule], RuleSet] = (self.own, self._policies, self.own)

    @cached_property
    def every(self) -> RuleSet:
        """The rules of cflint and of packages, which are looked for now."""
        try:
            return self.own.with_packages()
        except PackageError as error:
            self.error = str(error)
            return self.own

    def learn(self, policies: Iterable[Rule]) -> None:
        """Take in rules that the settings of a folder define; the newest of a name stays."""
        new = {rule.id: rule for rule in policies if not _is_same(self._policies.get(rule.id), rule)}
        if new:
            self._policies = {**self._policies, **new}

    @property
    def loaded(self) -> RuleSet:
        """The rules that some folder has had a use for by now."""
        known = self.every if "every" in self.__dict__ else self.own
        policies = self._policies
        if self._joined[0] is not known or self._joined[1] is not policies:
            self._joined = (known, policies, known.with_policies(policies.values()))
        return self._joined[2]


def _is_same(old: Rule | None, new: Rule) -> bool:
    return old is not None and (old.made_of, old.defined_in) == (new.made_of, new.defined_in)
