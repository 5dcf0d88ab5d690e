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

## Not reported

A client that is never ended (see `hyperdrive-client-not-ended`). `await client.end()` in a handler without a
response: a queue consumer, a cron trigger, a Workflow, work that is itself given to `waitUntil()`.

## Fix safety

Safe where the context is in reach (`ctx`, `this.ctx`, `c.executionCtx`, the imported `waitUntil`) and nothing
uses the client afterwards. Unsafe where the handler has to be given its `ctx` parameter, where the call is
moved into `finally`, and where only `await` is possible. There is no fix for a client in a field.

Source: https://developers.cloudflare.com/hyperdrive/concepts/connection-lifecycle/
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import (
    ClassDefinition,
    Edit,
    Finding,
    Fix,
    Match,
    Safety,
    Severity,
    Span,
    Value,
    ValueKind,
    call,
    class_definition,
    fixes,
    js,
    rule,
)

if TYPE_CHECKING:
    from tree_sitter import Node

_OPTIONAL = "(Hyperdrive frees the connection by itself when the invocation ends)"
_LOOPS = frozenset({"for_statement", "for_in_statement", "while_statement", "do_statement"})
_ASKED = frozenset({ValueKind.REQUEST, ValueKind.HONO_CONTEXT, ValueKind.PAGES_CONTEXT})


@rule(call("end"), severity=Severity.WARNING, fix=Safety.UNSAFE)
def check(match: Match) -> Iterator[Finding]:
    client = match.receiver_value
    if client.kind is not ValueKind.DATABASE_CLIENT or client.detail == "mysql2 with callbacks":
        return  # a stream's `end()`; a driver whose `end()` returns no promise
    if not _uses_hyperdrive(client) and not match.module.workers:
        return  # a script
    use = match.module.promise_use(match.node)
    if use.outcome is js.PromiseOutcome.DROPPED:
        yield _dropped(match, use.promise)
        return
    parent = match.module.parent(use.promise)
    if parent is not None and parent.type == "await_expression":
        yield from _awaited(match, client, use.promise, parent)
    elif parent is not None and parent.type == "arguments":
        yield from _skipped_on_errors(match, client, parent)


def _uses_hyperdrive(client: Value) -> bool:
    return client.inner is not None and client.inner.kind is ValueKind.CONNECTION_STRING


def _owner(match: Match) -> str:
    return match.text(match.receiver).replace("\n", " ")


# -- (b) nobody looks at the promise -----------------------------------------------------------------------


def _dropped(match: Match, promise: Node) -> Finding:
    module = match.module
    fix = (
        fixes.fix_by_wait_until(module, promise, Safety.SAFE)
        or fixes.fix_by_new_context(module, promise)
        or fixes.fix_by_await(module, promise, Safety.UNSAFE)
    )
    return Finding(
        f"nothing waits for `{_owner(match)}.end()`, so the runtime may cancel it: pass it to `waitUntil()`,"
        f" or leave it out {_OPTIONAL}",
        match.at(match.node),
        fix=fix,
    )


# -- (a) the response waits for it -------------------------------------------------------------------------


def _awaited(match: Match, client: Value, promise: Node, awaiting: Node) -> Iterator[Finding]:
    module = match.module
    statement = module.parent(module.with_wrappers(awaiting))
    if statement is None or statement.type != "expression_statement" or not _answers_a_request(match):
        return
    keeper = module.wait_until_at(promise)
    fix: Fix | None = None
    if not _used_after(match, promise):
        if keeper is not None:
            text = f"{keeper}({match.text(promise)})"
            edit = module.replace(awaiting, text)
            fix = Fix(f"Pass the promise to `{keeper}()` and do not wait", (edit,), Safety.SAFE)
        else:
            added = fixes.fix_by_new_context(module, promise)
            if added is not None:
                without = Edit(match.document, _between(awaiting, promise), "")
                fix = Fix(added.title, (without, *added.edits), Safety.UNSAFE)
    hyperdrive = _uses_hyperdrive(client)
    why = f": pass it to `waitUntil()`, or leave it out {_OPTIONAL}" if hyperdrive else ""
    yield Finding(
        f"the response waits until `{_owner(match)}.end()` has closed the connection{why}",
        match.at(awaiting),
        fix=fix,
        severity=None if hyperdrive else Severity.NOTE,
    )


def _between(outer: Node, inner: Node) -> Span:
    return Span(outer.start_byte, inner.start_byte)


def _answers_a_request(match: Match) -> bool:
    """Whether the innermost function around is one that gets a request and so owes a response."""
    function = match.enclosing_function
    if function is None:
        return False
    module = match.module
    handler = module.handler_of(function)
    if handler is not None:
        return handler.name in ("fetch", "onRequest")
    return any(
        declaration.kind is js.DeclarationKind.PARAMETER and module.value_declared(declaration).kind in _ASKED
        for declaration in module.scope.declared_in(function).values()
    )


def _client_name(match: Match) -> js.Declaration | None:
    receiver = match.receiver
    if receiver is None or js.unwrap(receiver).type != "identifier":
        return None
    return match.module.scope.resolve(js.unwrap(receiver))


