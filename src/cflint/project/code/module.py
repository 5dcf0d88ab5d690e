"""One module while rules look at it: its tree, its names, its classes and handlers, and what values are."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from cflint.finding import Edit, Location
from cflint.platform.classes import ClassKind
from cflint.project.code.values import UNKNOWN, Evaluator, Value, ValueKind, handler_parameters, promise_of
from cflint.project.modules.facts import ClassFacts, class_facts
from cflint.record import record
from cflint.scope import Declaration, DeclarationKind, ImportRef, ModuleScope
from cflint.source import Span
from cflint.syntax.javascript import (
    CLASSES,
    FUNCTIONS,
    Syntax,
    arguments_of,
    first_named,
    property_name,
    span_of,
    string_value,
    unwrap,
    with_wrappers,
)

if TYPE_CHECKING:
    from tree_sitter import Node

    from cflint.project.config.wrangler import Environment
    from cflint.project.workers.model import Project, Worker

T = TypeVar("T")

_AROUND_CLASSES = frozenset(
    {"export_statement", "lexical_declaration", "variable_declaration", "variable_declarator", "arguments"}
    | {"call_expression", "expression_statement", "parenthesized_expression", "assignment_expression"}
    | {"satisfies_expression"}
)


@record(frozen=True, eq=False)
class Handler:
    """A function that the runtime calls.

    `name` is the handler's (`fetch`, `queue`, `alarm`, `webSocketMessage`, …), `function` its node, `owner`
    the class it is a method of (None in a module's default export), `parameters` its parameter nodes.
    """

    module: Module
    name: str
    function: Node
    owner: ClassDefinition | None

    @property
    def parameters(self) -> tuple[Node, ...]:
        listed = self.function.child_by_field_name("parameters")
        if listed is None:
            single = self.function.child_by_field_name("parameter")
            return (single,) if single is not None else ()
        return tuple(child for child in listed.named_children if child.type != "comment")

    @property
    def body(self) -> Node | None:
        return self.function.child_by_field_name("body")


class ClassDefinition:
    """A class of the module at hand: its node, its facts, and what the runtime takes it for."""

    def __init__(self, module: Module, node: Node, facts: ClassFacts) -> None:
        self.module = module
        self.node = node
        self.facts = facts

    @property
    def name(self) -> str:
        return self.facts.name

    @property
    def at(self) -> Location:
        """The place of the class's name."""
        return Location(self.module.document, self.facts.name_span)

    @cached_property
    def kind(self) -> ClassKind:
        """What the runtime takes the class for; see `ClassKind`."""
        return self.module.project.class_kind(self.facts)

    @property
    def is_durable_object(self) -> bool:
        """Whether it is a Durable Object with hooks of its own (not an Agent or another SDK's)."""
        return self.kind is ClassKind.DURABLE_OBJECT

    @cached_property
    def body(self) -> Node:
        return self.node.child_by_field_name("body") or self.node

    @cached_property
    def _members(self) -> dict[str, Node]:
        found: dict[str, Node] = {}
        for node in self.body.named_children:
            name = node.child_by_field_name("name")
            if name is None or any(child.type == "static" for child in node.children):
                continue
            key = property_name(self.module.syntax, name)
            if key is not None and (key not in found or found[key].type.endswith("_signature")):
                found[key] = node  # the implementation of an overloaded method comes last
        return found

    @property
    def methods(self) -> Iterator[tuple[str, Node]]:
        """The non-static methods with a body, by name."""
        for name, node in self._members.items():
            if node.type == "method_definition":
                yield name, node

    def method(self, name: str) -> Node | None:
        """The method, or the arrow function of a field, of that name."""
        node = self._members.get(name)
        if node is None:
            return None
        if node.type == "method_definition":
            return node
        value = node.child_by_field_name("value")
        value = unwrap(value) if value is not None else None
        return value if value is not None and value.type in FUNCTIONS else None

    @property
    def constructor(self) -> Node | None:
        return self.method("constructor")

    def inherited(self, name: str) -> bool | None:
        """Whether a base class defines the method; None when a base is unknown."""
        return self.module.project.inherits_member(self.facts, name)

    def has(self, name: str) -> bool | None:
        """Whether the class or a base of it defines the member; None when a base is unknown."""
        return True if name in self._members else self.inherited(name)

    @cached_property
    def _constructor_assignments(self) -> dict[str, list[Node]]:
        """The values that the constructor gives to `this.name`, and names of parameter properties."""
        found: dict[str, list[Node]] = {}
        constructor = self.constructor
        if constructor is None:
            return found
        syntax = self.module.syntax
        parameters = constructor.child_by_field_name("parameters")
        for parameter in parameters.named_children if parameters is not None else ():
            words = {child.type for child in parameter.children}
            if words & {"accessibility_modifier", "readonly", "override_modifier"}:
                pattern = parameter.child_by_field_name("pattern")
                if pattern is not None and pattern.type == "identifier":
                    found.setdefault(syntax.text(pattern), []).append(pattern)
        for node in self.module.descendants(constructor, "assignment_expression"):
            left = node.child_by_field_name("left")
            right = node.child_by_field_name("right")
            if left is None or right is None:
                continue
            if left.type == "member_expression":
                target = left.child_by_field_name("object")
                name = left.child_by_field_name("property")
                if target is not None and name is not None and target.type == "this":
                    found.setdefault(syntax.text(name), []).append(right)
        return found

    def field_value(self, name: str) -> Node | None:
        """The expression that a field of instances is set to, when the class sets it in one place."""
        assigned = self._constructor_assignments.get(name, [])
        member = self._members.get(name)
        if member is not None and member.type == "public_field_definition":
            value = member.child_by_field_name("value")
            if value is not None:
                return value if not assigned else None
        return assigned[0] if len(assigned) == 1 else None

    def field_type(self, name: str) -> Node | None:
        """The annotated type of a field."""
        member = self._members.get(name)
        if member is None or member.type != "public_field_definition":
            return None
        annotation = member.child_by_field_name("type")
        return first_named(annotation)

    def declares(self, name: str) -> bool:
        """Whether the class itself declares or assigns the member."""
        return name in self._members or name in self._constructor_assignments

    @cached_property
    def member_indent(self) -> str:
        """The white space before a member of the class."""
        line_of = self.module.document.line_of
        for node in self.body.named_children:
            if line_of(node.start_byte) > line_of(self.body.start_byte):
                return self.module.indent_of(node)
        return self.module.indent_of(self.node) + self.module.indent_unit

    def append_members(self, *sources: str) -> Edit:
        """An edit that adds members after the last one. The first line of each source has no indentation,
        the others have all of theirs."""
        data = self.module.document.data
        indent = self.member_indent
        added = "".join(f"\n\n{indent}{source}" for source in sources)
        members = self.body.named_children
        if not members:
            closing = "\n" + self.module.indent_of(self.node)
            start, end = self.body.start_byte + 1, self.body.end_byte - 1
            return Edit(self.module.document, Span(start, end), added.removeprefix("\n") + closing)
        at = members[-1].end_byte
        while data[at : at + 1] in (b";", b","):
            at += 1
        return self.module.insert(at, added)

    @cached_property
    def state(self) -> str | None:
        """How a method reaches the `DurableObjectState`: `this.ctx`, or the field that the constructor keeps
        it in; None when it keeps none."""
        if not self.kind.runs_as_durable_object:
            return None
        if self.facts.base is not None:
            return "this.ctx"
        for name, values in self._constructor_assignments.items():
            if len(values) == 1 and self.module.value_of(values[0]).kind is ValueKind.DURABLE_OBJECT_STATE:
                return f"this.{name}"
        return None

    @cached_property
    def sites(self) -> tuple[tuple[Worker, Environment], ...]:
        """The environments in which the class runs as a bound or migrated class of that name."""
        return tuple(self.module.project.sites_of_class(self.facts))


class Module:
    """A module whose tree is at hand."""

    def __init__(self, project: Project, syntax: Syntax, scope: ModuleScope) -> None:
        self.project = project
        self.syntax = syntax
        self.document = syntax.document
        self.path = syntax.document.path
        self.scope = scope
        self._evaluator = Evaluator(self)
        self._classes: dict[int, ClassDefinition] = {}
        self._this: dict[int, Node | None] = {}  # by `this` and by block: the class that it is an instance of
        self._answers: dict[Hashable, Any] = {}

    def close(self) -> None:
        """Let go of the tree and of everything that was found in it; the module cannot be used any more."""
        for owner in self._classes.values():
            owner.__dict__.clear()
        self._evaluator.__dict__.clear()
        self.__dict__.clear()

    def memoized(self, question: Hashable, find: Callable[[], T]) -> T:
        """The answer to a question about the module, found once. The question has to name everything that the
        answer depends on (of nodes, their ids)."""
        if question not in self._answers:
            self._answers[question] = find()
        answer: T = self._answers[question]
        return answer

    @cached_property
    def workers(self) -> tuple[Worker, ...]:
        """The Workers whose `main` reaches this module; () when that is not known."""
        return self.project.workers_of(self.path)

    @cached_property
    def environments(self) -> tuple[Environment, ...]:
        """All environments of those Workers that have a configuration."""
        return tuple(env for worker in self.workers for env in worker.environments)

    def text(self, node: Node) -> str:
        """The source text of a node."""
        return self.syntax.text(node)

    def at(self, node: Node, message: str = "") -> Location:
        """The place of a node."""
        return Location(self.document, span_of(node), message)

    def replace(self, node: Node, text: str) -> Edit:
        """An edit that replaces a node."""
        return Edit(self.document, span_of(node), text)

    def insert(self, offset: int, text: str) -> Edit:
        """An edit that inserts at a byte offset."""
        return Edit(self.document, Span(offset, offset), text)

    def indent_of(self, node: Node) -> str:
        """The white space at the start of the line on which a node starts."""
        line = self.document.line_span(self.document.line_of(node.start_byte))
        text = self.document.data[line.start : node.start_byte]
        return text[: len(text) - len(text.lstrip())].decode("ascii", "ignore")

    @cached_property
    def indent_unit(self) -> str:
        """One step of the module's indentation: a tab, or as many spaces as its first indented line has."""
        for line in self.document.data[:20_000].split(b"\n"):
            text = line.lstrip(b" \t")
            if text[:1] not in (b"", b"*", b"\r") and len(text) < len(line):
                return "\t" if line[:1] == b"\t" else " " * min(len(line) - len(text), 8)
        return "  "

    @property
    def is_typescript(self) -> bool:
        """Whether types may be written in the module."""
        return self.path.endswith((".ts", ".tsx", ".mts", ".cts"))

    def whole_lines(self, node: Node) -> Span:
        """The span of a statement with its indentation and line end when it stands alone on its lines."""
        return self.lines_around(span_of(node))

    def lines_around(self, span: Span) -> Span:
        """A span with the rest of its lines, and a `;`, when nothing else stands on them."""
        data = self.document.data
        start, end = span.start, span.end
        while end < len(data) and data[end] in b" \t;":
            end += 1
        first = data.rfind(b"\n", 0, start) + 1
        last = data.find(b"\n", end)
        last = len(data) if last == -1 else last + 1
        alone = not data[first:start].strip() and not data[end:last].strip()
        return Span(first, last) if alone else Span(start, end)

    def value_of(self, node: Node | None) -> Value:
        """What an expression evaluates to."""
        return self._evaluator.value_of(node)

    def value_declared(self, declaration: Declaration) -> Value:
        """What a declared name holds."""
        return self._evaluator.declared(declaration)

    def descendants(self, within: Node, *types: str) -> Iterator[Node]:
        """The named nodes of some types below a node, in source order, nested functions included."""
        wanted = frozenset(types)
        stack = list(reversed(within.named_children))
        while stack:
            node = stack.pop()
            if node.type in wanted:
                yield node
            stack.extend(reversed(node.named_children))

    def calls_of(self, name: str, within: Node) -> Iterator[Node]:
        """The calls of a function or method of that name within a node, in source order."""
        for leaf in self.syntax.leaves(name, within):
            callee = self.syntax.parent(leaf) if leaf.type == "property_identifier" else leaf
            if callee is None:
                continue
            callee = with_wrappers(self.syntax, callee)
            call = self.syntax.parent(callee)
            if call is not None and call.type == "call_expression":
                function = call.child_by_field_name("function")
                if function is not None and function.id == callee.id:
                    yield call

    def initializer(self, node: Node) -> Node:
        """The expression itself, or what the constant that it names was initialised with."""
        node = unwrap(node)
        for _ in range(8):
            if node.type != "identifier":
                break
            declaration = self.scope.resolve(node)
            if declaration is None or declaration.value is None or declaration.path:
                break
            if not declaration.constant and self.scope.assignments(declaration):
                break
            node = unwrap(declaration.value)
        return node

    def string_of(self, node: Node) -> str | None:
        """The string that an expression is: a literal, or a constant that names one."""
        return string_value(self.syntax, self.initializer(node))

    # -- classes -----------------------------------------------------------------------------------------

    def class_of(self, node: Node) -> ClassDefinition:
        """The definition of a class node."""
        found = self._classes.get(node.id)
        if found is None:
            name = ""
            parent = self.syntax.parent(node)
            if node.child_by_field_name("name") is None and parent is not None:
                target = parent.child_by_field_name("name") if parent.type == "variable_declarator" else None
                name = self.text(target) if target is not None else "default"
            known = self._class_facts.get(node.start_byte)
            if known is None or known.span.end != node.end_byte:  # a class that is not at the top level
                known = class_facts(self.syntax, self.scope, node, name)
            found = self._classes[node.id] = ClassDefinition(self, node, known)
        return found

    @cached_property
    def _class_facts(self) -> dict[int, ClassFacts]:
        """The facts of the module's classes that have been taken already, by their first byte."""
        facts = self.project.facts(self.path)
        return {found.span.start: found for found in facts.classes.values()} if facts is not None else {}

    def enclosing_class(self, node: Node) -> ClassDefinition | None:
        """The innermost class around a node."""
        found = self.syntax.enclosing(node, CLASSES)
        return self.class_of(found) if found is not None else None

    def enclosing_function(self, node: Node) -> Node | None:
        """The innermost function around a node."""
        return self.syntax.enclosing(node, FUNCTIONS)

    def method_around(self, node: Node) -> Node | None:
        """The method that a node stands in, through arrow functions and callbacks."""
        for above in self.syntax.ancestors(node):
            if above.type == "method_definition":
                return above
            if above.type in CLASSES:
                return None
        return None

    def this_class(self, this: Node) -> ClassDefinition | None:
        """The class whose instance `this` is; None in a plain function or a static member."""
        known = self._this
        if this.id not in known:
            known[this.id] = self._find_this(this)
        found = known[this.id]
        return self.class_of(found) if found is not None else None

    def _find_this(self, this: Node) -> Node | None:
        known = self._this
        blocks: list[int] = []
        found: Node | None = None
        for above in self.syntax.ancestors(this):
            kind = above.type
            if kind == "statement_block":
                if above.id in known:
                    found = known[above.id]
                    break
                blocks.append(above.id)
            elif kind in ("function_expression", "function_declaration", "generator_function"):
                break
            elif kind == "method_definition":
                parent = self.syntax.parent(above)
                if parent is None or parent.type != "class_body":
                    break
                if any(child.type == "static" for child in above.children):
                    break
            elif kind in CLASSES:
                found = above
                break
        for block in blocks:
            known[block] = found
        return found

    def this_class_of_member(self, member: Node) -> ClassDefinition | None:
        """The class of the `this` that a chain of members (`this.a.b`) starts with."""
        node: Node | None = member
        while node is not None and node.type in (
            "member_expression",
            "subscript_expression",
            "call_expression",
        ):
            inner = node.child_by_field_name("object") or node.child_by_field_name("function")
            node = unwrap(inner) if inner is not None else None
        return self.this_class(node) if node is not None and node.type == "this" else None

    # -- functions and handlers --------------------------------------------------------------------------

    def function_of(self, declaration: Declaration) -> Node | None:
        """The function node that a declared name is, if it is one for good."""
        if declaration.kind is DeclarationKind.FUNCTION:  # of an overloaded one, the call says which it is
            return declaration.owner if declaration.owner.type in FUNCTIONS else None
        if declaration.value is None or declaration.path:
            return None
        if not declaration.constant and self.scope.assignments(declaration):
            return None
        value = unwrap(declaration.value)
        return value if value.type in FUNCTIONS else None

    @cached_property
    def handlers(self) -> tuple[Handler, ...]:
        """The functions in this module that the runtime calls."""
        return tuple(self._find_handlers())

    @cached_property
    def _handler_by_function(self) -> dict[int, Handler]:
        return {handler.function.id: handler for handler in self.handlers}

    def handler_of(self, function: Node) -> Handler | None:
        """The handler that a function is."""
        return self._handler_by_function.get(function.id)

    def handler_around(self, node: Node) -> Handler | None:
        """The handler that a node stands in, through nested functions."""
        for above in self.syntax.ancestors(node):
            if above.type in FUNCTIONS:
                found = self._handler_by_function.get(above.id)
                if found is not None:
                    return found
        return None

    def _find_handlers(self) -> Iterator[Handler]:
        for node in self._class_nodes():
            owner = self.class_of(node)
            for name, method in owner.methods:
                called = name == "alarm" and owner.is_durable_object
                if called or (name != "constructor" and handler_parameters(owner.kind, name) is not None):
                    yield Handler(self, name, method, owner)
        seen: set[int] = set()
        for exported in self._entry_objects():
            if exported.id in seen:
                continue
            seen.add(exported.id)
            for name, function in self._functions_of_object(exported):
                if handler_parameters(None, name) is not None:
                    yield Handler(self, name, function, None)

    def _class_nodes(self) -> Iterator[Node]:
        if self.document.data.find(b"class") == -1:
            return
        stack = list(reversed(self.syntax.root.named_children))
        while stack:
            node = stack.pop()
            if node.type in CLASSES:
                yield node
            elif node.type in _AROUND_CLASSES:
                stack.extend(reversed(node.named_children))

    def _entry_objects(self) -> Iterator[Node]:
        """The object literals that are, or become, the default export."""
        todo: list[Node] = []
        for statement in self.syntax.root.named_children:
            if statement.type == "export_statement" and any(c.type == "default" for c in statement.children):
                value = statement.child_by_field_name("value")
                if value is not None:
                    todo.append(value)
            elif statement.type == "export_statement":
                for clause in statement.named_children:
                    for specifier in clause.named_children if clause.type == "export_clause" else ():
                        alias = specifier.child_by_field_name("alias")
                        name = specifier.child_by_field_name("name")
                        if alias is not None and name is not None and self.text(alias) == "default":
                            todo.append(name)
        for declaration in self.scope.top_level.values():
            annotation = (
                declaration.owner.child_by_field_name("type") if declaration.value is not None else None
            )
            if annotation is not None and "ExportedHandler" in self.text(annotation):
                assert declaration.value is not None
                todo.append(declaration.value)
        for _ in range(200):
            if not todo:
                return
            node = unwrap(todo.pop())
            if node.type == "object":
                yield node
            elif node.type == "identifier":
                resolved = self.initializer(node)
                if resolved.type != "identifier":
                    todo.append(resolved)
            elif node.type in (
                "call_expression",
                "new_expression",
            ):  # withSentry(…, handler), instrument(handler)
                todo.extend(arguments_of(node))

    def _functions_of_object(self, node: Node) -> Iterator[tuple[str, Node]]:
        for part in node.named_children:
            if part.type == "method_definition":
                name = part.child_by_field_name("name")
                key = property_name(self.syntax, name) if name is not None else None
                if key is not None:
                    yield key, part
                continue
            if part.type == "pair":
                name = part.child_by_field_name("key")
                value = part.child_by_field_name("value")
            elif part.type == "shorthand_property_identifier":
                name = value = part
            else:
                continue
            key = property_name(self.syntax, name) if name is not None else None
            if key is None or value is None:
                continue
            value = unwrap(value)
            if value.type in ("identifier", "shorthand_property_identifier"):
                declaration = self.scope.resolve(value)
                function = self.function_of(declaration) if declaration is not None else None
                if function is not None:
                    yield key, function
            elif value.type in FUNCTIONS:
                yield key, value

    def parameter_kinds(self, function: Node) -> tuple[ValueKind, ...] | None:
        """The kinds of a function's parameters when the runtime calls it (constructors included)."""
        if function.type == "method_definition":
            parent = self.syntax.parent(function)
            if parent is not None and parent.type == "class_body":
                owner = self.enclosing_class(function)
                name = function.child_by_field_name("name")
                if owner is None or name is None:
                    return None
                return handler_parameters(owner.kind, self.text(name))
        handler = self.handler_of(function)
        if handler is not None:
            return handler_parameters(handler.owner.kind if handler.owner else None, handler.name)
        if self._is_pages_handler(function):
            return (ValueKind.PAGES_CONTEXT,)
        if self._satisfies_handler(function):
            name = function.child_by_field_name("name")
            return handler_parameters(None, self.text(name)) if name is not None else None
        return None

    def _satisfies_handler(self, function: Node) -> bool:
        parent = self.syntax.parent(function)
        if function.type != "method_definition" or parent is None or parent.type != "object":
            return False
        around = self.syntax.parent(with_wrappers(self.syntax, parent)) or parent
        outer = with_wrappers(self.syntax, parent)
        return (
            b"ExportedHandler" in self.document.data[parent.end_byte : max(outer.end_byte, around.start_byte)]
        )

    def _is_pages_handler(self, function: Node) -> bool:
        """`export const onRequest = …` and its siblings, in a `functions/` folder."""
        if "functions/" not in self.path:
            return False
        name = function.child_by_field_name("name")
        parent = self.syntax.parent(function)
        if name is None and parent is not None and parent.type == "variable_declarator":
            name = parent.child_by_field_name("name")
        if name is None and parent is not None and parent.type == "array":
            parent = self.syntax.parent(parent)
            name = parent.child_by_field_name("name") if parent is not None else None
        return name is not None and self.text(name).startswith("onRequest")

    # -- what the configuration and the Env type say -----------------------------------------------------

    def binding(self, name: str) -> Value:
        """The value of `env.name`: a binding whose kind the configuration, or the Env type, tells."""
        kinds = {
            binding.kind.id: binding.kind
            for env in self.environments
            if (binding := env.binding(name)) is not None
        }
        if len(kinds) == 1:
            return Value(ValueKind.BINDING, name=name, binding=next(iter(kinds.values())))
        if not kinds:
            typed = self.project.env_member(self.path, name)
            if typed is not None:
                return Value(ValueKind.BINDING, name=name, binding=typed)
        return Value(ValueKind.BINDING, name=name)

    def is_env_type(self, name: str) -> bool:
        """Whether a type of this module describes `env`: by its name, or a member's type."""
        return self.project.is_env_type(self.path, name)

    def imported_call(self, ref: ImportRef, call: Node) -> Value:
        """What calling an imported function of the project gives: a promise, when it is asynchronous."""
        return promise_of(origin=call) if self.project.calls_give_promises(self.path, ref) else UNKNOWN

    def is_own(self, ref: ImportRef) -> bool:
        """Whether an import means a module of the project."""
        return self.project.resolve(ref.module, self.path) is not None

    def gives_promise(self, owner: ClassFacts, name: str) -> bool:
        """Whether calling a method of a class's instances gives a promise, bases of the project included."""
        overloads = self.project.find_members(owner, name)
        return bool(overloads) and all(found.gives_promise for found in overloads)

    def class_named(self, name: str, source: str) -> ClassFacts | None:
        """The class of the project with a name: of this module, or imported from `source` under that name."""
        path, local = self.path, name
        if source:
            target = self.project.declaration_of(self.path, ImportRef(source, name))
            if target is None:
                return None
            path, local = target
        facts = self.project.facts(path)
        return facts.classes.get(local) if facts is not None else None

    def import_named(self, module: str, name: str) -> Declaration | None:
        """The import of a name from a module, if there is one."""
        for declaration in self.scope.imports:
            ref = declaration.imported
            if ref is not None and ref.module == module and ref.name == name:
                return declaration
        return None
