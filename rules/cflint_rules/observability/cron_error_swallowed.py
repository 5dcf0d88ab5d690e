"""Let a cron trigger's run fail where its work has failed.

What `scheduled()` throws, and the first promise of `ctx.waitUntil()` that rejects, makes the run an error in
the list of past events, in the metrics and in the alerts that are made of them. A `catch` that only logs, or
does nothing, makes every run a success: a job that has not worked for weeks looks as one that has.

## Incorrect

```ts
// src/index.ts
import { clean } from "./clean";

export default {
  async scheduled(_controller, env): Promise<void> {
    try {
      await clean(env);
    } catch (error) {
      console.error("cleaning failed", error);
    }
  },
} satisfies ExportedHandler<Env>;
```

```ts
// src/clean.ts
export async function clean(env: Env): Promise<void> {
  await env.DB.prepare("DELETE FROM visits WHERE day < date('now', '-30 days')").run();
}
```

```jsonc
// wrangler.jsonc
{
  "name": "example",
  "main": "src/index.ts",
  "compatibility_date": "2026-08-20",
  "observability": { "enabled": true },
  "triggers": { "crons": ["0 3 * * *"] },
  "d1_databases": [{ "binding": "DB", "database_name": "visits" }]
}
```

## Correct

```ts
// src/index.ts
import { clean } from "./clean";

export default {
  async scheduled(_controller, env): Promise<void> {
    try {
      await clean(env);
    } catch (error) {
      console.error("cleaning failed", error);
      throw error;
    }
  },
} satisfies ExportedHandler<Env>;
```

```ts
// src/clean.ts
export async function clean(env: Env): Promise<void> {
  await env.DB.prepare("DELETE FROM visits WHERE day < date('now', '-30 days')").run();
}
```

```jsonc
// wrangler.jsonc
{
  "name": "example",
  "main": "src/index.ts",
  "compatibility_date": "2026-08-20",
  "observability": { "enabled": true },
  "triggers": { "crons": ["0 3 * * *"] },
  "d1_databases": [{ "binding": "DB", "database_name": "visits" }]
}
```

## What to do

Throw the error again at the end of the `catch`, after the log; take away a `.catch()` that only logs. Where
there are several jobs that shall not stop each other, `await Promise.allSettled([…])`, and throw then if one
of the results is `rejected`.

- "none of these jobs": Write `let failed = false;` before the first job, `failed = true;` at the end of each
  `catch` that is shown (in a function that the handler calls: throw the error again there instead), and
  behind the last job `if (failed) throw new Error("a job failed");`.

## Not reported

A `catch` that tells somebody (a request, a mail, a queue, a store, a service of errors); one in a loop, where
the next of many goes on; handlers in which anything can still fail; work whose errors another function takes
that is not in sight, or that others wait for as well; what is given to `waitUntil()` within a `try`, whose
`catch` does not see it rejected; a `catch` with a comment that says why; bundles that are committed.

## Fix safety

Unsafe: runs that fail show as errors from then on, in alerts as well. There is a fix where nothing is left to
do after the error; where something is, what that may do without is up to the author.

Source: https://developers.cloudflare.com/workers/runtime-apis/handlers/scheduled/ (the first promise of
`ctx.waitUntil()` that fails is the status of the run), https://developers.cloudflare.com/workers/configuration/cron-triggers/
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from cflint.api import (
    Documents,
    Edit,
    Finding,
    Fix,
    Handler,
    Module,
    Safety,
    Severity,
    Span,
    handler,
    js,
    rule,
)

if TYPE_CHECKING:
    from tree_sitter import Node

_WAITS = ("waitUntil",)
_HARMLESS = frozenset({"String", "stringify", "now", "toISOString", "slice", "join", "isArray"})
"""Functions that a `catch` may call to make its text."""
_MOST = 6
_MOST_HOPS = 3
_BUNDLED = b"var __defProp = Object.defineProperty"
"""What a bundle begins with that esbuild made: the code to change stands elsewhere."""


@rule(handler("scheduled"), severity=Severity.NOTE, fix=Safety.UNSAFE, documents=Documents.NOTHING)
def check(found: Handler) -> Iterator[Finding]:
    module, function = found.module, found.function
    if not module.is_run or found.body is None or not _has_cron(module) or _BUNDLED in module.document.data:
        return
    taken = [_takers(module, node, function, _MOST_HOPS) for node in _jobs(module, function)]
    if not taken or not all(taken):
        return
    places = list(
        {(home.path, node.start_byte): (home, node) for them in taken for home, node in them}.values()
    )
    if not all(_only_tells(home, node) for home, node in places):
        return
    (home, first), *others = places
    yield Finding(
        "a run that fails is recorded as a success: throw the error on"
        if not others
        else "none of these jobs can make a run fail: it is recorded as a success whatever happens",
        home.at(first),
        (
            module.at(found.function.child_by_field_name("name") or function, "the cron trigger's handler"),
            *(other.at(node, "and here") for other, node in others[: _MOST - 1]),
        ),
        _fix(places, function),
    )


def _has_cron(module: Module) -> bool:
    """Whether a configuration of the module's Workers has a cron trigger, or cannot say."""
    environments = module.environments
    return not environments or any(one.crons or one.incomplete for one in environments)


