"""ORMs and query builders around a database's client."""

from __future__ import annotations

import pytest

from cflint.platform.orms import orm_maker, orm_package
from cflint.project.code.orms import orm_made, orms_imported, with_orms
from tests.support.modules import marked, module_of

HEAD = """
import { drizzle as orm } from "drizzle-orm/postgres-js";
import { Kysely, PostgresDialect } from "kysely";
import { PostgresJSDialect } from "kysely-postgres-js";
import { PrismaClient } from "@prisma/client";
import { PrismaPg } from "@prisma/adapter-pg";
import makeKnex from "knex";
import * as typeorm from "typeorm";
import { MikroORM } from "@mikro-orm/postgresql";
import { drizzle } from "./mine";
import postgres from "postgres";

pytestmark = pytest.mark.portable
"""


@pytest.mark.parametrize(
    ("source", "label", "is_dialect"),
    [
        ("«orm(client)»", "Drizzle", False),
        ("«new Kysely({ dialect })»", "Kysely", False),
        ("«new (Kysely as any)({ dialect })»", "Kysely", False),
        ("«new PostgresDialect({ pool })»", "Kysely", True),
        ("«new PostgresJSDialect({ postgres })»", "Kysely", True),
        ("«new PrismaClient({ adapter })»", "Prisma", False),
        ("«new PrismaPg(pool)»", "Prisma", True),
        ("«makeKnex({ client: 'pg' })»", "Knex", False),
        ("«new typeorm.DataSource({})»", "TypeORM", False),
        ("«MikroORM.init({})»", "MikroORM", False),
    ],
)
def test_orms(source: str, label: str, is_dialect: bool) -> None:
    module, node = marked(HEAD + source)
    found = orm_made(module, node)
    assert found is not None and (found.label, found.is_dialect) == (label, is_dialect)


@pytest.mark.parametrize(
    "source",
    [
        "«drizzle(client)»",
        "«postgres(url)»",
        "«Drizzle(client)»",
        "«orm.select()»",
        "«orm»",
        "«'orm(client)'»",
    ],
)
def test_what_is_no_orm(source: str) -> None:
    module, node = marked(HEAD + source, mine="export function drizzle() {}")
    assert orm_made(module, node) is None


@pytest.mark.parametrize(
    ("source", "whole"),
    [
        ("db = orm(«postgres(url)»);", "orm(postgres(url))"),
        ("db = orm({ client: «postgres(url)», logger: true });",
         "orm({ client: postgres(url), logger: true })"),
        ("db = new Kysely({ dialect: new PostgresJSDialect({ postgres: «postgres(url)» }) });",
         "new Kysely({ dialect: new PostgresJSDialect({ postgres: postgres(url) }) })"),
        ("db = await orm(await «postgres(url)»);", "await orm(await postgres(url))"),
        ("db = (orm(«postgres(url)» as any) as Mine);", "(orm(postgres(url) as any) as Mine)"),
        ("db = drizzle(«postgres(url)»);", "postgres(url)"),
        ("db = { client: «postgres(url)» };", "postgres(url)"),
        ("db = f(orm(«postgres(url)»));", "orm(postgres(url))"),
    ],
)  # fmt: skip
def test_a_client_with_what_wraps_it(source: str, whole: str) -> None:
    module, node = marked(HEAD + source)
    assert module.text(with_orms(module, node)) == whole


def test_which_orms_a_module_imports() -> None:
    assert orms_imported(module_of(HEAD)) == {"Drizzle", "Kysely", "Prisma", "Knex", "TypeORM", "MikroORM"}
    assert orms_imported(module_of('import type { Kysely } from "kysely"; // drizzle-orm')) == frozenset()
    assert orms_imported(module_of('const { drizzle } = require("drizzle-orm/d1");')) == {"Drizzle"}


def test_packages() -> None:
    assert orm_package("drizzle-orm/d1") == "Drizzle" and orm_package("drizzle-kit") is None
    assert orm_package("@prisma/client/edge") == "Prisma" and orm_package("@prisma") is None
    assert orm_maker("kysely", "sql") is None and orm_maker("pg", "Client") is None
