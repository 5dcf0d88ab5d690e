"""Let no call of another Worker come back to where it began: the chain ends with an exception after 32 calls.

A request may run Workers 32 times at most, and each call by a service binding counts. A method that calls a
method of another Worker that calls the first one again goes round until that limit, or until one of them has
a reason to stop; each waits for the next one meanwhile.

## Incorrect

```jsonc title="cart/wrangler.jsonc"
{ "name": "cart", "main": "index.ts", "services": [{ "binding": "PRICES", "service": "prices" }] }
```

```ts title="cart/index.ts"
import { WorkerEntrypoint } from "cloudflare:workers";

export default class extends WorkerEntrypoint<Env> {
  async total(id: string): Promise<number> {
    return this.env.PRICES.price(id);
  }
}
```

```jsonc title="prices/wrangler.jsonc"
{ "name": "prices", "main": "index.ts", "services": [{ "binding": "CART", "service": "cart" }] }
```

```ts title="prices/index.ts"
import { WorkerEntrypoint } from "cloudflare:workers";

export default class extends WorkerEntrypoint<Env> {
  async price(id: string): Promise<number> {
    return (await this.env.CART.total(id)) > 100 ? 9 : 10;
  }
}
```

## Correct

```jsonc title="cart/wrangler.jsonc"
{
  "name": "cart",
  "main": "index.ts",
  "compatibility_date": "2026-08-01",
  "observability": { "enabled": true },
  "services": [{ "binding": "PRICES", "service": "prices" }],
}
```

```ts title="cart/index.ts"
import { WorkerEntrypoint } from "cloudflare:workers";

interface Env {
  PRICES: Service;
}

export default class extends WorkerEntrypoint<Env> {
  async total(id: string, sum: number): Promise<number> {
    return this.env.PRICES.price(id, sum);
  }
}
```

```jsonc title="prices/wrangler.jsonc"
{
  "name": "prices",
  "main": "index.ts",
  "compatibility_date": "2026-08-01",
  "observability": { "enabled": true },
}
```

```ts title="prices/index.ts"
import { WorkerEntrypoint } from "cloudflare:workers";

export default class extends WorkerEntrypoint<Env> {
  async price(id: string, sum: number): Promise<number> {
    return sum > 100 ? id.length : 10;
  }
}
```

## Not reported

Calls of `fetch()` that depend on anything: where they lead depends on the URL. Calls from functions that more
than three others lead to, and by a binding that was handed on alone; names that several Workers have, and
Workers of other repositories. Each circle is told once.

## Fix safety

No fix: where the circle should be cut is not known.

Source: https://developers.cloudflare.com/workers/runtime-apis/bindings/service-bindings/#limits
"""

from __future__ import annotations

from collections.abc import Iterator

from cflint.api import PREVIEW, Documents, Finding, Project, Severity, Worker, js, quoted, rule, worker


@rule(worker(), severity=Severity.NOTE, presets=(PREVIEW,), deployed=True, documents=Documents.NOTHING)
def check(subject: Worker, project: Project) -> Iterator[Finding]:
    if subject.config is None:
        return
    steps = js.service_steps(project)
    told: set[frozenset[tuple[str, ...]]] = set()
    for step in sorted(steps, key=_place):
        chain = js.way_back(steps, step)
        ends = frozenset(one.source for one in chain or ())
        if chain is None or ends in told:
            continue
        told.add(ends)
        if step.source[0] != subject.config.path:
            continue  # that Worker tells it
        first = quoted(step.source[2])
        if len(chain) == 1:
            what = f"{first} calls itself by way of this binding"
        else:
            called = f"{quoted(step.target[2])} of {_whose(project, step.target)}"
            what = f"{first} calls {called}, from which a call comes back to {first}"
        yield Finding(
            f"{what}: after 32 calls it throws",
            step.at,
            tuple(one.at.saying("called back here") for one in chain[1:4]),
        )


def _whose(project: Project, end: tuple[str, ...]) -> str:
    """The Worker that has an end, as its configuration calls it."""
    names = (one.name for one in project.workers if one.config is not None and one.config.path == end[0])
    name = next(names, None)
    return f"the Worker {quoted(name)}" if name else "another Worker"


def _place(step: js.Step) -> tuple[str, int]:
    return step.at.document.path, step.at.span.start
