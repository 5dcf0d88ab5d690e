"""Ask for the time where a request is handled, not while the module loads.

While a module loads there is no time: `Date.now()` is 0 there, and `new Date()` is 1 January 1970.
Constants like a start time, a year in a footer or the end of a deadline are wrong in every request, without
an error. During `wrangler dev` it is the same.

## Incorrect

```ts
const startedAt = Date.now();

export default {
  async fetch(): Promise<Response> {
    return new Response(`up since ${new Date(startedAt).toISOString()}`);
  },
} satisfies ExportedHandler;
```

## Correct

```ts
let startedAt = 0;

export default {
  async fetch(): Promise<Response> {
    startedAt ||= Date.now();
    return new Response(`up since ${new Date(startedAt).toISOString()}`);
  },
} satisfies ExportedHandler;
```

## Not reported

Modules that no Worker is known to reach, tests, code of a build (`vite.config.ts`), and what only a
function that is called later runs.

## Fix safety

No fix: whether the time of the first request, or of each, is meant is up to you.

Source:
https://developers.cloudflare.com/workers/reference/security-model/#step-1-disallow-timers-and-multi-threading
and workerd, where both are 0 at the top level (seen with 2026-11-17)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import PREVIEW, Finding, Module, Severity, js, module, rule

if TYPE_CHECKING:
    from tree_sitter import Node


@rule(module("Date"), severity=Severity.WARNING, presets=(PREVIEW,))
def check(module: Module) -> Iterator[Finding]:
    if not module.workers or module.runs_per_request:
        return
    found = [(node, calls) for node, calls in _asked(module)]
    if not found:
        return
    (first, calls), others = found[0], found[1:]
    told = "1 January 1970" if first.type == "new_expression" else "0"
    yield Finding(
        f"while the module loads there is no time: this is {told}",
        module.at(first),
        (
            *(module.at(call, "it is called here") for call in calls),
            *(module.at(node, "and this") for node, _ in others),
        ),
    )


def _asked(module: Module) -> Iterator[tuple[Node, tuple[Node, ...]]]:
    """Where the time is asked for while the module loads, and the calls that lead there."""
    for word in module.leaves("Date", module.root):
        call = _asking(module, word)
        if call is None or call.arguments or call.is_statement:
            continue
        time = module.entropy_at(call.node)
        if time is None or time.kind is not js.EntropyKind.TIME or time.name.module:
            continue
        calls = module.run_while_loading(call.node)
        if calls is not None:
            yield call.node, calls


def _asking(module: Module, word: Node) -> js.Call | None:
    """The `Date.now()`, `Date()` or `new Date()` that a name is part of."""
    if word.type != "identifier":
        return None
    parent = module.parent(word)
    member = module.member(parent)
    if member is not None:
        return member.call if member.name == "now" else None
    return module.call(parent) if parent is not None else None
