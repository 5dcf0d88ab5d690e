"""What the pages of rules that warn say of JavaScript, objects, queues and Workflows, to be run in workerd."""

# ruff: noqa: E501 (JavaScript in strings)

from __future__ import annotations

from tests.support.workerd import FETCH, SOCKET, Case
from tests.support.workerd_bindings import TEXT, flow

JSON = 'return await (await env.EXAMPLE.fetch("http://w/")).json();'


NODE = {"compatibilityFlags": ["nodejs_compat"]}
ENVIRONMENT = """export default { fetch() {
    return Response.json([typeof process.env.TEXT, typeof process.env.KV]); } };"""


def queued(bodies: str, then: str) -> str:
    """An exercise: the Worker sends itself the bodies, and is asked later what came of it."""
    return f"""await env.EXAMPLE.fetch("http://w/send", {{ method: "POST", body: JSON.stringify({bodies}) }});
        {then}"""


def sender(queue: str, handler: str = "page.queue(batch, env)", before: str = "") -> str:
    """A Worker that puts what it is sent into the queue, and handles it as the page's Worker does."""
    return f"""import page from "./page.mjs"; const seen = []; {before}
        export default {{
          async fetch(request, env) {{
            if (new URL(request.url).pathname !== "/send") return Response.json(seen);
            await env.{queue}.sendBatch((await request.json()).map((body) => ({{ body }})));
            return new Response(); }},
          async queue(batch, env) {{ await {handler}; }} }};"""


def queues(binding: str, name: str, retries: int) -> dict[str, object]:
    """miniflare's options for a queue that the Worker sends to and consumes."""
    consumer = {"maxBatchTimeout": 0, "maxRetries": retries}
    return {"queueProducers": {binding: name}, "queueConsumers": {name: consumer}}


