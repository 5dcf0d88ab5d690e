"""The edits by which functions become asynchronous, with those that call them."""

from __future__ import annotations

import pytest

from cflint.finding import Edit, Finding, Fix, Location, Safety, Severity
from cflint.fixer import apply, plan
from cflint.project.code.becoming_async import edits_to_await_in
from cflint.project.code.module import module_of
from tests.support import modules

pytestmark = pytest.mark.portable


def edited(code: str, **others: str) -> dict[str, str] | None:
    """What files become where an `await` is to stand between the marks; None where it cannot."""
    module, node = modules.marked(code, **others)
    edits = edits_to_await_in(module, node)
    return None if edits is None else _applied(edits)


def _applied(edits: tuple[Edit, ...]) -> dict[str, str]:
    if not edits:
        return {}
    at = Location(edits[0].document, edits[0].span)
    finding = Finding("m", at, fix=Fix("Wait", edits, Safety.UNSAFE), severity=Severity.NOTE, rule="r")
    return {path: data.decode() for path, data in apply(plan([finding], Safety.UNSAFE)).items()}


def test_an_asynchronous_function_needs_nothing() -> None:
    assert edited("export default { async fetch(request, env) { return «request.url»; } };") == {}


def test_a_function_and_its_callers_wait() -> None:
    module, node = modules.marked(
        "const isKnown = (request: Request): boolean => «request.url» === '';\n"
        "const refuses = (request: Request) => !isKnown(request);\n"
        "export default { async fetch(request: Request) {\n"
        "  return new Response(refuses(request).toString());\n"
        "} };"
    )
    edits = edits_to_await_in(module, node)
    assert edits is not None
    assert _applied(edits)["index.ts"] == (
        "const isKnown = async (request: Request): Promise<boolean> => request.url === '';\n"
        "const refuses = async (request: Request) => !(await isKnown(request));\n"
        "export default { async fetch(request: Request) {\n"
        "  return new Response((await refuses(request)).toString());\n"
        "} };"
    )


def test_callers_of_other_modules_wait() -> None:
    project = modules.project_of(
        "import { isKnown } from './known';\n"
        "export default { async fetch(request: Request) {"
        " return new Response(String(isKnown(request))); } };",
        known="export function isKnown(request: Request) { return request.url === ''; }",
    )
    known = module_of(project, "known.ts")
    assert known is not None
    node = known.node_at(known.document.data.index(b"request.url"), known.document.data.index(b" ==="))
    assert node is not None
    edits = edits_to_await_in(known, node)
    assert edits is not None
    assert _applied(edits) == {
        "known.ts": "export async function isKnown(request: Request) { return request.url === ''; }",
        "index.ts": "import { isKnown } from './known';\n"
        "export default { async fetch(request: Request) {"
        " return new Response(String(await isKnown(request))); } };",
    }


@pytest.mark.parametrize(
    "code",
    [
        # a callback, which nothing waits for
        "export default { async fetch(request) { return Response.json([1].map((it) => «request.url»)); } };",
        # a function that is handed on
        "const isKnown = (it) => «it» === '';\n"
        "export default { async fetch(request) { return Response.json([1].filter(isKnown)); } };",
        # a type predicate, and a constructor
        "function isText(it: unknown): it is string { return «it» === ''; }\n"
        "export default { async fetch(request) { return Response.json(isText(request.url)); } };",
        "class Known { constructor(it) { this.known = «it» === ''; } }\n"
        "export default { async fetch(request) { return Response.json(new Known(request.url)); } };",
    ],
)
def test_what_cannot_wait(code: str) -> None:
    assert edited(code) is None


def test_a_handler_may_become_asynchronous() -> None:
    found = edited("export default { fetch(request: Request): Response { return «request.url» as never; } };")
    assert found == {
        "index.ts": "export default { async fetch(request: Request): Promise<Response> {"
        " return request.url as never; } };"
    }
