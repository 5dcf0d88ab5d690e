"""Tell the client that what it sent could not be stored.

A `catch` that logs why a database or a store refused a write, and then goes on as after one that was made,
answers success for what is lost. The client does not try again, and shows as saved what is nowhere; the line
in the log is read, if at all, by somebody who cannot repeat it.

## Incorrect

```ts
// src/index.ts
interface Env {
  DB: D1Database;
}

async function store(env: Env, id: string): Promise<void> {
  try {
    await env.DB.prepare("INSERT INTO notes (id) VALUES (?)").bind(id).run();
  } catch (error) {
    console.error("note not stored", error);
  }
}

export default {
  async fetch(_request, env): Promise<Response> {
    const id = crypto.randomUUID();
    await store(env, id);
    return Response.json({ stored: id });
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
  "d1_databases": [{ "binding": "DB", "database_name": "notes" }]
}
```

## Correct

```ts
// src/index.ts
interface Env {
  DB: D1Database;
}

export default {
  async fetch(_request, env): Promise<Response> {
    const id = crypto.randomUUID();
    try {
      await env.DB.prepare("INSERT INTO notes (id) VALUES (?)").bind(id).run();
    } catch (error) {
      console.error("note not stored", error);
      return Response.json({ error: "not stored" }, { status: 503 });
    }
    return Response.json({ stored: id });
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
  "d1_databases": [{ "binding": "DB", "database_name": "notes" }]
}
```

## What to do

Throw the error again as the last line of the `catch`, after the log: the client gets an error 500, or what a
`catch` around answers. In a loop, `let failed = 0` before it, `failed++` as the last line of the `catch`, and
`failed` in the answer. Unless the write may be lost: then write why as a comment inside the `catch`, which
ends the finding.

## Not reported

A `catch` that does anything but log: it answers, throws, counts, keeps the error or tries again; one with a
comment, also above the `try`, or a log that says that it may fail, or that only warns; a `try` that sets what
is read behind it, by which the write is known; handlers of GET; what runs after the response (`waitUntil()`),
in a cron trigger or a queue; caches; what only tidies up, by the words of the log; tables, keys and functions
whose name says that they keep logs, statistics or when something was last used.

There is one finding in a module, with the other places.

## Fix safety

No fix: what to answer is up to the author.

Source: https://developers.cloudflare.com/d1/observability/debug-d1/,
https://developers.cloudflare.com/workers/observability/errors/
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import Documents, Finding, Module, Severity, js, module, pattern, rule, sql

if TYPE_CHECKING:
    from tree_sitter import Node

_LOSES = pattern(
    r"log|audit|track|visit|views?\b|view_?count|analytic|metric|stat(?:s|istic)|usage|cache|histor|event|hits?\b|click"
    r"|seen|touch|last_?|impression|telemetr|heartbeat|presence|expired|cleanup|clean_?up|prune|purge|notif"
    r"|record|reject|processed|migrat|schema|\binit|seed|ensure|rate_?limit|session",
    re.IGNORECASE,
)
"""What stands in the name of something that may be lost, or that is made again."""
_TIDIES = pattern(
    r"clean(?:ing|ed)?[ _-]?up|roll(?:ing|ed)?[ _-]?back|best[ _-]effort|non[ _-]?(?:fatal|blocking|critical)"
    r"|will (?:be )?(?:reconciled?|retr(?:y|ied))|(?:do not|don't) fail\b|\bauto[ _-](?=[a-z])",
    re.IGNORECASE,
)
"""What a log, or a comment, says of a write that only tidies up, or that may fail: the answer is about
something else."""
_SETS = ("assignment_expression", "augmented_assignment_expression", "call_expression")
_ADDS = frozenset({"push", "add", "set", "unshift"})
_TABLES = pattern(
    r"(?:\b(?:INTO|UPDATE|FROM)\s+[\"`]?|\b(?:insert|update|delete)\s*\(\s*)(\w[\w.]*)", re.IGNORECASE
)
_MOST_TEXT = 600
_WRITES = frozenset({"INSERT", "UPDATE", "DELETE", "REPLACE"})
_STORES = {"kv": frozenset({"put"}), "r2": frozenset({"put"})}
_REQUESTS = frozenset({js.Invocation.REQUEST, js.Invocation.UNKNOWN})
_MINOR = frozenset({"warn", "debug", "info"})
_READERS = frozenset({"onRequestGet", "GET", "loader", "load"})
_HARMLESS = frozenset({"String", "stringify", "toString"})
_MOST = 6


@rule(module("catch"), severity=Severity.NOTE, documents=Documents.NOTHING)
def check(subject: Module) -> Iterator[Finding]:
    if not subject.is_run:
        return
    found = []
    for word in subject.leaves("catch", subject.root):
        clause = subject.parent(word)
        lost = _lost(subject, clause) if clause is not None and clause.type == "catch_clause" else None
        if clause is not None and lost is not None:
            found.append((clause, lost))
    if not found:
        return
    (first, lost), *others = found
    yield Finding(
        "when this write fails, the answer says nothing of it, and the client takes it for done",
        subject.at(first),
        (
            subject.at(lost, "the write"),
            *(subject.at(clause, "the same here") for clause, _ in others[:_MOST]),
        ),
    )


def _lost(subject: Module, clause: Node) -> Node | None:
    """The write whose error a `catch` only logs, before the code goes on as if it was made."""
    attempt = subject.parent(clause)
    tried = attempt.child_by_field_name("body") if attempt is not None else None
    body = clause.child_by_field_name("body")
    function = subject.enclosing_function(clause)
    if attempt is None or tried is None or body is None or function is None:
        return None
    if not _only_logs(subject, body, tried) or attempt.child_by_field_name("finalizer") is not None:
        return None
    write = next((node for node in _writes(subject, tried) if subject.try_around(node) == attempt), None)
    if (
        write is None
        or _only_reads(subject, clause)
        or _may_be_lost(subject, write, function)
        or any(_TIDIES.search(subject.text(it)) is not None for it in subject.comments_of(attempt))
        or _is_kept(subject, attempt, tried, write)
        or not subject.runs_in_worker(clause)
    ):
        return None
    runs_for = js.invocations_of(subject, clause)
    if js.Invocation.REQUEST not in runs_for or not runs_for <= _REQUESTS or _runs_behind(subject, function):
        return None
    return write


def _only_logs(subject: Module, body: Node, tried: Node) -> bool:
    """Whether a `catch` logs and does nothing else, but for going on with a loop or returning what the `try`
    returns."""
    statements = [node for node in body.named_children if node.type != "empty_statement"]
    if not statements:
        return False  # `swallowed-error`
    for node in statements:
        if node.type == "continue_statement" or (
            node.type == "return_statement"
            and (js.first_named(node) is None or _is_returned(subject, tried, node))
        ):
            continue
        if node.type != "expression_statement":
            return False
        inner = js.first_named(node)
        if inner is None or inner.type != "call_expression" or subject.log_at(inner) is None:
            return False
    calls = [js.Call(subject, node) for node in subject.descendants(body, "call_expression")]
    logs = [made for made in calls if subject.log_at(made.node) is not None]
    if not logs or any(made.name in _MINOR for made in logs):
        return False  # `store-error-hidden`, or it is meant not to matter
    if any(_TIDIES.search(subject.text(made.node)[:_MOST_TEXT]) is not None for made in logs):
        return False
    return all(made in logs or made.name in _HARMLESS for made in calls)


def _is_returned(subject: Module, tried: Node, node: Node) -> bool:
    """Whether a `return` in a `catch` gives the variable that one in the `try` gives, too."""
    given = js.first_named(node)
    if given is None or given.type != "identifier":
        return False
    text = subject.text(node)
    return any(subject.text(other) == text for other in subject.descendants(tried, "return_statement"))


def _is_kept(subject: Module, attempt: Node, tried: Node, write: Node) -> bool:
    """Whether what follows can tell that a write was made: a variable of the code around is set with it, or
    after it, and read behind the `try`."""
    for node in subject.descendants(tried, *_SETS):
        target = node.child_by_field_name("left")
        if node.type == "call_expression":
            made = js.Call(subject, node)
            target = made.receiver if made.name in _ADDS else None
        if target is None or node.end_byte < write.end_byte:
            continue
        name = js.unwrap(target)
        while (access := subject.member(name)) is not None:
            name = js.unwrap(access.object)
        declared = subject.scope.resolve(name) if name.type == "identifier" else None
        if declared is None or js.contains(tried, declared.node):
            continue
        if any(use.start_byte > attempt.end_byte for use in subject.scope.references(declared)):
            return True
    return False


def _writes(subject: Module, tried: Node) -> Iterator[Node]:
    """The awaited calls that write to a database or store."""
    for node in subject.descendants(tried, "await_expression"):
        inner = js.first_named(node)
        made = subject.call(inner) if inner is not None else None
        if made is None or made.receiver is None:
            continue
        statement = subject.orm_statement(made.node)
        if statement is not None and statement.verb in _WRITES:
            yield made.node
            continue
        use = sql.prepared_by(subject, made.receiver) if made.name in ("run", "all", "first") else None
        if use is not None and any(one.verb in _WRITES for one in use.text.statements):
            yield made.node
            continue
        value = subject.value_of(made.receiver)
        if any(value.is_binding(kind) and made.name in names for kind, names in _STORES.items()):
            yield made.node


def _may_be_lost(subject: Module, write: Node, function: Node) -> bool:
    """Whether a write, or the function around, has a name that says that it does not matter much."""
    name = subject.function_name(function)
    named = subject.function_name(subject.method_around(write) or function)
    texts = [subject.text(one) for one in (name, named) if one is not None]
    text = subject.text(write)[:_MOST_TEXT]
    into = [found.group(1).rpartition(".")[2] for found in _TABLES.finditer(text)]
    texts += into or [text]
    method = function.child_by_field_name("name")
    if method is not None:
        texts.append(subject.text(method))
    return any(_LOSES.search(text) is not None for text in texts)


def _only_reads(subject: Module, node: Node) -> bool:
    """Whether code stands in a handler of GET requests, whose client has sent nothing to be stored."""
    for above in subject.ancestors(node):
        if above.type not in js.FUNCTIONS:
            continue
        name = subject.function_name(above)
        if name is not None and subject.text(name) in _READERS:
            return True
        taken = subject.callback_of(above)
        if taken is not None and taken.name == "get" and len(taken.arguments) > 1:
            return True
    return False


def _runs_behind(subject: Module, function: Node) -> bool:
    """Whether nothing waits for a function: it is given to `waitUntil()`, or called without `await`."""
    around = subject.call_around(function)
    if around is not None and around[0].name == "waitUntil":
        return True
    for site in js.callers_of(subject, function).calls:
        made = js.Call(site.module, site.node)
        if not made.is_awaited:
            above = site.module.parent(site.module.with_wrappers(site.node))
            if above is None or above.type != "return_statement":
                return True
    return False
