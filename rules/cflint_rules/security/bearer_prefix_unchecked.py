"""Check for `Bearer ` before cutting it off an `Authorization` header.

`header.slice(7)` cuts seven characters off whatever was sent: `Basic dXNlcjpwYXNz` becomes `XNlcjpwYXNz`, a
token without a scheme loses its start. A request that does not follow the scheme should be refused, not read
as something else.

## Incorrect

```ts
export default {
  async fetch(request: Request): Promise<Response> {
    const header = request.headers.get("Authorization");
    const token = header?.slice(7);
    return new Response(token ? "ok" : "no token", { status: token ? 200 : 401 });
  },
};
```

## Correct

```ts
export default {
  async fetch(request: Request): Promise<Response> {
    const header = request.headers.get("Authorization");
    const token = header?.startsWith("Bearer ") ? header.slice(7) : undefined;
    return new Response(token ? "ok" : "no token", { status: token ? 200 : 401 });
  },
};
```

## What to do

Write `if (!header?.startsWith("Bearer ")) return new Response(null, { status: 401 })`, with what is read from
`Authorization` for `header` (`"Basic "` where name and password are expected), and cut the prefix off with
`header.slice(7)` after it.

## Not reported

Functions that look for the scheme in any way, by `startsWith` or a regular expression.

## Fix safety

Unsafe: requests with another scheme, or with none, are no longer accepted.

Source: https://www.rfc-editor.org/rfc/rfc6750#section-2.1
"""

import re
from collections.abc import Iterator

from cflint.api import REFERENCE, STRICT, Finding, Fix, Match, Safety, Severity, call, js, pattern, rule

_SCHEME = pattern(rb"bearer", re.IGNORECASE)
_LENGTH = len("Bearer ")


@rule(
    call("slice", "substring", "substr", "split"),
    severity=Severity.NOTE,
    fix=Safety.UNSAFE,
    presets=(REFERENCE, STRICT),
)
def check(match: Match) -> Iterator[Finding]:
    module, node = match.module, match.node
    owner = match.receiver
    if owner is None or len(match.arguments) != 1:
        return
    if match.word == "split":
        taken = module.parent(module.with_wrappers(node))
        index = taken.child_by_field_name("index") if taken is not None else None
        if index is None or module.number(index) != 1 or module.string_of(match.arguments[0]) != " ":
            return
    elif module.number(match.arguments[0]) != _LENGTH:
        return
    if not any(module.header_read(found) == "authorization" for found in module.alternatives(owner)):
        return
    if next(module.mentions(_SCHEME, match.enclosing_function), None) is not None:
        return
    name = js.unwrap(owner)
    fix = None
    if name.type == "identifier" and match.word != "split":
        held = module.text(name)
        text = f'({held}?.startsWith("Bearer ") ? {held}.{match.word}({_LENGTH}) : undefined)'
        fix = Fix("Check for `Bearer ` first", (match.replace(node, text),), Safety.UNSAFE)
    yield Finding("the scheme is cut off `Authorization` without a look at it", match.at(node), fix=fix)
