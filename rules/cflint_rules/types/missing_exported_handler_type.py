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

Write `} satisfies ExportedHandler<Env>;` after the exported object. No `Env` is known here: unless the
project has one, declare above it what the code reads, bindings with their types, secrets as `string`.

- "types by import": Give each parameter its type: `request: Request`, `env: Env`, `ctx: ExecutionContext`,
  with `import type { ExecutionContext } from "@cloudflare/workers-types"` at the top. No tsconfig.json names
  that package: `satisfies ExportedHandler<Env>` would compare its `Request` with the one of the DOM, and not
  compile.
- "no types of the platform": Run `npx wrangler types` first, which writes `Env` and the types of the platform
  (before wrangler 4 `Env` alone: add `@cloudflare/workers-types` to `compilerOptions.types`). Then write `}
  satisfies ExportedHandler<Env>;` after the exported object.
- "event given on": Write `ScheduledController` for `ScheduledEvent`, here and in the functions that get the
  event, then `} satisfies ExportedHandler<Env>;` after the exported object: `ScheduledEvent` is the event of
  `addEventListener("scheduled", …)`, and has more than the controller that a handler of a module gets.

## Not reported

JavaScript; a default export that is a class, an app or a call; handlers whose parameters and results are all
typed, or the parameters alone where `ExportedHandler` is not in scope; parameters with a type of one's own,
which the one of the platform need not fit; `as`; an object with more than handlers in it, or with one that
stands elsewhere and asks for another event; modules that a Worker has beside its entry, and whose handlers it
calls itself.

## Fix safety

Unsafe: where not all that `fetch()` returns is seen to be a response, TypeScript may refuse it. Otherwise
safe: types are gone at run time. It is offered when the type of `env` is known or its members are, and the
types of the platform are in scope. A `ScheduledEvent` becomes the `ScheduledController` that a module's
handler gets, where nothing but `cron`, `scheduledTime` and `noRetry()` of it is used. An `Env` that is
written anew has the bindings of the configuration, and what else the code reads as `string`: secrets are
texts.

Source: https://developers.cloudflare.com/workers/best-practices/workers-best-practices/,
https://developers.cloudflare.com/workers/languages/typescript/,
https://developers.cloudflare.com/workers/runtime-apis/handlers/scheduled/
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import Edit, Finding, Fix, Match, Safety, Severity, config, fixes, js, keyword, pattern, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_HANDLERS = js.MODULE_HANDLERS - {"test", "connect"}
_FIRST = {
    "fetch": pattern(r"Request(?:<.*>)?", re.S),
    "scheduled": pattern(r"ScheduledController|ScheduledEvent"),
    "queue": pattern(r"MessageBatch(?:<.*>)?", re.S),
    "email": pattern(r"(?:Forwardable)?EmailMessage"),
    "tail": pattern(r"TraceItem\[\]"),
    "trace": pattern(r"TraceItem\[\]"),
}
"""What the first parameter of a handler may be typed as for `ExportedHandler` to fit."""
_THIRD = pattern(r"ExecutionContext(?:<(?:unknown|any)>)?")
_OPEN = frozenset({"any", "unknown"})
_EVENT = "ScheduledEvent"
_OF_CONTROLLER = frozenset({"cron", "scheduledTime", "noRetry"})
"""What a `ScheduledController` has of a `ScheduledEvent`."""
_PACKAGE = "@cloudflare/workers-types"


@rule(keyword("default"), severity=Severity.NOTE, fix=Safety.UNSAFE)
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
    if not _has_only_handlers(match, exported) or not all(
        _fits(match, name, function) for name, function in functions.items()
    ):
        return
    if not all(_named_fits(match, part) for part in exported.named_children):
        return
    if not js.default_is_entrypoint(match.module):
        return  # code of the Worker calls it, and checks what it gives
    untyped = any(not _has_types(match, function) for function in functions.values())
    types = _types_in_scope(match)
    if not types.is_global and not untyped:
        return  # for what is returned alone, nobody brings the types of the platform
    is_whole = all(part.type in ("method_definition", "pair") for part in exported.named_children)
    name = _env_type(
        match, functions, only_functions=is_whole and len(functions) == exported.named_child_count
    )
    body = _queue_body(match, functions.get("queue"))
    given = ", ".join(
        it for it in ("Env" if name is None else name or ("unknown" if body else ""), body) if it
    )
    wanted = f"satisfies ExportedHandler<{given}>" if given else "satisfies ExportedHandler"
    fix, words = _fix(match, exported, functions, name, wanted, types)
    what = (
        "the parameters of these handlers have no type"
        if untyped
        else "nothing checks what these handlers return"
    )
    advised = f"add `{wanted}` to the default export" if types is not _IMPORTED else "give them one"
    yield Finding(f"{what}: {advised}", match.at(_keyword_node(statement)), fix=fix, words=words)


