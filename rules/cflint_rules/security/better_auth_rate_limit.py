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
`rateLimit` that is there), and add its table, as the adapter knows it: `rateLimit` with `id` (text, the
primary key), `key` (text, unique), `count` (integer) and `lastRequest` (big integer, milliseconds), none of
them null. Attempts then count for all isolates; as it is, each isolate begins at nothing.

- "drizzle with SQLite": Write `rateLimit: { storage: "database" }` among the options of `betterAuth()`
  (`storage: "database"` in a `rateLimit` that is there), and into the drizzle schema, beside the other tables
  of Better Auth, `export const rateLimits = sqliteTable("rateLimit", { id: text("id").primaryKey(), key:
  text("key").notNull().unique(), count: integer("count").notNull(), lastRequest:
  integer("lastRequest").notNull() })`. Where a `schema` lists the tables one by one, that of the adapter or
  of `drizzle()`, add `rateLimits: schema.rateLimits` to it. Then make the migration as for the other tables
  (`npx drizzle-kit generate`), and apply it before this is deployed. Attempts then count for all isolates.
- "drizzle with PostgreSQL": Write `rateLimit: { storage: "database" }` among the options of `betterAuth()`
  (`storage: "database"` in a `rateLimit` that is there), and into the drizzle schema, beside the other tables
  of Better Auth, `export const rateLimits = pgTable("rateLimit", { id: text("id").primaryKey(), key:
  text("key").notNull().unique(), count: integer("count").notNull(), lastRequest: bigint("lastRequest", {
  mode: "number" }).notNull() })` (with an `id` like theirs, should it be no text). Where a `schema` lists the
  tables one by one, that of the adapter or of `drizzle()`, add `rateLimits: schema.rateLimits` to it. Then
  make the migration as for the other tables (`npx drizzle-kit generate`), and apply it before this is
  deployed. Attempts then count for all isolates.
- "prisma": Write `rateLimit: { storage: "database" }` among the options of `betterAuth()` (`storage:
  "database"` in a `rateLimit` that is there), and into the Prisma schema `model RateLimit { id String @id;
  key String @unique; count Int; lastRequest BigInt; @@map("rateLimit") }`, a line for each. Then make the
  migration as for the other models, and apply it before this is deployed. Attempts then count for all
  isolates.
- "SQL alone": Write `rateLimit: { storage: "database" }` among the options of `betterAuth()` (`storage:
  "database"` in a `rateLimit` that is there), and beside the other migrations one with `CREATE TABLE
  "rateLimit" ("id" TEXT PRIMARY KEY, "key" TEXT NOT NULL UNIQUE, "count" INTEGER NOT NULL, "lastRequest"
  BIGINT NOT NULL)`; apply it before this is deployed. Attempts then count for all isolates.

## Not reported

Options that are not seen whole, those with a `secondaryStorage`, a `storage` or a `customStorage`, or that
switch the limit off on purpose; those without passwords and codes: there is nothing to guess.
Workers with a rate limit's binding.

## Fix safety

No fix: the table of the limit has to be made, too. (`npx @better-auth/cli generate` writes it where a module
exports the options as `auth`, which Workers that make them of their `env` do not.)

Source: https://better-auth.com/docs/concepts/rate-limit#storage, its section "Schema" (the columns), and
better-auth, `packages/better-auth/src/context/create-context.ts`: without `storage` it is the secondary
storage where there is one, and else the memory; `packages/core/src/db/get-tables.ts`: the table's name and
columns; `packages/cli/src/utils/get-config.ts`: what the CLI can read
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import Finding, Match, Module, Severity, call, js, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_STORES = frozenset({"secondaryStorage", "storage", "customStorage", "kv"})
_SQLITE, _POSTGRES = "drizzle with SQLite", "drizzle with PostgreSQL"
_PROVIDERS = {"sqlite": _SQLITE, "pg": _POSTGRES}
"""What `drizzleAdapter()` calls a dialect, with the case of the page."""
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
        words=_words(module, options, keys),
    )


def _words(module: Module, options: Node, keys: dict[str, Node]) -> js.Words:
    """How the table of the limit is made with this adapter, and what its names are."""
    if any(True for _ in module.calls_of("prismaAdapter", options)):
        return (("prisma", ""),)
    adapter = next(module.calls_of("drizzleAdapter", options), None)
    if adapter is None and "d1" in keys and any(True for _ in module.calls_of("withCloudflare", options)):
        return ((_SQLITE, ""), *_drizzle_names(module, keys, None))
    if adapter is None:
        database = keys.get("database")
        value = module.value_of(database) if database is not None else None
        return (("SQL alone", ""),) if value is not None and value.is_binding("d1") else ()
    given = js.Call(module, adapter).argument(1)
    provider = module.property_value(given, "provider") if given is not None else None
    case = _PROVIDERS.get((module.string_of(provider) if provider is not None else None) or "")
    if case is None or given is None:
        return ()
    return ((case, ""), *_drizzle_names(module, keys, module.property_value(given, "schema")))


def _drizzle_names(module: Module, keys: dict[str, Node], schema: Node | None) -> js.Words:
    """How the table is called among those of a drizzle schema, which may be plural."""
    plural = keys.get("usePlural")
    name = "rateLimits" if plural is not None and module.text(plural) == "true" else "rateLimit"
    listed = module.properties_of(schema) if schema is not None else None
    members = (module.member(value) for value in (listed or {}).values())
    owner = next((module.text(it.object) for it in members if it is not None), None)
    entry = f"{owner}.{name}" if owner is not None and owner.isidentifier() else name
    return (
        ("rateLimits", name),
        ("schema.rateLimits", entry),
        ("rateLimits: schema.rateLimits", f"{name}: {entry}"),
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
