"""Keys in the wrong place of a configuration, and other names for keys."""

from __future__ import annotations

import re
from collections.abc import Sequence

from cflint.api import WranglerConfig, config

Path = tuple[str | int, ...]

_FLAGS = frozenset(
    {"find_additional_modules", "keep_names", "keep_vars", "logpush", "minify", "no_bundle", "preview_urls"}
    | {"send_metrics", "upload_source_maps", "workers_dev"}
)
_LISTS = frozenset(
    {"analytics_engine_datasets", "compatibility_flags", "d1_databases", "hyperdrive", "kv_namespaces"}
    | {"migrations", "r2_buckets", "routes", "services", "tail_consumers", "vectorize", "workflows"}
)
_TEXTS = {
    "account_id": re.compile(r"[0-9a-f]{32}"),
    "compatibility_date": re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII),
    "main": re.compile(r"[^\n]{1,200}\.(?:[cm]?[jt]sx?|py)"),
    "name": re.compile(r"[a-z0-9_-]{1,63}"),
    "route": re.compile(r"[^\s.]{1,100}\.[^\n]{1,200}"),
}


def general(path: Sequence[str | int]) -> str:
    """A path without its environment, with `*` for indexes: `kv_namespaces.*.id`."""
    steps = list(path)
    if len(steps) > 2 and steps[0] == "env":
        steps = steps[2:]
    return ".".join("*" if isinstance(step, int) else step for step in steps)


def misplaced_keys(configured: WranglerConfig, schema: config.KeySchema) -> dict[Path, config.ConfigNode]:
    """Keys of the top level that a table of a TOML document has swallowed, with the table's node."""
    found: dict[Path, config.ConfigNode] = {}
    if configured.data.format is not config.Format.TOML:
        return found
    top = config.top_level_keys()
    stack: list[tuple[Path, config.ConfigNode]] = [((), configured.root)]
    while stack:
        path, node = stack.pop()
        stack += [((*path, index), item) for index, item in enumerate(node.items)]
        if node.kind is not config.NodeKind.OBJECT:
            continue
        has_header = bool(path) and configured.document.data[node.span.start : node.span.start + 1] == b"["
        inside = _schema_of_object(schema, path)
        for member in node.members:
            here = (*path, member.key)
            if has_header and member.key in top and configured.root.get(member.key) is None:
                if path[-1] == "vars" and len(path) in (1, 3):
                    if _is_no_variable(configured, path, member.key, member.value):
                        found[here] = node
                        continue
                elif (
                    inside is not None
                    and not inside.is_open
                    and schema.at(here) is None
                    and config.json_type(member.value) in config.json_types(member.key)
                    and not _is_other_name(path, member.key)
                ):
                    found[here] = node
                    continue
            stack.append((here, member.value))
    return found


def _schema_of_object(schema: config.KeySchema, path: Path) -> config.KeySchema | None:
    found = schema.at(path)
    return found.of_type("object") if found is not None else None


def _is_no_variable(configured: WranglerConfig, path: Path, key: str, value: config.ConfigNode) -> bool:
    """Whether a key of `vars` can only be meant for the Worker: by its name, its type and its value."""
    own = configured.root.at(*path[:-1])
    if own is not None and own.get(key) is not None:
        return False
    if key in _TEXTS:
        return value.text is not None and _TEXTS[key].fullmatch(value.text) is not None
    if key in _FLAGS:
        return value.kind is config.NodeKind.BOOLEAN
    if key not in _LISTS or not value.items:
        return False
    if key in ("compatibility_flags", "routes"):
        return all(item.text or item.get("pattern") for item in value.items)
    return all(
        item.get("binding") or item.get("tag") or item.get("service") or item.get("name")
        for item in value.items
    )


def _is_other_name(path: Path, key: str) -> bool:
    """Whether a key is written for another one of the same table: `name` for `binding`."""
    return key in OTHER_NAMES.get(general(path), {})


