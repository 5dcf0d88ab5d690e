"""Imports, functions and statements (levels C to E), on both sides: followed, and open with the reason."""

from __future__ import annotations

import pytest

from cflint.project.config.cloudflare.machine import Fault
from cflint.project.config.cloudflare.reader import ConfigTree
from cflint.source import Document, Span
from tests.support.cloudflare_reading import BASIC, IMPORTS, faults, only, plain, read, text_at

SHARED = """
import { readFileSync } from "node:fs";
export const ID = "db-1";
export const ids: Record<string, string> = { production: "p", staging: "s" };
export const env = { LEVEL: { type: "text", value: "info" } };
export function named(name: string) { return `${name}-worker`; }
export default { worker: { name: "shared", compatibilityDate: "2026-01-01" } };
const unused = readFileSync("nowhere");
export enum Level { Low }
"""


def test_relative_imports() -> None:
    config = read(
        f"""{IMPORTS}import {{ ID, env, ids as map, named }} from "./lib/shared.ts";
        import * as all from "./lib/shared.ts";
        import whole from "./lib/shared.ts";
        import pkg from "../package.json" with {{ type: "json" }};
        export default defineConfig({{ worker: {{ ...whole.worker, name: named(pkg.name),
            env: {{ ...env, DB: bindings.d1({{ name: all.ID, id: map["production"] }}) }} }} }});""",
        {"api/lib/shared.ts": SHARED, "package.json": '{ "name": "app" }'},
        path="api/cloudflare.config.ts",
    )
    assert plain(config) == {
        "name": "app-worker",
        "compatibility_date": "2026-01-01",
        "d1_databases": [{"binding": "DB", "database_name": "db-1", "database_id": "p"}],
        "vars": {"LEVEL": "info"},
    }
    assert config.files == ("api/lib/shared.ts",)
    tree = only(config)
    level = tree.root.at("vars", "LEVEL")
    assert level is not None
    assert tree.definitions[level].document.path == "api/lib/shared.ts"
    assert tree.definitions[level].document.text(tree.definitions[level].span) == '"info"'
    size = len(config.document.data)
    assert all(node.span.end <= size for node in tree.root.walk()), "no place of another file"
    database = tree.root.at("d1_databases", 0, "database_name")
    assert database is not None
    assert text_at(config, database.span) == "all.ID"


def test_another_workers_definition_gives_its_name() -> None:
    config = read(
        f"""{IMPORTS}import {{ api }} from "../api/cloudflare.config.ts";
        export default defineConfig({{ worker: {{ {BASIC}, env: {{
            API: bindings.worker({{ worker: api, exportName: "Rpc" }}) }} }} }});""",
        {
            "api/cloudflare.config.ts": 'export const api = async () => ({ name: "the-api" '
            "});\nexport default { worker: api };"
        },
        path="web/cloudflare.config.ts",
    )
    assert plain(config, "services") == [{"binding": "API", "service": "the-api", "entrypoint": "Rpc"}]


def test_the_entry_module_is_relative_to_the_configuration() -> None:
    config = read(
        f"""{IMPORTS}import {{ entrypoint }} from "../shared/entry.ts";
        import own from "./src/index.ts" with {{ type: "cf-worker" }};
        export default defineConfig(({{ mode }}) => ({{ worker: {{ {BASIC},
            entrypoint: mode === "own" ? own : entrypoint }} }}));""",
        {
            "shared/entry.ts": 'import * as entrypoint from "./worker.ts" with { type: "cf-worker" '
            "};\nexport { entrypoint };"
        },
        path="app/cloudflare.config.ts",
    )
    mains = {tree.mode: node.text for tree in config.trees if (node := tree.root.get("main"))}
    assert mains == {None: "../shared/worker.ts", "own": "./src/index.ts"}
    assert not config.faults


def test_an_import_without_its_extension_is_read_and_reported() -> None:
    config = read(
        f'import {{ ID }} from "./shared";\nexport default {{ worker: {{ {BASIC}, logpush: ID === '
        f'"db-1" }} }};',
        {"shared.ts": SHARED},
    )
    assert plain(config, "logpush") is True
    assert faults(config) == [(Fault.IMPORT_EXTENSION, 'import { ID } from "./shared";')]
    assert config.faults[0].suggestion == "./shared.ts"


def test_nothing_outside_of_the_repository_is_read() -> None:
    asked: list[str] = []

    def ask(path: str) -> Document | None:
        asked.append(path)
        return None

    from cflint.project.config.cloudflare.modules import Files
    from cflint.project.config.cloudflare.reader import read_cloudflare_config

    text = (
        'import { a } from "../../secret.ts";\nimport b from "/etc/passwd";\nexport default { '
        "worker: { name: a, env: b } };"
    )
    config = read_cloudflare_config(Document("x/cloudflare.config.ts", text.encode()), Files(ask))
    assert asked == []
    assert {opening.reason for opening in only(config).open} == {
        "`/etc/passwd` is not a file of the repository"
    }


