"""Code in a sentence, as it would be written at a place."""

from __future__ import annotations

import pytest

from cflint.report.agent import render
from cflint.report.fitting import fitted
from cflint.testing import check

HANDLER = 'Before it: `if (!env.NAME) return new Response("not set", { status: 500 })`.'


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ((), HANDLER),
        ((("NAME", "KEY"),), 'Before it: `if (!env.KEY) return new Response("not set", { status: 500 })`.'),
        (
            (("env", "c.env"), ("new Response", "c"), ("env.NAME", "c.env.KEY")),
            'Before it: `if (!c.env.KEY) return c.text("not set", 500)`.',
        ),
    ],
)
def test_names_are_those_of_the_place(words: tuple[tuple[str, str], ...], expected: str) -> None:
    assert fitted(HANDLER, words, "src/index.ts") == expected


@pytest.mark.parametrize(
    ("text", "words", "path", "expected"),
    [
        ("`env` in env, `env.A`", (("env", "this.env"),), "a.ts", "`this.env` in env, `this.env.A`"),
        ('`log("request", request)`', (("request", "req"),), "a.ts", '`log("request", req)`'),
        ("`a.request`", (("request", "req"),), "a.ts", "`a.request`"),
        (
            '`env.A`, with `import { env } from "cloudflare:workers"`',
            (("env", "c.env"),),
            "a.ts",
            '`c.env.A`, with `import { env } from "cloudflare:workers"`',
        ),
        ("`let cursor: string | undefined; f(x as string)`", (), "a.js", "`let cursor; f(x)`"),
        ("Add `a`, in TypeScript `B: C` to the type of `env`, and `d`.", (), "a.js", "Add `a`, and `d`."),
        ("Add `a` (in TypeScript with `B: C` in the type of `env`).", (), "a.js", "Add `a`."),
        (
            "Add `a`, in TypeScript `B: C` to the type of `env`.",
            (),
            "a.ts",
            "Add `a`, in TypeScript `B: C` to the type of `env`.",
        ),
        ("`let cursor: string | undefined`", (), "a.ts", "`let cursor: string | undefined`"),
        (
            "`Response.json({ a: 1 }, { status: 404 })`",
            (("new Response", "c"),),
            "a.ts",
            "`c.json({ a: 1 }, 404)`",
        ),
        ("`new Response(null, { status: 401 })`", (("new Response", "c"),), "a.ts", "`c.body(null, 401)`"),
        ("`f(it)`, with the list for `it`.", (("it", "rows"),), "a.ts", "`f(rows)`."),
        ("`f(it)`, with the list for `it`.", (), "a.ts", "`f(it)`, with the list for `it`."),
        (
            'Add `"ai": { "binding": "AI" }` to it',
            (),
            "wrangler.toml",
            'Add `ai = { binding = "AI" }` (above the first `[table]`) to it',
        ),
        (
            'Add `"ratelimits": [{ "name": "A", "simple": { "limit": 5 } }]`.',
            (),
            "wrangler.toml.example",
            'Add `[[ratelimits]]` with `name = "A"`, `simple = { limit = 5 }` (at the end of the file).',
        ),
        ('Add `"flags": ["a"]`', (), "wrangler.toml", 'Add `flags = ["a"]` (above the first `[table]`)'),
        ('Add `"ai": { "binding": … }` to it', (), "wrangler.toml", 'Add `"ai": { "binding": … }` to it'),
        ('Write `"30 seconds"`', (), "wrangler.toml", 'Write `"30 seconds"`'),
    ],
)
def test_code_is_of_the_place(
    text: str, words: tuple[tuple[str, str], ...], path: str, expected: str
) -> None:
    assert fitted(text, words, path) == expected


CONFIG = '{ "name": "a", "main": "i.ts", "compatibility_date": "2026-08-01" }'
ASKS = """import { Hono } from "hono";
const app = new Hono<{ Bindings: { ADMIN_TOKEN: string } }>();
app.get("/", (c) => {
  const given = c.req.header("x-token");
  if (given !== c.env.ADMIN_TOKEN) return c.text("no", 401);
  return c.text("yes");
});
export default app;"""


READS = """import { Hono } from "hono";
const app = new Hono<{ Bindings: { DB: D1Database } }>();
app.get("/", async (c) => {
  const row = await c.env.DB.prepare("SELECT name FROM users WHERE id = ?").bind(1).first();
  return c.text(row.name);
});
export default app;"""
BOUND = """{ "name": "a", "main": "i.ts", "compatibility_date": "2026-08-01",
  "d1_databases": [{ "binding": "DB", "database_name": "users" }] }"""


def test_what_to_do_is_said_in_the_words_of_the_place() -> None:
    compared = render(check({"wrangler.json": CONFIG, "i.ts": ASKS}, "timing-unsafe-compare").report)
    assert (
        '`!crypto.subtle.timingSafeEqual(await digest(given ?? ""), await digest(c.env.ADMIN_TOKEN))`'
        in compared
    )
    fixed = render(check({"wrangler.json": CONFIG, "i.ts": ASKS}, "auth-undefined-equals").report)
    assert "why: where the secret is not set" in fixed
    assert "`npx wrangler secret put ADMIN_TOKEN`" in fixed
    read = render(check({"wrangler.json": BOUND, "i.ts": READS}, "d1-first-null").report)
    assert '`if (row === null) return c.text("not found", 404)`' in read


OBJECT = """import { DurableObject } from "cloudflare:workers";
export class Room extends DurableObject {
  restore(): void {
    this.ctx.storage.setAlarm(Date.now() + 1000).catch(() => undefined).then(String);
    this.ctx.storage.setAlarm(Date.now() + 2000);
  }
  async fetch(): Promise<Response> {
    this.restore();
    return new Response("ok");
  }
}
export default { async fetch() { return new Response("ok"); } };"""
OBJECTS = """{ "name": "a", "main": "i.ts", "compatibility_date": "2026-08-01",
  "durable_objects": { "bindings": [{ "name": "ROOM", "class_name": "Room" }] },
  "migrations": [{ "tag": "v1", "new_sqlite_classes": ["Room"] }] }"""


def test_what_waits_is_named_with_its_calls() -> None:
    shown = render(check({"wrangler.json": OBJECTS, "i.ts": OBJECT}, "alarm-floating-set").report)
    assert "`restore()` becomes `async`; its call at 8:5, and each other one, get `await`." in shown


LIMITED = """const rateLimits = new Map<string, number>();
export default {
  async fetch(request: Request) {
    const who = request.headers.get("cf-connecting-ip") ?? "";
    const count = (rateLimits.get(who) ?? 0) + 1;
    rateLimits.set(who, count);
    if (count > 100) return new Response("slow down", { status: 429 });
    return new Response("ok");
  },
};"""
STAGED = """name = "a"
main = "i.ts"
compatibility_date = "2026-08-01"
[env.staging]
"""


def test_environments_that_inherit_no_entry_are_named() -> None:
    shown = render(check({"wrangler.toml": STAGED, "i.ts": LIMITED}, "isolate-rate-limiter").report)
    assert '`[[ratelimits]]` with `name = "LIMITER"`' in shown
    assert "`env.staging` inherits no such entry: write it there, too." in shown
