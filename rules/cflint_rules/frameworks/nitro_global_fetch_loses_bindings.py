"""Call the server's own API by `event.$fetch`: a plain `$fetch` loses the bindings.

In code of Nitro's server `$fetch("/api/…")` runs the handler of that path in place, with an event of its
own. That one has no `event.context.cloudflare`, and reading `env` of it throws. `event.$fetch` hands on the
context of its event.

## Incorrect

```json title="package.json"
{ "devDependencies": { "nitropack": "^2.13.0" } }
```

```jsonc title="wrangler.jsonc"
{
  "name": "visits",
  "compatibility_date": "2026-08-01",
  "observability": { "enabled": true },
  "kv_namespaces": [{ "binding": "NOTES" }],
}
```

```ts title="nitro.config.ts"
export default defineNitroConfig({ preset: "cloudflare_module" });
```

```ts title="server/api/notes.get.ts"
export default defineEventHandler(async (event) => {
  return await event.context.cloudflare.env.NOTES.get("all");
});
```

```ts title="server/routes/index.ts"
export default defineEventHandler(async () => {
  return await $fetch("/api/notes");
});
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
  "kv_namespaces": [{ "binding": "NOTES" }],
}
```

```ts title="nitro.config.ts"
export default defineNitroConfig({ preset: "cloudflare_module" });
```

```ts title="server/api/notes.get.ts"
export default defineEventHandler(async (event) => {
  return await event.context.cloudflare.env.NOTES.get("all");
});
```

```ts title="server/routes/index.ts"
export default defineEventHandler(async (event) => {
  return await event.$fetch("/api/notes");
});
```

## Not reported

Other addresses than the path of a handler that lies in the project and reads `context.cloudflare`; paths
with parameters; a `$fetch` that the module declares or imports; Nitro 3.

## Errors

```text title="workerd"
TypeError: Cannot read properties of undefined (reading 'env')
```

## Fix safety

Unsafe. The fix writes `event.$fetch` where the handler has its event: the request's headers go along as
well.

Source: the code of the package (nitropack 2.13.6, `dist/runtime/internal/app.mjs`), and
https://github.com/nitrojs/nitro/issues/3335
"""

from __future__ import annotations

from collections.abc import Iterator

from cflint.api import (
    PREVIEW,
    Documents,
    Finding,
    Fix,
    Match,
    Module,
    Safety,
    Severity,
    call,
    config,
    js,
    pattern,
    rule,
)

_KINDS = ("nitro", "nuxt")
_WRAPPERS = ("defineEventHandler", "eventHandler", "defineCachedEventHandler", "cachedEventHandler")
_FILE = pattern(
    r"(?:.*/)?server/(?:api|routes)/(?!.*\[)(.*?)(?:/index)?(?:\.(?:get|post|put|patch|delete))?\.m?[jt]s"
)
_READS = pattern(rb"context\??\.cloudflare\b|context\s*:\s*\{\s*cloudflare\b")


@rule(
    call("$fetch"),
    severity=Severity.WARNING,
    fix=Safety.UNSAFE,
    presets=(PREVIEW,),
    documents=Documents.NOTHING,
)
def check(match: Match) -> Iterator[Finding]:
    module = match.module
    app = module.app
    if app is None or app.kind.id not in _KINDS or match.receiver is not None or match.callee is None:
        return
    if module.scope.resolve(match.callee) is not None or not match.arguments:
        return
    if config.declares(module.project.workspace, app.folder, "nitro"):
        return  # Nitro 3 has another way
    path = js.string_value(module.syntax, js.unwrap(match.arguments[0]))
    handler = _handler(module, path) if path is not None and path.startswith("/") else None
    document = module.project.sources.document(handler) if handler is not None else None
    if document is None or _READS.search(document.data) is None:
        return
    yield Finding(
        f"the handler of `{path}` is run without `event.context.cloudflare`, which it reads",
        match.at(match.callee),
        fix=_fix(match),
    )


def _handler(module: Module, address: str) -> str | None:
    """The module that answers a path."""
    app = module.app
    assert app is not None
    wanted = address.partition("?")[0].strip("/")
    for path in app.placed:
        found = _FILE.fullmatch(path)
        if found is not None:
            prefix = "api/" if "server/api/" in path else ""
            if f"{prefix}{found[1]}".removesuffix("index").strip("/") == wanted:
                return path
    return None


def _fix(match: Match) -> Fix | None:
    """Write the first parameter of the handler around in front."""
    module = match.module
    for function in module.ancestors(match.node):
        around = module.callback_of(function) if function.type in js.FUNCTIONS else None
        if around is None or around.name not in _WRAPPERS or match.callee is None:
            continue
        parameters = module.parameters(function)
        name = parameters[0].pattern if parameters else None
        if name is None or name.type != "identifier":
            return None
        edits = (match.insert(match.callee.start_byte, f"{module.text(name)}."),)
        return Fix(f"Call `{module.text(name)}.$fetch`", edits, Safety.UNSAFE)
    return None
