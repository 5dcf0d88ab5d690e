"""ORMs and query builders: what wraps a database's client, or is told how to reach it."""

from __future__ import annotations

from cflint.record import record
from cflint.source import Document


@record(frozen=True)
class Orm:
    """An ORM or query builder: `label` is its name. `is_dialect`: what is made is a dialect or adapter, which
    something else of the ORM is given."""

    label: str
    is_dialect: bool = False


_PACKAGES = {
    "drizzle-orm": "Drizzle",
    "kysely": "Kysely",
    "kysely-d1": "Kysely",
    "kysely-do": "Kysely",
    "kysely-postgres-js": "Kysely",
    "kysely-planetscale": "Kysely",
    "kysely-neon": "Kysely",
    "@prisma/client": "Prisma",
    "@prisma/adapter-pg": "Prisma",
    "@prisma/adapter-d1": "Prisma",
    "@prisma/adapter-neon": "Prisma",
    "@prisma/adapter-planetscale": "Prisma",
    "@prisma/adapter-libsql": "Prisma",
    "@prisma/adapter-mariadb": "Prisma",
    "knex": "Knex",
    "typeorm": "TypeORM",
    "@mikro-orm/core": "MikroORM",
    "@mikro-orm/postgresql": "MikroORM",
    "@mikro-orm/mysql": "MikroORM",
    "@mikro-orm/libsql": "MikroORM",
    "sequelize": "Sequelize",
    "objection": "Objection.js",
    "workers-qb": "workers-qb",
}
_MAKERS = {
    "Drizzle": frozenset({"drizzle"}),
    "Kysely": frozenset({"Kysely"}),
    "Prisma": frozenset({"PrismaClient"}),
    "Knex": frozenset({"knex", "default"}),
    "TypeORM": frozenset({"DataSource", "createConnection"}),
    "MikroORM": frozenset({"MikroORM.init", "MikroORM.initSync", "MikroORM"}),
    "Sequelize": frozenset({"Sequelize"}),
    "workers-qb": frozenset({"D1QB", "DOQB", "PGQB"}),
}
_DIALECTS = {
    "Kysely": ("Dialect",),
    "Prisma": (
        *("PrismaPg", "PrismaD1", "PrismaNeon", "PrismaNeonHTTP", "PrismaPlanetScale", "PrismaLibSQL"),
        *("PrismaLibSql", "PrismaMariaDb"),
    ),
}
"""The ends of the names of dialects and adapters."""

_MENTIONS = (b"drizzle", b"kysely", b"prisma")
_MADE = (b"drizzle(", b"new Kysely", b"new PrismaClient")


def mentions_orm(document: Document) -> bool:
    """Whether the text of a module may use an ORM of which the statements are known."""
    return document.memoized(
        "mentions an ORM", lambda document: any(word in document.data for word in _MENTIONS)
    )


def makes_orm(document: Document) -> bool:
    """Whether the text of a module may make such an ORM's database."""
    return document.memoized("makes an ORM", lambda document: any(word in document.data for word in _MADE))


D1_SOURCES = frozenset({"drizzle-orm/d1", "kysely-d1", "@prisma/adapter-d1"})
"""Modules of which what is made uses D1."""

VERBS: dict[str, dict[str, str]] = {
    "Drizzle": {
        "insert": "INSERT",
        "update": "UPDATE",
        "delete": "DELETE",
        "select": "SELECT",
        "findMany": "SELECT",
        "findFirst": "SELECT",
    },
    "Kysely": {
        "insertInto": "INSERT",
        "replaceInto": "REPLACE",
        "updateTable": "UPDATE",
        "deleteFrom": "DELETE",
        "selectFrom": "SELECT",
    },
    "Prisma": {"create": "INSERT", "update": "UPDATE", "delete": "DELETE", "findMany": "SELECT"},
}
"""By ORM, the methods that begin a statement, and its verb; those of Prisma, and `findMany` and `findFirst`
of Drizzle, are called of a model, and are a statement each."""


def orm_package(module: str) -> str | None:
    """The name of the ORM that a module specifier belongs to (`drizzle-orm/d1`: Drizzle); None of others."""
    parts = module.split("/")
    package = "/".join(parts[: 2 if module.startswith("@") else 1])
    return _PACKAGES.get(package)


def orm_maker(module: str, name: str) -> Orm | None:
    """The ORM of which a name of a module makes the database, a dialect or an adapter; None of others."""
    label = orm_package(module)
    if label is None:
        return None
    if name in _MAKERS.get(label, ()):
        return Orm(label)
    return Orm(label, is_dialect=True) if name.endswith(_DIALECTS.get(label, ("\0",))) else None
