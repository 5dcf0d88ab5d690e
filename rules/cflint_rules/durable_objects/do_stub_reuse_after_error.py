"""Make a new stub before a call is tried again.

A stub that has thrown an exception of the runtime (the object was reset, the connection was lost) stays
broken: every later call on it throws the same exception. A loop that tries again with the stub it has never
succeeds.

## Incorrect

```ts
interface Env {
  ROOMS: DurableObjectNamespace;
}

export default {
  async fetch(request, env): Promise<Response> {
    const room = env.ROOMS.getByName(new URL(request.url).pathname);
    for (let attempt = 0; attempt < 3; attempt++) {
      try {
        return await room.fetch(request);
      } catch (error) {
        console.error(error);
      }
    }
    return new Response("Try later", { status: 503 });
  },
} satisfies ExportedHandler<Env>;
```

## Correct

```ts
interface Env {
  ROOMS: DurableObjectNamespace;
}

export default {
  async fetch(request, env): Promise<Response> {
    for (let attempt = 0; attempt < 3; attempt++) {
      const room = env.ROOMS.getByName(new URL(request.url).pathname);
      try {
        return await room.fetch(request);
      } catch (error) {
        console.error(error);
      }
    }
    return new Response("Try later", { status: 503 });
  },
} satisfies ExportedHandler<Env>;
```

## Not reported

Loops that give up at the first error, that set the variable anew, or that go through a list of things
instead of trying one again.

## Errors

```text title="workerd"
Network connection lost.
```

```text title="Cloudflare"
Durable Object reset because its code was updated.
Connection closed: this Durable Object instance is no longer active. Reconnect or retry the request.
```

Seen in https://developers.cloudflare.com/durable-objects/observability/troubleshooting/.

## Fix safety

Unsafe: the stub is made inside the loop, where it is used nowhere else.

Source: https://developers.cloudflare.com/durable-objects/best-practices/error-handling/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import Edit, Finding, Fix, Match, Safety, Severity, ValueKind, call, js, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_LEAVING = frozenset({"return_statement", "break_statement"})


@rule(call("get", "getByName"), severity=Severity.WARNING, fix=Safety.UNSAFE)
def check(match: Match) -> Iterator[Finding]:
    if match.value_of(match.node).kind is not ValueKind.STUB:
        return
    declaration = _declared(match)
    if declaration is None:
        return
    for used, name in match.module.calls_on_name(declaration):
        loop = _retrying_loop(match, used)
        if loop is not None and declaration.node.start_byte < loop.start_byte:
            yield Finding(
                f"`{name}()` is tried again on the same stub, which stays broken once it has thrown",
                match.at(used),
                related=(match.at(match.node, "the stub is made once, here"),),
                fix=_into_loop(match, declaration, loop),
            )
            return


def _declared(match: Match) -> js.Declaration | None:
    """The variable that the stub is put in, and that holds nothing else."""
    name = match.module.given_name(match.node)
    declaration = match.module.scope.resolve(name) if name is not None and name.type == "identifier" else None
    if declaration is None or match.module.scope.assignments(declaration):
        return None
    return declaration


def _retrying_loop(match: Match, used: Node) -> Node | None:
    """The loop around a call whose `try` is left when it succeeds, and gone through again when it throws."""
    attempt = match.module.try_around(used)
    loop = match.module.loop_around(attempt) if attempt is not None else None
    if attempt is None or loop is None or loop.type == "for_in_statement":
        return None
    inner = match.module.loop_around(used)
    return loop if inner is not None and inner.id == loop.id and _tries_again(attempt) else None


def _tries_again(attempt: Node) -> bool:
    tried, caught = js.body_of(attempt), attempt.child_by_field_name("handler")
    handling = js.body_of(caught) if caught is not None else None
    if tried is None or handling is None:
        return False
    leaves = any(node.type in _LEAVING for node in js.walk(tried, into_functions=False))
    statements = [part for part in handling.named_children if part.type != "comment"]
    gives_up = bool(statements) and statements[-1].type in _LEAVING | {"throw_statement"}
    return leaves and not gives_up


def _into_loop(match: Match, declaration: js.Declaration, loop: Node) -> Fix | None:
    module = match.module
    statement = module.parent(declaration.owner)
    body = js.body_of(loop)
    if statement is None or body is None or body.type != "statement_block":
        return None
    alone = sum(1 for part in statement.named_children if part.type == "variable_declarator") == 1
    within = all(
        loop.start_byte < reference.start_byte < loop.end_byte
        for reference in module.scope.references(declaration)
    )
    first = next((part for part in body.named_children), None)
    if not alone or not within or first is None or first.start_byte < statement.end_byte:
        return None
    indent = module.indent_of(first)
    text = module.text(statement)
    moved = module.insert(first.start_byte, f"{text}\n{indent}")
    return Fix(
        "Make the stub inside the loop",
        (Edit(match.document, module.whole_lines(statement), ""), moved),
        Safety.UNSAFE,
    )