FOLLOWED = [
    ("function", "function env() { return { A: bindings.kv() }; } const it = env();"),
    ("arrow", "const make = (name: string) => ({ [name]: bindings.kv() }); const it = make('A');"),
    ("defaults", "function env({ name = 'A' } = {}) { return { [name]: bindings.kv() }; } const it = env();"),
    (
        "rest",
        "const make = (...names: string[]) => Object.fromEntries(names.map((n) => [n, "
        "bindings.kv()])); const it = make('A');",
    ),
    (
        "branches",
        "function env(on: boolean) { if (on) { return { A: bindings.kv() }; } throw new Error(); } "
        "const it = env(true);",
    ),
    ("assignment", "const it: any = {}; it.A = bindings.kv();"),
    ("index", "const it: any = {}; it['A'] = bindings.kv();"),
    ("loop", "const it: any = {}; for (const name of ['A']) { it[name] = bindings.kv(); }"),
    (
        "entries",
        "const it: any = {}; for (const [k, v] of Object.entries({ A: 1 })) { if (v) it[k] = "
        "bindings.kv(); }",
    ),
    ("for", "const it: any = {}; for (let i = 0; i < 1; i++) { it['ABC'[0] ?? 'A'] = bindings.kv(); }"),
    ("forEach", "const it: any = {}; ['A'].forEach((name) => { it[name] = bindings.kv(); });"),
    ("delete", "const it: any = { A: bindings.kv(), B: bindings.kv() }; delete it.B;"),
    ("assign", "const it = Object.assign({}, { A: bindings.kv() });"),
    ("try", "let it: any; try { it = { A: bindings.kv() }; } finally { console.log('done'); }"),
    ("destructured", "const { it, ...rest } = { it: { A: bindings.kv() }, other: 1 };"),
    (
        "closure",
        "const outer = (name: string) => () => ({ [name]: bindings.kv() }); const it = outer('A')();",
    ),
    ("await", "const it = await (async () => ({ A: bindings.kv() }))();"),
    ("logical", "let it: any; it ??= { A: bindings.kv() };"),
]


@pytest.mark.parametrize(
    "code", [code for name, code in FOLLOWED if name != "for"], ids=[n for n, _ in FOLLOWED if n != "for"]
)
def test_code_that_is_followed(code: str) -> None:
    config = read(f"{IMPORTS}{code}\nexport default defineConfig({{ worker: {{ {BASIC}, env: it }} }});")
    assert plain(config, "kv_namespaces") == [{"binding": "A"}]
    assert not only(config).conditional
    assert not config.faults


def presence(tree: ConfigTree) -> dict[str, bool]:
    """The KV namespaces, and whether each may be absent."""
    found = tree.root.get("kv_namespaces")
    assert found is not None
    return {str(node.plain["binding"]): tree.may_be_absent(node) for node in found.items}  # type: ignore[index,call-overload]


def test_assignments_under_a_condition_are_conditional() -> None:
    config = read(
        f"""{IMPORTS}const env: any = {{ ONE: bindings.kv() }};
        if (process.env.A) env.TWO = bindings.kv(); else env.THREE = bindings.kv();
        if (process.env.B) {{ env.FOUR = bindings.kv({{ id: "1" }}); }} else {{ env.FOUR =
            bindings.kv({{ id: "1" }}); }}
        export default defineConfig({{ worker: {{ {BASIC}, env }} }});"""
    )
    tree = only(config)
    assert tree.is_closed
    found = presence(tree)
    assert found == {"ONE": False, "TWO": True, "THREE": True, "FOUR": False}


def test_what_comes_after_a_return_that_may_happen() -> None:
    config = read(
        f"""{IMPORTS}function env() {{
            const it: any = {{ A: bindings.kv() }};
            if (process.env.X) return it;
            it.B = bindings.kv();
            return it;
        }}
        export default defineConfig({{ worker: {{ {BASIC}, env: env() }} }});"""
    )
    tree = only(config)
    found = presence(tree)
    assert found == {"A": False, "B": True}


CONTINUES = [
    ("before", "if (!process.env[n]) { it.MISSING = bindings.kv(); continue; } it[n] = bindings.kv();"),
    ("nested", "{ if (!process.env[n]) continue; } it[n] = bindings.kv(); it.MISSING = bindings.kv();"),
    ("either", "if (process.env[n]) it[n] = bindings.kv(); else { it.MISSING = bindings.kv(); continue; }"),
    (
        "switch",
        "switch (process.env[n]) { case 'no': it.MISSING = bindings.kv(); continue; } it[n] = bindings.kv();",
    ),
    (
        "twice",
        "if (process.env.X) { it.MISSING = bindings.kv(); } if (process.env.Y) continue; "
        "if (process.env.Z) continue; it[n] = bindings.kv();",
    ),
]


