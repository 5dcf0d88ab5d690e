"""What pages say of frameworks, their own modules do: those of the build, and those that serve."""

# ruff: noqa: E501 (JavaScript in strings)

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from tests.support.fixture_cases import KNOWN
from tests.support.oracle_tools import converse, modules, needs_tools
from tests.support.workerd import files_of

pytestmark = [
    needs_tools(),
    pytest.mark.skipif(
        not ((modules() or Path()).parent / "frameworks/sveltekit").is_dir(),
        reason="the frameworks are not installed: run .ci/install-oracles",
    ),
]

ADAPT = """const adapter = (await load("sveltekit/index.js")).default();
    const builder = {
      config: { kit: { files: { assets: "static" }, paths: { base: "" } } }, routes: [],
      prerendered: { paths: [], redirects: new Map() },
      getBuildDirectory: (name) => `.svelte-kit/${name}`, getServerDirectory: () => ".svelte-kit/output/server",
      getAppPath: () => "_app", rimraf: (place) => fs.rmSync(place, { recursive: true, force: true }),
      mkdirp: (place) => fs.mkdirSync(place, { recursive: true }), writeClient: () => [], writePrerendered: () => [],
      generateManifest: () => "{}", copy: (from, to) => fs.cpSync(from, to) };
    await adapter.adapt(builder); """
"""What SvelteKit does with the adapter at the end of a build."""

OPENNEXT = 'globalThis[Symbol.for("__cloudflare-context__")] = '
ASTRO = """const { handle } = await load("astro12/dist/utils/handler.js"); globalThis.caches ??= {};
    globalThis.__ASTRO_SESSION_BINDING_NAME = "SESSION"; globalThis.__env__ = {};
    const KV = { get: async () => "kept", put() {}, delete() {}, list() {}, getWithMetadata() {} };
    const env = Object.fromEntries(config().kv_namespaces.map(({ binding }) => [binding, KV]));
    const serve = async (path, more = {}) => {
      const { GET } = await page(path);
      const app = { match: () => ({}), render: (request, { locals }) => GET({ request, locals, ...more }) };
      const response = await handle({ assets: new Set() }, app, new Request("https://w/"), env, { waitUntil() {} });
      return await response.text(); }; """
"""How version 12 of Astro's adapter hands a request to a page."""


@dataclass(frozen=True)
class Run:
    """What is run of a framework with the files of a page's examples: `fails` matches what it throws with the
    incorrect one, or `gives` is its value; `corrected` is that of the correct one. `says` are the page's words,
    and `files` are in the folder as well."""

    rule: str
    says: str
    code: str
    fails: str = ""
    gives: object = None
    corrected: object = "built"
    files: Mapping[str, str] = field(default_factory=dict)


