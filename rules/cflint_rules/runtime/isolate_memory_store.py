"""Keep what a later request needs in a store, not in a `Map` of the module.

A Worker runs in many isolates in many places, and each has variables of its own. What one request puts into a
`Map` of the module is there for requests that happen to run in the same isolate, until that ends: others find
nothing, and answer that there is no such session, login or file. A cache of that kind is emptied in one
isolate only, too: the others go on with what they have.

## Incorrect

```ts
const sessions = new Map<string, string>();

export default {
  async fetch(request): Promise<Response> {
    const id = new URL(request.url).searchParams.get("id");
    if (id === null) {
      const made = crypto.randomUUID();
      sessions.set(made, "waiting");
      return new Response(made);
    }
    const state = sessions.get(id);
    if (state === undefined) return new Response("no such session", { status: 404 });
    return new Response(state);
  },
} satisfies ExportedHandler;
```

## Correct

```ts
interface Env {
  SESSIONS: KVNamespace;
}

export default {
  async fetch(request, env): Promise<Response> {
    const id = new URL(request.url).searchParams.get("id");
    if (id === null) {
      const made = crypto.randomUUID();
      await env.SESSIONS.put(made, "waiting", { expirationTtl: 600 });
      return new Response(made);
    }
    const state = await env.SESSIONS.get(id);
    if (state === null) return new Response("no such session", { status: 404 });
    return new Response(state);
  },
} satisfies ExportedHandler<Env>;
```

## What to do

Keep it in a KV namespace. Create one (`npx wrangler kv namespace create NAME`), add the entry with the id
that this prints to the configuration, `"kv_namespaces": [{ "binding": "NAME", "id": "the id" }]`, in
TypeScript `NAME: KVNamespace` for the type of `env`, and write `await env.NAME.put(key, value)`, `await
env.NAME.get(key)` and `await env.NAME.delete(key)` for what is done with the map, at each place that is
shown and wherever else it is used; then delete the map. What is no text goes through `JSON.stringify()`
and is read by `get(key, "json")`; what is not there is `null`, not `undefined`. As it is, whether a
request finds what an earlier one has kept is chance.

- "a namespace is there": Keep it in the KV namespace that is there: write `await env.NAME.put("MAPNAME:"
  + key, value)`, `await env.NAME.get("MAPNAME:" + key)` and `await env.NAME.delete("MAPNAME:" + key)` for
  what is done with the map, at each place that is shown and wherever else it is used; then delete the
  map. What is no text goes through `JSON.stringify()` and is read by `get(key, "json")`; what is not
  there is `null`, not `undefined`. As it is, whether a request finds what an earlier one has kept is
  chance.
- "what is kept is changed": Keep it in a Durable Object, one for each key, since what is there is
  changed, which KV shows others up to a minute later. Export a class, `export class CLASSNAME extends
  DurableObject { async read() { return await this.ctx.storage.get("value"); } async write(value: unknown)
  { await this.ctx.storage.put("value", value); } }` (`import { DurableObject } from
  "cloudflare:workers"`), with a method of its own for each change, which reads, changes and writes:
  between two calls others would come. Add `"durable_objects": { "bindings": [{ "name": "NAME",
  "class_name": "CLASSNAME" }] }` and a migration behind those that are there, `"migrations": [{ "tag":
  "v1", "new_sqlite_classes": ["CLASSNAME"] }]`, and call the methods by
  `env.NAME.get(env.NAME.idFromName(key))`, at each place that is shown and wherever else the map is used.
  As it is, whether a request finds what an earlier one has kept is chance.
- "in this isolate only": Give each entry a time after which it is read anew (`expires: Date.now() + 30_000`),
  or keep the copies in KV or the Cache API, or read the database each time.

## Not reported

A `Map` that is filled on demand where it is read, or at the start; copies that say how old they may be; maps
of Durable Objects; those of limits, of which [`isolate-rate-limiter`](../security/isolate_rate_limiter.py)
tells. A map that is exported counts only where its own module reads and writes it.

## Fix safety

No fix: the store has to be made in the account, and functions that use the map become `async`.

Source: https://developers.cloudflare.com/workers/reference/how-workers-works/#isolates,
https://developers.cloudflare.com/kv/concepts/how-kv-works/#consistency,
https://developers.cloudflare.com/workers/best-practices/workers-best-practices/
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import Finding, Match, Module, Severity, js, new, pattern, rule, sql

if TYPE_CHECKING:
    from tree_sitter import Node

_AGES = pattern(
    rb"expir|\bttl\b|ttl_?ms|max_?age|time_?stamp|fetched_?at|stored_?at|cached_?at|created_?at|Date\.now",
    re.IGNORECASE,
)
_ABSENT = pattern(
    r"not.?found|expired|unknown|invalid|missing|no such|does ?n.t exist|unauthori|not exist", re.IGNORECASE
)
_READS = frozenset({"get", "has"})
_EMPTIES = frozenset({"delete", "clear"})
_WRITES = frozenset({"INSERT", "UPDATE", "DELETE", "REPLACE"})
_STORES = {"kv": frozenset({"put", "delete"}), "r2": frozenset({"put", "delete"})}
_HUMP = pattern(r"([a-z0-9])([A-Z])")
_ENDS = pattern(rb"expir|\bttl|max_?age", re.IGNORECASE)
_LASTING = "{ expirationTtl: 3600 /* as long as the code keeps it, 60 at least */ }"
_MEANT_KV = pattern(r"\bKV\b")
"""What a comment above a map says that is meant."""
_MOST_SHOWN = 8
_MOST_CALLS = 40
_NOTHING = frozenset({"undefined", "null"})


@rule(new("Map"), severity=Severity.WARNING)
def check(match: Match) -> Iterator[Finding]:
    module = match.module
    name = module.given_name(match.node)
    if name is None or name.type != "identifier" or not module.is_run or module.runs_per_request:
        return
    declaration = module.scope.resolve(name)
    if declaration is None or declaration.scope.type != "program" or match.arguments:
        return
    used = list(_used(module, declaration))
    puts = [node for method, node in used if method == "set"]
    if not puts or not all(_is_for_requests(module, node) for _, node in used):
        return
    place = module.at(declaration.node, "it is declared here, once in each isolate")
    for method, read in used:
        answer = _refusal(module, read) if method in _READS else None
        if answer is not None and not any(_fills(module, put, read) for put in puts):
            others = [it for _, it in used if it.id not in (read.id, puts[0].id)]
            yield Finding(
                f"`{declaration.name}` is empty in every other isolate: what a request kept there is not"
                " found by one that runs elsewhere",
                module.at(read),
                (
                    place,
                    module.at(puts[0], "it is put there here"),
                    module.at(answer, "and this is answered"),
                    *(module.at(it, "it is used here, too") for it in others[:_MOST_SHOWN]),
                ),
                words=_words(module, declaration, used),
            )
            return
    if _knows_age(module, [declaration.node, *(node for _, node in used)]):
        return
    for method, node in used:
        changed = _changes_store(module, node) if method in _EMPTIES else None
        if changed is not None and any(one in _READS for one, _ in used):
            yield Finding(
                f"`{declaration.name}` forgets this in this isolate only: others go on with what they have",
                module.at(node),
                (place, module.at(changed, "what it is a copy of is changed here")),
                severity=Severity.NOTE,
            )
            return


def _words(module: Module, declaration: js.Declaration, used: list[tuple[str, Node]]) -> js.Words:
    """Which store takes its place, and what that is called: a namespace that is there, one that is to be
    made, or an object where what is kept is changed."""
    name = declaration.name
    upper = _HUMP.sub(r"\1_\2", name).upper().strip("_$")
    label = "".join(part.capitalize() for part in upper.split("_"))
    if _is_changed(module, declaration, used):
        return (("what is kept is changed", ""), ("NAME", upper), ("CLASSNAME", f"{label}Entry"))
    found = {
        it.name for environment in module.environments[:1] for it in environment.bindings_of("kv") if it.name
    }
    ends = any(next(module.mentions(_ENDS, _around(module, node) or node), None) for _, node in used)
    lasting = (("value)", f"value, {_LASTING})"),) if ends else ()
    there = next((it for it in sorted(found) if upper in it), None)
    if there is None and len(found) == 1:
        there = next(iter(found))
    if there is None:
        return (("NAME", upper), *lasting, *_hono_words(module, upper))
    return (("a namespace is there", ""), ("NAME", there), ("MAPNAME", name), *lasting)


def _hono_words(module: Module, name: str) -> js.Words:
    """What gives an app of Hono that says nothing of its bindings their type."""
    app = next(
        (it for it in module.descendants(module.root, "new_expression") if _is_untyped(module, it)), None
    )
    typed = f"new Hono<{{ Bindings: {{ {name}: KVNamespace }} }}>()"
    return (("NAME: KVNamespace", typed),) if app is not None else ()


def _is_untyped(module: Module, made: Node) -> bool:
    return module.callee_name(made) == "Hono" and made.child_by_field_name("type_arguments") is None


def _is_changed(module: Module, declaration: js.Declaration, used: list[tuple[str, Node]]) -> bool:
    """Whether an entry is read and written anew, or changed in its place, or cannot be written anywhere."""
    statement = module.statement_of(declaration.node)
    said = (
        " ".join(module.text(it) for it in module.comments_above(statement)) if statement is not None else ""
    )
    if _MEANT_KV.search(said) is not None:
        return False
    readers = {around.id for method, node in used if method == "get" and (around := _around(module, node))}
    writers = {around.id for method, node in used if method == "set" and (around := _around(module, node))}
    if readers & writers:
        return True
    for method, node in used:
        name = module.given_name(module.with_wrappers(node)) if method == "get" else None
        kept = module.scope.resolve(name) if name is not None and name.type == "identifier" else None
        if kept is not None and any(module.mutation_of(use) for use in module.scope.references(kept)):
            return True
    return False


def _around(module: Module, node: Node) -> Node | None:
    return module.enclosing_function(node)


def _used(module: Module, declaration: js.Declaration) -> Iterator[tuple[str, Node]]:
    """The methods that are called on a map in functions, with the calls."""
    for use in module.scope.references(declaration):
        found = module.method_called_on(use)
        if found is not None and module.enclosing_function(found[1]) is not None:
            yield found


def _is_for_requests(module: Module, node: Node) -> bool:
    """Whether code may run for a request of a Worker, and is none of a Durable Object."""
    if module.may_be_durable(node) or not module.runs_in_worker(node):
        return False
    return js.Invocation.DURABLE_OBJECT not in js.invocations_of(module, node)


def _refusal(module: Module, read: Node) -> Node | None:
    """What is answered, or thrown, where a map has no such entry: a response of 4xx, or an error."""
    whole = module.with_wrappers(read)
    name = module.given_name(whole)
    if name is None:
        return _refused(module, whole)
    declaration = module.scope.resolve(name) if name.type == "identifier" else None
    if declaration is None:
        return None
    asked = (use for use in module.scope.references(declaration) if use.start_byte > whole.end_byte)
    first = next(asked, None)
    return _refused(module, first) if first is not None else None


def _refused(module: Module, use: Node) -> Node | None:
    """What is answered where a value is not there, by the condition in which it stands."""
    node, above, is_negated = use, module.parent(use), False
    while above is not None and above.type in (
        "parenthesized_expression",
        "unary_expression",
        "binary_expression",
    ):
        if above.type == "unary_expression":
            is_negated = not is_negated
        if above.type == "binary_expression":
            found = module.operation(above)
            if found is not None and found.operator == "||" and is_negated:
                node, above = above, module.parent(above)
                continue  # `!found || found.ended`
            if found is None or found.operator not in ("==", "===") or found.left != node:
                return None
            if module.text(found.right) not in _NOTHING:
                return None
            is_negated = True
        node, above = above, module.parent(above)
    if above is None or above.type not in ("if_statement", "ternary_expression"):
        return None
    condition = above.child_by_field_name("condition")
    if condition is None or not js.contains(condition, use):
        return None
    branch = above.child_by_field_name("consequence" if is_negated else "alternative")
    return _says_absent(module, branch) if branch is not None else None


def _says_absent(module: Module, branch: Node) -> Node | None:
    for made in module.responses_made(branch):
        if made.status is not None and 400 <= made.status < 500 and made.status != 429:
            return made.node
    for thrown in module.descendants(branch, "throw_statement"):
        if _ABSENT.search(module.text(thrown)) is not None:
            return thrown
    if branch.type == "throw_statement" and _ABSENT.search(module.text(branch)) is not None:
        return branch
    return None


def _fills(module: Module, put: Node, read: Node) -> bool:
    """Whether what is put somewhere may be there for a read of the same request: the function that reads has
    put it before, or called what puts it; or the map is filled at the start."""
    putter, reader = module.enclosing_function(put), module.enclosing_function(read)
    if putter is None or reader is None:
        return True
    if putter == reader:
        return put.start_byte < read.start_byte and _is_before(module, put, read)
    if any(
        site.module is not module and site.module.enclosing_function(site.node) is None
        for site in js.callers_of(module, putter).calls[:_MOST_CALLS]
    ):
        return True  # when another module is loaded, in each isolate
    for site in _sites(module, putter, 3):
        around = module.enclosing_function(site)
        if around is None:
            return True  # when the module is loaded
        if around == reader and site.start_byte < read.start_byte and _is_before(module, site, read):
            return True
        for other in _sites(module, reader, 3):
            if module.enclosing_function(other) == around and _is_before(module, site, other):
                return True
    return False


def _sites(module: Module, function: Node, hops: int) -> Iterator[Node]:
    """The calls of a function in its module, and those of the functions that they stand in."""
    if hops == 0:
        return
    for site in js.callers_of(module, function).calls[:_MOST_CALLS]:
        if site.module is not module:
            continue
        yield site.node
        around = module.enclosing_function(site.node)
        if around is not None and around != function:
            yield from _sites(module, around, hops - 1)


_BLOCKS = frozenset({"statement_block", "program", "switch_case", "switch_default"})
_BRANCHES = frozenset({"if_statement", "ternary_expression", "else_clause"})


def _is_before(module: Module, first: Node, second: Node) -> bool:
    """Whether code runs before other code of the same function, on the way to it."""
    child = first
    for above in module.ancestors(first):
        if above.type in _BLOCKS:
            return first.start_byte < second.start_byte and js.contains(above, second)
        if above.type == "return_statement" or above.type in js.FUNCTIONS:
            return js.contains(above, second)
        condition = above.child_by_field_name("condition") if above.type in _BRANCHES else None
        if above.type in _BRANCHES and (condition is None or condition.id != child.id):
            return js.contains(child, second)
        child = above
    return False


def _knows_age(module: Module, places: list[Node]) -> bool:
    """Whether anything that a map is used in says how old its entries may be."""
    for node in places:
        around = module.enclosing_function(node) or module.statement_of(node)
        if around is not None and next(module.mentions(_AGES, around), None) is not None:
            return True
    return False


def _changes_store(module: Module, node: Node) -> Node | None:
    """What changes a database or store in the function around a call."""
    function = module.enclosing_function(node)
    if function is None:
        return None
    for made in module.descendants(function, "call_expression"):
        statement = module.orm_statement(made)
        if statement is not None and statement.verb in _WRITES:
            return made
        call = js.Call(module, made)
        if call.receiver is None:
            continue
        use = sql.prepared_by(module, call.receiver) if call.name == "run" else None
        if use is not None and any(one.verb in _WRITES for one in use.text.statements):
            return made
        value = module.value_of(call.receiver)
        if any(value.is_binding(kind) and call.name in names for kind, names in _STORES.items()):
            return made
    return None
