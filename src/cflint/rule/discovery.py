"""Which rules there are: those of `cflint_rules`, and those of packages that are installed beside cflint.

What the decorators of rules say is kept in an index in the user's cache, so that a run imports only the
modules of rules that have something to look at. An index is made anew when a file of its rules has changed.

Imported where used: the rules, and hashes.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from cflint.cachedir import read_json, wheel_record, write_json
from cflint.packages import Package, PackageError
from cflint.pattern import pattern
from cflint.record import record, replace
from cflint.rule.definition import Definition, Spec

if TYPE_CHECKING:
    from types import ModuleType

NAME = pattern(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")
"""A name of a rule or a group."""


@record(frozen=True)
class Found:
    """A rule that was found: its id and group, what `@rule` says of it, how to get its module, and the
    package that it comes from, None for cflint itself."""

    id: str
    group: str
    spec: Spec
    load: Callable[[], ModuleType]
    package: Package | None = None


def own_rules() -> Iterator[Found]:
    """The rules of cflint: every module of `cflint_rules` that has a check."""
    import cflint_rules

    root = cflint_rules.__path__[0]
    record = wheel_record()
    files = list(_rule_files(root)) if record is None else None
    modules = [module for _, module, _, _ in files] if files is not None else None
    specs = _indexed(
        "rules",
        files if files is not None else record,
        modules,
        lambda: modules if modules is not None else [module for _, module, _, _ in _rule_files(root)],
        _own_spec,
    )
    for module, spec in specs.items():
        group = module.split(".")[1].replace("_", "-")
        yield Found(_id_of(module), group, spec, partial(_import, module))


def _own_spec(module: str) -> Spec:
    """What `@rule` says in a module of cflint, as loud as it has earned to be."""
    from cflint.rule.loudness import earned

    spec: Spec = _import(module).check.spec
    return replace(spec, severity=earned(_id_of(module), spec))


def rules_of_packages(packages: Iterable[Package], taken: Mapping[str, str]) -> Iterator[Found]:
    """The rules of installed packages. `taken` are names that are in use, with whose they are. Raises
    PackageError for a package that cannot be imported, is no good, or brings a name that is in use."""
    owners = dict(taken)
    for package in packages:
        rules = list(_rules_of(package))
        for name, what in _names_of(rules):
            if name in owners:
                raise PackageError(package, f"the name of its {what} `{name}` is taken by {owners[name]}")
            owners[name] = package.label
        yield from rules


def _names_of(rules: Iterable[Found]) -> Iterator[tuple[str, str]]:
    """The names that rules bring, each with what it is of; a group once."""
    rules = list(rules)
    yield from ((group, "group") for group in dict.fromkeys(rule.group for rule in rules))
    for rule in rules:
        yield rule.id, "rule"
        yield from ((alias, "alias") for alias in rule.spec.aliases)


def _rules_of(package: Package) -> Iterator[Found]:
    modules = package.modules
    for group, module in modules:
        for name, what in ((group, "group"), (_id_of(module), "rule")):
            if NAME.fullmatch(name) is None:
                why = "is no name: it needs words of small letters and digits, with hyphens between"
                raise PackageError(package, f"`{name}`, of a {what}, {why}")
    names = [module for _, module in modules]
    specs = _indexed("package", package.stamp, names, lambda: names, partial(_checked, package))
    for group, module in modules:
        load = partial(_imported, package, module)
        yield Found(_id_of(module), group, specs[module], load, package)


def _imported(package: Package, name: str) -> ModuleType:
    """A module of a package. Raises PackageError."""
    try:
        return _import(name)
    except (Exception, SystemExit) as error:
        why = " ".join(f"{type(error).__name__}: {error}".split())
        raise PackageError(package, f"its module `{name}` cannot be imported: {why}") from error


def _checked(package: Package, name: str) -> Spec:
    """What `@rule` says in a module of a package. Raises PackageError unless the module is a rule with a
    page."""
    module = _imported(package, name)
    definition = getattr(module, "check", None)
    if not isinstance(definition, Definition):
        raise PackageError(package, f"`{name}` is no rule: it has no `check` with the decorator `@rule`")
    problem = page_problem(module.__doc__)
    if problem is not None:
        raise PackageError(package, f"the page of `{name}`, its docstring, {problem}")
    spec = definition.spec
    if any(option.module != name for option in spec.options):
        raise PackageError(package, f"an option of `{name}` is made in another module: pass `__name__`")
    for alias in spec.aliases:
        if NAME.fullmatch(alias) is None:
            raise PackageError(package, f"the alias `{alias}` of `{name}` is no name of a rule")
    return spec


def page_problem(page: str | None) -> str | None:
    """What is wrong with a rule's page so that it cannot be shown; None when nothing is."""
    lines = (page or "").strip().splitlines()
    if not lines:
        return "is missing"
    if not lines[0].endswith("."):
        return "has to begin with a sentence in one line, with a full stop"
    if len(lines) > 1 and lines[1].strip():
        return "has to have a blank line after the first one"
    if sum(line.startswith("```") for line in lines) % 2:
        return "has a code block without an end"
    return None


_import = importlib.import_module


def _id_of(module: str) -> str:
    return module.rpartition(".")[2].replace("_", "-")


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


def _indexed(
    name: str,
    stamp: object,
    modules: list[str] | None,
    listed: Callable[[], list[str]],
    spec_of: Callable[[str], Spec],
) -> dict[str, Spec]:
    """What the decorators in modules say: by the index, or by importing all that are `listed`. The index has
    to have these `modules`; None where the stamp says that it has all."""
    file = f"{name}-{_key_of(stamp)}.json"
    specs = _specs_from(read_json(file), modules)
    if specs is None:
        specs = {module: spec_of(module) for module in listed()}
        write_json(file, {module: spec.as_data for module, spec in specs.items()})
    return specs


def _key_of(stamp: object) -> str:
    from zlib import crc32

    from cflint import __version__

    here = Path(__file__).parent
    stats = [(entry.name, entry.stat()) for entry in os.scandir(here) if entry.name.endswith(".py")]
    table = here.parent / "platform" / "_precision.py"  # by which severities are made
    stats.append((table.name, table.stat()))
    own = sorted((name, status.st_mtime_ns, status.st_size) for name, status in stats)
    return f"{crc32(repr((__version__, own, stamp)).encode('utf-8', 'surrogatepass')):08x}"


def _specs_from(data: object, modules: list[str] | None) -> dict[str, Spec] | None:
    """The specs that an index holds; None unless it has one for each module, and all are well-formed."""
    if not isinstance(data, dict) or (modules is None and not data):
        return None
    try:
        return {module: Spec.from_data(data[module]) for module in (data if modules is None else modules)}
    except (KeyError, TypeError, ValueError, AttributeError):
        return None
