"""Which columns a table has: by all SQL files of a project, and the definitions in the code of a Worker."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from cflint.finding import Location
from cflint.pattern import pattern
from cflint.project.sql.keys import first_statement, parts
from cflint.record import record
from cflint.source import Span

if TYPE_CHECKING:
    from cflint.project.code.module import Module
    from cflint.project.workers.model import Project
    from cflint.project.workers.worker import Worker
    from cflint.source import Document

_CREATES = pattern(rb"\bCREATE\s+TABLE\s", re.IGNORECASE)
_ALTERS = pattern(
    rb"\bALTER\s+TABLE\s+([\"'`\[]?\w+[\"'`\]]?|\S)\s*(?:ADD\s+(?:COLUMN\s+)?|RENAME\s+(?:COLUMN\s+)?\S+\s+TO\s+|"
    rb"DROP\s+(?:COLUMN\s+)?|RENAME\s+TO\s+)([\"'`\[]?\w+)?",
    re.IGNORECASE,
)
_ALTER = pattern(rb"\bALTER\s+TABLE\b", re.IGNORECASE)
_WORD = pattern(rb"\w+")
_CONSTRAINTS = frozenset({"CONSTRAINT", "FOREIGN", "CHECK", "UNIQUE", "PRIMARY"})
_OTHERS = (b"drizzle-kit push", b"prisma db push", b"ALTER TABLE", b"alter table")
"""What of a package's scripts changes tables beside the SQL files."""
_LONGEST = 20_000
_MOST_FOLDERS = 600
_MOST_FILES = 400
_DEEPEST = 5
_LEFT_OUT = frozenset({"node_modules", "dist", "build", "out", "coverage", "vendor"})


@record(frozen=True)
class Table:
    """A table that a SQL file defines: its columns (lower case), and the place of its name there."""

    columns: frozenset[str]
    place: Location


class _Schema:
    """The tables of a project's SQL; `words` are all words of its files, lower case."""

    def __init__(self) -> None:
        self.columns: dict[str, set[str]] = {}
        self.places: dict[str, Location] = {}
        self.words: set[str] = set()


def columns_lacking(
    module: Module, table: str, columns: frozenset[str]
) -> tuple[frozenset[str], Table] | None:
    """The columns (lower case) that a table is not given by any SQL of a project, and the table; None where
    it has them all, and where the table is not known, or may get more than one sees. A column that any SQL
    file of the project mentions counts as given."""
    for worker in module.workers:
        question = ("columns of tables", id(worker))
        schema = module.project.memo.memoized(question, partial(_schema, module.project, worker))
        found = schema.columns.get(table.lower()) if schema is not None else None
        if schema is None or found is None or table.lower() not in schema.places:
            return None
        lacking = frozenset(columns - found - schema.words)
        if not lacking:
            return None
        return lacking, Table(frozenset(found), schema.places[table.lower()])
    return None


def _schema(project: Project, worker: Worker) -> _Schema | None:
    """The schema of a Worker's project; None where something may change tables that cannot be seen."""
    files = _files(project)
    if files is None or worker.config is None:
        return None
    found = _Schema()
    for path in files:
        document = project.sources.document(path)
        if document is None:
            return None
        found.words.update(word.decode("ascii", "ignore").lower() for word in _WORD.findall(document.data))
        if not _read(found, document, in_code=False):
            return None
    for path in worker.modules:
        document = project.sources.document(path)
        if document is not None and not _read(found, document, in_code=True):
            return None
    home = worker.config.directory
    for folder in dict.fromkeys((home, posixpath.dirname(home), "")):
        package = project.workspace.read(posixpath.normpath(posixpath.join(folder, "package.json")))
        if package is not None and any(word in package.data for word in _OTHERS):
            return None
    return found


def _read(schema: _Schema, document: Document, *, in_code: bool) -> bool:
    """Whether all that a text does to tables is understood, which is added to a schema."""
    data = document.data
    for start in _CREATES.finditer(data):
        text = data[start.start() : start.start() + _LONGEST].decode("utf-8", "replace")
        tokens = list(first_statement(text))
        opened = next((at for at, token in enumerate(tokens) if token.text == "("), None)
        if opened is None or opened == 0 or tokens[opened - 1].name is None:
            if in_code:
                continue
            return False  # a table of a query, or what is no table of rows
        table = (tokens[opened - 1].name or "").lower()
        inside = parts(tokens[opened + 1 : -1])
        columns = schema.columns.setdefault(table, set())
        columns.update((part[0].name or "").lower() for part in inside if part[0].upper not in _CONSTRAINTS)
        if not in_code:
            place = Location(document, Span(start.start(), start.end()), "the table is made here")
            schema.places.setdefault(table, place)
    altered = {found.start(): found for found in _ALTERS.finditer(data)}
    for alter in _ALTER.finditer(data):
        change = altered.get(alter.start())
        table = _plain(change[1]) if change is not None else ""
        column = _plain(change[2] or b"") if change is not None else ""
        if not table or not column:
            return False
        schema.columns.setdefault(table, set()).add(column)
    return True


def _plain(name: bytes) -> str:
    """A name without its quotes, in lower case; "" of what is none."""
    text = name.strip(b"\"'`[]").decode("ascii", "ignore").lower()
    return text if text.replace("_", "a").isalnum() else ""


def _files(project: Project) -> tuple[str, ...] | None:
    """All SQL files of a project; None where there are too many to look at."""
    return project.workspace.memoized("SQL files", lambda: _find_files(project))


def _find_files(project: Project) -> tuple[str, ...] | None:
    found: list[str] = []
    for path in _walk(project):
        if path is None or len(found) == _MOST_FILES:
            return None
        found.append(path)
    return tuple(found)


def _walk(project: Project) -> Iterator[str | None]:
    todo, seen = [("", 0)], 0
    while todo:
        folder, depth = todo.pop()
        seen += 1
        if seen > _MOST_FOLDERS:
            yield None
            return
        for name in project.workspace.list(folder):
            path = f"{folder}/{name}" if folder else name
            if name.endswith(".sql"):
                yield path
            elif (
                "." not in name
                and name not in _LEFT_OUT
                and depth < _DEEPEST
                and project.workspace.is_dir(path)
            ):
                todo.append((path, depth + 1))
