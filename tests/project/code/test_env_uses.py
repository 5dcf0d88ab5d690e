"""Where code names members of `env`, and which of these places ask whether they are there."""

from __future__ import annotations

import pytest

from cflint.project.code.env_uses import EnvUse, env_uses, kind_with_method
from cflint.project.code.module import module_of
from cflint.project.files.workspace import Workspace
from cflint.project.workers.loading import load
from cflint.project.workers.preferences import no_preferences

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
