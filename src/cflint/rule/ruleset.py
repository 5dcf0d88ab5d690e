"""The rules there are, and which of them run.

Imported where used: difflib for names that are none, the rules and their index for a run that needs them.
"""

from __future__ import annotations

import importlib
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cflint.finding import Finding, Notice, RuleInfo
from cflint.pattern import pattern
from cflint.record import record
from cflint.rule.definition import PRESETS, RECOMMENDED, Definition, Spec
from cflint.rule.running import run_of

if TYPE_CHECKING:
    from types import ModuleType

    from cflint.project.workers.model import Project

_NAME = pattern(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")
_SOURCE = pattern(r"^Source: .*?(https://[^\s;,)]+)", re.MULTILINE)


@record(frozen=True, eq=False)
class Rule:
    """A rule that was found: what it is called, what `@rule` says of it, and how to get its module.

    The module is imported when its check or its page is asked for: most rules have nothing to look at in most
    projects.
    """

    id: str
    group: str
    spec: Spec
    load: Callable[[], ModuleType]

    @cached_property
    def module(self) -> ModuleType:
        return self.load()

    @cached_property
    def check(self) -> Callable[[Any, Project], Iterator[Finding]]:
        """What runs the rule on a subject that one of its triggers found."""
        definition: Definition = self.module.check
        return run_of(definition)

    @property
    def names(self) -> tuple[str, ...]:
        """What a suppression comment may call the rule: its id, its aliases, its group."""
        return (self.id, *self.spec.aliases, self.group)

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
        source = _SOURCE.search(self.page)
        uri = source.group(1).rstrip(".,;") if source is not None else None
        return RuleInfo(
            self.id,
            self.group,
            spec.severity,
            self.summary,
            self.page,
            spec.fix,
            spec.presets,
            spec.since,
            uri,
            spec.aliases,
        )


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

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._rules = {found.id: found for found in sorted(rules, key=lambda found: found.id)}

    @classmethod
    def discover(cls) -> RuleSet:
        """All rules there are: every module of `cflint_rules` that has a check."""
        return cls(_discover())

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
                if _NAME.fullmatch(alias) is None:
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
        if selector in PRESETS:
            return frozenset(id for id, found in self._rules.items() if selector in found.spec.presets)
        members = frozenset(id for id, found in self._rules.items() if found.group == selector)
        if not members:
            raise UnknownSelector(selector, self.near(selector))
        return members

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
        return RuleSet(self._rules[id] for id in chosen)


def _discover() -> Iterator[Rule]:
    """The rules, by an index of what their decorators say; it is made anew when a rule's file has changed."""
    import cflint_rules
    from cflint.cachedir import read_json, write_json

    files = list(_rule_files(cflint_rules.__path__[0]))
    key = _key_of(files)
    name = f"rules-{key}.json"
    specs = _specs_from(read_json(name), files)
    if specs is None:
        specs = {module: _import(module).check.spec for _, module, _, _ in files}
        write_json(name, {module: spec.as_data for module, spec in specs.items()})
    for group, module, _, _ in files:
        id = module.rpartition(".")[2].replace("_", "-")
        yield Rule(id, group.replace("_", "-"), specs[module], partial(_import, module))


_import = importlib.import_module


def _rule_files(root: str) -> Iterator[tuple[str, str, int, int]]:
    """The modules of rules below a folder: group, module, time of change (ns), size (bytes)."""
    for group in sorted(os.scandir(root), key=lambda entry: entry.name):
        if group.name.startswith(("_", ".")) or not group.is_dir():
            continue
        for entry in sorted(os.scandir(group.path), key=lambda entry: entry.name):
            name = entry.name.removesuffix(".py")
            if name != entry.name and not name.startswith("_"):
                status = entry.stat()
                yield group.name, f"cflint_rules.{group.name}.{name}", status.st_mtime_ns, status.st_size


def _key_of(files: list[tuple[str, str, int, int]]) -> str:
    from zlib import crc32

    from cflint import __version__

    own = sorted(
        (entry.name, entry.stat().st_mtime_ns, entry.stat().st_size)
        for entry in os.scandir(Path(__file__).parent)
        if entry.name.endswith(".py")
    )
    return f"{crc32(repr((__version__, own, files)).encode()):08x}"


def _specs_from(data: object, files: list[tuple[str, str, int, int]]) -> dict[str, Spec] | None:
    """The specs that an index holds; None unless it has one for each file, and all are well-formed."""
    if not isinstance(data, dict):
        return None
    try:
        return {module: Spec.from_data(data[module]) for _, module, _, _ in files}
    except (KeyError, TypeError, ValueError, AttributeError):
        return None
