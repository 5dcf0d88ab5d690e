"""Write a `_routes.json` that Pages accepts.

`_routes.json` says for which paths the functions run. `wrangler pages deploy` stops when it is not valid: it
needs `version` 1, a list `include` with at least one rule and a list `exclude`, rules that begin with `/`,
100 of them at most with at most 100 characters each, and no rule that another one ending in `/*` covers.

## Incorrect

```json title="public/_routes.json"
{ "version": 1, "include": ["/api/*", "/api/visits"], "exclude": [] }
```

```jsonc title="wrangler.jsonc"
{
  "name": "site",
  "compatibility_date": "2026-08-01",
  "pages_build_output_dir": "./public",
}
```

```ts title="functions/api/visits.ts"
export const onRequestGet: PagesFunction = async () => new Response("none yet");
```

## Correct

```json title="public/_routes.json"
{ "version": 1, "include": ["/api/*"], "exclude": [] }
```

```jsonc title="wrangler.jsonc"
{
  "name": "site",
  "compatibility_date": "2026-08-01",
  "pages_build_output_dir": "./public",
}
```

```ts title="functions/api/visits.ts"
export const onRequestGet: PagesFunction = async () => new Response("none yet");
```

## What to do

`wrangler pages deploy` stops as it is. A file that it takes: `{ "version": 1, "include": ["/api/*"],
"exclude": [] }`, with the paths for which functions run.

- "overlaps": Delete the longer of the two rules: the one with `*` covers it.
- "begin with": Put a `/` in front of the rule.
- "at least one": Name the paths for which functions run, `["/*"]` for all; without any, delete the file.

## Not reported

A project without functions; a file that is not in `public/`, `static/` or the output folder.

## Errors

```text title="wrangler"
Invalid _routes.json file found at: …
All rules must start with '/'.
Overlapping rules found. Please make sure that rules ending with a splat (eg. "/api/*") don't overlap any
  other rules (eg. "/api/foo"). …
```

## Fix safety

Safe: a rule that another one covers goes, one without a `/` in front gets it, and the version is 1. Nothing
else has a fix: only the author knows which paths are meant.

Source: https://developers.cloudflare.com/pages/functions/routing/#create-a-_routesjson-file, and the checks
of wrangler 4.164.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Sequence

from cflint.api import (
    Documents,
    Finding,
    Fix,
    Location,
    Project,
    Safety,
    Severity,
    WranglerConfig,
    config,
    configuration,
    fixes,
    quoted,
    rule,
)

_MOST = 100
_LONGEST = 100
_SHOWN = 60


@rule(configuration(), severity=Severity.WARNING, fix=Safety.SAFE, deployed=True, documents=Documents.NOTHING)
def check(subject: WranglerConfig, project: Project) -> Iterator[Finding]:
    if not subject.is_pages:
        return
    if not _runs_code(subject, project):
        return  # nobody reads it
    for found in config.routes_files(project, subject):
        for message, node in _faults(found.root):
            yield Finding(message, Location(found.document, node.span), fix=_fix(found, message, node))
            break  # wrangler stops at the first


def _fix(found: config.DataDocument, message: str, node: config.ConfigNode) -> Fix | None:
    """The fix of a rule that another one covers, or that lacks its `/`, and of the version."""
    if message.startswith("`version`"):
        return Fix.of("Write version 1", fixes.set_key(found, ("version",), 1), Safety.SAFE)
    for key in ("include", "exclude"):
        listed = found.root.get(key)
        for index, item in enumerate(listed.items if listed is not None else ()):
            if item is not node or item.text is None:
                continue
            if "overlaps" in message:
                return Fix.of("Delete it", fixes.remove_key(found, (key, index)), Safety.SAFE)
            if "begin with" in message:
                text = f"/{item.text}"
                return Fix.of(f"Write `{text}`", fixes.replace_text(found, item, text=text), Safety.SAFE)
    return None


def _runs_code(subject: WranglerConfig, project: Project) -> bool:
    functions = posixpath.join(subject.directory, "functions")
    if next(config.functions_below(project, functions), None) is not None:
        return True
    return any(worker.config is subject and worker.app is not None for worker in project.workers)


def _faults(root: config.ConfigNode) -> Iterator[tuple[str, config.ConfigNode]]:
    if root.broken or root.kind is not config.NodeKind.OBJECT:
        return
    version = root.get("version")
    if version is None or version.number != 1:
        yield "`version` has to be 1", version or root
    lists = []
    for key in ("include", "exclude"):
        node = root.get(key)
        if node is None or node.kind is not config.NodeKind.ARRAY:
            yield f"`{key}` has to be a list of paths", node or root
        else:
            lists.append(node)
    if len(lists) != 2:
        return
    include, exclude = lists
    if not include.items:
        yield "`include` needs at least one rule", include
    rules = [*include.items, *exclude.items]
    if len(rules) > _MOST:
        yield f"there are {len(rules)} rules, {_MOST} are allowed", include
    for node in rules:
        text = node.text
        if text is None:
            return
        if len(text) > _LONGEST:
            yield f"the rule has {len(text)} characters, {_LONGEST} are allowed", node
        if not text.startswith("/"):
            yield f"a rule has to begin with `/`: {quoted(text, _SHOWN)}", node
    for listed in lists:
        yield from _overlaps(listed.items)


def _overlaps(rules: Sequence[config.ConfigNode]) -> Iterator[tuple[str, config.ConfigNode]]:
    """The rules that one ending in `/*` covers, in the order of the list."""
    splats = sorted({text[:-1] for node in rules if (text := node.text) is not None and text.endswith("/*")})
    for node in rules:
        text = node.text or ""
        for splat in splats:
            if text != f"{splat}*" and text.startswith(splat):
                yield f"{quoted(text, _SHOWN)} overlaps {quoted(splat + '*', _SHOWN)}", node
                break
