"""Which database a call hands SQL to."""

from __future__ import annotations

import re
from enum import Enum
from typing import TYPE_CHECKING

from cflint.pattern import pattern
from cflint.project.code.values import Value, ValueKind
from cflint.syntax.sql import Dialect

if TYPE_CHECKING:
    from tree_sitter import Node

    from cflint.project.code.module import Module
    from cflint.source import Document

_QUERIES = frozenset({"query", "execute", "unsafe"})
_NOT_SQLITE = pattern(
    rb"\bDEFAULT\s+(?:now|gen_random_uuid|uuid_generate_v4|nextval|uuid)\s*\(|\bTIMESTAMPTZ\b"
    rb"|\bCREATE\s+(?:OR\s+REPLACE|EXTENSION|TYPE|SCHEMA|FUNCTION|SEQUENCE|DOMAIN|POLICY|DATABASE)\b"
    rb"|\bROW\s+LEVEL\s+SECURITY\b|\bUSING\s+(?:gin|gist|btree|brin|hnsw|ivfflat)\b|\bplpgsql\b"
    rb"|\b(?:BIG|SMALL)?SERIAL\s+PRIMARY\b|::[a-z]|\bAUTO_INCREMENT\b|\bENGINE\s*=\s*\w"
    rb"|\bON\s+UPDATE\s+CURRENT_TIMESTAMP\b",
    re.IGNORECASE,
)
"""What Postgres and MySQL take and SQLite does not, or what nobody writes for it."""
_OTHERS = r"(?:neon|postgres(?:ql)?|pg|supabase|mysql|mariadb|planetscale|cockroach(?:db)?|clickhouse)"
_OTHERS_PATH = pattern(rf"(?:^|/){_OTHERS}/|(?:^|[/_.-]){_OTHERS}(?:[_.-][^/]*)?\.sql$", re.IGNORECASE)
"""Folders and files that bear the name of another database."""


class SqlDialect(Enum):
    """The database that a statement is for."""

    D1 = "D1"
    DURABLE_OBJECT = "Durable Object storage"
    POSTGRES = "Postgres"
    MYSQL = "MySQL"

    @property
    def dialect(self) -> Dialect:
        if self is SqlDialect.POSTGRES:
            return Dialect.POSTGRES
        return Dialect.MYSQL if self is SqlDialect.MYSQL else Dialect.SQLITE


def is_for_another_database(document: Document) -> bool:
    """Whether a SQL file is for Postgres, MySQL and the like, and says nothing of D1: by what it is called,
    or by words in it that SQLite does not take."""
    return document.memoized("SQL for another database", _is_for_another)


def _is_for_another(document: Document) -> bool:
    if _OTHERS_PATH.search(document.path) is not None:
        return True
    data = document.data
    return any(
        b"--" not in data[data.rfind(b"\n", 0, found.start()) + 1 : found.start()]
        for found in _NOT_SQLITE.finditer(data)
    )


def engine_of(module: Module, target: Node, method: str) -> SqlDialect | None:
    """The database that a method of an expression hands SQL to; None of what is none, or not known."""
    value = module.value_of(target)
    if method in ("prepare", "exec") and (value.is_binding("d1") or _is_nameless_d1(value, method)):
        return SqlDialect.D1
    if method == "exec":
        text = module.text(target)
        if value.kind is ValueKind.SQL_STORAGE or (
            not value and text.endswith(("storage.sql", "storage?.sql"))
        ):
            return SqlDialect.DURABLE_OBJECT
    if value.kind is ValueKind.DATABASE_CLIENT and method in _QUERIES:
        return SqlDialect.MYSQL if value.detail.startswith("mysql") else SqlDialect.POSTGRES
    if method == "prepare" and not value and _may_be_d1(module, target):
        return SqlDialect.D1
    return None


def _is_nameless_d1(value: Value, method: str) -> bool:
    """Whether it is a binding of `env` whose kind nobody tells, but which is prepared a statement."""
    return value.kind is ValueKind.BINDING and value.binding is None and method == "prepare"


_DATABASE_NAME = pattern(r"(?:^|[._])(?:db|d1|database)$|(?:Db|DB|D1|Database|_db)$")
_OTHER_DATABASES = frozenset({"better-sqlite3", "node:sqlite", "bun:sqlite", "sqlite3", "sqlite", "mysql2"})


def _may_be_d1(module: Module, target: Node) -> bool:
    """Whether an untyped value, no member of a binding, is called like a database in a Worker that has D1."""
    owner = module.member(target)
    is_of_env = owner is not None and module.value_of(owner.object).kind is ValueKind.BINDING
    if is_of_env or _DATABASE_NAME.search(module.text(target)) is None or _is_made(module, target):
        return False
    if not any(found.kind.id == "d1" for env in module.environments for found in env.bindings):
        return False
    imported = (found.imported for found in module.scope.imports)
    return not any(ref is not None and ref.module in _OTHER_DATABASES for ref in imported)


def _is_made(module: Module, target: Node) -> bool:
    """Whether a name is that of an object that the project makes by itself, in this module or another one:
    what looks like a database and binds what its `run()` is given."""
    node = module.initializer(target)
    if node.type in ("object", "new_expression"):
        return True
    declaration = module.scope.resolve(node) if node.type == "identifier" else None
    ref = declaration.imported if declaration is not None else None
    return ref is not None and module.project.imported.is_made(module.path, ref)
