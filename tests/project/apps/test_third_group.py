"""What the fixtures of React Router, Remix, TanStack Start, Qwik City, SolidStart and Angular do not show."""

from __future__ import annotations

import pytest

from cflint.project.apps.app import App
from cflint.project.apps.kind import Target
from cflint.project.apps.realms import Realm
from cflint.project.files.workspace import Workspace
from cflint.project.workers.loading import load
from cflint.project.workers.preferences import no_preferences
from tests.support.fixture_cases import KNOWN, run

Files = dict[str, str]

_ENTRY = 'import "virtual:react-router/server-build";\nexport default { fetch: () => new Response() };'
_PLUGIN = 'import { cloudflare } from "@cloudflare/vite-plugin";\n'
ROUTER: Files = {
    "package.json": '{ "devDependencies": { "@react-router/dev": "7" } }',
    "wrangler.jsonc": '{ "name": "a", "main": "worker.ts" }',
    "vite.config.ts": _PLUGIN + "export default { plugins: [cloudflare()] };",
    "worker.ts": _ENTRY,
    "app/root.tsx": "export default () => null;",
    "app/routes/home.tsx": "export default () => null;",
    "app/routes/deep/down/home.tsx": "export default () => null;",
    "app/routes/deep/route.tsx": "export default () => null;",
}
SOLID: Files = {
    "package.json": '{ "dependencies": { "@solidjs/start": "1" } }',
    "wrangler.jsonc": '{ "name": "a", "main": ".output/server/index.mjs" }',
    "app.config.ts": 'export default defineConfig({ server: { preset: "cloudflare-module" } });',
    "src/routes/api.ts": "export const GET = () => new Response();",
}
QWIK: Files = {
    "package.json": '{ "devDependencies": { "@builder.io/qwik-city": "1" } }',
    "wrangler.jsonc": '{ "name": "a", "main": "dist/_worker.js" }',
    "vite.config.ts": "export default { plugins: [qwikCity()] };",
    "src/entry.cloudflare-workers.tsx": "export const fetch = 1;",
    "src/routes/index.tsx": "export default 1;",
}
START: Files = {
    "package.json": '{ "dependencies": { "@tanstack/react-start": "1" } }',
    "wrangler.jsonc": '{ "name": "a", "main": "@tanstack/react-start/server-entry" }',
    "vite.config.ts": 'import { tanstackStart } from "@tanstack/react-start/plugin/vite";\n'
    + _PLUGIN
    + "export default { plugins: [cloudflare(), tanstackStart()] };",
    "src/routes/index.tsx": "export const Route = createFileRoute('/')({ component: () => null });",
}
_START_PLUGIN = 'import { tanstackStart } from "@tanstack/react-start/plugin/vite";\n'
REMIX: Files = {
    "package.json": '{ "dependencies": { "@remix-run/cloudflare": "2", "@remix-run/dev": "2" } }',
    "wrangler.jsonc": '{ "name": "a", "main": "build/index.js" }',
    "vite.config.ts": "export default { plugins: [remix()] };",
    "app/routes/_index.tsx": "export default 1;",
    "app/routes/deep/down/home.tsx": "export default 1;",
}


def _apps(files: Files) -> tuple[App, ...]:
    found = {name: text.encode() for name, text in files.items()}
    return load(Workspace.in_memory(found), ("",), preferences=no_preferences).project.realms.apps


def _realms(files: Files) -> dict[str, Realm]:
    (app,) = _apps(files)
    return {path: placed.realm for path, placed in app.placed.items()}


