"""What findings ask for depends on the project: its wrangler, Pages, its types, the names around."""

from __future__ import annotations

import pytest

from cflint.finding import Finding, Safety
from cflint.report.advice import advice_for, what_to_do
from cflint.testing import check
from tests.support.fixture_cases import KNOWN

pytestmark = pytest.mark.portable

DATED = '"compatibility_date": "2026-08-01"'
CONFIG = f'{{ "name": "a", "main": "i.ts", {DATED}'
ANSWERS = "export default { fetch() { return new Response('x'); } };"


def found(files: dict[str, str], rule: str) -> list[Finding]:
    return list(check(files, rule).findings)


def advice(finding: Finding, rule: str) -> str:
    return advice_for(finding, KNOWN[rule].info)[1]


def wanting(version: str) -> str:
    return f'{{ "devDependencies": {{ "wrangler": "{version}" }} }}'


@pytest.mark.parametrize(
    ("version", "is_left_out"),
    [("^4.0.0", True), ("4.102.0", True), ("4.101.0", False), ("~4.44.0", False), ("^3.114.0", False)],
)
def test_an_id_is_left_out_where_wrangler_makes_the_resource(version: str, is_left_out: bool) -> None:
    rule = "config-placeholder-id"
    config = CONFIG + ', "d1_databases": [{ "binding": "DB", "database_id": "<ID>" }] }'
    (finding,) = found({"wrangler.json": config, "i.ts": ANSWERS, "package.json": wanting(version)}, rule)
    assert ("leave it out" in finding.message) is is_left_out
    assert (finding.fix is not None) is is_left_out
    assert ("wrangler d1 create" in advice(finding, rule)) is not is_left_out


def test_an_id_is_never_left_out_on_pages() -> None:
    rule = "config-placeholder-id"
    bound = '"kv_namespaces": [{ "binding": "KV", "id": "<ID>" }]'
    config = f'{{ "name": "a", "pages_build_output_dir": "dist", {DATED}, {bound} }}'
    (finding,) = found({"wrangler.json": config, "dist/a.txt": "a"}, rule)
    assert "leave it out" not in finding.message
    assert "wrangler kv namespace create" in advice(finding, rule)


@pytest.mark.parametrize(
    ("head", "version", "title"),
    [
        ('"main": "i.ts"', "^4.70.0", "Move `API_TOKEN` to `secrets.required`"),
        ('"main": "i.ts"', "4.69.0", "Delete `API_TOKEN`"),
        ('"pages_build_output_dir": "dist"', "4.90.0", "Delete `API_TOKEN`"),
    ],
)
def test_a_secret_is_named_where_wrangler_knows_the_key(head: str, version: str, title: str) -> None:
    config = f'{{ "name": "a", {head}, {DATED}, "vars": {{ "API_TOKEN": "CHANGEME", "REGION": "eu" }} }}'
    files = {"wrangler.json": config, "i.ts": ANSWERS, "package.json": wanting(version), "dist/a.txt": "a"}
    (finding,) = found(files, "secret-in-vars")
    assert finding.fix is not None and finding.fix.title == title
    assert ("secrets.required" in finding.message) is title.startswith("Move")


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ('"watch_dir": "src"', "`build.watch_dir`"),
        ('"dev": { "cwd": "app" }', "`build.cwd`"),
        ('"head_sampling_rate": 0.1', "`observability.head_sampling_rate`"),
        ('"watch_dir": 7', ""),
        ('"build": { "watch_dir": "src" }, "watch_dir": "src"', ""),
        ('"colour": "blue"', ""),
    ],
)
def test_a_key_of_another_table_is_named_with_its_table(given: str, meant: str) -> None:
    files = {"wrangler.json": f"{CONFIG}, {given} }}", "i.ts": ANSWERS}
    (finding,) = found(files, "config-unknown-key")
    assert finding.message.endswith(f"; did you mean {meant}?" if meant else "ignores it")
    assert (finding.fix is None) is bool(meant)  # what is meant for no other place goes


