"""What is often needed of a node: what is in it, its name, its value."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.source import Span

if TYPE_CHECKING:
    from tree_sitter import Node

    from cflint.syntax.javascript.tree import Syntax

FUNCTIONS = frozenset(
    {
        "function_declaration",
        "function_expression",
        "generator_function",
        "generator_function_declaration",
        "arrow_function",
        "method_definition",
    }
)
CLASSES = frozenset({"class_declaration", "class", "abstract_class_declaration"})
_TRANSPARENT = frozenset(
    {
        "parenthesized_expression",
        "as_expression",
        "satisfies_expression",
        "non_null_expression",
        "type_assertion",
    }
)
_BEFORE_STATIC = frozenset({"comment", "decorator", "accessibility_modifier", "declare"})


def unwrap(node: Node) -> Node:
    """The expression itself, without parentheses, `as`, `satisfies`, `!` and `<T>` around it."""
    while node.type in _TRANSPARENT:
        inner = node.named_children
        if not inner:
            break
        node = (
            inner[-1]
            if node.type == "type_assertion"
            else next((n for n in inner if n.type != "comment"), inner[0])
        )
    return node


def with_wrappers(syntax: Syntax, node: Node) -> Node:
    """The node with all the parentheses, casts and `!` that stand around it."""
    above = syntax.parent(node)
    while above is not None and above.type in _TRANSPARENT and unwrap(above).id == unwrap(node).id:
        node, above = above, syntax.parent(above)
    return node


def arguments_of(call: Node) -> tuple[Node, ...]:
    """The argument expressions of a call or `new` (a spread is one node); () of a tagged template."""
    arguments = call.child_by_field_name("arguments")
    if arguments is None or arguments.type != "arguments":
        return ()
    return tuple(child for child in arguments.named_children if child.type != "comment")


def first_named(node: Node | None) -> Node | None:
    """The first named child that is no comment; None without one, as of the type in `x: const`."""
    for index in range(node.named_child_count if node is not None else 0):
        child = node.named_child(index) if node is not None else None
        if child is not None and child.type != "comment":
            return child
    return None


def may_be_cut(chain: Node) -> bool:
    """Whether a chain of members and calls has a `?.`, so that its end may not be there."""
    part: Node | None = chain
    while part is not None and part.type in ("call_expression", "member_expression"):
        if any(child.type == "optional_chain" for child in part.children):
            return True
        part = part.child_by_field_name("function") or part.child_by_field_name("object")
    return False


def is_static(member: Node) -> bool:
    """Whether a member of a class, or a block in it, is `static`; only what stands before its name is looked
    at."""
    for index in range(member.child_count):
        child = member.child(index)
        kind = child.type if child is not None else ""
        if kind == "static":
            return True
        if kind not in _BEFORE_STATIC:
            return False
    return False


def property_name(syntax: Syntax, node: Node) -> str | None:
    """The name of an object's or class's member: an identifier, a string, a number; None when computed."""
    match node.type:
        case (
            "property_identifier" | "shorthand_property_identifier" | "shorthand_property_identifier_pattern"
        ):
            return syntax.text(node)
        case "private_property_identifier" | "identifier" | "number":
            return syntax.text(node)
        case "string":
            return string_value(syntax, node)
        case "computed_property_name":
            inner = first_named(node)
            return string_value(syntax, inner) if inner is not None and inner.type == "string" else None
    return None


_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "v": "\v", "0": "\0", "\n": ""}


def string_value(syntax: Syntax, node: Node) -> str | None:
    """The value of a string literal or of a template without substitutions; None of anything else."""
    node = unwrap(node)
    if node.type == "template_string":
        if any(child.type == "template_substitution" for child in node.named_children):
            return None
    elif node.type != "string":
        return None
    text = syntax.text(node)[1:-1]
    if "\\" not in text:
        return text
    return re.sub(r"\\(u\{[0-9a-fA-F]{1,6}\}|u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|[\s\S])", _escape, text)


def _escape(match: re.Match[str]) -> str:
    code = match.group(1)
    if len(code) > 1:
        try:
            return chr(int(code.strip("ux{}"), 16))
        except (ValueError, OverflowError):
            return "\ufffd"
    return _ESCAPES.get(code, code)


def is_async(function: Node) -> bool:
    """Whether a function, arrow or method is declared `async`."""
    for child in function.children:
        if child.type == "async":
            return True
        if child.type in ("formal_parameters", "statement_block", "=>"):
            return False
    return False


def is_generator(function: Node) -> bool:
    """Whether a function or method is a generator (`function*`, `*name()`)."""
    return function.type.startswith("generator_") or any(child.type == "*" for child in function.children)


def body_of(node: Node) -> Node | None:
    """The body of a function, class or loop."""
    return node.child_by_field_name("body")


def block_end(block: Node) -> int:
    """The byte behind a block's closing brace. The block's node may end later: the grammar counts comments
    that follow in."""
    return next((child.end_byte for child in reversed(block.children) if child.type == "}"), block.end_byte)


def contains(outer: Node, inner: Node) -> bool:
    """Whether a node of a tree stands in another of it, or is that one."""
    return outer.start_byte <= inner.start_byte and inner.end_byte <= outer.end_byte


def span_of(node: Node) -> Span:
    """The bytes of a node."""
    return Span(node.start_byte, node.end_byte)


def walk(node: Node, *, into_functions: bool = True, into_classes: bool = True) -> Iterator[Node]:
    """All named nodes below, in source order; can stay out of nested functions and classes."""
    stack = list(reversed(node.named_children))
    while stack:
        below = stack.pop()
        yield below
        if (not into_functions and below.type in FUNCTIONS) or (not into_classes and below.type in CLASSES):
            continue
        stack.extend(reversed(below.named_children))
