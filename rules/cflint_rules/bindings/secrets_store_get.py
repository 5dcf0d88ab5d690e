"""Read a secret of the Secrets Store with `await env.NAME.get()`.

A binding to a secret in the Secrets Store is an object with an asynchronous `get()`, not a string as a
Worker's own secrets are. As text it is the name of an object, such as `[object Fetcher]`, so every request to
the other side is refused.

## Incorrect

```jsonc
{
  "name": "mailer",
  "main": "src/index.ts",
  "compatibility_date": "2026-08-01",
  "observability": { "enabled": true },
  "secrets_store_secrets": [
    { "binding": "MAIL_KEY", "store_id": "8f3c1a9b7d2e4c6fa0b1d5e7c9f2a3b4", "secret_name": "mail-key" }
  ]
}
```

```ts
export default {
  async fetch(request, env): Promise<Response> {
    return fetch("https://mail.example.com", { headers: { authorization: `Bearer ${env.MAIL_KEY}` } });
  },
} satisfies ExportedHandler<Env>;
```

## Correct

```jsonc
{
  "name": "mailer",
  "main": "src/index.ts",
  "compatibility_date": "2026-08-01",
  "observability": { "enabled": true },
  "secrets_store_secrets": [
    { "binding": "MAIL_KEY", "store_id": "8f3c1a9b7d2e4c6fa0b1d5e7c9f2a3b4", "secret_name": "mail-key" }
  ]
}
```

```ts
export default {
  async fetch(request, env): Promise<Response> {
    const key = await env.MAIL_KEY.get();
    return fetch("https://mail.example.com", { headers: { authorization: `Bearer ${key}` } });
  },
} satisfies ExportedHandler<Env>;
```

## What to do

Write `(await env.NAME.get())` for it, in an `async` function whose callers await it. As it is, the text
`[object Fetcher]` stands in its place.

## Not reported

The binding itself when it is passed on: the other code may call `get()`.

## Fix safety

Safe in an asynchronous function: the binding becomes `(await env.NAME.get())`.

Source: https://developers.cloudflare.com/secrets-store/integrations/workers/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import Finding, Fix, Match, Module, Safety, Severity, identifier, member_access, quoted, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_TEXT_OPERATORS = frozenset({"+", "===", "==", "!==", "!="})
_TEXT_METHODS = frozenset(
    {"length", "trim", "split", "slice", "startsWith", "endsWith", "includes", "replace"}
)


@rule(identifier("env"), member_access("env"), severity=Severity.ERROR, fix=Safety.SAFE)
def check(match: Match) -> Iterator[Finding]:
    module = match.module
    secret = module.parent(module.with_wrappers(match.node))
    if secret is None or secret.type != "member_expression":
        return
    if not match.value_of(secret).is_binding("secrets_store_secret"):
        return
    whole = module.with_wrappers(secret)
    if not _is_used_as_text(module, whole):
        return
    name = match.text(secret)
    read = quoted(f"await {name}.get()")
    yield Finding(
        f"{quoted(name)} is a Secrets Store binding and no string: read it with {read}",
        match.at(secret),
        fix=_fix(match, whole, name),
    )


def _fix(match: Match, whole: Node, name: str) -> Fix | None:
    if match.enclosing_function is None or not match.module.can_await(whole):
        return None
    parent = match.module.parent(whole)
    bare = parent is not None and parent.type in ("template_substitution", "pair", "arguments")
    text = f"await {name}.get()"
    return Fix("Read the secret", (match.replace(whole, text if bare else f"({text})"),), Safety.SAFE)


def _is_used_as_text(module: Module, secret: Node) -> bool:
    parent = module.parent(secret)
    read = module.member_read(secret)
    if parent is None or read is not None:
        return read is not None and read.name in _TEXT_METHODS
    if parent.type == "template_substitution":
        return True
    if parent.type == "pair":
        return _is_header(module, parent)
    operation = module.operation(parent)
    if operation is None or operation.operator not in _TEXT_OPERATORS:
        return False
    return all(side.type not in ("null", "undefined") for side in operation.operands)


def _is_header(module: Module, pair: Node) -> bool:
    """Whether a pair stands in an object under `headers:`."""
    whole = module.parent(pair)
    outer = module.parent(module.with_wrappers(whole)) if whole is not None else None
    return outer is not None and outer.type == "pair" and module.key(outer) == "headers"