def test_all_that_an_environment_lacks_is_said_at_once() -> None:
    code = """export default { async fetch(request, env) {
      await env.FILES.put("a", await env.PAGES.get("a"));
      await env.JOBS.send(await env.DB.prepare("SELECT 1").first());
      return new Response("x"); } };"""
    both = '"kv_namespaces": [{ "binding": "PAGES" }], "d1_databases": [{ "binding": "DB" }]'
    more = '"r2_buckets": [{ "binding": "FILES" }]'
    queue = '"queues": { "producers": [{ "binding": "JOBS", "queue": "jobs" }] }'
    config = f'{CONFIG}, "env": {{ "dev": {{ {both}, {more} }}, "test": {{ {both}, {queue}, {more} }}, '
    config += f'"prod": {{ {both} }} }} }}'
    first, prod = found({"wrangler.json": config, "i.ts": code}, "binding-missing-in-environment")
    assert first.message.startswith("`env.dev` lacks `JOBS`")
    assert "`FILES` (R2 bucket)" in prod.message and "`JOBS` (queue producer)" in prod.message
    assert prod.message.endswith("which `env.dev` and `env.test` have")
    assert len(prod.related) == 2


SUPABASE = """import { createClient } from "@supabase/supabase-js";
export default { async fetch(request, env) {
  const store = createClient(env.URL, env.KEY);
  %s
  return new Response("x"); } };"""


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("await store.from('a').insert({});", "write `const { error } = ` before the `await`"),
        (
            "const { error } = await store.from('b').insert(1); use(error); await store.from('a').insert(2);",
            "`{ const { error: failure } = await …;",
        ),
        ("const { data } = await store.from('a').insert({}); use(data);", "Take `error` out beside"),
        ("const done = await store.from('a').insert({}); use(done.data);", "`if (done.error) throw"),
    ],
)
def test_the_error_gets_a_name_that_is_free(code: str, words: str) -> None:
    rule = "sdk-error-ignored"
    (finding,) = found({"wrangler.json": CONFIG + " }", "i.ts": SUPABASE % code}, rule)
    assert words in advice(finding, rule)


def test_two_that_would_declare_the_same_name_get_blocks_of_their_own() -> None:
    rule = "sdk-error-ignored"
    code = SUPABASE % "await store.from('a').insert({}); await store.from('b').insert({});"
    both = found({"wrangler.json": CONFIG + " }", "i.ts": code}, rule)
    assert len(both) == 2 and all("error: failure" in advice(one, rule) for one in both)


def test_what_an_await_makes_happen_is_looked_at_first() -> None:
    code = """export default { async fetch(request, env) {
      try { return fetch("https://example.com"); } catch (error) { %s }
    } };"""

    def safety(handler: str) -> Safety:
        files = {"wrangler.json": CONFIG + " }", "i.ts": code % handler}
        (finding,) = found(files, "return-without-await")
        assert finding.fix is not None
        return finding.fix.safety

    answer = "return new Response('no', { status: 503 });"
    assert safety(answer) is Safety.SAFE
    assert safety(f"console.error(error); {answer}") is Safety.SAFE
    assert safety(f"await env.KV.delete('a'); {answer}") is Safety.UNSAFE
    assert safety(f"undo(); {answer}") is Safety.UNSAFE
    assert safety(f"failed = true; {answer}") is Safety.UNSAFE


def test_where_a_list_is_bound_is_shown_with_its_placeholders() -> None:
    code = """export default { async fetch(request, env) {
      const { ids } = await request.json();
      const marks = ids.map(() => "?").join(", ");
      const q = await env.DB.prepare(`SELECT 1 FROM t WHERE id IN (${marks})`).bind(7, ...ids).all();
      return Response.json(q.results); } };"""
    config = CONFIG + ', "d1_databases": [{ "binding": "DB" }] }'
    (finding,) = found({"wrangler.json": config, "i.ts": code}, "d1-parameter-limit")
    shown = [place.document.text(place.span) for place in finding.related]
    assert shown == ['ids.map(() => "?").join(", ")', "...ids"]


