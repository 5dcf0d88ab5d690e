"""How a condition always turns out in a Worker, what follows from another, and what never runs."""

from __future__ import annotations

import pytest

from cflint.project.code.conditions import implies, truth_of
from cflint.project.code.control import never_runs
from cflint.project.code.module import Module
from tests.support.modules import module_of

pytestmark = pytest.mark.portable


def condition(text: str) -> tuple[Module, object]:
    module = module_of(f"function f(x: any, response: Response) {{ if ({text}) {{ g() }} }}\n")
    statement = next(module.descendants(module.root, "if_statement"))
    return module, statement.child_by_field_name("condition")


@pytest.mark.parametrize(
    ("text", "truth"),
    [
        ("true", True),
        ("!true", False),
        ('typeof window !== "undefined"', False),
        ("typeof window == 'undefined'", True),
        ('"function" === typeof atob', True),
        ('typeof globalThis.Deno === "undefined"', True),
        ('typeof caches === "object" && x', None),
        ('typeof document === "object" && x', False),
        ('x || typeof fetch === "function"', True),
        ('navigator.userAgent === "Cloudflare-Workers"', True),
        ('typeof process !== "undefined"', None),
        ('typeof Buffer === "undefined"', None),
        ('typeof x === "undefined"', None),
        ("typeof window === x", None),
        ("import.meta.env.DEV", False),
        ("!import.meta.env.PROD", False),
        ("import.meta.env.DEV && x", False),
        ("import.meta.env.MODE", None),
        ('process.env.NODE_ENV === "development"', False),
        ('process.env.NODE_ENV !== "production"', False),
        ('x.env.NODE_ENV === "development"', None),
        ("x.dev", None),
        ("dev", None),
        ("x", None),
    ],
)
def test_truth(text: str, truth: bool | None) -> None:
    module, node = condition(text)
    assert truth_of(module, node) is truth  # type: ignore[arg-type]


def test_a_name_that_is_declared_is_no_global() -> None:
    module = module_of('const window = 1;\nif (typeof window !== "undefined") { g() }\n')
    statement = next(module.descendants(module.root, "if_statement"))
    node = statement.child_by_field_name("condition")
    assert node is not None
    assert truth_of(module, node) is None


@pytest.mark.parametrize(
    ("known", "other", "follows"),
    [
        ("x", "x", True),
        ("x && response", "x", True),
        ("x", "x || response", True),
        ("x", "x && response", False),
        ("x()", "x()", False),
        ("response.status === 404", "!response.ok", True),
        ("response.status >= 400", "!response.ok || x", True),
        ("response.status === 204", "!response.ok", False),
        ("response.status >= 200", "!response.ok", False),
        ("x.status === 404", "!response.ok", False),
    ],
)
def test_implies(known: str, other: str, follows: bool) -> None:
    module = module_of(f"function f(x: any, response: any) {{ if ({known}) a(); if ({other}) b(); }}\n")
    first, second = module.descendants(module.root, "if_statement")
    conditions = [node.child_by_field_name("condition") for node in (first, second)]
    assert implies(module, conditions[0], conditions[1]) is follows  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("body", "dead"),
    [
        ("return 1; target()", True),
        ("if (x) return 1; target()", False),
        ("if (x) { return 1 } else { throw x } target()", True),
        ("{ return 1; } target()", True),
        ("while (x) { break; target() }", True),
        ("switch (x) { case 1: return 1; target(); break }", True),
        ("return inner(); function inner() { return target() }", False),
        ("never(); target()", True),
        ("fail(); target()", False),
        ('if (typeof window !== "undefined") { target() }', True),
        ('if (typeof window !== "undefined") { g() } else { target() }', False),
        ('if (typeof atob === "function") { return 1 } target()', True),
        ('typeof Deno === "object" && target()', True),
        ('typeof Deno === "object" || target()', False),
        ('return typeof document === "object" ? target() : 1', True),
        ("const f = () => { return 1; }; target()", False),
        ("try { return x() } catch { } target()", False),
    ],
)
def test_what_never_runs(body: str, dead: bool) -> None:
    module = module_of(
        "import { fail } from './other';\nfunction never() { console.log(1); throw new Error() }\n"
        f"function f(x: any) {{ {body} }}\n"
    )
    call = next(module.calls_of("target", module.root))
    assert never_runs(module, call) is dead
