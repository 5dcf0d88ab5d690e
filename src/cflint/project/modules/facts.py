"""What other modules need to know of a module, as plain data without trees.

Facts are what crosses files: a tree is dropped after its facts were taken, and rules about one module ask the
facts of the others.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import field
from enum import Enum
from typing import TYPE_CHECKING

from cflint.record import record
from cflint.scope import ImportRef, ModuleScope
from cflint.source import Span
from cflint.syntax.javascript import (
    CLASSES,
    FUNCTIONS,
    Syntax,
    arguments_of,
    first_named,
    is_async,
    is_generator,
    property_name,
    span_of,
    string_value,
    unwrap,
)

if TYPE_CHECKING:
    from tree_sitter import Node


class MemberKind(Enum):
    """What a member of a class is."""

    METHOD = "method"
    GETTER = "getter"
    SETTER = "setter"
    FIELD = "field"


@record(frozen=True)
class Member:
    """A member of a class; a private name has its `#`. `parameters` counts a method's parameters;
    `gives_promise` says that calling it gives a promise, by `async` or by its return type."""

    name: str
    kind: MemberKind
    name_span: Span
    span: Span
    is_static: bool = False
    is_async: bool = False
    parameters: int = 0
    gives_promise: bool = False


@record(frozen=True)
class BaseRef:
    """What a class extends: the text, and the import it comes from, or the local name."""

    text: str
    imported: ImportRef | None = None
    local: str | None = None


@record(frozen=True)
class ClassFacts:
    """A class. `base` is None when it extends nothing; `type_arguments` is the text of `<…>` of its base."""

    name: str
    path: str
    span: Span
    name_span: Span
    body: Span
    base: BaseRef | None
    implements: tuple[str, ...]
    members: tuple[Member, ...]
    type_arguments: str | None = None
    is_abstract: bool = False
    decorated: bool = False

    def member(self, name: str) -> Member | None:
        """The non-static member of that name."""
        return next((found for found in self.members if found.name == name and not found.is_static), None)

    @property
    def methods(self) -> tuple[Member, ...]:
        return tuple(found for found in self.members if found.kind is MemberKind.METHOD)


class LiteralKind(Enum):
    """What a top-level name or a default export holds, as far as its own module says."""

    CLASS = "class"
    FUNCTION = "function"
    OBJECT = "object"
    LITERAL = "literal"
    CALL = "call"
    NEW = "new"
    OTHER = "other"


@record(frozen=True)
class FunctionFacts:
    """A function: whether it returns a promise, by `async` or by its return type."""

    name: str
    is_async: bool
    return_type: str | None
    parameters: int
    span: Span


@record(frozen=True)
class ObjectFacts:
    """An object literal that may be an entry point: its keys, and whether there may be more (a spread)."""

    keys: tuple[tuple[str, Span], ...]
    is_open: bool
    span: Span

    def __contains__(self, key: str) -> bool:
        return any(name == key for name, _ in self.keys)


@record(frozen=True)
class TopLevel:
    """A name at the top level and what it holds.

    `callee` names the function or class of a CALL or NEW, `arguments` are the names among its arguments;
    `alias` is the name it copies, `object` an object literal (its own, or the first among the arguments).
    """

    kind: LiteralKind
    span: Span
    callee: str | None = None
    alias: str | None = None
    arguments: tuple[str, ...] = ()
    object: ObjectFacts | None = None
    is_mutable: bool = False


@record(frozen=True)
class Export:
    """One exported name. `local` is the name in this module; `source` and `imported` say where a re-export
    comes from (`imported` is `*` for `export * as ns`)."""

    name: str
    span: Span
    local: str | None = None
    source: str | None = None
    imported: str | None = None
    type_only: bool = False


@record(frozen=True)
class TypeMember:
    """A member of an interface or object type: its name, and the text of its type ("" when none)."""

    name: str
    type: str
    name_span: Span
    type_span: Span
    optional: bool = False


@record(frozen=True)
class TypeFacts:
    """An interface or object type. `extends` are names whose members belong to it too; `is_open` says that it
    has members that cannot be listed (an index signature, an intersection with something unknown)."""

    name: str
    path: str
    span: Span
    members: tuple[TypeMember, ...]
    extends: tuple[str, ...] = ()
    is_open: bool = False


@record(frozen=True)
class ModuleFacts:
    """Everything other modules may ask of one module."""

    path: str
    imports: dict[str, ImportRef]
    exports: dict[str, Export]
    star_exports: tuple[str, ...]
    classes: dict[str, ClassFacts]
    functions: dict[str, FunctionFacts]
    values: dict[str, TopLevel]
    types: dict[str, TypeFacts]
    default: TopLevel | None
    is_commonjs: bool = False
    has_errors: bool = False
    listens: frozenset[str] = field(default=frozenset())
    """The events of top-level `addEventListener("…")` calls: a service worker's handlers."""


