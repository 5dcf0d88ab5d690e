"""The fix of a list of which only the first page is asked for: a loop that asks for the others, too."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cflint.finding import Edit, Fix, Safety
from cflint.project.code.awaited import Awaited, awaited
from cflint.project.code.edits import free_name, indent_of, indent_unit, semicolon_of
from cflint.project.code.nodes import member_read, own_declaration
from cflint.syntax.javascript import arguments_of, unwrap
from cflint.syntax.javascript import span_of as _span_of

if TYPE_CHECKING:
    from tree_sitter import Node

    from cflint.project.code.interface import ModuleLike

_HOLDERS = frozenset({"statement_block", "program"})


def fix_by_pages(module: ModuleLike, call: Node, items: str, has_more: str) -> Fix | None:
    """A loop behind `const … = await store.list(…)` that asks for the other pages. `items` is the property
    with the items, `has_more` the condition under which there is another page, with `{page}` for the result.

    None where the result is no constant of its own, where more of it is read than its items, and where a name
    for them is not free.
    """
    result = awaited(module, call)
    declarator = module.syntax.parent(result.node) if result is not None else None
    statement = own_declaration(module, declarator) if declarator is not None else None
    holder = module.syntax.parent(statement) if statement is not None else None
    if result is None or declarator is None or statement is None or holder is None:
        return None
    if holder.type not in _HOLDERS or declarator.has_error:
        return None
    named = _named(module, result, items)
    if named is None:
        return None
    page, listed, uses = named
    edits = [Edit(module.document, _span_of(use), listed) for use in uses]
    return Fix(
        "Ask for all pages",
        (_asking(module, call, statement, declarator, page, listed, items, has_more), *edits),
        Safety.UNSAFE,
    )


def _asking(
    module: ModuleLike,
    call: Node,
    statement: Node,
    declarator: Node,
    page: str,
    listed: str,
    items: str,
    has_more: str,
) -> Edit:
    """The statements in the place of the one that asks for the first page."""
    newline, indent = module.document.newline, indent_of(module, statement)
    inner = indent + indent_unit(module.document)
    end = semicolon_of(module, statement)
    annotation, value = declarator.child_by_field_name("type"), declarator.child_by_field_name("value")
    typed = module.text(annotation) if annotation is not None else ""
    lines = (
        f"let {page}{typed} = {module.text(value) if value is not None else ''}{end}",
        f"{indent}const {listed} = [...{page}.{items}]{end}",
        f"{indent}while ({has_more.format(page=page)}) {{",
        f"{inner}{page} = await {_next(module, call, page)}{end}",
        f"{inner}{listed}.push(...{page}.{items}){end}",
        f"{indent}}}",
    )
    return Edit(module.document, _span_of(statement), newline.join(lines))


def _named(module: ModuleLike, result: Awaited, items: str) -> tuple[str, str, tuple[Node, ...]] | None:
    """The names for a page and for all items, and the places where the items are read by the former. Each is
    made of the name that the code has: another fix beside this one makes others."""
    if result.pattern is not None:
        parts = [part for part in result.pattern.named_children if part.type != "comment"]
        local = parts[0].child_by_field_name("value") or parts[0] if len(parts) == 1 else None
        if local is None or local.type not in ("identifier", "shorthand_property_identifier_pattern"):
            return None
        listed = module.text(local)
        page = free_name(module, local, f"{listed}Page", f"{listed}NextPage")
        return (page, listed, ()) if page is not None else None
    if result.declaration is None:
        return None
    reads = [member_read(module, use) for use in result.references]
    if not all(read is not None and read.name == items for read in reads):
        return None
    held, kind = result.declaration.name, items.capitalize()
    wanted = (f"all{kind}",) if held == items else (f"{held}{kind}", f"{held}All{kind}")
    name = free_name(module, result.node, *wanted)
    if name is None:
        return None
    return held, name, tuple(read.node for read in reads if read is not None)


def _next(module: ModuleLike, call: Node, page: str) -> str:
    """The call for the page behind another one."""
    callee, given = call.child_by_field_name("function"), arguments_of(call)
    options = module.text(unwrap(given[0])) if given else "{}"
    return f"{module.text(callee) if callee is not None else ''}({with_cursor(options, page)})"


def with_cursor(options: str, page: str) -> str:
    """The code of the options of a list, with the place at which a page ended beside them."""
    cursor = f"cursor: {page}.cursor"
    if not (options.startswith("{") and options.endswith("}")):
        return f"{{ ...{options}, {cursor} }}"
    inside = options[1:-1].strip().rstrip(",")
    return f"{{ {inside}, {cursor} }}" if inside else f"{{ {cursor} }}"
