"""Names of a module that are imported where they are first used."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from typing import Any


def lazily(namespace: dict[str, Any], origins: Mapping[str, str]) -> Callable[[str], object]:
    """The `__getattr__` of a module whose `globals()` are `namespace`.

    `origins` has names by the module that they are imported from, parted by spaces; `name:other` is exported as
    `other`. Raises AttributeError for any other name.
    """
    places = {
        word.rpartition(":")[2]: (module, word.partition(":")[0])
        for module, words in origins.items()
        for word in words.split()
    }

    def find(name: str) -> object:
        place = places.get(name)
        if place is None:
            raise AttributeError(f"module {namespace['__name__']!r} has no attribute {name!r}")
        value: object = getattr(importlib.import_module(place[0]), place[1])
        namespace[name] = value
        return value

    return find
