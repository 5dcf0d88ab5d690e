"""Where bindings are named: in code of every form, in types, configurations and variables."""

from __future__ import annotations

import pytest

from cflint.naming.mention import Form, Role
from cflint.naming.names import Names
from cflint.naming.python import computed_in_python
from cflint.project.python.module import python_module_of
from tests.support.naming import Editor, shown
from tests.support.projects import loaded

pytestmark = pytest.mark.portable

CONFIG = """{ "name": "a", "main": "src/index.ts", "compatibility_date": "2026-01-01",
  "kv_namespaces": [{ "binding": "STORE", "id": "x" }],
  "env": { "staging": { "kv_namespaces": [{ "binding": "STORE", "id": "y" }] } } }
"""


def in_code(body: str, head: str = "") -> list[str]:
    """The mentions of STORE in the body of a handler and in what stands before it, with their forms."""
    code = f"{head}\nexport default {{ async fetch(request: Request, env: Env) {{\n{body}\n}} }};\n"
    editor = Editor({"wrangler.jsonc": CONFIG, "src/index.ts": code})
    return [
        mention.role.value if mention.form is Form.NAME else f"{mention.role.value} {mention.form.value}"
        for mention in editor.mentions("STORE")
        if mention.at.document.path.endswith(".ts")
    ]


@pytest.mark.parametrize(
    "body",
    [
        'env.STORE.get("a");',
        'env["STORE"].get("a");',
        'env?.STORE?.get("a");',
        'if ("STORE" in env) return;',
        "const { STORE: kv } = env;",
        "const { STORE: kv = other, ...rest } = env;",
        "f({ ...env, STORE: other });",
        "process.env.STORE;",
        "f({ STORE: other } as Env);",
        "const mock: Env = { STORE: other };",
        "worker.fetch(request, { STORE: other }, ctx);",
        "const { env } = f(); env.STORE;",
        "f().env.STORE;",
    ],
)
def test_a_use(body: str) -> None:
    assert in_code(body) == ["use"]


def test_a_use_by_a_variable_of_the_same_name() -> None:
    assert in_code('const { STORE } = env; await STORE.get("STORE");') == ["use shorthand"]
    assert in_code("const { STORE } = env; f({ ...env, STORE });") == ["use shorthand", "use shorthand"]


@pytest.mark.parametrize(
    "body",
    [
        "const other = { STORE: 1 }; other.STORE;",
        "enum Kind { STORE } f(Kind.STORE);",
        "class A { STORE = 1; get() { return this.STORE; } }",
        "const STORE = 1; f(STORE);",
        'f("STORE");',
        "// env.STORE",
        "f(`env.STORE`);",
        "import.meta.env.STORE;",
    ],
)
def test_what_is_something_else(body: str) -> None:
    assert in_code(body) == []


@pytest.mark.parametrize(
    "body",
    [
        "const other: any = f(); other.STORE;",
        "const { STORE } = f();",
        "const { STORE: kv } = f();",
        "f({ STORE: other });",
        "let other: { STORE: string } = f();",
    ],
)
def test_what_may_be_something_else(body: str) -> None:
    assert all(found.startswith("open") for found in in_code(body)) and in_code(body)


def test_types() -> None:
    assert in_code("", "interface Env { STORE: KVNamespace }") == ["type"]
    assert in_code("", 'type A = Pick<Env, "OTHER" | "STORE">; type B = Env["STORE"];') == ["type", "type"]
    assert in_code("", "const app = new Hono<{ Bindings: { STORE: KVNamespace } }>();") == ["type"]
    assert in_code("", "interface WorkerEnv { STORE: StoreLike }") == ["type"]
    assert in_code("", "function f(env: { STORE: KVNamespace }) {}") == ["type"]
    assert in_code("", 'type A = Pick<Other, "STORE">;') == ["open"]


def test_other_files() -> None:
    files = {
        "wrangler.jsonc": CONFIG,
        ".dev.vars": "OTHER=1\nSTORE=1\n",
        "src/index.ts": 'import { f } from "./f";\nexport default { fetch: (r, env) => f(env) };\n',
        "src/f.ts": "export const f = (env: Env) => new Response(env.STORE);\n",
        "src/c.vue": "<template>STORE</template>\n",
        "env.d.ts": "declare namespace App {\n  interface Platform { env: { STORE: KVNamespace } }\n}\n",
        "worker-configuration.d.ts": (
            "declare namespace Cloudflare {\n  interface Env { STORE: KVNamespace; }\n}\n"
            'type P = Pick<Cloudflare.Env, "STORE">;\n'
            "// Begin runtime types\ninterface Env { STORE: 1 }\n"
        ),
        "test/a.test.ts": (
            'import { env } from "cloudflare:test";\nenv.STORE;\n'
            "export const mock = () => ({ STORE: fake(), other: 1 });\nf({ STORE: 1, a: 1, b: 2 });\n"
        ),
        "other/x.ts": "export const x = (env: Env) => env.STORE;\n",
        "other/wrangler.toml": 'name = "b"\nmain = "x.ts"\n[vars]\nSTORE = "1"\n',
    }
    editor = Editor(files)
    known = editor.loaded
    (worker,) = [one for one in known.project.workers if one.name == "a"]
    assert shown(editor.names.references(known, [worker], "STORE")) == [
        "wrangler.jsonc:2 declaration",
        "wrangler.jsonc:3 declaration",
        ".dev.vars:2 declaration",
        "src/f.ts:1 use",
        "test/a.test.ts:2 use",
        "test/a.test.ts:3 use",
        "test/a.test.ts:4 open",
        "env.d.ts:2 type",
        "worker-configuration.d.ts:2 type",
        "worker-configuration.d.ts:4 type",
    ]
    (other,) = [one for one in known.project.workers if one.name == "b"]
    assert shown(editor.names.references(known, [other], "STORE")) == [
        "other/wrangler.toml:4 declaration",
        "other/x.ts:1 use",
    ]