def _jobs(module: Module, function: Node) -> Iterator[Node]:
    """What a handler waits for: awaited expressions, and what it gives to `waitUntil()`."""
    for node in module.descendants(function, "await_expression"):
        inner = js.first_named(node)
        if inner is not None and module.enclosing_function(node) == function:
            yield js.unwrap(inner)
    for name in _WAITS:
        for node in module.calls_of(name, function):
            made = js.Call(module, node)
            if len(made.arguments) == 1 and module.enclosing_function(node) == function:
                yield js.unwrap(made.arguments[0])


def _takers(module: Module, node: Node, function: Node, hops: int) -> list[tuple[Module, Node]]:
    """The `catch` clauses, or calls of `.catch()`, that take all errors of a job; [] where some get through,
    or that cannot be seen."""
    chained = _catch_of(module, node)
    if chained is not None:
        return [(module, chained)]
    if _is_settled(module, node):
        return [(module, node)]
    attempt = None if _is_left_to_run(module, node) else module.try_around(node)
    clause = attempt.child_by_field_name("handler") if attempt is not None else None
    if attempt is not None and clause is not None:
        return [(module, clause)] if module.loop_around(attempt, function) is None else []
    root = module.chain_root(node) if node.type == "call_expression" else None
    called = js.function_called(module, root) if root is not None and root.id == node.id else None
    if called is None and root is not None and root.id == node.id:
        callee = js.Call(module, root).callee
        called = (module, callee) if callee is not None and callee.type in js.FUNCTIONS else None
    if called is None or hops == 0:
        return []
    home, job = called
    if not home.catches_everything(job) or _is_awaited_elsewhere(home, job, function):
        return []
    return [taker for one in _jobs(home, job) for taker in _takers(home, one, job, hops - 1)]


def _is_awaited_elsewhere(home: Module, job: Node, function: Node) -> bool:
    """Whether others wait for a job, which then must not fail for them either."""
    return any(
        site.module.enclosing_function(site.node) != function and not _is_left_to_run(site.module, site.node)
        for site in js.callers_of(home, job).calls
    )


def _fix(places: Iterable[tuple[Module, Node]], function: Node) -> Fix | None:
    """The fix that throws each error on, where nothing is left to do after it."""
    edits: list[Edit] = []
    for home, taker in places:
        added = _thrown_on(home, taker, function)
        if not added:
            return None
        edits += added
    return Fix.of("Throw the error on", tuple(edits), Safety.UNSAFE)


