"""One module while rules look at it: its tree, its names, its classes and handlers, and what values are.

Longer than 600 lines: all that one can ask of a module is one list.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Hashable, Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from cflint.finding import Edit, Location
from cflint.lazy import Lazy
from cflint.platform.classes import ClassKind
from cflint.project.apps.realms import NO_SIDES, Realm, Sides
from cflint.project.code.values import Value, ValueKind
from cflint.project.modules.facts import ClassFacts, class_facts
from cflint.record import record
from cflint.scope import Declaration, ModuleScope
from cflint.source import Span
from cflint.syntax.javascript import (
    CLASSES,
    FUNCTIONS,
    Syntax,
    first_named,
    is_static,
    property_name,
    span_of,
    unwrap,
)
from cflint.syntax.suffixes import FRONTMATTER, is_typescript

if TYPE_CHECKING:
    from tree_sitter import Node

    from cflint.platform import handlers as _handlers
    from cflint.platform.handlers import Owes
    from cflint.project.apps import islands as _islands
    from cflint.project.apps.app import App
    from cflint.project.apps.kind import Handlers
    from cflint.project.code import across as _across
    from cflint.project.code import app_values as _app_values
    from cflint.project.code import awaited as _awaited
    from cflint.project.code import classes as _classes
    from cflint.project.code import contents as _contents
    from cflint.project.code import control as _control
    from cflint.project.code import declared_env as _declared_env
    from cflint.project.code import dropped as _dropped
    from cflint.project.code import edits as _edits
    from cflint.project.code import effects as _effects
    from cflint.project.code import env_escapes as _env_escapes
    from cflint.project.code import env_uses as _env_uses
    from cflint.project.code import evaluator as _evaluator
    from cflint.project.code import flow as _flow
    from cflint.project.code import headers as _headers
    from cflint.project.code import lifetime as _lifetime
    from cflint.project.code import moving as _moving
    from cflint.project.code import mutations as _mutations
    from cflint.project.code import nodes as _nodes
    from cflint.project.code import origins as _origins
    from cflint.project.code import orms as _orms
    from cflint.project.code import pages as _pages
    from cflint.project.code import paging as _paging
    from cflint.project.code import parameters as _parameters
    from cflint.project.code import platform_names as _platform_names
    from cflint.project.code import promises as _promises
    from cflint.project.code import provenance as _provenance
    from cflint.project.code import sameness as _sameness
    from cflint.project.code import secrets as _secrets
    from cflint.project.code import services as _services
    from cflint.project.code import sockets as _sockets
    from cflint.project.code import tree as _tree
    from cflint.project.code import workflows as _workflows
    from cflint.project.config.wrangler import Environment
    from cflint.project.modules import installed as _installed
    from cflint.project.workers.model import Project, Worker
else:
    _across = Lazy("cflint.project.code.across")
    _app_values = Lazy("cflint.project.code.app_values")
    _awaited = Lazy("cflint.project.code.awaited")
    _classes = Lazy("cflint.project.code.classes")
    _contents = Lazy("cflint.project.code.contents")
    _control = Lazy("cflint.project.code.control")
    _declared_env = Lazy("cflint.project.code.declared_env")
    _dropped = Lazy("cflint.project.code.dropped")
    _edits = Lazy("cflint.project.code.edits")
    _effects = Lazy("cflint.project.code.effects")
    _env_escapes = Lazy("cflint.project.code.env_escapes")
    _env_uses = Lazy("cflint.project.code.env_uses")
    _evaluator = Lazy("cflint.project.code.evaluator")
    _flow = Lazy("cflint.project.code.flow")
    _headers = Lazy("cflint.project.code.headers")
    _lifetime = Lazy("cflint.project.code.lifetime")
    _moving = Lazy("cflint.project.code.moving")
    _mutations = Lazy("cflint.project.code.mutations")
    _nodes = Lazy("cflint.project.code.nodes")
    _origins = Lazy("cflint.project.code.origins")
    _orms = Lazy("cflint.project.code.orms")
    _paging = Lazy("cflint.project.code.paging")
    _pages = Lazy("cflint.project.code.pages")
    _parameters = Lazy("cflint.project.code.parameters")
    _platform_names = Lazy("cflint.project.code.platform_names")
    _promises = Lazy("cflint.project.code.promises")
    _provenance = Lazy("cflint.project.code.provenance")
    _sameness = Lazy("cflint.project.code.sameness")
    _secrets = Lazy("cflint.project.code.secrets")
    _services = Lazy("cflint.project.code.services")
    _sockets = Lazy("cflint.project.code.sockets")
    _tree = Lazy("cflint.project.code.tree")
    _handlers = Lazy("cflint.platform.handlers")
    _islands = Lazy("cflint.project.apps.islands")
    _installed = Lazy("cflint.project.modules.installed")
    _workflows = Lazy("cflint.project.code.workflows")

T = TypeVar("T")


@record(frozen=True, eq=False)
class Handler:
    """A function that the runtime calls.

    `name` is the handler's (`fetch`, `queue`, `alarm`, `webSocketMessage`, …), `function` its node, `owner`
    the class it is a method of (None in a module's default export), `parameters` its parameter nodes. A
    framework's (`of_app`) or one of Pages is not among `Module.handlers`: the runtime does not call it.
    """

    module: Module
    name: str
    function: Node
    owner: ClassDefinition | None
    of_app: Handlers | None = None

    @property
    def owes(self) -> Owes | None:
        """What it has to return; None when that is not known."""
        if self.of_app is not None:
            return self.of_app.owes
        signature = _handlers.handler_signature(
            self.owner.kind if self.owner is not None else None, self.name
        )
        if signature is None and self.owner is None:
            signature = _handlers.pages_handler(self.name)
        return signature.owes if signature is not None else None

    @property
    def parameters(self) -> tuple[Node, ...]:
        return _parameters.parameter_nodes(self.function)

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
    def label(self) -> str:
        """What to call the class in a message."""
        return self.facts.label

    @property
    def at(self) -> Location:
        """The place of the class's name."""
        return Location(self.module.document, self.facts.name_span)

    @cached_property
    def kind(self) -> ClassKind:
        """What the runtime takes the class for; see `ClassKind`."""
        return self.module.project.classes.kind(self.facts)

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
            if name is None or is_static(node):
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
        return self.module.project.classes.inherits(self.facts, name)

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

    @property
    def base_expression(self) -> Node | None:
        """The expression behind `extends`."""
        heritage = (part for part in self.node.named_children if part.type == "class_heritage")
        clauses = (clause for part in heritage for clause in (part, *part.named_children))
        values = (clause.child_by_field_name("value") for clause in clauses)
        return next((value for value in values if value is not None), None)

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
        return tuple(self.module.project.durable_objects.sites(self.facts))

    @cached_property
    def environments(self) -> tuple[Environment, ...]:
        """The environments in which the class is a Durable Object: those of its `sites`, or of the nearest
        configuration that names it, where what runs is made by a build and the class is not seen in it."""
        found = tuple(environment for _, environment in self.sites)
        return found or tuple(self.module.project.durable_objects.named(self.facts))


class Module:
    """A module whose tree is at hand.

    What one can ask of it is listed here, a line each; the answers are functions of this room that take the
    module first, with the same documentation.
    """

    def __init__(self, project: Project, syntax: Syntax, scope: ModuleScope) -> None:
        self.project = project
        self.syntax = syntax
        self.document = syntax.document
        self.path = syntax.document.path
        self.scope = scope
        self._classes: dict[int, ClassDefinition] = {}
        self._this: dict[int, Node | None] = {}  # by `this` and by block: the class that it is an instance of
        self._answers: dict[Hashable, Any] = {}

    def close(self) -> None:
        """Let go of the tree and of everything that was found in it; the module cannot be used any more."""
        # Module, classes and values refer to each other, and a run does not look for cycles (see
        # `without_collector`): emptied, they are freed at once with the tree.
        for owner in self._classes.values():
            owner.__dict__.clear()
        values = self.__dict__.get("_evaluator")
        if values is not None:
            values.__dict__.clear()
        self.__dict__.clear()

    def memoized(self, question: Hashable, find: Callable[[], T]) -> T:
        """The answer to a question about the module, found once. The question has to name everything that the
        answer depends on (of nodes, their ids)."""
        if question not in self._answers:
            self._answers[question] = find()
        answer: T = self._answers[question]
        return answer

    def other(self, path: str) -> Module | None:
        """Another module of the project; see `module_of`."""
        return module_of(self.project, path)

    @cached_property
    def workers(self) -> tuple[Worker, ...]:
        """The Workers whose `main` reaches this module; () when that is not known."""
        return self.project.owners.of(self.path)

    @cached_property
    def is_run(self) -> bool:
        """Whether a Worker runs this module: one of its `workers` runs more of it than its top level."""
        return any(self.path not in worker.idle for worker in self.workers)

    @cached_property
    def is_of_local_tool(self) -> bool:
        """Whether a tool for development runs this module on the developer's machine, and nobody deploys it:
        no configuration reaches it, and its package brings the runtime along."""
        if any(worker.config is not None for worker in self.workers):
            return False
        return _installed.runs_workers_locally(self.project.workspace, posixpath.dirname(self.path))

    @cached_property
    def has_global_bindings(self) -> bool:
        """Whether bindings are globals: all Workers of the module are service workers."""
        workers = self.workers
        return bool(workers) and all(self.project.entrypoints.is_service_worker(one) for one in workers)

    @cached_property
    def leaves_out_imports(self) -> bool:
        """Whether it is a block of a document that uses a class of the platform and imports nothing: an
        excerpt, in which `env` is that of "cloudflare:workers" unless it is declared."""
        return self.document.is_block and _classes.leaves_out_imports(self)

    @cached_property
    def app(self) -> App | None:
        """The framework app that the module belongs to."""
        return self.project.realms.app_of(self.path)

    @cached_property
    def realm(self) -> Realm:
        """Where the module runs."""
        return self.project.realms.of(self.path)

    @cached_property
    def sides(self) -> Sides:
        """Of a module of an app, the parts that run in the Worker or in the browser only."""
        if self.app is None:
            return NO_SIDES
        return _islands.sides_of(self.syntax, self.scope, self.app.kind.islands)

    @cached_property
    def environments(self) -> tuple[Environment, ...]:
        """All environments of those Workers that have a configuration."""
        return tuple(env for worker in self.workers for env in worker.environments)

    # -- the tree ----------------------------------------------------------------------------------------

    def text(self, node: Node) -> str:
        """The source text of a node."""
        return self.syntax.text(node)

    def at(self, node: Node, message: str = "") -> Location:
        """The place of a node."""
        return Location(self.document, span_of(node), message)

    @property
    def root(self) -> Node:
        """The node of the whole module."""
        return self.syntax.root

    parent = _tree.parent
    ancestors = _tree.ancestors
    enclosing = _tree.enclosing
    leaves = _tree.leaves
    node_at = _tree.node_at
    mentions = _tree.mentions
    comments_above = _tree.comments_above
    with_wrappers = _tree.with_wrappers
    enclosing_function = _tree.enclosing_function
    method_around = _tree.method_around
    statement_of = _nodes.statement_of
    own_statement = _nodes.own_statement
    descendants = _tree.descendants
    calls_of = _tree.calls_of

    # -- views of nodes ----------------------------------------------------------------------------------

    call = _nodes.call
    member = _nodes.member
    member_read = _nodes.member_read
    parameters = _nodes.parameters
    assignment = _nodes.assignment
    operation = _nodes.operation
    given_name = _nodes.given_name
    calls = _nodes.calls
    call_of = _nodes.call_of
    call_around = _nodes.call_around
    callback_of = _nodes.callback_of
    function_name = _nodes.function_name
    function_value = _nodes.function_value

    # -- edits of the text -------------------------------------------------------------------------------

    replace = _edits.replace
    insert = _edits.insert
    indent_of = _edits.indent_of
    semicolon_of = _edits.semicolon_of
    whole_lines = _edits.whole_lines
    lines_around = _edits.lines_around
    item_span = _edits.item_span
    add_properties = _edits.add_properties
    move_to_finally = _edits.move_to_finally
    lines_with_comments = _edits.lines_with_comments
    comments_of = _edits.comments_of
    statement_removal = _edits.statement_removal
    prepend_statement = _edits.prepend_statement
    log_caught = _edits.log_caught
    append_statement = _edits.append_statement
    append_handler = _edits.append_handler
    moved_text = _edits.moved_text

    @cached_property
    def indent_unit(self) -> str:
        """One step of the module's indentation: a tab, or as many spaces as its first indented line has."""
        return _edits.indent_unit(self.document)

    @property
    def runs_per_request(self) -> bool:
        """Whether the top level runs for each request, as the frontmatter of `.astro` does: nothing in it
        outlives one."""
        return self.path.endswith(FRONTMATTER)

    @property
    def is_typescript(self) -> bool:
        """Whether types may be written in the module."""
        return is_typescript(self.path)

    # -- classes and handlers ----------------------------------------------------------------------------

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
        facts = self.project.facts.of(self.path)
        return {found.span.start: found for found in facts.classes.values()} if facts is not None else {}

    def enclosing_class(self, node: Node) -> ClassDefinition | None:
        """The innermost class around a node."""
        found = self.syntax.enclosing(node, CLASSES)
        return self.class_of(found) if found is not None else None

    def hibernating_object(self, accept: Node) -> ClassDefinition | None:
        """The Durable Object of which a call of `acceptWebSocket()` is the first one: one with hooks of its
        own, or a container's, of which the SDK leaves the sockets alone."""
        owner = self.enclosing_class(accept)
        if owner is None or not (owner.is_durable_object or owner.kind is ClassKind.CONTAINER):
            return None
        return owner if self.hibernatable_accepts(owner)[0].id == accept.id else None

    def this_class(self, this: Node) -> ClassDefinition | None:
        """The class whose instance `this` is; None in a plain function or a static member."""
        found = _classes.this_node(self.syntax, self._this, this)
        return self.class_of(found) if found is not None else None

    def this_class_of_member(self, member: Node) -> ClassDefinition | None:
        """The class of the `this` that a chain of members (`this.a.b`) starts with."""
        first = _classes.first_of_chain(member)
        return self.this_class(first) if first is not None and first.type == "this" else None

    @cached_property
    def handlers(self) -> tuple[Handler, ...]:
        """The functions in this module that the runtime calls."""
        return tuple(
            Handler(self, name, function, self.class_of(owner) if owner is not None else None)
            for name, function, owner in _classes.handler_functions(self)
        )

    @cached_property
    def app_handlers(self) -> tuple[Handler, ...]:
        """The functions in this module that a framework or Pages calls, by the names of their exports."""
        pages = [Handler(self, name, function, None) for name, function in _pages.functions_of(self)]
        found = _app_values.handlers_of(self) if self.app is not None else ()
        return (*pages, *(Handler(self, name, function, None, rule) for name, function, rule in found))

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

    app_handler_at = _app_values.handler_at
    super_calls = _classes.super_calls
    type_arguments = _classes.type_arguments
    parameter_kinds = _parameters.parameter_kinds

    # -- values ------------------------------------------------------------------------------------------

    @cached_property
    def _evaluator(self) -> _evaluator.Evaluator:
        return _evaluator.evaluator_of(self)

    def value_of(self, node: Node | None) -> Value:
        """What an expression evaluates to."""
        return self._evaluator.value_of(node)

    def value_declared(self, declaration: Declaration) -> Value:
        """What a declared name holds."""
        return self._evaluator.declared(declaration)

    def value_returned(self, declaration: Declaration) -> Value:
        """What calling a function of the module gives, by its declaration."""
        return self._evaluator.returned(declaration)

    def evaluated_apart(self, question: Callable[[], T]) -> T:
        """The answer to a question for which values are evaluated anew, and forgotten after it."""
        return self._evaluator.apart(question)

    initializer = _tree.initializer
    function_of = _tree.function_of
    string = _tree.string
    string_of = _tree.string_of
    property_name = _tree.property_name
    number = _origins.number_of
    key = _origins.key_of
    property_value = _origins.property_value
    properties_of = _origins.properties_of
    is_open_object = _origins.is_open_object
    is_global = _origins.is_global
    callee_name = _origins.callee_name
    alternatives = _origins.alternatives
    is_same = _sameness.is_same
    meaning = _sameness.meaning
    origins = _origins.origins
    header_read = _origins.header_read
    header_value = _headers.header_value
    reads_query = _origins.reads_query
    reads_request = _origins.reads_request
    reads_credential = _origins.reads_credential
    provenance = _provenance.provenance
    contents = _contents.contents
    secret_at = _secrets.secret_at
    taken_from = _secrets.taken_from

    # -- functions and calls -----------------------------------------------------------------------------

    called_function = _sockets.called_function
    method_called_on = _sockets.method_called_on
    calls_on = _promises.calls_on
    calls_on_name = _promises.calls_on_name
    name_of_function = _sockets.name_of_function
    parameter_for = _sockets.parameter_for
    outer_names = _moving.outer_names
    uses_of_own_name = _moving.uses_of_own_name
    own_words = _moving.own_words

    # -- where control goes ------------------------------------------------------------------------------

    always_runs = _control.always_runs
    is_conditional = _control.is_conditional
    conditions_around = _control.conditions_around
    never_runs = _control.never_runs
    returns_of = _control.returns_of
    loop_around = _control.loop_around
    leaves_loop = _control.leaves_loop
    try_around = _control.try_around
    is_caught = _control.is_caught
    can_reach = _flow.can_reach
    completes = _flow.completes
    falls_through = _flow.falls_through

    # -- when code runs and how long ---------------------------------------------------------------------

    run_while_loading = _lifetime.run_while_loading
    runs_for_event = _lifetime.runs_for_event
    runs_in_worker = _lifetime.runs_in_worker
    runs_later = _lifetime.runs_later
    may_be_durable = _lifetime.may_be_durable
    in_constructor = _lifetime.in_constructor
    makes_stream_beside = _lifetime.makes_stream_beside

    # -- what code does, and with what --------------------------------------------------------------------

    platform_name = _platform_names.platform_name
    called_name = _platform_names.called_name
    is_from = _platform_names.is_from
    entropy_at = _effects.entropy_at
    entropies = _effects.entropies
    response_made = _effects.response_made
    responses_made = _effects.responses_made
    body_read_at = _effects.body_read_at
    body_reads = _effects.body_reads
    log_at = _effects.log_at
    logs = _effects.logs
    service_call = _services.service_call
    service_calls = _services.service_calls
    place_of = _mutations.place_of
    mutation_of = _mutations.mutation_of
    mutation_at = _mutations.mutation_at
    mutations = _mutations.mutations
    field_mutations = _mutations.field_mutations
    field_values = _mutations.field_values
    aliases = _mutations.aliases
    changed_copy = _mutations.changed_copy
    orm_made = _orms.orm_made
    with_orms = _orms.with_orms
    orms_imported = _orms.orms_imported
    orm_statement = _orms.orm_statement

    # -- promises ----------------------------------------------------------------------------------------

    promise_use = _promises.use_of_promise
    promises_use = _promises.use_of_promises
    callback_use = _promises.use_of_callback
    promise_source = _promises.source_of
    can_await = _promises.can_await
    wait_until_at = _promises.wait_until_at
    dropped_calls = _dropped.dropped_calls
    chain_root = _dropped.chain_root
    handles_errors = _dropped.handles_errors
    catches_everything = _dropped.catches_everything
    settles_promise = _dropped.settles_promise
    awaited = _awaited.awaited
    result_of = _awaited.result_of
    unchecked_read = _awaited.unchecked_read
    only_awaits = _awaited.only_awaits

    # -- Workflows ---------------------------------------------------------------------------------------

    workflow_runs = _workflows.workflow_runs
    step_of = _workflows.step_of
    steps = _workflows.steps
    step_around = _workflows.step_around

    # -- env, sockets, lists -----------------------------------------------------------------------------

    binding = _across.binding
    env_uses = _env_uses.env_uses
    env_uses_of = _env_uses.env_uses_of
    env_types = _declared_env.env_types
    env_members = _declared_env.env_members
    env_type_at = _declared_env.env_type_at
    knows_env_type = _declared_env.knows_env_type
    has_global_env = _declared_env.has_global_env
    bindings_named = _declared_env.bindings_named
    type_for = _declared_env.type_for
    member_added = _declared_env.member_added
    is_runtime_type = _declared_env.is_runtime_type
    class_of_type = _declared_env.class_of_type
    type_of_class = _declared_env.type_of_class
    gives_env_member = _env_uses.gives_env_member
    bindings_needed = _env_uses.bindings_needed
    env_escapes = _env_escapes.env_escapes
    is_guard = _env_uses.is_guard
    pair_end = _sockets.pair_end
    pair_ends = _sockets.pair_ends
    uses_of_end = _sockets.uses_of_end
    accepts_of_end = _sockets.accepts_of_end
    listeners_of_end = _sockets.listeners_of_end
    listener_at = _sockets.listener_at
    opens_sockets = _sockets.opens_sockets
    reads_web_socket = _sockets.reads_web_socket
    hibernatable_accepts = _sockets.hibernatable_accepts
    list_without_pagination = _paging.list_without_pagination
    may_list_more_than = _paging.may_list_more_than
    whole_list_behind = _paging.whole_list_behind

    # -- the rest of the project -------------------------------------------------------------------------

    is_env_type = _across.is_env_type
    imported_call = _across.imported_call
    is_own = _across.is_own
    gives_promise = _across.gives_promise
    class_named = _across.class_named
    import_named = _across.import_named
    imported_by = _across.imported_by


def module_of(project: Project, path: str) -> Module | None:
    """A module with its tree; None when it cannot be read or parsed, or is no JavaScript."""
    found = project.trees.of(path)
    return project.trees.view(Module(project, *found)) if found is not None else None
