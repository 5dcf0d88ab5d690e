"""What stands for a namespace of KV, and may be something of the project's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cflint.api import Module, config, js, pattern

if TYPE_CHECKING:
    from tree_sitter import Node

_OTHER_TYPE = pattern(r"\|(?!\s*(?:null|undefined|KVNamespace)\b)|^(?!KVNamespace\b)[^|]*\|")
"""A union of types in which not only `KVNamespace` stands."""
_STANDS_IN = pattern(rb"\bas (?:unknown|any|never) as KVNamespace\b|\bimplements [^{]*\bKVNamespace\b")
"""Code by which something else passes for a namespace."""


def may_be_other(module: Module, receiver: Node) -> bool:
    """Whether what stands for a namespace may be something of the project's own: the other side of `??`, a
    type that allows more, or one that is only called so. A parameter may be what is made elsewhere."""
    declaration = module.scope.resolve(receiver) if receiver.type == "identifier" else None
    if declaration is not None and declaration.kind is js.DeclarationKind.PARAMETER:
        function = module.enclosing_function(declaration.node)
        given = module.parameters(function) if function is not None else ()
        types = [module.text(it.type) for it in given if it.name == declaration.name and it.type is not None]
        return any(_OTHER_TYPE.search(text) is not None for text in types) or _has_own(module)
    found = js.function_called(module, receiver)
    if found is None:
        values = [receiver]
    else:
        module, function = found
        returned = (js.first_named(statement) for statement in module.returns_of(function))
        values = [value for value in returned if value is not None]
    ways = (way for value in values for way in module.alternatives(value))
    return any(way.type in ("new_expression", "object") for way in ways)


def _has_own(module: Module) -> bool:
    """Whether the code of a Worker makes something that passes for a namespace."""

    def look() -> bool:
        documents = (
            module.project.sources.document(path)
            for path in js.paths_around(module)
            if not config.is_test_path(path)
        )
        return any(it is not None and _STANDS_IN.search(it.data) is not None for it in documents)

    question = ("own namespaces of KV", *(id(worker) for worker in module.workers))
    return module.project.memo.memoized(question, look)