@pytest.mark.parametrize("code", [code for _, code in CONTINUES], ids=[name for name, _ in CONTINUES])
def test_what_comes_after_a_continue_that_may_happen(code: str) -> None:
    config = read(
        f"""{IMPORTS}const it: any = {{}};
        for (const n of ["A", "B"]) {{ {code} }}
        it.LAST = bindings.kv();
        export default defineConfig({{ worker: {{ {BASIC}, env: it }} }});"""
    )
    tree = only(config)
    assert tree.is_closed
    assert presence(tree) == {"A": True, "B": True, "MISSING": True, "LAST": False}


def test_a_variable_that_a_continue_may_leave_as_it_was() -> None:
    config = read(
        f"""{IMPORTS}let name = "A";
        for (const n of ["B"]) {{ if (process.env.X) continue; name = n; }}
        export default defineConfig({{ worker: {{ {BASIC}, env: {{ V: bindings.text(name) }} }} }});"""
    )
    found = only(config).root.at("vars", "V")
    assert found is not None
    assert found.text is None


def test_many_conditions_in_a_loop_end() -> None:
    body = "if (process.env.X) continue;" * 2000
    config = read(
        f"""{IMPORTS}const it: any = {{}};
        for (const n of ["A"]) {{ {body} it[n] = bindings.kv(); }}
        export default defineConfig({{ worker: {{ {BASIC}, env: it }} }});"""
    )
    assert only(config).is_open("kv_namespaces")


OPEN = [
    ("unknown call", "import { make } from 'pkg'; const it = make();", "`pkg` is not a file"),
    ("changed by a call", "import { add } from 'pkg'; const it = {}; add(it);", "`pkg` is not a file"),
    (
        "loop",
        "import { names } from 'pkg'; const it: any = {}; for (const n of names) it[n] = bindings.kv();",
        "`pkg`",
    ),
    (
        "while",
        "const it: any = {}; while (Math.random() > 0.5) { it[String(Date.now())] = bindings.kv(); }",
        "how often",
    ),
    ("computed", "const it = { [process.env.NAME ?? 'A']: bindings.kv() };", "environment variable"),
    (
        "file",
        "import { readFileSync } from 'node:fs'; const it = JSON.parse(readFileSync('x', 'utf8'));",
        "node:fs",
    ),
    (
        "return in a loop",
        "import { xs } from 'pkg'; function f() { for (const x of xs) return x; return {}; } const it = f();",
        "`pkg`",
    ),
    ("sorted", "const list = [{ A: bindings.kv() }]; list.reverse(); const it = list[0];", "`reverse`"),
    ("class", "class Env {} const it = new Env();", "`new Env`"),
    ("getter", "const it = { get A() { return bindings.kv(); } };", "getter"),
    ("deep", "const f = (n: number): any => (n ? f(n - 1) : {}); const it = f(100);", "too deep"),
]


@pytest.mark.parametrize(
    ("code", "reason"), [(code, why) for _, code, why in OPEN], ids=[name for name, _, _ in OPEN]
)
def test_code_that_leaves_the_set_open(code: str, reason: str) -> None:
    config = read(f"{IMPORTS}{code}\nexport default defineConfig({{ worker: {{ {BASIC}, env: it }} }});")
    tree = only(config)
    assert tree.is_open("kv_namespaces")
    assert not tree.is_open("observability")
    assert any(reason in opening.reason for opening in tree.open), [opening.reason for opening in tree.open]
    assert tree.root.get("name") is not None


def test_a_place_in_code_that_is_shared() -> None:
    config = read(
        f"""{IMPORTS}const db = (id: string) => bindings.d1({{ name: "db", id }});
        export default defineConfig({{ worker: {{ {BASIC}, env: {{ DB: db("one") }} }} }});"""
    )
    tree = only(config)
    entry = tree.root.at("d1_databases", 0)
    name = tree.root.at("d1_databases", 0, "database_name")
    identity = tree.root.at("d1_databases", 0, "database_id")
    assert entry is not None
    assert name is not None
    assert identity is not None
    assert text_at(config, entry.span) == 'db("one")'
    assert text_at(config, name.span) == '"db"'
    assert text_at(config, identity.span) == "id"
    assert text_at(config, tree.definitions[identity].span) == '"one"'
    assert isinstance(tree.definitions[identity].span, Span)
