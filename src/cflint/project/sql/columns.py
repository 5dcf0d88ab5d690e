"""Which columns a table has: by all SQL files of a project, and the definitions in the code of a Worker."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING

from cflint.finding import Location
from cflint.pattern import pattern
from cflint.project.code.module import module_of
from cflint.project.sql.databases import is_for_another_database
from cflint.project.sql.drizzle import TABLE_CALLS, DrizzleColumn, DrizzleTable, drizzle_tables
from cflint.project.sql.keys import first_statement, parts
from cflint.record import record
from cflint.source import Span
from cflint.syntax.javascript import span_of
from cflint.syntax.sql import Token, TokenKind, tokenize

if TYPE_CHECKING:
    from cflint.project.code.module import Module
    from cflint.project.workers.model import Project
    from cflint.project.workers.worker import Worker
    from cflint.source import Document

_CREATES = pattern(rb"create(?<!\wcreate)\s+table\s")
_INDEXES = pattern(rb"create(?<!\wcreate)\s+(?:unique\s+)?index\s")
_ALTER = pattern(rb"alter(?<!\walter)\s+table\b")
"""In lower case, and with a word in front, by which they are found ten times as fast."""
_NO_COLUMNS = frozenset({"CONSTRAINT", "FOREIGN", "CHECK", "UNIQUE", "PRIMARY", "EXCLUDE", "INDEX", "KEY"})
"""Words with which a part of a table's definition, or a change of it, begins that is no column."""
_ROW_IDS = frozenset({"rowid", "oid", "_rowid_"})
_PUSHES = b"drizzle-kit push"
"""What of a package's scripts gives a database the tables that the code defines."""
_OTHERS = (b"prisma db push", b"ALTER TABLE", b"alter table")
"""What of a package's scripts changes tables beside the SQL files."""
_SCHEMA = pattern(rb"\bschema[\"']?\s*:\s*\[?\s*[\"'`]([^\"'`\n]{1,200})")
_LONGEST = 20_000
_LONGEST_CHANGE = 2_000
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
    """The tables of a project, by their names in lower case: their columns by SQL, and those that Drizzle's
    tables in code have beside them; where each is made, and whether in a file, by whether D1 can take it; of
    an open one not all columns are known. `sqlite` has the places of those that D1 can have: what is made for
    Postgres alone says nothing of it. `leading` has the columns with which keys and indexes begin, `required`
    those that refuse NULL by some definition, `optional` those that take it by one. `pushed` tells that a
    database gets what Drizzle's tables say, without SQL files."""

    def __init__(self) -> None:
        self.columns: dict[str, set[str]] = {}
        self.drizzle: dict[str, set[str]] = {}
        self.places: dict[str, Location] = {}
        self.sqlite: dict[str, Location] = {}
        self.files: dict[str, bool] = {}
        self.open: set[str] = set()
        self.open_drizzle: set[str] = set()
        self.leading: dict[str, set[str]] = {}
        self.required: dict[str, set[str]] = {}
        self.optional: dict[str, set[str]] = {}
        self.pushed = False


def columns_in_no_index(module: Module, table: str, columns: frozenset[str]) -> frozenset[str] | None:
    """The columns (lower case) of a table of D1 with which none of its keys and indexes begins, where one of
    SQLite can serve no condition about them; None where the table or one of its columns is not known. What
    was dropped counts as there, and so does each column of an expression."""
    name = table.lower()
    for worker in module.workers:
        schema = _schema_of(module.project, worker)
        if schema is None or schema.pushed or not schema.files.get(name) or name in schema.open:
            return None
        if not columns <= schema.columns[name]:
            return None
        return columns - schema.leading.get(name, set()) - _ROW_IDS
    return None


def columns_lacking(
    module: Module, table: str, columns: frozenset[str]
) -> tuple[frozenset[str], Table] | None:
    """The columns (lower case) that a table of D1 is not given by any SQL of a project, and the table; None
    where it has them all, and where the table is not known, or may get more than one sees. All definitions of
    a table of one name count, and what was renamed or dropped counts as there."""
    name = table.lower()
    for worker in module.workers:
        schema = _schema_of(module.project, worker)
        found = schema.columns.get(name) if schema is not None else None
        if schema is None or found is None or name not in schema.sqlite or name in schema.open:
            return None
        if name in schema.open_drizzle or (schema.pushed and name not in schema.drizzle):
            return None
        found = found | schema.drizzle.get(name, frozenset())
        lacking = frozenset(columns - found)
        return (lacking, Table(frozenset(found), schema.sqlite[name])) if lacking else None
    return None


def columns_without_null(module: Module, table: str) -> frozenset[str]:
    """The columns (lower case) of a table that refuse NULL, by all SQL of a project that defines them."""
    name = table.lower()
    found: set[str] = set()
    for worker in module.workers:
        schema = _schema_of(module.project, worker)
        if schema is not None:
            found |= schema.required.get(name, set()) - schema.optional.get(name, set())
    return frozenset(found)


