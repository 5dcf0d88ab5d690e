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
they may want the first that is there. Lists that are written out. Projects whose wrangler is older than 4.6,
in which local development and the types know no list of keys.

## Fix safety

Unsafe: all keys are read before the first turn, also those that the loop would have passed over. No fix is
offered where a key is made of more than the item.

Source: https://developers.cloudflare.com/kv/api/read-key-value-pairs/#request-multiple-keys,
https://github.com/cloudflare/workers-sdk/pull/8623
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import (
    Finding,
    Fix,
    Match,
    Module,
    Safety,
    Severity,
    call,
    config,
    fixes,
    js,
    pattern,
    record,
    rule,
)
from cflint_rules.kv._namespaces import may_be_other

if TYPE_CHECKING:
    from tree_sitter import Node

_SINGLE = frozenset({"stream", "arrayBuffer"})
_LOOPS = ("", "map")
_TAKES_LISTS_FROM = (4, 6, 0)
"""The version of wrangler whose local KV takes several keys."""
_MOST_HOPS = 3
_BLOCKS = frozenset({"statement_block", "program"})
_CONDITIONAL = frozenset(
    {"if_statement", "else_clause", "ternary_expression", "for_statement", "while_statement"}
)
"""What decides whether a part of it runs, without a block of its own."""
_PURE = frozenset({"entries", "keys", "values", "slice", "filter", "map", "from", "trim", "toLowerCase"})
"""Methods that may be called twice."""
_FREE = frozenset({"variable_declarator", "return_statement", "pair", "arrow_function", "arguments"})
"""Where `??` needs no parentheses."""
_TAKEN = pattern(r"\b(?:name|value)\b")
"""The names that the new loop gives a key and its value."""
_WAITED = frozenset({"await_expression", "arrow_function", "return_statement"})
"""Where a promise may become what it gives: both are waited for."""


@rule(call("get"), severity=Severity.NOTE, fix=Safety.UNSAFE)
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
    folder = posixpath.dirname(module.path)
    if config.is_older(module.project.workspace, folder, "wrangler", _TAKES_LISTS_FROM):
        return
    wanted = _wanted(match, turn)
    yield Finding(
        "each turn reads one key by a request of its own: `get()` takes up to 100 keys at once",
        match.at(),
        fix=_fix(match, turn, wanted) if wanted is not None else None,
        words=_words(match, wanted),
    )


def _words(match: Match, wanted: _Wanted | None) -> js.Words:
    """The namespace, what says how a value is read, and the keys of all turns, where the item gives them."""
    module, key, kind = match.module, match.arguments[0], match.call.argument(1)
    piece = "wanted.slice(at, at + 100)"
    read = js.word(piece, module, kind)
    words = (
        *js.word("kv", module, match.receiver),
        *((piece, f"{piece}, {text}") for _, text in read),
    )
    asked = js.word("asked", module, key)
    if wanted is None or "`" in wanted.text or not asked or (kind is not None and not read):
        return words
    return (("the keys of a list", ""), *words, *asked, ("names", wanted.text))


@record(frozen=True, eq=False)
class _Wanted:
    """The keys of all turns: `pattern` takes an item of the list, `text` is code for all keys."""

    pattern: Node
    text: str


def _wanted(match: Match, turn: js.Turn) -> _Wanted | None:
    """None where a key is made of what the turn makes, and where asking for the list twice may do harm."""
    module = match.module
    taking = _pattern(turn)
    if turn.items is None or taking is None or not _may_be_asked_again(module, turn.items):
        return None
    key = _key_of_item(turn, match.arguments[0], _MOST_HOPS)
    if key is None:
        return None
    items, taken = module.text(turn.items), module.text(taking)
    if "\n" in items:
        return None
    if key == taken:
        return _Wanted(taking, f"[...{items}]" if turn.items.type in _SIMPLE else f"Array.from({items})")
    return _Wanted(taking, f"Array.from({items}, ({taken}) => {key})")


_SIMPLE = frozenset({"identifier", "member_expression"})


def _pattern(turn: js.Turn) -> Node | None:
    """What takes an item of the list: the head of the loop, or the only parameter of the callback."""
    module = turn.module
    if not turn.method:
        loop = module.parent(turn.body)
        return loop.child_by_field_name("left") if loop is not None else None
    function = module.parent(turn.body)
    given = module.parameters(function) if function is not None else ()
    return given[0].pattern if len(given) == 1 else None


