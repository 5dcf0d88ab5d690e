"""Read RedwoodSDK's `requestInfo` while a request is answered, not when a module loads.

`requestInfo` looks up the request that is being answered. When a module loads there is none: its members are
undefined, and `getRequestInfo()` throws "Request context not found", so that the Worker does not start.

## Incorrect

```json title="package.json"
{
  "dependencies": { "rwsdk": "1.7.3" },
  "devDependencies": { "@cloudflare/vite-plugin": "^1.64.0" }
}
```

```text title="vite.config.mts"
import { cloudflare } from "@cloudflare/vite-plugin";
import { redwood } from "rwsdk/vite";

export default { plugins: [cloudflare({ viteEnvironment: { name: "worker" } }), redwood()] };
```

```jsonc title="wrangler.jsonc"
{
  "name": "notes",
  "main": "src/worker.tsx",
  "compatibility_date": "2026-08-01",
  "observability": { "enabled": true },
}
```

```tsx title="src/worker.tsx"
import { route } from "rwsdk/router";
import { defineApp } from "rwsdk/worker";
import { home } from "./home";

export default defineApp([route("/", home)]);
```

```tsx title="src/home.tsx"
import { requestInfo } from "rwsdk/worker";

const url = new URL(requestInfo.request.url);

export const home = () => new Response(url.pathname);
```

## Correct

```json title="package.json"
{
  "dependencies": { "rwsdk": "1.7.3" },
  "devDependencies": { "@cloudflare/vite-plugin": "^1.64.0" }
}
```

```text title="vite.config.mts"
import { cloudflare } from "@cloudflare/vite-plugin";
import { redwood } from "rwsdk/vite";

export default { plugins: [cloudflare({ viteEnvironment: { name: "worker" } }), redwood()] };
```

```jsonc title="wrangler.jsonc"
{
  "name": "notes",
  "main": "src/worker.tsx",
  "compatibility_date": "2026-08-01",
  "observability": { "enabled": true },
}
```

```tsx title="src/worker.tsx"
import { route } from "rwsdk/router";
import { defineApp } from "rwsdk/worker";
import { home } from "./home";

export default defineApp([route("/", home)]);
```

```tsx title="src/home.tsx"
import { requestInfo } from "rwsdk/worker";

export const home = () => new Response(new URL(requestInfo.request.url).pathname);
```

## What to do

Move the line into the function (component, action, route) that answers the request.

## Not reported

Code in any function or class, under a condition or in `try`; a `requestInfo` that does not come from the
package.

## Errors

```text title="RedwoodSDK"
Request context not found …
```

## Fix safety

Unsafe: a constant is made anew in each function that reads it, each time that it runs. There is no fix where
code outside of functions reads it, or another module.

Source: the code of the package (rwsdk 1.7.3, `dist/runtime/requestInfo/worker.js`), and
https://docs.rwsdk.com/guides/troubleshooting#request-context-errors
"""

from __future__ import annotations

from collections.abc import Iterator

from cflint.api import (
    Documents,
    Finding,
    Fix,
    Match,
    Module,
    Safety,
    Severity,
    call,
    fixes,
    js,
    member_access,
    rule,
)

_MODULES = ("rwsdk/worker", "@redwoodjs/sdk/worker")
_MEMBERS = ("request", "params", "ctx", "rw", "cf", "response")
_CALL = "getRequestInfo"


@rule(
    member_access(*_MEMBERS),
    call(_CALL),
    severity=Severity.WARNING,
    fix=Safety.UNSAFE,
    documents=Documents.NOTHING,
)
def check(match: Match) -> Iterator[Finding]:
    module = match.module
    if module.app is None or module.app.kind.id != "rwsdk":
        return
    is_call = match.node.type == "call_expression"
    source = match.callee if is_call else match.receiver
    name = _CALL if is_call else "requestInfo"
    if not any(module.is_from(source, path, name) for path in _MODULES) or not _loads(module, match):
        return
    what = "`getRequestInfo()` throws" if is_call else f"`{match.text()}` is undefined"
    edits = fixes.moved_to_uses(module, match.node)
    fix = Fix.of("Make it in the functions that read it", edits, Safety.UNSAFE)
    message = f"{what} when the module loads: no request is answered then"
    yield Finding(message, match.at(match.node), fix=fix)


def _loads(module: Module, match: Match) -> bool:
    """Whether the place runs whenever the module is loaded."""
    if match.enclosing_function is not None or module.try_around(match.node) is not None:
        return False
    if any(above.type in (*js.CLASSES, "class_body") for above in module.ancestors(match.node)):
        return False
    return module.always_runs(match.node, module.root)
