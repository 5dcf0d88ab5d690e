"""What is known of values that are handed on: `env` without a type, databases by their types, reads and
writes in functions of the module, numbers of other modules."""

from __future__ import annotations

import pytest

from cflint.api import js
from cflint.project.code.values import BY_NAME, ValueKind
from tests.support.modules import marked, module_of

pytestmark = pytest.mark.portable

KV = """{
  "name": "example", "main": "index.ts", "compatibility_date": "2026-08-01",
  "kv_namespaces": [{ "binding": "STORE", "id": "0f2ac74b498b48028cb68387c421e279" }]
}"""
DRIZZLE = "import { drizzle } from 'drizzle-orm/d1';\n"
ENTRY = "export default { async fetch(request, env) { return new Response(); } };\n"


def test_an_env_without_a_type_holds_what_is_bound() -> None:
    module, node = marked(ENTRY + "export async function f(env) { return «env.STORE».get('a'); }", KV)
    assert module.value_of(node).is_binding("kv")


def test_an_env_of_a_type_of_its_own_does_not() -> None:
    code = "export async function f(env: { STORE: Store }) { return «env.STORE».get('a'); }"
    module, node = marked(ENTRY + code, KV)
    assert not module.value_of(node)


def test_what_is_only_called_env_needs_no_other_binding() -> None:
    module = module_of(ENTRY + "export function f(env) { return env.MODE + env.STORE; }", KV)
    assert [use.name for use in module.env_uses()] == ["STORE"]
    uses = list(module.leaves("env", module.syntax.root))
    assert any(module.value_of(node).detail == BY_NAME for node in uses)


@pytest.mark.parametrize(
    ("type_", "types"),
    [
        ("DrizzleD1Database", "export {};"),
        ("Own", "export {};"),
        (
            "Database",
            "import { drizzle } from 'drizzle-orm/d1';\nexport type Database = ReturnType<typeof drizzle>;",
        ),
        (
            "Database",
            DRIZZLE + "export function open(d1: D1Database) { return drizzle(d1); }\n"
            "export type Database = ReturnType<typeof open>;",
        ),
    ],
)
def test_a_database_is_known_by_its_type(type_: str, types: str) -> None:
    code = (
        "import type { DrizzleD1Database } from 'drizzle-orm/d1';\nimport type { Database } from './types';\n"
        f"type Own = DrizzleD1Database<{{}}>;\nexport function f(db: {type_}) {{ return «db».select(); }}\n"
    )
    value = marked(code + ENTRY, types=types)
    found = value[0].value_of(value[1])
    assert found.kind is ValueKind.ORM and found.inner is not None and found.inner.is_binding("d1")


def test_a_type_that_is_made_of_itself_is_none() -> None:
    types = "import 'drizzle-orm';\ntype Db = Promise<Other>;\ntype Other = Db;\n"
    code = types + "export function f(db: Db) { «db» }\n"
    module, node = marked(code + ENTRY)
    assert module.value_of(node).awaited.kind is not ValueKind.ORM


def test_reads_and_writes_of_functions_are_followed() -> None:
    module = module_of(
        ENTRY + "const load = async (kv: KVNamespace, key: string) => kv.get(key, 'json');\n"
        "async function save(kv: KVNamespace, key: string, value: unknown) {\n"
        "  await kv.put(key, JSON.stringify(value));\n}\n"
        "export async function f(env: Env) {\n"
        "  const list = await load(env.STORE, 'a');\n  const other = await load(env.STORE, 'b');\n"
        "  await save(env.STORE, 'a', [...list, 1]);\n  return other;\n}",
        KV,
    )
    put = next(iter(module.calls("put")))
    own, handed = js.writes_by(module, put)
    assert own.node == put.node and module.text(handed.node) == "save(env.STORE, 'a', [...list, 1])"
    assert [module.text(given) for given in handed.arguments] == ["'a'", "[...list, 1]"]
    function = module.enclosing_function(handed.node)
    assert function is not None
    reads = list(js.reads_before_write(module, handed, "get", function))
    assert [module.text(read.node) for read in reads] == ["load(env.STORE, 'a')"]


def test_a_number_of_another_module_is_known() -> None:
    code = "import { MOST } from './limits';\nexport const most = «MOST * 2»;\n" + ENTRY
    module, node = marked(code, limits="export const MOST = 1_00;")
    assert module.number(node) == 200
