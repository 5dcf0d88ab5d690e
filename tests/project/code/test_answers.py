"""How a file answers errors, for what an edit answers."""

from __future__ import annotations

import pytest
from tree_sitter import Node

from cflint.project.code.answers import answers_of
from cflint.project.code.module import Module
from cflint.project.code.refusals import refusing_statement
from cflint.source import Document
from tests.support.modules import module_of


def answer(code: str, status: str = "400", context: str = "c") -> str | None:
    document = Document("src/a.ts", f"{code}\n// here\n".encode())
    return answers_of(document, document.data.index(b"// here"), context)('"malformed"', status)


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("return c.json({ error: 'no such note' }, 404);", 'c.json({ error: "malformed" }, 400)'),
        (
            "return c.json({ success: false, error: err.message }, 500);",
            'c.json({ success: false, error: "malformed" }, 400)',
        ),
        (
            "return Response.json({ message: `no ${id}` }, { status: 404 });",
            'Response.json({ message: "malformed" }, { status: 400 })',
        ),
        (
            "const cors = {};\nreturn new Response(JSON.stringify({ error: 'no' }),"
            " { status: 404, headers: cors });",
            'new Response(JSON.stringify({ error: "malformed" }), { status: 400, headers: cors })',
        ),
        ("return new Response('no', { status: 404 });", 'new Response("malformed", { status: 400 })'),
        (
            "function err(c, status, code, text) {}\nreturn err(c, 400, 'invalid', 'No id');",
            "err(c, 400, 'invalid', \"malformed\")",
        ),
        (
            "import { NextResponse } from 'next/server';\n"
            "return NextResponse.json({ error: 'no' }, { status: 404 });",
            'NextResponse.json({ error: "malformed" }, { status: 400 })',
        ),
        (
            "throw createError({ statusCode: 404, statusMessage: 'no such note' });",
            'throw createError({ statusCode: 400, statusMessage: "malformed" })',
        ),
        ("throw error(404, 'no such note');", 'throw error(400, "malformed")'),
        (
            "throw new HTTPException(404, { message: 'no such note' });",
            'throw new HTTPException(400, { message: "malformed" })',
        ),
        (
            "import { fail } from './fail';\nreturn fail('No id', 403);",
            'fail("malformed", 400)',
        ),
    ],
)
def test_an_answer_has_the_shape_of_those_around(code: str, expected: str) -> None:
    assert answer(code) == expected


@pytest.mark.parametrize(
    "code",
    [
        "return c.json({ notes });",
        "return c.json({ error: 'no', details: checked.errors }, 400);",
        "function f() { const headers = {}; return new Response('no', { status: 404, headers }); }",
        "return err(c, 400, 'invalid', 'No id');",
        "function err(c, status, code, text) {}\nreturn err(c, 404, 'not_found', 'No note');",
        "return context.json({ error: 'no' }, 404);",
        "throw createError({ statusCode: 404, data: error });",
        "throw new HTTPException(404, { res: answer, message: 'no' });",
    ],
)
def test_nothing_is_copied_that_is_not_known_here(code: str) -> None:
    assert answer(code) is None


def test_the_nearest_answer_counts() -> None:
    both = "return c.text('no', 404);\n" + "// more\n" * 30 + "return c.json({ error: 'no' }, 404);"
    assert answer(both) == 'c.json({ error: "malformed" }, 400)'


def place(module: Module) -> Node:
    """The statement before which an answer is to be written."""
    (call,) = module.calls_of("here", module.root)
    statement = module.statement_of(call)
    assert statement is not None
    return statement


INSIDE = """export default {
  async fetch(request) {
    const headers = { "Access-Control-Allow-Origin": "*" };
    const user = await request.json();
    if (request.method === "PUT") {
      return new Response(
        JSON.stringify({ error: "no such method" }),
        {
          status: 405,
          %s,
        },
      );
    }
    here();
    return new Response(null, { headers });
  },
};
"""


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("headers", 'new Response(JSON.stringify({ error: "no" }), { status: 400, headers })'),
        (
            "headers: { ...headers }",
            'new Response(JSON.stringify({ error: "no" }), { status: 400, headers: { ...headers } })',
        ),
        ("headers: user", None),
    ],
)
def test_names_of_the_function_around_are_known_there(written: str, expected: str | None) -> None:
    module = module_of(INSIDE % written)
    assert refusing_statement(module, place(module), "no", 400) == (
        f"return {expected}" if expected is not None else 'return new Response("no", { status: 400 })'
    )


@pytest.mark.parametrize(
    "code",
    [
        # headers of another function, of the request to another service, and of the answer later
        "async function other() { const headers = {}; return new Response('no', { status: 404, headers }); }"
        " export default { async fetch() { const headers = {}; here(); return new Response('x'); } };",
        "export default { async fetch() { if (1) { const headers = {}; return new Response('no',"
        " { status: 404, headers }); } const headers = {}; here(); return new Response('x'); } };",
        "export default { async fetch() { here(); const headers = {}; return new Response('no',"
        " { status: 404, headers }); } };",
    ],
)
def test_headers_that_are_not_at_hand_are_not_sent(code: str) -> None:
    module = module_of(code)
    statement = refusing_statement(module, place(module), "no", 400)
    assert statement == 'return new Response("no", { status: 400 })'
