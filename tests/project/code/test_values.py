"""What expressions evaluate to."""

from __future__ import annotations

import pytest

from cflint.project.code.values import UNKNOWN, Value, ValueKind
from tests.support.modules import module_of

pytestmark = pytest.mark.portable

CONFIG = """{
  "name": "example", "main": "index.ts", "compatibility_date": "2026-08-01",
  "vars": { "REGION": "eu" },
  "kv_namespaces": [{ "binding": "KV" }],
  "r2_buckets": [{ "binding": "FILES", "bucket_name": "files" }],
  "d1_databases": [{ "binding": "DB", "database_name": "db" }],
  "hyperdrive": [{ "binding": "HD", "id": "8f3c1a9b7d2e4c6fa0b1d5e7c9f2a3b4" }],
  "services": [{ "binding": "API", "service": "api" }],
  "workflows": [{ "name": "orders", "binding": "ORDERS", "class_name": "Orders" }],
  "durable_objects": { "bindings": [{ "name": "ROOMS", "class_name": "Room" }] }
}"""
HEAD = """
import { DurableObject, WorkflowEntrypoint, env as everywhere } from "cloudflare:workers";
import type { WorkflowStep } from "cloudflare:workers";
import { Hono, type Context } from "hono";
import { env as envOf } from "hono/adapter";
import { getAgentByName, Agent, type Connection } from "agents";
import postgres from "postgres";
import pg from "pg";
import { createConnection } from "mysql2/promise";
import { Store, make } from "./other";
import type { Shape } from "./other";
interface Env { KV: KVNamespace; TYPED: Queue }
"""
OTHER = """
export class Store { async get() {} }
export async function make() {}
export interface Shape { a: string }
"""


def value_in(code: str) -> Value:
    """The value of the expression between `«` and `»`."""
    start, end = code.index("«"), code.index("»") - 1
    text = HEAD + code.replace("«", "").replace("»", "")
    offset = len(HEAD.encode()) + len(code[:start].encode())
    length = len(code[start + 1 : end + 1].encode())
    module = module_of(text, CONFIG, other=OTHER)
    node = module.syntax.node_at(offset, offset + length)
    assert node is not None and module.text(node) == code[start + 1 : end + 1]
    return module.value_of(node)


def kind_in(code: str) -> ValueKind:
    return value_in(code).kind


IN_FETCH = "export default { async fetch(request: Request, env: Env, ctx: ExecutionContext) { %s } };"


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ("«request»;", ValueKind.REQUEST),
        ("«env»;", ValueKind.ENV),
        ("«ctx»;", ValueKind.EXECUTION_CONTEXT),
        ("«everywhere»;", ValueKind.ENV),
        ("«request.headers»;", ValueKind.HEADERS),
        ("const { headers } = request; «headers»;", ValueKind.HEADERS),
        ("«fetch(request)»;", ValueKind.PROMISE),
        ("const r = await fetch(request); «r»;", ValueKind.RESPONSE),
        ("const r = await fetch(request); «r.clone()»;", ValueKind.RESPONSE),
        ("«(await fetch(request)).body»;", ValueKind.BODY),
        ("«request.body.pipeTo(x)»;", ValueKind.PROMISE),
        ("«caches.default»;", ValueKind.CACHE),
        ("«await caches.open('a')»;", ValueKind.CACHE),
        ("«new Response('')»;", ValueKind.RESPONSE),
        ("«Response.json({})»;", ValueKind.RESPONSE),
        ("«new WebSocketPair()»;", ValueKind.WEBSOCKET_PAIR),
        ("const [a, b] = Object.values(new WebSocketPair()); «b»;", ValueKind.WEBSOCKET_PAIR_END),
        ("const { 0: a, 1: b } = new WebSocketPair(); «b»;", ValueKind.WEBSOCKET_PAIR_END),
        ("«new WebSocket('wss://a')»;", ValueKind.OUTGOING_WEBSOCKET),
        ("«env.ROOMS.getByName('a')»;", ValueKind.STUB),
        ("const id = env.ROOMS.idFromName('a'); «id»;", ValueKind.DURABLE_OBJECT_ID),
        ("«await getAgentByName(env.ROOMS, 'a')»;", ValueKind.STUB),
        ("«env.DB.prepare('x').bind(1)»;", ValueKind.D1_STATEMENT),
        ("«await env.DB.prepare('x').all()»;", ValueKind.D1_RESULT),
        ("«await env.FILES.get('x')»;", ValueKind.R2_OBJECT),
        ("«await env.ORDERS.create({})»;", ValueKind.WORKFLOW_INSTANCE),
        ("«env.HD.connectionString»;", ValueKind.CONNECTION_STRING),
        ("«ctx.exports»;", ValueKind.CONTEXT_EXPORTS),
        ("«new Store()»;", ValueKind.INSTANCE),
        ("class Own {} «new Own()»;", ValueKind.INSTANCE),
        ("«make()»;", ValueKind.PROMISE),
        ("const run = async () => 1; «run()»;", ValueKind.PROMISE),
        ("«(async () => 1)()»;", ValueKind.PROMISE),
        ("const s = new Store(); «s.get()»;", ValueKind.PROMISE),
        ("«request ?? other»;", ValueKind.REQUEST),
        ("function f(bound: AppEnv['Bindings']) { «bound»; }", ValueKind.ENV),
        ("function f(bound: AppEnv['Variables']) { «bound»; }", ValueKind.UNKNOWN),
        ("«unknown»;", ValueKind.UNKNOWN),
        ("let a = request; a = env; «a»;", ValueKind.UNKNOWN),
        ("const a = 1 > 2 ? request : env; «a»;", ValueKind.UNKNOWN),
        ("const loop = loop; «loop»;", ValueKind.UNKNOWN),
    ],
)
def test_in_a_handler(body: str, kind: ValueKind) -> None:
    assert kind_in(IN_FETCH % body) is kind


