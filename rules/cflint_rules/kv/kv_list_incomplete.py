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

Ask for all pages: `let page = await kv.list({ …options }); const keys = [...page.keys]; while
(!page.list_complete) { page = await kv.list({ …options, cursor: page.cursor }); keys.push(...page.keys); }`
in the place of the statement, and `keys` for the result's `.keys` below it. As it is, from the 1,001st key on
something is missing. Only where one page is meant, give the client its `cursor` instead.

- "one of several": Write once in this file `async function allKeys(store: KVNamespace, options:
  KVNamespaceListOptions = {}) { let page = await store.list(options); const keys = [...page.keys]; while
  (!page.list_complete) { page = await store.list({ ...options, cursor: page.cursor });
  keys.push(...page.keys); } return { keys }; }`, and for this call, and the other ones beside it,
  `allKeys(kv, { …options })`: what reads `.keys` of the result stays. As it is, from the 1,001st key on
  something is missing.

## Not reported

Lists with a `limit` (so many are wanted), a `cursor`, or a prefix that belongs to one thing (`user:${id}:`),
and results that are handed on as a whole. What may be a class of the project instead of a namespace: its
`list()` may give all.

## Fix safety

Unsafe: all of them are read now, with a request for each thousand; where only one page is meant, the client
needs its `cursor` instead. No fix is offered where more of the result is used than its `keys`.

Source: https://developers.cloudflare.com/kv/api/list-keys/
"""

from collections.abc import Iterator

from cflint.api import Finding, Match, Safety, Severity, call, fixes, js, rule
from cflint_rules.kv._namespaces import may_be_other


@rule(call("list"), severity=Severity.NOTE, fix=Safety.UNSAFE)
def check(match: Match) -> Iterator[Finding]:
    if match.receiver is None or not match.receiver_value.is_binding("kv"):
        return
    if may_be_other(match.module, match.receiver):
        return  # whose `list()` may give all
    found = match.module.list_without_pagination(match.node, "keys", frozenset({"list_complete", "cursor"}))
    if found is not None:
        yield Finding(
            "`list()` gives at most 1000 keys: nothing asks for the rest",
            match.at(found),
            (match.at(match.node, "listed here"),)
            if found.start_point.row != match.node.start_point.row
            else (),
            fixes.fix_by_pages(match.module, match.node, "keys", "!{page}.list_complete"),
            words=js.list_words(match.module, match.node, "kv"),
        )
