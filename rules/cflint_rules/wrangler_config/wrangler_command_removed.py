"""Call `wrangler deploy` in scripts: `wrangler publish` is no more.

wrangler 3 renamed `publish` to `deploy` and `pages publish` to `pages deploy`, and wrangler 4 knows the old
names no more, nor `generate`. Where the project does not say which wrangler it wants, `npx wrangler` takes
the newest.

## Incorrect

```jsonc title="wrangler.jsonc"
{
  "name": "example",
  "main": "src/index.ts",
  "compatibility_date": "2026-08-20",
  "observability": { "enabled": true }
}
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
  "scripts": { "deploy": "wrangler publish" },
  "devDependencies": { "wrangler": "^4.90.0" }
}
```

## Correct

```jsonc title="wrangler.jsonc"
{
  "name": "example",
  "main": "src/index.ts",
  "compatibility_date": "2026-08-20",
  "observability": { "enabled": true }
}
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
  "scripts": { "deploy": "wrangler deploy" },
  "devDependencies": { "wrangler": "^4.90.0" }
}
```

## Not reported

Scripts that name the version that they call (`npx wrangler@2 publish`), and projects whose wrangler is an
older one, where the command works.

## Fix safety

Safe: the two are one command.

Source: https://developers.cloudflare.com/workers/wrangler/deprecations/#deprecated-commands,
https://developers.cloudflare.com/workers/wrangler/migration/update-v3-to-v4/
"""

from __future__ import annotations

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
    js,
    pattern,
    rule,
)

_OLD = pattern(r"\bwrangler(\s+(?:pages\s+)?)publish\b")
_PINNED = pattern(r"wrangler@")
_FIRST = "@cloudflare/wrangler"
"""The package of wrangler 1."""
_REMOVED_IN = 4


@rule(
    configuration(),
    severity=Severity.WARNING,
    fix=Safety.SAFE,
    deployed=True,
    documents=Documents.NOTHING,
    templates=True,
)
def check(subject: WranglerConfig, project: Project) -> Iterator[Finding]:
    manifest = config.manifest_above(project.workspace, subject.directory)
    if manifest is None or b"publish" not in manifest.document.data:
        return
    scripts = manifest.root.get("scripts")
    if scripts is None:
        return
    document = manifest.document
    found = [
        (member.value, match)
        for member in scripts.members
        if (text := member.value.text) is not None
        and _PINNED.search(text) is None
        and any("publish" in call.words[:2] for call in config.wrangler_calls(text))
        and (match := _OLD.search(document.text(member.value.span))) is not None
    ]
    if not found:
        return
    folder = document.path.rpartition("/")[0]
    installed = config.installed_version(project.workspace, folder, "wrangler")
    if installed is None and manifest.dependency(_FIRST) is not None:
        return
    if installed is not None and installed.lowest[0] < _REMOVED_IN:
        return  # there it works
    (node, match), *others = found
    command = " ".join(match.group(0).split())
    new = command.replace("publish", "deploy")
    whose = "this wrangler has" if installed is not None else "wrangler has"
    message = f"{whose} no `{command.removeprefix('wrangler ')}`: it is `{new}`"
    yield Finding(
        message,
        Location(document, node.span),
        tuple(Location(document, other.span).saying("and here") for other, _ in others),
        fix=_fix(document, [node for node, _ in found]),
    )


def _fix(document: js.Document, nodes: list[config.ConfigNode]) -> Fix | None:
    edits = tuple(
        Edit(document, node.span, _OLD.sub(r"wrangler\1deploy", document.text(node.span))) for node in nodes
    )
    return Fix.of("Call it `deploy`", edits, Safety.SAFE)
