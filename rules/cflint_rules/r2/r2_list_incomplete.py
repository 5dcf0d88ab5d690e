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

Ask for all pages: `let page = await bucket.list({ …options }); const objects = [...page.objects]; while
(page.truncated) { page = await bucket.list({ …options, cursor: page.cursor }); objects.push(...page.objects);
}` in the place of the statement, and `objects` for the result's `.objects` below it. As it is, from the
1,001st object on something is missing. Only where one page is meant, give the client its `cursor` instead.

- "one of several": Write once in this file `async function allObjects(store: R2Bucket, options: R2ListOptions
  = {}) { let page = await store.list(options); const objects = [...page.objects]; while (page.truncated) {
  page = await store.list({ ...options, cursor: page.cursor }); objects.push(...page.objects); } return {
  objects }; }`, and for this call, and the other ones beside it, `allObjects(bucket, { …options })`: what
  reads `.objects` of the result stays. As it is, from the 1,001st object on something is missing.

## Not reported

Lists with a `limit` (so many are wanted), a `cursor`, or a prefix that belongs to one thing (`user:${id}:`),
and results that are handed on as a whole.

## Fix safety

Unsafe: all of them are read now, with a request for each thousand; where only one page is meant, the client
needs its `cursor` instead. No fix is offered where more of the result is used than its `objects`.

Source: https://developers.cloudflare.com/r2/api/workers/workers-api-reference/
"""

from collections.abc import Iterator

from cflint.api import Finding, Match, Safety, Severity, call, fixes, js, rule


@rule(call("list"), severity=Severity.NOTE, fix=Safety.UNSAFE)
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
            fixes.fix_by_pages(match.module, match.node, "objects", "{page}.truncated"),
            words=js.list_words(match.module, match.node, "bucket"),
        )
