"""Apps of frameworks without a configuration: what proves that one is a Worker, and what does not."""

from __future__ import annotations

import pytest

from cflint.project.apps.realms import Realm
from tests.support.projects import Files, found, loaded, report

DROPPED = "fetch('https://example.com/');"


def package(*names: str, scripts: str = "{}") -> str:
    wanted = ", ".join(f'"{name}": "*"' for name in names)
    return f'{{"private": true, "scripts": {scripts}, "dependencies": {{{wanted}}}}}'


def one_of(adapters: tuple[str, ...]) -> str:
    """An expression that takes one of some adapters, which are imported as `a0`, `a1`, …"""
    return " || ".join(f"a{at}()" for at in range(len(adapters)))


def svelte(*adapters: str) -> Files:
    imports = "".join(f'import a{at} from "{name}";\n' for at, name in enumerate(adapters))
    return {
        "package.json": package("@sveltejs/kit", *adapters),
        "svelte.config.js": imports + f"export default {{ kit: {{ adapter: {one_of(adapters)} }} }};\n",
        "src/lib/db.ts": "export const all = (kv: KVNamespace) => kv.get('a');\n",
        "src/routes/+server.ts": (
            'import { all } from "$lib/db";\n'
            "export async function GET({ platform }) {\n"
            f"  {DROPPED}\n"
            "  platform.env.KV.put(crypto.randomUUID(), 'b');\n"
            "  return new Response(await all(platform.env.KV));\n}\n"
        ),
        "src/hooks.client.ts": DROPPED + "\n",
    }


def nuxt(preset: str, *more: str, scripts: str = "{}") -> Files:
    return {
        "package.json": package("nuxt", *more, scripts=scripts),
        "nuxt.config.ts": f"export default defineNuxtConfig({{ {preset} }});\n",
        "server/api/a.get.ts": (
            "export default defineEventHandler(async (event) => {\n"
            f"  {DROPPED}\n"
            "  event.context.cloudflare.env.KV.put(crypto.randomUUID(), 'b');\n  return 1;\n});\n"
        ),
        "app/plugins/a.client.ts": DROPPED + "\n",
    }


def astro(*adapters: str) -> Files:
    imports = "".join(f'import a{at} from "{name}";\n' for at, name in enumerate(adapters))
    return {
        "package.json": package("astro", *adapters),
        "astro.config.mjs": imports
        + f'export default {{ output: "server", adapter: {one_of(adapters)} }};\n',
        "src/pages/api.ts": (
            "export async function GET({ locals }) {\n"
            f"  {DROPPED}\n"
            "  locals.runtime.env.KV.put(crypto.randomUUID(), 'b');\n  return new Response();\n}\n"
        ),
    }


def router(vite: str, *packages: str) -> Files:
    return {
        "package.json": package("react-router", "@react-router/dev", *packages),
        "react-router.config.ts": "export default { ssr: true };\n",
        "vite.config.ts": vite,
        "app/routes.ts": (
            'import { index } from "@react-router/dev/routes";\nexport default [index("home.tsx")];\n'
        ),
        "app/home.tsx": (
            "export async function loader({ context }) {\n"
            f"  {DROPPED}\n"
            "  context.cloudflare.env.KV.put(crypto.randomUUID(), 'b');\n  return null;\n}\n"
            "export default function Home() { return null; }\n"
        ),
        "workers/app.ts": (
            'import { createRequestHandler } from "react-router";\n'
            'const handle = createRequestHandler(() => import("virtual:react-router/server-build"));\n'
            "export default {\n  fetch(request, env, ctx) {\n"
            "    return handle(request, { cloudflare: { env, ctx } });\n  },\n};\n"
        ),
    }


PLUGIN = (
    'import { cloudflare } from "@cloudflare/vite-plugin";\n'
    'import { reactRouter } from "@react-router/dev/vite";\n'
    "export default { plugins: [cloudflare({ config: { name: 'a' } }), reactRouter()] };\n"
)
PLAIN = (
    'import { reactRouter } from "@react-router/dev/vite";\nexport default { plugins: [reactRouter()] };\n'
)
CLOUDFLARE = "@sveltejs/adapter-cloudflare"


