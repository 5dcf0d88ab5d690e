"""Count and collect in a Durable Object, not in Workers KV.

Reading a value from KV, changing it and writing it back is not atomic: of two concurrent updates one is lost.
What `get()` returns may also be a minute old, and KV takes one write per second to a key. A Durable Object
handles one request after the other, and always reads what was written last.

## Incorrect

```ts
interface Env {
  STATS: KVNamespace;
}

export default {
  async fetch(request, env): Promise<Response> {
    const page = new URL(request.url).pathname;
    const hits = Number(await env.STATS.get(page));
    await env.STATS.put(page, String(hits + 1));
    return new Response(`visit ${hits + 1}`);
  },
} satisfies ExportedHandler<Env>;
```

## Correct

```ts
import { DurableObject } from "cloudflare:workers";

interface Env {
  COUNTERS: DurableObjectNamespace<Counter>;
}

export class Counter extends DurableObject<Env> {
  async increment(): Promise<number> {
    const hits = (this.ctx.storage.kv.get<number>("hits") ?? 0) + 1;
    this.ctx.storage.kv.put("hits", hits);
    return hits;
  }
}

export default {
  async fetch(request, env): Promise<Response> {
    const page = new URL(request.url).pathname;
    const hits = await env.COUNTERS.getByName(page).increment();
    return new Response(`visit ${hits}`);
  },
} satisfies ExportedHandler<Env>;
```

## What to do

Let a Durable Object do it, which takes one request after the other: `export class Kept extends DurableObject
{ async change(…) { const value = await this.ctx.storage.get("value"); … await this.ctx.storage.put("value",
value); return value; } }` in the main module (`import { DurableObject } from "cloudflare:workers"`),
`"durable_objects": { "bindings": [{ "name": "KEPT", "class_name": "Kept" }] }` and `"migrations": [{ "tag":
"kept-1", "new_sqlite_classes": ["Kept"] }]` in the configuration, behind what is there. What stands between
the reading and this goes to the inner `…`, what it needs to the outer. In place of both: `await
objects.get(objects.idFromName(thisKey)).change(…)`, with the objects' namespace that callers hand in for
`objects`, with the key that KV has for `thisKey`. What reads or writes the key elsewhere goes there, too.
Only if a lost change does no harm, keep it and suppress this.

- "a count that ends, with D1": Count in D1 by one statement, in place of both: ``const n = await
  db.prepare("INSERT INTO counts (id, n, until) VALUES (?1, 1, unixepoch() + ?2) ON CONFLICT (id) DO UPDATE
  SET n = iif(until > unixepoch(), n + 1, 1), until = iif(until > unixepoch(), until, excluded.until)
  RETURNING n").bind(thisKey, thisTtl).first<number>("n")``, with the D1 database that callers hand in for
  `db`, with the key that KV has for `thisKey`, with the seconds that it is kept for `thisTtl`; what was
  refused from the limit on is refused above it (`n` has this request in it). A new migration makes the table:
  `CREATE TABLE counts (id TEXT PRIMARY KEY, n INTEGER NOT NULL, until INTEGER NOT NULL)`. What reads or
  writes the key elsewhere goes there, too. Only if a few too many do no harm, keep it and suppress this.
- "a count, with D1": Count in D1 by one statement, in place of both: ``const n = await db.prepare("INSERT
  INTO counts (id, n) VALUES (?1, 1) ON CONFLICT (id) DO UPDATE SET n = n + 1 RETURNING
  n").bind(thisKey).first<number>("n")``, with the D1 database that callers hand in for `db`, with the key
  that KV has for `thisKey`. A new migration makes the table: `CREATE TABLE counts (id TEXT PRIMARY KEY, n
  INTEGER NOT NULL)`. What reads or writes the key elsewhere goes there, too. Only if a lost change does no
  harm, keep it and suppress this.
- "on Pages": Bind a D1 database (`d1_databases`, if there is none; the class of a Durable Object cannot stand
  in a Pages project), and change the value there by one statement, in place of both: `INSERT INTO counts (id,
  n) VALUES (?1, 1) ON CONFLICT (id) DO UPDATE SET n = n + 1 RETURNING n` for a count, a row of its own for
  each entry of a list. What reads or writes the key elsewhere goes there, too. Only if a lost change does no
  harm, keep it and suppress this.
- "a count that ends": Let a Durable Object count, which takes one request after the other: `export class Kept
  extends DurableObject { async add(seconds: number) { const n = ((await this.ctx.storage.get<number>("n")) ??
  0) + 1; await this.ctx.storage.put("n", n); if (n === 1) await this.ctx.storage.setAlarm(Date.now() +
  seconds * 1000); return n; } async alarm() { await this.ctx.storage.deleteAll(); } }` in the main module
  (`import { DurableObject } from "cloudflare:workers"`), `"durable_objects": { "bindings": [{ "name": "KEPT",
  "class_name": "Kept" }] }` and `"migrations": [{ "tag": "kept-1", "new_sqlite_classes": ["Kept"] }]` in the
  configuration, behind what is there. In place of both: `const n = await
  objects.get(objects.idFromName(thisKey)).add(thisTtl)`, with the objects' namespace that callers hand in for
  `objects`, with the key that KV has for `thisKey`, with the seconds that it is kept for `thisTtl`; what was
  refused from the limit on is refused above it (`n` has this request in it). What reads or writes the key
  elsewhere goes there, too. Only if a few too many do no harm, keep it and suppress this.
- "a count": Let a Durable Object count, which takes one request after the other: `export class Kept extends
  DurableObject { async add() { const n = ((await this.ctx.storage.get<number>("n")) ?? 0) + 1; await
  this.ctx.storage.put("n", n); return n; } }` in the main module (`import { DurableObject } from
  "cloudflare:workers"`), `"durable_objects": { "bindings": [{ "name": "KEPT", "class_name": "Kept" }] }` and
  `"migrations": [{ "tag": "kept-1", "new_sqlite_classes": ["Kept"] }]` in the configuration, behind what is
  there. In place of both: `const n = await objects.get(objects.idFromName(thisKey)).add()`, with the objects'
  namespace that callers hand in for `objects`, with the key that KV has for `thisKey`. What reads or writes
  the key elsewhere goes there, too. Only if a lost change does no harm, keep it and suppress this.

## Not reported

A value that is written when none was found, that does not come from what was read, or of which a property is
set by its name: only numbers that are counted, lists that grow or shrink, and entries by a key (`all[id] =
item`). Changes of which a comment says that they may be lost (`best effort`, `not atomic`), the progress of
the only cron trigger (`cursor`, `last…`), and what may be a class of the project instead of a namespace.

## Fix safety

There is no fix: what has to be atomic moves to a Durable Object, or to one statement of D1.

Source: https://developers.cloudflare.com/kv/concepts/how-kv-works/,
https://developers.cloudflare.com/pages/functions/bindings/#durable-objects
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import Finding, Match, Module, Severity, call, js, pattern, quoted, rule
from cflint_rules.kv._namespaces import may_be_other
from cflint_rules.kv._races import is_admitted, other_places, storage_words

if TYPE_CHECKING:
    from tree_sitter import Node

_PROGRESS = pattern(r"(?i)cursor|checkpoint|watermark|offset|\blast|_last|[a-z]Last(?=[A-Z])")
"""Names of keys that say how far something got."""
_PLAIN = frozenset({"string", "number", "true", "false", "null", "undefined"})


@rule(call("put"), severity=Severity.NOTE)
def check(match: Match) -> Iterator[Finding]:
    arguments = match.arguments
    if not 2 <= len(arguments) <= 3 or js.unwrap(arguments[1]).type in _PLAIN:
        return
    if match.receiver is None or not match.receiver_value.is_binding("kv"):
        return
    if may_be_other(match.module, match.receiver):
        return
    for write in js.writes_by(match.module, match.call):
        yield from _lost(match, write)


def _lost(match: Match, write: js.Write) -> Iterator[Finding]:
    module = match.module
    function = _outermost_function(module, write.node)
    if function is None or len(write.arguments) < 2 or js.unwrap(write.arguments[1]).type in _PLAIN:
        return
    read = next(js.reads_before_write(module, write, "get", function), None)
    if read is None:
        return
    names = js.names_between(module, read.node, write.arguments[1])
    if not any(js.is_counted_or_resized(module, name, function, write.node) for name in names):
        return
    if is_admitted(module, function) or _is_progress(match, write):
        return
    what = "is read from KV, changed and written back: of two requests at once, one is lost"
    yield Finding(
        f"{quoted(match.text(write.arguments[0]))} {what}",
        match.at(write.node),
        (module.at(read.node, "it is read here"), *other_places(module, write, read.node)),
        words=storage_words(module, write, "KEPT"),
    )


def _is_progress(match: Match, write: js.Write) -> bool:
    """Whether the only cron trigger writes how far it got: in its handler, or under a key of such a name."""
    module, handler = match.module, match.handler
    is_its = handler is not None and handler.name == "scheduled"
    key = write.arguments[0]
    said = f"{module.text(key)} {module.text(module.initializer(key))}"
    return (is_its or _PROGRESS.search(said) is not None) and _runs_alone(module)


def _runs_alone(module: Module) -> bool:
    """Whether no environment has more than one cron trigger, so that a key is one run's at a time."""
    return bool(module.environments) and all(len(found.crons) == 1 for found in module.environments)


def _outermost_function(module: Module, node: Node) -> Node | None:
    found = None
    for above in module.ancestors(node):
        if above.type in js.FUNCTIONS:
            found = above
    return found
