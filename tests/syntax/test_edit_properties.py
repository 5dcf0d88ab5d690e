"""Edits of real wrangler configurations, with tomllib, tomlkit and a strict reader of JSONC as judges."""

from __future__ import annotations

import json
import random
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz.config_targets import EDIT_WORDS, OPERATIONS, check_edits, check_jsonc, check_toml
from tests.fuzz.engines import mutations
from tests.fuzz.oracles import NoVerdict, strict_jsonc
from tests.fuzz.target import files_below
from tests.support.paths import EXAMPLES, FIXTURES

pytestmark = pytest.mark.portable


@cache
def _configurations() -> list[tuple[str, bytes]]:
    """All there are: read by the process that has the tests, not by each that collects them."""
    found = files_below(FIXTURES, EXAMPLES, endings=(".toml", ".jsonc", ".json"))
    return [(path, data) for path, data in found if path.rpartition("/")[2].startswith("wrangler")]


CONFIGURATIONS = st.deferred(lambda: st.sampled_from(_configurations()))
VALUES = st.recursive(
    st.booleans() | st.integers(-(2**53), 2**53) | st.text("aé\"\\\n'#", max_size=6) | st.just("x" * 90),
    lambda below: (
        st.lists(below, max_size=3) | st.dictionaries(st.text("ab c.", max_size=4), below, max_size=3)
    ),
    max_leaves=6,
)


@settings(max_examples=150, deadline=None)
@given(CONFIGURATIONS, st.sampled_from(OPERATIONS), st.integers(0, 60), VALUES)
def test_an_edit_of_a_configuration(
    file: tuple[str, bytes], operation: str, number: int, value: object
) -> None:
    path, data = file
    kind = "toml" if path.endswith(".toml") else "json"
    check_edits(f"{kind} {operation} {number} {json.dumps(value)}\n".encode() + data)


@settings(max_examples=100, deadline=None)
@given(CONFIGURATIONS, st.integers(0, 1 << 32))
def test_other_readers_agree_about_damaged_configurations(file: tuple[str, bytes], seed: int) -> None:
    path, data = file
    damaged = next(mutations([data], EDIT_WORDS, 20_000, random.Random(seed)))
    (check_toml if path.endswith(".toml") else check_jsonc)(damaged)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[,]",
        "{,}",
        "[1,,]",
        "{a: 1}",
        "'a'",
        "01",
        "1.",
        "+1",
        "NaN",
        "[1 2]",
        '{"a" 1}',
        "[1]]",
        '"\\x"',
        '"\n"',
        "/*",
        "[1] 2",
        "\xa0[]",
        "tru",
        '{"a":1 "b":2}',
        "// only",
        '"\\ud8"',
    ],
)
def test_the_strict_reader_is_strict(text: str) -> None:
    with pytest.raises((ValueError, NoVerdict)):
        strict_jsonc(text)
    check_jsonc(text.encode())
