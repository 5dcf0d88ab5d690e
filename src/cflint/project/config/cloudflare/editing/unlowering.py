"""Changes under wrangler's keys, made in the configuration's own words: the way back from `lowering`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache

from cflint.platform.cloudflare_config import binding_types
from cflint.project.config.cloudflare.editing.session import Refused, Session
from cflint.project.config.cloudflare.names import (
    ASSETS,
    BINDINGS,
    CONSUMER,
    DURABLE_OBJECT,
    SETTINGS,
    TAIL,
    TCP,
    UDP,
    UNSAFE,
    WORKER,
    WORKFLOW,
    BindingRow,
    Each,
    Name,
    Names,
)
from cflint.project.config.cloudflare.nodes import Path
from cflint.project.config.cloudflare.values import Scalar
from cflint.syntax.data import Format, Kind, Node, Value
from cflint.syntax.editing.values import Tree, tree_at, tree_of

ENV: Path = ("worker", "env")
TRIGGERS: Path = ("worker", "triggers")

_GROUPS = frozenset({"durable_objects", "logfwdr", "queues", "secrets", "triggers", "vars"})
"""Objects that the configuration does not have itself: what is in them stands elsewhere."""

_CRONS: Path = ("triggers", "crons")
_ROUTES: Path = ("routes",)
_CONSUMERS: Path = ("queues", "consumers")
_CONNECT: Path = ("connect",)
_ADDRESSES: Path = ("addresses",)
_SECRETS: Path = ("secrets", "required")
_TRIGGERS = frozenset({_CRONS, _ROUTES, _CONSUMERS, _CONNECT, _ADDRESSES})
_TAILS: Mapping[Path, Path] = {
    ("tail_consumers",): ("worker", "tailConsumers"),
    ("streaming_tail_consumers",): ("worker", "experimental", "streamingTailConsumers"),
}
_DEVELOPMENT = {"remote": "remote", "localConnectionString": "connectionString"}


@cache
def _kinds() -> Mapping[Path, tuple[str, BindingRow]]:
    """The types of bindings, by where wrangler has them: those that there are today."""
    return {row.path: (type, row) for type, row in BINDINGS.items() if type in binding_types()}


class Unlowering:
    """Makes changes under wrangler's keys in a session; all methods raise `Refused`."""

    def __init__(self, session: Session) -> None:
        self.session = session

    @property
    def root(self) -> Node:
        return self.session.tree.root

    def _source(self, node: Node) -> Path:
        """Where a node stands in the configuration's own words."""
        found = self.session.tree.paths.get(node)
        if found is None:
            raise Refused
        return found

    # -- set -------------------------------------------------------------------------------------------

    def set(self, path: Path, value: Value, comment: str | None = None) -> None:
        """Make a value the one at a path."""
        node = self.root.at(*path)
        if node is None:
            self._insert(path, value, comment)
        elif tree_at(node) == tree_of(value, Format.JSON) or (node.kind is Kind.UNKNOWN and value is None):
            return
        elif node.kind is Kind.OBJECT and isinstance(value, dict) and not _is_variable(path):
            for key, below in value.items():
                self.set((*path, key), below)
            for key in dict.fromkeys(member.key for member in node.members):
                if key not in value:
                    self.remove((*path, key))
        elif node.kind is Kind.ARRAY and isinstance(value, list) and not _is_variable(path):
            self._set_items(path, node, value)
        else:
            self._replace(path, node, value)

    def _set_items(self, path: Path, node: Node, value: list[Value]) -> None:
        old: list[Tree] = [tree_at(item) for item in node.items]
        new: list[Tree] = [tree_of(item, Format.JSON) for item in value]
        head = 0
        while head < min(len(old), len(new)) and old[head] == new[head]:
            head += 1
        tail = 0
        while tail < min(len(old), len(new)) - head and old[-1 - tail] == new[-1 - tail]:
            tail += 1
        if len(new) > len(old):
            tail = 0  # elements are added at the end only
        shared = min(len(old), len(new)) - tail
        for index in range(head, shared):
            self.set((*path, index), value[index])
        for index in range(len(old) - tail - 1, shared - 1, -1):
            self.remove((*path, index))
        for index in range(len(old), len(new)):
            self.append(path, value[index])

    def _replace(self, path: Path, node: Node, value: Value) -> None:
        if node.kind in (Kind.OBJECT, Kind.ARRAY) and not _is_variable(path):
            raise Refused
        if self._is_name(path):
            if not isinstance(value, str):
                raise Refused
            self.session.rename(self._source(node), value)
        elif path[0] == "vars" and len(path) == 2:
            self._set_variable(self._source(node), value)
        else:
            name = self._field(path)[1]
            self.session.replace(self._source(node), _own_value(name, value))

    def _is_name(self, path: Path) -> bool:
        """Whether at a path stands the name of a binding."""
        if path[:2] == _SECRETS or path == ("assets", "binding"):
            return True
        found = _binding_at(path)
        return found is not None and found[1] == (found[0][1].name_key,)

    def _set_variable(self, source: Path, value: Value) -> None:
        helper = self.session.at((*source, "type")).value
        old = helper.value if isinstance(helper, Scalar) else None
        new = "text" if isinstance(value, str) else "json"
        if old == new:
            given = self.session.at((*source, "value")).value
            if isinstance(given, Scalar):
                self.session.replace((*source, "value"), value)
                return
        self.session.replace_expression(source, self._variable(value))

    def _variable(self, value: Value) -> Value:
        type = "text" if isinstance(value, str) else "json"
        return self.session.helper(ENV, "bindings", type, {"value": value})

    def require_secret(self, path: Path) -> None:
        """Make a secret of the variable at a path."""
        node = self.root.at(*path)
        if node is None:
            raise Refused
        source = self._source(node)
        self.session.replace_expression(source, self.session.helper(ENV, "bindings", "secret", {}))

    # -- insert ----------------------------------------------------------------------------------------

    def _insert(self, path: Path, value: Value, comment: str | None) -> None:
        """Add what is not there."""
        head = path[0] if path else None
        if path in _LISTS or path in _kinds_of_lists():
            if not isinstance(value, list):
                raise Refused
            for item in value:
                self.append(path, item)
        elif len(path) == 1 and head in _GROUPS and isinstance(value, dict):
            for key, below in value.items():
                self.set((*path, key), below)
        elif head == "vars" and len(path) == 2:
            self._put(ENV, str(path[1]), self._variable(value), comment)
        elif path == ("assets", "binding") and isinstance(value, str):
            made = self.session.helper(ENV, "bindings", "assets", {})
            self._put(ENV, value, made, comment)
        elif head in ("exports", "assets", "unsafe") and len(path) == 1 and isinstance(value, dict):
            for key, below in value.items():
                self.set((*path, key), below)
        elif head == "exports" and len(path) == 2:
            self._export(str(path[1]), value, comment)
        elif path in _kinds() and _kinds()[path][1].single:
            self._bind(path, value, comment)
        else:
            self._insert_field(path, value, comment)

    def _insert_field(self, path: Path, value: Value, comment: str | None) -> None:
        source, name = self._field(path)
        self._put(source[:-1], str(source[-1]), _own_value(name, value), comment)

    def _put(self, path: Path, key: str, value: Value, comment: str | None) -> None:
        self.session.put(path, key, value, comment)

    def _field(self, path: Path) -> tuple[Path, Name | None]:
        """Where a field belongs in the configuration's own words, and how its value is written."""
        found = _binding_at(path)
        if found is not None:
            (_, row), rest = found
            above = self._source(self._entry(path, len(path) - len(rest)))
            if len(rest) == 1 and rest[0] in _DEVELOPMENT:
                return (*above, "dev", _DEVELOPMENT[rest[0]]), None
            return _own_path(above, rest, row.names)
        for start, names in self._places(path):
            rest = tuple(step for step in path[len(start[0]) :] if isinstance(step, str))
            if rest and any(name.to == rest[0] for name in names.values()):
                return _own_path(start[1], rest, names)
        raise Refused

    def _places(self, path: Path) -> Iterator[tuple[tuple[Path, Path], Names]]:
        """The beginnings of a path, in wrangler's keys and in the configuration's, with the names below."""
        if path[:2] == _CONSUMERS and len(path) > 3:
            yield (path[:3], self._source(self._entry(path, 3))), CONSUMER
        elif path[:1] == _CONNECT and len(path) > 2:
            yield (path[:2], self._source(self._entry(path, 2))), {**TCP, **UDP}
        elif path[:1] in _TAILS and len(path) > 2:
            yield (path[:2], self._source(self._entry(path, 2))), TAIL
        elif path[:1] == ("exports",) and len(path) > 2:
            yield (path[:2], self._source(self._entry(path, 2))), {**WORKFLOW, **DURABLE_OBJECT}
        elif path[:1] == ("assets",):
            yield (path[:1], ("worker", "assets")), ASSETS
        elif path[:1] == ("unsafe",):
            yield (path[:1], ("worker", "unsafe")), UNSAFE
        else:
            yield ((), ("worker",)), WORKER
            yield ((), ()), SETTINGS

    def _entry(self, path: Path, length: int) -> Node:
        node = self.root.at(*path[:length])
        if node is None:
            raise Refused
        return node

    def _export(self, name: str, value: Value, comment: str | None) -> None:
        if not isinstance(value, dict):
            raise Refused
        names = {"durable-object": DURABLE_OBJECT, "workflow": WORKFLOW}.get(str(value.get("type")))
        if names is None:
            raise Refused
        rest = {key: below for key, below in value.items() if key != "type"}
        options = _own_fields(rest, names)
        path = ("worker", "exports")
        self._put(path, name, self.session.helper(path, "exports", str(value["type"]), options), comment)

    def _bind(self, path: Path, value: Value, comment: str | None = None) -> None:
        """Add a binding, as wrangler has it at a path."""
        type, row = _kinds()[path]
        name = value.get(row.name_key) if isinstance(value, dict) else None
        if not isinstance(value, dict) or not isinstance(name, str):
            raise Refused
        rest = {key: below for key, below in value.items() if key != row.name_key}
        dev = {_DEVELOPMENT[key]: rest.pop(key) for key in _DEVELOPMENT if key in rest}
        options = _own_fields(rest, row.names)
        if dev:
            options["dev"] = dev
        if type in ("durable-object", "workflow") and "worker" not in options:
            options = {"worker": self.session.own_name(), **options}
            if type == "workflow" and "name" in options:
                options = {"name": options.pop("name"), **options}
        self._put(ENV, name, self.session.helper(ENV, "bindings", type, options), comment)

    # -- lists -----------------------------------------------------------------------------------------

    def append(self, path: Path, value: Value) -> None:
        """Add an element to a list."""
        if path in _kinds():
            self._bind(path, value)
        elif path == _SECRETS and isinstance(value, str):
            self._put(ENV, value, self.session.helper(ENV, "bindings", "secret", {}), None)
        elif path in _TRIGGERS:
            self._append_trigger(path, value)
        elif path in _TAILS and isinstance(value, dict):
            self.session.append(_TAILS[path], _own_fields(value, TAIL))
        else:
            node = self.root.at(*path)
            if node is None:
                self._insert_field(path, [value], None)
            elif node.kind is Kind.ARRAY and path != ("containers",):
                self.session.append(self._source(node), value)
            else:
                raise Refused

    def _append_trigger(self, path: Path, value: Value) -> None:
        if path == _ROUTES and isinstance(value, dict) and value.get("custom_domain") is True:
            if set(value) != {"pattern", "custom_domain"}:
                raise Refused
            self.session.append(("worker", "domains"), value["pattern"])
            return
        type, options = _trigger(path, value)
        self.session.append(TRIGGERS, self.session.helper(TRIGGERS, "triggers", type, options))

    # -- remove and rename -----------------------------------------------------------------------------

    def remove(self, path: Path) -> None:
        """Remove a key with its value, or an element."""
        node = self.root.at(*path)
        if node is None or not path:
            raise Refused
        if path in _LISTS or path in _kinds_of_lists():
            for index in range(len(node.items) - 1, -1, -1):
                self.remove((*path, index))
        elif len(path) == 1 and path[0] in _GROUPS:
            for member in node.members:
                self.remove((*path, member.key))
        elif path[:-1] in (_CRONS, _ROUTES):
            source = self._source(node)
            if source[:1] != ("worker",) or len(source) < 3:
                raise Refused
            self.session.remove(source[:3])  # the trigger or domain, of which this is a field
        else:
            found = _binding_at(path)
            if found is not None and found[1] == (found[0][1].name_key,):
                raise Refused
            self.session.remove(self._source(node))

    def rename(self, path: Path, key: str) -> None:
        """Give a key another name."""
        node = self.root.at(*path)
        if node is None or not path:
            raise Refused
        if path[0] in ("vars", "exports") and len(path) == 2:
            self.session.rename(self._source(node), key)
            return
        source, _ = self._field(path)
        new, _ = self._field((*path[:-1], key))
        if source[:-1] != new[:-1]:
            raise Refused
        self.session.rename(source, str(new[-1]))


