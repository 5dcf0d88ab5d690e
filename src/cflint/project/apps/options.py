"""The literals in a framework's own configuration (`svelte.config.js`), read without running it.

What is no literal, or may be changed by code around it, is `OPEN`: it could be anything.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from cflint.finding import Location
from cflint.project.modules.imports import import_specifiers
from cflint.scope import ModuleScope
from cflint.source import Document, Span
from cflint.syntax.javascript import (
    FUNCTIONS,
    ParseTimeout,
    Syntax,
    arguments_of,
    first_named,
    parse,
    property_name,
    string_value,
    unwrap,
    walk,
)

if TYPE_CHECKING:
    from tree_sitter import Node


class Open:
    """The type of `OPEN`."""

    def __repr__(self) -> str:
        return "OPEN"


OPEN = Open()
"""A value that an expression computes, or that something unknown may set."""

Literal = str | bool | float | list[object] | dict[str, object]
"""A value that is written down; lists and objects hold such values, and `OPEN`."""

_MOST_HOPS = 8


class _Call(NamedTuple):
    """A call in a configuration that was read."""

    node: Node
    parsed: tuple[Syntax, ModuleScope]


def _span(node: Node) -> Span:
    return Span(node.start_byte, node.end_byte)


class Options:
    """A configuration as a module of JavaScript or TypeScript: what it exports by default, or what a call in
    it is given (see `given_to`)."""

    def __init__(self, document: Document, call: _Call | None = None) -> None:
        self.document = document
        self._call = call

    @cached_property
    def imports(self) -> frozenset[str]:
        """The specifiers that it imports, types left out, and those of which it uses no name: an adapter that
        another one has replaced is often still imported."""
        found = import_specifiers(self.document.data)
        every = frozenset(item.specifier for item in found if not item.type_only)
        return every - self._left_behind if every else every

    @cached_property
    def _left_behind(self) -> frozenset[str]:
        """The specifiers of imports whose names nothing uses."""
        used: dict[str, bool] = {}
        scope = self._parsed[1] if self._parsed is not None else None
        for declaration in scope.imports if scope is not None else ():
            ref = declaration.imported
            if scope is not None and ref is not None:
                used[ref.module] = used.get(ref.module, False) or bool(scope.references(declaration))
        return frozenset(module for module, is_used in used.items() if not is_used)

    def value(self, *path: str) -> object:
        """The literal at a path of keys: `str`, `bool`, `float`, a list or a dict; None when no such key is
        there, `OPEN` when that is not known."""
        found = self._at(path)
        return found if found is None or isinstance(found, Open) else self._literal(found)

    def place_of(self, *path: str) -> Location | None:
        """Where the value at a path of keys stands; None when it is not there, or not known."""
        found = self._at(path)
        return None if found is None or isinstance(found, Open) else Location(self.document, _span(found))

    def _at(self, path: tuple[str, ...]) -> Node | Open | None:
        node: Node | None = self._root
        if node is None:
            return None if self._call is not None and not arguments_of(self._call.node) else OPEN
        for key in path:
            found = self._property(node, key)
            if found is None or isinstance(found, Open):
                return found
            node = found
        return node

    def texts(self, key: str) -> tuple[str, ...]:
        """The strings in the values of all keys of a name, whatever they hang on: `a` and `b` of
        `{ input: isSsr ? "a" : ["b"] }`."""
        parsed = self._parsed
        if parsed is None:
            return ()
        syntax, _ = parsed
        found: dict[str, None] = {}
        for leaf in syntax.leaves(key, syntax.root):
            pair = syntax.parent(leaf)
            name = pair.child_by_field_name("key") if pair is not None and pair.type == "pair" else None
            value = pair.child_by_field_name("value") if pair is not None else None
            if name is None or value is None or name.id != leaf.id:
                continue
            for node in (value, *walk(value)):
                text = string_value(syntax, node) if node.type == "string" else None
                if text:
                    found[text] = None
        return tuple(found)

    def calls(self, name: str) -> Iterator[tuple[object, ...]]:
        """The arguments, as literals, of the calls of a function of that name: `adapter({…})`."""
        for call in self._calls(name):
            yield tuple(self._literal(argument) for argument in arguments_of(call))

    def given_to(self, name: str) -> Iterator[Options]:
        """What each call of a function of that name is given first, as a configuration of its own."""
        for call in self._calls(name):
            assert self._parsed is not None
            yield Options(self.document, _Call(call, self._parsed))

    def _calls(self, name: str) -> Iterator[Node]:
        parsed = self._parsed
        if parsed is None:
            return
        syntax, _ = parsed
        for leaf in syntax.leaves(name, syntax.root):
            call = syntax.parent(leaf)
            callee = call.child_by_field_name("function") if call is not None else None
            if call is not None and callee is not None and callee.id == leaf.id:
                yield call

    @cached_property
    def _parsed(self) -> tuple[Syntax, ModuleScope] | None:
        if self._call is not None:
            return self._call.parsed
        try:
            syntax = parse(self.document)
        except ParseTimeout:
            return None
        return syntax, ModuleScope(syntax)

    @cached_property
    def _root(self) -> Node | None:
        """The object that is exported by default, through `defineConfig(…)` and names."""
        parsed = self._parsed
        if parsed is None:
            return None
        if self._call is not None:
            given = arguments_of(self._call.node)
            return self._object(given[0]) if given else None
        for statement in parsed[0].root.named_children:
            if statement.type == "export_statement":
                value = statement.child_by_field_name("value")
                if value is not None and any(child.type == "default" for child in statement.children):
                    return self._object(value)
            elif statement.type == "expression_statement":
                assigned = first_named(statement)
                left = assigned.child_by_field_name("left") if assigned is not None else None
                if left is not None and assigned is not None and parsed[0].text(left) == "module.exports":
                    right = assigned.child_by_field_name("right")
                    return self._object(right) if right is not None else None
        return None

    def _object(self, node: Node) -> Node | None:
        """The object that an expression is, or hands to a function such as `defineConfig`, or returns."""
        for _ in range(_MOST_HOPS):
            node = self._followed(node)
            if node.type == "object":
                return node
            if node.type == "call_expression":
                arguments = arguments_of(node)
                if len(arguments) != 1:
                    return None
                node = arguments[0]
            elif node.type in FUNCTIONS:
                body = node.child_by_field_name("body")
                if body is None:
                    return None
                if body.type == "statement_block":
                    returns = [part for part in body.named_children if part.type == "return_statement"]
                    value = first_named(returns[0]) if len(returns) == 1 else None
                    if value is None:
                        return None
                    node = value
                else:
                    node = body
            else:
                return None
        return None

    def _followed(self, node: Node) -> Node:
        """An expression, or what a constant that it names is set to."""
        node = unwrap(node)
        for _ in range(_MOST_HOPS):
            if node.type not in ("identifier", "shorthand_property_identifier") or self._parsed is None:
                break
            declared = self._parsed[1].resolve(node)
            value = declared.value if declared is not None and not declared.path else None
            if declared is None or value is None or self._parsed[1].assignments(declared):
                break
            node = unwrap(value)
        return node

    def _property(self, node: Node, key: str) -> Node | Open | None:
        node = self._followed(node)
        if node.type != "object":
            return OPEN
        found: Node | Open | None = None
        for part in node.named_children:
            match part.type:
                case "pair":
                    name = part.child_by_field_name("key")
                    written = property_name(self._syntax, name) if name is not None else None
                    if written is None:
                        found = found or OPEN
                    elif written == key:
                        found = part.child_by_field_name("value")
                case "shorthand_property_identifier":
                    if self._syntax.text(part) == key:
                        found = part
                case "spread_element":
                    found = OPEN
        return found

    @property
    def _syntax(self) -> Syntax:
        assert self._parsed is not None
        return self._parsed[0]

    def _literal(self, node: Node) -> object:
        node = self._followed(node)
        match node.type:
            case "string":
                text = string_value(self._syntax, node)
                return text if text is not None else OPEN
            case "template_string":
                has_holes = any(part.type == "template_substitution" for part in node.named_children)
                return OPEN if has_holes else self._syntax.text(node)[1:-1]
            case "true" | "false":
                return node.type == "true"
            case "number":
                try:
                    return float(self._syntax.text(node))
                except ValueError:
                    return OPEN
            case "array":
                return [self._literal(part) for part in node.named_children if part.type != "comment"]
            case "object":
                return self._plain(node)
        return OPEN

    def _plain(self, node: Node) -> dict[str, object]:
        found: dict[str, object] = {}
        for part in node.named_children:
            name = part.child_by_field_name("key") if part.type == "pair" else None
            key = property_name(self._syntax, name) if name is not None else None
            value = part.child_by_field_name("value")
            if part.type == "shorthand_property_identifier":
                key, value = self._syntax.text(part), part
            if key is not None and value is not None:
                found[key] = self._literal(value)
        return found
