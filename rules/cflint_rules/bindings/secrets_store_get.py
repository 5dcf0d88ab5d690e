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

- "of SvelteKit": Where it is used, in an `async` function whose callers await it, write `typeof env.NAME
  === "string" ? env.NAME : await (env.NAME as { get(): Promise<string> }).get()` for it:
  `$env/dynamic/private` calls it a text, which it is under `vite dev` alone. While the module loads,
  nothing can be asked for: a constant of it goes.
- "while the module loads": Take the constant out, and write `(await env.NAME.get())` where it is used, in
  an `async` function whose callers await it: while the module loads, nothing can be asked for. As it is,
  the text `[object Fetcher]` stands in its place.

## Not reported

The binding itself when it is passed on: the other code may call `get()`.

SvelteKit's `env` of "$env/dynamic/private" holds the bindings as they are, so this is said of it, too.

## Fix safety

Safe in an asynchronous function: the binding becomes `(await env.NAME.get())`.

Source: https://developers.cloudflare.com/secrets-store/integrations/workers/,
https://github.com/sveltejs/kit/blob/main/packages/adapter-cloudflare/src/worker.js (`server.init({ env })`)
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

_TEXT_FUNCTIONS = frozenset({"encode", "encodeURIComponent", "btoa", "atob"})
"""Functions that make a text of what they are given."""
_PRIVATE_ENV = "$env/dynamic/private"


@rule(identifier("env"), member_access("env"), severity=Severity.ERROR, fix=Safety.SAFE)
def check(match: Match) -> Iterator[Finding]:
    module = match.module
    secret = module.parent(module.with_wrappers(match.node))
    if secret is None or secret.type != "member_expression":
        return
    if not match.value_of(secret).is_binding("secrets_store_secret") and not _is_of_sveltekit(match, secret):
        return
    whole = module.with_wrappers(secret)
    used = whole if _is_used_as_text(module, whole) else _used_by_name(module, whole)
    if used is None:
        return
    name = match.text(secret)
    read = quoted(f"await {name}.get()")
    yield Finding(
        f"{quoted(name)} is a Secrets Store binding and no string: read it with {read}",
        match.at(secret),
        () if used is whole else (match.at(used, "here it is taken for a text"),),
        fix=_fix(match, whole, name) if used is whole else None,
        words=(
            *((("of SvelteKit", ""),) if _is_of_sveltekit(match, secret) else ()),
            *((("while the module loads", ""),) if match.enclosing_function is None else ()),
        ),
    )


def _is_of_sveltekit(match: Match, secret: Node) -> bool:
    """Whether a member is such a binding of `env` as SvelteKit hands it on in "$env/dynamic/private"."""
    declaration = match.module.scope.resolve(match.node)
    imported = declaration.imported if declaration is not None else None
    if imported is None or (imported.module, imported.name) != (_PRIVATE_ENV, "env"):
        return False
    read = match.module.member(secret)
    bound = match.module.bindings_named(read.name) if read is not None else []
    return bool(bound) and all(each.kind.id == "secrets_store_secret" for each in bound)


def _used_by_name(module: Module, secret: Node) -> Node | None:
    """The first place at which a constant that holds a secret is taken for a text."""
    name = module.given_name(secret)
    declaration = module.scope.resolve(name) if name is not None and name.type == "identifier" else None
    if declaration is None or declaration.path or not declaration.constant:
        return None
    uses = [use for use in module.scope.references(declaration) if use.id != declaration.node.id]
    if any((read := module.member_read(use)) is not None and read.name == "get" for use in uses):
        return None
    return next((use for use in uses if _is_used_as_text(module, module.with_wrappers(use))), None)


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
    if parent.type == "arguments":
        made = module.call_around(secret)
        return made is not None and made[1] == 0 and made[0].name in _TEXT_FUNCTIONS
    operation = module.operation(parent)
    if operation is None or operation.operator not in _TEXT_OPERATORS:
        return False
    return all(side.type not in ("null", "undefined") for side in operation.operands)


def _is_header(module: Module, pair: Node) -> bool:
    """Whether a pair stands in an object under `headers:`."""
    whole = module.parent(pair)
    outer = module.parent(module.with_wrappers(whole)) if whole is not None else None
    return outer is not None and outer.type == "pair" and module.key(outer) == "headers"
