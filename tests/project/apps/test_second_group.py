"""What the fixtures of OpenNext, Astro, Vite, RedwoodSDK, HonoX and Waku do not show: what is no app."""

from __future__ import annotations

import pytest

from cflint.project.apps.closure import border_of
from cflint.project.apps.kind import Target
from cflint.project.apps.realms import Realm
from cflint.project.files.workspace import Workspace
from cflint.project.workers.loaded import Loaded
from cflint.project.workers.loading import load
from cflint.project.workers.preferences import no_preferences
from cflint.source import Document

_WRANGLER = b'{ "name": "a", "main": "src/worker.ts", "compatibility_date": "2026-08-20" }'
_PLAIN = b"export default { fetch: () => new Response() };"


def _loaded(**files: str | bytes) -> Loaded:
    found = {
        name.replace("__", "/"): it.encode() if isinstance(it, str) else it for name, it in files.items()
    }
    return load(Workspace.in_memory(found), ("",), preferences=no_preferences)


def _kinds(files: dict[str, str | bytes]) -> list[str]:
    return [app.kind.id for app in _loaded(**files).project.realms.apps]


def test_open_next_is_seen_without_its_package_where_the_configuration_says_so() -> None:
    files: dict[str, str | bytes] = {
        "package.json": '{"scripts": {"b": "npx -p @opennextjs/cloudflare opennextjs-cloudflare build"}, '
        '"dependencies": {"next": "*"}}',
        "open-next.config.ts": "export default { default: {} };",
        "app/api/route.ts": "export const GET = () => new Response();",
        "wrangler.jsonc": '{ "name": "a", "main": ".open-next/worker.js" }',
    }
    (app,) = _loaded(**files).project.realms.apps
    assert (app.kind.id, "app/api/route.ts" in app.placed) == ("opennext", True)
    assert _kinds(files | {"wrangler.jsonc": '{ "name": "a", "main": "dist/worker.js" }'}) == []
    del files["wrangler.jsonc"]
    assert _kinds(files) == []


def _astro(config: str, version: str = "^13.0.0", **more: str | bytes) -> dict[str, str | bytes]:
    manifest = f'{{"dependencies": {{"astro": "*", "@astrojs/cloudflare": "{version}"}}}}'
    pages: dict[str, str | bytes] = {
        "src/pages/api.ts": "export const GET = () => new Response();",
        "wrangler.jsonc": '{ "name": "a", "compatibility_date": "2026-08-20" }',
    }
    return {"package.json": manifest, "astro.config.mjs": config, **pages, **more}


_ADAPTER = 'import cloudflare from "@astrojs/cloudflare";\n'


def test_an_adapter_that_is_imported_and_not_used_makes_no_astro_app() -> None:
    assert _kinds(_astro(_ADAPTER + "export default { adapter: cloudflare() };")) == ["astro"]
    assert _kinds(_astro(_ADAPTER + "export default { site: 'https://a.example' };")) == []
    assert _kinds(_astro('import node from "@astrojs/node";\nexport default { adapter: node() };')) == []


def test_with_two_adapters_the_platform_of_an_astro_app_is_a_guess() -> None:
    both = (
        f'{_ADAPTER}import node from "@astrojs/node";\nexport default {{ adapter: pick(cloudflare, node) }};'
    )
    (app,) = _loaded(**_astro(both)).project.realms.apps
    assert app.target is Target.GUESSED


_NODE = 'import node from "@astrojs/node";\nexport default { adapter: node({ mode: "standalone" }) };'


def test_an_adapter_that_another_one_replaced_does_not_count() -> None:
    assert _kinds(_astro(_ADAPTER + _NODE)) == []
    back = f'import node from "@astrojs/node";\n{_ADAPTER}export default {{ adapter: cloudflare() }};'
    (app,) = _loaded(**_astro(back)).project.realms.apps
    assert app.target is Target.PROVED


