"""Build in `build.command`, and leave wrangler out of it: it runs the command again, without an end.

`wrangler dev`, `wrangler deploy`, `wrangler versions upload` and `wrangler build` run the `build.command` of
the configuration first. A command that calls one of them with the same configuration, itself or by a script
of package.json, starts wrangler, which starts the command, and so on: nothing is ever built.

## Incorrect

```toml title="wrangler.toml"
name = "example"
main = "dist/index.js"
compatibility_date = "2026-08-20"

[observability]
enabled = true

[build]
command = "npm run build"
```

```json title="package.json"
{
  "name": "example",
  "private": true,
  "scripts": { "build": "wrangler build", "deploy": "wrangler deploy" },
  "devDependencies": { "wrangler": "^4.90.0" }
}
```

## Correct

```toml title="wrangler.toml"
name = "example"
main = "dist/index.js"
compatibility_date = "2026-08-20"

[observability]
enabled = true

[build]
command = "npm run build"
```

```json title="package.json"
{
  "name": "example",
  "private": true,
  "scripts": { "build": "esbuild src/index.ts --bundle --outdir=dist", "deploy": "wrangler deploy" },
  "devDependencies": { "wrangler": "^4.90.0", "esbuild": "^0.25.0" }
}
```

## What to do

Remove `build.command` when `main` is TypeScript or JavaScript that wrangler bundles by itself: then nothing
has to be built before. Where another tool builds, call that one.

## Not reported

Commands in another folder or with another `--config`; what programs and shell scripts call in their turn.

## Fix safety

There is no fix: what is to be built is up to the author.

Source: https://developers.cloudflare.com/workers/wrangler/custom-builds/
"""

from __future__ import annotations

from collections.abc import Iterator

from cflint.api import (
    PREVIEW,
    Documents,
    Finding,
    Project,
    Severity,
    WranglerConfig,
    config,
    configuration,
    quoted,
    rule,
)

_RUN_IT = frozenset({"dev", "deploy", "publish", "build", "versions upload"})
_MOST_HOPS = 4


@rule(
    configuration(),
    severity=Severity.WARNING,
    presets=(PREVIEW,),
    documents=Documents.NOTHING,
    templates=True,
)
def check(subject: WranglerConfig, project: Project) -> Iterator[Finding]:
    manifest = config.manifest_above(project.workspace, subject.directory)
    is_beside = manifest is not None and manifest.document.path.rpartition("/")[0] == subject.directory
    scripts = manifest.scripts if manifest is not None and is_beside else {}
    seen: set[int] = set()
    for environment in subject.environments:
        build = environment.value("build")
        command = build.get("command") if build is not None else None
        if build is None or command is None or not command.text or build.get("cwd") is not None:
            continue
        if command.span.start in seen:
            continue
        seen.add(command.span.start)
        waiting, known = [command.text], set[str]()
        for _ in range(_MOST_HOPS):
            again = next((call for text in waiting for call in _calls(subject, text)), None)
            if again is not None:
                yield Finding(
                    f"{quoted(command.text)} calls `wrangler {again.command}`, which runs it again: the build"
                    " never ends",
                    environment.location(command),
                )
                break
            called = {name for text in waiting for name in config.scripts_called(text)} - known
            known |= called
            waiting = [scripts[name] for name in sorted(called) if name in scripts]


def _calls(subject: WranglerConfig, text: str) -> Iterator[config.WranglerCall]:
    """The calls of wrangler in a script that run the build of a configuration."""
    for call in config.wrangler_calls(text):
        given = call.value("--config", "-c")
        is_own = not call.folder and (given is None or given.removeprefix("./") == subject.file_name)
        if call.command in _RUN_IT and is_own:
            yield call
