"""What checks look at besides the model: places in modules, suppression comments, rules that raised."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

from cflint.finding import Edit, Location
from cflint.project.code.module import ClassDefinition, Handler, Module
from cflint.project.code.nodes import Call
from cflint.project.code.values import FROM_ENV, UNKNOWN, Value
from cflint.record import record
from cflint.source import Document, Span
from cflint.syntax.javascript import arguments_of, unwrap

if TYPE_CHECKING:
    from datetime import date

    from tree_sitter import Node

    from cflint.project.workers.model import Project


class Match:
    """A place in a module that a trigger found: a call, a `new`, a member access, a keyword, an import.

    `node` is the whole expression (`call_expression`, `new_expression`, `member_expression`, …), `word` the
    word of the trigger that stands there.
    """

    __slots__ = ("_arguments", "_callee", "_receiver_value", "module", "node", "word")

    def __init__(self, module: Module, node: Node, word: str) -> None:
        self.module = module
        self.node = node
        self.word = word
        # a few rules ask the same of each place
        self._arguments: tuple[Node, ...] | None = None
        self._callee: Node | Literal[False] | None = False
        self._receiver_value: Value | None = None

    @property
    def project(self) -> Project:
        return self.module.project

    @property
    def document(self) -> Document:
        return self.module.document

    @property
    def call(self) -> Call:
        """The view of a call or `new`; see `Module.call`."""
        return Call(self.module, self.node)

    @property
    def callee(self) -> Node | None:
        """The function of a call or the class of a `new`, without parentheses and casts."""
        if self._callee is False:
            found = self.node.child_by_field_name("function") or self.node.child_by_field_name("constructor")
            self._callee = unwrap(found) if found is not None else None
        return self._callee

    @property
    def receiver(self) -> Node | None:
        """`a` of `a.b`, `a.b()` and ``a.b`…` ``; None of a plain call."""
        member = self.node if self.node.type == "member_expression" else self.callee
        if member is None or member.type != "member_expression":
            return None
        return member.child_by_field_name("object")

    @property
    def arguments(self) -> tuple[Node, ...]:
        """The argument expressions of a call or `new`."""
        if self._arguments is None:
            self._arguments = arguments_of(self.node)
        return self._arguments

    @property
    def name(self) -> Node:
        """The node of the word itself: a method's name, a class's name, a keyword."""
        member = self.node if self.node.type == "member_expression" else self.callee
        if member is None:
            return self.node
        return member.child_by_field_name("property") or member

    @property
    def enclosing_class(self) -> ClassDefinition | None:
        """The innermost class around."""
        return self.module.enclosing_class(self.node)

    @property
    def enclosing_function(self) -> Node | None:
        """The innermost function around."""
        return self.module.enclosing_function(self.node)

    @property
    def method(self) -> Node | None:
        """The method around, through arrow functions and callbacks."""
        return self.module.method_around(self.node)

    @property
    def handler(self) -> Handler | None:
        """The handler around, through nested functions."""
        return self.module.handler_around(self.node)

    def value_of(self, node: Node | None) -> Value:
        """What an expression evaluates to."""
        return self.module.value_of(node)

    @property
    def receiver_value(self) -> Value:
        """What the receiver evaluates to."""
        if self._receiver_value is None:
            receiver = self.receiver
            self._receiver_value = self.module.value_of(receiver) if receiver is not None else UNKNOWN
        return self._receiver_value

    @property
    def is_proved(self) -> bool:
        """Whether what stands here is proved to come from `env` or the context, which only a Worker has."""
        return self.receiver_value.kind in FROM_ENV or self.module.value_of(self.node).kind in FROM_ENV

    def text(self, node: Node | None = None) -> str:
        """The source text of a node, or of the match."""
        return self.module.text(node if node is not None else self.node)

    def at(self, node: Node | None = None, message: str = "") -> Location:
        """The place of a node, or of the match."""
        return self.module.at(node if node is not None else self.node, message)

    def replace(self, node: Node, text: str) -> Edit:
        """An edit that replaces a node."""
        return self.module.replace(node, text)

    def insert(self, offset: int, text: str) -> Edit:
        """An edit that inserts at a byte offset."""
        return self.module.insert(offset, text)

    def remove(self, node: Node) -> Edit:
        """An edit that removes a node; a statement that stands alone goes with its lines."""
        return Edit(self.document, self.module.whole_lines(node), "")


@record(frozen=True, eq=False)
class SuppressionUse:
    """A suppression comment that did not silence anything, or whose end needs a look.

    `unused` are the names in it that silenced nothing although their rules ran, `unknown` those that no rule
    has; `known` are all names there are. `span` is the whole comment, `names` the places of the names.
    `until` is the place of an `until=…` that is over, `last_day` then being the day that it names, or that is
    no date.
    """

    document: Document
    span: Span
    names: Mapping[str, Span]
    unused: tuple[str, ...]
    unknown: tuple[str, ...]
    known: tuple[str, ...]
    until: Span | None = None
    last_day: date | None = None

    @property
    def whole(self) -> Span:
        """What goes when the comment is removed: itself, with its line when it stands alone there, else with
        the blanks before it."""
        data = self.document.data
        start, end = self.span.start, self.span.end
        if data[start : start + 1] == b"{" and data[end : end + 1] == b"}":
            end += 1  # `{/* … */}` of JSX
        line = self.document.line_span(self.document.line_of(start))
        before = data[line.start : start]
        newline = data.find(b"\n", end)
        after = data[end : len(data) if newline == -1 else newline]
        if not before.strip() and not after.strip():
            return Span(line.start, len(data) if newline == -1 else newline + 1)
        return Span(line.start + len(before.rstrip()) if before.strip() else start, end)


@record(frozen=True, eq=False)
class Crash:
    """A rule that raised: its id, where it looked, the error, and the name and version of the package that
    it comes from, None for cflint itself."""

    rule: str
    at: Location
    error: str
    trace_id: str
    package: str | None = None
