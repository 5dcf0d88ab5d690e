"""Give what may be missing a default before you bind it: D1 takes no `undefined`.

A field that its own type calls optional, or that is read with `?.`, is `undefined` where it is not there. D1
has no type for that, and does not store NULL for it: `bind()` throws `D1_TYPE_ERROR`, so that the row is not
written, and the request, or the message, fails for whoever leaves the field out.

## Incorrect

```ts
// src/index.ts
interface Env {
  DB: D1Database;
}

interface Note {
  id: string;
  title?: string;
}

export default {
  async queue(batch, env): Promise<void> {
    if (batch.queue === "failed") return console.error("given up", batch.messages);
    for (const message of batch.messages) {
      try {
        await save(env, message.body);
        message.ack();
      } catch (error) {
        console.error(error);
        message.retry();
      }
    }
  },
} satisfies ExportedHandler<Env, Note>;

async function save(env: Env, note: Note): Promise<void> {
  await env.DB.prepare("INSERT OR IGNORE INTO notes (id, title) VALUES (?, ?)")
    .bind(note.id, note.title)
    .run();
}
```

```jsonc
// wrangler.jsonc
{
  "name": "example",
  "main": "src/index.ts",
  "compatibility_date": "2026-08-20",
  "observability": { "enabled": true },
  "d1_databases": [{ "binding": "DB", "database_name": "db" }],
  "queues": { "consumers": [{ "queue": "notes", "dead_letter_queue": "failed" }, { "queue": "failed" }] }
}
```

## Correct

```ts
// src/index.ts
interface Env {
  DB: D1Database;
}

interface Note {
  id: string;
  title?: string;
}

export default {
  async queue(batch, env): Promise<void> {
    if (batch.queue === "failed") return console.error("given up", batch.messages);
    for (const message of batch.messages) {
      try {
        await save(env, message.body);
        message.ack();
      } catch (error) {
        console.error(error);
        message.retry();
      }
    }
  },
} satisfies ExportedHandler<Env, Note>;

async function save(env: Env, note: Note): Promise<void> {
  await env.DB.prepare("INSERT OR IGNORE INTO notes (id, title) VALUES (?, ?)")
    .bind(note.id, note.title ?? null)
    .run();
}
```

```jsonc
// wrangler.jsonc
{
  "name": "example",
  "main": "src/index.ts",
  "compatibility_date": "2026-08-20",
  "observability": { "enabled": true },
  "d1_databases": [{ "binding": "DB", "database_name": "db" }],
  "queues": { "consumers": [{ "queue": "notes", "dead_letter_queue": "failed" }, { "queue": "failed" }] }
}
```

## What to do

Bind `value ?? null` where the column may be NULL, another default (`?? ""`) where it may not; where the value
has to be there, ask for it first, and answer 400.

- "takes no NULL": Before anything is written: `if (value === undefined) return new Response("missing", {
  status: 400 })`. Where there is a default that means the same, bind that (`value ?? ""`).

## Not reported

The row of an `INSERT … RETURNING`, which throws or gives one. Values of which the function asks anything, or
that it gives to a function that may ask; those of which the code claims that they are there (`note.title!`);
members of a type whose callers are all seen and give them; what a `user`, a `session` or the like has, which
a middleware may have looked at. Types that the project does not declare, but for mails that `postal-mime` has
parsed. Drizzle, Prisma and Kysely, which do their own.

## Errors

```text title="workerd"
D1_TYPE_ERROR: Type '…' not supported for value '…'
```

## Fix safety

Unsafe: `?? null` is added, which a column that is NOT NULL refuses, too.

Source: https://developers.cloudflare.com/d1/worker-api/#type-conversion,
https://github.com/postalsys/postal-mime/blob/master/postal-mime.d.ts
"""

from __future__ import annotations

import re
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
    ValueKind,
    call,
    js,
    pattern,
    quoted,
    rule,
    sql,
)

if TYPE_CHECKING:
    from tree_sitter import Node

