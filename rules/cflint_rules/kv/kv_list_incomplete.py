"""Page through the keys of a KV namespace.

`list()` returns at most 1000 keys. Code that takes `keys` and never looks at `list_complete` or `cursor`
works until there are more, and then silently leaves the rest out.

## Incorrect

```ts
interface Env {
  PAGES: KVNamespace;
}

export default {
  async fetch(request, env): Promise<Response> {
    const { keys } = await env.PAGES.list({ prefix: "draft:" });
    return Response.json(keys.map((key) => key.name));
  },
} satisfies ExportedHandler<Env>;
```

## Correct

```ts
interface Env {
  PAGES: KVNamespace;
}

export default {
  async fetch(request, env): Promise<Response> {
    const names: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await env.PAGES.list({ prefix: "draft:", cursor });
      names.push(...page.keys.map((key) => key.name));
      cursor = page.list_complete ? undefined : page.cursor;
    } while (cursor !== undefined);
    return Response.json(names);
  },
} satisfies ExportedHandler<Env>;
```

## What to do

Ask for all pages: `const keys = []; let cursor: string | undefined; do { const page = await kv.list({
…options, cursor }); keys.push(...page.keys); cursor = page.list_complete ? undefined : page.cursor; } while
(cursor);` in the place of the statement, and `keys` for the result's `.keys` below it. As it is, from the
1,001st key on something is missing. Only where one page is meant, give the client its `cursor` instead.

## Not reported

Lists with a `limit` (so many are wanted), a `cursor`, or a prefix that belongs to one thing (`user:${id}:`),
and results that are handed on as a whole.

## Fix safety

No fix: whether all keys are wanted, and what to do with each page, is up to you.

Source: https://developers.cloudflare.com/kv/api/list-keys/
"""

from collections.abc import Iterator

from cflint.api import Finding, Match, Severity, call, js, rule


@rule(call("list"), severity=Severity.NOTE)
def check(match: Match) -> Iterator[Finding]:
    if not match.receiver_value.is_binding("kv"):
        return
    found = match.module.list_without_pagination(match.node, "keys", frozenset({"list_complete", "cursor"}))
    if found is not None:
        yield Finding(
            "`list()` gives at most 1000 keys: nothing asks for the rest",
            match.at(found),
            (match.at(match.node, "listed here"),)
            if found.start_point.row != match.node.start_point.row
            else (),
            words=js.list_words(match.module, match.node, "kv"),
        )
