"""Whether a node runs always, only sometimes, again with each turn, or where an error of it is caught."""

from __future__ import annotations

import pytest
from tree_sitter import Node

from cflint.project.code.module import Module
from cflint.syntax.javascript import FUNCTIONS, walk
from tests.support.modules import module_of

pytestmark = pytest.mark.portable


def subject(body: str) -> tuple[Module, Node, Node]:
    """The module of a function with a body, the call `here(…)` in it, and the function."""
    module = module_of(
        f"async function subject(x: any) {{ {body} }}\nfunction leave(): never {{ throw 1 }}\n"
    )
    call = next(module.calls_of("here", module.syntax.root))
    function = next(node for node in walk(module.syntax.root) if node.type in FUNCTIONS)
    return module, call, function


ALWAYS = [
    "here();",
    "await here();",
    "return here();",
    "const y = [1, { a: `${here()}` }];",
    "x(here());",
    "if (here()) x();",
    "if (await here() && x) x();",
    "return here() ? 1 : 2;",
    "return here() ?? x;",
    "x = x + here();",
    "x.y ||= 1; here();",
    "switch (here()) { case 1: break }",
    "switch (1) { case here(): break }",
    "while (here()) { }",
    "for (let i = here(); i < 3; i++) { }",
    "for (let i = 0; here(); i++) { }",
    "for (const y of here()) { }",
    "do { here() } while (x);",
    "do { x() } while (here());",
    "do { if (x) continue; x() } while (here());",
    "while (true) { here(); if (x) break; }",
    "for (;;) { here(); if (x) return; }",
    "try { here() } catch { }",
    "try { x() } finally { here() }",
    "try { if (x) return } finally { here() }",
    "try { throw x } catch { } here();",
    "if (x) { x() } here();",
    "for (const y of x) { if (y) break; continue; } here();",
    "switch (x) { case 1: break } here();",
    "label: { here() }",
    "const f = () => { return 1 }; here();",
    "function inner() { return 1 } here();",
    "(() => { here() })();",
    "await (async () => here())();",
    "class A { static y = here() }",
    "class A { static { here() } }",
    "{ here() }",
    "x.y(here()).z?.();",
]

SOMETIMES = [
    "if (x) here();",
    "if (x) { } else { here() }",
    "if (x) { } else if (here()) { }",
    "return x ? here() : 1;",
    "return x && here();",
    "return x || here();",
    "return x ?? here();",
    "if (x && here()) { }",
    "x ??= here();",
    "switch (x) { case 1: here() }",
    "switch (x) { case 1: break; case here(): break }",
    "switch (x) { default: here() }",
    "try { x() } catch { here() }",
    "x?.y(here());",
    "x?.(here());",
    "x?.[here()];",
    "x?.y.here();",
    "const { y = here() } = x;",
    "const [y = here()] = x;",
]

PERHAPS = [
    "while (x) { here() }",
    "for (let i = 0; i < 3; i++) { here() }",
    "for (let i = 0; i < 3; i += here()) { }",
    "for (const y of x) { here() }",
    "if (x) return; here();",
    "if (x) { throw x } here();",
    "if (!x) leave(); here();",
    "return 1; here();",
    "switch (x) { case 1: return } here();",
    "a: { if (x) break a; here() }",
    "for (;;) { if (x) break; here() }",
    "for (;;) { if (x) continue; here() }",
    "try { if (x) return } catch { } here();",
    "do { if (x) break } while (here());",
    "x.forEach(() => { here() });",
    "x.then(() => here());",
    "const f = () => here(); f();",
    "(function* () { here() })();",
    "class A { y = here() }",
    "class A { m() { here() } }",
]


@pytest.mark.parametrize("body", ALWAYS)
def test_always_runs(body: str) -> None:
    module, call, function = subject(body)
    assert module.always_runs(call, function)
    assert not module.is_conditional(call, function)


@pytest.mark.parametrize("body", SOMETIMES)
def test_a_branch_decides(body: str) -> None:
    module, call, function = subject(body)
    assert not module.always_runs(call, function)
    assert module.is_conditional(call, function)


@pytest.mark.parametrize("body", PERHAPS)
def test_no_branch_decides_and_still_it_may_not_run(body: str) -> None:
    module, call, function = subject(body)
    assert not module.always_runs(call, function)
    assert not module.is_conditional(call, function)


def test_the_default_of_a_parameter_is_a_branch() -> None:
    module = module_of("function f(a = here()) { }")
    call = next(module.calls_of("here", module.syntax.root))
    function = module.enclosing_function(call)
    assert function is not None
    assert not module.always_runs(call, function)
    assert module.is_conditional(call, function)


