"""Answer a failure of your own with status 500, not with 400: a client does not send it again.

A `catch` around all that a handler does takes two things for one: that a client has sent nonsense, and that
the database, the store or the model has failed. Where both are answered with 400, an outage looks like a
mistake of each client: theirs give up, since a 400 is not worth trying again, and no alert on errors of the
server goes off.

## Incorrect

```ts
// src/index.ts
export default {
  async fetch(request, env): Promise<Response> {
    try {
      const note: { id?: unknown } = await request.json();
      if (typeof note.id !== "string") return new Response("no id", { status: 400 });
      await env.NOTES.put(note.id, JSON.stringify(note));
      return new Response("saved");
    } catch (error) {
      console.error(error);
      return new Response("invalid note", { status: 400 });
    }
  },
} satisfies ExportedHandler<Env>;
```

```jsonc
// wrangler.jsonc
{
  "name": "example",
  "main": "src/index.ts",
  "compatibility_date": "2026-08-20",
  "observability": { "enabled": true },
  "kv_namespaces": [{ "binding": "NOTES" }]
}
```

## Correct

```ts
// src/index.ts
export default {
  async fetch(request, env): Promise<Response> {
    const length = Number(request.headers.get("Content-Length") ?? Infinity);
    if (length > 10_000) return new Response("too long", { status: 413 });
    let note: { id?: unknown } | null;
    try {
      note = await request.json();
    } catch {
      return new Response("no JSON", { status: 400 });
    }
    if (typeof note?.id !== "string") return new Response("no id", { status: 400 });
    await env.NOTES.put(note.id, JSON.stringify(note));
    return new Response("saved");
  },
} satisfies ExportedHandler<Env>;
```

```jsonc
// wrangler.jsonc
{
  "name": "example",
  "main": "src/index.ts",
  "compatibility_date": "2026-08-20",
  "observability": { "enabled": true },
  "kv_namespaces": [{ "binding": "NOTES" }]
}
```

## What to do

Keep only what reads the request in this `try`, with the 400, and move the rest behind it: what fails there is
answered with 500.

## Not reported

A `catch` that looks at the error's class, name, code or message before it answers; one around nothing but the
reading of a request; statuses other than 400 and 422.

## Fix safety

There is no fix: what belongs to which status is up to the author.

Source: https://developer.mozilla.org/en-US/docs/Web/HTTP/Reference/Status/400
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import Finding, Module, Severity, module, pattern, rule
from cflint_rules.observability._catches import store_used, waited_for

if TYPE_CHECKING:
    from tree_sitter import Node

_OF_CLIENT = frozenset({400, 422})
_TELLS_APART = pattern(
    r"instanceof(?! Error\b)|\.(?:name|code|status|statusCode|cause)\b|\.message\s*(?:[=!]=|\.)"
    r"|\bswitch\b|UNIQUE|includes\("
)
_ALREADY = pattern(r"\b(?:exists?|taken|duplicate|already|in use)\b", re.IGNORECASE)
_MOST = 6


@rule(module("catch"), severity=Severity.NOTE)
def check(subject: Module) -> Iterator[Finding]:
    if not subject.is_run:
        return
    found = [
        (answer, lost)
        for word in subject.leaves("catch", subject.root)
        if (clause := subject.parent(word)) is not None and clause.type == "catch_clause"
        for answer, lost in _answers(subject, clause)
    ]
    if not found:
        return
    (first, lost), *others = found
    yield Finding(
        "a failure of what the Worker uses is answered like a mistake of the client: it does not try again",
        subject.at(first),
        (
            subject.at(lost, "when this fails, for instance"),
            *(subject.at(answer, "the same here") for answer, _ in others[:_MOST]),
        ),
    )


def _answers(subject: Module, clause: Node) -> Iterator[tuple[Node, Node]]:
    """The status that a `catch` answers whatever fails, with what the Worker itself uses in the `try`."""
    attempt, body = subject.parent(clause), clause.child_by_field_name("body")
    tried = attempt.child_by_field_name("body") if attempt is not None else None
    if body is None or tried is None or _TELLS_APART.search(subject.text(body)) is not None:
        return
    if next(subject.descendants(body, "throw_statement", "if_statement", "ternary_expression"), None):
        return
    if _ALREADY.search(subject.text(body)) is not None:
        return  # what the table refuses is the client's mistake
    made = list(subject.responses_made(body, into_functions=False))
    if len(made) != 1 or made[0].status not in _OF_CLIENT or not subject.runs_in_worker(clause):
        return
    lost = store_used(subject, clause, tried) or _model_asked(subject, clause, tried)
    if lost is not None:
        yield made[0].status_node or made[0].node, lost


def _model_asked(subject: Module, clause: Node, tried: Node) -> Node | None:
    """A call of Workers AI for which a `try` waits."""
    for node in waited_for(subject, clause, tried):
        made = subject.call(node)
        receiver = made.receiver if made is not None and made.name == "run" else None
        if receiver is not None and subject.value_of(receiver).is_binding("ai"):
            return node
    return None
