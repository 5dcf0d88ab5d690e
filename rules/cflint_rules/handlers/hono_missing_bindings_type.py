"""Give a Hono app the type of its bindings.

Without it `c.env` is `any`: nothing completes, and a binding with a misspelled name is undefined when the
route runs. `new Hono<{ Bindings: Env }>()` types `c.env` in every route of the app.

## Incorrect

```ts
import { Hono } from "hono";

interface Env {
  CACHE: KVNamespace;
}

const app = new Hono();

app.get("/", async (c) => c.text((await c.env.CACHE.get("home")) ?? ""));

export default app;
```

## Correct

```ts
import { Hono } from "hono";

interface Env {
  CACHE: KVNamespace;
}

const app = new Hono<{ Bindings: Env }>();

app.get("/", async (c) => c.text((await c.env.CACHE.get("home")) ?? ""));

export default app;
```

## Not reported

JavaScript; apps whose routes never read `c.env`; an app whose variable, or a route whose parameter, is typed.

## Fix safety

Safe: types are gone at run time. It is offered when the type of `env` is known.

Source: https://hono.dev/docs/getting-started/cloudflare-workers#bindings
"""

from __future__ import annotations

from collections.abc import Iterator

from cflint.api import REFERENCE, STRICT, Finding, Fix, Match, Safety, Severity, ValueKind, js, new, rule


@rule(new("Hono", "OpenAPIHono"), severity=Severity.NOTE, fix=Safety.SAFE, presets=(REFERENCE, STRICT))
def check(match: Match) -> Iterator[Finding]:
    module = match.module
    callee = match.callee
    if not module.is_typescript or callee is None or callee.type != "identifier":
        return
    if any(child.type == "type_arguments" for child in match.node.children):
        return
    app = module.platform_name(callee)
    if app is None or (app.module, app.name) not in js.HONO_APPS:
        return
    around = module.parent(match.node)
    if around is not None and around.child_by_field_name("type") is not None:
        return  # const app: Hono<…> = new Hono()
    use = next(_untyped_uses(match), None)
    if use is None:
        return
    name = _env_name(match)
    typed = f"new {match.text(callee)}<{{ Bindings: {name or 'Env'} }}>()"
    fix = None
    if name is not None:
        edit = match.insert(callee.end_byte, f"<{{ Bindings: {name} }}>")
        fix = Fix(f"Write `{typed}`", (edit,), Safety.SAFE)
    yield Finding(f"`c.env.{use}` has no type here: write `{typed}`", match.at(callee), fix=fix)


def _untyped_uses(match: Match) -> Iterator[str]:
    """The names read from `c.env` where the type of `c` comes from the app."""
    module = match.module
    for use in module.env_uses():
        read = module.member(use.whole)
        env = module.member(read.object) if read is not None else None
        context = env.object if env is not None else None
        if context is None or context.type != "identifier":
            continue
        if module.value_of(context).kind is not ValueKind.HONO_CONTEXT:
            continue
        declared = module.scope.resolve(context)
        if declared is None or declared.owner.child_by_field_name("type") is not None:
            continue
        if _app_of(match, declared) == match.node.id:
            yield use.name


def _app_of(match: Match, context: js.Declaration) -> int | None:
    """The `new Hono()` of the app whose route a callback with this parameter is."""
    module = match.module
    call = module.callback_of(context.scope)
    while call is not None and not call.is_new:
        if call.receiver is None:
            return None
        app = module.initializer(call.receiver)
        if app.type != "call_expression":
            return app.id
        call = module.call(app)
    return call.node.id if call is not None else None


def _env_name(match: Match) -> str | None:
    """The type of `env` that the module can name."""
    module = match.module
    facts = match.project.facts.of(module.path)
    own = [name for name in (facts.types if facts is not None else ()) if module.is_env_type(name)]
    if len(own) == 1:
        return own[0]
    if module.scope.top_level.get("Env") is not None:
        return "Env"
    names = match.project.env_types.global_names(module.workers)
    return next((name for name in ("CloudflareBindings", "Env") if name in names), None)
