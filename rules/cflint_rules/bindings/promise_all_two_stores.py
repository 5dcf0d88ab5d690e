"""Write to two stores one after the other, the one that can be made good last.

`Promise.all()` starts all writes at once. When one of them fails, the others are done all the same, and the
client is told that nothing was: a key of KV without its row in D1, an object of R2 that nobody knows of. D1
has transactions (`batch()`), but none with another store. One after the other, the order says what can be
left behind: first what is harmless alone, then what makes it visible.

## Incorrect

```ts
interface Env {
  DB: D1Database;
  LINKS: KVNamespace;
}

export default {
  async fetch(request, env): Promise<Response> {
    const path = new URL(request.url).pathname;
    await Promise.all([
      env.LINKS.put(path, "https://example.com/"),
      env.DB.prepare("INSERT INTO links (path) VALUES (?)").bind(path).run(),
    ]);
    return new Response("made", { status: 201 });
  },
} satisfies ExportedHandler<Env>;
```

## Correct

```ts
interface Env {
  DB: D1Database;
  LINKS: KVNamespace;
}

export default {
  async fetch(request, env): Promise<Response> {
    const path = new URL(request.url).pathname;
    await env.DB.prepare("INSERT INTO links (path) VALUES (?)").bind(path).run();
    await env.LINKS.put(path, "https://example.com/");
    return new Response("made", { status: 201 });
  },
} satisfies ExportedHandler<Env>;
```

## What to do

`await` one after the other: first the one that may be there without the other, then the one that others
find it by; a failure of the second then leaves nothing that is seen.

- "D1 has the value, too": Take both out of `Promise.all()`: first `await` the write to D1, which may refuse
  it, then the one to KV, which can be made again from D1. A failure of the first then leaves nothing.
- "one to KV": Take both out of `Promise.all()`: first `await` the write to KV, then the one to D1, by which
  it is found: KV alone holds the value, and a key that no row names does no harm.
- "one to R2": Take both out of `Promise.all()`: first `await` the write to R2, then the one to D1: a file
  without a row is not seen by anybody, a row without a file is.

## Not reported

Writes to one store; values of KV with a lifetime, which are caches; deletions; `Promise.allSettled()`, whose
results somebody looks at.

## Fix safety

Unsafe: which order is the right one is up to you, and the two take longer than at once. There is no fix where
more is waited for, or the results are taken.

Source: https://developers.cloudflare.com/d1/worker-api/d1-database/#batch,
https://developer.mozilla.org/en-US/docs/Web/JavaScript/Reference/Global_Objects/Promise/all
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import Finding, Fix, Match, Module, Safety, Severity, call, js, rule, sql

if TYPE_CHECKING:
    from tree_sitter import Node

_WRITES = frozenset({"INSERT", "UPDATE", "REPLACE"})
_STORES = {"kv": "KV", "r2": "R2"}


@rule(call("all"), severity=Severity.NOTE, fix=Safety.UNSAFE)
def check(match: Match) -> Iterator[Finding]:
    module = match.module
    if not module.is_global(match.receiver, "Promise") or len(match.arguments) != 1:
        return
    listed = js.unwrap(module.initializer(match.arguments[0]))
    if listed.type != "array":
        return
    found: dict[str, Node] = {}
    for part in listed.named_children:
        store = _store(module, js.unwrap(part))
        if store is not None:
            found.setdefault(store, part)
    if len(found) > 1 and "D1" in found:
        name = next(name for name in found if name != "D1")
        row, other = found["D1"], found[name]
        words = _words(module, row, other) if name == "KV" else ()
        yield Finding(
            f"a write to D1 and one to {name} at once: when one of them fails, the other is done all the"
            " same",
            match.at(),
            (module.at(row, "D1"), module.at(other, name)),
            fix=_fix(match, (row, other) if words else (other, row)),
            words=words,
        )


def _fix(match: Match, ordered: tuple[Node, Node]) -> Fix | None:
    """The two one after the other, where nothing else is waited for and nobody takes the results."""
    module = match.module
    listed, waited = js.unwrap(match.arguments[0]), module.parent(match.node)
    statement = module.parent(waited) if waited is not None and waited.type == "await_expression" else None
    if listed.type != "array" or statement is None or statement.type != "expression_statement":
        return None
    if len(listed.named_children) != len(ordered):
        return None
    end = module.semicolon_of(statement)
    text = f"{end}\n{module.indent_of(statement)}".join(f"await {module.text(it)}" for it in ordered) + end
    return Fix("Write one after the other", (module.replace(statement, text),), Safety.UNSAFE)


def _words(module: Module, row: Node, put: Node) -> js.Words:
    """The case that the statement is bound to what KV is given as the value, too."""
    made = module.call(js.unwrap(put))
    value = made.argument(1) if made is not None else None
    names = [module.text(it) for it in module.descendants(value, "identifier")] if value is not None else []
    names += [module.text(value)] if value is not None and value.type == "identifier" else []
    bound = {module.text(it) for it in module.descendants(row, "identifier")}
    return (("D1 has the value, too", ""),) if names and bound.issuperset(names) else ()


def _store(module: Module, promise: Node) -> str | None:
    """The store that an expression writes to."""
    made = module.call(promise)
    if made is None or made.receiver is None:
        return None
    if made.name == "put":
        binding = module.value_of(made.receiver).binding
        name = _STORES.get(binding.id) if binding is not None else None
        return None if name == "KV" and len(made.arguments) > 2 else name
    use = sql.prepared_by(module, made.receiver) if made.name in ("run", "first", "all") else None
    if use is None or use.engine is not sql.SqlDialect.D1 or not use.text.statements:
        return None
    return "D1" if use.text.statements[0].verb in _WRITES else None
