"""Read several keys of KV with one `get()`.

`get()` takes up to 100 keys and gives a map. It is one request, and one of the 1,000 operations that an
invocation may do, where a call for each key is one each; of those only six run at once.

## Incorrect

```ts
interface Env {
  USERS: KVNamespace;
}

export default {
  async fetch(request, env): Promise<Response> {
    const names: (string | null)[] = [];
    for (const id of new URL(request.url).searchParams.getAll("id")) {
      names.push(await env.USERS.get(id));
    }
    return Response.json(names);
  },
} satisfies ExportedHandler<Env>;
```

## Correct

```ts
interface Env {
  USERS: KVNamespace;
}

export default {
  async fetch(request, env): Promise<Response> {
    const ids = new URL(request.url).searchParams.getAll("id").slice(0, 100);
    const names = await env.USERS.get(ids);
    return Response.json(ids.map((id) => names.get(id)));
  },
} satisfies ExportedHandler<Env>;
```

## What to do

Before the loop, ask for 100 at a time: `const values = new Map(); for (let at = 0; at < wanted.length; at
+= 100) for (const [key, value] of await kv.get(wanted.slice(at, at + 100))) values.set(key, value);`, with
the keys of all turns for `wanted` (`list.keys.map((it) => it.name)` of a list). In the loop write
`values.get(key)`, which is `null` for a missing one, as before. As it is, each turn is a round trip, and an
invocation may make 1,000 of them.

- "the keys of a list": Before the loop, ask for 100 at a time: `const wanted = names; const values = new
  Map(); for (let at = 0; at < wanted.length; at += 100) for (const [key, value] of await
  kv.get(wanted.slice(at, at + 100))) values.set(key, value);`. In the loop write `values.get(asked)` for
  the call, which is `null` for a missing one, as before. As it is, each turn is a round trip, and an
  invocation may make 1,000 of them.

## Not reported

What may be a class of the project in the place of a namespace. Values that are read as a stream or as bytes,
which only single reads give. Loops that await anything else, and those that can be left before their end:
they may want the first that is there. Lists that are written out.

## Fix safety

No fix: more than 100 keys have to be read in pieces.

Source: https://developers.cloudflare.com/kv/api/read-key-value-pairs/#request-multiple-keys
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import Finding, Match, Module, Severity, call, js, rule
from cflint_rules.kv._namespaces import may_be_other

if TYPE_CHECKING:
    from tree_sitter import Node

_SINGLE = frozenset({"stream", "arrayBuffer"})
_LOOPS = ("", "map")

_PATTERNS = frozenset(
    {"object_pattern", "array_pattern", "pair_pattern", "shorthand_property_identifier_pattern"}
)


@rule(call("get"), severity=Severity.NOTE)
def check(match: Match) -> Iterator[Finding]:
    module = match.module
    if not 1 <= len(match.arguments) <= 2:
        return
    turn = js.turn_around(module, match.node)
    if turn is None or turn.is_async or turn.method not in _LOOPS or turn.may_be_last:
        return
    if match.receiver is None or not match.receiver_value.is_binding("kv"):
        return
    if may_be_other(module, match.receiver):
        return  # whose `get()` takes no list of keys
    if turn.items is not None and module.initializer(js.unwrap(turn.items)).type == "array":
        return
    if not _gives_text(module, match.call.argument(1)) or not turn.changes(match.arguments[0]):
        return
    if match.call.is_awaited and not module.only_awaits(turn.body, match.node):
        return
    yield Finding(
        "each turn reads one key by a request of its own: `get()` takes up to 100 keys at once",
        match.at(),
        words=_words(match, turn),
    )


def _words(match: Match, turn: js.Turn) -> js.Words:
    """The namespace, what says how a value is read, and the keys of all turns, where they are those of a list
    or what it holds of them: `list.keys` and `key.name`."""
    module, key, kind = match.module, match.arguments[0], match.call.argument(1)
    piece = "wanted.slice(at, at + 100)"
    read = js.word(piece, module, kind)
    words = (
        *js.word("kv", module, match.receiver),
        *((piece, f"{piece}, {text}") for _, text in read),
    )
    items, asked = js.word("names", module, turn.items), js.word("asked", module, key)
    member = module.member(key)
    if not items or not asked or (kind is not None and not read):
        return words
    if member is not None and _is_item(turn, js.unwrap(member.object)):
        taken = f"{items[0][1]}.map((it) => it.{member.name})"
    elif _is_item(turn, key):
        pattern = _pattern_of(turn, key)
        taken = items[0][1] if pattern is None else f"{items[0][1]}.map(({pattern}) => {asked[0][1]})"
    else:
        return words
    return (("the keys of a list", ""), *words, *asked, ("names", taken))


def _is_item(turn: js.Turn, node: Node) -> bool:
    """Whether a name is what the loop takes from the list: it is declared in the loop's head."""
    declaration = turn.module.scope.resolve(node) if node.type == "identifier" else None
    return (
        declaration is not None
        and declaration.node.end_byte <= turn.body.start_byte
        and (turn.head.start_byte <= declaration.node.start_byte)
    )


def _pattern_of(turn: js.Turn, name: Node) -> str | None:
    """The pattern that takes a name out of each item; None where the name is the item."""
    declaration = turn.module.scope.resolve(name)
    found = None
    for above in turn.module.ancestors(declaration.node) if declaration is not None else ():
        if above.type not in _PATTERNS:
            break
        found = above
    return turn.module.text(found) if found is not None else None


def _gives_text(module: Module, kind: Node | None) -> bool:
    """Whether the second argument of `get()` asks for text or JSON, which several keys can be read as."""
    if kind is None:
        return True
    named = kind if kind.type != "object" else module.property_value(kind, "type")
    text = module.string_of(named) if named is not None else "text"
    return text is not None and text not in _SINGLE