def facts_of(syntax: Syntax, scope: ModuleScope) -> ModuleFacts:
    """Take the facts of a module from its tree."""
    reader = _Reader(syntax, scope)
    reader.read()
    return ModuleFacts(
        path=syntax.document.path,
        imports={
            found.name: ref for found in scope.top_level.values() if (ref := scope.origin(found)) is not None
        },
        exports=reader.exports,
        star_exports=tuple(reader.stars),
        classes=reader.classes,
        functions=reader.functions,
        values=reader.values,
        types=reader.types,
        default=reader.default,
        is_commonjs=reader.is_commonjs,
        has_errors=syntax.root.has_error,
        listens=frozenset(reader.listens),
    )


class _Reader:
    def __init__(self, syntax: Syntax, scope: ModuleScope) -> None:
        self._syntax = syntax
        self._scope = scope
        self.exports: dict[str, Export] = {}
        self.stars: list[str] = []
        self.classes: dict[str, ClassFacts] = {}
        self.functions: dict[str, FunctionFacts] = {}
        self.values: dict[str, TopLevel] = {}
        self.types: dict[str, TypeFacts] = {}
        self.default: TopLevel | None = None
        self.is_commonjs = False
        self.listens: list[str] = []

    def read(self) -> None:
        for statement in self._syntax.root.named_children:
            self._statement(statement, exported=False)

    def _statement(self, node: Node, exported: bool) -> None:
        text = self._syntax.text
        match node.type:
            case "class_declaration" | "abstract_class_declaration":
                found = class_facts(self._syntax, self._scope, node)
                self._declare(found.name, found.name_span, exported)
                self.classes[found.name] = found
                self.values[found.name] = TopLevel(LiteralKind.CLASS, found.span)
            case "function_declaration" | "generator_function_declaration":
                name = node.child_by_field_name("name")
                if name is not None:
                    self._declare(text(name), span_of(name), exported)
                    self.functions[text(name)] = self._function(text(name), node)
                    self.values[text(name)] = TopLevel(LiteralKind.FUNCTION, span_of(node))
            case "lexical_declaration" | "variable_declaration":
                mutable = node.children[0].type != "const"
                for declarator in node.named_children:
                    if declarator.type == "variable_declarator":
                        self._variable(declarator, exported, mutable)
            case "interface_declaration" | "type_alias_declaration":
                self._type(node, exported)
            case "enum_declaration":
                name = node.child_by_field_name("name")
                if name is not None:
                    self._declare(text(name), span_of(name), exported)
            case "export_statement":
                self._export(node)
            case "ambient_declaration":  # declare global {…}, declare namespace Cloudflare {…}
                for inner in node.named_children:
                    if inner.type in ("statement_block", "internal_module", "module"):
                        self._ambient(inner)
                    else:
                        self._statement(inner, exported)
            case "expression_statement":
                expression = first_named(node)
                if expression is not None and expression.type == "internal_module":
                    self._ambient(expression)
                elif expression is not None and expression.type == "assignment_expression":
                    self._commonjs(expression)
                elif expression is not None and expression.type == "call_expression":
                    self._listener(expression)

    def _declare(self, name: str, span: Span, exported: bool) -> None:
        if exported:
            self.exports[name] = Export(name, span, local=name)

    def _ambient(self, node: Node) -> None:
        body = node if node.type == "statement_block" else node.child_by_field_name("body")
        for inner in body.named_children if body is not None else ():
            if inner.type == "export_statement":
                inner = inner.child_by_field_name("declaration") or inner
            if inner.type in ("interface_declaration", "type_alias_declaration"):
                self._type(inner, exported=False)
            elif inner.type == "ambient_declaration" or (
                inner.type == "expression_statement" and inner.named_children
            ):
                for deeper in inner.named_children:
                    if deeper.type in ("internal_module", "module"):
                        self._ambient(deeper)

    def _listener(self, call: Node) -> None:
        function = call.child_by_field_name("function")
        arguments = arguments_of(call)
        if function is not None and arguments and self._syntax.text(function).endswith("addEventListener"):
            event = string_value(self._syntax, arguments[0])
            if event is not None:
                self.listens.append(event)

    def _commonjs(self, assignment: Node) -> None:
        left = assignment.child_by_field_name("left")
        right = assignment.child_by_field_name("right")
        if left is None or right is None or left.type != "member_expression":
            return
        target = self._syntax.text(left)
        if target == "module.exports":
            self.is_commonjs = True
            self.default = self._value(right)
            value = unwrap(right)
            if value.type == "object":
                for part in value.named_children:
                    name = (
                        part
                        if part.type == "shorthand_property_identifier"
                        else part.child_by_field_name("key")
                    )
                    if name is not None and (key := property_name(self._syntax, name)) is not None:
                        self.exports[key] = Export(key, span_of(name), local=key)
        elif target.startswith(("exports.", "module.exports.")):
            self.is_commonjs = True
            name_text = target.rsplit(".", 1)[1]
            local = self._syntax.text(right) if right.type == "identifier" else name_text
            self.exports[name_text] = Export(name_text, span_of(left), local=local)
            value = unwrap(right)
            if value.type in CLASSES:
                self.classes[name_text] = class_facts(self._syntax, self._scope, value, name_text)

    def _export(self, node: Node) -> None:
        text = self._syntax.text
        source_node = node.child_by_field_name("source")
        source = string_value(self._syntax, source_node) if source_node is not None else None
        declaration = node.child_by_field_name("declaration")
        words = [child.type for child in node.children]
        is_default = "default" in words
        type_only = "type" in words and declaration is None
        if is_default:
            value = declaration or node.child_by_field_name("value")
            if value is not None:
                self._default_export(node, value)
            return
        if declaration is not None:
            self._statement(declaration, exported=True)
            return
        if (
            source is not None
            and "*" in words
            and not any(c.type == "namespace_export" for c in node.named_children)
        ):
            self.stars.append(source)
            return
        for clause in node.named_children:
            if clause.type == "namespace_export" and source is not None:
                space = first_named(clause)
                if space is not None:
                    self.exports[text(space)] = Export(
                        text(space), span_of(space), source=source, imported="*"
                    )
            if clause.type != "export_clause":
                continue
            for specifier in clause.named_children:
                name = specifier.child_by_field_name("name")
                if specifier.type != "export_specifier" or name is None:
                    continue
                alias = specifier.child_by_field_name("alias") or name
                local = string_value(self._syntax, name) or text(name)
                exported = string_value(self._syntax, alias) or text(alias)
                only_type = type_only or any(child.type == "type" for child in specifier.children)
                if source is not None:
                    entry = Export(
                        exported, span_of(alias), source=source, imported=local, type_only=only_type
                    )
                else:
                    entry = Export(exported, span_of(alias), local=local, type_only=only_type)
                self.exports[exported] = entry
                if exported == "default" and source is None:
                    self.default = TopLevel(LiteralKind.OTHER, span_of(specifier), alias=local)

    def _default_export(self, statement: Node, value: Node) -> None:
        name = value.child_by_field_name("name")
        local = self._syntax.text(name) if name is not None and value.type in CLASSES | FUNCTIONS else None
        inner = unwrap(value)
        if inner.type == "identifier":
            local = self._syntax.text(inner)
        if value.type in CLASSES:
            found = class_facts(self._syntax, self._scope, value, local or "default")
            self.classes[found.name] = found
            self.values[found.name] = TopLevel(LiteralKind.CLASS, found.span)
            self.default = TopLevel(LiteralKind.CLASS, found.span, alias=found.name)
        else:
            if value.type in FUNCTIONS and local is not None:
                self.functions[local] = self._function(local, value)
            self.default = self._value(value)
        span = (
            span_of(name)
            if name is not None and value.type in CLASSES
            else Span(
                statement.start_byte, min(statement.end_byte, statement.start_byte + len("export default"))
            )
        )
        self.exports["default"] = Export("default", span, local=local)

    def _variable(self, declarator: Node, exported: bool, mutable: bool) -> None:
        target = declarator.child_by_field_name("name")
        value = declarator.child_by_field_name("value")
        if target is None:
            return
        if target.type != "identifier":
            for part in self._pattern_names(target):
                self._declare(self._syntax.text(part), span_of(part), exported)
            return
        name = self._syntax.text(target)
        self._declare(name, span_of(target), exported)
        if value is None:
            self.values[name] = TopLevel(LiteralKind.OTHER, span_of(target), is_mutable=mutable)
            return
        inner = unwrap(value)
        if inner.type in CLASSES:
            self.classes[name] = class_facts(self._syntax, self._scope, inner, name)
        elif inner.type in FUNCTIONS:
            self.functions[name] = self._function(name, inner)
        self.values[name] = self._value(value, mutable)

    def _pattern_names(self, pattern: Node) -> Iterator[Node]:
        stack = [pattern]
        while stack:
            node = stack.pop()
            if node.type in ("identifier", "shorthand_property_identifier_pattern"):
                yield node
            elif node.type == "pair_pattern":
                target = node.child_by_field_name("value")
                if target is not None:
                    stack.append(target)
            elif node.type in ("assignment_pattern", "object_assignment_pattern"):
                left = node.child_by_field_name("left")
                if left is not None:
                    stack.append(left)
            else:
                stack.extend(reversed(node.named_children))

    def _function(self, name: str, node: Node) -> FunctionFacts:
        returns = node.child_by_field_name("return_type")
        parameters = node.child_by_field_name("parameters")
        return FunctionFacts(
            name,
            is_async(node),
            self._syntax.text(returns).lstrip(":").strip() if returns is not None else None,
            parameters.named_child_count if parameters is not None else 1,
            span_of(node),
        )

    def _value(self, node: Node, mutable: bool = False) -> TopLevel:
        span = span_of(node)
        value = unwrap(node)
        if value.type == "await_expression" and value.named_children:
            value = unwrap(value.named_children[0])
        match value.type:
            case "object":
                return TopLevel(LiteralKind.OBJECT, span, object=self._object(value), is_mutable=mutable)
            case "class":
                return TopLevel(LiteralKind.CLASS, span, is_mutable=mutable)
            case "identifier":
                return TopLevel(LiteralKind.OTHER, span, alias=self._syntax.text(value), is_mutable=mutable)
            case "string" | "number" | "true" | "false" | "null" | "regex":
                return TopLevel(LiteralKind.LITERAL, span, is_mutable=mutable)
            case "template_string":
                constant = string_value(self._syntax, value) is not None
                return TopLevel(
                    LiteralKind.LITERAL if constant else LiteralKind.OTHER, span, is_mutable=mutable
                )
            case "call_expression" | "new_expression":
                is_call = value.type == "call_expression"
                callee = value.child_by_field_name("function" if is_call else "constructor")
                arguments = [unwrap(argument) for argument in arguments_of(value)]
                first = next((argument for argument in arguments if argument.type == "object"), None)
                return TopLevel(
                    LiteralKind.CALL if is_call else LiteralKind.NEW,
                    span,
                    callee=self._syntax.text(callee) if callee is not None else None,
                    arguments=tuple(self._syntax.text(a) for a in arguments if a.type == "identifier"),
                    object=self._object(first) if first is not None else None,
                    is_mutable=mutable,
                )
            case kind if kind in FUNCTIONS:
                return TopLevel(LiteralKind.FUNCTION, span, is_mutable=mutable)
        return TopLevel(LiteralKind.OTHER, span, is_mutable=mutable)

    def _object(self, node: Node) -> ObjectFacts:
        keys: list[tuple[str, Span]] = []
        is_open = False
        for part in node.named_children:
            name: Node | None = None
            if part.type in ("pair",):
                name = part.child_by_field_name("key")
            elif part.type == "method_definition":
                name = part.child_by_field_name("name")
            elif part.type == "shorthand_property_identifier":
                name = part
            elif part.type == "comment":
                continue
            key = property_name(self._syntax, name) if name is not None else None
            if key is None or name is None:
                is_open = True
            else:
                keys.append((key, span_of(name)))
        return ObjectFacts(tuple(keys), is_open or node.has_error, span_of(node))

    def _type(self, node: Node, exported: bool) -> None:
        name = node.child_by_field_name("name")
        if name is None:
            return
        if exported:
            self.exports.setdefault(
                self._syntax.text(name),
                Export(self._syntax.text(name), span_of(name), self._syntax.text(name), type_only=True),
            )
        found = type_facts(self._syntax, node)
        before = self.types.get(found.name)
        if before is not None:  # interfaces merge
            found = TypeFacts(
                found.name,
                found.path,
                before.span,
                before.members + found.members,
                before.extends + found.extends,
                before.is_open or found.is_open,
            )
        self.types[found.name] = found


