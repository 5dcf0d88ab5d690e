"""The variables and secrets of local development: `.dev.vars`, `.env` and their like."""

from __future__ import annotations

import re
from collections.abc import Iterator

from cflint.finding import Location
from cflint.pattern import pattern
from cflint.project.files.workspace import Workspace
from cflint.record import record
from cflint.source import Document, Span

_LINE = pattern(
    rb"^[ \t]*(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_]*)[ \t]*=[ \t]*"
    rb"(\"[^\"\r\n]*\"?|'[^'\r\n]*'?|[^#\r\n]*)",
    re.MULTILINE,
)
_FILES = (".dev.vars", ".env")


@record(frozen=True)
class DevVariable:
    """A variable of such a file: its name, its value without quotes, and the place of the name."""

    name: str
    value: str
    location: Location


@record(frozen=True)
class DevVars:
    """Such a file: its path from the root, and its variables in their order."""

    path: str
    variables: tuple[DevVariable, ...]


def dev_vars_of(workspace: Workspace, folder: str) -> Iterator[DevVars]:
    """The `.dev.vars…` and `.env…` files of a folder ("" is the root), by their names."""
    for document in _documents(workspace, folder):
        yield DevVars(document.path, tuple(_variables(document)))


def dev_var_names(workspace: Workspace, folder: str) -> frozenset[str]:
    """The names, and only these, in the `.dev.vars…` and `.env…` files of a folder ("" is the root)."""
    found = (_LINE.finditer(document.data) for document in _documents(workspace, folder))
    return frozenset(line[1].decode() for lines in found for line in lines)


def _documents(workspace: Workspace, folder: str) -> Iterator[Document]:
    for file in sorted(workspace.entries(folder)):
        document = workspace.read(f"{folder}/{file}" if folder else file) if file.startswith(_FILES) else None
        if document is not None:
            yield document


def _variables(document: Document) -> Iterator[DevVariable]:
    for line in _LINE.finditer(document.data):
        value = line[2].decode("utf-8", "replace").strip().strip("\"'")
        yield DevVariable(line[1].decode(), value, Location(document, Span(*line.span(1))))