@pytest.mark.parametrize(
    ("files", "module", "title", "proof"),
    [
        (svelte(CLOUDFLARE), "src/routes/+server.ts", "SvelteKit", f"svelte.config.js imports {CLOUDFLARE}"),
        (
            nuxt('nitro: { preset: "cloudflare_pages" }'),
            "server/api/a.get.ts",
            "Nuxt",
            "its configuration names Cloudflare",
        ),
        (
            nuxt("", scripts='{"build": "NITRO_PRESET=cloudflare-module nuxt build"}'),
            "server/api/a.get.ts",
            "Nuxt",
            "its configuration names Cloudflare",
        ),
        (
            astro("@astrojs/cloudflare"),
            "src/pages/api.ts",
            "Astro",
            "astro.config.mjs imports @astrojs/cloudflare",
        ),
        (
            router(PLUGIN, "@cloudflare/vite-plugin"),
            "app/home.tsx",
            "React Router",
            "vite.config.ts imports @cloudflare/vite-plugin",
        ),
    ],
)
def test_an_app_that_proves_it_is_a_worker_of_which_no_binding_is_known(
    files: Files, module: str, title: str, proof: str
) -> None:
    (worker,) = loaded(files).project.workers
    assert worker.config is None and worker.app is not None and worker.app.kind.title == title
    assert worker.without_config == f"{title}, and {proof}"
    assert worker.app.realm(module) in (Realm.SERVER, Realm.BOTH) and module in worker.modules
    findings = [
        finding for finding in report(files).findings if finding.rule != "missing-exported-handler-type"
    ]
    found = {(finding.rule, finding.at.document.path) for finding in findings}
    # what the module calls on `env.KV` tells its kind
    assert found == {("binding-floating-promise", module), ("floating-promise", module)}
    browser = [path for path in files if ".client." in path]
    assert not set(browser) & set(loaded(files).modules)


def plain(wanted: str, **texts: str) -> Files:
    """An app of some packages; names of files have `__` for `/` and `_dot_` for `.`."""
    files = {name.replace("__", "/").replace("_dot_", "."): text for name, text in texts.items()}
    return {"package.json": wanted, **files}


HUB = '{"dependencies": {"nuxt": "^3.0.0", "@nuxthub/core": "^0.%s"}}'
NEXT = {
    "next_dot_config_dot_mjs": "export default {};\n",
    "app__api__a__route_dot_ts": "export const GET = 1;\n",
}
REMIX = {
    "vite_dot_config_dot_ts": 'import { vitePlugin as remix } from "@remix-run/dev";\n'
    "export default { plugins: [remix()] };\n",
    "app__root_dot_tsx": "export const loader = () => null;\nexport default () => null;\n",
}
ADAPTER = "@cloudflare/next-on-pages"


@pytest.mark.parametrize(
    ("files", "kinds"),
    [
        (
            {**svelte(CLOUDFLARE), "package.json": package("@sveltejs/kit", "@sveltejs/adapter-auto")},
            ["sveltekit"],
        ),
        (router(PLUGIN, "@react-router/serve"), ["react-router"]),
        (nuxt("", "nitro-cloudflare-dev"), ["nuxt"]),
        ({**nuxt(""), "package.json": HUB % "8.1"}, ["nuxt"]),
        ({**nuxt(""), "package.json": HUB % "10.1"}, []),
        (
            plain(package("next", ADAPTER, scripts='{"pages": "npx @cloudflare/next-on-pages"}'), **NEXT),
            ["next-on-pages"],
        ),
        (plain(package("next", ADAPTER), **NEXT), []),
        (plain(package("next", "@opennextjs/cloudflare"), **NEXT), []),
        (plain(package("@remix-run/dev", "@remix-run/cloudflare"), **REMIX), ["remix"]),
        (plain(package("@remix-run/dev", "@remix-run/cloudflare", "@remix-run/serve"), **REMIX), []),
        (plain(package("@remix-run/dev", "@remix-run/node"), **REMIX), []),
    ],
)
def test_what_else_proves_it(files: Files, kinds: list[str]) -> None:
    workers = loaded(files).project.workers
    assert [worker.app.kind.id for worker in workers if worker.app is not None] == kinds


def test_a_main_that_wraps_the_entry_belongs_to_the_app() -> None:
    (worker,) = loaded(router(PLUGIN, "@cloudflare/vite-plugin")).project.workers
    assert worker.entries == ("workers/app.ts",) and "workers/app.ts" in worker.modules


def test_the_aliases_of_the_app_hold() -> None:
    (worker,) = loaded(svelte(CLOUDFLARE)).project.workers
    assert "src/lib/db.ts" in worker.modules and not worker.unresolved


