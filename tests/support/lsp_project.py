"""A small project for tests of the server: two modules, a configuration, findings in all of them."""

from __future__ import annotations

from pathlib import Path

CONFIG = """{
  "name": "chat",
  "main": "src/index.ts",
  "compatibility_date": "2026-01-01",
  "observability": { "enabled": true },
  "kv_namespaces": [{ "binding": "STORE", "id": "8f3a9c1d2e4b5a6f7081920a3b4c5d6e" }],
  "durable_objects": { "bindings": [{ "name": "ROOM", "class_name": "Room" }] },
  "migrations": [{ "tag": "v1", "new_sqlite_classes": ["Room"] }]
}
"""
WITHOUT_MIGRATION = CONFIG.replace(',\n  "migrations": [{ "tag": "v1", "new_sqlite_classes": ["Room"] }]', "")
INDEX = """export { Room } from "./room";

interface Env {
  STORE: KVNamespace;
  ROOM: DurableObjectNamespace;
}

export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const room = env.ROOM.getByName("a");
    env.STORE.put("seen", "1");
    return room.fetch(request);
  },
} satisfies ExportedHandler<Env>;
"""
ROOM = """import { DurableObject } from "cloudflare:workers";

export class Room extends DurableObject {
  async fetch(request: Request): Promise<Response> {
    if (request.headers.get("Upgrade") !== "websocket") return new Response(null, { status: 426 });
    const pair = new WebSocketPair();
    pair[1].accept();
    return new Response(null, { status: 101, webSocket: pair[0] });
  }
}
"""
FLOATING = "binding-floating-promise"
LEGACY = "ws-legacy-accept"
"""What is found in `INDEX` and in `ROOM`."""

FILES = {"wrangler.jsonc": CONFIG, "src/index.ts": INDEX, "src/room.ts": ROOM}


def write_project(folder: Path, files: dict[str, str] | None = None) -> Path:
    """Write the project, or other files, into a folder of its own repository."""
    (folder / ".git").mkdir(parents=True, exist_ok=True)
    for path, text in (FILES if files is None else files).items():
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(text.encode())
    return folder
