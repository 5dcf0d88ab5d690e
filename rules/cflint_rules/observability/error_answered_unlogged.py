"""Log an error that becomes a status of 500: nothing else keeps what it was.

A `catch` that answers 500 and does not look at the error ends it: for the platform the request went well, so
that no exception is counted, and neither the logs nor the client have the message. When clients report
errors, nobody can tell which of the calls in the `try` failed.

## Incorrect

```ts
interface Env {
  DB: D1Database;
}

export default {
  async fetch(_request, env): Promise<Response> {
    try {
      const { results } = await env.DB.prepare("SELECT id FROM posts LIMIT 20").all();
      return Response.json(results);
    } catch {
      return new Response("something went wrong", { status: 500 });
    }
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
    try {
      const { results } = await env.DB.prepare("SELECT id FROM posts LIMIT 20").all();
      return Response.json(results);
    } catch (error) {
      console.error("posts could not be read", error);
      return new Response("something went wrong", { status: 500 });
    }
  },
} satisfies ExportedHandler<Env>;
```

## Not reported

A `catch` that reads the error, throws, or calls a function whose name says that it logs or reports; a `try`
that waits for nothing. A module has one finding, with all its places.

## Fix safety

There is no fix: what to log besides the error is up to the author.

Source: https://developers.cloudflare.com/workers/observability/logs/workers-logs/,
https://developers.cloudflare.com/workers/observability/errors/
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import PREVIEW, Finding, Module, Severity, js, module, pattern, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_TELLS = pattern(
    r"log|report|capture|track|notif|warn|error$|fail|record|emit|handle|trace|exception|sentry|alert",
    re.IGNORECASE,
)
_MAKERS = frozenset({"json", "error", "Response", "NextResponse"})
_SERVER = range(500, 600)
_MOST = 6


@rule(module("catch"), severity=Severity.NOTE, presets=(PREVIEW,))
def check(subject: Module) -> Iterator[Finding]:
    if not subject.is_run:
        return
    found = [
        clause for clause in subject.descendants(subject.root, "catch_clause") if _hides(subject, clause)
    ]
    if not found:
        return
    first, *others = found
    yield Finding(
        "this answers that it failed, and what the error was is seen nowhere: log it",
        subject.at(first),
        tuple(subject.at(clause, "so does this") for clause in others[:_MOST]),
    )


def _hides(subject: Module, clause: Node) -> bool:
    """Whether a `catch` makes a response of 500 of an error at which nothing looks."""
    body, attempt = clause.child_by_field_name("body"), subject.parent(clause)
    tried = attempt.child_by_field_name("body") if attempt is not None else None
    if body is None or tried is None or not _waits(subject, clause, tried):
        return False
    parameter = clause.child_by_field_name("parameter")
    if parameter is not None:
        error = subject.scope.resolve(parameter) if parameter.type == "identifier" else None
        if error is None or any(use.id != error.node.id for use in subject.scope.references(error)):
            return False
    if next(subject.descendants(body, "throw_statement"), None) is not None:
        return False
    calls = [js.Call(subject, node) for node in subject.descendants(body, "call_expression")]
    if any(_TELLS.search(made.name) is not None and made.name not in _MAKERS for made in calls):
        return False
    if any(subject.log_at(made.node) is not None for made in calls):
        return False
    answers = [made.status for made in subject.responses_made(body, into_functions=False)]
    answers += [reply.status for made in calls for reply in js.replies_of(subject, made.node)]
    is_seen = any(status is not None and int(status) in _SERVER for status in answers)
    return is_seen and subject.runs_in_worker(clause)


def _waits(subject: Module, clause: Node, tried: Node) -> bool:
    """Whether a `try` waits for something whose error gets to this `catch`."""
    for node in subject.descendants(tried, "await_expression"):
        if subject.try_around(node) == subject.parent(clause):
            return True
    return False
