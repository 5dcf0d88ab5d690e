"""Which columns the SQL of a project makes unique."""

from __future__ import annotations

import pytest

from cflint.project.sql.keys import unique_keys

pytestmark = pytest.mark.portable


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT NOT NULL UNIQUE, age INT)", ["id", "email"]),
        ('CREATE TABLE IF NOT EXISTS "users" (a, b, UNIQUE (a, b), CHECK (a > 0))', ["a b"]),
        ("create table users (a, constraint x unique(a), foreign key (a) references t(b))", ["a"]),
        ("CREATE TABLE users (a TEXT, b TEXT, PRIMARY KEY (a, b)) WITHOUT ROWID;", ["a b"]),
        ("CREATE UNIQUE INDEX IF NOT EXISTS i ON users (a COLLATE NOCASE, b DESC) WHERE c IS NULL", ["a b"]),
        ("CREATE UNIQUE INDEX i ON users (lower(a))", []),
        ("CREATE INDEX i ON users (a)", []),
        ("CREATE TABLE users (a TEXT CHECK (a IN ('x', 'y')), b NUMERIC(1, 2) UNIQUE)", ["b"]),
        ("CREATE TABLE", []),
    ],
)
def test_unique_keys(text: str, keys: list[str]) -> None:
    found = unique_keys(text.encode()).get("users", set())
    assert sorted(" ".join(sorted(key)) for key, _ in found) == sorted(keys)


def test_an_index_with_a_condition_is_unique_in_part() -> None:
    text = b"""CREATE UNIQUE INDEX i ON users (a)
    WHERE a > 0; CREATE UNIQUE INDEX j ON users (b);"""
    assert unique_keys(text)["users"] == {(frozenset({"a"}), False), (frozenset({"b"}), True)}


def test_in_code_each_text_is_read() -> None:
    code = b'await db.exec("CREATE TABLE a (x UNIQUE)"); await db.exec("CREATE TABLE b (y TEXT UNIQUE, z)")'
    assert unique_keys(code) == {"a": {(frozenset("x"), True)}, "b": {(frozenset("y"), True)}}
