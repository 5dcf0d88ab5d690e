"""Change a column of D1 in the statement itself, not in code between a `SELECT` and an `UPDATE`.

A value that is read, changed and written back takes two requests to the database: of two clients at once both
read the same value, and the change of one is lost. A balance is spent twice, an entry of a list disappears.
`SET credits = credits - ?` is one statement; what is a list in a JSON text can be changed by
`json_insert()`, or be rows of a table of its own.

## Incorrect

```ts
interface Env {
  DB: D1Database;
}

export default {
  async fetch(request, env): Promise<Response> {
    const id = new URL(request.url).searchParams.get("id");
    const query = env.DB.prepare("SELECT credits FROM users WHERE id = ?").bind(id);
    const user = await query.first<{ credits: number }>();
    if (!user || user.credits < 1) return new Response("none left", { status: 402 });
    await env.DB.prepare("UPDATE users SET credits = ? WHERE id = ?").bind(user.credits - 1, id).run();
    return new Response("spent");
  },
} satisfies ExportedHandler<Env>;
```

## Correct

```ts
interface Env {
  DB: D1Database;
}

export default {
  async fetch(request, env): Promise<Response> {
    const id = new URL(request.url).searchParams.get("id");
    const spend = "UPDATE users SET credits = credits - 1 WHERE id = ? AND credits >= 1 RETURNING credits";
    const left = await env.DB.prepare(spend).bind(id).first("credits");
    return left === null ? new Response("none left", { status: 402 }) : new Response("spent");
  },
} satisfies ExportedHandler<Env>;
```

## What to do

Write only where the row still has what was read: `… WHERE … AND column IS ?` with that value bound last.
Where `meta.changes` of the result is 0 another request was first: read, change and write again, three times
at most, then answer 409.

- "the column `<column>` is read": Write only where the row still has what was read: add `AND <column> IS ?`
  to this statement's `WHERE`, with the `<column>` that was read bound behind the others. Where
  `meta.changes` of the result is 0 another request was first: read, change and write again, three times at
  most, then answer 409.
- "while `<column>` is <value>, and": Add `AND <column> = <value>` to this statement's `WHERE`: where
  `meta.changes` of the result is 0 another request has taken the row, and this one goes on as where it finds
  none.

## Not reported

An `UPDATE` that asks in its `WHERE` for more than the `SELECT` did (a version, the old value); what a Durable
Object or a cron trigger does; a column that is written as it was read, or gets a value that is not made of
it.

## Fix safety

There is no fix: which statement changes the column is up to you.

Source: https://developers.cloudflare.com/d1/worker-api/d1-database/#batch,
https://www.sqlite.org/json1.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from cflint.api import Finding, Match, Module, Severity, call, js, quoted, rule, sql
from cflint_rules.d1._writes import is_alone

if TYPE_CHECKING:
    from tree_sitter import Node


@rule(call("bind"), severity=Severity.NOTE)
def check(match: Match) -> Iterator[Finding]:
    module, function = match.module, match.enclosing_function
    if function is None or not module.document.has_word("UPDATE") or not module.document.has_word("SELECT"):
        return
    update = sql.d1_statement(module, match.node)
    if update is None or update.verb != "UPDATE" or "SELECT" in update.words or is_alone(match):
        return
    if not update.tables:
        return
    taken = _taken(match, function, update)
    if taken is not None:
        yield taken
        return
    columns = _columns(update.statement)
    if not columns:
        return
    written = {module.text(value) for value in match.arguments}
    for query in sql.queries_before(module, function, match.node, update.tables[0]):
        values = query.select.values
        if not values or any(module.text(value) not in written for value in values):
            continue
        if not _is_only_by(update.statement, len(values), columns):
            continue
        column = _changed(match, function, query.call.node, columns)
        if column is not None and js.can_reach(module, query.call.node, match.node):
            yield Finding(
                f"the column {quoted(column)} is read, changed and written back: of two requests at once,"
                " one is lost",
                match.at(match.node),
                (module.at(query.call.node, "it is read here"),),
            )
            return


def _taken(match: Match, function: Node, update: sql.D1Statement) -> Finding | None:
    """A row that is chosen by what a column says and marked by another value of it, without asking again."""
    module = match.module
    where = next((at for at, token in enumerate(update.statement.tokens) if token.upper == "WHERE"), None)
    if where is None:
        return None
    marked = _said(update.statement.tokens[:where])
    asked = {(token.name or "").lower() for token in update.statement.tokens[where:]}
    for query in sql.queries_before(module, function, match.node, update.tables[0]):
        tokens = query.select.statement.tokens
        chosen = _said(tokens[next((at for at, token in enumerate(tokens) if token.upper == "WHERE"), 0) :])
        column = next(
            (name for name, text in chosen.items() if marked.get(name, text) != text and name not in asked),
            None,
        )
        if column is None or query.call.name != "first" or not _is_by_row(match, query.call.node):
            continue
        if js.can_reach(module, query.call.node, match.node) and _is_last(match, function, update, column):
            return Finding(
                f"two requests at once can both read this row while {quoted(column)} is {chosen[column]}, and"
                " both take it: ask for that in the `WHERE`, too",
                match.at(match.node),
                (module.at(query.call.node, "it is read here"),),
            )
    return None


def _is_last(match: Match, function: Node, update: sql.D1Statement, column: str) -> bool:
    """Whether nothing later in a function marks a row of the table by a column: what comes before refuses."""
    after = (
        made for made in match.module.calls("bind", function) if made.node.start_byte > match.node.end_byte
    )
    later = (sql.d1_statement(match.module, made.node) for made in after)
    return not any(
        other is not None
        and other.verb == "UPDATE"
        and other.tables == update.tables
        and column in _said(other.statement.tokens)
        for other in later
    )


def _said(tokens: Sequence[sql.Token]) -> dict[str, str]:
    """The columns that are set to, or compared with, a text or number as it is, with that."""
    found: dict[str, str] = {}
    for one, equals, said in zip(tokens, tokens[1:], tokens[2:], strict=False):
        is_plain = said.kind in (sql.TokenKind.STRING, sql.TokenKind.NUMBER)
        if one.name and equals.text in ("=", "==") and is_plain:
            found[one.name.lower()] = said.text
    return found


def _is_by_row(match: Match, read: Node) -> bool:
    """Whether something of the row that was read is bound."""
    return any(js.names_between(match.module, read, value) for value in match.arguments)


def _columns(update: sql.Statement) -> dict[str, int]:
    """The columns that are set to a bound value as it is, by the value's position, from 0."""
    found: dict[str, int] = {}
    bound = {token.start: position for token, position in sql.positions(update.tokens)}
    inside = False
    tokens = update.tokens
    for at, token in enumerate(tokens):
        if token.upper in ("SET", "WHERE"):
            inside = token.upper == "SET"
        if not inside or token.start not in bound or at < 2 or tokens[at - 1].text != "=":
            continue
        after = tokens[at + 1] if at + 1 < len(tokens) else None
        name = tokens[at - 2].name
        if name and (after is None or after.text == "," or after.upper == "WHERE"):
            found[name] = bound[token.start]
    return found


