"""What findings say where names are odd, or there is but one of what there are several of as a rule."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from cflint.finding import Safety
from cflint.report.advice import what_to_do
from cflint.testing import check
from tests.support.fixture_cases import KNOWN

pytestmark = pytest.mark.portable

ROOM = """import { DurableObject } from "cloudflare:workers";
export class Room extends DurableObject {}
export default { async fetch() { return new Response("x"); } };"""


def said(files: Mapping[str, str], rule: str, base: Mapping[str, str] | None = None) -> list[str]:
    before = dict(base) if base is not None else None
    return [finding.message for finding in check(dict(files), rule, base=before).findings]


WORKER = '{ "name": "a", "main": "i.ts", "compatibility_date": "2026-08-01" }'


def _with(package: str, version: str, code: str) -> dict[str, str]:
    lock = f'{{"packages": {{ "node_modules/{package}": {{ "version": "{version}" }} }} }}'
    manifest = f'{{ "dependencies": {{ "{package}": "*" }} }}'
    return {"wrangler.json": WORKER, "package.json": manifest, "package-lock.json": lock, "i.ts": code}


@pytest.mark.parametrize(
    ("version", "words"),
    [
        ("4.12.8", "browsers refuse"),
        ("4.12.9", "any site can act"),
        ("4.12.24", "any site can act"),
        ("4.12.25", "browsers refuse"),
    ],
)
def test_what_hono_makes_of_the_star_with_credentials(version: str, words: str) -> None:
    code = """import { Hono } from "hono";
import { cors } from "hono/cors";
const app = new Hono();
app.use(cors({ origin: "*", credentials: true }));
export default app;"""
    (message,) = said(_with("hono", version, code), "cors-wildcard-with-auth")
    assert words in message


@pytest.mark.parametrize(("version", "limits"), [("1.3.24", False), ("1.3.26", True)])
def test_what_better_auth_gives_times_to(version: str, limits: bool) -> None:
    code = """import { betterAuth } from "better-auth";
