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

## What to do

As the first line of the `catch`: `console.error("request failed", error)`, with the name that it gives the
error; the answer stays as it is.

- "it has no name": Write `catch (error) {` for `catch {`, and as its first line `console.error("request
  failed", error)`; the answer stays as it is.

## Not reported

A `catch` that reads the error, throws (but for what a framework answers: `HTTPException`, `error(500)`), or
calls a function whose name says that it logs or reports; a `try` that waits for nothing. A status that blames
the client counts where the `try` waits for a database or a store. A module has one finding, with all its
places.

## Fix safety

There is no fix: what to log besides the error is up to the author.

Source: https://developers.cloudflare.com/workers/observability/logs/workers-logs/,
https://developers.cloudflare.com/workers/observability/errors/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import Finding, Module, Severity, js, module, rule
from cflint_rules.observability._catches import blind_catches, catch_words, store_used, waited_for

if TYPE_CHECKING:
    from tree_sitter import Node

_SERVER = range(500, 600)
_CLIENT = range(400, 500)
_THROWN = frozenset({"HTTPException", "error", "createError", "TRPCError", "httpError"})
"""What makes errors of which a framework makes an answer: those of Hono, SvelteKit, Nitro, tRPC."""
_MOST = 6


@rule(module("catch"), severity=Severity.NOTE)
def check(subject: Module) -> Iterator[Finding]:
    if not subject.is_run:
        return
    found = [clause for clause, body, tried in blind_catches(subject) if _hides(subject, clause, body, tried)]
    if not found:
        return
    first, *others = found
    yield Finding(
        "this answers that it failed, and what the error was is seen nowhere: log it",
        subject.at(first),
        tuple(subject.at(clause, "so does this") for clause in others[:_MOST]),
        words=catch_words(subject, first),
    )


def _hides(subject: Module, clause: Node, body: Node, tried: Node) -> bool:
    """Whether a `catch` that looks at no error makes a response of 500 of it."""
    if next(waited_for(subject, clause, tried), None) is None:
        return False
    thrown = next(subject.descendants(body, "throw_statement"), None)
    if thrown is not None:
        return _is_answer(subject, thrown) and subject.runs_in_worker(clause)
    calls = [js.Call(subject, node) for node in subject.descendants(body, "call_expression")]
    answers = [made.status for made in subject.responses_made(body, into_functions=False)]
    answers += [reply.status for made in calls for reply in js.replies_of(subject, made.node)]
    answers += [_status_of(subject, made) for made in calls if made.name == "fail"]
    is_hidden = any(status in _SERVER for status in answers) or (
        any(status in _CLIENT for status in answers) and store_used(subject, clause, tried) is not None
    )
    return is_hidden and subject.runs_in_worker(clause)


def _is_answer(subject: Module, thrown: Node) -> bool:
    """Whether a `throw` is an answer with a status of 500, which frameworks give without logging anything."""
    made = subject.call(js.first_named(thrown))
    if made is None or made.name not in _THROWN:
        return False
    status = _status_of(subject, made)
    if status is not None:
        return status in _SERVER
    for argument in made.arguments:
        for name in ("status", "statusCode"):
            given = subject.property_value(argument, name)
            if given is not None and subject.number(given) in _SERVER:
                return True
        code = subject.property_value(argument, "code")
        if code is not None and subject.string(code) == "INTERNAL_SERVER_ERROR":
            return True
    return False


def _status_of(subject: Module, made: js.Call) -> float | None:
    return subject.number(made.arguments[0]) if made.arguments else None
