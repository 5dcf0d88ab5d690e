"""What a function needs of the place where it is written."""

from __future__ import annotations

import pytest

from cflint.project.code.module import Module
from cflint.syntax.javascript import FUNCTIONS
from tests.support.modules import module_of

pytestmark = pytest.mark.portable


def inner(code: str) -> tuple[Module, list[str], list[str], list[str]]:
    """The module, and of the function that `go()` is given: outer names, uses of its own name, own words."""
    module = module_of(code)
    call = next(module.calls_of("go", module.root))
    function = next(node for node in call.named_children[1].named_children if node.type in FUNCTIONS)
    return (
        module,
        [module.text(node) for node, _ in module.outer_names(function)],
        [module.text(node) for node in module.uses_of_own_name(function)],
        [module.text(node) for node in module.own_words(function)],
    )


@pytest.mark.parametrize(
    ("function", "names"),
    [
        ("() => a + b + a", ["a", "b"]),
        ("({ a }) => a + own", []),
        ("() => { const a = 1; return { a, b }; }", ["b"]),
        ("(x: T) => x", ["T"]),
        ("() => top + missing", []),
        ("() => () => a", ["a"]),
    ],
)
def test_outer_names(function: str, names: list[str]) -> None:
    code = f"const top = 1; function f(a, b) {{ type T = string; go({function}); }}"
    assert inner(code)[1] == names


def test_outer_names_without_some_nodes() -> None:
    module = module_of("function f(a, b) { go(() => a + b); }")
    function = next(module.descendants(module.root, "arrow_function"))
    (first,) = module.scope.named("a", function)
    found = [module.text(node) for node, _ in module.outer_names(function, frozenset({first.id}))]
    assert found == ["b"]


@pytest.mark.parametrize(
    ("function", "uses"),
    [
        ("function again() { again(); }", ["again"]),
        ("function again() { const f = (again) => again(); }", []),
        ("() => again()", []),
    ],
)
def test_uses_of_its_own_name(function: str, uses: list[str]) -> None:
    assert inner(f"go({function});")[2] == uses


@pytest.mark.parametrize(
    ("function", "words"),
    [
        ("function () { this.a; arguments[0]; }", ["this", "arguments"]),
        ("() => { this.a; () => this; }", ["this", "this"]),
        ("() => { function g() { this.a; arguments; } }", []),
        ("(arguments_) => { const arguments = 1; arguments; }", []),
    ],
)
def test_own_words(function: str, words: list[str]) -> None:
    assert inner(f"go({function});")[3] == words
