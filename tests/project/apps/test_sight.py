"""Which modules of an app are seen, and as what: folders called `test`, lists of routes, styles, types."""

from __future__ import annotations

import pytest

from cflint.project.apps.realms import Realm
from cflint.project.modules.type_modules import is_type_module
from cflint.project.workers.loaded import Loaded
from cflint.source import Document
from tests.support.projects import Files, found, loaded

ROUTER: Files = {
    "package.json": '{ "devDependencies": { "@react-router/dev": "7" } }',
    "react-router.config.ts": "export default {};",
    "wrangler.jsonc": '{ "name": "a", "main": "workers/app.ts", "compatibility_date": "2026-08-01" }',
    "vite.config.ts": 'import { cloudflare } from "@cloudflare/vite-plugin";\nexport default {};',
    "workers/app.ts": 'import "virtual:react-router/server-build";\n'
    "export default { fetch: () => new Response() };",
    "app/root.tsx": "export default () => null;",
}
ASTRO: Files = {
    "package.json": '{ "dependencies": { "astro": "5", "@astrojs/cloudflare": "12" } }',
    "astro.config.mjs": 'import cloudflare from "@astrojs/cloudflare";\n'
    'export default { output: "server", adapter: cloudflare() };',
    "wrangler.jsonc": '{ "name": "a", "main": "dist/_worker.js", "assets": { "directory": "dist" } }',
}
ENDPOINT = (
    "export const GET = async () => { try { return await a(); }\n"
    "catch (e) { return new Response(e.stack); } };\n"
)


def realms(project: Loaded) -> dict[str, Realm]:
    (app,) = project.project.realms.apps
    return {path: placed.realm for path, placed in app.placed.items()}


def test_a_route_may_be_called_test() -> None:
    files = ASTRO | {
        "src/pages/api/test/a.ts": ENDPOINT,
        "src/pages/api/a.test.ts": ENDPOINT,
        "src/pages/__tests__/a.ts": ENDPOINT,
        "tests/pages/a.ts": ENDPOINT,
    }
    project = loaded(files)
    assert "src/pages/api/test/a.ts" in project.modules
    assert realms(project).keys() & files.keys() == {"src/pages/api/test/a.ts", "astro.config.mjs"}
    assert not project.project.realms.is_test("src/pages/api/test/a.ts")
    assert project.project.realms.is_test("tests/pages/a.ts")
    assert "error-detail-leak" in found(files)


def test_a_function_of_pages_may_lie_in_a_folder_test() -> None:
    handler = ENDPOINT.replace("GET", "onRequest")
    for config in ({}, {"wrangler.toml": 'name = "a"\npages_build_output_dir = "dist"\n'}):
        files = {"functions/test/a.js": handler, "functions/a.test.js": handler} | config
        (worker,) = loaded(files).project.workers
        assert "functions/test/a.js" in worker.modules
        assert "error-detail-leak" in found(files)


def test_what_a_worker_imports_is_no_test_and_the_worker_of_a_test_is_one() -> None:
    config = 'name = "a"\nmain = "%s"\ncompatibility_date = "2026-08-01"\n'
    main = 'import { a } from "./test/a";\nexport default { fetch: () => a() };\n'
    files = {"wrangler.toml": config % "src/index.ts", "src/index.ts": main, "src/test/a.ts": ENDPOINT}
    assert "src/test/a.ts" in loaded(files).modules
    files = {
        "test/wrangler.toml": config % "a.ts",
        "test/a.ts": main.replace("./test/a", "./b"),
        "test/b.ts": ENDPOINT,
    }
    project = loaded(files)
    assert project.project.realms.is_test("test/b.ts")
    assert not project.modules


@pytest.mark.parametrize(
    ("code", "is_function"),
    [
        ("export const onRequest = f;", True),
        ("export const { onRequestGet, onRequestPost } = handlers;", True),
        ("export { handle as onRequestPut };", True),
        ("const onRequest = f;\nexport default onRequest;", False),
        ("export const onRequested = f;", False),
        ("\ufeffexport const onRequest = f;", True),
        ("  export function onRequestGet() {}", True),
    ],
)
def test_what_a_function_of_pages_is(code: str, is_function: bool) -> None:
    files = {"wrangler.toml": 'pages_build_output_dir = "dist"\nname = "a"\n', "functions/a.ts": code}
    (worker,) = loaded(files).project.workers
    assert bool(worker.modules) is is_function


def test_modules_that_list_routes_are_no_routes() -> None:
    files = ROUTER | {
        "app/routes.ts": 'import { index } from "@react-router/dev/routes";\n'
        'import { more } from "./routes/config";\nexport default [index("routes/home.tsx"), ...more];',
        "app/routes/config/index.ts": 'export { more } from "./auth";',
        "app/routes/config/auth.ts": 'import { route } from "@react-router/dev/routes";\n'
        'export const more = [route("in", "pages/in.tsx")];',
        "app/routes/home.tsx": "export default 1;",
        "app/routes/unlisted.tsx": "export default 1;",
        "app/pages/in.tsx": "export default 1;",
    }
    found = realms(loaded(files))
    assert {path for path, realm in found.items() if realm is Realm.BOTH and path.startswith("app/")} == {
        "app/root.tsx",
        "app/routes/home.tsx",
        "app/pages/in.tsx",
    }
    assert {found[path] for path in files if path.startswith("app/routes/config/")} == {Realm.BUILD}


def test_a_list_that_is_not_seen_leaves_all_routes() -> None:
    files = ROUTER | {
        "app/routes.ts": 'import { more } from "a-package";\nexport default more;',
        "app/routes/home.tsx": "export default 1;",
    }
    assert realms(loaded(files))["app/routes/home.tsx"] is Realm.BOTH


