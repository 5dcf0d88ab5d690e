"""The rules there are, and which of them run.

Imported where used: what runs a check, difflib for names that are none, and the package for an address that
a test may set.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from cflint.finding import Finding, Notice, RuleInfo
from cflint.packages import Package, installed
from cflint.pattern import pattern
from cflint.record import record, replace
from cflint.rule.definition import PRESETS, RECOMMENDED, Spec
from cflint.rule.discovery import NAME, Found, own_rules, rules_of_packages

if TYPE_CHECKING:
    from types import ModuleType

    from cflint.project.workers.model import Project

T = TypeVar("T")

POLICY_GROUP = "policy"
"""The group of the rules that settings define."""

POLICY_PREFIX = "policy-"
"""What the name of such a rule begins with, so that it is never that of another rule."""

_SOURCE = pattern(r"^Source: .*?(https://[^\s;,)]+)", re.MULTILINE)


@record(frozen=True, eq=False)
class Rule:
    """A rule that was found: what it is called, what `@rule` says of it, how to get its module, and the
    installed package that it comes from, None for cflint itself. A policy is one that settings define:
    `defined_in` is the place, as `cflint.toml:12`, and `made_of` what they say, by which two are the same.

    The module is imported when its check has something to look at, or its page is asked for: most rules have
    nothing to look at in most projects.
    """

    id: str
    group: str
    spec: Spec
    load: Callable[[], ModuleType]
    package: Package | None = None
    defined_in: str | None = None
    made_of: object = None

    @cached_property
    def module(self) -> ModuleType:
        return self.load()

    @cached_property
    def check(self) -> Callable[[Any, Project], Iterator[Finding]]:
        """What runs the rule on a subject that one of its triggers found."""
        from cflint.rule.running import run_of

        return run_of(self.spec, lambda: self.module.check)

    @property
    def names(self) -> tuple[str, ...]:
        """What a suppression comment may call the rule: its id, its aliases, its group."""
        return (self.id, *self.spec.aliases, self.group)

    @property
    def key(self) -> str:
        """What the rule's findings depend on besides the code of cflint and of packages."""
        return self.id if self.made_of is None else f"{self.id} {self.made_of!r}"

    @property
    def page(self) -> str:
        """The rule's page, in Markdown; its first line is the summary."""
        return (self.module.__doc__ or "").strip() + "\n"

    @property
    def summary(self) -> str:
        """The first line of the page, without its full stop."""
        return self.page.split("\n", 1)[0].rstrip(".")

    @cached_property
    def info(self) -> RuleInfo:
        spec = self.spec
        return RuleInfo(
            self.id,
            self.group,
            spec.severity,
            self.summary,
            self.page,
            spec.fix,
            spec.presets,
            spec.since,
            self._address,
            spec.aliases,
            self.package.label if self.package is not None else None,
        )

    @property
    def _address(self) -> str | None:
        """Where its page is on the documentation's site, once that is published; before, and for a rule of a
        package or of settings, what the page names as its source."""
        import cflint

        if cflint.SITE is not None and self.package is None and self.defined_in is None:
            return f"{cflint.SITE.rstrip('/')}/rules/{self.id}/"
        source = _SOURCE.search(self.page)
        return source.group(1).rstrip(".,;") if source is not None else None


class UnknownSelector(ValueError):
    """A selector that is neither a rule, nor a group, nor a preset; `near` are names like it."""

    def __init__(self, selector: str, near: tuple[str, ...]) -> None:
        self.selector = selector
        self.near = near
        hint = f"; did you mean {' or '.join(f'`{name}`' for name in near)}?" if near else ""
        super().__init__(f"unknown rule, group or preset `{selector}`{hint}")


def renamed_notice(alias: str, id: str, path: str | None = None, line: int | None = None) -> Notice:
    """The notice that a rule is called by a name that it had before."""
    return Notice(f"the rule `{alias}` is now called `{id}`", path, line, "warning", id)


