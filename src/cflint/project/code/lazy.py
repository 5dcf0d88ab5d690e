"""Methods whose functions are loaded when they are first called.

A module has some hundred questions, answered in two dozen files, of which a run needs a few. `Module` lists
them as `name = file.function`: to the type checker that is a method, since the function takes the module
first. Where a start has no need of the file, it is imported like this, and only so:

    if TYPE_CHECKING:
        from cflint.project.code import flow
    else:
        flow = Lazy("cflint.project.code.flow")

The first call imports the file and puts the function in the place of the name, so that later calls cost
what those of any method do.
"""

from __future__ import annotations

import importlib
from typing import Any

__all__ = ["Lazy"]


class Lazy:
    """A module by its dotted name; its attributes are functions that import it when they are called."""

    __slots__ = ("_module",)

    def __init__(self, module: str) -> None:
        self._module = module

    def __getattr__(self, name: str) -> Any:
        return _Function(self._module, name)


class _Function:
    """A function of a module that is imported at the first call; a method where a class has it."""

    __slots__ = ("_attribute", "_module", "_name", "_owner")

    def __init__(self, module: str, name: str) -> None:
        self._module = module
        self._name = name
        self._owner: type | None = None
        self._attribute = name

    def __set_name__(self, owner: type, attribute: str) -> None:
        self._owner = owner
        self._attribute = attribute

    def __get__(self, instance: object, owner: type) -> Any:
        function = self._load()
        if self._owner is not None:
            setattr(self._owner, self._attribute, function)
        return function.__get__(instance, owner)

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        return self._load()(*arguments, **named)

    def _load(self) -> Any:
        return getattr(importlib.import_module(self._module), self._name)
