"""The functions of a Pages project: what the modules below `functions/` export by certain names."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.platform.handlers import PAGES_NAMES
from cflint.syntax.javascript import FUNCTIONS, unwrap, with_wrappers

if TYPE_CHECKING:
    from tree_sitter import Node

    from cflint.project.code.interface import ModuleLike

_TYPES = ("PagesFunction", "PagesPluginFunction")


def is_below_functions(path: str) -> bool:
    """Whether a module lies in a folder that Pages looks for functions in."""
    return "/functions/" in f"/{path}"


def functions_of(module: ModuleLike) -> Iterator[tuple[str, Node]]:
    """The functions that Pages calls, by the names of their exports. An export may be an array of them."""
    if not is_below_functions(module.path) or b"onRequest" not in module.document.data:
        return
    facts = module.project.facts.of(module.path)
    for name, exported in facts.exports.items() if facts is not None else ():
        declared = module.scope.top_level.get(exported.local or "") if name in PAGES_NAMES else None
        if declared is None:
            continue
        function = module.function_of(declared)
        if function is not None:
            yield name, function
            continue
        value = unwrap(declared.value) if declared.value is not None and not declared.path else None
        if value is None or value.type != "array":
            continue
        for part in value.named_children:
            node = unwrap(part)
            if node.type == "identifier":
                found = module.scope.resolve(node)
                function = module.function_of(found) if found is not None else None
            else:
                function = node if node.type in FUNCTIONS else None
            if function is not None:
                yield name, function


def is_function(module: ModuleLike, function: Node) -> bool:
    """Whether Pages calls a function: by its export, or by the type that it is declared with."""
    if not is_below_functions(module.path):
        return False
    ids = module.memoized("functions of Pages", lambda: {it.id for _, it in functions_of(module)})
    return function.id in ids or _is_typed(module, function)


def _is_typed(module: ModuleLike, function: Node) -> bool:
    declarator = module.syntax.parent(with_wrappers(module.syntax, function))
    if declarator is None or declarator.type != "variable_declarator":
        return False
    annotation = declarator.child_by_field_name("type")
    return annotation is not None and module.text(annotation).lstrip(": ").startswith(_TYPES)
