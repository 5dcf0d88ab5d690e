"""From `accept()` and listeners to `ctx.acceptWebSocket()` and methods: what it takes, what is in the way.

All listeners of one socket move in one fix, or none does: a socket that is half migrated loses messages.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from cflint.api import ClassDefinition, Edit, Fix, Location, Module, Safety, Span, ValueKind, js, record

if TYPE_CHECKING:
    from tree_sitter import Node


@record(frozen=True)
class _Target:
    """The method that takes over an event: its name, what its parameters may be called after the socket's,
    their types, and which of the event's properties each stands for."""

    method: str
    parameters: tuple[tuple[str, ...], ...]
    types: tuple[str, ...]
    properties: tuple[str, ...]


TARGETS = {
    "message": _Target(
        "webSocketMessage", (("message", "data", "frame", "received"),), ("string | ArrayBuffer",), ("data",)
    ),
    "close": _Target(
        "webSocketClose",
        (("code", "closeCode"), ("reason", "closeReason"), ("wasClean", "closedCleanly")),
        ("number", "string", "boolean"),
        ("code", "reason", "wasClean"),
    ),
    "error": _Target("webSocketError", (("error", "cause", "socketError"),), ("unknown",), ("error",)),
}
_SOCKET_NAMES = ("ws", "socket", "webSocket", "connection")
_ON_PROPERTIES = {"onmessage": "message", "onclose": "close", "onerror": "error"}
_HARMLESS_CALLS = frozenset(
    {"accept", "addEventListener", "send", "close", "serializeAttachment", "deserializeAttachment"}
)
_LOOKING_CALLS = frozenset({"delete", "has", "get", "includes", "indexOf", "acceptWebSocket", "getTags"})
_STORING_CALLS = frozenset({"add", "set", "push", "unshift", "splice"})
_COMPARISONS = frozenset({"===", "!==", "==", "!=", "&&", "||", "??", "instanceof"})
_MOST_OBSTACLES = 6

Replacement = tuple[int, int, str]


@record(frozen=True)
class Listener:
    """A listener of one end: the event, the `addEventListener` call or the assignment, and what is called."""

    event: str
    at: Node
    handler: Node | None


@record(frozen=True)
class Migration:
    """What has to change for one end of a pair; `fix` is None when `obstacles` are in the way."""

    listeners: tuple[Listener, ...]
    accepts: tuple[Node, ...]
    obstacles: tuple[Location, ...]
    fix: Fix | None


def listener_at(module: Module, use: Node) -> Listener | None:
    """The listener that a use of a socket adds."""
    called = module.method_called_on(use)
    if called is not None:
        name, call = called
        arguments = js.arguments_of(call)
        if name != "addEventListener" or not arguments:
            return None
        event = module.string(arguments[0])
        if event is None:
            return None
        return Listener(event, call, arguments[1] if len(arguments) == 2 else None)
    member = module.parent(module.with_wrappers(use))
    if member is None or member.type != "member_expression":
        return None
    name_node = member.child_by_field_name("property")
    event = _ON_PROPERTIES.get(module.text(name_node)) if name_node is not None else None
    around = module.parent(member)
    left = around.child_by_field_name("left") if around is not None else None
    if (
        event is None
        or around is None
        or around.type != "assignment_expression"
        or left is None
        or left.id != member.id
    ):
        return None
    return Listener(event, around, around.child_by_field_name("right"))


def opens_sockets(module: Module, owner: ClassDefinition) -> bool:
    """Whether a class has outgoing sockets, too. These cannot hibernate, and an object that passes messages
    from one socket to another has to stay in memory."""
    return module.memoized(("opens sockets", owner.node.id), lambda: _opens_sockets(module, owner))


def _opens_sockets(module: Module, owner: ClassDefinition) -> bool:
    for made in module.descendants(owner.body, "new_expression"):
        if module.value_of(made).kind is ValueKind.OUTGOING_WEBSOCKET:
            return True
    return any(
        (name := read.child_by_field_name("property")) is not None and module.text(name) == "webSocket"
        for read in module.descendants(owner.body, "member_expression")
    )


def migration_of(module: Module, owner: ClassDefinition, end: js.PairEnd) -> Migration:
    """What it takes to accept an end with `acceptWebSocket()` and to serve it by methods of the class."""
    question = ("socket migration", owner.node.id, *end.key)
    return module.memoized(question, lambda: _Planner(module, owner, end).plan())


