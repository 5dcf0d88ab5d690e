"""How a file answers errors, for what an edit answers."""

from __future__ import annotations

import pytest

from cflint.project.code.answers import answers_of
from cflint.source import Document


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
