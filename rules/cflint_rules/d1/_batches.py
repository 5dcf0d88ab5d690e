"""Edits by which statements of D1 that are sent one by one go in one `batch()`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from cflint.api import Edit, Fix, Module, Safety, Span, js, pattern, record, sql

if TYPE_CHECKING:
    from tree_sitter import Node

_NAMES = ("statements", "writes", "changes", "updates")
"""Names for the list of a loop, of which each loop of a block takes another one."""
_TAKEN = {"statements": ("first", "others"), "writes": ("firstWrite", "otherWrites")}
"""By the name of a list, those for its first element and the others."""
_OWN_TYPES = pattern(rb"\bprepare\s*\(\s*\w+\s*:\s*string\s*\)\s*:")
"""The method of an interface that somebody wrote for D1."""
_DECLARATIONS = frozenset({"lexical_declaration", "variable_declaration"})
_FIRST = ("first", "before", "firstStatement")
"""Names for a statement that waits for another one."""
_BLOCKS = frozenset({"statement_block", "program"})
_LOOPS = frozenset({"for_statement", "for_in_statement", "while_statement"})
_RUNS = frozenset({"run", "all", "first"})
_PROMISES = frozenset({"then", "catch", "finally"})
_OF_DRIZZLE = frozenset({"run", "execute", "all", "get"})


@record(frozen=True, eq=False)
class Part:
    """A statement as `batch()` takes it: the expression, without what runs it, and its database."""

    node: Node
    database: Node
    is_drizzle: bool = False


def part_of(module: Module, run: Node) -> Part | None:
    """The statement that a call runs; None where its database is not in sight, or it is no D1 or Drizzle."""
    made = js.Call(module, run)
    if made.receiver is None:
        return None
    use = sql.prepared_by(module, made.receiver) if made.name in _RUNS else None
    prepare = js.Call(module, use.call) if use is not None else None
    if prepare is not None:
        is_plain = made.name != "first" or not made.arguments
        return Part(made.receiver, prepare.receiver) if prepare.receiver is not None and is_plain else None
    begun = module.orm_statement(run)
    if begun is None or begun.orm != "Drizzle" or begun.first.receiver is None:
        return None
    if not _PROMISES.isdisjoint(begun.methods):
        return None
    return Part(made.receiver if made.name in _OF_DRIZZLE else run, begun.first.receiver, is_drizzle=True)


def fix_of_loop(module: Module, loop: Node, runs: Sequence[Node]) -> Fix | None:
    """The statements of all turns of a loop, gathered and sent behind it. `runs` are all calls that the loop
    awaits. Drizzle's `batch()` takes no list that may be empty, which its types say."""
    found = in_one_database(module, runs)
    block = module.parent(loop)
    if found is None or block is None or block.type not in _BLOCKS:
        return None
    name = _name_for(module, loop, block)
    statements = [module.statement_of(run) for run in runs]
    if name is None or not _is_outside(module, found[0].database, loop):
        return None
    edits: list[Edit] = []
    for statement, part in zip(statements, found, strict=True):
        if statement is None or statement.type != "expression_statement":
            return None
        edits.append(
            module.replace(statement, f"{name}.push({module.text(part.node)}){_end(module, statement)}")
        )
    database, indent, end = (
        module.text(found[0].database),
        module.indent_of(loop),
        _end(module, statements[0]),
    )
    send = f"if ({name}.length > 0) await {database}.batch({name})"
    if found[0].is_drizzle:
        taken = _TAKEN.get(name)
        function = module.enclosing_function(loop)
        within = function if function is not None else module.root
        if taken is None or any(next(module.leaves(it, within), None) is not None for it in taken):
            return None
        one, more = taken
        send = (
            f"const [{one}, ...{more}] = {name}{end}\n{indent}"
            f"if ({one}) await {database}.batch([{one}, ...{more}])"
        )
    return Fix(
        f"Gather the statements, and send them with one `{database}.batch()`",
        (
            module.insert(loop.start_byte, f"const {name} = []{end}\n{indent}"),
            *edits,
            module.insert(loop.end_byte, f"\n{indent}{send}{end}"),
        ),
        Safety.UNSAFE,
    )


def fix_of_row(module: Module, runs: Sequence[Node]) -> Fix | None:
    """Statements that stand one below the other, in one `batch()` in the place of the first."""
    return fix_of_rows(module, [runs])


def fix_of_rows(module: Module, rows: Sequence[Sequence[Node]]) -> Fix | None:
    """Each row of statements in one `batch()`, in the place of its last one; None where that cannot be done
    with the first row."""
    found = [(_edits_of_row(module, runs), runs) for runs in rows]
    if not found or found[0][0] is None:
        return None
    part = part_of(module, rows[0][0])
    database = module.text(part.database) if part is not None else ""
    edits = tuple(edit for made, _ in found for edit in made or ())
    return Fix(f"Send them with one `{database}.batch()`", edits, Safety.UNSAFE)


def _edits_of_row(module: Module, runs: Sequence[Node]) -> tuple[Edit, ...] | None:
    parts = in_one_database(module, runs)
    statements = [it for run in runs if (it := module.statement_of(run)) is not None]
    if parts is None or len(statements) != len(runs):
        return None
    if any(it.type != "expression_statement" for it in statements):
        return None
    blocks = {above.id if (above := module.parent(it)) is not None else 0 for it in statements}
    if len(blocks) == 2 and len(runs) == 2:
        return _edits_of_choice(module, parts, statements)
    if len(blocks) != 1:
        return None
    first, last = statements[0], statements[-1]
    between = [it for it in _from_to(first, last) if it not in statements and it.type != "comment"]
    if any(it.type not in _DECLARATIONS for it in between):
        return None
    database, indent = module.text(parts[0].database), module.indent_of(first)
    head, end = f"await {database}.batch([\n", f"{indent}]){_end(module, last)}"
    if not between:
        text = f"{head}{listed_parts(module, parts, statements)}{end}"
        return (Edit(module.document, Span(first.start_byte, last.end_byte), text),)
    new = indent + module.indent_unit
    lines = "".join(f"{new}{module.moved_text(part.node, indent, new)},\n" for part in parts)
    gone = (Edit(module.document, module.whole_lines(it), "") for it in statements[:-1])
    return (*gone, module.replace(last, f"{head}{lines}{end}"))