class _Planner:
    def __init__(self, module: Module, owner: ClassDefinition, end: js.PairEnd) -> None:
        self._module = module
        self._owner = owner
        self._end = end
        self._uses = module.uses_of_end(end)
        self._use_ids = {use.id for use in self._uses}
        self._obstacles: list[Location] = []

    def plan(self) -> Migration:
        listeners = tuple(
            found for use in self._uses if (found := listener_at(self._module, use)) is not None
        )
        accepts = tuple(
            called[1]
            for use in self._uses
            if (called := js.method_called_on(self._module, use)) is not None and called[0] == "accept"
        )
        edits = tuple(self._edits(listeners, accepts))
        if self._obstacles:
            return Migration(listeners, accepts, tuple(self._obstacles[:_MOST_OBSTACLES]), None)
        title = "Accept the socket with `acceptWebSocket()`"
        if listeners:
            title = (
                "Move the listeners to methods of the class, and accept the socket with `acceptWebSocket()`"
            )
            if not accepts:
                title = "Move the listeners to methods of the class"
        return Migration(listeners, accepts, (), Fix(title, edits, Safety.UNSAFE))

    def _block(self, at: Node, message: str) -> None:
        self._obstacles.append(self._module.at(at, message))

    # -- the whole ---------------------------------------------------------------------------------------

    def _edits(self, listeners: tuple[Listener, ...], accepts: tuple[Node, ...]) -> Iterator[Edit]:
        module, owner = self._module, self._owner
        if module.root.has_error or module.syntax.typos:
            self._block(owner.node, "the file has syntax errors")
            return
        hibernating = [
            call
            for call in module.hibernatable_accepts(owner)
            if (given := js.arguments_of(call)) and self._is_end(given[0])
        ]
        accepting = [*accepts, *hibernating]
        if len(accepting) != 1:
            self._block(self._end.pair, "the socket is not accepted in exactly one place")
            return
        accept = accepting[0]
        statement = self._statement(accept)
        state = owner.state
        if module.this_class(accept) is not owner:
            self._block(accept, f"this is not in a method of `{owner.name}`")
        if statement is None:
            self._block(accept, "this is not a statement of its own")
        if state is None:
            self._block(owner.node, f"`{owner.name}` keeps its state in no field")
        if accepts and js.arguments_of(accept):
            self._block(accept, "`acceptWebSocket()` has no such option")
        self._other_sockets()
        for use in self._uses:
            self._use(use, listeners)
        if statement is None or state is None:
            return
        if accepts:
            target = accept.child_by_field_name("function")
            socket = target.child_by_field_name("object") if target is not None else None
            yield module.replace(
                accept, f"{state}.acceptWebSocket({module.text(socket) if socket is not None else ''})"
            )
        block = module.parent(statement)
        added: list[str] = []
        for listener in listeners:
            yield from self._listener(listener, listeners, block, added)
        if added:
            yield owner.append_members(*added)

    def _is_end(self, node: Node) -> bool:
        return any(end.key == self._end.key for end in js.pair_ends(self._module, node))

    def _statement(self, expression: Node) -> Node | None:
        above = self._module.parent(js.with_wrappers(self._module.syntax, expression))
        return above if above is not None and above.type == "expression_statement" else None

    def _other_sockets(self) -> None:
        for call in js.hibernatable_accepts(self._module, self._owner):
            given = js.arguments_of(call)
            if not given or not self._is_end(given[0]):
                self._block(call, "the class's handlers would serve this other socket too")

    # -- what becomes of the socket ----------------------------------------------------------------------

    def _use(self, use: Node, listeners: tuple[Listener, ...]) -> None:
        """Note a use after which the socket could not be found again once the object was evicted."""
        module = self._module
        called = module.method_called_on(use)
        if called is not None:
            if called[0] not in _HARMLESS_CALLS:
                self._block(called[1], f"`{called[0]}()` has no counterpart")
            return
        if module.parameter_for(use) is not None:
            return
        node = module.with_wrappers(use)
        above = module.parent(node)
        in_literal = False
        while above is not None and above.type in ("array", "pair", "object"):
            in_literal = True
            node = module.with_wrappers(above)
            above = module.parent(node)
        inside = any(
            listener.handler is not None
            and listener.handler.start_byte <= use.start_byte < listener.handler.end_byte
            for listener in listeners
        )
        match above.type if above is not None else "":
            case "member_expression" | "if_statement" | "unary_expression" if not in_literal:
                return
            case "variable_declarator" if inside or not in_literal:
                return
            case "binary_expression" if not in_literal and above is not None:
                operator = above.child_by_field_name("operator")
                if operator is not None and operator.type in _COMPARISONS:
                    return
            case "arguments" if above is not None:
                self._handed(use, above, inside, in_literal)
                return
            case "assignment_expression" if above is not None:
                self._kept(use, above.child_by_field_name("left"))
                return
        self._block(use, "what becomes of the socket here cannot be followed")

    def _handed(self, use: Node, arguments: Node, inside: bool, in_literal: bool) -> None:
        """Note a use as an argument, unless the callee only looks at the socket."""
        module = self._module
        call = module.parent(arguments)
        if call is None:
            return
        callee = call.child_by_field_name("function") or call.child_by_field_name("constructor")
        name = callee.child_by_field_name("property") if callee is not None else None
        word = module.text(name) if name is not None else ""
        text = module.text(callee) if callee is not None else ""
        if (word in _LOOKING_CALLS and not in_literal) or text.startswith("console."):
            return
        if word in _STORING_CALLS and callee is not None:
            self._kept(use, callee.child_by_field_name("object"))
        elif not inside:
            self._block(use, f"`{text}` is handed the socket, and may listen to it or keep it")

    def _kept(self, use: Node, place: Node | None) -> None:
        where = f"`{self._module.text(place)}`" if place is not None else "an object"
        state = self._owner.state or "ctx"
        self._block(
            use,
            f"the socket is kept in {where}, which an evicted object loses: use `{state}.getWebSockets()`",
        )

    # -- one listener ------------------------------------------------------------------------------------

    def _listener(
        self, listener: Listener, all: tuple[Listener, ...], block: Node | None, added: list[str]
    ) -> Iterator[Edit]:
        module, owner = self._module, self._owner
        target = TARGETS.get(listener.event)
        statement = self._statement(listener.at)
        if target is None:
            self._block(listener.at, f"there is no method for the event `{listener.event}`")
            return
        parent = module.parent(statement) if statement is not None else None
        if statement is None or parent is None or block is None or parent.id != block.id:
            self._block(
                listener.at, "this listener is not added in the same block in which the socket is accepted"
            )
            return
        if sum(other.event == listener.event for other in all) > 1:
            self._block(listener.at, f"there are several listeners for `{listener.event}`")
            return
        function = js.unwrap(listener.handler) if listener.handler is not None else None
        if function is None:
            self._block(listener.at, "this listener has options")
            return
        if function.type not in ("arrow_function", "function_expression") or js.is_generator(function):
            self._block(function, f"the listener `{module.text(function)[:60]}` is not written here")
            return
        existing = owner.method(target.method)
        if existing is not None and not _is_empty(existing):
            self._block(existing, f"`{target.method}()` is there already")
            return
        if existing is None and owner.has(target.method) is not False:
            self._block(owner.node, f"a base of `{owner.name}` may have `{target.method}()` already")
            return
        moved = self._moved(function, listener.event, target)
        if moved is None:
            return
        comments = self._comments_of(statement)
        indent = owner.member_indent
        source = "".join(f"{module.text(comment)}\n{indent}" for comment in comments) + moved
        if existing is not None:
            yield Edit(module.document, Span(existing.start_byte, self._end_of(existing)), source)
        else:
            added.append(source)
        yield Edit(module.document, self._lines_of(comments, statement), "")

    def _end_of(self, method: Node) -> int:
        body = method.child_by_field_name("body")
        return js.block_end(body) if body is not None else method.end_byte

    def _comments_of(self, statement: Node) -> tuple[Node, ...]:
        """The comments on the lines right above a statement, and the one behind it on its last line."""
        parent = self._module.parent(statement)
        line_of = self._module.document.line_of
        found: list[Node] = []
        below = line_of(statement.start_byte)
        siblings = [
            node
            for node in (parent.named_children if parent is not None else ())
            if node.end_byte <= statement.start_byte
        ]
        for at in range(len(siblings) - 1, -1, -1):
            node = siblings[at]
            alone = at == 0 or line_of(siblings[at - 1].end_byte) < line_of(node.start_byte)
            if node.type != "comment" or line_of(node.end_byte) != below - 1 or not alone:
                break
            if parent is not None and line_of(node.start_byte) == line_of(parent.start_byte):
                break
            below = line_of(node.start_byte)
            found.append(node)
        found.reverse()
        after = statement.next_sibling
        if (
            after is not None
            and after.type == "comment"
            and line_of(after.start_byte) == line_of(statement.end_byte)
        ):
            found.append(after)
        return tuple(found)

    def _lines_of(self, comments: tuple[Node, ...], statement: Node) -> Span:
        """What to remove: the statement with its comments, and one of two blank lines around them."""
        data = self._module.document.data
        start, end = statement.start_byte, statement.end_byte
        if comments:
            start, end = min(start, comments[0].start_byte), max(end, comments[-1].end_byte)
        whole = self._module.lines_around(Span(start, end))
        start = whole.start
        if data[start - 1 : start] != b"\n":
            return Span(start, whole.end)
        before = data.rfind(b"\n", 0, start - 1) + 1
        after = data.find(b"\n", whole.end)
        next_line = data[whole.end : after if after != -1 else len(data)].strip()
        if not data[before : start - 1].strip() and (not next_line or next_line.startswith(b"}")):
            start = before
        return Span(start, whole.end)

    def _moved(self, function: Node, event: str, target: _Target) -> str | None:
        """The method that a listener becomes; None when something is in the way."""
        before = len(self._obstacles)
        module = self._module
        body = function.child_by_field_name("body")
        assert body is not None
        sockets = [use for use in self._uses if body.start_byte <= use.start_byte < body.end_byte]
        values = self._event_uses(function, event, target)
        renamed = {node.id for nodes in values.values() for node in nodes} | {use.id for use in sockets}
        replaced = [*sockets, *(node for nodes in values.values() for node in nodes)]
        inside = {below.id for node in replaced for below in module.descendants(node, "identifier")} | renamed
        self._free_names(function, inside)
        self._own_words(function)
        if len(self._obstacles) > before:
            return None
        names: list[str] = []
        unpacked = dict(self._unpacked_names(function))
        inside |= {node.id for local in unpacked.values() for node in self._all_of(local)}
        preferred = [(unpacked[key].name,) if key in unpacked else () for key in target.properties]
        for first, candidates in zip(((), *preferred), (_SOCKET_NAMES, *target.parameters), strict=True):
            free = next(
                (
                    name
                    for name in (*first, *candidates)
                    if name not in names and all(node.id in inside for node in module.scope.named(name, body))
                ),
                None,
            )
            if free is None:
                self._block(function, f"no free name is left for the parameters of `{target.method}()`")
                return None
            names.append(free)
        replacements: list[Replacement] = [_renamed(module, use, names[0]) for use in sockets]
        for name, wanted in zip(names[1:], target.properties, strict=True):
            replacements += [_renamed(module, node, name) for node in values.get(wanted, ())]
        new = dict(zip(target.properties, names[1:], strict=True))
        replacements += self._unpacked(function, new)
        types = ("WebSocket", *target.types)
        parameters = ", ".join(
            f"{name}: {type}" if module.is_typescript else name
            for name, type in zip(names, types, strict=True)
        )
        return f"async {target.method}({parameters}) {self._body(function, body, replacements)}"

    def _body(self, function: Node, body: Node, replacements: list[Replacement]) -> str:
        module, owner = self._module, self._owner
        old, new = module.indent_of(function), owner.member_indent
        if body.type == "statement_block":
            return _rendered(module, body, replacements, old, new)
        inner = new + module.indent_unit
        return "{\n" + inner + _rendered(module, body, replacements, old, inner) + ";\n" + new + "}"

    def _own_words(self, function: Node) -> None:
        """`this` of a `function` is the socket, and `arguments` are the listener's."""
        module = self._module
        for node in module.descendants(function, "this", "identifier"):
            if node.type == "identifier" and module.text(node) != "arguments":
                continue
            nearest = next(
                above
                for above in module.ancestors(node)
                if above.id == function.id or (above.type in js.FUNCTIONS and above.type != "arrow_function")
            )
            if nearest.id != function.id:
                continue
            if node.type == "identifier":
                if module.scope.resolve(node) is None:
                    self._block(node, "`arguments` are those of the listener")
            elif function.type == "function_expression":
                self._block(node, "`this` is the socket in this `function`")
            elif module.this_class(node) is not self._owner:
                self._block(node, f"`this` is no `{self._owner.name}` here")

    def _free_names(self, function: Node, handled: set[int]) -> None:
        """Note names of the functions around, which a method cannot see."""
        module = self._module
        body = function.child_by_field_name("body") or function
        seen: set[str] = set()
        for node in module.descendants(
            function, "identifier", "shorthand_property_identifier", "type_identifier"
        ):
            name = module.text(node)
            if node.id in handled or name in seen:
                continue
            if node.type == "type_identifier":
                declaration = module.scope.lookup_type(name, node)
            else:
                declaration = module.scope.resolve(node)
            if declaration is None or declaration.scope.type == "program":
                continue
            if function.start_byte <= declaration.node.start_byte < function.end_byte:
                own_name = (
                    declaration.kind is js.DeclarationKind.FUNCTION and declaration.scope.id == function.id
                )
                if own_name and body.start_byte <= node.start_byte:
                    self._block(node, f"the listener calls itself by its name, `{name}`")
                continue
            if declaration.scope.id == self._owner.node.id:
                continue
            seen.add(name)
            around = (
                declaration.scope
                if declaration.scope.type in js.FUNCTIONS
                else module.enclosing_function(declaration.scope)
            )
            of = module.name_of_function(around) if around is not None else "the block around"
            self._block(
                node,
                f"the listener uses `{name}` of {of}: a method has to find it by the socket, "
                "with `serializeAttachment()` say",
            )

    def _event(self, function: Node) -> js.Declaration | None:
        """The parameter that is the whole event."""
        found = [
            declaration
            for declaration in self._module.scope.declared_in(function).values()
            if declaration.kind is js.DeclarationKind.PARAMETER
        ]
        return found[0] if len(found) == 1 and not found[0].path else None

    def _event_uses(self, function: Node, event: str, target: _Target) -> dict[str, list[Node]]:
        """The expressions in a listener that are a property of its event, by the property."""
        module = self._module
        found: dict[str, list[Node]] = {}
        listed = function.child_by_field_name("parameters")
        parameters = (
            [child for child in listed.named_children if child.type != "comment"]
            if listed is not None
            else []
        )
        if len(parameters) > 1:
            self._block(parameters[1], "a listener gets nothing but the event")
            return found
        for declaration in module.scope.declared_in(function).values():
            if declaration.kind is not js.DeclarationKind.PARAMETER:
                continue
            references = [
                node
                for node in module.scope.references(declaration)
                if node.start_byte >= function.start_byte
            ]
            if declaration.default is not None:
                self._block(declaration.node, "this parameter has a default")
            elif not declaration.path:
                for reference in references:
                    self._whole_event(reference, event, target, found)
            elif len(declaration.path) == 1 and declaration.path[0] in target.properties:
                found.setdefault(str(declaration.path[0]), []).extend(references)
            elif references:
                self._block(
                    declaration.node, f"`{target.method}()` is not given `{declaration.path[0]}` of the event"
                )
        return found

    def _whole_event(
        self, reference: Node, event: str, target: _Target, found: dict[str, list[Node]]
    ) -> None:
        module = self._module
        node = module.with_wrappers(reference)
        above = module.parent(node)
        if above is not None and above.type == "member_expression":
            name = above.child_by_field_name("property")
            property = module.text(name) if name is not None else ""
            around = module.parent(module.with_wrappers(above))
            left = around.child_by_field_name("left") if around is not None else None
            is_written = around is not None and around.type in (
                "assignment_expression",
                "augmented_assignment_expression",
            )
            if property in target.properties and not (
                is_written and left is not None and js.unwrap(left).id == above.id
            ):
                found.setdefault(property, []).append(above)
            else:
                self._block(above, f"`{target.method}()` is not given `{module.text(above)}`")
            return
        if above is not None and above.type == "variable_declarator" and self._unpacks(above, target):
            return
        call = module.parent(above) if above is not None and above.type == "arguments" else None
        callee = call.child_by_field_name("function") if call is not None else None
        if event == "error" and callee is not None and module.text(callee).startswith("console."):
            found.setdefault("error", []).append(node)
            return
        self._block(
            reference, f"`{target.method}()` is not given the event `{module.text(reference)}` itself"
        )

    def _unpacks(self, declarator: Node, target: _Target) -> bool:
        """Whether `const { data } = event;` can become `const data = message;`."""
        pattern = declarator.child_by_field_name("name")
        statement = self._module.parent(declarator)
        if pattern is None or pattern.type != "object_pattern" or statement is None:
            return False
        if statement.named_child_count != 1 or statement.type not in (
            "lexical_declaration",
            "variable_declaration",
        ):
            return False
        parts = list(self._pattern_parts(pattern))
        return bool(parts) and all(key in target.properties for key, _ in parts)

    def _pattern_parts(self, pattern: Node) -> Iterator[tuple[str, str]]:
        for part in pattern.named_children:
            if part.type == "shorthand_property_identifier_pattern":
                yield self._module.text(part), self._module.text(part)
                continue
            key, value = part.child_by_field_name("key"), part.child_by_field_name("value")
            simple = part.type == "pair_pattern" and value is not None and value.type == "identifier"
            if simple and key is not None and value is not None:
                yield self._module.text(key), self._module.text(value)
            else:
                yield "", ""

    def _unpacked_names(self, function: Node) -> Iterator[tuple[str, js.Declaration]]:
        """What `const { data } = event;` declares, by property: names that the parameters may take."""
        module = self._module
        declaration = self._event(function)
        for reference in module.scope.references(declaration) if declaration is not None else ():
            declarator = module.parent(module.with_wrappers(reference))
            pattern = declarator.child_by_field_name("name") if declarator is not None else None
            if pattern is None or pattern.type != "object_pattern":
                continue
            for key, local in self._pattern_parts(pattern):
                found = module.scope.lookup(local, pattern)
                if found is not None and not module.scope.assignments(found):
                    yield key, found

    def _all_of(self, declaration: js.Declaration) -> Iterator[Node]:
        yield declaration.node
        yield from self._module.scope.references(declaration)

    def _unpacked(self, function: Node, new: dict[str, str]) -> Iterator[Replacement]:
        module = self._module
        declaration = self._event(function)
        for reference in module.scope.references(declaration) if declaration is not None else ():
            declarator = module.parent(module.with_wrappers(reference))
            if declarator is None or declarator.type != "variable_declarator":
                continue
            pattern = declarator.child_by_field_name("name")
            statement = module.parent(declarator)
            if pattern is None or pattern.type != "object_pattern" or statement is None:
                continue
            parts = [(local, new[key]) for key, local in self._pattern_parts(pattern) if local != new[key]]
            if parts:
                text = ", ".join(f"{local} = {name}" for local, name in parts)
                yield declarator.start_byte, declarator.end_byte, text
            else:
                span = module.whole_lines(statement)
                yield span.start, span.end, ""