HANDLER = """interface Env { KV: KVNamespace }
export default { async fetch(request, env) { return new Response(await env.KV.get("a")); } };"""


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({}, ""),
        ({"package.json": "{}"}, "Run `npx wrangler types` first"),
        (
            {
                "package.json": '{ "devDependencies": { "@cloudflare/workers-types": "4" } }',
                "tsconfig.json": "{}",
            },
            "Give each parameter its type: `request: Request`, `env: Env`",
        ),
    ],
)
def test_a_type_that_is_not_in_scope_is_brought_first(files: dict[str, str], words: str) -> None:
    rule = "missing-exported-handler-type"
    (finding,) = found({"wrangler.json": CONFIG + " }", "i.ts": HANDLER, **files}, rule)
    assert (finding.fix is None) is bool(words), "the fix alone would not compile"
    assert words in advice(finding, rule)


def test_the_list_that_names_a_successor_is_that_of_the_provider() -> None:
    rule = "provider-model-retired"
    code = (
        'import Groq from "groq-sdk"; export const f = (c: Groq) => c.run({ model: "mixtral-8x7b-32768" });'
    )
    (finding,) = found({"wrangler.json": CONFIG + " }", "i.ts": code + ANSWERS}, rule)
    assert "https://console.groq.com/docs/deprecations" in advice(finding, rule)


D1 = CONFIG + ', "d1_databases": [{ "binding": "DB" }] }'


@pytest.mark.parametrize(
    ("loop", "wanted"),
    [
        ("for (const key of names) await env.KV.get(key)", "`const wanted = [...names];"),
        (
            "for (const one of names) await env.KV.get(one.id)",
            "`const wanted = Array.from(names, (one) => one.id);",
        ),
        (
            "for (const { name } of names) await env.KV.get(name)",
            "`const wanted = Array.from(names, ({ name }) => name);",
        ),
        (
            "for (const one of names) { const key = `a${one}`; await env.KV.get(key); }",
            "with the keys of all turns for `wanted`",
        ),
    ],
)
def test_the_keys_that_are_asked_for_together_are_those_of_the_turns(loop: str, wanted: str) -> None:
    rule = "kv-get-in-loop"
    code = f"export default {{ async fetch(request, env) {{ const names = await list(); {loop};"
    code += " return new Response('x'); } };"
    config = CONFIG + ', "kv_namespaces": [{ "binding": "KV" }] }'
    (finding,) = found({"wrangler.json": config, "i.ts": code}, rule)
    assert wanted in advice(finding, rule)


@pytest.mark.parametrize(
    ("rule", "config", "code", "words"),
    [
        (
            "unguarded-parse",
            CONFIG + " }",
            "export default { async fetch(request: Request) {"
            " const a = await request.json() as { b: 1 }; return Response.json(a); } };",
            "value = await request.json();",
        ),
        (
            "d1-first-null",
            D1,
            "export default { async fetch(request, env) { const user = await env.DB.prepare("
            "'SELECT * FROM t WHERE a = ?').bind(1).first(); return new Response(user.b); } };",
            "`if (user === null)",
        ),
        (
            "workflow-class-not-entrypoint",
            CONFIG + ', "workflows": [{ "name": "w", "binding": "W", "class_name": "Work" }] }',
            f"export class Work {{ async run() {{}} }} {ANSWERS}",
            "`class Work extends WorkflowEntrypoint<Env, Params>`",
        ),
        (
            "trigger-without-handler",
            CONFIG + ', "triggers": { "crons": ["0 6 * * *"] } }',
            'import { Hono } from "hono"; const app = new Hono();\nexport default app;',
            "`export default { fetch: app.fetch, async scheduled(controller, env, ctx) { … } };`",
        ),
        (
            "d1-check-then-insert",
            D1,
            "export default { async fetch(request, env) { const a = await request.text();"
            " const b = await env.DB.prepare('SELECT * FROM t WHERE c = ?').bind(a).first(); if (!b)"
            " await env.DB.prepare('INSERT INTO t (c) VALUES (?)').bind(a).run();"
            " return new Response(); } };",
            "`WHERE NOT EXISTS (SELECT * FROM t WHERE c = ?)`",
        ),
    ],
)
def test_names_of_the_place_stand_in_the_edit(rule: str, config: str, code: str, words: str) -> None:
    (finding,) = found({"wrangler.json": config, "i.ts": code}, rule)
    assert words in advice(finding, rule)