def test_an_adapter_that_is_left_behind_is_none() -> None:
    files = svelte(CLOUDFLARE)
    left = 'import node from "@sveltejs/adapter-node";\n'
    (worker,) = loaded(files | {"svelte.config.js": left + str(files["svelte.config.js"])}).project.workers
    assert worker.app is not None


ELSEWHERE = [
    svelte("@sveltejs/adapter-node"),
    svelte("@sveltejs/adapter-static"),
    svelte("@sveltejs/adapter-auto"),
    svelte(CLOUDFLARE, "@sveltejs/adapter-node"),
    {**svelte("@sveltejs/adapter-auto"), ".github/workflows/a.yml": "on: push\n"},
    nuxt('nitro: { preset: "static" }'),
    nuxt('nitro: { preset: "vercel" }', "nitro-cloudflare-dev"),
    nuxt("nitro: { preset: process.env.PRESET }", "nitro-cloudflare-dev"),
    nuxt("", "@nuxthub/core"),
    nuxt(""),
    nuxt("", scripts='{"a": "NITRO_PRESET=cloudflare nuxt build", "b": "NITRO_PRESET=vercel nuxt build"}'),
    astro("@astrojs/node"),
    astro("@astrojs/cloudflare", "@astrojs/vercel"),
    {
        **astro("@astrojs/cloudflare"),
        "astro.config.mjs": "export default { output: 'server' };\n",
    },
]


@pytest.mark.parametrize("files", ELSEWHERE)
def test_an_app_that_does_not_is_none(files: Files) -> None:
    assert loaded(files).project.workers == ()
    assert "floating-promise" not in found(files)


OTHER_PLUGIN = 'import netlify from "@netlify/vite-plugin-react-router";\n'
OTHER_PLUGIN_TOO = OTHER_PLUGIN + PLUGIN.replace("[", "[netlify(), ")


@pytest.mark.parametrize(
    ("vite", "packages"),
    [
        (PLAIN, ("@react-router/node", "@react-router/serve")),
        (PLAIN, ("@react-router/cloudflare", "@react-router/serve")),
        (OTHER_PLUGIN_TOO, ()),
    ],
)
def test_a_server_of_ones_own_beside_an_app_for_another_platform(
    vite: str, packages: tuple[str, ...]
) -> None:
    (worker,) = loaded(router(vite, *packages)).project.workers
    assert worker.app is None and worker.entries == ("workers/app.ts",)


@pytest.mark.parametrize("folder", ["tests/app", "fixtures/app", "node_modules/app", "dist"])
def test_an_app_that_is_no_product_is_none(folder: str) -> None:
    files = {f"{folder}/{path}": text for path, text in svelte(CLOUDFLARE).items()}
    assert loaded(files).project.workers == ()


def test_an_app_that_git_ignores_is_none() -> None:
    files = {f"old/{path}": text for path, text in svelte(CLOUDFLARE).items()}
    assert len(loaded(files).project.workers) == 1
    assert loaded({**files, ".gitignore": "old/\n"}).project.workers == ()


def test_each_package_is_an_app_of_its_own() -> None:
    files = {
        "package.json": '{"workspaces": ["apps/*"]}',
        **{f"apps/site/{path}": text for path, text in svelte(CLOUDFLARE).items()},
        **{f"apps/shop/{path}": text for path, text in nuxt('nitro: { preset: "cloudflare" }').items()},
        **{f"apps/node/{path}": text for path, text in svelte("@sveltejs/adapter-node").items()},
        "apps/api/wrangler.toml": 'name = "api"\nmain = "i.ts"\n',
        "apps/api/i.ts": "export default { fetch() { return new Response(); } };\n",
    }
    folders = {worker.app.folder if worker.app else None for worker in loaded(files).project.workers}
    assert folders == {None, "apps/site", "apps/shop"}
    assert len(loaded(files).project.workers) == 3
    (worker,) = loaded(files, "apps/shop").project.workers
    assert worker.app is not None and worker.app.folder == "apps/shop"
    (worker,) = loaded(files, "apps/site/src/routes/+server.ts").project.workers
    assert worker.app is not None and worker.app.folder == "apps/site"


@pytest.mark.parametrize("path", ["", "src", "src/routes/+server.ts"])
def test_with_a_configuration_it_is_one_worker(path: str) -> None:
    config = 'name = "a"\npages_build_output_dir = ".svelte-kit/cloudflare"\n'
    (worker,) = loaded({**svelte(CLOUDFLARE), "wrangler.toml": config}, path).project.workers
    assert worker.config is not None and worker.app is not None and not worker.without_config


