"""Names of rules, groups and presets on the command line: split at commas, checked, completed."""

# Imported where used: the rules and completion, which most runs do not need.

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING

from cflint.cli.exits import Exit, Failure

if TYPE_CHECKING:
    import click
    from click.shell_completion import CompletionItem

    from cflint.rule import RuleSet


def _completed() -> RuleSet:
    """The rules to complete names from: those of cflint alone when a package cannot be used."""
    from cflint.packages import PackageError
    from cflint.rule import RuleSet

    try:
        return RuleSet.discover()
    except PackageError:
        return RuleSet.discover(packages=False)


def known_here(*, isolated: bool = False, folder: str | os.PathLike[str] = ".") -> RuleSet:
    """All rules there are, and the policies of the settings that count in a folder, the current one by
    default; a mistake in them is printed as a warning."""
    from cflint.cli.console import warn
    from cflint.project.files.workspace import Workspace
    from cflint.rule import RuleSet
    from cflint.settings import Policy, SettingsError, SettingsTree

    if isolated:
        return RuleSet.discover(packages=False)
    workspace = Workspace.around([folder])
    here = workspace.relative(folder) or ""
    path = f"{here}/-" if here else "-"
    known = RuleSet.discover()
    try:
        return Policy(SettingsTree(workspace, known), known, lambda settings: settings).known_for([path])
    except SettingsError as error:
        warn(f"policies are left out: {error}")
        return known


def names(given: Iterable[str]) -> tuple[str, ...]:
    """The names in options that may be repeated and may hold several, with commas between."""
    return tuple(name for part in given for piece in part.split(",") if (name := piece.strip()))


def selected(known: RuleSet, select: Iterable[str], ignore: Iterable[str]) -> RuleSet:
    """The rules that the selectors mean; print a warning for each old name of a rule. Raises Failure for an
    unknown name, or when no rule is left."""
    from cflint.cli.console import warn
    from cflint.rule import UnknownSelector, renamed_notice

    try:
        rules = known.select(tuple(select), tuple(ignore))
    except UnknownSelector as error:
        hint = None if error.near else "`cflint rules` lists the rules, their groups and presets"
        if known.leaves_packages_out and not error.near:
            hint = "rules of packages are left out by `--isolated` or `rule-packages = false`"
        raise Failure(str(error), Exit.USAGE, hint) from error
    for name in dict.fromkeys((*select, *ignore)):
        if name in known.aliases:
            warn(renamed_notice(name, known.aliases[name]).message)
    if not rules:
        raise Failure("no rules selected: `--ignore` excludes every selected rule")
    return rules


def complete_selectors(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Completions of a list of rules, groups and presets; what stands before the last comma is kept."""
    from click.shell_completion import CompletionItem

    from cflint.rule import PRESETS

    known = _completed()
    head, comma, start = incomplete.rpartition(",")
    found = [*PRESETS, *known.groups, *known]
    return [CompletionItem(head + comma + name) for name in found if name.startswith(start)]


def complete_rules(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Completions of a rule's id, with its summary as help."""
    from click.shell_completion import CompletionItem

    known = _completed()
    return [CompletionItem(id, help=known[id].summary) for id in known if id.startswith(incomplete)]
