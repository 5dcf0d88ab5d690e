"""Take the message out of an error before it becomes JSON.

The message and the stack of an `Error` are no enumerable properties: `JSON.stringify(error)` is `{}`, and so
is an error in an object that becomes JSON. Neither the log nor who gets the text is told what went wrong.

## Incorrect

```ts
// src/index.ts
interface Env {
  NOTES: KVNamespace;
}

export default {
  async fetch(request, env): Promise<Response> {
    try {
      return new Response(await env.NOTES.get("today"));
    } catch (error) {
      console.error("no note", JSON.stringify(error));
      return new Response("try again later", { status: 503 });
    }
  },
} satisfies ExportedHandler<Env>;
```

```jsonc
// wrangler.jsonc
{
  "name": "example",
  "main": "src/index.ts",
  "compatibility_date": "2026-08-20",
  "observability": { "enabled": true },
  "kv_namespaces": [{ "binding": "NOTES" }]
}
```

## Correct

```ts
// src/index.ts
interface Env {
  NOTES: KVNamespace;
}

export default {
  async fetch(request, env): Promise<Response> {
    try {
      return new Response(await env.NOTES.get("today"));
    } catch (error) {
      console.error("no note", error);
      return new Response("try again later", { status: 503 });
    }
  },
} satisfies ExportedHandler<Env>;
```

```jsonc
// wrangler.jsonc
{
  "name": "example",
  "main": "src/index.ts",
  "compatibility_date": "2026-08-20",
  "observability": { "enabled": true },
  "kv_namespaces": [{ "binding": "NOTES" }]
}
```

## What to do

Take the text out: `error instanceof Error ? error.message : String(error)`. In a log give the error itself
to `console.error("what failed", error)`, which shows its stack.

- "in an answer of 500": Write a text of your own for the error, `"internal error"`: what it says is for the
  log, `console.error("what failed", error)`.

## Not reported

Errors of which the code asks what they are (`instanceof`), or takes the message: those of some libraries
have properties of their own. JSON in a log, where the error is logged as it is, too. `JSON.stringify()`
with names of properties, or with a function, and variables that get another value. What is sent as
`Response.json({ error })`: `error-detail-leak` tells of that.

There is one finding for a `catch`.

## Fix safety

Unsafe: `String(error)` tells the name and the message, which not every client should see. An answer of 500
has no fix here: [`error-detail-leak`](../security/error_detail_leak.py) has one.

Source: https://developer.mozilla.org/en-US/docs/Web/JavaScript/Reference/Global_Objects/JSON/stringify"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import (
    Documents,
    Finding,
    Fix,
    Match,
    Module,
    Safety,
    Severity,
    js,
    keyword,
    rule,
)

if TYPE_CHECKING:
    from tree_sitter import Node

_WRAPS = frozenset({"pair", "object", "array", "shorthand_property_identifier"})
_TELLS = frozenset({"message", "stack", "cause", "toString", "toJSON"})
_MOST_WRAPS = 8
_SERVER = 500


@rule(
    keyword("catch"),
    severity=Severity.NOTE,
    fix=Safety.UNSAFE,
    documents=Documents.NOTHING,
)
def check(match: Match) -> Iterator[Finding]:
    module = match.module
    clause = match.node if match.node.type == "catch_clause" else module.parent(match.node)
    name = clause.child_by_field_name("parameter") if clause is not None else None
    if clause is None or clause.type != "catch_clause" or name is None or name.type != "identifier":
        return
    data = module.document.data
    if data.find(b"stringify", clause.start_byte, clause.end_byte) == -1:
        return  # nothing is made JSON of, as in most
    if not module.is_run or not module.runs_in_worker(clause):
        return
    declaration = module.scope.resolve(name) or module.scope.declared_in(clause).get(module.text(name))
    if declaration is None or module.scope.assignments(declaration):
        return
    uses = module.scope.references(declaration)
    if any(_is_asked(module, use) for use in uses):
        return
    found = [use for use in uses if _becomes_json(module, use)]
    if found and any(_is_logged(module, use) for use in uses if use not in found):
        found = [use for use in found if not _is_in_log(module, use)]
    if found:
        first, *others = found
        is_answer = any(_is_answered(module, use) for use in found)
        yield Finding(
            "an error as JSON is `{}`: its message is lost",
            module.at(first),
            tuple(module.at(other, "here as well") for other in others),
            fix=None if is_answer else _fix(module, found),
            words=(("in an answer of 500", ""),) if is_answer else (),
        )


def _is_answered(module: Module, use: Node) -> bool:
    """Whether JSON is what a response of 500 says."""
    for above in module.ancestors(use):
        if above.type in js.FUNCTIONS:
            return False
        made = module.response_made(above)
        if made is not None:
            return made.status is not None and made.status >= _SERVER
    return False


def _is_asked(module: Module, use: Node) -> bool:
    """Whether the code asks what an error is, whether it has some property, or for its message."""
    read = module.member_read(use)
    if read is not None and read.name in _TELLS:
        return True
    above = module.parent(module.with_wrappers(use))
    operation = module.operation(above) if above is not None else None
    return operation is not None and operation.operator in ("instanceof", "in")


def _is_logged(module: Module, use: Node) -> bool:
    """Whether an error is logged as it is."""
    around = module.call_around(use)
    return around is not None and module.log_at(around[0].node) is not None


def _is_in_log(module: Module, use: Node) -> bool:
    """Whether what is made of an error is logged."""
    statement = module.enclosing(use, frozenset({"expression_statement"}))
    made = js.first_named(statement) if statement is not None else None
    return made is not None and module.log_at(js.unwrap(made)) is not None


def _becomes_json(module: Module, use: Node) -> bool:
    """Whether the error itself, or an object that holds it as it is, is made JSON of."""
    node = module.with_wrappers(use)
    for _ in range(_MOST_WRAPS):
        around = module.call_around(node)
        if around is not None:
            call, position = around
            if call.is_new or position != 0 or call.receiver is None:
                return False
            if call.name == "stringify" and module.is_global(call.receiver, "JSON"):
                replacer = call.argument(1)
                return replacer is None or replacer.type in ("null", "undefined")
            return False
        above = module.parent(node)
        if above is None or above.type not in _WRAPS:
            return False
        if above.type == "pair" and above.child_by_field_name("value") != node:
            return False
        node = module.with_wrappers(above)
    return False


def _fix(module: Module, uses: list[Node]) -> Fix | None:
    edits = tuple(
        module.replace(
            use,
            f"{module.text(use)}: String({module.text(use)})"
            if use.type == "shorthand_property_identifier"
            else f"String({module.text(use)})",
        )
        for use in uses
    )
    return Fix.of("Make a text of it", edits, Safety.UNSAFE)
