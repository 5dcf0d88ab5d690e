"""Answer with `Response.json()`, which sets the type of the content itself.

A response that is made of `JSON.stringify()` and a header says in two places that it is JSON, and the header
is what a copy of the line forgets.

## Incorrect

```ts
export default {
  async fetch(): Promise<Response> {
    return new Response(JSON.stringify({ ok: true }), { headers: { "Content-Type": "application/json" } });
  },
} satisfies ExportedHandler;
```

## Correct

```ts
export default {
  async fetch(): Promise<Response> {
    return Response.json({ ok: true });
  },
} satisfies ExportedHandler;
```

## Not reported

Responses with a status or other headers, and `JSON.stringify()` with a second argument.

## Fix safety

Safe for an object or an array that is written out. There is no fix for anything else: of `undefined`,
`JSON.stringify()` makes an empty response and `Response.json()` an error.

Source: https://developers.cloudflare.com/workers/runtime-apis/response/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import Finding, Fix, Match, Safety, Severity, new, rule

if TYPE_CHECKING:
    from tree_sitter import Node


@rule(new("Response"), severity=Severity.NOTE, fix=Safety.SAFE)
def check(match: Match) -> Iterator[Finding]:
    module = match.module
    if len(match.arguments) != 2 or not module.is_from(match.callee, "", "Response"):
        return
    body = module.call(match.arguments[0])
    if body is None or len(body.arguments) != 1 or not module.is_from(body.callee, "", "JSON.stringify"):
        return
    if not _says_json_and_nothing_else(match, match.arguments[1]):
        return
    value = body.arguments[0]
    fix = None
    if value.type in ("object", "array"):
        edit = match.replace(match.node, f"Response.json({match.text(value)})")
        fix = Fix("Use `Response.json()`", (edit,), Safety.SAFE)
    yield Finding("`Response.json()` makes this response with its header", match.at(match.node), fix=fix)


def _says_json_and_nothing_else(match: Match, options: Node) -> bool:
    """Whether options hold the header of the content's type, as JSON, and nothing else."""
    headers = match.module.property_value(options, "headers")
    if headers is None or len(options.named_children) != 1 or len(headers.named_children) != 1:
        return False
    if headers.type != "object" or headers.named_children[0].type != "pair":
        return False
    name = match.text(headers.named_children[0].child_by_field_name("key")).strip("\"'").lower()
    value = match.module.string(headers.named_children[0].child_by_field_name("value"))
    return name == "content-type" and value == "application/json"
