"""Edits that make Durable Object classes live, or change what they keep their data in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from cflint.finding import Edit
from cflint.project.config.edits import Edits, append_item, convert, joined, set_key
from cflint.project.config.lifecycle import Backend, Migration
from cflint.project.config.wrangler import Binding, Environment
from cflint.syntax.data import Value


def append_migration(environment: Environment, changes: Mapping[str, Value]) -> Edits:
    """The edits that add a migration with the next free tag, where the environment's migrations stand.

    `changes` are its directives, as in `{"new_sqlite_classes": ["Room"]}`. None when there is no such edit.
    """
    if environment.incomplete:
        return None
    entry: dict[str, Value] = {"tag": environment.lifecycle.next_tag(), **changes}
    home = environment.source_of("migrations")
    there = home.own("migrations")
    if there is None:
        return set_key(environment.config.data, environment.config.top.path("migrations"), [entry])
    return append_item(environment.config.data, home.path("migrations"), entry)


def use_sqlite(environment: Environment, migration: Migration, names: Sequence[str]) -> Edits:
    """The edits that move names from a migration's `new_classes` to its `new_sqlite_classes`.

    None when there is no such edit.
    """
    home = environment.source_of("migrations")
    old, new = migration.node.get("new_classes"), migration.node.get("new_sqlite_classes")
    if environment.incomplete or old is None:
        return None
    moved = [item.text for item in old.items if item.text in names]
    left: list[Value] = [item.plain for item in old.items if item.text not in names]
    into: list[Value] = [item.plain for item in new.items] if new is not None else []
    into += [name for name in moved if name not in into]
    return convert(
        environment.config.data,
        home.path("migrations", migration.index),
        "new_classes",
        left,
        "new_sqlite_classes",
        into,
    )


def add_durable_object_class(environment: Environment, class_name: str, *, sqlite: bool = True) -> Edits:
    """The edits that make a Durable Object class live: a migration, or an entry of `exports` if that is used.

    () when the class is live already; None when there is no such edit: the configuration could not be read,
    or `exports` says something else about the name.
    """
    lifecycle = environment.lifecycle
    if environment.incomplete:
        return None
    if class_name in lifecycle.classes:
        return ()
    if not _has_exports(environment):
        key = "new_sqlite_classes" if sqlite else "new_classes"
        return append_migration(environment, {key: [class_name]})
    home = environment.source_of("exports")
    there = home.own("exports")
    if there is None and not environment.config.is_typescript:
        return None
    if there is not None and there.member(class_name) is not None:
        return None
    backend = Backend.SQLITE if sqlite else Backend.KEY_VALUE
    value: Value = {"type": "durable-object", "storage": backend.value}
    return set_key(environment.config.data, home.path("exports", class_name), value)


def classes_without_migration(environments: Iterable[Environment]) -> Mapping[str, tuple[Binding, ...]]:
    """The classes of this Worker that are bound as Durable Objects but not live, with their bindings.

    Empty for environments that could not be read whole, and for Pages, which has no classes of its own.
    """
    found: dict[str, list[Binding]] = {}
    for environment in environments:
        lifecycle = environment.lifecycle
        if environment.is_open("exports") or not lifecycle.complete or environment.config.is_pages:
            continue
        for name, binding in environment.durable_object_classes.items():
            if name not in lifecycle.classes:
                found.setdefault(name, []).append(binding)
    return {name: tuple(bindings) for name, bindings in found.items()}


def create_classes(missing: Mapping[str, Sequence[Binding]]) -> Edits:
    """The edits that make all classes live that `classes_without_migration` found, by one migration for all.

    None when there is no such edit. Classes that are gone, and not new, stay as they are.
    """
    homes: dict[int, tuple[Environment, dict[str, None]]] = {}
    for name, bindings in missing.items():
        for binding in bindings:
            environment = binding.environment
            if name in environment.lifecycle.gone:
                continue
            key = "exports" if _has_exports(environment) else "migrations"
            _, names = homes.setdefault(id(environment.source_of(key)), (environment, {}))
            names[name] = None
    edits: list[Edit] = []
    for environment, names in homes.values():
        made = _create(environment, tuple(names))
        if made is None:
            return None
        edits += made
    return joined(edits) or None


def _has_exports(environment: Environment) -> bool:
    """Whether classes are made live by `exports`: those of a `cloudflare.config.ts` always are."""
    return environment.lifecycle.uses_exports or environment.config.is_typescript


def _create(environment: Environment, names: Sequence[str]) -> Edits:
    if not _has_exports(environment):
        return append_migration(environment, {"new_sqlite_classes": [*names]})
    home = environment.source_of("exports")
    there = home.own("exports")
    value: Value = there.plain if there is not None else {} if environment.config.is_typescript else None
    if not isinstance(value, dict) or any(name in value for name in names):
        return None
    new: Value = {"type": "durable-object", "storage": Backend.SQLITE.value}
    return set_key(environment.config.data, home.path("exports"), {**value, **dict.fromkeys(names, new)})
