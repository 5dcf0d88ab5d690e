"""Results of calls, awaited where they are made or not."""

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


@pytest.mark.parametrize(
    ("code", "node", "references"),
    [
        ("use(«f()» as T);", "f() as T", 0),
        ("const x = «f()» as T; x.a; g(x);", "f() as T", 2),
        ("const x = await «f()»; x.a;", "await f()", 1),
    ],
)
def test_result_awaited_or_not(code: str, node: str, references: int) -> None:
    module, call = marked(f"async function h() {{ {code} }}")
    found = module.result_of(call)
    assert module.text(found.node) == node and len(found.references) == references


def test_result_taken_apart() -> None:
    module, call = marked("function h() { const { a } = «f()»; }")
    found = module.result_of(call)
    assert found.pattern is not None and module.text(found.pattern) == "{ a }"


@pytest.mark.parametrize(
    ("code", "read"),
    [
        ("const x = await «f()»; g(x.a);", "a"),
        ("use((await «f()»).a);", "a"),
        ("const { a } = await «f()»;", "{ a }"),
        ("const x = await «f()»; if (x) g(); x.a;", None),
        ("const x = await «f()»; g(x); x.a;", None),
        ("const x = await «f()»; x!.a;", None),
        ("const x = (await «f()») as T; x.a;", None),
        ("const x = await «f()» as T; x.a;", None),
        ("const x = (await «f()»)!; x.a;", None),
        ("const x = await «f()» as any; x.a;", "a"),
        ("const x = await «f()»; x?.a;", None),
        ("const x = await «f()»; 'a' in x; x.a;", None),
        ("const x = await «f()»; x.b;", None),
        ("let x = await «f()»; x = 1; x.a;", None),
    ],
)
def test_unchecked_read(code: str, read: str | None) -> None:
    module, call = marked(f"async function h() {{ {code} }}")
    found = module.unchecked_read(call, ("a",))
    assert (module.text(found) if found is not None else None) == read


@pytest.mark.parametrize(
    ("code", "only"),
    [
        ("for (const x of y) { await «f(x)»; }", True),
        ("for (const x of y) { const z = (await «f(x)») as T; g(z); }", True),
        ("for (const x of y) { await «f(x)»; await g(); }", False),
        ("for (const x of y) { await g(«f(x)»); }", False),
        ("for (const x of y) { «f(x)»; }", False),
        ("for (const x of y) { await «f(x)»; h(async () => { await g(); }); }", False),
    ],
)
def test_only_awaits(code: str, only: bool) -> None:
    module, call = marked(f"async function h() {{ {code} }}")
    loop = module.loop_around(call)
    assert loop is not None and module.only_awaits(loop, call) is only


@pytest.mark.parametrize(
    ("code", "pattern", "references"),
    [
        ("const [a, b] = await Promise.all([«f()», g()]); a.x; b.x;", None, 1),
        ("const [, { x }] = await Promise.all([g(), «f()»]);", "{ x }", 0),
        ("const [a] = await Promise.all([g(), «f()»]); a.x;", None, 0),
    ],
)
def test_one_of_several_that_are_awaited(code: str, pattern: str | None, references: int) -> None:
    module, call = marked(f"async function h() {{ {code} }}")
    found = module.awaited(call)
    assert found is not None and module.text(found.node) == "f()"
    assert (module.text(found.pattern) if found.pattern is not None else None) == pattern
    uses = [
        use for use in found.references if found.declaration is None or use.id != found.declaration.node.id
    ]
    assert len(uses) == references


@pytest.mark.parametrize(
    "code",
    [
        "const [a] = await Promise.all([...g, «f()»]);",
        "const all = await Promise.all([«f()»]);",
        "const [a] = await Promise.race([«f()»]);",
        "const [a = 1] = await Promise.all([«f()»]);",
    ],
)
def test_not_known_which_one(code: str) -> None:
    module, call = marked(f"async function h() {{ {code} }}")
    assert module.awaited(call) is None
