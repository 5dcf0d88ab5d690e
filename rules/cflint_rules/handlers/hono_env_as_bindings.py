"""Give Hono the type of `env` as `Bindings`.

The type argument of `new Hono<…>()` says what the context holds: `Bindings` for `c.env`, `Variables` for
`c.get()`. With the type of `env` in its place `c.env` has no known member, and the compiler refuses a type
that has nothing in common with what it expects.

## Incorrect

```ts
import { Hono } from "hono";

interface Env {
  CACHE: KVNamespace;
}

const app = new Hono<Env>();

app.get("/", async (c) => c.text((await c.env.CACHE.get("greeting")) ?? "hello"));

export default app;
```

## Correct

```ts
import { Hono } from "hono";

interface Env {
  CACHE: KVNamespace;
}

const app = new Hono<{ Bindings: Env }>();

app.get("/", async (c) => c.text((await c.env.CACHE.get("greeting")) ?? "hello"));

export default app;
```

## Not reported

Types that have `Bindings` or `Variables`, that extend another type, or whose members are not in sight.

## Fix safety

Safe: types are not there at run time.

Source: https://hono.dev/docs/getting-started/cloudflare-workers#bindings
"""

from collections.abc import Iterator

from cflint.api import PREVIEW, Finding, Fix, Match, Safety, Severity, js, new, rule

_OWN = frozenset({"Bindings", "Variables"})


@rule(new("Hono", "OpenAPIHono"), severity=Severity.NOTE, fix=Safety.SAFE, presets=(PREVIEW,))
def check(match: Match) -> Iterator[Finding]:
    module = match.module
    given = next((child for child in match.node.children if child.type == "type_arguments"), None)
    first = js.first_named(given) if given is not None else None
    if first is None or first.type != "type_identifier" or match.callee is None:
        return
    app = module.platform_name(match.callee)
    if app is None or (app.module, app.name) not in js.HONO_APPS:
        return
    name = module.text(first)
    facts = match.project.facts.of(module.path)
    declared = facts.types.get(name) if facts is not None else None
    if declared is None or declared.is_open or declared.extends or not declared.members:
        return
    if any(member.name in _OWN for member in declared.members) or not module.is_env_type(name):
        return
    typed = f"{{ Bindings: {name} }}"
    yield Finding(
        f"`{name}` is the type of `env`, which Hono wants as `Bindings`: write `{typed}`",
        match.at(first),
        fix=Fix(f"Write `{typed}`", (match.replace(first, typed),), Safety.SAFE),
    )