_LISTS = frozenset({*_TRIGGERS, _SECRETS, *_TAILS})
"""Lists whose elements stand elsewhere."""


@cache
def _kinds_of_lists() -> frozenset[Path]:
    return frozenset(path for path, (_, row) in _kinds().items() if not row.single)


def _is_variable(path: Path) -> bool:
    """Whether at a path stands a variable, whose value may be any data."""
    return len(path) == 2 and path[0] == "vars"


def _binding_at(path: Path) -> tuple[tuple[str, BindingRow], tuple[str, ...]] | None:
    """The type of the binding in whose entry a path leads, and the keys of the rest."""
    for length in (1, 2):
        found = _kinds().get(path[:length])
        if found is None:
            continue
        rest = path[length:] if found[1].single else path[length + 1 :]
        keys = tuple(step for step in rest if isinstance(step, str))
        return (found, keys) if keys and len(keys) == len(rest) else None
    return None


def _trigger(path: Path, value: Value) -> tuple[str, dict[str, Value]]:
    """The type of a trigger and its options."""
    if path == _CRONS and isinstance(value, str):
        return "scheduled", {"schedule": value}
    if path == _ADDRESSES and isinstance(value, str):
        return "email", {"addresses": [value]}
    if path == _ROUTES and isinstance(value, str):
        return "fetch", {"pattern": value}
    if path == _CONSUMERS and isinstance(value, dict):
        return "queue", _own_fields(value, CONSUMER)
    if path == _CONNECT and isinstance(value, dict):
        return "connect", _own_fields(value, UDP)
    if path == _ROUTES and isinstance(value, dict):
        zone = value.get("zone_name", value.get("zone_id"))
        if set(value) in ({"pattern", "zone_name"}, {"pattern", "zone_id"}):
            return "fetch", {"pattern": value["pattern"], "zone": zone}
    raise Refused


