"""What a function gives back."""

from __future__ import annotations

import pytest
from tree_sitter import Node

from cflint.project.code.gives import Gives, what_it_gives
from cflint.project.code.module import Module
from cflint.project.code.words import answering_words
from cflint.syntax.javascript import walk
from tests.support.modules import module_of

FUNCTIONS = [
    ("function here(): boolean { return x() }", Gives.TRUTH),
    ("async function here(): Promise<boolean> { return x() }", Gives.TRUTH),
    ("function here(it: unknown): it is string { return x(it) }", Gives.TRUTH),
    ("function here(a, b) { if (!a) return false; return a === b }", Gives.TRUTH),
    ("async function here(a, b) { return (a !== b) && !b }", Gives.TRUTH),
    ("function here(a) { return a || a === 1 }", Gives.UNKNOWN),
    ("async function here(): Promise<{ id: string } | null> { return x() }", Gives.OTHER),
    ("function here(): void { x() }", Gives.OTHER),
    ("async function here(): Promise<Record<string, unknown>> { return x() }", Gives.OTHER),
    ("function here<T>(): T { return x() }", Gives.UNKNOWN),
    ("function here(): ChatResponse { return x() }", Gives.UNKNOWN),
    ("function here(a) { if (!a) return null; return { a } }", Gives.OTHER),
    ("async function here(request: Request) { return await request.json() }", Gives.OTHER),
    ("async function here(): Promise<Response> { return x() }", Gives.RESPONSE),
    ("async function here(): Promise<Response | null> { return x() }", Gives.RESPONSE),
    ("function here(): any { return x() }", Gives.UNKNOWN),
    ("function here(a) { if (!a) return null; return new Response('a') }", Gives.RESPONSE),
    ("function here(a) { return x(a) }", Gives.UNKNOWN),
    ("function here(a) { x(a) }", Gives.UNKNOWN),
    ("function here(a) { if (a) return; x(a) }", Gives.OTHER),
]


def of_type(module: Module, name: str) -> Node:
    """The first node of a type."""
    return next(node for node in walk(module.syntax.root) if node.type == name)


@pytest.mark.parametrize(("code", "gives"), FUNCTIONS)
def test_by_the_declared_type_or_by_all_that_is_returned(code: str, gives: Gives) -> None:
    module = module_of(code)
    function = of_type(module, "function_declaration")
    assert what_it_gives(module, function) is gives


def test_a_handler_gives_a_response_and_functions_inside_of_it_are_others() -> None:
    module = module_of("export default { fetch(request) { return x(request) } }")
    assert what_it_gives(module, of_type(module, "method_definition")) is Gives.RESPONSE
    module = module_of("function here(a) { return a.map((it) => { return new Response(it) }).length > 1 }")
    assert what_it_gives(module, of_type(module, "function_declaration")) is Gives.TRUTH


def test_a_place_says_who_answers() -> None:
    module = module_of(
        "async function body(request: Request) { return await request.json() }\n"
        "const allowed = (a, b) => a === b;\n"
        "export default { async fetch(request) { await body(request); return x(allowed(1, 2)) } }\n"
    )
    at = next(module.calls_of("json", module.syntax.root))
    words = dict(answering_words(module, at))
    assert words["gives no response"] == "`body()` gives no response: who calls it (3:47)"
    truth = of_type(module, "binary_expression")
    assert "gives a boolean" in dict(answering_words(module, truth))
    handler = next(module.calls_of("x", module.syntax.root))
    assert not {"gives no response", "gives a boolean"} & dict(answering_words(module, handler)).keys()
