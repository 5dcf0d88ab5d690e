"""What the pages of rules about bindings, Workflows and imports say, to be run in workerd."""

# ruff: noqa: E501 (JavaScript in strings)

from __future__ import annotations

from tests.support.workerd import FETCH, Case

RUN = """const r = await env.EXAMPLE.fetch("http://w/"); const said = await r.text();
    if (said !== "complete") throw new Error(said); return said;"""
TEXT = 'const r = await env.EXAMPLE.fetch("http://w/"); return await r.text();'
STORE = "8f3c1a9b7d2e4c6fa0b1d5e7c9f2a3b4"


def workflow(name: str, class_name: str, params: str = "{}", before: str = "") -> str:
    """A Worker whose `fetch()` runs an instance of the page's Workflow to its end, or for two seconds, and
    answers with what became of it: its status, or the message of its error."""
    return f"""export {{ {class_name} }} from "./page.mjs";
        export default {{ async fetch(request, env) {{ {before}
          const instance = await env.FLOW.create({{ params: {params} }});
          for (let n = 0; n < 20; n++) {{
            const {{ status, error }} = await instance.status();
            if (status === "errored") return new Response(error.message);
            if (status === "complete") return new Response("complete");
            await scheduler.wait(50); }}
          return new Response((await instance.status()).status); }} }};"""


def flow(name: str, class_name: str) -> dict[str, object]:
    """miniflare's option for a Workflow that is bound as `FLOW`."""
    return {"workflows": {"FLOW": {"name": name, "className": class_name}}}


