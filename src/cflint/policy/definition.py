"""What a policy is: a path of keys, and what has to be true of what stands there.

Imported where used: json, for messages.
"""

from __future__ import annotations

import datetime
import re
from enum import Enum
from fnmatch import translate
from functools import cache

from cflint.finding import Severity
from cflint.pattern import pattern
from cflint.platform.wrangler_keys import WRANGLER_VERSION, KeySchema, bundled_schema, top_level_keys
from cflint.quoting import did_you_mean
from cflint.record import field, record
from cflint.rule import POLICY_PREFIX
from cflint.source import Document, Span
from cflint.syntax.data import Node, Scalar, Value

_STEP = pattern(r"\[\*\]|(?:^|\.)(?:\*|[A-Za-z0-9_$@/-]+)")
_DATE = pattern(r"2\d{3}-\d{2}-\d{2}", re.ASCII)


class PolicyError(ValueError):
    """A policy that is no good; the message says why."""


@record(frozen=True)
class KeyPath:
    """A path of wrangler's keys from the top level or an environment on, as `routes[*].pattern`.

    `steps` are keys, `*` for every key of an object, and `[*]` for every item of an array.
    """

    text: str
    steps: tuple[str, ...]

    @classmethod
    def of(cls, text: str) -> KeyPath:
        """The path that a text writes. Raises PolicyError for what is no path, or for keys that wrangler does
        not know."""
        steps: list[str] = []
        at = 0
        while at < len(text):
            found = _STEP.match(text, at)
            if found is None or (not steps and found.group() in ("[*]", "*")):
                raise PolicyError(
                    f"`{text}` is no path of keys: write them with dots between, `[*]` for every item of an"
                    " array and `*` for every key of an object, as in `routes[*].pattern`"
                )
            steps.append(found.group().lstrip("."))
            at = found.end()
        if not steps:
            raise PolicyError("a path of keys is missing")
        if steps[0] in ("env", "previews"):
            raise PolicyError(
                f"`{text}` begins with `{steps[0]}`; a policy holds for the top level and every environment"
            )
        _check_known(text, steps)
        return cls(text, tuple(steps))

    @property
    def key(self) -> str:
        """The key of the top level or an environment that it begins with."""
        return self.steps[0]

    @property
    def has_wildcard(self) -> bool:
        """Whether it may lead to several places, or to none."""
        return any(step in ("*", "[*]") for step in self.steps)


def _check_known(text: str, steps: list[str]) -> None:
    schema = bundled_schema()
    for number, step in enumerate(steps):
        inner = _inner(schema, step)
        if inner is None:
            keys = (
                top_level_keys() if not number else {key for it in _choices(schema) for key in it.keys or {}}
            )
            hint = did_you_mean(step, sorted(keys))
            raise PolicyError(f"wrangler {WRANGLER_VERSION} knows no `{step}` in `{text}`{hint}")
        schema = inner


def _choices(schema: KeySchema) -> tuple[KeySchema, ...]:
    return schema.alternatives or (schema,)


def _inner(schema: KeySchema, step: str) -> KeySchema | None:
    """What a step of a path leads to; None when no value can have it."""
    if step == "*":
        keys = [found for it in _choices(schema) for found in (*(it.keys or {}).values(), it.other) if found]
        return keys[-1] if keys else None
    return schema.at([0 if step == "[*]" else step])


class Demand(Enum):
    """A condition on a value; the value is its key in the settings."""

    PRESENT = "present"
    ABSENT = "absent"
    EQUALS = "equals"
    NOT_EQUALS = "not-equals"
    ONE_OF = "one-of"
    NONE_OF = "none-of"
    MATCHES = "matches"
    NOT_MATCHES = "not-matches"
    AT_LEAST = "at-least"
    AT_MOST = "at-most"
    CONTAINS = "contains"

    @property
    def wants_value(self) -> bool:
        """Whether something has to stand there for it to be met."""
        return self not in (Demand.ABSENT, Demand.NOT_EQUALS, Demand.NONE_OF, Demand.NOT_MATCHES)


