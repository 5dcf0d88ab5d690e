"""Pick the headers that are stored, queued or logged; never copy all of them.

All headers of a request together hold its `Authorization` and its `Cookie`. In a queue, in a namespace or in
the logs these outlive the request, and whoever can read them there can act as the user.

## Incorrect

```ts
interface Env {
  VISITS: Queue<{ url: string; headers: Record<string, string> }>;
}

export default {
  async fetch(request, env): Promise<Response> {
    await env.VISITS.send({ url: request.url, headers: Object.fromEntries(request.headers) });
    return new Response("ok");
  },
} satisfies ExportedHandler<Env>;
```

## Correct

```ts
interface Env {
  VISITS: Queue<{ url: string; agent: string | null }>;
}

export default {
  async fetch(request, env): Promise<Response> {
    await env.VISITS.send({ url: request.url, agent: request.headers.get("user-agent") });
    return new Response("ok");
  },
} satisfies ExportedHandler<Env>;
```

## Not reported

Headers that are filtered on the way, or from which some are deleted; headers that go on to another server
with the request itself.

## Fix safety

There is no fix: which headers are needed is up to the author.

Source: https://developers.cloudflare.com/workers/best-practices/workers-best-practices/
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import Finding, Match, Module, Severity, ValueKind, call, js, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_SINKS = {"send": "queue", "sendBatch": "queue", "put": "kv"}
_LOGS = ("log", "info", "warn", "error", "debug")
_WORDS = {"queue": "are put in a queue", "kv": "are stored", "log": "are logged"}
_LIMIT = 200


@rule(call(*_SINKS, *_LOGS), severity=Severity.WARNING)
def check(match: Match) -> Iterator[Finding]:
    module = match.module
    if match.word in _SINKS:
        where = _SINKS[match.word]
        value = match.receiver_value
        if not value.is_binding(where) and not (where == "kv" and value.is_binding("r2")):
            return
    elif module.is_global(match.receiver, "console"):
        where = "log"
    else:
        return
    for argument in match.arguments:
        for headers in _all_headers(module, argument):
            inside = match.node.start_byte <= headers.start_byte < match.node.end_byte
            yield Finding(
                f"all headers of the request, with its cookies and tokens, {_WORDS[where]}",
                module.at(headers),
                () if inside else (match.at(match.node, "they go there"),),
            )


def _all_headers(module: Module, node: "Node") -> Iterator["Node"]:
    """The expressions that copy all headers of the request into a value."""
    todo = [node]
    for _ in range(_LIMIT):
        if not todo:
            return
        node = js.unwrap(todo.pop())
        match node.type:
            case "identifier" | "shorthand_property_identifier":
                made = module.initializer(node) if node.type == "identifier" else _named(module, node)
                if made is not None and made.id != node.id and not _is_changed(module, node):
                    todo.append(made)
            case "object" | "array":
                spread = [part for part in node.named_children if part.type == "spread_element"]
                if node.type == "array" and spread and _spreads_headers(module, spread[0]):
                    yield node
                    continue
                for part in reversed(node.named_children):
                    if part.type == "pair":
                        value = part.child_by_field_name("value")
                        todo.extend([value] if value is not None else [])
                    elif part.type == "spread_element":
                        todo.extend(part.named_children[:1])
                    elif part.type != "comment":
                        todo.append(part)
            case "call_expression":
                if _copies(module, node):
                    yield node
                elif module.callee_name(node) == "stringify":
                    todo.extend(js.arguments_of(node)[:1])
            case "template_string":
                for part in node.named_children:
                    if part.type == "template_substitution":
                        todo.extend(part.named_children[:1])


def _copies(module: Module, call: "Node") -> bool:
    """`Object.fromEntries(headers)`, `Array.from(headers)`, `c.req.header()`."""
    callee = call.child_by_field_name("function")
    if callee is None or callee.type != "member_expression":
        return False
    owner = callee.child_by_field_name("object")
    name = module.callee_name(call)
    arguments = js.arguments_of(call)
    if name == "header" and not arguments:
        return module.value_of(owner).kind is ValueKind.HONO_REQUEST
    if name == "fromEntries" and module.is_global(owner, "Object") and len(arguments) == 1:
        return _is_headers(module, arguments[0])
    return (
        name == "from"
        and module.is_global(owner, "Array")
        and len(arguments) == 1
        and _is_headers(module, arguments[0])
    )


def _is_headers(module: Module, node: "Node") -> bool:
    """Whether an expression is the headers of the incoming request, or all their entries."""
    node = module.initializer(node)
    if node.type == "call_expression" and module.callee_name(node) == "entries":
        callee = node.child_by_field_name("function")
        inner = callee.child_by_field_name("object") if callee is not None else None
        node = module.initializer(inner) if inner is not None else node
    if node.type == "array":
        spread = [part for part in node.named_children if part.type == "spread_element"]
        return len(spread) == 1 and _spreads_headers(module, spread[0])
    value = module.value_of(node)
    owner = value.inner
    return (
        value.kind is ValueKind.HEADERS
        and owner is not None
        and owner.kind is ValueKind.REQUEST
        and owner.detail != "new"
    )


def _named(module: Module, name: "Node") -> "Node | None":
    declaration = module.scope.resolve(name)
    if declaration is None or declaration.value is None or declaration.path:
        return None
    return js.unwrap(declaration.value)


def _is_changed(module: Module, name: "Node") -> bool:
    """Whether something is deleted from, or set in, the object that a name holds."""
    declaration = module.scope.resolve(name)
    if declaration is None:
        return True
    for use in module.scope.references(declaration):
        access = module.parent(use)
        if access is None or access.type not in ("member_expression", "subscript_expression"):
            continue
        around = module.parent(access)
        if around is not None and around.type in ("unary_expression", "assignment_expression"):
            target = around.child_by_field_name("left") or around.child_by_field_name("argument")
            if target is not None and target.id == access.id:
                return True
    return False


def _spreads_headers(module: Module, spread: "Node") -> bool:
    return any(_is_headers(module, inner) for inner in spread.named_children[:1])
