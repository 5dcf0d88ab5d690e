"""What becomes of promises, who gives them, and how they can be kept."""

from __future__ import annotations

import pytest
from tree_sitter import Node

from cflint.finding import Fix, Safety
from cflint.project.code.module import Module
from cflint.project.code.promises import (
    PromiseOutcome,
    PromiseSource,
    calls_on,
    can_await,
    fix_by_async_handler,
    fix_by_new_context,
    fix_by_wait_until,
    missing_context,
    source_of,
    use_of_promise,
    use_of_promises,
    wait_until_at,
)
from tests.support import modules

pytestmark = pytest.mark.portable

CONFIG = """{
  "name": "example", "main": "index.ts", "compatibility_date": "2026-08-01",
  "kv_namespaces": [{ "binding": "KV" }],
  "services": [{ "binding": "API", "service": "api" }],
  "durable_objects": { "bindings": [{ "name": "ROOMS", "class_name": "Room" }] }
}"""


def module_of(code: str, **others: str) -> Module:
    return modules.module_of(code, CONFIG, **others)


def at(module: Module, text: str) -> Node:
    """The outermost call or `new` that starts where a text first stands."""
    start = module.document.data.index(text.encode())
    node = module.syntax.node_at(start, start + 1)
    assert node is not None
    found = node
    for above in module.syntax.ancestors(node):
        if above.start_byte != start or above.type not in (
            "member_expression",
            "call_expression",
            "new_expression",
        ):
            break
        found = above
        if above.end_byte >= start + len(text.encode()):
            break
    return found


IN_OBJECT = "import { DurableObject } from 'cloudflare:workers';\nclass A extends DurableObject { %s }"


def outcome(body: str) -> PromiseOutcome:
    """The outcome of `work()` in the body of an asynchronous function."""
    code = (
        f"async function work() {{}}\nasync function run(list, go) {{ {body.replace('work()', 'work(1)')} }}"
    )
    module = module_of(code)
    return use_of_promise(module, at(module, "work(1)")).outcome


@pytest.mark.parametrize(
    "body",
    [
        "work();",
        "(work());",
        "work()!;",
        "work().then(done);",
        "work().catch(() => {}).finally(done);",
        "go && work();",
        "go ? work() : 0;",
        "go ?? work();",
        "work(), go();",
        "[work()];",
        "const p = work();",
        "let p; p = work();",
        "const p = work(); p.then(done);",
        "const p = work(); const q = p;",
        "list.forEach((x) => work());",
        "list.forEach((x) => { return work(); });",
        "list.map((x) => work());",
        "const all = list.map((x) => work());",
        "const all = [work(), work(2)];",
    ],
)
def test_dropped(body: str) -> None:
    assert outcome(body) is PromiseOutcome.DROPPED


@pytest.mark.parametrize(
    "body",
    [
        "await work();",
        "return work();",
        "void work();",
        "ctx.waitUntil(work());",
        "await Promise.all([work(), go()]);",
        "await Promise.all(list.map((x) => work()));",
        "const p = work(); go(); await p;",
        "const p = work(); if (go) return p;",
        "const p = work(); p.catch(() => {}); await p;",
        "let p; p = work(); await p;",
        "const all = [work()]; all.push(go()); await Promise.all(all);",
        "const all = list.map((x) => work()); await Promise.allSettled(all);",
        "const all = list.map((x) => work()); console.log(all.length); return all;",
        "this.pending = work();",
        "go({ later: work() });",
        "const later = () => work();",
        "list.sort((a) => work());",
        "using held = work();",
        "for await (const part of work()) go(part);",
        "const p = work(); if (p instanceof Promise) go();",
        "const p = work(); typeof p;",
        "yield work();",
        "throw work();",
        "return { p: work() };",
        "return go ? work() : null;",
    ],
)
def test_consumed(body: str) -> None:
    assert outcome(body) is PromiseOutcome.CONSUMED


