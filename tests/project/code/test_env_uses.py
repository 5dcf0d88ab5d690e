"""Where code names members of `env`, and which of these places ask whether they are there."""

from __future__ import annotations

import pytest

from cflint.project.code.env_uses import (
    EnvUse,
    bindings_needed,
    env_uses,
    gives_env_member,
    kind_with_method,
)
from cflint.project.code.module import module_of
from cflint.project.files.workspace import Workspace
from cflint.project.workers.loading import load
from cflint.project.workers.preferences import no_preferences
from tests.support.modules import module_of as module_with

pytestmark = pytest.mark.portable


def uses(body: str, *, head: str = "") -> list[EnvUse]:
    code = f"{head}\nexport default {{ async fetch(request, env, ctx) {{\n{body}\n}} }};\n"
    files = {"wrangler.json": b'{"name": "w", "main": "index.ts"}', "index.ts": code.encode()}
    project = load(Workspace.in_memory(files), [""], preferences=no_preferences).project
    module = module_of(project, "index.ts")
    assert module is not None
    return list(env_uses(module))


def one(body: str) -> EnvUse:
    (found,) = uses(body)
    return found


def test_a_call_tells_its_method() -> None:
    found = one('await env.KV.get("a");')
    assert (found.name, found.method, found.guarded, found.written) == ("KV", "get", False, False)


def test_other_spellings() -> None:
    assert one('await env["KV"].get("a");').name == "KV"
    assert one('await (env.KV as KVNamespace)!.get("a");').method == "get"
    assert [use.name for use in uses("const { KV, DB: db = null } = env; void db;")] == ["KV", "DB"]
    assert [use.name for use in uses("void env.KV;", head='import { env } from "cloudflare:workers";')] == [
        "KV"
    ]


def test_what_asks_whether_it_is_there() -> None:
    for body in (
        "if (env.KV) return;",
        "if (!env.KV) return;",
        "if (ready && env.KV) return;",
        "const kv = env.KV ?? other;",
        "env.KV?.get('a');",
        "env?.KV.get('a');",
        'if ("KV" in env) return;',
        "while (env.KV !== undefined) break;",
        "const kv = env.KV ? 1 : 2;",
        "const kv = env.KV; if (kv) kv.get('a');",
        "const { KV } = env; if (!KV) return;",
        "if (typeof env.KV === 'object') return;",
        "Boolean(env.KV);",
    ):
        assert any(use.guarded for use in uses(body)), body


def test_what_does_not_ask() -> None:
    for body in (
        "if (ready) await env.KV.get('a');",
        "if (await env.KV.get('a')) return;",
        "const kv = env.KV; await kv.get('a');",
        "const value = (await env.KV.get('a')) ?? 'b';",
        "return ready ? env.KV.get('a') : null;",
        "console.log(env.KV);",
    ):
        assert not any(use.guarded for use in uses(body)), body


def test_assignments_write() -> None:
    assert one("env.KV = other;").written
    assert not one("other = env.KV;").written


def test_only_env_counts() -> None:
    assert uses("request.KV.get('a'); process.env.KV;") == []


def test_methods_that_one_kind_has() -> None:
    prepare, get = kind_with_method("prepare"), kind_with_method("get")
    assert prepare is not None and prepare.id == "d1"
    assert get is None


@pytest.mark.parametrize(
    ("code", "given"),
    [
        ("env.KV = new Map();", True),
        ("env['KV'] = new Map();", True),
        ("(this.#env as any).KV ??= new Map();", True),
        ("f({ ...env, KV: new Map() });", True),
        ("f({ KV, ...this.bindings });", True),
        ("f({ ...env, KV() {} });", True),
        ("f({ ...options, KV: 1 });", False),
        ("f({ KV: env });", False),
        ("f({ ...env, other: { KV: 1 } });", False),
        ("env.KV == 1;", False),
        ("x = env.KV;", False),
        ("// env.KV = 1", False),
        ("f('env.KV = 1');", False),
        ("env.KV.put = f;", False),
    ],
)
def test_code_that_gives_env_a_member(code: str, given: bool) -> None:
    assert gives_env_member(module_with(code), "KV") is given


def test_bindings_that_a_module_needs() -> None:
    code = """
    interface Env { KV: KVNamespace; DB: D1Database; ROOM: AgentNamespace<Room>; NAME: string }
    export default { async fetch(request: Request, env: Env) { return env.DB.prepare(env.NAME); } };
    """
    module = module_with(code)
    found = bindings_needed(module)
    assert {name: kind.id for name, (kind, _) in found.items()} == {
        "DB": "d1",
        "KV": "kv",
        "ROOM": "durable_object",
    }
    assert found["DB"][1].span.start == code.index("DB.prepare")
    assert found["KV"][1].span.start == code.index("KV:")
    assert bindings_needed(module_with("interface Env { KV: KVNamespace }")) == {}
