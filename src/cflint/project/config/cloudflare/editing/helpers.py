"""The helpers that a configuration imports: how they are called, and the edits of the imports."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.project.config.cloudflare.editing.literals import Code, shallow, text_of, writer_for
from cflint.project.config.cloudflare.natives import HELPER_MODULES
from cflint.record import record
from cflint.source import Span
from cflint.syntax.editing.brackets import add
from cflint.syntax.editing.text import TextEdit
from cflint.syntax.javascript import Syntax, first_named, span_of, walk
from cflint.syntax.javascript.imports import import_braces, import_parts, import_source, spans_of_parts

if TYPE_CHECKING:
    from tree_sitter import Node

_USES = frozenset(("identifier", "shorthand_property_identifier", "type_identifier"))


@record(frozen=True)
class Helper:
    """What a namespace of helpers is called in a file, and the edits that import it."""

    name: str
    edits: tuple[TextEdit, ...] = ()


def named_helper(syntax: Syntax, namespace: str) -> Helper | None:
    """The namespace `bindings`, `triggers` or `exports` in a file; None where the file imports no helpers."""
    braces: Node | None = None
    for statement in _imports(syntax):
        if import_source(syntax, statement) not in HELPER_MODULES or _is_type(statement):
            continue
        for part in import_parts(statement):
            if part.type == "namespace_import":
                whole = first_named(part)
                return Helper(f"{syntax.text(whole)}.{namespace}") if whole is not None else None
            imported, alias = part.child_by_field_name("name"), part.child_by_field_name("alias")
            if imported is not None and syntax.text(imported) == namespace and not _is_type(part):
                return Helper(syntax.text(alias or imported))
        braces = braces or import_braces(statement)
    if braces is None:
        return None
    name, specifier = namespace, namespace
    if _is_taken(syntax, namespace):
        name = f"worker{namespace[0].upper()}{namespace[1:]}"
        specifier = f"{namespace} as {name}"
        if _is_taken(syntax, name):
            return None
    return Helper(name, tuple(_added(syntax, braces, specifier)))


def unused_imports(syntax: Syntax, gone: Node) -> list[TextEdit]:
    """The edits that take out the imported names that only a part of the file used."""
    inside = _used_in(syntax, gone)
    if not inside:
        return []
    uses = _used_in(syntax, syntax.root)
    edits: list[TextEdit] = []
    for statement in _imports(syntax):
        if first_named(statement) is None or not list(import_parts(statement)):
            continue
        unused = {
            part.id
            for part in import_parts(statement)
            if (name := _local_name(syntax, part)) in inside
            and uses[name] - inside[name] == _own(syntax, part)
        }
        if not unused:
            continue
        spans = spans_of_parts(statement, unused)
        if spans is None:
            text = text_of(syntax)
            spans = (text.lines(statement.start_byte, statement.end_byte),)
        edits += [TextEdit(span, "") for span in spans]
    return edits


def _own(syntax: Syntax, part: Node) -> int:
    """How often the local name of a part stands in it."""
    name = _local_name(syntax, part)
    return _used_in(syntax, part)[name] + (part.type in _USES)


def _used_in(syntax: Syntax, node: Node) -> Counter[str]:
    return Counter(syntax.text(below) for below in walk(node) if below.type in _USES)


def _local_name(syntax: Syntax, part: Node) -> str:
    if part.type == "import_specifier":
        name = part.child_by_field_name("alias") or part.child_by_field_name("name")
    else:
        name = part if part.type == "identifier" else first_named(part)
    return syntax.text(name) if name is not None else ""


def _imports(syntax: Syntax) -> Iterator[Node]:
    return (node for node in syntax.root.named_children if node.type == "import_statement")


def _is_type(node: Node) -> bool:
    return any(child.type == "type" for child in node.children)


def _is_taken(syntax: Syntax, name: str) -> bool:
    return any(syntax.text(node) == name for node in walk(syntax.root) if node.type in _USES)


def _added(syntax: Syntax, braces: Node, specifier: str) -> list[TextEdit]:
    """A name more in the braces of an import; in its place when they are sorted."""
    parts = [child for child in braces.named_children if child.type == "import_specifier"]
    names = [syntax.text(part).lower() for part in parts]
    if names == sorted(names):
        behind = next(
            (part for part, name in zip(parts, names, strict=True) if name > specifier.lower()), None
        )
        if behind is not None:
            text = text_of(syntax)
            at = behind.start_byte
            gap = " "
            if text.first_on_line(at):
                gap = text.newline + text.indent(at)
            return [TextEdit(Span(at, at), f"{specifier},{gap}")]
    edits = add(text_of(syntax), writer_for(syntax), shallow(braces), None, None, Code(specifier), None)
    return edits or [TextEdit(span_of(braces), f"{{ {specifier} }}")]
