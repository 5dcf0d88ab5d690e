"""The facts of a project's modules: what is kept of each after its tree is gone."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Mapping
from contextlib import nullcontext

from cflint.project.modules.facts import ModuleFacts, facts_of
from cflint.project.modules.queries import Memo
from cflint.project.workers.sources import Sources
from cflint.project.workers.trees import Trees
from cflint.scope import ModuleScope
from cflint.source import Document
from cflint.syntax.javascript import ParseTimeout, Syntax, parse

GENERATED_TYPES = "worker-configuration.d.ts"
"""The file that `wrangler types` writes beside a configuration."""

_RUNTIME_TYPES = b"// Begin runtime types"


class Facts:
    """Facts by path, taken when they are first asked for.

    That they are read is a dependency on the facts, not on the text. Of generated types only the part about
    bindings is read. `take` makes facts of a tree.
    """

    def __init__(self, memo: Memo, sources: Sources, trees: Trees) -> None:
        self.memo = memo
        self.take: Callable[[Syntax, ModuleScope], ModuleFacts] = facts_of
        self._sources = sources
        self._trees = trees
        self._taken: dict[str, ModuleFacts | None] = {}

    def of(self, path: str) -> ModuleFacts | None:
        """The facts of a module; None when it cannot be read or parsed, or is no JavaScript."""
        ledger = self.memo.ledger
        if ledger is not None:
            ledger.facts(path)
        if path not in self._taken:
            self.learn(path)
        return self._taken[path]

    def learn(self, path: str) -> None:
        """Take the facts of a module now, while its tree is at hand, for those that will ask for them."""
        if path not in self._taken:
            ledger = self.memo.ledger
            with nullcontext() if ledger is None else ledger.gather():  # the text is no dependency
                self._taken[path] = self._read(path)

    def generated(self, folder: str) -> ModuleFacts | None:
        """The facts of the types that `wrangler types` made for the configuration of a folder."""
        return self.of(posixpath.join(folder, GENERATED_TYPES))

    def adopt(self, facts: Mapping[str, ModuleFacts]) -> None:
        """Take over the facts of modules that have not changed since another project took them."""
        self._taken.update(facts)

    @property
    def known(self) -> Mapping[str, ModuleFacts]:
        """The facts that have been taken so far, by path."""
        return {path: facts for path, facts in self._taken.items() if facts is not None}

    def _read(self, path: str) -> ModuleFacts | None:
        if posixpath.basename(path) == GENERATED_TYPES:
            return self._read_generated(path)
        found = self._trees.of(path)
        return self.take(*found) if found is not None else None

    def _read_generated(self, path: str) -> ModuleFacts | None:
        document = self._sources.place(path)
        if document is None:
            return None
        try:
            syntax = parse(Document(path, without_runtime_types(document.data)))
        except ParseTimeout:
            return None
        return self.take(syntax, ModuleScope(syntax))


def has_runtime_types(data: bytes) -> bool:
    """Whether generated types hold those of the runtime, which an older wrangler left to a package."""
    return _RUNTIME_TYPES in data


def without_runtime_types(data: bytes) -> bytes:
    """Generated types without the half megabyte of the runtime's at its end."""
    at = data.find(_RUNTIME_TYPES)
    return data if at == -1 else data[:at]