def type_facts(syntax: Syntax, node: Node) -> TypeFacts:
    """The facts of an `interface` or `type` declaration."""
    name = node.child_by_field_name("name")
    members: list[TypeMember] = []
    extends: list[str] = []
    is_open = False
    todo: list[Node] = []
    if node.type == "interface_declaration":
        body = node.child_by_field_name("body")
        todo = [body] if body is not None else []
        for clause in node.named_children:
            if clause.type == "extends_type_clause":
                extends.extend(syntax.text(base) for base in clause.named_children)
    else:
        value = node.child_by_field_name("value")
        todo = [value] if value is not None else []
    while todo:
        part = todo.pop(0)
        if part.type in ("interface_body", "object_type"):
            for entry in part.named_children:
                key = entry.child_by_field_name("name")
                if entry.type in ("property_signature", "method_signature") and key is not None:
                    key_text = property_name(syntax, key)
                    if key_text is None:
                        is_open = True
                        continue
                    annotation = entry.child_by_field_name("type")
                    inner = first_named(annotation)
                    members.append(
                        TypeMember(
                            key_text,
                            syntax.text(inner) if inner is not None else "",
                            span_of(key),
                            span_of(inner) if inner is not None else span_of(key),
                            _is_optional(syntax, key, annotation),
                        )
                    )
                elif entry.type != "comment":
                    is_open = True
        elif part.type in ("intersection_type", "parenthesized_type"):
            todo.extend(part.named_children)
        elif part.type in ("type_identifier", "nested_type_identifier"):
            extends.append(syntax.text(part))
        else:
            is_open = True
    return TypeFacts(
        syntax.text(name) if name is not None else "",
        syntax.document.path,
        span_of(node),
        tuple(members),
        tuple(extends),
        is_open or node.has_error,
    )


