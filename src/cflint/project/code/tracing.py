"""Where a value comes from: back through names, fields, helpers and their callers, in all modules.

`origins` and `provenance` ask who decides a text and look at one module or at what it calls; this follows one
value to where it is first seen, also into the functions that hand it on. It is made for few questions: each
may look through the text of every module.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from typing import TYPE_CHECKING

from cflint.platform.language import CONVERSIONS, KEEPING
from cflint.project.code.calls import CallSite, callers_of, calls_of_method, makers_of
from cflint.project.code.constraints import is_checked
from cflint.project.code.module import ClassDefinition, Module
from cflint.project.code.origins import callee_name, key_of
from cflint.project.code.parameters import parameter_index
from cflint.project.code.platform_names import called_name
from cflint.project.code.values import ValueKind
from cflint.record import record
from cflint.scope import Declaration, DeclarationKind, ImportRef, PathStep
from cflint.syntax.javascript import FUNCTIONS, arguments_of, first_named, unwrap

if TYPE_CHECKING:
    from tree_sitter import Node

    from cflint.project.code.nodes import Member as MemberAccess

_LIMIT = 120
_MOST_CALLERS = 6
"""How many functions are followed to their callers."""
_MOST_SITES = 20
_MOST_NAMED = 40
"""How many calls of a method's name are looked at."""
_JOINS = {"??": ("left", "right"), "||": ("left", "right"), "&&": ("right",), "+": ("left", "right")}
_SIZES = frozenset({"length", "byteLength", "size"})
"""What tells little of the value that it is asked of."""
_PARTS = ("consequence", "alternative")


@record(frozen=True, eq=False)
class Traced:
    """An expression, in `module`, that a value comes from. `path` are the properties that are taken of what
    it evaluates to, the first one first; () where the value is the expression itself, or is made of it.
    `shown` is the substitution by which it got into a template with markup, the one that is nearest to it."""

    module: Module
    node: Node
    path: tuple[str, ...] = ()
    shown: tuple[Module, Node] | None = None


@record(frozen=True, eq=False)
class _Frame:
    """A call that was followed into what it runs: the place of that function, None for a constructor's."""

    site: CallSite
    function: tuple[str, int, int] | None

    def enters(self, module: Module, function: Node) -> bool:
        """Whether the call runs a function of a module."""
        if self.function is not None:
            return self.function == _place(module, function)
        name = function.child_by_field_name("name")
        return name is not None and module.text(name) == "constructor"


def _place(module: Module, function: Node) -> tuple[str, int, int]:
    return module.path, function.start_byte, function.end_byte


@record(frozen=True, eq=False)
class _Step:
    found: Traced
    frames: tuple[_Frame, ...] = ()
    """The calls by which functions were entered, the last one last."""


def traced(
    module: Module,
    node: Node,
    is_wanted: Callable[[Traced], bool],
    *,
    derived: bool = False,
    local: bool = False,
    unchecked: bool = False,
) -> Iterator[Traced]:
    """The expressions of some sort that a value comes from; what such an expression is made of is not looked
    at.

    Followed: names, properties of objects, fields of classes, `?:`, `??`, `||`, `+`, templates, `await`, what
    functions of the project return, arguments of all calls of the function around, of a class's constructor
    in all modules, and functions that keep a text (`trim`, `String`). `derived`: whatever is made of a value
    is followed, too: methods of it, conversions of all kinds. `local`: nothing leaves the module, and no
    parameter is followed to the callers, which costs next to nothing. `unchecked`: a name that the function
    around it compares with a list or a pattern is followed no further. At most some hundred steps.
    """
    search = _Search(is_wanted, derived=derived, local=local, unchecked=unchecked)
    yield from search.run(Traced(module, node))


