"""The facts of a module, from its tree."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.project.modules.facts.data import (
    ClassFacts,
    Export,
    FunctionFacts,
    LiteralKind,
    ModuleFacts,
    ObjectFacts,
    TopLevel,
    TypeFacts,
)
from cflint.project.modules.facts.declarations import class_facts, type_facts
from cflint.scope import ModuleScope
from cflint.source import Span
from cflint.syntax.javascript import (
    CLASSES,
    FUNCTIONS,
    Syntax,
    arguments_of,
    first_named,
    is_async,
    property_name,
    span_of,
    string_value,
    unwrap,
)

if TYPE_CHECKING:
    from tree_sitter import Node


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
    """Reads the statements at the top level of one module."""

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

    def _statement(self, node: Node, *, exported: bool) -> None:
        text = self._syntax.text
        match node.type:
            case "class_declaration" | "abstract_class_declaration":
                found = class_facts(self._syntax, self._scope, node)
                self._declare(found.name, found.name_span, exported=exported)
                self.classes[found.name] = found
                self.values[found.name] = TopLevel(LiteralKind.CLASS, found.span)
            case "function_declaration" | "generator_function_declaration":
                name = node.child_by_field_name("name")
                if name is not None:
                    self._declare(text(name), span_of(name), exported=exported)
                    self.functions[text(name)] = self._function(text(name), node)
                    self.values[text(name)] = TopLevel(LiteralKind.FUNCTION, span_of(node))
            case "lexical_declaration" | "variable_declaration":
                mutable = node.children[0].type != "const"
                for declarator in node.named_children:
                    if declarator.type == "variable_declarator":
                        self._variable(declarator, exported=exported, mutable=mutable)
            case "interface_declaration" | "type_alias_declaration":
                self._type(node, exported=exported)
            case "enum_declaration":
                name = node.child_by_field_name("name")
                if name is not None:
                    self._declare(text(name), span_of(name), exported=exported)
            case "export_statement":
                self._export(node)
            case "ambient_declaration":  # declare global {…}, declare namespace Cloudflare {…}
                for inner in node.named_children:
                    if inner.type in ("statement_block", "internal_module", "module"):
                        self._ambient(inner)
                    else:
                        self._statement(inner, exported=exported)
            case "expression_statement":
                expression = first_named(node)
                if expression is not None and expression.type == "internal_module":
                    self._ambient(expression)
                elif expression is not None and expression.type == "assignment_expression":
                    self._commonjs(expression)
                elif expression is not None and expression.type == "call_expression":
                    self._listener(expression)

    def _declare(self, name: str, span: Span, *, exported: bool) -> None:
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

    def _variable(self, declarator: Node, *, exported: bool, mutable: bool) -> None:
        target = declarator.child_by_field_name("name")
        value = declarator.child_by_field_name("value")
        if target is None:
            return
        if target.type != "identifier":
            for part in self._pattern_names(target):
                self._declare(self._syntax.text(part), span_of(part), exported=exported)
            return
        name = self._syntax.text(target)
        self._declare(name, span_of(target), exported=exported)
        if value is None:
            self.values[name] = TopLevel(LiteralKind.OTHER, span_of(target), is_mutable=mutable)
            return
        inner = unwrap(value)
        if inner.type in CLASSES:
            self.classes[name] = class_facts(self._syntax, self._scope, inner, name)
        elif inner.type in FUNCTIONS:
            self.functions[name] = self._function(name, inner)
        self.values[name] = self._value(value, mutable=mutable)

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

    def _value(self, node: Node, *, mutable: bool = False) -> TopLevel:
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
            if part.type == "pair":
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

    def _type(self, node: Node, *, exported: bool) -> None:
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
                is_open=before.is_open or found.is_open,
            )
        self.types[found.name] = found