LANGUAGE_CASES = [
    Case(
        "builtin-loses-value",
        """for (let n = 0; n < 5; n++) { await (await env.EXAMPLE.fetch("http://w/")).text(); await scheduler.wait(3); }
            return "all answered";""",
        "^RangeError: The number .* cannot be converted to a BigInt because it is not an integer",
        "throws a `RangeError` in 999 of 1000 milliseconds, as a fraction is no whole number",
        "all answered",
    ),
    Case(
        "builtin-loses-value",
        JSON,
        gives=[[0, 1, 0], True, 2, True],
        says="so that different texts have the same bytes, and the same hash. A number is shifted by at most 31 bits: by 33 it is shifted by 1",
        claim="""export default { async fetch() {
            const hash = async (text) => new Uint8Array(await crypto.subtle.digest("SHA-256", Uint8Array.from(text))).join();
            return Response.json([[...Uint8Array.from("a1f")], (await hash("ab")) === (await hash("cd")), 1 << 33, 1 << 33 === 1 << 1]); } };""",
    ),
    Case(
        "failure-counts-as-true",
        'const r = await env.EXAMPLE.fetch("http://w/"); return [r.status, await r.text()];',
        gives=[200, "paid"],
        says="takes the failure for a success",
        corrected=[402, "not paid"],
        main="""import page from "./page.mjs"; export default page;
            globalThis.fetch = async () => new Response("no", { status: 500 });""",
    ),
    Case(
        "misplaced-header",
        """const r = await env.EXAMPLE.fetch("http://w/");
            return [r.status, r.headers.get("Access-Control-Allow-Origin")];""",
        gives=[404, None],
        says="`{ status: 404, ...corsHeaders }`, are in no response",
        corrected=[404, "https://app.example.com"],
    ),
    Case(
        "misplaced-header",
        JSON,
        gives=[["headers"], ["headers"]],
        says="Nor is anything sent of a `Headers` that takes the place of the options (`new Response(body, headers)`)",
        claim="""export default { fetch() {
            const headers = new Headers({ "x-a": "b" });
            const of = (make) => [
              ["headers", { headers }], ["options", headers], ["beside", { "x-a": "b" }],
            ].filter(([, given]) => make(given).headers.get("x-a") === "b").map(([name]) => name);
            return Response.json([of((given) => new Response("a", given)), of((given) => new Request("https://w/", given))]); } };""",
    ),
    Case(
        "or-before-comparison",
        TEXT,
        gives="debug",
        says='holds for every `MODE` that the first one has, "production" too',
        corrected="hello",
        more={"bindings": {"MODE": "production"}, "compatibilityFlags": ["nodejs_compat"]},
    ),
    Case(
        "promise-compared",
        """const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode("secret"));
            await env.SENT.put("/right", btoa(String.fromCharCode(...new Uint8Array(digest)))); await env.SENT.put("/wrong", "x");
            const of = async (path) => await (await env.EXAMPLE.fetch(`http://w${path}`)).text();
            return [await of("/right"), await of("/wrong")];""",
        gives=["no", "no"],
        says="`===` on it never holds and `!==` always does, so a check refuses everybody",
        corrected=["in", "no"],
        kv=["SENT"],
        more={"bindings": {"TOKEN": "secret"}},
    ),
    Case(
        "promise-compared",
        JSON,
        gives=["in", "undefined"],
        says="`result.status` of a function that is `async` is `undefined`",
        claim="""async function allowed(user) { return user === "ann"; }
            async function asked() { return { status: 200 }; }
            export default { fetch() { return Response.json([allowed("bob") ? "in" : "out", String(asked().status)]); } };""",
    ),
    Case(
        "response-spread",
        """return await (await env.EXAMPLE.fetch("http://w/", { headers: { Authorization: "Bearer a" } })).json();""",
        gives={"authorization": None, "x-from": "worker"},
        says="the fields of `Headers` are no properties at all: what is spread is empty",
        corrected={"authorization": "Bearer a", "x-from": "worker"},
        main="""import page from "./page.mjs"; export default page;
            globalThis.fetch = async (url, options) => {
              const { headers } = new Request(url, options);
              return Response.json({ authorization: headers.get("authorization"), "x-from": headers.get("x-from") }); };""",
    ),
    Case(
        "response-spread",
        JSON,
        gives=[[], [], [], [200, None], "GET"],
        says="A response that is made of it has none of the headers, a request is sent as a plain GET",
        claim="""export default { fetch() {
            const response = new Response("a", { status: 404, headers: { "x-a": "b" } });
            const request = new Request("https://w/", { method: "POST", body: "a" });
            const copy = new Response("a", { ...response });
            return Response.json([Object.keys({ ...response }), Object.keys({ ...request }), Object.keys({ ...response.headers }),
              [copy.status, copy.headers.get("x-a")], new Request("https://w/", { ...request }).method]); } };""",
    ),
    Case(
        "undefined-function",
        FETCH,
        "^ReferenceError: normalised is not defined",
        "throws a `ReferenceError`",
        200,
    ),
    Case(
        "fetch-user-agent-missing",
        """const r = await env.EXAMPLE.fetch("http://w/"); const sent = r.headers.get("x-sent").split(" ");
            return ["authorization", "user-agent"].filter((name) => sent.includes(name));""",
        gives=["authorization"],
        says="that of a Worker sends only the headers that it is given",
        corrected=["authorization", "user-agent"],
        more={"bindings": {"GITHUB_TOKEN": "a"}},
    ),
]

