"""Write the configuration for the wrangler of today: wrangler 1 is no longer maintained.

A project that takes `@cloudflare/wrangler` is built by wrangler 1, whose last version is of 2022. It takes
the entry of the Worker from package.json or `site.entry-point`, and builds it by the `type` of the
configuration. Every later wrangler refuses such a file: it finds no `main` in it, and no compatibility date.

## Incorrect

```toml title="wrangler.toml"
name = "example"
type = "webpack"
account_id = ""
workers_dev = true

[site]
bucket = "./public"
entry-point = "workers-site"
```

```json title="package.json"
{
  "name": "example",
  "private": true,
  "devDependencies": { "@cloudflare/wrangler": "^1.19.0" }
}
```

## Correct

```toml title="wrangler.toml"
name = "example"
main = "src/index.ts"
compatibility_date = "2026-08-20"

[observability]
enabled = true
```

```ts title="src/index.ts"
export default {
  fetch(): Response {
    return new Response("hello");
  },
} satisfies ExportedHandler;
```

```json title="package.json"
{
  "name": "example",
  "private": true,
  "devDependencies": { "wrangler": "^4.90.0" }
}
```

## What to do

Take `wrangler` in place of `@cloudflare/wrangler`, and write `main` with the file that the Worker begins
with, and a `compatibility_date`; take away `type` (and `webpack_config`: a build of its own goes into
`build.command`). `wrangler publish` is `wrangler deploy`. A site goes from `site` to `assets`.

## Not reported

Projects that have a later wrangler besides, or whose configuration has a `main`. What a later wrangler has to
say of the keys is [`config-removed-key`](config_removed_key.py)'s and
[`nonexistent-path`](nonexistent_path.py)'s.

## Fix safety

No fix: which file is the entry is said elsewhere.

Source: https://developers.cloudflare.com/workers/wrangler/migration/v1-to-v2/,
https://github.com/cloudflare/wrangler-legacy
"""

from __future__ import annotations

from collections.abc import Iterator

from cflint.api import (
    PREVIEW,
    Documents,
    Finding,
    Location,
    Project,
    Severity,
    WranglerConfig,
    config,
    configuration,
    rule,
)

_FIRST = "@cloudflare/wrangler"


@rule(
    configuration(),
    severity=Severity.WARNING,
    presets=(PREVIEW,),
    deployed=True,
    documents=Documents.NOTHING,
)
def check(subject: WranglerConfig, project: Project) -> Iterator[Finding]:
    kind = subject.root.get("type")
    if kind is None or subject.is_typescript or subject.document.origin is not None:
        return
    if any(found.main is not None or found.value("assets") is not None for found in subject.environments):
        return
    workspace = project.workspace
    if config.installed_version(workspace, subject.directory, "wrangler") is not None:
        return
    asked = next(
        (
            Location(document, node.span)
            for document in config.manifests_above(workspace, subject.directory)
            if (node := config.Manifest(document).dependency(_FIRST)) is not None
        ),
        None,
    )
    if asked is not None:
        yield Finding(
            "only wrangler 1 reads this file, which is no longer maintained: any later one finds no `main`"
            " in it",
            Location(subject.document, kind.span),
            (asked.saying("it is asked for here"),),
        )
