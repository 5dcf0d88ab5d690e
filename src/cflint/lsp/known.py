"""The rules that there are for a server: those of cflint, and those of installed packages once a folder lets
them run."""

from __future__ import annotations

from functools import cached_property

from cflint.packages import PackageError
from cflint.rule import Rule, RuleSet


class KnownRules:
    """The rules by whether packages count. `error` says why packages cannot be used, when they were to be:
    the rules of cflint go on without them. `policies` are rules that the settings of folders define."""

    def __init__(self, own: RuleSet | None = None) -> None:
        self.own = RuleSet.discover(packages=False) if own is None else own
        self.error: str | None = None
        self.policies: dict[str, Rule] = {}

    @cached_property
    def every(self) -> RuleSet:
        """The rules of cflint and of packages, which are looked for now."""
        try:
            return self.own.with_packages()
        except PackageError as error:
            self.error = str(error)
            return self.own

    @property
    def loaded(self) -> RuleSet:
        """The rules that some folder has had a use for by now."""
        known = self.every if "every" in self.__dict__ else self.own
        return known.with_policies(self.policies.values())
