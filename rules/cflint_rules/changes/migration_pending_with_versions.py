"""Deploy a new migration with `wrangler deploy`: `wrangler versions upload` refuses it.

A migration of Durable Object classes is applied to the whole Worker at once. So it cannot be part of a
version that is uploaded first and gets its share of the traffic later.

## Incorrect

```json title="package.json"
{ "scripts": { "release": "wrangler versions upload" } }
```

```jsonc title="base/wrangler.jsonc"
{ "name": "chat" }
```

```jsonc title="wrangler.jsonc"
{
  "name": "chat",
  "migrations": [{ "tag": "v1", "new_sqlite_classes": ["Room"] }],
}
```

## Correct

```json title="package.json"
{ "scripts": { "release": "wrangler deploy" } }
```

```jsonc title="base/wrangler.jsonc"
{ "name": "chat" }
```

```jsonc title="wrangler.jsonc"
{
  "name": "chat",
  "main": "src/index.ts",
  "compatibility_date": "2026-08-01",
  "observability": { "enabled": true },
  "migrations": [{ "tag": "v1", "new_sqlite_classes": ["Room"] }],
}
```

```ts title="src/index.ts"
import { DurableObject } from "cloudflare:workers";

export class Room extends DurableObject<Env> {}
export default {
  async fetch(): Promise<Response> {
    return new Response("ok");
  },
} satisfies ExportedHandler<Env>;
```

## Not reported

Projects whose scripts and workflows do not upload versions, or also call `wrangler deploy`: which of them
runs for this change is not known. Needs a base: `cflint check --base REV`, or `cflint diff`.

## Errors

```text title="Cloudflare"
Version upload failed. You attempted to upload a version of a Worker that includes a Durable Object
  migration, but migrations must be fully applied via a non-versioned deployment. … [code: 10211]
```

Seen in https://github.com/cloudflare/cloudflare-docs/issues/32982.

## Fix safety

No fix: it is about how the change is deployed.

Source: https://developers.cloudflare.com/workers/versions-and-deployments/gradual-deployments/with-durable-objects/
"""

from collections.abc import Iterator

from cflint.api import PREVIEW, Change, Documents, Finding, Project, Severity, change, config, quoted, rule


@rule(change(), severity=Severity.WARNING, presets=(PREVIEW,), deployed=True, documents=Documents.NOTHING)
def check(subject: Change, project: Project) -> Iterator[Finding]:
    if subject.after.config is None:
        return
    calls = list(config.wrangler_calls_of(project.workspace, subject.after.config.directory))
    commands = {call.command for call in calls if call.deploys}
    if "versions upload" not in commands or not commands.isdisjoint(("deploy", "publish")):
        return
    for before, after in subject.environments:
        if after.source_of("migrations") is not after or not before.lifecycle.complete:
            continue
        known = {entry.tag for entry in before.lifecycle.migrations}
        for entry in after.lifecycle.migrations:
            if entry.tag is not None and entry.tag not in known:
                yield Finding(
                    f"the migration {quoted(entry.tag)} is new, and `wrangler versions upload`, which the"
                    " scripts call, refuses it: `wrangler deploy` applies it",
                    after.location(entry.tag_span if entry.tag_span is not None else entry.node),
                )
