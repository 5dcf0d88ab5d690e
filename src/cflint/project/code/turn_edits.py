"""The fix of a call that is made for each item of a list: one call takes what all turns give it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cflint.finding import Edit, Fix, Safety
from cflint.project.code.edits import free_name, indent_of, indent_unit, semicolon_of
from cflint.record import record
from cflint.syntax.javascript import FUNCTIONS, arguments_of, body_of, span_of, unwrap, walk

if TYPE_CHECKING:
    from tree_sitter import Node

    from cflint.project.code.module import Module
    from cflint.project.code.turns import Turn

_HOLDERS = frozenset({"statement_block", "program"})
_NAMES = frozenset({"identifier", "shorthand_property_identifier_pattern"})


@record(frozen=True)
class Gathered:
    """How one call takes several things: `noun` names a list of them, `most` is how many it takes at once,
    `call` what is called, with `{part}` for a part of the list."""

    noun: str
    most: int
    call: str
    title: str


def fix_by_gathering(turn: Turn, call: Node, item: str, how: Gathered) -> Fix | None:
    """A list that the turns of a loop fill with `item`, what a call takes in each of them, and calls behind
    it that take many at once.

    None where the call is neither an awaited statement of its own in a `for … of` loop, nor all that the
    callback of an awaited `Promise.all(items.map(…))` does.
    """
    return _of_loop(turn, call, item, how) if not turn.method else _of_callback(turn, call, item, how)


def _of_loop(turn: Turn, call: Node, item: str, how: Gathered) -> Fix | None:
    module = turn.module
    loop, awaits = module.parent(turn.body), module.parent(module.with_wrappers(call))
    holder = module.parent(loop) if loop is not None else None
    statement = module.parent(awaits) if awaits is not None else None
    if loop is None or holder is None or awaits is None or statement is None or loop.has_error:
        return None
    if awaits.type != "await_expression" or statement.type != "expression_statement":
        return None
    name = name_for_all(module, loop.child_by_field_name("left"), how.noun)
    if name is None or holder.type not in _HOLDERS or turn.is_async:
        return None
    newline, indent = module.document.newline, indent_of(module, loop)
    end = semicolon_of(module, statement)
    edits = (
        module.insert(loop.start_byte, f"const {name} = []{end}{newline}{indent}"),
        module.replace(awaits, f"{name}.push({item})"),
        module.insert(loop.end_byte, f"{newline}{indent}{_calling(module, indent, name, how, end)}"),
    )
    return Fix(how.title, edits, Safety.UNSAFE)


def _of_callback(turn: Turn, call: Node, item: str, how: Gathered) -> Fix | None:
    module = turn.module
    function, mapped = module.enclosing_function(call), module.parent(turn.head)
    given = module.parameters(function) if function is not None else ()
    statement = _all_of(module, mapped) if mapped is not None else None
    if function is None or statement is None or turn.items is None or turn.method != "map" or len(given) != 1:
        return None
    body = unwrap(body_of(function) or function)
    made = unwrap(body.named_children[0]) if body.type == "await_expression" else body
    if made.id != call.id or function.has_error:
        return None
    items, pattern = module.text(turn.items), module.text(given[0].pattern)
    newline, indent = module.document.newline, indent_of(module, statement)
    end = semicolon_of(module, statement)
    if item == pattern and unwrap(turn.items).type == "identifier":
        text = _calling(module, indent, items, how, end)
        return Fix(how.title, (Edit(module.document, span_of(statement), text),), Safety.UNSAFE)
    name = name_for_all(module, given[0].pattern, how.noun)
    if name is None:
        return None
    parameters = function.child_by_field_name("parameters")
    taken = module.text(parameters) if parameters is not None else f"({pattern})"
    made_of = f"({item})" if item.startswith("{") else item
    text = (
        f"const {name} = {items}.map({taken} => {made_of}){end}{newline}{indent}"
        f"{_calling(module, indent, name, how, end)}"
    )
    return Fix(how.title, (Edit(module.document, span_of(statement), text),), Safety.UNSAFE)


def fix_in_pieces(module: Module, call: Node, how: Gathered) -> Fix | None:
    """A call that takes a list hands it over in pieces. None where it is no awaited statement of its own."""
    given = arguments_of(call)
    awaits = module.parent(module.with_wrappers(call))
    statement = module.parent(awaits) if awaits is not None else None
    holder = module.parent(statement) if statement is not None else None
    if not given or awaits is None or statement is None or holder is None or statement.has_error:
        return None
    is_alone = holder.type == "if_statement"
    if awaits.type != "await_expression" or statement.type != "expression_statement":
        return None
    if holder.type not in _HOLDERS and not is_alone:
        return None
    newline, indent = module.document.newline, indent_of(module, statement)
    inner = indent + indent_unit(module.document) if is_alone else indent
    end = semicolon_of(module, statement)
    if unwrap(given[0]).type == "identifier":
        text = _calling(module, inner, module.text(given[0]), how, end)
    else:
        name = _name_of_list(module, call, how.noun)
        if name is None:
            return None
        made = f"const {name} = {module.text(given[0])}{end}"
        text = f"{made}{newline}{inner}{_calling(module, inner, name, how, end)}"
    if is_alone:
        text = f"{{{newline}{inner}{text}{newline}{indent}}}"
    return Fix(how.title, (Edit(module.document, span_of(statement), text),), Safety.UNSAFE)


def _name_of_list(module: Module, call: Node, noun: str) -> str | None:
    """A name for a list, with a number where calls of the same kind come before it."""
    made = module.call(call)
    function = module.enclosing_function(call)
    named = module.calls_of(made.name, function) if made is not None and function is not None else ()
    number = sum(1 for it in named if it.start_byte < call.start_byte)
    return free_name(module, call, f"{noun}{number + 1}" if number else noun)


def _calling(module: Module, indent: str, name: str, how: Gathered, end: str) -> str:
    """A loop that calls for as many of a list at a time as one call takes."""
    newline, inner = module.document.newline, indent + indent_unit(module.document)
    part = f"{name}.slice(at, at + {how.most})"
    return (
        f"for (let at = 0; at < {name}.length; at += {how.most}) {{{newline}"
        f"{inner}await {how.call.format(part=part)}{end}{newline}{indent}}}"
    )


def name_for_all(module: Module, pattern: Node | None, noun: str) -> str | None:
    """A name for a list of what belongs to all items, made of that of one item, and of a number where the
    function has others of that name before it: fixes of two loops beside each other take two."""
    parts = (pattern, *walk(pattern)) if pattern is not None else ()
    pattern = next((part for part in parts if part.type in _NAMES), None)
    if pattern is None:
        return None
    one = module.text(pattern)
    wanted = noun if noun == f"{one}s" else f"{one}{noun.capitalize()}"
    function = module.enclosing_function(pattern)
    above = next(
        (it for it in module.ancestors(pattern) if it.type in FUNCTIONS and it != function), function
    )
    before = (
        (it for it in module.scope.named(one, above) if it.start_byte < pattern.start_byte) if above else ()
    )
    number = sum(_declares(module, it) for it in before)
    behind = str(number + 1) if number else ""
    return free_name(module, pattern, f"{wanted}{behind}", f"all{wanted[:1].upper()}{wanted[1:]}{behind}")


def _declares(module: Module, name: Node) -> bool:
    """Whether a name is where it is declared."""
    declaration = module.scope.resolve(name)
    return declaration is not None and declaration.node.id == name.id


def _all_of(module: Module, mapped: Node) -> Node | None:
    """The statement that awaits all of what `map()` gives, and nothing else."""
    arguments = module.parent(module.with_wrappers(mapped))
    every = module.parent(arguments) if arguments is not None else None
    made = module.call(every) if every is not None else None
    if made is None or made.callee is None or not module.is_from(made.callee, "", "Promise.all"):
        return None
    awaits = module.parent(module.with_wrappers(made.node))
    statement = module.parent(awaits) if awaits is not None and awaits.type == "await_expression" else None
    holder = module.parent(statement) if statement is not None else None
    if statement is None or statement.type != "expression_statement" or holder is None:
        return None
    return statement if holder.type in _HOLDERS and not _is_in_callback(module, statement, mapped) else None


def _is_in_callback(module: Module, statement: Node, mapped: Node) -> bool:
    """Whether a function stands between a statement and what is in it."""
    return any(
        above.type in FUNCTIONS and above.start_byte >= statement.start_byte
        for above in module.ancestors(mapped)
    )