def test_a_date_waits_for_a_wrangler_that_has_the_runtime() -> None:
    def stale(version: str) -> Finding:
        config = '{ "name": "a", "main": "i.ts", "compatibility_date": "2022-05-01" }'
        files = {"wrangler.json": config, "i.ts": ANSWERS, "package.json": wanting(version)}
        (finding,) = found(files, "compat-date-stale")
        return finding

    assert stale("^3.71.0").fix is None and stale("^4.0.0").fix is not None
    assert advice(stale("^3.71.0"), "compat-date-stale").startswith("Update wrangler first")


def test_a_code_verifier_is_as_long_as_it_has_to_be() -> None:
    code = "export const f = () => { const codeVerifier = Math.random().toString(36).slice(2);"
    code += " use(codeVerifier); };"
    (finding,) = found({"wrangler.json": CONFIG + " }", "i.ts": code + ANSWERS}, "insecure-random")
    assert finding.fix is not None and finding.fix.edits[0].text.count("randomUUID()") == 2


@pytest.mark.parametrize(
    ("failure", "words"),
    [("error: true", "`(!plan || plan.error)` for `!plan`"), ("ok: false", "`!plan?.ok` for `!plan`")],
)
def test_what_tells_of_a_failure_is_named(failure: str, words: str) -> None:
    rule = "failure-counts-as-true"
    code = f"""async function load(a) {{ if (!a) return {{ {failure} }}; return {{ name: a }}; }}
export default {{ async fetch(request) {{ const plan = await load(request.url);
  if (!plan) return new Response("no", {{ status: 404 }}); return new Response(plan.name); }} }};"""
    (finding,) = found({"wrangler.json": CONFIG + " }", "i.ts": code}, rule)
    assert words in advice(finding, rule)


def test_migrations_in_the_wrong_table_are_said_once() -> None:
    code = 'import { DurableObject } from "cloudflare:workers"; export class Room extends DurableObject {}'
    toml = """name = "a"
main = "i.ts"
compatibility_date = "2026-08-01"

[durable_objects]
bindings = [{ name = "ROOMS", class_name = "Room" }]

[[durable_objects.migrations]]
tag = "v1"
new_sqlite_classes = ["Room"]
"""
    files = {"wrangler.toml": toml, "i.ts": f"{code} {ANSWERS}"}
    assert found(files, "migration-missing-class") == []
    (finding,) = found(files, "toml-misplaced-key")
    assert "Write `[[migrations]]` for `[[durable_objects.migrations]]`" in advice(
        finding, "toml-misplaced-key"
    )


def test_a_result_that_is_used_elsewhere_shows_where_it_comes_from() -> None:
    code = """export default { async fetch(request, env) {
      const rows = await env.DB.prepare("SELECT * FROM t WHERE a = 1").all();
      return Response.json(rows.map((row) => row.a)); } };"""
    (finding,) = found({"wrangler.json": D1, "i.ts": code}, "d1-results-shape")
    assert [place.document.line_of(place.span.start) for place in finding.related] == [2]


@pytest.mark.parametrize(
    ("kind", "method", "entry"),
    [
        ("KVNamespace", "get('a')", '`"kv_namespaces": [{ "binding": "STORE", "id": "ID" }]`'),
        (
            "D1Database",
            "prepare('SELECT 1').first()",
            '`"d1_databases": [{ "binding": "STORE", "database_name":',
        ),
        ("R2Bucket", "head('a')", '`"r2_buckets": [{ "binding": "STORE", "bucket_name": "BUCKET" }]`'),
    ],
)
def test_the_entry_of_what_is_not_declared_is_written_out(kind: str, method: str, entry: str) -> None:
    rule = "binding-not-declared"
    code = f"""interface Env {{ STORE: {kind} }}
export default {{ async fetch(request: Request, env: Env): Promise<Response> {{
  return Response.json(await env.STORE.{method}); }} }};"""
    (finding,) = found({"wrangler.json": CONFIG + " }", "i.ts": code}, rule)
    assert entry in advice(finding, rule)


