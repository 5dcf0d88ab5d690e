"""From a word in a tree to the construct that a trigger means."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from cflint.syntax.javascript import CLASSES, Syntax, unwrap, with_wrappers
from cflint.syntax.javascript.beside import END, each_of, may_be_callee, next_byte

if TYPE_CHECKING:
    from tree_sitter import Node

Shape = Callable[[Syntax, "Node"], "Node | None"]
"""Takes the smallest node at a word, gives the construct, or None when the word stands there otherwise."""

Beside = Callable[[bytes, int, int], bool]
"""Whether a word, by its first byte and the byte after it, may stand in a shape, by the bytes beside it: most
do not, and no tree is read."""

INERT = frozenset({"comment", "regex_pattern", "jsx_text", "html_comment", "hash_bang_line"})


_PROPERTIES = frozenset({"property_identifier", "private_property_identifier"})
_USES = frozenset({"call_expression", "new_expression"})


def _function_part(syntax: Syntax, leaf: Node) -> tuple[Node, Node] | None:
    """The whole callee (`a.b`, `a`) that ends in a name, casts included, and the node around it."""
    node = leaf
    above = syntax.parent(leaf)
    if above is None:
        return None
    if above.type == "member_expression":
        if leaf.type not in _PROPERTIES:  # the object
            return None
        node, above = above, syntax.parent(above)
    elif leaf.type != "identifier":
        return None
    if above is not None and above.type not in _USES:
        node = with_wrappers(syntax, node)
        above = syntax.parent(node)
    return (node, above) if above is not None else None


def _call(syntax: Syntax, leaf: Node) -> Node | None:
    return _called(syntax, leaf, "arguments")


def _tagged(syntax: Syntax, leaf: Node) -> Node | None:
    return _called(syntax, leaf, "template_string")


def _called(syntax: Syntax, leaf: Node, arguments: str) -> Node | None:
    part = _function_part(syntax, leaf)
    if part is None or not _is_function_of(*part):
        return None
    given = part[1].child_by_field_name("arguments")
    return part[1] if given is not None and given.type == arguments else None


def _is_function_of(node: Node, around: Node) -> bool:
    """Whether a node calls its child, with which a call begins."""
    return around.type == "call_expression" and around.start_byte == node.start_byte


def _construct(syntax: Syntax, leaf: Node) -> Node | None:
    part = _function_part(syntax, leaf)
    return part[1] if part is not None and part[1].type == "new_expression" else None


def _member(syntax: Syntax, leaf: Node) -> Node | None:
    part = _function_part(syntax, leaf)
    if part is None or _is_function_of(*part):
        return None
    whole = unwrap(part[0])
    return whole if whole.type == "member_expression" else None


def _destructured(syntax: Syntax, leaf: Node) -> Node | None:
    if leaf.type == "shorthand_property_identifier_pattern":
        return leaf
    above = syntax.parent(leaf)
    if above is not None and above.type == "pair_pattern":
        key = above.child_by_field_name("key")
        if key is not None and key.id == leaf.id:
            return leaf
    return None


def _identifier(syntax: Syntax, leaf: Node) -> Node | None:
    if leaf.type not in ("identifier", "shorthand_property_identifier"):
        return None
    above = syntax.parent(leaf)
    if above is None or above.type in ("variable_declarator", "import_specifier", "import_clause"):
        name = above.child_by_field_name("name") if above is not None else None
        if name is None or name.id == leaf.id or (above is not None and above.type != "variable_declarator"):
            return None
    if above is not None and above.type in ("call_expression", "new_expression"):
        callee = above.child_by_field_name("function") or above.child_by_field_name("constructor")
        if callee is not None and callee.id == leaf.id:
            return None
    return leaf


def _keyword(syntax: Syntax, leaf: Node) -> Node | None:
    return syntax.parent(leaf) if not leaf.is_named and leaf.child_count == 0 else None


def _type_name(syntax: Syntax, leaf: Node) -> Node | None:
    if leaf.type == "type_identifier":
        return leaf
    above = syntax.parent(leaf)
    if (
        leaf.type == "identifier"
        and above is not None
        and above.type in ("extends_clause", "nested_type_identifier")
    ):
        return leaf
    return None


def _import(syntax: Syntax, leaf: Node) -> Node | None:
    above = syntax.parent(leaf)
    if leaf.type != "string_fragment" or above is None:
        return None
    statement = syntax.parent(above)
    whole = (leaf.start_byte, leaf.end_byte) == (above.start_byte + 1, above.end_byte - 1)
    if whole and statement is not None and statement.type in ("import_statement", "export_statement"):
        return statement
    return None


def _class(syntax: Syntax, leaf: Node) -> Node | None:
    node = _keyword(syntax, leaf)
    return node if node is not None and node.type in CLASSES else None


SHAPES: Mapping[str, Shape] = {
    "call": _call,
    "tagged": _tagged,
    "new": _construct,
    "member_access": _member,
    "destructured": _destructured,
    "identifier": _identifier,
    "keyword": _keyword,
    "type_name": _type_name,
    "import_of": _import,
    "class_definition": _class,
}


_INDENT = each_of(" \t\r")
_QUOTES = each_of("\"'`")
_AFTER_KEY = each_of(":,}=/") | END
_BEFORE_PROPERTY = each_of("./\n") | END  # a comment may end at the end of a line
_BEFORE_CLASS = each_of("w.(>/\n") | END  # the `w` of `new`, the `>` of a cast


def _callee(data: bytes, start: int, end: int) -> bool:
    return may_be_callee(data, end)


def _key(data: bytes, start: int, end: int) -> bool:
    return next_byte(data, end) in _AFTER_KEY


def _property(data: bytes, start: int, end: int) -> bool:
    return _before(data, start) in _BEFORE_PROPERTY


def _made(data: bytes, start: int, end: int) -> bool:
    return _before(data, start) in _BEFORE_CLASS


def _anywhere(data: bytes, start: int, end: int) -> bool:
    return True


def _no_string(data: bytes, start: int, end: int) -> bool:
    before = data[start - 1 : start]
    if before == b".":
        return data[start - 3 : start] == b"..."
    return before not in _QUOTES or before != data[end : end + 1]


def _string(data: bytes, start: int, end: int) -> bool:
    """Not `agents` in "./stage-agents"."""
    return data[start - 1 : start] in _QUOTES and data[end : end + 1] in _QUOTES


BESIDE: Mapping[str, Beside] = {
    "call": _callee,
    "tagged": _callee,
    "new": _made,
    "member_access": _property,
    "destructured": _key,
    "identifier": _anywhere,
    "keyword": _no_string,
    "type_name": _anywhere,
    "import_of": _string,
    "class_definition": _no_string,
}


def _before(data: bytes, start: int) -> bytes:
    """The last byte before `start` that is not blank, or the end of a line; none at the file's begin."""
    before = data[start - 1 : start]
    while before in _INDENT:
        start -= 1
        before = data[start - 1 : start]
    return before
