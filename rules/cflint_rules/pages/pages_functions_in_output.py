"""Keep `functions/` beside the output folder of a Pages project, not in it.

Pages looks for `functions/` in the root of the project. In the output folder they are lost: they are not
compiled there, and wrangler leaves a folder of that name out of what it uploads.

## Incorrect

```jsonc title="wrangler.jsonc"
{
  "name": "site",
  "compatibility_date": "2026-08-01",
  "pages_build_output_dir": "./public",
}
```

```js title="public/functions/visits.js"
export const onRequestGet = async () => new Response("none yet");
```

## Correct

```jsonc title="wrangler.jsonc"
{
  "name": "site",
  "compatibility_date": "2026-08-01",
  "pages_build_output_dir": "./public",
}
```

```js title="functions/visits.js"
export const onRequestGet = async () => new Response("none yet");
```

## What to do

Move the folder out, to the root of the project, beside the output folder: the build must not copy it.

## Not reported

An output folder that is the root of the project; modules that export none of `onRequest`, `onRequestGet` and
their like.

## Fix safety

There is no fix: files have to move.

Source: https://developers.cloudflare.com/pages/functions/get-started/
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from cflint.api import Documents, Finding, Project, Severity, WranglerConfig, config, configuration, rule


@rule(configuration(), severity=Severity.WARNING, deployed=True, documents=Documents.NOTHING)
def check(subject: WranglerConfig, project: Project) -> Iterator[Finding]:
    output = subject.root.get("pages_build_output_dir")
    if output is None or not output.text:
        return
    folder = posixpath.normpath(posixpath.join(subject.directory, output.text))
    if folder in (".", subject.directory) or folder.startswith(("..", "/")):
        return
    found = next(config.functions_below(project, posixpath.join(folder, "functions")), None)
    if found is not None:
        name = posixpath.relpath(found, subject.directory or ".")
        message = f"`{name}` is never run: Pages compiles `functions/` beside the output folder"
        yield Finding(message, subject.top.location(output))
