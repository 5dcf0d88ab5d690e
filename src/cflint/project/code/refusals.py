"""What code answers to a client that sent something malformed, and the edits that write it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cflint.finding import Edit
from cflint.pattern import pattern
from cflint.project.code.answers import answers_of, known_answers
from cflint.project.code.edits import free_name, semicolon_of
from cflint.project.code.gives import Gives, what_it_gives
from cflint.project.code.nodes import own_declaration
from cflint.project.code.words import HONO, words_at
from cflint.syntax.javascript import first_named

if TYPE_CHECKING:
    from tree_sitter import Node

    from cflint.project.code.module import Module

_CASTS = frozenset({"as_expression", "satisfies_expression", "parenthesized_expression"})
_HOLDERS = frozenset({"statement_block", "program", "switch_case", "switch_default"})
_NULLABLE = frozenset(
    {"type_identifier", "nested_type_identifier", "generic_type", "object_type", "array_type", "union_type"}
)
"""Types behind which `| null` may be written."""
_NAMES = ("body", "sent", "given", "received")
_REST = pattern(rb"[ \t]*(?://[^\r\n]*)?(?=\r?\n|\Z)")


def refusing_statement(module: Module, node: Node, text: str, status: int) -> str | None:
    """The `return` or `throw`, without a semicolon, that answers with a text and a status of an error, as the
    code nearest to a node does; None where the function around gives no response."""
    function = module.enclosing_function(node)
    if function is None or what_it_gives(module, function) is not Gives.RESPONSE:
        return None
    context = dict(words_at(module, node)).get(HONO, "")
    quoted = f'"{text}"'
    known = known_answers(module, node, context)
    found = answers_of(module.document, node.start_byte, context, known)(quoted, str(status))
    if found is None:
        found = (
            f"{context}.text({quoted}, {status})"
            if context
            else f"new Response({quoted}, {{ status: {status} }})"
        )
    declared = first_named(function.child_by_field_name("return_type"))
    needs_next = declared is not None and "NextResponse" in module.text(declared)
    if needs_next and "NextResponse" not in found:
        return None
    return found if found.startswith("throw ") else f"return {found}"


def refusing_edits(module: Module, read: Node, text: str, status: int) -> tuple[Edit, ...]:
    """Edits that answer with an error where an awaited call throws, or gives `null`: `const body = await
    request.json()` becomes one with `.catch(() => null)`, with a question below. () where that is more than
    the value of a constant of its own."""
    whole = _waited_for(module, read)
    declarator = module.parent(whole) if whole is not None else None
    statement = own_declaration(module, declarator) if declarator is not None else None
    holder = module.parent(statement) if statement is not None else None
    if whole is None or declarator is None or statement is None or holder is None:
        return ()
    if declarator.child_by_field_name("type") is not None or holder.type not in _HOLDERS:
        return ()
    answer = refusing_statement(module, read, text, status)
    name = declarator.child_by_field_name("name")
    if answer is None or name is None:
        return ()
    casts = _casts(module, read, whole)
    if casts is None:
        return ()
    handled = [module.insert(read.end_byte, ".catch(() => null)"), *casts]
    end = semicolon_of(module, statement)
    indent = module.indent_of(statement)
    label = module.text(name)
    if name.type == "identifier":
        asked = f"\n{indent}if ({label} === null) {answer}{end}"
        return (*handled, module.insert(_end_of(module, statement), asked))
    fresh = free_name(module, statement, *_NAMES)
    if name.type != "object_pattern" or fresh is None:
        return ()
    behind = f"\n{indent}if ({fresh} === null) {answer}{end}\n{indent}const {label} = {fresh}{end}"
    return (module.replace(name, fresh), *handled, module.insert(_end_of(module, statement), behind))


def catching_edit(
    module: Module, call: Node, instead: str, *, kind: str = "", kept: str | None = None
) -> Edit | None:
    """An edit that puts the statement whose value a call is into a `try`: where it throws, the statement
    `instead` runs, or the value is `kept`. `kind` is the type of the value, for a variable in TypeScript.
    None where the statement does more."""
    node = module.with_wrappers(call)
    statement, above = module.statement_of(node), module.parent(node)
    if statement is None or above is None:
        return None
    if above.type == "variable_declarator":
        return _setting_in_try(module, statement, above, instead, kind, kept)
    text, indent = module.text(statement), module.indent_of(statement)
    is_alone = above.type == "return_statement" or module.own_statement(above) is not None
    if above.type not in ("return_statement", "assignment_expression") or not is_alone or "\n" in text:
        return None
    if kept is not None:
        at = node.start_byte - statement.start_byte
        data = module.document.data[statement.start_byte : statement.end_byte]
        rest = data[at + node.end_byte - node.start_byte :]
        instead = (data[:at] + kept.encode() + rest).decode("utf-8", "replace")
    inner = f"\n{indent}{module.indent_unit}"
    whole = f"try {{{inner}{text}\n{indent}}} catch {{{inner}{instead}\n{indent}}}"
    line = module.document.line_span(module.document.line_of(statement.start_byte))
    if module.document.data[line.start : statement.start_byte].strip():
        whole = f"try {{ {text} }} catch {{ {instead} }}"
    return module.replace(statement, whole)


def _setting_in_try(
    module: Module, statement: Node, declarator: Node, instead: str, kind: str, kept: str | None
) -> Edit | None:
    """An edit for `const name = call(text)`: the variable is set in a `try`."""
    name, value = declarator.child_by_field_name("name"), declarator.child_by_field_name("value")
    holder = module.parent(statement)
    if name is None or value is None or name.type != "identifier" or holder is None:
        return None
    if own_declaration(module, declarator) is None or holder.type not in ("statement_block", "program"):
        return None
    indent, label = module.indent_of(statement), module.text(name)
    inner = f"\n{indent}{module.indent_unit}"
    written = declarator.child_by_field_name("type")
    if written is None and value.type == "as_expression" and "\n" not in module.text(value):
        kind = module.text(value.named_children[-1])
    said = module.text(written) if written is not None else f": {kind}" if kind else ""
    first = f"let {label}{said if module.is_typescript and kept is None else ''}"
    first = f"let {label} = {kept}" if kept is not None else first
    caught = f"catch {{{inner}{instead}\n{indent}}}" if kept is None else "catch {}"
    text = f"{first};\n{indent}try {{{inner}{label} = {module.text(value)};\n{indent}}} {caught}"
    return module.replace(statement, text)


def _waited_for(module: Module, read: Node) -> Node | None:
    """The `await` of a call, with the casts and parentheses around it."""
    above = module.parent(read)
    while above is not None and above.type in _CASTS:
        read, above = above, module.parent(above)
    if above is None or above.type != "await_expression":
        return None
    return module.with_wrappers(above)


def _casts(module: Module, read: Node, whole: Node) -> list[Edit] | None:
    """Edits that add `null` to the types that a value is said to have; None where that cannot be written."""
    edits: list[Edit] = []
    node = read
    while node.id != whole.id:
        above = module.parent(node)
        if above is None:
            return None
        if above.type == "satisfies_expression":
            return None
        if above.type == "as_expression":
            kind = above.named_children[-1]
            if kind.type in _NULLABLE:
                edits.append(module.insert(kind.end_byte, " | null"))
            elif module.text(kind) not in ("any", "unknown"):
                return None
        node = above
    return edits


def _end_of(module: Module, statement: Node) -> int:
    """Where the line of a statement ends, a comment behind it included."""
    found = _REST.match(module.document.data, statement.end_byte)
    return found.end() if found is not None else statement.end_byte