_IMPORTED = config.RuntimeTypes.IMPORTED


def _fix(
    match: Match,
    exported: Node,
    functions: dict[str, Node],
    name: str | None,
    wanted: str,
    types: config.RuntimeTypes,
) -> tuple[Fix | None, tuple[tuple[str, str], ...]]:
    """What adds the type, with what it asks for beside; or the case of the page for what is in its way."""
    if types is _IMPORTED:
        return None, (("types by import", ""),)
    if not types.is_global:
        return None, (("no types of the platform", ""),)
    event = _event_edits(match, functions.get("scheduled"))
    if event is None:
        return None, (("event given on", ""),)
    edits, title = [*event, match.insert(exported.end_byte, f" {wanted}")], f"Add `{wanted}`"
    if event:
        title += ", and write `ScheduledController` for `ScheduledEvent`"
    if name is None:
        declared = _declared_env(match, functions)
        if declared is None:
            return None, ()
        statement = match.module.parent(exported) or exported
        edits.insert(0, match.insert(statement.start_byte, f"{declared}\n\n"))
        title += ", with an `Env` of what is read"
    fetch = functions.get("fetch")
    is_seen = fetch is None or js.always_gives_response(match.module, fetch)
    return Fix(title, tuple(edits), Safety.SAFE if is_seen else Safety.UNSAFE), ()


def _types_in_scope(match: Match) -> config.RuntimeTypes:
    """Where the types of the platform come from, as far as it decides whether `ExportedHandler` is known."""
    scope, module = match.module.scope, match.module
    if "ExportedHandler" in scope.top_level or "ExportedHandler" in scope.top_level_types:
        return config.RuntimeTypes.PACKAGE
    found = [config.runtime_types_of(module.project, worker) for worker in module.workers]
    if not found or any(types.is_global for types in found):
        return config.RuntimeTypes.UNKNOWN
    return _IMPORTED if _IMPORTED in found else config.RuntimeTypes.NONE


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


def _has_only_handlers(match: Match, exported: Node) -> bool:
    """Whether nothing is in the object that `ExportedHandler` does not have, such as a `port`."""
    for part in exported.named_children:
        name = part.child_by_field_name("name") or part.child_by_field_name("key")
        if part.type == "shorthand_property_identifier":
            name = part
        if name is None:
            continue  # a comment, or other objects in it
        key = match.text(name) if name is part else match.module.property_name(name)
        if key is not None and key not in js.MODULE_HANDLERS:
            return False
    return True


def _fits(match: Match, name: str, function: Node) -> bool:
    """Whether `ExportedHandler` takes a handler with these types of its first and third parameter."""
    parameters = list(match.module.parameters(function))
    for at, expected in ((0, _FIRST.get(name)), (2, _THIRD)):
        declared = parameters[at].type if len(parameters) > at else None
        text = match.text(declared) if declared is not None else "any"
        if expected is not None and text not in _OPEN and expected.fullmatch(text) is None:
            return False
    return True


def _named_fits(match: Match, part: Node) -> bool:
    """Whether a handler that is only named in the object is known to fit, or is `fetch`: an app mostly."""
    value = part.child_by_field_name("value") if part.type == "pair" else part
    key = part.child_by_field_name("key")
    name = match.module.property_name(key) if key is not None else match.text(part)
    if value is None or name is None or name == "fetch" or name not in _FIRST:
        return True
    if part.type not in ("pair", "shorthand_property_identifier") or value.type in js.FUNCTIONS:
        return True
    found = js.function_given(match.module, value)
    if found is None:
        return False  # it may ask for a `ScheduledEvent`
    module, function = found
    declared = next((it.type for it in module.parameters(function)), None)
    text = module.text(declared) if declared is not None else "any"
    return text in _OPEN or (text != _EVENT and _FIRST[name].fullmatch(text) is not None)