class _Search:
    def __init__(
        self, is_wanted: Callable[[Traced], bool], *, derived: bool, local: bool, unchecked: bool
    ) -> None:
        self._is_wanted = is_wanted
        self._derived = derived
        self._local = local
        self._unchecked = unchecked
        self._todo: list[_Step] = []
        self._seen: set[tuple[str, int, int, tuple[str, ...]]] = set()
        self._callers = 0
        self._shown: tuple[Module, Node] | None = None

    def run(self, first: Traced) -> Iterator[Traced]:
        self._todo.append(_Step(first))
        while self._todo and len(self._seen) < _LIMIT:
            step = self._todo.pop()
            found = step.found
            node = unwrap(found.node)
            key = (found.module.path, node.start_byte, node.end_byte, found.path)
            if key in self._seen:
                continue
            self._seen.add(key)
            found = Traced(found.module, node, found.path, found.shown)
            self._shown = found.shown
            if self._is_wanted(found):
                yield found
            else:
                self._follow(found, step.frames)

    def _add(
        self, module: Module, node: Node | None, path: tuple[str, ...], frames: tuple[_Frame, ...]
    ) -> None:
        if node is not None:
            self._todo.append(_Step(Traced(module, node, path, self._shown), frames))

    def _follow(self, found: Traced, frames: tuple[_Frame, ...]) -> None:
        module, node, path = found.module, found.node, found.path
        match node.type:
            case "identifier" | "shorthand_property_identifier":
                declaration = module.scope.resolve(node)
                if declaration is not None and not (self._unchecked and is_checked(module, node)):
                    self._declared(module, declaration, path, frames)
            case "member_expression" | "subscript_expression":
                self._member(found, frames)
            case "this":
                owner = module.this_class(node)
                if owner is not None and path:
                    self._field(module, owner.node, path, frames)
            case "object":
                self._property(found, frames)
            case "await_expression":
                self._add(module, first_named(node), path, frames)
            case "assignment_expression":
                self._add(module, node.child_by_field_name("right"), path, frames)
            case "ternary_expression":
                for name in _PARTS:
                    self._add(module, node.child_by_field_name(name), path, frames)
            case "binary_expression":
                operator = node.child_by_field_name("operator")
                for name in _JOINS.get(operator.type if operator is not None else "", ()):
                    self._add(module, node.child_by_field_name(name), path, frames)
            case "template_string":
                is_markup = b"<" in (node.text or b"")
                for part in node.named_children if not path else ():
                    if part.type == "template_substitution":
                        self._shown = (module, part) if is_markup else found.shown
                        self._add(module, first_named(part), (), frames)
            case "array" | "spread_element" if self._derived:
                for part in node.named_children:
                    self._add(module, part, (), frames)
            case "new_expression":
                self._made(found, frames)
            case "call_expression":
                self._call(found, frames)

    # -- names, members, objects -------------------------------------------------------------------------

    def _declared(
        self, module: Module, declaration: Declaration, path: tuple[str, ...], frames: tuple[_Frame, ...]
    ) -> None:
        if declaration.kind is DeclarationKind.IMPORT:
            other = _imported(module, declaration) if not self._local else None
            if other is not None:
                self._declared(other[0], other[1], path, frames)
            return
        if declaration.kind in (DeclarationKind.FUNCTION, DeclarationKind.CLASS, DeclarationKind.CATCH):
            return
        whole = self._joined(declaration.path, path)
        if declaration.kind is DeclarationKind.PARAMETER:
            if whole is not None:
                self._parameter(module, declaration, whole, frames)
        elif whole is not None:
            self._add(module, declaration.value, whole, frames)
        self._add(module, declaration.default, path, frames)
        for assignment in module.scope.assignments(declaration):
            left = assignment.child_by_field_name("left")
            if assignment.type == "assignment_expression" and left is not None and left.type == "identifier":
                self._add(module, assignment.child_by_field_name("right"), path, frames)

    def _joined(self, steps: tuple[PathStep, ...], path: tuple[str, ...]) -> tuple[str, ...] | None:
        if all(isinstance(step, str | int) for step in steps):
            return (*(str(step) for step in steps), *path)
        return () if self._derived else None

    def _member(self, found: Traced, frames: tuple[_Frame, ...]) -> None:
        module, node = found.module, found.node
        access = module.member(node)
        if access is not None:
            if self._derived and access.name in _SIZES:
                return
            self._add(module, access.object, (access.name, *found.path), frames)
            return
        index = node.child_by_field_name("index")
        owner = node.child_by_field_name("object")
        if index is not None and index.type == "number":
            self._add(module, owner, (module.text(index), *found.path), frames)
        elif self._derived:
            self._add(module, owner, (), frames)

    def _property(self, found: Traced, frames: tuple[_Frame, ...]) -> None:
        module, path = found.module, found.path
        if not path:
            return
        for part in found.node.named_children:
            if part.type == "spread_element":
                self._add(module, first_named(part), path, frames)
            elif key_of(module, part) == path[0]:
                value = part.child_by_field_name("value") if part.type == "pair" else part
                self._add(module, value, path[1:], frames)

    def _field(self, module: Module, owner: Node, path: tuple[str, ...], frames: tuple[_Frame, ...]) -> None:
        definition = module.class_of(owner)
        value = definition.field_value(path[0])
        self._add(module, value, path[1:], frames)
        method = definition.method(path[0]) if value is None else None
        if method is not None and any(part.type == "get" for part in method.children):
            self._returned(module, method, path[1:], frames)

    # -- functions ---------------------------------------------------------------------------------------

    def _parameter(
        self, module: Module, declaration: Declaration, path: tuple[str, ...], frames: tuple[_Frame, ...]
    ) -> None:
        function, index = declaration.scope, parameter_index(declaration)
        pattern = declaration.owner.child_by_field_name("pattern")
        if index is None or (pattern is not None and pattern.type == "rest_pattern"):
            return
        for at, frame in reversed(tuple(enumerate(frames))):
            if frame.enters(module, function):
                self._argument(frame.site, index, path, frames[:at])
                return
        taken = module.call_around(function)
        if taken is not None:
            if taken[0].name == "then" and index == 0:
                self._add(module, taken[0].receiver, path, frames)
            elif self._derived and taken[0].name in _ITERATES and index == 0:
                self._add(module, taken[0].receiver, (), frames)
            return
        if self._local or self._callers >= _MOST_CALLERS:
            return
        self._callers += 1
        for site in module.memoized(("sites of", function.id), lambda: _sites(module, function)):
            self._argument(site, index, path, ())

    def _argument(
        self, site: CallSite, index: int, path: tuple[str, ...], frames: tuple[_Frame, ...]
    ) -> None:
        given = arguments_of(site.node)
        if index < len(given) and not any(part.type == "spread_element" for part in given[: index + 1]):
            self._add(site.module, given[index], path, frames)

    def _returned(
        self, module: Module, function: Node, path: tuple[str, ...], frames: tuple[_Frame, ...]
    ) -> None:
        body = function.child_by_field_name("body")
        if body is not None and body.type != "statement_block":
            self._add(module, body, path, frames)
            return
        for statement in module.returns_of(function):
            self._add(module, first_named(statement), path, frames)

    def _call(self, found: Traced, frames: tuple[_Frame, ...]) -> None:
        module, node, path = found.module, found.node, found.path
        own = module.called_function(node) if self._local else None
        called = function_called(module, node) if not self._local else (module, own) if own else None
        if called is not None:
            if len(frames) < _MOST_CALLERS:
                frame = _Frame(CallSite(module, node), _place(*called))
                self._returned(*called, path, (*frames, frame))
            return
        callee = node.child_by_field_name("function")
        callee = unwrap(callee) if callee is not None else None
        name = callee_name(module, node)
        if callee is not None and callee.type in FUNCTIONS:
            self._returned(module, callee, path, frames)
        elif callee is not None and callee.type == "member_expression":
            if self._derived or (name in KEEPING and not path):
                self._add(module, callee.child_by_field_name("object"), (), frames)
            if self._derived or name == "encode":
                self._converted(module, node, frames)
        elif not path:
            self._converted(module, node, frames)

    def _converted(self, module: Module, call: Node, frames: tuple[_Frame, ...]) -> None:
        called = called_name(module, call)
        name = called.name if called is not None and called.module == "" else callee_name(module, call)
        kept = CONVERSIONS.get(name)
        if kept is None or (not kept and not self._derived):
            return
        for argument in arguments_of(call)[:1]:
            self._add(module, argument, (), frames)

    def _made(self, found: Traced, frames: tuple[_Frame, ...]) -> None:
        module, node, path = found.module, found.node, found.path
        constructor = node.child_by_field_name("constructor")
        is_name = constructor is not None and constructor.type == "identifier"
        declaration = module.scope.resolve(constructor) if is_name and constructor is not None else None
        if declaration is None:
            self._converted(module, node, frames)
            return
        target = module, declaration
        if declaration.kind is DeclarationKind.IMPORT:
            imported = _imported(module, declaration) if not self._local else None
            if imported is None:
                return
            target = imported
        if path and target[1].kind is DeclarationKind.CLASS:
            frame = _Frame(CallSite(module, node), None)
            self._field(target[0], target[1].owner, path, (*frames, frame))


