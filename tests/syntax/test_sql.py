"""The SQL tokenizer: what is quoted, where statements end, what is bound, which tables are named."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cflint.syntax.sql import (
    HOLE,
    Dialect,
    TableUse,
    TokenKind,
    placeholders,
    positions,
    statements,
    tables,
    tokenize,
)

pytestmark = pytest.mark.portable


def kinds(sql: str, dialect: Dialect = Dialect.SQLITE) -> list[tuple[str, str]]:
    return [(token.kind.name, token.text) for token in tokenize(sql, dialect)]


def used(sql: str) -> list[tuple[str, str]]:
    return [
        (use.value, token.name or "") for statement in statements(sql) for use, token in tables(statement)
    ]


def test_strings_comments_and_identifiers_hide_what_is_in_them() -> None:
    sql = "SELECT 'it''s ?' -- ? ;\n, \"a?\" /* ; ? */, [b ?], `c?` FROM t WHERE x = ?"
    assert len(statements(sql)) == 1
    assert placeholders(tokenize(sql)).count == 1
    assert ("STRING", "'it''s ?'") in kinds(sql)
    assert [token.name for token in tokenize(sql) if token.kind is TokenKind.QUOTED] == ["a?", "b ?", "c?"]


@pytest.mark.parametrize(
    ("sql", "count", "named"),
    [
        ("SELECT ?", 1, []),
        ("SELECT ?, ?, ?", 3, []),
        ("SELECT ?2, ?1", 2, []),
        ("SELECT ?3, ?", 4, []),
        ("SELECT ?, ?1", 1, []),
        ("SELECT :a, @b, $c, :a", 0, [":a", "@b", "$c"]),
        ("SELECT data ->> '$.a?b' FROM t WHERE a->'$.x' = ?", 1, []),
        ("SELECT 1", 0, []),
    ],
)
def test_placeholders(sql: str, count: int, named: list[str]) -> None:
    found = placeholders(tokenize(sql))
    assert (found.count, [token.text for token in found.named]) == (count, named)


@pytest.mark.parametrize(
    ("sql", "found"),
    [
        ("SELECT ?, ?", [0, 1]),
        ("SELECT ?2, ?1, ?", [1, 0, 2]),
        ("SELECT ?3, :a, ?", [2, 3]),
        ("SELECT 1", []),
    ],
)
def test_positions_of_what_is_bound(sql: str, found: list[int]) -> None:
    assert [position for _, position in positions(tokenize(sql))] == found


def test_dialects_differ() -> None:
    assert placeholders(tokenize("SELECT a ? b, $2::int, x[1]", Dialect.POSTGRES)).count == 2
    assert kinds("SELECT $q$ ; ? $q$", Dialect.POSTGRES)[1] == ("STRING", "$q$ ; ? $q$")
    assert kinds(r"'a\' ?'", Dialect.MYSQL) == [("STRING", r"'a\' ?'")]
    assert kinds(r"E'a\' ?'", Dialect.POSTGRES) == [("STRING", r"E'a\' ?'")]
    assert kinds("# ?\n1", Dialect.MYSQL) == [("NUMBER", "1")]


def test_a_trigger_is_one_statement() -> None:
    sql = """
    CREATE TRIGGER IF NOT EXISTS touch AFTER UPDATE ON notes BEGIN
      UPDATE notes SET at = CASE WHEN 1 THEN 2 ELSE 3 END WHERE id = NEW.id;
      DELETE FROM old;
    END;
    BEGIN; COMMIT;
    """
    found = statements(sql)
    assert [statement.verb for statement in found] == ["CREATE", "BEGIN", "COMMIT"]
    assert found[0].is_trigger and found[0].closed


def test_whether_a_statement_gives_rows() -> None:
    rows = ["SELECT 1", "WITH a AS (SELECT 1) SELECT * FROM a", "INSERT INTO t VALUES (1) RETURNING id"]
    none = ["INSERT INTO t VALUES (1)", "WITH a AS (SELECT 1) DELETE FROM t", "CREATE TABLE t (a)"]
    assert [statements(sql)[0].reads for sql in rows + none] == [True] * 3 + [False] * 3


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELECT * FROM a JOIN b ON 1", [("uses", "a"), ("uses", "b")]),
        ("WITH x AS (SELECT 1 FROM a) SELECT * FROM x, y", [("uses", "a")]),
        ("WITH x(n) AS (SELECT 1) SELECT * FROM x", []),
        ("INSERT INTO t (a) VALUES (1) ON CONFLICT DO UPDATE SET a = 1", [("uses", "t")]),
        ('UPDATE OR REPLACE "my t" SET a = 1', [("uses", "my t")]),
        ("CREATE TABLE IF NOT EXISTS t (a)", [("creates", "t")]),
        ("CREATE VIRTUAL TABLE s USING fts5(a)", [("creates", "s")]),
        ("DROP TABLE IF EXISTS t", []),
        ("ALTER TABLE a RENAME TO b", [("uses", "a"), ("creates", "b")]),
        ("SELECT * FROM json_each(?)", []),
        ("SELECT * FROM main.t", []),
        (f"SELECT * FROM {HOLE}", []),
        (f"SELECT * FROM log_{HOLE}", []),
        ("CREATE INDEX i ON t (a)", [("uses", "t")]),
        ("SELECT 1 WHERE a IS NOT DISTINCT FROM b", []),
    ],
)
def test_tables(sql: str, expected: list[tuple[str, str]]) -> None:
    assert used(sql) == expected
    assert TableUse.CREATES.value == "creates"


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.sampled_from([*"abE'\"`[]-/*;?:$@#1. \n\\", HOLE, "BEGIN ", "CREATE TRIGGER ", "END"]), max_size=60
    ),
    st.sampled_from(Dialect),
)
def test_tokens_lie_in_the_text_in_order(parts: list[str], dialect: Dialect) -> None:
    sql = "".join(parts)
    at = 0
    for token in tokenize(sql, dialect):
        assert at <= token.start < token.end <= len(sql)
        assert sql[token.start : token.end] == token.text
        at = token.end
    for statement in statements(sql, dialect):
        assert statement.start < statement.end
        list(tables(statement))


@pytest.mark.parametrize("unit", ["[", "'", '"', "/*", "$a$", "$a", "?", "CASE ", "WITH a AS (", "FROM "])
@pytest.mark.parametrize("dialect", Dialect)
def test_linear(unit: str, dialect: Dialect) -> None:
    def seconds(count: int) -> float:
        sql = "CREATE TRIGGER x BEGIN " + unit * count
        start = time.process_time()
        for statement in statements(sql, dialect):
            list(tables(statement))
            placeholders(statement.tokens)
        return time.process_time() - start

    seconds(100)
    bound = 60 * max(min(seconds(500) for _ in range(3)), 0.001)
    assert any(seconds(5_000) < bound for _ in range(3))
