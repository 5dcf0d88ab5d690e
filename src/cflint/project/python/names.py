"""The names of a module of Python: which scope has them, what gives them their value, what they import."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise

import libcst as cst

from cflint.project.python.nodes import dotted
from cflint.record import record
from cflint.syntax.python import PythonSyntax

_CONSTANTS = frozenset({"True", "False", "None"})
_COMPREHENSIONS = (cst.GeneratorExp, cst.ListComp, cst.SetComp, cst.DictComp)
_PARTS_OF_TYPES = (cst.Annotation, cst.TypeParameters, cst.TypeAlias)
"""What is not evaluated, or when is up to the version of Python and to `from __future__`."""
_STATEMENTS = (cst.Assign, cst.AugAssign, cst.NamedExpr)
_MOST_BINDINGS = 40


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


@record(frozen=True, eq=False)
class _Binding:
    """A place that gives a variable its value: it has it after the node at `end`. `below` are the nodes
    around it, by id, with the part of each that it stands in. `is_certain`: there is no branch around it."""

    end: int
    below: Mapping[int, cst.CSTNode]
    is_certain: bool


class Names:
    """The names of one module."""

    def __init__(self, syntax: PythonSyntax) -> None:
        self._syntax = syntax

    @cached_property
    def _scopes(self) -> Mapping[cst.CSTNode, _Scope]:
        """The scope that each node is evaluated in."""
        root = self._syntax.root
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
            elif isinstance(node, (cst.Lambda, *_COMPREHENSIONS)):
                inner = _Scope(node, scope)
                own = self._syntax.children(node)
            _bind(node, scope, top)
            if isinstance(node, cst.ImportAlias):
                continue  # bound with its statement
            outside = self._evaluated_outside(node)
            for child in reversed(self._syntax.children(node)):
                where = inner if child in own else scope
                todo.append((child, where.parent or where if child in outside else where))
        return scopes

    def _evaluated_outside(self, node: cst.CSTNode) -> tuple[cst.CSTNode | None, ...]:
        """The parts of a node that are evaluated around the function, lambda or comprehension it belongs to:
        defaults and annotations, and what the first `for` of a comprehension goes through."""
        if isinstance(node, cst.Param):
            return (node.default, node.annotation)
        if isinstance(node, cst.CompFor) and isinstance(self._syntax.parent(node), _COMPREHENSIONS):
            return (node.iter,)
        return ()

    @property
    def top_level(self) -> Mapping[str, list[Name]]:
        """The names of the module itself."""
        return self._scopes[self._syntax.root].names

    @cached_property
    def has_star_import(self) -> bool:
        """Whether `from x import *` may give any name."""
        return any(isinstance(node.names, cst.ImportStar) for node in self._syntax.of_type(cst.ImportFrom))

    def resolve(self, name: cst.Name) -> tuple[Name, ...] | None:
        """The places that give a name its value where it stands; None of a builtin or unknown name."""
        return _entries(self._scopes.get(name), name.value)

    def references(self, name: cst.Name) -> Iterator[cst.Name]:
        """The other places of the scope, and of those in it, where the variable of a name is read."""
        wanted = self.resolve(name)
        if wanted is None:
            return
        for other in self._syntax.of_type(cst.Name):
            if other.value == name.value and other is not name and self.is_read(other):
                found = self.resolve(other)
                if found is not None and found[0] is wanted[0]:
                    yield other

    def is_read(self, name: cst.Name) -> bool:
        """Whether a name stands for the value of a variable: it is no attribute, keyword or definition."""
        match self._syntax.parent(name):
            case cst.Attribute() | cst.Arg() as above:
                return name is above.value
            case cst.FunctionDef() | cst.ClassDef() as above:
                return name is not above.name
            case cst.Param() as above:
                return name is above.default
            case cst.AssignTarget() | cst.AsName() | cst.NameItem() | cst.MatchKeywordElement():
                return False
            case cst.ImportAlias() | cst.Import() | cst.ImportFrom():
                return False
        return True

    def unbound(self) -> Iterator[cst.Name]:
        """The names that are evaluated and that no scope of the module binds, builtins among them; not those
        in annotations and type parameters."""
        skipped: set[cst.CSTNode] = set()
        for node, scope in self._scopes.items():  # what is around a node comes before it
            above = self._syntax.parent(node)
            if above in skipped or isinstance(node, (cst.Import, cst.ImportFrom, *_PARTS_OF_TYPES)):
                skipped.add(node)
            elif (
                isinstance(node, cst.Name)
                and node.value not in _CONSTANTS
                and self.is_read(node)
                and _entries(scope, node.value) is None
            ):
                yield node

    def unassigned(self) -> Iterator[cst.Name]:
        """The variables of functions that are read where nothing can have given them a value yet: what does
        stands further down, or in another branch of the same `if` or `match`."""
        skipped: set[cst.CSTNode] = set()
        bindings: dict[int, list[_Binding] | None] = {}
        for node, scope in self._scopes.items():
            above = self._syntax.parent(node)
            if above in skipped or isinstance(node, (cst.Import, cst.ImportFrom, *_PARTS_OF_TYPES)):
                skipped.add(node)
                continue
            if not isinstance(node, cst.Name) or not isinstance(scope.node, cst.FunctionDef):
                continue
            entries = scope.names.get(node.value)
            if entries is None or node.value in scope.outer or not self.is_read(node):
                continue
            if any(entry.node is node or entry.node is above for entry in entries):
                continue
            found = bindings.get(id(entries), ())
            if found == ():
                found = bindings[id(entries)] = self._bindings(entries, scope.node)
            if found and not any(self._reaches(one, node, scope.node) for one in found):
                yield node

    def _bindings(self, entries: list[Name], function: cst.FunctionDef) -> list[_Binding] | None:
        """The places that give a variable of a function its value; None of a parameter, and of very many."""
        if len(entries) > _MOST_BINDINGS or any(entry.kind == "parameter" for entry in entries):
            return None
        found = []
        for entry in entries:
            above = [entry.node, *self._above(entry.node, function)]
            whole = next((one for one in above if isinstance(one, (cst.AnnAssign, *_STATEMENTS))), entry.node)
            if isinstance(whole, cst.AnnAssign) and whole.value is None:
                continue  # says a type
            last = whole if isinstance(whole, _STATEMENTS) else entry.value or entry.node
            end = self._order[self._last(last)]
            if any(isinstance(one, (cst.NamedExpr, cst.AsName)) for one in above):
                end = -1  # what stands before it may run after it: `x if (x := f()) else 0`
            below = {id(one): under for under, one in pairwise(above)}
            is_certain = not any(isinstance(one, (cst.If, cst.Match)) for one in above)
            found.append(_Binding(end, below, is_certain))
        return sorted(found, key=lambda one: not one.is_certain) or None

    @cached_property
    def _order(self) -> Mapping[cst.CSTNode, int]:
        """The place of each node among all, as they are written."""
        return {node: at for at, node in enumerate(self._scopes)}

    def _last(self, node: cst.CSTNode) -> cst.CSTNode:
        """The last node in a node."""
        while True:
            inside = [child for child in self._syntax.children(node) if child in self._order]
            if not inside:
                return node
            node = inside[-1]

    def _above(self, node: cst.CSTNode, function: cst.FunctionDef) -> Iterator[cst.CSTNode]:
        above = self._syntax.parent(node)
        while above is not None and above is not function:
            yield above
            above = self._syntax.parent(above)

    def _reaches(self, binding: _Binding, name: cst.Name, function: cst.FunctionDef) -> bool:
        """Whether a variable can have the value of one place where it is read."""
        if binding.is_certain and binding.end < self._order[name]:
            return True
        below: cst.CSTNode = name
        common: cst.CSTNode | None = None
        for above in self._above(name, function):
            other = binding.below.get(id(above))
            if other is not None:
                if common is None:
                    common = above
                    if other is not below and _are_exclusive(above, other, below):
                        common = function
                if isinstance(above, (cst.For, cst.While)):
                    return True  # by an earlier turn
            below = above
        if common is function:
            return False
        return binding.end < self._order[name]

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


def _are_exclusive(above: cst.CSTNode, one: cst.CSTNode, other: cst.CSTNode) -> bool:
    """Whether of two parts of a statement only one runs."""
    if isinstance(above, cst.If):
        return {id(one), id(other)} == {id(above.body), id(above.orelse)}
    return isinstance(above, cst.Match) and one in above.cases and other in above.cases


def _entries(scope: _Scope | None, name: str) -> tuple[Name, ...] | None:
    """The places that give a name its value, seen from a scope; those around a class are seen in it, its own
    are not seen in its functions."""
    first = True
    while scope is not None:
        at = scope.outer.get(name, scope)
        if (first or not isinstance(at.node, cst.ClassDef)) and name in at.names:
            return tuple(at.names[name])
        scope, first = scope.parent, False
    return None


def _around(scope: _Scope) -> Iterator[_Scope]:
    """The scopes around a scope, nearest first."""
    above = scope.parent
    while above is not None:
        yield above
        above = above.parent


def _bind_type_parameter(name: str, node: cst.CSTNode, scope: _Scope) -> None:
    """A type parameter, noted in the nearest scope that the functions of a class see, too."""
    seen: _Scope = scope
    while isinstance(seen.node, cst.ClassDef) and seen.parent is not None:
        seen = seen.parent
    seen.add(name, Name("other", node))


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
                name = dotted(alias.name)
                if alias.asname is not None and isinstance(alias.asname.name, cst.Name):
                    scope.add(alias.asname.name.value, Name("import", alias, imported=name))
                else:
                    first = name.split(".")[0]
                    scope.add(first, Name("import", alias, imported=first))
        case cst.ImportFrom() if not isinstance(node.names, cst.ImportStar):
            source = "." * len(node.relative) + dotted(node.module)
            for alias in node.names:
                name = dotted(alias.name)
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
            while inner is not None and isinstance(inner.node, _COMPREHENSIONS):
                inner = inner.parent
            _bind_target(node.target, inner or scope, "assignment", node.value)
        case cst.For() | cst.CompFor():
            _bind_target(node.target, scope, "loop", node.iter)
        case cst.AsName():
            _bind_target(node.name, scope, "other", None)
        case cst.MatchAs() | cst.MatchStar() if node.name is not None:
            scope.add(node.name.value, Name("other", node))
        case cst.Del():
            _bind_target(node.target, scope, "other", None)  # Python, too, takes it for a name of the scope
        case cst.MatchMapping() if node.rest is not None:
            scope.add(node.rest.value, Name("other", node))
        case cst.TypeAlias():
            scope.add(node.name.value, Name("other", node))
        case cst.TypeVar() | cst.TypeVarTuple() | cst.ParamSpec():
            _bind_type_parameter(node.name.value, node, scope)
        case cst.Global():
            for item in node.names:
                if scope is not top:
                    scope.outer[item.name.value] = top
        case cst.Nonlocal():
            for item in node.names:
                functions = [one for one in _around(scope) if isinstance(one.node, cst.FunctionDef)]
                outer = next((one for one in functions if item.name.value in one.names), None)
                if outer is not None or functions:  # bound further down, then
                    scope.outer[item.name.value] = outer or functions[0]


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
