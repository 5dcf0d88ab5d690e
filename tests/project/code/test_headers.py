"""What code sets a header to."""

from __future__ import annotations

import re

import pytest

from tests.support.modules import module_of

pytestmark = pytest.mark.portable


@pytest.mark.parametrize(
    ("code", "value"),
    [
        ('headers.set("Vary", origin)', "origin"),
        ("c.header('vary', \"Origin\")", '"Origin"'),
        ('response.setHeader("Vary", 1)', "1"),
        ('headers["Vary"] = origin', "origin"),
        ('new Response("", { headers: { Vary: origin } })', "origin"),
        ('new Headers({ "Vary": origin })', "origin"),
        ('headers.get("Vary")', None),
        ('headers.set("X", "Vary")', None),
        ('const x = { x: "Vary" }', None),
        ('headers["Vary"]', None),
        ('other("Vary", origin)', None),
    ],
)
def test_the_value_of_a_header(code: str, value: str | None) -> None:
    module = module_of(f"{code};")
    (mention,) = module.mentions(re.compile(rb"vary", re.IGNORECASE))
    found = module.header_value(mention)
    assert (module.text(found) if found is not None else None) == value
