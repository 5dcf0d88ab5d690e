"""The facts of a class and of a type, from their declarations."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING

from cflint.project.modules.facts.data import (
    BaseRef,
    ClassFacts,
    Member,
    MemberKind,
    TypeFacts,
    TypeMember,
)
from cflint.scope import ImportRef, ModuleScope
from cflint.source import Span
from cflint.syntax.javascript import (
    FUNCTIONS,
    Syntax,
    arguments_of,
    first_named,
    is_async,
    is_generator,
    property_name,
    span_of,
    unwrap,
)

if TYPE_CHECKING:
    from tree_sitter import Node


def type_facts(syntax: Syntax, node: Node) -> TypeFacts:
    """The facts of an `interface` or `type` declaration."""
    name = node.child_by_field_name("name")
    extends: list[str] = []
    body = node.child_by_field_name("value")
    if node.type == "interface_declaration":
        body = node.child_by_field_name("body")
        for clause in node.named_children:
            if clause.type == "extends_type_clause":
                extends.extend(syntax.text(base) for base in clause.named_children)
    return _type_facts(syntax, node, syntax.text(name) if name is not None else "", body, extends)


def object_type_facts(syntax: Syntax, node: Node, name: str) -> TypeFacts:
    """The facts of a type that is written in place (`{ KV: KVNamespace }`), under a name that is given."""
    return _type_facts(syntax, node, name, node, [])


def _type_facts(syntax: Syntax, node: Node, name: str, body: Node | None, extends: list[str]) -> TypeFacts:
    members: list[TypeMember] = []
    is_open = False
    todo = [body] if body is not None else []
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
                            optional=_is_optional(syntax, key, annotation),
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
        name,
        syntax.document.path,
        span_of(node),
        tuple(members),
        tuple(extends),
        is_open=is_open or node.has_error,
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
        is_abstract=node.type == "abstract_class_declaration",
        decorated=any(child.type == "decorator" for child in node.named_children),
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
    if inner.type == "call_expression":
        callee = inner.child_by_field_name("function")
        given = [unwrap(part) for part in arguments_of(inner)]
        names = [part for part in (*given, callee) if part is not None and part.type == "identifier"]
        return BaseRef(text, wrapped=_base(syntax, scope, names[0])) if names else BaseRef(text)
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
            is_static="static" in words,
            is_async="async" in words,
            parameters=sum(1 for p in parameters.named_children if p.type != "comment")
            if parameters is not None
            else 0,
            gives_promise=_gives_promise(syntax, node, kind, words),
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