def test_a_configuration_in_typescript_and_what_it_imports() -> None:
    files = {
        "cloudflare.config.ts": (
            'import { bindings, defineConfig } from "cf/config";\nimport { more } from "./more";\n'
            'export default defineConfig({ worker: { name: "a", entrypoint: "src/index.ts",\n'
            "  env: { STORE: bindings.kv(), ...more } } });\n"
        ),
        "more.ts": 'export const more = {\n  MODE: { type: "text", value: "a" },\n};\n',
        "src/index.ts": "export default { fetch: (r, env) => new Response(env.STORE, env.MODE) };\n",
        "package.json": "{}",
    }
    editor = Editor(files)
    assert shown(editor.mentions("STORE")) == ["cloudflare.config.ts:4 declaration", "src/index.ts:1 use"]
    assert shown(editor.mentions("MODE")) == ["more.ts:2 declaration", "src/index.ts:1 use"]


def test_python() -> None:
    code = (
        "from workers import Response, WorkerEntrypoint\n"
        "class Default(WorkerEntrypoint):\n"
        "    async def fetch(self, request):\n"
        '        getattr(self.env, "STORE"), getattr(self.env, request.name), getattr(request, "STORE")\n'
        '        other.STORE, self.env.STORE.get("STORE")\n'
    )
    files = {"wrangler.jsonc": CONFIG.replace("src/index.ts", "main.py"), "main.py": code}
    known = loaded(files)
    found = Names().references(known, known.project.workers, "STORE", declarations=False)
    assert [(one.role, one.at.span.start) for one in found] == [
        (Role.USE, code.index('"STORE"') + 1),
        (Role.OPEN, code.index("other.STORE") + 6),
        (Role.USE, code.index("env.STORE") + 4),
    ]
    module = python_module_of(known.project, "main.py")
    assert module is not None
    assert len(list(computed_in_python(module))) == 1


def test_service_workers_have_globals() -> None:
    code = 'addEventListener("fetch", (event) => event.respondWith(STORE.get("a")));\n'
    editor = Editor({"wrangler.jsonc": CONFIG, "src/index.ts": code})
    assert shown(editor.mentions("STORE"))[2:] == ["src/index.ts:1 use"]


def test_what_stands_at_a_place() -> None:
    code = (
        "interface Env { STORE: KVNamespace }\nconst other = { STORE: 1 };\n"
        "export default { fetch: (r, env: Env) => new Response(env.STORE) };\n"
    )
    editor = Editor({"wrangler.jsonc": CONFIG, "src/index.ts": code, ".dev.vars": "STORE=1"})
    known = editor.loaded

    def name(path: str, part: str, within: int) -> str | None:
        found = editor.subject(known, path, part, within)
        return found.name if found is not None else None

    assert name("wrangler.jsonc", '"STORE"', 0) is None  # the quote is no part of the name
    assert name("wrangler.jsonc", '"STORE"', 1) == "STORE"
    assert name("wrangler.jsonc", '"STORE"', 6) == "STORE"
    assert name("src/index.ts", "{ STORE: KV", 2) == "STORE"
    assert name("src/index.ts", "env.STORE", 4) == "STORE"
    assert name("src/index.ts", "env.STORE", 1) is None
    assert name("src/index.ts", "{ STORE: 1", 3) is None
    assert name(".dev.vars", "STORE", 0) == "STORE"


def test_what_is_known_stays_until_it_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[str] = []
    real = Names.learn.__globals__["mentions_in_module"]

    def counting(module, names):  # type: ignore[no-untyped-def]
        looked.append(module.path)
        return real(module, names)

    monkeypatch.setitem(Names.learn.__globals__, "mentions_in_module", counting)
    code = 'import { f } from "./f";\nexport default { fetch: (r, env) => f(env).STORE };\n'
    files = {
        "wrangler.jsonc": CONFIG,
        "src/index.ts": code,
        "src/f.ts": "export const f = (env: Env) => env;\nexport const g = (e: Env) => e.STORE;\n",
    }
    editor = Editor(files)
    assert shown(editor.mentions("STORE"))[2:] == ["src/index.ts:2 open", "src/f.ts:2 use"]
    assert looked == ["src/index.ts", "src/f.ts"]
    editor.change("wrangler.jsonc", CONFIG.replace('"x"', '"z"'))
    editor.mentions("STORE")
    assert looked == ["src/index.ts", "src/f.ts"]
    editor.change("src/index.ts", code + "\n")
    editor.mentions("STORE")
    assert looked == ["src/index.ts", "src/f.ts", "src/index.ts"]
    editor.change("src/f.ts", files["src/f.ts"].replace("e.STORE", "e.OTHER"))
    assert [row for row in shown(editor.mentions("STORE")) if row.startswith("src/f.ts")] == []
