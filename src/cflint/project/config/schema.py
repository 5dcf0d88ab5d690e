"""What is wrong with a configuration by wrangler's schema: types, unknown and missing keys, bad choices."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum

from cflint.platform.wrangler_keys import KeySchema
from cflint.record import record, replace
from cflint.source import Span
from cflint.syntax.data import Kind, Node

Path = tuple[str | int, ...]
"""Keys and 0-based indexes from the root of a document."""


class ProblemKind(Enum):
    """What sort of thing is wrong: the reader tells the first two, the schema the others."""

    SYNTAX = "syntax"
    DUPLICATE_KEY = "duplicate-key"
    WRONG_TYPE = "wrong-type"
    UNKNOWN_KEY = "unknown-key"
    MISSING_KEY = "missing-key"
    BAD_VALUE = "bad-value"


@record(frozen=True)
class ConfigProblem:
    """Something wrong with a configuration.

    `span` is the value, or the key where the key is unknown, or the object that lacks a key; `path` leads to
    the value (or to where it would be). `related` is the place of the first of two equal keys.
    """

    kind: ProblemKind
    message: str
    span: Span
    path: Path = ()
    related: Span | None = None


_JSON_TYPES = {
    Kind.OBJECT: "object",
    Kind.ARRAY: "array",
    Kind.STRING: "string",
    Kind.NUMBER: "number",
    Kind.BOOLEAN: "boolean",
    Kind.NULL: "null",
    Kind.DATE: "date",  # a TOML date is an object to wrangler, which takes it nowhere
}
_ARTICLES = {
    "object": "an object",
    "array": "an array",
    "string": "a string",
    "number": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
    "null": "null",
    "date": "a date without quotes",
}


def json_type(node: Node) -> str | None:
    """The JSON type of a node (`date` for TOML's bare dates); None for what could not be read."""
    return _JSON_TYPES.get(node.kind)


def dotted(path: Path) -> str:
    """A path as people write it: `durable_objects.bindings[0].class_name`."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text or "the configuration"


def check(root: Node, schema: KeySchema) -> Iterator[ConfigProblem]:
    """All that a schema objects to, in source order; below a value of the wrong type nothing is said."""
    stack: list[tuple[Node, KeySchema, Path]] = [(root, schema, ())]
    while stack:
        node, allowed, path = stack.pop()
        if node.kind is Kind.INVALID:
            continue
        chosen = _alternative(node, allowed)
        if chosen is None:
            yield _wrong_type(node, allowed, path)
            continue
        yield from _check_value(node, chosen, path)
        if node.kind is Kind.ARRAY and chosen.items is not None:
            stack += [(item, chosen.items, (*path, i)) for i, item in enumerate(node.items)][::-1]
        elif node.kind is Kind.OBJECT:
            yield from _check_keys(node, chosen, path)
            below: list[tuple[Node, KeySchema, Path]] = []
            for member in node.members:
                inner = (chosen.keys or {}).get(member.key, chosen.other)
                if inner is not None:
                    below.append((member.value, inner, (*path, member.key)))
            stack += below[::-1]


def _fits(node: Node, schema: KeySchema) -> bool:
    found = json_type(node)
    return not schema.types or found in schema.types or (found == "number" and "integer" in schema.types)


def _alternative(node: Node, schema: KeySchema) -> KeySchema | None:
    """The alternative that a value most likely means; None when none takes its type."""
    if not schema.alternatives:
        return schema if _fits(node, schema) else None
    fitting = [choice for choice in schema.alternatives if _fits(node, choice)]
    if len(fitting) < 2:
        return fitting[0] if fitting else None
    if all(choice.choices for choice in fitting) and node.kind not in {Kind.OBJECT, Kind.ARRAY}:
        every = dict.fromkeys(value for choice in fitting for value in choice.choices)
        return replace(fitting[0], choices=tuple(every))
    distances = [_distance(node, choice) for choice in fitting]
    nearest = [choice for choice, far in zip(fitting, distances, strict=True) if far == min(distances)]
    if (
        len(nearest) > 1
    ):  # then what lies deeper decides; no value nests as deep as schemas with alternatives do
        return next((choice for choice in nearest if next(check(node, choice), None) is None), nearest[0])
    return nearest[0]


def _distance(node: Node, schema: KeySchema) -> tuple[int, int, int, int]:
    """How far a value is from a schema: other constants first, then keys that are missing, then unknown."""
    if node.kind is Kind.ARRAY:
        items = schema.items
        return (0, sum(items is not None and _alternative(item, items) is None for item in node.items), 0, 0)
    keys = schema.keys or {}
    other_constants = mistyped = unknown = 0
    for member in node.members:
        inner = keys.get(member.key)
        if inner is None:
            unknown += schema.other is None
        elif inner.choices and member.value.value not in inner.choices:
            other_constants += 1
        elif not inner.alternatives and not _fits(member.value, inner):
            mistyped += 1
    missing = sum(node.member(key) is None for key in schema.required)
    if node.kind is not Kind.OBJECT and schema.choices and node.value not in schema.choices:
        other_constants += 1
    return (other_constants, missing, unknown, mistyped)


def _wrong_type(node: Node, schema: KeySchema, path: Path) -> ConfigProblem:
    types: list[str] = []
    for choice in schema.alternatives or (schema,):
        types += [name for name in _ARTICLES if name in choice.types and name not in types]
    expected = " or ".join(_ARTICLES[name] for name in types)
    found = _ARTICLES[json_type(node) or "null"]
    return ConfigProblem(
        ProblemKind.WRONG_TYPE, f"`{dotted(path)}` has to be {expected}, not {found}", node.span, path
    )


def _check_value(node: Node, schema: KeySchema, path: Path) -> Iterator[ConfigProblem]:
    if schema.choices and node.value not in schema.choices and node.kind not in {Kind.OBJECT, Kind.ARRAY}:
        listed = ", ".join(f"`{choice}`" for choice in schema.choices)
        only = "one of " if len(schema.choices) > 1 else ""
        yield ConfigProblem(
            ProblemKind.BAD_VALUE, f"`{dotted(path)}` has to be {only}{listed}", node.span, path
        )
    elif isinstance(node.value, int | float) and node.kind is Kind.NUMBER:
        low, high = schema.minimum, schema.maximum
        if (low is not None and node.value < low) or (high is not None and node.value > high):
            limits = [f"at least {low:g}"] if low is not None else []
            limits += [f"at most {high:g}"] if high is not None else []
            yield ConfigProblem(
                ProblemKind.BAD_VALUE, f"`{dotted(path)}` has to be {' and '.join(limits)}", node.span, path
            )


def _check_keys(node: Node, schema: KeySchema, path: Path) -> Iterator[ConfigProblem]:
    if node.broken:
        return  # what is missing or strange here may be the syntax error's doing
    for key in schema.required:
        if node.member(key) is None:
            yield ConfigProblem(
                ProblemKind.MISSING_KEY, f"`{dotted(path)}` lacks `{key}`", node.span, (*path, key)
            )
    if schema.is_open:
        return
    known = schema.keys or {}
    for member in node.members:
        if member.key not in known:
            place = f" in `{dotted(path)}`" if path else ""
            yield ConfigProblem(
                ProblemKind.UNKNOWN_KEY,
                f"wrangler does not know the key `{member.key}`{place}",
                member.key_span,
                (*path, member.key),
            )
