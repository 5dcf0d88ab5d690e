"""Put static assets into a folder of their own.

wrangler uploads every file below `assets.directory`, and each of them is served. When that is the folder of
the project itself, these are the source, the configuration, `node_modules` and `.git` with its whole
history: anybody can read them, and an upload of more than 20,000 files (100,000 on paid plans) is refused.

## Incorrect

```jsonc title="wrangler.jsonc"
{
  "name": "site",
  "compatibility_date": "2026-08-10",
  "assets": { "directory": "." }
}
```

```html title="index.html"
<p>hello</p>
```

## Correct

```jsonc title="wrangler.jsonc"
{
  "name": "site",
  "compatibility_date": "2026-08-10",
  "assets": { "directory": "./public" }
}
```

```html title="public/index.html"
<p>hello</p>
```

## What to do

Move what pages link to (HTML, CSS, images, scripts for the browser) into `public/`, and write
`"directory": "./public"`: addresses stay as they are. If files cannot move, list in a new file
`.assetsignore` what must not be public (`.git`, `node_modules`, `src`, `wrangler.jsonc`, `*.md`): what is
forgotten there stays public.

## Not reported

A folder with an `.assetsignore`, projects whose build sets the folder (the Vite plugin), and Pages, which
leaves `node_modules` and `.git` out.

## Fix safety

No fix: the files that are meant to be public have to move.

Source: https://developers.cloudflare.com/workers/static-assets/binding/#directory; wrangler,
`packages/workers-shared/utils/helpers.ts`: by default only `.assetsignore`, `_headers` and `_redirects` are
left out
"""

import posixpath
from collections.abc import Iterator

from cflint.api import (
    PREVIEW,
    Documents,
    Environment,
    Finding,
    Project,
    Severity,
    config,
    environment,
    rule,
)


@rule(
    environment(), severity=Severity.WARNING, presets=(PREVIEW,), deployed=True, documents=Documents.NOTHING
)
def check(subject: Environment, project: Project) -> Iterator[Finding]:
    assets = subject.own("assets")
    node = assets.get("directory") if assets is not None else None
    if node is None or not node.text or subject.config.is_pages:
        return
    paths = config.ConfigPaths(project.workspace, subject.config)
    folder = paths.resolve(node.text)
    own = subject.config.directory
    if folder is None or paths.is_built:
        return
    folder = "" if folder == "." else folder
    if folder and own != folder and not own.startswith(f"{folder}/"):
        return
    if project.workspace.exists(posixpath.join(folder, ".assetsignore")):
        return
    what = "the folder of the configuration" if folder == own else "a folder above the configuration"
    yield Finding(
        f"this is {what}: all of it is uploaded and public, `.git`, `node_modules` and the source as well",
        subject.location(node),
    )
