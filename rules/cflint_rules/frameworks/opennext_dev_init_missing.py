"""Call `initOpenNextCloudflareForDev()` in the configuration of Next.js.

In `next dev` no Worker runs. Without that call in `next.config` a `getCloudflareContext()` throws "has been
called without having called `initOpenNextCloudflareForDev`".

## Incorrect

```json title="package.json"
{
  "scripts": { "dev": "next dev" },
  "dependencies": { "@opennextjs/cloudflare": "^1.20.0", "next": "^16.0.0" }
}
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
  "assets": { "directory": ".open-next/assets", "binding": "ASSETS" },
}
```

```ts title="app/api/carts/route.ts"
import { getCloudflareContext } from "@opennextjs/cloudflare";

export async function GET() {
  const { env } = getCloudflareContext();
  return Response.json(Object.keys(env));
}
```

## Correct

```json title="package.json"
{
  "scripts": { "dev": "next dev" },
  "dependencies": { "@opennextjs/cloudflare": "^1.20.0", "next": "^16.0.0" }
}
```

```ts title="next.config.ts"
import { initOpenNextCloudflareForDev } from "@opennextjs/cloudflare";

initOpenNextCloudflareForDev();

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
  "assets": { "directory": ".open-next/assets", "binding": "ASSETS" },
}
```

```ts title="app/api/carts/route.ts"
import { getCloudflareContext } from "@opennextjs/cloudflare";

export async function GET() {
  const { env } = getCloudflareContext();
  return Response.json(Object.keys(env));
}
```

## Not reported

A project without a script that runs `next dev`; `{ async: true }`, which asks wrangler by itself; a
`next.config` that imports a module of the project, which may make the call.

## Errors

```text title="OpenNext"
ERROR: `getCloudflareContext` has been called without having called `initOpenNextCloudflareForDev` from the
  Next.js config file.
```

Seen in https://github.com/opennextjs/opennextjs-cloudflare/issues/345.

## Fix safety

Safe. The fix adds the import and the call to `next.config`; it does nothing in a build.

Source: the code of the package (1.20.17, `dist/api/cloudflare-context.js`), and
https://opennext.js.org/cloudflare/get-started
"""

from __future__ import annotations

from collections.abc import Iterator

from cflint.api import (
    PREVIEW,
    Documents,
    Edit,
    Finding,
    Fix,
    Match,
    Safety,
    Severity,
    Span,
    call,
    config,
    js,
    pattern,
    rule,
)

_PACKAGE = "@opennextjs/cloudflare"
_INIT = "initOpenNextCloudflareForDev"
_DEV = pattern(r"(?<![\w-])next\s+dev\b")


@rule(
    call("getCloudflareContext"),
    severity=Severity.NOTE,
    fix=Safety.SAFE,
    presets=(PREVIEW,),
    documents=Documents.NOTHING,
)
def check(match: Match) -> Iterator[Finding]:
    module = match.module
    app = module.app
    if app is None or app.kind.id != "opennext" or js.arguments_of(match.node):
        return
    if not module.is_from(match.callee, _PACKAGE, "getCloudflareContext"):
        return
    options = config.app_options(module.project, app, "next.config")
    if options is None or _INIT.encode() in options.document.data:
        return
    if any(name.startswith((".", "/", "@/", "~/", "#")) for name in options.imports):
        return
    scripts = config.commands_of(module.project.workspace, app.folder)
    if not any(_DEV.search(script) for script in scripts):
        return
    message = "in `next dev` this throws: `next.config` does not call `initOpenNextCloudflareForDev()`"
    yield Finding(message, match.at(match.node), fix=_fix(options))


def _fix(options: config.Options) -> Fix | None:
    """The import and the call at the start of a module."""
    document = options.document
    if b"import " not in document.data and not document.path.endswith((".ts", ".mts", ".mjs")):
        return None  # it may be CommonJS
    if document.data.startswith((b"#!", b"\xef\xbb\xbf")):
        return None
    lines = (f'import {{ {_INIT} }} from "{_PACKAGE}";', "", f"{_INIT}();", "", "")
    edit = Edit(document, Span(0, 0), document.newline.join(lines))
    return Fix(f"Call `{_INIT}()`", (edit,), Safety.SAFE)