def _used_after(match: Match, promise: Node) -> bool:
    """Whether the client is used after `end()`, or may be: in a loop, or when it is not a local name."""
    declaration = _client_name(match)
    function = match.enclosing_function
    if declaration is None or function is None:
        return True
    for above in match.module.ancestors(promise):
        if above.id == function.id:
            break
        if above.type in _LOOPS and declaration.node.start_byte < above.start_byte:
            return True
    return any(
        reference.start_byte > promise.end_byte for reference in match.module.scope.references(declaration)
    )


# -- (c) errors skip it ------------------------------------------------------------------------------------


def _skipped_on_errors(match: Match, client: Value, arguments: Node) -> Iterator[Finding]:
    """`waitUntil(client.end())` at the end of a `try` whose `catch` knows nothing of the client."""
    module, syntax = match.module, match.module.syntax
    keeping = syntax.parent(arguments)
    declaration = _client_name(match)
    function = match.enclosing_function
    if keeping is None or declaration is None or function is None:
        return
    if not match.text(keeping.child_by_field_name("function")).endswith("waitUntil"):
        return
    statement = syntax.parent(js.with_wrappers(syntax, keeping))
    body = syntax.parent(statement) if statement is not None else None
    attempt = syntax.parent(body) if body is not None else None
    if statement is None or body is None or attempt is None or attempt.type != "try_statement":
        return
    tried = attempt.child_by_field_name("body")
    caught = attempt.child_by_field_name("handler")
    if tried is None or tried.id != body.id or caught is None:
        return
    if attempt.start_byte <= declaration.node.start_byte < attempt.end_byte:
        return  # the client does not exist where the error is caught
    ends = [found for found, name in module.calls_on_name(declaration) if name in ("end", "destroy")]
    if len(ends) != 1 or not _may_fail(match, tried, statement):
        return
    later = [ref for ref in module.scope.references(declaration) if ref.start_byte > attempt.end_byte]
    yield Finding(
        f"`{_owner(match)}.end()` is skipped when something before it throws: call it in `finally`",
        match.at(match.node),
        related=(match.at(caught, "errors end up here"),),
        fix=None if later else _to_finally(match, statement, attempt),
        severity=Severity.NOTE,
    )


def _may_fail(match: Match, tried: Node, statement: Node) -> bool:
    return any(
        found.start_byte < statement.start_byte
        for found in match.module.descendants(tried, "await_expression")
    )


def _to_finally(match: Match, statement: Node, attempt: Node) -> Fix:
    module = match.module
    data = match.document.data
    newline = "\r\n" if b"\r\n" in data else "\n"
    indent = module.indent_of(attempt)
    step = _deeper(module.indent_of(statement), indent)
    text = match.text(statement)
    text = text if text.endswith(";") else text + ";"
    last = attempt.child_by_field_name("finalizer")
    block = last.child_by_field_name("body") if last is not None else None
    if block is not None:
        added = module.insert(block.start_byte + 1, f"{newline}{indent}{step}{text}")
    else:
        added = module.insert(
            attempt.end_byte, f" finally {{{newline}{indent}{step}{text}{newline}{indent}}}"
        )
    removed = Edit(match.document, module.whole_lines(statement), "")
    return Fix("Move the call into `finally`", (removed, added), Safety.UNSAFE)


def _deeper(inner: str, outer: str) -> str:
    return inner[len(outer) :] if inner.startswith(outer) and len(inner) > len(outer) else "  "


# -- (d) a Durable Object holds it -------------------------------------------------------------------------


@check.on(class_definition())
def check_fields(owner: ClassDefinition) -> Iterator[Finding]:
    if not owner.kind.runs_as_durable_object:
        return
    module = owner.module
    if module.document.data.find(b"connectionString") == -1:
        return
    for name, made, value in _fields(owner):
        client = module.value_of(value).awaited
        if client.kind is not ValueKind.DATABASE_CLIENT or not _uses_hyperdrive(client):
            continue
        span = owner.body
        ended = re.compile(
            rb"(?<![\w$])" + re.escape(name.encode()) + rb"\s{0,20}[?!]?\.\s{0,20}end\s{0,20}\("
        )
        if ended.search(module.document.data, span.start_byte, span.end_byte) is not None:
            continue
        yield Finding(
            f"the {client.detail} client in `this.{name}` is never ended: it holds a place in Hyperdrive's"
            " pool for as long as the object is in memory",
            module.at(made),
            related=(owner.at.saying(f"`{owner.name}` is a Durable Object"),),
        )


def _fields(owner: ClassDefinition) -> Iterator[tuple[str, Node, Node]]:
    """The fields of instances that are given a value: name, what sets it, the value."""
    module = owner.module
    for member in owner.body.named_children:
        name = member.child_by_field_name("name")
        value = member.child_by_field_name("value")
        static = any(child.type == "static" for child in member.children)
        if member.type == "public_field_definition" and name is not None and value is not None and not static:
            yield module.text(name), value, value
    for assignment in module.descendants(
        owner.body, "assignment_expression", "augmented_assignment_expression"
    ):
        left = assignment.child_by_field_name("left")
        right = assignment.child_by_field_name("right")
        if left is None or right is None or js.unwrap(left).type != "member_expression":
            continue
        target = js.unwrap(left).child_by_field_name("object")
        name = js.unwrap(left).child_by_field_name("property")
        if target is not None and name is not None and target.type == "this":
            yield module.text(name), assignment, right
