"""What a rule's page says happens at run time does happen in workerd, the runtime, and not when corrected.

The code that runs is the page's own Incorrect and Correct blocks; what a page says without an example (`claim`)
is run from here, and has to be quoted from the page.
"""

# ruff: noqa: E501 (JavaScript in strings)

from __future__ import annotations

import re
from functools import cache
from typing import Any

import pytest

from tests.support.fixture_cases import KNOWN
from tests.support.oracle_tools import needs_tools
from tests.support.workerd import FETCH, SOCKET, Case, answers
from tests.support.workerd_bindings import BINDING_CASES
from tests.support.workerd_packages import AGENT_CASES, PACKAGE_CASES
from tests.support.workerd_proofs import (
    HIBERNATION_CASES,
    LANGUAGE_CASES,
    OBJECT_CASES,
    QUEUE_CASES,
    WORKFLOW_CASES,
)

pytestmark = needs_tools()

RPC_UNKNOWN = "does not implement the method"

CASES = [
    Case(
        "do-constructor-missing-super",
        f"""try {{ await env.OBJECT.getByName("a").none(); }} catch (error) {{
              if (error.message.includes("{RPC_UNKNOWN}")) return "made"; throw error; }}""",
        "^ReferenceError: Must call super constructor",
        "throws a ReferenceError",
        "made",
        objects={"OBJECT": "Inbox"},
    ),
    Case(
        "do-constructor-missing-super",
        """return await env.OBJECT.getByName("a").ping();""",
        "^TypeError: ",
        "throw a TypeError when they get something else",
        claim="""import { DurableObject } from "cloudflare:workers";
            export class Inbox extends DurableObject { constructor() { super(); } ping() { return "pong"; } }""",
        objects={"OBJECT": "Inbox"},
    ),
    Case(
        "ws-handshake-response",
        f"""const r = await env.EXAMPLE.fetch("http://w/", {SOCKET}); r.webSocket.accept(); r.webSocket.close();
            return r.status;""",
        r"^RangeError: .*101",
        "throws when the response is made",
        101,
    ),
    Case(
        "ws-handshake-response",
        f"""const {{ status, webSocket }} = await env.EXAMPLE.fetch("http://w/", {SOCKET});
            webSocket.accept(); return await new Promise((resolve) => {{
              webSocket.addEventListener("close", (event) => resolve([status, event.code])); }});""",
        gives=[101, 1006],
        says='the client gets its 101 and then a broken connection ("Can\'t return WebSocket in a Response after calling accept()")',
        logs=r"Can't return WebSocket in a Response after calling accept\(\)",
        claim="""export default { fetch() { const [client] = Object.values(new WebSocketPair()); client.accept();
            return new Response(null, { status: 101, webSocket: client }); } };""",
        alone=True,
    ),
    Case(
        "immutable-headers",
        FETCH,
        "^TypeError: Can't modify immutable headers",
        "TypeError: Can't modify immutable headers",
        200,
    ),
    Case("ctx-destructured", FETCH, "^TypeError: Illegal invocation", "TypeError: Illegal invocation", 200),
    Case(
        "unbound-global-fetch", FETCH, "^TypeError: Illegal invocation", "TypeError: Illegal invocation", 200
    ),
    Case(
        "global-scope-io",
        FETCH,
        "Disallowed operation called within global scope",
        "Disallowed operation called within global scope",
        200,
        alone=True,
    ),
    Case(
        "missing-platform-import",
        'return await env.OBJECT.getByName("a").visitors();',
        "ReferenceError: DurableObject is not defined",
        "throws a ReferenceError when it is loaded",
        0,
        objects={"OBJECT": "Room"},
        alone=True,
    ),
    Case(
        "sql-param-type",
        FETCH,
        "D1_TYPE_ERROR",
        "D1_TYPE_ERROR",
        claim="""export default { async fetch(request, env) {
            await env.DB.prepare("SELECT ? AS a").bind(new Date()).first(); return new Response(); } };""",
        d1=["DB"],
    ),
    Case(
        "sql-param-type",
        'return await (await env.EXAMPLE.fetch("http://w/")).json();',
        gives=[{"a": "x", "b": 1.5, "c": 1, "d": None, "e": [1, 2], "f": [3, 4]}],
        says="D1 takes strings, numbers, booleans, `null`, `ArrayBuffer`s and arrays of bytes",
        claim="""export default { async fetch(request, env) {
            const bytes = new Uint8Array([1, 2]).buffer;
            const all = await env.DB.prepare("SELECT ? AS a, ? AS b, ? AS c, ? AS d, ? AS e, ? AS f")
              .bind("x", 1.5, true, null, bytes, [3, 4]).all();
            return Response.json(all.results); } };""",
        d1=["DB"],
    ),
    Case(
        "sql-param-type",
        'return await env.OBJECT.getByName("a").rows();',
        gives={"a": True, "b": "[object Object]", "c": "true"},
        says='an object `"[object Object]"`, `true` the text `"true"`',
        claim="""import { DurableObject } from "cloudflare:workers";
            export class Diary extends DurableObject { rows() {
              const row = this.ctx.storage.sql.exec("SELECT ? AS a, ? AS b, ? AS c", new Date(1785542400000), {}, true).one();
              return { ...row, a: / 2026 /.test(row.a) }; } }""",
        objects={"OBJECT": "Diary"},
    ),
    Case(
        "ws-close-code",
        f"""const stub = env.OBJECT.getByName("a");
            const {{ webSocket }} = await stub.fetch("http://w/", {SOCKET}); webSocket.accept(); webSocket.send("x");
            for (let n = 0; n < 50; n++) {{
              const told = await stub.told(); if (told !== "") return told; await scheduler.wait(20); }}""",
        gives="InvalidAccessError",
        says="throws an InvalidAccessError",
        corrected="closed",
        main="""import { Stream } from "./page.mjs";
            export class Probe extends Stream { saw = ""; told() { return this.saw; }
              async webSocketMessage(...given) {
                try { await super.webSocketMessage(...given); this.saw = "closed"; } catch (error) { this.saw = error.name; } } }""",
        objects={"OBJECT": "Probe"},
    ),
    Case(
        "ws-mixed-accept",
        f"""const r = await env.OBJECT.getByName("a").fetch("http://w/", {SOCKET}); return r.status;""",
        r"Cannot call `acceptWebSocket\(\)` if the WebSocket was already accepted via `accept\(\)`",
        "Each of these throws",
        101,
        objects={"OBJECT": "Board"},
    ),
    Case(
        "ws-mixed-accept",
        f"""const r = await env.OBJECT.getByName("a").fetch("http://w/", {SOCKET}); return r.status;""",
        r"Can't accept\(\) WebSocket after enabling hibernation",
        "Can't accept() WebSocket after enabling hibernation",
        claim="""import { DurableObject } from "cloudflare:workers";
            export class Board extends DurableObject { async fetch() {
              const [client, server] = Object.values(new WebSocketPair());
              this.ctx.acceptWebSocket(server); server.accept();
              return new Response(null, { status: 101, webSocket: client }); } }""",
        objects={"OBJECT": "Board"},
    ),
    Case(
        "ws-mixed-accept",
        FETCH,
        "^TypeError: You must call one of accept",
        "was not accepted can send nothing",
        claim="""export default { fetch() { new WebSocketPair()[1].send("x"); return new Response("ok"); } };""",
    ),
    Case(
        "ws-missing-upgrade-check",
        FETCH,
        "Worker tried to return a WebSocket in a response to a request which did not contain the header",
        "Worker tried to return a WebSocket in a response to a request which did not contain the header Upgrade: websocket",
        426,
    ),
    Case(
        "ws-binary-message-as-string",
        f"""const {{ webSocket }} = await env.OBJECT.getByName("a").fetch("http://w/", {SOCKET}); webSocket.accept();
            const answer = new Promise((resolve) => {{
              webSocket.addEventListener("message", (event) => resolve(event.data));
              webSocket.addEventListener("close", (event) => resolve(event.code)); }});
            webSocket.send(new Uint8Array([1])); return await answer;""",
        gives="you said [object ArrayBuffer]",
        says="[object ArrayBuffer]",
        corrected=1003,
        main="""import { Parrot } from "./page.mjs";
            export class Probe extends Parrot { fetch() { const [client, server] = Object.values(new WebSocketPair());
              this.ctx.acceptWebSocket(server); return new Response(null, { status: 101, webSocket: client }); } }""",
        objects={"OBJECT": "Probe"},
    ),
    Case(
        "response-null-body-status",
        'return (await env.EXAMPLE.fetch("http://w/", { method: "DELETE" })).status;',
        "^TypeError: Response with null body status",
        "The runtime throws for `new Response(body, { status })` when the status is 101, 204, 205 or 304",
        204,
    ),
    Case(
        "response-null-body-status",
        'return (await env.EXAMPLE.fetch("http://w/", { redirect: "manual" })).status;',
        "^RangeError: .*redirect",
        "for `Response.redirect()` with a status that does not redirect",
        302,
    ),
    Case(
        "response-body-reuse",
        'return (await env.EXAMPLE.fetch("http://w/", { method: "POST", body: "{}" })).status;',
        "^TypeError: This ReadableStream is disturbed",
        "`This ReadableStream is disturbed`",
        200,
    ),
    Case(
        "response-body-reuse",
        'return (await env.EXAMPLE.fetch("http://w/", { method: "POST", body: "{}" })).status;',
        "^TypeError: Body has already been used",
        "TypeError: Body has already been used",
        claim="""export default { async fetch(request) {
            await request.text(); return new Response(await request.text()); } };""",
    ),
    Case(
        "kv-ttl-too-small",
        FETCH,
        "at least 60",
        "`put()` throws when `expirationTtl` is less than 60",
        200,
        kv=["CODES"],
    ),
    Case(
        "kv-ttl-too-small",
        FETCH,
        "at least 30",
        "`get()` when `cacheTtl` is less than 30",
        claim='export default { async fetch(request, env) { await env.CODES.get("a", { cacheTtl: 29 }); } };',
        kv=["CODES"],
    ),
    Case(
        "kv-raw-token-key",
        FETCH,
        "512",
        "a key of more than 512 bytes throws",
        claim='export default { async fetch(request, env) { await env.KV.put("k".repeat(513), "a"); } };',
        kv=["KV"],
    ),
    Case(
        "alarm-missing-handler",
        'return await env.OBJECT.getByName("a").start();',
        r"alarm\(\) handler|alarm handler",
        "`setAlarm()` throws in a Durable Object whose class has no `alarm()` method",
        None,
        objects={"OBJECT": "Trial"},
    ),
    Case(
        "alarm-relative-time",
        """const stub = env.OBJECT.getByName("a"); await stub.take();
            for (let n = 0; n < 25; n++) { if (await stub.ran()) return "at once"; await scheduler.wait(20); }
            return "later";""",
        gives="at once",
        says="the alarm is due at once",
        corrected="later",
        main="""import { Lock } from "./page.mjs";
            export class Probe extends Lock { done = false; ran() { return this.done; }
              async alarm() { await super.alarm(); this.done = true; } }""",
        objects={"OBJECT": "Probe"},
    ),
    Case(
        "alarm-relative-time",
        'return await env.OBJECT.getByName("a").take();',
        "^TypeError: setAlarm.* <= 0",
        "A time of 0 or less throws",
        claim="""import { DurableObject } from "cloudflare:workers";
            export class Lock extends DurableObject {
              async take() { await this.ctx.storage.setAlarm(0); } async alarm() {} }""",
        objects={"OBJECT": "Lock"},
    ),
    Case(
        "do-sql-backend-mismatch",
        'return (await env.LEDGER.getByName("a").bytes()) > 0;',
        "SQL is not enabled for this Durable Object class",
        "SQL is not enabled for this Durable Object class",
        True,
        main="""import { Ledger as Page } from "./page.mjs";
            export class Ledger extends Page { constructor(ctx, env) { super(ctx, env);
              try { ctx.storage.sql.exec("CREATE TABLE entries (id INTEGER)"); } catch {} } }""",
    ),
    Case(
        "do-sql-transaction-statement",
        'return await env.OBJECT.getByName("a").move("a", "b", 5);',
        r"transactionSync|transaction\(\)",
        "do not take statements that start, end or name transactions",
        None,
        main="""import { Account } from "./page.mjs";
            export class Probe extends Account { constructor(ctx, env) { super(ctx, env);
              ctx.storage.sql.exec("CREATE TABLE IF NOT EXISTS pots (name TEXT, cents INTEGER)"); } }""",
        objects={"OBJECT": "Probe"},
    ),
    Case(
        "do-sql-unsupported-statement",
        'return await env.OBJECT.getByName("a").migrate();',
        "not authorized",
        "`not authorized`",
        None,
        objects={"OBJECT": "Ledger"},
    ),
    Case(
        "do-fetch-extra-params",
        'return (await env.OBJECT.getByName("a").fetch("http://w/")).status;',
        "^TypeError: Cannot read properties of undefined",
        "A further parameter is `undefined`, so `env.DB` throws",
        404,
        objects={"OBJECT": "Stock"},
        kv=["PRICES"],
    ),
    Case(
        "do-legacy-state-property",
        'return await env.OBJECT.getByName("a").total();',
        "^TypeError: Cannot read properties of undefined",
        "is `undefined`, and reading anything of it throws",
        0,
        objects={"OBJECT": "Tally"},
    ),
    Case(
        "do-rpc-returns-nonserializable",
        'return await (await env.EXAMPLE.fetch("http://w/")).json();',
        "Could not serialize object",
        "Could not serialize object",
        [],
        main="""import page, { Ledger as Page } from "./page.mjs"; export default page;
            export class Ledger extends Page { constructor(ctx, env) { super(ctx, env);
              ctx.storage.sql.exec("CREATE TABLE IF NOT EXISTS entries (id INTEGER)"); } }""",
        objects={"LEDGER": "Ledger"},
    ),
    Case(
        "do-stub-reuse-after-error",
        """const stub = env.OBJECT.getByName("a"); let first;
            try { await stub.fall(); } catch (error) { first = error.message; }
            try { return await stub.ping(); } catch (error) { if (error.message === first) return "the same"; throw error; }""",
        gives="the same",
        says="every later call on it throws the same exception",
        claim="""import { DurableObject } from "cloudflare:workers";
            export class Room extends DurableObject { fall() { this.ctx.abort("reset"); } ping() { return "pong"; } }""",
        objects={"OBJECT": "Room"},
    ),
    Case(
        "fetch-relative-url",
        'return (await env.EXAMPLE.fetch("http://w/", { redirect: "manual" })).status;',
        "^TypeError: Invalid URL: /increment",
        "The same holds for the stub of a Durable Object",
        303,
        main="""import page from "./page.mjs"; export default page; import { DurableObject } from "cloudflare:workers";
            export class Counter extends DurableObject { fetch() { return new Response("1"); } }""",
        objects={"COUNTER": "Counter"},
    ),
    Case(
        "global-request-state",
        'await env.EXAMPLE.fetch("http://w/", { method: "POST", body: "a" }); ' + FETCH,
        "Cannot perform I/O on behalf of a different request",
        "Cannot perform I/O on behalf of a different request",
        claim="""let first; export default { async fetch(request) {
            if (first === undefined) { first = request; return new Response("kept"); }
            return new Response(await first.text()); } };""",
    ),
    Case(
        "handler-missing-response",
        'return (await env.EXAMPLE.fetch("http://w/", { method: "POST", body: "a" })).status;',
        "Incorrect type for Promise: the Promise did not resolve to 'Response'",
        "Incorrect type for Promise: the Promise did not resolve to 'Response'",
        405,
    ),
    Case(
        "r2-get-null", FETCH, "^TypeError: Cannot read properties of null", "then throws", 404, r2=["FILES"]
    ),
    Case(
        "binding-not-declared",
        FETCH,
        "^TypeError: Cannot read properties of undefined",
        "calling a method on it throws at the first request",
        404,
    ),
    Case(
        "d1-results-shape",
        'await env.DB.exec("CREATE TABLE users (name TEXT)"); return await (await env.EXAMPLE.fetch("http://w/")).json();',
        "^TypeError: users.map is not a function",
        "throws or gives",
        [],
        d1=["DB"],
    ),
    Case(
        "d1-bind-mismatch",
        'await env.DB.exec("CREATE TABLE orders (shop TEXT, state TEXT)"); return await (await env.EXAMPLE.fetch("http://w/")).json();',
        "Wrong number of parameter bindings",
        "Wrong number of parameter bindings",
        [],
        d1=["DB"],
    ),
    Case("d1-exec-multiline", FETCH, "incomplete input", "`incomplete input`", 200, d1=["DB"]),
    Case(
        "d1-statement-not-executed",
        """await env.DB.exec("CREATE TABLE visits (path TEXT)"); await env.EXAMPLE.fetch("http://w/");
            return await env.DB.prepare("SELECT count(*) AS n FROM visits").first("n");""",
        gives=0,
        says="merely awaited does nothing",
        corrected=1,
        d1=["DB"],
    ),
    Case(
        "timing-unsafe-compare",
        FETCH,
        "^TypeError: .*same (byte )?length",
        "it throws when the two lengths differ",
        claim="""export default { fetch() { const bytes = (n) => new Uint8Array(n);
            return new Response(String(crypto.subtle.timingSafeEqual(bytes(1), bytes(2)))); } };""",
    ),
    Case(
        "trigger-without-handler",
        """return (await env.EXAMPLE.scheduled({ cron: "0 3 * * *", scheduledTime: new Date() })).outcome;""",
        gives="exception",
        says="Handler does not export a scheduled() function",
        logs=r"Handler does not export a scheduled\(\) function",
        alone=True,
        claim='export default { fetch() { return new Response("ok"); } }; export async function scheduled() {}',
    ),
    Case(
        "ws-close-code",
        'return await (await env.EXAMPLE.fetch("http://w/")).json();',
        gives=[999, 1004, 1005, 1006, 1015, 5000],
        says="`close()` takes 1000 to 4999 without 1004, 1005, 1006 and 1015",
        claim="""export default { fetch() {
            const codes = [999, 1000, 1003, 1004, 1005, 1006, 1007, 1014, 1015, 1016, 2999, 3000, 4999, 5000];
            return Response.json(codes.filter((code) => {
              const [client, server] = Object.values(new WebSocketPair()); server.accept();
              try { server.close(code); return false; }
              catch (error) { if (error.name !== "InvalidAccessError") throw error; return true; } })); } };""",
    ),
    Case(
        "ws-close-code",
        'return await (await env.EXAMPLE.fetch("http://w/")).json();',
        gives=["InvalidAccessError", "SyntaxError", "closed"],
        says="A reason needs a code, and from the compatibility date 2026-03-03 may have 123 bytes",
        claim="""export default { fetch() {
            return Response.json([[undefined, "why"], [1000, "r".repeat(124)], [1000, "r".repeat(123)]].map((given) => {
              const [client, server] = Object.values(new WebSocketPair()); server.accept();
              try { server.close(...given); return "closed"; } catch (error) { return error.name; } })); } };""",
    ),
    Case(
        "response-null-body-status",
        'return await (await env.EXAMPLE.fetch("http://w/")).json();',
        gives=[100, 101, 199, 204, 205, 304, 600],
        says="when the status is 101, 204, 205 or 304 and the body is not `null`, for a status outside of 200 to 599",
        claim="""export default { fetch() {
            const all = [100, 101, 199, 200, 201, 204, 205, 206, 304, 404, 599, 600];
            return Response.json(all.filter((status) => {
              try { new Response("body", { status }); return false; } catch { return true; } })); } };""",
    ),
    Case(
        "response-null-body-status",
        FETCH,
        "^TypeError: .*(GET|HEAD)",
        "for a `GET` or `HEAD` request with a body",
        claim="""export default { fetch() {
            new Request("https://w/", { method: "GET", body: "a" }); return new Response(); } };""",
    ),
    Case(
        "immutable-headers",
        'return await (await env.EXAMPLE.fetch("http://w/", { method: "POST", body: "a" })).json();',
        gives=["request", "fetched", "stub", "redirect", "cached"],
        says="The headers of a response that comes from `fetch()`, from the cache, from a stub or service, or from "
        "`Response.redirect()`, and those of the incoming request, cannot be modified",
        claim="""import { DurableObject } from "cloudflare:workers";
            export class Room extends DurableObject { fetch() { return new Response("ok"); } }
            export default { async fetch(request, env) {
              await caches.default.put("https://c/", new Response("a", { headers: { "cache-control": "max-age=60" } }));
              const all = { request, fetched: await fetch("https://a/"),
                stub: await env.OBJECT.getByName("a").fetch("https://a/"),
                redirect: Response.redirect("https://a/"), cached: await caches.default.match("https://c/"),
                fresh: new Response("a"), copied: new Response("a", await fetch("https://a/")), again: new Request(request) };
              return Response.json(Object.keys(all).filter((key) => {
                try { all[key].headers.set("x-a", "b"); return false; }
                catch (error) { return /^Can't modify immutable headers/.test(error.message); } })); } };""",
        objects={"OBJECT": "Room"},
    ),
    Case(
        "fetch-relative-url",
        FETCH,
        "^TypeError: Invalid URL: /state",
        '"Invalid URL: /state"',
        claim='export default { async fetch() { return await fetch("/state"); } };',
    ),
    Case(
        "fetch-relative-url",
        'return await (await env.EXAMPLE.fetch("http://w/")).json();',
        gives=["TypeError", "TypeError", "TypeError"],
        says="Give `fetch()`, `new Request()`, `new URL()` and `Response.redirect()` absolute URLs",
        claim="""export default { fetch() {
            const all = [() => new Request("/state"), () => new URL("/state"), () => Response.redirect("/state")];
            return Response.json(all.map((make) => { try { make(); return "made"; } catch (error) { return error.name; } })); } };""",
    ),
    Case(
        "ctx-destructured",
        'return await (await env.EXAMPLE.fetch("http://w/")).json();',
        gives=[
            "waitUntil: Illegal invocation",
            "passThroughOnException: Illegal invocation",
            "get: Illegal invocation",
            "prepare: Cannot read properties of undefined",
            "state: Illegal invocation",
        ],
        says="That goes for `waitUntil` and `passThroughOnException` of `ctx`, for the methods of a Durable Object's `ctx`, "
        "and for those of bindings",
        claim="""import { DurableObject } from "cloudflare:workers";
            export class Room extends DurableObject { test() { const { getWebSockets } = this.ctx;
              try { getWebSockets(); return ""; } catch (error) { return error.message; } } }
            export default { async fetch(request, env, ctx) {
              const { waitUntil, passThroughOnException } = ctx; const { get } = env.KV; const { prepare } = env.DB;
              const all = { waitUntil: () => waitUntil(Promise.resolve()), passThroughOnException: () => passThroughOnException(),
                get: () => get("a"), prepare: () => prepare("SELECT 1"),
                state: async () => { const said = await env.OBJECT.getByName("a").test(); if (/^Illegal invocation/.test(said)) throw new Error(said); } };
              const fails = [];
              for (const [name, call] of Object.entries(all)) {
                try { await call(); } catch (error) {
                  const known = /^(Illegal invocation|Cannot read properties of undefined)/.exec(error.message);
                  fails.push(`${name}: ${known?.[1] ?? error}`); } }
              return Response.json(fails); } };""",
        kv=["KV"],
        d1=["DB"],
        objects={"OBJECT": "Room"},
    ),
    Case(
        "do-sql-unsupported-statement",
        'return await env.OBJECT.getByName("a").test();',
        gives=["PRAGMA user_version", "ATTACH 'a' AS b", "CREATE TEMP TABLE t (a)", "CREATE TABLE _cf_a (a)"],
        says="a few PRAGMAs, no attached databases, no temporary tables, and no tables whose name starts with `_cf_`",
        claim="""import { DurableObject } from "cloudflare:workers";
            export class Ledger extends DurableObject { test() {
              const all = ["PRAGMA table_info(a)", "PRAGMA user_version", "ATTACH 'a' AS b", "CREATE TEMP TABLE t (a)",
                "CREATE TABLE _cf_a (a)", "CREATE TABLE a (a)"];
              return all.filter((statement) => { try { this.ctx.storage.sql.exec(statement); return false; }
                catch (error) { if (!/not authorized/.test(error.message)) throw error; return true; } }); } }""",
        objects={"OBJECT": "Ledger"},
    ),
    Case(
        "stream-write-deadlock",
        """const text = async () => await (await env.EXAMPLE.fetch("http://w/")).text();
            return await Promise.race([text(), new Promise((done) => setTimeout(() => done("waits"), 5000))]);""",
        "detected that your Worker's code had hung",
        "The Workers runtime canceled this request because it detected that your Worker's code had hung",
        "hello",
        alone=True,
    ),
    Case(
        "do-deleteall-keeps-alarm",
        'return await env.OBJECT.getByName("a").test();',
        gives=True,
        says="Before the compatibility date 2026-02-24 `deleteAll()` leaves the alarm",
        claim=(
            DELETED := """import { DurableObject } from "cloudflare:workers";
            export class Room extends DurableObject { alarm() {}
              async test() { await this.ctx.storage.setAlarm(Date.now() + 1_000_000);
                await this.ctx.storage.deleteAll(); return (await this.ctx.storage.getAlarm()) !== null; } }"""
        ),
        objects={"OBJECT": "Room"},
        date="2025-10-01",
    ),
    Case(
        "do-deleteall-keeps-alarm",
        'return await env.OBJECT.getByName("a").test();',
        gives=False,
        says="the alarm is deleted, too, as newer compatibility dates do",
        claim=DELETED,
        objects={"OBJECT": "Room"},
    ),
    Case(
        "hyperdrive-mysql2-disable-eval",
        FETCH,
        "^EvalError: Code generation from strings disallowed for this context",
        "Code generation from strings disallowed for this context",
        claim='export default { fetch() { return new Response(String(new Function("return 1")())); } };',
    ),
]