def _is_only_by(update: sql.Statement, count: int, columns: Mapping[str, int]) -> bool:
    """Whether a statement asks for no more than `count` values in its `WHERE`, and for no column it sets."""
    at = next((at for at, token in enumerate(update.tokens) if token.upper == "WHERE"), None)
    if at is None:
        return False
    asked = sum(token.kind is sql.TokenKind.PLACEHOLDER for token in update.tokens[at:])
    set_names = {name.lower() for name in columns}
    return asked <= count and not any((token.name or "").lower() in set_names for token in update.tokens[at:])


def _changed(match: Match, function: Node, read: Node, columns: Mapping[str, int]) -> str | None:
    """The column that is written as it was read but for a change: a sum, a list that grows or shrinks."""
    module = match.module
    for column, place in columns.items():
        if place >= len(match.arguments):
            continue
        names = js.names_between(module, read, match.arguments[place])
        if not any(_holds(module, name, column) for name in names):
            continue
        for name in names:
            if _is_calculated(module, name, column, match.arguments[place]):
                return column
            if not _has_read(name, read) and js.is_counted_or_resized(module, name, function, match.node):
                return column
    return None


def _has_read(name: js.Declaration, read: Node) -> bool:
    """Whether a name holds the row itself."""
    value = name.value
    inside = value is not None and value.start_byte <= read.start_byte and read.end_byte <= value.end_byte
    return inside and not name.path


def _holds(module: Module, name: js.Declaration, column: str) -> bool:
    """Whether a column is read of a name, or is what the name took out of a row."""
    return bool(_reads(module, name, column))


def _reads(module: Module, name: js.Declaration, column: str) -> list[Node]:
    """The expressions that are a column of the row in a name."""
    uses = module.scope.references(name)
    if name.path:
        return list(uses) if name.path[-1] == column else []
    members = (module.parent(module.with_wrappers(use)) for use in uses)
    found = ((node, module.member(node)) for node in members if node is not None)
    return [node for node, access in found if access is not None and access.name == column]


def _is_calculated(module: Module, name: js.Declaration, column: str, value: Node) -> bool:
    """Whether something is added to a column, or taken from it, in what is written."""
    for node in _reads(module, name, column):
        around = module.operation(module.parent(module.with_wrappers(node)))
        if around is None or around.operator not in ("+", "-"):
            continue
        if around.node.start_byte >= value.start_byte and around.node.end_byte <= value.end_byte:
            return True
        holder = module.given_name(around.node)
        declaration = (
            module.scope.resolve(holder) if holder is not None and holder.type == "identifier" else None
        )
        if declaration is not None and any(
            value.start_byte <= use.start_byte < value.end_byte
            for use in module.scope.references(declaration)
        ):
            return True
    return False
