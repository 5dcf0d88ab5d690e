"""Whether what a pattern finds is code, or text in which code stands."""

from __future__ import annotations

import re

import pytest

from cflint.project.modules import quoted
from cflint.source import Document

pytestmark = pytest.mark.portable

FETCH = re.compile(rb"\bfetch\((\w+)")
STRINGS = "  'a fetch(request) there',\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("fetch(request);\n", True),
        (f"const texts = [\n{STRINGS}];\n", False),
        (f"const texts = [\n{STRINGS}];\nfetch(request);\n", True),
        ("/*\n fetch(request);\n*/\n", False),
        ("const text = `\nfetch(request);\n${fetch(request)}`;\n", True),
    ],
)
def test_what_is_code(text: str, expected: bool) -> None:
    assert quoted.finds_code(FETCH, Document("a.ts", text.encode())) is expected


def test_thousands_of_texts_are_doubted_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    is_doubtful = quoted._is_doubtful

    def counted(data: bytes, at: int) -> bool:
        asked.append(at)
        return is_doubtful(data, at)

    monkeypatch.setattr(quoted, "_is_doubtful", counted)
    text = f"const texts = [\n{STRINGS * 2000}];\n"
    assert not quoted.finds_code(FETCH, Document("a.ts", text.encode()))
    assert len(asked) == 1
