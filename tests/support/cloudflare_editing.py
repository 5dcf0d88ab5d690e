"""Edits of configurations in TypeScript for the tests: by hand, and at random."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Callable, Mapping
from typing import Any

from cflint.finding import Edit
from cflint.project.config.cloudflare.editing import operations
from cflint.project.config.cloudflare.editing.mending import mended
from cflint.project.config.cloudflare.machine import Fault
from cflint.project.config.cloudflare.modules import Files
from cflint.project.config.cloudflare.reader import CloudflareConfig, ConfigTree, read_cloudflare_config
from cflint.source import Document
from cflint.syntax.editing.text import TextEdit, apply

Operation = tuple[str, tuple[str | int, ...], Any]
"""`set`, `append`, `remove` or `rename`, where, and with what."""

_CALLS: Mapping[str, Callable[..., tuple[Edit, ...] | None]] = {
    "set": operations.set_value,
    "append": operations.append_item,
    "rename": operations.rename_key,
    "remove": lambda data, path, _value: operations.remove(data, path),
}


def edits_of(
    files: Mapping[str, str], operation: Operation, path: str = "cloudflare.config.ts"
) -> tuple[Edit, ...] | None:
    """The edits that an operation comes to."""
    documents = {name: Document(name, text.encode()) for name, text in files.items()}
    return edits_in(read_cloudflare_config(documents[path], Files(documents.get)), operation)


def edits_in(config: CloudflareConfig, operation: Operation) -> tuple[Edit, ...] | None:
    """The edits that an operation comes to, of a configuration that was read."""
    what, at, value = operation
    return _CALLS[what](config.trees[0].data, at, value)


def edited(files: Mapping[str, str], operation: Operation) -> dict[str, str] | None:
    """The files after an operation; None when it is not offered."""
    edits = edits_of(files, operation)
    if edits is None:
        return None
    return applied(files, edits)


def edited_text(text: str, what: str, path: tuple[str | int, ...], value: Any = None) -> str | None:
    """The text of a configuration without imports of files after an operation."""
    found = edited({"cloudflare.config.ts": text}, (what, path, value))
    return None if found is None else found["cloudflare.config.ts"]


def changed_lines(text: str, what: str, path: tuple[str | int, ...], value: Any = None) -> list[str] | None:
    """The lines that an operation takes out ("-") and puts in ("+"), without their indentation."""
    new = edited_text(text, what, path, value)
    if new is None:
        return None
    old_lines, new_lines = text.splitlines(), new.splitlines()
    gone = [f"-{line.strip()}" for line in old_lines if line not in new_lines]
    return gone + [f"+{line.strip()}" for line in new_lines if line not in old_lines]


_ADDED: tuple[tuple[tuple[str, ...], Any], ...] = (
    (("kv_namespaces",), {"binding": "NEW_KV"}),
    (("kv_namespaces",), {"binding": "NEW_KV", "id": "0123", "remote": True}),
    (("r2_buckets",), {"binding": "NEW_R2", "bucket_name": "it's"}),
    (("d1_databases",), {"binding": "NEW_D1", "database_name": "n", "database_id": "i"}),
    (("queues", "producers"), {"binding": "NEW_Q", "queue": "q", "delivery_delay": 3}),
    (("queues", "consumers"), {"queue": "q", "dead_letter_queue": "d", "max_batch_size": 5}),
    (("services",), {"binding": "NEW_S", "service": "other", "entrypoint": "Api"}),
    (("durable_objects", "bindings"), {"name": "NEW_DO", "class_name": "Room", "script_name": "x"}),
    (("triggers", "crons"), "*/5 * * * *"),
    (("routes",), "example.com/*"),
    (("routes",), {"pattern": "example.org/*", "zone_name": "example.org"}),
    (("routes",), {"pattern": "shop.example.net", "custom_domain": True}),
    (("secrets", "required"), "NEW_SECRET"),
    (("compatibility_flags",), "a_new_flag"),
    (("tail_consumers",), {"service": "tail"}),
)
_SET: tuple[tuple[tuple[str, ...], Any], ...] = (
    (("vars", "NEW_TEXT"), 'a "text" with \\ and \n'),
    (("vars", "NEW_JSON"), {"a": [1, {"b c": None}], "d": True}),
    (("exports", "NewRoom"), {"type": "durable-object", "storage": "sqlite"}),
    (("exports", "NewFlow"), {"type": "workflow", "name": "flow", "limits": {"steps": 4}}),
    (("name",), "new-name"),
    (("compatibility_date",), "2027-01-02"),
    (("observability", "enabled"), True),
    (("observability", "logs", "head_sampling_rate"), 0.5),
    (("limits", "cpu_ms"), 77),
    (("workers_dev",), False),
    (("account_id",), "account"),
    (("assets", "not_found_handling"), "404-page"),
)


def operation_for(source: random.Random, config: Any) -> Operation:
    """A random operation on what wrangler makes of a configuration."""
    kind = source.random()
    if kind < 0.35:
        path, value = source.choice(_ADDED)
        return ("append", path, copy.deepcopy(value))
    if kind < 0.6:
        path, value = source.choice(_SET)
        return ("set", path, copy.deepcopy(value))
    paths = [path for path, _ in _leaves(config)]
    leaf = source.choice(paths)
    if kind < 0.75 and leaf:
        old = _at(config, leaf)
        new = old + 1 if isinstance(old, int) and not isinstance(old, bool) else "changed"
        return ("set", leaf, (not old) if isinstance(old, bool) else new)
    if kind < 0.95:
        return ("remove", leaf[: source.randint(1, len(leaf))], None)
    return ("rename", leaf[: source.randint(1, len(leaf))], "renamed")


def _leaves(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[tuple[str | int, ...], Any]]:
    below = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    found = [leaf for key, one in below for leaf in _leaves(one, (*path, key))]
    return found or [(path, value)]


def _at(value: Any, path: tuple[str | int, ...]) -> Any:
    for step in path:
        value = value[step]
    return value


def after(config: Any, operation: Operation) -> Any:
    """What a plain configuration is after an operation."""
    what, path, value = operation
    found = copy.deepcopy(config)
    if what == "append":
        _holder(found, path, list).append(value)
        return found
    holder = _holder(found, path[:-1], dict)
    if what == "set":
        holder[path[-1]] = value
    elif what == "remove":
        del holder[path[-1]]
    else:
        holder[value] = holder.pop(path[-1])
    return found


def _holder(value: Any, path: tuple[str | int, ...], kind: type) -> Any:
    for index, step in enumerate(path):
        if isinstance(value, dict) and step not in value:
            value[step] = kind() if index == len(path) - 1 else {}
        value = value[step]
    return value


def plain(value: Any) -> str:
    """A configuration of wrangler's for comparison: the order of its lists of bindings and triggers, and what
    is empty of them, says nothing."""
    return json.dumps(_sorted(value), sort_keys=True)


def _sorted(value: Any, depth: int = 0) -> Any:
    if isinstance(value, dict):
        found = {key: _sorted(one, depth + 1) for key, one in value.items()}
        return {key: one for key, one in found.items() if depth > 1 or one not in ({}, [])}
    if isinstance(value, list) and depth <= 2:
        return sorted(
            (_sorted(one, depth + 1) for one in value), key=lambda one: json.dumps(one, sort_keys=True)
        )
    return value


def plain_tree(tree: ConfigTree) -> str:
    """The same of cflint's tree."""
    return plain(tree.root.plain)


def mended_files(files: Mapping[str, str], fault: Fault | None = None) -> tuple[str, dict[str, str]] | None:
    """What mends the first fault (of a kind), and the files without it."""
    documents = {name: Document(name, text.encode()) for name, text in files.items()}
    config = read_cloudflare_config(documents["cloudflare.config.ts"], Files(documents.get))
    first = next(one for one in config.faults if fault is None or one.fault is fault)
    found = mended(config.trees[0].data, first)
    if found is None:
        return None
    return found[0], applied(files, found[1])


def applied(files: Mapping[str, str], edits: tuple[Edit, ...]) -> dict[str, str]:
    """The files with edits made."""
    found = dict(files)
    for name in {edit.document.path for edit in edits}:
        own = [TextEdit(edit.span, edit.text) for edit in edits if edit.document.path == name]
        found[name] = apply(files[name].encode(), own).decode()
    return found
