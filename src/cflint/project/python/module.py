"""One Python module of a Worker: its names, classes, calls, and what its values are.

The module is read when something of it is asked for; one that does not parse has no names, classes or calls.
Import this module only inside functions: it loads libcst.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

import libcst as cst

from cflint.finding import Edit, Location
from cflint.platform.bindings import methods_of_type
from cflint.platform.classes import ClassKind
from cflint.project.code.promises import PromiseOutcome
from cflint.project.code.values import UNKNOWN, Value, ValueKind, promise_of
from cflint.record import record
from cflint.source import Document, Span
from cflint.syntax.data import Problem
from cflint.syntax.python import PythonSyntax, parse, syntax_error

if TYPE_CHECKING:
    from cflint.project.config.wrangler import Environment
    from cflint.project.workers.model import Project, Worker

N = TypeVar("N", bound=cst.CSTNode)
Function = cst.FunctionDef | cst.Lambda

NO_GLOBAL_HANDLERS = "python_no_global_handlers"
"""The flag (on from 2025-08-14) with which only methods of classes are handlers, without `on_`."""

SDK_MODULES = ("workers", "cloudflare.workers")
"""The names under which the SDK for Python Workers can be imported."""

_BASES = {
    "DurableObject": ClassKind.DURABLE_OBJECT,
    "WorkerEntrypoint": ClassKind.WORKER_ENTRYPOINT,
    "WorkflowEntrypoint": ClassKind.WORKFLOW,
}
_HANDLER_PARAMETERS: dict[ClassKind | None, dict[str, tuple[ValueKind, ...]]] = {
    None: {
        "on_fetch": (ValueKind.REQUEST, ValueKind.ENV, ValueKind.EXECUTION_CONTEXT),
        "on_scheduled": (ValueKind.CONTROLLER, ValueKind.ENV, ValueKind.EXECUTION_CONTEXT),
        "on_queue": (ValueKind.MESSAGE_BATCH, ValueKind.ENV, ValueKind.EXECUTION_CONTEXT),
        "on_alarm": (ValueKind.UNKNOWN, ValueKind.ENV, ValueKind.EXECUTION_CONTEXT),
    },
    ClassKind.WORKER_ENTRYPOINT: {
        "__init__": (ValueKind.EXECUTION_CONTEXT, ValueKind.ENV),
        "fetch": (ValueKind.REQUEST, ValueKind.ENV, ValueKind.EXECUTION_CONTEXT),
        "on_fetch": (ValueKind.REQUEST, ValueKind.ENV, ValueKind.EXECUTION_CONTEXT),
        "scheduled": (ValueKind.CONTROLLER, ValueKind.ENV, ValueKind.EXECUTION_CONTEXT),
        "queue": (ValueKind.MESSAGE_BATCH, ValueKind.ENV, ValueKind.EXECUTION_CONTEXT),
    },
    ClassKind.DURABLE_OBJECT: {
        "__init__": (ValueKind.DURABLE_OBJECT_STATE, ValueKind.ENV),
        "fetch": (ValueKind.REQUEST,),
        "on_fetch": (ValueKind.REQUEST, ValueKind.ENV, ValueKind.DURABLE_OBJECT_STATE),
        "webSocketMessage": (ValueKind.HIBERNATED_WEBSOCKET,),
        "webSocketClose": (ValueKind.HIBERNATED_WEBSOCKET,),
        "webSocketError": (ValueKind.HIBERNATED_WEBSOCKET,),
    },
    ClassKind.WORKFLOW: {
        "__init__": (ValueKind.EXECUTION_CONTEXT, ValueKind.ENV),
        "run": (ValueKind.WORKFLOW_EVENT, ValueKind.WORKFLOW_STEP),
    },
}
_PROPERTIES = {
    (ValueKind.DURABLE_OBJECT_STATE, "storage"): ValueKind.STORAGE,
    (ValueKind.DURABLE_OBJECT_STATE, "id"): ValueKind.DURABLE_OBJECT_ID,
    (ValueKind.STORAGE, "sql"): ValueKind.SQL_STORAGE,
    (ValueKind.STORAGE, "kv"): ValueKind.SYNC_KV,
    (ValueKind.MESSAGE_BATCH, "messages"): ValueKind.MESSAGES,
    (ValueKind.REQUEST, "headers"): ValueKind.HEADERS,
    (ValueKind.RESPONSE, "headers"): ValueKind.HEADERS,
    (ValueKind.REQUEST, "body"): ValueKind.BODY,
    (ValueKind.RESPONSE, "body"): ValueKind.BODY,
}
_BODY_READS = frozenset(
    {"json", "text", "form_data", "formData", "blob", "bytes", "buffer", "array_buffer", "arrayBuffer"}
)
_STEP_PROMISES = frozenset(
    {"sleep", "sleep_until", "sleepUntil", "wait_for_event", "waitForEvent", "rollback_all"}
)
_STEP_DECORATORS = frozenset({"do", "with_rollback"})
_WORKFLOW_METHODS = frozenset({"get", "create", "create_batch", "createBatch"})
_INSTANCE_METHODS = frozenset(
    {"pause", "resume", "terminate", "restart", "status", "send_event", "sendEvent"}
)
_NAMESPACE_STUBS = frozenset({"get", "getByName"})
_NAMESPACE_IDS = frozenset({"idFromName", "idFromString", "newUniqueId"})
_TYPED = {
    ValueKind.STORAGE: "DurableObjectStorage",
    ValueKind.D1_STATEMENT: "D1PreparedStatement",
    ValueKind.DURABLE_OBJECT_STATE: "DurableObjectState",
}
_TAKES_A_VALUE = frozenset(
    {"str", "int", "float", "bool", "len", "repr", "print", "list", "dict", "tuple", "set", "sorted", "bytes"}
    | {"json.loads", "json.dumps", "isinstance", "sum", "min", "max", "enumerate", "iter", "bytearray"}
    | {"workers.Response", "workers.Response.json", "workers.Response.from_json", "js.Response.new"}
    | {"js.Response.json", "js.JSON.stringify", "js.JSON.parse", "range", "next", "zip", "any", "all"}
)


@record(frozen=True, eq=False)
class Name:
    """One place that gives a name of a scope its value.

    `kind` is `import`, `parameter`, `function`, `class`, `assignment`, `loop` or `other`; `node` the place
    (an alias, a `Param`, a definition, a name); `value` what is assigned, or gone through in a loop.
    `imported` is the dotted name that an import means: `workers.env`, `os`, `.room.Room`.
    """

    kind: str
    node: cst.CSTNode
    value: cst.BaseExpression | None = None
    imported: str = ""


@dataclass(slots=True, eq=False)
class _Scope:
    node: cst.CSTNode
    parent: _Scope | None
    names: dict[str, list[Name]] = field(default_factory=dict)
    outer: dict[str, _Scope] = field(default_factory=dict)  # `global` and `nonlocal`

    def add(self, name: str, entry: Name) -> None:
        self.outer.get(name, self).names.setdefault(name, []).append(entry)


class PythonClass:
    """A class: what the runtime takes it for, and its methods."""

    def __init__(self, module: PythonModule, node: cst.ClassDef) -> None:
        self.module = module
        self.node = node
        self.name = node.name.value

    @property
    def is_top_level(self) -> bool:
        """Whether it stands in the module itself, in no function or class."""
        return self.module.class_or_function_around(self.node) is None

    @cached_property
    def kind(self) -> ClassKind:
        """By its bases; PLAIN without any, UNKNOWN when one could not be followed."""
        return self.module.kind_of_class(self)

    @property
    def bases(self) -> tuple[cst.BaseExpression, ...]:
        return tuple(argument.value for argument in self.node.bases if argument.star == "")

    @cached_property
    def methods(self) -> Mapping[str, cst.FunctionDef]:
        """The functions in its body, by name; the last of equal names counts."""
        found: dict[str, cst.FunctionDef] = {}
        for statement in self.node.body.body:
            if isinstance(statement, cst.FunctionDef):
                found[statement.name.value] = statement
        return found

    @cached_property
    def _fields(self) -> Mapping[str, list[cst.BaseExpression]]:
        """What is assigned to `self.name` anywhere in the class."""
        found: dict[str, list[cst.BaseExpression]] = {}
        for node in self.module.syntax.walk(self.node):
            targets: list[cst.BaseExpression] = []
            value: cst.BaseExpression | None = None
            if isinstance(node, cst.Assign):
                targets, value = [target.target for target in node.targets], node.value
            elif isinstance(node, (cst.AnnAssign, cst.AugAssign)):
                targets, value = [node.target], node.value
            for target in targets:
                if isinstance(target, cst.Attribute) and _is_name(target.value, "self") and value is not None:
                    found.setdefault(target.attr.value, []).append(value)
        return found

    def field(self, name: str) -> cst.BaseExpression | None:
        """What `self.name` is: the one expression that the class assigns to it."""
        values = self._fields.get(name, [])
        return values[0] if len(values) == 1 else None

    def assigns(self, name: str) -> bool:
        """Whether some method assigns `self.name`."""
        return name in self._fields


class PythonModule:
    """A module with its tree, its names, and what the model knows about its values."""

    def __init__(self, project: Project, path: str, document: Document) -> None:
        self.project = project
        self.path = path
        self.document = document
        self._values: dict[cst.CSTNode, Value] = {}
        self._busy: set[cst.CSTNode] = set()

    # -- the text and the tree ---------------------------------------------------------------------------

    @cached_property
    def syntax(self) -> PythonSyntax:
        return parse(self.document)

    @property
    def is_parsed(self) -> bool:
        """Whether something of the module was asked for yet."""
        return "syntax" in self.__dict__

    @property
    def has_errors(self) -> bool:
        """Whether the module could not be parsed, so that nothing in it is known."""
        return bool(self.syntax.problems)

    @cached_property
    def syntax_error(self) -> Problem | None:
        """Why Python would not take the module; found without a tree."""
        return syntax_error(self.document)

    @cached_property
    def workers(self) -> tuple[Worker, ...]:
        """The Workers that reach the module."""
        return self.project.workers_of(self.path)

    @cached_property
    def environments(self) -> tuple[Environment, ...]:
        """The environments of the Workers that reach the module."""
        return tuple(environment for worker in self.workers for environment in worker.environments)

    @property
    def is_entry(self) -> bool:
        """Whether a Worker's `main` is this module."""
        return any(self.path in worker.entries for worker in self.workers)

    @property
    def is_document(self) -> bool:
        """Whether it is a block of a Markdown file."""
        return self.document.origin is not None

    def enables(self, flag: str) -> bool | None:
        """Whether a compatibility flag is on wherever the module runs; None when not known, or not everywhere
        the same."""
        answers = {environment.enables(flag) for environment in self.environments}
        return answers.pop() if len(answers) == 1 else None

    def text(self, node: cst.CSTNode) -> str:
        return self.syntax.text(node)

    def span(self, node: cst.CSTNode) -> Span:
        return self.syntax.span(node)

    def at(self, node: cst.CSTNode, message: str = "") -> Location:
        """The place of a node."""
        return Location(self.document, self.span(node), message)

    def replace(self, node: cst.CSTNode, text: str) -> Edit:
        """An edit that replaces a node (not the parentheses around it)."""
        return Edit(self.document, self.span(node), text)

    def insert(self, offset: int, text: str) -> Edit:
        """An edit that inserts at a byte offset."""
        return Edit(self.document, Span(offset, offset), text)

    def indent_at(self, offset: int) -> str:
        """The blanks that the line of a byte offset begins with."""
        line = self.document.text(self.document.line_span(self.document.line_of(offset)))
        return line[: len(line) - len(line.lstrip(" \t"))]

    def find(self, kind: type[N]) -> Iterator[N]:
        """The nodes of exactly one libcst type, a statement before the ones that follow it."""
        return self.syntax.of_type(kind)

    def find_in(self, within: cst.CSTNode, *types: type[N]) -> Iterator[N]:
        """The nodes of some types in a node."""
        for node in self.syntax.walk(within):
            if isinstance(node, types):
                yield node

    @cached_property
    def _calls(self) -> Mapping[str, list[cst.Call]]:
        found: dict[str, list[cst.Call]] = {}
        for call in self.find(cst.Call):
            found.setdefault(_called_name(call), []).append(call)
        return found

    def calls(self, *names: str) -> Iterator[cst.Call]:
        """The calls of functions or methods of these names."""
        for name in names:
            yield from self._calls.get(name, ())

    @staticmethod
    def called_name(call: cst.Call) -> str:
        """The last name of what is called: `get` of `env.KV.get(…)`; "" when it has none."""
        return _called_name(call)

    @staticmethod
    def receiver(call: cst.Call) -> cst.BaseExpression | None:
        """`a` of `a.b()`; None of a plain call."""
        return call.func.value if isinstance(call.func, cst.Attribute) else None

    @staticmethod
    def arguments(call: cst.Call) -> tuple[cst.BaseExpression, ...]:
        """The positional arguments up to the first `*`."""
        found: list[cst.BaseExpression] = []
        for argument in call.args:
            if argument.star:
                break
            if argument.keyword is None:
                found.append(argument.value)
        return tuple(found)

    @staticmethod
    def keyword(call: cst.Call, name: str) -> cst.BaseExpression | None:
        """The argument with a keyword."""
        for argument in call.args:
            if argument.keyword is not None and argument.keyword.value == name:
                return argument.value
        return None

    @staticmethod
    def dotted(node: cst.CSTNode | None) -> str:
        """`a.b.c` of a chain of names; "" of anything else."""
        return _dotted(node)

    @cached_property
    def _calls_by_origin(self) -> Mapping[str, list[cst.Call]]:
        found: dict[str, list[cst.Call]] = {}
        for call in self.find(cst.Call):
            origin = self.origin(call.func)
            if origin is not None:
                found.setdefault(origin, []).append(call)
        return found

    def calls_of(self, *dotted: str) -> Iterator[cst.Call]:
        """The calls of imported functions, by their dotted names, whatever they are called here."""
        for name in dotted:
            yield from self._calls_by_origin.get(name, ())

    # -- edits -------------------------------------------------------------------------------------------

    def line_start(self, node: cst.CSTNode) -> int:
        """The byte offset at which the line of a node begins."""
        start = self.span(node).start
        return self.document.line_span(self.document.line_of(start)).start

    def import_name(self, source: str, name: str) -> tuple[Edit, ...] | None:
        """Edits after which `name` is what `from source import name` gives; () when it is so already, None
        when the name means something else."""
        there = self.top_level_names.get(name)
        if there is not None:
            means = f"{source}.{name}" if source else name
            return () if all(entry.imported == means for entry in there) else None
        statements = [
            line.body[0] for line in self.syntax.root.body if isinstance(line, cst.SimpleStatementLine)
        ]
        for statement in statements:
            if not isinstance(statement, cst.ImportFrom) or isinstance(statement.names, cst.ImportStar):
                continue
            if source and _dotted(statement.module) == source and not statement.relative:
                return (self.insert(self.span(statement.names[-1]).end, f", {name}"),)
        text = f"from {source} import {name}" if source else f"import {name}"
        newline = self.document.newline
        imports: list[cst.Import | cst.ImportFrom] = [
            node for node in statements if isinstance(node, (cst.Import, cst.ImportFrom))
        ]
        later = [
            node for node in imports if isinstance(node, cst.Import) or _dotted(node.module) != "__future__"
        ]
        if later:
            start = self.line_start(later[0])
            return (self.insert(start, self.indent_at(start) + text + newline),)
        if imports or not self.syntax.root.body:
            return None
        first = self.syntax.root.body[0]
        if self._is_docstring(first):
            end = self.span(first).end
            return (self.insert(end, newline * 2 + self.indent_at(end) + text),)
        if isinstance(first, (cst.FunctionDef, cst.ClassDef)) and first.decorators:
            start = self.line_start(first.decorators[0])
        else:
            start = self.line_start(first)
        return (self.insert(start, self.indent_at(start) + text + newline * 3),)

    @staticmethod
    def _is_docstring(statement: cst.CSTNode) -> bool:
        if not isinstance(statement, cst.SimpleStatementLine):
            return False
        first = statement.body[0]
        return isinstance(first, cst.Expr) and isinstance(
            first.value, (cst.SimpleString, cst.ConcatenatedString)
        )

    def first_statement(self, function: cst.FunctionDef) -> cst.CSTNode | None:
        """The first statement of a function's body after its docstring; None when the body is on the line of
        its `def`, or has nothing else."""
        if not isinstance(function.body, cst.IndentedBlock):
            return None
        statements = list(function.body.body)
        if statements and self._is_docstring(statements[0]):
            statements = statements[1:]
        return statements[0] if statements else None

    # -- around a node -----------------------------------------------------------------------------------

    def function_around(self, node: cst.CSTNode) -> Function | None:
        """The innermost function, or lambda, that a node is in (a decorator is not in its function)."""
        child = node
        for above in self.syntax.ancestors(node):
            if isinstance(above, cst.Lambda) and child is above.body:
                return above
            if isinstance(above, cst.FunctionDef) and child is above.body:
                return above
            child = above
        return None

    def class_or_function_around(self, node: cst.CSTNode) -> cst.CSTNode | None:
        """The innermost definition around a node."""
        for above in self.syntax.ancestors(node):
            if isinstance(above, (cst.FunctionDef, cst.Lambda, cst.ClassDef)):
                return above
        return None

    def class_around(self, node: cst.CSTNode) -> PythonClass | None:
        """The class whose `self` a node can see: through nested functions, not through nested classes."""
        for above in self.syntax.ancestors(node):
            if isinstance(above, cst.ClassDef):
                return self.class_of(above)
        return None

    def method_around(self, node: cst.CSTNode) -> cst.FunctionDef | None:
        """The method that a node is in, through nested functions."""
        found: cst.FunctionDef | None = None
        for above in self.syntax.ancestors(node):
            if isinstance(above, cst.FunctionDef):
                found = above
            elif isinstance(above, cst.ClassDef):
                return found
        return None

    def can_await(self, node: cst.CSTNode) -> bool:
        """Whether an `await` may stand at a node."""
        function = self.function_around(node)
        return isinstance(function, cst.FunctionDef) and function.asynchronous is not None

    def runs_at_import(self, node: cst.CSTNode) -> bool:
        """Whether a node is evaluated when the module is imported: in no function."""
        return self.function_around(node) is None

    def is_guarded_import(self, node: cst.CSTNode) -> bool:
        """Whether a statement is in a `try`, or under `if TYPE_CHECKING` and the like."""
        return any(isinstance(above, (cst.Try, cst.TryStar, cst.If)) for above in self.syntax.ancestors(node))

    @cached_property
    def loads_at_startup(self) -> bool:
        """Whether the module runs when the Worker starts: it is a `main`, or imported outside of functions by
        one that runs then."""
        seen = dict.fromkeys(entry for worker in self.workers for entry in worker.entries)
        todo = list(seen)
        while todo and len(seen) < 200:
            path = todo.pop()
            module = self if path == self.path else self.project.python_module(path)
            if module is None:
                continue
            for dotted in module.startup_imports:
                other = self.project.resolve(dotted, path)
                if other is not None and other not in seen:
                    seen[other] = None
                    todo.append(other)
        return self.path in seen

    @cached_property
    def startup_imports(self) -> tuple[str, ...]:
        """The dotted names that are imported outside of functions."""
        found: list[str] = []
        for node in self.find(cst.Import):
            if self.runs_at_import(node):
                found.extend(_dotted(alias.name) for alias in node.names)
        for origin in self.find(cst.ImportFrom):
            if not self.runs_at_import(origin):
                continue
            source = "." * len(origin.relative) + _dotted(origin.module)
            if isinstance(origin.names, cst.ImportStar):
                found.append(source)
            else:
                joint = "" if source.endswith(".") else "."
                found.extend(f"{source}{joint}{_dotted(alias.name)}" for alias in origin.names)
        return tuple(found)

    # -- classes -----------------------------------------------------------------------------------------

    @cached_property
    def classes(self) -> tuple[PythonClass, ...]:
        """All classes of the module, nested ones too."""
        return tuple(PythonClass(self, node) for node in self.find(cst.ClassDef))

    def class_of(self, node: cst.ClassDef) -> PythonClass:
        """The class of a definition."""
        return self._class_by_node[node]

    @cached_property
    def _class_by_node(self) -> Mapping[cst.CSTNode, PythonClass]:
        return {owner.node: owner for owner in self.classes}

    def class_named(self, name: str) -> PythonClass | None:
        """The class of a name at the module's top level; the last one counts."""
        found = [owner for owner in self.classes if owner.name == name and owner.is_top_level]
        return found[-1] if found else None

    @property
    def global_handlers(self) -> tuple[cst.FunctionDef, ...]:
        """The functions at the top level that are handlers before 2025-08-14: `on_fetch`, …"""
        found = (node for node in self.syntax.root.body if isinstance(node, cst.FunctionDef))
        return tuple(node for node in found if node.name.value in _HANDLER_PARAMETERS[None])

    def kind_of_class(self, owner: PythonClass) -> ClassKind:
        """What a class is to the runtime; UNKNOWN when a base cannot be followed."""
        kinds = {self._kind_by_base(base, 20) for base in owner.bases}
        for kind in kinds:
            if kind.is_platform:
                return kind
        return ClassKind.UNKNOWN if ClassKind.UNKNOWN in kinds else ClassKind.PLAIN

    def _kind_by_base(self, base: cst.BaseExpression, hops: int) -> ClassKind:
        if isinstance(base, cst.Subscript):  # Generic[T]
            base = base.value
        dotted = self.origin(base)
        if dotted is not None:
            module, _, name = dotted.rpartition(".")
            if module in SDK_MODULES:
                return _BASES.get(name, ClassKind.PLAIN)
            other = self.project.python_module_named(dotted, self.path)
            found = other.class_named(name) if other is not None and other is not self else None
            if found is None or hops == 0:
                plain = module.split(".")[0] in ("abc", "typing", "enum")
                return ClassKind.PLAIN if plain else ClassKind.UNKNOWN
            kinds = {found.module._kind_by_base(inner, hops - 1) for inner in found.bases}
            return next((kind for kind in kinds if kind is not ClassKind.PLAIN), ClassKind.PLAIN)
        if not isinstance(base, cst.Name):
            return ClassKind.UNKNOWN
        entries = self.resolve(base)
        if entries is None:
            return (
                ClassKind.PLAIN if base.value in ("object", "Exception", "dict", "str") else ClassKind.UNKNOWN
            )
        if len(entries) == 1 and isinstance(entries[0].node, cst.ClassDef) and hops:
            kinds = {
                self._kind_by_base(inner.value, hops - 1)
                for inner in entries[0].node.bases
                if inner.star == ""
            }
            return next((kind for kind in kinds if kind is not ClassKind.PLAIN), ClassKind.PLAIN)
        return ClassKind.UNKNOWN

    # -- names -------------------------------------------------------------------------------------------

    @cached_property
    def _scopes(self) -> Mapping[cst.CSTNode, _Scope]:
        """The scope that each node is evaluated in."""
        root = self.syntax.root
        top = _Scope(root, None)
        scopes: dict[cst.CSTNode, _Scope] = {}
        todo: list[tuple[cst.CSTNode, _Scope]] = [(root, top)]
        while todo:
            node, scope = todo.pop()
            scopes[node] = scope
            inner = scope
            own: tuple[cst.CSTNode | None, ...] = ()
            if isinstance(node, cst.FunctionDef):
                inner, own = _Scope(node, scope), (node.params, node.body)
            elif isinstance(node, cst.ClassDef):
                inner, own = _Scope(node, scope), (node.body,)
            elif isinstance(node, (cst.Lambda, cst.GeneratorExp, cst.ListComp, cst.SetComp, cst.DictComp)):
                inner = _Scope(node, scope)
                own = self.syntax.children(node)
            _bind(node, scope, top)
            if isinstance(node, cst.ImportAlias):
                continue  # bound with its statement
            todo.extend(
                (child, inner if child in own else scope) for child in reversed(self.syntax.children(node))
            )
        self._top = top
        return scopes

    @property
    def top_level_names(self) -> Mapping[str, list[Name]]:
        """The names of the module itself."""
        return self._scopes[self.syntax.root].names

    @cached_property
    def has_star_import(self) -> bool:
        """Whether `from x import *` may give any name."""
        return any(isinstance(node.names, cst.ImportStar) for node in self.find(cst.ImportFrom))

    def resolve(self, name: cst.Name) -> tuple[Name, ...] | None:
        """The places that give a name its value where it stands; None of a builtin or unknown name."""
        scope: _Scope | None = self._scopes.get(name)
        first = True
        while scope is not None:
            at = scope.outer.get(name.value, scope)
            if (first or not isinstance(at.node, cst.ClassDef)) and name.value in at.names:
                return tuple(at.names[name.value])
            scope, first = scope.parent, False
        return None

    def references(self, name: cst.Name) -> Iterator[cst.Name]:
        """The other places of the scope, and of those in it, where the variable of a name is read."""
        wanted = self.resolve(name)
        if wanted is None:
            return
        for other in self.find(cst.Name):
            if other.value == name.value and other is not name and self._is_read(other):
                found = self.resolve(other)
                if found is not None and found[0] is wanted[0]:
                    yield other

    def _is_read(self, name: cst.Name) -> bool:
        above = self.syntax.parent(name)
        if isinstance(above, cst.Attribute):
            return name is above.value
        if isinstance(above, (cst.FunctionDef, cst.ClassDef)):
            return name is not above.name
        if isinstance(above, cst.Arg):
            return name is above.value
        return not isinstance(above, (cst.AssignTarget, cst.Param, cst.ImportAlias, cst.AsName))

    def origin(self, node: cst.BaseExpression | None) -> str | None:
        """The dotted name of what an expression imports: `uuid.uuid4`; None when it does not come from an
        import, or may be something else as well."""
        attributes: list[str] = []
        while isinstance(node, cst.Attribute):
            attributes.append(node.attr.value)
            node = node.value
        if not isinstance(node, cst.Name):
            return None
        entries = self.resolve(node)
        if entries is None or any(entry.kind != "import" for entry in entries):
            return None
        if len({entry.imported for entry in entries}) != 1:
            return None
        return ".".join((entries[0].imported, *reversed(attributes)))

    def builtin(self, node: cst.BaseExpression | None) -> str | None:
        """The name of a builtin that an expression is; None when the module gives the name a value."""
        if not isinstance(node, cst.Name) or self.resolve(node) is not None or self.has_star_import:
            return None
        return node.value

    def callee(self, call: cst.Call) -> str | None:
        """The dotted name of the imported or builtin function that is called."""
        return self.origin(call.func) or self.builtin(call.func)

    # -- values ------------------------------------------------------------------------------------------

    def string_of(self, node: cst.BaseExpression | None) -> str | None:
        """The text of a string literal, of several beside each other, or of the constant a name means."""
        if isinstance(node, cst.Name):
            entries = self.resolve(node) or ()
            node = entries[0].value if len(entries) == 1 and entries[0].kind == "assignment" else None
        if isinstance(node, (cst.SimpleString, cst.ConcatenatedString)):
            value = node.evaluated_value
            return value if isinstance(value, str) else None
        return None

    def binding(self, name: str) -> Value:
        """The value of `env.name`: a binding whose kind the configuration tells."""
        kinds = {
            binding.kind.id: binding.kind
            for environment in self.environments
            if (binding := environment.binding(name)) is not None
        }
        kind = next(iter(kinds.values())) if len(kinds) == 1 else None
        return Value(ValueKind.BINDING, name=name, binding=kind)

    def value_of(self, node: cst.BaseExpression | None) -> Value:
        """What an expression evaluates to; UNKNOWN whenever two answers are possible."""
        if node is None:
            return UNKNOWN
        found = self._values.get(node)
        if found is not None:
            return found
        if node in self._busy or len(self._busy) > 60:
            return UNKNOWN
        self._busy.add(node)
        try:
            value = self._evaluate(node)
        finally:
            self._busy.discard(node)
        if not self._busy:
            self._values[node] = value
        return value

    def _evaluate(self, node: cst.BaseExpression) -> Value:
        match node:
            case cst.Name():
                return self._of_name(node)
            case cst.Attribute():
                return self._of_attribute(node)
            case cst.Call():
                return self._of_call(node)
            case cst.Await():
                return self.value_of(node.expression).awaited
            case cst.NamedExpr():
                return self.value_of(node.value)
            case cst.Subscript():
                return (
                    Value(ValueKind.MESSAGE)
                    if self.value_of(node.value).kind is ValueKind.MESSAGES
                    else UNKNOWN
                )
        return UNKNOWN

    def _of_name(self, node: cst.Name) -> Value:
        entries = self.resolve(node)
        if entries is None or len(entries) != 1:
            return UNKNOWN
        entry = entries[0]
        match entry.kind:
            case "import":
                return Value(ValueKind.ENV) if entry.imported in ("workers.env", "asgi.env") else UNKNOWN
            case "assignment":
                return self.value_of(entry.value)
            case "loop":
                return (
                    Value(ValueKind.MESSAGE)
                    if self.value_of(entry.value).kind is ValueKind.MESSAGES
                    else UNKNOWN
                )
            case "parameter" if isinstance(entry.node, cst.Param):
                return self._of_parameter(entry.node)
        return UNKNOWN

    def _of_parameter(self, node: cst.Param) -> Value:
        parameters = self.syntax.parent(node)
        function = self.syntax.parent(parameters) if parameters is not None else None
        if not isinstance(function, cst.FunctionDef):
            return UNKNOWN
        given = [*function.params.posonly_params, *function.params.params]
        owner = self._owner_of_method(function)
        if owner is not None:
            if not given or _is_static(function):
                return UNKNOWN
            if node is given[0]:
                return Value(ValueKind.THIS, name=owner.name)
            table = _HANDLER_PARAMETERS.get(owner.kind, {})
            given = given[1:]
        else:
            top = self.class_or_function_around(function) is None
            table = _HANDLER_PARAMETERS[None] if top else {}
        kinds = table.get(function.name.value, ())
        if node in given and given.index(node) < len(kinds):
            return Value(kinds[given.index(node)])
        if node.name.value == "env" and self.workers:
            return Value(ValueKind.ENV)  # what a handler hands on
        return UNKNOWN

    def _owner_of_method(self, function: cst.FunctionDef) -> PythonClass | None:
        around = self.class_or_function_around(function)
        return self.class_of(around) if isinstance(around, cst.ClassDef) else None

    def _of_attribute(self, node: cst.Attribute) -> Value:
        owner = self.value_of(node.value)
        name = node.attr.value
        match owner.kind:
            case ValueKind.ENV:
                return self.binding(name)
            case ValueKind.THIS:
                return self._of_field(node, name)
        kind = _PROPERTIES.get((owner.kind, name))
        return Value(kind) if kind is not None else UNKNOWN

    def _of_field(self, node: cst.Attribute, name: str) -> Value:
        owner = self.class_around(node)
        if owner is None:
            return UNKNOWN
        if owner.kind.is_platform and name == "env":
            return Value(ValueKind.ENV)
        if owner.kind.is_platform and name == "ctx":
            durable = owner.kind is ClassKind.DURABLE_OBJECT
            return Value(ValueKind.DURABLE_OBJECT_STATE if durable else ValueKind.EXECUTION_CONTEXT)
        return self.value_of(owner.field(name))

    def _of_call(self, node: cst.Call) -> Value:
        dotted = self.origin(node.func)
        if dotted in ("workers.fetch", "js.fetch", "pyodide.http.pyfetch"):
            return promise_of(Value(ValueKind.RESPONSE, detail="fetch"))
        if not isinstance(node.func, cst.Attribute):
            return self._of_function(node.func)
        method = node.func.attr.value
        owner = self.value_of(node.func.value)
        match owner.kind:
            case ValueKind.BINDING:
                return self._of_binding_call(owner, method)
            case ValueKind.STUB:
                return promise_of(Value(ValueKind.RESPONSE, detail="fetch") if method == "fetch" else UNKNOWN)
            case ValueKind.REQUEST | ValueKind.RESPONSE:
                return promise_of() if method in _BODY_READS else UNKNOWN
            case ValueKind.WORKFLOW_STEP:
                return promise_of() if method in _STEP_PROMISES else UNKNOWN
            case ValueKind.WORKFLOW_INSTANCE:
                return promise_of() if method in _INSTANCE_METHODS else UNKNOWN
            case ValueKind.D1_STATEMENT if method == "bind":
                return Value(ValueKind.D1_STATEMENT)
        known = methods_of_type(_TYPED.get(owner.kind, ""))
        return promise_of() if known is not None and method in known[0] else UNKNOWN

    def _of_function(self, node: cst.BaseExpression) -> Value:
        """What calling a function gives: a promise, when it is a step of a Workflow."""
        entries = self.resolve(node) if isinstance(node, cst.Name) else None
        function = entries[0].node if entries is not None and len(entries) == 1 else None
        if isinstance(function, cst.FunctionDef) and self.step_of(function) is not None:
            return promise_of()
        return UNKNOWN

    def step_of(self, function: cst.FunctionDef) -> cst.Decorator | None:
        """The `@step.do(…)` that makes a function a step of a Workflow; None when it is none."""
        for decorator in function.decorators:
            call = decorator.decorator
            if not isinstance(call, cst.Call) or not isinstance(call.func, cst.Attribute):
                continue
            owner = self.value_of(call.func.value)
            if call.func.attr.value in _STEP_DECORATORS and owner.kind is ValueKind.WORKFLOW_STEP:
                return decorator
        return None

    def _of_binding_call(self, owner: Value, method: str) -> Value:
        kind = owner.binding
        if kind is None or kind.is_value:
            return UNKNOWN
        if kind.id == "durable_object":
            if method in _NAMESPACE_STUBS:
                return Value(ValueKind.STUB, inner=owner)
            if method in _NAMESPACE_IDS:
                return Value(ValueKind.DURABLE_OBJECT_ID)
            return owner if method == "jurisdiction" else UNKNOWN
        if kind.id == "workflow":
            return promise_of(Value(ValueKind.WORKFLOW_INSTANCE)) if method in _WORKFLOW_METHODS else UNKNOWN
        if kind.id == "d1" and method == "prepare":
            return Value(ValueKind.D1_STATEMENT, inner=owner)
        if method == "fetch" and (kind.rpc or kind.types[:1] == ("Fetcher",)):
            return promise_of(Value(ValueKind.RESPONSE, detail="fetch"))
        return promise_of() if kind.rpc or method in kind.async_methods else UNKNOWN

    # -- promises ----------------------------------------------------------------------------------------

    def outcome(self, promise: cst.BaseExpression) -> tuple[PromiseOutcome, cst.CSTNode]:
        """What becomes of a coroutine or promise, and the node that shows it.

        VALUE: it is used as if it were its result, DROPPED: nobody ever looks at it.
        """
        return self._fate(promise, follow=True)

    def _fate(self, promise: cst.CSTNode, *, follow: bool) -> tuple[PromiseOutcome, cst.CSTNode]:
        node: cst.CSTNode = promise
        while True:
            above = self.syntax.parent(node)
            if isinstance(above, (cst.BooleanOperation, cst.IfExp)):
                if isinstance(above, cst.IfExp) and node is above.test:
                    return PromiseOutcome.VALUE, above
                if isinstance(above, cst.BooleanOperation) and node is above.left:
                    return PromiseOutcome.VALUE, above  # a promise is always true
                node = above
                continue
            break
        match above:
            case cst.Expr():
                return PromiseOutcome.DROPPED, above
            case cst.Attribute():
                consumed = above.attr.value in ("then", "catch", "finally_", "add_done_callback")
                return (PromiseOutcome.CONSUMED if consumed else PromiseOutcome.VALUE), above
            case cst.Subscript() if node is above.value:
                return PromiseOutcome.VALUE, above
            case cst.Comparison() | cst.BinaryOperation() | cst.FormattedStringExpression():
                return PromiseOutcome.VALUE, above
            case cst.ComparisonTarget() if not isinstance(above.operator, (cst.Is, cst.IsNot)):
                return PromiseOutcome.VALUE, above
            case cst.UnaryOperation():
                return PromiseOutcome.VALUE, above
            case cst.If() | cst.While() if node is above.test:
                return PromiseOutcome.VALUE, above
            case cst.For() if node is above.iter and above.asynchronous is None:
                return PromiseOutcome.VALUE, above
            case cst.Arg():
                call = self.syntax.parent(above)
                name = self.callee(call) if isinstance(call, cst.Call) else None
                return (PromiseOutcome.VALUE if name in _TAKES_A_VALUE else PromiseOutcome.CONSUMED), above
            case cst.Assign() if follow:
                return self._fate_of_variable(above)
        return PromiseOutcome.CONSUMED, node

    def _fate_of_variable(self, assign: cst.Assign) -> tuple[PromiseOutcome, cst.CSTNode]:
        """The outcome of a promise that is assigned: what the uses of the variable make of it."""
        target = assign.targets[0].target
        if len(assign.targets) != 1 or not isinstance(target, cst.Name):
            return PromiseOutcome.CONSUMED, assign
        entries = self.resolve(target)
        if entries is None or len(entries) != 1 or self.function_around(assign) is None:
            return PromiseOutcome.CONSUMED, assign
        uses = [self._fate(use, follow=False) for use in self.references(target)]
        if any(outcome is PromiseOutcome.CONSUMED for outcome, _ in uses):
            return PromiseOutcome.CONSUMED, assign
        return (PromiseOutcome.VALUE, uses[0][1]) if uses else (PromiseOutcome.DROPPED, assign)


