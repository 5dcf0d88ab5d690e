"""Declare the KV namespace in which Astro keeps sessions.

Version 12 of `@astrojs/cloudflare` keeps sessions in a KV namespace that is bound as `SESSION`, but for a
`session.driver` or a `sessionKVBindingName` in the configuration of Astro. Without the binding each read or
write of a session throws "Invalid binding". Since version 13 the build adds the binding itself.

## Incorrect

```json title="package.json"
{ "dependencies": { "@astrojs/cloudflare": "^12.6.0", "astro": "^5.16.0" } }
```

```mjs title="astro.config.mjs"
import cloudflare from "@astrojs/cloudflare";

export default { output: "server", adapter: cloudflare() };
```

```text title="public/.assetsignore"
_worker.js
```

```jsonc title="wrangler.jsonc"
{
  "name": "site",
  "main": "dist/_worker.js/index.js",
  "compatibility_date": "2026-08-01",
  "compatibility_flags": ["nodejs_compat"],
  "observability": { "enabled": true },
  "assets": { "directory": "dist", "binding": "ASSETS" },
}
```

```ts title="src/pages/cart.ts"
export async function GET(context) {
  return Response.json(await context.session.get("cart"));
}
```

## Correct

```json title="package.json"
{ "dependencies": { "@astrojs/cloudflare": "^12.6.0", "astro": "^5.16.0" } }
```

```mjs title="astro.config.mjs"
import cloudflare from "@astrojs/cloudflare";

export default { output: "server", adapter: cloudflare() };
```

```text title="public/.assetsignore"
_worker.js
```

```jsonc title="wrangler.jsonc"
{
  "name": "site",
  "main": "dist/_worker.js/index.js",
  "compatibility_date": "2026-08-01",
  "compatibility_flags": ["nodejs_compat"],
  "observability": { "enabled": true },
  "assets": { "directory": "dist", "binding": "ASSETS" },
  "kv_namespaces": [{ "binding": "SESSION" }],
}
```

```ts title="src/pages/cart.ts"
export async function GET(context) {
  return Response.json(await context.session.get("cart"));
}
```

## What to do

Run `npx wrangler kv namespace create SESSION`, and write `"kv_namespaces": [{ "binding": "SESSION", "id":
"<id>" }]` with the id that it prints for `<id>`: until then each read or write of a session throws. (From
wrangler 4.45 on a Worker needs no id, and a fix declares it; Pages and an older wrangler make no namespace.)

## Not reported

A configuration of Astro that says anything of sessions; other versions of the adapter, or one that the
package.json leaves open; code that reads no session.

## Errors

```text title="Astro"
[unstorage] [cloudflare] Invalid binding `…`: …
```

## Fix safety

Unsafe: wrangler makes the namespace when it deploys. There is no fix on Pages and with a wrangler before
4.45, which make none.

Source: https://docs.astro.build/en/guides/integrations-guide/cloudflare/, and the code of
the packages (12.6.13, and 1.17.0 of `unstorage`).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import (
    Documents,
    Finding,
    Fix,
    Match,
    Module,
    Safety,
    Severity,
    config,
    destructured,
    fixes,
    js,
    member_access,
    rule,
)

if TYPE_CHECKING:
    from tree_sitter import Node

_NAME = "SESSION"


@rule(
    member_access("session"),
    destructured("session"),
    severity=Severity.WARNING,
    fix=Safety.UNSAFE,
    documents=Documents.NOTHING,
)
def check(match: Match) -> Iterator[Finding]:
    module = match.module
    app = module.app
    if app is None or app.kind.id != "astro" or _NAME not in app.layout.needs or len(module.workers) != 1:
        return
    subject = module.workers[0]
    if subject.config is None or subject.config.is_excerpt or not _is_of_astro(match):
        return
    if any(it.has_open_bindings or it.binding(_NAME) for it in subject.environments):
        return
    kind = config.kind_by_id("kv")
    makes = kind is not None and config.provisions(module.project, subject.config, kind.id)
    edits = fixes.declare_binding(subject.config, kind, _NAME) if kind is not None and makes else None
    yield Finding(
        f"the session is kept in the KV namespace `{_NAME}`, which is not declared: this throws",
        match.at(match.name),
        fix=Fix(f"Declare `{_NAME}` (KV namespace)", edits, Safety.UNSAFE) if edits else None,
    )


def _is_of_astro(match: Match) -> bool:
    """Whether it is the session of `Astro`, or of the first parameter of an endpoint."""
    module = match.module
    if match.node.type != "member_expression":
        pattern = next(
            (it for it in module.syntax.ancestors(match.node) if it.type == "object_pattern"), None
        )
        return pattern is not None and pattern.id in _contexts(module)
    read = match.node.child_by_field_name("object")
    if read is None or read.type != "identifier":
        return False
    found = module.scope.resolve(read)
    return found.node.id in _contexts(module) if found is not None else match.text(read) == "Astro"


def _contexts(module: Module) -> frozenset[int]:
    """The ids of the first parameters of the functions that Astro calls: names or patterns."""
    parameters = (handler.parameters[0] for handler in module.app_handlers if handler.parameters)
    return frozenset(_named(node).id for node in parameters)


def _named(parameter: Node) -> Node:
    return js.unwrap(parameter.child_by_field_name("pattern") or parameter)