def test_the_object_that_may_be_missing_is_named() -> None:
    code = """export default { async fetch(request, env) {
      const file = await env.FILES.get("a"); return new Response(file.body); } };"""
    config = CONFIG + ', "r2_buckets": [{ "binding": "FILES" }] }'
    (finding,) = found({"wrangler.json": config, "i.ts": code}, "r2-get-null")
    assert "`if (file === null)" in advice(finding, "r2-get-null")


@pytest.mark.parametrize(
    "rule",
    [
        "kv-single-use",
        "oauth-state-unchecked",
        "password-hash-fast",
        "promise-awaited-late",
        "route-without-auth",
        "ws-ping-by-hand",
    ],
)
def test_rules_in_preview_that_strangers_met_name_an_edit(rule: str) -> None:
    assert what_to_do(KNOWN[rule].info) != KNOWN[rule].summary


@pytest.mark.parametrize(
    ("model", "successor"),
    [
        ("claude-3-5-sonnet-20241022", "claude-sonnet-4-6"),
        ("gpt-4-0125-preview", "gpt-5.6-sol"),
        ("gpt-4-vision-preview", None),
    ],
)
def test_a_model_is_replaced_by_one_that_is_served(model: str, successor: str | None) -> None:
    rule = "provider-model-retired"
    home = "https://api.anthropic.com" if model.startswith("claude") else "https://api.openai.com"
    code = (
        f"export default {{ async fetch() {{ return fetch('{home}/v1',"
        f" {{ method: 'POST', body: JSON.stringify({{ model: '{model}' }}) }}); }} }};"
    )
    (finding,) = found({"wrangler.json": f"{CONFIG} }}", "i.ts": code}, rule)
    text = advice(finding, rule)
    assert text.startswith(
        f"Write `{successor}` in its place" if successor else "Write the replacement that OpenAI's list"
    )
    assert "each other place" not in text


def test_a_namespace_is_typed_where_the_types_are_in_scope() -> None:
    rule = "missing-default-export"
    files = {"wrangler.json": f"{CONFIG} }}", "i.ts": "export class A {}\n"}
    for types, is_said in (('"@cloudflare/workers-types": "4.1.0"', True), ('"a": "1.0.0"', False)):
        package = f'{{ "devDependencies": {{ "wrangler": "4.60.0", {types} }} }}'
        (finding,) = found({**files, "package.json": package}, rule)
        assert finding.fix is not None
        assert any("ExportedHandler" in edit.text for edit in finding.fix.edits) is is_said


def test_the_folder_of_a_site_is_the_one_that_vite_builds() -> None:
    rule = "workers-sites-deprecated"
    config = f'{{ "name": "a", "main": "index.ts", {DATED}, "site": {{ "bucket": "./dist" }} }}'
    files = {"src/wrangler.json": config, "src/index.ts": ANSWERS, "package.json": "{}"}
    (finding,) = found(files, rule)
    assert '"directory": "./dist"' in advice(finding, rule)
    (finding,) = found({**files, "vite.config.js": "export default {};"}, rule)
    assert '"directory": "../dist"' in advice(finding, rule)
    (finding,) = found({**files, "vite.config.js": "export default {};", "src/dist/a.txt": "a"}, rule)
    assert '"directory": "./dist"' in advice(finding, rule)


def test_a_tag_without_quotation_marks_is_mended_wherever_it_goes() -> None:
    rule = "r2-http-etag"
    code = (
        "export default { async fetch(request, env) { const object = await env.B.get('a');\n"
        "if (request.headers.get('If-None-Match') === object.etag) return new Response(null);\n"
        "const kept = { etag: object.etag };\n"
        "return new Response(object.body, { headers: { ETag: object.etag } }); } };"
    )
    config = f'{CONFIG}, "r2_buckets": [{{ "binding": "B", "bucket_name": "b" }}] }}'
    (finding,) = found({"wrangler.json": config, "i.ts": code}, rule)
    assert [place.document.line_of(place.span.start) for place in finding.related] == [2, 3]


