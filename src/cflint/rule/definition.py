"""What `@rule` makes of a check: severity, fix, presets, options, and what the rule leaves out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from enum import Enum
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

from cflint.finding import Finding, Safety, Severity
from cflint.record import record, replace
from cflint.rule.triggers import Trigger

if TYPE_CHECKING:
    from cflint.project.workers.model import Project

RECOMMENDED = "recommended"
REFERENCE = "reference"
STRICT = "strict"
PREVIEW = "preview"
ALL = "all"
PRESETS = (RECOMMENDED, REFERENCE, STRICT, PREVIEW, ALL)

S = TypeVar("S")
CheckFunction = Callable[[S], Iterator[Finding]] | Callable[[S, "Project"], Iterator[Finding]]
"""A check of one kind of subject; a second parameter, where it has one, is the `Project`."""


@record(frozen=True)
class Option:
    """A whole number that settings can change, as `[options.RULE]` does: made once in the module of its rule,
    whose `__name__` is `module`, and named to `@rule`. `least` is the smallest value that makes sense."""

    module: str
    name: str
    default: int
    meaning: str
    least: int = 1

    def value(self, project: Project, path: str) -> int:
        """What the settings that count for a file say, or the default."""
        rule = self.module.rpartition(".")[2].replace("_", "-")
        return project.preferences(path).get((rule, self.name), self.default)


class Documents(Enum):
    """What a rule reports of code and configurations in Markdown: all that it finds, notes, or nothing."""

    ALL = "all"
    NOTES = "notes"
    NOTHING = "nothing"


@record(frozen=True)
class CheckSpec:
    """One check of a rule: what makes it look, and whether it takes the `Project`."""

    triggers: tuple[Trigger[Any], ...]
    takes_project: bool


@record(frozen=True)
class Spec:
    """What `@rule` says of a rule, and the triggers of its checks. `severity` is how loud the rule is, `harm`
    what its file says: how bad what it finds is. The former may be less, of a rule of cflint."""

    checks: tuple[CheckSpec, ...]
    severity: Severity
    harm: Severity
    fix: Safety | None
    presets: frozenset[str]
    since: str
    tests: bool
    deployed: bool
    documents: Documents
    options: tuple[Option, ...] = ()
    aliases: tuple[str, ...] = ()
    both: bool = False
    templates: bool = False
    unread: bool = False

    @property
    def triggers(self) -> tuple[Trigger[Any], ...]:
        """The triggers of all checks, in their order."""
        return tuple(trigger for check in self.checks for trigger in check.triggers)

    @property
    def needs_base(self) -> bool:
        """Whether the rule only looks at what became of Workers since a base."""
        return all(trigger.kind == "change" for trigger in self.triggers)

    @property
    def as_data(self) -> list[object]:
        """The spec as JSON can hold it."""
        checks = [
            [check.takes_project, *([trigger.kind, *sorted(trigger.words)] for trigger in check.triggers)]
            for check in self.checks
        ]
        fix = self.fix.value if self.fix is not None else None
        options = [[it.module, it.name, it.default, it.meaning, it.least] for it in self.options]
        return [
            *(checks, int(self.severity), int(self.harm), fix, sorted(self.presets), self.since),
            *(self.tests, self.deployed, self.documents.value, options, list(self.aliases), self.both),
            *(self.templates, self.unread),
        ]

    @classmethod
    def from_data(cls, data: list[Any]) -> Spec:
        """The spec that `as_data` gave; raises TypeError, ValueError, KeyError or AttributeError for anything
        else."""
        checks, severity, harm, fix, presets, since, tests, deployed, documents, *more = data
        options, aliases, both, templates, unread = more
        return cls(
            tuple(
                [
                    CheckSpec(
                        tuple([Trigger(kind, frozenset(words)) for kind, *words in triggers]),
                        takes_project is True,
                    )
                    for takes_project, *triggers in checks
                ]
            ),
            _SEVERITIES[severity],
            _SEVERITIES[harm],
            _SAFETIES[fix] if fix is not None else None,
            _members(tuple(presets)),
            str(since),
            tests is True,
            deployed is True,
            _DOCUMENTS[documents],
            tuple(
                [
                    Option(str(module), str(name), int(default), str(meaning), int(least))
                    for module, name, default, meaning, least in options
                ]
            ),
            tuple(map(str, aliases)),
            both is True,
            templates is True,
            unread is True,
        )


# Every start reads some hundred specs: an enum takes ten times as long to find a member by its value.
_SEVERITIES = {int(found): found for found in Severity}
_SAFETIES = {found.value: found for found in Safety}
_DOCUMENTS = {found.value: found for found in Documents}
_members: Callable[[tuple[str, ...]], frozenset[str]] = cache(frozenset)


class Definition:
    """A rule as its file defines it: what `@rule` says, and its checks. `on` adds another check:

    @rule(call("end"), severity=Severity.WARNING)
    def check(match: Match) -> Iterator[Finding]: ...

    @check.on(class_definition())
    def fields(owner: ClassDefinition) -> Iterator[Finding]: ...
    """

    __slots__ = ("_spec", "functions")

    def __init__(self, spec: Spec) -> None:
        self._spec = spec
        self.functions: list[Callable[..., Iterator[Finding]]] = []

    @property
    def spec(self) -> Spec:
        """What `@rule` says, with the triggers of all checks."""
        return self._spec

    def on(self, *triggers: Trigger[S]) -> Callable[[CheckFunction[S]], CheckFunction[S]]:
        """Another check of the rule, for what other triggers find."""

        def decorate(function: CheckFunction[S]) -> CheckFunction[S]:
            self.add(function, triggers)
            return function

        return decorate

    def add(self, function: CheckFunction[S], triggers: tuple[Trigger[S], ...]) -> None:
        """Add a check."""
        check = CheckSpec(triggers, function.__code__.co_argcount > 1)
        self._spec = replace(self._spec, checks=(*self._spec.checks, check))
        self.functions.append(function)


def rule(
    *triggers: Trigger[S],
    severity: Severity,
    fix: Safety | None = None,
    presets: Iterable[str] = (RECOMMENDED,),
    since: str = "0.1",
    tests: bool = False,
    deployed: bool = False,
    documents: Documents = Documents.ALL,
    options: Iterable[Option] = (),
    aliases: Iterable[str] = (),
    both: bool = False,
    templates: bool = False,
    unread: bool = False,
) -> Callable[[CheckFunction[S]], Definition]:
    """Make a check a rule; `Definition.on` adds more checks.

    `severity` is how bad what it finds is; how loud a rule of cflint speaks has to be earned on top of that.
    `fix` is the least safe fix that it offers. A rule of `recommended` belongs to every preset; another names
    the presets (`reference`, `strict`, `preview`) that hold it, if any. `options` are the numbers that
    settings can change. What the rule leaves out: test files, unless `tests` is true; with `deployed`,
    configurations that are not deployed (of tests, say) and Workers without one, but not what `section`
    finds; what stands in a template, which is filled in before wrangler reads it, unless `templates` is true;
    `documents` says what is reported of Markdown. `unread` says that the rule tells what could not be read,
    so that more may be wrong there than is told. `aliases` are the names that the rule had before: they go on
    working.
    """

    def decorate(function: CheckFunction[S]) -> Definition:
        members = frozenset(presets)
        if RECOMMENDED in members:
            members |= {REFERENCE, STRICT, PREVIEW}
        definition = Definition(
            Spec(
                *((), severity, severity, fix, members | {ALL}, since, tests, deployed, documents),
                tuple(options),
                tuple(aliases),
                both,
                templates,
                unread,
            )
        )
        definition.add(function, triggers)
        return definition

    return decorate
