"""Additions to files of YAML that keep every byte that is there, proved by reading the result again."""

from __future__ import annotations

from typing import Any

import yaml

_MOST_NODES = 100_000
Tree = Any
"""A node as plain data: its tag, and its text, its items or its pairs."""


def with_item(text: str, key: str, item: str) -> str | None:
    """A text with one more item, the last, in the list `key` of its top level. None where that cannot be
    proved: there is no such list, it is empty or in brackets, or the text is no YAML."""
    text = _ended(text)
    root = _composed(text)
    node = _value(root, key)
    if not isinstance(node, yaml.SequenceNode) or node.flow_style or not node.value:
        return None
    lines = text.split("\n")
    first = node.value[0].start_mark
    dash = lines[first.line].rfind("-", 0, first.column)
    if dash < 0 or lines[first.line][:dash].strip(" "):
        return None
    at = _last_line(node, lines) + 1
    end = "\r" if lines[first.line].endswith("\r") else ""
    added = [f"{' ' * dash}{line}{end}" for line in item.splitlines()]
    after = "\n".join([*lines[:at], *added, *lines[at:]])
    try:
        expected = _plain(root)
        for name, value in expected[1]:
            if name[1] == key:
                value[1].append(_plain(_composed(item))[1][0])
        return after if _plain(_composed(after)) == expected else None
    except (ValueError, RecursionError):
        return None


def with_key(text: str, block: str) -> str | None:
    """A text with the keys of a block added at its end. None where one is there, or it cannot be proved."""
    body, newline = _ended(text), _newline(text)
    after = body + (newline if text.strip() else "") + block.replace("\n", newline)
    before, added, found = _composed(text), _composed(block), _composed(after)
    if found is None or added is None or (text.strip() and not isinstance(before, yaml.MappingNode)):
        return None
    try:
        pairs = _plain(before)[1] if before is not None else []
        new = _plain(added)[1]
        names = [name for name, _ in pairs]
        if any(name in names for name, _ in new):
            return None
        return after if _plain(found)[1] == pairs + new else None
    except (ValueError, RecursionError):
        return None


def _newline(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"


def _ended(text: str) -> str:
    """A text whose last line has an end."""
    return text if not text or text.endswith("\n") else text + _newline(text)


def words(text: str, key: str) -> list[str] | None:
    """The texts of the list `key` of the top level; None without one."""
    node = _value(_composed(text), key)
    if not isinstance(node, yaml.SequenceNode):
        return None
    return [str(item.value) for item in node.value if isinstance(item, yaml.ScalarNode)]


def _composed(text: str) -> yaml.Node | None:
    """The one document of a text; None for none, several, and what is no YAML."""
    try:
        return yaml.compose(text, Loader=yaml.SafeLoader)  # nodes alone: nothing is constructed
    except (yaml.YAMLError, RecursionError, ValueError):
        return None


def _value(root: yaml.Node | None, key: str) -> yaml.Node | None:
    if not isinstance(root, yaml.MappingNode):
        return None
    found = [value for name, value in root.value if name.value == key]
    return found[0] if len(found) == 1 else None


def _last_line(node: yaml.Node, lines: list[str]) -> int:
    """The 0-based line on which a node in blocks ends, without blank lines and comments after it."""
    mark = node.end_mark
    line: int = mark.line if mark.column else mark.line - 1
    line = min(line, len(lines) - 1)
    last = _deepest(node)
    is_text = isinstance(last, yaml.ScalarNode) and last.style in ("|", ">")  # of which a `#` is a part
    while line > last.start_mark.line and (
        not lines[line].strip() or (not is_text and lines[line].lstrip().startswith("#"))
    ):
        line -= 1
    return line


def _deepest(node: yaml.Node) -> yaml.Node:
    """The last node within a node."""
    while isinstance(node, yaml.CollectionNode) and node.value and not node.flow_style:
        last = node.value[-1]
        node = last[1] if isinstance(last, tuple) else last
    return node


def _plain(node: yaml.Node | None) -> Tree:
    """A node as data that can be compared. Raises ValueError for one that aliases make huge."""
    left = _MOST_NODES

    def plain(node: yaml.Node | None) -> Tree:
        nonlocal left
        left -= 1
        if left < 0:
            raise ValueError("too many nodes")
        if isinstance(node, yaml.MappingNode):
            return [node.tag, [[plain(name), plain(value)] for name, value in node.value]]
        if isinstance(node, yaml.SequenceNode):
            return [node.tag, [plain(item) for item in node.value]]
        return [node.tag, node.value] if node is not None else None

    return plain(node)
