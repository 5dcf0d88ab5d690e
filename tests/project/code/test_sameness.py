"""Whether two expressions mean the same."""

from __future__ import annotations

import pytest

from tests.support.modules import module_of

pytestmark = pytest.mark.portable


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("key", "key", True),
        ("key", "(key as string)!", True),
        ("a.b.c", "a . b /* c */ . c", True),
        ("a.b", "a.c", False),
        ("a.b", "a?.b", False),
        ("`x:${key}`", "`x:${key}`", True),
        ("`x:${key}`", "`y:${key}`", False),
        ("'x'", '"x"', True),
        ("NAME", '"name"', True),
        ("NAME", "other", False),
        ("f(a, 1)", "f(a, 1)", True),
        ("f(a, 1)", "f(a, 2)", False),
        ("f(a)", "f(a, b)", False),
        ("1", "2", False),
        ("this.a", "this.a", True),
    ],
)
def test_same(one: str, other: str, same: bool) -> None:
    module = module_of(f"const NAME = 'name'; function g(key, a, b, other) {{ return [{one}, {other}]; }}")
    first, second = next(module.descendants(module.root, "array")).named_children
    assert module.is_same(first, second) is same
    assert module.is_same(second, first) is same


def test_names_of_different_variables() -> None:
    module = module_of("function f(key) { return [key, ((key) => key)(1)]; }")
    (_, first, _, second) = module.leaves("key", module.root)
    assert not module.is_same(first, second)
