"""When code runs: while its module loads, for an event, later."""

from __future__ import annotations

import pytest

from cflint.project.code.lifetime import (
    in_constructor,
    makes_stream_beside,
    may_be_durable,
    run_while_loading,
    runs_for_event,
    runs_later,
)
from tests.support import modules

pytestmark = pytest.mark.portable

DURABLE = "import { DurableObject } from 'cloudflare:workers';\nclass A extends DurableObject { %s }"


@pytest.mark.parametrize(
    ("code", "wanted"),
    [
        ("«work()»;", []),
        ("«work?.()»;", []),
        ("for (const one of all) «work()»;", []),
        ("const f = () => «work()»;", None),
        ("const f = () => «work()»;\nf();", ["f()"]),
        ("function f() { «work()»; }\nconst made = (f)();", ["(f)()"]),
        ("function f() { «work()»; }\nif (ready) f();", None),
        ("function f() { if (ready) «work()»; }\nf();", None),
        ("function f() { «work()»; }\nfunction g() { f(); }\ng();", None),
        ("function* f() { «work()»; }\nf();", None),
        ("(async () => { await «work()»; })();", []),
        ("ready && (() => «work()»)();", None),
        ("ready && «work()»;", None),
        ("if («work()») stop();", []),
        ("try { «work()»; } catch {}", None),
        ("try { «work()»; } finally {}", []),
        ("class A { static made = «work()»; }", []),
        ("class A { made = «work()»; }", None),
        ("export default { fetch() { «work()»; } };", None),
    ],
)
def test_while_loading(code: str, wanted: list[str] | None) -> None:
    module, node = modules.marked(code)
    calls = run_while_loading(module, node)
    assert (None if calls is None else [module.text(call) for call in calls]) == wanted


@pytest.mark.parametrize(
    ("code", "wanted"),
    [
        ("export default { fetch() { [1].map(() => «work()»); } };", True),
        ("function helper() { «work()»; }", False),
        (DURABLE % "helper() { «work()»; }", True),
        ("function helper(ctx: ExecutionContext) { «work()»; }", True),
    ],
)
def test_event(code: str, wanted: bool) -> None:
    assert runs_for_event(*modules.marked(code)) is wanted


def test_durable_and_constructor() -> None:
    module, node = modules.marked(DURABLE % "constructor() { run(() => «work()»); }")
    assert may_be_durable(module, node)
    assert in_constructor(module, node)
    module, node = modules.marked("class A { run() { «work()»; } }")
    assert not may_be_durable(module, node)
    assert not in_constructor(module, node)


@pytest.mark.parametrize(
    ("code", "later", "stream"),
    [
        ("socket.addEventListener('message', () => «work()»);", True, False),
        ("function f() { setTimeout(async () => { «work()»; }, 10); }", True, False),
        ("list.map(() => «work()»);", False, False),
        ("function f() { const t = new TransformStream(); «work()»; }", False, True),
        ("function f() { /* new TransformStream() */ «work()»; log('new ReadableStream()'); }", False, False),
    ],
)
def test_after_the_response(code: str, later: bool, stream: bool) -> None:
    module, node = modules.marked(code)
    assert runs_later(module, node) is later
    assert makes_stream_beside(module, node) is stream
