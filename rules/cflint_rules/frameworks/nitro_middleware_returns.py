"""Return nothing from middleware of Nitro: a value is the answer.

What a handler below `server/middleware` returns is sent, and neither the next middleware nor a route runs.
Where each way through it returns a value, no route of the app is ever reached.

## Incorrect

```json title="package.json"
{ "devDependencies": { "nitropack": "^2.13.0" } }
```

```jsonc title="wrangler.jsonc"
{
  "name": "visits",
  "compatibility_date": "2026-08-01",
  "observability": { "enabled": true },
}
```

```ts title="nitro.config.ts"
export default defineNitroConfig({ preset: "cloudflare_module" });
```

```ts title="server/middleware/log.ts"
export default defineEventHandler((event) => {
  console.log(event.path);
  return { logged: true };
});
```

```ts title="server/routes/index.ts"
export default defineEventHandler(() => "hello");
```

## Correct

```json title="package.json"
{ "devDependencies": { "nitropack": "^2.13.0" } }
```

```jsonc title="wrangler.jsonc"
{
  "name": "visits",
  "compatibility_date": "2026-08-01",
  "observability": { "enabled": true },
}
```

```ts title="nitro.config.ts"
export default defineNitroConfig({ preset: "cloudflare_module" });
```

```ts title="server/middleware/log.ts"
export default defineEventHandler((event) => {
  console.log(event.path);
});
```

```ts title="server/routes/index.ts"
export default defineEventHandler(() => "hello");
```

## What to do

Delete the `return` (a bare one may stay); what is returned is sent as the answer. To answer on purpose,
suppress it.

## Not reported

A function that returns nothing on some way, or what a call gives, which may be nothing (`sendRedirect(…)`);
`null`, which ends the request as a value does, but on purpose as a rule.

## Fix safety

There is no fix: the value may be meant for another place.

Source: the code of the package (h3 1.15.4, `createAppEventHandler`), and https://nitro.build/docs/routing
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import PREVIEW, Documents, Finding, Match, Module, Severity, call, js, pattern, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_FILE = pattern(r"(?:.*/)?server/middleware/.*\.m?[jt]s")
_VALUES = ("object", "array", "string", "number", "template_string", "true", "false")


@rule(
    call("defineEventHandler", "eventHandler", "defineHandler"),
    severity=Severity.WARNING,
    presets=(PREVIEW,),
    documents=Documents.NOTHING,
)
def check(match: Match) -> Iterator[Finding]:
    module = match.module
    app = module.app
    if app is None or app.kind.id not in ("nitro", "nuxt") or _FILE.fullmatch(module.path) is None:
        return
    parent = module.parent(module.with_wrappers(match.node))
    function = match.call.callback
    if function is None or parent is None or parent.type != "export_statement":
        return
    value = _always(module, function)
    if value is not None:
        message = "this answers every request: what middleware returns is sent, and no route runs"
        yield Finding(message, module.at(value))


def _always(module: Module, function: Node) -> Node | None:
    """The value of the last `return`, where each way through the function ends with a value."""
    body = function.child_by_field_name("body")
    if body is None:
        return None
    if body.type != "statement_block":
        value = js.unwrap(body)
        return value if value.type in _VALUES else None
    returns = module.returns_of(function)
    values = [js.first_named(statement) for statement in returns]
    if not values or any(value is None or js.unwrap(value).type not in _VALUES for value in values):
        return None
    return None if module.falls_through(function) else values[-1]
