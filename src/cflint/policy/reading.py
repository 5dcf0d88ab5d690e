"""Policies as the settings write them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NoReturn

from cflint.finding import Severity
from cflint.policy.definition import Condition, ConfigPolicy, Demand, KeyPath, PolicyError, date_of
from cflint.quoting import did_you_mean
from cflint.rule.discovery import NAME
from cflint.source import Document, Span
from cflint.syntax.data import Kind, Node, Value

_OTHERS = {
    "name": "Its rule is `policy-NAME`: words of small letters and digits, with hyphens between.",
    "path": "The keys of a configuration, from the top level or an environment on: `routes[*].pattern`.",
    "severity": "The severity of its findings, error unless said: note, warning or error.",
    "message": "A sentence that follows the finding: why, or what to do.",
    "optional": "Whether the key may be absent, whatever is demanded of its value: true or false.",
    "fix": "The value that a fix sets.",
}
POLICY_KEYS: dict[str, str] = {
    **_OTHERS,
    "present": "true: the key has to be there.",
    "absent": "true: the key must not be there.",
    "equals": "The only value that is allowed.",
    "not-equals": "A value that is not allowed.",
    "one-of": "The values that are allowed.",
    "none-of": "Values that are not allowed.",
    "matches": "A pattern that the text has to match: `*` stands for any characters, `?` for one.",
    "not-matches": "A pattern that the text must not match.",
    "at-least": "The least number, or the earliest date, that is allowed.",
    "at-most": "The greatest number, or the latest date, that is allowed.",
    "contains": "A value that has to be among the items of the array.",
}
"""The keys of a `[[policy]]`, with what they mean."""

_LEVELS = {"note": Severity.NOTE, "warning": Severity.WARNING, "error": Severity.ERROR}
_TOGETHER = frozenset({Demand.AT_LEAST, Demand.AT_MOST})

Raise = Callable[[str, Span], NoReturn]
"""Raises the error of a mistake at a place."""


def read_policies(document: Document, node: Node, mistake: Raise) -> Iterator[ConfigPolicy]:
    """The policies of a settings file, whose value of `policy` is `node`; `mistake` is called for what is
    wrong."""
    if node.kind is not Kind.ARRAY or any(item.kind is not Kind.OBJECT for item in node.items):
        mistake("policies have to be tables: write `[[policy]]` above each", node.span)
    names: set[str] = set()
    for item in node.items:
        policy = _Reader(document, item, mistake).policy()
        if policy.name in names:
            mistake(f"there are two policies `{policy.name}`", policy.span)
        names.add(policy.name)
        yield policy


class _Reader:
    def __init__(self, document: Document, node: Node, mistake: Raise) -> None:
        self._document = document
        self._node = node
        self._mistake = mistake

    def policy(self) -> ConfigPolicy:
        for member in self._node.members:
            if member.key not in POLICY_KEYS:
                hint = did_you_mean(member.key, POLICY_KEYS)
                self._mistake(f"a policy has no key `{member.key}`{hint}", member.key_span)
        name = self._text("name")
        if name is None or NAME.fullmatch(name) is None:
            self._mistake(
                "a policy needs a `name`: words of small letters and digits, with hyphens between",
                self._span("name"),
            )
        path = self._path()
        conditions = tuple(self._conditions())
        return ConfigPolicy(
            name,
            path,
            conditions,
            self._severity(),
            self._text("message") or "",
            self._switch("optional", "whether the key may be absent"),
            self._fix(path, conditions),
            self._document,
            self._span("name"),
        )

    def _span(self, key: str) -> Span:
        member = self._node.member(key)
        return self._node.span if member is None else member.value.span

    def _text(self, key: str) -> str | None:
        node = self._node.get(key)
        if node is not None and not node.text:
            self._mistake(f"`{key}` has to be a string that is not empty", node.span)
        return node.text if node is not None else None

    def _path(self) -> KeyPath:
        try:
            return KeyPath.of(self._text("path") or "")
        except PolicyError as error:
            self._mistake(str(error), self._span("path"))

    def _severity(self) -> Severity:
        level = self._text("severity") or "error"
        if level not in _LEVELS:
            self._mistake("`severity` has to be one of `note`, `warning`, `error`", self._span("severity"))
        return _LEVELS[level]

    def _switch(self, key: str, what: str) -> bool:
        node = self._node.get(key)
        if node is not None and not isinstance(node.value, bool):
            self._mistake(f"`{key}` says {what}: true or false", node.span)
        return node is not None and node.value is True

    def _conditions(self) -> Iterator[Condition]:
        found = [demand for demand in Demand if self._node.member(demand.value) is not None]
        if not found:
            listed = ", ".join(f"`{demand.value}`" for demand in Demand)
            self._mistake(f"a policy needs a condition: {listed}", self._span("name"))
        if len(found) > 1 and not _TOGETHER.issuperset(found):
            first, second, *_ = found
            self._mistake(
                f"`{first.value}` and `{second.value}` are two conditions: make a policy of each",
                self._key_span(second.value),
            )
        for demand in found:
            yield Condition(demand, self._value(demand))

    def _value(self, demand: Demand) -> Value:
        node = self._node.get(demand.value)
        assert node is not None
        value = node.plain
        match demand:
            case Demand.PRESENT | Demand.ABSENT:
                wrong = value is not True and "can only be true"
            case Demand.ONE_OF | Demand.NONE_OF:
                wrong = not (isinstance(value, list) and value) and "has to be an array that is not empty"
            case Demand.MATCHES | Demand.NOT_MATCHES:
                wrong = not node.text and "has to be a pattern: a string that is not empty"
            case Demand.AT_LEAST | Demand.AT_MOST:
                wrong = (
                    node.number is None
                    and date_of(value) is None
                    and "has to be a number, or a date like `2026-01-31`"
                )
            case _:
                wrong = False
        if wrong:
            self._mistake(f"`{demand.value}` {wrong}", node.span)
        return value

    def _key_span(self, key: str) -> Span:
        member = self._node.member(key)
        return self._node.span if member is None else member.key_span

    def _fix(self, path: KeyPath, conditions: tuple[Condition, ...]) -> tuple[Value, ...]:
        node = self._node.get("fix")
        if node is None:
            return ()
        if any(condition.demand is Demand.ABSENT for condition in conditions):
            self._mistake("`fix` sets a value, and the policy wants none there", node.span)
        if path.steps[-1] in ("*", "[*]"):
            self._mistake("`fix` sets the value of a key: the path has to end with one", node.span)
        if not all(condition.is_met_by(node) for condition in conditions):
            self._mistake("the value of `fix` does not meet the policy itself", node.span)
        return (node.plain,)
