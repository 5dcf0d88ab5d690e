"""What is done to code before and after it is parsed never makes it worse."""

from __future__ import annotations

import random
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cflint.source import Document
from cflint.syntax.javascript import EXTENSIONS, parse
from tests.fuzz.code_targets import CODE_WORDS, check_javascript
from tests.fuzz.engines import mutations
from tests.fuzz.target import files_below
from tests.support.paths import EXAMPLES, FIXTURES

pytestmark = pytest.mark.portable


@cache
def _modules() -> list[bytes]:
    """All there are: read by the process that has the tests, not by each that collects them."""
    return [data for _, data in files_below(FIXTURES, EXAMPLES, endings=EXTENSIONS)]


MODULES = st.deferred(lambda: st.sampled_from(_modules()))


@settings(max_examples=80, deadline=None)
@given(MODULES, st.integers(0, 1 << 32))
def test_damaged_modules(data: bytes, seed: int) -> None:
    check_javascript(next(mutations([data], CODE_WORDS, 12_000, random.Random(seed))))


TYPES = st.recursive(
    st.sampled_from(["T", "string", "{ a: number }", "'x' | 'y'", "T[]", "[A, B]", "keyof T"]),
    lambda below: st.builds(lambda name, inner: f"{name}<{inner}>", st.sampled_from(["Map", "Array"]), below),
    max_leaves=3,
)


@settings(max_examples=100, deadline=None)
@given(
    TYPES,
    st.sampled_from(
        [
            "const a = this.sql<{}>`SELECT ${{1}}`;",
            "const a = await b.c<{}>(d);",
            "async function f() {{ using a = b<{}>(); await using c = d; }}",
            "const a = (await b?.c[0].d<{}>(e)).f;",
            "x = y<{}>`a` + `b`;",
        ]
    ),
    st.sampled_from([" ", "\n", ""]),
)
def test_what_the_grammar_does_not_know_is_read(type: str, form: str, gap: str) -> None:
    text = form.format(type).replace(">`", f">{gap}`")
    for path in ("a.ts", "a.tsx"):
        syntax = parse(Document(path, text.encode()))
        assert not list(syntax.errors()), text
        assert syntax.text(syntax.root) == text
