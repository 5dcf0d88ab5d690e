"""The edits of a configuration in TypeScript that a fix takes: each is read again before it is offered.

Paths and values are wrangler's, as in other formats; `("env", name, …)` leads to the mode of that name. Each
edit changes what was asked for in the mode that was asked for, and in others the same or nothing.
"""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Callable, Iterable

from cflint.finding import Edit
from cflint.project.config.cloudflare.editing.session import Refused, Session, points_of, tree_of_point
from cflint.project.config.cloudflare.editing.unlowering import Unlowering, canonical
from cflint.project.config.cloudflare.names import ENV_PATHS, TRIGGER_PATHS
from cflint.project.config.cloudflare.nodes import Path
from cflint.project.config.cloudflare.reader import (
    ConfigTree,
    LoweredData,
    Point,
    Reading,
)
from cflint.syntax.data import Format, Kind, Node, Value
from cflint.syntax.editing.values import Tree, UnwritableError, drop, tree_at, tree_of, with_value

Edits = tuple[Edit, ...] | None
Change = Callable[[ConfigTree, Path], Tree | None]
"""The tree that a tree is to become, with the change made at a path of it; None where that cannot be said."""

_LISTS = frozenset({*ENV_PATHS, *TRIGGER_PATHS, ("tail_consumers",), ("streaming_tail_consumers",)})
"""Lists of what stands elsewhere: their order says nothing, and empty they are not there."""
_OBJECTS = frozenset(path[0] for path in _LISTS if len(path) == 2) | {"vars", "exports", "assets", "unsafe"}


def set_value(data: LoweredData, path: Path, value: Value, *, comment: str | None = None) -> Edits:
    """Make `value` the value at a path; a key that is not there is added, with what is around it."""

    def wanted(tree: ConfigTree, at: Path) -> Tree:
        new = canonical(tree_of(value, Format.JSON), at, _name(tree))
        there = tree.root.at(*at)
        if there is not None:
            new = _with_unknown(new, there)
        return with_value(tree_at(tree.root), at, new)

    return _tried(data, path, lambda lowered, at: lowered.set(at, value, comment), wanted)


def append_item(data: LoweredData, path: Path, value: Value) -> Edits:
    """Add an element to the array at a path; the array is made when there is none."""

    def wanted(tree: ConfigTree, at: Path) -> Tree | None:
        there = tree.root.at(*at)
        if there is not None and there.kind is not Kind.ARRAY:
            return None
        new = canonical(tree_of(value, Format.JSON), at, _name(tree))
        whole = tree_at(tree.root)
        if there is None:
            return with_value(whole, at, [new])
        return with_value(whole, (*at, len(there.items)), new)

    return _tried(data, path, lambda lowered, at: lowered.append(at, value), wanted)


def remove(data: LoweredData, path: Path) -> Edits:
    """Remove a key with its value, or an element."""

    def wanted(tree: ConfigTree, at: Path) -> Tree | None:
        whole = tree_at(tree.root)
        if tree.root.at(*at) is None:
            return None
        drop(whole, at)
        return whole

    return _tried(data, path, lambda lowered, at: lowered.remove(at), wanted)


def rename_key(data: LoweredData, path: Path, new_key: str) -> Edits:
    """Give the key at a path another name; None when there is such a key already."""

    def wanted(tree: ConfigTree, at: Path) -> Tree | None:
        new = (*at[:-1], new_key)
        if tree.root.at(*at) is None or tree.root.at(*new) is not None:
            return None
        whole = tree_at(tree.root)
        value = drop(whole, at)
        return with_value(whole, new, value)

    return _tried(data, path, lambda lowered, at: lowered.rename(at, new_key), wanted)


def require_secret(data: LoweredData, path: Path) -> Edits:
    """Make a secret of the variable at a path."""

    def wanted(tree: ConfigTree, at: Path) -> Tree | None:
        listed = tree.root.at("secrets", "required")
        if tree.root.at(*at) is None:
            return None
        whole = tree_at(tree.root)
        drop(whole, at)
        name: Tree = (Kind.STRING, repr(at[-1]))
        return with_value(
            whole, ("secrets", "required"), [*map(tree_at, listed.items if listed is not None else ()), name]
        )

    return _tried(data, path, lambda lowered, at: lowered.require_secret(at), wanted)


def replace_texts(data: LoweredData, nodes: Iterable[Node], text: str) -> Edits:
    """Make another string of the strings that stand where `nodes` do, in all modes."""
    source = data.source
    if source is None or source.document.origin is not None:
        return None
    before = source.reading_to_edit()
    if before is None:
        return None
    places = {(node.span, node.text) for node in nodes}
    points = [tree.points[0] for tree in before.config.trees]
    session = Session(source, before, points[0])
    wanted: dict[Point, Tree] = {}
    try:
        for tree in before.config.trees:
            whole = tree_at(tree.root)
            found = [path for path, node in tree.root.paths() if (node.span, node.text) in places]
            session.point = tree.points[0]
            for path in found:
                whole = with_value(whole, path, (Kind.STRING, repr(text)))
                there = session.tree.root.at(*path)
                if there is not None and there.text != text:
                    session.replace(session.tree.paths[there], text)
            wanted.update(dict.fromkeys(tree.points, whole))
    except Refused:
        return None
    after = session.reading
    if not _is_sound(before, after):
        return None
    is_wanted = all(
        _normal(tree_at(tree_of_point(after, point).root)) == _normal(whole)
        for point, whole in wanted.items()
    )
    return session.edits() if is_wanted else None


