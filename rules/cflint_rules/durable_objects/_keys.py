"""The keys under which a Durable Object stores something, by the code of its class."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import ClassDefinition, ClassKind, Module, ValueKind, js, record

if TYPE_CHECKING:
    from tree_sitter import Node

KINDS = frozenset({ClassKind.DURABLE_OBJECT, ClassKind.CONTAINER})
_STORES = frozenset({ValueKind.STORAGE, ValueKind.SYNC_KV})
_CALLED = {"get": "read", "list": "read", "put": "written", "delete": "deleted"}
WRITES = frozenset({"put", "delete", "deleteAll", "setAlarm", "getAlarm", "deleteAlarm", "sync"})

_EXPRESSIONS = frozenset({"member_expression", "identifier", "shorthand_property_identifier"})
_HOLDERS = frozenset({"pair", "variable_declarator", "return_statement", "array", "spread_element"})


@record(frozen=True, eq=False)
class StorageKeys:
    """The keys that a class reads, writes and deletes, with the calls, in source order; `open` has those of
    `read`, `written` and `deleted` that also happens to keys that are not known."""

    read: dict[str, list[js.Call]]
    written: dict[str, list[js.Call]]
    deleted: dict[str, list[js.Call]]
    open: frozenset[str]


def storage_keys(owner: ClassDefinition) -> StorageKeys:
    module = owner.module
    return module.memoized(("keys in storage", owner.body.id), lambda: _storage_keys(module, owner))


def _storage_keys(module: Module, owner: ClassDefinition) -> StorageKeys:
    found: dict[str, dict[str, list[js.Call]]] = {"read": {}, "written": {}, "deleted": {}}
    unknown: set[str] = set()
    for name, what in _CALLED.items():
        for made in module.calls(name, owner.body):
            if module.value_of(made.receiver).kind not in _STORES:
                continue
            keys = _keys_of(module, made) if name != "list" else None
            if keys is None:
                unknown.add(what)
            for key in keys or ():
                found[what].setdefault(key, []).append(made)
    return StorageKeys(found["read"], found["written"], found["deleted"], frozenset(unknown))


def _keys_of(module: Module, made: js.Call) -> list[str] | None:
    """The keys that a call is given; None where they are not known."""
    given = made.argument(0)
    if given is None:
        return None
    key = module.string_of(given)
    if key is not None:
        return [key]
    several = module.initializer(given)
    if several.type == "array":
        listed = [module.string_of(one) for one in several.named_children]
        return [one for one in listed if one is not None] if None not in listed else None
    return _entries(module, several) if several.type == "object" and made.name == "put" else None


def _entries(module: Module, values: Node) -> list[str] | None:
    """The names of an object literal; None where one is not known."""
    found: list[str] = []
    for entry in values.named_children:
        name = entry.child_by_field_name("key") if entry.type == "pair" else entry
        if name is None or name.type not in (
            "property_identifier",
            "shorthand_property_identifier",
            "string",
        ):
            return None
        text = module.string(name) if name.type == "string" else module.text(name)
        if text is None:
            return None
        found.append(text)
    return found


def is_handed_on(owner: ClassDefinition) -> bool:
    """Whether other code gets the object's storage, or its context."""
    module = owner.module
    given = module.parameters(owner.constructor)[:1] if owner.constructor is not None else ()
    for word in dict.fromkeys(("storage", "ctx", "state", *(one.name for one in given if one.name))):
        for leaf in module.leaves(word, owner.body):
            whole = module.parent(leaf) if leaf.type == "property_identifier" else leaf
            if whole is None or whole.type not in _EXPRESSIONS:
                continue
            kind = module.value_of(whole).kind
            if kind not in _STORES and kind is not ValueKind.DURABLE_OBJECT_STATE:
                continue
            taken = module.call_around(whole)
            if taken is not None and (taken[0].callee is None or taken[0].callee.type != "super"):
                return True
            parent = module.parent(module.with_wrappers(whole))
            if whole.type == "shorthand_property_identifier" or (
                parent is not None and parent.type in _HOLDERS
            ):
                return True
    return False


def texts_of(owner: ClassDefinition, key: str) -> Iterator[Node]:
    module = owner.module
    if key.isidentifier():
        yield from (leaf for leaf in module.leaves(key, module.root) if leaf.type == "string_fragment")


def is_elsewhere(owner: ClassDefinition, key: str, leaf: Node, among: frozenset[str] = WRITES) -> bool:
    """Whether a text is not the key of a call of some methods: a list of keys that are read, say."""
    module = owner.module
    text = module.parent(leaf)
    taken = module.call_around(text) if text is not None else None
    return module.text(leaf) == key and (taken is None or taken[0].name not in among)