def _own_path(start: Path, keys: tuple[str, ...], names: Names) -> tuple[Path, Name | None]:
    """The path of a field in the configuration's own words, below `start`."""
    level: Names | None = names
    found: Name | None = None
    for key in keys:
        if level is None:
            start, found = (*start, key), None
            continue
        own, found = _own_key(key, level)
        start = (*start, own)
        level = found.inside
    return start, found


def _own_key(key: str, names: Names) -> tuple[str, Name]:
    for own, name in names.items():
        if name.to == key:
            return own, name
    raise Refused


def _own_fields(value: Mapping[str, Value], names: Names) -> dict[str, Value]:
    """An object of wrangler's in the configuration's own words."""
    found: dict[str, Value] = {}
    for key, below in value.items():
        own, name = _own_key(key, names)
        found[own] = _own_value(name, below)
    return found


def _own_value(name: Name | None, value: Value) -> Value:
    if name is None:
        return value
    if name.values is not None and isinstance(value, str):
        return next((own for own, other in name.values.items() if other == value), value)
    if name.inside is None:
        return value
    if name.each is not Each.SELF or not isinstance(value, dict):
        raise Refused
    return _own_fields(value, name.inside)


def canonical(tree: Tree, path: Path, name: str | None) -> Tree:
    """What wrangler's tree of a value at a path becomes: a class of the own Worker is bound with its name."""
    if isinstance(tree, list):
        return [canonical(item, path, name) for item in tree]
    keys = tuple(step for step in path if isinstance(step, str))
    if keys == ("durable_objects",) and isinstance(tree, dict):
        return {key: canonical(below, (*keys, key), name) for key, below in tree.items()}
    if keys in (("durable_objects", "bindings"), ("workflows",)) and isinstance(tree, dict):
        own: dict[str, Tree] = {"script_name": (Kind.STRING, repr(name))}
        return tree if name is None or "script_name" in tree else {**tree, **own}
    return tree
