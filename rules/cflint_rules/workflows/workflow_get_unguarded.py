"""Expect that there is no instance of a Workflow with an id that a client sent.

`get()` throws when there is no instance of that id (`instance.not_found`), or when it is older than what is
retained. With an id from the request, any visitor makes the handler end with status 500 instead of 404.

## Incorrect

```ts
interface Env {
  IMPORT: Workflow;
}

export default {
  async fetch(request, env): Promise<Response> {
    const id = new URL(request.url).searchParams.get("id") ?? "";
    const instance = await env.IMPORT.get(id);
    return Response.json(await instance.status());
  },
} satisfies ExportedHandler<Env>;
```

## Correct

```ts
interface Env {
  IMPORT: Workflow;
}

export default {
  async fetch(request, env): Promise<Response> {
    const id = new URL(request.url).searchParams.get("id") ?? "";
    try {
      const instance = await env.IMPORT.get(id);
      return Response.json(await instance.status());
    } catch (error) {
      console.warn("no such instance", id, error);
      return new Response("no such instance", { status: 404 });
    }
  },
} satisfies ExportedHandler<Env>;
```

## Not reported

A call within `try`, or whose promise has a `.catch()`; ids that do not come from a request, as far as it is
in sight; apps of Hono with an `onError()`.

## Fix safety

No fix: what to answer is up to you.

Source: https://developers.cloudflare.com/workflows/build/workers-api/#get, and workers-sdk,
`packages/workflows-shared/src/binding.ts`
"""

from collections.abc import Iterator

from cflint.api import PREVIEW, Finding, Match, Severity, call, js, rule


@rule(call("get"), severity=Severity.WARNING, presets=(PREVIEW,))
def check(match: Match) -> Iterator[Finding]:
    module = match.module
    if len(match.arguments) != 1 or not match.receiver_value.is_binding("workflow"):
        return
    if module.try_around(match.node) is not None or module.handles_errors(match.call.whole):
        return
    promise = module.promise_use(match.node).promise
    if promise is not None and module.handles_errors(promise):
        return
    if next(module.calls("onError"), None) is not None:
        return
    sent = module.provenance(match.arguments[0])
    if sent.trust is js.Trust.REQUEST:
        yield Finding(
            "`get()` throws when there is no instance of that id, which a client can choose here",
            match.at(),
        )
