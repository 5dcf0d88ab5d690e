"""What a package.json says: dependencies, scripts, and how these call wrangler."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cached_property

from cflint.pattern import pattern
from cflint.record import record
from cflint.source import Document
from cflint.syntax.data import DataDocument, Format, Kind, Node
from cflint.syntax.documents import read

_DEPENDENCIES = ("dependencies", "devDependencies", "optionalDependencies", "peerDependencies")
_WRANGLER = pattern(r"(?<![\w-])(?:py)?wrangler(?:@[\w.^~-]+)?\s+([^&|;\n\"'`()]+)", re.ASCII)
_DEPLOYS = frozenset({"dev", "deploy", "publish", "versions upload"})
_ENTRY = pattern(r"[\w./][^\s]*", re.ASCII)


@record(frozen=True)
class WranglerCall:
    """A call of wrangler in a script: `words` are the command and what follows it, as the shell splits it."""

    words: tuple[str, ...]

    @property
    def command(self) -> str:
        """The command: `dev`, `deploy`, `versions upload`, …"""
        return " ".join(self.words[: self._length])

    @property
    def entry(self) -> str | None:
        """The file or folder right behind a command that runs or deploys a Worker: `src/a.ts` of
        `wrangler deploy src/a.ts --minify`."""
        if self.command not in _DEPLOYS or len(self.words) <= self._length:
            return None
        word = self.words[self._length]
        return word if _ENTRY.fullmatch(word) is not None else None

    @property
    def _length(self) -> int:
        return 2 if self.words[:1] == ("versions",) else 1


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
            for found in _WRANGLER.finditer(script):
                yield WranglerCall(tuple(found[1].split()))