@record(frozen=True)
class Condition:
    """One thing that has to be true of a value: `value` is what the settings compare it with."""

    demand: Demand
    value: Value

    def is_met_by(self, node: Node) -> bool:
        """Whether a value that is there, and is known, is as demanded."""
        match self.demand:
            case Demand.PRESENT:
                return True
            case Demand.ABSENT:
                return False
            case Demand.EQUALS:
                return _equal(node.plain, self.value)
            case Demand.NOT_EQUALS:
                return not _equal(node.plain, self.value)
            case Demand.ONE_OF | Demand.NONE_OF:
                listed = self.value if isinstance(self.value, list) else []
                is_listed = any(_equal(node.plain, it) for it in listed)
                return is_listed is (self.demand is Demand.ONE_OF)
            case Demand.MATCHES | Demand.NOT_MATCHES:
                fits = node.text is not None and glob(str(self.value)).match(node.text) is not None
                return fits is (self.demand is Demand.MATCHES)
            case Demand.CONTAINS:
                return any(_equal(item.plain, self.value) for item in node.items)
            case Demand.AT_LEAST | Demand.AT_MOST:
                return self._is_in_bounds(node.value)
        raise AssertionError(self.demand)

    def _is_in_bounds(self, found: Scalar) -> bool:
        bound = self.value
        if _is_number(found) and _is_number(bound):
            low, high = (bound, found) if self.demand is Demand.AT_LEAST else (found, bound)
            return low <= high  # type: ignore[operator]
        first, second = date_of(bound), date_of(found)
        if first is None or second is None:
            return False
        return second >= first if self.demand is Demand.AT_LEAST else second <= first

    @property
    def sentence(self) -> str:
        """What follows "it" in a sentence: `has to be true`."""
        match self.demand:
            case Demand.PRESENT:
                return "has to be set"
            case Demand.ABSENT:
                return "must not be set"
            case Demand.EQUALS:
                return f"has to be {shown(self.value)}"
            case Demand.NOT_EQUALS:
                return f"must not be {shown(self.value)}"
            case Demand.ONE_OF:
                return f"has to be one of {shown(self.value)}"
            case Demand.NONE_OF:
                return f"must be none of {shown(self.value)}"
            case Demand.MATCHES:
                return f"has to match {shown(self.value)}"
            case Demand.NOT_MATCHES:
                return f"must not match {shown(self.value)}"
            case Demand.AT_LEAST:
                return f"has to be {shown(self.value)} or {_later(self.value, 'more', 'later')}"
            case Demand.AT_MOST:
                return f"has to be {shown(self.value)} or {_later(self.value, 'less', 'earlier')}"
            case Demand.CONTAINS:
                return f"has to contain {shown(self.value)}"
        raise AssertionError(self.demand)


def _later(value: Value, number: str, date: str) -> str:
    return number if _is_number(value) else date


def _is_number(value: Value) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _equal(found: Value, wanted: Value) -> bool:
    """Whether two values are the same in JSON, where true is not 1, but 1 is 1.0."""
    if isinstance(found, list) and isinstance(wanted, list):
        return len(found) == len(wanted) and all(map(_equal, found, wanted))
    if isinstance(found, dict) and isinstance(wanted, dict):
        return found.keys() == wanted.keys() and all(_equal(found[key], wanted[key]) for key in found)
    if _is_number(found) and _is_number(wanted):
        return found == wanted
    return type(found) is type(wanted) and found == wanted


def date_of(value: Value) -> datetime.date | None:
    """The date that a text is in ISO's form; None for anything else."""
    if not isinstance(value, str) or not _DATE.fullmatch(value):
        return None
    try:
        return datetime.date.fromisoformat(value)
    except ValueError:
        return None


def shown(value: Value) -> str:
    """A value as a message shows it, in backticks; of several, each."""
    import json

    if isinstance(value, list):
        return ", ".join(map(shown, value)) or "`[]`"
    return f"`{json.dumps(value, ensure_ascii=False)}`"


@cache
def glob(text: str) -> re.Pattern[str]:
    """A glob as a pattern of whole texts: `*` is any characters, `?` one, `[ab]` one of some."""
    return re.compile(translate(text), re.DOTALL)


@record(frozen=True)
class ConfigPolicy:
    """One `[[policy]]`: `name` without the prefix of its rule, and where the settings define it, in
    `document` at `span`. `optional` lets the value be absent; `new_value` is what a fix sets, alone
    in a tuple, () for none; `message` is the organisation's own sentence, "" for none."""

    name: str
    path: KeyPath
    conditions: tuple[Condition, ...]
    severity: Severity = Severity.ERROR
    message: str = ""
    optional: bool = False
    new_value: tuple[Value, ...] = ()
    document: Document = field(default=Document("", b""), compare=False, repr=False)
    span: Span = field(default=Span(0, 0), compare=False, repr=False)

    @property
    def rule(self) -> str:
        """The name of its rule."""
        return POLICY_PREFIX + self.name

    @property
    def place(self) -> str:
        """Where it is defined, as `cflint.toml:12`."""
        return f"{self.document.path}:{self.document.position(self.span.start).line}"

    @property
    def sentence(self) -> str:
        """What has to be true of the value: `has to be 10 or more and 20 or less`."""
        first, *others = (condition.sentence for condition in self.conditions)
        return " and ".join((first, *(other.removeprefix("has to be ") for other in others)))

    @property
    def wants_value(self) -> bool:
        """Whether something has to stand there."""
        return not self.optional and any(condition.demand.wants_value for condition in self.conditions)

    def is_met_by(self, node: Node) -> bool:
        """Whether a value that is there, and is known, is as demanded."""
        return all(condition.is_met_by(node) for condition in self.conditions)
