"""What the pages of rules about packages say, to be run in workerd with the packages."""

# ruff: noqa: E501 (JavaScript in strings)

from __future__ import annotations

from tests.support.workerd import Case

JSON = 'return await (await env.EXAMPLE.fetch("http://w/")).json();'
NODE = {"compatibilityFlags": ["nodejs_compat"]}


def ask(path: str) -> str:
    """An exercise: status and text of the answer at a path."""
    return f'const r = await env.EXAMPLE.fetch("http://w{path}"); return [r.status, await r.text()];'


UPLOAD = """const form = (type) => `--b\\r\\nContent-Disposition: form-data; name="file"; filename="a"\\r\\nContent-Type: ${type}\\r\\n\\r\\n<script>\\r\\n--b--\\r\\n`;
    const of = async (type) => {
      const body = form(type); const headers = { "Content-Type": "multipart/form-data; boundary=b", "Content-Length": `${body.length}`, Cookie: "session=a" };
      const made = await env.EXAMPLE.fetch("http://w/files", { method: "POST", headers, body });
      if (made.status !== 201) return made.status;
      const got = await env.EXAMPLE.fetch(`http://w/files/${await made.text()}`); await got.text();
      return got.headers.get("Content-Type"); };
    return [await of("text/html"), await of("image/png")];"""

BUILD = """export const routes = { root: { id: "root", path: "", module: { loader: () => Response.json("hello") } } };
    export const entry = { module: { default: () => new Response("page") } };
    export const assets = { entry: { imports: [], module: "" }, routes: { root: { id: "root" } }, url: "", version: "" };
    export const future = {}, basename = "/", publicPath = "/", assetsBuildDirectory = "", isSpaMode = false, ssr = true;
    export const prerender = [], routeDiscovery = { mode: "initial" };"""
"""What React Router's plugin makes of an app with one route."""

PACKAGE_CASES = [
    Case(
        "hono-not-found-mounted",
        ask("/api/none"),
        gives=[404, "404 Not Found"],
        says="a path that it does not know gets the answer of the app above",
        corrected=[404, '{"error":"no such path"}'],
    ),
    Case(
        "hono-response-not-returned",
        ask("/image"),
        gives=[200, "image undefined"],
        says="Without `return` the handler goes on as if nothing were said, and what it returns at its end is sent",
        corrected=[400, '{"error":"name is missing"}'],
    ),
    Case(
        "hono-response-not-returned",
        """const of = async (path) => { const r = await env.EXAMPLE.fetch(`http://w${path}`); return [r.status, await r.text()]; };
            return [await of("/alone"), await of("/behind/middleware")];""",
        gives=[
            [404, "404 Not Found"],
            [500, "Context is not finalized. Did you forget to return a Response object or `await next()`?"],
        ],
        says="or none, which Hono turns into a 404 or an error of its own",
        claim="""import { Hono } from "hono"; const app = new Hono(); app.use("/behind/*", async (c, next) => { await next(); });
            app.get("/alone", async (c) => { c.text("a"); }); app.get("/behind/*", async (c) => { c.text("a"); });
            app.onError((error, c) => c.text(error.message, 500)); export default app;""",
    ),
    Case(
        "thrown-response-caught",
        ask("/notes/none"),
        gives=[500, "try again later"],
        says="a 404 that was meant becomes whatever that `catch` answers, mostly a 500",
        corrected=[404, ""],
    ),
    Case(
        "auth-undefined-equals",
        ask("/admin"),
        gives=[200, "welcome"],
        says="the two are equal, and everybody who sends nothing is let in",
        corrected=[401, "no"],
    ),
    Case(
        "upload-content-type",
        UPLOAD,
        gives=["text/html", "image/png"],
        says="A page that is uploaded as `text/html` and served from your address is one of your pages",
        corrected=[415, "image/png"],
        r2=["FILES"],
    ),
    Case(
        "milliseconds-for-seconds",
        JSON,
        gives={"kv": [10, 0], "token": ["valid", "JwtTokenExpired"]},
        says="A lifetime of `1000 * 60 * 15` that is meant as 15 minutes is 10 days there, and one of a week lasts 19 years; a token with `exp: Date.now() + …` never expires",
        claim="""import { sign, verify } from "hono/jwt";
            export default { async fetch(request, env) {
              const kept = async (key, expirationTtl) => {
                await env.KV.put(key, "x", { expirationTtl });
                const { keys } = await env.KV.list({ prefix: key }); return Math.floor((keys[0].expiration - Date.now() / 1000) / 86_400); };
              const tried = async (exp) => {
                try { await verify(await sign({ exp }, "secret", "HS256"), "secret", "HS256"); return "valid"; } catch (error) { return error.name; } };
              const [before, later] = [Date.now() - 3_600_000, (Date.now() - 3_600_000) / 1000];
              return Response.json({ kv: [await kept("a", 1000 * 60 * 15 + 60), await kept("b", 60 * 15)],
                token: [await tried(before), await tried(Math.floor(later))] }); } };""",
        kv=["KV"],
    ),
    Case(
        "drizzle-column-not-migrated",
        """for (const text of $SQL) await env.DB.prepare(text).run();
            await env.DB.prepare("INSERT INTO users (name) VALUES ('ann')").run();
            const r = await env.EXAMPLE.fetch("http://w/"); return await r.json();""",
        gives=[{"id": 1, "name": "ann", "role": "role"}],
        says='each row of a `select()` says `role: "role"`',
        corrected=[{"id": 1, "name": "ann", "role": None}],
        d1=["DB"],
    ),
    Case(
        "drizzle-column-not-migrated",
        JSON,
        gives=["has no column named role", "no such column: role", "no such column: users.role"],
        says="What writes to the column, or compares it, fails",
        claim="""import { eq } from "drizzle-orm"; import { drizzle } from "drizzle-orm/d1"; import { integer, sqliteTable, text } from "drizzle-orm/sqlite-core";
            const users = sqliteTable("users", { id: integer("id").primaryKey(), name: text("name").notNull(), role: text("role") });
            export default { async fetch(request, env) {
              await env.DB.exec("CREATE TABLE users (id integer PRIMARY KEY NOT NULL, name text NOT NULL)");
              const db = drizzle(env.DB);
              const all = [db.insert(users).values({ name: "bob" }), db.update(users).set({ role: "x" }), db.select().from(users).where(eq(users.role, "x"))];
              const of = async (query) => { try { await query; return "done"; } catch (error) {
                return /has no column named \\w+|no such column: [\\w.]+/.exec(error.cause.message)[0]; } };
              return Response.json(await Promise.all(all.map(of))); } };""",
        d1=["DB"],
    ),
    Case(
        "drizzle-timestamp-mode",
        JSON,
        gives={"ms": [True, False], "s": [True, False]},
        says="a column in milliseconds says January 1970. `CURRENT_TIMESTAMP` is text: a column in seconds becomes an `Invalid Date`",
        claim="""import { sql } from "drizzle-orm"; import { drizzle } from "drizzle-orm/d1"; import { integer, sqliteTable, text } from "drizzle-orm/sqlite-core";
            const table = (name, mode, given) => sqliteTable(name, { id: text("id").primaryKey(), at: integer("at", { mode }).notNull().default(given) });
            export default { async fetch(request, env) {
              const db = drizzle(env.DB);
              const of = async (name, mode, given) => {
                await env.DB.exec(`CREATE TABLE ${name} (id text PRIMARY KEY, at integer NOT NULL DEFAULT ${given})`);
                const one = table(name, mode, sql.raw(given)); await db.insert(one).values({ id: "a" });
                return (await db.select().from(one))[0].at; };
              const past = (at) => at.getUTCFullYear() === 1970 && at.getUTCMonth() === 0;
              return Response.json({
                ms: [past(await of("a", "timestamp_ms", "(unixepoch())")), past(await of("b", "timestamp_ms", "(unixepoch() * 1000)"))],
                s: [Number.isNaN(+(await of("c", "timestamp", "CURRENT_TIMESTAMP"))), Number.isNaN(+(await of("d", "timestamp", "(unixepoch())")))] }); } };""",
        d1=["DB"],
    ),
    Case(
        "rr-context-not-provider",
        'return (await env.EXAMPLE.fetch("http://w/")).status;',
        gives=500,
        says="each request is answered with status 500",
        corrected=200,
        logs="Invalid `context` value provided to `handleRequest`",
        path="workers/app.ts",
        stubs={"virtual:react-router/server-build": BUILD},
        alone=True,
    ),
]

