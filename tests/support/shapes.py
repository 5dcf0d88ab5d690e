"""Projects that grow: whatever repeats in code, configurations and comments, as often as one wants.

A shape makes the files of a project of `n` repetitions. Time to check them is to grow with `n`: see
`tests/engine/test_growth.py`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

Files = dict[str, bytes]

BASE: dict[str, Any] = {
    "name": "w",
    "main": "src/index.ts",
    "compatibility_date": "2026-08-01",
    "observability": {"enabled": True},
    "kv_namespaces": [{"binding": "KV", "id": "0123456789abcdef0123456789abcdef"}],
    "d1_databases": [
        {"binding": "DB", "database_name": "d", "database_id": "0b1c2d3e-0000-4000-8000-0123456789ab"}
    ],
    "r2_buckets": [{"binding": "BUCKET", "bucket_name": "b"}],
    "hyperdrive": [{"binding": "HYPERDRIVE", "id": "0123456789abcdef0123456789abcdef"}],
    "ai": {"binding": "AI"},
    "durable_objects": {"bindings": [{"name": "ROOM", "class_name": "Room"}]},
    "migrations": [{"tag": "v1", "new_sqlite_classes": ["Room"]}],
    "queues": {"consumers": [{"queue": "q"}], "producers": [{"binding": "Q", "queue": "q"}]},
}


@dataclass(frozen=True)
class Shape:
    """Files of `n` repetitions, by the name of what repeats."""

    name: str
    make: Callable[[int], Files]
    start: int
    """How many repetitions are worth a measurement."""

    def __str__(self) -> str:
        return self.name


# -- what repeats in code ------------------------------------------------------------------------------

NESTED: dict[str, tuple[str, str, str]] = {
    "parentheses": ("(\n", "1", ")"),
    "calls": ("f(\n", "1", ")"),
    "member-calls": ("a.get(\n", "1", ")"),
    "binding-calls": ("env.KV.get(\n", '"a"', ")"),
    "awaits": ("await (\n", "x", ")"),
    "fetches": ("fetch(\n", "x", ")"),
    "news": ("new X(\n", "1", ")"),
    "responses": ("new Response(\n", "1", ")"),
    "promises": ("Promise.all([\n", "f()", "])"),
    "arrays": ("[\n", "1", "]"),
    "objects": ("{ a:\n", "1", "}"),
    "spreads": ("{ ...\n", "b", "}"),
    "arrows": ("() => (\n", "1", ")"),
    "async-arrows": ("async () => {\nawait f();", "", "}"),
    "functions": ("function () {\n", "", "}"),
    "callbacks": ("f(function () {\n return ", "1", "})"),
    "then-nests": ("f().then(() => {\n return ", "1", "})"),
    "ternaries": ("a ? \n", "b", ": c"),
    "ternary-tails": ("a ? b : \n", "b", ""),
    "assignments": ("a = \n", "b", ""),
    "templates": ("`${\n", "1", "}`"),
    "nots": ("!\n", "a", ""),
    "minuses": ("- \n", "a", ""),
    "typeofs": ("typeof \n", "a", ""),
    "bare-awaits": ("await \n", "a", ""),
    "binaries-right": ("a + (\n", "1", ")"),
    "nullish-right": ("a ?? (\n", "1", ")"),
    "jsons": ("JSON.parse(\n", "x", ")"),
    "sql": ('env.DB.prepare("SELECT * FROM t WHERE a = " + \n', "x", ")"),
    "wait-untils": ("ctx.waitUntil(\n", "f()", ")"),
    "commas": ("(1, \n", "1", ")"),
    "iifes": ("(() => {\n return ", "1", "})()"),
    "classes": ("class { m() { return \n", "1", "} }"),
    "subscripts": ("a[\n", "1", "]"),
}
"""Expressions that hold themselves: what opens, the middle, what closes."""

NESTED_STATEMENTS: dict[str, tuple[str, str, str]] = {
    "blocks": ("{\n", "f();", "}"),
    "ifs": ("if (a) {\n", "f();", "}"),
    "else-ifs": ("if (a) { f(); } else\n", "f();", ""),
    "tries": ("try {\n", "await f();", "} catch (e) { g(e); }"),
    "catches": ("try { f(); } catch (e) {\n", "await f();", "}"),
    "finallies": ("try { f(); } finally {\n", "await f();", "}"),
    "fors": ("for (const a of b) {\n", "await f(a);", "}"),
    "whiles": ("while (a) {\n", "await f(a);", "}"),
    "dos": ("do {\n", "await f(a);", "} while (a)"),
    "labels": ("a:\n", "f();", ""),
    "switches": ("switch (a) { case 1:\n", "f();", "}"),
    "named-functions": ("function f() {\n", "f();", "}"),
    "declared-arrows": ("const f = async () => {\n", "await g();", "};"),
    "declared-classes": ("class A extends DurableObject { async fetch() {\n", "g();", "} }"),
    "listeners": ('ws.addEventListener("message", async () => {\n', "g();", "});"),
}

CHAINS: dict[str, tuple[str, str]] = {
    "members": ("a", "\n.b"),
    "optional-members": ("a", "\n?.b"),
    "subscripts": ("a", "\n[0]"),
    "calls": ("a", "\n()"),
    "member-calls": ("a", "\n.b()"),
    "binding-members": ("env.KV", "\n.get()"),
    "thens": ("f()", "\n.then((x) => x)"),
    "catches": ("fetch(a)", "\n.catch((x) => x)"),
    "sums": ("a", "\n+ b"),
    "strings": ('"a"', '\n+ "b"'),
    "sql-sums": ('env.DB.prepare("SELECT"', '\n+ "b"'),
    "ands": ("a", "\n&& b"),
    "nullish": ("a", "\n?? b"),
    "ors": ("a", "\n|| env.KV"),
    "commas": ("a", "\n, b()"),
    "tagged": ("a", "\n`b`"),
    "casts": ("a", "\nas B"),
    "non-nulls": ("a", "\n!"),
    "arguments": ("f(a", "\n, b"),
    "elements": ("[a", "\n, b"),
    "properties": ("({ a", "\n, b: 1"),
    "awaited-elements": ("Promise.all([a", "\n, fetch(b)"),
    "headers": ("new Response(a).headers", '\n.set("a", "b")'),
    "hono": ("new Hono()", '\n.get("/a", (c) => c.text("b"))'),
    "zod": ("z.object({})", "\n.optional()"),
}

ROWS: dict[str, str] = {
    "calls": "f(a{0});",
    "awaits": "await f(a{0});",
    "consts": "const a{0} = f();",
    "renamed": "const a{0} = a{1};",
    "lets": "let a{0} = a{1}; a{0} = f(a{0});",
    "one-let": "let x; x = f(x);",
    "self-assigned": "x = x + 1;",
    "destructured": "const {{ b{0} }} = env;",
    "undeclared": "env.B{0}.get('a');",
    "same-undeclared": "env.NONE.get('a');",
    "kv-puts": "env.KV.put('a{0}', b);",
    "kv-gets": "const a{0} = await env.KV.get('a'); f(a{0});",
    "queries": "const r{0} = await env.DB.prepare('SELECT * FROM t{0} WHERE a = ?').bind(a).all();",
    "rewritten-rows": "const u{0} = await env.DB.prepare('SELECT c FROM u WHERE id = ?').bind(a).first();"
    " await env.DB.prepare('UPDATE u SET c = ? WHERE id = ?').bind(u{0}.c + 1, a).run();",
    "names-taken": "if (await env.KV.get(a)) return new Response('taken'); await env.KV.put(a, f());",
    "dropped": "env.DB.prepare('SELECT * FROM t').all();",
    "fetches": "const r{0} = await fetch('https://a/{0}');",
    "responses": "const r{0} = new Response('a'); r{0}.headers.set('a', 'b');",
    "stubs": "const s{0} = env.ROOM.get(env.ROOM.idFromName('{0}')); await s{0}.m{0}();",
    "sockets": "const p{0} = new WebSocketPair(); p{0}[1].accept();",
    "listeners": "ws.addEventListener('message', (event) => {{ ws.send(event.data); }});",
    "logs": "console.log(env.KV, a{0});",
    "wait-untils": "ctx.waitUntil(f{0}());",
    "ifs": "if (a{0}) {{ return new Response('a'); }}",
    "plain-ifs": "if (a) {{ b(); }}",
    "tries": "try {{ await f(); }} catch (e) {{ g(e); }}",
    "throws": "if (a) throw new Error('a{0}');",
    "functions": "function f{0}() {{ return f{1}(); }}",
    "async-functions": "async function f{0}(e) {{ await f{1}(e); return e.KV.get('a'); }}",
    "arrows": "const f{0} = async (e) => {{ await f{1}(e); }};",
    "objects": "const o{0} = {{ a: o{1}, b: 1 }};",
    "arrays": "const o{0} = [o{1}, 1];",
    "members": "o.a{0} = o.a{1};",
    "this": "this.a{0} = this.a{1};",
    "pushes": "list.push(f{0}());",
    "one-promise": "const p = f(); await p;",
    "promises": "const p{0} = f(); ",
    "strings": "const s{0} = s{1} + 'a';",
    "templates": "const s{0} = `${{s{1}}} a`;",
    "jsons": "const s{0} = JSON.parse(s{1});",
    "timers": "setTimeout(() => f{0}(), 1);",
    "dates": "const d{0} = Date.now();",
    "crypto": "const d{0} = crypto.randomUUID();",
    "requests": "const d{0} = await request.json();",
    "sql-exec": "this.ctx.storage.sql.exec('SELECT * FROM t{0}');",
    "storage": "await this.ctx.storage.put('a{0}', 1);",
    "alarms": "await this.ctx.storage.setAlarm({0});",
    "secrets": "const k{0} = 'sk_live_51H8xQ2eZvKYlo2C9bTqJkWm{0}';",
    "eval": "eval('a{0}');",
    "buckets": "const b{0} = await env.BUCKET.get('a{0}'); return new Response(b{0}.body);",
    "batches": "for (const m{0} of batch.messages) {{ m{0}.ack(); }}",
    "sends": "await env.Q.send({{ a: {0} }});",
    "clients": "const c{0} = new Client(env.HYPERDRIVE.connectionString); await c{0}.connect();",
    "ai": "await env.AI.run('@cf/meta/llama-{0}', {{}});",
    "empty": ";",
    "types": "type T{0} = T{1} | {0};",
    "switch": "switch (a) {{ case {0}: f(); break; default: g(); }}",
    "labels": "l{0}: for (;;) {{ break l{0}; }}",
    "returns": "return a;",
    "vars": "var v = v + 1;",
}
"""Statements; `{0}` is the number of the line, `{1}` that of the line before."""

TOP_ROWS: dict[str, str] = {
    "imports": 'import {{ a{0} }} from "./m{0}";',
    "same-imports": 'import {{ a{0} }} from "./b";',
    "side-imports": 'import "p{0}";',
    "node-imports": 'import a{0} from "node:fs";',
    "cloudflare-imports": 'import {{ a{0} }} from "cloudflare:workers";',
    "requires": "const a{0} = require('p{0}');",
    "dynamic": "const a{0} = import('./p{0}');",
    "exports": "export const a{0} = {0};",
    "exports-from": 'export {{ a{0} }} from "./m{0}";',
    "export-stars": 'export * from "./m{0}";',
    "local-exports": "const b{0} = 1; export {{ b{0} }};",
    "classes": "export class C{0} extends DurableObject {{ async fetch() {{ this.a = await f(); }} }}",
    "derived": "class C{0} extends C{1} {{ }}",
    "entrypoints": "export class C{0} extends WorkerEntrypoint {{ async m{0}() {{ return this.env.KV; }} }}",
    "workflows": "class C{0} extends WorkflowEntrypoint {{ async run(e, s) {{ await s.do('a', f); }} }}",
    "interfaces": "interface Env {{ A{0}: KVNamespace }}",
    "other-interfaces": "interface I{0} extends I{1} {{ a: string }}",
    "namespaces": "namespace N{0} {{ export const a = 1; }}",
    "globals": "let g{0} = 0; export function s{0}() {{ g{0} += 1; }}",
    "caches": "const c{0} = new Map(); export function s{0}(a) {{ c{0}.set(a, 1); }}",
    "enums": "enum E{0} {{ A, B }}",
    "routes": "app.get('/a{0}', async (c) => {{ await c.env.KV.put('a', 'b'); return c.text('a'); }});",
    "handlers": "export default {{ async fetch(request, env) {{ return f(env); }} }};",
    "comments": "// a comment",
    "ignores": "// cflint-ignore no-such-rule{0}: why",
    "ignore-files": "// cflint-ignore-file ws-legacy-accept",
    "ignored": "env.DB.prepare('SELECT 1').all(); // cflint-ignore floating-promise",
    "unclosed-comments": "/* x",
    "unclosed-imports": "import /* x",
    "half-imports": "import {{",
    "half-exports": "export * from",
    "half-strings": 'const a = "',
    "half-templates": "const a = `${{",
    "half-calls": "f(",
    "half-blocks": "{{",
    "half-classes": "class A {{",
    "half-accepts": "x.accept( @",
    "closers": "}}",
    "conflicts": "<<<<<<< a",
    "whole-conflicts": "<<<<<<< a\nb\n=======\nc\n>>>>>>> d",
    "typos": "class A {{ a() {{ }}, b() {{ }} }}",
    "at-signs": "@a",
    "hashes": "#",
    "backslashes": "\\",
    "regexes": "/a[/]/.test(b);",
    "slashes": "/",
    "generics": "a < b > (c);",
    "angle": "<",
    "jsx": "<a>",
    "stars": "*",
    "dots": "...",
    "colons": "a :",
    "async": "async",
    "arrows-cut": "=>",
    "controls": "\x00",
    "not-utf8": "\udcff",
    "wide": "\U0001f600",
    "cr": "\r",
    "this-sql": "this.sql<Row>`SELECT {0}`;",
    "await-generic": "await a.b<T{0}>(c);",
    "import-types": "let a{0}: import('a').B[];",
    "using": "using a{0} = f();",
}

IN_LINE: dict[str, str] = {
    "parentheses": "(",
    "closers": ")",
    "brackets": "[",
    "braces": "{",
    "angles": "<",
    "quotes": "'",
    "double-quotes": '"',
    "backticks": "`",
    "holes": "`${",
    "slashes": "/",
    "stars": "*/*",
    "line-comments": "//#",
    "spaces": " ",
    "tabs": "\t",
    "words": "a ",
    "word": "a",
    "numbers": "1",
    "underscores": "_",
    "dots": ".",
    "commas": ",",
    "semicolons": ";",
    "colons": ":",
    "equals": "=",
    "arrows": "=>",
    "ats": "@",
    "backslashes": "\\",
    "env": "env.",
    "await": "await ",
    "imports": "import(",
    "ignores": "/* cflint-ignore a */",
    "ignore-file": "// cflint-ignore-file ",
    "generics": "a<b>",
    "generic-open": "a<",
    "templates": "this.sql<",
    "questions": "?",
    "dashes": "-",
    "emoji": "\U0001f600",
    "joined-emoji": "\U0001f468\u200d",
    "bidi": "\u202e",
    "dollar": "$",
    "hash": "#",
    "jsx": "<a>",
    "vite": "vite",
    "carriage": "\r",
}
"""What stands again and again on one line."""

CONTEXTS: dict[str, tuple[str, str]] = {
    "top": ("", ""),
    "fetch": (
        "export default {\n  async fetch(request, env, ctx) {\n",
        "\nreturn new Response('a');\n  },\n} satisfies ExportedHandler<Env>;\n",
    ),
    "object": (
        'import { DurableObject } from "cloudflare:workers";\n'
        "export class Room extends DurableObject<Env> {\n  async fetch(request) {\nconst env = this.env;\n",
        "\nreturn new Response('a');\n  }\n}\n"
        "export default { async fetch() { return new Response('a'); } };\n",
    ),
    "helper": (
        "async function help(env: Env, ctx: ExecutionContext, request: Request) {\n",
        "\n}\nexport default { async fetch(request, env, ctx) { await help(env, ctx, request);"
        " return new Response('a'); } };\n",
    ),
}


def rows(text: str, n: int) -> str:
    """A line `n` times, numbered."""
    return "\n".join(text.format(i, max(i - 1, 0)) for i in range(n)) + "\n"


def worker(code: str, path: str = "src/index.ts", **config: Any) -> Files:
    """A Worker of one module."""
    text = json.dumps({**BASE, **config, "main": path}, indent=1)
    return {"wrangler.jsonc": text.encode(), path: code.encode("utf-8", "surrogateescape")}


Make = Callable[[int], Files]


def code_shapes() -> Iterator[Shape]:
    """What repeats in TypeScript."""
    for where in CONTEXTS:
        for name, row in ROWS.items():
            yield Shape(f"{where}:rows:{name}", _in_context(where, partial(rows, row)), 300)
        if where == "helper":
            continue
        for name, (opens, middle, closes) in NESTED.items():
            nested = partial(_nested, "const r = " + opens, opens, middle, closes)
            yield Shape(f"{where}:nested:{name}", _in_context(where, nested), 400)
        for name, (opens, middle, closes) in NESTED_STATEMENTS.items():
            nested = partial(_nested, opens, opens, middle, closes)
            yield Shape(f"{where}:blocks:{name}", _in_context(where, nested), 300)
        for name, (first, more) in CHAINS.items():
            yield Shape(f"{where}:chain:{name}", _in_context(where, partial(_chain, first, more)), 500)
    for name, row in TOP_ROWS.items():
        yield Shape(f"rows:{name}", _before_code(partial(rows, row)), 500)
    for name, word in IN_LINE.items():
        yield Shape(f"line:{name}", _after_code(word), 4000)
        yield Shape(f"lines:{name}", _after_code(word + "\n"), 2000)


def _in_context(where: str, code: Callable[[int], str]) -> Make:
    before, after = CONTEXTS[where]
    return lambda n: worker(before + code(n) + after)


def _nested(first: str, opens: str, middle: str, closes: str, n: int) -> str:
    return first + opens * (n - 1) + middle + closes * n + ";\n"


def _chain(first: str, more: str, n: int) -> str:
    return "const r = " + first + more * n + closing(first) + ";\n"


def _before_code(code: Callable[[int], str]) -> Make:
    return lambda n: worker(code(n) + "".join(CONTEXTS["fetch"]))


def _after_code(word: str) -> Make:
    return lambda n: worker("".join(CONTEXTS["fetch"]) + word * n)


def closing(text: str) -> str:
    """The brackets that close what a text opens."""
    pairs = {"(": ")", "[": "]", "{": "}"}
    stack: list[str] = []
    for char in text:
        if char in pairs:
            stack.append(pairs[char])
        elif stack and char == stack[-1]:
            stack.pop()
    return "".join(reversed(stack))


# -- what repeats in configurations and beside them ------------------------------------------------------

CONFIG_LINES: dict[str, str] = {
    "unknown-keys": '"key{0}": 1,',
    "near-keys": '"compatibility_dat{0}": 1,',
    "same-key": '"name": "w",',
    "comments": '// "KV{0}": 1,',
    "block-comments": "/* x */",
    "barewords": '"a{0}": nonsense,',
    "quotes": "'",
    "half-keys": '"a{0}"',
    "commas": ",",
    "colons": ":",
    "openers": "{{",
    "closers": "}}",
    "lists": "[",
}
"""Lines inside the object of a `wrangler.jsonc`."""

CONFIG_PARTS: dict[str, tuple[str, str]] = {
    "kv": ("kv_namespaces", '{{ "binding": "KV{0}", "id": "{0}" }}'),
    "same-kv": ("kv_namespaces", '{{ "binding": "KV", "id": "{0}" }}'),
    "d1": ("d1_databases", '{{ "binding": "DB{0}", "database_name": "a{0}", "database_id": "{0}" }}'),
    "services": ("services", '{{ "binding": "S{0}", "service": "s{0}", "entrypoint": "E{0}" }}'),
    "workflows": ("workflows", '{{ "binding": "W{0}", "name": "w{0}", "class_name": "C{0}" }}'),
    "routes": ("routes", '{{ "pattern": "a{0}.example.com/*", "zone_name": "example.com" }}'),
    "migrations": ("migrations", '{{ "tag": "v{0}", "new_sqlite_classes": ["C{0}"] }}'),
    "renames": ("migrations", '{{ "tag": "v{0}", "renamed_classes": [{{ "from": "C{1}", "to": "C{0}" }}] }}'),
    "flags": ("compatibility_flags", '"flag{0}"'),
    "rules": ("rules", '{{ "type": "Text", "globs": ["**/*.a{0}"] }}'),
    "numbers": ("kv_namespaces", "{0}"),
    "wrong": ("routes", "nonsense{0}"),
}
"""Items of a list of a `wrangler.jsonc`."""

CONFIG_TABLES: dict[str, tuple[str, str]] = {
    "vars": ("vars", '"V{0}": "{0}"'),
    "secret-vars": ("vars", '"TOKEN{0}": "sk_live_51H8xQ2eZvKYlo2C9bTqJkWm{0}"'),
    "environments": ("env", '"e{0}": {{ "name": "w{0}" }}'),
    "binding-environments": ("env", '"e{0}": {{ "kv_namespaces": [{{ "binding": "KV", "id": "{0}" }}] }}'),
    "aliases": ("alias", '"a{0}": "./b{0}"'),
    "defines": ("define", '"a{0}": "1"'),
}
"""Members of an object of a `wrangler.jsonc`."""

TOML_LINES: dict[str, str] = {
    "tables": "[a{0}]",
    "same-table": "[a]",
    "arrays": "[[a]]",
    "deep-tables": "[a.b.c.d{0}]",
    "keys": "a{0} = 1",
    "dotted": "a.b.c{0} = 1",
    "nested-dotted": "vars.a{0}.b = 1",
    "bindings": '[[kv_namespaces]]\nbinding = "KV{0}"\nid = "{0}"',
    "environments": '[env.e{0}]\nname = "w{0}"',
    "quotes": '"',
    "texts": 'a{0} = """',
    "barewords": "a{0} = nonsense",
    "half": "a{0}",
    "lists": "a{0} = [",
    "inline": "a{0} = {{ b = {{ c = 1 }} }}",
    "comments": "# a",
}

