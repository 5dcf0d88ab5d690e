"""What TypeScript's own parser takes, cflint takes: every word in every place where a name can stand."""

from __future__ import annotations

from typing import Any

from cflint.source import Document
from cflint.syntax.javascript import parse
from tests.support.odd_names import ALSO_RIGHT, PLACES, UNREADABLE, WORDS
from tests.support.oracle_tools import converse, needs_typescript

pytestmark = needs_typescript()


def test_names_that_look_like_keywords() -> None:
    cases = [(place, word, PLACES[place].replace("W", word)) for place in PLACES for word in WORDS]
    answers: Any = converse("typescript.cjs", [{"text": text} for _, _, text in cases])
    right = [case for case, answer in zip(cases, answers, strict=True) if answer["errors"] == 0]
    assert len(right) > 0.4 * len(cases)
    refused = {
        (place, word) for place, word, text in right if parse(Document("a.ts", text.encode())).root.has_error
    }
    assert refused == {(place, word) for place, words in UNREADABLE.items() for word in words}


def test_ends_of_statements() -> None:
    answers: Any = converse("typescript.cjs", [{"text": text} for text in ALSO_RIGHT])
    assert [answer["errors"] for answer in answers] == [0] * len(ALSO_RIGHT)
