"""Positions and buffers against a plain model of them, and the reading of messages."""

from __future__ import annotations

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from cflint.lsp.text import Buffer, Encoding, Lines
from cflint.lsp.transport import Malformed, messages

TEXTS = st.text(st.sampled_from("ab é€😀\n\r\u2028\x0c\t"), max_size=30)
ENCODINGS = st.sampled_from(list(Encoding))


def _units(text: str, encoding: Encoding) -> int:
    if encoding is Encoding.UTF32:
        return len(text)
    if encoding is Encoding.UTF16:
        return len(text.encode("utf-16-le")) // 2
    return len(text.encode())


def _lines(text: str) -> list[str]:
    """The lines with their ends, as the protocol has them."""
    parts = re.split(r"(\r\n|\n|\r)", text)
    return ["".join(parts[at : at + 2]) for at in range(0, len(parts), 2)]


@given(TEXTS, ENCODINGS)
def test_every_place_of_a_text_goes_there_and_back(text: str, encoding: Encoding) -> None:
    lines = Lines(text.encode())
    at = 0
    for number, line in enumerate(_lines(text)):
        bare = line.rstrip("\r\n")
        for end in range(len(bare) + 1):
            offset = at + len(bare[:end].encode())
            place = (number, _units(bare[:end], encoding))
            assert lines.position(offset, encoding) == place
            assert lines.offset(*place, encoding) == offset
        at += len(line.encode())


@given(TEXTS, ENCODINGS, st.integers(-3, 40), st.integers(-3, 60))
def test_no_place_is_out_of_the_text_or_inside_a_character(
    text: str, encoding: Encoding, line: int, character: int
) -> None:
    data = text.encode()
    offset = Lines(data).offset(line, character, encoding)
    assert 0 <= offset <= len(data)
    data[:offset].decode()


def test_a_line_beyond_the_last_is_the_end_and_a_column_beyond_it_the_end_of_the_line() -> None:
    lines = Lines(b"one\ntwo")
    assert lines.offset(9, 0, Encoding.UTF16) == 7
    assert lines.offset(0, 99, Encoding.UTF16) == 3
    assert lines.offset(0, 2**31 - 1, Encoding.UTF8) == 3


def test_half_a_character_is_its_start() -> None:
    lines = Lines("😀b".encode())
    assert lines.offset(0, 1, Encoding.UTF16) == 0
    assert lines.offset(0, 2, Encoding.UTF16) == 4
    assert lines.offset(0, 3, Encoding.UTF8) == 0


def test_a_bom_is_no_character() -> None:
    lines = Lines(b"\xef\xbb\xbfab")
    assert lines.position(4, Encoding.UTF16) == (0, 1)
    assert lines.offset(0, 1, Encoding.UTF16) == 4


def test_bytes_that_are_no_utf8_have_places_all_the_same() -> None:
    lines = Lines(b"a\xff\xfeb\nc")
    assert lines.position(3, Encoding.UTF16) == (0, 3)
    assert 0 <= lines.offset(0, 4, Encoding.UTF16) <= 4


@settings(max_examples=60)
@given(TEXTS, TEXTS, ENCODINGS, st.data())
def test_an_edit_replaces_what_lies_between(
    text: str, new: str, encoding: Encoding, data: st.DataObject
) -> None:
    lines = _lines(text)

    def place() -> tuple[int, tuple[int, int]]:
        number = data.draw(st.integers(0, len(lines) - 1))
        bare = lines[number].rstrip("\r\n")
        end = data.draw(st.integers(0, len(bare)))
        index = sum(map(len, lines[:number])) + end
        return index, (number, _units(bare[:end], encoding))

    (low, start), (high, end) = sorted((place(), place()))
    buffer = Buffer("file:///a", 1, text.encode()).edited(start, end, new, 2, encoding)
    assert buffer.data.decode() == text[:low] + new + text[high:]
    assert buffer.version == 2


def test_an_edit_whose_end_lies_before_its_start_is_made_all_the_same() -> None:
    buffer = Buffer("file:///a", 1, b"abc").edited((0, 3), (0, 1), "X", 2, Encoding.UTF16)
    assert buffer.data == b"aX"


def test_lone_surrogates_are_kept() -> None:
    buffer = Buffer("file:///a", 1, b"").replaced("a\ud800b", 2)
    assert buffer.edited((0, 2), (0, 3), "", 3, Encoding.UTF16).data == "a\ud800".encode(
        errors="surrogatepass"
    )


# -- messages -------------------------------------------------------------------------------------------


def _stream(data: bytes, step: int) -> list[bytes | str]:
    """What is read of a stream that gives `step` bytes at a time; what is malformed as `str`."""
    at = 0

    def read(size: int) -> bytes:
        nonlocal at
        chunk = data[at : at + min(step, size)]
        at += len(chunk)
        return chunk

    return ["malformed" if isinstance(found, Malformed) else found for found in messages(read)]


def _message(body: bytes) -> bytes:
    return b"Content-Length: %d\r\n\r\n%s" % (len(body), body)


@given(st.lists(st.binary(max_size=40), max_size=6), st.integers(1, 50))
def test_messages_come_out_as_they_went_in(bodies: list[bytes], step: int) -> None:
    assert _stream(b"".join(map(_message, bodies)), step) == bodies


def test_headers_may_be_written_in_any_way_that_http_allows() -> None:
    head = b"content-type: application/vscode-jsonrpc; charset=utf-8\r\nCONTENT-LENGTH:2\r\n\r\n{}"
    assert _stream(head, 5) == [b"{}"]


def test_after_a_header_that_is_none_it_goes_on() -> None:
    good = _message(b"{}")
    for bad in (
        b"nonsense\r\n\r\n",
        b"Content-Length: many\r\n\r\n",
        b"Content-Length: 99999999999\r\n\r\n",
        b"Content-Length: -5\r\n\r\n{}",
        b"\r\n\r\n\r\n\r\n",
        b"Content-Type: x\r\n\r\n" + b"x" * 1000,
    ):
        found = _stream(bad + good, 7)
        assert found[0] == "malformed", bad
        assert found[-1] == b"{}", bad


def test_a_header_without_end_does_not_pile_up() -> None:
    found = _stream(b"x" * 300_000 + _message(b"{}"), 1 << 16)
    assert found[-1] == b"{}"


def test_a_message_that_breaks_off_is_none() -> None:
    assert _stream(b"Content-Length: 10\r\n\r\n{}", 3) == []