MANIFEST: dict[str, str] = {
    "vite": "vite",
    "wrangler": "wrangler ",
    "wranglers": "wrangler deploy && ",
    "spaces": " ",
    "dashes": "--a ",
    "dots": "./",
    "quotes": "'",
    "ats": "wrangler@",
}

CALL = "export default { async fetch(request, env) { return new Response(await env.KV.get('a')); } };\n"


def config_of(lines: str) -> Files:
    """A Worker whose `wrangler.jsonc` has more lines."""
    text = json.dumps(BASE, indent=1)[:-1] + ",\n" + lines + "}\n"
    return {"wrangler.jsonc": text.encode(), "src/index.ts": CALL.encode()}


def config_shapes() -> Iterator[Shape]:
    """What repeats in configurations and in the files beside them."""
    for name, line in CONFIG_LINES.items():
        yield Shape(f"config:{name}", _config_lines(line), 500)
    for name, word in IN_LINE.items():
        yield Shape(f"config:comment:{name}", _config_comment(word), 2000)
    for name, (key, item) in CONFIG_PARTS.items():
        yield Shape(f"config:list:{name}", _config_value(key, ["@"], '"@"', item), 200)
    for name, (key, item) in CONFIG_TABLES.items():
        yield Shape(f"config:table:{name}", _config_value(key, {"@": 1}, '"@": 1', item), 200)
    for name, line in TOML_LINES.items():
        yield Shape(f"toml:{name}", _toml(line), 500)
    for name, word in MANIFEST.items():
        yield Shape(f"manifest:script:{name}", _manifest(word), 4000)
    for name, line in MARKDOWN_LINES.items():
        yield Shape(f"markdown:{name}", _beside("README.md", line), 300)
    for name, line in PYTHON_LINES.items():
        yield Shape(f"python:{name}", _python(line), 200)
    yield Shape("dev-vars", _beside(".dev.vars", "A{0}=b"), 500)
    yield Shape("migrations-sql", _beside("migrations/0001.sql", "CREATE TABLE t{0} (a TEXT, b TEXT);"), 300)
    yield Shape("undeclared:with-bindings", _undeclared, 100)
    yield Shape("env-type", _env_type, 200)
    yield Shape("layers:replies", _reply_layers, 100)
    yield Shape("layers:throws", _throw_layers, 100)
    yield Shape("layers:cookies", _cookie_layers, 30)
    yield Shape("fields-bound", _fields_bound, 100)
    yield Shape("tables-of-queue", _tables_of_queue, 100)
    yield Shape("sockets-accepted", _sockets_accepted, 50)
    yield Shape("lists-stored", _lists_stored, 50)
    yield Shape("modules", _modules, 60)
    yield Shape("module-chain", _module_chain, 60)
    yield Shape("workers", _workers, 30)


