"""Do not ask NuxtHub for a binding in a plugin of the server: there is none yet.

Plugins below `server/plugins` run when the Worker starts. `hubDatabase()`, `hubKV()`, `hubBlob()` and
`hubAI()` of NuxtHub before 0.10 look for a binding that the first request brings, and throw "Missing
Cloudflare … binding". The Worker does not start. In a hook, or in what a plugin defines for later, they
work.

## Incorrect

```json title="package.json"
{ "dependencies": { "@nuxthub/core": "^0.8.27", "nuxt": "^3.19.0" } }
```

```ts title="nuxt.config.ts"
export default defineNuxtConfig({ modules: ["@nuxthub/core"], hub: { database: true } });
```

```ts title="server/plugins/visits.ts"
export default defineNitroPlugin((nitro) => {
  const database = hubDatabase();
  nitro.hooks.hook("request", async () => {
    await database.prepare("INSERT INTO visits DEFAULT VALUES").run();
  });
});
```

## Correct

```json title="package.json"
{ "dependencies": { "@nuxthub/core": "^0.8.27", "nuxt": "^3.19.0" } }
```

```ts title="nuxt.config.ts"
export default defineNuxtConfig({ modules: ["@nuxthub/core"], hub: { database: true } });
```

```ts title="server/plugins/visits.ts"
export default defineNitroPlugin((nitro) => {
  nitro.hooks.hook("request", async () => {
    await hubDatabase().prepare("INSERT INTO visits DEFAULT VALUES").run();
  });
});
```

## What to do

Move the call into the event handler (`export default defineEventHandler(async () => { const database =
hubDatabase(); … })`), or into a function that it calls; in a plugin into `nitroApp.hooks.hook("request", …)`.

## Not reported

NuxtHub 0.10 and later, or a version that is not known; calls in a nested function, under a condition or in
`try`; other modules of the server, which are loaded for the first request that needs them.

## Fix safety

There is no fix: the call moves to where it is used.

Source: the code of the packages (@nuxthub/core 0.8.27 and 0.9.1,
`dist/runtime/database/server/utils/database.js`; nitropack 2.13.6, `dist/runtime/internal/app.mjs`:
`runNitroPlugins`)
"""

from __future__ import annotations

from collections.abc import Iterator

from cflint.api import Documents, Finding, Match, Severity, call, config, pattern, rule

_NAMES = ("hubDatabase", "hubKV", "hubBlob", "hubAI")
_PLUGIN = pattern(r"(?:.*/)?server/plugins/.*")
_MAKERS = ("defineNitroPlugin", "nitroPlugin")
_LAZY = (0, 10, 0)


@rule(call(*_NAMES), severity=Severity.WARNING, documents=Documents.NOTHING)
def check(match: Match) -> Iterator[Finding]:
    module = match.module
    app = module.app
    if app is None or app.kind.id != "nuxt" or _PLUGIN.fullmatch(module.path) is None:
        return
    if match.receiver is not None or match.callee is None or module.scope.resolve(match.callee) is not None:
        return
    found = config.installed_version(module.project.workspace, app.folder, "@nuxthub/core")
    if found is None or found.below > _LAZY:
        return
    function = match.enclosing_function
    if function is not None:
        around = module.callback_of(function)
        if around is None or around.name not in _MAKERS or not module.always_runs(match.node, function):
            return
    elif not module.always_runs(match.node, module.root):
        return
    if module.try_around(match.node) is None:
        message = (
            f"`{match.text(match.callee)}()` throws here: a plugin runs before any request brings bindings"
        )
        yield Finding(message, match.at(match.node))
