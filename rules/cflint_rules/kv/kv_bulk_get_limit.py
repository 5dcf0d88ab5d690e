"""Read at most 100 keys of KV with one `get()`.

`get()` with a list of more than 100 keys throws. `list()` gives up to 1,000 keys at once: code that hands all
of them to `get()` works until there are more than 100.

## Incorrect

```ts
interface Env {
  PAGES: KVNamespace;
}

export default {
  async fetch(request, env): Promise<Response> {
    let page = await env.PAGES.list({ prefix: "draft:" });
    const names = page.keys.map((key) => key.name);
    while (!page.list_complete) {
      page = await env.PAGES.list({ prefix: "draft:", cursor: page.cursor });
      names.push(...page.keys.map((key) => key.name));
    }
    const drafts = await env.PAGES.get(names, "json");
    return Response.json([...drafts.values()]);
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
    const drafts: unknown[] = [];
    let cursor: string | undefined;
    do {
      const page = await env.PAGES.list({ prefix: "draft:", limit: 100, cursor });
      const values = await env.PAGES.get(page.keys.map((key) => key.name), "json");
      drafts.push(...values.values());
      cursor = page.list_complete ? undefined : page.cursor;
    } while (cursor !== undefined);
    return Response.json(drafts);
  },
} satisfies ExportedHandler<Env>;
```

## What to do

Ask in pieces: `const found = new Map(); for (let at = 0; at < keys.length; at += 100) for (const [key,
value] of await kv.get(keys.slice(at, at + 100))) found.set(key, value);` in the place of this call, and
`found` for the `Map` that it gave. With more than 100 keys it throws.

## Not reported

Keys of a `list()` with a `limit` of at most 100, or one that is not known; keys of which a part is taken
(`slice()`), or of which the number is asked for.

## Errors

```text title="workerd"
Error: KV GET_BULK failed: 400 You can request a maximum of … keys
```

## Fix safety

There is no fix: the keys have to be read in pieces.

Source: https://developers.cloudflare.com/kv/api/read-key-value-pairs/#request-multiple-keys,
src/workerd/api/kv.c++ of workerd (`getBulk`), and workers-sdk,
`packages/miniflare/src/workers/kv/namespace.worker.ts`
"""

from __future__ import annotations

from collections.abc import Iterator

from cflint.api import Finding, Match, Module, Severity, call, js, rule

_MOST = 100


@rule(call("get", "getWithMetadata"), severity=Severity.NOTE)
def check(match: Match) -> Iterator[Finding]:
    if not match.arguments or js.unwrap(match.arguments[0]).type in ("string", "template_string"):
        return
    module = match.module
    if not module.document.has_word("list") or not match.receiver_value.is_binding("kv"):
        return
    listed = module.whole_list_behind(match.arguments[0], lambda made: _lists_more(module, made))
    if listed is not None:
        yield Finding(
            "`list()` gives up to 1,000 keys, and `get()` throws with more than 100",
            match.at(match.arguments[0]),
            (module.at(listed, "the keys are listed here"),),
            words=_words(match),
        )


def _words(match: Match) -> js.Words:
    """The call, its keys, and what says how the values are read."""
    module, kind = match.module, match.call.argument(1)
    keys = js.word("keys", module, match.arguments[0])
    piece = "keys.slice(at, at + 100)"
    if keys and kind is not None:
        asked = js.word(piece, module, kind)
        keys = (*keys, *((piece, f"{keys[0][1]}.slice(at, at + 100), {text}") for _, text in asked))
    return (*js.word("kv", module, match.receiver), *keys)


def _lists_more(module: Module, made: js.Call) -> bool:
    """Whether a call lists the keys of a namespace, and may give more than can be read at once."""
    if made.name != "list" or not module.value_of(made.receiver).is_binding("kv"):
        return False
    return module.may_list_more_than(made.node, _MOST)