def _config_lines(line: str) -> Make:
    return lambda n: config_of(rows(line, n))


def _config_comment(word: str) -> Make:
    return lambda n: config_of("//" + word * n + "\n")


def _config_value(key: str, value: object, placeholder: str, item: str) -> Make:
    text = json.dumps(BASE | {key: value})

    def make(n: int) -> Files:
        items = ",\n".join(item.format(i, max(i - 1, 0)) for i in range(n))
        return {"wrangler.jsonc": text.replace(placeholder, items).encode(), "src/index.ts": CALL.encode()}

    return make


def _toml(line: str) -> Make:
    start = 'name = "w"\nmain = "src/index.ts"\ncompatibility_date = "2026-08-01"\n'
    return lambda n: {"wrangler.toml": (start + rows(line, n)).encode(), "src/index.ts": CALL.encode()}


def _manifest(word: str) -> Make:
    config = {"name": "w", "assets": {"binding": "A", "directory": "p"}}

    def make(n: int) -> Files:
        manifest = {"scripts": {"a": word * n}, "dependencies": {word * n + "!": "1"}}
        return {"wrangler.jsonc": json.dumps(config).encode(), "package.json": json.dumps(manifest).encode()}

    return make


def _beside(path: str, line: str) -> Make:
    return lambda n: worker(CALL) | {path: rows(line, n).encode()}


