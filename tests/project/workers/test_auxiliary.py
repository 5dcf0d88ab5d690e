"""Auxiliary Workers that a vite.config configures by itself: as in `cloudflare.config.ts`, or as of old."""

from __future__ import annotations

import pytest

from tests.support.projects import Files, found, loaded

CODE = 'export default { async fetch(request, env) { env.CACHE.put("a", "b"); return new Response(""); } };\n'
CONFIG = """
import { bindings, defineConfig, defineWorker } from "cf/config";
export const store = defineWorker({
  name: "store",
  compatibilityDate: "2026-08-01",
  entrypoint: "./store/index.ts",
  env: { CACHE: bindings.kv(), FILES: bindings.r2() },
});
export default defineConfig({
  worker: {
    name: "site",
    compatibilityDate: "2026-08-01",
    entrypoint: "./src/index.ts",
    env: { STORE: bindings.worker({ worker: store }) },
    observability: { enabled: true },
  },
});
"""
VITE = """
import { cloudflare } from "@cloudflare/vite-plugin";
import { defineConfig } from "vite";
import { store } from "./cloudflare.config.ts";
export default defineConfig(({ mode }) => ({
  plugins: [cloudflare({ auxiliaryWorkers: [{ config: store }] })],
}));
"""
FILES: Files = {
    "package.json": '{"devDependencies": {"@cloudflare/vite-plugin": "2.0.0-beta.12", "vite": "7"}}',
    "cloudflare.config.ts": CONFIG,
    "vite.config.ts": VITE,
    "src/index.ts": 'export default { fetch: () => new Response("") };\n',
    "store/index.ts": 'import { a } from "./a";\n' + CODE,
    "store/a.ts": "export const a = 1;\n",
}


def auxiliary(files: Files) -> list[tuple[tuple[str, ...], dict[str, str]]]:
    workers = loaded(files).project.workers
    return [(it.modules, dict(it.bound)) for it in workers if "auxiliary" in it.without_config]


def test_an_imported_worker() -> None:
    assert auxiliary(FILES) == [(("store/index.ts", "store/a.ts"), {"CACHE": "kv", "FILES": "r2"})]
    assert "binding-floating-promise" in found(FILES)


@pytest.mark.parametrize(
    ("given", "bindings"),
    [
        (
            '{ config: { name: "store", compatibilityDate: "2026-08-01", entrypoint: "store/index.ts",'
            ' env: { CACHE: { type: "kv" } } } }',
            {"CACHE": "kv"},
        ),
        (
            '{ config: { name: "store", main: "./store/index.ts", kv_namespaces: [{ binding: "CACHE" }],'
            ' queues: { producers: [{ binding: "JOBS", queue: "x" }] }, vars: { A: "b" } } }',
            {"CACHE": "kv", "JOBS": "queue", "A": "var"},
        ),
        ("{ config: own }", {"DB": "d1"}),
    ],
)
def test_one_that_is_written_there(given: str, bindings: dict[str, str]) -> None:
    own = (
        'const own = { name: "x", compatibilityDate: "2026-08-01", entrypoint: "store/index.ts",'
        ' env: { DB: { type: "d1" } } };\n'
    )
    text = VITE.replace("{ config: store }", given).replace("export default", own + "export default")
    assert auxiliary(FILES | {"vite.config.ts": text}) == [(("store/index.ts", "store/a.ts"), bindings)]


@pytest.mark.parametrize(
    "given",
    [
        "{ config: elsewhere() }",
        '{ configPath: "./store/wrangler.jsonc" }',
        "{ config: { name: 'x', entrypoint: './none.ts', compatibilityDate: '2026-08-01' } }",
        "...more",
        "{ config: undefined_name }",
    ],
)
def test_what_is_not_known_is_none(given: str) -> None:
    assert auxiliary(FILES | {"vite.config.ts": VITE.replace("{ config: store }", given)}) == []


def test_what_has_a_configuration_of_its_own_is_one_worker() -> None:
    files = FILES | {
        "store/cloudflare.config.ts": CONFIG.replace("./src/index.ts", "./index.ts"),
    }
    assert auxiliary(files) == []