OBJECT_CASES = [
    Case(
        "d1-first-null",
        """await env.DB.exec("CREATE TABLE users (id TEXT, name TEXT)");
            const r = await env.EXAMPLE.fetch("http://w/?id=1"); return [r.status, await r.text()];""",
        "^TypeError: Cannot read properties of null",
        "Reading a column then throws",
        [404, "not found"],
        d1=["DB"],
    ),
    Case(
        "bytes-spread",
        """await env.FILES.put("logo.png", new Uint8Array(200_000));
            const r = await env.EXAMPLE.fetch("http://w/"); return [r.status, (await r.text()).length];""",
        "^RangeError: Maximum call stack size exceeded",
        "`RangeError: Maximum call stack size exceeded`: it works with small files and fails with the first image",
        [200, 266_668],
        r2=["FILES"],
        more=NODE,
    ),
    Case(
        "process-env-unavailable",
        'const r = await env.EXAMPLE.fetch("http://w/"); return r.status;',
        "^ReferenceError: process is not defined",
        "without `nodejs_compat` there is no `process` at all",
        200,
        more={"bindings": {"UPSTREAM_ORIGIN": "https://upstream.example.com"}},
    ),
    Case(
        "process-env-unavailable",
        JSON,
        gives=["undefined", "undefined"],
        says="Before that everything in it is `undefined`",
        claim=ENVIRONMENT,
        date="2025-03-31",
        kv=["KV"],
        more={"bindings": {"TEXT": "a"}, **NODE},
    ),
    Case(
        "process-env-unavailable",
        JSON,
        gives=["string", "undefined"],
        says="It never holds bindings that are not text",
        claim=ENVIRONMENT,
        date="2025-04-01",
        kv=["KV"],
        more={"bindings": {"TEXT": "a"}, **NODE},
    ),
    Case(
        "env-binding-type-mismatch",
        'await env.FILES.put("index.html", "hello"); return await (await env.EXAMPLE.fetch("http://w/")).text();',
        gives="[object GetResult]",
        says="The type is all that an editor and `tsc` know of a binding",
        corrected="hello",
        r2=["FILES"],
    ),
    Case(
        "alarm-info-undefined-compare",
        'return await env.OBJECT.getByName("a").test();',
        gives=["this is a retry"],
        says="`undefined != 0` is true: the code takes a first attempt for a retry",
        corrected=[],
        main="""import { Digest } from "./page.mjs";
            export class Probe extends Digest { async test() {
              const said = []; const { log } = console; console.log = (text) => { said.push(text); };
              try { await super.alarm(); } finally { console.log = log; } return said; } }""",
        objects={"OBJECT": "Probe"},
        more={"queueProducers": {"MAILS": "digest-mails"}},
    ),
    Case(
        "do-block-concurrency-misuse",
        """const stub = env.OBJECT.getByName("a"); await stub.ping(); const slow = stub.fetch("http://w/");
            const said = await Promise.race([stub.ping(), scheduler.wait(500).then(() => "waits")]);
            await (await slow).text(); return said;""",
        gives="waits",
        says="While its function runs, nothing else happens in the object: no request, no message, no alarm",
        corrected="pong",
        main="""import { Counter } from "./page.mjs";
            globalThis.fetch = async () => { await scheduler.wait(1000); return new Response("ok"); };
            export class Probe extends Counter { ping() { return "pong"; } }""",
        objects={"OBJECT": "Probe"},
    ),
    Case(
        "do-module-state",
        """const [one, other] = [env.OBJECT.getByName("a"), env.OBJECT.getByName("b")];
            await one.rename("one"); await other.rename("other"); await one.rename("one again"); return "renamed";""",
        "Cannot perform I/O on behalf of a different Durable Object",
        "The storage or the context that one object puts there is used by the others, which then write to its data, or fail",
        "renamed",
        objects={"OBJECT": "Room"},
    ),
    Case(
        "do-put-ttl",
        'return await env.OBJECT.getByName("a").test();',
        gives=["x", "x", ["a", "b"]],
        says="The storage of a Durable Object ignores them without a word: what should have expired stays",
        claim="""import { DurableObject } from "cloudflare:workers";
            export class Session extends DurableObject { async test() { const { storage } = this.ctx;
              await storage.put("a", "x", { expirationTtl: 1 }); await storage.put("b", "x", { expiration: 1_700_000_000 });
              await storage.sync(); await scheduler.wait(1500);
              return [await storage.get("a", { noCache: true }), await storage.get("b", { noCache: true }), [...(await storage.list()).keys()]]; } }""",
        objects={"OBJECT": "Session"},
    ),
    Case(
        "do-random-id-fallback",
        """const of = async (search) => { const r = await env.EXAMPLE.fetch(`http://w/${search}`); return [r.status, await r.text()]; };
            const [one, other, ann, again] = [await of(""), await of(""), await of("?cart=ann"), await of("?cart=ann")];
            return [one[0], one[1] === other[1], ann[0], ann[1] === again[1]];""",
        gives=[200, False, 200, True],
        says="every such request makes a new object",
        corrected=[400, True, 200, True],
        main="""import { DurableObject } from "cloudflare:workers"; export { default } from "./page.mjs";
            export class Cart extends DurableObject { fetch() { return new Response(this.ctx.id.toString()); } }""",
        objects={"CART": "Cart"},
    ),
    Case(
        "ws-event-listener-in-do",
        f"""const {{ webSocket }} = await env.OBJECT.getByName("a").fetch("http://w/", {SOCKET}); webSocket.accept();
            const answer = new Promise((resolve) => {{ webSocket.addEventListener("message", (event) => resolve(event.data)); }});
            webSocket.send("x"); return await Promise.race([answer, scheduler.wait(1000).then(() => "silence")]);""",
        gives="silence",
        says="On a socket that was given to `ctx.acceptWebSocket()` it is never called",
        corrected="1",
        objects={"OBJECT": "Counter"},
    ),
    Case(
        "d1-bind-undefined",
        """await env.DB.exec("CREATE TABLE notes (id TEXT PRIMARY KEY, title TEXT)");
            const bodies = [{ id: "1", title: "a" }, { id: "2" }];
            const messages = bodies.map((body) => ({ id: body.id, timestamp: new Date(), body, attempts: 1 }));
            const { explicitAcks, retryMessages } = await env.EXAMPLE.queue("notes", messages);
            const { results } = await env.DB.prepare("SELECT id, title FROM notes ORDER BY id").all();
            return [explicitAcks, retryMessages.map(({ msgId }) => msgId), results];""",
        gives=[["1"], ["2"], [{"id": "1", "title": "a"}]],
        says="so that the row is not written",
        corrected=[["1", "2"], [], [{"id": "1", "title": "a"}, {"id": "2", "title": None}]],
        d1=["DB"],
    ),
    Case(
        "d1-bind-undefined",
        FETCH,
        "D1_TYPE_ERROR: Type 'undefined' not supported",
        "`bind()` throws `D1_TYPE_ERROR`",
        claim="""export default { async fetch(request, env) {
            await env.DB.prepare("SELECT ? AS a").bind(undefined).first(); return new Response(); } };""",
        d1=["DB"],
    ),
    Case(
        "r2-list-metadata",
        """await env.FILES.put("tmp/old", "a", { customMetadata: { expires: "yes" } });
            await env.FILES.put("tmp/new", "a", { customMetadata: { expires: "no" } });
            await env.EXAMPLE.fetch("http://w/"); return (await env.FILES.list()).objects.map(({ key }) => key);""",
        gives=["tmp/new", "tmp/old"],
        says="what is decided by them (an expiry date, an owner) is decided without them, and nothing fails",
        corrected=["tmp/new"],
        r2=["FILES"],
    ),
]

