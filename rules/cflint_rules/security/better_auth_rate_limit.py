"""Let Better Auth count attempts where all isolates see them.

Better Auth limits how often somebody may try to sign in (3 attempts in 10 seconds), and counts in the memory
of the process, unless it is told otherwise. A Worker has as many of these as there are isolates, in every
data center, and they end at any time: whoever guesses passwords is counted anew by each. With `storage:
"database"`, or a `secondaryStorage` (of KV, say), all of them count together.

## Incorrect

```ts
import { betterAuth } from "better-auth";

export function createAuth(database: D1Database, secret: string) {
  return betterAuth({
    database,
    secret,
    emailAndPassword: { enabled: true },
  });
}
```

## Correct

```ts
import { betterAuth } from "better-auth";

export function createAuth(database: D1Database, secret: string) {
  return betterAuth({
    database,
    secret,
    emailAndPassword: { enabled: true },
    rateLimit: { storage: "database" },
  });
}
```

## What to do

Write `rateLimit: { storage: "database" }` among the options of `betterAuth()` (`storage: "database"` in a
`rateLimit` that is there), then make its table: `npx @better-auth/cli generate`, and apply that migration;
where the adapter is given a `schema`, name the new table there, too. Attempts then count for all isolates; as
it is, each isolate begins at nothing.

## Not reported

Options that are not seen whole, those with a `secondaryStorage`, a `storage` or a `customStorage`, or that
switch the limit off on purpose; those without passwords and codes: there is nothing to guess.
Workers with a rate limit's binding.

## Fix safety

No fix: the table of the limit has to be made, too (`npx @better-auth/cli generate`).

Source: https://better-auth.com/docs/concepts/rate-limit#storage, and better-auth,
`packages/better-auth/src/context/create-context.ts`: without `storage` it is the secondary storage where
there is one, and else the memory"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import Finding, Match, Module, Severity, call, js, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_STORES = frozenset({"secondaryStorage", "storage", "customStorage", "kv"})
_GUESSED = frozenset({"emailOTP", "twoFactor", "phoneNumber", "username"})
"""Plugins by which one signs in with something that can be guessed."""


@rule(call("betterAuth"), severity=Severity.NOTE)
def check(match: Match) -> Iterator[Finding]:
    module = match.module
    if (
        not module.is_run
        or not match.arguments
        or not module.is_from(match.callee, "better-auth", "betterAuth")
    ):
        return
    if any(environment.bindings_of("ratelimit") for environment in module.environments):
        return
    options = js.unwrap(module.initializer(js.unwrap(match.arguments[0])))
    keys = _keys(module, options) if options.type == "object" else None
    if keys is None or not _STORES.isdisjoint(keys):
        return
    limit = keys.get("rateLimit")
    if limit is not None and _is_off(module, limit):
        return
    passwords = keys.get("emailAndPassword")
    if (passwords is None or _is_off(module, passwords)) and not any(
        True for name in _GUESSED for _ in module.calls_of(name, options)
    ):
        return
    yield Finding(
        "Better Auth counts attempts in the memory of this isolate: set the `storage` of `rateLimit`",
        match.at(limit if limit is not None else match.name),
    )


def _keys(module: Module, options: Node) -> dict[str, Node] | None:
    """The keys of some options, those of objects in them and of what other functions get to make options
    (`...withCloudflare({…})`) as well, with their values; None where there may be others."""
    keys: dict[str, Node] = {}
    for part in module.descendants(options, "pair", "shorthand_property_identifier", "spread_element"):
        if part.type == "spread_element":
            spread = js.first_named(part)
            if spread is None or not _is_seen(module, js.unwrap(spread)):
                return None
        elif part.type == "pair":
            key, value = module.key(part), part.child_by_field_name("value")
            if key is None:
                return None
            if value is not None:
                keys.setdefault(key, value)
        else:
            keys.setdefault(module.text(part), part)
    return keys


def _is_seen(module: Module, spread: Node) -> bool:
    """Whether all that a spread adds is written there, or given to a function there."""
    if spread.type == "ternary_expression":
        branches = (spread.child_by_field_name(name) for name in ("consequence", "alternative"))
        return all(branch is not None and _is_seen(module, js.unwrap(branch)) for branch in branches)
    return spread.type == "object" or module.call(spread) is not None


def _is_off(module: Module, limit: Node) -> bool:
    """Whether a limit is not counted at all, or what it says is not in sight."""
    found = module.properties_of(limit)
    if found is None:
        return True
    enabled = found.get("enabled")
    return enabled is not None and module.text(enabled) == "false"
