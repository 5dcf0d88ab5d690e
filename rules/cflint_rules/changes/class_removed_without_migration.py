"""Delete a Durable Object class by a migration, too, when its code goes.

The platform keeps a class until a migration deletes, renames or transfers it. Code that no longer exports
such a class is refused when it is deployed: "New version of script does not export class … which is depended
on by existing Durable Objects".

## Incorrect

```jsonc title="base/wrangler.jsonc"
{
  "name": "chat",
  "main": "src/index.ts",
  "migrations": [{ "tag": "v1", "new_sqlite_classes": ["Room"] }],
}
```

```ts title="base/src/index.ts"
import { DurableObject } from "cloudflare:workers";

export class Room extends DurableObject<Env> {}
export default {
  async fetch(): Promise<Response> {
    return new Response("ok");
  },
} satisfies ExportedHandler<Env>;
```

```jsonc title="wrangler.jsonc"
{
  "name": "chat",
  "main": "src/index.ts",
  "migrations": [{ "tag": "v1", "new_sqlite_classes": ["Room"] }],
}
```

```ts title="src/index.ts"
export default {
  async fetch(): Promise<Response> {
    return new Response("ok");
  },
} satisfies ExportedHandler<Env>;
```

## Correct

```jsonc title="base/wrangler.jsonc"
{
  "name": "chat",
  "main": "src/index.ts",
  "migrations": [{ "tag": "v1", "new_sqlite_classes": ["Room"] }],
}
```

```ts title="base/src/index.ts"
import { DurableObject } from "cloudflare:workers";

export class Room extends DurableObject<Env> {}
export default {
  async fetch(): Promise<Response> {
    return new Response("ok");
  },
} satisfies ExportedHandler<Env>;
```

```jsonc title="wrangler.jsonc"
{
  "name": "chat",
  "main": "src/index.ts",
  "compatibility_date": "2026-08-01",
  "observability": { "enabled": true },
  "migrations": [
    { "tag": "v1", "new_sqlite_classes": ["Room"] },
    { "tag": "v2", "deleted_classes": ["Room"] },
  ],
}
```

```ts title="src/index.ts"
export default {
  async fetch(): Promise<Response> {
    return new Response("ok");
  },
} satisfies ExportedHandler<Env>;
```

## What to do

Decide: deleted with its data: add a migration with `deleted_classes`; renamed: `renamed_classes: [{ from,
to }]`; moved to another Worker: `transferred_classes` there.

## Not reported

A Worker whose exports are not all known, and a class that the base does not export either. A migration that
was taken away is `migration-history-edited`. Needs a base: `cflint check --base REV`, or `cflint diff`.

## Errors

```text title="Cloudflare"
New version of script does not export class '…' which is depended on by existing Durable Objects.
  [code: 10064]
```

Seen in https://github.com/botiverse/hands/pull/167.

## Fix safety

No fix: whether the class was renamed, moved or is to be deleted with its data, only its authors know.

Source: https://developers.cloudflare.com/durable-objects/reference/durable-object-class-migrations-legacy/
"""

from collections.abc import Iterator

from cflint.api import PREVIEW, Change, Documents, Finding, Project, Severity, change, quoted, rule


@rule(change(), severity=Severity.WARNING, presets=(PREVIEW,), deployed=True, documents=Documents.NOTHING)
def check(subject: Change, project: Project) -> Iterator[Finding]:
    before, after = subject.before, subject.after
    if after.unresolved or not after.entries or not project.exports.of_worker(after).complete:
        return
    said: set[str] = set()
    for was, now in subject.environments:
        if not (was.lifecycle.complete and now.lifecycle.complete):
            continue
        for name, live in now.lifecycle.classes.items():
            if name in said or name not in was.lifecycle.classes or project.exports.has(after, name):
                continue
            if not subject.base.exports.has(before, name):
                continue  # it was not there before either
            said.add(name)
            how = "an entry in `exports` says" if now.lifecycle.uses_exports else "a migration says"
            yield Finding(
                f"the class {quoted(name)} is exported in the base and no longer: until {how} what becomes of"
                " it, deployments are refused",
                now.location(live.span),
            )
