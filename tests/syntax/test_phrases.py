"""Texts that are looked for in any case, all at once."""

from __future__ import annotations

import re

import pytest

from cflint.pattern import pattern
from cflint.syntax.phrases import Phrases

pytestmark = pytest.mark.portable

SIGNS = Phrases("auth sign_?in", whole="pin", unless=pattern(rb"authors?\b", re.IGNORECASE))
SAME = re.compile(rb"auth(?!ors?\b)|sign_?in|\bpin\b", re.IGNORECASE)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (b"Auth signIn SIGN_IN sign__in", ["Auth", "signIn", "SIGN_IN"]),
        (b"pin _pin pin_ ping (PIN)", ["pin", "PIN"]),
        (b"author Authors authority", ["auth"]),
        (b"\xc3\x84pin \xffauth", ["pin", "auth"]),
        (b"", []),
    ],
)
def test_finds_what_an_expression_finds(text: bytes, found: list[str]) -> None:
    spans = SIGNS.spans(text)
    assert [text[start:end].decode() for start, end in spans] == found
    assert spans == tuple(match.span() for match in SAME.finditer(text))


def test_an_expression_is_tried_in_the_lines_of_the_texts_alone() -> None:
    words = re.compile(rb"\bcheck(?:Pass|Key)?\b", re.IGNORECASE)
    text = b"check a\ncheckPass check pass pass\n\ncheckKey\ncheck(pass)"
    spans = Phrases("pass", lines=words).spans(text)
    assert [text[start:end] for start, end in spans] == [b"checkPass", b"check", b"check"]
    inside = {line for line in text.splitlines() if b"pass" in line.lower()}
    assert len(spans) == sum(len(words.findall(line)) for line in inside)
