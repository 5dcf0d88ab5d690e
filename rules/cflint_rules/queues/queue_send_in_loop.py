"""Send several messages to a queue with one `sendBatch()`.

Each `send()` is a request that the Worker waits for, and counts towards the limit of subrequests.
`sendBatch()` takes up to 100 messages, of 256 KB together, in one request.

## Incorrect

```ts
interface Env {
  MAILS: Queue;
}

export default {
  async fetch(request, env): Promise<Response> {
    for (const to of new URL(request.url).searchParams.getAll("to")) {
      await env.MAILS.send({ to });
    }
    return new Response("sent");
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
    const all = new URL(request.url).searchParams.getAll("to");
    for (let at = 0; at < all.length; at += 100) {
      await env.MAILS.sendBatch(all.slice(at, at + 100).map((to) => ({ body: { to } })));
    }
    return new Response("sent");
  },
} satisfies ExportedHandler<Env>;
```

## What to do

Before the loop `const messages = []`, in it `messages.push({ body: … })` with what is sent today in place
of `…`, and behind it `for (let at = 0; at < messages.length; at += 100) await
queue.sendBatch(messages.slice(at, at + 100))`.

## Not reported

A loop that awaits anything else, that may be left after the first message, or that handles each one's error;
loops over a list of one or two that is written out; the messages of a queue, each of which is acknowledged
by itself.

## Fix safety

Unsafe: a batch is sent as a whole, behind the loop, or not at all, and its messages may have 256 KB together.
No fix is offered where the promise of `send()` is not awaited in a statement of its own.

Source: https://developers.cloudflare.com/queues/configuration/javascript-apis/#queue
"""

from collections.abc import Iterator

from cflint.api import Finding, Fix, Match, Safety, Severity, call, fixes, js, rule


@rule(call("send"), severity=Severity.NOTE, fix=Safety.UNSAFE)
def check(match: Match) -> Iterator[Finding]:
    if not match.receiver_value.is_binding("queue"):
        return
    found = js.repetition_of(match.module, match.node)
    if found is None:
        return
    yield Finding(
        "each turn of the loop is a request that sends one message: send up to 100 at once with"
        " `sendBatch()`",
        match.at(match.callee),
        (match.at(found.head, "the loop"),),
        _fix(match, found),
        words=js.word("queue", match.module, match.receiver),
    )


def _fix(match: Match, turn: js.Turn) -> Fix | None:
    if not 1 <= len(match.arguments) <= 2 or match.receiver is None or turn.changes(match.receiver):
        return None
    body = match.text(match.arguments[0])
    options = js.unwrap(match.arguments[1]) if len(match.arguments) == 2 else None
    written = "body" if body == "body" else f"body: {body}"
    if options is not None:
        is_literal = options.type == "object"
        inside = match.text(options)[1:-1].strip().rstrip(",") if is_literal else f"...{match.text(options)}"
        written = f"{written}, {inside}" if inside else written
    call = f"{match.text(match.receiver)}.sendBatch({{part}})"
    if "{" in match.text(match.receiver):
        return None
    how = fixes.Gathered("messages", 100, call, "Send them with `sendBatch()`")
    return fixes.fix_by_gathering(turn, match.node, f"{{ {written} }}", how)