def _python(line: str) -> Make:
    return lambda n: python_worker(rows(line, n))


def _undeclared(n: int) -> Files:
    before, after = CONTEXTS["fetch"]
    bindings = [{"binding": f"C{i}", "id": f"{i}"} for i in range(n)]
    return worker(before + rows("await env.B{0}.get('a');", n) + after, kv_namespaces=bindings)


def _env_type(n: int) -> Files:
    return worker("interface Env {\n" + rows("A{0}: KVNamespace;", n) + "}\n" + CALL)


def _modules(n: int) -> Files:
    modules = {f"src/m{i}.ts": b"export const a = 1;" for i in range(n)}
    return worker(rows('import "./m{0}";', n) + CALL) | modules


def _module_chain(n: int) -> Files:
    code = 'import {{ a as b }} from "./m{0}";\nexport function a(env) {{ return b(env); }}\n'
    modules = {f"src/m{i}.ts": code.format(i + 1).encode() for i in range(n)}
    return worker('import { a } from "./m0";\nconst b = a(env);\n' + CALL) | modules


def _layered(layers: int, call: str, last: str, n: int) -> str:
    """Functions in layers: each calls the next one `n` times, the last one has a line `n` times."""
    bodies = [rows(call.replace("NEXT", f"f{layer + 1}"), n) for layer in range(layers)]
    return "".join(
        f"function f{layer}(a: string, b: number) {{\n{body}}}\n"
        for layer, body in enumerate([*bodies, rows(last, n)])
    )