def _tried(data: LoweredData, path: Path, make: Callable[[Unlowering, Path], None], wanted: Change) -> Edits:
    """The edits that `make` makes, if they bring about what is wanted and no new fault."""
    source = data.source
    if source is None or source.document.origin is not None:
        return None
    before = source.reading_to_edit()
    if before is None:
        return None
    try:
        point, at = _mode_of(before, data, path)
        at = _counted(tree_of_point(before, point).root, at)
        if wanted(tree_of_point(before, point), at) is None:
            return None
        session = Session(source, before, point)
        make(Unlowering(session), at)
    except (Refused, UnwritableError):
        return None
    if not is_as_wanted(before, session.reading, point, at, wanted):
        return None
    return session.edits()


def _mode_of(reading: Reading, data: LoweredData, path: Path) -> tuple[Point, Path]:
    """The mode that a path is of, that of the data unless it names one, and the rest of the path."""
    trees = reading.config.trees
    if path[:1] == ("env",) and len(path) > 1:
        named = [tree for tree in trees[1:] if tree.name == path[1]]
        if len(named) != 1:
            raise Refused
        return named[0].points[0], path[2:]
    return data.point, path


def _counted(root: Node, path: Path) -> Path:
    """A path with its negative indexes counted from the beginning."""
    steps: list[str | int] = []
    for step in path:
        node = root.at(*steps)
        if isinstance(step, int) and step < 0 and node is not None:
            step += len(node.items)
        steps.append(step)
    return tuple(steps)


def is_as_wanted(before: Reading, after: Reading, point: Point, path: Path, wanted: Change) -> bool:
    """Whether a configuration became what was wanted at a point, and at others the same or what it was."""
    if not _is_sound(before, after):
        return False
    asked = tree_of_point(before, point)
    for other in points_of(before):
        old, new = tree_of_point(before, other), tree_of_point(after, other)
        found = _normal(tree_at(new.root))
        if other in asked.points:
            expected = wanted(old, path)
            if expected is None or found != _normal(expected):
                return False
        elif found != _normal(tree_at(old.root)):
            there = _same_place(asked.root, old.root, path)
            expected = wanted(old, there) if there is not None else None
            if expected is None or found != _normal(expected):
                return False
    return True


def _is_sound(before: Reading, after: Reading) -> bool:
    """Whether a configuration has the modes that it had, no new fault, and nothing unknown that was known."""
    if set(points_of(before)) != set(points_of(after)):
        return False
    faults = Counter((fault.fault, fault.message) for fault in after.config.faults)
    if faults - Counter((fault.fault, fault.message) for fault in before.config.faults):
        return False
    for point in points_of(before):
        old, new = tree_of_point(before, point), tree_of_point(after, point)
        if _unknown(new) - _unknown(old) or len(new.conditional) > len(old.conditional):
            return False
    return True


def _unknown(tree: ConfigTree) -> Counter[object]:
    return Counter((opening.path, opening.reason) for opening in tree.open)


def _same_place(asked: Node, other: Node, path: Path) -> Path | None:
    """The path in another mode of what stands in the same place of the text."""
    steps: list[str | int] = []
    for index, step in enumerate(path):
        if isinstance(step, int):
            here, there = asked.at(*path[:index]), other.at(*steps)
            item = here.items[step] if here is not None and step < len(here.items) else None
            if item is None or there is None:
                return None
            same = [at for at, one in enumerate(there.items) if one.span == item.span]
            if len(same) != 1:
                return None
            step = same[0]
        steps.append(step)
    return tuple(steps)


def _with_unknown(wanted: Tree, node: Node) -> Tree:
    """What is wanted of a node, where null stands for what is not known in it and stays."""
    if node.kind is Kind.UNKNOWN:
        return tree_at(node) if wanted == (Kind.NULL, repr(None)) else wanted
    if isinstance(wanted, dict):
        below = {member.key: member.value for member in node.members}
        return {key: _with_unknown(one, below[key]) if key in below else one for key, one in wanted.items()}
    if isinstance(wanted, list) and len(wanted) >= len(node.items):
        known = [_with_unknown(one, item) for one, item in zip(wanted, node.items, strict=False)]
        return [*known, *wanted[len(known) :]]
    return wanted


def _name(tree: ConfigTree) -> str | None:
    name = tree.root.get("name")
    return name.text if name is not None else None


def _normal(tree: Tree) -> Tree:
    """A tree without the order and the emptiness of what wrangler's lists are made of."""
    if not isinstance(tree, dict):
        return tree
    found = copy.copy(tree)
    for path in _LISTS:
        holder = found
        if len(path) == 2:
            inner = found.get(path[0])
            if not isinstance(inner, dict):
                continue
            holder = found[path[0]] = dict(inner)
        listed = holder.get(path[-1])
        if isinstance(listed, list):
            if listed:
                holder[path[-1]] = sorted(listed, key=repr)
            else:
                del holder[path[-1]]
    for key in _OBJECTS:
        if found.get(key) == {}:
            del found[key]
    return found
