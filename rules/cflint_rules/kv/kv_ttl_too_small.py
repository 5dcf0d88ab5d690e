"""Keep KV's times above their minimum: 60 seconds to expire, 30 to cache.

`put()` throws when `expirationTtl` is less than 60, and `get()` when `cacheTtl` is less than 30. Both are in
seconds, and so is `expiration`, which is a time since 1970: what `Date.now()` gives is in milliseconds.

## Incorrect

```ts
interface Env {
  CODES: KVNamespace;
}

export default {
  async fetch(request, env): Promise<Response> {
    await env.CODES.put("code", "1234", { expirationTtl: 30 });
    return new Response("sent");
  },
} satisfies ExportedHandler<Env>;
```

## Correct

```ts
interface Env {
  CODES: KVNamespace;
}

export default {
  async fetch(request, env): Promise<Response> {
    await env.CODES.put("code", "1234", { expirationTtl: 60 });
    return new Response("sent");
  },
} satisfies ExportedHandler<Env>;
```

## Not reported

Options of the same names of anything but a KV namespace; values that are not known here.

## Fix safety

Safe: the call throws as it is; with the minimum it does what it can.

Source: https://developers.cloudflare.com/kv/api/write-key-value-pairs/
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import Finding, Fix, Match, Module, Safety, Severity, call, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_MINIMUM = {"expirationTtl": 60, "cacheTtl": 30}
_LATEST_SECONDS = 100_000_000_000  # the year 5138; milliseconds passed it in 1973


@rule(call("put", "get", "getWithMetadata"), severity=Severity.ERROR, fix=Safety.SAFE)
def check(match: Match) -> Iterator[Finding]:
    module = match.module
    index = 2 if match.word == "put" else 1
    if len(match.arguments) <= index or not match.receiver_value.is_binding("kv"):
        return
    options = match.arguments[index]
    name = "expirationTtl" if match.word == "put" else "cacheTtl"
    written = module.property_value(options, name)
    seconds = module.number(written) if written is not None else None
    if written is not None and seconds is not None and seconds < _MINIMUM[name]:
        least = _MINIMUM[name]
        own = module.number(written) is not None and written.type != "identifier"
        fix = Fix(f"Raise it to {least}", (match.replace(written, str(least)),), Safety.SAFE)
        yield Finding(
            f"`{name}` is {seconds:g} seconds, and has to be at least {least}: this throws",
            match.at(written),
            fix=fix if own and _is_in(options, written) else None,
        )
    expiration = module.property_value(options, "expiration") if match.word == "put" else None
    if expiration is not None and _in_milliseconds(module, expiration):
        yield Finding(
            "`expiration` is in seconds since 1970, and this is in milliseconds", match.at(expiration)
        )


def _is_in(outer: "Node", inner: "Node") -> bool:
    return outer.start_byte <= inner.start_byte and inner.end_byte <= outer.end_byte


def _in_milliseconds(module: Module, node: "Node") -> bool:
    """Whether an expression is in milliseconds: a number as large, or `Date.now()` plus something."""
    number = module.number(node)
    if number is not None:
        return number > _LATEST_SECONDS
    found = list(module.origins(node))
    divided = any(part.type == "binary_expression" and _divides(part) for part in found)
    plain = all(part.type != "call_expression" or module.text(part) in ("Date.now()",) for part in found)
    return plain and not divided and any(module.text(part) == "Date.now()" for part in found)


def _divides(node: "Node") -> bool:
    operator = node.child_by_field_name("operator")
    return operator is not None and operator.type in ("/", ">>", ">>>", "|", "*")
