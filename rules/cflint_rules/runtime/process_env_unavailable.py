"""Read variables and secrets from `env` where `process.env` does not have them.

`process.env` holds the variables and secrets of a Worker only with `nodejs_compat` and a compatibility date
of 2025-04-01 or later (or `nodejs_compat_populate_process_env`). Before that everything in it is `undefined`,
and without `nodejs_compat` there is no `process` at all. It never holds bindings that are not text.

## Incorrect

```ts
export default {
  async fetch(request, env): Promise<Response> {
    const origin = process.env.UPSTREAM_ORIGIN;
    return fetch(new URL(new URL(request.url).pathname, origin));
  },
} satisfies ExportedHandler<Env>;
```

```jsonc
{
  "compatibility_date": "2026-08-01",
  "vars": { "UPSTREAM_ORIGIN": "https://upstream.example.com" },
}
```

## Correct

```ts
export default {
  async fetch(request, env): Promise<Response> {
    const origin = env.UPSTREAM_ORIGIN;
    return fetch(new URL(new URL(request.url).pathname, origin));
  },
} satisfies ExportedHandler<Env>;
```

```jsonc
{
  "compatibility_date": "2026-08-01",
  "vars": { "UPSTREAM_ORIGIN": "https://upstream.example.com" },
}
```

## Not reported

`NODE_ENV`, which the build replaces, and what has a default (`??`). Modules that check whether there is a
`process`, or set its variables, and Workers whose build may replace them (`define`, a build command, Vite).
Modules of which it is not known that a Worker has them.

## Fix safety

There is no fix: where `env` comes from is up to the author.

Source: https://developers.cloudflare.com/workers/configuration/compatibility-flags/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import Environment, Finding, Module, Severity, join_names, module, pattern, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_POPULATES = "nodejs_compat_populate_process_env"
_READ = pattern(rb"process\.env\.([A-Za-z_]\w*)")
_ASKS = pattern(
    rb"typeof (?:globalThis\.)?process\b|process\?\.|process\.env\s*(?:[=?|]|as\b)|process\.env\.\w+\s*=[^=]"
)
_REPLACED = frozenset({"NODE_ENV"})
_OTHER_BUILDS = (
    "vite.config.",
    "webpack.config.",
    "rollup.config.",
    "next.config.",
    "nuxt.config.",
    "astro.config.",
)
_SHOWN = 4


@rule(module("process"), severity=Severity.WARNING)
def check(module: Module) -> Iterator[Finding]:
    data = module.document.data
    if data.find(b"process.env.") == -1 or not module.environments or _ASKS.search(data) is not None:
        return
    if any(_is_built_otherwise(module, environment) for environment in module.environments):
        return
    reads = [read for read in _reads(module) if read[1] not in _REPLACED]
    if not reads:
        return
    populated = {environment.enables(_POPULATES) for environment in module.environments}
    if populated == {False}:
        first = reads[0][0]
        names = list(dict.fromkeys(f"`{name}`" for _, name in reads))
        shown = names[:_SHOWN] + ([f"{len(names) - _SHOWN} more"] if len(names) > _SHOWN else [])
        known = {environment.enables("nodejs_compat") for environment in module.environments}
        what = "there is no `process`" if known == {False} else "nothing puts them in `process.env`"
        yield Finding(
            f"{what} at this compatibility date and with these flags: "
            f"{join_names(shown)} can be read from `env`",
            module.at(first),
            tuple(module.at(node, "and here") for node, _ in reads[1:4]),
        )
    elif populated == {True}:
        for node, name in reads:
            bound = {
                found.kind.is_value if (found := environment.binding(name)) is not None else None
                for environment in module.environments
            }
            if bound == {False}:
                yield Finding(
                    f"`process.env` holds only text: the binding `{name}` is in `env`", module.at(node)
                )


def _reads(module: Module) -> Iterator[tuple[Node, str]]:
    """The expressions `process.env.NAME` of which nobody asks whether they are there, with the name."""
    for match in _READ.finditer(module.document.data):
        node = module.node_at(match.start(), match.end())
        if node is None or node.type != "member_expression" or node.start_byte != match.start():
            continue
        owner = node.child_by_field_name("object")
        process = owner.child_by_field_name("object") if owner is not None else None
        if module.is_global(process, "process") and not module.is_guard(node):
            yield node, match[1].decode()


def _is_built_otherwise(module: Module, environment: Environment) -> bool:
    """Whether something other than wrangler may put text in the place of `process.env`."""
    if any(environment.value(key) is not None for key in ("define", "build", "node_compat", "alias")):
        return True
    if environment.config.top.own("node_compat") is not None or environment.incomplete:
        return True
    names = module.project.workspace.entries(environment.config.directory)
    return any(name.startswith(_OTHER_BUILDS) for name in names)
