"""Tables whose rows come from SQL files alone, as those of a list of countries: no code adds any."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.pattern import pattern
from cflint.project.sql.columns import sql_paths

if TYPE_CHECKING:
    from cflint.project.code.module import Module
    from cflint.project.workers.model import Project

_INSERTS = pattern(
    rb"\b(?:INSERT\s+(?:OR\s+\w+\s+)?|REPLACE\s+)INTO\s+[\"'`\[]?(\w+)|\.insert(?:Into)?\(\s*[\"'`]?(?:\w+\.)?(\w+)",
    re.IGNORECASE,
)
"""An `INSERT` of SQL, or one of an ORM by the name of its table."""
_COMPUTED = pattern(rb"\bINTO\s+[\"'`\[]?\$\{", re.IGNORECASE)


def is_seeded(module: Module, table: str) -> bool:
    """Whether SQL files of a project insert rows into a table, and no code of its Workers inserts any."""
    project = module.project
    seeded, written = project.memo.memoized(("tables with rows",), lambda: _tables_with_rows(project))
    name = _plain(table.encode())
    return written is not None and name in seeded and name not in written


def _tables_with_rows(project: Project) -> tuple[frozenset[bytes], frozenset[bytes] | None]:
    """The tables that SQL files and code insert into; None for code of which a name is put together."""
    code: set[bytes] = set()
    for path in {path for worker in project.workers for path in worker.modules}:
        document = project.sources.document(path)
        if document is None or _COMPUTED.search(document.data) is not None:
            return frozenset(), None
        code.update(_inserted(document.data))
    files: set[bytes] = set()
    for path in sql_paths(project) or ():
        document = project.sources.document(path)
        if document is not None:
            files.update(_inserted(document.data))
    return frozenset(files), frozenset(code)


def _inserted(data: bytes) -> Iterator[bytes]:
    for found in _INSERTS.finditer(data):
        yield _plain(found[1] or found[2])


def _plain(name: bytes) -> bytes:
    """A name as tables of SQL and variables of code share it: `user_roles`, `userRoles`."""
    return name.lower().replace(b"_", b"")