_KNOWN = pattern(
    r"(?:c|ctx|context|cf|env|event|locals|props|this|match|auth\w*|\w*(?:user|session|member|claims|token|account))",
    re.IGNORECASE,
)
"""Names of what a middleware, or the platform, may have looked at before."""
_MAIL = frozenset(
    {"subject", "inReplyTo", "references", "date", "html", "text", "deliveredTo", "returnPath", "sender"}
)
"""The fields of a mail that `postal-mime` gives only where the mail has them."""
_VALIDATES = frozenset({"valid", "parse", "parseAsync", "safeParse", "validate", "assert"})
_ALWAYS = frozenset({ValueKind.ENV, ValueKind.REQUEST, ValueKind.REQUEST_URL, ValueKind.HEADERS})
"""What the platform always gives: `?.` behind it is mere caution."""
_LEAVE_OUT = frozenset({"IGNORE", "CONFLICT", "SELECT", "WITH"})
"""Words of an `INSERT` that may write no row and throw nothing."""
_PRINTS = pattern(r"console\.\w+|JSON\.stringify")
_EACH = frozenset({"map", "forEach", "flatMap"})
_CHAIN = frozenset({"member_expression", "subscript_expression", "call_expression", "non_null_expression"})


@rule(
    call("bind"),
    severity=Severity.WARNING,
    fix=Safety.UNSAFE,
    documents=Documents.NOTHING,
)
def check(match: Match) -> Iterator[Finding]:
    module, receiver = match.module, match.receiver
    if receiver is None or match.enclosing_function is None:
        return
    found = [
        (given, why)
        for given in match.arguments
        if given.type != "spread_element" and (why := _why_absent(module, given)) is not None
    ]
    if not found or not module.is_run or not _is_d1(module, receiver):
        return
    needed = _needed(match, receiver)
    (first, why), *others = found
    is_needed = any(given.id in needed for given, _ in found)
    column = next((needed[given.id] for given, _ in found if given.id in needed), "")
    yield Finding(
        f"{quoted(module.text(first), otherwise='this')} is `undefined` {why}: `bind()` throws"
        f" `D1_TYPE_ERROR`{f' (and `{column}` takes no NULL)' if is_needed else ''}",
        module.at(first),
        tuple(module.at(other, "so may this be") for other, _ in others),
        fix=None
        if is_needed
        else Fix(
            "Bind NULL instead",
            tuple(module.replace(given, f"{module.text(given)} ?? null") for given, _ in found),
            Safety.UNSAFE,
        ),
        words=js.word("value", module, next((it for it, _ in found if it.id in needed), first)),
    )


def _needed(match: Match, receiver: Node) -> dict[int, str]:
    """The bound values whose columns are `NOT NULL`, with these, by the values' nodes."""
    use = sql.prepared_by(match.module, receiver)
    if use is None or not use.text.exact or len(use.text.statements) != 1:
        return {}
    if any(given.type == "spread_element" for given in match.arguments):
        return {}
    statement = use.text.statements[0]
    tables = [token.name for _, token in sql.tables(statement) if token.name]
    refusing = sql.columns_without_null(match.module, tables[0]) if tables else frozenset()
    return {
        match.arguments[position].id: column
        for position, column in sql.columns_bound(statement).items()
        if column in refusing and position < len(match.arguments)
    }


def _is_d1(module: Module, receiver: Node) -> bool:
    if module.value_of(receiver).kind is ValueKind.D1_STATEMENT:
        return True
    use = sql.prepared_by(module, receiver)
    return use is not None and use.engine is sql.SqlDialect.D1


def _why_absent(module: Module, given: Node) -> str | None:
    """When a value is `undefined`, by what the code itself says; None where it says nothing, or asks."""
    if given.type == "identifier":
        return _why_name(module, given)
    access = module.member(given)
    if access is None or access.node.id != given.id:
        return None
    if access.is_optional and _is_always_there(module, access.object):
        return None
    if access.is_optional:
        root = _root(module, given)
        asked = root is None or _KNOWN.fullmatch(module.text(root)) or _is_asked(module, root, None)
        return None if asked else f"where {quoted(module.text(access.object), otherwise='it')} is not there"
    holder = js.unwrap(access.object)
    declaration = module.scope.resolve(holder) if holder.type == "identifier" else None
    if declaration is None or declaration.path:
        return None
    return _why_member(module, declaration, access.name, holder)


