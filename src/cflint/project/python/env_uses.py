"""Where a Python module reads what `env` holds, and how: called, looked for, assigned."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import libcst as cst

from cflint.project.code.values import ValueKind
from cflint.project.python.nodes import arguments
from cflint.project.python.tree import is_caught
from cflint.record import record

if TYPE_CHECKING:
    from cflint.project.python.interface import PythonModuleLike


@record(frozen=True, eq=False)
class PythonEnvUse:
    """One place that names a member of `env`, at `node`.

    `method` is what is called on it (`get` of `env.X.get(…)`). `guarded`: the place asks whether it is there,
    catches that it is not, or gives `env` the member.
    """

    name: str
    node: cst.CSTNode
    method: str | None = None
    guarded: bool = False


_ASKING = (cst.If, cst.IfExp, cst.BooleanOperation, cst.UnaryOperation, cst.Comparison)
_GIVING = (cst.AssignTarget, cst.Assert)


def env_uses(module: PythonModuleLike) -> Iterator[PythonEnvUse]:
    """Every member of `env` that a module names, those in `hasattr`, `getattr` and `setattr` last."""
    for node in module.find(cst.Attribute):
        if module.value_of(node.value).kind is ValueKind.ENV:
            yield PythonEnvUse(node.attr.value, node.attr, _method(module, node), _is_guarded(module, node))
    for call in module.calls("hasattr", "getattr", "setattr"):
        given = arguments(call)
        name = module.string_of(given[1]) if len(given) > 1 else None
        if name is not None:
            yield PythonEnvUse(name, given[1], guarded=True)


def _method(module: PythonModuleLike, node: cst.Attribute) -> str | None:
    above = module.parent(node)
    around = module.parent(above) if isinstance(above, cst.Attribute) else None
    is_called = isinstance(around, cst.Call) and around.func is above
    return above.attr.value if isinstance(above, cst.Attribute) and is_called else None


def _is_guarded(module: PythonModuleLike, node: cst.Attribute) -> bool:
    if isinstance(module.parent(node), (*_ASKING, *_GIVING)):
        return True
    return is_caught(module, node)
