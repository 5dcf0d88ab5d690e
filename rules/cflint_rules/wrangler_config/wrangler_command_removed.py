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

Scripts that name the version that they call (`npx wrangler@2 publish`). Of a project with wrangler 1 to 3,
where the command still works, it is a note.

## Fix safety

Safe, and only where the project's wrangler knows the new name.

Source: https://developers.cloudflare.com/workers/wrangler/deprecations/#deprecated-commands,
https://developers.cloudflare.com/workers/wrangler/migration/update-v3-to-v4/
"""

from __future__ import annotations

from collections.abc import Iterator

from cflint.api import (
    PREVIEW,
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
_RENAMED_IN = 3
_REMOVED_IN = 4


@rule(
    configuration(),
    severity=Severity.WARNING,
    fix=Safety.SAFE,
    presets=(PREVIEW,),
    deployed=True,
    documents=Documents.NOTHING,
)
def check(subject: WranglerConfig, project: Project) -> Iterator[Finding]:
    manifest = config.manifest_above(project.workspace, subject.directory)
    scripts = manifest.root.get("scripts") if manifest is not None else None
    if manifest is None or scripts is None:
        return
    document = manifest.document
    teller = project.memo.memoized(("commands that are gone", document.path), lambda: subject.path)
    if teller != subject.path:
        return  # several Workers with one package.json
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
    lowest = (installed.lowest[0] if installed is not None else 0) or _REMOVED_IN
    (node, match), *others = found
    command = " ".join(match.group(0).split())
    new = command.replace("publish", "deploy")
    if lowest >= _REMOVED_IN:
        whose = "this wrangler has" if installed is not None and installed.lowest[0] else "wrangler has"
        message, severity = f"{whose} no `{command.removeprefix('wrangler ')}`: it is `{new}`", None
    elif lowest >= _RENAMED_IN:
        message, severity = f"wrangler 4 has no `publish` any more: it is `{new}` already", Severity.NOTE
    else:
        message = f"wrangler {lowest} gets no more updates, and wrangler 4 has no `publish`: it is `{new}`"
        severity = Severity.NOTE
    yield Finding(
        message,
        Location(document, node.span),
        tuple(Location(document, other.span).saying("and here") for other, _ in others),
        fix=_fix(document, [node for node, _ in found]) if lowest >= _RENAMED_IN else None,
        severity=severity,
    )


def _fix(document: js.Document, nodes: list[config.ConfigNode]) -> Fix | None:
    edits = tuple(
        Edit(document, node.span, _OLD.sub(r"wrangler\1deploy", document.text(node.span))) for node in nodes
    )
    return Fix.of("Call it `deploy`", edits, Safety.SAFE)
