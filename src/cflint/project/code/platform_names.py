"""What name of the platform, of a package or of the language an expression in a module means.

However it was imported, renamed, destructured or reached (`ns.Name`, `globalThis.crypto`), and whether or not
a local name shadows it: only what is resolved counts, never the spelling.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cflint.platform.exports import PlatformName, usual_name
from cflint.scope import Declaration, DeclarationKind, ImportRef
from cflint.syntax.javascript import string_value, unwrap

if TYPE_CHECKING:
    from tree_sitter import Node

    from cflint.project.code.interface import ModuleLike

_HOPS = 8
"""How many names, members and re-exports are followed."""
_GLOBAL_OBJECTS = frozenset({"globalThis", "self", "global"})
_NAMES = frozenset({"identifier", "shorthand_property_identifier", "type_identifier"})
_WHOLE_MODULE = frozenset({"*", "default"})
_VARIABLES = frozenset({DeclarationKind.CONST, DeclarationKind.USING})


def platform_name(module: ModuleLike, node: Node | None) -> PlatformName | None:
    """The name outside of the project that an identifier, a chain of members or a type means.

    `nanoid` of `import { nanoid as id } from "nanoid"` wherever `id` means it, `DurableObject` of
    `cloudflare:workers` for `cf.DurableObject`, `crypto.randomUUID` of "" for that of the global, for
    `const { randomUUID } = crypto` and for `globalThis.crypto["randomUUID"]`. Re-exports of the project's
    modules are followed. A name that nothing declares is a global. None of what the project itself declares,
    and of expressions that are no names.
    """
    if node is None:
        return None
    return module.memoized(("platform name", node.id), lambda: _find_platform_name(module, node))


def _find_platform_name(module: ModuleLike, node: Node | None) -> PlatformName | None:
    parts: list[str] = []
    for _ in range(_HOPS):
        if node is None:
            return None
        node = unwrap(node)
        match node.type:
            case "member_expression":
                name = node.child_by_field_name("property")
                if name is None or name.type != "property_identifier":
                    return None
                parts.insert(0, module.text(name))
                node = node.child_by_field_name("object")
            case "subscript_expression":
                index = node.child_by_field_name("index")
                key = string_value(module.syntax, index) if index is not None else None
                if key is None:
                    return None
                parts.insert(0, key)
                node = node.child_by_field_name("object")
            case "nested_type_identifier":
                name = node.child_by_field_name("name")
                parts.insert(0, module.text(name) if name is not None else "")
                node = node.child_by_field_name("module")
            case kind if kind in _NAMES:
                declaration = _declaration(module, node)
                if declaration is None:
                    return _global(module.text(node), parts)
                ref = module.scope.origin(declaration)
                if ref is not None:
                    return _imported(module, ref, parts)
                if declaration.kind not in _VARIABLES or declaration.value is None:
                    return None
                steps = [step for step in declaration.path if isinstance(step, str)]
                if len(steps) != len(declaration.path):
                    return None
                parts[:0] = steps
                node = declaration.value
            case _:
                return None
    return None


def called_name(module: ModuleLike, call: Node) -> PlatformName | None:
    """The name outside of the project that a call or `new` calls (see `platform_name`)."""
    callee = call.child_by_field_name("function") or call.child_by_field_name("constructor")
    return platform_name(module, callee)


def is_from(module: ModuleLike, node: Node | None, source: str, *names: str) -> bool:
    """Whether an expression means one of the names of a module (of the globals where `source` is "")."""
    found = platform_name(module, node)
    return found is not None and found.module == source and found.name in names


def _declaration(module: ModuleLike, node: Node) -> Declaration | None:
    if node.type == "type_identifier":
        return module.scope.lookup_type(module.text(node), node)
    return module.scope.resolve(node)


def _global(name: str, parts: list[str]) -> PlatformName:
    names = [name, *parts]
    while len(names) > 1 and names[0] in _GLOBAL_OBJECTS:
        names = names[1:]
    return PlatformName("", ".".join(names))


def _imported(module: ModuleLike, ref: ImportRef, parts: list[str]) -> PlatformName | None:
    """The usual name of what an import means, or a member of it; None when the project declares it."""
    name, rest = ref.name, parts
    path = module.path
    for _ in range(_HOPS):
        home = module.project.imports.resolve(ref.module, path)
        if home is None:
            if name in _WHOLE_MODULE and rest:
                name, rest = rest[0], rest[1:]
            found = usual_name(ref.module, name)
            return PlatformName(found.module, ".".join((found.name, *rest))) if rest else found
        if name == "*" and rest:
            name, rest = rest[0], rest[1:]
        facts = module.project.facts.of(home)
        export = facts.exports.get(name) if facts is not None else None
        if facts is None or export is None:
            return None
        if export.source is not None and export.imported is not None:
            ref = ImportRef(export.source, export.imported)
        elif export.local is not None and export.local in facts.imports:
            ref = facts.imports[export.local]
        else:
            return None
        name, path = ref.name, home
    return None