@pytest.mark.parametrize(
    "body",
    [
        "if (work()) go();",
        "if (!work()) go();",
        "return work() === 1;",
        "return work() + 1;",
        "return `${work()}`;",
        "return work().length;",
        "return work()[0];",
        "return work() ? 1 : 2;",
        "work() && go();",
        "return JSON.parse(work());",
        "return Response.json(work());",
        "return Response.json({ a: [work()] });",
        "return new Response(work());",
        "const { a } = work();",
        "const p = work(); return p.length;",
        "let p; p = work(); if (!p) go();",
        "go({ ...work() });",
        "for (const part of work()) go(part);",
        "let n = 0; n += work();",
    ],
)
def test_taken_for_its_result(body: str) -> None:
    assert outcome(body) is PromiseOutcome.VALUE


def test_a_variable_that_may_hold_other_things_is_no_value() -> None:
    assert outcome("let p = list; p = work(); if (!p) go();") is PromiseOutcome.CONSUMED


def test_a_name_of_the_module_is_for_others() -> None:
    module = module_of("async function work() {}\nexport const ready = work(1);")
    assert use_of_promise(module, at(module, "work(1)")).outcome is PromiseOutcome.CONSUMED


def test_json_of_somebody_else_takes_promises() -> None:
    module = module_of(
        "import { JSON } from './json';\nasync function work() {}\nconst run = () => JSON.parse(work(1));"
    )
    assert use_of_promise(module, at(module, "work(1)")).outcome is PromiseOutcome.CONSUMED


def test_the_promise_is_the_chain_without_the_operators_around() -> None:
    module = module_of(
        "async function work() {}\nasync function run(go) { go && work(1).then(go).catch(go); }"
    )
    use = use_of_promise(module, at(module, "work(1)"))
    assert module.text(use.promise) == "work(1).then(go).catch(go)"
    assert module.text(use.expression) == "go && work(1).then(go).catch(go)"
    assert use.at.type == "expression_statement"


def test_a_pipelined_promise_has_promises_for_members() -> None:
    module = module_of(
        "async function run(api) { api.user(1).profile.name(); return api.list(2).length + 1; }"
    )
    dropped = use_of_promise(module, at(module, "api.user(1)"), pipelined=True)
    assert dropped.outcome is PromiseOutcome.DROPPED
    assert module.text(dropped.promise) == "api.user(1).profile.name()"
    assert use_of_promise(module, at(module, "api.list(2)"), pipelined=True).outcome is PromiseOutcome.VALUE


def test_promises_in_an_array_are_never_a_value() -> None:
    module = module_of("async function run(l) { if (l.map(f)) l(); l.flatMap(f); }")
    assert use_of_promises(module, at(module, "l.map(f)")).outcome is PromiseOutcome.CONSUMED
    assert use_of_promises(module, at(module, "l.flatMap(f)")).outcome is PromiseOutcome.DROPPED


def test_variables_in_a_circle_end() -> None:
    assert outcome("let a = work(); let b = a; a = b; b = a;") is PromiseOutcome.DROPPED


