"""A Worker that something else than wrangler declares, as far as it is written down."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from cflint.record import field, record


@record(frozen=True)
class Declared:
    """One Worker: the `names` that it is given, the `paths` (as written) of its entry, its bundle or its
    folder, and the kinds of its bindings by their names, as far as these are known."""

    names: frozenset[str] = frozenset()
    paths: frozenset[str] = frozenset()
    bindings: Mapping[str, str] = field(default_factory=dict)


def together(found: Iterable[Declared]) -> Mapping[str, str]:
    """The bindings of several; without those that are of several kinds."""
    kinds: dict[str, set[str]] = {}
    for one in found:
        for name, kind in one.bindings.items():
            kinds.setdefault(name, set()).add(kind)
    return {name: next(iter(found)) for name, found in sorted(kinds.items()) if len(found) == 1}
