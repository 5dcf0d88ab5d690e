"""The places of words that were looked for all at once are those that a search finds."""

import pytest

from cflint.source import Document
from cflint.syntax.anchors import Anchors
from cflint.syntax.javascript import parse

_WORDS = (
    "fs",
    "node:fs",
    "fsPromises",
    "log",
    "logger",
    "get",
    "workers",
    "cloudflare:workers",
    "set",
    "setAlarm",
)
_TEXT = (
    'import { log } from "node:fsPromises";\nimport w from "cloudflare:workers";\n'
    "// \u2026log \u00a0get( \u00e9log set\n"
    "logger.log(fs.get(a), setAlarm, setAlarms, set);\u00a0log(workers);\n"
)


@pytest.mark.parametrize("data", [_TEXT.encode(), _TEXT.encode("ascii", "ignore")])
def test_known_places_are_those_of_a_search(data: bytes) -> None:
    document = Document("a.ts", data)
    anchors = Anchors(_WORDS)
    searched, known = parse(document), parse(document)
    matches = anchors.matches(data)
    known.know(anchors, matches, anchors.whole(data, matches))
    size = len(data)
    for word in (*_WORDS, "import"):
        for start in (0, 40, 90):
            expected = list(searched.places(word.encode(), start, size))
            assert list(known.places(word.encode(), start, size)) == expected, word
    assert len(list(known.places(b"log", 0, size))) == 5


def test_words_that_may_stand_inside_of_others_are_searched_for() -> None:
    alone = Anchors(_WORDS).alone
    assert alone.keys() == {word.encode() for word in _WORDS} - {b"fs", b"fsPromises", b"workers"}
