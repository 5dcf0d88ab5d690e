"""Control flow inside a function: what falls through, and what can run after what."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cflint.project.code.flow import can_reach, completes, falls_through
from cflint.project.code.origins import number_of
from cflint.syntax.javascript import FUNCTIONS, walk
from tests.support.modules import module_of

pytestmark = pytest.mark.portable


def falls(body: str, before: str = "") -> bool:
    module = module_of(f"{before}\nasync function subject(x: any) {{ {body} }}\n")
    functions = [node for node in walk(module.syntax.root) if node.type in FUNCTIONS]
    subject = next(node for node in functions if "subject" in module.text(node).split("(")[0])
    return falls_through(module, subject)


@pytest.mark.parametrize(
    "body",
    [
        "",
        "await x();",
        "if (x) return 1;",
        "if (x) { return 1 } else if (x.y) { throw x }",
        "while (x) { return 1 }",
        "while (true) { if (x) break; }",
        "for (;;) { switch (x) { case 1: continue; default: { break } } if (x) { break } }",
        "switch (x) { case 1: return 1 }",
        "switch (x) { case 1: return 1; default: break }",
        "switch (x) { case 1: return 1; default: x() }",
        "try { return x() } catch { }",
        "try { return x() } catch (e) { console.error(e) } finally { x.close() }",
        "outer: while (true) { while (true) { break outer } }",
        "a: { if (x) break a; return 1 }",
        "for (const y of x) { return y }",
        "do { if (x) break; } while (true);",
        "const f = () => { return 1 };",
        "function inner() { return 1 }",
        "maybe(x);",
    ],
)
def test_falls_through(body: str) -> None:
    assert falls(body, "import { maybe } from './other';")


@pytest.mark.parametrize(
    "body",
    [
        "return 1",
        "throw new Error()",
        "if (x) { return 1 } return 2",
        "if (x) { return 1 } else { return 2 }",
        "if (x) return 1; else if (x.y) return 2; else throw x;",
        "while (true) { await x() }",
        "for (;;) { if (x) return 1 }",
        "for (;;) { switch (x) { case 1: break } }",
        "do { return 1 } while (x)",
        "switch (x) { case 1: return 1; default: return 2 }",
        "switch (x) { case 1: case 2: return 1; default: throw x }",
        "switch (x) { case 1: x(); default: return 1 }",
        "try { return x() } catch (e) { return e }",
        "try { x() } finally { return 1 }",
        "try { return x() } finally { x.close() }",
        "try { if (x) throw 1; else return 2 } catch { throw x }",
        "{ { return 1 } }",
        "outer: while (true) { while (true) { continue outer } }",
        "if (true) { return 1 }",
        "process.exit(1)",
        "never();",
        "fails(x);",
        "await assertNever(x);",
    ],
)
def test_does_not_fall_through(body: str) -> None:
    before = (
        "import { assertNever } from 'somewhere';\n"
        "function never(): never { for (;;) {} }\n"
        "function fails(x: any) { console.log(x); throw new Error(x) }\n"
    )
    assert not falls(body, before)


def test_an_arrow_function_with_an_expression_does_not_fall_through() -> None:
    module = module_of("const subject = (x) => x;")
    arrow = next(node for node in walk(module.syntax.root) if node.type == "arrow_function")
    assert not falls_through(module, arrow)


def test_a_switch_without_default_is_trusted_when_asked() -> None:
    module = module_of("function f(x) { switch (x.kind) { case 'a': return 1; case 'b': return 2 } }")
    function = next(node for node in walk(module.syntax.root) if node.type == "function_declaration")
    assert falls_through(module, function)
    assert not falls_through(module, function, lambda switch: True)


def test_deep_nesting_is_no_recursion() -> None:
    depth = 3000
    assert falls("if (x) {" * depth + "}" * depth)
    assert not falls("{" * depth + "return 1" + "}" * depth)


@given(st.lists(st.sampled_from(["x();", "return 1;", "if (x) { return 1 }", "throw x;"]), max_size=6))
@settings(max_examples=40, deadline=None)
def test_a_list_falls_through_as_long_as_nothing_in_it_leaves(statements: list[str]) -> None:
    leaves = any(statement.startswith(("return", "throw")) for statement in statements)
    assert falls(" ".join(statements)) is not leaves


@given(st.text(alphabet="{}();:if elsretunhow1", max_size=60))
@settings(max_examples=60, deadline=None)
def test_nothing_raises_on_broken_code(body: str) -> None:
    module = module_of(f"function subject(x) {{ {body} }}")
    for node in walk(module.syntax.root):
        if node.type in FUNCTIONS:
            falls_through(module, node)
        completes(module, node)


def reach(body: str) -> bool:
    module = module_of(f"async function subject(x: any) {{ {body} }}\n")
    calls = [node for node in walk(module.syntax.root) if node.type == "call_expression"]
    first = next(node for node in calls if module.text(node) == "one()")
    second = next(node for node in calls if module.text(node) == "two()")
    return can_reach(module, first, second)


@pytest.mark.parametrize(
    "body",
    [
        "one(); two();",
        "const a = one() + two();",
        "if (x) { one(); } two();",
        "one(); if (x) { two(); }",
        "if (one()) { two(); }",
        "try { one(); } catch { two(); }",
        "try { return one(); } catch { two(); }",
        "try { one(); } finally { two(); }",
        "for (const y of x) { one(); if (y) break; } two();",
        "switch (x) { case 1: one(); case 2: two(); }",
        "if (x) { one(); two(); return }",
        "return one() || two();",
        "return x(one(), two());",
    ],
)
def test_reaches(body: str) -> None:
    assert reach(body)


@pytest.mark.parametrize(
    "body",
    [
        "two(); one();",
        "if (x) { one(); } else { two(); }",
        "if (x) { one(); return; } two();",
        "if (x) { return one(); } two();",
        "if (x) { throw one(); } two();",
        "return x ? one() : two();",
        "switch (x) { case 1: one(); break; case 2: two(); }",
        "const f = () => one(); two();",
        "one(); const f = () => two();",
        "if (x) { one(); } if (!x) { two(); }",
        "one(); return; two();",
    ],
)
def test_does_not_reach(body: str) -> None:
    assert not reach(body)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("60", 60),
        ("60 * 60 * 24", 86400),
        ("(1 + 2) * -3", -9),
        ("1_000 / 4", 250),
        ("10 - 4 - 3", 3),
        ("0x10", 16),
        ("1e3", 1000),
        ("MINUTE * 2", 120),
        ("x", None),
        ("1 / 0", None),
        ("f(1)", None),
        ("'1' + 1", None),
    ],
)
def test_number_of(text: str, value: float | None) -> None:
    module = module_of(f"const MINUTE = 60;\nfunction f(x) {{ return {text}; }}")
    returned = next(node for node in walk(module.syntax.root) if node.type == "return_statement")
    node = returned.named_child(0)
    assert node is not None
    assert number_of(module, node) == value
