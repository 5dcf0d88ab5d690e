"""Settings: `cflint.toml`, or `[tool.cflint]` in a pyproject.toml; the file nearest to a path counts for it.

Everything is checked when it is read. A mistake is a `SettingsError` with its place, never a guess.
"""

# Imported where used: what looks for a near name after a mistake.

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from cflint.finding import Finding, Notice, Severity
from cflint.project.files.ignore import Ignore
from cflint.record import field, record, replace
from cflint.rule import PRESETS, PREVIEW, RECOMMENDED, RuleSet, UnknownSelector, renamed_notice
from cflint.source import Document, Span
from cflint.syntax.data import Kind, Node
from cflint.syntax.documents import read

if TYPE_CHECKING:
    from cflint.project.files.workspace import Workspace

NAMES = ("cflint.toml", ".cflint.toml", "pyproject.toml")
"""Where settings are looked for in a folder, first found first."""

LEVELS = ("off", "note", "warning", "error")
_KEYS: dict[str, str] = {
    "extends": "Another settings file to start from, relative to this one.",
    "preset": "The rules to start from: recommended, reference, strict, preview or all.",
    "preview": "Whether rules in preview run besides those of the preset: true or false.",
    "select": "Rules, groups or presets to run, instead of the preset.",
    "extend-select": "Rules, groups or presets to run besides.",
    "ignore": "Rules, groups or presets not to run.",
    "severity": "The severity of rules or groups: off, note, warning or error.",
    "per-file-ignores": "Rules or groups to ignore in the files that a pattern matches.",
    "options": "The options of rules, a table for each: what counts as too short, or as too old.",
    "exclude": "Patterns, as in a .gitignore, of files to leave out.",
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
    says whether rules of installed packages run.
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
            changed = replace(changed, select=tuple(select), extend_select=())
        return replace(changed, ignore=(*changed.ignore, *ignore))

    def rules(self, known: RuleSet) -> RuleSet:
        """The rules that run. Raises UnknownSelector."""
        chosen = self.select if self.select is not None else (self.preset,)
        if self.preview and not set(chosen).isdisjoint(PRESETS):
            chosen = (*chosen, PREVIEW)
        off = [name for name, severity in self.severity.items() if severity is None]
        rules = known.select((*chosen, *self.extend_select), (*self.ignore, *off))
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


class SettingsTree:
    """The settings of a workspace: for each path the nearest file's, read once.

    `only` is the one settings file to use; `isolated` uses none.
    """

    def __init__(
        self, workspace: Workspace, known: RuleSet, *, only: str | None = None, isolated: bool = False
    ) -> None:
        self._workspace = workspace
        self._known = known
        self._only = only
        self._isolated = isolated
        self._by_folder: dict[str, Settings] = {}
        self._by_file: dict[str, Settings] = {}

    def for_path(self, path: str) -> Settings:
        """The settings that count for a file of the workspace. Raises SettingsError."""
        if self._isolated:
            return Settings()
        if self._only is not None:
            return self._read(self._only)
        return self._for_folder(posixpath.dirname(path))

    def for_folder(self, folder: str) -> Settings:
        """The settings that count for a folder ("" is the root). Raises SettingsError."""
        return self.for_path(posixpath.join(folder, "-"))

    def _for_folder(self, folder: str) -> Settings:
        found = self._by_folder.get(folder)
        if found is None:
            path = settings_file(self._workspace, folder)
            if path is not None:
                found = self._read(path)
            else:
                found = self._for_folder(posixpath.dirname(folder)) if folder else Settings()
            self._by_folder[folder] = found
        return found

    def _read(self, path: str, above: tuple[str, ...] = ()) -> Settings:
        found = self._by_file.get(path)
        if found is None:
            document = self._workspace.read(path)
            if document is None:
                problem = self._workspace.problem(path)
                why = problem.value if problem is not None else "cannot be read"
                raise SettingsError(f"settings file: {why}", Document(path, b""), Span(0, 0))
            reader = _Reader(document, self._known)
            base = reader.extended()
            started = Settings()
            if base is not None:
                target = self._target(document, base, (*above, path))
                started = self._read(target, (*above, path))
            found = self._by_file[path] = reader.settings(started)
        return found

    def _target(self, document: Document, base: Node, chain: tuple[str, ...]) -> str:
        text = base.text or ""
        target = _extended(document.path, text)
        if target is None:
            raise SettingsError("`extends` has to name a file inside the repository", document, base.span)
        if target in chain:
            raise SettingsError(f"`extends` goes round in circles: {' → '.join(chain)}", document, base.span)
        if not self._workspace.is_file(target):
            raise SettingsError(f"`extends` names `{text}`, which does not exist", document, base.span)
        return target


def settings_file(workspace: Workspace, folder: str) -> str | None:
    """The settings file of a folder ("" is the root); None without one."""
    here = workspace.entries(folder)
    paths = (posixpath.join(folder, name) for name in NAMES if name in here)
    return next((path for path in paths if _holds_settings(workspace, path)), None)


def _holds_settings(workspace: Workspace, path: str) -> bool:
    if not path.endswith("pyproject.toml"):
        return True
    document = workspace.read(path)
    return document is not None and b"tool.cflint" in document.data


def _extended(path: str, text: str) -> str | None:
    """The file that a settings file names in `extends`; None when it leads out of the repository."""
    target = posixpath.normpath(posixpath.join(posixpath.dirname(path), text))
    return None if "://" in text or posixpath.isabs(text) or target.startswith("..") else target


def allows_packages(workspace: Workspace, paths: Iterable[str], *, only: str | None = None) -> bool:
    """Whether the settings that count for any of some paths let rules of installed packages run. This is
    asked before the rules are known, without which settings cannot be read: mistakes in them are no matter
    here. `only` is the one settings file to use."""
    if only is not None:
        return _allows(workspace, only)
    for path in paths:
        folder: str | None = path if workspace.is_dir(path) else posixpath.dirname(path)
        file = None
        while folder is not None and file is None:
            file = settings_file(workspace, folder)
            folder = posixpath.dirname(folder) if folder else None
        if file is None or _allows(workspace, file):
            return True
    return False


def _allows(workspace: Workspace, path: str) -> bool:
    seen: set[str] = set()
    target: str | None = path
    while target is not None and target not in seen:
        seen.add(target)
        document = workspace.read(target)
        if document is None or not (b"rule-packages" in document.data or b"extends" in document.data):
            return True
        root = _root_of(document, read(document).root)
        node = root.get("rule-packages")
        if node is not None:
            return node.value is not False
        base = root.get("extends")
        target = _extended(target, base.text) if base is not None and base.text else None
    return True


def _root_of(document: Document, root: Node) -> Node:
    """What of a file is settings."""
    if not document.path.endswith("pyproject.toml"):
        return root
    return root.at("tool", "cflint") or Node(Kind.OBJECT, Span(0, 0))


class Policy:
    """The settings of a run: a tree, and the command line on top of every file of it."""

    def __init__(self, tree: SettingsTree, known: RuleSet, adjust: Callable[[Settings], Settings]) -> None:
        self._tree = tree
        self._known = known
        self._adjust = adjust
        self._rules: dict[str, RuleSet] = {}

    def settings_for(self, path: str) -> Settings:
        """The settings that count for a file. Raises SettingsError."""
        return self._adjust(self._tree.for_path(path))

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
        found = self._rules.get(settings.path)
        if found is None:
            found = self._rules[settings.path] = settings.rules(self._known)
        return found

    def rules(self, paths: Iterable[str]) -> RuleSet:
        """The rules that run over any of the files. Raises SettingsError and UnknownSelector."""
        folders = {posixpath.dirname(path) for path in paths}
        chosen = {id for folder in folders for id in self.rules_for(posixpath.join(folder, "-"))}
        return RuleSet(self._known[id] for id in chosen)

    def apply_policy(self, finding: Finding) -> Finding | None:
        """A finding with the severity that the settings of its file give it; None when they exclude it."""
        path = finding.at.document.path
        if finding.rule not in self.rules_for(path) and finding.rule != "internal-error":
            return None
        return self.settings_for(path).apply_to(finding, self._known[finding.rule].group)


class _Reader:
    """Reads one file, checking every key and name."""

    def __init__(self, document: Document, known: RuleSet) -> None:
        self._document = document
        self._known = known
        self._renamed: dict[str, Notice] = {}
        data = read(document)
        problem = next((problem for problem in data.problems if not problem.duplicate), None)
        if problem is not None:
            raise SettingsError(problem.message, document, problem.span)
        self._root = root = _root_of(document, data.root)
        for member in root.members:
            if member.key not in _KEYS:
                raise self._error(f"unknown key `{member.key}`{_hint(member.key, _KEYS)}", member.key_span)

    def _error(self, message: str, span: Span) -> SettingsError:
        return SettingsError(message, self._document, span)

    def extended(self) -> Node | None:
        """The value of `extends`."""
        node = self._root.get("extends")
        if node is not None and not node.text:
            raise self._error("`extends` has to be the path of a settings file", node.span)
        return node

    def settings(self, started: Settings) -> Settings:
        """The settings of the file, on top of what it extends."""
        root = self._root
        rule_packages = self._switch("rule-packages")
        if rule_packages is None:
            rule_packages = started.rule_packages
        if not rule_packages:
            self._known = self._known.own
        preview = self._switch("preview")
        select = root.get("select")
        return Settings(
            path=self._document.path,
            preset=self._choice("preset", PRESETS) or started.preset,
            preview=started.preview if preview is None else preview,
            select=self._selectors("select", select) if select is not None else started.select,
            extend_select=(
                *started.extend_select,
                *self._selectors("extend-select", root.get("extend-select")),
            ),
            ignore=(*started.ignore, *self._selectors("ignore", root.get("ignore"))),
            severity={**started.severity, **self._severities()},
            per_file_ignores=(*started.per_file_ignores, *self._per_file_ignores()),
            options={**started.options, **self._options()},
            exclude=(*started.exclude, *self._excluded()),
            fail_on=self._choice("fail-on", (*LEVELS[1:], "never")) or started.fail_on,
            rule_packages=rule_packages,
            renamed={**started.renamed, **self._renamed},
        )

    def _choice(self, key: str, choices: Sequence[str]) -> str | None:
        node = self._root.get(key)
        if node is None:
            return None
        if node.text is None or node.text not in choices:
            listed = ", ".join(f"`{choice}`" for choice in choices)
            raise self._error(
                f"`{key}` has to be one of {listed}{_hint(node.text or '', choices)}", node.span
            )
        return node.text

    def _switch(self, key: str) -> bool | None:
        node = self._root.get(key)
        if node is not None and not isinstance(node.value, bool):
            raise self._error(f"`{key}` has to be true or false", node.span)
        return node.value if node is not None and isinstance(node.value, bool) else None

    def _strings(self, key: str, node: Node | None) -> list[tuple[str, Span]]:
        if node is None:
            return []
        if node.kind is not Kind.ARRAY or any(item.text is None for item in node.items):
            raise self._error(f"`{key}` has to be an array of strings", node.span)
        return [(item.text or "", item.span) for item in node.items]

    def _selectors(self, key: str, node: Node | None) -> tuple[str, ...]:
        return tuple(self._known_name(name, span) for name, span in self._strings(key, node))

    def _known_name(self, name: str, span: Span) -> str:
        try:
            self._known.matching(name)
        except UnknownSelector as error:
            raise self._error(str(error), span) from error
        id = self._known.current(name)
        if id != name and name not in self._renamed:
            line = self._document.line_of(span.start)
            self._renamed[name] = renamed_notice(name, id, self._document.path, line)
        return id

    def _severities(self) -> dict[str, Severity | None]:
        found: dict[str, Severity | None] = {}
        for name, name_span, value in self._table("severity"):
            if value.text not in LEVELS:
                listed = ", ".join(f"`{level}`" for level in LEVELS)
                raise self._error(
                    f"a severity is one of {listed}{_hint(value.text or '', LEVELS)}", value.span
                )
            level = value.text or "off"
            found[self._known_name(name, name_span)] = None if level == "off" else Severity[level.upper()]
        return found

    def _per_file_ignores(self) -> list[tuple[str, Ignore, frozenset[str]]]:
        folder = posixpath.dirname(self._document.path)
        return [
            (pattern, Ignore(folder, [pattern]), frozenset(self._selectors("per-file-ignores", value)))
            for pattern, _, value in self._table("per-file-ignores")
        ]

    def _options(self) -> dict[tuple[str, str], int]:
        found: dict[tuple[str, str], int] = {}
        for name, name_span, table in self._table("options"):
            id = self._known_name(name, name_span)
            rule = self._known.get(id)
            options = {} if rule is None else {option.name: option for option in rule.spec.options}
            if not options:
                raise self._error(f"`{name}` has no options; {_listed(self._with_options())} have", name_span)
            if table.kind is not Kind.OBJECT:
                raise self._error(f"the options of `{name}` have to be a table", table.span)
            for member in table.members:
                option = options.get(member.key)
                if option is None:
                    raise self._error(
                        f"`{name}` has no option `{member.key}`, only {_listed(options)}"
                        + _hint(member.key, options),
                        member.key_span,
                    )
                value = member.value.value
                if type(value) is not int or value < option.least:
                    least = f"a whole number, {option.least} or more"
                    raise self._error(f"`{member.key}` has to be {least}", member.value.span)
                found[id, member.key] = value
        return found

    def _with_options(self) -> list[str]:
        return [id for id, rule in self._known.items() if rule.spec.options]

    def _excluded(self) -> list[str]:
        """The patterns, made relative to the root of the workspace."""
        folder = posixpath.dirname(self._document.path)
        return [_below(folder, pattern) for pattern, _ in self._strings("exclude", self._root.get("exclude"))]

    def _table(self, key: str) -> list[tuple[str, Span, Node]]:
        node = self._root.get(key)
        if node is None:
            return []
        if node.kind is not Kind.OBJECT:
            raise self._error(f"`{key}` has to be a table", node.span)
        return [(member.key, member.key_span, member.value) for member in node.members]


def _below(folder: str, pattern: str) -> str:
    """A pattern of a folder's settings as one of the root."""
    if not folder:
        return pattern
    mark, bare = ("!", pattern[1:]) if pattern.startswith("!") else ("", pattern)
    if "/" in bare.rstrip("/"):
        return f"{mark}/{folder}/{bare.lstrip('/')}"
    return f"{mark}/{folder}/**/{bare}"


def _listed(names: Iterable[str]) -> str:
    *others, last = (f"`{name}`" for name in names)
    return f"{', '.join(others)} and {last}" if others else last


def _hint(name: str, choices: Iterable[str]) -> str:
    from difflib import get_close_matches

    near = get_close_matches(name, list(choices), n=1, cutoff=0.6)
    return f"; did you mean `{near[0]}`?" if near else ""


def schema(known: RuleSet) -> dict[str, object]:
    """The JSON schema of a settings file, for editors. It lists the names that are known, for completion, and
    takes others: an installed package may bring them, of which an editor knows nothing."""
    rules, groups = list(known), list(known.groups)
    other = {"type": "string", "pattern": "^[a-z][a-z0-9]*(-[a-z0-9]+)*$"}
    selector: dict[str, object] = {"anyOf": [{"enum": [*PRESETS, *groups, *rules]}, other]}
    names: dict[str, object] = {"anyOf": [{"enum": [*groups, *rules]}, other]}
    selectors: dict[str, object] = {"type": "array", "items": selector}
    types: dict[str, dict[str, object]] = {
        "extends": {"type": "string"},
        "preset": {"enum": list(PRESETS)},
        "preview": {"type": "boolean"},
        "select": selectors,
        "extend-select": selectors,
        "ignore": selectors,
        "severity": {
            "type": "object",
            "propertyNames": names,
            "additionalProperties": {"enum": list(LEVELS)},
        },
        "per-file-ignores": {"type": "object", "additionalProperties": selectors},
        "options": {
            "type": "object",
            "additionalProperties": {
                "type": "object",
                "additionalProperties": {"type": "integer"},
            },
            "properties": {
                id: {
                    "type": "object",
                    "additionalProperties": False,
                    "properties": {
                        option.name: {
                            "description": option.meaning,
                            "type": "integer",
                            "minimum": option.least,
                            "default": option.default,
                        }
                        for option in rule.spec.options
                    },
                }
                for id, rule in known.items()
                if rule.spec.options
            },
        },
        "exclude": {"type": "array", "items": {"type": "string"}},
        "rule-packages": {"type": "boolean", "default": True},
        "fail-on": {"enum": [*LEVELS[1:], "never"]},
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "cflint settings",
        "type": "object",
        "additionalProperties": False,
        "properties": {key: {"description": _KEYS[key], **types[key]} for key in _KEYS},
    }
