"""One Python module of a Worker: its names, classes, calls, and what its values are.

The module is read when something of it is asked for; one that does not parse has no names, classes or calls.
Import this module only inside functions: it loads libcst.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

import libcst as cst

from cflint.finding import Edit, Location
from cflint.platform.classes import ClassKind
from cflint.project.code.values import Value
from cflint.project.python import classes, contents, effects, env_uses, imports, nodes, promises, tree, values
from cflint.project.python.names import Name, Names
from cflint.source import Document, Span
from cflint.syntax.data import Problem
from cflint.syntax.python import PythonSyntax, class_outline, parse, refused, syntax_error

if TYPE_CHECKING:
    from cflint.project.config.wrangler import Environment
    from cflint.project.workers.model import Project, Worker

N = TypeVar("N", bound=cst.CSTNode)

NO_GLOBAL_HANDLERS = "python_no_global_handlers"
"""The flag (on from 2025-08-14) with which only methods of classes are handlers, without `on_`."""


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
        return classes.kind_of_class(self.module, self)

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
                if (
                    isinstance(target, cst.Attribute)
                    and nodes.is_name(target.value, "self")
                    and value is not None
                ):
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
    """A module with its tree, its names, and what the model knows about its values.

    The answers are functions of this room that take the module, or a node, first.
    """

    def __init__(self, project: Project, path: str, document: Document) -> None:
        self.project = project
        self.path = path
        self.document = document
        self._syntax: PythonSyntax | None = None

    def other(self, path: str) -> PythonModule | None:
        """Another module of the project; see `python_module_of`."""
        return python_module_of(self.project, path)

    # -- the text and the tree ---------------------------------------------------------------------------

    @property
    def syntax(self) -> PythonSyntax:
        """The tree, parsed at the first call."""
        if self._syntax is None:
            self._syntax = parse(self.document)
        return self._syntax

    @property
    def is_parsed(self) -> bool:
        """Whether a question needed the tree yet."""
        return self._syntax is not None

    @property
    def has_errors(self) -> bool:
        """Whether the module could not be parsed, so that nothing in it is known."""
        return bool(self.syntax.problems)

    @cached_property
    def refused(self) -> str | None:
        """Why the module is not parsed although it may be right; None when it is."""
        return refused(self.document)

    @cached_property
    def outline(self) -> Mapping[str, tuple[str, ...]] | None:
        """The classes of the top level with what they extend; found without a tree (see `class_outline`)."""
        return class_outline(self.document)

    @cached_property
    def syntax_error(self) -> Problem | None:
        """Why Python would not take the module; found without a tree."""
        return syntax_error(self.document)

    @cached_property
    def workers(self) -> tuple[Worker, ...]:
        """The Workers that reach the module."""
        return self.project.owners.of(self.path)

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

    def parent(self, node: cst.CSTNode) -> cst.CSTNode | None:
        """The node around a node; None of the module."""
        return self.syntax.parent(node)

    def ancestors(self, node: cst.CSTNode) -> Iterator[cst.CSTNode]:
        """The nodes around a node, nearest first."""
        return self.syntax.ancestors(node)

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

    def line_start(self, node: cst.CSTNode) -> int:
        """The byte offset at which the line of a node begins."""
        start = self.span(node).start
        return self.document.line_span(self.document.line_of(start)).start

    # -- nodes -------------------------------------------------------------------------------------------

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
            found.setdefault(nodes.called_name(call), []).append(call)
        return found

    def calls(self, *names: str) -> Iterator[cst.Call]:
        """The calls of functions or methods of these names."""
        for name in names:
            yield from self._calls.get(name, ())

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

    called_name = staticmethod(nodes.called_name)
    receiver = staticmethod(nodes.receiver)
    arguments = staticmethod(nodes.arguments)
    keyword = staticmethod(nodes.keyword)
    dotted = staticmethod(nodes.dotted)
    first_statement = staticmethod(nodes.first_statement)

    function_around = tree.function_around
    class_or_function_around = tree.class_or_function_around
    method_around = tree.method_around
    can_await = tree.can_await
    runs_at_import = tree.runs_at_import
    is_caught = tree.is_caught
    is_guarded = tree.is_guarded
    is_handled = tree.is_handled

    # -- imports -----------------------------------------------------------------------------------------

    import_name = imports.import_name

    @cached_property
    def loads_at_startup(self) -> bool:
        """Whether the module runs when the Worker starts; see `imports.loads_at_startup`."""
        return imports.loads_at_startup(self)

    @cached_property
    def startup_imports(self) -> tuple[str, ...]:
        """The dotted names that are imported outside of functions."""
        return imports.startup_imports(self)

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
        return tuple(node for node in found if node.name.value in values.GLOBAL_HANDLERS)

    def class_around(self, node: cst.CSTNode) -> PythonClass | None:
        """The class whose `self` a node can see: through nested functions, not through nested classes."""
        found = tree.class_node_around(self, node)
        return self.class_of(found) if found is not None else None

    # -- names -------------------------------------------------------------------------------------------

    @cached_property
    def _names(self) -> Names:
        return Names(self.syntax)

    @property
    def top_level_names(self) -> Mapping[str, list[Name]]:
        """The names of the module itself."""
        return self._names.top_level

    @property
    def has_star_import(self) -> bool:
        """Whether `from x import *` may give any name."""
        return self._names.has_star_import

    def resolve(self, name: cst.Name) -> tuple[Name, ...] | None:
        """The places that give a name its value where it stands; None of a builtin or unknown name."""
        return self._names.resolve(name)

    def is_read(self, name: cst.Name) -> bool:
        """Whether a name stands for the value of a variable: it is no attribute, keyword or definition."""
        return self._names.is_read(name)

    def unbound_names(self) -> Iterator[cst.Name]:
        """The names that are evaluated and that the module gives no value anywhere, builtins among them."""
        return self._names.unbound()

    def unassigned_names(self) -> Iterator[cst.Name]:
        """The variables of functions that are read where nothing can have given them a value yet."""
        return self._names.unassigned()

    def references(self, name: cst.Name) -> Iterator[cst.Name]:
        """The other places of the scope, and of those in it, where the variable of a name is read."""
        return self._names.references(name)

    def origin(self, node: cst.BaseExpression | None) -> str | None:
        """The dotted name of what an expression imports: `uuid.uuid4`; None when it does not come from an
        import, or may be something else as well."""
        return self._names.origin(node)

    def builtin(self, node: cst.BaseExpression | None) -> str | None:
        """The name of a builtin that an expression is; None when the module gives the name a value."""
        return self._names.builtin(node)

    def callee(self, call: cst.Call) -> str | None:
        """The dotted name of the imported or builtin function that is called."""
        return self._names.callee(call)

    # -- values ------------------------------------------------------------------------------------------

    @cached_property
    def _values(self) -> values.Values:
        return values.Values(self)

    def value_of(self, node: cst.BaseExpression | None) -> Value:
        """What an expression evaluates to; UNKNOWN whenever two answers are possible."""
        return self._values.value_of(node)

    def step_of(self, function: cst.FunctionDef) -> cst.Decorator | None:
        """The `@step.do(…)` that makes a function a step of a Workflow; None when it is none."""
        return self._values.step_of(function)

    binding = values.binding
    string_of = values.string_of
    outcome = promises.outcome
    value_given = values.value_given
    contents = contents.contents
    env_uses = env_uses.env_uses
    printed = effects.printed


def python_module_of(project: Project, path: str) -> PythonModule | None:
    """A module of Python, parsed when something of it is asked for; None when it cannot be read."""
    document = project.sources.document(path)
    if document is None or not path.endswith(".py"):
        return None
    return project.trees.held(path, PythonModule, lambda: PythonModule(project, path, document))


def python_module_named(project: Project, dotted: str, importer: str) -> PythonModule | None:
    """The project's module that a dotted name means in a module of Python, names in it included."""
    path = project.imports.resolve(dotted, importer)
    return python_module_of(project, path) if path is not None else None
