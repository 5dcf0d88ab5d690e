"""The methods of JavaScript's own containers, by what they do with what is in there."""

from __future__ import annotations

ADDING = frozenset({"push", "unshift", "add", "set", "append"})
"""Methods of arrays, `Map`, `Set`, `Headers` and the like that put something in, or something else."""

REMOVING = frozenset({"pop", "shift", "delete", "clear"})

REORDERING = frozenset({"sort", "reverse", "fill", "copyWithin"})

MUTATING = ADDING | REMOVING | REORDERING | {"splice"}
"""Methods that change the container they are called on."""

COPYING = frozenset({"concat", "toSpliced", "toSorted", "toReversed", "with", "filter", "slice"})
"""Methods that give a changed copy of an array."""

COLLECTIONS = frozenset({"Map", "Set", "WeakMap", "WeakSet", "Array"})
"""Classes of containers that are made empty and filled."""

PER_ELEMENT = frozenset(
    {"forEach", "map", "flatMap", "filter", "some", "every", "find", "findIndex", "findLast", "reduce"}
)
"""Methods that call a function for each element."""
