"""What code of Python does to the world: what it prints."""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst

from cflint.project.python.nodes import arguments, called_name, receiver

if TYPE_CHECKING:
    from cflint.project.python.interface import PythonModuleLike

_LOGGER_METHODS = frozenset(
    {"debug", "info", "warning", "warn", "error", "critical", "exception", "log", "fatal"}
)
_LOGGERS = frozenset({"logging", "js.console"})


def printed(module: PythonModuleLike, call: cst.Call) -> tuple[cst.BaseExpression, ...] | None:
    """The arguments of a call that prints them: of `print`, a logger of `logging`, the runtime's `console`;
    those with a keyword come last. None of every other call."""
    if module.builtin(call.func) != "print":
        owner = receiver(call)
        if owner is None or called_name(call) not in _LOGGER_METHODS or not _is_logger(module, owner):
            return None
    named = (argument.value for argument in call.args if argument.keyword is not None)
    return (*arguments(call), *named)


def _is_logger(module: PythonModuleLike, node: cst.BaseExpression) -> bool:
    if module.origin(node) in _LOGGERS:
        return True
    entries = module.resolve(node) or () if isinstance(node, cst.Name) else ()
    made = entries[0].value if len(entries) == 1 else None
    return isinstance(made, cst.Call) and module.origin(made.func) == "logging.getLogger"
