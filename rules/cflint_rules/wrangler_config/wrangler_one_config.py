"""Write the configuration for the wrangler of today: wrangler 1 is no longer maintained.

A project that takes `@cloudflare/wrangler` is built by wrangler 1, whose last version is of 2022. It takes
the entry of the Worker from package.json and builds it by the `type` of the configuration. Every later
wrangler refuses such a file: it finds no `main` in it (2 and 3 take `build.upload.main`, 4 does not).

## Incorrect

```toml title="wrangler.toml"
name = "example"
type = "webpack"
account_id = ""
workers_dev = true
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

Take `wrangler` in place of `@cloudflare/wrangler` (`npm install -D wrangler@latest`), add
`"main": "src/index.js"`, with the file that the Worker begins with, and a `compatibility_date`, today's, and
delete `type` and `webpack_config`: wrangler bundles by itself. `wrangler publish` becomes `wrangler deploy`
in the scripts, and `site` becomes `assets`.

## Not reported

Projects that have a later wrangler besides, or whose configuration has a `main`, or a `site.entry-point`,
which any wrangler takes. What a later wrangler has to say of the keys is
[`config-removed-key`](config_removed_key.py)'s and [`nonexistent-path`](nonexistent_path.py)'s.

## Fix safety

No fix: which file is the entry is said elsewhere.

Source: https://developers.cloudflare.com/workers/wrangler/migration/v1-to-v2/,
https://github.com/cloudflare/wrangler-legacy
"""

from __future__ import annotations

from collections.abc import Iterator

from cflint.api import (
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
    deployed=True,
    documents=Documents.NOTHING,
)
def check(subject: WranglerConfig, project: Project) -> Iterator[Finding]:
    kind = subject.root.get("type")
    if kind is None or subject.is_typescript or subject.document.origin is not None:
        return
    if any(found.main is not None or found.value("assets") is not None for found in subject.environments):
        return
    site = subject.root.get("site")
    if site is not None and site.get("entry-point") is not None:
        return  # which any wrangler takes for `main`
    build = subject.root.get("build")
    upload = build.get("upload") if build is not None else None
    later = "wrangler 4" if upload is not None and upload.get("main") is not None else "any later one"
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
            f"this file is for wrangler 1, which is no longer maintained: {later} finds no `main` in it",
            Location(subject.document, kind.span),
            (asked.saying("it is asked for here"),),
            words=_entry(subject, project),
        )


def _entry(subject: WranglerConfig, project: Project) -> tuple[tuple[str, str], ...]:
    """The file with which the Worker is likely to begin."""
    paths = config.ConfigPaths(project.workspace, subject)
    entry = paths.usual_entry()
    return (('"src/index.js"', f'"{paths.relative(entry)}"'),) if entry is not None else ()
