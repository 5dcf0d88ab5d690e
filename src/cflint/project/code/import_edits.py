"""Edits of a module's import statements, as a fix takes them."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from cflint.finding import Edit
from cflint.pattern import pattern
from cflint.syntax import suffixes
from cflint.syntax.javascript.imports import import_braces, import_parts, import_source, spans_of_parts

if TYPE_CHECKING:
    from tree_sitter import Node

    from cflint.project.code.interface import ModuleLike


def is_typescript(module: ModuleLike) -> bool:
    """Whether a module is written in TypeScript, and is no declaration file."""
    return suffixes.is_typescript(module.path) and not suffixes.is_declaration_file(module.path)


def add_imports(
    module: ModuleLike, names: Iterable[str], source: str, *, types: bool = False
) -> tuple[Edit, ...] | None:
    """Edits that import names from a module specifier: () when all are there already.

    They join an import of that module if there is one that can take them (a value joins no `import type`).
    With `types` they are only used as types. None when a name means something else at the top level.
    """
    wanted: list[str] = []
    for name in names:
        declared = module.scope.top_level.get(name) or module.scope.top_level_types.get(name)
        if declared is None:
            wanted.append(name)
        elif (
            declared.imported is None
            or (declared.imported.module, declared.imported.name) != (source, name)
            or (declared.imported.type_only and not types)
        ):
            return None
    if not wanted:
        return ()
    statements = [node for node in module.syntax.root.named_children if node.type == "import_statement"]
    for statement in statements:
        braces = import_braces(statement)
        if braces is None or import_source(module.syntax, statement) != source:
            continue
        only_types = any(child.type == "type" for child in statement.children)
        if only_types and not types:
            continue
        prefix = "type " if types and not only_types else ""
        listed = ", ".join(f"{prefix}{name}" for name in wanted)
        last = next((child for child in reversed(braces.named_children) if child.type != "comment"), None)
        if last is None:
            return (module.replace(braces, f"{{ {listed} }}"),)
        return (module.insert(last.end_byte, f", {listed}"),)
    return (_statement(module, statements, wanted, source, types),)


def _statement(
    module: ModuleLike, statements: list[Node], names: list[str], source: str, types: bool
) -> Edit:
    quote, end = '"', ";"
    for statement in statements:
        text = module.text(statement)
        quote = "'" if "'" in text else '"'
        end = ";" if text.endswith(";") else ""
    word = "import type" if types else "import"
    line = f"{word} {{ {', '.join(names)} }} from {quote}{source}{quote}{end}"
    if statements:
        last = statements[-1]
        return module.insert(last.end_byte, f"\n{module.indent_of(last)}{line}")
    first = next((n for n in module.syntax.root.named_children if n.type not in _BEFORE_IMPORTS), None)
    if first is None:
        return module.insert(module.syntax.root.end_byte, f"{line}\n")
    first = _with_its_comments(module, first)
    return module.insert(first.start_byte, f"{line}\n\n{module.indent_of(first)}")


_BEFORE_IMPORTS = frozenset({"comment", "hash_bang_line"})
_OF_THE_FILE = pattern(
    r"///|/[/*]\s*(?:@ts-|eslint|biome|prettier|@jsx|@vitest|cflint-ignore-file|Copyright|SPDX)"
)
"""Comments that have to stay at the beginning of a file."""


def _with_its_comments(module: ModuleLike, node: Node) -> Node:
    """A statement, or the first of the comments that stand right above it and are about it."""
    before = node.prev_named_sibling
    while (
        before is not None
        and before.type == "comment"
        and before.end_point.row + 1 == node.start_point.row
        and _OF_THE_FILE.match(module.text(before)) is None
    ):
        node, before = before, before.prev_named_sibling
    return node


def remove_imports(module: ModuleLike, specifiers: Iterable[Node]) -> tuple[Edit, ...]:
    """Edits that remove some specifiers (the `owner` of their declarations) of one import statement; the
    statement goes too when nothing is left of it."""
    gone = {node.id for node in specifiers}
    statement = next(
        (n for n in module.syntax.root.named_children if any(p.id in gone for p in import_parts(n))), None
    )
    if statement is None:
        return ()
    spans = spans_of_parts(statement, gone)
    if spans is None:
        spans = (module.whole_lines(statement),)
    return tuple(Edit(module.document, span, "") for span in spans)


def move_import(
    module: ModuleLike, part: Node, name: str, source: str, *, types: bool = False
) -> tuple[Edit, ...]:
    """Edits that take a specifier (without an alias) out of its statement, of which others are left, and
    import the name from another module: in the import that there is of it, or in one after that statement."""
    statement = next(
        (n for n in module.syntax.root.named_children if any(p.id == part.id for p in import_parts(n))), None
    )
    removed = remove_imports(module, [part])
    if statement is None or not removed:
        return ()
    for other in module.syntax.root.named_children:
        if other.id == statement.id or import_source(module.syntax, other) != source:
            continue
        braces = import_braces(other)
        only_types = any(child.type == "type" for child in other.children)
        if braces is not None and braces.named_children and (types or not only_types):
            word = "type " if types and not only_types else ""
            return (*removed, module.insert(braces.named_children[-1].end_byte, f", {word}{name}"))
    added = _statement(module, [statement], [name], source, types)
    return (*removed, added)


def set_import_source(module: ModuleLike, statement: Node, source: str) -> Edit | None:
    """An edit that makes an import statement name another module."""
    node = statement.child_by_field_name("source")
    if node is None:
        return None
    quote = module.text(node)[:1]
    return module.replace(node, f"{quote}{source}{quote}")


def imported_parts(statement: Node) -> Iterator[Node]:
    """The specifiers, default and namespace of an import statement: the `owner`s of its declarations."""
    yield from import_parts(statement)


def relative_specifier(importer: str, target: str) -> str:
    """How one module of the project is named in another: `./room` for `src/room.ts` from `src/index.ts`."""
    found = posixpath.relpath(suffixes.without_extension(target), posixpath.dirname(importer) or ".")
    return found if found.startswith(".") else f"./{found}"