_ITERATES = frozenset({"map", "flatMap", "forEach", "filter", "some", "every", "find"})


def function_called(module: Module, call: Node) -> tuple[Module, Node] | None:
    """The function of the project that a call calls, and its module: one with a name, imported or not, a
    method of the class around by `this`, or one of an instance of a class of the project."""
    callee = call.child_by_field_name("function")
    callee = unwrap(callee) if callee is not None else None
    if callee is None:
        return None
    own = module.called_function(call)
    if own is not None:
        return module, own
    if callee.type == "identifier":
        return _function_imported(module, callee)
    access = module.member(callee)
    if access is None:
        return None
    return _function_of_namespace(module, access) or _method_of_instance(module, access)


def function_given(module: Module, node: Node) -> tuple[Module, Node] | None:
    """The function of the project that an expression is, and its module: one that is written there, or the
    name of one, imported or not."""
    own = module.function_value(node)
    if own is not None:
        return module, own
    node = unwrap(node)
    return _function_imported(module, node) if node.type == "identifier" else None


def _function_imported(module: Module, name: Node) -> tuple[Module, Node] | None:
    declaration = module.scope.resolve(name)
    is_import = declaration is not None and declaration.kind is DeclarationKind.IMPORT
    target = _imported(module, declaration) if is_import and declaration is not None else None
    function = target[0].function_of(target[1]) if target is not None else None
    return (target[0], function) if target is not None and function is not None else None


