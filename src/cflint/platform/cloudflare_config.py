"""The fields of `cloudflare.config.ts` and `wrangler.config.ts`: what may stand where, and since when.

Imported where used: json, for a project that has such a file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

from cflint.pattern import pattern
from cflint.record import field, record

_LETTER = pattern(r"-([a-z])")


@record(frozen=True, eq=False)
class FieldSchema:
    """What one value may be.

    `types` are JSON types (empty: any value; "integer" is a whole number); `fields` the known fields of an
    object, `other` what its other fields may hold (None: there may be none); `items` an array's elements.
    With `alternatives` one of those has to fit, and the rest is empty. `choices` are the only values that are
    allowed (empty: no limit). `renamed` are fields that only say that they have another name now.
    """

    types: frozenset[str] = frozenset()
    fields: Mapping[str, FieldSchema] = field(default_factory=dict)
    other: FieldSchema | None = None
    items: FieldSchema | None = None
    required: tuple[str, ...] = ()
    choices: tuple[str | int | float | bool | None, ...] = ()
    alternatives: tuple[FieldSchema, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    shortest: int = 0
    renamed: frozenset[str] = frozenset()


@record(frozen=True, eq=False)
class ConfigFields:
    """The fields of both files in one version of wrangler.

    `unsafe` is what a binding may be whose type begins with `unsafe:`. `singletons` are the types of bindings
    that a Worker may have one of. `history` has the first and the last version of each field that not all
    `versions` have (None: the first or last of them has it, too), by its path: `worker.env.*<d1>.id`,
    `worker.triggers[]<queue>.name`.
    """

    version: str
    date: str
    versions: tuple[str, ...]
    config: FieldSchema
    unsafe: FieldSchema
    wrangler: FieldSchema
    singletons: frozenset[str]
    history: Mapping[str, tuple[str | None, str | None]]


_TYPES = ("object", "array", "string", "number", "integer", "boolean", "null")


def _schema(raw: object) -> FieldSchema:
    if not isinstance(raw, dict):
        return FieldSchema()
    choices = raw.get("anyOf") or raw.get("oneOf")
    if isinstance(choices, list):
        built = [_schema(choice) for choice in choices]
        flat = tuple(leaf for schema in built for leaf in (schema.alternatives or (schema,)))
        return FieldSchema(alternatives=flat)
    given = raw.get("type")
    properties = raw.get("properties", {})
    other = raw.get("additionalProperties", True)
    gone = frozenset(key for key, value in properties.items() if value == {"not": {}})
    return FieldSchema(
        types=frozenset([given] if isinstance(given, str) else given or ()) & frozenset(_TYPES),
        fields={key: _schema(value) for key, value in properties.items() if key not in gone},
        other=None if other is False or given != "object" else _schema(other),
        items=_schema(raw["items"]) if "items" in raw else None,
        required=tuple(raw.get("required", ())),
        choices=(raw["const"],) if "const" in raw else tuple(raw.get("enum", ())),
        minimum=raw.get("minimum"),
        maximum=raw.get("maximum"),
        shortest=int(raw.get("minLength") or raw.get("minItems") or 0),
        renamed=gone,
    )


@cache
def config_fields() -> ConfigFields:
    """The fields of the version that cflint's table was made from."""
    import json

    text = Path(__file__).with_name("cloudflare_config_schema.json").read_text("utf-8")
    raw = json.loads(text)
    history = raw["history"]["config"] | raw["history"]["wrangler"]
    return ConfigFields(
        raw["version"],
        raw["date"],
        tuple(raw["versions"]),
        _schema(raw["config"]),
        _schema(raw["unsafe"]),
        _schema(raw["wrangler"]),
        frozenset(raw["singletons"]),
        {path: (since, until) for path, (since, until) in history.items()},
    )


def version_of(text: str) -> tuple[int, int, int]:
    """A version of wrangler as the table writes it, as numbers that compare."""
    major, minor, patch = (int(part) for part in text.split("."))
    return (major, minor, patch)


def helper_of(type: str) -> str:
    """The helper that makes a `type`: `analyticsSql` for `analytics-sql`."""
    return _LETTER.sub(lambda match: match[1].upper(), type)


def _constants(schema: FieldSchema | None) -> Iterator[str]:
    for choice in schema.alternatives if schema is not None else ():
        kind = choice.fields.get("type")
        if kind is not None:
            yield from (str(value) for value in kind.choices)


def _worker(name: str) -> FieldSchema | None:
    return config_fields().config.fields["worker"].fields.get(name)


@cache
def binding_types() -> tuple[str, ...]:
    """The types that a binding in `worker.env` may have, without those that begin with `unsafe:`."""
    env = _worker("env")
    return tuple(dict.fromkeys(_constants(env.other if env is not None else None)))


@cache
def export_types() -> tuple[str, ...]:
    """The types that an entry of `worker.exports` may have."""
    exports = _worker("exports")
    return tuple(dict.fromkeys(_constants(exports.other if exports is not None else None)))


@cache
def trigger_types() -> tuple[str, ...]:
    """The types that an element of `worker.triggers` may have."""
    triggers = _worker("triggers")
    return tuple(dict.fromkeys(_constants(triggers.items if triggers is not None else None)))


@cache
def retired_types() -> Mapping[str, str]:
    """Types of bindings that are gone, with the last version that had them."""
    found: dict[str, str] = {}
    for path, (_, until) in config_fields().history.items():
        match = re.fullmatch(r"worker\.env\.\*<([\w-]+)>\.type", path)
        if match and until is not None:
            found[match[1]] = until
    return found