def columns_not_migrated(
    module: Module, table: DrizzleTable
) -> tuple[tuple[DrizzleColumn, ...], Table] | None:
    """The columns of a Drizzle table that none of the SQL files gives it, and the table as these make it;
    None where they give it all, where they do not make it, and where a database gets more than they say."""
    name = table.name.lower()
    for worker in module.workers:
        schema = _schema_of(module.project, worker)
        if schema is None or schema.pushed or name in schema.open or name not in schema.files:
            return None
        if table.is_sqlite and not schema.files[name]:
            return None
        found = schema.columns[name]
        lacking = tuple(one for one in table.columns if one.names.isdisjoint(found))
        return (lacking, Table(frozenset(found), schema.places[name])) if lacking else None
    return None


def _schema_of(project: Project, worker: Worker) -> _Schema | None:
    question = ("columns of tables", id(worker))
    return project.memo.memoized(question, partial(_schema, project, worker))


def _schema(project: Project, worker: Worker) -> _Schema | None:
    """The schema of a Worker's project; None where something may change tables that cannot be seen."""
    files = sql_paths(project)
    if files is None or worker.config is None:
        return None
    found = _Schema()
    for path in files:
        document = project.sources.document(path)
        if document is None:
            return None
        if not _read(found, document, in_code=False):
            return None
    for path in dict.fromkeys((*worker.modules, *_drizzle_files(project, worker.config.directory))):
        document = project.sources.document(path)
        if document is None:
            continue
        if not _read(found, document, in_code=True):
            return None
        if any(word.encode() in document.data for word in TABLE_CALLS):
            _read_drizzle(found, project, path)
    home = worker.config.directory
    for folder in dict.fromkeys((home, posixpath.dirname(home), "")):
        package = project.workspace.read(posixpath.normpath(posixpath.join(folder, "package.json")))
        if package is not None and any(word in package.data for word in _OTHERS):
            return None
        found.pushed = found.pushed or (package is not None and _PUSHES in package.data)
    return found


def _drizzle_files(project: Project, home: str) -> Iterator[str]:
    """The modules that the configuration of Drizzle Kit names as its schema."""
    for ending in ("ts", "js", "mjs", "json"):
        path = posixpath.normpath(posixpath.join(home, f"drizzle.config.{ending}"))
        config = project.workspace.read(path) if project.workspace.exists(path) else None
        for named in _SCHEMA.finditer(config.data) if config is not None else ():
            text = named[1].decode("utf-8", "replace").rstrip("/*")
            schema = posixpath.normpath(posixpath.join(home, text))
            if schema.startswith(("..", "/")):
                continue
            if project.workspace.is_file(schema):
                yield schema
            elif project.workspace.is_dir(schema):
                yield from (
                    f"{schema}/{name}" for name in project.workspace.list(schema) if name.endswith(".ts")
                )


def _read_drizzle(schema: _Schema, project: Project, path: str) -> None:
    """Add the tables that a module defines with Drizzle; they are made where no SQL file makes them."""
    module = module_of(project, path)
    for table in drizzle_tables(module) if module is not None else ():
        name = table.name.lower()
        if module is None or table.is_open:
            schema.open_drizzle.add(name)
            continue
        columns = schema.drizzle.setdefault(name, set())
        columns.update(one for column in table.columns for one in column.names)
        schema.columns.setdefault(name, set())
        place = Location(module.document, span_of(table.node), "the table is made here")
        schema.places.setdefault(name, place)
        if table.is_sqlite:
            schema.sqlite.setdefault(name, place)


def _read(schema: _Schema, document: Document, *, in_code: bool) -> bool:
    """Whether all that a text does to tables is understood, which is added to a schema."""
    data = document.data
    lowered = data.lower()
    for start in _CREATES.finditer(lowered):
        tokens = list(first_statement(_text(data, start.start(), _LONGEST)))
        at = 5 if [token.upper for token in tokens[2:5]] == ["IF", "NOT", "EXISTS"] else 2
        if tokens[at + 1 : at + 2] and tokens[at + 1].text == ".":
            at += 2
        table = _name(tokens, at)
        if not table:
            continue  # one whose name the code makes, or a word of a comment
        columns = schema.columns.setdefault(table, set())
        if len(tokens) < at + 3 or tokens[at + 1].text != "(":
            schema.open.add(table)  # made of a query
            continue
        for part in parts(tokens[at + 2 : -1]):
            if not _is_key(part):
                column = (part[0].name or "").lower()
                columns.add(column)
                kinds = schema.required if _refuses_null(part) else schema.optional
                kinds.setdefault(table, set()).add(column)
        schema.leading.setdefault(table, set()).update(_leading(tokens[at + 2 : -1]))
        if any(part[0].name is None for part in parts(tokens[at + 2 : -1])):
            schema.open.add(table)  # a part of it is put together
        if not in_code:
            place = Location(document, Span(start.start(), start.end()), "the table is made here")
            schema.places.setdefault(table, place)
            is_sqlite = not is_for_another_database(document)
            schema.files[table] = is_sqlite or schema.files.get(table, False)
            if is_sqlite:
                schema.sqlite.setdefault(table, place)
    for index in _INDEXES.finditer(lowered):
        _read_index(schema, list(_statement(_text(data, index.start(), _LONGEST_CHANGE))))
    for alter in _ALTER.finditer(lowered):
        line = data.rfind(b"\n", 0, alter.start()) + 1
        if not in_code and b"--" in data[line : alter.start()]:
            continue
        if not _read_change(schema, list(_statement(_text(data, alter.start(), _LONGEST_CHANGE)))):
            return False
    return True


