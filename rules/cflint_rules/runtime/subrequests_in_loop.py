"""Do not make a request for each item of a list of which nothing says how long it is.

Each `fetch()` and each call of a binding is a subrequest, of which an invocation may make 50 to the Internet
and 1,000 to services of Cloudflare on the free plan, and 10,000 on the paid one unless `limits.subrequests`
says otherwise. Code that makes one for each row of a table, or for each key of a namespace, works until there
are too many of these: then it throws in the middle, and every run begins with the same ones.

## Incorrect

```ts
interface Env {
  DB: D1Database;
}

export default {
  async scheduled(_controller, env): Promise<void> {
    const { results } = await env.DB.prepare("SELECT hook FROM shops").all<{ hook: string }>();
    for (const shop of results) {
      const answer = await fetch(shop.hook, { method: "POST" });
      await answer.body?.cancel();
    }
  },
} satisfies ExportedHandler<Env>;
```

## Correct

```ts
interface Env {
  DB: D1Database;
  HOOKS: Queue<{ hook: string }>;
}

export default {
  async scheduled(_controller, env): Promise<void> {
    const due = env.DB.prepare("SELECT hook FROM shops WHERE due < ? ORDER BY due LIMIT 100");
    const { results } = await due.bind(Date.now()).all<{ hook: string }>();
    if (results.length > 0) await env.HOOKS.sendBatch(results.map((shop) => ({ body: shop })));
  },
} satisfies ExportedHandler<Env>;
```

## Not reported

Lists that the code limits, takes a part of or counts, and those that come from elsewhere than D1, KV, R2 or a
query builder. Calls for which one call for all of them is to be had have rules of their own:
[`kv-get-in-loop`](../kv/kv_get_in_loop.py), `d1-query-in-loop`, `d1-use-batch`, `r2-delete-in-loop`,
`queue-send-in-loop`, `workflow-create-in-loop`. Workers that set `limits.subrequests`.

## Errors

```text title="workerd"
Error: Too many subrequests.
Error: Too many subrequests by single Worker invocation.
```

Seen in https://github.com/cmliu/CF-Workers-SUB/issues/42,
https://github.com/query-store-links/qsl-worker/issues/5.

## Fix safety

No fix: what is left over has to be done by another run, or by a queue.

Source: https://developers.cloudflare.com/workers/platform/limits/#subrequests,
https://github.com/cloudflare/cloudflare-docs/pull/3184
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from cflint.api import PREVIEW, Finding, Match, Severity, ValueKind, call, js, rule, sql

_FREE = 50
"""Requests to the Internet that an invocation may make on the free plan."""
_OF_BINDING = {
    "kv": ("put", "delete", "getWithMetadata"),
    "r2": ("put", "get", "head"),
    "ai": ("run",),
    "service": ("fetch",),
}


@rule(
    call("fetch", "put", "delete", "getWithMetadata", "get", "head", "run"),
    severity=Severity.NOTE,
    presets=(PREVIEW,),
)
def check(match: Match) -> Iterator[Finding]:
    if not _is_request(match) or _sets_limit(match):
        return
    for site in js.turns_of(match.module, match.node):
        turn = js.turn_around(site.module, site.node)
        if turn is None or turn.items is None:
            continue
        gives = partial(sql.gives_more_than, site.module, most=_FREE)
        listed = site.module.whole_list_behind(turn.items, gives, sql.THROUGH)
        if listed is None:
            continue
        made = () if site.node is match.node else (match.at(match.node, "the request"),)
        yield Finding(
            "each turn of the loop is a request, and nothing says how many turns there are: at some number of"
            " items this throws",
            site.module.at(site.node),
            (*made, site.module.at(listed, "all of this list")),
        )


def _is_request(match: Match) -> bool:
    """Whether a call is a request for which no rule knows a call for many at once."""
    if match.receiver is None:
        return match.module.is_global(match.callee, "fetch")
    value = match.receiver_value
    if value.kind is ValueKind.STUB:
        return match.word == "fetch"
    kinds = (kind for kind, words in _OF_BINDING.items() if match.word in words)
    return any(value.is_binding(kind) for kind in kinds)


def _sets_limit(match: Match) -> bool:
    """Whether a Worker that runs this says itself how many requests an invocation may make."""
    return any(
        (limits := environment.value("limits")) is not None and limits.get("subrequests") is not None
        for worker in match.module.workers
        for environment in worker.environments
    )
