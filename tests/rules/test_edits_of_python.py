"""The fixes of rules about Workers in Python, where the code around decides."""

from __future__ import annotations

import pytest

from cflint.finding import Finding
from cflint.testing import check

pytestmark = pytest.mark.portable

CONFIG = (
    '{ "name": "a", "main": "src/entry.py", "compatibility_date": "2026-08-01",'
    ' "compatibility_flags": ["python_workers"] }'
)
ENTRY = """
from workers import Response, WorkerEntrypoint


class Default(WorkerEntrypoint):
    async def fetch(self, request):
        return Response(str({code}))
"""
API = """
import asgi
from fastapi import FastAPI, Request
from workers import WorkerEntrypoint

app = FastAPI()


@app.get("/a")
async def a(request: Request):
    return {{"ip": {code}}}


class Default(WorkerEntrypoint):
    async def fetch(self, request):
        return await asgi.fetch(app, request.js_object, self.env)
"""


def texts(entry: str, rule: str) -> list[str] | None:
    """What the fix of the one finding writes; None where it has none."""
    findings: list[Finding] = list(check({"wrangler.json": CONFIG, "src/entry.py": entry}, rule).findings)
    assert len(findings) == 1
    return None if findings[0].fix is None else [edit.text for edit in findings[0].fix.edits]


@pytest.mark.parametrize(
    ("code", "written"),
    [
        ("json.dumps({})", ["import json\n"]),
        ("datetime.now()", ["from datetime import datetime\n"]),
        ("datetime.timedelta(days=1)", ["import datetime\n"]),
        ("json", None),
        ("datetime.date", None),
        ("Settings()", None),
        ("null", ["None"]),
        ("Responze('a')", ["Response"]),
        ("to_js([])", ["from pyodide.ffi import to_js\n"]),
    ],
)
def test_a_name_is_imported_where_it_is_known_from_where(code: str, written: list[str] | None) -> None:
    assert texts(ENTRY.format(code=code), "py-undefined-name") == written


def test_the_answer_of_a_framework_is_not_that_of_workers() -> None:
    assert texts(API.format(code="Response('a')"), "py-undefined-name") is None


@pytest.mark.parametrize(
    ("code", "written"),
    [
        ("request.client.host", 'request.headers.get("cf-connecting-ip", "unknown")'),
        ("request.client.host if request.client else None", 'request.headers.get("cf-connecting-ip", None)'),
        ("request.client.port", None),
        ("request.client.host if request.client and app else None", None),
    ],
)
def test_the_address_of_a_client_is_read_of_its_header(code: str, written: str | None) -> None:
    assert texts(API.format(code=code), "py-asgi-client") == (None if written is None else [written])


FIELDS = """
from workers import Response, WorkerEntrypoint


class Default(WorkerEntrypoint):
    async def fetch(self, request):
        body = await request.json()
{code}
        return Response("done")
"""


@pytest.mark.parametrize(
    ("code", "asked"),
    [
        ('        print(body["a"], body["b"])', ["a", "b"]),
        ('        if body["a"]:\n            return Response("a")\n        print(body["b"])', ["a"]),
        ('        for _ in range(2):\n            print(body["a"])\n        print(body["b"])', ["b"]),
        ('        if request.url:\n            print(body["a"])', None),
        ('        print(body["a"])\n        if request.url:\n            return None', None),
    ],
)
def test_fields_are_asked_for_that_every_request_has_to_have(code: str, asked: list[str] | None) -> None:
    wanted = " or ".join(f'"{field}" not in body' for field in asked or ())
    answer = '            return Response("a field is missing", status=400)'
    text = f"\n        if not isinstance(body, dict) or {wanted}:\n{answer}"
    assert texts(FIELDS.format(code=code), "py-request-field-unchecked") == ([text] if asked else None)
