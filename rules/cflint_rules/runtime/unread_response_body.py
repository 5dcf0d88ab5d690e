"""Read or cancel the body of every response that is fetched.

A Worker may have six connections open at once, and a response whose body is not read keeps its connection. A
request that only looks at `ok` or `status` of several responses stalls, and the runtime cancels the oldest
one with "A stalled HTTP response was canceled to prevent deadlock".

## Incorrect

```ts
const HOSTS = ["eu.example.com", "us.example.com"];

export default {
  async fetch(): Promise<Response> {
    const down: string[] = [];
    for (const host of HOSTS) {
      const response = await fetch(`https://${host}/health`);
      if (!response.ok) down.push(host);
    }
    return Response.json(down);
  },
};
```

## Correct

```ts
const HOSTS = ["eu.example.com", "us.example.com"];

export default {
  async fetch(): Promise<Response> {
    const down: string[] = [];
    for (const host of HOSTS) {
      const response = await fetch(`https://${host}/health`);
      await response.body?.cancel();
      if (!response.ok) down.push(host);
    }
    return Response.json(down);
  },
};
```

## Not reported

One response that is outside of a loop: its connection ends with the request. A response that is read,
returned, cloned or passed on anywhere, and requests with the method `HEAD`.

## Fix safety

Unsafe: the body is cancelled right after the response is there.

Source: https://developers.cloudflare.com/workers/platform/limits/#simultaneous-open-connections
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import Finding, Fix, Match, Safety, Severity, ValueKind, call, js, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_LOOPS = frozenset({"for_statement", "for_in_statement", "while_statement", "do_statement"})
_EACH = frozenset({"map", "forEach"})
_HEAD = frozenset({"ok", "status", "statusText", "headers", "url", "redirected", "type"})


@rule(call("fetch"), severity=Severity.WARNING, fix=Safety.UNSAFE)
def check(match: Match) -> Iterator[Finding]:
    module, syntax = match.module, match.module.syntax
    value = match.value_of(match.node).awaited
    if value.kind is not ValueKind.RESPONSE or value.detail != "fetch" or not module.workers:
        return
    waiting = syntax.parent(js.with_wrappers(syntax, match.node))
    if waiting is None or waiting.type != "await_expression":
        return
    declarator = syntax.parent(js.with_wrappers(syntax, waiting))
    name = declarator.child_by_field_name("name") if declarator is not None else None
    if declarator is None or declarator.type != "variable_declarator" or name is None:
        return
    declaration = module.scope.resolve(name) if name.type == "identifier" else None
    if declaration is None or module.scope.assignments(declaration) or _has_no_body(match):
        return
    if not _is_repeated(match, declarator) or not _only_the_head(match, declaration):
        return
    yield Finding(
        f"the body of `{declaration.name}` is never read, so its connection stays open; a Worker has six",
        match.at(match.node),
        fix=_fix(match, declarator, declaration.name),
    )


def _has_no_body(match: Match) -> bool:
    """Whether the method may be `HEAD`: it says so, or the options cannot be seen."""
    if not match.arguments:
        return True
    text = " ".join(match.text(argument) for argument in match.arguments[1:])
    known = len(match.arguments) < 2 or match.module.initializer(match.arguments[1]).type == "object"
    return not known or "HEAD" in text or "method," in text or "..." in text


def _is_repeated(match: Match, node: Node) -> bool:
    """Whether the code runs several times within one request: in a loop, or a callback of `map()`."""
    syntax = match.module.syntax
    for above in syntax.ancestors(node):
        if above.type in _LOOPS:
            return True
        if above.type in js.FUNCTIONS:
            listed = syntax.parent(js.with_wrappers(syntax, above))
            called = syntax.parent(listed) if listed is not None and listed.type == "arguments" else None
            callee = called.child_by_field_name("function") if called is not None else None
            name = callee.child_by_field_name("property") if callee is not None else None
            return name is not None and match.text(name) in _EACH
    return False


def _only_the_head(match: Match, declaration: js.Declaration) -> bool:
    """Whether every use reads a property that is there without the body; true use only, so at least one."""
    references = match.module.scope.references(declaration)
    for reference in references:
        parent = match.module.parent(match.module.with_wrappers(reference))
        name = parent.child_by_field_name("property") if parent is not None else None
        if parent is None or parent.type != "member_expression" or name is None:
            return False
        if match.text(name) not in _HEAD:
            return False
    return bool(references)


def _fix(match: Match, declarator: Node, name: str) -> Fix | None:
    module = match.module
    statement = module.parent(declarator)
    block = module.parent(statement) if statement is not None else None
    if statement is None or block is None or block.type != "statement_block":
        return None
    text = f"\n{module.indent_of(statement)}await {name}.body?.cancel();"
    return Fix("Cancel the body", (match.insert(statement.end_byte, text),), Safety.UNSAFE)
