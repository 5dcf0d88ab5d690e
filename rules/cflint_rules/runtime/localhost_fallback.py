"""Fail where an address is missing that only a deployment has: do not fall back to `localhost`.

On Cloudflare nothing listens at `localhost`: where the variable is missing, because it was set in another
environment or forgotten, every request to that address fails, and the message says nothing of the variable.

## Incorrect

```ts
interface Env {
  API_URL?: string;
}

export default {
  async fetch(request, env): Promise<Response> {
    const api = env.API_URL ?? "http://localhost:8080";
    return fetch(new URL("/paste", api), { signal: AbortSignal.timeout(10_000) });
  },
} satisfies ExportedHandler<Env>;
```

## Correct

```ts
interface Env {
  API_URL?: string;
}

export default {
  async fetch(request, env): Promise<Response> {
    if (env.API_URL === undefined) throw new Error("API_URL is not set");
    return fetch(new URL("/paste", env.API_URL), { signal: AbortSignal.timeout(10_000) });
  },
} satisfies ExportedHandler<Env>;
```

## What to do

Before it: `if (!env.NAME) throw new Error("NAME is not set")`, and leave out the default behind it. Set it
for deployments (`vars` of the configuration) and for local development (`.dev.vars`).

- "by process.env": Before it: `if (!env.NAME) throw new Error("NAME is not set")`, and leave out the
  default behind it. Set it for deployments (`vars` of the configuration; what the build reads, in its
  environment) and for local development (`.env`).

## Not reported

Variables that every environment of the configuration sets; fallbacks behind another condition (`DEV ? … :
…`), and those in lists of origins that are allowed; variables that a build puts into the code
(`NEXT_PUBLIC_…`); files that are called as a part of the development server. Modules of which it is not known
that a Worker runs them.

## Fix safety

Unsafe: what needs the address fails now where it is not set, so set it along, for deployments (`vars` of the
configuration) and for local development (`.dev.vars`, in frameworks `.env`).

Source: https://developers.cloudflare.com/workers/configuration/environment-variables/
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import (
    Edit,
    Finding,
    Fix,
    Match,
    Module,
    Safety,
    Severity,
    Span,
    config,
    identifier,
    js,
    member_access,
    pattern,
    rule,
)

if TYPE_CHECKING:
    from tree_sitter import Node

_DEFAULTS = frozenset({"??", "||"})
_OTHERS = pattern(r"ORIGIN|CORS|ALLOW|^(?:NEXT_PUBLIC|VITE|PUBLIC|NUXT_PUBLIC|REACT_APP)_", re.IGNORECASE)
"""Names of variables that list who may call, and of those that a build puts into the code."""


@rule(identifier("env"), member_access("env"), severity=Severity.NOTE, fix=Safety.UNSAFE)
def check(match: Match) -> Iterator[Finding]:
    module, node = match.module, match.node
    access = module.member(module.parent(module.with_wrappers(node)))
    if access is None or js.unwrap(access.object).id != js.unwrap(node).id:
        return
    default = module.operation(module.parent(module.with_wrappers(access.node)))
    if default is None or default.operator not in _DEFAULTS or default.left is None:
        return
    if (
        default.left.id != js.unwrap(access.node).id
        and js.unwrap(default.left).id != js.unwrap(access.node).id
    ):
        return
    text = module.string_of(default.right)
    if text is None or not js.is_local_address(text) or _OTHERS.search(access.name):
        return
    if (
        config.is_of_development(module.path)
        or not module.is_run
        or not module.runs_in_worker(node)
        or module.secret_at(node) is not js.Secret.ENV
    ):
        return
    if _is_set(module, access.name) or _is_local_only(module, default.right):
        return
    yield Finding(
        f"without `{access.name}` the address is `localhost`, where nothing answers on Cloudflare",
        match.at(default.right),
        words=(
            *((("by process.env", ""),) if module.text(access.node).startswith("process.") else ()),
            *js.word("env.NAME", module, access.node),
            ("NAME", access.name),
        ),
        fix=_fix(module, access.node, default),
    )


def _fix(module: Module, read: Node, default: js.Operation) -> Fix | None:
    """A fix that throws where the variable is not set, in place of the default."""
    statement = module.statement_of(read)
    holder = module.parent(statement) if statement is not None else None
    left, right = default.left, default.right
    if (
        statement is None
        or holder is None
        or holder.type != "statement_block"
        or left is None
        or right is None
    ):
        return None
    text = module.text(read)
    name = text.rpartition(".")[2]
    end = module.semicolon_of(statement, ";")
    asked = f'if (!{text}) throw new Error("{name} is not set"){end}\n{module.indent_of(statement)}'
    edits = (
        module.insert(statement.start_byte, asked),
        Edit(module.document, Span(left.end_byte, right.end_byte), ""),
    )
    return Fix("Throw where it is not set", edits, Safety.UNSAFE)


def _is_set(module: Module, name: str) -> bool:
    """Whether every environment sets a variable."""
    environments = module.environments
    return bool(environments) and all(found.binding(name) is not None for found in environments)


def _is_local_only(module: Module, node: Node) -> bool:
    """Whether a fallback stands behind another condition."""
    for above in module.ancestors(node):
        if above.type in ("ternary_expression", "if_statement"):
            return True
        if above.type in js.FUNCTIONS:
            return False
    return False
