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

Decide whether a change may be lost once in a while. If so (a rough count, a cache), keep it and suppress
this. If not, a Durable Object by the key's name reads and writes in one method, in place of both here. What
KV has already is copied.

- "with D1": Decide whether a change may be lost once in a while. If so (a rough count, a cache), keep it
  and suppress this. If not, keep the value in a row of D1 that one statement changes: `INSERT INTO t (k, n)
  VALUES (?, 1) ON CONFLICT (k) DO UPDATE SET n = n + 1` for a count. What KV has already is copied.

- "on Pages": Decide whether a change may be lost once in a while. If so (a rough count, a cache), keep it and
  suppress this. If not, a D1 database (Pages can have no Durable Object's class in the same project, only
  bind to that of another Worker): bind one (`d1_databases`), and keep the value in a row that one statement
  changes: `INSERT INTO t (k, n) VALUES (?, 1) ON CONFLICT (k) DO UPDATE SET n = n + 1` for a count. What KV
  has already is copied.

## Not reported

A value that is written when none was found, that does not come from what was read, or of which a property is
set by its name: only numbers that are counted, lists that grow or shrink, and entries by a key (`all[id] =
item`).

## Fix safety

There is no fix: what has to be atomic moves to a Durable Object, or to one statement of D1.

Source: https://developers.cloudflare.com/kv/concepts/how-kv-works/,
https://developers.cloudflare.com/pages/functions/bindings/#durable-objects
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import Finding, Match, Module, Severity, call, js, quoted, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_PLAIN = frozenset({"string", "number", "true", "false", "null", "undefined"})


@rule(call("put"), severity=Severity.NOTE)
def check(match: Match) -> Iterator[Finding]:
    arguments = match.arguments
    if not 2 <= len(arguments) <= 3 or js.unwrap(arguments[1]).type in _PLAIN:
        return
    if not match.receiver_value.is_binding("kv"):
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
    handler = match.handler
    if handler is not None and handler.name == "scheduled" and _runs_alone(module):
        return  # the cursor of one cron trigger
    what = "is read from KV, changed and written back: of two requests at once, one is lost"
    yield Finding(
        f"{quoted(match.text(write.arguments[0]))} {what}",
        match.at(write.node),
        (module.at(read.node, "it is read here"),),
        words=_instead(module),
    )


def _instead(module: Module) -> tuple[tuple[str, str], ...]:
    """The name of the case for what the project has, or can have."""
    if any(environment.bindings_of("d1") for environment in module.environments):
        return (("with D1", ""),)
    return (("on Pages", ""),) if any(found.is_pages for found in module.workers) else ()


def _runs_alone(module: Module) -> bool:
    """Whether no environment has more than one cron trigger, so that a key is one run's at a time."""
    return bool(module.environments) and all(len(found.crons) == 1 for found in module.environments)


def _outermost_function(module: Module, node: Node) -> Node | None:
    found = None
    for above in module.ancestors(node):
        if above.type in js.FUNCTIONS:
            found = above
    return found
