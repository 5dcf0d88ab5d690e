"""What is imported where it is first used, so that a start loads no more than the run needs.

There are two ways, and a file uses no other.

A module that passes on names of others has a `__getattr__` by `lazily`.

A class whose methods are functions of other files (they take the instance first) lists them as
`name = file.function`. To the type checker that is a method; the file is imported at the first call:

    if TYPE_CHECKING:
        from cflint.project.code import flow
    else:
        flow = Lazy("cflint.project.code.flow")

    class Module:
        can_reach = flow.can_reach

After that the function stands in the place of the name, so that a call costs what any call does.

Imported where used: what warns of deprecated names, of which there are few.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Collection, Mapping
from typing import Any

from cflint.record import record


@record(frozen=True)
class Deprecation:
    """That a name will go: the version that says so, what to use instead, the version in which it goes."""

    since: str
    instead: str
    until: str


def lazily(
    namespace: dict[str, Any],
    origins: Mapping[str, str],
    submodules: Collection[str] = (),
    deprecated: Mapping[str, Deprecation] | None = None,
) -> Callable[[str], object]:
    """The `__getattr__` of a module whose `globals()` are `namespace`.

    `origins` has names by the module that they are imported from, parted by spaces; `name:other` is exported
    as `other`. `submodules` are modules of the package that are its attributes, too. `dir()` lists them all.
    Names of `deprecated`, written with their module, warn whenever they are imported. Raises AttributeError
    for any other name.
    """
    places = {
        word.rpartition(":")[2]: (module, word.partition(":")[0])
        for module, words in origins.items()
        for word in words.split()
    }

    def find(name: str) -> object:
        if name in submodules:
            return importlib.import_module(f"{namespace['__name__']}.{name}")
        place = places.get(name)
        if place is None:
            raise AttributeError(f"module {namespace['__name__']!r} has no attribute {name!r}")
        module = importlib.import_module(place[0])
        if not hasattr(module, place[1]):
            importlib.import_module(f"{place[0]}.{place[1]}")  # the name is that of a module in a package
        value: object = getattr(module, place[1])
        goes = deprecated.get(f"{namespace['__name__']}.{name}") if deprecated else None
        if goes is not None:
            _warn(f"{namespace['__name__']}.{name}", goes)
            return value
        namespace[name] = value
        return value

    namespace["__dir__"] = lambda: sorted({*namespace, *places, *submodules})
    return find


def _warn(name: str, goes: Deprecation) -> None:
    import warnings

    message = f"`{name}` is deprecated since {goes.since}: use {goes.instead}; it goes in {goes.until}"
    warnings.warn(message, DeprecationWarning, stacklevel=3)


class Lazy:
    """A module by its dotted name; its attributes are functions that import it when they are called."""

    def __init__(self, module: str) -> None:
        self._module = module

    def __getattr__(self, name: str) -> Any:
        return _Function(self, name)

    def load(self, name: str) -> Any:
        """A function of the module; from now on it is an attribute like any other."""
        function = getattr(importlib.import_module(self._module), name)
        setattr(self, name, function)
        return function


class _Function:
    """A function of a module that is imported at the first call; a method where a class has it."""

    __slots__ = ("_attribute", "_name", "_owner", "_place")

    def __init__(self, place: Lazy, name: str) -> None:
        self._place = place
        self._name = name
        self._owner: type | None = None
        self._attribute = name

    def __set_name__(self, owner: type, attribute: str) -> None:
        self._owner = owner
        self._attribute = attribute

    def __get__(self, instance: object, owner: type) -> Any:
        function = self._place.load(self._name)
        if self._owner is not None:
            setattr(self._owner, self._attribute, function)
        return function.__get__(instance, owner)

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        return self._place.load(self._name)(*arguments, **named)