@pytest.mark.parametrize(
    ("files", "changed", "target"),
    [
        (ROUTER, {}, Target.PROVED),
        (ROUTER, {"vite.config.ts": "export default {};"}, Target.GUESSED),
        (ROUTER, {"worker.ts": "export default { fetch: () => new Response() };"}, None),
        (ROUTER, {"package.json": '{ "dependencies": { "react-router": "7" } }'}, None),
        (REMIX, {}, Target.PROVED),
        (REMIX, {"package.json": '{ "devDependencies": { "@remix-run/dev": "2" } }'}, None),
        (START, {}, Target.PROVED),
        (
            START,
            {"vite.config.ts": _START_PLUGIN + "export default { plugins: [tanstackStart()] };"},
            Target.GUESSED,
        ),
        (
            START,
            {
                "vite.config.ts": _START_PLUGIN
                + 'export default { plugins: [tanstackStart({ target: "netlify" })] };'
            },
            None,
        ),
        (
            START,
            {"vite.config.ts": _START_PLUGIN + 'tanstackStart();\nnitro({ preset: "cloudflare-module" });'},
            Target.PROVED,
        ),
        (QWIK, {}, Target.PROVED),
        (QWIK, {"src/entry.cloudflare-workers.tsx": "", "src/entry.express.tsx": ""}, Target.PROVED),
        (SOLID, {}, Target.PROVED),
        (SOLID, {"app.config.ts": 'export default defineConfig({ server: { preset: "static" } });'}, None),
        (
            SOLID,
            {"app.config.ts": "export default defineConfig({ server: { preset: PRESET } });"},
            Target.GUESSED,
        ),
    ],
)
def test_what_is_an_app_and_what_it_is_built_for(files: Files, changed: Files, target: Target | None) -> None:
    assert [app.target for app in _apps(files | changed)] == ([target] if target is not None else [])


def test_an_app_of_qwik_without_an_entry_for_cloudflare_is_none() -> None:
    files = dict(QWIK)
    del files["src/entry.cloudflare-workers.tsx"]
    assert _apps(files | {"src/entry.express.tsx": ""}) == ()


def test_an_app_of_qwik_is_a_worker_without_configuration_by_its_adapter() -> None:
    files = {path: text for path, text in QWIK.items() if path != "wrangler.jsonc"}
    assert [app.kind.id for app in _apps(files)] == ["qwik-city"]
    assert _apps(files | {"adapters/express/vite.config.ts": ""}) == ()


_ROUTES = 'import { index, layout, prefix, route } from "@react-router/dev/routes";\n'
_HOME, _DEEP, _DOWN = "app/routes/home.tsx", "app/routes/deep/route.tsx", "app/routes/deep/down/home.tsx"


@pytest.mark.parametrize(
    ("written", "found"),
    [
        (_ROUTES + 'export default [index("./routes/home.tsx")];', {_HOME}),
        (
            _ROUTES
            + 'export default [layout("routes/home.tsx", [route("d", "routes/deep/down/home.tsx")])];',
            {_HOME, _DOWN},
        ),
        (_ROUTES + "export default [route(PATH, FILE)];", {_HOME, _DEEP, _DOWN}),
        (
            'import { flatRoutes } from "@react-router/fs-routes";\nexport default flatRoutes();',
            {_HOME, _DEEP},
        ),
        (
            'import { flatRoutes } from "@react-router/fs-routes";\n'
            'flatRoutes({ rootDirectory: "routes/deep/down" });',
            {_DOWN},
        ),
        ('import { list } from "./more";\nexport default list();', {_HOME, _DEEP, _DOWN}),
    ],
)
def test_the_routes_that_a_list_names(written: str, found: set[str]) -> None:
    assert {
        path for path in _realms(ROUTER | {"app/routes.ts": written}) if path.startswith("app/routes/")
    } == found


def test_without_a_server_the_routes_run_in_the_browser_only() -> None:
    realms = _realms(ROUTER | {"react-router.config.ts": "export default { ssr: false };"})
    assert realms[_HOME] is realms["app/root.tsx"] is Realm.BROWSER
    assert realms["worker.ts"] is Realm.SERVER


def test_a_directory_that_is_computed_says_nothing() -> None:
    assert set(_realms(ROUTER | {"react-router.config.ts": "export default { appDirectory: APP };"})) == {
        "worker.ts"
    }


