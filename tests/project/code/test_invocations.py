"""What code runs for: followed from a place to the handlers and classes whose code gets there."""

from __future__ import annotations

import pytest

from cflint.project.code.invocations import Invocation, invocations_of
from tests.support.modules import module_of

pytestmark = pytest.mark.portable

DURABLE = "import { DurableObject } from 'cloudflare:workers';\n"
WORKFLOW = "import { WorkflowEntrypoint } from 'cloudflare:workers';\n"
HONO = "import { Hono } from 'hono';\nconst app = new Hono();\n"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("export default { async fetch() { target() } }", {Invocation.REQUEST}),
        ("export default { async queue(batch, env) { target() } }", {Invocation.EVENT}),
        ("function f() { target() }\nexport default { fetch() { f() } }", {Invocation.REQUEST}),
        ("function f() { target() }\nexport default { fetch() { f() }, scheduled() { f() } }",
         {Invocation.REQUEST, Invocation.EVENT}),
        ("export function f() { target() }", {Invocation.UNKNOWN}),
        ("function f() { target(); f() }\nexport default { fetch() { f() } }", {Invocation.REQUEST}),
        (DURABLE + "export class A extends DurableObject { b() { target() } }",
         {Invocation.DURABLE_OBJECT}),
        (WORKFLOW + "export class A extends WorkflowEntrypoint { async run(event, step) { target() } }",
         {Invocation.WORKFLOW}),
        ("import { WorkerEntrypoint } from 'cloudflare:workers';\n"
         "export class A extends WorkerEntrypoint { async b() { target() } async fetch() {} }",
         {Invocation.CALL}),
        ("class A { constructor(private state: DurableObjectState) {} b() { target() } }",
         {Invocation.DURABLE_OBJECT}),
        (DURABLE + "class B { c() { target() } }\n"
         "export class A extends DurableObject { b = new B() }", {Invocation.DURABLE_OBJECT}),
        (DURABLE + "class B { c() { target() } }\nexport class A extends DurableObject {\n"
         "constructor(ctx) { ctx.blockConcurrencyWhile(async () => { this.b = new B() }) } }",
         {Invocation.DURABLE_OBJECT}),
        ("class B { c() { target() } }\nexport default { fetch() { new B().c() } }", {Invocation.UNKNOWN}),
        (HONO + "app.get('/', (c) => { target(); return c.text('') });\nexport default app;",
         {Invocation.REQUEST}),
        ("function f() { return () => target() }\nexport default { fetch() { f() } }", {Invocation.UNKNOWN}),
        ("function f(x) { x.on(() => target()) }\nexport default { fetch() { f() } }", {Invocation.UNKNOWN}),
        ("function f(x) { x.map(() => target()) }\nexport default { fetch() { f() } }", {Invocation.REQUEST}),
        ("export default { fetch() { const g = () => target(); g() } }", {Invocation.REQUEST}),
    ],
)  # fmt: skip
def test_invocations(text: str, found: set[Invocation]) -> None:
    module = module_of(text)
    call = next(module.calls_of("target", module.root))
    assert invocations_of(module, call) == found