interface Env { KV: KVNamespace }
export default {
  async fetch(request, env): Promise<Response> {
    const auth = betterAuth({
      secondaryStorage: {
        set: async (key: string, value: string, ttl?: number) => {
          await env.KV.put(key, value, { expirationTtl: ttl });
        },
      },
    });
    return await auth.handler(request);
  },
} satisfies ExportedHandler<Env>;"""
    files = _with("better-auth", version, code)
    files["wrangler.json"] = WORKER[:-1] + ', "kv_namespaces": [{ "binding": "KV", "id": "a" }] }'
    (message,) = said(files, "kv-ttl-too-small")
    assert ("rate limits" in message) is limits


@pytest.mark.parametrize(
    ("version", "words"), [("15.5.0", "the build stops"), ("16.1.5", "the route answers 500")]
)
def test_what_becomes_of_the_edge_runtime(version: str, words: str) -> None:
    files = _with("next", version, 'export const runtime = "edge";\nexport function GET() {}\n')
    files["app/api/route.ts"] = files.pop("i.ts")
    files |= {"next.config.ts": "export default {};", "open-next.config.ts": "export default {};"}
    files["wrangler.json"] = WORKER.replace("i.ts", ".open-next/worker.js")
    files["package.json"] = '{ "dependencies": { "next": "*", "@opennextjs/cloudflare": "^1.20.0" } }'
    (message,) = said(files, "opennext-edge-runtime")
    assert message.endswith(words)


def test_a_script_name_of_the_worker_itself() -> None:
    rule = "do-script-name-self"
    room = '"durable_objects": { "bindings": [{ "name": "R", "class_name": "Room"%s }] }'
    named = room % ', "script_name": "chat"'

    def told(top: str, environments: str) -> list[str]:
        config = f'{{ "name": "chat", "main": "i.ts", {top}, "env": {{ {environments} }} }}'
        return said({"wrangler.jsonc": config, "i.ts": ROOM}, rule)

    assert told(named, '"production": {}') == []
    assert told(room % "", f'"production": {{ "name": "chat", {named} }}') == []
    assert told(room % "", f'"b`c\\nd": {{ {named} }}') == [
        "`env.b'c d` uses the objects of the top level, and their data: leave `script_name` out"
    ]


@pytest.mark.parametrize(
    ("head", "called"),
    [("import verify", "verify"), ("import { verify }", "verify"), ("import jwt", "jwt.verify")],
)
def test_a_function_is_called_as_the_code_calls_it(head: str, called: str) -> None:
    code = f"""{head} from "@tsndr/cloudflare-worker-jwt";
    export default {{
      async fetch(request, env) {{ await {called}(request.url, env.S); return new Response(""); }}
    }};"""
    (message,) = said({"wrangler.jsonc": '{ "name": "x", "main": "i.ts" }', "i.ts": code}, "verify-unchecked")
    assert message.startswith("nothing looks at the result: `verify()` gives")


@pytest.mark.parametrize(
    ("names", "who"),
    [(["a"], "`functions/a.ts` gets no"), (["a", "b"], "`functions/a.ts` and the others get no")],
)
def test_functions_that_get_nothing(names: list[str], who: str) -> None:
    files = {f"functions/{name}.ts": "export const onRequest = () => new Response();" for name in names}
    config = '{ "name": "p", "kv_namespaces": [{ "binding": "NOTES", "id": "x" }] }'
    (message,) = said({"wrangler.jsonc": config, **files}, "pages-config-ignored")
    assert f"{who} `NOTES` from it" in message


@pytest.mark.parametrize(
    ("path", "count"),
    [("apps/latest/.dev.vars", 1), ("contest/.env", 1), ("app/.env.test", 0), ("app/.dev.vars.example", 0)],
)
def test_examples_are_told_by_the_name_of_the_file(path: str, count: int) -> None:
    folder = path.rpartition("/")[0]
    files = {
        path: "STRIPE_SECRET_KEY=sk_live_4eC39HqLyjWDarjtT1zdp7dcQ2x9\n",
        f"{folder}/wrangler.jsonc": '{ "name": "x", "main": "i.ts" }',
        f"{folder}/i.ts": ROOM,
    }
    assert len(said(files, "committed-dev-vars")) == count


@pytest.mark.parametrize(
    ("schema", "message"),
    [
        ("DROP TABLE a; CREATE TABLE a (x);", "all rows of `a`"),
        (
            "DROP TABLE [b c]; DROP TABLE é; CREATE TABLE é (x); CREATE TABLE `B c` (x);",
            "all rows of `b c` and `é`",
        ),
    ],
)
def test_the_tables_that_a_schema_empties(schema: str, message: str) -> None:
    config = '{ "name": "x", "main": "i.ts", "d1_databases": [{ "binding": "DB", "database_name": "d" }] }'
    (found,) = said({"wrangler.jsonc": config, "i.ts": ROOM, "schema.sql": schema}, "d1-schema-drops-table")
    assert found.endswith(message)


@pytest.mark.parametrize(
    ("callers", "message"),
    [
        (["web"], "and `web` gives 1 in the base"),
        (["admin", "web"], "and `admin` and `web` give 1 in the base"),
    ],
)
def test_who_calls_a_method(callers: list[str], message: str) -> None:
    def project(parameters: str) -> dict[str, str]:
        api = f"""import {{ WorkerEntrypoint }} from "cloudflare:workers";
        export default class extends WorkerEntrypoint {{ async price({parameters}) {{ return 1; }} }}"""
        files = {"api/wrangler.jsonc": '{ "name": "api", "main": "i.ts" }', "api/i.ts": api}
        for name in callers:
            bound = '"services": [{ "binding": "API", "service": "api" }]'
            files[f"{name}/wrangler.jsonc"] = f'{{ "name": "{name}", "main": "i.ts", {bound} }}'
            files[f"{name}/i.ts"] = """export default {
              async fetch(request, env) { return Response.json(await env.API.price("tea")); }
            };"""
        return files

    found = said(project("item: string, currency: string"), "rpc-signature-changed", project("item: string"))
    assert len(found) == 1 and message in found[0]


MIRRORED = {
    "cloudflare.config.ts": """import { bindings, defineConfig } from "cf/config";