@pytest.mark.parametrize(
    ("text", "realm"),
    [
        ("export async function loader() {}", Realm.SERVER),
        ("export const action = async () => {};", Realm.SERVER),
        ('export { loader } from "./other";', Realm.SERVER),
        ("export function loader() {}\nexport default function Home() {}", Realm.BOTH),
        ("export function loader() {}\nfunction Home() {}\nexport { Home as default };", Realm.BOTH),
        ("export function loader() {}\nexport {\n  x,\n  Home as default,\n};", Realm.BOTH),
        ("export function loader() {}\nexport function clientLoader() {}", Realm.BOTH),
        ('export function loader() {}\nexport * from "./page";', Realm.BOTH),
        ("export const x = 1;", Realm.BOTH),
    ],
)
def test_a_route_of_which_the_browser_gets_nothing(text: str, realm: Realm) -> None:
    assert _realms(ROUTER | {_HOME: text})[_HOME] is realm


def test_remix_finds_routes_of_any_depth_when_they_are_computed() -> None:
    deep = "app/routes/deep/down/home.tsx"
    assert deep not in _realms(REMIX)
    assert deep in _realms(
        REMIX | {"vite.config.ts": "export default { plugins: [remix({ routes: list })] };"}
    )


@pytest.mark.parametrize(
    ("text", "realm"),
    [
        ("createFileRoute('/a')({ server: { handlers: {} } });", Realm.SERVER),
        ("createFileRoute('/a')({ server: { handlers: {} }, component: A });", Realm.BOTH),
        ("createFileRoute('/a')({ loader: a, server: {} });", Realm.BOTH),
        ("createFileRoute('/a')({ ...server });", Realm.BOTH),
    ],
)
def test_a_route_of_tanstack_that_has_nothing_but_server(text: str, realm: Realm) -> None:
    assert _realms(START | {"src/routes/a.ts": f"export const Route = {text}"})["src/routes/a.ts"] is realm


def test_helpers_among_the_routes_of_solid_start_are_no_routes() -> None:
    helper = {"src/routes/help.ts": "export const help = 1;"}
    assert "src/routes/help.ts" not in _realms(SOLID | helper)


ANGULAR: Files = {
    "package.json": '{ "dependencies": { "@angular/ssr": "22" } }',
    "wrangler.jsonc": '{ "name": "a", "main": "dist/server/server.mjs" }',
    "angular.json": '{ "ssr": { "entry": "src/server.ts", "experimentalPlatform": "neutral" } }',
    "src/server.ts": "export default {};",
}


@pytest.mark.parametrize(
    ("written", "targets"),
    [
        (ANGULAR["angular.json"], [Target.PROVED]),
        ('{ "options": { "ssr": { "entry": "src/server.ts" } } }', [Target.GUESSED]),
        ('{ "options": { "browser": "src/main.ts" } }', []),
        ("{", []),
    ],
)
def test_an_app_of_angular_has_a_server(written: str, targets: list[Target]) -> None:
    assert [app.target for app in _apps(ANGULAR | {"angular.json": written})] == targets


def test_effects_of_a_component_that_the_worker_reaches_are_not_judged() -> None:
    hook = """import { useEffect } from "react";
async function load() { await fetch("https://example.com/"); }
export function useUser() { useEffect(() => { load(); }, []); }
export async function user(context) { load(); }
"""
    files = ROUTER | {
        "app/routes/api.user.ts": 'import { user } from "../hooks";\n'
        "export async function loader({ context }) { await user(context); return Response.json({}); }\n",
        "app/hooks.ts": hook,
    }
    assert _realms(files)["app/hooks.ts"] is Realm.SERVER
    found = run({name: text.encode() for name, text in files.items()}, KNOWN.select(["floating-promise"]))
    assert [finding.at.document.line_of(finding.at.span.start) for finding in found.findings] == [4]