def test_frameworks_are_not_loaded_without_a_package_that_names_one(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("a framework was looked for")

    monkeypatch.setattr("cflint.project.apps.registry.import_module", refuse)
    files = {"package.json": package("hono", "svelte"), "src/a.ts": "export const a = 1;\n"}
    assert loaded(files).empty
    with pytest.raises(AssertionError, match="looked for"):
        loaded(svelte(CLOUDFLARE))


@pytest.mark.parametrize("files", [astro("@astrojs/cloudflare"), svelte("@sveltejs/adapter-cloudflare")])
def test_a_configuration_that_git_ignores_is_none(files: Files) -> None:
    ignored = files | {".gitignore": "wrangler.toml\n", "wrangler.toml": 'name = "mine"\n'}
    (worker,) = loaded(ignored).project.workers
    assert worker.config is None
    assert worker.modules == loaded(files).project.workers[0].modules
    (named,) = loaded(ignored, "", "wrangler.toml").project.workers
    assert named.config is not None


def test_what_generated_code_imports() -> None:
    files = nuxt('nitro: { preset: "cloudflare_module" }') | {"app/app.config.ts": "export default {};\n"}
    (worker,) = loaded(files).project.workers
    assert worker.app is not None
    assert worker.app.placed["app/app.config.ts"].realm is Realm.BOTH
    client = {"src/client.ts": "export default {};\n"}
    (kit,) = loaded(svelte("@sveltejs/adapter-cloudflare") | client).project.workers
    assert "src/client.ts" not in kit.modules
    (kit,) = loaded(svelte("@sveltejs/adapter-cloudflare", "houdini") | client).project.workers
    assert "src/client.ts" in kit.modules


def test_a_worker_in_another_folder_wraps_the_build_of_an_app() -> None:
    app = {
        "package.json": package("wrangler").replace(
            '{"private"', '{"workspaces": ["app", "worker"], "private"'
        ),
        "app/package.json": package("@remix-run/dev", "@remix-run/cloudflare").replace(
            '{"private"', '{"name": "the-app", "main": "./build/index.js", "private"'
        ),
        "app/remix.config.js": "module.exports = {};\n",
        "app/app/root.tsx": "export const loader = ({ context }) => context.cloudflare.env.KV.get('a');\n",
        "worker/wrangler.toml": 'name = "a"\nmain = "src/index.ts"\ncompatibility_date = "2026-08-01"\n',
        "worker/package.json": package("@remix-run/cloudflare", "the-app"),
    }
    code = (
        'import { createRequestHandler } from "@remix-run/cloudflare";\nimport * as build from "%s";\n'
        "export default { fetch: (request, env) => createRequestHandler(build)(request, { env }) };\n"
    )
    for specifier in ("the-app", "../../app/build/index.js"):
        (worker,) = loaded(app | {"worker/src/index.ts": code % specifier}).project.workers
        assert worker.config is not None and worker.app is not None
        assert (worker.app.folder, worker.entries) == ("app", ("worker/src/index.ts",))
        assert set(worker.modules) == {"worker/src/index.ts", "app/app/root.tsx"}
    others = loaded(app | {"worker/src/index.ts": code % "another"}).project.workers
    assert [worker.app is None for worker in others] == [True, False]


@pytest.mark.parametrize("plugin", ["@hono/vite-cloudflare-pages", "@hono/vite-build/cloudflare-pages"])
def test_hono_that_vite_builds_for_pages(plugin: str) -> None:
    files = {
        "package.json": package("hono", plugin.removesuffix("/cloudflare-pages")),
        "wrangler.template.toml": 'name = "${NAME}"\ncompatibility_date = "2026-08-01"\n'
        'pages_build_output_dir = "./dist"\n',
        "vite.config.ts": f'import pages from "{plugin}";\n'
        "export default defineWorkersConfig(async ({ mode }) => {\n"
        "  if (mode === 'client') return { build: { rollupOptions: { input: './src/client.tsx' } } };\n"
        "  return { plugins: [pages()] };\n});\n",
        "src/index.tsx": 'import { routes } from "./routes";\nexport default routes;\n',
        "src/routes.ts": "export const routes = new Hono().get('/', (c) => c.text(c.env.A));\n",
        "src/client.tsx": DROPPED,
    }
    (worker,) = loaded(files).project.workers
    assert worker.config is not None and worker.app is not None
    assert set(worker.modules) == {"src/index.tsx", "src/routes.ts"}
    assert worker.app.placed["src/client.tsx"].realm is Realm.BROWSER
