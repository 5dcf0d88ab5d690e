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

## What to do

Write `env.NAME` for `process.env.NAME`, here and at the other places: as it is, the value is `undefined`.

- "no env here": Add `import { env } from "cloudflare:workers"`, and write `env.NAME` for
  `process.env.NAME`, here and at the other places: as it is, the value is `undefined`, or this throws.

## Not reported

`NODE_ENV`, which the build replaces, what has a default (`??`), and what is asked for (`process.env.DEBUG ===
"1"`, but not `process.env.STAGE !== "production"`, which then always holds). Modules that check whether there
is a `process`, or set its variables, and Workers whose build may replace them (`define`, a build command,
Vite). Modules of which it is not known that a Worker has them.

## Errors

```text title="workerd"
ReferenceError: process is not defined
```

## Fix safety

There is no fix: where `env` comes from is up to the author.

Source: https://developers.cloudflare.com/workers/configuration/compatibility-flags/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import Environment, Finding, Module, Severity, join_names, js, module, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_POPULATES = "nodejs_compat_populate_process_env"
_REPLACED = frozenset({"NODE_ENV"})
_OF_TOOLS = frozenset({"CI", "JEST_WORKER_ID", "NEXT_RUNTIME", "RUNTIME", "VITEST"})
"""By which a module asks where it runs."""
_REPLACING = ("define", "build", "node_compat", "alias")
"""What of a configuration may put something else in the place of `process.env`."""

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
    if module.document.data.find(b"process.env.") == -1 or not module.environments:
        return
    if any(_is_built_otherwise(module, environment) for environment in module.environments):
        return
    reads = list(_reads(module))
    if not reads or _asks(module):
        return
    populated = {environment.enables(_POPULATES) for environment in module.environments}
    if populated == {False}:
        first = reads[0][0]
        names = list(dict.fromkeys(f"`{name}`" for _, name in reads))
        known = {environment.enables("nodejs_compat") for environment in module.environments}
        what = "there is no `process`" if known == {False} else "nothing is put into `process.env`"
        yield Finding(
            f"{what} at this compatibility date and with these flags: "
            f"{join_names(names, _SHOWN)} can be read from `env`",
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
    for process in _processes(module):
        env = module.member_read(process)
        read = module.member_read(env.node) if env is not None and env.name == "env" else None
        is_plain = read is not None and read.node.type == "member_expression" and process.type == "identifier"
        if read is None or not is_plain or read.name in _REPLACED or _is_asked(module, read.node):
            continue
        if not js.is_dead(module, read.node):  # what a package of the monorepo has for its scripts
            yield read.node, read.name


def _is_asked(module: Module, read: Node) -> bool:
    """Whether somebody asks if a variable is there. Which text it is, is no such question where the answer is
    that it is not a certain one: `process.env.STAGE !== "production"` holds wherever nothing is in it."""
    compared = module.operation(module.parent(module.with_wrappers(read)))
    member = module.member(read)
    if member is not None and member.name in _OF_TOOLS:
        return module.is_guard(read)
    if compared is not None and compared.operator in ("!=", "!=="):
        return not any(module.string_of(side) for side in compared.operands if side is not None)
    return module.is_guard(read)


def _asks(module: Module) -> bool:
    """Whether the module asks whether there is a `process`, sets its variables, or takes it for something
    else by a cast."""
    for process in _processes(module):
        env = module.member_read(process)
        if module.is_guard(process):
            return True
        if env is None or env.name != "env":
            continue
        name = module.member_read(env.node)
        if _is_set(module, env.node) or _is_cast(module, env.node):
            return True
        if module.is_guard(env.node) if name is None else (name.is_optional or _is_set(module, name.node)):
            return True
    return False


def _is_set(module: Module, node: Node) -> bool:
    given = module.assignment(module.parent(node))
    return given is not None and given.target.id == node.id


def _is_cast(module: Module, node: Node) -> bool:
    parent = module.parent(node)
    return parent is not None and parent.type in ("as_expression", "satisfies_expression")


def _processes(module: Module) -> Iterator[Node]:
    """The places of the global `process`, also as `globalThis.process`."""
    for leaf in module.leaves("process", module.root):
        node = module.parent(leaf) if leaf.type == "property_identifier" else leaf
        if node is not None and module.is_global(node, "process"):
            yield node


def _is_built_otherwise(module: Module, environment: Environment) -> bool:
    """Whether something other than wrangler may put text in the place of `process.env`."""
    if any(environment.value(key) is not None for key in _REPLACING):
        return True
    if environment.config.top.own("node_compat") is not None or any(map(environment.is_open, _REPLACING)):
        return True
    names = module.project.workspace.entries(environment.config.directory)
    return any(name.startswith(_OTHER_BUILDS) for name in names)