@pytest.mark.parametrize(
    ("body", "id"),
    [
        ("«env.KV»;", "kv"),
        ("«env['KV']»;", "kv"),
        ("const { KV } = env; «KV»;", "kv"),
        ("const { KV: names } = env; «names»;", "kv"),
        ("«everywhere.DB»;", "d1"),
        ("«env.REGION»;", "var"),
        ("«env.TYPED»;", "queue"),
        ("«env.API»;", "service"),
    ],
)
def test_bindings(body: str, id: str) -> None:
    assert value_in(IN_FETCH % body).is_binding(id)


def test_a_binding_that_nothing_declares_has_a_name_and_no_kind() -> None:
    value = value_in(IN_FETCH % "«env.OTHER»;")
    assert value.kind is ValueKind.BINDING and value.name == "OTHER" and value.binding is None


@pytest.mark.parametrize(
    ("made", "driver"),
    [
        ("postgres(env.HD.connectionString)", "Postgres.js"),
        ("postgres({ host: env.HD.host, password: env.HD.password })", "Postgres.js"),
        ("new pg.Client({ connectionString: env.HD.connectionString })", "node-postgres"),
        ("new pg.Pool(options)", "node-postgres"),
        ("await createConnection({ host: env.HD.host })", "mysql2"),
    ],
)
def test_database_clients(made: str, driver: str) -> None:
    value = value_in(IN_FETCH % f"const options = {{ connectionString: env.HD.connectionString }}; «{made}»;")
    assert value.kind is ValueKind.DATABASE_CLIENT and value.detail == driver
    assert value.inner is not None and value.inner.kind is ValueKind.CONNECTION_STRING