def _reply_layers(n: int) -> Files:
    code = _layered(2, "if (c === {0}) return NEXT(a, b);", "if (c === {0}) return new Response(a);", n)
    caught = "try { await env.KV.get('a'); } catch (error) { return f0(error.message, 500); }"
    return worker(code + caught.join(CONTEXTS["fetch"]))


def _throw_layers(n: int) -> Files:
    code = _layered(5, "NEXT(a, b);", "decodeURIComponent(a);", n)
    return worker(code + "f0(request.url, 1);".join(CONTEXTS["fetch"]))


def _cookie_layers(n: int) -> Files:
    """A cookie that is put together of constants, each `n` times in the next."""
    texts = [f"const c{layer} = `{f'${{c{layer + 1}}}' * n}`;\n" for layer in range(3)]
    sent = 'return new Response("", { headers: { "Set-Cookie": `session=${c0}` } });'
    return worker("".join(texts) + 'const c3 = "x";\n' + sent.join(CONTEXTS["fetch"]))


def _fields_bound(n: int) -> Files:
    """Optional fields that are bound, each by a statement of its own."""
    fields = rows("  f{0}?: string;", n)
    binds = rows('  await env.DB.prepare("UPDATE t SET f = ?").bind(note.f{0}).run();', n)
    code = f"interface Note {{\n{fields}}}\nasync function save(env: Env, note: Note) {{\n{binds}}}\n"
    return worker(code + "await save(env, await request.json());".join(CONTEXTS["fetch"]))


