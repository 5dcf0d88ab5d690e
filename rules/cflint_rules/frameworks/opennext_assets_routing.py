"""Give the assets of OpenNext exact paths where the Worker runs first.

With `run_worker_first` the Worker serves the files itself. `@opennextjs/cloudflare` then stops the build
unless `html_handling` is `none` and `not_found_handling` is `none` or `404-page`: other values answer at
paths at which Next.js has no file, so that a middleware can be passed by.

## Incorrect

```json title="package.json"
{ "dependencies": { "@opennextjs/cloudflare": "^1.20.17", "next": "^16.0.0" } }
```

```ts title="next.config.ts"
export default {};
```

```ts title="open-next.config.ts"
import { defineCloudflareConfig } from "@opennextjs/cloudflare";

export default defineCloudflareConfig();
```

```jsonc title="wrangler.jsonc"
{
  "name": "shop",
  "main": ".open-next/worker.js",
  "compatibility_date": "2026-08-01",
  "compatibility_flags": ["nodejs_compat"],
  "observability": { "enabled": true },
  "assets": { "directory": ".open-next/assets", "binding": "ASSETS", "run_worker_first": true },
}
```

## Correct

```json title="package.json"
{ "dependencies": { "@opennextjs/cloudflare": "^1.20.17", "next": "^16.0.0" } }
```

```ts title="next.config.ts"
export default {};
```

```ts title="open-next.config.ts"
import { defineCloudflareConfig } from "@opennextjs/cloudflare";

export default defineCloudflareConfig();
```

```jsonc title="wrangler.jsonc"
{
  "name": "shop",
  "main": ".open-next/worker.js",
  "compatibility_date": "2026-08-01",
  "compatibility_flags": ["nodejs_compat"],
  "observability": { "enabled": true },
  "assets": {
    "directory": ".open-next/assets", "binding": "ASSETS", "run_worker_first": true,
    "html_handling": "none",
  },
}
```

## Not reported

Only patterns that begin with `!`; versions of the package before 1.20.17, or a range that allows one when no
lock file says which it is.

## Fix safety

Safe. The fix sets what the build asks for.

Source: the code of the package (1.20.17, `dist/cli/build/utils/ensure-assets-config.js`; 1.20.13 has no such
check), and https://developers.cloudflare.com/workers/static-assets/routing/
"""

from __future__ import annotations

from collections.abc import Iterator

from cflint.api import (
    Documents,
    Environment,
    Finding,
    Fix,
    Project,
    Safety,
    Severity,
    Worker,
    config,
    fixes,
    rule,
    worker,
)

_PACKAGE = "@opennextjs/cloudflare"
_FIRST = (1, 20, 17)
_NONE = "none"
_DEFAULTS = {"html_handling": "auto-trailing-slash", "not_found_handling": _NONE}
_ALLOWED = {"html_handling": (_NONE,), "not_found_handling": (_NONE, "404-page")}


@rule(worker(), severity=Severity.WARNING, fix=Safety.SAFE, documents=Documents.NOTHING)
def check(subject: Worker, project: Project) -> Iterator[Finding]:
    app, configuration = subject.app, subject.config
    if app is None or configuration is None or app.kind.id != "opennext" or configuration.is_excerpt:
        return
    found = config.installed_version(project.workspace, app.folder, _PACKAGE)
    if found is None or found.lowest < _FIRST:
        return
    for environment in subject.environments:
        assets = environment.own("assets")
        if assets is None or assets.broken or environment.is_open("assets") or not _runs_first(assets):
            continue
        wrong = [key for key in _ALLOWED if _value(assets, key) not in _ALLOWED[key]]
        if any(_value(assets, key) is None for key in _ALLOWED) or not wrong:
            continue
        names = " and ".join(f'`{environment.spelled("assets", key)}` to be "{_NONE}"' for key in wrong)
        message = f"with `run_worker_first` OpenNext wants {names}: the build stops"
        yield Finding(message, environment.location(assets), fix=_fix(environment, wrong))


def _runs_first(assets: config.ConfigNode) -> bool:
    node = assets.get("run_worker_first")
    if node is None:
        return False
    if node.kind is config.NodeKind.ARRAY:
        texts = [item.text for item in node.items]
        return all(text is not None for text in texts) and any(
            not text.startswith("!") for text in texts if text
        )
    return node.value is True


def _value(assets: config.ConfigNode, key: str) -> str | None:
    """What a key says, or its default; None when that is not known."""
    node = assets.get(key)
    return _DEFAULTS[key] if node is None and not assets.is_unknown(key) else node.text if node else None


def _fix(environment: Environment, keys: list[str]) -> Fix | None:
    if len(keys) != 1:
        return None  # two edits of one object
    edits = fixes.set_key(environment.config, environment.path("assets", keys[0]), _NONE)
    return Fix.of(f"Set `{keys[0]}`", edits, Safety.SAFE)
