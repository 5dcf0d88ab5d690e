"""What imported names mean: the functions and constants of a project that other modules use."""

from __future__ import annotations

from cflint.project.modules.facts import FunctionFacts, LiteralKind, ModuleFacts
from cflint.project.workers.exports import Exports
from cflint.project.workers.facts import Facts
from cflint.project.workers.imports import Imports
from cflint.project.workers.scan import Scan
from cflint.scope import ImportRef

_MADE = frozenset({LiteralKind.OBJECT, LiteralKind.NEW, LiteralKind.CLASS})


class Imported:
    """Questions about an import of a module."""

    def __init__(self, facts: Facts, imports: Imports, exports: Exports, scan: Scan) -> None:
        self._facts = facts
        self._imports = imports
        self._exports = exports
        self._scan = scan

    def function(self, path: str, ref: ImportRef) -> FunctionFacts | None:
        """The function of the project that an import means."""
        found = self._declaration(path, ref)
        return found[0].functions.get(found[1]) if found is not None else None

    def gives_promise(self, path: str, ref: ImportRef) -> bool:
        """Whether calling the function of the project that an import means gives a promise."""
        module = self._imports.resolve(ref.module, path)
        way = self._scan.way(module, ref.name) if module is not None and ref.name != "*" else None
        if way is not None and way.home:
            seen = self._scan.gives_promise(way.home, way.name)
            if seen is not None:
                return seen
        function = self.function(path, ref)
        return function is not None and (
            function.is_async or (function.return_type or "").startswith("Promise<")
        )

    def is_constant(self, path: str, ref: ImportRef) -> bool:
        """Whether an import means a constant of the project that is a literal."""
        found = self._declaration(path, ref)
        value = found[0].values.get(found[1]) if found is not None else None
        return value is not None and value.kind is LiteralKind.LITERAL and not value.is_mutable

    def is_made(self, path: str, ref: ImportRef) -> bool:
        """Whether an import means what the project makes itself: an object literal, an instance, a class."""
        found = self._declaration(path, ref)
        value = found[0].values.get(found[1]) if found is not None else None
        return value is not None and value.kind in _MADE

    def _declaration(self, path: str, ref: ImportRef) -> tuple[ModuleFacts, str] | None:
        """The facts of the module that declares what an import means, and its name there."""
        target = self._exports.declaration(path, ref)
        owner = self._facts.of(target[0]) if target is not None else None
        return (owner, target[1]) if target is not None and owner is not None else None