AGENT_CASES = [
    Case(
        "agent-connection-accept",
        """const r = await env.OBJECT.getByName("a").fetch("http://w/", { headers: { Upgrade: "websocket" } });
            if (r.webSocket === null) return r.status;
            r.webSocket.accept(); return await new Promise((done) => {
              const said = []; r.webSocket.addEventListener("message", ({ data }) => { said.push(data); if (data === "welcome") done("welcome"); });
              r.webSocket.addEventListener("close", ({ code }) => done(code)); setTimeout(() => done(said), 2000); });""",
        gives=1011,
        logs=r"Can't accept\(\) WebSocket after enabling hibernation",
        says='A second `accept()` throws: "Can\'t accept() WebSocket after enabling hibernation"',
        corrected="welcome",
        objects={"OBJECT": "Chat"},
        more=NODE,
        alone=True,
    ),
    Case(
        "agent-on-state-update",
        'return await env.OBJECT.getByName("a").test();',
        "Cannot override both onStateChanged and onStateUpdate",
        "A class that has both throws",
        claim="""import { Agent } from "agents";
            export class Counter extends Agent { initialState = { count: 0 }; onStateUpdate() {} onStateChanged() {}
              async test() { this.setState({ count: 1 }); await scheduler.wait(100); return this.state.count; } }""",
        objects={"OBJECT": "Counter"},
        more=NODE,
    ),
    Case(
        "agent-schedule-callback",
        'return await env.OBJECT.getByName("a").test();',
        "Callback must be a string",
        "they take a string, and throw",
        ["ring"],
        main="""import { Reminder } from "./page.mjs";
            export class Probe extends Reminder { async test() { await this.remind(); return this.getSchedules().map(({ callback }) => callback); } }""",
        objects={"OBJECT": "Probe"},
        more=NODE,
    ),
    Case(
        "agent-schedule-callback",
        'return await env.OBJECT.getByName("a").test();',
        'Unknown scheduled callback "tock"',
        "throw when the Agent has no method of that name",
        claim="""import { Agent } from "agents";
            export class Reminder extends Agent { async test() { await this.schedule(60, "tock"); } }""",
        objects={"OBJECT": "Reminder"},
        more=NODE,
    ),
    Case(
        "agent-state-mutation",
        """const stub = env.OBJECT.getByName("a"); await stub.add(); return await stub.stored();""",
        gives=0,
        says="Only `setState()` stores the state",
        corrected=1,
        main="""import { Counter } from "./page.mjs";
            export class Probe extends Counter { stored() {
              const rows = this.sql`SELECT state FROM cf_agents_state`; const kept = rows.map(({ state }) => JSON.parse(state)).find((it) => it !== true && it?.count !== undefined); return kept?.count ?? 0; } }""",
        objects={"OBJECT": "Probe"},
        more=NODE,
    ),
]
