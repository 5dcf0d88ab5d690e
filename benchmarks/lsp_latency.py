"""How long it takes from an edit to its diagnostics, measured as an editor sees it: through the protocol.

    python benchmarks/lsp_latency.py [--files 100] [--lines 2000] [--edits 40]

A project of so many modules is made in a temporary folder; one of them has so many lines and is edited.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.support.lsp_client import serving

CONFIG = """{
  "name": "big",
  "main": "src/index.ts",
  "compatibility_date": "2026-01-01",
  "observability": { "enabled": true },
  "kv_namespaces": [{ "binding": "CACHE", "id": "8f3a9c1d2e4b5a6f7081920a3b4c5d6e" }],
  "durable_objects": { "bindings": [{ "name": "ROOM", "class_name": "Room" }] },
  "migrations": [{ "tag": "v1", "new_sqlite_classes": ["Room"] }]
}
"""
ENV = "interface Env {\n  CACHE: KVNamespace;\n  ROOM: DurableObjectNamespace<Room>;\n}\n"
ROOM = """export class Room extends DurableObject<Env> {
  async fetch(request: Request): Promise<Response> {
    if (request.headers.get("Upgrade") !== "websocket") return new Response(null, { status: 426 });
    const pair = new WebSocketPair();
    pair[1].accept();
    return new Response(null, { status: 101, webSocket: pair[0] });
  }
}
"""
TYPING = 0.25
"""Seconds from one edit's diagnostics to the next edit."""

MAIN = """
export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    return new Response(await work0(env, "a"));
  },
} satisfies ExportedHandler<Env>;
"""


def _function(name: str, number: int) -> str:
    return f"""export async function {name}{number}(env: Env, key: string): Promise<string> {{
  const value = await env.CACHE.get(key + "{number}");
  const stub = env.ROOM.get(env.ROOM.idFromName(key));
  const response = await stub.fetch("https://room/" + key);
  const parts = [1, 2, 3].map((part) => part * {number});
  if (value === null) {{
    return response.text();
  }}
  return value + parts.join(",");
}}
"""


def make_project(root: Path, files: int, lines: int) -> str:
    """Write a project of so many modules, `src/index.ts` with so many lines; returns that module's text."""
    (root / "src").mkdir(parents=True)
    (root / ".git").mkdir()
    (root / "wrangler.jsonc").write_text(CONFIG)
    others = range(files - 1)
    parts = ['import { DurableObject } from "cloudflare:workers";\n']
    parts += [f'import {{ f{number} }} from "./m{number}";\n' for number in others]
    parts += [ENV, ROOM]
    size = sum(part.count("\n") for part in parts)
    number = 0
    while size < lines - MAIN.count("\n"):
        parts.append(_function("work", number))
        size += parts[-1].count("\n")
        number += 1
    text = "".join(parts) + MAIN
    (root / "src/index.ts").write_text(text)
    for number in others:
        body = "".join(_function(f"g{number}_", inner) for inner in range(8))
        own = f"export async function f{number}(env: Env): Promise<number> {{\n  return {number};\n}}\n"
        (root / f"src/m{number}.ts").write_text(f'import type {{ Room }} from "./index";\n{ENV}{own}{body}')
    return text


async def measure(folder: Path, text: str, edits: int) -> tuple[float, list[float], list[float]]:
    """Seconds from the start of the server to the first diagnostics of the open module, from each of so many
    edits in it to its first diagnostics, and from a few of them to those of the whole."""
    started = time.perf_counter()
    async with serving(folder) as client:
        client.open("src/index.ts", text)
        await client.until(lambda: client.found("src/index.ts") is not None, 120)
        first = time.perf_counter() - started
        await client.quiet(1.5)
        at_once: list[float] = []
        whole: list[float] = []
        middle = text.index("const parts", len(text) // 2)
        for number in range(edits):
            edited = text[:middle] + f"console.log({number});\n  " + text[middle:]
            before = len(client.published)
            began = time.perf_counter()
            version = client.rewrite("src/index.ts", edited)

            def told(times: int, before: int = before, version: int = version) -> bool:
                return sum(params.version == version for params in client.published[before:]) >= times

            await client.until(lambda told=told: told(1), 60)  # type: ignore[misc]
            at_once.append(time.perf_counter() - began)
            if number % 8 == 0:
                await client.until(lambda told=told: told(2), 60)  # type: ignore[misc]
                whole.append(time.perf_counter() - began)
            else:
                await asyncio.sleep(TYPING)
        return first, at_once, whole


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("--files", type=int, default=100)
    options.add_argument("--lines", type=int, default=2000)
    options.add_argument("--edits", type=int, default=40)
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "project"
        text = make_project(folder, given.files, given.lines)
        first, seconds, whole = asyncio.run(measure(folder, text, given.edits))
    ordered = sorted(seconds)
    sys.stdout.write(
        f"{given.files} modules, {text.count(chr(10))} lines in the edited one, {given.edits} edits\n"
        f"start to first diagnostics: {first * 1000:.0f} ms\n"
        f"edit to diagnostics: median {statistics.median(ordered) * 1000:.0f} ms, "
        f"90 % {ordered[int(len(ordered) * 0.9)] * 1000:.0f} ms, worst {ordered[-1] * 1000:.0f} ms\n"
        f"edit to the diagnostics of the whole: median {statistics.median(whole) * 1000:.0f} ms\n"
    )


if __name__ == "__main__":
    main()