class RuleSet(Mapping[str, Rule]):
    """Rules by id, sorted."""

    def __init__(self, rules: Iterable[Rule], *, packages: bool = True) -> None:
        self._rules = {found.id: found for found in sorted(rules, key=lambda found: found.id)}
        self._packages = packages
        self._matching: dict[str, frozenset[str]] = {}
        self._selections: dict[frozenset[str], RuleSet] = {}
        self._derived: dict[Callable[[RuleSet], object], object] = {}

    @classmethod
    def discover(cls, *, packages: bool = True) -> RuleSet:
        """All rules there are: those of cflint and, with `packages`, those of installed packages. Raises
        PackageError for a package that cannot be used."""
        return _own().with_packages() if packages else _own()

    def with_packages(self) -> RuleSet:
        """These rules, which are cflint's, and those of installed packages. Raises PackageError for a package
        that cannot be used."""
        others = [package for package in installed() if package.entries]
        if not others:
            return self
        taken = dict.fromkeys((*self, *self.aliases, *self.groups, *PRESETS), "cflint")
        return RuleSet([*self.values(), *map(_rule, rules_of_packages(others, taken))])

    def as_harmful(self) -> RuleSet:
        """These rules, each as loud as what it finds is bad, whatever it has earned."""
        return RuleSet(
            [
                rule
                if rule.spec.severity is rule.spec.harm
                else replace(rule, spec=replace(rule.spec, severity=rule.spec.harm))
                for rule in self.values()
            ],
            packages=self._packages,
        )

    def with_policies(self, policies: Iterable[Rule]) -> RuleSet:
        """These rules and those that settings define; the first of a name stays."""
        new = {rule.id: rule for rule in policies if rule.id not in self._rules}
        return RuleSet([*self.values(), *new.values()], packages=self._packages) if new else self

    @cached_property
    def own(self) -> RuleSet:
        """The rules of cflint itself."""
        rules = [rule for rule in self._rules.values() if rule.package is None]
        return self if len(rules) == len(self) else RuleSet(rules, packages=False)

    @cached_property
    def leaves_packages_out(self) -> bool:
        """Whether packages of rules are installed that were not looked at: what no rule here is called may be
        a rule of theirs."""
        return not self._packages and any(package.entries for package in installed())

    def __getitem__(self, id: str) -> Rule:
        return self._rules[id]

    def __iter__(self) -> Iterator[str]:
        return iter(self._rules)

    def __len__(self) -> int:
        return len(self._rules)

    @cached_property
    def groups(self) -> tuple[str, ...]:
        return tuple(sorted({found.group for found in self._rules.values()}))

    @cached_property
    def aliases(self) -> Mapping[str, str]:
        """The ids of rules by the names that they had before. Raises ValueError for an alias that is no
        name, or that a rule, a group, a preset or another rule's alias has."""
        taken = {*self._rules, *self.groups, *PRESETS}
        found: dict[str, str] = {}
        for id, rule in self._rules.items():
            for alias in rule.spec.aliases:
                if NAME.fullmatch(alias) is None:
                    raise ValueError(f"the alias `{alias}` of `{id}` is no name of a rule")
                if alias in taken:
                    raise ValueError(f"the alias `{alias}` of `{id}` is the name of something else")
                taken.add(alias)
                found[alias] = id
        return found

    def current(self, name: str) -> str:
        """The id of the rule that had the name before; any other name as it is."""
        return self.aliases.get(name, name)

    def matching(self, selector: str) -> frozenset[str]:
        """The ids that a rule's id or alias, a group or a preset means. Raises UnknownSelector."""
        id = self.current(selector)
        if id in self._rules:
            return frozenset({id})
        members = self._matching.get(selector)
        if members is None:
            members = self._members(selector)
            if not members and selector not in PRESETS:
                raise UnknownSelector(selector, self.near(selector))
            self._matching[selector] = members
        return members

    def _members(self, selector: str) -> frozenset[str]:
        """The ids that a preset or a group means; none where there is no such group."""
        if selector in PRESETS:
            return frozenset(id for id, found in self._rules.items() if selector in found.spec.presets)
        return frozenset(id for id, found in self._rules.items() if found.group == selector)

    def near(self, name: str) -> tuple[str, ...]:
        """Names of rules, groups and presets that are spelled much like a name; of an alias, its rule's."""
        from difflib import get_close_matches

        names = [*self._rules, *self.aliases, *self.groups, *PRESETS]
        found = get_close_matches(name, names, n=2, cutoff=0.7)
        return tuple(dict.fromkeys(map(self.current, found)))

    def select(self, select: Iterable[str] = (RECOMMENDED,), ignore: Iterable[str] = ()) -> RuleSet:
        """The rules of the selectors `select` without those of `ignore`; a rule named in `select` by its id
        or an alias stays even if a group or preset in `ignore` holds it. Raises UnknownSelector."""
        chosen: set[str] = set()
        named = {id for id in map(self.current, select) if id in self._rules}
        for selector in select:
            chosen |= self.matching(selector)
        for selector in ignore:
            left_out = self.matching(selector)
            chosen -= left_out if self.current(selector) in self._rules else left_out - named
        return self.only(frozenset(chosen))

    def only(self, ids: frozenset[str]) -> RuleSet:
        """Those of the rules that have one of the ids: the same object for the same ids, so that what is
        `derived` of it is made once."""
        found = self._selections.get(ids)
        if found is None:
            found = self._selections[ids] = RuleSet(self._rules[id] for id in ids)
        return found

    def derived(self, make: Callable[[RuleSet], T]) -> T:
        """What `make` makes of these rules, made once: every run with the same rules uses it again."""
        if make not in self._derived:
            self._derived[make] = make(self)
        return self._derived[make]  # type: ignore[return-value]


@cache
def _own() -> RuleSet:
    """The rules of cflint. No process outlives its code: they are found once in each."""
    return RuleSet(map(_rule, own_rules()), packages=False)


def _rule(found: Found) -> Rule:
    return Rule(found.id, found.group, found.spec, found.load, found.package)
