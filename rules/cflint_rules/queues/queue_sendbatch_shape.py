"""Give `sendBatch()` messages of the shape `{ body }`, at least one and at most 100.

`sendBatch()` takes an iterable of objects whose `body` is the message. A plain value, or an object without
`body`, makes it throw that the body cannot be undefined, or that the type is wrong. An empty batch throws
too, and one of more than 100 messages is refused.

## Incorrect

```ts
interface Env {
  MAILS: Queue<{ to: string }>;
}

export default {
  async fetch(request, env): Promise<Response> {
    const names = new URL(request.url).searchParams.getAll("name");
    await env.MAILS.sendBatch(names.map((name) => ({ to: `${name}@example.com` })));
    return new Response(null, { status: 202 });
  },
} satisfies ExportedHandler<Env>;
```

## Correct

```ts
interface Env {
  MAILS: Queue<{ to: string }>;
}

export default {
  async fetch(request, env): Promise<Response> {
    const names = new URL(request.url).searchParams.getAll("name");
    await env.MAILS.sendBatch(names.map((name) => ({ body: { to: `${name}@example.com` } })));
    return new Response(null, { status: 202 });
  },
} satisfies ExportedHandler<Env>;
```

## What to do

Give it objects with a `body`: `sendBatch(list.map((body) => ({ body })))`. As it is, the call throws.

- "empty batch": Ask before: `if (list.length > 0)`.

## Not reported

Messages whose shape is not in sight: a variable, a call, an object with a spread.

## Errors

```text title="workerd"
TypeError: sendBatch() requires at least one message
```

## Fix safety

Unsafe: what was given becomes the `body`, which the consumer then gets. There is no fix where the messages
are made elsewhere.

Source: https://developers.cloudflare.com/queues/configuration/javascript-apis/#queue
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import Finding, Fix, Match, Safety, Severity, call, js, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_MOST = 100
_PLAIN = frozenset({"string", "template_string", "number", "true", "false", "array"})
_NAMED = frozenset({"id", "key", "name", "url", "email"})
"""Properties that hold no message with a `body`."""


@rule(call("sendBatch"), severity=Severity.ERROR, fix=Safety.UNSAFE)
def check(match: Match) -> Iterator[Finding]:
    if not match.arguments:
        return
    messages = match.module.initializer(match.arguments[0])
    if messages.type == "array":
        yield from _listed(match, messages)
    elif messages.type == "call_expression" and match.module.callee_name(messages) == "map":
        made = js.mapped(messages)
        if made is not None and _is_wrong(match, made) and match.receiver_value.is_binding("queue"):
            yield _finding(match, (made,))


def _listed(match: Match, array: Node) -> Iterator[Finding]:
    elements = [part for part in array.named_children if part.type != "comment"]
    wrong = tuple(part for part in map(js.unwrap, elements) if _is_wrong(match, part))
    empty = not elements and array.id == js.unwrap(match.arguments[0]).id
    if not (wrong or empty or len(elements) > _MOST) or not match.receiver_value.is_binding("queue"):
        return
    if wrong:
        yield _finding(match, wrong)
    elif empty:
        yield Finding("`sendBatch()` throws for an empty batch", match.at(array))
    else:
        yield Finding(
            f"`sendBatch()` takes at most {_MOST} messages, and these are {len(elements)}", match.at(array)
        )


def _is_wrong(match: Match, message: Node) -> bool:
    """Whether an expression is no message: a plain value, or an object that surely has no `body`."""
    if message.type == "object":
        properties = match.module.properties_of(message)
        return properties is not None and "body" not in properties
    member, made = match.module.member(message), match.module.call(message)
    if member is not None:
        return member.name in _NAMED
    is_text = made is not None and match.module.is_from(made.callee, "", "JSON.stringify")
    return message.type in _PLAIN or is_text


def _finding(match: Match, wrong: tuple[Node, ...]) -> Finding:
    edits = []
    for message in wrong:
        above = match.module.parent(message)
        bare = above is not None and above.type == "arrow_function"  # where braces would be a block
        edits.append(match.insert(message.start_byte, "({ body: " if bare else "{ body: "))
        edits.append(match.insert(message.end_byte, " })" if bare else " }"))
    fix = Fix("Make it the `body` of a message", tuple(edits), Safety.UNSAFE)
    return Finding(
        "each message of `sendBatch()` is an object with a `body`, and this is none",
        match.at(wrong[0]),
        tuple(match.at(other, "nor is this") for other in wrong[1:4]),
        fix if match.node.end_byte > wrong[0].start_byte > match.node.start_byte else None,
    )