QUEUE_CASES = [
    Case(
        "queue-batch-throw",
        queued(
            '[{ url: "https://a/good" }, { url: "https://a/bad" }]',
            """let done = 0; for (let n = 0; n < 40 && done < 2; n++) {
                 await scheduler.wait(50); const seen = await (await env.EXAMPLE.fetch("http://w/")).json();
                 done = seen.filter((url) => url === "https://a/good").length; }
               return done > 1 ? "again" : "once";""",
        ),
        gives="again",
        says="every message in it is delivered again, those that succeeded, too",
        corrected="once",
        main=sender(
            "JOBS",
            before="""globalThis.fetch = async (url) => {
                seen.push(url); if (url === "https://a/bad") throw new Error("down"); return new Response("ok"); };""",
        ),
        more=queues("JOBS", "throw-jobs", 2),
        alone=True,
    ),
    Case(
        "queue-forwards-credentials",
        """await env.EXAMPLE.fetch("http://w/", { headers: { Authorization: "Bearer a", "User-Agent": "b" } });
            for (let n = 0; n < 60; n++) {
              await scheduler.wait(50); const [sent] = await (await env.EXAMPLE.fetch("http://w/seen")).json();
              if (sent) return sent.includes("Bearer a"); }""",
        gives=True,
        says="All headers of a request together hold its `Authorization` and its `Cookie`",
        corrected=False,
        main="""import page from "./page.mjs"; const seen = [];
            export default {
              fetch: (request, env) => new URL(request.url).pathname === "/seen" ? Response.json(seen) : page.fetch(request, env),
              queue(batch) { seen.push(JSON.stringify(batch.messages[0].body)); } };""",
        more=queues("VISITS", "credential-visits", 0),
        alone=True,
    ),
    Case(
        "queue-loop-left",
        queued(
            '["bad", "good"]',
            """for (let n = 0; n < 20; n++) {
                 await scheduler.wait(50); const { keys } = await env.JOBS.list(); if (keys.length > 0) break; }
               return await Promise.all((await env.JOBS.list()).keys.map(({ name }) => env.JOBS.get(name)));""",
        ),
        gives=[],
        says="A `return` or `break` in the loop over the messages, after a `retry()` of one or because of what is in it, throws those after it away",
        corrected=['"good"'],
        main=sender(
            "LINE",
            """page.queue(batch, { JOBS: { async put(id, text) {
                if (text === '"bad"') throw new Error("down"); await env.JOBS.put(id, text); } } })""",
        ),
        kv=["JOBS"],
        more=queues("LINE", "left-line", 1),
        alone=True,
    ),
    Case(
        "queue-multi-consumer-undiscriminated",
        """const messages = [{ id: "a", timestamp: new Date(), body: "x", attempts: 1 }];
            const { explicitAcks } = await env.EXAMPLE.queue("mails-failed", messages);
            return [explicitAcks, (await env.MAILS.list()).keys.map(({ name }) => name)];""",
        gives=[["a"], ["a"]],
        says="what failed, and was put in the dead letter queue, is tried once more and then lost",
        corrected=[["a"], []],
    ),
    *(
        Case(
            "queue-consumer-limits",
            'return "started";',
            refusal,
            says,
            alone=True,
            claim='export default { fetch() { return new Response("ok"); }, queue() {} };',
            more={"queueConsumers": {"mail": consumer}},
        )
        for consumer, refusal, says in [
            ({"maxBatchSize": 500}, "100", "A consumer gets 1 to 100 messages at a time"),
            ({"maxBatchTimeout": 61}, "60", "waits up to 60 seconds for them"),
            ({"maxRetries": 101}, "100", "and tries each up to 100 times more"),
            (
                {"deadLetterQueue": "mail"},
                "[Dd]ead letter queue",
                "A queue whose dead letter queue is itself",
            ),
        ]
    ),
    Case(
        "queue-consumer-limits",
        'return "started";',
        gives="started",
        says="Keep the settings of queue consumers within the limits of the platform",
        alone=True,
        claim='export default { fetch() { return new Response("ok"); }, queue() {} };',
        more={
            "queueConsumers": {
                "mail": {
                    "maxBatchSize": 100,
                    "maxBatchTimeout": 60,
                    "maxRetries": 100,
                    "deadLetterQueue": "mail-failed",
                }
            }
        },
    ),
]