FILES = [
    Run(
        "sveltekit-assets-incomplete",
        "the build stops with an error when `main` is there and one of the two is missing",
        f'{ADAPT} return "built";',
        "assets.binding",
    ),
    Run(
        "sveltekit-misplaced-pages-file",
        "the build stops with an error when one lies in the folder of assets",
        f'{ADAPT} return "built";',
        "The _headers file should be placed in the project root",
    ),
    Run(
        "sveltekit-main-is-source",
        "writes its Worker to the file that `main` names, and removes what is there before",
        f'{ADAPT} return fs.readFileSync("src/worker.ts", "utf8").includes("./room");',
        gives=False,
        corrected=True,
        files={"src/worker.ts": 'export { Room } from "./room";'},
    ),
    Run(
        "opennext-assets-routing",
        "then stops the build unless `html_handling` is `none` and `not_found_handling` is `none` or `404-page`",
        """const { ensureAssetsConfig } = await load("opennext/dist/cli/build/utils/ensure-assets-config.js");
            ensureAssetsConfig(config().assets); return "built";""",
        "When `run_worker_first` is enabled",
    ),
    Run(
        "opennext-cache-binding-missing",
        "the `deploy` and `preview` of it stop with an error when they fill the cache",
        """const { populateCache } = await load("opennext/dist/cli/commands/populate-cache.js");
            const chosen = (await page("open-next.config.ts")).default;
            await populateCache({ outputDir: "." }, chosen, config(), { target: "local" }, {}); return "built";""",
        'No R2 binding "NEXT_INC_CACHE_R2_BUCKET" found!',
    ),
    Run(
        "opennext-self-reference-missing",
        "revalidate a page by a request that the Worker sends to itself, through a service binding of that name",
        f"""const sent = []; const services = (config().services ?? []).map(({{ binding }}) => [binding, {{
              async fetch(url) {{ sent.push(url); return new Response("", {{ headers: {{ "x-nextjs-cache": "REVALIDATED" }} }}); }} }}]);
            {OPENNEXT} {{ env: Object.fromEntries(services) }};
            const queue = (await load("opennext/dist/api/overrides/queue/memory-queue.js")).default;
            await queue.send({{ MessageBody: {{ host: "a.example", url: "/old" }}, MessageDeduplicationId: "a" }}); return sent;""",
        "No service binding for cache revalidation worker",
        corrected=["https://a.example/old"],
    ),
    Run(
        "vite-auxiliary-missing-main",
        "For an auxiliary Worker whose configuration has no `main` the plugin throws, and neither `vite dev` nor `vite build` runs",
        """const [plugin] = (await page("vite.config.ts")).default.plugins.flat();
            const run = plugin.config.handler ?? plugin.config;
            await run.call({ meta: {}, warn() {} }, { root: process.cwd() }, { command: "build", mode: "production" }); return "built";""",
        "No 'main' field provided in '.*/mail/wrangler.jsonc'",
    ),
]
"""Of configurations and of where files lie."""

