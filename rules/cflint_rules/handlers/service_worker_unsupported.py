"""Write a Worker as a module to use what service workers cannot.

A Worker that calls `addEventListener("fetch", …)` and exports nothing is a service worker. wrangler refuses
to deploy one with Durable Objects or migrations of its own, or with static assets, and bindings of D1,
Workers AI, Vectorize, Workflows and Images do not work in it.

## Incorrect

```js
addEventListener("fetch", (event) => {
  event.respondWith(users());
});

async function users() {
  const { results } = await DB.prepare("SELECT name FROM users LIMIT 50").all();
  return Response.json(results);
}
```

```jsonc
{
  "d1_databases": [{ "binding": "DB", "database_name": "users" }],
}
```

## Correct

```js
export default {
  async fetch(request, env) {
    const { results } = await env.DB.prepare("SELECT name FROM users LIMIT 50").all();
    return Response.json(results);
  },
};
```

```jsonc
{
  "d1_databases": [{ "binding": "DB", "database_name": "users" }],
}
```

## What to do

Write `export default { async fetch(request, env, ctx) { … } }` in place of `addEventListener("fetch", …)`:
return what `respondWith()` was given, and read bindings from `env`. Without it, wrangler refuses the binding.

## Not reported

Entry modules that a build makes, or that export anything: these are modules. Durable Objects of another
Worker.

## Errors

```text title="wrangler"
Durable Object migrations require ES Module format Workers, but yours is being built as service-worker …
You seem to be trying to use Durable Objects in a Worker written as a service-worker.
You cannot use the service-worker format with an `assets` directory yet.
```

## Fix safety

There is no fix: in a module each use of a binding goes through `env`.

Source: https://developers.cloudflare.com/workers/reference/migrate-to-module-workers/
"""

from collections.abc import Iterator

from cflint.api import Environment, Finding, Location, Project, Severity, Worker, rule, worker

_KINDS = frozenset({"d1", "ai", "vectorize", "workflow", "images"})


@rule(worker(), severity=Severity.ERROR, deployed=True)
def check(subject: Worker, project: Project) -> Iterator[Finding]:
    if subject.config is None or not project.entrypoints.is_service_worker(subject):
        return
    for environment in subject.environments:
        for what, at in _unsupported(environment):
            yield Finding(f"{what} in a service worker: export a module with `fetch()` instead", at)


def _unsupported(environment: Environment) -> Iterator[tuple[str, Location]]:
    """What the configuration asks for that a service worker cannot have, and where."""
    own = [found for found in environment.bindings if environment.own(found.kind.path[0]) is not None]
    for binding in own:
        if binding.kind.id in _KINDS:
            yield f"`{binding.name}` ({binding.kind.label}) does not work", binding.location
        elif binding.kind.id == "durable_object" and binding.is_local:
            yield f"wrangler refuses Durable Objects such as `{binding.class_name}`", binding.location
    migrations = environment.own_items("migrations")
    if migrations and not any(found.kind.id == "durable_object" and found.is_local for found in own):
        yield "wrangler refuses migrations", environment.location(migrations[0])
    assets = environment.own("assets")
    if assets is not None and assets.get("directory") is not None:
        yield "wrangler refuses static assets", environment.location(assets)
