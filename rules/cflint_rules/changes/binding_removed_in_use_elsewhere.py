"""Change the Workers that are bound to a Worker together with what they are bound to.

A service binding, and a binding of another Worker's Durable Object or Workflow, leads to a name. When that
Worker gets another name, or no longer exports the class, the binding leads to what was deployed before, or to
nothing: then the next deployment of the other Worker is refused, and calls fail meanwhile.

## Incorrect

```jsonc title="base/api/wrangler.jsonc"
{ "name": "api", "main": "index.ts" }
```

```ts title="base/api/index.ts"
import { WorkerEntrypoint } from "cloudflare:workers";

export class Admin extends WorkerEntrypoint<Env> {}
export default class extends WorkerEntrypoint<Env> {}
```

```jsonc title="api/wrangler.jsonc"
{ "name": "api", "main": "index.ts" }
```

```ts title="api/index.ts"
import { WorkerEntrypoint } from "cloudflare:workers";

export default class extends WorkerEntrypoint<Env> {}
```

```jsonc title="web/wrangler.jsonc"
{
  "name": "web",
  "services": [{ "binding": "ADMIN", "service": "api", "entrypoint": "Admin" }],
}
```

## Correct

```jsonc title="base/api/wrangler.jsonc"
{ "name": "api", "main": "index.ts" }
```

```ts title="base/api/index.ts"
import { WorkerEntrypoint } from "cloudflare:workers";

export default class extends WorkerEntrypoint<Env> {}
```

```jsonc title="api/wrangler.jsonc"
{
  "name": "api",
  "main": "index.ts",
  "compatibility_date": "2026-08-01",
  "observability": { "enabled": true },
}
```

```ts title="api/index.ts"
import { WorkerEntrypoint } from "cloudflare:workers";

export class Admin extends WorkerEntrypoint<Env> {
  async list(): Promise<string[]> {
    return [];
  }
}
export default class extends WorkerEntrypoint<Env> {}
```

## Not reported

Workers of other repositories, names that another Worker of the project has taken over, and exports that are
not all known. Needs a base: `cflint check --base REV`, or `cflint diff`.

## Fix safety

No fix: which of the two is to change is not known.

Source: https://developers.cloudflare.com/workers/runtime-apis/bindings/service-bindings/
"""

from collections.abc import Iterator

from cflint.api import (
    PREVIEW,
    Change,
    Documents,
    Finding,
    Location,
    Project,
    Severity,
    change,
    js,
    quoted,
    rule,
)


@rule(change(), severity=Severity.WARNING, presets=(PREVIEW,), deployed=True, documents=Documents.NOTHING)
def check(subject: Change, project: Project) -> Iterator[Finding]:
    yield from _renamed(subject, project)
    yield from _no_longer_exported(subject, project)


def _renamed(subject: Change, project: Project) -> Iterator[Finding]:
    """Bindings to a name that the Worker had in the base, and that none has now."""
    if any(environment.is_open("name") for environment in subject.after.environments):
        return
    now = subject.after.names
    taken = {name for worker in project.workers for name in worker.names}
    gone = subject.before.names - now - taken
    if not gone or not now or subject.after.config is None:
        return
    place = subject.after.config.top.place
    called = quoted(subject.after.name or min(now))
    for bound in js.bound_by_others(project, gone, subject.after):
        key = "service" if bound.binding.kind.id == "service" else "script_name"
        old = quoted(bound.binding.service or bound.binding.script_name or "")
        yield Finding(
            f"the Worker {old} of the base is called {called} now: this binding leads to what was deployed"
            " before",
            bound.binding.place(key),
            (place.saying("it got its name here"),),
        )


def _no_longer_exported(subject: Change, project: Project) -> Iterator[Finding]:
    """Bindings to a class that the base exports, and the Worker no longer."""
    before, after = subject.before, subject.after
    if after.unresolved or not after.entries or not project.exports.of_worker(after).complete:
        return
    for bound in js.bound_by_others(project, after.names, after):
        if project.exports.has(after, bound.name):
            continue
        if not subject.base.exports.has(before, bound.name):
            continue  # `service-target-unknown` says so
        was = subject.base.exports.find_class(before, bound.name)
        what = "the default export" if bound.name == "default" else quoted(bound.name)
        key = "entrypoint" if bound.binding.kind.id == "service" else "class_name"
        yield Finding(
            f"the Worker {quoted(after.name or '')} no longer exports {what}, to which this binding leads",
            bound.binding.place(key),
            _entry(after.entries[-1], project) if was is not None else (),
        )


def _entry(path: str, project: Project) -> tuple[Location, ...]:
    document = project.sources.document(path)
    if document is None:
        return ()
    return (Location(document, document.line_span(1), "what it exports"),)
