"""The list of which a value holds all items."""

from __future__ import annotations

import pytest

from tests.support.modules import marked

pytestmark = pytest.mark.portable


@pytest.mark.parametrize(
    ("code", "is_whole"),
    [
        ("const page = await load(); use(«page.keys»);", True),
        ("const { results } = await load(); use(«results.map((row) => row.id)»);", True),
        ("const a = (await load()).objects; const b = [...a]; use(«b»);", True),
        ("const rows = await load(); use(«Array.from(rows, f)»);", True),
        ("const rows = await load(); use(«ok ? rows : []»);", True),
        ("const rows = await load(); if (rows.length > 0) use(«rows»);", True),
        ("const rows = await load(); if (rows.length > 100) use(«rows»);", False),
        ("const rows = await load(); use(«rows.slice(0, 9)»);", False),
        ("const rows = await load(); use(«rows.filter(f)»);", False),
        ("const { total } = await load(); use(«total»);", False),
        ("const rows = await other(); use(«rows»);", False),
        ("const a = b; const b = a; use(«a»);", False),
    ],
)
def test_whole_list(code: str, is_whole: bool) -> None:
    module, items = marked(f"async function h(ok, f) {{ {code} }}")
    found = module.whole_list_behind(items, lambda made: made.name == "load")
    assert (found is not None) is is_whole
    assert found is None or module.text(found) == "load()"