def test_a_part_of_a_function_is_asked_about_alone() -> None:
    module, call, function = subject("if (x) return; for (const y of x) { x(); here(); }")
    loop = module.loop_around(call)
    body = loop.child_by_field_name("body") if loop is not None else None
    assert loop is not None and body is not None
    assert module.always_runs(call, body)
    assert not module.is_conditional(call, body)
    assert not module.always_runs(call, loop)  # it may have no turn
    assert module.always_runs(call, call)
    assert not module.always_runs(function, call)  # it is not around it


def test_a_branch_is_part_of_what_is_asked_about() -> None:
    module, call, function = subject("if (x) { here(); }")
    choice = next(module.descendants(function, "if_statement"))
    assert module.is_conditional(call, choice)
    block = choice.child_by_field_name("consequence")
    assert block is not None and not module.is_conditional(call, block)


@pytest.mark.parametrize(
    ("body", "runs"),
    [
        ("await this.ctx.blockConcurrencyWhile(async () => { await here(); });", True),
        ("await this.ctx.blockConcurrencyWhile(async () => { if (x) return; await here(); });", False),
        ("if (x) return; await this.ctx.blockConcurrencyWhile(async () => { await here(); });", False),
        ("await this.ctx.other(async () => { await here(); });", False),
        ("const f = async () => { await here(); }; await this.ctx.blockConcurrencyWhile(f);", False),
    ],
)
def test_callbacks_that_are_named_run_at_once(body: str, runs: bool) -> None:
    module, call, function = subject(body)
    assert module.always_runs(call, function, through=("blockConcurrencyWhile",)) is runs
    assert not module.always_runs(call, function)


@pytest.mark.parametrize(
    ("body", "loop"),
    [
        ("for (const y of x) { here() }", "for_in_statement"),
        ("for (const y of x) if (y) here();", "for_in_statement"),
        ("for (let i = 0; here(); i++) { }", "for_statement"),
        ("for (let i = 0; i < 3; here()) { }", "for_statement"),
        ("while (here()) { }", "while_statement"),
        ("do { } while (here());", "do_statement"),
        ("for (const y of here()) { }", None),
        ("for (let i = here(); i < 3; i++) { }", None),
        ("for (const y of x) { } here();", None),
        ("while (x) { for (const y of here()) { } }", "while_statement"),
        ("for (const y of x) { y.then(() => here()) }", None),
        ("while (x) { class A { y = here() } }", None),
    ],
)
def test_loop_around(body: str, loop: str | None) -> None:
    module, call, _ = subject(body)
    found = module.loop_around(call)
    assert (found.type if found is not None else None) == loop


def test_loop_around_ends_where_one_says() -> None:
    module, call, _ = subject("while (x) { if (x) { here() } }")
    loop = module.loop_around(call)
    assert loop is not None
    assert module.loop_around(call, loop) is None
    assert module.loop_around(call, loop.child_by_field_name("body")) is None


@pytest.mark.parametrize(
    ("body", "caught"),
    [
        ("try { here() } catch { }", True),
        ("try { if (x) { for (const y of x) here() } } catch (e) { }", True),
        ("try { try { here() } finally { } } catch { }", True),
        ("try { here() } finally { }", False),
        ("try { } catch { here() }", False),
        ("try { } catch { } finally { here() }", False),
        ("try { x(() => here()) } catch { }", False),
        ("here(); try { } catch { }", False),
        ("try { try { } catch { here() } } catch { }", True),
    ],
)
def test_try_around(body: str, caught: bool) -> None:
    module, call, function = subject(body)
    found = module.try_around(call)
    assert (found is not None) is caught
    if found is not None:
        assert found.type == "try_statement" and found.child_by_field_name("handler") is not None
        assert module.try_around(call, found) is None
        assert module.try_around(call, function) == found


def test_the_inner_try_is_found_first() -> None:
    module, call, _ = subject("try { try { here() } catch (inner) { } } catch (outer) { }")
    found = module.try_around(call)
    assert found is not None and "inner" in module.text(found) and "outer" not in module.text(found)


@pytest.mark.parametrize(
    ("body", "caught"),
    [
        ("try { here() } catch { }", True),
        ("try { x(() => here()) } catch { }", True),
        ("x(() => { try { here() } catch { } })", True),
        ("try { x(() => { try { here() } finally { } }) } catch { }", True),
        ("try { x(() => here()) } finally { }", False),
        ("try { } catch { x(() => here()) }", False),
        ("here()", False),
    ],
)
def test_is_caught_through_callbacks(body: str, caught: bool) -> None:
    module, call, function = subject(body)
    assert module.is_caught(call, function) is caught


def test_what_catches_is_within() -> None:
    module = module_of("try { f(() => here()) } catch { }")
    call = next(module.calls_of("here", module.root))
    function = module.enclosing_function(call)
    assert function is not None and not module.is_caught(call, function)
