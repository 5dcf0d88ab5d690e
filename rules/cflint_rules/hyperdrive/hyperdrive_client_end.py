"""Close a database client with `ctx.waitUntil(client.end())`.

Hyperdrive frees a Worker's connection by itself when the invocation ends, so `end()` is optional. When it is
called, it must not delay the response (`await sql.end()` does) and must not be left unawaited (the runtime
may cancel it): `ctx.waitUntil(sql.end())` avoids both. Call it in `finally`, so that it runs on every path. A
Durable Object lives on after a request: a client in one of its fields holds a place in Hyperdrive's pool for
as long as the object is in memory.

## Incorrect

```ts
import postgres from "postgres";

export default {
  async fetch(request, env, ctx): Promise<Response> {
    const sql = postgres(env.HYPERDRIVE.connectionString, { max: 5, fetch_types: false });
    const users = await sql`SELECT id, name FROM users LIMIT 10`;
    await sql.end();
    return Response.json(users);
  },
} satisfies ExportedHandler<Env>;
```

## Correct

```ts
import postgres from "postgres";

export default {
  async fetch(request, env, ctx): Promise<Response> {
    const sql = postgres(env.HYPERDRIVE.connectionString, { max: 5, fetch_types: false });
    try {
      const users = await sql`SELECT id, name FROM users LIMIT 10`;
      return Response.json(users);
    } finally {
      ctx.waitUntil(sql.end());
    }
  },
} satisfies ExportedHandler<Env>;
```

## What to do

Write `ctx.waitUntil(client.end())` in a `finally`, or leave `end()` out: Hyperdrive frees the connection when
the invocation ends.

- "the response waits until `<client>.end()`": Delete the line `await <client>.end()`: Hyperdrive frees the
  connection when the invocation ends, and nothing but the wait goes.
- "is skipped": Put what is done with the client into `try`, and the call into its `finally`: `finally {
  ctx.waitUntil(client.end()) }`.
- "in memory": Make the client in the method that asks the database, and end it there in `finally`:
  `this.ctx.waitUntil(client.end())`. Hyperdrive keeps the pool, so that this costs little.

## Not reported

A client that is never ended (see `hyperdrive-client-not-ended`). `await client.end()` in a handler without a
response: a queue consumer, a cron trigger, a Workflow, work that is itself given to `waitUntil()`; in a
helper that anything but requests may call. `waitUntil(client.end())` at the end of a handler: an error that
nobody catches ends the invocation, too.

## Fix safety

Safe where the context is in reach (`ctx`, `this.ctx`, `c.executionCtx`, the imported `waitUntil`) and nothing
uses the client afterwards. Unsafe where the handler has to be given its `ctx` parameter, where the call is
moved into `finally`, and where only `await` is possible. There is no fix for a client in a field.

Source: https://developers.cloudflare.com/hyperdrive/concepts/connection-lifecycle/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import (
    ClassDefinition,
    Edit,
    Finding,
    Fix,
    Match,
    Module,
    Safety,
    Severity,
    Span,
    Value,
    ValueKind,
    call,
    class_definition,
    fixes,
    js,
    quoted,
    rule,
)

if TYPE_CHECKING:
    from tree_sitter import Node

_OPTIONAL = "(Hyperdrive frees the connection by itself when the invocation ends)"
_HOPS = 3
"""How many helpers are followed to their callers."""
_REQUESTS = frozenset({ValueKind.REQUEST, ValueKind.HONO_CONTEXT, ValueKind.PAGES_CONTEXT})


@rule(call("end"), severity=Severity.WARNING, fix=Safety.UNSAFE)
def check(match: Match) -> Iterator[Finding]:
    client = match.receiver_value
    if client.kind is not ValueKind.DATABASE_CLIENT or client.detail == "mysql2 with callbacks":
        return  # a stream's `end()`; a driver whose `end()` returns no promise
    if not client.uses_hyperdrive and not match.module.is_run:
        return  # a script
    use = match.module.promise_use(match.node)
    if use.outcome is js.PromiseOutcome.DROPPED:
        yield _dropped(match, use.promise)
        return
    parent = match.module.parent(use.promise)
    if parent is not None and parent.type == "await_expression":
        yield from _awaited(match, client, use.promise, parent)
    else:
        yield from _skipped_on_errors(match, use.promise)


def _shown(match: Match) -> str:
    return quoted(f"{match.text(match.receiver)}.end()")


# -- nobody looks at the promise ---------------------------------------------------------------------------


def _dropped(match: Match, promise: Node) -> Finding:
    module = match.module
    fix = (
        fixes.fix_by_wait_until(module, promise, Safety.SAFE)
        or fixes.fix_by_new_context(module, promise)
        or fixes.fix_by_await(module, promise, Safety.UNSAFE)
    )
    return Finding(
        f"nothing waits for {_shown(match)}, so the runtime may cancel it: pass it to `waitUntil()`,"
        f" or leave it out {_OPTIONAL}",
        match.at(match.node),
        fix=fix,
    )


# -- the response waits for it -----------------------------------------------------------------------------


def _awaited(match: Match, client: Value, promise: Node, awaiting: Node) -> Iterator[Finding]:
    module = match.module
    if module.own_statement(awaiting) is None or not _owes_response(match):
        return
    keeper = module.wait_until_at(promise)
    fix: Fix | None = None
    if not _used_after(match, promise):
        if keeper is not None:
            edit = module.replace(awaiting, f"{keeper}({match.text(promise)})")
            fix = Fix(f"Pass the promise to `{keeper}()` and do not wait", (edit,), Safety.SAFE)
        else:
            added = fixes.fix_by_new_context(module, promise)
            if added is not None:
                word = Span(awaiting.start_byte, promise.start_byte)
                fix = Fix(added.title, (Edit(match.document, word, ""), *added.edits), Safety.UNSAFE)
    why = f": pass it to `waitUntil()`, or leave it out {_OPTIONAL}" if client.uses_hyperdrive else ""
    yield Finding(
        f"the response waits until {_shown(match)} has closed the connection{why}",
        match.at(awaiting),
        fix=fix,
        severity=None if client.uses_hyperdrive else Severity.NOTE,
    )


def _owes_response(match: Match) -> bool:
    """Whether a response waits for the innermost function around: one that gets a request, or a helper that
    only such functions call."""
    function = match.enclosing_function
    return function is not None and _is_waited_for(match.module, function, _HOPS)


def _is_waited_for(module: Module, function: Node, hops: int) -> bool:
    if _gets_request(module, function):
        return True
    if hops == 0 or module.call_around(function) is not None:
        return False  # who it is handed to may run it whenever they like
    callers = js.callers_of(module, function)
    return bool(callers.calls) and callers.complete and all(_waits(site, hops) for site in callers.calls)


def _waits(site: js.CallSite, hops: int) -> bool:
    """Whether a call is awaited, or returned, in a function that a response waits for."""
    parent = site.module.parent(site.module.with_wrappers(site.node))
    around = site.module.enclosing_function(site.node)
    if parent is None or around is None or parent.type not in ("await_expression", "return_statement"):
        return False
    return _is_waited_for(site.module, around, hops - 1)


def _gets_request(module: Module, function: Node) -> bool:
    handler = module.handler_of(function)
    if handler is not None:
        kind = handler.owner.kind if handler.owner is not None else None
        signature = js.handler_signature(kind, handler.name)
        return signature is not None and signature.owes is js.Owes.RESPONSE
    return any(
        declaration.kind is js.DeclarationKind.PARAMETER
        and module.value_declared(declaration).kind in _REQUESTS
        for declaration in module.scope.declared_in(function).values()
    )


def _client_name(match: Match) -> js.Declaration | None:
    receiver = js.unwrap(match.receiver or match.node)
    return match.module.scope.resolve(receiver) if receiver.type == "identifier" else None


def _used_after(match: Match, promise: Node) -> bool:
    """Whether the client is used after `end()`, or may be: in a loop, or when it is not a local name."""
    declaration, module = _client_name(match), match.module
    if declaration is None or match.enclosing_function is None:
        return True
    loop = module.loop_around(promise)
    if loop is not None and declaration.node.start_byte < loop.start_byte:
        return True
    return any(use.start_byte > promise.end_byte for use in module.scope.references(declaration))


# -- errors skip it ----------------------------------------------------------------------------------------


def _skipped_on_errors(match: Match, promise: Node) -> Iterator[Finding]:
    """`waitUntil(client.end())` at the end of a helper, or of a `try` whose `catch` knows nothing of it."""
    module, declaration = match.module, _client_name(match)
    around = module.call_around(promise)
    if around is None or around[0].name != "waitUntil" or declaration is None:
        return
    statement, attempt = module.own_statement(around[0].node), module.try_around(promise)
    if attempt is None and statement is not None:
        yield from _skipped_by_throw(match, statement, declaration)
        return
    tried = attempt.child_by_field_name("body") if attempt is not None else None
    if statement is None or attempt is None or module.parent(statement) != tried:
        return
    if attempt.start_byte <= declaration.node.start_byte < attempt.end_byte:
        return  # the client does not exist where the error is caught
    ends = [found for found, name in module.calls_on_name(declaration) if name in ("end", "destroy")]
    waits = module.descendants(attempt, "await_expression")
    caught = attempt.child_by_field_name("handler")
    if len(ends) != 1 or caught is None or not any(one.start_byte < statement.start_byte for one in waits):
        return
    fix = None
    if not any(use.start_byte > attempt.end_byte for use in module.scope.references(declaration)):
        edits = module.move_to_finally(statement, attempt)
        fix = Fix("Move the call into `finally`", edits, Safety.UNSAFE)
    yield Finding(
        f"{_shown(match)} is skipped when something before it throws: call it in `finally`",
        match.at(match.node),
        related=(match.at(caught, "errors end up here"),),
        fix=fix,
        severity=Severity.NOTE,
    )


def _skipped_by_throw(match: Match, statement: Node, declaration: js.Declaration) -> Iterator[Finding]:
    """`waitUntil(client.end())` at the end of a helper, whose caller may catch what is thrown before it."""
    module, function = match.module, match.enclosing_function
    if function is None or _gets_request(module, function) or module.handler_of(function) is not None:
        return  # with the error the invocation ends, which frees the connection
    body = js.body_of(function)
    if declaration.kind is js.DeclarationKind.PARAMETER:
        return  # somebody else's client
    if body is None or module.parent(statement) != body or declaration.scope not in (body, function):
        return
    waits = [
        wait
        for wait in module.descendants(body, "await_expression")
        if declaration.node.start_byte < wait.start_byte < statement.start_byte
        and module.enclosing_function(wait) == function
    ]
    ends = [name for _, name in module.calls_on_name(declaration) if name in ("end", "destroy")]
    if waits and len(ends) == 1:
        yield Finding(
            f"{_shown(match)} is skipped when something before it throws: call it in `finally`",
            match.at(match.node),
            related=(match.at(waits[-1], "this may throw"),),
            severity=Severity.NOTE,
        )


# -- a Durable Object holds it -----------------------------------------------------------------------------


@check.on(class_definition())
def check_fields(owner: ClassDefinition) -> Iterator[Finding]:
    module = owner.module
    if not owner.kind.runs_as_durable_object or module.document.data.find(b"connectionString") == -1:
        return
    for name, made, value in module.field_values(owner):
        client = module.value_of(value).awaited
        if client.uses_hyperdrive and not _is_ended(owner, name):
            yield Finding(
                f"the {client.detail} client in `this.{name}` is never ended: it holds a place in"
                " Hyperdrive's pool for as long as the object is in memory",
                module.at(made),
                related=(owner.at.saying(f"{owner.label} is a Durable Object"),),
            )


def _is_ended(owner: ClassDefinition, field: str) -> bool:
    """Whether the class ends what a field, or a variable that is called like it, holds."""
    module = owner.module
    for ended in module.calls("end", owner.body):
        receiver = js.unwrap(ended.receiver or ended.node)
        member = module.member(receiver)
        if field == (member.name if member is not None else module.text(receiver)):
            return True
    return False
