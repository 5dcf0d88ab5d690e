"""SQL in Python: the text of a statement with its holes, and who decides what stands in them.

Imported where used: `string.Formatter`, for `.format()` alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, cast

import libcst as cst

from cflint.finding import Edit
from cflint.pattern import pattern
from cflint.project.code.provenance import Trust
from cflint.project.code.values import ValueKind
from cflint.project.python.calls import python_function_called
from cflint.project.python.nodes import arguments, called_name, is_name
from cflint.project.sql.statements import HolePosition, Interpolation, SqlDialect, SqlText
from cflint.record import record
from cflint.source import Span
from cflint.syntax.sql import HOLE, Dialect

if TYPE_CHECKING:
    from cflint.project.python.module import PythonModule

_LIMIT = 300


@record(frozen=True, eq=False)
class PythonHole:
    """An expression that becomes part of a statement: what it is there, who decides what it says, and the
    node that decided it, when that is another."""

    node: cst.BaseExpression
    position: HolePosition
    trust: Trust
    source: cst.CSTNode | None = None


@record(frozen=True, eq=False)
class PythonStatement:
    """SQL that a call runs or prepares, or gives to a function that does, as `written`. `bound` are edits
    that bind the holes instead, if that is simple. `gives_rows`: all rows of it are asked for."""

    call: cst.Call
    written: cst.BaseExpression
    engine: SqlDialect
    text: SqlText
    holes: tuple[PythonHole, ...]
    bound: tuple[Edit, ...] | None
    gives_rows: bool


def python_statements(module: PythonModule) -> Iterator[PythonStatement]:
    """The statements for D1 and a Durable Object's storage that a module spells out, at least in part."""
    for call, node, engine, runs in _statements(module):
        text = sql_text(module, node)
        if not text.has_words:
            continue
        holes = []
        for hole in text.holes:
            expression = cast("cst.BaseExpression", hole.node)
            made = provenance_of(module, expression)
            source = made.source if made.source is not expression else None
            holes.append(PythonHole(expression, text.position(hole), made.trust, source))
        bound = bind_in_place(module, call, text) if holes and runs is None else None
        rows = _gives_rows(*(runs or (module, call)))
        yield PythonStatement(call, node, engine, text, tuple(holes), bound, rows)


_FIXED_CALLS = frozenset({"int", "float", "len", "bool", "round", "abs", "ord", "hash", "id", "range", "sum"})


def sql_calls(module: PythonModule) -> Iterator[tuple[cst.Call, cst.BaseExpression]]:
    """The calls that run SQL on D1 or a Durable Object's storage, each with the expression of its text."""
    for call in module.calls("prepare", "exec"):
        owner = module.value_of(module.receiver(call))
        is_d1 = owner.is_binding("d1")
        is_storage = owner.kind is ValueKind.SQL_STORAGE and module.called_name(call) == "exec"
        given = module.arguments(call)
        if (is_d1 or is_storage) and given:
            yield call, given[0]


_BEGINS = pattern(r"\s*(?:SELECT|WITH|INSERT|UPDATE|DELETE|REPLACE)\s", re.IGNORECASE)


def _statements(
    module: PythonModule,
) -> Iterator[tuple[cst.Call, cst.BaseExpression, SqlDialect, tuple[PythonModule, cst.Call] | None]]:
    """The calls that run SQL, with its expression and the database's language, also those that give it to a
    function of the project which prepares it, with that call."""
    for call, node in sql_calls(module):
        is_d1 = module.value_of(module.receiver(call)).is_binding("d1")
        yield call, node, SqlDialect.D1 if is_d1 else SqlDialect.DURABLE_OBJECT, None
    for call in module.find(cst.Call):
        if module.called_name(call) in ("prepare", "exec") or not call.args:
            continue
        for given in call.args:
            if given.star or _BEGINS.match(_beginning(module, given.value)) is None:
                continue
            prepared = _prepared_in(module, call, given)
            if prepared is not None:
                yield call, given.value, SqlDialect.D1, prepared


def _beginning(module: PythonModule, node: cst.BaseExpression) -> str:
    """The first literal of a text; "" where it does not begin with one."""
    first = next(_parts(module, node), "")
    return first if isinstance(first, str) else ""


