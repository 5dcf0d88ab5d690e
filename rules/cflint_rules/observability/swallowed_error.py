"""Handle an error: log it, answer it, or write down why it can be ignored.

An empty `catch` around a call of the platform makes a failed write look like a success, and nothing in the
logs shows that data is missing. The same goes for `.catch(() => {})`, and for an empty `webSocketError()`,
which is the only method called for a broken connection.

Where a model or a service with a key is called, a `catch` that puts another value in its place and looks at
no error gets a note: a key that has run out, or a quota, is seen nowhere. In Python, `except Exception`
around a `fetch()`.

## Incorrect

```ts
interface Env {
  ORDERS: KVNamespace;
}

export default {
  async fetch(request, env): Promise<Response> {
    try {
      await env.ORDERS.put(crypto.randomUUID(), request.url);
    } catch {}
    return new Response("saved");
  },
} satisfies ExportedHandler<Env>;
```

## Correct

```ts
interface Env {
  ORDERS: KVNamespace;
}

export default {
  async fetch(request, env): Promise<Response> {
    try {
      await env.ORDERS.put(crypto.randomUUID(), request.url);
    } catch (error) {
      console.error("order not saved", error);
      return new Response("try again", { status: 503 });
    }
    return new Response("saved");
  },
} satisfies ExportedHandler<Env>;
```

## What to do

Hand the error to the log: `.catch((error) => console.error("failed", error))`; nothing else changes. If it
may pass unseen, write why as a comment inside the `catch` instead, which ends the finding, too.

- "does nothing": Write `console.error("socket", error)` in it, and take the socket out of what is kept of
  it; `webSocketClose()` is not called for this one.
- "it has no name": Write `catch (error) {` for `catch {`, and as its first line `console.error("failed",
  error)`; the rest stays. If it may pass unseen, write why as a comment inside the `catch` instead, which
  ends the finding, too.
- "it has a name": As the first line of the `catch`: `console.error("failed", error)`; the rest stays. If it
  may pass unseen, write why as a comment inside the `catch` instead, which ends the finding, too.
- "in Python": Write `except Exception as error:` for the clause, and as its first line `print("failed",
  error)`; the rest stays.

## Not reported

A block with a comment that says why; a `try` without a call of the platform (parsing JSON, closing a socket);
a handler that returns a value instead, but for the calls above; `ALTER TABLE` for a column that may be there.
What only reads or deletes, and the cache, get a note, and nothing where they tidy up in a `catch` or
`finally`.

## Fix safety

Unsafe: what the error says, such as a query with its values, gets into the logs. What else to do about it is
up to the author. `webSocketError()` and Python have no fix.

Source: https://developers.cloudflare.com/durable-objects/best-practices/rules-of-durable-objects/
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import (
    Finding,
    Fix,
    Handler,
    Match,
    Module,
    Safety,
    Severity,
    ValueKind,
    call,
    handler,
    js,
    keyword,
    pattern,
    python,
    python_module,
    rule,
    sql,
)
from cflint_rules.observability._catches import catch_words, failure_of, unread_error

if TYPE_CHECKING:
    from tree_sitter import Node

_WRITES = frozenset(
    {"put", "send", "sendBatch", "run", "batch", "exec", "create", "createBatch"}
    | {"setAlarm", "upsert", "insert", "transaction", "sync"}
)
_STORES = frozenset(
    {ValueKind.BINDING, ValueKind.STORAGE, ValueKind.SQL_STORAGE, ValueKind.D1_STATEMENT, ValueKind.STUB}
)
_READERS = frozenset({ValueKind.CACHE, ValueKind.WORKFLOW_INSTANCE})
_ONCE = frozenset({"ALTER", "CREATE", "DROP"})
_TELLS = pattern(r"log|report|capture|track|notif|warn|error|fail|record|emit", re.IGNORECASE)
_PYTHON_CATCH = pattern(rb"except(?:\s+(?:Base)?Exception(?:\s+as\s+\w+)?)?\s*:")
_PYTHON_TELLS = pattern(r"#|\braise\b|print|log|warn|report|capture|\b[45]\d\d\b", re.IGNORECASE)
_PLACEHOLDER = pattern(
    r"todo|fixme|not implemented|^(?:handle|deal with)\b[^.]{0,40}errors?\b|^error handling$", re.IGNORECASE
)


@rule(keyword("catch"), call("catch"), severity=Severity.NOTE, fix=Safety.UNSAFE)
def check(found: Match) -> Iterator[Finding]:
    module, node = found.module, found.node
    if node.type == "catch_clause":
        body = node.child_by_field_name("body")
        statement = module.parent(node)
        tried = statement.child_by_field_name("body") if statement is not None else None
        if body is None or tried is None:
            return
        if not _is_empty(module, body):
            yield from _unseen(module, node, body, tried)
            return
        calls = module.descendants(tried, "call_expression")
        at = node
    elif node.type == "call_expression" and found.receiver is not None and len(found.arguments) == 1:
        function = js.unwrap(found.arguments[0])
        body = function.child_by_field_name("body") if function.type in js.FUNCTIONS else None
        if body is None or body.type != "statement_block" or not _is_empty(module, body):
            return
        receiver = js.unwrap(found.receiver)
        calls = iter((receiver,) if receiver.type == "call_expression" else ())
        at = function
    else:
        return
    lost = max(((_weight(module, made), made) for made in calls), key=lambda pair: pair[0], default=None)
    if lost is None or lost[0] == 0:
        return
    weight, made = lost
    if weight == 1 and _cleans_up(module, node):
        return
    yield Finding(
        f"errors of `{module.callee_name(made)}()` are dropped: log them, or say why they do not matter",
        module.at(at),
        (module.at(made, "it fails unseen here"),) if node.type == "catch_clause" else (),
        _fix(module, at, made),
        words=catch_words(module, node) if node.type == "catch_clause" else (),
    )


def _unseen(module: Module, clause: Node, body: Node, tried: Node) -> Iterator[Finding]:
    """A model, or a service that is paid for, that fails with nothing to show why: another value takes its
    place, and the error is not looked at."""
    if not unread_error(module, clause):
        return
    if any(True for _ in module.descendants(body, "throw_statement", "comment")):
        return
    if any(400 <= (module.number(number) or 0) < 600 for number in module.descendants(body, "number")):
        return  # the client sees it
    if any(True for _ in module.descendants(body, "false")):
        return  # whether it works is what was asked
    called = (js.Call(module, node).name for node in module.descendants(body, "call_expression"))
    if any(_TELLS.search(name) is not None for name in called):
        return
    for node in module.descendants(tried, "call_expression"):
        if _costs(module, node) and module.try_around(node) == module.parent(clause):
            yield Finding(
                f"why `{module.callee_name(node)}()` fails is seen nowhere: log the error",
                module.at(clause),
                (module.at(node, "it fails unseen here"),),
                _fix(module, clause, node),
                words=catch_words(module, clause),
            )
            return


def _fix(module: Module, at: Node, made: Node) -> Fix | None:
    """The fix by which a `catch` clause, or what is given to `.catch()`, logs the error of a call."""
    label = f'"{failure_of(module, made)}"'
    if at.type == "catch_clause":
        edits = module.log_caught(at, label)
    else:
        given = "(error: unknown)" if module.is_typescript else "(error)"
        edits = (module.replace(at, f"{given} => console.error({label}, error)"),)
    return Fix.of("Log the error", edits, Safety.UNSAFE)


def _costs(module: Module, node: Node) -> bool:
    """Whether a call runs a model of Workers AI, or a service with a key."""
    made = js.Call(module, node)
    if made.name == "run":
        return module.value_of(made.receiver).is_binding("ai")
    if made.name != "fetch" or len(made.arguments) < 2 or not module.is_global(made.callee, "fetch"):
        return False
    keys = module.contents(made.arguments[1], lambda part: module.secret_at(part) is js.Secret.VARIABLE)
    return next(keys, None) is not None


@check.on(python_module("except"))
def check_python(module: python.PythonModule) -> Iterator[Finding]:
    # Imported where used: libcst is slow to load.
    if not module.workers or _PYTHON_CATCH.search(module.document.data) is None:
        return
    import libcst as cst

    for statement in module.find(cst.Try):
        fetched = next(
            (
                made
                for made in module.find_in(statement.body, cst.Call)
                if isinstance(made.func, cst.Name) and made.func.value == "fetch"
            ),
            None,
        )
        for clause in statement.handlers if fetched is not None else ():
            kind = clause.type.value if isinstance(clause.type, cst.Name) else None
            if clause.type is not None and kind not in ("Exception", "BaseException"):
                continue
            text = module.text(clause)
            name = clause.name.name.value if clause.name and isinstance(clause.name.name, cst.Name) else None
            if name is not None and any(used.value == name for used in module.find_in(clause.body, cst.Name)):
                continue
            if _PYTHON_TELLS.search(text) is None and fetched is not None:
                yield Finding(
                    "why `fetch()` fails is seen nowhere: log the error",
                    module.at(clause.type) if clause.type is not None else module.at(clause),
                    (module.at(fetched, "it fails unseen here"),),
                )


@check.on(handler("webSocketError"))
def check_handler(found: Handler) -> Iterator[Finding]:
    body = found.body
    if body is not None and _is_empty(found.module, body) and not body.has_error:
        yield Finding(
            "`webSocketError()` does nothing: log the error, and close what belongs to the socket",
            found.module.at(found.function.child_by_field_name("name") or found.function),
        )


def _cleans_up(module: Module, node: Node) -> bool:
    """Whether code tidies up after something else, which matters more than that it fails."""
    return any(above.type in ("catch_clause", "finally_clause") for above in module.ancestors(node))


def _is_empty(module: Module, body: Node) -> bool:
    """Whether a block holds nothing, or nothing but a comment that says no reason."""
    end = js.block_end(body)
    for child in body.named_children:
        if child.start_byte >= end:
            break  # a comment behind the block
        if child.type != "comment":
            return False
        words = module.text(child).strip("/*! \t\r\n")
        if words and _PLACEHOLDER.search(words) is None:
            return False
    return True


def _weight(module: Module, made: Node) -> int:
    """How bad it is when a call fails unseen: 2 for what writes, 1 for what reads, 0 for anything else."""
    found = js.Call(module, made)
    if found.receiver is None:
        return 0
    value = module.value_of(found.receiver)
    if value.kind in _READERS:
        return 1
    if value.kind not in _STORES:
        return 0
    if value.kind is ValueKind.BINDING and (value.binding is None or value.binding.is_value):
        return 0
    if (
        module.value_of(made).kind not in (ValueKind.PROMISE, ValueKind.SQL_CURSOR)
        and value.kind is not ValueKind.STORAGE
    ):
        return 0
    if found.name == "exec" and _changes_schema(module, made):
        return 0  # a migration that fails when it has been done
    return 2 if found.name in _WRITES else 1


def _changes_schema(module: Module, made: Node) -> bool:
    use = sql.sql_use(module, made)
    return use is not None and any(statement.verb in _ONCE for statement in use.text.statements)
