"""Which statements D1 refuses."""

from __future__ import annotations

import sqlite3

import pytest

from cflint.project.sql.refused import refusal
from cflint.syntax.sql import statements

TABLE = "CREATE TABLE t (id INTEGER PRIMARY KEY); CREATE TABLE u (id INTEGER PRIMARY KEY);"
TAKEN = (
    "ALTER TABLE t ADD COLUMN a TEXT",
    "ALTER TABLE t ADD a TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE t ADD a NUMERIC(10, 2) DEFAULT (1) CHECK (a IS NOT NULL)",
    "ALTER TABLE t ADD a INTEGER REFERENCES u (id) DEFAULT NULL",
    "ALTER TABLE t ADD a INTEGER NOT NULL GENERATED ALWAYS AS (id * 2) VIRTUAL",
    "ALTER TABLE t RENAME COLUMN id TO key",
    "ALTER TABLE t RENAME TO v",
    "PRAGMA foreign_keys = ON",
)
REFUSED = (
    "ALTER TABLE t ADD a TEXT UNIQUE",
    "ALTER TABLE t ADD a INTEGER PRIMARY KEY",
    "ALTER TABLE t ADD COLUMN IF NOT EXISTS a TEXT",
    "ALTER TABLE t DROP COLUMN IF EXISTS id",
    "ALTER TABLE t ADD a TEXT, ADD b TEXT",
    "ALTER TABLE t ADD UNIQUE (id)",
    "ALTER TABLE t MODIFY id TEXT",
    "ALTER TABLE IF EXISTS t ADD a TEXT",
    "TRUNCATE TABLE t",
    "CREATE TYPE mood AS ENUM ('sad')",
    "SET search_path = public",
)
REFUSED_WITH_ROWS = (
    "ALTER TABLE t ADD a TEXT NOT NULL",
    "ALTER TABLE t ADD a TEXT DEFAULT CURRENT_TIMESTAMP",
    "ALTER TABLE t ADD a INTEGER DEFAULT (unixepoch())",
    "ALTER TABLE t ADD a INTEGER NOT NULL DEFAULT 1 REFERENCES u (id)",
)


def fails(text: str, rows: str) -> bool:
    database = sqlite3.connect(":memory:")
    try:
        database.executescript(f"PRAGMA foreign_keys = ON; {TABLE} {rows}")
        database.execute(text.replace("unixepoch()", "julianday()"))
    except sqlite3.Error:
        return True
    finally:
        database.close()
    return False


@pytest.mark.parametrize("text", TAKEN)
def test_what_sqlite_takes_is_not_refused(text: str) -> None:
    assert refusal(statements(text)[0]) is None
    assert not fails(text, "INSERT INTO t VALUES (1)" if "GENERATED" not in text else "")


@pytest.mark.parametrize("text", REFUSED)
def test_what_sqlite_refuses_is_known(text: str) -> None:
    found = refusal(statements(text)[0])
    assert found is not None
    assert not found.with_rows
    assert fails(text, "")


@pytest.mark.parametrize("text", REFUSED_WITH_ROWS)
def test_what_a_table_with_rows_refuses_is_known(text: str) -> None:
    found = refusal(statements(text)[0])
    assert found is not None
    assert found.with_rows
    assert found.table == "t"
    assert fails(text, "INSERT INTO t VALUES (1)")


@pytest.mark.parametrize(
    "text", ["BEGIN", "COMMIT", "PRAGMA journal_mode = WAL", "VACUUM", "ATTACH 'a' AS b"]
)
def test_what_d1_refuses_is_known(text: str) -> None:
    found = refusal(statements(text)[0])
    assert found is not None
    assert "D1" in found.why