def _is_name(node: cst.CSTNode, name: str) -> bool:
    return isinstance(node, cst.Name) and node.value == name


def _is_static(function: cst.FunctionDef) -> bool:
    return any(
        isinstance(decorator.decorator, cst.Name)
        and decorator.decorator.value in ("staticmethod", "classmethod")
        for decorator in function.decorators
    )


def _called_name(call: cst.Call) -> str:
    if isinstance(call.func, cst.Attribute):
        return call.func.attr.value
    return call.func.value if isinstance(call.func, cst.Name) else ""


def _dotted(node: cst.CSTNode | None) -> str:
    parts: list[str] = []
    while isinstance(node, cst.Attribute):
        parts.append(node.attr.value)
        node = node.value
    if not isinstance(node, cst.Name):
        return ""
    return ".".join((node.value, *reversed(parts)))


def _bind(node: cst.CSTNode, scope: _Scope, top: _Scope) -> None:
    """Note the names that a node gives a value in its scope."""
    match node:
        case cst.FunctionDef():
            scope.add(node.name.value, Name("function", node))
        case cst.ClassDef():
            scope.add(node.name.value, Name("class", node))
        case cst.Param():
            scope.add(node.name.value, Name("parameter", node))
        case cst.Import():
            for alias in node.names:
                dotted = _dotted(alias.name)
                if alias.asname is not None and isinstance(alias.asname.name, cst.Name):
                    scope.add(alias.asname.name.value, Name("import", alias, imported=dotted))
                else:
                    first = dotted.split(".")[0]
                    scope.add(first, Name("import", alias, imported=first))
        case cst.ImportFrom() if not isinstance(node.names, cst.ImportStar):
            source = "." * len(node.relative) + _dotted(node.module)
            for alias in node.names:
                name = _dotted(alias.name)
                local = (
                    alias.asname.name.value
                    if alias.asname and isinstance(alias.asname.name, cst.Name)
                    else name
                )
                joined = source + name if source.endswith(".") else f"{source}.{name}"
                scope.add(local, Name("import", alias, imported=joined))
        case cst.Assign():
            for target in node.targets:
                _bind_target(target.target, scope, "assignment", node.value)
        case cst.AnnAssign():
            _bind_target(node.target, scope, "assignment" if node.value else "other", node.value)
        case cst.AugAssign():
            _bind_target(node.target, scope, "other", None)
        case cst.NamedExpr():
            inner: _Scope | None = scope
            while inner is not None and isinstance(
                inner.node, (cst.GeneratorExp, cst.ListComp, cst.SetComp, cst.DictComp)
            ):
                inner = inner.parent
            _bind_target(node.target, inner or scope, "assignment", node.value)
        case cst.For() | cst.CompFor():
            _bind_target(node.target, scope, "loop", node.iter)
        case cst.AsName():
            _bind_target(node.name, scope, "other", None)
        case cst.MatchAs() | cst.MatchStar() if node.name is not None:
            scope.add(node.name.value, Name("other", node))
        case cst.Global():
            for item in node.names:
                if scope is not top:
                    scope.outer[item.name.value] = top
        case cst.Nonlocal():
            for item in node.names:
                outer = scope.parent
                while outer is not None and item.name.value not in outer.names:
                    outer = outer.parent
                if outer is not None:
                    scope.outer[item.name.value] = outer


def _bind_target(
    target: cst.BaseExpression, scope: _Scope, kind: str, value: cst.BaseExpression | None
) -> None:
    todo: list[tuple[cst.BaseExpression, str]] = [(target, kind)]
    while todo:
        node, kind = todo.pop()
        if isinstance(node, cst.Name):
            scope.add(node.value, Name(kind, node, value if kind != "other" else None))
        elif isinstance(node, (cst.Tuple, cst.List)):
            todo.extend((element.value, "other") for element in node.elements)
        elif isinstance(node, cst.StarredElement):
            todo.append((node.value, "other"))
