"""What the runtime takes a class of Python for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst

from cflint.platform.classes import ClassKind

if TYPE_CHECKING:
    from cflint.project.python.interface import PythonClassLike, PythonModuleLike

SDK_MODULES = ("workers", "cloudflare.workers")
"""The names under which the SDK for Python Workers can be imported."""

_BASES = {
    "DurableObject": ClassKind.DURABLE_OBJECT,
    "WorkerEntrypoint": ClassKind.WORKER_ENTRYPOINT,
    "WorkflowEntrypoint": ClassKind.WORKFLOW,
}


def kind_of_class(module: PythonModuleLike, owner: PythonClassLike) -> ClassKind:
    """What a class is to the runtime; UNKNOWN when a base cannot be followed."""
    kinds = {_kind_by_base(module, base, 20) for base in owner.bases}
    for kind in kinds:
        if kind.is_platform:
            return kind
    return ClassKind.UNKNOWN if ClassKind.UNKNOWN in kinds else ClassKind.PLAIN


def _kind_by_base(module: PythonModuleLike, base: cst.BaseExpression, hops: int) -> ClassKind:
    if isinstance(base, cst.Subscript):  # Generic[T]
        base = base.value
    dotted = module.origin(base)
    if dotted is not None:
        source, _, name = dotted.rpartition(".")
        if source in SDK_MODULES:
            return _BASES.get(name, ClassKind.PLAIN)
        path = module.project.imports.resolve(dotted, module.path)
        other = module.other(path) if path is not None and path != module.path else None
        found = other.class_named(name) if other is not None else None
        if found is None or hops == 0:
            plain = source.split(".")[0] in ("abc", "typing", "enum")
            return ClassKind.PLAIN if plain else ClassKind.UNKNOWN
        kinds = {_kind_by_base(found.module, inner, hops - 1) for inner in found.bases}
        return next((kind for kind in kinds if kind is not ClassKind.PLAIN), ClassKind.PLAIN)
    if not isinstance(base, cst.Name):
        return ClassKind.UNKNOWN
    entries = module.resolve(base)
    if entries is None:
        return ClassKind.PLAIN if base.value in ("object", "Exception", "dict", "str") else ClassKind.UNKNOWN
    if len(entries) == 1 and isinstance(entries[0].node, cst.ClassDef) and hops:
        kinds = {
            _kind_by_base(module, inner.value, hops - 1)
            for inner in entries[0].node.bases
            if inner.star == ""
        }
        return next((kind for kind in kinds if kind is not ClassKind.PLAIN), ClassKind.PLAIN)
    return ClassKind.UNKNOWN