def test_styles_that_are_compiled_away_run_at_the_build() -> None:
    files = ROUTER | {
        "app/root.tsx": 'import { box } from "./root.css";\nexport default () => box;',
        "app/root.css.ts": 'import "./tokens";\nexport const box = style({});',
        "app/tokens.ts": "export const red = 1;",
    }
    found = realms(loaded(files))
    assert found["app/root.css.ts"] is found["app/tokens.ts"] is Realm.BUILD


def test_the_entry_that_a_build_of_vite_is_given_is_the_main() -> None:
    build = (
        "export default defineConfig(({ isSsrBuild }) => ({ build: { rollupOptions:\n"
        'isSsrBuild ? { input: "./workers/app.ts" } : undefined } }));'
    )
    config = '{ "name": "a", "main": "build/server/index.js", "triggers": { "crons": ["* * * * *"] } }'
    plugin = 'import { cloudflareDevProxy } from "@react-router/dev/vite/cloudflare";\n'
    files = ROUTER | {
        "wrangler.jsonc": config,
        "vite.config.ts": plugin + build,
    }
    project = loaded(files)
    (worker,) = project.project.workers
    assert worker.entries == ("workers/app.ts",)
    assert realms(project)["workers/app.ts"] is Realm.SERVER
    assert "trigger-without-handler" in found(files)
    assert loaded(files | {"vite.config.ts": "export default {};"}).project.workers[0].entries == ()


def test_what_the_browser_reaches_too_is_said_of_modules_of_the_server() -> None:
    files = ROUTER | {
        "app/root.tsx": 'import { a } from "./shared";\nexport default () => a;',
        "app/routes/api.ts": 'import { a } from "../shared";\nimport { b } from "../only";\n'
        "export const loader = () => a + b;",
        "app/shared.ts": 'import { deep } from "./deep";\nexport const a = deep;',
        "app/deep.ts": "export const deep = 1;",
        "app/only.ts": "export const b = 1;",
    }
    (app,) = loaded(files).project.realms.apps
    shared = {path: placed.shared for path, placed in app.placed.items() if placed.realm is Realm.SERVER}
    assert shared == {
        "workers/app.ts": False,
        "app/routes/api.ts": False,
        "app/shared.ts": True,
        "app/deep.ts": True,
        "app/only.ts": False,
    }
    assert app.placed["app/deep.ts"].label == "server, and in the browser, too"
    assert "(modules: 5 server, 1 both, 2 build; 2 of the server run in the browser, too)" in app.summary(
        lambda _: False
    )


@pytest.mark.parametrize(
    ("code", "alone"),
    [
        ("export interface A { b: string }\n", True),
        ('import type { X } from "x";\nimport { Y } from "y";\nexport type A = X | Y;\n', True),
        ("declare global {\n  interface Env { A: string }\n}\nexport {};\n", False),
        ("export type A = 1;\nexport const a: A = 1;\n", False),
        ('import "./effect";\nexport type A = 1;\n', False),
        ("export type A = 1;\nrun();\n", False),
        ("export enum A { B }\ntype C = 1;\n", False),
        ("", False),
    ],
)
def test_modules_of_types_alone(code: str, alone: bool) -> None:
    assert is_type_module(Document("a.ts", code.encode())) is alone


TWICE = (
    "export async function ask() {\n  const response = await fetch('https://a.example/b');\n"
    "  await response.json();\n  return response.text();\n}\n"
    "export const other = () => ask();\nexport const a = 1;\n"
)


@pytest.mark.parametrize(
    ("root", "route", "is_run"),
    [
        ("onClick={() => ask()}", "a", False),
        ("onClick={() => other()}", "a", False),
        ("title={a}", "a", False),  # nobody calls it
        ("onClick={() => ask()}", "ask()", True),
        ("title={a}", "other()", True),
        ("title={a}", "[ask]", True),
    ],
)
def test_what_only_the_browser_calls_of_a_shared_module_is_not_run(
    root: str, route: str, *, is_run: bool
) -> None:
    files = ROUTER | {
        "app/root.tsx": (
            'import { a, ask, other } from "./lib";\n'
            f"export default function Root() {{ return <p {root}>a</p>; }}\n"
        ),
        "app/routes.ts": 'import { route } from "@react-router/dev/routes";\n'
        'export default [route("api", "./routes/api.ts")];\n',
        "app/routes/api.ts": 'import { a, ask, other } from "../lib";\n'
        f"export const loader = async () => Response.json(await {route});\n",
        "app/lib/index.ts": 'export * from "./twice";\n',
        "app/lib/twice.ts": TWICE,
    }
    assert ("response-body-reuse" in found(files)) == is_run


@pytest.mark.parametrize(("url", "is_reported"), [("/api/b", False), ("https://a.example/b", True)])
def test_a_request_for_a_path_is_meant_for_the_browser(url: str, *, is_reported: bool) -> None:
    files = ROUTER | {
        "app/root.tsx": 'import { log } from "./log";\n'
        "export default function Root() { return <p onClick={() => log('a')}>a</p>; }\n",
        "app/routes.ts": 'import { route } from "@react-router/dev/routes";\n'
        'export default [route("api", "./routes/api.ts")];\n',
        "app/routes/api.ts": 'import { log } from "../log";\n'
        "export const loader = async () => { log('a'); return Response.json({}); };\n",
        "app/log.ts": "const queue = [];\nasync function flush() {\n"
        "  const body = JSON.stringify(queue.splice(0));\n"
        f"  try {{ await fetch('{url}', {{ method: 'POST', body }}); }} catch {{}}\n}}\n"
        "export function log(text) {\n  queue.push(text);\n  flush();\n}\n",
    }
    assert ("floating-promise" in found(files)) == is_reported