_BINDING: dict[str, tuple[str, ...]] = {"name": ("binding",)}
OTHER_NAMES: dict[str, dict[str, tuple[str, ...]]] = {
    "": {
        "analytics_engine": ("analytics_engine_datasets",),
        "compat_date": ("compatibility_date",),
        "compat_flags": ("compatibility_flags",),
        "compatibility_flag": ("compatibility_flags",),
        "container": ("containers",),
        "d1": ("d1_databases",),
        "d1_database": ("d1_databases",),
        "databases": ("d1_databases",),
        "durable_object": ("durable_objects",),
        "entry": ("main",),
        "entry_point": ("main",),
        "entrypoint": ("main",),
        "env_vars": ("vars",),
        "environment_variables": ("vars",),
        "environments": ("env",),
        "kv": ("kv_namespaces",),
        "kv_namespace": ("kv_namespaces",),
        "migration": ("migrations",),
        "queue": ("queues",),
        "r2": ("r2_buckets",),
        "r2_bucket": ("r2_buckets",),
        "rate_limits": ("ratelimits",),
        "ratelimit": ("ratelimits",),
        "secrets_store": ("secrets_store_secrets",),
        "service": ("services",),
        "service_bindings": ("services",),
        "trigger": ("triggers",),
        "var": ("vars",),
        "variables": ("vars",),
        "vectorize_indexes": ("vectorize",),
        "workflow": ("workflows",),
    },
    "ai": _BINDING,
    "analytics_engine_datasets.*": {**_BINDING, "dataset_name": ("dataset",)},
    "assets": {
        "bucket": ("directory",),
        "dir": ("directory",),
        "folder": ("directory",),
        "not_found": ("not_found_handling",),
        "path": ("directory",),
    },
    "browser": _BINDING,
    "d1_databases.*": {
        "database": ("database_name",),
        "id": ("database_id",),
        "name": ("binding", "database_name"),
        "preview_id": ("preview_database_id",),
    },
    "durable_objects.bindings.*": {
        "binding": ("name",),
        "class": ("class_name",),
        "script": ("script_name",),
    },
    "hyperdrive.*": {**_BINDING, "hyperdrive_id": ("id",)},
    "images": _BINDING,
    "kv_namespaces.*": {**_BINDING, "namespace_id": ("id",), "preview_namespace_id": ("preview_id",)},
    "migrations.*": {"name": ("tag",), "new_class": ("new_classes",), "version": ("tag",)},
    "observability": {
        "enable": ("enabled",),
        "sample_rate": ("head_sampling_rate",),
        "sampling_rate": ("head_sampling_rate",),
    },
    "queues.consumers.*": {
        "batch_size": ("max_batch_size",),
        "batch_timeout": ("max_batch_timeout",),
        "dlq": ("dead_letter_queue",),
        "name": ("queue",),
        "queue_name": ("queue",),
        "retries": ("max_retries",),
    },
    "queues.producers.*": {"name": ("binding", "queue"), "queue_name": ("queue",)},
    "r2_buckets.*": {"bucket": ("bucket_name",), "name": ("binding", "bucket_name")},
    "ratelimits.*": {"binding": ("name",), "id": ("namespace_id",)},
    "send_email.*": {"binding": ("name",)},
    "services.*": {**_BINDING, "script": ("service",), "script_name": ("service",), "worker": ("service",)},
    "triggers": {"cron": ("crons",), "schedule": ("crons",), "schedules": ("crons",)},
    "vectorize.*": {**_BINDING, "index": ("index_name",)},
    "version_metadata": _BINDING,
    "workflows.*": {"class": ("class_name",)},
}
"""Below each general path, names that people write for a key, and the keys that they may mean."""


def key_meant(schema: config.KeySchema, around: config.ConfigNode, path: Path, key: str) -> str | None:
    """The key of an object that an unknown one is most likely written for; None when there are none or two.

    `path` leads to the object `around`. Keys that it has already are not meant.
    """
    inside = _schema_of_object(schema, path)
    known = [name for name in (inside.keys or {}) if around.get(name) is None] if inside is not None else []
    for name in OTHER_NAMES.get(general(path) if path[:1] != ("env",) or len(path) > 2 else "", {}).get(
        key, ()
    ):
        if name in known:
            return name
    folded = _folded(key)
    same = [name for name in known if _folded(name) == folded]
    if len(same) == 1:
        return same[0]
    allowed = 2 if len(key) > 5 else 1 if len(key) > 3 else 0
    for limit in range(1, allowed + 1):
        near = [name for name in known if _is_within(key.lower(), name, limit)]
        if near:
            return near[0] if len(near) == 1 else None
    return None


def _folded(key: str) -> str:
    return key.replace("_", "").replace("-", "").lower()


def _is_within(left: str, right: str, limit: int) -> bool:
    """Whether two names differ by at most `limit` letters: changed, added, left out, or swapped."""
    if abs(len(left) - len(right)) > limit or len(left) > 60:
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


def near_name(name: str, known: Sequence[str]) -> str | None:
    """The one name of those known that differs by at most two letters."""
    for limit in (1, 2):
        near = [other for other in known if _is_within(name.lower(), other, limit)]
        if near:
            return near[0] if len(near) == 1 else None
    return None
