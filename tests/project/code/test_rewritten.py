"""Whether what is written was read before and changed in between."""

from __future__ import annotations

import pytest

from cflint.project.code.nodes import Call
from cflint.project.code.rewritten import (
    is_counted_or_resized,
    names_between,
    reads_before,
    reads_before_write,
    writes_by,
)
from tests.support.modules import marked

pytestmark = pytest.mark.portable

NO_CONFIGURATION = "{"


@pytest.mark.parametrize(
    ("body", "names", "changed"),
    [
        ("const n = await read(); write(«n + 1»);", {"n"}, {"n"}),
        ("const n = await read(); const m = n; write(«`${m}`»);", {"n", "m"}, set()),
        (
            "const all = JSON.parse(await read()); all.push(1); write(«JSON.stringify(all)»);",
            {"all"},
            {"all"},
        ),
        ("let n = 0; n = await read(); n += 2; write(«n»);", {"n"}, {"n"}),
        ("const all = await read(); all[key()] = 1; write(«all»);", {"all"}, {"all"}),
        ("const all = await read(); delete all.of[key()]; write(«all»);", {"all"}, {"all"}),
        ("const all = await read(); all.of = 1; delete all.one; write(«all»);", {"all"}, set()),
        ("const n = await read(); const other = 1; write(«other + 1»);", set(), set()),
        ("write(«await read()»);", set(), set()),
    ],
)
def test_a_value_that_is_read_changed_and_written(body: str, names: set[str], changed: set[str]) -> None:
    module, value = marked(f"export default {{ async fetch() {{ {body} }} }};", NO_CONFIGURATION)
    read = next(module.calls("read")).node
    write = next(module.calls("write")).node
    function = module.enclosing_function(write)
    assert function is not None
    found = names_between(module, read, value)
    assert {name.name for name in found} == names
    assert {name.name for name in found if is_counted_or_resized(module, name, function, write)} == changed


CONFIG = """{ "name": "example", "main": "index.ts", "compatibility_date": "2026-08-01",
  "kv_namespaces": [{ "binding": "KV", "id": "x" }, { "binding": "OTHER", "id": "y" }] }"""


@pytest.mark.parametrize(
    ("body", "read"),
    [
        ("env.KV.get(key); «env.KV.put(key, 1)»;", ["env.KV.get(key)"]),
        (
            "env.KV.get(key); env.KV.get(key, 1); «env.KV.put(key, 1)»;",
            ["env.KV.get(key, 1)", "env.KV.get(key)"],
        ),
        ("const kv = env.KV; kv.get(key); «env.KV.put((key), 1)»;", ["kv.get(key)"]),
        ("env.OTHER.get(key); «env.KV.put(key, 1)»;", []),
        ("env.KV.get(other); «env.KV.put(key, 1)»;", []),
        ("«env.KV.put(key, 1)»; env.KV.get(key);", []),
        ("new Map().get(key); «env.KV.put(key, 1)»;", []),
    ],
)
def test_reads_of_what_is_written(body: str, read: list[str]) -> None:
    code = f"const key = `a${{Math.random()}}`; export default {{ async fetch(other, env) {{ {body} }} }}"
    module, node = marked(f"{code} satisfies ExportedHandler<Env>;", CONFIG)
    function = module.enclosing_function(node)
    assert function is not None
    found = reads_before(module, Call(module, node), "get", function)
    assert [module.text(call.node) for call in found] == read


ACCESSORS = """const P = "u";
async function load(env, id) { return JSON.parse(await env.KV.get(`${P}:${id}`)); }
async function save(env, id, value) { «await env.KV.put(`${P}:${id}`, JSON.stringify(value))»; }
"""


@pytest.mark.parametrize(
    ("body", "read"),
    [
        ("const a = await load(env, other.url); await save(env, other.url, a);", ["load(env, other.url)"]),
        ("const a = await load(env, 'a'); await save(env, 'b', a);", []),
        (
            "const a = await env.KV.get(`${P}:${other}`); await save(env, other, a);",
            ["env.KV.get(`${P}:${other}`)"],
        ),
        ("const a = await env.OTHER.get(`${P}:${other}`); await save(env, other, a);", []),
    ],
)
def test_reads_of_what_a_function_writes_under_a_key_it_makes(body: str, read: list[str]) -> None:
    code = f"{ACCESSORS}export default {{ async fetch(other, env) {{ {body} }} }}"
    module, node = marked(f"{code} satisfies ExportedHandler<Env>;", CONFIG)
    made = next(module.calls("put", node))
    (written,) = [write for write in writes_by(module, made) if write.node.id != made.node.id]
    function = module.enclosing_function(written.node)
    assert function is not None
    found = reads_before_write(module, written, "get", function)
    assert [module.text(call.node) for call in found] == read


def test_a_key_that_is_not_made_of_what_a_function_is_given_is_known_nowhere_else() -> None:
    code = (
        "async function save(env, value) { const id = Math.random(); «await env.KV.put(`a${id}`, value)»; }"
    )
    rest = "export default { async fetch(request, env) { await save(env, 1); } };"
    module, node = marked(code + rest, CONFIG)
    made = next(module.calls("put", node))
    assert [write.node.id for write in writes_by(module, made)] == [made.node.id]
