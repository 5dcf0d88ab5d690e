"""Log why a database or a store failed before something else takes its place: it looks like an empty one.

A `catch` that gives `null`, `[]` or a default and does not look at the error makes "it could not be read" the
same as "there is nothing": a table that is missing, a quota that is used up, a value that D1 refuses. The
page shows nothing, and the logs do not either.

## Incorrect

```ts
interface Env {
  DB: D1Database;
}

export default {
  async fetch(_request, env): Promise<Response> {
    let posts: unknown[];
    try {
      const query = env.DB.prepare("SELECT id, title FROM posts ORDER BY id DESC LIMIT 20");
      posts = (await query.all()).results;
    } catch {
      posts = [];
    }
    return Response.json(posts);
  },
} satisfies ExportedHandler<Env>;
```

## Correct

```ts
interface Env {
  DB: D1Database;
}

export default {
  async fetch(_request, env): Promise<Response> {
    let posts: unknown[];
    try {
      const query = env.DB.prepare("SELECT id, title FROM posts ORDER BY id DESC LIMIT 20");
      posts = (await query.all()).results;
    } catch (error) {
      console.error("posts could not be read", error);
      posts = [];
    }
    return Response.json(posts);
  },
} satisfies ExportedHandler<Env>;
```

## What to do

As the first line of the `catch`: `console.error("read failed", error)`, with the name that it gives the
error; what takes the value's place stays as it is.

- "it has no name": Write `catch (error) {` for `catch {`, and as its first line `console.error("read
  failed", error)`; what takes the value's place stays as it is.

## Not reported

A `catch` with a comment, or one that throws, logs or reads the error, or gives what says itself that
something failed; modules that look how a Worker is (`health`, `status`); caches, by the binding's name; a
`try` that parses JSON, too; an answer of `false` (whether it works is what was asked); statements that make
or change tables. An empty `catch` is [`swallowed-error`](swallowed_error.py), one that makes a response
[`error-answered-unlogged`](error_answered_unlogged.py). A module has one finding, with all its places.

## Fix safety

Unsafe: what the error says, such as a query with its values, gets into the logs.

Source: https://developers.cloudflare.com/workers/observability/logs/workers-logs/,
https://developers.cloudflare.com/d1/observability/debug-d1/
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import Finding, Module, Safety, Severity, js, module, pattern, rule, sql
from cflint_rules.observability._catches import blind_catches, catch_words, failure_of, fix_by_log, store_used

if TYPE_CHECKING:
    from tree_sitter import Node

_SCHEMA = frozenset({"CREATE", "ALTER", "DROP", "PRAGMA"})
_PARSES = ("parse", "json")
_SAYS = pattern(r"err|fail|unavail|unhealthy|degraded|down\b|offline|missing|unknown", re.IGNORECASE)
"""What stands in a value that says itself that something went wrong."""
_ASKS = pattern(r"health|status|diagnos|ping", re.IGNORECASE)
_MOST = 6


@rule(module("catch"), severity=Severity.NOTE, fix=Safety.UNSAFE)
def check(subject: Module) -> Iterator[Finding]:
    if not subject.is_run:
        return
    found = [
        (clause, lost)
        for clause, body, tried in blind_catches(subject)
        if (lost := _hidden(subject, clause, body, tried)) is not None
    ]
    if not found:
        return
    (first, lost), *others = found
    yield Finding(
        "when this fails, something else takes its place, and why is seen nowhere: log the error",
        subject.at(first),
        (
            subject.at(lost, "it fails unseen here"),
            *(subject.at(clause, "the same here") for clause, _ in others[:_MOST]),
        ),
        fix_by_log(subject, [(clause, failure_of(subject, it, "query failed")) for clause, it in found]),
        words=catch_words(subject, first),
    )


def _hidden(subject: Module, clause: Node, body: Node, tried: Node) -> Node | None:
    """The call of a store whose error a `catch` replaces by a value; None of every other `catch`."""
    if next(subject.descendants(body, "throw_statement", "comment", "false", "await_expression"), None):
        return None
    if (
        not any(_replaces(node) for node in body.named_children)
        or _SAYS.search(subject.text(body)) is not None
    ):
        return None
    if _ASKS.search(subject.path) is not None:
        return None
    if next(subject.responses_made(body), None) is not None:
        return None
    calls = (js.Call(subject, node) for node in subject.descendants(body, "call_expression"))
    if any(js.replies_of(subject, made.node) for made in calls):
        return None
    if any(next(subject.calls(name, tried), None) is not None for name in _PARSES):
        return None
    lost = store_used(subject, clause, tried)
    if lost is None or _is_schema(subject, lost) or not subject.runs_in_worker(clause):
        return None
    return lost


def _replaces(node: Node) -> bool:
    """Whether a statement gives or sets another value."""
    if node.type == "return_statement":
        return True
    inner = js.first_named(node) if node.type == "expression_statement" else None
    return inner is not None and inner.type == "assignment_expression"


def _is_schema(subject: Module, lost: Node) -> bool:
    made = subject.call(lost)
    use = sql.prepared_by(subject, made.receiver) if made is not None and made.receiver is not None else None
    return use is not None and any(statement.verb in _SCHEMA for statement in use.text.statements)
