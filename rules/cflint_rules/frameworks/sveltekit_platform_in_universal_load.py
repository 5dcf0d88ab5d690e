"""Read `platform` in a server file: the `load` of `+page.ts` and `+layout.ts` gets none.

The universal `load` runs in the browser as well, so that its event has no `platform`: reading `platform.env`
throws a TypeError, and `platform?.env` is always undefined. `load` in a `+page.server.ts` or a
`+layout.server.ts` gets it, and what that returns is the `data` of the universal one.

## Incorrect

```json title="package.json"
{ "devDependencies": { "@sveltejs/adapter-cloudflare": "^7.2.0", "@sveltejs/kit": "^2.70.0" } }
```

```js title="svelte.config.js"
import adapter from "@sveltejs/adapter-cloudflare";

export default { kit: { adapter: adapter() } };
```

```jsonc title="wrangler.jsonc"
{
  "name": "notes",
  "main": ".svelte-kit/cloudflare/_worker.js",
  "compatibility_date": "2026-08-01",
  "observability": { "enabled": true },
  "assets": { "directory": ".svelte-kit/cloudflare", "binding": "ASSETS" },
  "kv_namespaces": [{ "binding": "NOTES" }],
}
```

```ts title="src/routes/+page.ts"
export const load = async ({ platform }) => {
  return { all: await platform.env.NOTES.get("all") };
};
```

## Correct

```json title="package.json"
{ "devDependencies": { "@sveltejs/adapter-cloudflare": "^7.2.0", "@sveltejs/kit": "^2.70.0" } }
```

```js title="svelte.config.js"
import adapter from "@sveltejs/adapter-cloudflare";

export default { kit: { adapter: adapter() } };
```

```jsonc title="wrangler.jsonc"
{
  "name": "notes",
  "main": ".svelte-kit/cloudflare/_worker.js",
  "compatibility_date": "2026-08-01",
  "observability": { "enabled": true },
  "assets": { "directory": ".svelte-kit/cloudflare", "binding": "ASSETS" },
  "kv_namespaces": [{ "binding": "NOTES" }],
}
```

```ts title="src/routes/+page.server.ts"
export const load = async ({ platform }) => {
  return { all: await platform.env.NOTES.get("all") };
};
```

## What to do

Rename the file to `+page.server.ts` (or `+layout.server.ts`), where `load` gets `platform`, and write
`PageServerLoad` for `PageLoad` (`LayoutServerLoad` for `LayoutLoad`) in it; where there is such a file
already, move this into its `load`. What it returns must then be plain data: a component that it returns stays
in `+page.ts`, with a `load` that passes `data` on.

## Not reported

A `platform` that is no member of the event; functions with another name.

## Errors

```text title="workerd"
TypeError: Cannot read properties of undefined (reading 'env')
```

## Fix safety

There is no fix: the code moves to another file.

Source: https://svelte.dev/docs/kit/load, and the types of the package (`LoadEvent` and `RequestEvent` of kit
2.70.4).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import (
    Documents,
    Finding,
    Match,
    Module,
    Severity,
    destructured,
    js,
    member_access,
    pattern,
    rule,
)

if TYPE_CHECKING:
    from tree_sitter import Node

_UNIVERSAL = pattern(r"(?:.*/)?\+(?:page|layout)(?:@[^/.]*)?\.[jt]s")


@rule(
    member_access("platform"),
    destructured("platform"),
    severity=Severity.WARNING,
    both=True,
    documents=Documents.NOTHING,
)
def check(match: Match) -> Iterator[Finding]:
    module = match.module
    app = module.app
    if app is None or app.kind.id != "sveltekit" or _UNIVERSAL.fullmatch(module.path) is None:
        return
    event = _event(match.module)
    if event is not None and _source(match) == event.id:
        message = "a universal `load` gets no `platform`: move this to the `load` of a `.server` file"
        yield Finding(message, match.at(match.name))


def _source(match: Match) -> int | None:
    """The id of the name or pattern of the parameter that the member is read of."""
    if match.node.type == "member_expression":
        read = match.node.child_by_field_name("object")
        found = match.module.scope.resolve(read) if read is not None and read.type == "identifier" else None
        return found.node.id if found is not None else None
    around = match.module.syntax.ancestors(match.node)
    return next((node.id for node in around if node.type == "object_pattern"), None)


def _event(module: Module) -> Node | None:
    """The first parameter of the exported function `load`."""
    for statement in module.syntax.root.named_children:
        declaration = statement.child_by_field_name("declaration")
        if statement.type != "export_statement" or declaration is None:
            continue
        for part in (declaration, *declaration.named_children):
            name = part.child_by_field_name("name")
            if name is None or module.text(name) != "load":
                continue
            value = part.child_by_field_name("value")
            function = js.unwrap(value) if value is not None else part
            single = function.child_by_field_name("parameter")
            every = function.child_by_field_name("parameters")
            first = js.first_named(every) if every is not None else single
            return (first.child_by_field_name("pattern") or first) if first is not None else None
    return None