def test_a_direct_client_has_no_connection_string_of_hyperdrive() -> None:
    value = value_in(IN_FETCH % "«postgres('postgres://a')»;")
    assert value.kind is ValueKind.DATABASE_CLIENT and value.inner is None


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("class A extends DurableObject { m() { «this.ctx»; } }", ValueKind.DURABLE_OBJECT_STATE),
        ("class A extends DurableObject { m() { «this.ctx.storage»; } }", ValueKind.STORAGE),
        ("class A extends DurableObject { m() { «this.ctx.storage.sql»; } }", ValueKind.SQL_STORAGE),
        ("class A extends DurableObject { m() { «this.ctx.storage.kv»; } }", ValueKind.SYNC_KV),
        ("class A extends DurableObject { m() { «this.env»; } }", ValueKind.ENV),
        ("class A extends DurableObject { m() { const { storage } = this.ctx; «storage»; } }",
         ValueKind.STORAGE),
        ("class A extends DurableObject { s; constructor(c, e) { this.s = c.storage; } m() { «this.s»; } }",
         ValueKind.STORAGE),
        ("class A extends DurableObject { constructor(private c, e) {} m() { «this.c»; } }",
         ValueKind.DURABLE_OBJECT_STATE),
        ("class A extends DurableObject { webSocketMessage(ws) { «ws»; } }", ValueKind.HIBERNATED_WEBSOCKET),
        (
            "class A extends DurableObject { webSocketMessage(ws: WebSocket) { «ws»; } }",
            ValueKind.HIBERNATED_WEBSOCKET,
        ),
        ("class A extends DurableObject { webSocketMessage(ws: Socket) { «ws»; } }", ValueKind.UNKNOWN),
        ("class A extends DurableObject { m() { for (const ws of this.ctx.getWebSockets()) «ws»; } }",
         ValueKind.HIBERNATED_WEBSOCKET),
        ("class A extends DurableObject { static m() { «this.ctx»; } }", ValueKind.UNKNOWN),
        ("class A extends DurableObject { m() { return function () { «this.ctx»; }; } }", ValueKind.UNKNOWN),
        ("class A extends Agent { onConnect(c) { «c»; } }", ValueKind.CONNECTION),
        ("class A extends WorkflowEntrypoint { async run(event, step) { «step»; } }",
         ValueKind.WORKFLOW_STEP),
        ("class A { m() { «this.n()»; } n(): void | Promise<void> {} }", ValueKind.PROMISE),
        ("class A { ctx; m() { «this.ctx»; } }", ValueKind.UNKNOWN),
        ("class A { store = new Store(); m() { «this.store»; } }", ValueKind.INSTANCE),
        ("class A extends Store { m() { «this.get()»; } }", ValueKind.PROMISE),
        ("function f(step: WorkflowStep) { «step»; }", ValueKind.WORKFLOW_STEP),
        ("function f(stub: DurableObjectStub<A> | undefined) { «stub»; }", ValueKind.STUB),
        ("function f(store: Store) { «store.get()»; }", ValueKind.PROMISE),
        ("function f(shape: Shape) { «shape.get()»; }", ValueKind.UNKNOWN),
        ("function f(c: Context) { «c.executionCtx»; }", ValueKind.EXECUTION_CONTEXT),
        ("const app = new Hono(); app.get('/', (c) => «c.env»);", ValueKind.ENV),
        ("const app = new Hono(); app.onError((error, c) => «c»);", ValueKind.HONO_CONTEXT),
        ("const app = new Hono(); app.get('/', (c) => «envOf(c)»);", ValueKind.ENV),
        ("const app = new Hono(); app.get('/', (c) => «envOf(c, 'workerd')»);", ValueKind.ENV),
        ("const app = new Hono(); app.get('/', (c) => «envOf(c, 'node')»);", ValueKind.UNKNOWN),
        ("export default { queue(batch) { batch.messages.forEach((m) => «m»); } };", ValueKind.MESSAGE),
        ("export default { queue(batch) { for (const m of batch.messages) «m»; } };", ValueKind.MESSAGE),
        ("function f(fetch) { «fetch('a')»; }", ValueKind.UNKNOWN),
    ],
)  # fmt: skip
def test_in_classes_and_helpers(code: str, kind: ValueKind) -> None:
    assert kind_in(code) is kind


def test_what_await_makes() -> None:
    inner = Value(ValueKind.RESPONSE)
    assert Value(ValueKind.PROMISE, inner=inner).awaited == inner
    assert Value(ValueKind.PROMISE).awaited == UNKNOWN
    assert inner.awaited == inner
    assert not UNKNOWN and inner


def test_deep_expressions_end() -> None:
    assert kind_in(IN_FETCH % ("«" + "(" * 300 + "request" + ")" * 300 + "»;")) in (
        ValueKind.REQUEST,
        ValueKind.UNKNOWN,
    )
    chain = "".join(f"const a{i} = a{i - 1};" for i in range(1, 300))
    assert kind_in(IN_FETCH % f"const a0 = request; {chain} «a299»;") in (
        ValueKind.REQUEST,
        ValueKind.UNKNOWN,
    )
