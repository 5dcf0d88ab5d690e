"""With which columns the keys and indexes of a table begin."""

from __future__ import annotations

import pytest

from cflint.project.code.module import Module
from cflint.project.files.workspace import Workspace
from cflint.project.sql.columns import columns_in_no_index, columns_without_null
from cflint.project.workers.loading import load
from cflint.project.workers.preferences import no_preferences
from tests.support.modules import CONFIG

pytestmark = pytest.mark.portable

ALL = frozenset({"a", "b", "c", "d"})


def module_with(sql: str) -> Module:
    files = {"wrangler.jsonc": CONFIG, "index.ts": "export default {};", "migrations/0001.sql": sql}
    workspace = Workspace.in_memory({path: text.encode() for path, text in files.items()})
    project = load(workspace, [""], preferences=no_preferences).project
    tree = project.trees.of("index.ts")
    assert tree is not None
    return Module(project, *tree)


def no_index(sql: str, table: str = "t", columns: frozenset[str] = ALL) -> frozenset[str] | None:
    return columns_in_no_index(module_with(sql), table, columns)


@pytest.mark.parametrize(
    ("sql", "lacking"),
    [
        ("CREATE TABLE t (a INTEGER PRIMARY KEY, b TEXT UNIQUE, c, d)", "cd"),
        ("CREATE TABLE t (a, b, c, d, PRIMARY KEY (b, a), CONSTRAINT u UNIQUE (c, d))", "ad"),
        ("CREATE TABLE `t` (a, b, c, d); CREATE UNIQUE INDEX IF NOT EXISTS i ON `t` (`d` DESC, a)", "abc"),
        ("CREATE TABLE t (a, b, c, d); create index main.i on t(a) where b = 1", "bcd"),
        ("CREATE TABLE t (a, b, c, d); CREATE INDEX i ON t (lower(c), a)", "abd"),
        ("CREATE TABLE t (a, b, c, d); CREATE INDEX i ON other (a)", "abcd"),
        ("CREATE TABLE n (a, b, c, d); CREATE INDEX i ON n (a); ALTER TABLE n RENAME TO t", "bcd"),
        ("CREATE TABLE t (a, b, c); ALTER TABLE t ADD COLUMN d TEXT", "abcd"),
    ],
)
def test_columns_with_which_no_index_begins(sql: str, lacking: str) -> None:
    if "RENAME" in sql:
        sql = f"CREATE TABLE t (a, b, c, d); {sql}"
    assert no_index(sql) == frozenset(lacking)


@pytest.mark.parametrize(
    ("sql", "table"),
    [
        ("CREATE TABLE t (a, b, c, d)", "other"),
        ("CREATE TABLE t (a, b, c)", "t"),
        ("CREATE TABLE t AS SELECT a, b, c, d FROM s", "t"),
        ("CREATE TABLE t (a SERIAL PRIMARY KEY, b JSONB, c TIMESTAMPTZ, d)", "t"),
    ],
)
def test_a_table_or_a_column_that_is_not_known(sql: str, table: str) -> None:
    assert no_index(sql, table) is None


def test_the_id_of_a_row_needs_no_index() -> None:
    assert no_index("CREATE TABLE t (a, rowid)", columns=frozenset({"rowid"})) == frozenset()


@pytest.mark.parametrize(
    ("sql", "refusing"),
    [
        ("CREATE TABLE t (a TEXT NOT NULL, b TEXT, c INTEGER DEFAULT 0 NOT NULL, UNIQUE (a))", "ac"),
        ("CREATE TABLE t (a TEXT NOT NULL, b TEXT NOT NULL); CREATE TABLE t (a TEXT, b TEXT NOT NULL)", "b"),
        ("CREATE TABLE u (a TEXT NOT NULL)", ""),
    ],
)
def test_columns_that_refuse_null_by_all_definitions(sql: str, refusing: str) -> None:
    assert columns_without_null(module_with(sql), "T") == frozenset(refusing)
