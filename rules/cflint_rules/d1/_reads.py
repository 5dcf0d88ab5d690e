"""Edits by which queries of D1 that are awaited one by one go in one `batch()`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from cflint.api import Edit, Fix, Module, Safety, Span, config, fixes, js, record
from cflint_rules.d1._batches import Part, in_one_database, listed_parts

if TYPE_CHECKING:
    from tree_sitter import Node

_ONE = frozenset({"first", "get"})
_PATTERNS = frozenset({"identifier", "object_pattern", "array_pattern"})
_ANY_ROW = "Record<string, unknown>"


@record(frozen=True, eq=False)
class _Read:
    """A declaration of what a query gives: the pattern that takes it, the type of its rows ("" for that of
    any row), what it is cast to."""

    statement: Node
    target: Node
    part: Part
    is_one: bool
    rows: str
    cast: str


def fix_of_reads(module: Module, rows: Sequence[Sequence[Node]]) -> Fix | None:
    """Each row of declarations with one `batch()`; None where that cannot be done with the first row."""
    found = [_edit_of_row(module, row) for row in rows]
    part = next((it for it in in_one_database(module, rows[0]) or ()), None)
    if part is None or found[0] is None:
        return None
    edits = tuple(edit for edit in found if edit is not None)
    if any("D1Result<" in edit.text for edit in edits):
        edits = (*(_imports(module) or ()), *edits)
    return Fix(f"Ask with one `{module.text(part.database)}.batch()`", edits, Safety.UNSAFE)


def _edit_of_row(module: Module, runs: Sequence[Node]) -> Edit | None:
    parts = in_one_database(module, runs)
    if parts is None:
        return None
    reads = [_read_of(module, run, part) for run, part in zip(runs, parts, strict=True)]
    known = [read for read in reads if read is not None]
    if len(known) != len(runs):
        return None
    taken = [_taken(module, read) for read in known]
    if any(it is None for it in taken):
        return None
    pairs = [it for it in taken if it is not None]
    statements = [read.statement for read in known]
    first, last = statements[0], statements[-1]
    database, indent = module.text(parts[0].database), module.indent_of(first)
    end = module.semicolon_of(last)
    after = "".join(f"\n{indent}{line}{end}" for _, line in pairs if line)
    listed = listed_parts(module, parts, statements)
    names = ", ".join(name for name, _ in pairs)
    types = ", ".join(f"D1Result<{read.rows or _ANY_ROW}>" for read in known)
    is_cast = module.is_typescript and _has_types(module) and not parts[0].is_drizzle
    ask = f"await {database}.batch([\n{listed}{indent}])"
    asked = f"({ask}) as [{types}]" if is_cast else ask
    text = f"const [{names}] = {asked}{end}{after}"
    return Edit(module.document, Span(first.start_byte, last.end_byte), text)


def _read_of(module: Module, run: Node, part: Part) -> _Read | None:
    statement, made = module.statement_of(run), js.Call(module, run)
    declarator = js.first_named(statement) if statement is not None else None
    if statement is None or declarator is None or not module.text(statement).startswith("const "):
        return None
    target, value = declarator.child_by_field_name("name"), declarator.child_by_field_name("value")
    if target is None or value is None or declarator.child_by_field_name("type") is not None:
        return None
    if target.type not in _PATTERNS or (made.name == "first" and made.arguments):
        return None
    while value.type == "parenthesized_expression":
        value = value.named_children[0]
    cast = ""
    if value.type == "as_expression":
        cast, value = module.text(value.named_children[-1]), js.unwrap(value)
    if value.type != "await_expression" or js.unwrap(value.named_children[0]).id != run.id:
        return None
    return _Read(statement, target, part, made.name in _ONE, _rows(module, run), cast)


def _rows(module: Module, run: Node) -> str:
    """The type argument of a call: `Row` of `all<Row>()`, which the tree does not have."""
    called, given = run.child_by_field_name("function"), run.child_by_field_name("arguments")
    if called is None or given is None:
        return ""
    between = module.document.data[called.end_byte : given.start_byte].decode("utf-8", "replace").strip()
    return between[1:-1].strip() if between.startswith("<") and between.endswith(">") else ""


def _taken(module: Module, read: _Read) -> tuple[str, str] | None:
    """What takes a result out of the list, and the declaration behind it where it becomes another one. Types
    are said of the list as a whole, or of what is taken where the platform's types are not in scope."""
    name = module.text(read.target)
    if read.part.is_drizzle:
        return (f"[{name}]" if read.is_one else name, "") if not read.cast else None
    has_types = not module.is_typescript or _has_types(module)
    if not read.is_one and not read.cast:
        return (name, "") if has_types else None
    held = f"{_name_in(module, read.target)}Rows"
    if held == "Rows" or module.document.has_word(held) or (read.is_one and read.target.type != "identifier"):
        return None
    if not read.is_one:
        return held, f"const {name} = {held} as {read.cast}"
    row = f"{held}.results[0] ?? null"
    one = f"{read.rows or _ANY_ROW} | null"
    if not module.is_typescript:
        return held, f"const {name} = {row}"
    if not has_types:
        return held, f"const {name} = ({row.replace('.', '?.', 1)}) as {read.cast or one}"
    return held, f"const {name} = ({row}) as {read.cast}" if read.cast else f"const {name}: {one} = {row}"


def _name_in(module: Module, target: Node) -> str:
    """The name that a declaration makes; "" of several."""
    kinds = ("identifier", "shorthand_property_identifier_pattern")
    found = [module.text(it) for it in (target, *module.descendants(target, *kinds)) if it.type in kinds]
    names = list(dict.fromkeys(found))
    return names[0] if len(names) == 1 else ""


def _has_types(module: Module) -> bool:
    """Whether the platform's types are in scope, or can be brought there."""
    return _imports(module) is not None


def _imports(module: Module) -> tuple[Edit, ...] | None:
    """Edits that bring the type of a result into scope; None where that cannot be done."""
    found = {config.runtime_types_of(module.project, worker) for worker in module.workers}
    if any(types.is_global for types in found):
        return ()
    if config.RuntimeTypes.IMPORTED not in found:
        return None
    return fixes.add_imports(module, ["D1Result"], "@cloudflare/workers-types", types=True)