def _leading(inside: list[Token]) -> Iterator[str]:
    """The columns with which the keys of a table's definition begin."""
    for part in parts(inside):
        words = [token.upper for token in part]
        if words[0] == "CONSTRAINT":
            part, words = part[2:], words[2:]
        if words[:1] in (["PRIMARY"], ["UNIQUE"]):
            opened = next((at for at, token in enumerate(part) if token.text == "("), len(part))
            yield _name(part, opened + 1)
        elif words and ("PRIMARY" in words or "UNIQUE" in words):
            yield (part[0].name or "").lower()


def _read_index(schema: _Schema, tokens: list[Token]) -> None:
    """Add the columns with which an index begins: those of an expression all of them."""
    on = next((at for at, token in enumerate(tokens) if token.upper == "ON"), len(tokens))
    opened = on + 2
    if tokens[opened : opened + 1] and tokens[opened].text == ".":
        opened += 2
    table = _name(tokens, opened - 1)
    if not table or not tokens[opened : opened + 1] or tokens[opened].text != "(":
        return
    found = schema.leading.setdefault(table, set())
    depth = 0
    for token in tokens[opened + 1 :]:
        if depth == 0 and token.text in (",", ")"):
            break
        depth += {"(": 1, ")": -1}.get(token.text, 0)
        if token.name:
            found.add(token.name.lower())


def _read_change(schema: _Schema, tokens: list[Token]) -> bool:
    """Whether the table that an `ALTER TABLE` changes is known; the columns that it gets are added."""
    at = 2
    while tokens[at : at + 1] and tokens[at].upper in ("IF", "EXISTS", "ONLY"):
        at += 1
    if tokens[at + 1 : at + 2] and tokens[at + 1].text == ".":
        at += 2
    table = _name(tokens, at)
    if not table:
        return False
    columns = schema.columns.setdefault(table, set())
    words = [token.upper for token in tokens[at + 1 :]]
    if words[:1] == ["RENAME"]:
        to = at + 1 + words.index("TO") + 1 if "TO" in words else len(tokens)
        name = _name(tokens, to)
        if not name:
            schema.open.add(table)
        elif words[1] == "TO":
            both = schema.columns.setdefault(name, set()) | columns
            schema.columns[table] = schema.columns[name] = both
            schema.leading[name] = schema.leading.get(name, set()) | schema.leading.get(table, set())
            if table in schema.open:
                schema.open.add(name)
            for places in (schema.places, schema.sqlite):
                if table in places:
                    places.setdefault(name, places[table])
            if table in schema.files:
                schema.files[name] = schema.files[table] or schema.files.get(name, False)
        else:
            columns.add(name)
        return True
    for index, word in enumerate(words):
        if word != "ADD":
            continue
        index += at + 2
        while tokens[index : index + 1] and tokens[index].upper in ("COLUMN", "IF", "NOT", "EXISTS"):
            index += 1
        name = _name(tokens, index)
        if not name:
            schema.open.add(table)
        elif tokens[index].upper not in _NO_COLUMNS:
            columns.add(name)
    return not words or words[0] in ("ADD", "DROP", "ALTER", "MODIFY", "ENABLE", "DISABLE", "OWNER", "SET")


def _refuses_null(part: list[Token]) -> bool:
    return any(one.upper == "NOT" and after.upper == "NULL" for one, after in pairwise(part))


def _is_key(part: list[Token]) -> bool:
    """Whether a part of a definition is a key or a condition, and no column: one that is called `key` has
    no parenthesis behind it."""
    word = part[0].upper
    if word not in _NO_COLUMNS:
        return False
    return word not in ("KEY", "INDEX") or any(token.text == "(" for token in part[1:3])


def _text(data: bytes, start: int, longest: int) -> str:
    return data[start : start + longest].decode("utf-8", "replace")


def _statement(text: str) -> Iterator[Token]:
    """The tokens up to the semicolon, or to what cannot stand in a statement: it ends a text in code."""
    for token in tokenize(text):
        if token.text in (";", "}", "\\") or (token.kind is TokenKind.QUOTED and "\n" in token.text):
            return
        yield token


def _name(tokens: list[Token], at: int) -> str:
    """The name at a place of a statement, in lower case; "" where none is."""
    name = tokens[at].name if 0 <= at < len(tokens) else None
    return name.lower() if name and name.replace("_", "a").replace("$", "a").isalnum() else ""


def sql_paths(project: Project) -> tuple[str, ...] | None:
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