def _function_of_namespace(module: Module, access: MemberAccess) -> tuple[Module, Node] | None:
    """The function `name` of `import * as module`, at `module.name`."""
    owner = unwrap(access.object)
    declaration = module.scope.resolve(owner) if owner.type == "identifier" else None
    if declaration is None or declaration.kind is not DeclarationKind.IMPORT:
        return None
    ref = module.scope.origin(declaration)
    if ref is None or ref.name != "*":
        return None
    target = _imported_as(module, ImportRef(ref.module, access.name))
    function = target[0].function_of(target[1]) if target is not None else None
    return (target[0], function) if target is not None and function is not None else None


def _method_of_instance(module: Module, access: MemberAccess) -> tuple[Module, Node] | None:
    value = module.value_of(access.object)
    if value.kind is not ValueKind.INSTANCE or not value.name:
        return None
    facts = module.class_named(value.name, value.detail)
    home = module if facts is None or facts.path == module.path else module.other(facts.path)
    declared = home.scope.top_level.get(facts.name) if facts is not None and home is not None else None
    if home is None or declared is None or declared.kind is not DeclarationKind.CLASS:
        return None
    method = home.class_of(declared.owner).method(access.name)
    return (home, method) if method is not None else None


def _imported(module: Module, declaration: Declaration) -> tuple[Module, Declaration] | None:
    """What an import means: a declaration at the top level of another module of the project."""
    ref = module.scope.origin(declaration)
    return _imported_as(module, ref) if ref is not None else None


def _imported_as(module: Module, ref: ImportRef) -> tuple[Module, Declaration] | None:
    """What an imported name means; see `_imported`."""
    target = module.project.exports.declaration(module.path, ref)
    other = module.other(target[0]) if target is not None else None
    found = other.scope.top_level.get(target[1]) if target is not None and other is not None else None
    return (other, found) if other is not None and found is not None else None


def _runs_method(site: CallSite, module: Module, method: Node, owner: ClassDefinition) -> bool:
    """Whether a call runs a method: of the class around by `this`, or of an instance of that class."""
    own = site.module.called_function(site.node)
    if own is not None:
        return _place(site.module, own) == _place(module, method)
    callee = site.node.child_by_field_name("function")
    access = site.module.member(unwrap(callee)) if callee is not None else None
    value = site.module.value_of(access.object) if access is not None else None
    if value is None or value.kind is not ValueKind.INSTANCE or not value.name:
        return False
    facts = site.module.class_named(value.name, value.detail)
    return facts is not None and (facts.path, facts.name) == (module.path, owner.facts.name)


def _sites(module: Module, function: Node) -> tuple[CallSite, ...]:
    """The calls of a function in the modules around; of a constructor, the places that make instances; of a
    method, the calls on what is known to be an instance."""
    owner = module.enclosing_class(function) if function.type == "method_definition" else None
    name = function.child_by_field_name("name")
    if owner is None or name is None:
        return callers_of(module, function).calls[:_MOST_SITES]
    word = module.text(name)
    if word == "constructor":
        return tuple(islice(makers_of(module, owner), _MOST_SITES))
    named = islice(calls_of_method(module, function, word), _MOST_NAMED)
    return tuple(site for site in named if _runs_method(site, module, function, owner))
