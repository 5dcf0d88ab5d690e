"""Return what `c.json()`, `c.text()` and their like make.

They make a response and send nothing: Hono sends what the handler returns. Without `return` the handler goes
on as if nothing were said, and what it returns at its end is sent: another response, or none, which Hono
turns into a 404 or an error of its own.

## Incorrect

```ts
import { Hono } from "hono";

const app = new Hono();

app.get("/image", async (c) => {
  const name = c.req.query("name");
  if (name === undefined) {
    c.json({ error: "name is missing" }, 400);
  }
  return c.text(`image ${name}`);
});

export default app;
```

## Correct

```ts
import { Hono } from "hono";

const app = new Hono();

app.get("/image", async (c) => {
  const name = c.req.query("name");
  if (name === undefined) {
    return c.json({ error: "name is missing" }, 400);
  }
  return c.text(`image ${name}`);
});

export default app;
```

## Not reported

Responses that are assigned (`c.res = c.json(…)`), passed on, thrown, or kept in a variable; `c.header()`,
`c.status()` and `c.set()`, which are made to be called for their effect.

## Errors

```text title="Hono"
Error: Context is not finalized. Did you forget to return a Response object or `await next()`?
```

Seen in https://github.com/honojs/hono/blob/main/src/hono-base.ts.

## Fix safety

Unsafe: `return` is put before the call, after which what follows no longer runs.

Source: https://hono.dev/docs/api/context
"""

from __future__ import annotations

from collections.abc import Iterator

from cflint.api import Finding, Fix, Match, Safety, Severity, ValueKind, call, rule


@rule(
    call("json", "text", "html", "body", "redirect", "notFound"),
    severity=Severity.WARNING,
    fix=Safety.UNSAFE,
)
def check(match: Match) -> Iterator[Finding]:
    module = match.module
    if match.receiver_value.kind is not ValueKind.HONO_CONTEXT or module.response_made(match.node) is None:
        return
    whole = module.with_wrappers(match.node)
    around = module.parent(whole)
    if around is not None and around.type == "await_expression":
        whole, around = around, module.parent(around)
    if around is None or around.type != "expression_statement":
        return
    yield Finding(
        f"the response of `{match.word}()` is dropped: Hono sends what the handler returns",
        match.at(),
        fix=_fix(match, whole.start_byte),
    )


def _fix(match: Match, start: int) -> Fix | None:
    """`return` before the call, where the function around is the one that is given the context."""
    module, function = match.module, match.enclosing_function
    kinds = {module.value_of(one.pattern).kind for one in module.parameters(function)} if function else set()
    if ValueKind.HONO_CONTEXT not in kinds:
        return None
    return Fix("Return the response", (module.insert(start, "return "),), Safety.UNSAFE)
