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

## Not reported

Configurations that have `assets` as well, which wrangler refuses: `assets-config` says so.

## Fix safety

No fix: the code that reads the files from KV goes, too.

Source: https://developers.cloudflare.com/workers/configuration/sites/, and wrangler 4.164, which still
takes the key
"""

import posixpath
from collections.abc import Iterator

from cflint.api import Environment, Finding, Project, Severity, config, environment, rule


@rule(environment(), severity=Severity.NOTE, deployed=True)
def check(subject: Environment, project: Project) -> Iterator[Finding]:
    site = subject.own("site")
    bucket = site.get("bucket") if site is not None else None
    if site is None or bucket is None or subject.value("assets") is not None:
        return
    if subject.value("name") is None and subject.value("main") is None and site.get("entry-point") is None:
        return  # which wrangler does not deploy
    yield Finding(
        "Workers Sites is deprecated: `assets` serves files without the Worker, and without reading KV",
        subject.location(bucket),
        words=(("<folder>", _folder(subject, bucket.text, project)),) if bucket.text else (),
    )


def _folder(subject: Environment, named: str, project: Project) -> str:
    """The folder with the files: that which a configuration names, or, where that is not there, the one
    of this name into which Vite builds beside the package.json above."""
    home, workspace = subject.config.directory, project.workspace
    manifest = config.manifest_above(workspace, home)
    root = posixpath.dirname(manifest.document.path) if manifest is not None else home
    if root == home or workspace.exists(posixpath.normpath(posixpath.join(home, named))):
        return named
    if not any(name.startswith("vite.config.") for name in workspace.entries(root)):
        return named
    return posixpath.relpath(posixpath.join(root or ".", named), home or ".")
