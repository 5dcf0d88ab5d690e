"""Handle errors instead of calling `passThroughOnException()`.

After `ctx.passThroughOnException()` a request for which the Worker throws goes to the origin, as if there was
no Worker. The error goes unnoticed, checks in the Worker are bypassed, and without an origin the client gets
an error all the same. A request whose body was read cannot be sent on at all.

## Incorrect

```ts
async function answer(request: Request): Promise<Response> {
  return Response.json({ path: new URL(request.url).pathname });
}

export default {
  async fetch(request, env, ctx): Promise<Response> {
    ctx.passThroughOnException();
    return answer(request);
  },
} satisfies ExportedHandler;
```

## Correct

```ts
async function answer(request: Request): Promise<Response> {
  return Response.json({ path: new URL(request.url).pathname });
}

export default {
  async fetch(request): Promise<Response> {
    try {
      return await answer(request);
    } catch (error) {
      console.error("failed", error);
      return new Response("something went wrong", { status: 500 });
    }
  },
} satisfies ExportedHandler;
```

## What to do

If there is an origin behind the Worker (a route on a site of its own), keep it and suppress this. If the
Worker is all there is, delete the call: an error is then answered by your own `catch` (or Hono's
`app.onError()`), with status 500, instead of by an origin that does not exist.

## Not reported

The contexts of Pages Functions. In a Worker with routes, which may stand before an origin, it is a note.

## Fix safety

Unsafe: where an origin is behind the Worker, requests for which it throws no longer go there, but get an
error 500.

Source: https://developers.cloudflare.com/workers/best-practices/workers-best-practices/
"""

from collections.abc import Iterator

from cflint.api import Finding, Fix, Match, Safety, Severity, ValueKind, call, rule


@rule(call("passThroughOnException"), severity=Severity.WARNING, fix=Safety.UNSAFE)
def check(match: Match) -> Iterator[Finding]:
    if match.arguments or match.receiver_value.kind is not ValueKind.EXECUTION_CONTEXT:
        return
    environments = match.module.environments
    routed = any(found.value(key) is not None for found in environments for key in ("route", "routes"))
    edit = match.module.statement_removal(match.node)
    yield Finding(
        "requests for which this Worker throws go on as if it was not there: handle the error, and answer",
        match.at(match.node),
        fix=Fix.of("Delete the call", (edit,) if edit is not None else (), Safety.UNSAFE),
        severity=Severity.NOTE if routed else None,
    )
