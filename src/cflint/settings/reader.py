"""Reads one settings file, checking every key and name."""

# Imported where used: policies, which few settings have.

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from cflint.finding import Notice, Severity
from cflint.project.files.ignore import Ignore
from cflint.quoting import did_you_mean
from cflint.rule import PRESETS, RuleSet, UnknownSelector, renamed_notice
from cflint.settings.definition import KEYS, LEVELS, Settings, SettingsError
from cflint.settings.files import PACKAGE, bases_of, root_of
from cflint.source import Document, Span
from cflint.syntax.data import Format, Kind, Node
from cflint.syntax.documents import read

if TYPE_CHECKING:
    from typing import NoReturn

    from cflint.policy import ConfigPolicy


class Reader:
    """Reads one file, checking every key and name."""

    def __init__(self, document: Document, known: RuleSet) -> None:
        self._document = document
        self._known = known
        self._renamed: dict[str, Notice] = {}
        data = read(document, Format.TOML if PACKAGE in document.path else None)
        problem = next((problem for problem in data.problems if not problem.duplicate), None)
        if problem is not None:
            raise SettingsError(problem.message, document, problem.span)
        self._root = root = root_of(document, data.root)
        for member in root.members:
            if member.key not in KEYS:
                raise self._error(
                    f"unknown key `{member.key}`{did_you_mean(member.key, KEYS)}", member.key_span
                )

    def _error(self, message: str, span: Span) -> SettingsError:
        return SettingsError(message, self._document, span)

    def extended(self) -> tuple[Node, ...]:
        """What `extends` names."""
        bases = bases_of(self._root)
        for node in bases:
            if not node.text:
                what = "`extends` has to be the path of a settings file, `package:NAME`, or an array of these"
                raise self._error(what, node.span)
        return bases

    def settings(self, started: Settings) -> Settings:
        """The settings of the file, on top of what it extends."""
        root = self._root
        rule_packages = self._switch("rule-packages")
        if rule_packages is None:
            rule_packages = started.rule_packages
        if not rule_packages:
            self._known = self._known.own
        policies = self._policies(started)
        if policies:
            from cflint.policy import rules_of

            self._known = self._known.with_policies(rules_of(policies))
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
            policies=policies,
        )

    def _policies(self, started: Settings) -> tuple[ConfigPolicy, ...]:
        """Those that the file extends, but for those that it defines itself, and these."""
        node = self._root.get("policy")
        if node is None:
            return started.policies
        from cflint.policy import read_policies

        def mistake(message: str, span: Span) -> NoReturn:
            raise self._error(message, span)

        own = {policy.name: policy for policy in read_policies(self._document, node, mistake)}
        return (*(it for it in started.policies if it.name not in own), *own.values())

    def _choice(self, key: str, choices: Sequence[str]) -> str | None:
        node = self._root.get(key)
        if node is None:
            return None
        if node.text is None or node.text not in choices:
            listed = ", ".join(f"`{choice}`" for choice in choices)
            raise self._error(
                f"`{key}` has to be one of {listed}{did_you_mean(node.text or '', choices)}", node.span
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
                    f"a severity is one of {listed}{did_you_mean(value.text or '', LEVELS)}", value.span
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
                        + did_you_mean(member.key, options),
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
