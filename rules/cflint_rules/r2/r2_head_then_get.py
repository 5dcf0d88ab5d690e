"""Read an R2 object with one `get()`: what `head()` tells is in its answer.

`get()` gives all that `head()` gives, and the body as a stream that nobody has to read. Both are operations
of class B, which are billed, and requests that the Worker waits for one after the other.

## Incorrect

```ts
interface Env {
  FILES: R2Bucket;
}

export default {
  async fetch(request, env): Promise<Response> {
    const key = new URL(request.url).pathname.slice(1);
    const found = await env.FILES.head(key);
    if (found === null) return new Response("not found", { status: 404 });
    const object = await env.FILES.get(key);
    return new Response(object?.body, { headers: { etag: found.httpEtag } });
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
    const object = await env.FILES.get(new URL(request.url).pathname.slice(1));
    if (object === null) return new Response("not found", { status: 404 });
    return new Response(object.body, { headers: { etag: object.httpEtag } });
  },
} satisfies ExportedHandler<Env>;
```

## Not reported

A `get()` with options (a range needs the size, a condition the ETag), and a `head()` by which the code goes
another way: one that asks for the size before it reads.

## Fix safety

There is no fix: the two answers have names of their own, and tests, too.

Source: https://developers.cloudflare.com/r2/api/workers/workers-api-reference/#bucket-method-definitions
"""

from collections.abc import Iterator

from cflint.api import Finding, Match, Severity, call, js, rule


@rule(call("get"), severity=Severity.NOTE)
def check(match: Match) -> Iterator[Finding]:
    module, function = match.module, match.enclosing_function
    if function is None or len(match.arguments) != 1 or not match.call.is_awaited:
        return
    for asked in module.calls("head", function):
        if asked.node.end_byte > match.node.start_byte or not asked.arguments or asked.receiver is None:
            continue
        if not module.is_same(asked.arguments[0], match.arguments[0]):
            continue
        if match.receiver is None or not module.is_same(asked.receiver, match.receiver):
            continue
        if not match.receiver_value.is_binding("r2") or not js.can_reach(module, asked.node, match.node):
            continue
        result = module.awaited(asked.node)
        if result is None or any(
            read is not None and read.name in ("size", "customMetadata", "uploaded")
            for read in map(module.member_read, result.references)
        ):
            continue
        yield Finding(
            "`get()` gives what `head()` gave: one request is enough",
            match.at(match.node),
            (module.at(asked.node, "the object is asked for here"),),
        )
        return