export default defineConfig({
  worker: { name: "shop", entrypoint: "./i.ts", env: { DB: bindings.d1({ name: "db" })%s } },
});""",
    "wrangler.jsonc": '{ "name": "shop", "main": "i.ts", "d1_databases": [{ "binding": "DB" }]%s }',
    "package.json": '{ "scripts": { "dev": "cf dev", "types": "wrangler types" } }',
    "i.ts": ROOM,
}


@pytest.mark.parametrize(
    ("ours", "theirs", "path", "added"),
    [
        (
            "",
            ', "queues": { "producers": [{ "binding": "J", "queue": "j" }] }',
            "cloudflare.config.ts",
            "J: bindings.queue(",
        ),
        ("", ', "ai": { "binding": "J" }', "cloudflare.config.ts", "J: bindings.ai("),
        (', J: bindings.kv({ id: "k" })', "", "wrangler.jsonc", '"binding": "J"'),
        (", J: bindings.kv({ id: process.env.K })", "", "wrangler.jsonc", None),
        ("", ', "kv_namespaces": [{ "binding": "J" }, { "binding": "K" }]', "cloudflare.config.ts", None),
    ],
)
def test_what_one_of_two_configurations_lacks(ours: str, theirs: str, path: str, added: str | None) -> None:
    files = dict(MIRRORED)
    files["cloudflare.config.ts"] %= ours
    files["wrangler.jsonc"] %= theirs
    (finding,) = check(files, "config-mirror-drift").findings
    if path == "wrangler.jsonc":
        assert "`wrangler types` reads `wrangler.jsonc` and does not know it" in finding.message
    else:
        assert finding.message.endswith(" undefined")
    if added is None:
        assert finding.fix is None
    else:
        assert finding.fix is not None and finding.fix.safety is Safety.MANUAL
        assert {edit.document.path for edit in finding.fix.edits} == {path}
        assert added in "".join(edit.text for edit in finding.fix.edits)


LEDGER = """import { DurableObject } from "cloudflare:workers";
export class Ledger extends DurableObject { bytes() { return this.ctx.storage.sql.databaseSize; } }
export default { async fetch() { return new Response("x"); } };"""


@pytest.mark.parametrize(
    ("lifecycle", "says", "chosen", "has_fix"),
    [
        (
            '"migrations": [{ "tag": "a", "new_classes": ["Ledger"] }]',
            "make that `new_sqlite_classes`",
            '"Ledger"',
            True,
        ),
        (
            '"migrations": [{ "tag": "a", "new_classes": ["Book"] },'
            ' { "tag": "b", "renamed_classes": [{ "from": "Book", "to": "Ledger" }] }]',
            "gives `Ledger` (created as `Book`) the old key-value storage for good: only a new",
            '"Book"',
            False,
        ),
        (
            '"exports": { "Ledger": { "type": "durable-object", "storage": "legacy-kv" } }',
            "make that `sqlite`",
            '"Ledger"',
            True,
        ),
    ],
)
def test_old_storage_can_only_be_changed_before_it_is_deployed(
    lifecycle: str, says: str, chosen: str, has_fix: bool
) -> None:
    bound = '"durable_objects": { "bindings": [{ "name": "L", "class_name": "Ledger" }] }'
    files = {"wrangler.jsonc": f'{{ "name": "x", "main": "i.ts", {bound}, {lifecycle} }}', "i.ts": LEDGER}
    (finding,) = check(files, "do-sql-backend-mismatch").findings
    assert says in finding.message
    assert [place.document.text(place.span) for place in finding.related] == [chosen]
    assert (finding.fix is not None) is has_fix


@pytest.mark.parametrize(
    ("preset", "says"),
    [
        ("cloudflare_module", "deploy with `wrangler deploy -c .output/server/wrangler.json --env staging`"),
        ("cloudflare_pages", "leave `env` out"),
    ],
)
def test_environments_that_nitro_copies(preset: str, says: str) -> None:
    files = {
        "package.json": '{ "devDependencies": { "nitropack": "^2.13.0" } }',
        "wrangler.jsonc": '{ "name": "x", "env": { "staging": { "name": "y" } } }',
        "nitro.config.ts": f"export default defineNitroConfig({{ preset: '{preset}',"
        " cloudflare: { deployConfig: true } });",
    }
    (message,) = said(files, "nitro-deploy-config-env")
    assert message.endswith(f"refuses that: {says}")


def test_a_salt_leads_to_its_text() -> None:
    code = """import { scryptSync } from "node:crypto";
    const SALT = "my-app";
    export default { async fetch(request) {
      const password = await request.text();
      return Response.json([scryptSync(password, SALT, 32), scryptSync(password, "a", 32)]);
    } };"""
    files = {"wrangler.jsonc": '{ "name": "x", "main": "i.ts" }', "i.ts": code}
    named, written = check(files, "predictable-salt").findings
    assert [place.document.text(place.span) for place in named.related] == ['"my-app"']
    assert written.related == (), "the mark is on the text itself"


@pytest.mark.parametrize(
    ("rule", "code", "flags", "words"),
    [
        ("nodejs-compat-missing", 'import "node:crypto";', "", 'Add `"nodejs_compat"`'),
        ("nodejs-compat-missing", 'import "node:crypto";', '"no_nodejs_compat"', "Delete the flag"),
        (
            "verify-unchecked",
            'import { verify } from "@tsndr/cloudflare-worker-jwt";'
            " export const f = async (token) => { await verify(token, 'a'); };",
            "",
            "Directly behind this statement",
        ),
    ],
)
def test_what_to_do_fits_the_message(rule: str, code: str, flags: str, words: str) -> None:
    dated = '"compatibility_date": "2026-03-01"'
    config = f'{{ "name": "a", "main": "i.ts", {dated}, "compatibility_flags": [{flags}] }}'
    code += " export default { fetch() { return new Response('x'); } };"
    (message,) = said({"wrangler.json": config, "i.ts": code}, rule)
    assert words in what_to_do(KNOWN[rule].info, message)


@pytest.mark.parametrize(
    ("top", "words"),
    [("", "it is a key of the top level"), ('"account_id": "a", ', "the top level has one already")],
)
def test_a_key_in_a_table_may_stand_at_the_top_already(top: str, words: str) -> None:
    config = f'{{ "name": "a", "main": "i.ts", {top}"assets": {{ "directory": "p", "account_id": "a" }} }}'
    (message,) = said({"wrangler.json": config, "i.ts": "", "p/a.txt": ""}, "config-unknown-key")
    assert message.endswith(words)
