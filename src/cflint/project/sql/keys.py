"""Which columns of a table are unique: by the SQL of migrations and schemas, and that in code."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from functools import partial
from typing import TYPE_CHECKING

from cflint.pattern import pattern
from cflint.project.workers.migrations import migration_folders
from cflint.syntax.sql import Token, tokenize

if TYPE_CHECKING:
    from cflint.project.code.module import Module
    from cflint.project.workers.model import Project
    from cflint.project.workers.worker import Worker

_CREATES = pattern(rb"\bCREATE\s+(?:TABLE|UNIQUE\s+INDEX)\b", re.IGNORECASE)
_LONGEST = 10_000
"""How many bytes of a definition are read."""
_MOST_FILES = 400
_FOLDERS = ("", "db", "sql", "src", "src/db", "database", "schema", "d1")
"""Where the SQL of a schema lies, from the folder of the configuration; that of migrations in `migrations`
within one of these, which wrangler is not always told of."""
_OF_TABLE = frozenset({"UNIQUE", "PRIMARY"})
_KEYWORDS = frozenset({"CONSTRAINT", "FOREIGN", "CHECK"})

_PART = pattern(r"\s*WHERE\b", re.IGNORECASE)

Keys = dict[str, set[tuple[frozenset[str], bool]]]
"""The unique sets of columns by table, all in lower case, each with whether it is so among all rows."""


def unique_key(module: Module, table: str, columns: frozenset[str]) -> frozenset[str] | None:
    """A set of columns that is unique in a table and within some columns (in lower case), by the SQL of the
    Workers that reach a module; None where none is known."""
    fitting = [key for keys in _known(module, table) for key in keys if key <= columns]
    return min(fitting, key=lambda key: (len(key), sorted(key))) if fitting else None


def is_defined(module: Module, table: str) -> bool:
    """Whether the SQL of the Workers that reach a module says what a table is."""
    return any(True for _ in _known(module, table))


def is_unique_in_whole(module: Module, table: str, key: frozenset[str]) -> bool:
    """Whether a key is unique among all rows of a table, and not only by an index with `WHERE`, which
    `ON CONFLICT (columns)` does not name."""
    return any(key in keys for keys in _known(module, table, in_part=False))


def _known(module: Module, table: str, *, in_part: bool = True) -> Iterator[AbstractSet[frozenset[str]]]:
    """What is unique in a table, by each Worker whose SQL defines it."""
    for worker in module.workers:
        question = ("unique columns", id(worker))
        known = module.project.memo.memoized(question, partial(_keys_of, module.project, worker))
        if table.lower() in known:
            yield {key for key, whole in known[table.lower()] if whole or in_part}


def unique_keys(data: bytes) -> Keys:
    """What the `CREATE TABLE` and `CREATE UNIQUE INDEX` of a text make unique; a part of an index (`WHERE`)
    counts, an expression in one does not."""
    found: Keys = {}
    for start in _CREATES.finditer(data):
        text = data[start.start() : start.start() + _LONGEST].decode("utf-8", "replace")
        tokens = list(first_statement(text))
        table, keys = _defined(tokens)
        if table:
            whole = _PART.match(text, tokens[-1].end) is None
            found.setdefault(table, set()).update((key, whole) for key in keys)
    return found


def _keys_of(project: Project, worker: Worker) -> Keys:
    found: Keys = {}
    for path in (*sql_files(project, worker), *worker.modules):
        document = project.sources.document(path)
        if document is not None and _CREATES.search(document.data) is not None:
            for table, keys in document.memoized("unique columns", lambda one: unique_keys(one.data)).items():
                found.setdefault(table, set()).update(keys)
    return found


def sql_files(project: Project, worker: Worker) -> Iterator[str]:
    if worker.config is None:
        return
    home = worker.config.directory
    folders = dict.fromkeys(
        (
            *migration_folders(worker.config),
            *(posixpath.normpath(posixpath.join(home, it)) for it in _FOLDERS),
            *(posixpath.normpath(posixpath.join(home, it, "migrations")) for it in _FOLDERS),
        )
    )
    left = _MOST_FILES
    for folder in folders:
        for name in project.workspace.list("" if folder == "." else folder):
            if name.endswith(".sql") and left:
                left -= 1
                yield posixpath.normpath(posixpath.join(folder, name))


def first_statement(text: str) -> Iterator[Token]:
    """The tokens up to the parenthesis that closes the definition."""
    depth = 0
    for token in tokenize(text):
        yield token
        depth += {"(": 1, ")": -1}.get(token.text, 0)
        if token.text == ";" or (token.text == ")" and depth <= 0):
            return


def _defined(tokens: list[Token]) -> tuple[str, Iterator[frozenset[str]]]:
    """The table that a statement is about, and the sets of columns that it makes unique."""
    opened = next((at for at, token in enumerate(tokens) if token.text == "("), None)
    if opened is None or opened == 0 or tokens[opened - 1].name is None:
        return "", iter(())
    table, inside = (tokens[opened - 1].name or "").lower(), tokens[opened + 1 : -1]
    if tokens[1].upper == "UNIQUE":
        return table, filter(None, (_columns(inside),))
    return table, _of_table(inside)


def _of_table(inside: list[Token]) -> Iterator[frozenset[str]]:
    for part in parts(inside):
        words = [token.upper for token in part]
        if words[0] == "CONSTRAINT":
            part, words = part[2:], words[2:]
        if not words:
            continue
        if words[0] in _OF_TABLE:
            opened = next((at for at, token in enumerate(part) if token.text == "("), None)
            key = _columns(part[opened + 1 : -1]) if opened is not None else frozenset()
            if key:
                yield key
        elif words[0] not in _KEYWORDS and not _OF_TABLE.isdisjoint(words):
            yield frozenset({(part[0].name or "").lower()})


def parts(inside: list[Token]) -> Iterator[list[Token]]:
    part: list[Token] = []
    depth = 0
    for token in inside:
        if token.text == "," and depth == 0:
            if part:
                yield part
            part = []
            continue
        depth += {"(": 1, ")": -1}.get(token.text, 0)
        part.append(token)
    if part:
        yield part


def _columns(inside: list[Token]) -> frozenset[str]:
    """The columns that a list names; empty where one of them is an expression."""
    names = [part[0].name for part in parts(inside) if len(part) == 1 or part[1].text != "("]
    count = sum(1 for _ in parts(inside))
    return frozenset(name.lower() for name in names if name) if len(names) == count else frozenset()
