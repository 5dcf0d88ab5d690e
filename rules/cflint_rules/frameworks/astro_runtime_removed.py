"""Take bindings from `cloudflare:workers` in Astro 6 and later: `locals.runtime` throws.

Since version 13 of `@astrojs/cloudflare` reading `env`, `cf`, `caches` or `ctx` of `locals.runtime` throws an
error that names what replaces it: `env` of `cloudflare:workers`, `Astro.request.cf`, the global `caches`,
`locals.cfContext`.

## Incorrect

```json title="package.json"
{ "dependencies": { "@astrojs/cloudflare": "^14.3.0", "astro": "^7.3.0" } }
```

```js title="astro.config.mjs"
import cloudflare from "@astrojs/cloudflare";

export default { output: "server", adapter: cloudflare() };
```

```jsonc title="wrangler.jsonc"
{
  "name": "site",
  "compatibility_date": "2026-08-01",
  "observability": { "enabled": true },
  "kv_namespaces": [{ "binding": "VISITS", "id": "0f2ac74b498b48028cb68387c421e279" }],
}
```

```ts title="src/pages/visits.ts"
export async function GET({ locals }) {
  return new Response(await locals.runtime.env.VISITS.get("all"));
}
```

## Correct

```json title="package.json"
{ "dependencies": { "@astrojs/cloudflare": "^14.3.0", "astro": "^7.3.0" } }
```

```js title="astro.config.mjs"
import cloudflare from "@astrojs/cloudflare";

export default { output: "server", adapter: cloudflare() };
```

```jsonc title="wrangler.jsonc"
{
  "name": "site",
  "compatibility_date": "2026-08-01",
  "observability": { "enabled": true },
  "kv_namespaces": [{ "binding": "VISITS", "id": "0f2ac74b498b48028cb68387c421e279" }],
}
```

```ts title="src/pages/visits.ts"
import { env } from "cloudflare:workers";

export async function GET() {
  return new Response(await env.VISITS.get("all"));
}
```

## What to do

Write `import { env } from "cloudflare:workers"`, and `env.NAME` in place of `locals.runtime.env.NAME`.

- "`locals.cfContext`": Write `locals.cfContext` in place of `locals.runtime.ctx`: it has `waitUntil()`.

## Not reported

Version 12 of the adapter and earlier, or one that the package.json leaves open; a `runtime` that is not read
of `locals`, or that the code sets itself; code inside `try`.

## Errors

```text title="Astro"
Astro.locals.runtime.… has been removed in Astro v6. Use '…' instead.
```

## Fix safety

Unsafe: `env` of `cloudflare:workers` has the type that `wrangler types` writes, no longer that of
`App.Locals`. There is no fix where `env` means something else in the file, for what is taken apart, and for
`cf`.

Source: https://docs.astro.build/en/guides/integrations-guide/cloudflare/, and the code of the package
(13.7.0, 14.3.3).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import (
    Documents,
    Finding,
    Fix,
    Match,
    Safety,
    Severity,
    destructured,
    fixes,
    js,
    member_access,
    pattern,
    rule,
)

if TYPE_CHECKING:
    from tree_sitter import Node

_FIRST = 13
_INSTEAD = {
    "env": "import `env` of `cloudflare:workers`",
    "cf": "read `request.cf`",
    "caches": "use the global `caches`",
    "ctx": "read `locals.cfContext`",
}
_SET = pattern(rb"\blocals\.runtime\s*=[^=]|[\"']runtime[\"']\s*,\s*\{")


@rule(
    member_access(*_INSTEAD),
    destructured(*_INSTEAD),
    severity=Severity.WARNING,
    fix=Safety.UNSAFE,
    documents=Documents.NOTHING,
)
def check(match: Match) -> Iterator[Finding]:
    module = match.module
    app = module.app
    if app is None or app.kind.id != "astro" or (app.layout.major or 0) < _FIRST:
        return
    owner = _owner(match)
    text = "".join(module.text(owner).replace("?.", ".").split()) if owner is not None else ""
    if text != "locals.runtime" and not text.endswith(".locals.runtime"):
        return
    if _SET.search(module.document.data) is not None:
        return  # a `runtime` of the code's own
    if any(above.type == "try_statement" for above in module.syntax.ancestors(match.node)):
        return
    name = match.text(match.name)
    message = f"`{text}.{name}` throws since version {_FIRST} of the adapter: {_INSTEAD[name]}"
    yield Finding(message, match.at(match.node), fix=_fix(match, name))


def _fix(match: Match, name: str) -> Fix | None:
    """What is read in its place, with the import that it needs."""
    module, node = match.module, match.node
    if node.type != "member_expression" or name == "cf":
        return None
    if name == "ctx":
        runtime = js.unwrap(node.child_by_field_name("object") or node)
        owner = runtime.child_by_field_name("object")
        text = f"{module.text(owner)}.cfContext" if owner is not None else None
        edits = (module.replace(node, text),) if text is not None else None
        return Fix.of(f"Write `{text}`", edits, Safety.UNSAFE)
    declared = module.scope.lookup(name, node)
    if declared is not None and declared.imported is None:
        return None
    added = fixes.add_imports(module, ("env",), "cloudflare:workers") if name == "env" else ()
    if added is None:
        return None
    return Fix(f"Write `{name}`", (*added, module.replace(node, name)), Safety.UNSAFE)


def _owner(match: Match) -> Node | None:
    """What the member is read of; of a destructuring pattern what it takes apart, but for patterns in it."""
    syntax = match.module.syntax
    if match.node.type == "member_expression":
        return match.node.child_by_field_name("object")
    for above in syntax.ancestors(match.node):
        if above.type == "variable_declarator":
            return above.child_by_field_name("value")
        if above.type not in ("object_pattern", "pair_pattern", "object_assignment_pattern"):
            return None
        around = syntax.parent(above)
        if above.type == "object_pattern" and (around is None or around.type != "variable_declarator"):
            return None
    return None
