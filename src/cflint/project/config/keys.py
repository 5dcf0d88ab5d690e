"""Keys of a configuration that are written wrong: in the wrong place, or by another name."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from cflint.pattern import pattern
from cflint.platform.wrangler_keys import KeySchema, json_types, top_level_keys
from cflint.platform.wrangler_other_names import OTHER_NAMES
from cflint.project.config.schema import Path, json_type
from cflint.project.config.wrangler import WranglerConfig
from cflint.syntax.data import Format, Kind, Node

_FLAGS = frozenset(
    {"find_additional_modules", "keep_names", "keep_vars", "logpush", "minify", "no_bundle", "preview_urls"}
    | {"send_metrics", "upload_source_maps", "workers_dev"}
)
_LISTS = frozenset(
    {"analytics_engine_datasets", "compatibility_flags", "d1_databases", "hyperdrive", "kv_namespaces"}
    | {"migrations", "r2_buckets", "routes", "services", "tail_consumers", "vectorize", "workflows"}
)
_TEXTS = {
    "account_id": pattern(r"[0-9a-f]{32}"),
    "compatibility_date": pattern(r"\d{4}-\d{2}-\d{2}", re.ASCII),
    "main": pattern(r"[^\n]{1,200}\.(?:[cm]?[jt]sx?|py)"),
    "name": pattern(r"[a-z0-9_-]{1,63}"),
    "route": pattern(r"[^\s.]{1,100}\.[^\n]{1,200}"),
}
_LONGEST_NAME = 60
_TABLES = ("assets", "build", "dev", "durable_objects", "limits", "observability", "placement", "queues")
"""Tables of the top level that have keys of their own."""


def general_path(path: Path) -> str:
    """A path without its environment, with `*` for indexes: `kv_namespaces.*.id`."""
    steps = path[2:] if len(path) > 2 and path[0] == "env" else path
    return ".".join("*" if isinstance(step, int) else step for step in steps)


# -- in the wrong place ------------------------------------------------------------------------------------


def misplaced_keys(config: WranglerConfig, schema: KeySchema) -> dict[Path, Node]:
    """Keys of the top level that a table of a TOML document has swallowed, with the table's node."""
    found: dict[Path, Node] = {}
    if config.data.format is not Format.TOML:
        return found
    top = top_level_keys()
    stack: list[tuple[Path, Node]] = [((), config.root)]
    while stack:
        path, node = stack.pop()
        stack += [((*path, index), item) for index, item in enumerate(node.items)]
        has_header = bool(path) and _has_header(config, node)
        for member in node.members:
            here = (*path, member.key)
            may_be = has_header and member.key in top and config.root.get(member.key) is None
            if may_be and _is_misplaced(config, schema, here, member.value):
                found[here] = node
            else:
                stack.append((here, member.value))
    return found


def is_misplaced(config: WranglerConfig, schema: KeySchema, key: str) -> bool:
    """Whether a table has swallowed a key of the top level; see `misplaced_keys`."""
    return any(path[-1] == key for path in misplaced_keys(config, schema))


def _has_header(config: WranglerConfig, table: Node) -> bool:
    """Whether a table begins with a `[header]` of its own, after which every key belongs to it."""
    return config.document.data[table.span.start : table.span.start + 1] == b"["


def _is_misplaced(config: WranglerConfig, schema: KeySchema, path: Path, value: Node) -> bool:
    table, key = path[:-1], str(path[-1])
    if table[-1] == "vars" and len(table) in (1, 3):
        return _is_no_variable(config, table, key, value)
    inside = _object_at(schema, table)
    return (
        inside is not None
        and not inside.is_open
        and schema.at(path) is None
        and json_type(value) in json_types(key)
        and key not in OTHER_NAMES.get(general_path(table), {})
    )


def _is_no_variable(config: WranglerConfig, path: Path, key: str, value: Node) -> bool:
    """Whether a key of `vars` can only be meant for the Worker: by its name, its type and its value."""
    own = config.root.at(*path[:-1])
    if own is not None and own.get(key) is not None:
        return False
    if key in _TEXTS:
        return value.text is not None and _TEXTS[key].fullmatch(value.text) is not None
    if key in _FLAGS:
        return value.kind is Kind.BOOLEAN
    if key not in _LISTS or not value.items:
        return False
    if key in ("compatibility_flags", "routes"):
        return all(item.text or item.get("pattern") for item in value.items)
    names = ("binding", "tag", "service", "name")
    return all(any(item.get(name) is not None for name in names) for item in value.items)


def _object_at(schema: KeySchema, path: Path) -> KeySchema | None:
    found = schema.at(path)
    return found.of_type("object") if found is not None else None


# -- by another name ---------------------------------------------------------------------------------------


def key_meant(schema: KeySchema, around: Node, path: Path, key: str) -> str | None:
    """The key of an object that an unknown one is most likely written for; None when there are none or two.

    `path` leads to the object `around`. Keys that it has already are not meant.
    """
    inside = _object_at(schema, path)
    known = [name for name in (inside.keys or {}) if around.get(name) is None] if inside is not None else []
    is_environment = path[:1] == ("env",) and len(path) <= 2
    for name in OTHER_NAMES.get("" if is_environment else general_path(path), {}).get(key, ()):
        if name in known:
            return name
    folded = _folded(key)
    same = [name for name in known if _folded(name) == folded]
    if len(same) == 1:
        return same[0]
    return nearest_name(key, known, 2 if len(key) > 5 else 1 if len(key) > 3 else 0)


def home_of_key(config: WranglerConfig, schema: KeySchema, path: Path) -> str | None:
    """The place of the one table that has a key of this name and of its value's type, for a key that stands
    elsewhere (`build.watch_dir`); None where there is none, or two, and where something stands there."""
    key, value = str(path[-1]), config.root.at(*path)
    if value is None or any(isinstance(step, int) for step in path):
        return None
    homes = [home for home in _TABLES if _takes(schema.at((home, key)), value)]
    above = path[:2] if path[0] == "env" and len(path) > 2 else ()
    is_free = len(homes) == 1 and config.root.at(*above, homes[0], key) is None
    return f"{homes[0]}.{key}" if is_free else None


def _takes(inside: KeySchema | None, value: Node) -> bool:
    given = json_type(value)
    return inside is not None and given is not None and inside.of_type(given) is not None


def nearest_name(name: str, known: Collection[str], limit: int = 2) -> str | None:
    """The one name of those known that differs by the fewest letters, at most `limit`; None when two do."""
    for allowed in range(1, limit + 1):
        near = list(_within(name.lower(), known, allowed))
        if near:
            return near[0] if len(near) == 1 else None
    return None


def _folded(key: str) -> str:
    return key.replace("_", "").replace("-", "").lower()


def _within(name: str, known: Iterable[str], limit: int) -> Iterable[str]:
    return (other for other in known if _is_within(name, other, limit))


def _is_within(left: str, right: str, limit: int) -> bool:
    """Whether two names differ by at most `limit` letters: changed, added, left out, or swapped."""
    if abs(len(left) - len(right)) > limit or len(left) > _LONGEST_NAME:
        return False
    before: list[int] = []
    row = list(range(len(right) + 1))
    for i, a in enumerate(left, 1):
        older, before = before, row
        row = [i]
        for j, b in enumerate(right, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a != b))
            if i > 1 and j > 1 and a == right[j - 2] and left[i - 2] == b:
                cost = min(cost, older[j - 2] + 1)
            row.append(cost)
        if min(row) > limit:
            return False
    return row[-1] <= limit
