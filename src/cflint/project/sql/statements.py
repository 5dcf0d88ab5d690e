"""Where a module hands SQL to a database: the statement's text, what is interpolated, what is bound.

`sql_use(module, call)` is the one notion of "an SQL use" for all rules. The text is put together from the
literals that are in sight, through constants, templates, `+`, `.join()` of literals and later `+=`; what is
not a literal is a hole.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from functools import cached_property, partial
from typing import TYPE_CHECKING

from cflint.finding import Location
from cflint.platform.classes import ClassKind
from cflint.project.code.origins import property_value
from cflint.project.sql.databases import SqlDialect as SqlDialect
from cflint.project.sql.databases import engine_of
from cflint.record import record
from cflint.scope import DeclarationKind
from cflint.source import Span
from cflint.syntax.javascript import arguments_of, span_of, string_value, unwrap, with_wrappers
from cflint.syntax.sql import HOLE, Dialect, Statement, Token, TokenKind, split, tokenize

if TYPE_CHECKING:
    from tree_sitter import Node

    from cflint.project.code.module import Module

_LIMIT = 400


@record(frozen=True, eq=False)
class SqlLiteral:
    """A run of the text that the source spells out. `start` is its offset in the text, `span` where it
    stands in the source (without quotes), `node` the literal; `verbatim` tells that the source has no escape
    in it, so that offsets can be mapped."""

    start: int
    text: str
    span: Span
    node: Node
    verbatim: bool


@record(frozen=True, eq=False)
class Interpolation:
    """An expression in the text; `at` is the offset of the `HOLE` that stands for it."""

    at: int
    node: Node


class HolePosition(Enum):
    """What a hole is to the statement around it.

    `VALUE`: a value could be bound there. `QUOTED`: inside a string. `LIST`: between the parentheses of `IN`
    or `VALUES`. `NAME`: a table or column, or part of one. `CLAUSE`: anything else.
    """

    VALUE = "value"
    QUOTED = "quoted value"
    LIST = "list"
    NAME = "name"
    CLAUSE = "clause"


@record(frozen=True, eq=False)
class SqlText:
    """What is known of a statement's text.

    `exact`: the text is what is executed, but for its holes; otherwise parts of it are conditional. Nothing
    may be concluded from what an inexact text lacks.
    """

    text: str
    literals: tuple[SqlLiteral, ...]
    holes: tuple[Interpolation, ...]
    exact: bool
    dialect: Dialect

    @cached_property
    def tokens(self) -> tuple[Token, ...]:
        return tuple(tokenize(self.text, self.dialect))

    @cached_property
    def statements(self) -> tuple[Statement, ...]:
        return split(self.tokens)

    @property
    def is_whole(self) -> bool:
        """Whether every character that is executed is in sight."""
        return self.exact and not self.holes

    @cached_property
    def has_words(self) -> bool:
        """Whether any of the text is in sight."""
        return any(token.kind is not TokenKind.HOLE for token in self.tokens)

    def span(self, start: int, end: int) -> Span | None:
        """Where a range of the text stands in the source; None when a hole or an escape is in the way."""
        first = self._byte(start)
        last = self._byte(end - 1)
        if first is None or last is None or last < first:
            return None
        return Span(first, last + len(self.text[end - 1].encode()))

    def _byte(self, offset: int) -> int | None:
        for literal in self.literals:
            if literal.start <= offset < literal.start + len(literal.text):
                if not literal.verbatim:
                    return None
                return literal.span.start + len(literal.text[: offset - literal.start].encode())
        return None

    def position(self, hole: Interpolation) -> HolePosition:
        """What a hole is to the statement."""
        before: Token | None = None
        for i, token in enumerate(self.tokens):
            if token.start <= hole.at < token.end:
                if token.kind is TokenKind.STRING:
                    return HolePosition.QUOTED
                following = self.tokens[i + 1] if i + 1 < len(self.tokens) else None
                if token.kind is TokenKind.QUOTED and self.dialect is not Dialect.POSTGRES:
                    # outside of Postgres, text in double quotes that is no name is a string
                    place = self._of_hole(i, token, before, following)
                    is_value = token.text.startswith('"') and place in (HolePosition.VALUE, HolePosition.LIST)
                    return HolePosition.QUOTED if is_value else HolePosition.NAME
                if token.kind is not TokenKind.HOLE:
                    return HolePosition.NAME
                return self._of_hole(i, token, before, following)
            before = token
        return HolePosition.CLAUSE  # in a comment

    def _of_hole(self, index: int, token: Token, before: Token | None, after: Token | None) -> HolePosition:
        if before is None:
            return HolePosition.CLAUSE
        glued = (TokenKind.WORD, TokenKind.QUOTED, TokenKind.HOLE)
        if before.end == token.start and (before.kind in glued or before.text == "."):
            return HolePosition.NAME
        touches = after is not None and after.start == token.end
        if touches and after is not None and (after.kind in glued[:2] or after.text in (".", "(")):
            return HolePosition.NAME
        if before.upper in _BEFORE_NAME:
            return HolePosition.NAME
        if before.upper == "AND":
            between = any(found.upper == "BETWEEN" for found in self.tokens[max(0, index - 4) : index])
            return HolePosition.VALUE if between else HolePosition.CLAUSE
        if before.upper in _BEFORE_VALUE or before.text in _OPERATORS:
            return HolePosition.VALUE
        if before.text in ("(", ","):
            opener = self._opener(index)
            if opener in ("VALUES", "IN"):
                return HolePosition.LIST
        return HolePosition.CLAUSE

    def _opener(self, index: int) -> str:
        """The word before the parenthesis that a token stands in, or before the first of several:
        `VALUES (…), (…)`."""
        depth = 0
        left = False  # of the token's own parenthesis
        for i in range(index - 1, max(0, index - 200), -1):
            text = self.tokens[i].text
            before = self.tokens[i - 1]
            if text == ")":
                depth += 1
            elif text == "(" and depth:
                depth -= 1
                if left and depth == 0 and before.text != ",":
                    return before.upper
            elif text == "(":
                if left or before.text != ",":
                    return "" if left else before.upper
                left = True
        return ""


_BEFORE_NAME = frozenset({"FROM", "JOIN", "INTO", "UPDATE", "TABLE", "INDEX", "VIEW", "TRIGGER", "EXISTS"})
_BEFORE_VALUE = frozenset(
    {"LIKE", "GLOB", "ILIKE", "LIMIT", "OFFSET", "BETWEEN", "MATCH", "REGEXP", "INTERVAL"}
)
_OPERATORS = frozenset({"=", "==", "!=", "<>", "<", ">", "<=", ">="})


@record(frozen=True, eq=False)
class SqlUse:
    """One place where SQL is handed to a database.

    `call` is the call or tagged template, `method` its name (`prepare`, `exec`, `query`, `unsafe`, `sql`, …),
    `statement` the expression of the statement. `bound` are the values that the call itself binds, spreads
    included (in a tagged template, all that is interpolated); for D1 see `bind_calls`. `is_tagged`:
    everything interpolated is bound.
    """

    module: Module
    call: Node
    engine: SqlDialect
    method: str
    statement: Node
    text: SqlText
    bound: tuple[Node, ...] = ()
    is_tagged: bool = False

    def at(self, start: int, end: int) -> Location:
        """The place of a range of the text, or of the whole statement when it cannot be told."""
        span = self.text.span(start, end)
        return Location(self.module.document, span if span is not None else span_of(self.statement))

    def at_token(self, token: Token) -> Location:
        """The place of a token."""
        return self.at(token.start, token.end)


SQL_CALLS = ("prepare", "exec", "query", "execute", "unsafe")
"""The names of the methods that take SQL."""


def sql_use(module: Module, call: Node) -> SqlUse | None:
    """The use of SQL that a call or tagged template is; None when it is none, or that is not known. Found
    once, so that every rule looks at the same statement."""
    return module.memoized(("SQL use", call.id), partial(_find_use, module, call))


def _find_use(module: Module, call: Node) -> SqlUse | None:
    callee = call.child_by_field_name("function")
    callee = unwrap(callee) if callee is not None else None
    if call.type != "call_expression" or callee is None or callee.type != "member_expression":
        return None
    target = callee.child_by_field_name("object")
    name = callee.child_by_field_name("property")
    given = call.child_by_field_name("arguments")
    if target is None or name is None or given is None:
        return None
    method = module.text(name)
    if given.type == "template_string":
        if method != "sql" or not _is_agent(module, target):
            return None
        text, values = _tagged_text(module, given)
        return SqlUse(module, call, SqlDialect.DURABLE_OBJECT, method, given, text, values, is_tagged=True)
    arguments = arguments_of(call)
    if not arguments or arguments[0].type == "spread_element":
        return None
    engine = engine_of(module, target, method)
    if engine is None:
        return None
    statement, bound = arguments[0], arguments[1:]
    if engine in (SqlDialect.POSTGRES, SqlDialect.MYSQL):
        listed = property_value(module, statement, "values") or (bound[0] if bound else None)
        statement = (
            property_value(module, statement, "text") or property_value(module, statement, "sql") or statement
        )
        bound = _elements(module, listed) if listed is not None else ()
    return SqlUse(module, call, engine, method, statement, sql_text(module, statement, engine.dialect), bound)


def _elements(module: Module, values: Node) -> tuple[Node, ...]:
    """The elements of an array literal; of any other expression, itself."""
    array = module.initializer(values)
    if array.type != "array":
        return (values,)
    return tuple(part for part in array.named_children if part.type != "comment")


def _is_agent(module: Module, target: Node) -> bool:
    target = unwrap(target)
    if target.type != "this":
        return False
    owner = module.this_class(target)
    if owner is None or owner.kind not in (ClassKind.AGENT, ClassKind.PARTY_SERVER):
        return False
    return not owner.declares("sql")


# -- putting the text together -----------------------------------------------------------------------------


class _Builder:
    """Collects literals and holes; every step of the work list is one node."""

    def __init__(self, module: Module, dialect: Dialect) -> None:
        self._module = module
        self._dialect = dialect
        self._parts: list[str] = []
        self._length = 0
        self._literals: list[SqlLiteral] = []
        self._holes: list[Interpolation] = []
        self._names: set[int] = set()
        self.exact = True

    def literal(self, node: Node, span: Span, text: str, *, verbatim: bool) -> None:
        if text:
            self._literals.append(SqlLiteral(self._length, text, span, node, verbatim))
            self._add(text)

    def hole(self, node: Node) -> None:
        self._holes.append(Interpolation(self._length, node))
        self._add(HOLE)

    def placeholder(self) -> None:
        """A value that a tagged template binds."""
        self._add("?")

    def _add(self, text: str) -> None:
        self._parts.append(text)
        self._length += len(text)

    def build(self) -> SqlText:
        return SqlText(
            "".join(self._parts), tuple(self._literals), tuple(self._holes), self.exact, self._dialect
        )

    def add(self, node: Node) -> None:
        module = self._module
        todo: list[Node | str] = [node]
        for _ in range(_LIMIT):
            if not todo:
                return
            current = todo.pop()
            if isinstance(current, str):
                self._add(current)
                continue
            expression = unwrap(current)
            match expression.type:
                case "string":
                    raw = module.text(expression)[1:-1]
                    text = string_value(module.syntax, expression) or ""
                    inner = Span(expression.start_byte + 1, expression.end_byte - 1)
                    self.literal(expression, inner, text.replace(HOLE, " "), verbatim=raw == text)
                case "template_string":
                    todo.extend(reversed(self._template(expression)))
                case "string_fragment" | "escape_sequence":
                    self._fragment(expression)
                case "number":
                    self.literal(expression, span_of(expression), module.text(expression), verbatim=True)
                case "binary_expression" if _operator(expression) == "+":
                    todo.extend(
                        part
                        for part in (
                            expression.child_by_field_name("right"),
                            expression.child_by_field_name("left"),
                        )
                        if part is not None
                    )
                case "identifier":
                    todo.extend(reversed(self._name(expression)))
                case "call_expression":
                    todo.extend(reversed(self._call(expression)))
                case _:
                    self.hole(expression)
        self.exact = False

    def _template(self, template: Node) -> list[Node | str]:
        parts: list[Node | str] = []
        for part in template.named_children:
            if part.type == "template_substitution":
                inner = next((child for child in part.named_children if child.type != "comment"), None)
                parts.append(inner if inner is not None else part)
            else:
                parts.append(part)
        return parts

    def _fragment(self, node: Node) -> None:
        raw = self._module.text(node)
        if node.type == "escape_sequence":
            self.literal(node, span_of(node), _ESCAPES.get(raw, raw[1:]), verbatim=False)
        else:
            self.literal(node, span_of(node), raw.replace(HOLE, " "), verbatim=True)

    def _name(self, identifier: Node) -> list[Node | str]:
        module = self._module
        declaration = module.scope.resolve(identifier)
        if (
            declaration is None
            or declaration.value is None
            or declaration.path
            or declaration.kind is DeclarationKind.PARAMETER
            or declaration.node.id in self._names
            or len(self._names) > 30
        ):
            if declaration is None or declaration.node.id not in self._names:
                self.hole(identifier)
            return []
        assignments = module.scope.assignments(declaration)
        given = [declaration.value]
        given += [right for found in assignments if (right := found.child_by_field_name("right")) is not None]
        if not any(self._is_text(value) for value in given):
            self.hole(identifier)
            return []
        parts: list[Node | str] = [declaration.value]
        if assignments:
            self._names.add(declaration.node.id)
            self.exact = False
            for right in given[1:]:
                parts.extend(("\n", right))
        return parts

    def _is_text(self, node: Node) -> bool:
        """Whether some of the text of an expression is spelled out, so that it can stand for its name."""
        todo = [node]
        for _ in range(40):
            if not todo:
                return False
            node = self._module.initializer(todo.pop())
            match node.type:
                case "string" | "template_string" | "number":
                    return True
                case "binary_expression" if _operator(node) == "+":
                    todo.extend(node.named_children)
                case "call_expression":
                    joined = self._joined(node)
                    if joined is not None:
                        todo.extend(part for part in joined if not isinstance(part, str))
        return False

    def _call(self, call: Node) -> list[Node | str]:
        joined = self._joined(call)
        if joined is None:
            self.hole(call)
        return joined or []

    def _joined(self, call: Node) -> list[Node | str] | None:
        """The parts of a text that a call hands on: those of `text.trim()` and of `[…].join("…")`."""
        module = self._module
        callee = call.child_by_field_name("function")
        callee = unwrap(callee) if callee is not None else None
        name = callee.child_by_field_name("property") if callee is not None else None
        target = callee.child_by_field_name("object") if callee is not None else None
        if name is None or target is None:
            return None
        method, arguments = module.text(name), arguments_of(call)
        if method in ("trim", "trimStart", "trimEnd") and not arguments:
            return [target]
        if method != "join" or len(arguments) != 1:
            return None
        array = module.initializer(target)
        separator = module.string_of(arguments[0])
        parts = [part for part in array.named_children if part.type != "comment"]
        if array.type != "array" or separator is None or self._grows(target):
            return None
        if any(part.type == "spread_element" for part in parts):
            return None
        joined: list[Node | str] = []
        for part in parts:
            joined.extend((part, separator))
        return joined[:-1]

    def _grows(self, array: Node) -> bool:
        """Whether a named array has more than its literal shows."""
        array = unwrap(array)
        if array.type != "identifier":
            return False
        declaration = self._module.scope.resolve(array)
        return declaration is None or len(self._module.scope.references(declaration)) > 1


_ESCAPES = {"\\n": "\n", "\\t": "\t", "\\r": "\r", "\\\n": ""}


def sql_text(module: Module, node: Node, dialect: Dialect = Dialect.SQLITE) -> SqlText:
    """The text that an expression is, as far as it is in sight."""
    builder = _Builder(module, dialect)
    builder.add(node)
    return builder.build()


def _tagged_text(module: Module, template: Node) -> tuple[SqlText, tuple[Node, ...]]:
    builder = _Builder(module, Dialect.SQLITE)
    values: list[Node] = []
    for part in template.named_children:
        if part.type == "template_substitution":
            inner = next((child for child in part.named_children if child.type != "comment"), None)
            if inner is not None:
                values.append(inner)
            builder.placeholder()
        elif part.type in ("string_fragment", "escape_sequence"):
            builder.add(part)
    return builder.build(), tuple(values)


def _operator(node: Node) -> str:
    operator = node.child_by_field_name("operator")
    return operator.type if operator is not None else ""


# -- D1 statements -----------------------------------------------------------------------------------------


def chained_call(module: Module, node: Node) -> tuple[str, Node] | None:
    """The method that is called on an expression where it stands, and the call: `node.bind(…)`."""
    syntax = module.syntax
    node = with_wrappers(syntax, node)
    member = syntax.parent(node)
    if member is None or member.type != "member_expression":
        return None
    target = member.child_by_field_name("object")
    name = member.child_by_field_name("property")
    callee = with_wrappers(syntax, member)
    call = syntax.parent(callee)
    if target is None or target.id != node.id or name is None or call is None:
        return None
    function = call.child_by_field_name("function")
    if call.type != "call_expression" or function is None or function.id != callee.id:
        return None
    return module.text(name), call


def prepared_by(module: Module, statement: Node) -> SqlUse | None:
    """The `prepare()` that made a D1 statement, through `.bind()` and constants."""
    node = module.initializer(statement)
    for _ in range(20):
        if node.type != "call_expression":
            return None
        use = sql_use(module, node)
        if use is not None:
            return use if use.method == "prepare" else None
        callee = node.child_by_field_name("function")
        callee = unwrap(callee) if callee is not None else None
        name = callee.child_by_field_name("property") if callee is not None else None
        target = callee.child_by_field_name("object") if callee is not None else None
        if target is None or name is None or module.text(name) != "bind":
            return None
        node = module.initializer(target)
    return None


def executions(module: Module, prepare: Node) -> Iterator[Node]:
    """The expressions that hold what `prepare()` gave: itself, `.bind(…)` of it, and the references of the
    constant that either is put in."""
    todo = [prepare]
    for _ in range(_LIMIT):
        if not todo:
            return
        node = todo.pop()
        yield node
        chained = chained_call(module, node)
        if chained is not None and chained[0] == "bind":
            todo.append(chained[1])
        parent = module.syntax.parent(with_wrappers(module.syntax, node))
        if parent is not None and parent.type == "variable_declarator":
            name = parent.child_by_field_name("name")
            if name is not None and name.type == "identifier":
                declaration = module.scope.resolve(name)
                if declaration is not None and not module.scope.assignments(declaration):
                    todo.extend(module.scope.references(declaration))