def _edits_of_choice(
    module: Module, parts: Sequence[Part], statements: Sequence[Node]
) -> tuple[Edit, ...] | None:
    """Both statements in one `batch()` where the second one is all that an `if` behind the first does, and
    the first one alone otherwise."""
    first, second = statements
    block = module.parent(second)
    choice = module.parent(block) if block is not None else None
    if block is None or choice is None or choice.type != "if_statement" or block.type != "statement_block":
        return None
    if choice.child_by_field_name("alternative") is not None or block.named_child_count != 1:
        return None
    between = list(_from_to(first, choice))[1:-1]
    is_apart = module.parent(choice) != module.parent(first)
    if is_apart or any(it.type not in (*_DECLARATIONS, "comment") for it in between):
        return None
    function = module.enclosing_function(first)
    within = function if function is not None else module.root
    name = next((it for it in _FIRST if next(module.leaves(it, within), None) is None), None)
    if name is None:
        return None
    database, indent, end = module.text(parts[0].database), module.indent_of(choice), _end(module, first)
    old, inner = module.indent_of(second), module.indent_of(second) + module.indent_unit
    both = f"{inner}{name},\n{inner}{module.moved_text(parts[1].node, old, inner)},\n"
    alone = name if parts[0].is_drizzle else f"{name}.run()"
    return (
        module.replace(first, f"const {name} = {module.text(parts[0].node)}{end}"),
        module.replace(second, f"await {database}.batch([\n{both}{old}]){_end(module, second)}"),
        module.insert(block.end_byte, f" else {{\n{old}await {alone}{end}\n{indent}}}"),
    )


def _from_to(first: Node, last: Node) -> Iterator[Node]:
    """The siblings from one to another one."""
    at: Node | None = first
    while at is not None and at.start_byte <= last.start_byte:
        yield at
        at = at.next_named_sibling


def listed_parts(module: Module, parts: Sequence[Part], statements: Sequence[Node]) -> str:
    """Statements as lines of a list, with the comments between them."""
    old = module.indent_of(statements[0])
    new = old + module.indent_unit
    nodes = {statement.id: part.node for statement, part in zip(statements, parts, strict=True)}
    lines: list[str] = []
    for at in _from_to(statements[0], statements[-1]):
        before = at.prev_named_sibling
        if at.type == "comment" and lines and before is not None and _is_beside(module, before, at):
            lines[-1] += f" {module.text(at)}"
            continue
        comma = "," if at.id in nodes else ""
        lines.append(f"{new}{module.moved_text(nodes.get(at.id, at), old, new)}{comma}")
    return "".join(f"{line}\n" for line in lines)


def _is_beside(module: Module, before: Node, node: Node) -> bool:
    """Whether a node begins on the line on which another one ends."""
    return module.document.line_of(before.end_byte) == module.document.line_of(node.start_byte)


def in_one_database(module: Module, runs: Sequence[Node]) -> list[Part] | None:
    """The statements that calls run, where one database gets all of them."""
    parts = [part for run in runs if (part := part_of(module, run)) is not None]
    if not parts or len(parts) != len(runs) or not are_types_known(module, b"batch"):
        return None
    if len({(module.text(part.database), part.is_drizzle) for part in parts}) != 1:
        return None
    return None if any(_awaits(module, part.node) for part in parts) else parts


def are_types_known(module: Module, member: bytes) -> bool:
    """Whether no code of the Workers writes the types of D1 down itself, without a member that an edit
    uses."""
    if not module.is_typescript:
        return True

    def find() -> tuple[bytes, ...]:
        paths = {path for worker in module.workers for path in worker.modules}
        texts = (module.project.workspace.read(path) for path in sorted(paths))
        return tuple(it.data for it in texts if it is not None and _OWN_TYPES.search(it.data) is not None)

    question = ("own types of D1", *(id(worker) for worker in module.workers))
    declared = pattern(rb"\b" + member + rb"\s*[(<?:]")
    return all(declared.search(text) for text in module.project.memo.memoized(question, find))


def _awaits(module: Module, node: Node) -> bool:
    return next(module.leaves("await", node), None) is not None


def _end(module: Module, statement: Node | None) -> str:
    return module.semicolon_of(statement) if statement is not None else ""


def _name_for(module: Module, loop: Node, block: Node) -> str | None:
    """A name that the function around has not, and that no loop before in the same block gets."""
    function = module.enclosing_function(loop)
    within = function if function is not None else module.root
    before = 0
    for sibling in block.named_children:
        if sibling.id == loop.id:
            break
        before += sibling.type in _LOOPS and _awaits(module, sibling)
    free = [name for name in _NAMES if next(module.leaves(name, within), None) is None]
    return free[before] if before < len(free) else None


def _is_outside(module: Module, database: Node, loop: Node) -> bool:
    """Whether an expression means the same behind a loop."""
    for name in (database, *module.descendants(database, "identifier")):
        declaration = module.scope.resolve(name) if name.type == "identifier" else None
        if declaration is not None and js.contains(loop, declaration.node):
            return False
    return next(module.descendants(database, "call_expression"), None) is None
