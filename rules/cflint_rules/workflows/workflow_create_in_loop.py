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

Before the loop `const instances = []`, in it `instances.push({ id, params })` with what `create()` is given
today, and behind it `for (let at = 0; at < instances.length; at += 100) await
flow.createBatch(instances.slice(at, at + 100))`. Those whose id exists already are passed over, where
`create()` throws.

## Not reported

A loop that awaits anything else, that may be left after the first instance, or that handles each one's error;
loops over a list of one or two that is written out; the messages of a queue, each of which is acknowledged
by itself.

## Fix safety

Unsafe: instances whose id exists already are passed over, where `create()` throws, and up to 100 are made
together, behind the loop. No fix is offered where what `create()` gives is used.

Source: https://developers.cloudflare.com/workflows/build/rules-of-workflows/
"""

from collections.abc import Iterator

from cflint.api import PREVIEW, Finding, Fix, Match, Safety, Severity, call, fixes, js, rule


@rule(
    call("create"),
    severity=Severity.NOTE,
    fix=Safety.UNSAFE,
    presets=(PREVIEW,),
    aliases=("workflow-create-batch",),
)
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
        _fix(match, found),
        words=js.word("flow", match.module, match.receiver),
    )


def _fix(match: Match, turn: js.Turn) -> Fix | None:
    flow = match.text(match.receiver) if match.receiver is not None else ""
    if len(match.arguments) != 1 or match.receiver is None or "{" in flow or turn.changes(match.receiver):
        return None
    how = fixes.Gathered(
        "instances", 100, f"{flow}.createBatch({{part}})", "Create them with `createBatch()`"
    )
    return fixes.fix_by_gathering(turn, match.node, match.text(match.arguments[0]), how)