CODE = [
    Run(
        "astro-session-binding-missing",
        'Without the binding each read or write of a session throws "Invalid binding"',
        f"""{ASTRO} const driver = (await load("unstorage/drivers/cloudflare-kv-binding.mjs")).default({{ binding: "SESSION" }});
            return await serve("src/pages/cart.ts", {{ session: {{ get: (key) => driver.getItem(key) }} }});""",
        "Invalid binding `SESSION`",
        corrected='"kept"',
    ),
    Run(
        "sveltekit-platform-in-prerendered",
        'gives a prerenderable route a `platform.env` each member of which throws "Cannot access platform.env.NAME in a prerenderable route"',
        """const { load: run, prerender = false } = await page("src/routes/+page.server.ts");
            const emulated = (await load("sveltekit/index.js")).default().emulate();
            return await run({ platform: await emulated.platform({ prerender, config: {} }) });""",
        "Cannot access platform.env.NOTES in a prerenderable route",
        corrected={"all": None},
    ),
    Run(
        "opennext-context-top-level",
        "No Worker runs then, and `getCloudflareContext()` of `@opennextjs/cloudflare` throws an error",
        f"""{OPENNEXT} undefined; globalThis.__NEXT_DATA__ = {{ nextExport: true }};
            const {{ GET }} = await page("app/api/cart/route.ts");
            {OPENNEXT} {{ env: {{ CARTS: {{ get: async () => "cart" }} }} }}; return await (await GET()).json();""",
        "`getCloudflareContext` has been called in sync mode",
        corrected="cart",
    ),
    Run(
        "astro-pass-through-throws",
        'throws "`passThroughOnException` is currently not available in Cloudflare Pages", on Workers as well',
        f'{ASTRO} return await serve("src/pages/visits.ts");',
        "`passThroughOnException` is currently not available in Cloudflare Pages",
        corrected="none yet",
    ),
    Run(
        "astro-runtime-in-prerendered",
        "A binding is undefined, the call of a method of it throws a TypeError, and the build stops",
        """const adapter = await load("astro12/dist/entrypoints/middleware.js"); const own = await page("src/middleware.ts");
            const context = { isPrerendered: true, locals: {} };
            return await adapter.onRequest(context, () => own.onRequest(context, async () => "page"));""",
        "^TypeError: Cannot read properties of undefined",
        corrected="page",
    ),
    Run(
        "astro-runtime-removed",
        "reading `env`, `cf`, `caches` or `ctx` of `locals.runtime` throws an error that names what replaces it",
        """const { createLocals } = await load("astro14/dist/utils/cf-helpers.js"); globalThis.bindings = { VISITS: { get: async () => "three" } };
            const { GET } = await page("src/pages/visits.ts"); return await (await GET({ locals: createLocals({}) })).text();""",
        "Astro.locals.runtime.env has been removed in Astro v6",
        corrected="three",
    ),
    Run(
        "nitro-binding-at-top-level",
        'look for a binding that the first request brings, and throw "Missing Cloudflare … binding"',
        """globalThis.hubDatabase = (await load("nuxthub/dist/runtime/database/server/utils/database.js")).hubDatabase;
            globalThis.defineNitroPlugin = (plugin) => plugin; delete globalThis.__env__; let hook;
            (await page("server/plugins/visits.ts")).default({ hooks: { hook: (name, run) => { hook = run; } } });
            const said = []; globalThis.__env__ = { DB: { prepare: (text) => ({ run: async () => said.push(text) }) } };
            await hook(); delete globalThis.__env__; return said;""",
        "Missing Cloudflare DB binding",
        corrected=["INSERT INTO visits DEFAULT VALUES"],
    ),
    Run(
        "rwsdk-request-info-top-level",
        "When a module loads there is none: its members are undefined",
        """fs.renameSync("src/home.tsx", "src/home.ts"); const { home } = await page("src/home.ts");
            const { runWithRequestInfo } = await load("rwsdk/dist/runtime/requestInfo/worker.js");
            const response = runWithRequestInfo({ request: new Request("https://w/notes") }, home); return await response.text();""",
        "^TypeError: Cannot read properties of undefined \\(reading 'url'\\)",
        corrected="/notes",
    ),
    Run(
        "sveltekit-platform-in-universal-load",
        "its event has no `platform`: reading `platform.env` throws a TypeError",
        """globalThis.__SVELTEKIT_SERVER_TRACING_ENABLED__ = false;
            const { load_data, load_server_data } = await load("kit/src/runtime/server/page/load_data.js");
            const platform = { env: { NOTES: { get: async () => "kept" } } };
            const event = { url: new URL("https://w/"), params: {}, route: { id: "/" }, platform, tracing: {} };
            const given = { event, event_state: {}, state: {}, parent: async () => ({}) };
            if (fs.existsSync("src/routes/+page.ts")) {
              const node = { universal: await page("src/routes/+page.ts"), universal_id: "src/routes/+page.ts" };
              return await load_data({ ...given, node, server_data_promise: null, fetched: [], resolve_opts: {}, csr: true }); }
            const node = { server: await page("src/routes/+page.server.ts"), server_id: "src/routes/+page.server.ts" };
            return (await load_server_data({ ...given, node })).data;""",
        "^TypeError: Cannot read properties of undefined \\(reading 'env'\\)",
        corrected={"all": "kept"},
    ),
]
"""Of code."""

RUNS = [*FILES, *CODE]


@cache
def answered() -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """What the frameworks did with the incorrect and the correct example of each page."""
    with TemporaryDirectory() as base:
        asked = []
        for number, run in enumerate(RUNS):
            for heading in ("Incorrect", "Correct"):
                folder = Path(base).resolve() / f"{number}-{heading}"
                named = {path: text for path, text in files_of(run.rule, heading).items() if path}
                for path, text in {**run.files, **named}.items():
                    place = folder / path
                    place.parent.mkdir(parents=True, exist_ok=True)
                    place.write_text(text)
                asked.append({"folder": str(folder), "code": run.code})
        answers: Any = list(converse("frameworks.mjs", asked))
    return list(zip(answers[::2], answers[1::2], strict=True))


@pytest.mark.parametrize("run", RUNS, ids=lambda run: run.rule)
def test_page_and_framework(run: Run) -> None:
    assert run.says in " ".join(KNOWN[run.rule].page.split()), "the page says it"
    wrong, right = answered()[RUNS.index(run)]
    if run.fails:
        assert re.search(run.fails, str(wrong.get("error"))), wrong
    else:
        assert wrong == {"value": run.gives}
    assert right == {"value": run.corrected}
