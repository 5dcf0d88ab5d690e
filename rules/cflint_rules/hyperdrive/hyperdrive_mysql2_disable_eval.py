"""Give mysql2 `disableEval: true` in a Worker.

mysql2 generates and compiles a parser for each kind of result. Workers do not allow code generation: the
first query that returns rows fails with "Code generation from strings disallowed for this context". With
`disableEval: true` (from 3.13.0 on) mysql2 parses results without it.

## Incorrect

```ts
import { createConnection } from "mysql2/promise";

export default {
  async fetch(request, env): Promise<Response> {
    const connection = await createConnection({
      host: env.HYPERDRIVE.host,
      user: env.HYPERDRIVE.user,
      password: env.HYPERDRIVE.password,
      database: env.HYPERDRIVE.database,
      port: env.HYPERDRIVE.port,
    });
    const [rows] = await connection.query("SELECT name FROM products LIMIT 10");
    return Response.json(rows);
  },
} satisfies ExportedHandler<Env>;
```

## Correct

```ts
import { createConnection } from "mysql2/promise";

export default {
  async fetch(request, env): Promise<Response> {
    const connection = await createConnection({
      host: env.HYPERDRIVE.host,
      user: env.HYPERDRIVE.user,
      password: env.HYPERDRIVE.password,
      database: env.HYPERDRIVE.database,
      port: env.HYPERDRIVE.port,
      disableEval: true,
    });
    const [rows] = await connection.query("SELECT name FROM products LIMIT 10");
    return Response.json(rows);
  },
} satisfies ExportedHandler<Env>;
```

## Not reported

Options that come from a variable or hold others (`...options`), and code that no Worker reaches.

## Errors

```text title="workerd"
EvalError: Code generation from strings disallowed for this context
```

## Fix safety

Safe: the option is added, and nothing else changes.

Source: https://developers.cloudflare.com/hyperdrive/examples/connect-to-mysql/mysql-drivers-and-libraries/mysql2/
"""

from __future__ import annotations

from collections.abc import Iterator

from cflint.api import Finding, Fix, Match, Safety, Severity, ValueKind, call, js, rule

_OPTION = "disableEval"


@rule(call("createConnection", "createPool"), severity=Severity.ERROR, fix=Safety.SAFE)
def check(match: Match) -> Iterator[Finding]:
    if len(match.arguments) != 1 or not match.module.is_run:
        return
    options = match.module.properties_of(match.arguments[0])
    if not options:
        return  # others than one can see, or none
    given = options.get(_OPTION)
    if given is not None and given.type != "false":
        return
    client = match.value_of(match.node).awaited
    if client.kind is not ValueKind.DATABASE_CLIENT or not client.detail.startswith("mysql2"):
        return
    if given is not None:
        fix = Fix(f"Set `{_OPTION}` to `true`", (match.replace(given, "true"),), Safety.SAFE)
    else:
        edit = match.module.add_properties(js.unwrap(match.arguments[0]), f"{_OPTION}: true")
        fix = Fix(f"Add `{_OPTION}: true`", (edit,), Safety.SAFE)
    yield Finding(
        "mysql2 compiles text unless it is given `disableEval: true`, which Workers refuse: queries fail",
        match.at(match.name),
        fix=fix,
    )
