"""Which settings count, and the command line on top of them."""

# Imported where used: rules and settings, which a run does not read whose result is cached.

from __future__ import annotations

import json
import posixpath
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING

from cflint.cli.check.place import Place, from_root
from cflint.cli.check.request import Request
from cflint.cli.exits import Exit, Failure
from cflint.cli.selection import names
from cflint.report.escape import visible

if TYPE_CHECKING:
    from cflint.finding import Notice
    from cflint.rule import RuleSet
    from cflint.settings import Policy, Settings


class CheckSettings:
    """The settings of a run, read when they are needed. Every member raises Failure for a mistake in them, or
    for a name on the command line that is none. `above` is the path, in the workspace, of settings that are
    put on top of all others. Of many workspaces with one command line it is `one_of_many`: a policy that it
    names may be that of another, and here it stands for nothing."""

    def __init__(
        self, request: Request, place: Place, *, above: str | None = None, one_of_many: bool = False
    ) -> None:
        self._above = above
        self._place = place
        self._config = request.config
        self._isolated = request.isolated
        self._exclude = request.exclude
        self._select = (*names(request.select), *request.preset) or None
        self._ignore = names(request.ignore)
        self._one_of_many = one_of_many and not request.isolated and request.config is None

    @cached_property
    def known(self) -> RuleSet:
        """All rules there are but for policies; those of packages are left out when no settings that count
        let them run."""
        from cflint.rule import RuleSet
        from cflint.settings import allows_packages

        place = self._place
        only = place.workspace.relative(self._config) if self._config is not None else None
        packages = not self._isolated and allows_packages(place.workspace, place.paths, only=only)
        return RuleSet.discover(packages=packages)

    @cached_property
    def policy(self) -> Policy:
        """The settings files that count, with the command line on top of each."""
        from cflint.rule import RECOMMENDED
        from cflint.settings import Policy, SettingsTree

        workspace, known = self._place.workspace, self.known
        only = None
        if self._config is not None:
            only = workspace.relative(self._config)
            if only is None or not workspace.is_file(only):
                raise Failure(f"no settings file inside {workspace.root}: {self._config}")
        tree = SettingsTree(workspace, known, only=only, isolated=self._isolated, above=self._above)
        policy = Policy(tree, known, lambda settings: settings.overridden(self._select, self._ignore))
        with _failures():
            every = policy.known_for(map(self._inside, self._place.paths))
            select = self._select or (RECOMMENDED,)
            every.select(self._known_here(select, every), self._known_here(self._ignore, every))
        return policy

    def _known_here(self, given: tuple[str, ...], known: RuleSet) -> tuple[str, ...]:
        """The names that were given, without those that only another workspace may know."""
        from cflint.settings import names_here

        return tuple(names_here(given, known)) if self._one_of_many else given

    def _inside(self, path: str) -> str:
        """A path whose settings are those of a path of the place, which may be a folder."""
        folder = path if self._place.workspace.is_dir(path) else posixpath.dirname(path)
        return posixpath.join(folder, "-")

    def known_for(self, paths: Iterable[str]) -> RuleSet:
        """All rules there are, the policies of what counts for the files as well."""
        with _failures():
            return self.policy.known_for((*map(self._inside, self._place.paths), *paths))

    @cached_property
    def fail_on(self) -> str:
        """The settings of the first path decide; a warning is the least that fails otherwise."""
        return self.of(self._place.paths[0]).fail_on or "warning"

    @cached_property
    def excludes(self) -> tuple[str, ...]:
        """The patterns of what to leave out, relative to the workspace's root."""
        place = self._place
        patterns = [pattern for path in place.paths for pattern in self.of(path).exclude]
        return (*(from_root(pattern, place) for pattern in self._exclude), *dict.fromkeys(patterns))

    def of(self, path: str) -> Settings:
        """The settings that count for a path of the place."""
        policy = self.policy
        with _failures():
            return policy.settings_for(self._inside(path))

    def rules(self, paths: Iterable[str]) -> RuleSet:
        """The rules that run over any of the files, or of the paths of the place. Raises Failure for none,
        unless what was selected may be known elsewhere."""
        policy = self.policy
        paths = (*self._place.paths, *paths)
        with _failures():
            rules = policy.rules(paths)
        selected = self._select or ()
        if not rules and self._known_here(selected, self.known_for(paths)) == selected:
            raise Failure("no rules selected: `--ignore` and the settings exclude every selected rule")
        return rules

    def renamed(self, paths: Iterable[str]) -> dict[str, Notice]:
        """Notices about old names of rules in what counts for the files, by the name."""
        with _failures():
            return self.policy.renamed((*self._place.paths, *paths))

    def as_text(self) -> str:
        """For each path of the place, the file that counts and what follows from it."""
        return "\n".join(line for path in self._place.paths for line in self._lines(path))

    def _lines(self, path: str) -> Iterator[str]:
        settings = self.of(path)
        with _failures():
            rules = settings.rules(self.known)
        yield f"# {visible(path) or '.'}: {visible(settings.path) or 'no settings file, the defaults apply'}"
        yield f"preset = {_toml(settings.preset)}"
        yield f"preview = {'true' if settings.preview else 'false'}"
        if settings.select is not None:
            yield f"select = {_toml(list(settings.select))}"
        yield f"extend-select = {_toml(list(settings.extend_select))}"
        yield f"ignore = {_toml(list(settings.ignore))}"
        yield f"exclude = {_toml(list(settings.exclude))}"
        yield f"rule-packages = {'true' if settings.rule_packages else 'false'}"
        yield f"fail-on = {_toml(settings.fail_on or 'warning')}"
        for name, level in settings.severity.items():
            yield f"severity.{name} = {_toml(level.label if level is not None else 'off')}"
        for pattern, _, ignored in settings.per_file_ignores:
            yield f"per-file-ignores.{_toml(pattern)} = {_toml(sorted(ignored))}"
        for (rule, name), value in settings.options.items():
            yield f"options.{rule}.{name} = {value}"
        for policy in settings.policies:
            yield f"# {policy.rule} ({visible(policy.place)}): {visible(policy.path.text)} {policy.sentence}"
        yield f"# {len(rules)} rules: {', '.join(rules)}"
        yield ""


def _toml(value: str | list[str]) -> str:
    """A string or an array of strings as TOML writes them."""
    return json.dumps(value, ensure_ascii=False)


@contextmanager
def _failures() -> Iterator[None]:
    """Turn a mistake in the settings, or a name that is none, into an expected error."""
    from cflint.rule import UnknownSelector
    from cflint.settings import SettingsError

    try:
        yield
    except SettingsError as error:
        raise Failure(str(error)) from error
    except UnknownSelector as error:
        hint = None if error.near else "`cflint rules` lists the rules, their groups and presets"
        raise Failure(str(error), Exit.USAGE, hint) from error
