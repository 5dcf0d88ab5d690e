"""Which nodes of a module are its classes and handlers, and which class `this` is an instance of."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.platform.classes import PLATFORM_BASE_NAMES
from cflint.project.code.parameters import handler_parameters
from cflint.syntax.javascript import (
    CLASSES,
    FUNCTIONS,
    Syntax,
    arguments_of,
    is_static,
    property_name,
    unwrap,
    walk,
)

if TYPE_CHECKING:
    from tree_sitter import Node

    from cflint.project.code.interface import ClassLike, ModuleLike
    from cflint.project.workers.worker import Worker

_MOST_MODULES = 100

_AROUND_CLASSES = frozenset(
    {"export_statement", "lexical_declaration", "variable_declaration", "variable_declarator", "arguments"}
    | {"call_expression", "expression_statement", "parenthesized_expression", "assignment_expression"}
    | {"satisfies_expression"}
)


def this_node(syntax: Syntax, known: dict[int, Node | None], this: Node) -> Node | None:
    """The class whose instance `this` is; None in a plain function or a static member.

    `known` keeps what was found, by the id of a `this` or of a block."""
    if this.id not in known:
        known[this.id] = _find_this(syntax, known, this)
    return known[this.id]


def _find_this(syntax: Syntax, known: dict[int, Node | None], this: Node) -> Node | None:
    blocks: list[int] = []
    found: Node | None = None
    for above in syntax.ancestors(this):
        kind = above.type
        if kind == "statement_block":
            if above.id in known:
                found = known[above.id]
                break
            blocks.append(above.id)
        elif kind in ("function_expression", "function_declaration", "generator_function"):
            break
        elif kind == "method_definition":
            parent = syntax.parent(above)
            if parent is None or parent.type != "class_body":
                break
            if is_static(above):
                break
        elif kind in CLASSES:
            found = above
            break
    for block in blocks:
        known[block] = found
    return found


def first_of_chain(member: Node) -> Node | None:
    """What a chain of members, indices and calls starts with: `this` of `this.a.b`."""
    node: Node | None = member
    while node is not None and node.type in (
        "member_expression",
        "subscript_expression",
        "call_expression",
    ):
        inner = node.child_by_field_name("object") or node.child_by_field_name("function")
        node = unwrap(inner) if inner is not None else None
    return node


def leaves_out_imports(module: ModuleLike) -> bool:
    """Whether a class of the module extends one of the platform and the module imports nothing."""
    if module.scope.imports:
        return False
    facts = module.project.facts.of(module.path)
    bases = [found.base for found in facts.classes.values()] if facts is not None else []
    return any(base is not None and base.local is None and base.text in PLATFORM_BASE_NAMES for base in bases)


def super_calls(module: ModuleLike, owner: ClassLike) -> tuple[Node, ...]:
    """The calls of `super(…)` in a class, in source order; those of classes inside it are none."""
    found = (module.syntax.parent(word) for word in module.syntax.leaves("super", owner.body))
    return tuple(
        node
        for node in found
        if node is not None
        and node.type == "call_expression"
        and (around := module.enclosing_class(node)) is not None
        and around.node.id == owner.node.id
    )


def type_arguments(module: ModuleLike, owner: ClassLike) -> tuple[Node, ...]:
    """The type arguments that a class gives its base: `Env` and `State` of `extends Agent<Env, State>`."""
    heritage = next((part for part in owner.node.children if part.type == "class_heritage"), None)
    for clause in heritage.named_children if heritage is not None else ():
        listed = clause.child_by_field_name("type_arguments")
        if clause.type == "extends_clause" and listed is not None:
            return tuple(node for node in listed.named_children if node.type != "comment")
    return ()


def handler_functions(module: ModuleLike) -> Iterator[tuple[str, Node, Node | None]]:
    """The functions that the runtime calls: the handler's name, the function, its class if it has one."""
    for node in _class_nodes(module):
        owner = module.class_of(node)
        for name, method in owner.methods:
            called = name == "alarm" and owner.is_durable_object
            if called or (name != "constructor" and handler_parameters(owner.kind, name) is not None):
                yield name, method, node
    seen: set[int] = set()
    for exported in _entry_objects(module):
        if exported.id in seen:
            continue
        seen.add(exported.id)
        for name, function in _functions_of_object(module, exported):
            if handler_parameters(None, name) is not None:
                yield name, function, None


