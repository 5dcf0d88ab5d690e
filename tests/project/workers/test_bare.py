"""Workers without a configuration, and what looks like them and runs elsewhere."""

from __future__ import annotations

import pytest

from cflint.project.workers.recognition import is_of_a_worker
from cflint.source import Document
from tests.support.projects import Files, found, loaded, report

LISTENER = 'addEventListener("fetch", (event) => event.respondWith(handle(event.request)));\n'
MODULE = (
    "export default { async fetch(request, env, ctx) { return new Response(await env.KV.get('a')); } };\n"
)
WRANGLER = '{"devDependencies": {"wrangler": "4.0.0"}}'
TYPES = '{"devDependencies": {"@cloudflare/workers-types": "4.0.0"}}'


def entries(files: Files, *paths: str) -> list[str]:
    workers = loaded(files, *paths).project.workers
    return sorted(entry for worker in workers if worker.config is None for entry in worker.entries)


@pytest.mark.parametrize(
    "files",
    [
        {"src/index.js": MODULE},
        {"src/index.ts": MODULE.replace("request, env, ctx", "req: Request, _env: Env")},
        {"src/index.ts": "const w = { fetch: async (request, env) => go(env) };\nexport default w;\n"},
        {"src/index.ts": "export { w as default };\nconst w = { fetch(a, env) { return b(env); } };\n"},
        {"src/index.js": "export default { fetch: app.fetch };\n", "package.json": WRANGLER},
        {
            "src/index.js": "export default { fetch() { return new Response('a'); } };\n",
            "package.json": TYPES,
        },
        {"src/index.js": LISTENER, "package.json": WRANGLER, "src/other.js": "1;\n"},
        {"src/index.js": "self." + LISTENER, "package.json": TYPES, "src/other.js": "1;\n"},
        {"src/index.js": LISTENER + "const cache = caches.default;\n", "src/other.js": "1;\n"},
        {"workers-site/index.js": LISTENER, "other.js": "1;\n"},
        {"worker.js": LISTENER},
        {"platform/fermyon.js": LISTENER + "// as in Cloudflare Workers\n", "package.json": WRANGLER},
        {"a/index.js": MODULE, "b/index.js": LISTENER + "new HTMLRewriter();\n"},
        {
            "a/wrangler.toml": 'main = "i.ts"\n',
            "a/i.ts": MODULE.replace("env.KV", "caches.default"),
            "b/index.js": MODULE,
        },
    ],
)
def test_what_is_a_worker(files: Files) -> None:
    expected = sorted(path for path, text in files.items() if "fetch" in text and path != "a/i.ts")
    assert entries(files) == expected
    assert not loaded(files).empty
    findings = {finding.rule for finding in report(files).findings}
    assert not {rule for rule in findings if rule.startswith(("binding-not", "env-binding", "config-"))}


@pytest.mark.parametrize(
    "text",
    [
        f"export const files = {{ main: `\n{MODULE}` }};\n",
        f"export const files = {{ main: `\n{LISTENER.replace('`', '')}` }};\n",
        f"/*\n{MODULE}*/\nexport const a = 1;\n",
        f"export default function program() {{ return `\n{MODULE}`; }}\n",
        "// a Worker has a fetch(request, env)\nexport default { a: 1 };\n",
        "export default { a: 'fetch(request, env)' };\n",
    ],
)
def test_a_program_that_holds_a_worker_as_text_is_none(text: str) -> None:
    assert entries({"src/templates.ts": text, "package.json": WRANGLER}) == []
    assert entries({"src/templates.ts": text + MODULE, "package.json": WRANGLER}) == ["src/templates.ts"]


