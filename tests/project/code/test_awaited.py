"""Results of calls that are awaited where they are made."""

from __future__ import annotations

import pytest

from tests.support.modules import marked

pytestmark = pytest.mark.portable


@pytest.mark.parametrize(
    ("code", "node", "pattern", "references"),
    [
        ("use(await «f()»);", "await f()", None, 0),
        ("use(((await («f()»)) as T).a);", "((await (f())) as T)", None, 0),
        ("const { a, b } = await «f()»;", "await f()", "{ a, b }", 0),
        ("const x = await «f()»; x.a; g(x);", "await f()", None, 2),
        ("let x = (await «f()»)!; x.a; x = 1;", "(await f())!", None, 0),
    ],
)
def test_awaited(code: str, node: str, pattern: str | None, references: int) -> None:
    module, call = marked(f"async function h() {{ {code} }}")
    found = module.awaited(call)
    assert found is not None and module.text(found.node) == node
    assert (module.text(found.pattern) if found.pattern is not None else None) == pattern
    assert len(found.references) == references
    assert found.holders == (found.node, *found.references)
    assert (found.declaration is not None) is (references > 0)


@pytest.mark.parametrize("code", ["«f()»;", "const x = «f()»; await x;", "await g(«f()»);"])
def test_not_awaited_where_it_is_made(code: str) -> None:
    module, call = marked(f"async function h() {{ {code} }}")
    assert module.awaited(call) is None