def _class_nodes(module: ModuleLike) -> Iterator[Node]:
    if module.document.data.find(b"class") == -1:
        return
    stack = list(reversed(module.syntax.root.named_children))
    while stack:
        node = stack.pop()
        if node.type in CLASSES:
            yield node
        elif node.type in _AROUND_CLASSES:
            stack.extend(reversed(node.named_children))


def _entry_objects(module: ModuleLike) -> Iterator[Node]:
    """The object literals that are, or become, the default export."""
    todo = _exported_by_default(module)
    for declaration in module.scope.top_level.values():
        annotation = declaration.owner.child_by_field_name("type") if declaration.value is not None else None
        if annotation is not None and "ExportedHandler" in module.text(annotation):
            assert declaration.value is not None
            todo.append(declaration.value)
    for _ in range(200):
        if not todo:
            return
        node = unwrap(todo.pop())
        if node.type == "object":
            yield node
        elif node.type == "identifier":
            resolved = module.initializer(node)
            if resolved.type != "identifier":
                todo.append(resolved)
        elif node.type in (
            "call_expression",
            "new_expression",
        ):  # withSentry(…, handler), instrument(handler)
            todo.extend(arguments_of(node))


def _exported_by_default(module: ModuleLike) -> list[Node]:
    """The expressions that a module exports by default."""
    found: list[Node] = []
    for statement in module.syntax.root.named_children:
        if statement.type == "export_statement" and any(c.type == "default" for c in statement.children):
            value = statement.child_by_field_name("value")
            if value is not None:
                found.append(value)
        elif statement.type == "export_statement":
            for clause in statement.named_children:
                for specifier in clause.named_children if clause.type == "export_clause" else ():
                    alias = specifier.child_by_field_name("alias")
                    name = specifier.child_by_field_name("name")
                    if alias is not None and name is not None and module.text(alias) == "default":
                        found.append(name)
    return found


def default_is_entrypoint(module: ModuleLike) -> bool:
    """Whether the runtime may call the functions of what a module exports by default: the module is the entry
    of a Worker, or what this one exports is made of that (`export default withSentry(handler)`). True as well
    where it is not known. Not so for the `fetch` of a plugin, which code of the Worker calls."""
    workers = module.workers
    return not workers or any(_makes_entry(module, worker) for worker in workers)


def _makes_entry(module: ModuleLike, worker: Worker) -> bool:
    """Whether a Worker's default export may be made of what a module exports. Functions that stand in it are
    not gone into: what they call is theirs."""
    if not worker.entries or worker.app is not None or module.path in worker.entries:
        return True
    project = module.project
    todo: list[tuple[str, Node | None]] = []  # modules and what to look at there; None is the default export
    for entry in worker.entries:
        target = project.exports.named(entry, "default")
        if target is not None:
            todo.append((target.module, None))
    if not todo:
        return True  # by CommonJS, or not at all
    seen: set[tuple[str, int]] = set()
    for _ in range(_MOST_MODULES):
        if not todo:
            return False
        path, given = todo.pop()
        other = module.other(path) if path != module.path else None
        if other is None:
            return True
        roots = _exported_by_default(other) if given is None else [given]
        for node in (part for root in roots for part in (root, *walk(root, into_functions=False))):
            if node.type not in ("identifier", "shorthand_property_identifier"):
                continue
            declaration = other.scope.resolve(node)
            if declaration is None or (path, declaration.node.id) in seen:
                continue
            seen.add((path, declaration.node.id))
            if declaration.imported is None:
                if declaration.value is not None:
                    todo.append((path, declaration.value))
                continue
            source = project.imports.resolve(declaration.imported.module, path)
            home = project.exports.declaration(path, declaration.imported)
            if module.path in (source, home[0] if home is not None else None):
                return True
            if home is not None:
                there = module.other(home[0])
                made = there.scope.top_level.get(home[1]) if there is not None else None
                if made is not None and made.value is not None:
                    todo.append((home[0], made.value))
            elif source is not None:
                todo.append((source, None))
    return True


def _functions_of_object(module: ModuleLike, node: Node) -> Iterator[tuple[str, Node]]:
    for part in node.named_children:
        if part.type == "method_definition":
            name = part.child_by_field_name("name")
            key = property_name(module.syntax, name) if name is not None else None
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
        key = property_name(module.syntax, name) if name is not None else None
        if key is None or value is None:
            continue
        value = unwrap(value)
        if value.type in ("identifier", "shorthand_property_identifier"):
            declaration = module.scope.resolve(value)
            function = module.function_of(declaration) if declaration is not None else None
            if function is not None:
                yield key, function
        elif value.type in FUNCTIONS:
            yield key, value
