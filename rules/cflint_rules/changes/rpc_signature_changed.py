"""Keep the parameters of a method that other Workers call, or add a method beside it.

Workers are deployed one after the other. A call that was right until now comes with too few or too many
arguments when the Worker that it reaches is deployed first, and nothing checks that: a missing argument is
undefined.

## Incorrect

```jsonc title="api/wrangler.jsonc"
{ "name": "api", "main": "index.ts" }
```

```ts title="api/index.ts"
import { WorkerEntrypoint } from "cloudflare:workers";

export default class extends WorkerEntrypoint<Env> {
  async price(item: string, currency: string): Promise<number> {
    return currency === item ? 0 : 1;
  }
}
```

```jsonc title="base/api/wrangler.jsonc"
{ "name": "api", "main": "index.ts" }
```

```ts title="base/api/index.ts"
import { WorkerEntrypoint } from "cloudflare:workers";

export default class extends WorkerEntrypoint<Env> {
  async price(item: string): Promise<number> {
    return item.length;
  }
}
```

```jsonc title="web/wrangler.jsonc"
{ "name": "web", "main": "index.ts", "services": [{ "binding": "API", "service": "api" }] }
```

```ts title="web/index.ts"
export default {
  async fetch(request, env): Promise<Response> {
    return Response.json(await env.API.price("tea"));
  },
} satisfies ExportedHandler<Env>;
```

```jsonc title="base/web/wrangler.jsonc"
{ "name": "web", "main": "index.ts", "services": [{ "binding": "API", "service": "api" }] }
```

```ts title="base/web/index.ts"
export default {
  async fetch(request, env): Promise<Response> {
    return Response.json(await env.API.price("tea"));
  },
} satisfies ExportedHandler<Env>;
```

## Correct

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

export default class extends WorkerEntrypoint<Env> {
  async price(item: string, currency = "EUR"): Promise<number> {
    return currency === item ? 0 : 1;
  }
}
```

```jsonc title="base/api/wrangler.jsonc"
{ "name": "api", "main": "index.ts" }
```

```ts title="base/api/index.ts"
import { WorkerEntrypoint } from "cloudflare:workers";

export default class extends WorkerEntrypoint<Env> {
  async price(item: string): Promise<number> {
    return item.length;
  }
}
```

## What to do

Keep the old parameters in their places and add the new ones at the end with defaults; or add a method,
and remove the old one when no caller is left.

## Not reported

Changes that all calls of the base fit: a parameter more that can be left out, one less that nobody gives.
Types of parameters. Calls of which the number of arguments is not known, calls from other repositories, and
methods of bases. Where the calls are changed as well it is a note: it matters while one of the Workers is not
deployed yet. Needs a base: `cflint check --base REV`, or `cflint diff`.

## Fix safety

No fix: what callers should give is not known.

Source: https://developers.cloudflare.com/workers/runtime-apis/rpc/
"""

from __future__ import annotations

from collections.abc import Iterator

from cflint.api import (
    PREVIEW,
    Change,
    ClassKind,
    Documents,
    Finding,
    Location,
    Project,
    Severity,
    change,
    join_names,
    js,
    quoted,
    rule,
)

_REACHED = frozenset((ClassKind.WORKER_ENTRYPOINT, ClassKind.DURABLE_OBJECT, ClassKind.AGENT))
_MOST = 3
"""Calls that are shown."""


@rule(change(), severity=Severity.WARNING, presets=(PREVIEW,), deployed=True, documents=Documents.NOTHING)
def check(subject: Change, project: Project) -> Iterator[Finding]:
    base, before, after = subject.base, subject.before, subject.after
    bound: dict[str, list[js.Bound]] = {}
    for one in js.bound_by_others(base, before.names, before):
        bound.setdefault(one.name, []).append(one)
    for name, callers in bound.items():
        was, now = js.class_behind(base, before, name), js.class_behind(project, after, name)
        if was is None or now is None or project.classes.kind(now) not in _REACHED:
            continue
        for method in dict.fromkeys(member.name for member in was.methods):
            yield from _changed(subject, project, was, now, method, callers)


def _changed(
    subject: Change,
    project: Project,
    was: js.ClassFacts,
    now: js.ClassFacts,
    method: str,
    callers: list[js.Bound],
) -> Iterator[Finding]:
    old = js.remote_method(subject.base, was, method)
    new = js.remote_method(project, now, method)
    if old is None:
        return
    if new is None and (now.member(method) is not None or project.classes.inherits(now, method) is not False):
        return  # something else that can be called, or a base has it
    if new is not None and (new.least, new.most) == (old.least, old.most):
        return
    broken = [
        (caller, given)
        for caller in callers
        for _, given in js.remote_calls(subject.base, caller, method)
        if given is not None and old.takes(given) and (new is None or not new.takes(given))
    ]
    if not broken:
        return
    called_by = sorted({quoted(caller.worker.name or "?") for caller, _ in broken})
    names, ending = join_names(called_by, _MOST), "s" if len(called_by) == 1 else ""
    places = tuple(_still_called(subject, project, now, method, new))
    if new is None:
        document = project.sources.document(now.path)
        what = f"the method {quoted(method)}, which {names} call{ending} in the base, is gone"
        at = Location(document, now.name_span) if document is not None else None
    else:
        counts = " and ".join(sorted({str(given) for _, given in broken}))
        what = f"{quoted(method)} takes {new.label} now, and {names} give{ending} {counts} in the base"
        at = new.module.at(new.node.child_by_field_name("name") or new.node)
    if at is None:
        return
    if places:
        yield Finding(what, at, places)
    else:
        message = f"{what}: calls fail while only one of the two Workers is deployed"
        yield Finding(message, at, severity=Severity.NOTE)


def _still_called(
    subject: Change, project: Project, now: js.ClassFacts, method: str, new: js.RemoteMethod | None
) -> Iterator[Location]:
    """The calls as they are now that do not fit."""
    after = subject.after
    for bound in js.bound_by_others(project, after.names, after):
        if js.class_behind(project, after, bound.name) != now:
            continue
        for site, given in js.remote_calls(project, bound, method):
            if given is not None and (new is None or not new.takes(given)):
                yield site.module.at(site.node, "called here")
