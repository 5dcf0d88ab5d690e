"""The keys of a wrangler configuration: which exist, where they are allowed, and which are gone.

Imported where used: json, for the schema, which few runs read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum
from functools import cache
from pathlib import Path

from cflint.platform._wrangler_key_table import KEYS, NODE_NEEDED, WRANGLER_VERSION
from cflint.record import record

__all__ = [
    "NODE_NEEDED",
    "REMOVED_KEYS",
    "WRANGLER_VERSION",
    "KeySchema",
    "KeyScope",
    "RemovedKey",
    "bundled_schema",
    "environment_keys",
    "json_types",
    "removed_key",
    "schema_from",
    "scope_of",
    "top_level_keys",
]


class KeyScope(Enum):
    """How a key relates to environments.

    `INHERITED`: an environment has the top level's value unless it sets its own. `OWN`: each environment has
    only what it says itself. `TOP_LEVEL`: belongs to the whole configuration.
    """

    INHERITED = "inherited"
    OWN = "own"
    TOP_LEVEL = "top"


_RETIRED = {"websearch": ("own", ("object",))}  # known to wrangler up to some version before the table's


def scope_of(key: str) -> KeyScope | None:
    """The scope of a key of the top level; None for a key that wrangler does not know."""
    row = KEYS.get(key) or _RETIRED.get(key)
    return None if row is None else KeyScope(row[0])


def json_types(key: str) -> tuple[str, ...]:
    """The JSON types that a key of the top level may have; empty for a key that wrangler does not know."""
    row = KEYS.get(key) or _RETIRED.get(key)
    return () if row is None else row[1]


def top_level_keys() -> frozenset[str]:
    """All keys that the top level may have."""
    return frozenset(KEYS)


def environment_keys() -> frozenset[str]:
    """All keys that an environment may have."""
    return frozenset(key for key, (scope, _) in KEYS.items() if scope != KeyScope.TOP_LEVEL.value)


KEYS_SINCE: Mapping[str, tuple[int, int, int]] = {
    "ratelimits": (4, 36, 0),
    "secrets": (4, 70, 0),
    "exports": (4, 107, 0),
}
"""Keys that edits add, and the first version of wrangler that takes them. From wrangler's change log."""

PAGES_LACKS = frozenset(
    {"ratelimits", "secrets", "exports", "assets", "observability", "triggers", "workflows", "containers"}
    | {"migrations", "routes", "main", "tail_consumers"}
)
"""Keys that edits add, and that a configuration of Pages must not have. From `validation-pages.ts` of
wrangler."""


@record(frozen=True)
class RemovedKey:
    """A key that wrangler once had, or still takes but advises against.

    `path` is below the top level or an environment, with `*` for any index or name; `since` the version of
    wrangler; `replacement` says what to write instead ("" for nothing: it has no effect). `rejected` means
    that wrangler refuses it; `renamed_to` is the new last key where the value stays the same.
    """

    path: tuple[str, ...]
    since: str
    replacement: str = ""
    rejected: bool = False
    deprecated: bool = False
    renamed_to: str | None = None


def _removed(path: str, since: str, replacement: str = "", **more: object) -> RemovedKey:
    return RemovedKey(tuple(path.split(".")), since, replacement, **more)  # type: ignore[arg-type]


REMOVED_KEYS: tuple[RemovedKey, ...] = (
    _removed("node_compat", "4.0.0", 'compatibility_flags = ["nodejs_compat"]', rejected=True),
    _removed("legacy_env", "4.111.0", rejected=True),
    _removed("type", "4.0.0"),
    _removed("webpack_config", "4.0.0", "build.command"),
    _removed("miniflare", "4.0.0", "dev"),
    _removed("build.upload", "4.0.0", "main and rules"),
    _removed("zone_id", "4.0.0", "routes with a zone_id or zone_name each"),
    _removed("usage_model", "4.0.0"),
    _removed("experimental_services", "4.0.0", "services"),
    _removed("kv-namespaces", "4.0.0", "kv_namespaces", renamed_to="kv_namespaces"),
    _removed("site.entry-point", "1.19.0", "main", deprecated=True),
    _removed("services.*.environment", "4.111.0", "service = <name>-<environment>", deprecated=True),
    _removed("tail_consumers.*.environment", "4.111.0", "service = <name>-<environment>", deprecated=True),
    _removed(
        "durable_objects.bindings.*.environment",
        "4.111.0",
        "script_name = <name>-<environment>",
        deprecated=True,
    ),
    _removed("queues.producers.*.delivery_delay", "4.90.0", deprecated=True),
    _removed("pipelines.*.pipeline", "4.96.0", "stream", deprecated=True, renamed_to="stream"),
    _removed("containers.*.instances", "4.0.0", "max_instances", deprecated=True, renamed_to="max_instances"),
    _removed("containers.*.configuration", "4.0.0", "image and instance_type", deprecated=True),
    _removed("containers.*.durable_objects", "4.0.0", "class_name", deprecated=True),
    _removed("containers.*.wrangler_ssh", "4.84.0", "ssh", deprecated=True, renamed_to="ssh"),
    _removed("containers.*.constraints.tier", "4.0.0", "tiers", deprecated=True),
)
"""Kept by hand, from wrangler's change log and its deprecation messages."""


@cache
def _removed_by_path() -> dict[tuple[str, ...], RemovedKey]:
    return {key.path: key for key in REMOVED_KEYS}


