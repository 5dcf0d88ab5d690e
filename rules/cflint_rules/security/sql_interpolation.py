"""Bind values to SQL instead of writing them into its text.

Text that a client sent and that becomes part of a statement can end the string it stands in and go on as
SQL: read other people's rows, delete tables. A value that is bound (`?` and `.bind(value)`) stays a value,
whatever it holds. It is faster, too: the same text is prepared once.

It is a warning when the value comes from a request, a message, a WebSocket or the client of an Agent (a
parameter of a `@callable()` method), a note when that cannot be seen. What ORMs take as it is counts, too:
`sql.raw()` of Drizzle and Kysely, `$queryRawUnsafe()` of Prisma, `raw()` of Knex.

## Incorrect

```ts
interface Env {
  DB: D1Database;
}

export default {
  async fetch(request, env): Promise<Response> {
    const name = new URL(request.url).searchParams.get("name");
    const user = await env.DB.prepare(`SELECT * FROM users WHERE name = '${name}'`).first();
    return Response.json(user);
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
    const name = new URL(request.url).searchParams.get("name");
    const user = await env.DB.prepare("SELECT * FROM users WHERE name = ?").bind(name).first();
    return Response.json(user);
  },
} satisfies ExportedHandler<Env>;
```

## What to do

Write `?` in its place, without quotation marks around it, and hand the value to `.bind(…)` (`exec()` of a
Durable Object: after the text), in the order of the `?`. As it is, the value can go on as SQL.

- "keys of an object": Keep only the columns that a client may set. Where `body` has been read: `const allowed
  = [LIST]; const sent = Object.fromEntries(Object.entries(body).filter(([key]) => allowed.includes(key)))`,
  and below it `sent` for `body` where names and values are taken. Leave out of the list what a client may not
  set (whose a row is, roles, prices). Other names change nothing then.
- "from a list": A name cannot be bound. Look it up: `const column = ({ name: "name", date: "created_at" }
  as Record<string, string>)[asked] ?? "name"`, with the columns that may be asked for; another text then
  changes nothing.
- "`<value>` becomes part of the SQL": Write `?` for `<value>` with its `${ }`, without quotation marks
  around it, and add `<value>` to what `.bind(…)` is given (`exec()` of a Durable Object: behind the text),
  in the order of the `?`. As it is, the value can go on as SQL.

## Not reported

- What the code itself decides: constants, a ternary of literals, placeholders that are joined, clauses built
  of literals, entries of a map of literals, the names in a list of names and values.
- What is tied down: numbers (`Number(…)`, `parseInt(…)`, `.length`), a name that was looked up in a list of
  what is allowed, the result of a quoting helper, what a schema of Zod lets through (`z.enum([…])`, of
  `parse()` or of the route's validator).
- Text between two dollar tags of Postgres (`$tag$…$tag$`), if the code asks whether the tag stands in it.
- Tagged templates (Postgres.js, Drizzle, an Agent's `this.sql`), which bind what is interpolated.
- Names of tables and columns, and clauses, that come from somewhere the rule cannot see.
- Statements that are whole what a client sent: there, running other people's SQL is what is meant.

## Fix safety

Unsafe: the interpolated value becomes a placeholder and a bound argument, and SQL that it holds on purpose
is plain text then. Offered where the whole statement and its bound values are in sight, and only for values:
a table's or column's name cannot be bound. For names that are the keys of what a client sends, where the
project's SQL says which columns the table has.

- "from a list": all columns of the table but those of the statement are in the list: take out what a client
  may not set (whose a row is, roles, prices)

Source: https://developers.cloudflare.com/d1/worker-api/prepared-statements/
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import (
    Finding,
    Fix,
    Location,
    Match,
    Module,
    Safety,
    Severity,
    ValueKind,
    call,
    fixes,
    js,
    pattern,
    python,
    python_module,
    quoted,
    rule,
    sql,
)

if TYPE_CHECKING:
    from tree_sitter import Node

_WRITTEN = pattern(r"\b(?:UPDATE|INTO)\s+[\"`\[]?(\w+)", re.IGNORECASE)
_SET = pattern(r"\b(\w+)[\"`\]]?\s{0,9}=(?!=)")
_MOST_COLUMNS = 24
_NAMED = pattern(r"\b(?:allowed|sent)\b")
_BINDABLE = (sql.HolePosition.VALUE, sql.HolePosition.QUOTED, sql.HolePosition.LIST)


@rule(call(*sql.SQL_CALLS), severity=Severity.WARNING, fix=Safety.UNSAFE)
def check(match: Match) -> Iterator[Finding]:
    use = sql.sql_use(match.module, match.node)
    if use is not None and not use.is_tagged and use.text.has_words:
        holes = [hole for hole in use.text.holes if not _is_whole(use, hole)]
        yield from _interpolated(match, use.text, holes, use)


@check.on(call(*sql.RAW_CALLS))
def check_raw(match: Match) -> Iterator[Finding]:
    """SQL that an ORM takes as it is."""
    text = sql.raw_text(match.module, match.node)
    if text is not None:
        yield from _interpolated(match, text, list(text.holes), None)


def _interpolated(
    match: Match, text: sql.SqlText, holes: list[sql.Interpolation], use: sql.SqlUse | None
) -> Iterator[Finding]:
    found: list[tuple[sql.Interpolation, js.Trust, Location | None]] = []
    for hole in holes:
        made = match.module.provenance(hole.node)
        if made.trust is js.Trust.UNKNOWN:
            made = _sent_by_callers(made) or made
        position = text.position(hole)
        if made.trust is js.Trust.FIXED or _is_fenced(match.module, hole.node):
            continue
        if made.trust is js.Trust.UNKNOWN and position not in _BINDABLE:
            continue  # a name or a clause that is made elsewhere, and may well be made of literals
        if (
            made.trust is js.Trust.UNKNOWN
            and position is sql.HolePosition.LIST
            and _is_built(match.module, hole)
        ):
            continue
        source = made.module.at(made.source, "it comes from here") if made.module and made.source else None
        found.append((hole, made.trust, source))
    if not found:
        return
    found.sort(key=lambda item: -item[1])
    hole, trust, source = found[0]
    sent = trust is js.Trust.REQUEST
    place = match.at(hole.node)
    related = [source] if source is not None and source.span != place.span else []
    related += [match.at(other.node, "so is this") for other, _, _ in found[1:6]]
    values = text.position(hole) in _BINDABLE
    advice = "bind it" if values else "allow only names from a list"
    becomes = "is sent by a client and becomes" if sent else "becomes"
    yield Finding(
        f"{quoted(match.text(hole.node), 40)} {becomes} part of the SQL: {advice}",
        place,
        related=tuple(related),
        fix=(_fix(use, [hole for hole, _, _ in found]) if use is not None else None)
        or (None if values else _fix_names(match.module, hole.node, text)),
        severity=None if sent else Severity.NOTE,
        words=() if values else _words(match.module, hole.node, text),
    )


def _fix_names(module: Module, hole: Node, text: sql.SqlText) -> Fix | None:
    """What a client sends with the columns of the table alone, before its keys become names."""
    taken = _keys_taken(module, hole)
    body = js.unwrap(taken[-1]) if taken else None
    declared = module.scope.resolve(body) if body is not None and body.type == "identifier" else None
    columns = _columns(module, text)
    function = module.enclosing_function(hole)
    statement = module.parent(declared.owner) if declared is not None else None
    if declared is None or function is None or statement is None or not columns:
        return None
    is_plain = statement.type == "lexical_declaration" and not declared.path and declared.constant
    if not is_plain or len(statement.named_children) > 1 or _NAMED.search(module.text(function)) is not None:
        return None
    uses = [
        use
        for use in module.scope.references(declared)
        if (around := module.call_around(use)) is not None
        and around[0].name in ("keys", "values", "entries")
        and _is_of_object(module, around[0])
    ]
    quote = '"' if module.document.data.count(b'"') >= module.document.data.count(b"'") else "'"
    end = module.semicolon_of(statement)
    listed = ", ".join(f"{quote}{name}{quote}" for name in columns)
    indent = f"\n{module.indent_of(statement)}"
    kept = f"Object.entries({declared.name}).filter(([key]) => allowed.includes(key))"
    lines = f"{indent}const allowed = [{listed}]{end}{indent}const sent = Object.fromEntries({kept}){end}"
    edits = (module.insert(statement.end_byte, lines), *(module.replace(use, "sent") for use in uses))
    return Fix("Take the table's own columns alone", edits, Safety.UNSAFE)


def _words(module: Module, hole: Node, text: sql.SqlText) -> js.Words:
    """The object whose keys become names of columns, and those that its table has."""
    taken = _keys_taken(module, hole)
    if not taken:
        return ()
    body = taken[-1]
    listed = ", ".join(f'"{name}"' for name in _columns(module, text))
    return (("keys of an object", ""), *js.word("body", module, body), ("LIST", listed or '"name", "date"'))


def _keys_taken(module: Module, hole: Node) -> list[Node]:
    """The objects whose keys are taken in the function before a part of SQL."""
    function = module.enclosing_function(hole) or module.root
    taken = [
        made.arguments[0]
        for name in ("keys", "entries")
        for made in module.calls(name, function)
        if made.node.end_byte <= hole.end_byte and len(made.arguments) == 1 and _is_of_object(module, made)
    ]
    return sorted(taken, key=lambda node: node.start_byte)


def _is_of_object(module: Module, made: js.Call) -> bool:
    return made.receiver is not None and module.text(made.receiver) == "Object"


def _columns(module: Module, text: sql.SqlText) -> list[str]:
    """The columns of the table that a statement writes, but for those that say which row it is, and when."""
    named = _WRITTEN.search(text.text)
    known = sql.columns_lacking(module, named[1], frozenset({"no column"})) if named is not None else None
    if known is None or len(known[1].columns) > _MOST_COLUMNS:
        return []
    own = {name.lower() for name in _SET.findall(text.text)}
    return sorted(known[1].columns - own - {"id", "created_at", "updated_at"})


def _is_fenced(module: Module, hole: Node) -> bool:
    """Whether a hole stands between two dollar tags of Postgres, and the code asks whether the tag is in it:
    `if (json.includes(tag)) …`."""
    place = module.parent(module.with_wrappers(hole))
    value = module.scope.resolve(js.unwrap(hole)) if js.unwrap(hole).type == "identifier" else None
    if place is None or place.type != "template_substitution" or value is None:
        return False
    tags = [_declared_in(module, beside) for beside in (place.prev_sibling, place.next_sibling)]
    tag, first = tags[0], tags[0].value if tags[0] is not None else None
    if tag is None or tag is not tags[1] or first is None:
        return False
    return (module.string(first) or "").startswith("$") and any(
        made.receiver is not None
        and module.scope.resolve(js.unwrap(made.receiver)) is value
        and [module.scope.resolve(js.unwrap(one)) for one in made.arguments] == [tag]
        for made in module.calls("includes", tag.scope)
    )


def _declared_in(module: Module, part: Node | None) -> js.Declaration | None:
    """What the name is that a `${…}` of a template consists of."""
    name = js.first_named(part) if part is not None and part.type == "template_substitution" else None
    return module.scope.resolve(name) if name is not None and name.type == "identifier" else None


def _sent_by_callers(made: js.Provenance) -> js.Provenance | None:
    """Who decides what the parameter says that a text comes from, by what functions elsewhere give it; None
    where that is no client. An object that is written there has the keys that stand in it."""
    home = made.module
    if not isinstance(home, Module) or made.source is None or made.source.type != "identifier":
        return None
    declaration = home.scope.resolve(made.source)
    if declaration is None or declaration.kind is not js.DeclarationKind.PARAMETER:
        return None
    given = home.parameters(declaration.scope)
    index = next((i for i, one in enumerate(given) if one.pattern.id == declaration.node.id), None)
    for site in _calls(home, declaration.scope) if index is not None else ():
        argument = js.Call(site.module, site.node).argument(index or 0)
        if argument is None or js.unwrap(site.module.initializer(argument)).type == "object":
            continue
        found = site.module.provenance(argument)
        if found.trust is js.Trust.REQUEST:
            return found
    return None


def _calls(module: Module, function: Node) -> Iterator[js.CallSite]:
    """The calls of a function in other modules, also of a method of an instance, or of what is called as the
    class is (`c.data.users` of a class `Users`)."""
    owner = module.enclosing_class(function)
    name = function.child_by_field_name("name")
    if owner is None or function.type != "method_definition" or name is None:
        yield from js.callers_of(module, function).calls
        return
    for site in js.calls_named(module.project, js.paths_around(module), module.text(name), at_hand=module):
        receiver = js.Call(site.module, site.node).receiver
        if receiver is None:
            continue
        value = site.module.value_of(receiver)
        access = site.module.member(receiver)
        is_named = access is not None and access.name.lower() == owner.name.lower()
        if (value.kind is ValueKind.INSTANCE and value.name == owner.name) or (
            value.kind is ValueKind.UNKNOWN and is_named
        ):
            yield site


def _is_whole(use: sql.SqlUse, hole: sql.Interpolation) -> bool:
    """Whether a hole is all there is of a statement."""
    text = use.text.text
    around = (text[hole.at - 1 : hole.at] if hole.at else "", text[hole.at + 1 : hole.at + 2])
    above = use.module.parent(hole.node)
    return (
        around[0] in ("", "\n")
        and around[1] in ("", "\n")
        and (above is None or above.type != "template_substitution")
    )


def _is_built(module: Module, hole: sql.Interpolation) -> bool:
    """Whether a list between parentheses is something that was put together, not a value."""
    return js.unwrap(hole.node).type in ("call_expression", "identifier")


def _fix(use: sql.SqlUse, holes: list[sql.Interpolation]) -> Fix | None:
    edits = fixes.bind_holes(use, holes)
    if edits is None:
        return None
    title = "Bind the value" if len(holes) == 1 else "Bind the values"
    return Fix(title, edits, Safety.UNSAFE)


@check.on(python_module("prepare", "exec"))
def check_python(module: python.PythonModule) -> Iterator[Finding]:
    for statement in python.python_statements(module):
        found = [
            hole
            for hole in statement.holes
            if hole.trust is js.Trust.REQUEST
            or (
                hole.trust is js.Trust.UNKNOWN
                and hole.position in (sql.HolePosition.VALUE, sql.HolePosition.QUOTED)
            )
        ]
        if not found:
            continue
        found.sort(key=lambda hole: -hole.trust)
        hole = found[0]
        sent = hole.trust is js.Trust.REQUEST
        advice = "bind it" if hole.position in _BINDABLE else "allow only names from a list"
        becomes = "is sent by a client and becomes" if sent else "becomes"
        fix: Fix | None = None
        if statement.bound is not None:
            title = "Bind the value" if len(statement.holes) == 1 else "Bind the values"
            fix = Fix(title, statement.bound, Safety.UNSAFE)
        place = module.at(hole.node)
        source = module.at(hole.source, "it comes from here") if hole.source is not None else None
        related = [source] if source is not None and not place.span.covers(source.span) else []
        yield Finding(
            f"{quoted(module.text(hole.node), 40)} {becomes} part of the SQL: {advice}",
            place,
            (*related, *(module.at(other.node, "so is this") for other in found[1:6])),
            fix,
            severity=None if sent else Severity.NOTE,
        )