def _has_types(match: Match, function: Node) -> bool:
    return all(parameter.type is not None for parameter in match.module.parameters(function))


def _is_typed(match: Match, function: Node) -> bool:
    return _has_types(match, function) and function.child_by_field_name("return_type") is not None


def _event_edits(match: Match, function: Node | None) -> list[Edit] | None:
    """What gives the first parameter of `scheduled()` the type that it has in a module; None where more of
    the event is used, or another function gets it."""
    parameters = match.module.parameters(function)[:1] if function is not None else ()
    for parameter in parameters:
        declared = parameter.type
        if declared is None or match.text(declared) != _EVENT:
            continue
        scope = match.module.scope
        name = scope.resolve(parameter.pattern) if parameter.pattern.type == "identifier" else None
        uses = scope.references(name) if name is not None else ()
        if name is None or not all(_is_of_controller(match, use) for use in uses):
            return None
        edits = [Edit(match.document, match.module.at(declared).span, "ScheduledController")]
        if _EVENT in scope.top_level or _EVENT in scope.top_level_types:
            imports = fixes.add_imports(match.module, ("ScheduledController",), _PACKAGE, types=True)
            if imports is None:
                return None
            edits.extend(imports)
        return edits
    return []


def _is_of_controller(match: Match, use: Node) -> bool:
    above = match.module.parent(use)
    part = above.child_by_field_name("property") if above is not None else None
    return part is not None and part.id != use.id and match.text(part) in _OF_CONTROLLER


def _env_type(match: Match, functions: dict[str, Node], *, only_functions: bool) -> str | None:
    """The type of `env`: what the second parameters of handlers say, or the one that the module knows; ""
    where none is needed, None where none is known."""
    written = {
        match.text(declared)
        for function in functions.values()
        for parameter in match.module.parameters(function)[1:2]
        if (declared := parameter.type) is not None
    }
    named = sorted(written - _OPEN)
    if named:
        return " & ".join(named) if all(re.fullmatch(r"[\w$.]+", it) for it in named) else None
    if "any" in written:
        return "any"
    if written:
        return "" if only_functions else "any"
    scope = match.module.scope
    local = [found.name for found in match.module.env_types()]
    if len(local) == 1:
        return local[0]
    if "Env" in scope.top_level or "Env" in scope.top_level_types:
        return "Env"
    known = match.project.env_types.global_names(match.module.workers)
    return "Env" if "Env" in known else next(iter(known)) if len(known) == 1 else None


def _declared_env(match: Match, functions: dict[str, Node]) -> str | None:
    """An `Env` of what the code reads, where nothing declares one; None where a type of it cannot be told."""
    module = match.module
    second = [it for function in functions.values() for it in module.parameters(function)[1:2]]
    if any(parameter.type is not None for parameter in second):
        return None  # typed as something that has no name
    names = dict.fromkeys(use.name for use in module.env_uses())
    if any(not _is_read_by_name(match, parameter) for parameter in second):
        names |= dict.fromkeys(it.name for found in module.environments for it in found.bindings)
    types: dict[str, str] = {}
    for name in names:
        bound = module.bindings_named(name)
        wanted = module.type_for(bound[0]) if bound else "string"
        if wanted is None or not name.isidentifier():
            return None
        types[name] = wanted
    if not types:
        return None
    step = module.indent_unit
    return "interface Env {\n" + "".join(f"{step}{name}: {wanted};\n" for name, wanted in types.items()) + "}"


def _is_read_by_name(match: Match, parameter: js.Parameter) -> bool:
    """Whether an `env` is not handed on as a whole."""
    if parameter.pattern.type != "identifier":
        return True
    scope = match.module.scope
    name = scope.resolve(parameter.pattern)
    uses = scope.references(name) if name is not None else ()
    parents = (match.module.parent(use) for use in uses)
    return all(above is not None and above.type == "member_expression" for above in parents)


def _queue_body(match: Match, queue: Node | None) -> str | None:
    """`Job` of a first parameter that is a `MessageBatch<Job>`."""
    for parameter in match.module.parameters(queue)[:1] if queue is not None else ():
        declared = parameter.type
        text = match.text(declared) if declared is not None else ""
        found = re.fullmatch(r"MessageBatch<(.+)>", text, re.DOTALL)
        if found is not None and found[1] != "unknown":
            return " ".join(found[1].split())
    return None
