"""Which calls throw their results away, and where the errors of a promise go."""

from __future__ import annotations

import pytest

from cflint.project.code.dropped import catches_everything, dropped_calls, handles_errors, settles_promise
from cflint.syntax.javascript import FUNCTIONS
from tests.support import modules

pytestmark = pytest.mark.portable


@pytest.mark.parametrize(
    ("code", "wanted"),
    [
        ("work();", ["work()"]),
        ("work()\nwork()\n", ["work()", "work()"]),
        ("await work();", []),
        ("await ready && work();", ["work()"]),
        ("await first(), work();", ["work()"]),
        ("console.log(ready) || work();", ["work()"]),
        ("ready ? one() : other();", ["one()", "other()"]),
        ("one(), other();", ["one()", "other()"]),
        ("return work();", []),
        ("throw made();", []),
        ("const kept = work(); use(kept);", ["use(kept)"]),
        ("const kept = work(); return { kept };", []),
        ("const lost = work(); // not used (lost)\n", ["work()"]),
        ("const lost = work(); const text = '(lost)';", ["work()"]),
        ("let lost; lost = work();", ["work()"]),
        ("this.kept = work();", []),
        ("work().then(done);", ["work().then(done)"]),
        ("named.then(done);", []),
        ("// work();\n", []),
        ("const f = () => work();", []),
        ("new Promise(run);", ["new Promise(run)"]),
    ],
)
def test_dropped(code: str, wanted: list[str]) -> None:
    module = modules.module_of(f"async function around() {{\n{code}\n}}\n")
    assert [module.text(found.promise) for found in dropped_calls(module)] == wanted


def test_chain() -> None:
    module = modules.module_of("function f() {\n  work().then(done).catch(report);\n}\n")
    (found,) = dropped_calls(module)
    assert found.is_chain
    assert not found.in_variable
    assert module.text(found.root) == "work()"


@pytest.mark.parametrize(
    ("code", "wanted"),
    [
        ("«work().catch(report)»", True),
        ("«work().then(done, report)»", True),
        ("«work().catch(report).then(done)»", True),
        ("«work().then(done)»", False),
        ("«work()»", False),
        ("«(async () => { try { await work(); } catch { report(); } })()»", True),
        ("«(async () => { try { await work(); } catch (e) { throw e; } })()»", False),
    ],
)
def test_errors(code: str, wanted: bool) -> None:
    assert handles_errors(*modules.marked(code)) is wanted


def test_function_that_catches() -> None:
    module = modules.module_of("async function f() { try { await g(); } catch { h(); } /* done */ }")
    function = next(module.descendants(module.root, *FUNCTIONS))
    assert catches_everything(module, function)


@pytest.mark.parametrize(
    ("code", "wanted"),
    [
        ("new Promise((resolve) => { «work().then(resolve)»; });", True),
        ("new Promise((resolve) => { «work().then(() => 'resolve')»; });", False),
        ("new Promise((resolve) => { «work().then((resolve) => resolve)»; });", False),
        ("run((resolve) => { «work().then(resolve)»; });", False),
    ],
)
def test_settled_by_hand(code: str, wanted: bool) -> None:
    assert settles_promise(*modules.marked(code)) is wanted
