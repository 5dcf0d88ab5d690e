"""The texts of errors on the pages of rules, and how a rule is found by one."""

from __future__ import annotations

import re
import runpy
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cflint.platform._error_texts import TEXTS
from cflint.rule.errors import ANYTHING, ErrorText, ErrorTexts, Match, texts_of
from tests.support.fixture_cases import KNOWN
from tests.support.paths import ROOT

pytestmark = pytest.mark.portable

SCRIPT: dict[str, Any] = runpy.run_path(str(ROOT / "scripts" / "write_error_texts.py"))
KNOWN_TEXTS = [ErrorText(*row) for row in TEXTS]
FINDER = ErrorTexts(KNOWN_TEXTS)
TOOLS = {"workerd", "wrangler", "esbuild", "TypeScript", "Workflows", "Vite", "Vite plugin", "Node.js"}
FRAMEWORKS = {"OpenNext", "Astro", "Hono", "SvelteKit", "RedwoodSDK", "Agents SDK", "React Router"}
ORIGINS = TOOLS | FRAMEWORKS | {"Cloudflare"}
"""Who prints texts. Those of Cloudflare are answers of its API and its pages of errors."""


def test_the_table_is_fresh() -> None:
    assert SCRIPT["module"]() == SCRIPT["TARGET"].read_text(encoding="utf-8"), "run scripts/write_all.py"
    assert len({rule for rule, _, _ in TEXTS}) > 130


@pytest.mark.parametrize("rule", [rule for rule in KNOWN if "## Errors" in KNOWN[rule].page])
def test_a_page_says_who_prints_what(rule: str) -> None:
    page = KNOWN[rule].page
    texts = list(texts_of(rule, page))
    assert texts, "there is a block with a title"
    assert {text.printed_by for text in texts} <= ORIGINS
    for text in texts:
        literal = re.sub(r"\W", "", text.text)
        assert len(literal) >= 10, f"`{text.text}` could be anything"
        hits = FINDER.find(text.text.replace(ANYTHING, "something"))
        assert rule in {hit.known.rule for hit in hits if hit.match.is_certain}
    section = page[page.index("## Errors") :]
    if "Cloudflare" in {text.printed_by for text in texts}:
        assert re.search(r"^Seen in https://|Source: https://", section, re.MULTILINE), "what nobody can run"


def certain(text: str) -> list[str]:
    return [hit.known.rule for hit in FINDER.find(text) if hit.match.is_certain]


HEADERS = ["hono-immutable-response", "immutable-headers"]
CODE_10061 = ["entrypoint-class-not-exported", "migration-deleted-class-in-use", "migration-missing-class"]
PASTED = {
    "Illegal invocation": ["ctx-destructured", "unbound-global-fetch"],
    "code: 10061": CODE_10061,
    "10061": CODE_10061,
    "Cannot perform I/O on behalf of a different request": ["global-request-state"],
    "Error 1101": ["handler-missing-response"],
    "error code: 1101": ["handler-missing-response"],
    "Uncaught TypeError: Can't modify immutable headers.": HEADERS,
    "\x1b[31m✘ [ERROR]\x1b[0m Uncaught (in promise) TypeError: Can’t modify\n immutable\n headers.": HEADERS,
    "TS1064": ["async-return-type"],
    "URIError": ["unguarded-decode"],
    "instance.not_found": ["workflow-get-unguarded"],
}


@pytest.mark.parametrize("text", PASTED)
def test_what_people_paste(text: str) -> None:
    assert certain(text) == PASTED[text]


def test_a_log_is_searched_and_the_most_specific_text_comes_first() -> None:
    log = """
✘ [ERROR] A request to the Cloudflare API (/accounts/a3f/workers/scripts/stocks-qa/versions) failed.

  Cannot create binding for class 'RealtimeUpdates' because it is not
  currently configured to implement Durable Objects. Ensure a --new-class migration has been applied to it.
  [code: 10061]
"""
    assert certain(log) == ["migration-missing-class"]
    reading = certain("TypeError: Cannot read properties of undefined (reading 'storage')")
    assert reading[0] == "do-legacy-state-property"
    assert "binding-not-declared" in reading[1:]


def test_a_text_that_no_rule_knows_is_none_and_one_that_is_like_others_says_so() -> None:
    assert FINDER.find("the moon is blue today") == []
    assert FINDER.find("") == FINDER.find("TypeError") == FINDER.find("1234567890") == []
    hits = FINDER.find("headers immutable modify error")
    assert {hit.known.rule for hit in hits} == {"hono-immutable-response", "immutable-headers"}
    assert {hit.match for hit in hits} == {Match.ALIKE}
    other = FINDER.find("Something that the API says of a binding. [code: 10143]")
    assert [(hit.known.rule, hit.match) for hit in other] == [("service-target-unknown", Match.CODE)]


def test_what_stands_between_the_parts_of_a_text_is_short() -> None:
    finder = ErrorTexts([ErrorText("a", "workerd", "The thing … of the world … is broken for good")])
    assert finder.find("the thing that is of the world, too, is broken for good")[0].match is Match.WHOLE
    far = f"the thing {'x' * 700} of the world is broken for good"
    assert all(hit.match is not Match.WHOLE for hit in finder.find(far))
    again = f"the thing {'x' * 700} the thing of the world is broken for good"
    assert finder.find(again)[0].match is Match.WHOLE


def test_a_page_of_a_package_is_read_alike() -> None:
    blocks = '```text title="Acme"\nOne text that is\n  long\nTwo\n```\n\n```text\nno\n```\n'
    page = f"Do.\n\n## Errors\n\n{blocks}\n## Fix safety\n"
    assert [(it.printed_by, it.text) for it in texts_of("x", page)] == [
        ("Acme", "One text that is long"),
        ("Acme", "Two"),
    ]
    assert list(texts_of("x", "Do.\n\n## Correct\n\n```text title='a'\nx\n```\n")) == []


@settings(max_examples=60)
@given(st.text(max_size=200))
def test_any_text_is_answered(text: str) -> None:
    for hit in FINDER.find(text):
        assert hit.known in KNOWN_TEXTS


def test_the_time_for_a_log_grows_as_the_log() -> None:
    finder = ErrorTexts(KNOWN_TEXTS[:40])
    line = "Cannot read properties of undefined (reading 'x') expected to be of type or not\n"
    spent = []
    for number in (200, 200, 1600):
        start = time.process_time()
        finder.find(line * number)
        spent.append(time.process_time() - start)
    assert spent[2] < 30 * max(spent[1], 0.005)