ALCHEMY = 'import { Worker } from "alchemy/cloudflare";\nWorker("a", { entrypoint: "src/app.ts" });\n'
TERRAFORM = 'resource "cloudflare_workers_script" "a" {\n content = file("${path.module}/src/app.ts")\n}\n'
EDGEONE = '{"scripts": {"d": "edgeone pages deploy ./ -n app"}}'
FIREBASE = 'import { onRequest } from "firebase-functions/v2/https";\nexport const a = onRequest(go);\n'
BUN = "export default { port: 3000, fetch(request) { return Bun.file('a'); } };\n"
DENO = "export default { fetch(r) {} } satisfies Deno.ServeDefaultExport;\n"
INSTALLS = 'navigator.serviceWorker.register("/cached.js");\n'
BROWSER = [
    {"public/app.js": LISTENER, "package.json": WRANGLER},
    {"src/service-worker.js": LISTENER, "package.json": WRANGLER},
    {"src/sw.ts": LISTENER},
    {"src/firebase-messaging-sw.js": LISTENER},
    {"a.js": LISTENER + "self.addEventListener('install', () => self.skipWaiting());\n"},
    {"a.js": LISTENER + "importScripts('https://example.com/workbox.js');\n"},
    {"a.js": LISTENER + "event.respondWith(caches.match(event.request));\n"},
    {"a.js": LISTENER + "clients.claim();\n"},
    {
        "cached.js": LISTENER,
        "main.js": INSTALLS,
        "package.json": TYPES,
    },
    {"cached.js": LISTENER, "main.js": "render();\n"},
]
OTHERS = [
    {"server.ts": "export default { port: 3000, fetch: app.fetch };\n"},
    {
        "server.ts": BUN,
        "package.json": WRANGLER,
    },
    {
        "server.ts": DENO,
        "package.json": WRANGLER,
    },
    {"src/api.ts": "export default { get() { return fetch('/api'); } };\n", "package.json": WRANGLER},
    {"src/api.ts": "export default function load() { return fetch('/api'); }\n", "package.json": WRANGLER},
    {"src/x.test.ts": MODULE},
    {"tests/worker.ts": MODULE},
    {"src/x.d.ts": MODULE},
    {
        "scripts/query.mjs": "const script = `\n\texport default {\n\t\tfetch(request, env) {}\n\t}\n`;\n",
        "package.json": WRANGLER,
    },
    {"src/a.js": "target.addEventListener('fetch', go);\n", "package.json": WRANGLER},
]


@pytest.mark.parametrize("files", [*BROWSER, *OTHERS])
def test_what_is_none(files: Files) -> None:
    assert entries(files) == []


def test_where_a_configuration_lies_above_nothing_else_is_a_worker() -> None:
    files = {"wrangler.toml": 'name = "a"\nmain = "i.ts"\n', "i.ts": MODULE, "old/index.js": MODULE}
    assert entries(files) == []
    assert entries(files, "old") == [] and entries(files, "old/index.js") == []


def test_a_part_of_another_worker_is_none_of_its_own() -> None:
    files = {"index.js": 'import inner from "./inner.js";\n' + MODULE, "inner.js": MODULE}
    assert entries(files) == ["index.js"]


@pytest.mark.parametrize(
    "others",
    [
        {"package.json": '{"scripts": {"d": "wrangler deploy src/app.ts --name a"}}'},
        {"alchemy.run.ts": ALCHEMY},
        {"sst.config.ts": 'new sst.cloudflare.Worker("A", { handler: "src/app.ts" });\n'},
        {"main.tf": TERRAFORM},
    ],
)
def test_what_is_deployed_without_a_configuration(others: Files) -> None:
    files = {"src/app.ts": "import { Hono } from 'hono';\nexport default new Hono();\n", **others}
    assert entries(files) == ["src/app.ts"]


# -- Pages ----------------------------------------------------------------------------------------------

FUNCTION = "export async function onRequestGet({ env }) { return new Response(await env.KV.get('a')); }\n"


def functions(files: Files, *paths: str) -> list[str]:
    workers = loaded(files, *paths).project.workers
    return sorted({module for worker in workers for module in worker.modules if "functions/" in module})


@pytest.mark.parametrize(
    "text",
    [
        FUNCTION,
        "export const onRequest = [first, second];\n",
        "export const onRequestPost: PagesFunction<Env> = async () => new Response();\n",
        "async function handle() {}\nexport { handle as onRequest };\n",
    ],
)
def test_functions_of_pages(text: str) -> None:
    files = {
        "functions/api/[id].ts": text,
        "functions/helper.ts": "export const helper = 1;\n",
        "index.html": "",
    }
    assert functions(files) == ["functions/api/[id].ts"]
    assert functions({f"site/{path}": text for path, text in files.items()}) == ["site/functions/api/[id].ts"]
    assert not {rule for rule in found(files) if "binding" in rule}


def test_helpers_that_functions_import_are_reached() -> None:
    files = {
        "functions/a.js": 'import "./lib/b.js";\n' + FUNCTION,
        "functions/lib/b.js": "",
        "functions/c.js": "",
    }
    assert functions(files) == ["functions/a.js", "functions/lib/b.js"]


