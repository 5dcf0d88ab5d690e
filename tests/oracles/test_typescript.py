"""What TypeScript's own parser takes, cflint takes: every word in every place where a name can stand.

And what pages say that the type checker refuses, it refuses.
"""

from __future__ import annotations

from typing import Any

import pytest

from cflint.source import Document
from cflint.syntax.javascript import parse
from tests.support.constructs import modules
from tests.support.fixture_cases import KNOWN
from tests.support.odd_names import ALSO_RIGHT, PLACES, UNREADABLE, WORDS
from tests.support.oracle_tools import converse, needs_typescript
from tests.support.workerd import blocks

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


REFUSED = {
    "async-return-type": (1064, "TypeScript refuses any other annotation (TS1064)"),
    "signature-type-out-of-scope": (2304, "cannot name it (TS2304)"),
    "env-durable-object-type": (2339, "which has none of the methods of a namespace"),
}
"""What TypeScript says to the example of a rule's page, and the page's words for it."""


CALL = "export const visitors = (env: Env): Promise<number> => env.ROOM.getByName('a').visitors();"
TYPES = {
    "env-binding-type-mismatch": (
        ("KVNamespace", "R2Bucket"),
        "",
        "With the type of another kind, wrong calls compile and right ones do not",
    ),
    "namespace-generic-mismatch": (
        ("DurableObjectNamespace<Lobby>", "DurableObjectNamespace<Room>"),
        CALL,
        "With another class there, calls are checked against methods that the object does not have",
    ),
}
"""The type in a page's incorrect example and that of what the configuration binds, a use of it, the page's
words."""


@pytest.mark.parametrize("rule", TYPES)
def test_what_a_wrong_type_of_a_binding_hides(rule: str) -> None:
    (wrong, right), use, says = TYPES[rule]
    assert says in " ".join(KNOWN[rule].page.split()), "the page says it"
    incorrect, correct = (f"{blocks(rule, heading)[0]}\n{use}" for heading in ("Incorrect", "Correct"))
    texts = [incorrect, incorrect.replace(wrong, right), correct, correct.replace(right, wrong)]
    assert len(set(texts)) >= 2
    answers: Any = converse("typescript.cjs", [{"text": text, "check": True} for text in texts])
    as_written, as_bound, corrected, spoilt = [answer["codes"] for answer in answers]
    assert corrected == [] and spoilt != []
    if use:  # the class does have the method
        assert as_written == [2339] and as_bound == []
    else:  # what fails when it runs is not seen
        assert as_written == [] and as_bound != []


@pytest.mark.parametrize("rule", REFUSED)
def test_what_the_type_checker_refuses(rule: str) -> None:
    code, says = REFUSED[rule]
    assert says in " ".join(KNOWN[rule].page.split()), "the page says it"
    texts = [blocks(rule, heading)[0] for heading in ("Incorrect", "Correct")]
    wrong, right = converse("typescript.cjs", [{"text": text, "check": True} for text in texts])
    assert wrong["codes"] == [code]
    assert right["codes"] == []


def test_constructs_that_the_grammar_does_not_know() -> None:
    known = modules()
    answers: Any = converse("typescript.cjs", [{"text": text} for text in known.values()])
    assert {name: answer for name, answer in zip(known, answers, strict=True) if answer["errors"]} == {}
