"""Page through the objects of an R2 bucket.

`list()` returns at most 1000 objects, and fewer when metadata is included. Code that takes `objects` and
never looks at `truncated` works until there are more, and then silently leaves the rest out.

## Incorrect

```ts
interface Env {
  FILES: R2Bucket;
}

export default {
  async fetch(request, env): Promise<Response> {
    const { objects } = await env.FILES.list({ prefix: "reports/" });
    return Response.json(objects.map((object) => object.key));
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
    const keys: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await env.FILES.list({ prefix: "reports/", cursor });
      keys.push(...page.objects.map((object) => object.key));
      cursor = page.truncated ? page.cursor : undefined;
    } while (cursor !== undefined);
    return Response.json(keys);
  },
} satisfies ExportedHandler<Env>;
```

## What to do

Ask for all pages: `const objects = []; let cursor: string | undefined; do { const page = await
bucket.list({ …options, cursor }); objects.push(...page.objects); cursor = page.truncated ? page.cursor :
undefined; } while (cursor);` in the place of the statement, and `objects` for the result's `.objects` below
it. As it is, from the 1,001st object on something is missing. Only where one page is meant, give the client
its `cursor` instead.

## Not reported

Lists with a `limit` (so many are wanted), a `cursor`, or a prefix that belongs to one thing (`user:${id}:`),
and results that are handed on as a whole.

## Fix safety

No fix: whether all objects are wanted, and what to do with each page, is up to you.

Source: https://developers.cloudflare.com/r2/api/workers/workers-api-reference/
"""

from collections.abc import Iterator

from cflint.api import Finding, Match, Severity, call, js, rule


@rule(call("list"), severity=Severity.NOTE)
def check(match: Match) -> Iterator[Finding]:
    if not match.receiver_value.is_binding("r2"):
        return
    found = match.module.list_without_pagination(match.node, "objects", frozenset({"truncated", "cursor"}))
    if found is not None:
        yield Finding(
            "`list()` gives at most 1000 objects: nothing asks for the rest",
            match.at(found),
            (match.at(match.node, "listed here"),)
            if found.start_point.row != match.node.start_point.row
            else (),
            words=js.list_words(match.module, match.node, "bucket"),
        )