def _is_always_there(module: Module, node: Node) -> bool:
    """Whether an expression is something that the platform always gives: `meta` of what a statement of D1
    gives, which throws where it fails."""
    read = module.member(node)
    if read is not None and read.name == "meta":
        given = module.initializer(read.object)
        ran = module.call(js.first_named(given) if given.type == "await_expression" else given)
        return (
            ran is not None
            and ran.name in ("run", "all")
            and ran.receiver is not None
            and _is_d1(module, ran.receiver)
        )
    return module.value_of(node).kind in _ALWAYS or _is_inserted_row(module, node)


def _is_inserted_row(module: Module, node: Node) -> bool:
    """Whether an expression is the row that an `INSERT … RETURNING` gives, which else throws: no row is left
    out of it, by `OR IGNORE`, `ON CONFLICT` or a `SELECT` that finds none."""
    given = module.initializer(node)
    ran = module.call(js.first_named(given) if given.type == "await_expression" else given)
    if ran is None or ran.name != "first" or ran.receiver is None:
        return False
    query = sql.d1_statement(module, ran.receiver)
    if query is None or query.statement.verb not in ("INSERT", "REPLACE"):
        return False
    words = {token.upper for token in query.statement.tokens}
    return "RETURNING" in words and words.isdisjoint(_LEAVE_OUT)


def _why_name(module: Module, name: Node) -> str | None:
    """The same of a variable or parameter."""
    declaration = module.scope.resolve(name)
    if declaration is None or declaration.default is not None or module.scope.assignments(declaration):
        return None
    if declaration.kind is js.DeclarationKind.PARAMETER and not declaration.path:
        parameter = next(
            (
                one
                for one in module.parameters(declaration.scope)
                if one.pattern.id == declaration.node.id and one.node.type == "optional_parameter"
            ),
            None,
        )
        if parameter is None or parameter.default is not None or parameter.is_rest:
            return None
        if _is_asked(module, name, None) or _is_always_given(module, declaration, None):
            return None
        return "where a caller leaves it out"
    if len(declaration.path) != 1 or not isinstance(declaration.path[0], str):
        held = js.unwrap(declaration.value) if declaration.value is not None else None
        if declaration.path or held is None or held.type != "member_expression":
            return None
        return _why_absent(module, held) if not _is_asked(module, name, None) else None
    source = js.unwrap(declaration.value) if declaration.value is not None else None
    holder = (
        module.scope.resolve(source) if source is not None and source.type == "identifier" else declaration
    )
    if holder is None or declaration.path[0] not in js.optional_members(module, holder):
        return None
    if _is_asked(module, name, None) or _is_always_given(module, holder, declaration.path[0]):
        return None
    return "where it is left out, as its type allows"


def _why_member(module: Module, declaration: js.Declaration, name: str, use: Node) -> str | None:
    """The same of a member of what a variable or parameter holds."""
    if name in _MAIL and _is_mail(module, declaration):
        why = "in a mail that has none"
    elif name in js.optional_members(module, declaration):
        if _is_result_cast(module, declaration):
            return None
        if _is_always_given(module, declaration, name):
            return None
        why = "where it is left out, as its type allows"
    else:
        return None
    return None if _is_asked(module, use, name) else why


def _is_result_cast(module: Module, declaration: js.Declaration) -> bool:
    """Whether a variable holds a member of what a function of the project gave, or an item of such, that is
    said to be of another type: what was made there may have been looked at."""
    cast = declaration.value
    if cast is None or cast.type != "as_expression" or declaration.path:
        return False
    access = module.member(js.unwrap(cast))
    holder = js.unwrap(access.object) if access is not None else None
    owner = module.scope.resolve(holder) if holder is not None and holder.type == "identifier" else None
    if owner is None or owner.path:
        return False
    if owner.kind is js.DeclarationKind.PARAMETER:
        around = module.call_around(owner.scope)
        listed = around[0].receiver if around is not None else None
        return around is not None and around[0].name in _EACH and _is_kept_list(module, listed)
    return owner.value is not None and js.function_called(module, js.unwrap(owner.value)) is not None