@pytest.mark.parametrize(
    ("more", "local"),
    [
        ({}, "the app in its folder is built with @astrojs/node"),
        ({"astro.config.mjs": _ADAPTER + "export default { adapter: cloudflare() };"}, ""),
        ({"functions/api.ts": "export const onRequest = () => new Response();"}, ""),
        ({"wrangler.jsonc": _WRANGLER, "src/worker.ts": _PLAIN}, ""),
        ({"package.json": '{"scripts": {"deploy": "wrangler deploy"}, "dependencies": {"astro": "5",'
                          ' "@astrojs/cloudflare": "12"}}'}, ""),
    ],
)  # fmt: skip
def test_the_configuration_beside_an_app_for_another_platform_is_left_over(
    more: dict[str, str | bytes], local: str
) -> None:
    pages = '{ "name": "a", "compatibility_date": "2026-08-20", "pages_build_output_dir": "./dist" }'
    files = _astro(_ADAPTER + _NODE, **{"wrangler.jsonc": pages}) | more
    (config,) = _loaded(**files).configs
    assert config.deployment.local == local


def test_a_worker_of_its_own_beside_a_static_site_is_a_plain_one() -> None:
    files = _astro(_ADAPTER + "export default { adapter: cloudflare() };")
    files |= {"wrangler.jsonc": _WRANGLER, "src/worker.ts": _PLAIN}
    loaded = _loaded(**files)
    assert loaded.project.realms.apps == ()
    assert "src/worker.ts" in loaded.modules


@pytest.mark.parametrize(
    ("output", "said", "realm"),
    [
        ('output: "server", ', "", Realm.SERVER),
        ('output: "server", ', "export const prerender = true;", Realm.BUILD),
        ('output: "server", ', "export const prerender: boolean = true;", Realm.BUILD),
        ('output: "server", ', "export const prerender = import.meta.env.STATIC;", Realm.SERVER),
        ("", "", Realm.BUILD),
        ("", "export const prerender = false;", Realm.SERVER),
        ('output: "static", ', "// export const prerender = false;", Realm.BUILD),
        ("output: OUTPUT, ", "", Realm.BOTH),
        ("output: OUTPUT, ", "export const prerender = false;", Realm.SERVER),
    ],
)
def test_whether_an_astro_page_is_prerendered(output: str, said: str, realm: Realm) -> None:
    config = f"{_ADAPTER}export default {{ {output}adapter: cloudflare() }};"
    page = f"{said}\nexport const GET = () => new Response();"
    (app,) = _loaded(**_astro(config, **{"src/pages/api.ts": page})).project.realms.apps
    assert app.realm("src/pages/api.ts") is realm


def test_what_a_page_says_of_prerendering_is_a_border() -> None:
    config = f"{_ADAPTER}export default {{ adapter: cloudflare() }};"
    (app,) = _loaded(**_astro(config)).project.realms.apps

    def border(text: str) -> str:
        return border_of(Document("src/pages/api.ts", text.encode()), Realm.BUILD, app.borders)

    prerendered, rendered, unsaid = (
        border("export const prerender = true;"),
        border("export const prerender = false;"),
        border("export const other = 1;"),
    )
    assert len({prerendered, rendered, unsaid}) == 3


@pytest.mark.parametrize(("version", "implied"), [("^12.6.0", False), ("^13.0.0", True), ("latest", True)])
def test_bindings_that_the_adapter_of_astro_adds(version: str, implied: bool) -> None:
    config = f"{_ADAPTER}export default {{ adapter: cloudflare() }};"
    (app,) = _loaded(**_astro(config, version)).project.realms.apps
    assert ("SESSION" in app.implied) is implied
    assert "SESSION" in app.bindings


# -- Vite ---------------------------------------------------------------------------------------------------

_VITE = 'import { cloudflare } from "@cloudflare/vite-plugin";\nexport default { plugins: [cloudflare()] };'


def _vite(config: str = _VITE, **more: str | bytes) -> dict[str, str | bytes]:
    manifest = '{"devDependencies": {"@cloudflare/vite-plugin": "^1.0.0"}}'
    files: dict[str, str | bytes] = {"package.json": manifest, "vite.config.ts": config}
    return {**files, "wrangler.jsonc": _WRANGLER, "src/worker.ts": _PLAIN, **more}


def test_an_entry_that_a_framework_makes_is_not_that_of_a_page() -> None:
    assert _kinds(_vite()) == ["vite"]
    for plugin in ("@tanstack/react-start/plugin/vite", "@react-router/dev/vite", "rwsdk/vite", "vinext"):
        assert _kinds(_vite(f'import plugin from "{plugin}";\nplugin();\n{_VITE}')) == []
    assert _kinds(_vite("export default {};")) == []


