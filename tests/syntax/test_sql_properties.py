"""SQL as SQLite reads it."""

from __future__ import annotations

import pytest
from hypothesis import assume, event, given, settings
from hypothesis import strategies as st

from cflint.syntax.sql import TableUse, placeholders, statements, tables, tokenize
from tests.fuzz.code_targets import check_sql
from tests.fuzz.oracles import NoVerdict, sqlite_complaint, sqlite_parameters

pytestmark = pytest.mark.portable

ATOMS = st.sampled_from(
    [
        "?",
        "?1",
        "?2",
        "?7",
        ":a",
        "@b",
        "$c",
        "1",
        "1.5e3",
        "'a?b'",
        "'it''s'",
        "x'00ff'",
        '"c?"',
        "`d?`",
        "[e?]",
        "NULL",
        "CURRENT_DATE",
        "0x1F",
        "/* ? */ 2",
        "-- ?\n3",
        "CASE WHEN ? THEN 1 ELSE ? END",
        "'; ?'",
    ]
)
VALUES = st.recursive(
    ATOMS,
    lambda below: st.builds(
        lambda form, left, right: form.format(left, right),
        st.sampled_from(["({} + {})", "{} || {}", "max({}, {})", "({}) IN ({})", "(SELECT {} WHERE {})"]),
        below,
        below,
    ),
    max_leaves=6,
)


@settings(max_examples=150, deadline=None)
@given(st.lists(VALUES, min_size=1, max_size=4))
def test_sqlite_wants_as_many_values(values: list[str]) -> None:
    sql = f"SELECT {', '.join(values)}"
    found = placeholders(tokenize(sql))
    assert len(statements(sql)) == 1
    try:
        wanted = sqlite_parameters(sql)
    except NoVerdict as error:  # `"c?"` is a column, and there is none
        event(str(error)[:20])
        return
    if not found.named:
        assert found.count == wanted


NAMES = st.sampled_from(["users", "Order Items", "größe", "a1", "_x", "select", "t$"])


@settings(max_examples=100, deadline=None)
@given(
    NAMES,
    st.sampled_from(['"{}"', "[{}]", "`{}`", "{}"]),
    st.sampled_from(
        [
            "SELECT * FROM {}",
            "INSERT INTO {} VALUES (1)",
            "INSERT OR REPLACE INTO {} DEFAULT VALUES",
            "UPDATE {} SET a = 1",
            "UPDATE OR IGNORE {} SET a = 1",
            "DELETE FROM {} WHERE 1",
            "SELECT 1 WHERE EXISTS (SELECT 1 FROM {})",
            "WITH q AS (SELECT * FROM {}) SELECT * FROM q",
            "REPLACE INTO {} VALUES (1)",
            "SELECT * FROM (SELECT 1) JOIN {} ON 1",
        ]
    ),
)
def test_the_table_that_sqlite_misses_is_seen(name: str, quotes: str, form: str) -> None:
    sql = form.format(quotes.format(name))
    said = sqlite_complaint(sql)
    assume(said.startswith("no such table: "))
    missing = said.removeprefix("no such table: ")
    assert missing == name
    (statement,) = statements(sql)
    assert (TableUse.USES, name) in {(use, token.name) for use, token in tables(statement)}


@pytest.mark.parametrize(
    "text", ["SELECT 'a", "SELECT \ufffc, ?", "/*", "$a$ $a$ $b$", "\0", "CREATE TRIGGER BEGIN END"]
)
def test_any_text(text: str) -> None:
    check_sql(text.encode())
