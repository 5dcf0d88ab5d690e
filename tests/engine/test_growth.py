"""Time grows with the input, where it once grew faster; `python -m tests.support.growth` measures more."""

from __future__ import annotations

import pytest

from tests.support.growth import growth, shapes, spent

SHAPES = {shape.name: shape for shape in shapes()}

ONCE = {
    "manifest:script:vite": 8000,
    "rows:ignore-files": 300,
    "rows:node-imports": 200,
    "rows:unclosed-comments": 2000,
    "rows:unclosed-imports": 1000,
    "rows:half-accepts": 8000,
    "top:blocks:tries": 400,
    "line:parentheses": 10_000,
    "config:comment:line-comments": 10_000,
    "config:comment:ignores": 150,
    "config:unknown-keys": 150,
    "fetch:rows:undeclared": 100,
    "layers:replies": 20,
    "layers:throws": 5,
    "layers:cookies": 8,
    "fields-bound": 100,
    "tables-of-queue": 100,
    "sockets-accepted": 50,
    "lists-stored": 100,
    "fetch:rows:rewritten-rows": 10,
}
"""What once took the square of its size or more, with how much of it is checked."""


@pytest.mark.parametrize("name", ONCE)
def test_what_repeats_takes_time_in_proportion(name: str) -> None:
    shape, n = SHAPES[name], ONCE[name]
    spent(shape.make(2))
    found = growth(shape, n)
    if found:  # other work on the machine may have slowed a part of it, and another one the second time
        again = growth(shape, n)
        found = {part: again[part] for part in found.keys() & again.keys()}
    assert not found


def test_shapes_have_names_of_their_own() -> None:
    assert len(list(shapes())) == len(SHAPES) > 300