def _tables_of_queue(n: int) -> Files:
    """Functions that a consumer calls, each of which inserts into a table of its own."""
    insert = 'async function s{0}(env) {{ await env.DB.prepare("INSERT INTO t{0} (a) VALUES (1)").run(); }}'
    calls = rows("await s{0}(env);", n)
    return worker(rows(insert, n) + f"export default {{ async queue(batch, env) {{\n{calls}}} }};\n")


def _lists_stored(n: int) -> Files:
    """Methods of an object that add to a list each, and store it."""
    methods = "".join(
        f"""  async m{i}(text: string) {{
    const list = (await this.ctx.storage.get<string[]>("k{i}")) ?? [];
    list.push(text);
    await this.ctx.storage.put("k{i}", list);
  }}
"""
        for i in range(n)
    )
    head = 'import { DurableObject } from "cloudflare:workers";\nexport class Room extends DurableObject {\n'
    end = "}\nexport default { async fetch() { return new Response(); } };\n"
    return worker(head + methods + end)


def _sockets_accepted(n: int) -> Files:
    """Sockets that one object accepts, and which change its fields."""
    accept = (
        "const [c{0}, s{0}] = Object.values(new WebSocketPair()); s{0}.accept();"
        ' s{0}.addEventListener("message", (event) => {{ this.f{0} = event.data; }});'
    )
    body = f"async fetch(request) {{\n{rows(accept, n)}return new Response(null, {{ webSocket: c0 }}); }}"
    return worker(
        'import { DurableObject } from "cloudflare:workers";\n'
        f"export class Room extends DurableObject {{ {body} }}\nexport default {{ fetch() {{}} }};\n"
    )