BINDING_CASES = [
    Case(
        "do-sql-one-null",
        'return await env.OBJECT.getByName("a").size("x");',
        "Expected exactly one result from SQL query, but got no results",
        "it never gives `null` or `undefined`",
        0,
        objects={"OBJECT": "Files"},
    ),
    Case(
        "binding-env-access-style",
        RUN,
        "running",
        "the bare name throws a ReferenceError when the line is reached",
        "complete",
        logs="ReferenceError: env is not defined",
        main=workflow("style", "Import", '"a"'),
        more={**flow("style", "Import"), "kvNamespaces": {"CACHE": "style-cache"}},
        alone=True,
    ),
    Case(
        "binding-env-access-style",
        FETCH,
        "^TypeError: Cannot read properties of undefined",
        "`this.env` is undefined",
        claim='export default { async fetch() { await this.env.KV.get("a"); return new Response(); } };',
        kv=["KV"],
    ),
    Case(
        "binding-name-read-as-minus",
        FETCH,
        "^ReferenceError: kv is not defined",
        "ReferenceError",
        200,
    ),
    Case(
        "binding-unawaited-value",
        """await env.USERS.put("/known", "ann");
            const of = async (path) => { const r = await env.EXAMPLE.fetch(`http://w${path}`); return [r.status, await r.text()]; };
            return [await of("/known"), await of("/unknown")];""",
        gives=[[200, "{}"], [200, "{}"]],
        says="A promise is always truthy",
        corrected=[[200, '{"user":"ann"}'], [404, "Not found"]],
        kv=["USERS"],
    ),
    Case(
        "binding-value-shape",
        TEXT,
        r'^SyntaxError: "\[object Object\]" is not valid JSON',
        "`JSON.parse()` makes `[object Object]` of it first, and throws",
        '{"limits":{"perMinute":5},"origins":["https://a.example"]}',
        more={"bindings": {"LIMITS": {"perMinute": 5}, "ORIGINS": ["https://A.example"]}},
    ),
    Case(
        "binding-value-shape",
        FETCH,
        "^TypeError: env.ORIGINS.map is not a function",
        "A text has no `map()`",
        claim="export default { fetch(request, env) { return Response.json(env.ORIGINS.map((one) => one)); } };",
        more={"bindings": {"ORIGINS": "https://a.example,https://b.example"}},
    ),
    Case(
        "binding-wrong-method",
        'return await (await env.EXAMPLE.fetch("http://w/")).json();',
        gives=["FLAGS.head", "FILES.getWithMetadata", "MAILS.sendMessage", "ROOM.join"],
        says="such a call throws `… is not a function` when it is reached",
        claim="""import { DurableObject } from "cloudflare:workers"; export class Room extends DurableObject { join() {} }
            export default { async fetch(request, env) {
              const all = { "FLAGS.head": () => env.FLAGS.head("a"), "FILES.getWithMetadata": () => env.FILES.getWithMetadata("a"),
                "MAILS.sendMessage": () => env.MAILS.sendMessage({}), "ROOM.join": () => env.ROOM.join("a"),
                "FLAGS.get": () => env.FLAGS.get("a"), "MAILS.send": () => env.MAILS.send({}) };
              const fails = [];
              for (const [name, call] of Object.entries(all)) {
                try { await call(); } catch (error) { if (!/is not a function$/.test(error.message)) throw error; fails.push(name); } }
              return Response.json(fails); } };""",
        kv=["FLAGS"],
        r2=["FILES"],
        objects={"ROOM": "Room"},
        more={"queueProducers": {"MAILS": "wrong-method"}},
    ),
    Case(
        "do-rpc-not-awaited",
        TEXT,
        gives="true {}",
        says="used as data it is a promise, not the result",
        claim="""import { DurableObject } from "cloudflare:workers";
            export class Room extends DurableObject { members() { return 0; } }
            export default { fetch(request, env) { const members = env.ROOMS.getByName("a").members();
              return new Response(`${members > 0 || members !== 0} ${JSON.stringify({ ...members })}`); } };""",
        objects={"ROOMS": "Room"},
    ),
    Case(
        "kv-put-non-string",
        FETCH,
        "^TypeError: KV put\\(\\) accepts only strings, ArrayBuffers, ArrayBufferViews, and ReadableStreams",
        "For any other object it throws a TypeError",
        200,
        kv=["USERS"],
    ),
    Case(
        "kv-put-non-string",
        'return await (await env.EXAMPLE.fetch("http://w/")).json();',
        gives=["object", "array", "map", "date", "response", "promise"],
        says="for a literal object or array, a `Map`, a `Date`, a `Response`, and for a promise that was not awaited",
        claim="""export default { async fetch(request, env) {
              const all = { object: {}, array: [1], map: new Map(), date: new Date(), response: new Response(),
                promise: Promise.resolve("a"), text: "a", bytes: new Uint8Array(1), number: 1, yes: true };
              const fails = [];
              for (const [name, value] of Object.entries(all)) {
                try { await env.KV.put("a", value); } catch (error) { if (error.name !== "TypeError") throw error; fails.push(name); } }
              return Response.json(fails); } };""",
        kv=["KV"],
    ),
    Case(
        "nodejs-compat-missing",
        FETCH,
        r'No such module \\?"node:crypto',
        "there is no such module",
        claim="""import { randomInt } from "node:crypto";
            export default { fetch() { return new Response(String(randomInt(2))); } };""",
        alone=True,
    ),
    Case(
        "nodejs-compat-missing",
        FETCH,
        "^ReferenceError: Buffer is not defined",
        "the global `Buffer` are there only with the compatibility flag `nodejs_compat`",
        claim='export default { fetch() { return new Response(Buffer.from("a")); } };',
    ),
    Case(
        "queue-foreach-async",
        """const { outcome, explicitAcks } = await env.EXAMPLE.queue("mails",
              [{ id: "a", timestamp: new Date(), body: "x", attempts: 1 }]);
            return [outcome, explicitAcks];""",
        gives=["ok", []],
        says="Then the handler is done, so all messages are acknowledged",
        corrected=["ok", ["a"]],
        more={"kvNamespaces": {"MAILS": "foreach-mails"}},
    ),
    Case(
        "queue-sendbatch-shape",
        'return (await env.EXAMPLE.fetch("http://w/?name=ann")).status;',
        "^TypeError: .*body",
        "makes it throw that the body cannot be undefined",
        202,
        more={"queueProducers": {"MAILS": "shape-mails"}},
    ),
    Case(
        "queue-sendbatch-shape",
        FETCH,
        "^TypeError: sendBatch\\(\\) requires at least one message",
        "An empty batch throws too",
        claim="export default { async fetch(request, env) { await env.MAILS.sendBatch([]); return new Response(); } };",
        more={"queueProducers": {"MAILS": "empty-mails"}},
    ),
    Case(
        "r2-put-unknown-length",
        'return (await env.EXAMPLE.fetch("http://w/", { method: "POST", body: "abc" })).status;',
        "Provided readable stream must have a known length",
        "Provided readable stream must have a known length",
        200,
        r2=["FILES"],
    ),
    Case(
        "secrets-store-get",
        """return await (await env.EXAMPLE.fetch("http://w/")).text();""",
        gives="Bearer [object Fetcher]",
        says="As text it is the name of an object, such as `[object Fetcher]`",
        claim="export default { fetch(request, env) { return new Response(`Bearer ${env.MAIL_KEY}`); } };",
        more={"secretsStoreSecrets": {"MAIL_KEY": {"store_id": STORE, "secret_name": "mail-key"}}},
    ),
    Case(
        "undefined-this-method",
        'return await env.OBJECT.getByName("a").test();',
        "^TypeError: this.answer is not a function",
        'throws "is not a function" when the line is reached',
        claim="""import { DurableObject } from "cloudflare:workers";
            export class Helper extends DurableObject { async test() { return await this.answer("a"); } }""",
        objects={"OBJECT": "Helper"},
    ),
    Case(
        "waituntil-argument",
        'await env.EXAMPLE.fetch("http://w/"); await scheduler.wait(100); return await env.LOGS.get("done");',
        gives=None,
        says="the work is never done",
        claim="""export default { fetch(request, env, ctx) {
            ctx.waitUntil(async () => { await env.LOGS.put("done", "yes"); }); return new Response("Hello"); } };""",
        kv=["LOGS"],
    ),
    Case(
        "wrong-platform-module",
        'return "started";',
        "does not provide an export named 'EmailMessage'|No such module",
        "stops the Worker at deployment or when it starts",
        alone=True,
        claim="""import { EmailMessage } from "cloudflare:workers";
            export default { fetch() { return new Response(String(EmailMessage)); } };""",
    ),
    Case(
        "wrong-platform-module",
        'return "started";',
        r'No such module \\?"cloudflare:env',
        "so does a module that does not exist",
        alone=True,
        claim="""import { env } from "cloudflare:env";
            export default { fetch() { return new Response(String(env)); } };""",
    ),
    Case(
        "workflow-wrong-import",
        'return "started";',
        "does not provide an export named 'NonRetryableError'",
        "a name imported from the wrong one does not exist, and the Worker does not start",
        "started",
        alone=True,
        main="""export { Import } from "./page.mjs"; export default { fetch() { return new Response("ok"); } };""",
    ),
    Case(
        "compat-flag-invalid",
        'return "started";',
        "No such compatibility flag",
        "The runtime refuses a Worker with a flag that it does not know",
        alone=True,
        claim='export default { fetch() { return new Response("ok"); } };',
        more={"compatibilityFlags": ["nodejs_compatt"]},
    ),
    Case(
        "compat-flag-invalid",
        'return "started";',
        "contradict",
        "with two that contradict each other",
        alone=True,
        claim='export default { fetch() { return new Response("ok"); } };',
        more={"compatibilityFlags": ["global_navigator", "no_global_navigator"]},
    ),
    Case(
        "agent-sqlite-migration",
        FETCH,
        "SQL is not enabled for this Durable Object class",
        "with `new_classes` the first request fails",
        claim="""import { DurableObject } from "cloudflare:workers";
            export class Librarian extends DurableObject { rows() { return this.ctx.storage.sql.exec("SELECT 1").toArray(); } }
            export default { async fetch(request, env) { return Response.json(await env.OBJECT.getByName("a").rows()); } };""",
        more={"durableObjects": {"OBJECT": {"className": "Librarian", "useSQLite": False}}},
    ),
    Case(
        "workflow-class-not-entrypoint",
        RUN,
        "internal error",
        "each instance of the Workflow fails when its `run()` is to be called",
        "complete",
        logs="worker is not an actor but class name was requested",
        main=workflow("orders", "Orders", '{ id: "a" }'),
        more=flow("orders", "Orders"),
        alone=True,
    ),
    Case(
        "workflow-duration-literal",
        RUN,
        "NOT NULL constraint failed",
        "the step is refused",
        claim="""import { WorkflowEntrypoint } from "cloudflare:workers";
            export class Sync extends WorkflowEntrypoint { async run(event, step) { await step.sleep("wait", "10m"); } }""",
        main=workflow("sync", "Sync"),
        more=flow("sync", "Sync"),
        alone=True,
    ),
    Case(
        "workflow-duration-literal",
        TEXT,
        gives="complete",
        says='`"10 mins"` is read as ten milliseconds',
        claim="""import { WorkflowEntrypoint } from "cloudflare:workers";
            export class Sync extends WorkflowEntrypoint { async run(event, step) { await step.sleep("wait", "10 mins"); } }""",
        main=workflow("mins", "Sync"),
        more=flow("mins", "Sync"),
        alone=True,
    ),
    Case(
        "workflow-nonserializable-return",
        RUN,
        "returned a value which is not serialisable",
        "the step fails",
        "complete",
        main=workflow("import", "Import", '{ url: "https://a.example/" }'),
        more=flow("import", "Import"),
        alone=True,
    ),
    Case(
        "workflow-step-not-awaited",
        TEXT,
        gives="complete",
        says="its error does not fail the instance",
        claim="""import { WorkflowEntrypoint } from "cloudflare:workers";
            export class Onboarding extends WorkflowEntrypoint { async run(event, step) {
              step.do("create", { retries: { limit: 0, delay: 1 } }, async () => { throw new Error("no account"); });
              await step.sleep("wait", 100); } }""",
        main=workflow("onboarding", "Onboarding"),
        more=flow("onboarding", "Onboarding"),
        alone=True,
    ),
    Case(
        "py-missing-flag",
        'return "started";',
        "internal error",
        "Without the flag wrangler refuses to start or deploy",
        alone=True,
        logs="The python_workers compatibility flag is required",
        claim='export default { fetch() { return new Response("ok"); } };',
        more={
            "modules": [
                {"type": "PythonModule", "path": "entry.py", "contents": "from workers import Response"}
            ]
        },
    ),
    Case(
        "hyperdrive-global-client",
        f"await env.EXAMPLE.fetch('http://w/').catch(() => 0); {FETCH}",
        "Cannot perform I/O on behalf of a different request",
        "Cannot perform I/O on behalf of a different request",
        claim="""import { connect } from "cloudflare:sockets"; let writer;
            export default { async fetch() {
              if (writer === undefined) { writer = connect("127.0.0.1:9").writable.getWriter(); writer.closed.catch(() => 0); return new Response("first"); }
              await writer.write(new Uint8Array(1)); return new Response("later"); } };""",
        alone=True,
    ),
]
