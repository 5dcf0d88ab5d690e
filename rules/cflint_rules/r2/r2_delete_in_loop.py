"""Delete several objects of R2 with one `delete()`.

`delete()` takes up to 1,000 keys. A call for each object is a request of its own that the Worker waits for,
and counts towards the subrequests that an invocation may make: a long list is deleted in part, and then the
request fails.

## Incorrect

```ts
interface Env {
  FILES: R2Bucket;
}

export default {
  async fetch(request, env): Promise<Response> {
    const keys = new URL(request.url).searchParams.getAll("key");
    for (const key of keys) {
      await env.FILES.delete(key);
    }
    return new Response(null, { status: 204 });
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
    const keys = new URL(request.url).searchParams.getAll("key").slice(0, 1000);
    await env.FILES.delete(keys);
    return new Response(null, { status: 204 });
  },
} satisfies ExportedHandler<Env>;
```

## What to do

Before the loop `const keys: string[] = []`, in it `keys.push(key)` in place of the deletion, and behind it
`for (let at = 0; at < keys.length; at += 1000) await bucket.delete(keys.slice(at, at + 1000))`. As it is,
each is a round trip, and an invocation may make 1,000 (50 on the Free plan).

- "by a function": Write one beside the function that deletes, which is given a list of `key` and calls
  `bucket.delete(keys.slice(at, at + 1000))` for each thousand. Gather in the loop what the other is called
  with now, and call the new one once, behind the loop. As it is, each is a round trip, and an invocation may
  make 1,000 (50 on the Free plan).

## Not reported

Loops that can be left before their end, that wait for anything else (a row that goes with the object, in a
certain order), or that handle each error by itself; those over a list that is written out. Followed is a
function that does nothing else than delete what it is given, to the loops that call it.

## Fix safety

Unsafe: what else a turn does is done before anything is deleted, and up to 1,000 are deleted together or not
at all. No fix is offered where the deletion is in a function that the loop calls.

Source: https://developers.cloudflare.com/r2/api/workers/workers-api-reference/#bucket-method-definitions
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import Finding, Fix, Match, Module, Safety, Severity, call, fixes, js, rule

if TYPE_CHECKING:
    from tree_sitter import Node


@rule(call("delete"), severity=Severity.NOTE, fix=Safety.UNSAFE)
def check(match: Match) -> Iterator[Finding]:
    if len(match.arguments) != 1 or not match.receiver_value.is_binding("r2"):
        return
    for found in js.turns_of(match.module, match.node):
        is_here = found.node is match.node
        turn = js.turn_around(found.module, found.node)
        if turn is None or not _is_all(found.module, turn.body, found.node):
            continue
        function = match.enclosing_function
        if not is_here and (function is None or not _is_all(match.module, function, match.node)):
            continue
        yield Finding(
            "each turn deletes one object by a request of its own: `delete()` takes up to 1,000 keys",
            found.module.at(found.node),
            () if is_here else (match.at(match.node, "the deletion"),),
            _fix(match, turn) if is_here else None,
            words=(
                *(() if is_here else (("by a function", ""),)),
                *js.word("bucket", match.module, match.receiver),
                *js.word("key", match.module, match.arguments[0]),
            ),
        )


def _is_all(module: Module, within: Node, call: Node) -> bool:
    """Whether nothing else is awaited within a node, and no error of a single call is handled there."""
    return js.awaits_only(module, within, call) and module.try_around(call, within) is None


def _fix(match: Match, turn: js.Turn) -> Fix | None:
    bucket = match.text(match.receiver) if match.receiver is not None else ""
    if not bucket or "{" in bucket or (match.receiver is not None and turn.changes(match.receiver)):
        return None
    how = fixes.Gathered("keys", 1000, f"{bucket}.delete({{part}})", "Delete up to 1,000 at once")
    return fixes.fix_by_gathering(turn, match.node, match.text(match.arguments[0]), how)
