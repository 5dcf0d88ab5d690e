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

## Fix safety

Safe: the option is added, and nothing else changes.

Source: https://developers.cloudflare.com/hyperdrive/examples/connect-to-mysql/mysql-drivers-and-libraries/mysql2/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import Finding, Fix, Match, Safety, Severity, ValueKind, call, js, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_OPTION = "disableEval"


@rule(call("createConnection", "createPool"), severity=Severity.ERROR, fix=Safety.SAFE)
def check(match: Match) -> Iterator[Finding]:
    if match.document.data.find(b"mysql2") == -1 or len(match.arguments) != 1 or not match.module.workers:
        return
    options = js.unwrap(match.arguments[0])
    if options.type != "object":
        return
    parts = [part for part in options.named_children if part.type != "comment"]
    names = {match.module.key(part): part for part in parts}
    if None in names or not parts:
        return  # there may be others
    given = names.get(_OPTION)
    value = given.child_by_field_name("value") if given is not None else None
    if given is not None and (value is None or js.unwrap(value).type != "false"):
        return
    client = match.value_of(match.node).awaited
    if client.kind is not ValueKind.DATABASE_CLIENT or not client.detail.startswith("mysql2"):
        return
    yield Finding(
        "mysql2 compiles text unless it is given `disableEval: true`, which Workers refuse: queries fail",
        match.at(match.name),
        fix=_fix(match, parts, value),
    )


def _fix(match: Match, parts: list[Node], value: Node | None) -> Fix:
    title = f"Add `{_OPTION}: true`"
    if value is not None:
        return Fix(f"Set `{_OPTION}` to `true`", (match.replace(value, "true"),), Safety.SAFE)
    last = parts[-1]
    line_of = match.document.line_of
    apart = line_of(last.start_byte) > line_of(match.arguments[0].start_byte)
    between = ",\n" + match.module.indent_of(last) if apart else ", "
    line = match.document.line_span(line_of(last.end_byte))
    if b"/" in match.document.data[last.end_byte : line.end]:  # a comment stays with its option
        edit = match.insert(last.start_byte, f"{_OPTION}: true{between}")
    else:
        edit = match.insert(last.end_byte, f"{between}{_OPTION}: true")
    return Fix(title, (edit,), Safety.SAFE)
