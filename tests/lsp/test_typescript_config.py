"""The server in a project whose configuration is a `cloudflare.config.ts`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.lsp_client import place_in, serving
from tests.support.lsp_project import INDEX, ROOM, write_project

pytestmark = pytest.mark.asyncio

CONFIG = """import { bindings, defineConfig, exports } from "cf/config";
import { names } from "./names.ts";

export default defineConfig({
  worker: {
    name: "chat",
    entrypoint: "src/index.ts",
    compatibilityDate: "2026-01-01",
    observability: { enabled: true },
    env: {
      STORE: bindings.kv(),
      ROOM: bindings.durableObject({ worker: "chat", exportName: "Room" }),
      ...names,
    },
    exports: { Room: exports.durableObject({ storage: "sqlite" }) },
  },
});
"""
NAMES = 'export const names = { MODE: { type: "text", value: "a" } };\n'
UNDECLARED = "binding-not-declared"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    files = {
        "cloudflare.config.ts": CONFIG,
        "names.ts": NAMES,
        "src/index.ts": INDEX,
        "src/room.ts": ROOM,
        "package.json": '{ "type": "module" }',
    }
    return write_project(tmp_path / "chat", files)


async def test_edits_of_the_configuration_and_of_what_it_imports_are_followed(project: Path) -> None:
    async with serving(project) as client:
        client.open("src/index.ts", language="typescript")
        await client.until(lambda: "binding-floating-promise" in client.codes("src/index.ts"))
        assert UNDECLARED not in client.codes("src/index.ts")
        client.open("cloudflare.config.ts", CONFIG.replace("STORE:", "SHOP:"), language="typescript")
        await client.until(lambda: UNDECLARED in client.codes("src/index.ts"))
        client.open("names.ts", NAMES.replace("MODE:", "STORE:"), language="typescript")
        await client.until(lambda: UNDECLARED not in client.codes("src/index.ts"))
        client.rewrite("names.ts", NAMES)
        await client.until(lambda: UNDECLARED in client.codes("src/index.ts"))
        client.rewrite("cloudflare.config.ts", CONFIG.replace("worker: {", "worker: {{"))
        await client.until(lambda: client.codes("cloudflare.config.ts") == ["config-parse-error"])
        assert UNDECLARED not in client.codes("src/index.ts")
        client.rewrite("cloudflare.config.ts", CONFIG)
        await client.until(lambda: not client.codes("cloudflare.config.ts"))


async def test_definitions_lead_from_code_to_configuration_and_back(project: Path) -> None:
    async with serving(project) as client:
        for path in ("src/index.ts", "cloudflare.config.ts"):
            client.open(path, language="typescript")
        (at,) = await client.definition("src/index.ts", *place_in(INDEX, "env.STORE.put", 6))
        assert at == ("cloudflare.config.ts", place_in(CONFIG, "STORE")[0])
        for part, within in (('"Room"', 2), ("Room: exports", 1)):
            found = await client.definition("cloudflare.config.ts", *place_in(CONFIG, part, within))
            assert found == [("room.ts", 2)]
        found = await client.definition("cloudflare.config.ts", *place_in(CONFIG, "src/index.ts", 3))
        assert found == [("index.ts", 0)]
        assert await client.definition("cloudflare.config.ts", 0, 0) == []


async def test_hover_and_completion(project: Path) -> None:
    async with serving(project) as client:
        for path in ("src/index.ts", "cloudflare.config.ts"):
            client.open(path, language="typescript")
        page = await client.hover("src/index.ts", *place_in(INDEX, "env.ROOM.get", 6))
        assert page == (
            "**`env.ROOM`**: Durable Object namespace\n\n"
            "- `cloudflare.config.ts`, the configuration: class `Room`\n"
            "  - created by `worker.exports`, SQLite storage\n"
            "  - declared in `src/room.ts`"
        )
        offered = await client.complete("cloudflare.config.ts", *place_in(CONFIG, '"Room"', 3))
        assert list(offered) == ["Room"]
