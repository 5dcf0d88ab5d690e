"""What a server imports before it forks, so that the processes have it."""

from __future__ import annotations

import contextlib

from cflint.fleet import examine
from cflint.project.files.workspace import Workspace
from cflint.rule import RuleSet

_PARTS = (
    *("dulwich.repo", "dulwich.objects", "dulwich.objectspec", "dulwich.pack", "dulwich.object_store"),
    *("dulwich.graph", "dulwich.refs", "dulwich.config", "urllib.parse", "hashlib"),
)


def warm_up() -> None:
    """Import the jobs, what they import where it is used, and all rules."""
    from importlib import import_module

    assert examine.JOBS
    for rule in RuleSet.discover(packages=False).values():
        _ = rule.module
    for name in _PARTS:
        with contextlib.suppress(ImportError):  # an extra, of which a job says that it is missing
            import_module(name)
    examine.examined(Workspace.in_memory({path: text.encode() for path, text in SAMPLE.items()}), [])


SAMPLE = {
    "package.json": '{"dependencies": {"hono": "^4"}, "devDependencies": {"wrangler": "^4"}}',
    "wrangler.jsonc": """{
  "name": "sample", "main": "src/index.ts", "compatibility_date": "2025-01-01", "vars": {"MODE": "on"},
  "kv_namespaces": [{"binding": "KV", "id": "0"}], "d1_databases": [{"binding": "DB", "database_name": "d"}],
  "durable_objects": {"bindings": [{"name": "ROOM", "class_name": "Room"}]},
  "migrations": [{"tag": "v1", "new_classes": ["Room"]}], "triggers": {"crons": ["* * * * *"]},
  "queues": {"producers": [{"binding": "Q", "queue": "q"}], "consumers": [{"queue": "q"}]},
  "env": {"staging": {"vars": {}}}
}
""",
    "src/index.ts": """import { DurableObject } from "cloudflare:workers";
import { Hono } from "hono";
import { helper } from "./helper";
const app = new Hono<{ Bindings: Env }>();
app.get("/:id", async (c) => {
  const { results } = await c.env.DB.prepare(`SELECT * FROM t WHERE id = ${c.req.param("id")}`).all();
  c.env.KV.put("key", JSON.stringify(results));
  return c.json(await fetch("https://example.com/").then((response) => response.json()));
});
export class Room extends DurableObject {
  constructor(state: DurableObjectState, env: Env) { super(state, env); this.ctx.storage.setAlarm(1); }
  async fetch(request: Request) {
    const [client, server] = Object.values(new WebSocketPair());
    server.accept();
    this.ctx.storage.sql.exec("SELECT 1");
    return new Response(null, { status: 101, webSocket: client });
  }
  async alarm() { try { await helper(this.env); } catch (error) { console.log(error); } }
}
export default {
  fetch: app.fetch,
  async scheduled(event, env: Env, ctx: ExecutionContext) { ctx.waitUntil(env.Q.send({})); },
  async queue(batch: MessageBatch, env: Env) { for (const message of batch.messages) message.ack(); },
};
""",
    "src/helper.ts": "export async function helper(env) { return env.KV.get('k') ?? Math.random(); }\n",
    "worker.py": "from js import Response\n\nasync def on_fetch(request):\n    return Response.new('x')\n",
}
"""A project that makes most of what is imported where it is used."""