def _prepared_in(
    module: PythonModule, call: cst.Call, given: cst.Arg
) -> tuple[PythonModule, cst.Call] | None:
    """The call that prepares an argument for D1, in the function that is called."""
    called = python_function_called(module, call)
    if called is None:
        return None
    parameters = [one.name.value for one in called.node.params.params if one.name.value != "self"]
    if given.keyword is not None:
        name = given.keyword.value
    else:
        index = list(call.args).index(given)
        if index >= len(parameters) or any(one.star or one.keyword for one in call.args[:index]):
            return None
        name = parameters[index]
    for inner in called.module.find_in(called.node.body, cst.Call):
        given_inside = arguments(inner)
        takes = called_name(inner) == "prepare" and len(given_inside) == 1
        if not takes or not is_name(given_inside[0], name):
            continue
        if called.module.value_of(called.module.receiver(inner)).is_binding("d1"):
            return called.module, inner
    return None


_ROWS = frozenset({"all", "raw"})
_RUNS = frozenset({"all", "raw", "first", "run"})


def _gives_rows(module: PythonModule, prepared: cst.Call) -> bool:
    """Whether all rows of a statement are asked for where it is prepared, or of the variable that has it."""
    chain = {called_name(one) for one in _above(module, prepared)}
    if chain & _RUNS:
        return bool(chain & _ROWS)
    function = module.function_around(prepared)
    around = function.body if function is not None else module.syntax.root
    return any(called_name(one) in _ROWS and not one.args for one in module.find_in(around, cst.Call))


def _above(module: PythonModule, call: cst.Call) -> Iterator[cst.Call]:
    """The calls of the chain that begins with a call."""
    node: cst.CSTNode = call
    for above in module.ancestors(call):
        if isinstance(above, cst.Attribute) and above.value is node:
            node = above
        elif isinstance(above, cst.Call) and above.func is node:
            yield above
            node = above
        else:
            return


def d1_query(module: PythonModule, node: cst.BaseExpression | None) -> SqlText | None:
    """The text of a statement of D1, by way of `bind()` and variables; None where it is not in sight."""
    for _ in range(_LIMIT):
        if isinstance(node, cst.Name):
            node = module.value_given(node)
        if not isinstance(node, cst.Call) or module.value_of(node).kind is not ValueKind.D1_STATEMENT:
            return None
        if module.called_name(node) == "prepare":
            given = module.arguments(node)
            return sql_text(module, given[0]) if given else None
        node = module.receiver(node)
    return None


def sql_text(module: PythonModule, node: cst.BaseExpression) -> SqlText:
    """The text of a statement: literals, f-strings, `+`, `%` and `.format()`; a hole for everything else."""
    text = ""
    holes: list[Interpolation] = []
    for part in _parts(module, node):
        if isinstance(part, str):
            text += part
        else:
            holes.append(Interpolation(len(text), cast("Any", part)))
            text += HOLE
    return SqlText(text, (), tuple(holes), True, Dialect.SQLITE)


def _parts(module: PythonModule, node: cst.BaseExpression) -> Iterator[str | cst.BaseExpression]:
    todo: list[str | cst.BaseExpression] = [node]
    for _ in range(_LIMIT):
        if not todo:
            return
        part = todo.pop()
        if isinstance(part, str):
            yield part
            continue
        inner = _split(module, part)
        if inner is None:
            yield part
        else:
            todo.extend(reversed(inner))


def _split(module: PythonModule, node: cst.BaseExpression) -> list[str | cst.BaseExpression] | None:
    """What a text is made of, in order; None when the expression is a hole."""
    match node:
        case cst.SimpleString():
            value = node.evaluated_value
            return [value] if isinstance(value, str) else None
        case cst.ConcatenatedString():
            return [node.left, node.right]
        case cst.FormattedString():
            found: list[str | cst.BaseExpression] = []
            for part in node.parts:
                if isinstance(part, cst.FormattedStringText):
                    found.append(part.value.replace("{{", "{").replace("}}", "}"))
                elif isinstance(part, cst.FormattedStringExpression):
                    found.append(part.expression)
            return found
        case cst.BinaryOperation(operator=cst.Add()):
            return [node.left, node.right]
        case cst.BinaryOperation(operator=cst.Modulo()):
            return _filled(module, node.left, node.right)
        case cst.Call(func=cst.Attribute(attr=cst.Name(value="format"))):
            return _formatted(module, node)
        case cst.Name():
            entries = module.resolve(node) or ()
            if len(entries) == 1 and entries[0].kind == "assignment" and entries[0].value is not None:
                return [entries[0].value] if _is_text(module, entries[0].value) else None
    return None