@pytest.mark.parametrize(("version", "is_told"), [("3.76.0", True), ("3.77.0", False), ("^4.0.0", False)])
def test_observability_is_switched_on_where_wrangler_takes_the_key(version: str, is_told: bool) -> None:
    files = {"wrangler.json": CONFIG + " }", "i.ts": ANSWERS, "package.json": wanting(version)}
    (finding,) = found(files, "observability-not-enabled")
    assert finding.fix is not None
    assert ("needs wrangler 3.77" in finding.fix.title) is is_told


def test_a_column_that_is_missing_is_added_where_the_table_is_made() -> None:
    def said(path: str, statement: str) -> str:
        code = (
            "export default { async fetch(request, env) {"
            f' return Response.json(await env.DB.prepare("{statement}").run()); }} }};'
        )
        table = "CREATE TABLE seats (id INTEGER PRIMARY KEY, room_id TEXT, taken_at TEXT);"
        (finding,) = found({"wrangler.json": D1, "i.ts": code, path: table}, "d1-column-missing")
        return advice(finding, "d1-column-missing")

    renamed = said("migrations/0001_a.sql", "UPDATE seats SET roomId = 'a' WHERE id = 1")
    assert renamed.startswith("Write `room_id` for `roomId`, which the table has")
    added = said("migrations/0001_a.sql", "UPDATE seats SET paid = 1, note = 'a' WHERE id = 1")
    assert added.startswith(
        "Write a migration with `ALTER TABLE seats ADD COLUMN paid INTEGER;"
        " ALTER TABLE seats ADD COLUMN note TEXT;`, and apply it"
    )
    assert said("schema.sql", "UPDATE seats SET paid = 1 WHERE id = 1").startswith(
        "Add the column to the `CREATE TABLE` in `schema.sql`, and to each database that is there"
    )
    read = said("migrations/0001_a.sql", "SELECT took_at FROM seats WHERE id = 1")
    assert "(`taken_at`, `room_id`, `id`)" in read and read.startswith("No code writes it")


def test_reads_whose_error_nobody_sees_are_shown_by_the_first_write() -> None:
    code = (
        'import { createClient } from "@supabase/supabase-js";\n'
        "export default { async fetch(request, env) {\n"
        "  const store = createClient(env.URL, env.KEY);\n"
        '  const { data } = await store.from("a").insert({ id: 1 }).select().single();\n'
        '  await store.from("a").update({ id: 2 }).eq("id", 1);\n'
        '  const { count } = await store.from("a").select("*", { count: "exact", head: true });\n'
        '  const { data: rows, error } = await store.from("a").select("id");\n'
        "  return Response.json([data, count, rows, error]);\n"
        "} };\n"
    )
    first, second = found({"wrangler.json": CONFIG + "}", "i.ts": code}, "sdk-error-ignored")
    assert [code[it.span.start : it.span.end] for it in first.related] == [
        'store.from("a").select("*", { count: "exact", head: true })'
    ]
    assert second.related == ()


def test_what_is_read_of_the_items_of_a_list_is_shown() -> None:
    code = (
        "interface Body { names: string[]; groups: { posts: string[]; id?: string; tags: string[] }[] }\n"
        "export default { async fetch(request: Request) {\n"
        "  const { names, groups } = (await request.json()) as Body;\n"
        "  if (!Array.isArray(groups)) return new Response('no', { status: 400 });\n"
        "  const all = groups.map((one) => one.tags ? one.tags.join() : one.posts.join());\n"
        "  return Response.json([names.map((name) => name.length), all]);\n"
        "} };\n"
    )
    (finding,) = found({"wrangler.json": CONFIG + "}", "i.ts": code}, "request-field-unchecked")
    shown = [(code[it.span.start : it.span.end], it.message) for it in finding.related]
    assert ("one.posts", "nor need an item have this") in shown
    assert all(text != "one.tags" for text, _ in shown)