WORKER = """
import { DurableObject, type WorkflowStep } from "cloudflare:workers";
import postgres from "postgres";
import { remote, plain, Base, both } from "./other";
import * as others from "./other";

interface Env { KV: KVNamespace; API: Fetcher; ROOMS: DurableObjectNamespace; HD: Hyperdrive }

class Own extends Base {
  async one() {}
  two(): Promise<void> { return this.one(); }
  three = async () => {};
  four() {}
}

export class Room extends DurableObject<Env> {
  async run(step: WorkflowStep) {
    $
  }
}

export default {
  async fetch(request: Request, env: Env, ctx: ExecutionContext) {
    const own = new Own();
    const base = new Base();
    const sql = postgres(env.HD.connectionString);
    const room = env.ROOMS.getByName("a");
    async function local() {}
    function overloaded(a: string): Promise<void>;
    function overloaded(a: number): void;
    function overloaded(a: unknown): unknown { return a; }
    $
  },
};
"""
OTHER = """
export async function remote() {}
export function plain() {}
export const both = (): Promise<number> => Promise.resolve(1);
export class Base {
  async five() {}
  six() {}
  seven(a: string): Promise<void>;
  seven(a: number): void;
  seven(a: unknown) {}
}
"""


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        ("env.KV.put('a', 'b')", PromiseSource.BINDING),
        ("env.API.fetch(request)", PromiseSource.BINDING),
        ("env.API.audit()", PromiseSource.RPC),
        ("room.fetch(request)", PromiseSource.BINDING),
        ("room.post()", PromiseSource.RPC),
        ("room.dup()", None),
        ("caches.default.put(request, x)", PromiseSource.CACHE),
        ("fetch(request)", PromiseSource.FETCH),
        ("scheduler.wait(1)", PromiseSource.TIMER),
        ("request.body.pipeTo(x)", PromiseSource.STREAM),
        ("sql.end()", PromiseSource.CLIENT_END),
        ("own.one()", PromiseSource.FUNCTION),
        ("own.two()", PromiseSource.FUNCTION),
        ("own.three()", PromiseSource.FUNCTION),
        ("own.four()", None),
        ("own.five()", PromiseSource.FUNCTION),
        ("base.five()", PromiseSource.FUNCTION),
        ("base.six()", None),
        ("base.seven()", None),
        ("remote()", PromiseSource.FUNCTION),
        ("others.remote()", PromiseSource.FUNCTION),
        ("others.plain()", None),
        ("plain()", None),
        ("both()", PromiseSource.FUNCTION),
        ("local()", PromiseSource.FUNCTION),
        ("overloaded(1)", None),
        ("new Promise(f)", PromiseSource.PROMISE),
        ("Promise.all([])", PromiseSource.PROMISE),
        ("fetch(request).then(f)", None),
        ("unknown()", None),
    ],
)
def test_source(call: str, expected: PromiseSource | None) -> None:
    module = module_of(WORKER.replace("$", "", 1).replace("$", f"{call};"), other=OTHER)
    assert source_of(module, at(module, call + ";")) is expected


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        ("this.ctx.storage.setAlarm(1)", PromiseSource.ALARM),
        ("this.ctx.storage.put('a', 1)", PromiseSource.STORAGE),
        ("this.ctx.storage.kv.put('a', 1)", None),
        ("this.ctx.storage.sql.exec('x')", None),
        ("this.ctx.blockConcurrencyWhile(f)", PromiseSource.STORAGE),
        ("step.do('a', f)", PromiseSource.STEP),
        ("step.sleep('a', 1)", PromiseSource.STEP),
    ],
)
def test_source_in_a_durable_object(call: str, expected: PromiseSource | None) -> None:
    module = module_of(WORKER.replace("$", f"{call};", 1).replace("$", ""), other=OTHER)
    assert source_of(module, at(module, call + ";")) is expected


def test_calls_on_a_value_and_on_the_constant_that_holds_it() -> None:
    module = module_of(
        "async function run(make) { make(1).a(); const s = await make(2); s.b(); s!.c(); s.d; }"
    )
    assert [name for _, name in calls_on(module, at(module, "make(1)"))] == ["a"]
    assert [name for _, name in calls_on(module, at(module, "make(2)"))] == ["b", "c"]


@pytest.mark.parametrize(
    ("code", "legal"),
    [
        ("async function f() { here(); }", True),
        ("function f() { here(); }", False),
        ("async function f() { [1].map(() => here()); }", False),
        ("async function f(a = here()) {}", False),
        ("class A { x = here(); }", False),
        ("class A { static { here(); } }", False),
        ("class A { async m() { here(); } }", True),
        ("here();", True),
    ],
)
def test_where_await_is_legal(code: str, legal: bool) -> None:
    module = module_of(code)
    assert can_await(module, at(module, "here()")) is legal


KEEPERS = """
import { Hono } from "hono";
import { DurableObject, WorkerEntrypoint $ } from "cloudflare:workers";
const app = new Hono();
"""