def test_functions_that_several_clouds_deploy() -> None:
    files = {"netlify.toml": "", "vercel.json": "{}", "functions/a.js": FUNCTION}
    assert functions(files) == []
    assert functions({**files, "wrangler.toml": 'name = "a"\n'}) == ["functions/a.js"]


BUNDLES = '{"scripts": {"build": "rm -rf dist && esbuild --bundle src/app.js --outfile=dist/_worker.js"}}'


def test_what_is_bundled_to_worker_js_is_the_worker() -> None:
    files = {
        "src/app.js": 'import { Hono } from "hono";\nimport "./part.js";\nexport default new Hono();\n',
        "src/part.js": "",
        "functions/a.js": FUNCTION,
    }
    assert entries({**files, "package.json": BUNDLES}) == ["src/app.js"]
    assert functions({**files, "package.json": BUNDLES}) == []
    of_pages = {**files, "wrangler.toml": 'name = "a"\npages_build_output_dir = "dist"\n'}
    (worker,) = loaded({**of_pages, "package.json": BUNDLES}).project.workers
    assert (worker.entries, worker.modules) == (("src/app.js",), ("src/app.js", "src/part.js"))
    other = BUNDLES.replace("_worker.js", "app.js")
    (worker,) = loaded({**of_pages, "package.json": other}).project.workers
    assert worker.modules == ("functions/a.js",)
    assert functions({**files, "package.json": other}) == ["functions/a.js"]


def test_a_default_export_in_functions_that_a_plugin_bundles() -> None:
    files = {
        "wrangler.toml": 'name = "a"\npages_build_output_dir = "dist"\n',
        "functions/index.ts": 'export { default } from "../src/api";\n',
        "src/api.ts": 'import { Hono } from "hono";\nexport default new Hono();\n',
    }
    (worker,) = loaded(files).project.workers
    assert (worker.entries, worker.modules) == (("functions/index.ts",), ("functions/index.ts", "src/api.ts"))
    (worker,) = loaded({**files, "functions/a.js": FUNCTION}).project.workers
    assert (worker.entries, worker.modules) == ((), ("functions/a.js",))
    (worker,) = loaded({**files, "functions/index.ts": "export const helper = 1;\n"}).project.workers
    assert worker.modules == ()


def test_functions_beside_the_configuration_of_a_worker() -> None:
    files = {"wrangler.toml": 'name = "a"\nmain = "w.ts"\n', "w.ts": MODULE, "functions/a.js": FUNCTION}
    assert functions(files) == ["functions/a.js"]
    of_pages = {"wrangler.toml": 'name = "a"\npages_build_output_dir = "dist"\n', "functions/a.js": FUNCTION}
    of_pages["functions/seed.js"] = 'import fs from "node:fs";\nfs.readFileSync("a");\n'
    (worker,) = loaded(of_pages).project.workers
    assert worker.config is not None and worker.modules == ("functions/a.js",)


@pytest.mark.parametrize("path", ["functions", "functions/api/a.js", "lib"])
def test_a_path_below_functions_is_the_same_worker_as_in_the_whole_project(path: str) -> None:
    files = {
        "wrangler.toml": 'name = "a"\n[[kv_namespaces]]\nbinding = "A"\nid = "1"\n',
        "functions/api/a.js": 'import "../../lib/b.js";\n' + FUNCTION,
        "lib/b.js": "",
    }
    (whole,) = loaded(files).project.workers
    (worker,) = loaded(files, path).project.workers
    assert worker.modules == whole.modules == ("functions/api/a.js", "lib/b.js")
    assert worker.config is not None and whole.config is not None
    assert worker.config.deployment == whole.config.deployment
    assert worker.config.deployment.open


@pytest.mark.parametrize(
    "files",
    [
        {"functions/index.js": "exports.a = require('firebase-functions').https.onRequest(go);\n"},
        {"functions/index.ts": FIREBASE},
        {"functions/index.js": FUNCTION, "firebase.json": "{}"},
        {"netlify.toml": "", "netlify/functions/a.js": "export default async () => new Response();\n"},
        {"netlify.toml": "", "functions/a.js": FUNCTION},
        {"functions/a.js": FUNCTION, "package.json": EDGEONE},
        {"supabase/functions/a/index.ts": "Deno.serve(() => new Response());\n"},
        {"supabase/functions/a/index.ts": FUNCTION},
        {"src/functions/math.ts": "export function add(a: number) { return a; }\n"},
        {"functions/a.test.js": FUNCTION},
        {"functions/a.d.ts": FUNCTION},
    ],
)
def test_functions_of_others(files: Files) -> None:
    assert functions(files) == []


