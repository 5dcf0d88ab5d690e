"""Hand `sendBatch()` at most 100 messages, and `createBatch()` at most 100 instances.

More are refused, all of them. Code that hands over the whole result of a query, or of a `list()` (up to 1,000
items), works until there are more than 100.

## Incorrect

```ts
interface Env {
  DB: D1Database;
  MAILS: Queue<string>;
}

export default {
  async scheduled(_controller, env): Promise<void> {
    const due = await env.DB.prepare("SELECT mail FROM users WHERE due = 1").all<{ mail: string }>();
    if (due.results.length > 0) {
      await env.MAILS.sendBatch(due.results.map((user) => ({ body: user.mail })));
    }
  },
} satisfies ExportedHandler<Env>;
```

## Correct

```ts
interface Env {
  DB: D1Database;
  MAILS: Queue<string>;
}

export default {
  async scheduled(_controller, env): Promise<void> {
    const due = await env.DB.prepare("SELECT mail FROM users WHERE due = 1").all<{ mail: string }>();
    for (let start = 0; start < due.results.length; start += 100) {
      const part = due.results.slice(start, start + 100);
      await env.MAILS.sendBatch(part.map((user) => ({ body: user.mail })));
    }
  },
} satisfies ExportedHandler<Env>;
```

## What to do

Hand the list over in pieces: `const all = list; for (let at = 0; at < all.length; at += 100) await
queue.sendBatch(all.slice(at, at + 100))`, with what the call is given today for `list`. With more than 100
the call throws, and nothing is sent.

## Not reported

Queries with a `LIMIT` (`limit`, `take`), and a `list()` with a `limit` of at most 100 or one that is not
known; lists of which a part is taken (`slice()`), or of which the number is compared with another one than 0;
lists that are handed to the function, and texts of SQL that are made by code.

## Fix safety

Unsafe: where one piece fails, those before it were sent. No fix is offered where what the call gives is used.

Source: https://developers.cloudflare.com/queues/configuration/javascript-apis/#sendbatch,
https://developers.cloudflare.com/workflows/build/workers-api/#createbatch
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from cflint.api import Finding, Fix, Match, Safety, Severity, call, fixes, js, rule, sql

_MOST = 100
_KINDS = {"sendBatch": ("queue", "messages"), "createBatch": ("workflow", "instances")}


@rule(call("sendBatch", "createBatch"), severity=Severity.NOTE, fix=Safety.UNSAFE)
def check(match: Match) -> Iterator[Finding]:
    module = match.module
    kind, items = _KINDS[match.word]
    if not match.arguments or not match.receiver_value.is_binding(kind):
        return
    gives = partial(sql.gives_more_than, module, most=_MOST)
    listed = module.whole_list_behind(match.arguments[0], gives, sql.THROUGH)
    if listed is not None:
        yield Finding(
            f"`{match.word}()` takes at most {_MOST} {items}, and nothing limits how many these are",
            match.at(match.name),
            (module.at(listed, "all of this list are handed over"),),
            _fix(match, items),
            words=(
                *js.word("queue.sendBatch", module, match.call.callee),
                *js.word("list", module, match.arguments[0]),
            ),
        )


def _fix(match: Match, items: str) -> Fix | None:
    callee = match.text(match.callee)
    if "{" in callee:
        return None
    how = fixes.Gathered(items, _MOST, f"{callee}({{part}})", f"Hand over {_MOST} at a time")
    return fixes.fix_in_pieces(match.module, match.node, how)
