"""Which columns a statement names."""

from __future__ import annotations

import time

import pytest

from cflint.project.sql.named import columns_bound, columns_read, columns_written
from cflint.syntax.sql import statements

READ = {
    "SELECT a, b AS c FROM t WHERE d = ? ORDER BY e": "t.a t.b t.d t.e",
    "SELECT count(*) c FROM t GROUP BY x ORDER BY c": "",
    "SELECT a FROM t WHERE (b = 1 OR c IS NULL) AND d IN (?, ?)": "t.a t.b t.c t.d",
    "SELECT * FROM t, u WHERE a = 1": "",
    "SELECT x.a, y.b FROM t x JOIN u AS y ON y.id = x.u": "t.a t.u u.b u.id",
    "SELECT s.n FROM (SELECT a AS n FROM t) s": "",
    "WITH r AS (SELECT a FROM t) SELECT r.a FROM r": "",
    'SELECT "a" FROM t WHERE `b` = 1': "t.b",
    "SELECT rowid FROM t WHERE lower(a) = ? AND b = lower(?)": "t.b",
    "DELETE FROM t WHERE a < ? RETURNING b": "t.a t.b",
    "UPDATE t SET a = 1 WHERE b = 2": "t.b",
    "SELECT a FROM t UNION SELECT b FROM u": "",
    "SELECT \ufffca, b FROM t WHERE c\ufffc = 1": "t.b",
}
WRITTEN = {
    "INSERT INTO t (a, b) VALUES (?, ?)": "t.a t.b",
    "INSERT INTO t VALUES (?, ?)": "",
    "INSERT INTO t (a, \ufffc) VALUES (?, ?)": "",
    "INSERT INTO t (a) VALUES (?) ON CONFLICT (a) DO UPDATE SET b = 1": "t.a",
    "UPDATE t SET a = 1, b = max(c, d) WHERE e = 1": "t.a t.b",
    "UPDATE t SET a\ufffc = 1": "",
}


def written(pairs: object) -> str:
    return " ".join(f"{table.name}.{column.name}" for table, column in pairs)  # type: ignore[attr-defined]


@pytest.mark.parametrize("text", READ)
def test_what_is_read_is_known(text: str) -> None:
    assert sorted(written(columns_read(statements(text)[0])).split()) == READ[text].split()


@pytest.mark.parametrize("text", WRITTEN)
def test_what_is_written_is_known(text: str) -> None:
    assert written(columns_written(statements(text)[0])) == WRITTEN[text]


def test_a_long_statement_takes_no_time() -> None:
    names = ", ".join(f"t.c{i}" for i in range(5000))
    (statement,) = statements(f"SELECT {names} FROM t WHERE t.a = 1")
    start = time.perf_counter()
    assert sum(1 for _ in columns_read(statement)) == 5001
    assert time.perf_counter() - start < 2


@pytest.mark.parametrize(
    ("text", "bound"),
    [
        ("INSERT INTO t (a, b, c) VALUES (?, lower(?), ?)", {0: "a", 2: "c"}),
        ("INSERT INTO t (a, b) VALUES (1, ?2)", {1: "b"}),
        ("INSERT INTO t (a) VALUES (?) ON CONFLICT (a) DO UPDATE SET b = ?", {0: "a"}),
        ("INSERT INTO t (a) SELECT ?", {}),
        ("UPDATE t SET A = ?, b = b + ?, c = ? WHERE d = ?", {0: "a", 2: "c"}),
        ("DELETE FROM t WHERE a = ?", {}),
    ],
)
def test_columns_that_get_a_bound_value(text: str, bound: dict[int, str]) -> None:
    (statement,) = statements(text)
    assert columns_bound(statement) == bound
