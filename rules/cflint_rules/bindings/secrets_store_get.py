"""Read a secret of the Secrets Store with `await env.NAME.get()`.

A binding to a secret in the Secrets Store is an object with an asynchronous `get()`, not a string as a
Worker's own secrets are. As text it is `[object Object]`, so every request to the other side is refused.

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

## Not reported

The binding itself when it is passed on: the other code may call `get()`.

## Fix safety

Safe in an asynchronous function: the binding becomes `(await env.NAME.get())`.

Source: https://developers.cloudflare.com/secrets-store/integrations/workers/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import Finding, Fix, Match, Safety, Severity, identifier, js, member_access, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_TEXT_OPERATORS = frozenset({"+", "===", "==", "!==", "!="})
_TEXT_METHODS = frozenset(
    {"length", "trim", "split", "slice", "startsWith", "endsWith", "includes", "replace"}
)


@rule(identifier("env"), member_access("env"), severity=Severity.ERROR, fix=Safety.SAFE)
def check(match: Match) -> Iterator[Finding]:
    syntax = match.module.syntax
    secret = syntax.parent(js.with_wrappers(syntax, match.node))
    if secret is None or secret.type != "member_expression":
        return
    if not match.value_of(secret).is_binding("secrets_store_secret"):
        return
    whole = js.with_wrappers(syntax, secret)
    parent = syntax.parent(whole)
    if parent is None or not _used_as_text(match, whole, parent):
        return
    name = match.text(secret)
    yield Finding(
        f"`{name}` is a Secrets Store binding and no string: read it with `await {name}.get()`",
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


def _used_as_text(match: Match, secret: Node, parent: Node) -> bool:
    match parent.type:
        case "template_substitution":
            return True
        case "binary_expression":
            operator = parent.child_by_field_name("operator")
            other = parent.child_by_field_name("left")
            if other is not None and other.id == secret.id:
                other = parent.child_by_field_name("right")
            empty = other is not None and js.unwrap(other).type in ("null", "undefined")
            return operator is not None and operator.type in _TEXT_OPERATORS and not empty
        case "member_expression":
            name = parent.child_by_field_name("property")
            target = parent.child_by_field_name("object")
            is_target = target is not None and target.id == secret.id
            return is_target and name is not None and match.text(name) in _TEXT_METHODS
        case "pair":
            return _is_header(match, parent)
    return False


def _is_header(match: Match, pair: Node) -> bool:
    """Whether a pair stands in an object under `headers:`."""
    syntax = match.module.syntax
    listed = syntax.parent(pair)
    outer = syntax.parent(js.with_wrappers(syntax, listed)) if listed is not None else None
    key = outer.child_by_field_name("key") if outer is not None and outer.type == "pair" else None
    return key is not None and js.property_name(syntax, key) == "headers"
