"""Let `satisfies ExportedHandler<Env>` check the handlers of the default export.

It types the parameters, so that `env.DB` completes and a misspelled binding is an error, and so is a handler
that returns what the runtime does not accept, or whose name the runtime never calls.

## Incorrect

```ts
interface Env {
  CACHE: KVNamespace;
}

export default {
  async fetch(request, env) {
    return new Response(await env.CACHE.get(request.url));
  },
};
```

## Correct

```ts
interface Env {
  CACHE: KVNamespace;
}

export default {
  async fetch(request, env) {
    return new Response(await env.CACHE.get(request.url));
  },
} satisfies ExportedHandler<Env>;
```

## What to do

Write `} satisfies ExportedHandler<Env>;` after the exported object (or declare the variable so); `Env`
comes from `wrangler types`.

- "types by import": Write `} satisfies ExportedHandler<Env>;` after the exported object, and at the top
  `import type { ExportedHandler } from "@cloudflare/workers-types"`: no tsconfig.json names the package.
- "no types of the platform": Run `npx wrangler types` first, which writes `Env` and the types of the platform
  (before wrangler 4 `Env` alone: add `@cloudflare/workers-types` to `compilerOptions.types`). Then write `}
  satisfies ExportedHandler<Env>;` after the exported object.

## Not reported

JavaScript; a default export that is a class, an app or a call; handlers whose parameters and results are all
typed; `as` and a type of one's own; modules that a Worker has beside its entry, and whose handlers it calls
itself.

## Fix safety

Safe: types are gone at run time. It is offered when the type of `env` is known, and the types of the platform
are in scope.

Source: https://developers.cloudflare.com/workers/best-practices/workers-best-practices/,
https://developers.cloudflare.com/workers/languages/typescript/
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import Finding, Fix, Match, Safety, Severity, config, js, keyword, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_HANDLERS = js.MODULE_HANDLERS - {"test", "connect"}


@rule(keyword("default"), severity=Severity.NOTE, fix=Safety.SAFE)
def check(match: Match) -> Iterator[Finding]:
    statement = match.node
    if statement.type != "export_statement" or not match.module.is_typescript:
        return
    exported = statement.child_by_field_name("value")
    if exported is None or exported.type != "object" or exported.has_error:
        return  # with `satisfies` or `as` around it, it is no object
    functions = dict(_functions(match, exported))
    if not functions.keys() & _HANDLERS or all(_is_typed(match, function) for function in functions.values()):
        return
    if not js.default_is_entrypoint(match.module):
        return  # code of the Worker calls it, and checks what it gives
    name = _env_type(match, functions)
    body = _queue_body(match, functions.get("queue"))
    given = f"{name or 'Env'}, {body}" if body is not None else name or "Env"
    wanted = f"satisfies ExportedHandler<{given}>"
    fix, words = None, _types_to_add(match)
    if name is not None and not words:
        fix = Fix(f"Add `{wanted}`", (match.insert(exported.end_byte, f" {wanted}"),), Safety.SAFE)
    untyped = any(not _has_types(match, function) for function in functions.values())
    what = "nothing checks what these handlers return"
    if untyped:
        what = "the parameters of these handlers have no type"
    at = match.at(_keyword_node(statement))
    yield Finding(f"{what}: add `{wanted}` to the default export", at, fix=fix, words=words)


def _types_to_add(match: Match) -> tuple[tuple[str, str], ...]:
    """The name of the case for what `ExportedHandler` needs here; none where it can be named."""
    scope, module = match.module.scope, match.module
    if "ExportedHandler" in scope.top_level or "ExportedHandler" in scope.top_level_types:
        return ()
    found = {config.runtime_types_of(module.project, worker) for worker in module.workers}
    if not found or any(types.is_global for types in found):
        return ()
    is_package = config.RuntimeTypes.IMPORTED in found
    return (("types by import" if is_package else "no types of the platform", ""),)


def _keyword_node(statement: Node) -> Node:
    return next((child for child in statement.children if child.type == "default"), statement)


def _functions(match: Match, exported: Node) -> Iterator[tuple[str, Node]]:
    """The handlers that are written in the object itself."""
    for part in exported.named_children:
        name = part.child_by_field_name("name") or part.child_by_field_name("key")
        function = part if part.type == "method_definition" else part.child_by_field_name("value")
        if name is None or function is None or function.type not in js.FUNCTIONS:
            continue
        key = match.module.property_name(name)
        if key is not None and key in _HANDLERS:
            yield key, function


def _has_types(match: Match, function: Node) -> bool:
    return all(parameter.type is not None for parameter in match.module.parameters(function))


def _is_typed(match: Match, function: Node) -> bool:
    return _has_types(match, function) and function.child_by_field_name("return_type") is not None


def _env_type(match: Match, functions: dict[str, Node]) -> str | None:
    """The type of `env`: what a handler's second parameter says, or the one that the module knows."""
    written = {
        match.text(declared)
        for function in functions.values()
        for parameter in match.module.parameters(function)[1:2]
        if (declared := parameter.type) is not None
    }
    if written:
        only = next(iter(written)) if len(written) == 1 else None
        return only if only is not None and re.fullmatch(r"[\w$.]+", only) and only != "any" else None
    scope = match.module.scope
    local = [found.name for found in match.module.env_types()]
    if len(local) == 1:
        return local[0]
    if "Env" in scope.top_level or "Env" in scope.top_level_types:
        return "Env"
    return "Env" if "Env" in match.project.env_types.global_names(match.module.workers) else None


def _queue_body(match: Match, queue: Node | None) -> str | None:
    """`Job` of a first parameter that is a `MessageBatch<Job>`."""
    for parameter in match.module.parameters(queue)[:1] if queue is not None else ():
        declared = parameter.type
        text = match.text(declared) if declared is not None else ""
        found = re.fullmatch(r"MessageBatch<(.+)>", text, re.DOTALL)
        if found is not None and found[1] != "unknown":
            return " ".join(found[1].split())
    return None
