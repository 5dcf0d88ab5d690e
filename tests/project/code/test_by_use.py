"""What kind of binding `env.X` is by what a module calls on it, where nothing declares it."""

from __future__ import annotations

import pytest

from cflint.project.code.values import ValueKind
from tests.support.modules import marked

pytestmark = pytest.mark.portable


NOT_READ = "{"
"""A configuration that says nothing."""


def worker(body: str) -> str:
    return f"export default {{ async fetch(request, env) {{ {body} }} }};"


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ("return «env.X».prepare('SELECT 1').all();", "d1"),
        ("const db = env.X; await db.batch([]); return «env.X»;", "d1"),
        ("return «env.X».get('a', 'json');", "kv"),
        ("return «env.X».get('a', { type: 'text' });", "kv"),
        ("await env.X.put('a', 'b', { expirationTtl: 60 }); return «env.X».get('a');", "kv"),
        ("return (await «env.X».list()).keys;", "kv"),
        ("const { objects } = await «env.X».list(); return objects;", "r2"),
        ("const page = await «env.X».list(); return page.truncated;", "r2"),
        ("return «env.X».idFromName('a');", "durable_object"),
        ("return «env.X».get('a');", None),
        ("await env.X.put('a', 'b'); return «env.X».list();", None),
        ("await env.X.prepare('SELECT 1').all(); return «env.X».get('a', 'json');", None),
    ],
)
def test_the_kind(body: str, kind: str | None) -> None:
    module, node = marked(worker(body), NOT_READ)
    binding = module.value_of(node).binding
    assert (binding.id if binding is not None else None) == kind


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ("await env.KV_LINKS.put('a', 'b'); return «env.KV_LINKS».get('a');", "kv"),
        ("return «env.USERS_KV».get('a');", "kv"),
        ("await env.KV_LINKS.head('a'); return «env.KV_LINKS».get('a');", "r2"),
        ("return «env.KVASS».get('a');", None),
        ("return «env.KV_LINKS».connect('a');", None),
    ],
)
def test_a_name_decides_between_namespace_and_bucket(body: str, kind: str | None) -> None:
    module, node = marked(worker(body), NOT_READ)
    binding = module.value_of(node).binding
    assert (binding.id if binding is not None else None) == kind


def test_an_env_that_is_made_of_itself_ends() -> None:
    module, node = marked(
        worker("const more = { ...env, Y: env.X.prepare('SELECT 1') }; return «more.X»;"), NOT_READ
    )
    assert module.value_of(node).binding is None


def test_what_a_configuration_forgets_is_told_by_its_use() -> None:
    module, node = marked(worker("return «env.X».prepare('SELECT 1').all();"))
    kind = module.value_of(node).binding
    assert kind is not None and kind.id == "d1"


@pytest.mark.parametrize("is_backwards", [False, True])
def test_a_value_does_not_depend_on_what_was_asked_before(is_backwards: bool) -> None:
    module, _ = marked(worker("const db = env.X; await db.prepare('a').all(); return «env.X»;"), NOT_READ)
    nodes = list(module.descendants(module.syntax.root, "identifier", "member_expression"))
    values = {
        node.start_byte: (module.text(node), value.binding.id)
        for node in (reversed(nodes) if is_backwards else nodes)
        if (value := module.value_of(node)).binding is not None
    }
    names = [text for _, (text, kind) in sorted(values.items()) if kind == "d1"]
    assert names == ["db", "env.X", "db", "env.X"]


def test_what_a_function_does_with_a_binding_it_is_given_tells_the_kind_there() -> None:
    code = "async function count(store) { await store.put('a', 'b', { expirationTtl: 60 }); return «store»; }"
    module, node = marked(code + worker("await count(env.X); return new Response();"))
    value = module.value_of(node)
    assert value.is_binding("kv") and value.name == "X"


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("export async function login(request, env) { return «request».json(); }", ValueKind.REQUEST),
        ("export const login = (request: any, env: Env) => «request».json();", ValueKind.REQUEST),
        ("export function login(request, options) { return «request».json(); }", ValueKind.UNKNOWN),
        ("export function login(env, url, request) { return «request».json(); }", ValueKind.REQUEST),
        ("export const login = (req, env) => «req».json();", ValueKind.REQUEST),
        ("export const login = (ctx) => ctx.json(«ctx».env.NAME);", ValueKind.HONO_CONTEXT),
        ("export const login = (ctx) => put(«ctx».env.NAME, ctx.json);", ValueKind.UNKNOWN),
        ("export const login = (req, env) => env.X.put(«req».name);", ValueKind.UNKNOWN),
        ("export const login = (ctx) => ctx.json(«ctx».name);", ValueKind.UNKNOWN),
        ("export function login(request: Job, env) { return «request».json(); }", ValueKind.UNKNOWN),
        (
            "export const login = async (c) => { await c.req.json(); return «c».json({}); };",
            ValueKind.HONO_CONTEXT,
        ),
        ("export const login = (ctx: any) => ctx.text(«ctx».req.param('id'));", ValueKind.HONO_CONTEXT),
        ("export const login = (ctx) => ctx.text(«ctx».req.url);", ValueKind.UNKNOWN),
        ("export const login = (ctx) => ctx.text(«ctx».req.json);", ValueKind.UNKNOWN),
        ("export const login = (next, c) => «c».text(c.req.param('id'));", ValueKind.UNKNOWN),
    ],
)
def test_what_a_handler_gets(code: str, kind: ValueKind) -> None:
    """A first parameter without a type is a request beside `env`, and Hono's context where its methods are
    called: the module that makes it a handler may be another."""
    module, node = marked(code, '{ "name": "app", "main": "src/index.ts" }')
    assert module.value_of(node).kind is kind


@pytest.mark.parametrize("chosen", ["||", "??"])
def test_what_stands_in_for_the_database_of_an_orm_is_one(chosen: str) -> None:
    code = f"const db = env.TEST_DB {chosen} drizzle(env.DB); await «db».insert(pets).values({{}});"
    module, node = marked('import { drizzle } from "drizzle-orm/d1";\n' + worker(code), NOT_READ)
    assert module.value_of(node).kind is ValueKind.ORM


def test_what_stands_in_for_another_binding_is_known_by_its_use() -> None:
    code = "const index = env.INDEX || env.OTHER; await «index».insert([]);"
    module, node = marked('import { drizzle } from "drizzle-orm/d1";\n' + worker(code), NOT_READ)
    binding = module.value_of(node).binding
    assert binding is not None and binding.id == "vectorize"