def removed_key(path: Sequence[str | int]) -> RemovedKey | None:
    """The entry for a path of keys and indexes from the root of the document, in any environment."""
    steps = ["*" if isinstance(step, int) else step for step in path]
    if len(steps) > 2 and steps[0] == "env":
        steps = steps[2:]
    elif len(steps) > 1 and steps[0] == "previews":
        steps = steps[1:]
    return _removed_by_path().get(tuple(steps))


@record(frozen=True)
class KeySchema:
    """What one value of a configuration may be.

    `types` are JSON types (empty: any value); `keys` the known keys of an object, `other` what its other keys
    may hold (None: there may be none); `items` an array's elements. With `alternatives` exactly one of those
    has to fit, and the rest is empty. `choices` are the only values allowed (empty: no limit).
    """

    types: frozenset[str] = frozenset()
    keys: Mapping[str, KeySchema] | None = None
    other: KeySchema | None = None
    items: KeySchema | None = None
    required: tuple[str, ...] = ()
    choices: tuple[str | int | float | bool | None, ...] = ()
    alternatives: tuple[KeySchema, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    deprecated: bool = False

    @property
    def is_open(self) -> bool:
        """Whether an object may have keys that `keys` does not name."""
        return self.keys is None or self.other is not None

    def of_type(self, json_type: str) -> KeySchema | None:
        """The schema itself, or of its alternatives the first, that allows a JSON type."""
        for choice in self.alternatives or (self,):
            if not choice.types or json_type in choice.types:
                return choice
        return None

    def at(self, path: Sequence[str | int]) -> KeySchema | None:
        """The schema at a path of keys and indexes, through the first alternative that has it; or None."""
        schema: KeySchema | None = self
        for step in path:
            if schema is None:
                return None
            found = [choice._step(step) for choice in schema.alternatives or (schema,)]
            schema = next((choice for choice in found if choice is not None), None)
        return schema

    def _step(self, step: str | int) -> KeySchema | None:
        if not self.types and self.keys is None and self.items is None:
            return _ANYTHING
        if isinstance(step, int):
            return self.items
        return (self.keys or {}).get(step, self.other)


_ANYTHING = KeySchema()
_MAX_NESTING = 64


class _Builder:
    """Turns the definitions of a JSON schema into `KeySchema`; what refers to itself becomes "anything"."""

    def __init__(self, definitions: Mapping[str, object]) -> None:
        self.definitions = definitions
        self.built: dict[str, KeySchema] = {}
        self.open: set[str] = set()

    def definition(self, name: str) -> KeySchema:
        if name not in self.built:
            raw = self.definitions.get(name)
            if name in self.open or raw is None:
                return _ANYTHING
            self.open.add(name)
            self.built[name] = self.build(raw)
            self.open.discard(name)
        return self.built[name]

    def build_key(self, key: str, raw: object, depth: int) -> KeySchema:
        """The schema of a property; `Pick<Interface, "key">` is published as the whole interface."""
        reference = raw.get("$ref") if isinstance(raw, dict) else None
        if isinstance(reference, str):
            interface = self.definitions.get(reference.rpartition("/")[2])
            if "/interface-" in reference and isinstance(interface, dict):
                picked = interface.get("properties")
                if isinstance(picked, dict) and key in picked:
                    return self.build(picked[key], depth)
        return self.build(raw, depth)

    def build(self, raw: object, depth: int = 0) -> KeySchema:
        if not isinstance(raw, dict) or depth > _MAX_NESTING:
            return _ANYTHING
        if isinstance(reference := raw.get("$ref"), str):
            return self.definition(reference.rpartition("/")[2])
        deprecated = bool(raw.get("deprecated"))
        if isinstance(choices := raw.get("anyOf"), list):
            built = (self.build(choice, depth + 1) for choice in choices)
            flat = tuple(leaf for schema in built for leaf in schema.alternatives or (schema,))
            return KeySchema(alternatives=flat, deprecated=deprecated)
        given = raw.get("type", ())
        types = frozenset([given] if isinstance(given, str) else [t for t in given if isinstance(t, str)])
        properties = raw.get("properties")
        other = raw.get("additionalProperties", True)
        required = raw.get("required")
        enum = raw.get("enum")
        return KeySchema(
            types,
            {str(key): self.build_key(str(key), value, depth + 1) for key, value in properties.items()}
            if isinstance(properties, dict)
            else {}
            if other is False
            else None,
            None if other is False else self.build(other, depth + 1),
            self.build(raw["items"], depth + 1) if "items" in raw else None,
            tuple(key for key in required if isinstance(key, str)) if isinstance(required, list) else (),
            (raw["const"],) if "const" in raw else tuple(enum) if isinstance(enum, list) else (),
            (),
            raw.get("minimum"),
            raw.get("maximum"),
            deprecated,
        )


def schema_from(json_schema: Mapping[str, object]) -> KeySchema | None:
    """The schema of a configuration from wrangler's `config-schema.json`; None when it is something else.

    Takes the file of any version of wrangler, that of a project included: it is only data, patterns are not
    read, and nothing in it makes this raise.
    """
    definitions = json_schema.get("definitions")
    if not isinstance(definitions, dict) or "RawConfig" not in definitions:
        return None
    try:
        schema = _Builder(definitions).definition("RawConfig")
    except (TypeError, RecursionError):
        return None
    return schema if schema.keys else None


@cache
def bundled_schema() -> KeySchema:
    """The schema of the wrangler version that cflint's tables were made from."""
    import json

    text = Path(__file__).with_name("wrangler_schema.json").read_text("utf-8")
    schema = schema_from(json.loads(text))
    assert schema is not None, "wrangler_schema.json has no RawConfig"
    return schema