def _is_optional(syntax: Syntax, key: Node, annotation: Node | None) -> bool:
    """Whether a `?` stands behind the name of a type's member."""
    end = annotation.start_byte if annotation is not None else key.end_byte + 1
    return b"?" in syntax.document.data[key.end_byte : end]


def class_facts(syntax: Syntax, scope: ModuleScope, node: Node, name: str = "") -> ClassFacts:
    """The facts of a class; `name` is used where the class has none of its own."""
    name_node = node.child_by_field_name("name")
    body = node.child_by_field_name("body")
    base: BaseRef | None = None
    implements: list[str] = []
    type_arguments: str | None = None
    for heritage in node.named_children:
        if heritage.type != "class_heritage":
            continue
        for clause in heritage.named_children:
            if clause.type == "implements_clause":
                implements.extend(syntax.text(item) for item in clause.named_children)
            else:
                value = clause.child_by_field_name("value")
                if value is not None:
                    base = _base(syntax, scope, value)
                arguments = clause.child_by_field_name("type_arguments")
                type_arguments = syntax.text(arguments) if arguments is not None else None
    return ClassFacts(
        syntax.text(name_node) if name_node is not None else name,
        syntax.document.path,
        span_of(node),
        span_of(name_node)
        if name_node is not None
        else Span(node.start_byte, node.start_byte + len("class")),
        span_of(body) if body is not None else span_of(node),
        base,
        tuple(implements),
        tuple(_members(syntax, body)) if body is not None else (),
        type_arguments,
        node.type == "abstract_class_declaration",
        any(child.type == "decorator" for child in node.named_children),
    )


