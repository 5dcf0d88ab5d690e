"""Names of bindings that no configuration has: which one may be meant, and edits that declare them."""

# Imported where used: difflib, for names that are nearly declared.

from __future__ import annotations

from collections.abc import Iterable

from cflint.finding import Edit
from cflint.platform.bindings import BindingKind
from cflint.project.config.edits import Edits, append_item, set_key
from cflint.project.config.wrangler import Binding, Environment, WranglerConfig

_ALIKE = 0.75
_MEMBERS = {"connectionString": "hyperdrive"}
"""What is read of a binding, where others have methods, and the kind that has it."""
_PROVISIONED = frozenset({"kv", "r2", "d1"})
_SINGLE = frozenset({"ai", "browser", "images"})


def similar_binding(environments: Iterable[Environment], name: str, member: str) -> Binding | None:
    """The binding that is spelled most like a name, and has, or may have, a method or property."""
    from difflib import SequenceMatcher

    best: tuple[float, Binding] | None = None
    for environment in environments:
        for found in environment.bindings:
            if found.kind.is_value or not _may_have(found.kind, member):
                continue
            ratio = SequenceMatcher(None, name.upper(), found.name.upper()).ratio()
            if ratio > _ALIKE and (best is None or ratio > best[0]):
                best = ratio, found
    return best[1] if best is not None else None


def _may_have(kind: BindingKind, member: str) -> bool:
    if not kind.methods_known:
        return True
    return _MEMBERS[member] == kind.id if member in _MEMBERS else member in kind.methods


def is_misspelling(name: str, other: str) -> bool:
    """Whether two names are one letter (another, missing or superfluous), or only their case, apart."""
    if name.upper() == other.upper():
        return True
    if abs(len(name) - len(other)) > 1:
        return False
    shared = 0
    while shared < min(len(name), len(other)) and name[shared] == other[shared]:
        shared += 1
    return name[shared + 1 :] in (other[shared:], other[shared + 1 :]) or name[shared:] == other[shared + 1 :]


def declare_binding(
    configuration: WranglerConfig, kind: BindingKind, name: str, *, class_name: str | None = None
) -> Edits:
    """The edits that add a binding to the top level, and to each named environment, which inherits none, for
    kinds that need no id: those that wrangler can provision, queues, and Durable Objects, of which the class
    has to be known. None for others."""
    if configuration.root.broken:
        return None
    edits: list[Edit] = []
    for environment in configuration.environments[: 1 if configuration.is_typescript else None]:
        if environment.binding(name) is not None:
            continue
        added = _declared_in(environment, kind, name, class_name)
        if added is None:
            return None
        edits.extend(added)
    return tuple(edits) or None


def _declared_in(environment: Environment, kind: BindingKind, name: str, class_name: str | None) -> Edits:
    data, path = environment.config.data, environment.path(*kind.path)
    if kind.id in _PROVISIONED:
        return append_item(data, path, {"binding": name})
    if kind.id in _SINGLE and environment.own(kind.path[0]) is None:
        return set_key(data, path, {"binding": name})
    if kind.id == "queue":
        queue = name.lower().replace("_", "-")
        return append_item(data, path, {"binding": name, "queue": queue})
    if kind.id == "durable_object" and class_name is not None:
        return append_item(data, path, {"name": name, "class_name": class_name})
    return None
