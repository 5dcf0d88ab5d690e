from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cflint.source import BOM, Document, Position, Span, change_between

pytestmark = pytest.mark.portable

TEXTS = st.text(alphabet=st.sampled_from("ab\n\r\té€😀"), max_size=60)


@given(TEXTS, st.booleans())
def test_positions_round_trip(text: str, with_bom: bool) -> None:
    data = (BOM if with_bom else b"") + text.encode()
    document = Document("a.ts", data)
    offset = len(BOM) if with_bom else 0
    for character in text:
        position = document.position(offset)
        if character not in "\r\n":
            assert document.offset(position) == offset
        offset += len(character.encode())


@given(TEXTS)
def test_lines_cover_the_text(text: str) -> None:
    document = Document("a.ts", text.encode())
    lines = [document.text(document.line_span(line + 1)) for line in range(document.line_count)]
    assert lines == [line.removesuffix("\r") for line in text.split("\n")]


def test_a_bom_is_no_column() -> None:
    document = Document("a.ts", BOM + b"x = 1")
    assert document.position(3) == Position(1, 1)
    assert document.utf16_column(4) == 2


def test_utf16_columns_count_surrogates() -> None:
    document = Document("a.ts", "😀x".encode())
    assert document.position(4) == Position(1, 2)
    assert document.utf16_column(4) == 3


def test_offsets_out_of_range_are_clamped() -> None:
    document = Document("a.ts", b"ab\ncd")
    assert document.position(99) == Position(2, 3)
    assert document.offset(Position(9, 1)) == 5
    assert document.offset(Position(1, 99)) == 2


def test_bytes_that_are_no_utf8_stay_in_range() -> None:
    document = Document("a.ts", b"a\xff\xfeb\n\x80")
    for offset in range(len(document.data) + 1):
        position = document.position(offset)
        assert position.line in (1, 2) and position.column >= 1


def test_spans() -> None:
    assert Span(1, 4).covers(Span(1, 4)) and not Span(1, 4).covers(Span(0, 2))
    assert Span(1, 4).overlaps(Span(3, 9)) and not Span(1, 4).overlaps(Span(4, 9))
    assert not Span(2, 2).overlaps(Span(2, 4)) and Span(3, 3).overlaps(Span(2, 4))
    assert 1 in Span(1, 4) and 4 not in Span(1, 4)


def test_newline_follows_the_first_line() -> None:
    assert Document("a", b"x\r\ny\n").newline == "\r\n"
    assert Document("a", b"x\ny\r\n").newline == "\n"
    assert Document("a", b"x").newline == "\n"


@given(st.binary(max_size=20), st.binary(max_size=20), st.binary(max_size=5), st.binary(max_size=5))
def test_a_change_is_all_that_two_texts_differ_in(front: bytes, back: bytes, old: bytes, new: bytes) -> None:
    before, after = front + old + back, front + new + back
    change = change_between(before, after)
    if change is None:
        assert before == after
        return
    assert before != after
    assert before[: change.start] == after[: change.start]
    assert before[change.old_end :] == after[change.new_end :]
    assert change.start <= min(change.old_end, change.new_end)
    touched = (before[change.start : change.old_end], after[change.start : change.new_end])
    assert not (touched[0] and touched[1]) or touched[0][0] != touched[1][0]
    for start in range(len(before) + 1):
        for end in range(start, len(before) + 1):
            moved = change.moved(Span(start, end))
            if moved is not None:
                assert after[moved.start : moved.end] == before[start:end]


@pytest.mark.parametrize(
    ("text", "is_there"),
    [
        ("key", True), ("a key.", True), ("keys key", True), ("monkey", False), ("$key", False),
        ("key$", False), ("keykey", False), ("kékey-", True), ("key_ _key", False),
    ],
)  # fmt: skip
def test_a_word_is_no_part_of_a_longer_one(text: str, is_there: bool) -> None:
    document = Document("a.ts", text.encode())
    assert document.has_word("key") is is_there
    for _ in range(100):  # from some time on the words are known
        document.has_word("key")
    assert document.has_word("key") is is_there
