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

There is no fix: the messages have to be gathered, and a batch fails or succeeds as a whole.

Source: https://developers.cloudflare.com/queues/configuration/javascript-apis/#queue
"""

from collections.abc import Iterator

from cflint.api import Finding, Match, Severity, call, js, rule


@rule(call("send"), severity=Severity.NOTE)
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
        words=js.word("queue", match.module, match.receiver),
    )
