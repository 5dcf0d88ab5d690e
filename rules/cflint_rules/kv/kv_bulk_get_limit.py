"""Read at most 100 keys of KV with one `get()`.

`get()` with a list of more than 100 keys throws. `list()` gives up to 1,000 keys at once: code that hands all
of them to `get()` works until there are more than 100.

## Incorrect

```ts
interface Env {
  PAGES: KVNamespace;
}

export default {
  async fetch(request, env): Promise<Response> {
    let page = await env.PAGES.list({ prefix: "draft:" });
    const names = page.keys.map((key) => key.name);
    while (!page.list_complete) {
      page = await env.PAGES.list({ prefix: "draft:", cursor: page.cursor });
      names.push(...page.keys.map((key) => key.name));
    }
    const drafts = await env.PAGES.get(names, "json");
    return Response.json([...drafts.values()]);
  },
} satisfies ExportedHandler<Env>;
```

## Correct

```ts
interface Env {
  PAGES: KVNamespace;
}

export default {
  async fetch(request, env): Promise<Response> {
    const drafts: unknown[] = [];
    let cursor: string | undefined;
    do {
      const page = await env.PAGES.list({ prefix: "draft:", limit: 100, cursor });
      const values = await env.PAGES.get(page.keys.map((key) => key.name), "json");
      drafts.push(...values.values());
      cursor = page.list_complete ? undefined : page.cursor;
    } while (cursor !== undefined);
    return Response.json(drafts);
  },
} satisfies ExportedHandler<Env>;
```

## Not reported

Keys of a `list()` with a `limit` of at most 100, or one that is not known; keys of which a part is taken
(`slice()`), or of which the number is asked for.

## Errors

```text title="workerd"
Error: KV GET_BULK failed: 400 You can request a maximum of … keys
```

## Fix safety

There is no fix: the keys have to be read in pieces.

Source: https://developers.cloudflare.com/kv/api/read-key-value-pairs/#request-multiple-keys,
src/workerd/api/kv.c++ of workerd (`getBulk`), and workers-sdk,
`packages/miniflare/src/workers/kv/namespace.worker.ts`
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import Finding, Match, Module, Severity, call, js, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_MOST = 100
_STEPS = 12
"""How many names the keys are followed through."""
_PARTS = frozenset({"slice", "splice", "substring", "pop", "shift", "filter", "find"})


@rule(call("get", "getWithMetadata"), severity=Severity.NOTE)
def check(match: Match) -> Iterator[Finding]:
    if not match.arguments or js.unwrap(match.arguments[0]).type in ("string", "template_string"):
        return
    module = match.module
    if not module.document.has_word("list") or not match.receiver_value.is_binding("kv"):
        return
    listed = _list_behind(module, match.arguments[0])
    if listed is not None:
        yield Finding(
            "`list()` gives up to 1,000 keys, and `get()` throws with more than 100",
            match.at(match.arguments[0]),
            (module.at(listed, "the keys are listed here"),),
        )


def _list_behind(module: Module, keys: Node) -> Node | None:
    """The `list()` whose keys a list holds, all of them; None where there are fewer, or that is not known."""
    todo, seen = [js.unwrap(keys)], set[int]()
    for _ in range(_STEPS):
        if not todo:
            return None
        node = js.unwrap(todo.pop())
        if node.id in seen:
            continue
        seen.add(node.id)
        match node.type:
            case "identifier":
                declaration = module.scope.resolve(node)
                if declaration is None or declaration.kind is js.DeclarationKind.PARAMETER:
                    return None
                if any(_is_counted(module, use) for use in module.scope.references(declaration)):
                    return None
                if declaration.value is not None:
                    todo.append(declaration.value)
            case "await_expression":
                todo.append(node.named_children[0])
            case "member_expression":
                member = module.member(node)
                if member is not None and member.name == "keys":
                    todo.append(member.object)
            case "array":
                todo += [
                    part.named_children[0] for part in node.named_children if part.type == "spread_element"
                ]
            case "call_expression":
                made = module.call(node)
                if made is None or made.receiver is None or made.name in _PARTS:
                    return None
                if made.name == "map":
                    todo.append(made.receiver)
                elif made.name == "list" and _lists_more(module, made):
                    return made.node
            case "ternary_expression":
                todo += node.named_children[1:]
    return None


def _lists_more(module: Module, made: js.Call) -> bool:
    """Whether a call lists the keys of a namespace, and may give more than can be read at once."""
    if not module.value_of(made.receiver).is_binding("kv"):
        return False
    options = made.argument(0)
    if options is None:
        return True
    if js.is_open_object(module, options):
        return False
    limit = module.property_value(options, "limit")
    number = module.number(limit) if limit is not None else None
    return limit is None or (number is not None and number > _MOST)


def _is_counted(module: Module, use: Node) -> bool:
    """Whether somebody compares how many there are with another number than 0, or takes a part of them."""
    read = module.member_read(use)
    if read is None:
        return False
    if read.name in _PARTS:
        return True
    around = module.operation(module.parent(read.node)) if read.name == "length" else None
    if around is None:
        return False
    return not any(module.number(side) == 0 for side in around.operands if side is not None)