def _base(syntax: Syntax, scope: ModuleScope, value: Node) -> BaseRef:
    text = syntax.text(value)
    inner = unwrap(value)
    if inner.type == "identifier":
        declaration = scope.resolve(inner)
        if declaration is None:
            return BaseRef(text)
        ref = scope.origin(declaration)
        return BaseRef(text, imported=ref) if ref is not None else BaseRef(text, local=declaration.name)
    if inner.type == "member_expression":
        target = inner.child_by_field_name("object")
        name = inner.child_by_field_name("property")
        declaration = scope.resolve(target) if target is not None and target.type == "identifier" else None
        ref = scope.origin(declaration) if declaration is not None else None
        if ref is not None and name is not None:
            return BaseRef(
                text,
                imported=ImportRef(ref.module, syntax.text(name)) if ref.name in ("*", "default") else None,
            )
    return BaseRef(text)


def _members(syntax: Syntax, body: Node) -> Iterator[Member]:
    for node in body.named_children:
        if node.type not in (
            "method_definition",
            "public_field_definition",
            "abstract_method_signature",
            "method_signature",
        ):
            continue
        name = node.child_by_field_name("name")
        key = property_name(syntax, name) if name is not None else None
        if name is None or key is None:
            continue
        words = _modifiers(syntax, node, name)
        kind = MemberKind.METHOD
        if node.type == "public_field_definition":
            kind = MemberKind.FIELD
        elif "get" in words:
            kind = MemberKind.GETTER
        elif "set" in words:
            kind = MemberKind.SETTER
        parameters = node.child_by_field_name("parameters")
        yield Member(
            key,
            kind,
            span_of(name),
            span_of(node),
            "static" in words,
            "async" in words,
            sum(1 for p in parameters.named_children if p.type != "comment") if parameters is not None else 0,
            _gives_promise(syntax, node, kind, words),
        )


def _modifiers(syntax: Syntax, member: Node, name: Node) -> frozenset[str] | set[str]:
    """What stands before a member's name (`static`, `async`, `get`, `*`, …), as the types of tokens."""
    before = syntax.document.data[member.start_byte : name.start_byte]
    if not before:
        return frozenset()
    if b"@" in before or b"/" in before:  # a decorator, a comment
        return {child.type for child in member.children}
    return set(before.replace(b"*", b" * ").decode("utf-8", "replace").split())


_ACCESSORS = frozenset({MemberKind.GETTER, MemberKind.SETTER})


def _gives_promise(syntax: Syntax, node: Node, kind: MemberKind, words: Collection[str]) -> bool:
    function: Node | None = node
    is_field = kind is MemberKind.FIELD
    if is_field:
        value = node.child_by_field_name("value")
        function = unwrap(value) if value is not None and unwrap(value).type in FUNCTIONS else None
    if function is None or kind in _ACCESSORS:
        return False
    if is_generator(function) if is_field else "*" in words:
        return False
    if is_async(function) if is_field else "async" in words:
        return True
    declared = first_named(function.child_by_field_name("return_type"))
    return declared is not None and syntax.text(declared).startswith("Promise<")
