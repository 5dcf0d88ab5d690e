"""Pieces of a user's text in messages."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cflint.quoting import quoted

pytestmark = [pytest.mark.portable, pytest.mark.interpreter]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("env.KV", "`env.KV`"),
        ("  env.KV\n", "`env.KV`"),
        ("get(\n    a,\n\tb\n)", "`get( a, b )`"),
        ("this.env.DB\n      .prepare(sql)\r\n  ?.first()", "`this.env.DB.prepare(sql)?.first()`"),
        ("[1, ...rest]", "`[1, ...rest]`"),
        ("[\n  ...rest\n]", "`[ ...rest ]`"),
        ("`a${b}`", "`'a${b}'`"),
        ("\x1b[31mred\u202e", "`\\x1b[31mred\\u202e`"),
        ("a\udcffb", "`a\\xffb`"),
        ("", "``"),
    ],
)
def test_a_text_is_shown_on_one_line(text: str, shown: str) -> None:
    assert quoted(text) == shown


def test_what_is_too_long_is_cut() -> None:
    assert quoted("abcdefgh", 8) == "`abcdefgh`"
    assert quoted("abcdefghi", 8) == "`abcdefg…`"
    assert quoted("abcdef ghi", 8) == "`abcdef…`"
    assert quoted("abcdefghi", 8, keep_end=True) == "`…cdefghi`"
    assert quoted("abc", 0) == "`…`"


def test_something_else_can_stand_for_what_does_not_fit() -> None:
    assert quoted("this.env.DB.get", 20, otherwise="get()") == "`this.env.DB.get`"
    assert quoted("this.env.DB.get", 10, otherwise="get()") == "`get()`"
    assert quoted("a(\n1)", otherwise="a()") == "`a()`"
    assert quoted("a()\n", otherwise="b()") == "`a()`"


@given(st.text(), st.integers(1, 80), st.booleans())
def test_a_quotation_is_short_and_plain(text: str, limit: int, keep_end: bool) -> None:
    shown = quoted(text, limit, keep_end=keep_end)
    assert shown[0] == shown[-1] == "`"
    inner = shown[1:-1]
    assert "`" not in inner and len(inner) <= limit and inner.isprintable()
