"""What a package.json says: dependencies, scripts, and how these call wrangler."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from cflint.lazy import Lazy
from cflint.record import record
from cflint.source import Document
from cflint.syntax.data import DataDocument, Format, Kind, Node
from cflint.syntax.documents import read

if TYPE_CHECKING:
    from cflint.project.modules import commands
    from cflint.project.modules.commands import WranglerCall
else:
    commands = Lazy("cflint.project.modules.commands")

_DEPENDENCIES = ("dependencies", "devDependencies", "optionalDependencies", "peerDependencies")


@record(frozen=True, eq=False)
class Manifest:
    """A package.json; what cannot be read in it is not there."""

    document: Document

    @property
    def data(self) -> DataDocument:
        """The document read."""
        return self.document.memoized("manifest", lambda document: read(document, Format.JSON))

    @property
    def root(self) -> Node:
        """Its object."""
        return self.data.root

    def dependency(self, name: str) -> Node | None:
        """The string that says which version of a package it wants."""
        for key in _DEPENDENCIES:
            node = self.root.at(key, name)
            if node is not None and node.kind is Kind.STRING:
                return node
        return None

    @cached_property
    def dependencies(self) -> frozenset[str]:
        """The names of all packages that it wants."""
        tables = [self.root.get(key) for key in _DEPENDENCIES]
        return frozenset(member.key for table in tables if table is not None for member in table.members)

    @property
    def is_library(self) -> bool:
        """Whether it is of a package that others install: it says what they import, and is not private."""
        private = self.root.get("private")
        if private is not None and private.value is True:
            return False
        return any(self.root.get(key) is not None for key in ("exports", "main", "module"))

    @cached_property
    def scripts(self) -> Mapping[str, str]:
        """The commands by the names of the scripts."""
        table = self.root.get("scripts")
        members = table.members if table is not None else ()
        return {member.key: member.value.text for member in members if member.value.text is not None}

    @property
    def wrangler_calls(self) -> Iterator[WranglerCall]:
        """The calls of wrangler in its scripts."""
        for script in self.scripts.values():
            yield from commands.wrangler_calls(script)
