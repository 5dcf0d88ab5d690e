"""Of which modules a value is taken: an import takes what it names, `export … from` what is taken of its own
module. Of all others nothing runs but their top level, and bundlers leave the rest out."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from collections.abc import Set as AbstractSet

from cflint.project.modules.imports import Import, ImportKind

_MOST_STARS = 200
"""How many `export *` of one module are followed by name: all is taken of those behind more."""


class Barrel:
    """What a module takes of others, and what it hands on: by name where the names stand there, and by
    `export *`. `edges` are its imports of values, each with the module that it leads to."""

    __slots__ = ("handing", "imports", "named", "stars")

    def __init__(self, edges: Iterable[tuple[str, Import]]) -> None:
        self.imports: list[tuple[str, Import]] = []
        self.named: dict[str, list[tuple[str, str]]] = {}
        self.stars: dict[str, None] = {}
        self.handing: dict[str, None] = {}
        for path, item in edges:
            if item.kind is not ImportKind.REEXPORT:
                self.imports.append((path, item))
                continue
            names = item.names
            self.handing[path] = None
            if names is None:
                self.stars[path] = None
            for there, here in names or ():
                self.named.setdefault(here, []).append((path, there))


class Takings:
    """Finds those among some modules of which something is taken. `barrel_of` gives what a module takes and
    hands on, `words_in` those of some words that stand in a module's text."""

    def __init__(
        self,
        among: frozenset[str],
        barrel_of: Callable[[str], Barrel],
        words_in: Callable[[str, AbstractSet[str]], AbstractSet[str]],
    ) -> None:
        self._among = among
        self._barrel_of = barrel_of
        self._words_in = words_in
        self._visited: set[str] = set()
        self._taken: dict[str, set[str] | None] = {}  # None: all that it exports
        self._new: dict[str, set[str] | None] = {}  # of what is taken, what has not been handed on yet

    def of(self, starts: Iterable[str]) -> frozenset[str]:
        """The modules of which something is taken where all of `starts` is, these among them. What is taken
        of a module that hands nothing on makes no difference."""
        for start in starts:
            self._take(start, None)
        new, visited, taken = self._new, self._visited, self._taken
        among, unknown = self._among, set[str]()
        while new:
            path = next(iter(new))
            names = new.pop(path)
            barrel = self._barrel_of(path)
            if path not in visited:
                visited.add(path)
                for other, item in barrel.imports:
                    if taken.get(other, unknown) is None:
                        continue  # all of it is taken
                    if other in among:
                        hands_on = self._barrel_of(other).handing
                        self._take(other, item.taken if hands_on else None)
            if barrel.handing:
                self._hand_on(barrel, names)
        return frozenset(self._taken)

    def _take(self, path: str, names: AbstractSet[str] | None) -> None:
        """Note what is taken of a module, and go on with what of it is new."""
        taken = self._taken
        if path not in taken:
            if path not in self._among:
                return
            taken[path] = self._new[path] = None
            if names is not None:
                taken[path], self._new[path] = set(names), set(names)
            return
        before = taken[path]
        if before is None:
            return
        if names is None:
            taken[path] = self._new[path] = None
        elif not names <= before:
            found = self._new.setdefault(path, set())
            assert found is not None  # else all was taken before
            found |= names - before
            before |= names

    def _hand_on(self, barrel: Barrel, names: AbstractSet[str] | None) -> None:
        stars = [path for path in barrel.stars if path in self._among]
        if names is None or "*" in names or len(stars) > _MOST_STARS:
            for path in barrel.handing:
                self._take(path, None)
            return
        named = barrel.named
        for name in names if named else ():
            for path, there in named.get(name, ()):
                self._take(path, None if there == "*" else frozenset({there}))
        for path in stars:
            passed = self._exported(path, names)
            if passed:
                self._take(path, passed)

    def _exported(self, path: str, names: AbstractSet[str]) -> AbstractSet[str]:
        """Those of the names that a module may have for others: they stand there, or it hands on all that
        another one has."""
        if not self._among.isdisjoint(self._barrel_of(path).stars):
            return names
        return self._words_in(path, names)