KINDS = (
    CASES,
    BINDING_CASES,
    LANGUAGE_CASES,
    OBJECT_CASES,
    QUEUE_CASES,
    WORKFLOW_CASES,
    HIBERNATION_CASES,
    PACKAGE_CASES,
    AGENT_CASES,
)
AT_ONCE = 20
LOTS = [cases[start : start + AT_ONCE] for cases in KINDS for start in range(0, len(cases), AT_ONCE)]
"""The cases that are run together: each process of the suite runs those of which it has a test."""

ALL = [case for lot in LOTS for case in lot]


@cache
def answered(lot: int) -> dict[tuple[Case, str], dict[str, Any]]:
    """What workerd did in the cases of a lot, by case and heading."""
    return answers(LOTS[lot])


@pytest.mark.parametrize("case", ALL, ids=lambda case: case.name[:70])
def test_page_and_runtime(case: Case) -> None:
    page = KNOWN[case.rule].page
    assert case.says and case.says in " ".join(page.split()), "the page says it"
    did = answered(next(number for number, lot in enumerate(LOTS) if case in lot))
    wrong = did[case, "Incorrect"]
    failure = str(wrong.get("error") or wrong.get("start") or "")
    if case.fails:
        assert re.search(case.fails, failure), wrong
    else:
        assert wrong["value"] == case.gives
    if case.logs:
        assert re.search(case.logs, "\n".join(wrong["said"])), wrong
    if not case.claim:
        right = did[case, "Correct"]
        assert "value" in right and right["value"] == case.corrected, right


def test_enough_rules_are_compared() -> None:
    assert len({case.rule for case in ALL if not case.claim}) >= 20