def _is_kept_list(module: Module, listed: Node | None) -> bool:
    """Whether a list is begun empty by the function around, and filled with what it keeps."""
    held = module.initializer(listed) if listed is not None else None
    return held is not None and held.type == "array" and not held.named_children


def _is_mail(module: Module, declaration: js.Declaration) -> bool:
    """Whether a variable holds what `postal-mime` has made of a mail."""
    made = js.unwrap(declaration.value) if declaration.value is not None else None
    parsed = module.call(
        js.first_named(made) if made is not None and made.type == "await_expression" else made
    )
    if parsed is None or parsed.name != "parse" or parsed.receiver is None:
        return False
    maker = module.initializer(parsed.receiver)
    named = module.called_name(maker) if maker.type == "new_expression" else module.called_name(parsed.node)
    return named is not None and named.module == "postal-mime"


def _root(module: Module, node: Node) -> Node | None:
    """The name that a chain of members begins with."""
    while node.type in _CHAIN:
        node = node.named_children[0]
    return node if node.type == "identifier" else None


def _is_asked(module: Module, name: Node, member: str | None) -> bool:
    """Whether a function asks anything of what a name holds, or of a member of it, by this or another name,
    or lets another one look at it."""
    declaration = module.scope.resolve(name)
    if declaration is None:
        return True
    asked = module.memoized(
        ("what is asked of", declaration.node.id), lambda: frozenset(_asked(module, declaration))
    )
    return bool(asked) if member is None else not asked.isdisjoint((None, member))


def _asked(module: Module, declaration: js.Declaration) -> Iterator[str | None]:
    """The members of what a name holds that anything is asked of; None stands for all of it."""
    for alias, path in module.aliases(declaration):
        for use in module.scope.references(alias) if len(path) < 2 else ():
            if _asks(module, use):
                read = module.member_read(use)
                yield path[0] if path else read.name if read is not None else None


def _asks(module: Module, use: Node) -> bool:
    """Whether a use of a name asks something of what it holds, or of a member of that, or may do so."""
    whole = _whole(module, use)
    above = module.parent(module.with_wrappers(whole))
    if above is None or module.is_guard(whole) or module.mutation_of(use) is not None:
        return True
    if above.type in ("array", "subscript_expression", "spread_element"):
        return True
    around = module.call_around(whole)
    callee = around[0].callee if around is not None else None
    if around is None or callee is None or around[0].name == "bind":
        return False
    return _PRINTS.fullmatch(module.text(callee)) is None


def _whole(module: Module, use: Node) -> Node:
    """The chain of members and calls that begins with a name: `note.title.trim()` of `note`."""
    node = use
    while True:
        above = module.parent(node)
        if above is None or above.type not in _CHAIN or above.named_children[0].id != node.id:
            return node
        node = above


def _is_always_given(module: Module, declaration: js.Declaration, member: str | None) -> bool:
    """Whether all that call the function whose parameter a name is are seen, and give it, or the member."""
    if declaration.kind is not js.DeclarationKind.PARAMETER:
        return False
    callers = js.callers_of(module, declaration.scope)
    listed = [parameter.node.id for parameter in module.parameters(declaration.scope)]
    index = next((at for at, one in enumerate(listed) if one == declaration.owner.id), None)
    if not callers.complete or not callers.calls or index is None:
        return False
    for site in callers.calls:
        argument = js.Call(site.module, site.node).argument(index)
        if argument is None:
            return False
        if member is None or _is_validated(site.module, argument):
            continue
        if site.module.property_value(argument, member) is None:
            return False
    return True


def _is_validated(module: Module, argument: Node) -> bool:
    """Whether an argument is what a schema has let through."""
    return any(
        (made := module.call(part)) is not None and made.name in _VALIDATES
        for part in module.origins(argument)
    )