def _thrown_on(home: Module, taker: Node, function: Node) -> tuple[Edit, ...]:
    if taker.type != "catch_clause":
        made = js.Call(home, taker)
        if made.name != "catch" or made.receiver is None or not _is_left_to_run(home, taker):
            return ()
        callback = made.callback
        given = home.parameters(callback) if callback is not None else ()
        thrown = home.append_statement(callback, f"throw {given[0].name};") if callback and given else None
        # what nobody catches the platform logs, too
        return (thrown or Edit(home.document, Span(made.receiver.end_byte, taker.end_byte), ""),)
    body, caught = taker.child_by_field_name("body"), taker.child_by_field_name("parameter")
    if body is None or (caught is not None and caught.type != "identifier"):
        return ()
    name = home.text(caught) if caught is not None else "error"
    named = () if caught is not None else (home.insert(body.start_byte, f"({name}) "),)
    last = next((it for it in reversed(body.named_children) if it.type != "comment"), None)
    if last is not None and last.type == "return_statement":
        return (*named, home.replace(last, f"throw {name};")) if js.first_named(last) is None else ()
    thrown = home.append_statement(taker, f"throw {name};") if _ends_all(home, taker, function) else None
    return (*named, thrown) if thrown is not None else ()


def _ends_all(home: Module, clause: Node, function: Node) -> bool:
    """Whether nothing follows a `try` in its function, nor the call of that in the handler."""
    around = home.enclosing_function(clause)
    if around is None or not _is_last(home, home.parent(clause), around):
        return False
    if around == function or _is_left_to_run(home, home.parent(home.with_wrappers(around)) or around):
        return True
    return all(
        _is_left_to_run(site.module, site.node)
        or (
            site.module.enclosing_function(site.node) == function
            and _is_last(site.module, site.module.statement_of(site.node), function)
        )
        for site in js.callers_of(home, around).calls
    )


def _is_last(home: Module, statement: Node | None, function: Node) -> bool:
    body = js.body_of(function)
    if body is None or statement is None:
        return False
    last = next((it for it in reversed(body.named_children) if it.type != "comment"), None)
    return last is not None and last.id == statement.id


def _is_left_to_run(module: Module, node: Node) -> bool:
    """Whether a job is given to `waitUntil()`: no `try` around that sees that it is rejected."""
    around = module.call_around(node)
    return around is not None and around[0].name in _WAITS


def _catch_of(module: Module, node: Node) -> Node | None:
    """The call of `.catch()` at the end of a chain that an expression is."""
    made = module.call(node)
    if made is None or made.name != "catch" or made.receiver is None or len(made.arguments) != 1:
        return None
    return made.node


def _is_settled(module: Module, node: Node) -> bool:
    """Whether an expression is a `Promise.allSettled()` that is given to `waitUntil()`: it never rejects, and
    nobody looks at what it gives."""
    made = module.call(node)
    around = module.call_around(node)
    return (
        made is not None
        and around is not None
        and around[0].name in _WAITS
        and module.is_from(made.callee, "", "Promise.allSettled")
    )


def _only_tells(module: Module, taker: Node) -> bool:
    """Whether a `catch` does nothing but log, and says no reason."""
    if _is_settled(module, taker):
        return True
    if taker.type == "catch_clause":
        body = taker.child_by_field_name("body")
    else:
        callback = js.Call(module, taker).callback
        body = callback.child_by_field_name("body") if callback is not None else None
        if callback is None and not module.text(js.arguments_of(taker)[0]).startswith("console."):
            return False
    if body is None:
        return taker.type != "catch_clause"
    if any(True for _ in module.descendants(body, "throw_statement", "comment", "assignment_expression")):
        return False
    calls = module.descendants(body, "call_expression", "new_expression")
    return all(_is_harmless(module, node) for node in (*calls, *_itself(body)))


def _itself(body: Node) -> tuple[Node, ...]:
    """The body of a function that is a call and nothing else."""
    return (body,) if body.type in ("call_expression", "new_expression") else ()


def _is_harmless(module: Module, node: Node) -> bool:
    return module.log_at(node) is not None or js.Call(module, node).name in _HARMLESS
