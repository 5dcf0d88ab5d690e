"""Create several instances of a Workflow with one `createBatch()`.

Each `create()` is a request that the Worker waits for, and counts towards the limit of subrequests and the
rate at which instances may be created. `createBatch()` takes up to 100 instances in one request, and leaves
those out whose id exists already.

## Incorrect

```ts
interface Env {
  WELCOME: Workflow<{ user: string }>;
}

export default {
  async fetch(request, env): Promise<Response> {
    const users = new URL(request.url).searchParams.getAll("user");
    for (const user of users) {
      await env.WELCOME.create({ params: { user } });
    }
    return new Response("started");
  },
} satisfies ExportedHandler<Env>;
```

## Correct

```ts
interface Env {
  WELCOME: Workflow<{ user: string }>;
}

export default {
  async fetch(request, env): Promise<Response> {
    const users = new URL(request.url).searchParams.getAll("user").slice(0, 100);
    await env.WELCOME.createBatch(users.map((user) => ({ params: { user } })));
    return new Response("started");
  },
} satisfies ExportedHandler<Env>;
```

## What to do

Gather the instances, and create up to 100 at once: `await env.FLOW.createBatch(list.map((item) => ({ id,
params })))`. Those whose id exists already are passed over, where `create()` throws.

## Not reported

A loop that awaits anything else, that may be left after the first instance, or that handles each one's error;
loops over a list of one or two that is written out; the messages of a queue, each of which is acknowledged
by itself.

## Fix safety

There is no fix: the instances have to be gathered, and a batch fails or succeeds as a whole.

Source: https://developers.cloudflare.com/workflows/build/rules-of-workflows/
"""

from collections.abc import Iterator

from cflint.api import PREVIEW, Finding, Match, Severity, call, js, rule


@rule(call("create"), severity=Severity.NOTE, presets=(PREVIEW,), aliases=("workflow-create-batch",))
def check(match: Match) -> Iterator[Finding]:
    if not match.receiver_value.is_binding("workflow"):
        return
    found = js.repetition_of(match.module, match.node)
    if found is None:
        return
    yield Finding(
        "each turn of the loop is a request that creates one instance: create up to 100 at once with"
        " `createBatch()`",
        match.at(match.callee),
        (match.at(found.head, "the loop"),),
    )