def _key_of_item(turn: js.Turn, key: Node, hops: int) -> str | None:
    """Code for a key by what the pattern takes of an item: the key itself, or what its name stands for."""
    module = turn.module
    node = js.unwrap(key)
    declaration = module.scope.resolve(node) if node.type == "identifier" else None
    if declaration is not None and js.contains(turn.body, declaration.node):
        if declaration.path or declaration.value is None or not declaration.constant or not hops:
            return None
        return _key_of_item(turn, declaration.value, hops - 1)
    for name in (node, *js.walk(node)):
        found = module.scope.resolve(name) if name.type == "identifier" else None
        if found is not None and js.contains(turn.body, found.node):
            return None
    text = module.text(node)
    return text if _may_be_asked_again(module, node) and "\n" not in text else None


def _may_be_asked_again(module: Module, node: Node) -> bool:
    """Whether code does nothing but read, as far as one sees."""
    for part in (node, *js.walk(node)):
        if part.type in ("await_expression", "new_expression", "update_expression", "assignment_expression"):
            return False
        if part.type == "call_expression" and js.Call(module, part).name not in _PURE:
            return False
    return True


def _fix(match: Match, turn: js.Turn, wanted: _Wanted) -> Fix | None:
    """The keys are read before the statement of the loop, and the call becomes a look at what was read."""
    module, kind, receiver = match.module, match.call.argument(1), match.receiver
    waits = module.parent(module.with_wrappers(match.node))
    statement = _statement_of(turn)
    if receiver is None or waits is None or waits.type not in _WAITED or statement is None:
        return None
    if turn.changes(receiver) or match.node.has_error:
        return None
    names, values = (fixes.name_for_all(module, wanted.pattern, noun) for noun in ("keys", "values"))
    if names is None or values is None or names == values:
        return None
    newline, indent = module.document.newline, module.indent_of(statement)
    unit = module.indent_unit
    end = ";" if module.text(statement).rstrip().endswith((";", "}")) and b";" in module.document.data else ""
    typed, is_exact = _types(match)
    given = f", {module.text(kind)}" if kind is not None else ""
    callee = match.text(match.callee)
    if _TAKEN.search(f"{callee}{given}") is not None:
        return None
    piece = f"{names}.slice(at, at + 100)"
    read = f"await {callee}{_type_arguments(match)}({piece}{given})"
    lines = (
        f"const {names} = {wanted.text}{end}",
        f"{indent}const {values} = new Map{typed}(){end}",
        f"{indent}for (let at = 0; at < {names}.length; at += 100) {{",
        f"{indent}{unit}for (const [name, value] of {read}) {values}.set(name, value){end}",
        f"{indent}}}{newline}{indent}",
    )
    looked = f"{values}.get({module.text(match.arguments[0])})"
    whole = waits if waits.type == "await_expression" else match.node
    if is_exact:
        above = module.parent(whole)
        is_free = above is not None and above.type in _FREE
        looked = f"{looked} ?? null" if is_free else f"({looked} ?? null)"
    return Fix(
        "Read 100 keys at a time, before the loop",
        (
            module.insert(statement.start_byte, newline.join(lines)),
            match.replace(whole, looked),
        ),
        Safety.UNSAFE,
    )


def _types(match: Match) -> tuple[str, bool]:
    """The types of the map of values, and whether it then says that a key may not be there."""
    if not match.module.is_typescript:
        return "", False
    given = _type_arguments(match)
    if given:
        return f"<string, {given[1:-1]} | null>", True
    return ("<string, string | null>", True) if match.call.argument(1) is None else ("", False)


def _type_arguments(match: Match) -> str:
    """What stands between the callee of a call and its arguments: `<T>`."""
    callee, listed = match.callee, match.node.child_by_field_name("arguments")
    if callee is None or listed is None:
        return ""
    return match.module.document.data[callee.end_byte : listed.start_byte].decode("utf-8", "replace").strip()


def _statement_of(turn: js.Turn) -> Node | None:
    """The statement that holds a loop, or the call for each item, where others may come before it and an
    `await` may stand."""
    module = turn.module
    around = module.enclosing_function(turn.head)
    if around is not None and not js.is_async(around):
        return None
    child = turn.head
    for above in module.ancestors(turn.head):
        if above.type in js.FUNCTIONS or above.type in _CONDITIONAL:
            return None
        if above.type in _BLOCKS:
            return child
        child = above
    return None


def _gives_text(module: Module, kind: Node | None) -> bool:
    """Whether the second argument of `get()` asks for text or JSON, which several keys can be read as."""
    if kind is None:
        return True
    named = kind if kind.type != "object" else module.property_value(kind, "type")
    text = module.string_of(named) if named is not None else "text"
    return text is not None and text not in _SINGLE