RESUMED = """const status = async () => await (await env.EXAMPLE.fetch("http://w/status")).json();
    await env.EXAMPLE.fetch("http://w/create");
    for (let n = 0; n < 50 && (await status())[1].length === 0; n++) await scheduler.wait(20);
    await scheduler.wait(100); await env.EXAMPLE.fetch("http://w/pause");
    for (let n = 0; n < 50 && (await status())[0] !== "paused"; n++) await scheduler.wait(20);
    await env.EXAMPLE.fetch("http://w/resume");
    for (let n = 0; n < 100 && (await status())[0] !== "complete"; n++) await scheduler.wait(50);
    return await status();"""
"""An exercise: an instance is paused after what it did first, and goes on; what it did in all is asked."""


def resumed(class_name: str, params: str, env: str = "{}", before: str = "") -> str:
    """A Worker that runs the page's Workflow, with a short pause after each step, and tells what it did."""
    return f"""import {{ {class_name} as Page }} from "./page.mjs"; const seen = []; {before}
        export class Probe extends Page {{
          constructor(ctx, env) {{ super(ctx, env); this.env = {{ ...env, ...{env} }}; }}
          run(event, step) {{
            return super.run(event, {{
              sleep: (name) => step.sleep(name, 500),
              async do(name, work) {{
                const value = await step.do(name, work); await step.sleep(`after ${{name}}`, 500); return value; }} }}); }} }}
        export default {{ async fetch(request, env) {{
          const path = new URL(request.url).pathname.slice(1);
          if (path === "create") {{ await env.FLOW.create({{ id: "one", params: {params} }}); return new Response(); }}
          const instance = await env.FLOW.get("one");
          if (path === "status") return Response.json([(await instance.status()).status, seen]);
          await instance[path](); return new Response(); }} }};"""


