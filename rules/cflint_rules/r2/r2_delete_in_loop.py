"""Delete several objects of R2 with one `delete()`.

`delete()` takes up to 1,000 keys. A call for each object is a request of its own that the Worker waits for,
and counts towards the subrequests that an invocation may make: a long list is deleted in part, and then the
request fails.

## Incorrect

```ts
interface Env {
  FILES: R2Bucket;
}

export default {
  async fetch(request, env): Promise<Response> {
    const keys = new URL(request.url).searchParams.getAll("key");
    for (const key of keys) {
      await env.FILES.delete(key);
    }
    return new Response(null, { status: 204 });
  },
} satisfies ExportedHandler<Env>;
```

## Correct

```ts
interface Env {
  FILES: R2Bucket;
}

export default {
  async fetch(request, env): Promise<Response> {
    const keys = new URL(request.url).searchParams.getAll("key").slice(0, 1000);
    await env.FILES.delete(keys);
    return new Response(null, { status: 204 });
  },
} satisfies ExportedHandler<Env>;
```

## What to do

Before the loop `const keys: string[] = []`, in it `keys.push(key)` in place of the deletion, and behind it
`for (let at = 0; at < keys.length; at += 1000) await bucket.delete(keys.slice(at, at + 1000))`. As it is,
each is a round trip, and an invocation may make 1,000 (50 on the Free plan).

## Not reported

Loops that can be left before their end, and those over a list that is written out. Followed is a function
that deletes what it is given, to the loops that call it.

## Fix safety

There is no fix: what else a turn does has to move, and more than 1,000 keys need several calls.

Source: https://developers.cloudflare.com/r2/api/workers/workers-api-reference/#bucket-method-definitions
"""

from collections.abc import Iterator

from cflint.api import Finding, Match, Severity, call, js, rule


@rule(call("delete"), severity=Severity.NOTE)
def check(match: Match) -> Iterator[Finding]:
    if len(match.arguments) != 1 or not match.receiver_value.is_binding("r2"):
        return
    for turn in js.turns_of(match.module, match.node):
        related = () if turn.node is match.node else (match.at(match.node, "the deletion"),)
        yield Finding(
            "each turn deletes one object by a request of its own: `delete()` takes up to 1,000 keys",
            turn.module.at(turn.node),
            related,
            words=(
                *js.word("bucket", match.module, match.receiver),
                *js.word("key", match.module, match.arguments[0]),
            ),
        )