def _workers(n: int) -> Files:
    files: Files = {}
    for i in range(n):
        services = [{"binding": "NEXT", "service": f"w{(i + 1) % n}"}]
        one = worker(CALL, name=f"w{i}", services=services)
        files |= {f"w{i}/{path}": data for path, data in one.items()}
    return files


MARKDOWN_LINES: dict[str, str] = {
    "fences": "```ts",
    "blocks": "```ts\nexport default {{ async fetch(r, env) {{ env.KV.put('a', 'b'); }} }};\n```",
    "config-blocks": '```jsonc\n{{ "name": "w" }}\n```',
    "quotes": "> > ```",
    "lists": "- - - ```",
    "html": "<!--",
    "headings": "# a",
    "ticks": "`",
}

PYTHON_LINES: dict[str, str] = {
    "functions": "async def f{0}(env):\n    await f{1}(env)",
    "classes": "class C{0}(WorkerEntrypoint):\n    def fetch(self, r):\n        self.env.KV.put('a', 'b')",
    "derived": "class C{0}(C{1}):\n    pass",
    "undeclared": "env.B{0}.get('a')",
    "imports": "import m{0}",
    "from-imports": "from m{0} import a",
    "assignments": "a{0} = a{1}",
    "one-name": "a = f(a)",
    "strings": "'a'",
    "half": "(",
    "comments": "# cflint-ignore a",
}


def python_worker(code: str) -> Files:
    """A Worker of Python."""
    head = "from workers import Response, WorkerEntrypoint, env\n"
    return worker(head + code, "src/entry.py", compatibility_flags=["python_workers"])
