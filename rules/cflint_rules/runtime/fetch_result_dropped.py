"""Look whether what you sent to another service was taken.

`fetch()` rejects only where there is no answer at all. A status of 401, 429 or 500 is an answer: where nobody
looks at it, a mail that was refused counts as sent, a message of a queue is acknowledged, and the client is
told that all went well. Nobody tries again, and no log says why.

## Incorrect

```ts
// src/index.ts
export default {
  async fetch(request): Promise<Response> {
    await fetch("https://mail.example.com/send", {
      method: "POST",
      body: JSON.stringify({ subject: "hello" }),
      signal: AbortSignal.timeout(5_000),
    });
    return new Response("sent");
  },
} satisfies ExportedHandler;
```

```jsonc
// wrangler.jsonc
{
  "name": "example",
  "main": "src/index.ts",
  "compatibility_date": "2026-08-20",
  "observability": { "enabled": true }
}
```

## Correct

```ts
// src/index.ts
export default {
  async fetch(request): Promise<Response> {
    const answer = await fetch("https://mail.example.com/send", {
      method: "POST",
      body: JSON.stringify({ subject: "hello" }),
      signal: AbortSignal.timeout(5_000),
    });
    await answer.body?.cancel();
    if (!answer.ok) {
      console.error("mail refused", answer.status);
      return new Response("not sent", { status: 502 });
    }
    return new Response("sent");
  },
} satisfies ExportedHandler;
```

```jsonc
// wrangler.jsonc
{
  "name": "example",
  "main": "src/index.ts",
  "compatibility_date": "2026-08-20",
  "observability": { "enabled": true }
}
```

## What to do

Keep the response, and ask for `ok`: `const answer = await fetch(…); if (!answer.ok) throw new
Error(`webhook answered ${answer.status}`)`. Throw where the caller can try again (a queue, a step of a
Workflow); log and go on where it is all the same. Cancel the body that nobody reads: `await
answer.body?.cancel()`.

## Not reported

- Requests that send nothing, or always the same, and those that are not
  awaited, or are part of what `waitUntil()` gets: nobody waits for their result.
- What is sent for the record: to hosts and by functions whose names speak of logs, statistics or alerts.
- Answers that are kept in a variable of which anything is read, and those of Durable Objects.

There is one finding in a module, with the other places.

## Fix safety

No fix: what to do with an error is up to the author.

Source: https://developer.mozilla.org/en-US/docs/Web/API/Fetch_API/Using_Fetch#checking_response_status
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import PREVIEW, Documents, Finding, Module, Severity, js, module, pattern, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_SENDS = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_FOR_THE_RECORD = pattern(
    r"log|track|analytic|telemetr|metric|statist|alert|notif|ntfy|ping|beacon|sentry|slack|discord|webhook"
    r"|monitor|report|purge|warm|answerCallback|deleteMessage|sendChatAction|typing",
    re.IGNORECASE,
)
_TAKES = frozenset({"json", "text", "arrayBuffer", "blob"})
_MOST = 6


@rule(module("fetch"), severity=Severity.NOTE, presets=(PREVIEW,), documents=Documents.NOTHING)
def check(subject: Module) -> Iterator[Finding]:
    if not subject.is_run:
        return
    found = [node for node in subject.calls_of("fetch", subject.root) if _is_dropped(subject, node)]
    if not found:
        return
    first, *others = found
    yield Finding(
        "nobody looks at the answer: a status of 4xx or 5xx passes for success",
        subject.at(first),
        tuple(subject.at(other, "and at this one") for other in others[: _MOST - 1]),
    )


def _is_dropped(subject: Module, node: Node) -> bool:
    """Whether a call sends something that the code waits for, and nothing of the answer is looked at."""
    made = js.Call(subject, node)
    if not subject.is_global(made.callee, "fetch"):
        return False  # a Durable Object's own code answers, and throws through where it fails
    if not _sends(subject, made) or not made.is_awaited or not subject.runs_in_worker(node):
        return False
    if subject.own_statement(made.whole) is None and not _is_only_read(subject, node):
        return False
    if _FOR_THE_RECORD.search(subject.text(made.arguments[0])) is not None:
        return False
    function = subject.enclosing_function(node)
    name = subject.function_name(function) if function is not None else None
    method = function.child_by_field_name("name") if function is not None else None
    named = name if name is not None else method
    if named is not None and _FOR_THE_RECORD.search(subject.text(named)) is not None:
        return False
    return function is not None and not _is_kept_alive(subject, function)


def _sends(subject: Module, made: js.Call) -> bool:
    options = made.argument(1)
    method = subject.property_value(options, "method") if options is not None else None
    body = subject.property_value(options, "body") if options is not None else None
    if method is None or body is None or subject.string_of(body) is not None:
        return False  # a body that is always the same is a knock at a door
    return (subject.string_of(method) or "").upper() in _SENDS


def _is_only_read(subject: Module, node: Node) -> bool:
    """Whether an answer's body is read and dropped, and nothing else is done with the answer."""
    answer = subject.awaited(node)
    if answer is None or answer.pattern is not None:
        return False
    uses = answer.references if answer.declaration is not None else (answer.node,)
    if not uses:
        return answer.declaration is not None
    if len(uses) != 1:
        return False
    found = subject.method_called_on(uses[0])
    if found is None or found[0] not in _TAKES:
        return False
    return subject.own_statement(js.Call(subject, found[1]).whole) is not None


def _is_kept_alive(subject: Module, function: Node) -> bool:
    """Whether a function is called for `waitUntil()` where it stands."""
    above: Node | None = function
    while above is not None:
        around = subject.call_around(above)
        if around is not None and around[0].name == "waitUntil":
            return True
        made = subject.parent(subject.with_wrappers(above))
        if made is None or made.type != "call_expression":
            return False
        above = made
    return False