def _is_text(module: PythonModule, node: cst.BaseExpression) -> bool:
    """Whether an expression is spelled out, at least in part."""
    if isinstance(node, (cst.SimpleString, cst.ConcatenatedString, cst.FormattedString)):
        return True
    return isinstance(node, (cst.BinaryOperation, cst.Call)) and _split(module, node) is not None


def _filled(
    module: PythonModule, template: cst.BaseExpression, values: cst.BaseExpression
) -> list[str | cst.BaseExpression] | None:
    """`"… %s …" % values`."""
    text = module.string_of(template)
    if text is None or "%" not in text:
        return None
    given = [element.value for element in values.elements] if isinstance(values, cst.Tuple) else [values]
    pieces = text.replace("%%", "\0").split("%s")
    if len(pieces) != len(given) + 1:
        return None
    found: list[str | cst.BaseExpression] = [pieces[0].replace("\0", "%")]
    for value, piece in zip(given, pieces[1:], strict=True):
        found += [value, piece.replace("\0", "%")]
    return found


def _formatted(module: PythonModule, call: cst.Call) -> list[str | cst.BaseExpression] | None:
    """`"… {} … {name}".format(…)`."""
    from string import Formatter

    text = module.string_of(module.receiver(call))
    if text is None:
        return None
    given = module.arguments(call)
    found: list[str | cst.BaseExpression] = []
    count = 0
    try:
        for literal, name, _, _ in Formatter().parse(text):
            found.append(literal)
            if name is None:
                continue
            index = count if name == "" else int(name) if name.isdigit() else None
            count += 1
            value = module.keyword(call, name) if index is None else None
            if index is not None and index < len(given):
                value = given[index]
            if value is None:
                return None
            found.append(value)
    except ValueError:
        return None
    return found


@record(frozen=True, eq=False)
class PythonProvenance:
    """Where a text comes from; `source` is the node that decided the trust, the first of the worst."""

    trust: Trust
    source: cst.CSTNode | None = None


_FIXED = PythonProvenance(Trust.FIXED)


def provenance_of(module: PythonModule, node: cst.BaseExpression) -> PythonProvenance:
    """Who decides what an expression says: the code, whoever sent the request, or that is not in sight."""
    todo: list[cst.BaseExpression] = [node]
    seen: set[cst.CSTNode] = set()
    worst = _FIXED
    for _ in range(_LIMIT):
        if not todo:
            return worst
        part = todo.pop()
        if part in seen:
            continue
        seen.add(part)
        found = _judge(module, part, todo)
        if found.trust > worst.trust:
            worst = found
    # too long to be read to its end
    return worst if worst.trust is not Trust.FIXED else PythonProvenance(Trust.UNKNOWN)


def _judge(
    module: PythonModule, node: cst.BaseExpression, todo: list[cst.BaseExpression]
) -> PythonProvenance:
    if module.value_of(node).kind is ValueKind.REQUEST:
        return PythonProvenance(Trust.REQUEST, node)
    unknown = PythonProvenance(Trust.UNKNOWN, node)
    match node:
        case cst.SimpleString() | cst.Integer() | cst.Float():
            return _FIXED
        case cst.ConcatenatedString():
            todo += [node.left, node.right]
            return _FIXED
        case cst.FormattedString():
            todo += [
                part.expression for part in node.parts if isinstance(part, cst.FormattedStringExpression)
            ]
            return _FIXED
        case cst.BinaryOperation():
            todo += [node.left, node.right]
            return _FIXED
        case cst.IfExp():
            todo += [node.body, node.orelse]
            return _FIXED
        case cst.List() | cst.Tuple():
            todo += [element.value for element in node.elements]
            return _FIXED
        case cst.ListComp() | cst.GeneratorExp():
            todo.append(node.elt)
            return _FIXED
        case cst.Await():
            todo.append(node.expression)
            return _FIXED
        case cst.Attribute() | cst.Subscript():
            return _of_request(module, node) or unknown
        case cst.Call():
            return _of_call(module, node, todo)
        case cst.Name():
            return _of_name(module, node, todo)
    return unknown


def _of_call(module: PythonModule, call: cst.Call, todo: list[cst.BaseExpression]) -> PythonProvenance:
    if module.builtin(call.func) in _FIXED_CALLS:
        return _FIXED
    if module.called_name(call) == "join" and isinstance(module.receiver(call), cst.SimpleString):
        todo += list(module.arguments(call))
        return _FIXED
    if module.builtin(call.func) == "str":
        todo += list(module.arguments(call))
        return _FIXED
    if _doubles_quotes(module, call):
        return _FIXED
    return _of_request(module, call) or PythonProvenance(Trust.UNKNOWN, call)


