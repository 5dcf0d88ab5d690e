"""Edits of a configuration in its own words, one after the other: each sees what the one before left."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from cflint.finding import Edit, Location
from cflint.platform.cloudflare_config import helper_of
from cflint.project.config.cloudflare.editing.helpers import Helper, named_helper, unused_imports
from cflint.project.config.cloudflare.editing.literals import (
    Call,
    Code,
    CodeWriter,
    key_of,
    shallow,
    text_of,
    writer_for,
)
from cflint.project.config.cloudflare.nodes import Path
from cflint.project.config.cloudflare.reader import ConfigTree, Point, Reading, Source, read_source
from cflint.project.config.cloudflare.values import UNDEFINED, Arr, Obj, Scalar, Value
from cflint.record import record
from cflint.source import Span
from cflint.syntax.data import Kind, Node
from cflint.syntax.data import Value as Plain
from cflint.syntax.editing.brackets import add, cut
from cflint.syntax.editing.text import Pieces, TextEdit
from cflint.syntax.javascript import Syntax, arguments_of, span_of, unwrap, with_wrappers

if TYPE_CHECKING:
    from tree_sitter import Node as SyntaxNode

_LITERALS = frozenset({"string", "template_string", "number", "true", "false", "null", "unary_expression"})
_POSITIONAL = frozenset({"text", "json"})


class Refused(Exception):
    """There is no edit that does exactly this."""


@record(frozen=True)
class Spot:
    """A value of a configuration: `key` is where its key is written (None of an element), `use` its
    expression."""

    value: Value
    key: Location | None
    use: Location


class Session:
    """Edits one configuration, as it is at one point; all methods raise `Refused`."""

    def __init__(self, source: Source, reading: Reading, point: Point) -> None:
        self.base = reading
        self.reading = reading
        self.point = point
        self._source = source
        self._pieces: dict[str, Pieces] = {}

    # -- what there is ---------------------------------------------------------------------------------

    @property
    def tree(self) -> ConfigTree:
        """The configuration with wrangler's keys, as it is by now."""
        return tree_of_point(self.reading, self.point)

    @property
    def root(self) -> Obj:
        """The configuration in its own words, as it is by now."""
        found = self.reading.values.get(self.point)
        if found is None:
            raise Refused
        return found

    def find(self, path: Path) -> Spot | None:
        """The value at a path of the configuration's own words."""
        return find_in(self.root, path)

    def at(self, path: Path) -> Spot:
        """The value at a path; it has to be there."""
        found = self.find(path)
        if found is None:
            raise Refused
        return found

    # -- edits -----------------------------------------------------------------------------------------

    def put(self, path: Path, key: str, value: Plain, comment: str | None = None) -> None:
        """Add a key to the object at a path, which is made when it is not there."""
        spot = self.find(path)
        if spot is None or (isinstance(spot.value, Scalar) and spot.value.value is UNDEFINED):
            above = path[-1] if path else None
            if spot is not None or not isinstance(above, str):
                raise Refused
            self.put(path[:-1], above, {key: value}, comment)
            return
        if not isinstance(spot.value, Obj) or key in spot.value.members:
            raise Refused
        self._add(spot.value, key, value, comment)

    def append(self, path: Path, value: Plain) -> None:
        """Add an element to the array at a path, which is made when it is not there."""
        spot = self.find(path)
        if spot is None:
            above = path[-1] if path else None
            if not isinstance(above, str):
                raise Refused
            self.put(path[:-1], above, [value])
            return
        if not isinstance(spot.value, Arr):
            raise Refused
        self._add(spot.value, None, value, None)

    def replace(self, path: Path, value: Plain) -> None:
        """Make another value of the one at a path, where that is written as a literal."""
        spot = self.at(path)
        syntax = self._syntax(spot.value.place)
        node = unwrap(self._node(syntax, spot.value.place.span))
        if isinstance(spot.value, Scalar):
            computed = any(child.type == "template_substitution" for child in node.named_children)
            if node.type not in _LITERALS or computed:
                raise Refused
        elif node.type not in ("object", "array"):
            raise Refused
        self._write(syntax, node, value)

    def replace_expression(self, path: Path, value: Plain) -> None:
        """Make another value of the one at a path, whatever expression it has."""
        spot = self.at(path)
        syntax = self._syntax(spot.use)
        self._write(syntax, self._node(syntax, spot.use.span), value)

    def remove(self, path: Path) -> None:
        """Remove a key with its value, or an element, and the imports that nothing else uses."""
        spot, container = self.at(path), self.at(path[:-1]).value
        if spot.key is not None:
            syntax = self._syntax(spot.key)
            node = self._member(syntax, spot.key)
            literal = syntax.parent(node)
        else:
            syntax, literal = self._literal(container)
            node = self._element(literal, spot.use.span)
        if literal is None or literal.type not in ("object", "array"):
            raise Refused
        whole = shallow(literal)
        children = [child for child in literal.named_children if child.type != "comment"]
        index = next((at for at, child in enumerate(children) if child.id == node.id), None)
        if index is None:
            raise Refused
        edits = cut(text_of(syntax), whole, index if literal.type == "array" else key_of(node))
        if edits is None:
            raise Refused
        edits += unused_imports(syntax, node)
        self._make({syntax.document.path: edits})

    def rename(self, path: Path, key: str) -> None:
        """Give a key another name."""
        spot, container = self.at(path), self.at(path[:-1]).value
        if spot.key is None or not isinstance(container, Obj) or key in container.members:
            raise Refused
        syntax = self._syntax(spot.key)
        node = self._member(syntax, spot.key)
        name = node.child_by_field_name("key")
        quotes = name is not None and name.type == "string"
        writer = writer_for(syntax)
        new = writer.on_one_line(key, like=syntax.text(name)[:1]) if name and quotes else writer.key(key)
        if node.type == "shorthand_property_identifier":
            edit = TextEdit(span_of(node), f"{new}: {syntax.text(node)}")
        elif name is not None and name.type != "computed_property_name":
            edit = TextEdit(span_of(name), new)
        else:
            raise Refused
        self._make({syntax.document.path: [edit]})

    def set_helper(self, path: Path, helper: str) -> None:
        """Call another helper of the same namespace."""
        spot = self.at(path)
        syntax = self._syntax(spot.use)
        call = unwrap(self._node(syntax, spot.use.span))
        callee = call.child_by_field_name("function") if call.type == "call_expression" else None
        name = callee.child_by_field_name("property") if callee is not None else None
        if name is None:
            raise Refused
        self._make({syntax.document.path: [TextEdit(span_of(name), helper)]})

    def append_reference(self, path: Path, name: Path) -> None:
        """Add to the array at a path the variable that stands at another path."""
        use = self.at(name).use
        syntax = self._syntax(use)
        node = unwrap(self._node(syntax, use.span))
        if node.type not in ("identifier", "shorthand_property_identifier"):
            raise Refused
        self.append(path, Code(syntax.text(node)))

    def set_import_source(self, place: Location, specifier: str) -> None:
        """Make the import statement at a place import another module."""
        syntax = self._syntax(place)
        source = self._statement(syntax, place).child_by_field_name("source")
        if source is None:
            raise Refused
        new = writer_for(syntax).text(specifier, syntax.text(source)[:1])
        self._make({syntax.document.path: [TextEdit(span_of(source), new)]})

    def add_import_attribute(self, place: Location, attribute: str) -> None:
        """Give the import statement at a place `with` and an attribute; it has none."""
        syntax = self._syntax(place)
        statement = self._statement(syntax, place)
        source = statement.child_by_field_name("source")
        if source is None or any(child.type == "import_attribute" for child in statement.named_children):
            raise Refused
        at = source.end_byte
        self._make({syntax.document.path: [TextEdit(Span(at, at), f" with {attribute}")]})

    def _statement(self, syntax: Syntax, place: Location) -> SyntaxNode:
        node = self._node(syntax, place.span)
        if node.type not in ("import_statement", "export_statement"):
            raise Refused
        return node

    def replace_text(self, place: Location, text: str) -> None:
        """Put a text in the stead of a place."""
        self._make({self._syntax(place).document.path: [TextEdit(place.span, text)]})

    # -- helpers ---------------------------------------------------------------------------------------

    def helper(self, around: Path, namespace: str, type: str, options: dict[str, Plain]) -> Plain:
        """The call of a helper, or the object that it would make where the file has no helpers, for what is
        to stand in the object at a path; the namespace is imported if it is not."""
        syntax = self._syntax_of_container(around)
        found = named_helper(syntax, namespace)
        if found is None:
            return {"type": type, **options}
        if found.edits:
            self._make({syntax.document.path: list(found.edits)})
        return self._call(found, type, options)

    def _call(self, found: Helper, type: str, options: dict[str, Plain]) -> Call:
        return Call(f"{found.name}.{helper_of(type)}", options, positional=type in _POSITIONAL)

    def own_name(self) -> Plain:
        """The expression that gives the Worker its name, for another place."""
        spot = self.at(("worker", "name"))
        if not isinstance(spot.value, Scalar) or not isinstance(spot.value.value, str):
            raise Refused
        syntax = self._syntax(spot.use)
        node = unwrap(self._node(syntax, spot.use.span))
        if node.type == "string":
            return spot.value.value
        if node.type not in ("identifier", "member_expression", "shorthand_property_identifier"):
            raise Refused
        return Code(syntax.text(node))

    # -- the text --------------------------------------------------------------------------------------

    def edits(self) -> tuple[Edit, ...]:
        """All edits together, of the files as they were at first."""
        return tuple(
            Edit(self.base.syntaxes[path].document, edit.span, edit.text)
            for path, pieces in self._pieces.items()
            for edit in pieces.edits()
        )

    def _make(self, changes: Mapping[str, Iterable[TextEdit]]) -> None:
        for path, edits in changes.items():
            if path not in self._pieces:
                self._pieces[path] = Pieces(self.base.syntaxes[path].document.data)
            self._pieces[path].edit(edits)
        texts = {path: pieces.data for path, pieces in self._pieces.items()}
        self.reading = read_source(self._source.with_texts(texts))

    def _syntax(self, place: Location) -> Syntax:
        syntax = self.reading.syntaxes.get(place.document.path)
        if syntax is None or syntax.document.origin is not None or place.document is not syntax.document:
            raise Refused  # JSON, or a block of Markdown
        return syntax

    def _node(self, syntax: Syntax, span: Span) -> SyntaxNode:
        node = syntax.node_at(span.start, span.end)
        if node is None or span_of(node) != span:
            raise Refused
        return node

    def _member(self, syntax: Syntax, key: Location) -> SyntaxNode:
        """The member of an object literal whose key stands at a place."""
        node = self._node(syntax, key.span)
        if node.type == "shorthand_property_identifier":
            return node
        above = syntax.parent(node)
        while above is not None and span_of(above) == key.span:
            node, above = above, syntax.parent(above)
        if above is None or above.type not in ("pair", "method_definition"):
            raise Refused
        return above

    def _element(self, literal: SyntaxNode, span: Span) -> SyntaxNode:
        for child in literal.named_children:
            if span_of(child) == span:
                return child
        raise Refused

    def _literal(self, value: Value) -> tuple[Syntax, SyntaxNode]:
        """The literal that a value is made by; of a helper's call, the literal that it gets, or the call
        itself when it gets nothing."""
        if not isinstance(value, Obj | Arr):
            raise Refused
        syntax = self._syntax(value.place)
        node = unwrap(self._node(syntax, value.place.span))
        if node.type == "call_expression" and isinstance(value, Obj) and "type" in value.members:
            given = arguments_of(node)
            if len(given) > 1:
                raise Refused
            node = unwrap(given[0]) if given else node
            if not given:
                return syntax, node
        if node.type not in ("object", "array"):
            raise Refused
        return syntax, node

    def _syntax_of_container(self, path: Path) -> Syntax:
        for length in range(len(path), -1, -1):
            spot = self.find(path[:length])
            if spot is not None:
                return self._literal(spot.value)[0]
        raise Refused

    def _add(self, container: Obj | Arr, key: str | None, value: Plain, comment: str | None) -> None:
        syntax, literal = self._literal(container)
        writer = writer_for(syntax, literal if key is not None else None)
        if literal.type == "call_expression":
            self._give(syntax, literal, writer, {key or "": value})
            return
        edits = add(
            text_of(syntax), writer, shallow(literal), self._around(syntax, literal), key, value, comment
        )
        if edits is None:
            raise Refused
        self._make({syntax.document.path: edits})

    def _give(self, syntax: Syntax, call: SyntaxNode, writer: CodeWriter, options: dict[str, Plain]) -> None:
        given = call.child_by_field_name("arguments")
        if given is None:
            raise Refused
        text = f"({writer.on_lines(options, text_of(syntax).indent(call.start_byte))})"
        self._make({syntax.document.path: [TextEdit(span_of(given), text)]})

    @staticmethod
    def _around(syntax: Syntax, literal: SyntaxNode) -> Node | None:
        """The object or array that a literal stands in; what a call is given stays on its line."""
        parent = syntax.parent(literal)
        if parent is not None and parent.type == "arguments":
            return Node(Kind.INVALID, span_of(literal))
        above = syntax.enclosing(with_wrappers(syntax, literal), frozenset(("object", "array")))
        return None if above is None else Node(Kind.INVALID, span_of(above))

    def _write(self, syntax: Syntax, node: SyntaxNode, value: Plain) -> None:
        writer = writer_for(syntax)
        old = syntax.text(node)
        if "\n" in old:
            text = writer.on_lines(value, text_of(syntax).indent(node.start_byte))
        else:
            text = writer.on_one_line(value, like=old[:1])
        self._make({syntax.document.path: [TextEdit(span_of(node), text), *unused_imports(syntax, node)]})


def find_in(root: Obj, path: Path) -> Spot | None:
    """The value at a path of a configuration; None where there is none, or where it is one of several."""
    spot: Spot | None = Spot(root, None, root.place)
    for step in path:
        value = spot.value if spot is not None else None
        if isinstance(value, Obj) and isinstance(step, str):
            entry = value.members.get(step)
            spot = None if entry is None else Spot(entry.value, entry.key, entry.use)
        elif isinstance(value, Arr) and isinstance(step, int) and step < len(value.items):
            spot = Spot(value.items[step].value, None, value.items[step].use)
        else:
            return None
    return spot


def tree_of_point(reading: Reading, point: Point) -> ConfigTree:
    """The tree that a reading has at a point."""
    for tree in reading.config.trees:
        if point in tree.points:
            return tree
    raise Refused


def points_of(reading: Reading) -> Iterator[Point]:
    """All points of a reading."""
    for tree in reading.config.trees:
        yield from tree.points