def _is_empty(method: Node) -> bool:
    body = method.child_by_field_name("body")
    return body is not None and all(child.type == "comment" for child in body.named_children)


def _renamed(module: Module, node: Node, name: str) -> Replacement:
    if node.type == "shorthand_property_identifier":
        own = module.text(node)
        name = own if own == name else f"{own}: {name}"
    return node.start_byte, node.end_byte, name


def _rendered(module: Module, body: Node, replacements: Iterable[Replacement], old: str, new: str) -> str:
    """The text of a body with replacements, its lines moved from one indentation to another. What stands in
    template literals keeps its white space."""
    data = module.document.data
    end = js.block_end(body) if body.type == "statement_block" else body.end_byte
    literals = [js.span_of(node) for node in module.descendants(body, "template_string")]
    if body.type == "template_string":
        literals.append(js.span_of(body))
    edits = list(replacements)
    at = data.find(b"\n", body.start_byte, end)
    while at != -1:
        line = at + 1
        if not any(span.start < at < span.end for span in literals):
            if old and data.startswith(old.encode(), line):
                edits.append((line, line + len(old), new))
            elif not old and data[line : line + 1] not in (b"\n", b"\r", b""):
                edits.append((line, line, new))
        at = data.find(b"\n", line, end)
    out: list[str] = []
    done = body.start_byte
    for start, stop, text in sorted(edits, key=lambda edit: (edit[0], -edit[1])):
        if start < done:  # the indentation of a line that a replacement took away
            continue
        out += [data[done:start].decode("utf-8", "replace"), text]
        done = stop
    out.append(data[done:end].decode("utf-8", "replace"))
    return "".join(out)
