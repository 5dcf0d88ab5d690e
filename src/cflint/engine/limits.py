"""What rules may say of a module of an app: less where a browser runs it, too."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from cflint.finding import Finding
from cflint.project.apps.realms import Realm
from cflint.project.code.module import Module
from cflint.rule import Match, Rule

if TYPE_CHECKING:
    from tree_sitter import Node


class Limits:
    """The limits of one module.

    In code of both realms a rule speaks of what is proved to come from `env` or the context (see
    `Match.is_proved`), unless it says of itself that it looks at nothing else (`both`). In the parts that
    only the Worker runs all rules speak, in those of the browser (`useEffect`) none: a module that the Worker
    reaches may be a component all the same.

    In code of a tool for development no rule speaks of clients, of scale or of what is billed: the peer is
    the tool itself.
    """

    def __init__(self, module: Module, silent: frozenset[str]) -> None:
        self._is_local = module.is_of_local_tool
        self._sides = module.sides
        self._both = module.realm is Realm.BOTH
        self._silent = silent

    def of_construct(self, rules: Iterable[Rule], subject: object, node: Node) -> list[Rule]:
        """Those of some rules that may look at a construct."""
        rules = [rule for rule in rules if not self._is_silent(rule)]
        if self._sides.on_server(node.start_byte):
            return rules
        if self._sides.in_browser(node.start_byte):
            return []
        if not self._both:
            return rules
        if isinstance(subject, Match) and subject.is_proved:
            return rules
        return [rule for rule in rules if rule.spec.both]

    def may_look(self, rule: Rule) -> bool:
        """Whether a rule may look at the whole module; `kept` says what it may say."""
        if self._is_silent(rule):
            return False
        return not self._both or rule.spec.both or bool(self._sides.server)

    def _is_silent(self, rule: Rule) -> bool:
        return rule.id in self._silent or (self._is_local and rule.group not in _OF_ANY_CODE)

    def kept(self, rule: Rule, found: Iterable[Finding]) -> list[Finding]:
        """What a rule that looked at the whole module may say of it."""
        speaks = not self._both or rule.spec.both
        return [
            finding
            for finding in found
            if self._sides.on_server(start := finding.at.span.start)
            or (speaks and not self._sides.in_browser(start))
        ]


_OF_ANY_CODE = frozenset({"runtime", "types", "meta", "migrations", "workflows"})
"""The groups of rules that are about code wherever it runs."""


def limits_of(module: Module) -> Limits | None:
    """The limits of a module; None when there are none, as nearly always."""
    if module.is_of_local_tool:
        return Limits(module, frozenset())
    app = module.app
    if app is None:
        return None
    if module.realm is Realm.SERVER and not app.silent and not module.sides.browser:
        return None
    return Limits(module, app.silent)