@pytest.mark.parametrize(
    ("code", "keeper"),
    [
        ("export default { fetch(request, env, ctx) { here(); } };", "ctx.waitUntil"),
        ("export default { fetch(request, env, context) { [1].map(() => here()); } };", "context.waitUntil"),
        ("export default { fetch(request, env) { here(); } };", None),
        ("function help(ctx: ExecutionContext) { here(); }", "ctx.waitUntil"),
        ("function help(ctx: ExecutionContext) { { const ctx = 1; here(); } }", None),
        ("app.get('/', (c) => here());", "c.executionCtx.waitUntil"),
        ("app.use(async (c, next) => { here(); });", "c.executionCtx.waitUntil"),
        ("class A extends WorkerEntrypoint { m() { here(); } }", "this.ctx.waitUntil"),
        ("class A extends DurableObject { m() { [1].map(() => here()); } }", "this.ctx.waitUntil"),
        ("class A extends DurableObject { m() { [1].map(function () { here(); }); } }", None),
        ("class A extends DurableObject { static m() { here(); } }", None),
        (
            "class A extends DurableObject { constructor(ctx, env) { super(ctx, env); here(); } }",
            "ctx.waitUntil",
        ),
        ("class A extends DurableObject { m() { app.get('/', (c) => here()); } }", "this.ctx.waitUntil"),
        ("class A { m() { here(); } }", None),
    ],
)
def test_what_keeps_a_promise(code: str, keeper: str | None) -> None:
    module = module_of(KEEPERS.replace("$", "") + code)
    assert wait_until_at(module, at(module, "here()")) == keeper


def test_the_imported_wait_until_is_in_reach_everywhere_but_where_it_is_shadowed() -> None:
    module = module_of(KEEPERS.replace("$", ", waitUntil as keep") + "function help() { here(); }")
    assert wait_until_at(module, at(module, "here()")) == "keep"
    module = module_of(KEEPERS.replace("$", ", waitUntil") + "function help(waitUntil) { here(); }")
    assert wait_until_at(module, at(module, "here()")) is None


@pytest.mark.parametrize(
    ("parameters", "after"),
    [
        ("request, env", "request, env, ctx"),
        ("request", "request, _env, ctx"),
        ("", "_request, _env, ctx"),
        ("request: Request, env: Env", "request: Request, env: Env, ctx: ExecutionContext"),
        ("request: Request", "request: Request, _env: Env, ctx: ExecutionContext"),
    ],
)
def test_the_missing_context_is_added(parameters: str, after: str) -> None:
    code = f"export default {{ async fetch({parameters}) {{ here(); }} }};"
    module = module_of(code)
    fix = fix_by_new_context(module, at(module, "here()"))
    assert fix is not None and fix.safety is Safety.UNSAFE
    assert applied(module, fix) == f"export default {{ async fetch({after}) {{ ctx.waitUntil(here()); }} }};"


@pytest.mark.parametrize(
    "code",
    [
        "export default { fetch(request, env, context) { here(); } };",
        "const ctx = 1; export default { fetch(request, env) { here(); } };",
        "export default { fetch(...rest) { here(); } };",
        "function help() { here(); }",
        IN_OBJECT % "fetch() { here(); }",
    ],
)
def test_where_no_context_can_be_added(code: str) -> None:
    module = module_of(code)
    assert missing_context(module, at(module, "here()")) is None


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("alarm() { here(); }", "async alarm() { await here(); }"),
        ("alarm(): void { here(); }", "async alarm(): Promise<void> { await here(); }"),
        ("alarm(): void | Promise<void> { here(); }", "async alarm(): Promise<void> { await here(); }"),
        ("alarm(): Promise<void> { here(); }", "async alarm(): Promise<void> { await here(); }"),
    ],
)
def test_a_handler_becomes_asynchronous(before: str, after: str) -> None:
    module = module_of(IN_OBJECT % before)
    fix = fix_by_async_handler(module, at(module, "here()"))
    assert fix is not None and applied(module, fix) == IN_OBJECT % after


def test_other_methods_do_not_become_asynchronous() -> None:
    module = module_of(IN_OBJECT % "m() { here(); }")
    assert fix_by_async_handler(module, at(module, "here()")) is None


def test_wait_until_goes_around_the_promise() -> None:
    code = "export default { fetch(request, env, ctx) { request && here(); } };"
    module = module_of(code)
    use = use_of_promise(module, at(module, "here()"))
    fix = fix_by_wait_until(module, use.promise, Safety.SAFE)
    assert fix is not None and fix.safety is Safety.SAFE
    assert "request && ctx.waitUntil(here());" in applied(module, fix)


def applied(module: Module, fix: Fix) -> str:
    """The module's text after a fix."""
    data = module.document.data
    for edit in sorted(fix.edits, key=lambda edit: edit.span.start, reverse=True):
        data = data[: edit.span.start] + edit.text.encode() + data[edit.span.end :]
    return data.decode()
