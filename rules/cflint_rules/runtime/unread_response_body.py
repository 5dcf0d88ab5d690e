"""Read or cancel the body of every response that is fetched.

A response whose body is neither read nor cancelled keeps what has arrived of it in memory until the request
ends. A request that only looks at `ok` or `status` of many responses adds them up. (Since 2026-04-09 such a
response keeps none of the six connections that a request may wait for at once.)

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

## What to do

Write `await answer.body?.cancel()` behind the statement: the connection is free then. Where the response has
no name, `await (await fetch(url)).body?.cancel()` cancels it where it stands.

- "read only when something went wrong": Write `await answer.body?.cancel()` where the body is not read: in
  an `else` of the `if` that reads it, or behind it where that leaves. The connection is free then.

## Not reported

One response that is outside of a loop: its body ends with the request. A response that is read,
returned, cloned or passed on anywhere, but for where it is not `ok`, and requests with the method `HEAD`.
What a Durable Object of the project answers without a body to the path that is asked for.

## Fix safety

Unsafe: the body is cancelled right after the response is there, or where it is not read, so that nobody can
read it later. There is no fix where a part of a response is taken at once.

Source: https://developers.cloudflare.com/workers/platform/limits/#simultaneous-open-connections,
https://developers.cloudflare.com/changelog/2026-04-09-relaxed-connection-limiting
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from cflint.api import Finding, Fix, Match, Module, Safety, Severity, ValueKind, Worker, call, js, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_EACH = frozenset({"map", "forEach"})
_HEAD = frozenset({"ok", "status", "statusText", "headers", "url", "redirected", "type"})


@rule(call("fetch"), severity=Severity.NOTE, fix=Safety.UNSAFE)
def check(match: Match) -> Iterator[Finding]:
    value = match.value_of(match.node).awaited
    if value.kind is not ValueKind.RESPONSE or value.detail != "fetch" or not match.module.is_run:
        return
    response = match.module.awaited(match.node)
    if response is None or _may_have_no_body(match) or not _is_repeated(match.module, match.node):
        return
    if _is_answered_without_body(match):
        return
    declaration = response.declaration
    if declaration is None:
        if _is_dropped(match, response.node) or _takes_the_head(match.module, response):
            yield Finding(
                "the body of this response is never read, so it stays in memory until the request ends:"
                " cancel it",
                match.at(match.node),
                fix=_fix_of_dropped(match, response.node),
            )
    elif _only_the_head(match.module, response.references):
        yield Finding(
            f"the body of `{declaration.name}` is never read, so it stays in memory until the request ends:"
            " cancel it",
            match.at(match.node),
            fix=_fix(match, declaration.name),
            words=(("answer", declaration.name),),
        )
    elif _only_of_failures(match.module, response.references):
        yield Finding(
            f"the body of `{declaration.name}` is read only when something went wrong, else it stays in"
            " memory until the request ends: cancel it",
            match.at(match.node),
            fix=_fix_of_failures(match.module, declaration.name, response.references),
            words=(("answer", declaration.name),),
        )


def _is_dropped(match: Match, whole: Node) -> bool:
    parent = match.module.parent(whole)
    return parent is not None and parent.type == "expression_statement"


def _takes_the_head(module: Module, response: js.Awaited) -> bool:
    """Whether what is taken of a response at once is there without its body."""
    if response.pattern is None:
        read = module.member_read(response.node)
        return read is not None and read.name in _HEAD
    if response.pattern.type != "object_pattern":
        return False
    taken = [part.child_by_field_name("key") or part for part in response.pattern.named_children]
    return bool(taken) and all(module.text(name) in _HEAD for name in taken)


def _only_of_failures(module: Module, references: tuple[Node, ...]) -> bool:
    """Whether all uses of a response, but for its head, stand where it is not `ok`."""
    others = [use for use in references if not _only_the_head(module, (use,))]
    return bool(others) and all(_failed(module, use, references) for use in others)


def _failed(module: Module, use: Node, references: tuple[Node, ...]) -> bool:
    child = use
    for above in module.ancestors(use):
        if above.type == "if_statement":
            taken = above.child_by_field_name("consequence")
            condition = module.operation(above.child_by_field_name("condition"))
            if taken is not None and taken.id == child.id and condition is not None:
                asked = module.member(condition.right) if condition.operator == "!" else None
                if (
                    asked is not None
                    and asked.name == "ok"
                    and asked.object.id in {one.id for one in references}
                ):
                    return True
        if above.type in js.FUNCTIONS:
            return False
        child = above
    return False


def _may_have_no_body(match: Match) -> bool:
    """Whether the method may be `HEAD`: it says so, or the options cannot be seen."""
    module, options = match.module, match.call.argument(1)
    if options is None:
        return len(match.arguments) != 1
    if module.initializer(options).type != "object" or module.is_open_object(options):
        return True
    method = module.property_value(options, "method")
    text = module.string_of(method) if method is not None else "GET"
    return text is None or text.upper() == "HEAD"


def _is_repeated(module: Module, node: Node) -> bool:
    """Whether the code runs several times within one request: in a loop, or a callback of `map()`."""
    if module.loop_around(node) is not None:
        return True
    function = module.enclosing_function(node)
    taken = module.callback_of(function) if function is not None else None
    return taken is not None and taken.name in _EACH


def _only_the_head(module: Module, references: tuple[Node, ...]) -> bool:
    """Whether every use reads a property that is there without the body; true use only, so at least one."""
    reads = [module.member_read(reference) for reference in references]
    return bool(reads) and all(read is not None and read.name in _HEAD for read in reads)


def _fix(match: Match, name: str) -> Fix | None:
    module = match.module
    statement = match.call.statement
    block = module.parent(statement) if statement is not None else None
    if statement is None or block is None or block.type != "statement_block":
        return None
    text = f"\n{module.indent_of(statement)}await {name}.body?.cancel();"
    return Fix("Cancel the body", (match.insert(statement.end_byte, text),), Safety.UNSAFE)


def _fix_of_dropped(match: Match, whole: Node) -> Fix | None:
    """A fix that cancels the body of a response that nothing takes, where it stands."""
    if whole.type != "await_expression" or not _is_dropped(match, whole):
        return None
    edits = (match.insert(whole.start_byte, "await ("), match.insert(whole.end_byte, ").body?.cancel()"))
    return Fix("Cancel the body", edits, Safety.UNSAFE)


def _fix_of_failures(module: Module, name: str, references: tuple[Node, ...]) -> Fix | None:
    """A fix that cancels the body where it is not read: behind, or beside, the one `if` that reads it."""
    first = next((use for use in references if not _only_the_head(module, (use,))), None)
    asked = first
    while asked is not None and asked.type != "if_statement":
        asked = module.parent(asked)
    holder = module.parent(asked) if asked is not None else None
    taken = asked.child_by_field_name("consequence") if asked is not None else None
    if asked is None or holder is None or holder.type != "statement_block" or taken is None:
        return None
    if asked.child_by_field_name("alternative") is not None:
        return None
    if any(
        not asked.start_byte <= use.start_byte < asked.end_byte for use in references if _reads(module, use)
    ):
        return None
    cancel = f"await {name}.body?.cancel();"
    last = taken.named_children[-1] if taken.type == "statement_block" and taken.named_children else taken
    indent = module.indent_of(asked)
    if last.type in ("return_statement", "throw_statement", "continue_statement", "break_statement"):
        return Fix("Cancel the body", (module.insert(asked.end_byte, f"\n{indent}{cancel}"),), Safety.UNSAFE)
    return Fix("Cancel the body", (module.insert(taken.end_byte, f" else {cancel}"),), Safety.UNSAFE)


def _reads(module: Module, use: Node) -> bool:
    return not _only_the_head(module, (use,))


# -- answers of Durable Objects -----------------------------------------------------------------


def _is_answered_without_body(match: Match) -> bool:
    """Whether the Durable Object that is asked answers to this path without a body, whatever happens; where
    it is not known which one that is, all that know the path."""
    module, url = match.module, match.call.argument(0)
    stub = module.value_of(match.receiver) if match.receiver is not None else None
    text = module.string_of(url) if url is not None else None
    if stub is None or stub.kind is not ValueKind.STUB or text is None:
        return False
    path = urlsplit(text).path
    answers = [
        answer
        for worker in module.workers
        for name in _classes_of(worker, stub.inner.name if stub.inner is not None else None)
        if (owner := js.class_behind(module.project, worker, name)) is not None
        if (answer := _answers_nothing(module, owner, path)) is not None
    ]
    return bool(answers) and all(answers)


def _classes_of(worker: Worker, binding: str | None) -> frozenset[str]:
    """The classes of the Durable Objects that a binding leads to, or any where it is not known."""
    if binding is None:
        return frozenset(name for each in worker.environments for name in each.durable_object_classes)
    found = (each.binding(binding) for each in worker.environments)
    return frozenset(one.class_name for one in found if one is not None and one.class_name)


def _answers_nothing(module: Module, owner: js.ClassFacts, path: str) -> bool | None:
    """Whether the `fetch()` of a class returns only answers without a body where it asks for a path; None
    where it does not ask for it."""
    home = js.module_of(module.project, owner.path)
    node = home.node_at(owner.span.start, owner.span.end) if home is not None else None
    while home is not None and node is not None and node.type not in js.CLASSES:
        node = home.parent(node)
    fetch = home.class_of(node).method("fetch") if home is not None and node is not None else None
    if home is None or fetch is None:
        return None
    asks = [
        branch
        for branch in home.descendants(fetch, "if_statement")
        if (condition := branch.child_by_field_name("condition")) is not None
        and any(home.string(text) == path for text in home.descendants(condition, "string"))
    ]
    if not asks:
        return None
    return len(asks) == 1 and _returns_nothing(home, asks[0].child_by_field_name("consequence"))


def _returns_nothing(home: Module, branch: Node | None) -> bool:
    """Whether all that a branch returns are responses without a body, by a method that it calls, too."""
    found = [branch, *home.descendants(branch, "return_statement")] if branch is not None else []
    returned = [js.first_named(one) for one in found if one is not None and one.type == "return_statement"]
    if not returned:
        return False
    for value in returned:
        made = home.call(_unwaited(value)) if value is not None else None
        called = home.called_function(made.node) if made is not None and not made.is_new else None
        if called is not None:
            given = [js.first_named(one) for one in home.returns_of(called)]
        else:
            given = [value]
        if not given or not all(one is not None and _is_empty_response(home, one) for one in given):
            return False
    return True


def _unwaited(value: Node) -> Node:
    value = js.unwrap(value)
    awaited = js.first_named(value) if value.type == "await_expression" else None
    return js.unwrap(awaited) if awaited is not None else value


def _is_empty_response(home: Module, value: Node) -> bool:
    made = home.call(js.unwrap(value))
    if made is None or not made.is_new or made.name != "Response":
        return False
    body = made.argument(0)
    return body is None or js.unwrap(body).type in ("null", "undefined")
