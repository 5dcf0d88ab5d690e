"""Variables whose first value nobody reads."""

from __future__ import annotations

import pytest

from cflint.project.code.overwritten import is_overwritten
from tests.support.modules import module_of

pytestmark = pytest.mark.portable

OVERWRITTEN = [
    "x = 2; here(x);",
    "if (a) { x = 2 } else { x = 3 } here(x);",
    "if (a) { x = 2 } else if (b) x = 3; else { throw a } here(x);",
    "if (a) return; else x = 2; here(x);",
    "{ x = 2 } here(() => x);",
    "x = 2; if (a) here({ read() { return x } });",
    "try { x = a() } catch { return } here(x);",
    "try { x = a() } catch { x = 2 } here(x);",
]
READ = [
    "here(x);",
    "here(x); x = 2;",
    "if (a) x = 2; here(x);",
    "if (a) { x = 2 } else { b() } here(x);",
    "while (a) { x = 2 } here(x);",
    "try { x = a() } catch { } here(x);",
    "x += 2; here(x);",
    "(() => { x = 2 })(); here(x);",
    "late(); x = 2; function late() { here(x) }",
    "x = 2;",
]


def asked(body: str) -> bool:
    module = module_of(f"export function subject(a: any, b: any) {{ let x = 1; {body} }}")
    name = next(
        node
        for node in module.syntax.leaves("x", module.syntax.root)
        if module.scope.resolve(node) is not None
    )
    declaration = module.scope.resolve(name)
    assert declaration is not None
    return is_overwritten(module, declaration)


@pytest.mark.parametrize("body", OVERWRITTEN)
def test_what_is_set_on_every_way_to_a_read(body: str) -> None:
    assert asked(body)


@pytest.mark.parametrize("body", READ)
def test_what_may_be_read_first(body: str) -> None:
    assert not asked(body)


def test_a_constant_is_not_overwritten() -> None:
    module = module_of("const x = 1; export const y = x;")
    assert not is_overwritten(module, module.scope.top_level["x"])