def test_an_auxiliary_worker_is_a_worker_of_its_own() -> None:
    config = _VITE.replace(
        "cloudflare()", 'cloudflare({ auxiliaryWorkers: [{ configPath: "./mail/wrangler.jsonc" }] })'
    )
    mail = b'{ "name": "mail", "main": "index.ts", "compatibility_date": "2026-08-20" }'
    loaded = _loaded(**(_vite(config) | {"mail/wrangler.jsonc": mail, "mail/index.ts": _PLAIN}))
    assert {worker.name: worker.entries for worker in loaded.project.workers} == {
        "a": ("src/worker.ts",),
        "mail": ("mail/index.ts",),
    }
    assert [app.kind.id for app in loaded.project.realms.apps] == ["vite"]
    assert loaded.project.realms.of("mail/index.ts") is Realm.SERVER


def test_the_page_of_another_root_and_scripts_of_elsewhere() -> None:
    config = _VITE.replace("{ plugins", '{ root: "./web", plugins')
    page = b'<script type="module" src="./main.ts"></script><script src="https://cdn.example/a.js"></script>'
    files = _vite(config) | {"web/index.html": page, "web/main.ts": "fetch('/');", "main.ts": "fetch('/');"}
    (app,) = _loaded(**files).project.realms.apps
    assert app.realm("web/main.ts") is Realm.BROWSER
    assert app.realm("main.ts") is None


def test_a_type_that_the_browser_takes_from_the_entry_does_not_share_it() -> None:
    page = b'<script type="module" src="/src/page.ts"></script>'
    code = 'import { App } from "./worker";\nimport { one } from "./one";\nexport type A = App;\none();'
    worker = 'import { one } from "./one";\nimport { two } from "./two";\n' + _PLAIN.decode()
    files: dict[str, str | bytes] = {"src/page.ts": code, "src/worker.ts": worker, "index.html": page}
    files |= {"src/one.ts": "export const one = () => 1;", "src/two.ts": "export const two = 2;"}
    (app,) = _loaded(**(_vite() | files)).project.realms.apps
    assert app.realm("src/worker.ts") is Realm.SERVER
    assert app.realm("src/one.ts") is Realm.BOTH
    assert app.realm("src/two.ts") is Realm.SERVER


# -- others -------------------------------------------------------------------------------------------------


def test_honox_for_another_platform_is_none() -> None:
    manifest = '{"dependencies": {"honox": "^0.1.0"}}'
    wrangler = b'{ "name": "a", "main": "dist/index.js", "compatibility_date": "2026-08-20" }'

    def kinds(build: str) -> list[str]:
        config = f'import honox from "honox/vite";\nimport build from "{build}";\n'
        config += "export default { plugins: [honox(), build()] };"
        return _kinds({"package.json": manifest, "vite.config.ts": config, "wrangler.jsonc": wrangler})

    assert kinds("@hono/vite-build/cloudflare-workers") == ["honox"]
    assert kinds("@hono/vite-build/node") == []
    assert kinds("@hono/vite-build/deno") == []


def test_redwood_without_main_begins_at_its_own_entry() -> None:
    manifest = '{"dependencies": {"rwsdk": "^1.0.0"}}'
    config = 'import { redwood } from "rwsdk/vite";\nexport default { plugins: [redwood()] };'
    wrangler = b'{ "name": "a", "compatibility_date": "2026-08-20" }'
    files: dict[str, str | bytes] = {"package.json": manifest, "vite.config.mts": config}
    files |= {"wrangler.jsonc": wrangler, "src/worker.tsx": "export default {};"}
    (app,) = _loaded(**files).project.realms.apps
    assert app.realm("src/worker.tsx") is Realm.SERVER


def test_waku_with_an_entry_without_a_suffix() -> None:
    wrangler = b'{ "name": "a", "main": "./src/waku.server", "compatibility_date": "2026-08-20" }'
    files: dict[str, str | bytes] = {"package.json": '{"dependencies": {"waku": "^1.0.0"}}'}
    files |= {"wrangler.jsonc": wrangler, "src/waku.server.tsx": 'import "./job";', "src/job.ts": ""}
    (app,) = _loaded(**files).project.realms.apps
    assert (app.kind.id, app.target) == ("waku", Target.PROVED)
    assert app.realm("src/job.ts") is Realm.SERVER
