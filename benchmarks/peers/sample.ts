// One mistake of each kind that the rule sets in this folder look for.
import { DurableObject } from "cloudflare:workers";
import { Client } from "pg";

interface Env {
  KV: KVNamespace;
  DB: D1Database;
}

const client = new Client({ connectionString: "postgres://localhost/db" });

export class Room extends DurableObject<Env> {
  open = 0;

  constructor(ctx: DurableObjectState, env: Env) {
    this.open = 1;
  }

  async fetch(request: Request): Promise<Response> {
    const [, server] = Object.values(new WebSocketPair());
    server.accept();
    server.addEventListener("message", () => server.close(1006, "gone"));
    this.ctx.storage.setAlarm(Date.now() + 1000);
    return new Response("no body", { status: 204 });
  }
}

export default {
  async fetch(request: Request, env: Env, ctx: ExecutionContext): Promise<Response> {
    const { waitUntil } = ctx;
    console.log(env);
    env.KV.put("seen", "yes");
    fetch("https://stats.example/hit");
    const stats = await fetch("/stats");
    const session = JSON.parse(await env.KV.get("session"));
    const token = Math.random().toString(36);
    const rows = await env.DB.prepare(`SELECT * FROM users WHERE id = ${session.id}`).all();
    request.headers.set("x-token", token);
    try {
      waitUntil(stats.text());
    } catch (error) {
      return new Response(error.message, { status: 500 });
    }
    return Response.json(rows);
  },

  async queue(batch: MessageBatch, env: Env): Promise<void> {
    batch.messages.forEach(async (message) => {
      await client.query("SELECT 1");
    });
  },
};