WORKFLOW_CASES = [
    Case(
        "workflow-event-mutation",
        RESUMED,
        gives=["complete", ["look up"]],
        says="the step does not run again, and the steps after it read what was there before",
        corrected=["complete", ["look up", "mail to a@b.example"]],
        main=resumed(
            "Welcome",
            '{ id: "ann" }',
            """{ USERS: { async get() { seen.push("look up"); return "a@b.example"; } },
                 MAILS: { async send({ to }) { seen.push(`mail to ${to}`); } } }""",
        ),
        more=flow("mutation", "Probe"),
        alone=True,
    ),
    Case(
        "workflow-side-effect-outside-step",
        RESUMED,
        gives=["complete", ["invoice", "invoice", "mail"]],
        says="finished steps return their stored results, and everything between them happens once more",
        corrected=["complete", ["invoice", "mail"]],
        main=resumed(
            "Orders",
            '{ order: "a" }',
            """{ INVOICES: { async create() { seen.push("invoice"); return { id: "1" }; } },
                 MAILS: { async send() { seen.push("mail"); } } }""",
        ),
        more=flow("outside", "Probe"),
        alone=True,
    ),
    Case(
        "workflow-state-outside-step",
        RESUMED,
        gives=["complete", ["count", "mail of 0"]],
        says="A variable that the step's function had set is then as empty as at the start",
        corrected=["complete", ["count", "mail of 2"]],
        main=resumed(
            "Report",
            "{}",
            """{ SALES: { async list() { seen.push("count"); return { keys: [1, 2] }; } },
                 MAILS: { async send({ total }) { seen.push(`mail of ${total}`); } } }""",
        ),
        more=flow("state", "Probe"),
        alone=True,
    ),
    Case(
        "workflow-step-name-nondeterministic",
        RESUMED,
        gives=["complete", ["charge", "charge"]],
        says="a step whose name holds the time or a random number is not found, and runs again: the card is charged twice",
        corrected=["complete", ["charge"]],
        main=resumed(
            "Billing",
            '{ invoice: "a" }',
            before='globalThis.fetch = async () => { seen.push("charge"); return new Response("ok"); };',
        ),
        more=flow("names", "Probe"),
        alone=True,
    ),
]


def awake(class_name: str) -> str:
    """A Worker with the page's object, which tells in each message how often it was made."""
    return f"""import {{ {class_name} as Page }} from "./page.mjs"; let made = 0;
        export class Probe extends Page {{
          constructor(ctx, env) {{ super(ctx, env); made++; }}
          async webSocketMessage(ws, message) {{ ws.send(`made ${{made}}`); await super.webSocketMessage(ws, message); }} }}"""


ASLEEP = f"""const {{ webSocket }} = await env.OBJECT.getByName("a").fetch("http://w/news", {SOCKET}); webSocket.accept();
    const said = []; webSocket.addEventListener("message", ({{ data }}) => {{ said.push(data); }});
    webSocket.send("one"); await scheduler.wait(13_000); webSocket.send("two"); await scheduler.wait(500); return said;"""
"""An exercise: a client speaks, says nothing for longer than the ten seconds after which an object hibernates, and
speaks again."""

HIBERNATION_CASES = [
    Case(
        "ws-legacy-accept",
        f"""const object = env.OBJECT.getByName("a"); const {{ webSocket }} = await object.fetch("http://w/", {SOCKET});
            webSocket.accept(); webSocket.send("one"); await scheduler.wait(13_000);
            return await (await object.fetch("http://w/made")).text();""",
        gives="1",
        says="`accept()` keeps the object in memory, and on the bill, until the socket closes.",
        corrected="2",
        main="""import { Room } from "./page.mjs"; let made = 0;
            export class Probe extends Room {
              constructor(ctx, env) { super(ctx, env); made++; }
              async fetch(request) {
                return new URL(request.url).pathname === "/made" ? new Response(String(made)) : super.fetch(request); } }""",
        objects={"OBJECT": "Probe"},
        alone=True,
    ),
    Case(
        "ws-field-lost",
        ASLEEP,
        gives=["made 1", "news: one", "made 2", ": two"],
        says="what that kept in a field is `undefined` again, or the field's first value, while the sockets are still open",
        corrected=["made 1", "news: one", "made 2", "news: two"],
        main=awake("Room"),
        objects={"OBJECT": "Probe"},
        alone=True,
    ),
    Case(
        "ws-session-map-lost",
        ASLEEP.replace("http://w/news", "http://w/?name=ann"),
        gives=["made 1", "ann knocked", "made 2"],
        says="a `Map` of sessions in a field is empty, while the sockets are still open",
        corrected=["made 1", "ann knocked", "made 2", "ann knocked"],
        main=awake("Table"),
        objects={"OBJECT": "Probe"},
        alone=True,
    ),
    Case(
        "ws-timer-blocks-hibernation",
        ASLEEP,
        gives=["made 1", "one", "made 1", "two"],
        says="While a `setInterval()` or a `setTimeout()` is pending the object cannot hibernate",
        corrected=["made 1", "one", "made 2", "two"],
        main=awake("Ticker"),
        objects={"OBJECT": "Probe"},
        alone=True,
    ),
]
