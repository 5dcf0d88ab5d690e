"""Call `wrangler pages deploy` and `wrangler pages dev` in a Pages project: those of Workers refuse it.

A configuration with `pages_build_output_dir` is one of Pages. `wrangler deploy` finds nothing in it that it
could deploy, and `wrangler dev`, `wrangler tail` and `wrangler secret` end with an error as well.

## Incorrect

```jsonc title="wrangler.jsonc"
{
  "name": "notes",
  "pages_build_output_dir": "./public",
  "compatibility_date": "2026-08-01"
}
```

```json title="package.json"
{
  "name": "notes",
  "private": true,
  "scripts": { "deploy": "wrangler deploy" },
  "devDependencies": { "wrangler": "^4.90.0" }
}
```

## Correct

```jsonc title="wrangler.jsonc"
{
  "name": "notes",
  "pages_build_output_dir": "./public",
  "compatibility_date": "2026-08-01"
}
```

```json title="package.json"
{
  "name": "notes",
  "private": true,
  "scripts": { "deploy": "wrangler pages deploy" },
  "devDependencies": { "wrangler": "^4.90.0" }
}
```

## What to do

Write `wrangler pages deploy`, `wrangler pages dev` or `wrangler pages secret`. Or make a Worker of the
project, which ends its functions below `functions/`: `"assets": { "directory": "./public" }` in the place of
`pages_build_output_dir`.

- "`wrangler deploy`": Write `wrangler pages deploy`.
- "`wrangler dev`": Write `wrangler pages dev`.

## Not reported

Commands that name another configuration, or that run in another folder; a configuration with a `main`, which
[`pages-key-refused`](pages_key_refused.py) is about; scripts that call a version of wrangler before 4.

## Errors

```text title="wrangler"
It looks like you've run a Workers-specific command in a Pages project.
It seems that you have run `wrangler deploy` on a Pages project, `wrangler pages deploy` should be used
  instead. Proceeding will likely produce unwanted results.
```

## Fix safety

Safe: the command ends with an error as it is.

Source: workers-sdk, `packages/wrangler/src/deploy/autoconfig.ts`, and wrangler 4.164
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from cflint.api import (
    Documents,
    Edit,
    Finding,
    Fix,
    Location,
    Project,
    Safety,
    Severity,
    WranglerConfig,
    config,
    configuration,
    pattern,
    rule,
)

_COMMANDS = ("deploy", "publish", "dev", "tail", "secret put", "secret bulk", "versions upload")
_SIMPLE = pattern(r"wrangler\s+(deploy|dev)(?=\s*(?:[\"&;|]|\\n|$))")
_PINNED = pattern(r"wrangler@[0-3]\b")


@rule(
    configuration(),
    severity=Severity.WARNING,
    fix=Safety.SAFE,
    deployed=True,
    documents=Documents.NOTHING,
)
def check(subject: WranglerConfig, project: Project) -> Iterator[Finding]:
    if not subject.is_pages or subject.is_typescript or subject.root.get("main") is not None:
        return
    manifest = config.manifest_above(project.workspace, subject.directory)
    scripts = manifest.root.get("scripts") if manifest is not None else None
    if manifest is None or scripts is None:
        return
    document = manifest.document
    folder = posixpath.dirname(document.path)
    found: list[tuple[config.ConfigNode, str]] = []
    for member in scripts.members:
        text = member.value.text
        if text is None or "wrangler" not in text or _PINNED.search(text) is not None:
            continue
        commands = (
            call.command
            for call in config.wrangler_calls(text, folder)
            if call.command in _COMMANDS and call.reads(subject.path)
        )
        command = next(commands, None)
        if command is not None:
            found.append((member.value, command))
    if not found:
        return
    (node, command), *others = found
    edits = [
        Edit(document, it.span, new)
        for it, _ in found
        if (new := _SIMPLE.sub(r"wrangler pages \1", old := document.text(it.span))) != old
    ]
    yield Finding(
        f"`wrangler {command}` is for Workers, and ends with an error in this project of Pages",
        Location(document, node.span),
        tuple(Location(document, it.span).saying(f"so does `wrangler {other}`") for it, other in others),
        fix=Fix.of("Call the command of Pages", tuple(edits) or None, Safety.SAFE),
    )
