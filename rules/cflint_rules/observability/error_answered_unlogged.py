"""Log an error that becomes a status of 500: nothing else keeps what it was.

A `catch` that answers 500 and does not look at the error ends it: for the platform the request went well, so
that no exception is counted, and neither the logs nor the client have the message. When clients report
errors, nobody can tell which of the calls in the `try` failed.

Hono logs what no route catches by itself, but not where the app has an `onError()`: what that answers
without a log is seen nowhere, either.

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

- "errors that no route catches": As the first statement of the `onError()`: `console.error(error)`, with the
  name of its first parameter; what it answers stays as it is.
- "it has no name": Write `catch (error) {` for `catch {`, and as its first line `console.error("request
  failed", error)`; the answer stays as it is.

## Not reported

An `onError()` that throws, hands the error to what is not in sight, or answers with its message.

A `catch` that reads the error, throws (but for what a framework answers: `HTTPException`, `error(500)`), or
calls a function whose name says that it logs or reports; a `try` that waits for nothing, or does nothing
but read JSON. A status that blames the client counts where the `try` waits for a database or a store. A
module has one finding, with all its places.

## Fix safety

Unsafe: what the error says, such as a query with its values, gets into the logs.

Source: https://developers.cloudflare.com/workers/observability/logs/workers-logs/,
https://developers.cloudflare.com/workers/observability/errors/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import Edit, Finding, Fix, Match, Module, Safety, Severity, ValueKind, call, js, module, rule
from cflint_rules.observability._catches import (
    blind_catches,
    catch_words,
    fix_by_log,
    store_used,
    tells,
    waited_for,
)

if TYPE_CHECKING:
    from tree_sitter import Node

_SERVER = range(500, 600)
_CLIENT = range(400, 500)
_THROWN = frozenset({"HTTPException", "error", "createError", "TRPCError", "httpError"})
"""What makes errors of which a framework makes an answer: those of Hono, SvelteKit, Nitro, tRPC."""
_PARSED = frozenset({"json"})
"""What fails for one reason alone, which the answer says: what the other side sent is no JSON."""
_MOST = 6


@rule(module("catch"), severity=Severity.NOTE, fix=Safety.UNSAFE)
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
        fix_by_log(subject, [(clause, "request failed") for clause in found]),
        words=catch_words(subject, first),
    )


@check.on(call("onError"))
def check_handler(match: Match) -> Iterator[Finding]:
    """The `onError()` of a Hono app, in whose place Hono itself would log what no route caught."""
    if match.receiver_value.kind is not ValueKind.HONO_APP or len(match.arguments) != 1:
        return
    given = js.function_given(match.module, match.arguments[0])
    if given is None or not match.module.is_run:
        return
    functions = [given, *_called_at_once(*given)]
    if any(_logs(home, function) for home, function in functions):
        return
    answer = next((found for one in functions if (found := _hidden_answer(*one)) is not None), None)
    if answer is not None:
        home, node = answer
        yield Finding(
            "errors that no route catches are logged nowhere: Hono only does it without an `onError()`",
            match.at(match.name),
            (home.at(node, "all that is made of them"),),
            _handler_fix(*given),
        )


def _handler_fix(home: Module, function: Node) -> Fix | None:
    """The fix by which a handler of errors logs them first."""
    body, given = js.body_of(function), home.parameters(function)
    name = given[0].name if given else None
    if body is None or name is None or given[0].pattern.type != "identifier":
        return None
    if body.type == "statement_block":
        edits: tuple[Edit, ...] = (home.prepend_statement(body, f"console.error({name});"),)
    elif body.type == "call_expression":
        opening = home.insert(body.start_byte, f"{{ console.error({name}); return ")
        edits = (opening, home.insert(body.end_byte, "; }"))
    else:
        return None
    return Fix.of("Log the error", edits, Safety.UNSAFE)


def _called_at_once(home: Module, function: Node) -> Iterator[tuple[Module, Node]]:
    """The functions of the project that a handler of errors calls with the error."""
    parameters = home.parameters(function)
    name = parameters[0].name if parameters else None
    for node in home.descendants(function, "call_expression"):
        if name is not None and name in (home.text(argument) for argument in js.arguments_of(node)):
            called = js.function_called(home, node)
            if called is not None:
                yield called


def _logs(home: Module, function: Node) -> bool:
    """Whether a function logs, or calls what may; one that throws on leaves it to others."""
    if next(home.descendants(function, "throw_statement"), None) is not None:
        return True
    body = function.child_by_field_name("body")
    return body is not None and (tells(home, body, by_name=False) or _hands_on(home, function))


def _hands_on(home: Module, function: Node) -> bool:
    """Whether a function gives the error, or a part of it, to what is not in sight and makes no response: it
    may keep it."""
    parameters = home.parameters(function)
    name = parameters[0].name if parameters else None
    error = home.scope.declared_in(function).get(name) if name is not None else None
    for use in home.scope.references(error) if error is not None else ():
        for above in home.ancestors(use):
            if above.id == function.id:
                break
            if above.type != "call_expression" or js.Call(home, above).name == "String":
                continue
            if home.response_made(above) is not None:
                continue
            if home.call_around(use) is None or js.function_called(home, above) is None:
                return True
    return False


def _hidden_answer(home: Module, function: Node) -> tuple[Module, Node] | None:
    """A response of 500 that says nothing of the error."""
    parameters = home.parameters(function)
    name = parameters[0].name if parameters else None
    error = home.scope.declared_in(function).get(name) if name is not None else None
    uses = home.scope.references(error) if error is not None else ()
    for made in home.responses_made(function):
        if made.status not in _SERVER or any(js.contains(made.node, use) for use in uses):
            continue
        if "message" not in home.text(made.node):
            return home, made.node
    return None


def _hides(subject: Module, clause: Node, body: Node, tried: Node) -> bool:
    """Whether a `catch` that looks at no error makes a response of 500 of it."""
    waited = [js.Call(subject, node).name for node in waited_for(subject, clause, tried)]
    if not waited or (set(waited) <= _PARSED and tried.named_child_count == 1):
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
