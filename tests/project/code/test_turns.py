"""Where a call is made once for each item of a list."""

from __future__ import annotations

import pytest

from cflint.project.code.turns import turns_of
from tests.support.modules import marked

pytestmark = pytest.mark.portable


def worker(body: str, before: str = "") -> str:
    return f"{before}\nexport default {{ async fetch(request, env) {{ {body} }} }};"


ONE = "async function one(key) { return «fetch(key)»; }"


@pytest.mark.parametrize(
    ("body", "before", "lines"),
    [
        ("for (const key of await keys()) await «fetch(key)»;", "", 1),
        ("return Promise.all((await keys()).map(async (key) => «fetch(key)»));", "", 1),
        ("for (const key of await keys()) await one(key);", ONE, 1),
        ("for (const key of await keys()) await one(key); return one(request.url);", ONE, 1),
        ("return one(request.url);", ONE, 0),
        ("for (const key of ['a', 'b']) await «fetch(key)»;", "", 0),
        ("for (const key of KEYS) await «fetch(key)»;", "const KEYS = ['a', 'b'];", 0),
        ("for (const key of (await keys()).slice(0, 3)) await «fetch(key)»;", "", 0),
        ("for (const key of await keys()) { if (await «fetch(key)») break; }", "", 0),
        ("for (const key of await keys()) await «fetch('https://a.example.com')»;", "", 0),
        ("for (const key in await keys()) await «fetch(key)»;", "", 0),
        ("for await (const key of keys()) await «fetch(key)»;", "", 0),
        ("for (const key of await keys()) { [key].find((one) => { return one; }); «fetch(key)»; }", "", 1),
        ("for (let i = 0; i < 3; i++) await «fetch(i)»;", "", 0),
        (
            "const all = []; for (const key of await keys()) all.push(key);"
            " for (const key of all) await «fetch(key)»;",
            "",
            1,
        ),
        ("const all = ['a']; all.push(...(await keys())); for (const key of all) await «fetch(key)»;", "", 1),
        (
            "const all = []; (await keys()).forEach((key) => all.push(key));"
            " for (const key of all) await «fetch(key)»;",
            "",
            1,
        ),
        (
            "const all = []; const keys = await list(); for (let i = 0; i < keys.length; i += 90)"
            " all.push([...keys.slice(i, i + 90)]); for (const part of all) await «fetch(part)»;",
            "",
            0,
        ),
        ("let all = await keys(); all = all.slice(0, 8); for (const key of all) await «fetch(key)»;", "", 0),
        (
            "let all = await keys(); if (all.length > 9) { all = all.slice(0, 8); }"
            " for (const key of all) await «fetch(key)»;",
            "",
            1,
        ),
        ("const all = ['a']; all.push(request.url); for (const key of all) await «fetch(key)»;", "", 0),
    ],
)
def test_turns(body: str, before: str, lines: int) -> None:
    module, node = marked(worker(body, before))
    assert len(list(turns_of(module, node))) == lines
