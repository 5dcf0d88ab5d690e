"""What a package.json says: dependencies, scripts, and how these call wrangler."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from cflint.lazy import Lazy
from cflint.record import record
from cflint.source import Document
from cflint.syntax.data import DataDocument, Format, Kind, Node
from cflint.syntax.documents import plain_json, read

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
    def _plain(self) -> Mapping[str, object]:
        """What it says, without places."""
        value = plain_json(self.document)
        if value is None:
            value = self.root.plain  # as far as it can be read
        return value if isinstance(value, dict) else {}

    @property
    def name(self) -> str | None:
        """The name of its package."""
        name = self._plain.get("name")
        return name if isinstance(name, str) else None

    def version(self, name: str) -> str | None:
        """Which version of a package it wants, as it is written."""
        wanted = (self._table(key).get(name) for key in _DEPENDENCIES)
        return next((version for version in wanted if isinstance(version, str)), None)

    def _table(self, key: str) -> Mapping[str, object]:
        value = self._plain.get(key)
        return value if isinstance(value, dict) else {}

    @cached_property
    def dependencies(self) -> frozenset[str]:
        """The names of all packages that it wants."""
        return frozenset(name for key in _DEPENDENCIES for name in self._table(key))

    @property
    def is_library(self) -> bool:
        """Whether it is of a package that others install: it says what they import, and is not private."""
        return self._plain.get("private") is not True and any(
            key in self._plain for key in ("exports", "main", "module")
        )

    @cached_property
    def scripts(self) -> Mapping[str, str]:
        """The commands by the names of the scripts."""
        return {name: text for name, text in self._table("scripts").items() if isinstance(text, str)}

    @property
    def wrangler_calls(self) -> Iterator[WranglerCall]:
        """The calls of wrangler in its scripts."""
        for script in self.scripts.values():
            yield from commands.wrangler_calls(script)
