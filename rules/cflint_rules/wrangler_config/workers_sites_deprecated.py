"""Serve files with static assets instead of Workers Sites.

Workers Sites (`site`) is deprecated. Its files lie in KV: each is read and paid for through the Worker, and
the Worker needs `@cloudflare/kv-asset-handler`. `wrangler versions upload` and gradual deployments do not
support it. Static assets are served without running the Worker, for nothing.

## Incorrect

```toml
name = "site"
main = "src/index.ts"
compatibility_date = "2026-08-10"

[site]
bucket = "./public"
```

## Correct

```toml
name = "site"
compatibility_date = "2026-08-10"

[observability]
enabled = true

[assets]
directory = "./public"
```

## What to do

Write `"assets": { "directory": "<folder>" }` for `site` and its keys, with the folder that `bucket` names
(the built files, from the configuration's own folder), and delete the code that served files from KV
(`getAssetFromKV`, `__STATIC_CONTENT`): files are served before the Worker runs. Keep `main` if it does more
than that (pages, an API); otherwise delete it, too.

- "routes in the browser": Write `"assets": { "directory": "<folder>", "not_found_handling":
  "single-page-application" }` for `site` and its keys, with the folder that `bucket` names (the built files,
  from the configuration's own folder): the pages find their way in the browser (`<router>`), so that each
  path without a file has to get `index.html`. Delete the code that served files from KV (`getAssetFromKV`,
  `serveSinglePageApp`, `__STATIC_CONTENT`): files are served before the Worker runs. Keep `main` if it does
  more than that (an API); otherwise delete it, too.

## Not reported

Configurations that have `assets` as well, which wrangler refuses: `assets-config` says so.

## Fix safety

Unsafe: the files are served as they are, without code, and what `workers-site` did is no longer deployed.
Where the package.json has a router of the browser, each path without a file gets `index.html`.
There is no fix where there is code: what reads the files from KV goes, too.

Source: https://developers.cloudflare.com/workers/configuration/sites/, and wrangler 4.164, which still
takes the key
"""

from collections.abc import Iterator

from cflint.api import Environment, Finding, Fix, Project, Safety, Severity, environment, rule
from cflint_rules.wrangler_config._sites import as_assets, folder_of_site, words_of_site


@rule(environment(), severity=Severity.NOTE, fix=Safety.UNSAFE, deployed=True)
def check(subject: Environment, project: Project) -> Iterator[Finding]:
    site = subject.own("site")
    bucket = site.get("bucket") if site is not None else None
    if site is None or bucket is None or subject.value("assets") is not None:
        return
    if subject.value("name") is None and subject.value("main") is None and site.get("entry-point") is None:
        return  # which wrangler does not deploy
    folder = folder_of_site(subject, bucket.text, project) if bucket.text else ""
    edits = as_assets(subject, folder, project) if folder else None
    yield Finding(
        "Workers Sites is deprecated: `assets` serves files without the Worker, and without reading KV",
        subject.location(bucket),
        fix=Fix.of("Serve the folder as `assets`", edits, Safety.UNSAFE),
        words=words_of_site(subject, folder, project),
    )
