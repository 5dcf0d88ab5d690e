"""Which declaration a name means: scopes, imports and references of one module.

Everything is found on demand and memoized. A scope is scanned when a name is looked up in it, and the
references of a declaration are found by searching its name's bytes, so a file of which little is needed
costs little.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from enum import Enum
from functools import cached_property
from typing import TYPE_CHECKING

from cflint.record import record
from cflint.syntax.javascript import (
    FUNCTIONS,
    Syntax,
    arguments_of,
    first_named,
    property_name,
    string_value,
    unwrap,
    walk,
)
from cflint.syntax.javascript.keywords import declaring_words

if TYPE_CHECKING:
    from tree_sitter import Node


class DeclarationKind(Enum):
    """What declares a name."""

    __hash__ = object.__hash__  # that of Enum is written in Python

    IMPORT = "import"
    CONST = "const"
    LET = "let"
    VAR = "var"
    USING = "using"
    PARAMETER = "parameter"
    FUNCTION = "function"
    CLASS = "class"
    CATCH = "catch"
    ENUM = "enum"
    NAMESPACE = "namespace"
    TYPE = "type"


# To name a member of an Enum takes as long as a call in Python 3.11.
_CONST = DeclarationKind.CONST
_TYPE = DeclarationKind.TYPE
_PARAMETER = DeclarationKind.PARAMETER


class Step(Enum):
    """A step of a destructuring path that is neither a key nor an index."""

    EACH = "each"  # the element of a `for … of`
    REST = "rest"
    UNKNOWN = "unknown"  # a computed key


PathStep = str | int | Step


@record(frozen=True)
class ImportRef:
    """Where an imported name comes from; `name` is `default`, `*` for a namespace, or the exported name."""

    module: str
    name: str
    type_only: bool = False


@record(frozen=True, eq=False)
class Declaration:
    """A declared name. Two declarations are equal only when they are the same one.

    `node` is the identifier that is declared, `owner` the node that declares it (a `variable_declarator`,
    a parameter, an `import_specifier`, a function, a class, …), `value` the expression that is bound (the
    initialiser, the iterated expression of a `for … of`), and `path` leads from that value, or from the
    parameter, to the name: `("a", 0)` of `const { a: [name] } = value`. `default` is a destructuring or
    parameter default.
    """

    name: str
    kind: DeclarationKind
    node: Node
    owner: Node
    scope: Node
    value: Node | None = None
    path: tuple[PathStep, ...] = ()
    default: Node | None = None
    imported: ImportRef | None = None

    @property
    def constant(self) -> bool:
        """Whether the language forbids another assignment."""
        return self.kind in _CONSTANT


_CONSTANT = frozenset(
    {
        DeclarationKind.CONST,
        DeclarationKind.USING,
        DeclarationKind.IMPORT,
        DeclarationKind.CLASS,
        DeclarationKind.ENUM,
    }
)
_SCOPES = FUNCTIONS | {
    "program",
    "statement_block",
    "for_statement",
    "for_in_statement",
    "catch_clause",
    "switch_body",
    "class",
    "class_static_block",
    "internal_module",
    "module",
}
_VARIABLES = {
    "const": DeclarationKind.CONST,
    "let": DeclarationKind.LET,
    "var": DeclarationKind.VAR,
    "using": DeclarationKind.USING,
}
_IDENTIFIERS = frozenset(
    {
        "identifier",
        "shorthand_property_identifier",
        "type_identifier",
        "shorthand_property_identifier_pattern",
    }
)
_DECLARING = frozenset(
    {"lexical_declaration", "function_declaration", "generator_function_declaration", "function_signature"}
    | {"class_declaration", "abstract_class_declaration", "enum_declaration", "interface_declaration"}
    | {"type_alias_declaration", "export_statement", "ambient_declaration", "expression_statement"}
    | {"import_statement"}
)
_TYPES = frozenset({"interface_declaration", "type_alias_declaration"})
_GLOBALS = frozenset({"JSON", "Math", "Object", "Promise", "Date", "console", "crypto"})
"""Names that are looked up often and declared hardly ever."""


class ModuleScope:
    """The names of one module."""

    def __init__(self, syntax: Syntax) -> None:
        self._syntax = syntax
        self._declared: dict[int, dict[str, Declaration]] = {}
        self._types: dict[int, dict[str, Declaration]] = {}
        self._references: dict[int, tuple[Node, ...]] = {}
        self._nearest: dict[int, Node] = {}
        self._resolved: dict[int, Declaration | None] = {}
        self._origins: dict[int, ImportRef | None] = {}
        self._visible: dict[int, tuple[dict[str, Declaration], ...]] = {}
        self._only_read: dict[str, bool] = {}
        self._scopes = syntax.ids_of(_SCOPES)

    def resolve(self, identifier: Node) -> Declaration | None:
        """The declaration that an identifier means; None for a global or unknown name."""
        id = identifier.id
        if id not in self._resolved:
            self._resolved[id] = self.lookup(self._syntax.text(identifier), identifier)
        return self._resolved[id]

    def lookup(self, name: str, at: Node) -> Declaration | None:
        """The declaration that a name means at a node."""
        if name in _GLOBALS and self._is_only_read(name):
            return None
        scope = self._scope_at(at)
        if scope is None:
            return None
        for declared in self._visible.get(scope.id) or self._visible_from(scope):
            found = declared.get(name)
            if found is not None:
                return found
        return None

    def _is_only_read(self, name: str) -> bool:
        """Whether a dot follows wherever a name stands, which it never does where something is declared."""
        known = self._only_read.get(name)
        if known is None:
            data, word = self._syntax.document.data, name.encode()
            at = data.find(word)
            while at != -1 and data[at + len(word) : at + len(word) + 1] == b".":
                at = data.find(word, at + len(word))
            known = self._only_read[name] = at == -1
        return known

    def _visible_from(self, scope: Node) -> tuple[dict[str, Declaration], ...]:
        """What a scope and those around it declare, the innermost first; scopes that declare nothing left
        out."""
        passed: list[tuple[int, dict[str, Declaration]]] = []
        at: Node | None = scope
        seen: tuple[dict[str, Declaration], ...] | None = None
        while at is not None and (seen := self._visible.get(at.id)) is None:
            passed.append((at.id, self.declared_in(at)))
            at = self._scope_above(at)
        seen = seen or ()
        for id, declared in reversed(passed):
            seen = (declared, *seen) if declared or not seen else seen
            self._visible[id] = seen
        return seen

    def lookup_type(self, name: str, at: Node) -> Declaration | None:
        """The interface, type alias, class, enum or import that a type's name means at a node."""
        scope = self._scope_at(at)
        while scope is not None:
            values = self.declared_in(scope)
            found = self._types[scope.id].get(name) or values.get(name)
            if found is not None:
                return found
            scope = self._scope_above(scope)
        return None

    def _scope_at(self, node: Node) -> Node | None:
        """The innermost scope that a node is, or stands in; remembered for all nodes on the way up."""
        known, scopes = self._nearest, self._scopes
        parents, parent = self._syntax.parents, self._syntax.parent_afresh
        passed: list[int] = []
        at: Node | None = node
        while at is not None:
            id = at.id
            found = known.get(id)
            passed.append(id)
            if found is None and at.kind_id in scopes:
                found = at
            if found is not None:
                for id in passed:
                    known[id] = found
                return found
            at = parents.get(id) or parent(at)
        return None

    def _scope_above(self, scope: Node) -> Node | None:
        parent = self._syntax.parent(scope)
        return self._scope_at(parent) if parent is not None else None

    @property
    def top_level(self) -> dict[str, Declaration]:
        """The values declared at the module's top level, imports included."""
        return self.declared_in(self._syntax.root)

    @property
    def top_level_types(self) -> dict[str, Declaration]:
        """The interfaces and type aliases declared at the module's top level."""
        self.declared_in(self._syntax.root)
        return self._types[self._syntax.root.id]

    @cached_property
    def imports(self) -> tuple[Declaration, ...]:
        """The declarations made by import statements."""
        return tuple(found for found in self.top_level.values() if found.imported is not None)

    def origin(self, declaration: Declaration) -> ImportRef | None:
        """The module and name a declaration comes from: by `import`, `require()` or `await import()`."""
        if declaration.imported is not None:
            return declaration.imported
        if declaration.value is None or not declaration.constant:
            return None
        id = declaration.node.id
        if id not in self._origins:
            self._origins[id] = self._find_origin(declaration, declaration.value)
        return self._origins[id]

    def _find_origin(self, declaration: Declaration, value: Node) -> ImportRef | None:
        value = unwrap(value)
        if value.type == "await_expression":
            value = unwrap(value.named_children[0]) if value.named_children else value
        if value.type == "member_expression" and not declaration.path:
            module = self._required(unwrap(value.child_by_field_name("object") or value))
            if module is not None:
                return ImportRef(module, self._syntax.text(value.child_by_field_name("property") or value))
            return None
        module = self._required(value)
        if module is None or len(declaration.path) > 1:
            return None
        if not declaration.path:
            return ImportRef(module, "*")
        return ImportRef(module, declaration.path[0]) if isinstance(declaration.path[0], str) else None

    def _required(self, call: Node) -> str | None:
        if call.type != "call_expression":
            return None
        function = call.child_by_field_name("function")
        arguments = arguments_of(call)
        if function is None or len(arguments) != 1:
            return None
        if function.type == "import" or (
            function.type == "identifier" and self._syntax.text(function) == "require"
        ):
            return string_value(self._syntax, arguments[0])
        return None

    def references(self, declaration: Declaration) -> tuple[Node, ...]:
        """Every identifier that means the declaration, in source order, the declared one left out."""
        found = self._references.get(declaration.node.id)
        if found is None:
            found = tuple(self._find_references(declaration))
            self._references[declaration.node.id] = found
        return found

    def _find_references(self, declaration: Declaration) -> Iterator[Node]:
        for node in self.named(declaration.name, declaration.scope):
            if node.id != declaration.node.id and self.resolve(node) is declaration:
                yield node

    def named(self, name: str, within: Node) -> Iterator[Node]:
        """The identifiers of that spelling within a node, whatever they mean (properties left out)."""
        for leaf in self._syntax.leaves(name, within):
            if leaf.type in _IDENTIFIERS:
                yield leaf

    def assignments(self, declaration: Declaration) -> tuple[Node, ...]:
        """The assignment, augmented assignment and update expressions that change the name."""
        if declaration.constant:
            return ()
        found: list[Node] = []
        for reference in self.references(declaration):
            parent = self._syntax.parent(reference)
            while parent is not None and parent.type in ("parenthesized_expression", "non_null_expression"):
                parent = self._syntax.parent(parent)
            if parent is None:
                continue
            if parent.type in ("assignment_expression", "augmented_assignment_expression"):
                left = parent.child_by_field_name("left")
                if left is not None and unwrap(left).id == reference.id:
                    found.append(parent)
            elif parent.type == "update_expression" or parent.type.endswith("_pattern"):
                found.append(parent)
        return tuple(found)

    # -- scanning scopes ---------------------------------------------------------------------------------

    def declared_in(self, scope: Node) -> dict[str, Declaration]:
        """The values that a scope node itself declares, by name."""
        found = self._declared.get(scope.id)
        if found is None:
            found = {}
            types: dict[str, Declaration] = {}
            self._declared[scope.id] = found
            self._types[scope.id] = types
            for declaration in self._scan(scope):
                into = types if declaration.kind is _TYPE else found
                into.setdefault(declaration.name, declaration)
        return found

    def _scan(self, scope: Node) -> Iterator[Declaration]:
        kind = scope.type
        if kind in FUNCTIONS:
            yield from self._scan_function(scope)
        elif kind == "class":
            yield from self._named(scope, scope, DeclarationKind.CLASS)
        elif kind == "for_in_statement":
            word = scope.child_by_field_name("kind")
            left = scope.child_by_field_name("left")
            if word is not None and left is not None:
                step = Step.EACH if scope.child_by_field_name("operator") is not None else Step.UNKNOWN
                operator = scope.child_by_field_name("operator")
                if operator is not None and self._syntax.text(operator) == "in":
                    step = Step.UNKNOWN
                yield from self._pattern(
                    left,
                    _VARIABLES.get(self._syntax.text(word), DeclarationKind.LET),
                    scope,
                    scope,
                    scope.child_by_field_name("right"),
                    (step,),
                )
        elif kind == "catch_clause":
            parameter = scope.child_by_field_name("parameter")
            if parameter is not None:
                yield from self._pattern(parameter, DeclarationKind.CATCH, scope, scope, None, ())
        elif kind == "switch_body":
            for case in scope.named_children:
                for statement in case.named_children:
                    yield from self._statement(statement, scope)
        elif kind in ("internal_module", "module"):
            return
        elif kind == "program" or self._may_declare(scope):
            for statement in scope.named_children:
                if statement.type in _DECLARING:
                    yield from self._statement(statement, scope)
            if kind == "program":
                yield from self._hoisted(scope)

    def _may_declare(self, scope: Node) -> bool:
        """Whether a keyword that declares something stands in a scope: in most blocks there is none."""
        places = self._keywords
        index = bisect_left(places, scope.start_byte)
        return index < len(places) and places[index] < scope.end_byte

    @cached_property
    def _keywords(self) -> list[int]:
        """Where keywords that declare something stand, found once: scopes may lie deep in each other."""
        return declaring_words(self._syntax.document.data)

    def _scan_function(self, function: Node) -> Iterator[Declaration]:
        if function.type in ("function_expression", "generator_function"):
            yield from self._named(function, function, DeclarationKind.FUNCTION)
        single = function.child_by_field_name("parameter")  # `x => …`
        if single is not None:
            yield from self._pattern(single, DeclarationKind.PARAMETER, single, function, None, ())
        parameters = function.child_by_field_name("parameters")
        if parameters is not None:
            for parameter in parameters.named_children:
                yield from self._parameter(parameter, function)
        yield from self._hoisted(function)

    def _parameter(self, parameter: Node, function: Node) -> Iterator[Declaration]:
        if parameter.type in ("required_parameter", "optional_parameter"):
            pattern = parameter.child_by_field_name("pattern")
            default = parameter.child_by_field_name("value")
        else:
            pattern, default = parameter, None
        if pattern is not None and pattern.type == "identifier":  # as most are
            name = self._syntax.text(pattern)
            yield Declaration(name, _PARAMETER, pattern, parameter, function, None, (), default)
        elif pattern is not None and pattern.type != "this":
            yield from self._pattern(pattern, _PARAMETER, parameter, function, None, (), default)

    def _hoisted(self, function: Node) -> Iterator[Declaration]:
        """`var` belongs to the function, however deep it stands."""
        if not self._may_hoist:
            return
        data = self._syntax.document.data
        if data.find(b"var ", function.start_byte, function.end_byte) == -1:
            return
        for node in walk(function, into_functions=False):
            if node.type == "variable_declaration":
                for declarator in node.named_children:
                    yield from self._declarator(declarator, DeclarationKind.VAR, function)

    @cached_property
    def _may_hoist(self) -> bool:
        return b"var " in self._syntax.document.data

    def _statement(self, statement: Node, scope: Node) -> Iterator[Declaration]:
        match statement.type:
            case "lexical_declaration":
                kind = _VARIABLES.get(self._syntax.text(statement.children[0]), _CONST)
                if kind is _CONST and statement.children[0].type == "await":
                    kind = DeclarationKind.USING
                for declarator in statement.named_children:
                    yield from self._declarator(declarator, kind, scope)
            case "function_declaration" | "generator_function_declaration" | "function_signature":
                yield from self._named(statement, scope, DeclarationKind.FUNCTION)
            case "class_declaration" | "abstract_class_declaration":
                yield from self._named(statement, scope, DeclarationKind.CLASS)
            case "enum_declaration":
                yield from self._named(statement, scope, DeclarationKind.ENUM)
            case "interface_declaration" | "type_alias_declaration":
                yield from self._named(statement, scope, DeclarationKind.TYPE)
            case "export_statement":
                declaration = statement.child_by_field_name("declaration")
                if declaration is not None:
                    yield from self._statement(declaration, scope)
                else:  # `export default class A {}` is an expression to the grammar
                    value = statement.child_by_field_name("value")
                    if value is not None and value.type == "class":
                        yield from self._named(value, scope, DeclarationKind.CLASS)
            case "ambient_declaration":
                for inner in statement.named_children:
                    yield from self._statement(inner, scope)
            case "expression_statement":
                inner = statement.named_child(0)
                if inner is not None and inner.type == "internal_module":
                    yield from self._named(inner, scope, DeclarationKind.NAMESPACE)
            case "import_statement":
                yield from self._import(statement, scope)
            case _:
                return

    def _declarator(self, declarator: Node, kind: DeclarationKind, scope: Node) -> Iterator[Declaration]:
        if declarator.type != "variable_declarator":
            return
        name = declarator.child_by_field_name("name")
        if name is None:
            return
        value = declarator.child_by_field_name("value")
        if name.type == "identifier":  # as most are
            yield Declaration(self._syntax.text(name), kind, name, declarator, scope, value)
        else:
            yield from self._pattern(name, kind, declarator, scope, value, ())

    def _named(self, node: Node, scope: Node, kind: DeclarationKind) -> Iterator[Declaration]:
        name = node.child_by_field_name("name")
        if name is not None:
            yield Declaration(self._syntax.text(name), kind, name, node, scope)

    def _pattern(
        self,
        pattern: Node,
        kind: DeclarationKind,
        owner: Node,
        scope: Node,
        value: Node | None,
        path: tuple[PathStep, ...],
        default: Node | None = None,
    ) -> Iterator[Declaration]:
        todo: list[tuple[Node, tuple[PathStep, ...], Node | None]] = [(pattern, path, default)]
        while todo:
            node, steps, fallback = todo.pop()
            match node.type:
                case "identifier" | "shorthand_property_identifier_pattern":
                    name = self._syntax.text(node)
                    if node.type != "identifier":
                        steps = (*steps, name)
                    yield Declaration(name, kind, node, owner, scope, value, steps, fallback)
                case "object_pattern":
                    for part in reversed(node.named_children):
                        todo.extend(self._property(part, steps))
                case "array_pattern":
                    index = 0
                    for part in node.children:
                        if part.type == ",":
                            index += 1
                        elif part.type == "rest_pattern":
                            todo.extend((inner, (*steps, Step.REST), None) for inner in part.named_children)
                        elif part.is_named and part.type != "comment":
                            todo.append((part, (*steps, index), None))
                case "assignment_pattern":
                    left = node.child_by_field_name("left")
                    if left is not None:
                        todo.append((left, steps, node.child_by_field_name("right")))
                case "rest_pattern":
                    todo.extend((inner, (*steps, Step.REST), None) for inner in node.named_children)

    def _property(
        self, part: Node, steps: tuple[PathStep, ...]
    ) -> Iterator[tuple[Node, tuple[PathStep, ...], Node | None]]:
        match part.type:
            case "shorthand_property_identifier_pattern":
                yield part, steps, None
            case "pair_pattern":
                key = part.child_by_field_name("key")
                target = part.child_by_field_name("value")
                if key is not None and target is not None:
                    name = property_name(self._syntax, key)
                    step: PathStep = Step.UNKNOWN if name is None else name
                    if key.type == "number" and name is not None and name.isdecimal():
                        step = int(name)
                    yield target, (*steps, step), None
            case "object_assignment_pattern":
                left = part.child_by_field_name("left")
                if left is not None:
                    yield left, steps, part.child_by_field_name("right")
            case "rest_pattern":
                for inner in part.named_children:
                    yield inner, (*steps, Step.REST), None

    def _import(self, statement: Node, scope: Node) -> Iterator[Declaration]:
        source = statement.child_by_field_name("source")
        module = string_value(self._syntax, source) if source is not None else None
        type_only = any(child.type in ("type", "typeof") for child in statement.children)
        for clause in statement.named_children:
            if clause.type == "import_require_clause":
                local = first_named(clause)
                required = clause.child_by_field_name("source")
                target = string_value(self._syntax, required) if required is not None else None
                if local is not None and target is not None:
                    yield self._imported(local, clause, scope, ImportRef(target, "*", type_only))
            if clause.type != "import_clause" or module is None:
                continue
            for part in clause.named_children:
                if part.type == "identifier":
                    yield self._imported(part, part, scope, ImportRef(module, "default", type_only))
                elif part.type == "namespace_import":
                    namespace = first_named(part)
                    if namespace is not None:
                        yield self._imported(namespace, part, scope, ImportRef(module, "*", type_only))
                elif part.type == "named_imports":
                    for specifier in part.named_children:
                        name = specifier.child_by_field_name("name")
                        if specifier.type != "import_specifier" or name is None:
                            continue
                        alias = specifier.child_by_field_name("alias") or name
                        only_type = type_only or getattr(specifier.child(0), "type", "") == "type"
                        exported = string_value(self._syntax, name) or self._syntax.text(name)
                        yield self._imported(alias, specifier, scope, ImportRef(module, exported, only_type))

    def _imported(self, local: Node, owner: Node, scope: Node, ref: ImportRef) -> Declaration:
        return Declaration(
            self._syntax.text(local), DeclarationKind.IMPORT, local, owner, scope, imported=ref
        )
