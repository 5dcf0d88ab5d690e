"""How wide text is on a terminal, which emoji stay whole, and where sentences are broken."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cflint.quoting import quoted
from cflint.report.cells import cells_of, end_within, start_within, widths
from cflint.report.escape import visible
from cflint.report.wrapping import wrapped

pytestmark = [pytest.mark.portable, pytest.mark.interpreter]

FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
ENGLAND = "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f"
EMOJI = {
    "family": FAMILY,
    "heart": "\u2764\ufe0f",
    "heart on fire": "\u2764\ufe0f\u200d\U0001f525",
    "rainbow flag": "\U0001f3f3\ufe0f\u200d\U0001f308",
    "astronaut": "\U0001f469\U0001f3fd\u200d\U0001f680",
    "thumb": "\U0001f44d\U0001f3fd",
    "flag": "\U0001f1e9\U0001f1ea",
    "England": ENGLAND,
    "keycap": "1\ufe0f\u20e3",
    "shaking head": "\U0001f642\u200d\u2194\ufe0f",
}


@pytest.mark.parametrize("name", EMOJI)
def test_an_emoji_is_shown_and_takes_two_cells(name: str) -> None:
    text = EMOJI[name]
    assert visible(text) == text
    assert quoted(text) == f"`{text}`"
    assert cells_of(text) == 2
    assert cells_of(f"a{text}b") == 4


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\u200db", "a\\u200db"),
        ("\u200d", "\\u200d"),
        ("\U0001f468\u200d", "\U0001f468\\u200d"),
        ("\u200d\U0001f468", "\\u200d\U0001f468"),
        ("\U0001f468\u200d\u200d\U0001f468", "\U0001f468\\u200d\\u200d\U0001f468"),
        (f"{FAMILY}\u202e", f"{FAMILY}\\u202e"),
        ("\u200b\u2066\ufeff", "\\u200b\\u2066\\ufeff"),
        ("\U0001f3f4\U000e0061\U000e007f", "\U0001f3f4\\U000e0061\\U000e007f"),
        (ENGLAND[1:], "".join(f"\\U{ord(char):08x}" for char in ENGLAND[1:])),
    ],
)
def test_what_joins_no_emoji_is_an_escape(text: str, shown: str) -> None:
    assert visible(text) == shown


@pytest.mark.parametrize(
    ("text", "cells"), [("abc", 3), ("日本", 4), ("e\u0301", 1), ("x\ufe0f", 1), ("", 0)]
)
def test_widths(text: str, cells: int) -> None:
    assert cells_of(text) == sum(widths(text)) == cells


WORDS = st.lists(st.sampled_from(["a", "bc", "日本", FAMILY, "`x y`", "e\u0301", "long-word"]), max_size=30)


@settings(max_examples=100, deadline=None)
@given(WORDS, st.integers(12, 60))
def test_cut_texts_fit_and_cut_no_emoji(words: list[str], cells: int) -> None:
    text = "".join(words)
    for cut, rest in ((end_within(text, cells), "..."), (start_within(text, cells), "...")):
        assert cells_of(cut) <= cells
        assert cut == text or rest in cut
        assert cut.replace(FAMILY, "").count("\u200d") == 0


@settings(max_examples=100, deadline=None)
@given(WORDS, st.integers(12, 60), st.integers(12, 60))
def test_wrapped_rows_fit_and_are_the_text(words: list[str], first: int, others: int) -> None:
    text = " ".join(words)
    rows = list(wrapped(text, first, others))
    assert " ".join(rows) == text
    assert all(cells_of(row) <= (others if at else first) for at, row in enumerate(rows))


def test_a_code_span_is_broken_only_where_it_fits_no_row() -> None:
    assert list(wrapped("use `this and that` now", 16, 16)) == ["use", "`this and that`", "now"]
    assert list(wrapped("use `this and that` now", 10, 10)) == ["use `this", "and that`", "now"]