def test_functions_of_two_clouds_are_of_pages_too() -> None:
    scripts = EDGEONE.replace('"}}', '", "c": "wrangler pages deploy public"}}')
    assert functions({"functions/a.js": FUNCTION, "package.json": scripts}) == ["functions/a.js"]


# -- what is said aside ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("files", "why"),
    [
        ({"wrangler.toml": 'name = "a"\n'}, "there is no `main`, and no deploy command names an entry"),
        ({"wrangler.toml": 'main = "a.ts"\n'}, "`main` (a.ts) is not there"),
        ({"wrangler.toml": 'main = "dist/a.js"\n'}, "`main` (dist/a.js) is made by a build"),
        ({"site/wrangler.toml": 'main = "../dist/a.js"\n'}, "`main` (dist/a.js) is made by a build"),
        ({"wrangler.toml": '[assets]\ndirectory = "x"\n'}, "the Worker has static assets alone"),
        (
            {"wrangler.toml": 'pages_build_output_dir = "x"\n'},
            "there is no `functions/` with a handler beside it",
        ),
    ],
)
def test_a_worker_without_modules_says_why(files: Files, why: str) -> None:
    notices = [notice.message for notice in report(files).notices]
    assert f"no code is checked: {why}" in notices
    assert not any("no code is checked" in notice.message for notice in report({"index.js": MODULE}).notices)


def test_a_file_that_no_worker_reaches() -> None:
    files = {
        "wrangler.toml": 'name = "a"\nmain = "i.ts"\n',
        "i.ts": MODULE,
        **{f"{n}.ts": "1;\n" for n in "abcd"},
    }
    (notice,) = (n for n in report(files, "a.ts").notices if "no Worker" in n.message)
    assert notice.message == "no Worker reaches it, so only its code was checked" and notice.path == "a.ts"
    assert not any("no Worker" in notice.message for notice in report(files, "i.ts").notices)
    (notice,) = (n for n in report(files, "a.ts", "b.ts", "c.ts", "d.ts").notices if "no Worker" in n.message)
    assert notice.message == "no Worker reaches 4 of the files, so only their code was checked"
    files = {"lib/a.ts": "export const a: KVNamespace = b;\n"}
    (notice,) = report(files).notices
    assert notice.message == "no Worker was found, so only code that uses the APIs of Workers was checked"


@pytest.mark.parametrize(
    ("code", "is_one"),
    [
        ("export const f = (ctx: ExecutionContext) => ctx;", True),
        (
            'import { ExecutionContext } from "@cloudflare/workers-types";\ntype F = ExecutionContext;',
            True,
        ),
        ('import type { ExecutionContext } from "./types";\ntype F = ExecutionContext;', True),
        (
            'import { CanActivate, ExecutionContext } from "@nestjs/common";\ntype F = ExecutionContext;',
            False,
        ),
        (
            'import { ExecutionContext } from "@nestjs/common";\nexport const f = (kv: KVNamespace) => kv;',
            True,
        ),
    ],
)
def test_a_type_of_another_package_is_none_of_workers(code: str, is_one: bool) -> None:
    assert is_of_a_worker(Document("guard.ts", code.encode())) is is_one


def test_what_is_left_out_of_other_tools_and_checkouts_is_said_once() -> None:
    copy = {f".claude/worktrees/{name}/src/index.js": MODULE for name in ("a", "b")}
    files = {"src/index.js": MODULE, "partykit.json": '{"main": "party/server.ts"}', **copy}
    said = [(notice.path, notice.message) for notice in loaded(files).notices]
    assert said == [
        (None, "skipped: in .claude/worktrees/ are other checkouts of the repository"),
        ("partykit.json", "PartyKit projects are not read: their server is not checked"),
    ]


@pytest.mark.parametrize(
    "files",
    [
        {"platform/fermyon.ts": LISTENER + "type Event = FetchEvent;\n"},
        {"src/index.js": "// runs in WinterJS\n" + LISTENER},
        {"wasmer/index.js": LISTENER},
        {"src/deno.ts": "export default { fetch: app.fetch };\n"},
        {"vercel-entry/index.ts": "export default { fetch(request) { return answer(request); } };\n"},
    ],
)
def test_adapters_for_other_runtimes_are_no_workers(files: Files) -> None:
    assert entries({**files, "package.json": WRANGLER, "src/other.js": "1;\n"}) == []