def _doubles_quotes(module: PythonModule, call: cst.Call) -> bool:
    """Whether a call writes each `'` of a text twice, itself or in the function of the module that is called:
    the text cannot end the string it stands in."""
    if module.called_name(call) == "replace":
        return [module.string_of(one) for one in module.arguments(call)[:2]] == ["'", "''"]
    entries = module.resolve(call.func) if isinstance(call.func, cst.Name) else None
    if not entries or not all(isinstance(entry.node, cst.FunctionDef) for entry in entries):
        return False
    return all(
        any(
            module.called_name(inner) == "replace" and _doubles_quotes(module, inner)
            for inner in module.find_in(entry.node, cst.Call)
        )
        for entry in entries
    )


def _of_name(module: PythonModule, name: cst.Name, todo: list[cst.BaseExpression]) -> PythonProvenance:
    entries = module.resolve(name)
    if not entries or any(entry.kind != "assignment" or entry.value is None for entry in entries):
        given = entries[0].node if entries and entries[0].kind == "parameter" else None
        return PythonProvenance(Trust.UNKNOWN, given.name if isinstance(given, cst.Param) else name)
    todo += [entry.value for entry in entries if entry.value is not None]
    return _FIXED


def _of_request(module: PythonModule, node: cst.BaseExpression) -> PythonProvenance | None:
    """Where a request is among what an expression is made of, by way of a few variables; the source is what
    is read of it (`request.url`, `request.json()`)."""
    todo: list[cst.CSTNode] = [node]
    seen: set[cst.CSTNode] = set()
    for _ in range(20):
        if not todo:
            return None
        for name in module.find_in(todo.pop(), cst.Name):
            if name in seen:
                continue
            seen.add(name)
            if module.value_of(name).kind is ValueKind.REQUEST:
                return PythonProvenance(Trust.REQUEST, _whole_read(module, name))
            entries = module.resolve(name) or ()
            todo += [
                entry.value for entry in entries if entry.kind == "assignment" and entry.value is not None
            ]
    return None


def _whole_read(module: PythonModule, name: cst.Name) -> cst.CSTNode:
    """`request.headers.get("a")` of the name `request` in it."""
    node: cst.CSTNode = name
    while (above := module.syntax.parent(node)) is not None:
        reads = (isinstance(above, (cst.Attribute, cst.Subscript)) and above.value is node) or (
            isinstance(above, cst.Call) and above.func is node
        )
        if not reads:
            break
        node = above
    return node


def bind_in_place(module: PythonModule, call: cst.Call, text: SqlText) -> tuple[Edit, ...] | None:
    """Edits that make the holes of an f-string `?` and bind them; None when it is not that simple."""
    node = module.arguments(call)[0]
    if not isinstance(node, cst.FormattedString) or len(call.args) != 1:
        return None
    if any(text.position(hole) not in (HolePosition.VALUE, HolePosition.QUOTED) for hole in text.holes):
        return None
    above = module.syntax.parent(call)
    prepared = module.called_name(call) == "prepare"
    if prepared and isinstance(above, cst.Attribute) and above.attr.value == "bind":
        return None
    data = module.document.data
    edits: list[Edit] = []
    values: list[str] = []
    for part in node.parts:
        if isinstance(part, cst.FormattedStringText):
            if "{" in part.value or "}" in part.value or "?" in part.value:
                return None
            continue
        if not isinstance(part, cst.FormattedStringExpression):
            return None
        if part.format_spec is not None or part.conversion is not None or part.equal is not None:
            return None
        inner = module.span(part.expression)
        start = data.rfind(b"{", 0, inner.start)
        end = data.find(b"}", inner.end) + 1
        if data[start - 1 : start] == b"'" and data[end : end + 1] == b"'":
            start, end = start - 1, end + 1
        elif data[start - 1 : start] in (b"'", b"%") or data[end : end + 1] in (b"'", b"%"):
            return None  # a part of a quoted text
        edits.append(Edit(module.document, Span(start, end), "?"))
        values.append(module.text(part.expression))
    span = module.span(node)
    prefix = data[span.start : span.start + 2].decode("latin-1").lower()
    if not prefix.startswith("f"):
        return None
    edits.append(Edit(module.document, Span(span.start, span.start + 1), ""))
    bound = ", ".join(values)
    if prepared:
        edits.append(module.insert(module.span(call).end, f".bind({bound})"))
    else:
        edits.append(module.insert(span.end, f", {bound}"))
    return tuple(edits)
