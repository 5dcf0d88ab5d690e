"""Stay within 100 bound parameters of a SQLite statement.

D1 and the SQLite storage of Durable Objects take at most 100 bound parameters per statement. One `?` for each
element of a list works until the list is longer: then the statement fails with `too many SQL variables`. A
pattern of `LIKE` or `GLOB` has at most 50 bytes.

## Incorrect

```ts
interface Env {
  DB: D1Database;
}

export async function users(env: Env, ids: string[]): Promise<unknown[]> {
  const marks = ids.map(() => "?").join(", ");
  const { results } = await env.DB.prepare(`SELECT * FROM users WHERE id IN (${marks})`)
    .bind(...ids)
    .all();
  return results;
}
```

## Correct

```ts
interface Env {
  DB: D1Database;
}

export async function users(env: Env, ids: string[]): Promise<unknown[]> {
  const { results } = await env.DB.prepare("SELECT * FROM users WHERE id IN (SELECT value FROM json_each(?))")
    .bind(JSON.stringify(ids))
    .all();
  return results;
}
```

## What to do

Give the list as one value: `IN (SELECT value FROM json_each(?))` for the list of placeholders, and bind
`JSON.stringify(list)` in the place of its elements; the variable with the placeholders goes. With more than
100 the query is refused.

- "each element of `<list>` is a parameter, of which a statement takes at most 100: cut the list, or": Give
  the list as one value: `IN (SELECT value FROM json_each(?))` for the list of placeholders, and bind
  `JSON.stringify(<list>)` in the place of its elements; the variable with the placeholders goes. With more
  than 100 the query is refused.
- "each element of `<list>` is a parameter": Ask in pieces, and join the rows: `const rows = []; for (let at
  = 0; at < <list>.length; at += 90) { const part = <list>.slice(at, at + 90); rows.push(...(await
  query(part))); }`, with this query over `part` for `query(part)`. With more than 100 the query is refused.
- "a few rows at a time": Cut the rows, and send the pieces together: `const statements = []; for (let at = 0;
  at < rows.length; at += 10) statements.push(db.insert(table).values(rows.slice(at, at + 10)))`, then `await
  db.batch(statements)` where there are any, with this database, table and rows for `db`, `table` and `rows`;
  what `returning()` gives is one list for each piece (`.flat()`). With 10 columns or fewer 10 rows fit; with
  more, as many as 100 through their number. With more than 100 parameters the statement is refused.
- "pattern of": The statement is refused. Shorten the pattern, or ask with `instr(column, ?) > 0`, which has
  no such limit.
- "and this has": The statement is refused. Cut it in two and run both with `db.batch([…])`, or give a list
  as one value: `json_each(?)` with `JSON.stringify(list)`.

## Not reported

Lists whose length the code around looks at, or that it cuts or fetches with a limit, unless a number that is
too large is written there (`slice(i, i + 500)`, `LIMIT 1000`, `chunk(rows, 50)` of rows with five columns);
lists that are written out; lists whose possible length is not known. Of ORMs, Drizzle's `inArray()` and
Kysely's `in` are known, where the database is made for D1 in sight; Prisma divides such lists by itself.
Functions that no Worker calls.

## Errors

```text title="workerd"
D1_ERROR: too many SQL variables at offset …: SQLITE_ERROR
```

## Fix safety

Unsafe: the list becomes one JSON text, whose elements have the types of JSON, and must not be larger than 2
MB. There is no fix where the elements are bound elsewhere, for rows of several values, and for ORMs.

Source: https://developers.cloudflare.com/d1/platform/limits/
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING

from cflint.api import (
    Edit,
    Finding,
    Fix,
    Location,
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

_MOST = 100
_LONGEST_PATTERN = 50  # bytes
_IN = pattern(r"\b(?:IN\s*\(|VALUES)\s*$", re.IGNORECASE)
_BRACES = pattern(r"\bIN\s*\(\s*\ufffc\s*\)")
_MARKS = pattern(r"\?|\(\s*\?(?:\s*,\s*\?)*\s*\)")
"""What stands for one element: `?`, or `(?, ?)` of a row."""
_LIKE = pattern(r"\b(?:LIKE|GLOB)\s+'", re.IGNORECASE)
_BOUNDED = pattern(
    rb"limit(?<!-limit)|chunk|slice\(|splice\(|batch_?size|max|\.(?:length|size)\s*(?:>=?\s*[1-9A-Za-z]|<)",
    re.IGNORECASE,
)
_PLURAL = pattern(r"(?:ids|Ids|IDs|keys|Keys|emails|Emails|urls|Urls|slugs|Slugs|hashes|Hashes|names|Names)$")
_LIMIT = pattern(r"\bLIMIT\s+(?:(\d{1,9})|\S)\s*;?\s*$", re.IGNORECASE)
_CUT = pattern(rb"hunk|slice\(")
_METHODS = {sql.SqlDialect.D1: "prepare", sql.SqlDialect.DURABLE_OBJECT: "exec"}
"""The methods that take parameters."""


@rule(call("prepare", "exec"), severity=Severity.NOTE, fix=Safety.UNSAFE)
def check(match: Match) -> Iterator[Finding]:
    use = sql.sql_use(match.module, match.node)
    if use is None or _METHODS.get(use.engine) != use.method:
        return
    found = tuple(_faults(match, use))
    if found and not js.is_dead(match.module, match.node):
        yield from found  # else its tests call it, and no Worker


def _faults(match: Match, use: sql.SqlUse) -> Iterator[Finding]:
    text = use.text.text
    if text.count("?") > _MOST:
        yield from _marks(use)
    if _LIKE.search(text) is not None:
        yield from _patterns(use)
    for hole in use.text.holes:
        listed = _list(match.module, hole) if _IN.search(text, 0, hole.at) else None
        if listed is None:
            continue
        source, marks = listed
        if _may_be_long(match.module, source, match.node, marks):
            each = "is a parameter" if marks == 1 else f"is {marks} parameters"
            pieces = "" if _cut_to(match.module, source) is None else f" into pieces of {_MOST // marks}"
            yield Finding(
                f"each element of {quoted(match.text(source))} {each}, of which a statement takes at"
                f" most {_MOST}: cut the list{pieces}, or give it to `json_each(?)`",
                match.at(hole.node),
                _places_of(match.module, match.node, hole.node, source),
                fix=_as_json(match, use, hole.node, source) if marks == 1 else None,
            )


def _as_json(match: Match, use: sql.SqlUse, hole: Node, source: Node) -> Fix | None:
    """The list as one value that `json_each()` takes apart; None where its elements are bound elsewhere, or
    the placeholders are used elsewhere, too."""
    module, chained = match.module, sql.chained_call(match.module, match.node)
    place = module.parent(hole)
    if chained is None or chained[0] != "bind" or place is None or place.type != "template_substitution":
        return None
    listed = module.text(source)
    spread = [it for it in js.Call(module, chained[1]).arguments if module.text(it) == f"...{listed}"]
    if len(spread) != 1 or not use.call.start_byte <= place.start_byte < use.call.end_byte:
        return None
    if _BRACES.search(use.text.text.upper()) is None:
        return None
    edits = [
        module.replace(place, "SELECT value FROM json_each(?)"),
        module.replace(spread[0], f"JSON.stringify({listed})"),
    ]
    if hole.type == "identifier":
        declaration = module.scope.resolve(hole)
        statement = module.statement_of(declaration.node) if declaration is not None else None
        if declaration is None or statement is None or len(module.scope.references(declaration)) != 1:
            return None
        if statement.named_child_count != 1:
            return None
        edits.append(Edit(module.document, module.whole_lines(statement), ""))
    return Fix("Give the list as one value, to `json_each(?)`", tuple(edits), Safety.UNSAFE)


def _places_of(module: Module, prepared: Node, hole: Node, source: Node) -> tuple[Location, ...]:
    """What else changes when a list is given as one value: where its placeholders are made, and where its
    elements are bound."""
    made = module.initializer(hole)
    places = [module.at(made, "the placeholders are made here")] if made.id != js.unwrap(hole).id else []
    text, called = module.text(source), module.method_called_on(prepared)
    while called is not None and called[0] not in ("bind",):
        called = module.method_called_on(called[1])
    bound = js.Call(module, called[1]) if called is not None else None
    for given in bound.arguments if bound is not None else ():
        if given.type == "spread_element" and text in module.text(given):
            places.append(module.at(given, "its elements are bound here"))
    return tuple(places)


@check.on(call("values"))
def check_rows(match: Match) -> Iterator[Finding]:
    """The rows that an ORM's statement inserts, each value of which becomes a parameter."""
    module = match.module
    statement = module.orm_statement(match.node) if len(match.arguments) == 1 else None
    if statement is None or statement.database is None or statement.verb not in ("INSERT", "REPLACE"):
        return
    rows = js.unwrap(match.arguments[0])
    if rows.type == "identifier" and not _is_list_of_rows(module, rows):
        return
    source = _whole_list(module, rows)
    if source is not None and _is_list_of_rows(module, rows) and _may_be_long(module, source, match.node, 2):
        yield Finding(
            f"each value of a row of {quoted(match.text(source))} is a parameter, of which a statement takes"
            f" at most {_MOST}: insert a few rows at a time, with one `batch()`",
            match.at(match.arguments[0]),
        )


def _is_list_of_rows(module: Module, rows: Node) -> bool:
    """Whether what is inserted is known to be a list: made by `map()`, or a parameter of a type of lists."""
    made = module.call(module.initializer(rows))
    if made is not None and made.name == "map" and made.receiver is not None:
        return True
    declaration = module.scope.resolve(rows) if rows.type == "identifier" else None
    is_parameter = declaration is not None and declaration.kind is js.DeclarationKind.PARAMETER
    return is_parameter and declaration is not None and _is_array(module, declaration)


@check.on(call("inArray", "notInArray", "where"))
def check_orm(match: Match) -> Iterator[Finding]:
    """The lists that an ORM's statement is given, each element of which becomes a parameter."""
    module, given = match.module, match.arguments
    if match.word == "where":
        is_in = len(given) == 3 and module.string(given[1]) in ("in", "not in")
        statement = module.orm_statement(match.node) if is_in else None
    else:
        named = module.called_name(match.node) if len(given) == 2 else None
        is_drizzle = named is not None and named.module.startswith("drizzle-orm")
        statement = _statement_around(module, match.node) if is_drizzle else None
    if statement is None or statement.database is None:
        return
    source = _whole_list(module, given[-1])
    if source is not None and _may_be_long(module, source, match.node):
        yield Finding(
            f"each element of {quoted(match.text(source))} is a parameter, of which a statement takes at"
            f" most {_MOST}: cut the list",
            match.at(given[-1]),
        )


def _statement_around(module: Module, condition: Node) -> js.OrmStatement | None:
    """The statement of an ORM among whose arguments a condition stands."""
    for above in module.ancestors(condition):
        if above.type in js.FUNCTIONS or above.type == "statement_block":
            return None
        found = module.orm_statement(above) if above.type == "call_expression" else None
        if found is not None:
            return found
    return None


def _whole_list(module: Module, given: Node) -> Node | None:
    """The list whose elements an argument holds: `ids` of `ids`, of `[...ids]`, of `users.map((u) => u.id)`;
    None of one that is written out, or a subquery."""
    node = js.unwrap(given)
    found = module.initializer(node)
    if found.type == "array":
        parts = found.named_children
        return (
            js.unwrap(parts[0].named_children[0])
            if len(parts) == 1 and parts[0].type == "spread_element"
            else None
        )
    made = module.call(found)
    return None if made is not None and module.orm_statement(found) is not None else node


def _marks(use: sql.SqlUse) -> Iterator[Finding]:
    marks = [token.text for token in use.text.tokens if token.kind is sql.TokenKind.PLACEHOLDER]
    count = marks.count("?") + len({*marks} - {"?"})
    if count > _MOST and len(use.text.statements) == 1:
        what = f"a statement takes at most {_MOST} parameters, and this has {count}"
        yield Finding(what, use.module.at(use.statement))


def _patterns(use: sql.SqlUse) -> Iterator[Finding]:
    tokens = use.text.tokens
    for before, token in pairwise(tokens):
        if token.kind is sql.TokenKind.STRING and before.upper in ("LIKE", "GLOB"):
            size = len(token.text.encode()) - 2
            open_ends = any(token.start <= hole.at < token.end for hole in use.text.holes)
            if size > _LONGEST_PATTERN and not open_ends:
                what = (
                    f"a pattern of `{before.upper}` has at most {_LONGEST_PATTERN} bytes, and this has {size}"
                )
                yield Finding(what, use.at_token(token))


def _list(module: Module, hole: sql.Interpolation) -> tuple[Node, int] | None:
    """`ids` of `ids.map(() => "?").join(",")`, which an expression is, and the parameters of an element."""
    joined = module.call(module.initializer(hole.node))
    if joined is None or joined.receiver is None or joined.name != "join":
        return None
    marks = module.call(module.initializer(joined.receiver))
    if marks is None or marks.receiver is None or marks.name != "map" or not marks.arguments:
        return None
    body = js.body_of(js.unwrap(marks.arguments[0]))
    text = module.string(body) if body is not None else None
    if text is None or _MARKS.fullmatch(text) is None:
        return None
    return js.unwrap(marks.receiver), text.count("?")


def _may_be_long(module: Module, source: Node, at: Node, marks: int = 1) -> bool:
    """Whether a list comes from a request, a query or a caller, and nothing around looks at its length. Each
    element is so many parameters."""
    most = _cut_to(module, source)
    if most is None:
        most = _most_rows(module, source)
    if most is not None:
        return most * marks > _MOST
    function = None
    for above in module.ancestors(at):
        if above.type in js.FUNCTIONS:
            function = above
    if function is None or any(True for _ in module.mentions(_BOUNDED, function)):
        return False
    if source.type == "identifier":
        declaration = module.scope.resolve(source)
        if declaration is not None and declaration.kind is js.DeclarationKind.PARAMETER:
            is_named = _PLURAL.search(declaration.name) is not None
            if not is_named and not _is_array(module, declaration):
                return False
            most = _given_by_callers(module, declaration)
            if most or (most is not None and not is_named):
                return most * marks > _MOST
            return not _is_given_few(module, declaration) and not any(True for _ in module.mentions(_CUT))
    return any(_is_unbounded(module, part) for part in module.origins(source))


def _given_by_callers(module: Module, declaration: js.Declaration) -> float | None:
    """The longest of the pieces that the functions of that name are given as a parameter, in the Workers
    around; 0 where something bounds a list that is none, or nobody calls it; None where the name is unknown,
    or a list is as long as it is."""
    function = declaration.scope
    named = js.name_of(module, function) or _key_of(module, function)
    names = [parameter.name for parameter in module.parameters(function)]
    if named is None or declaration.name not in names:
        return None
    index, most = names.index(declaration.name), 0.0
    sites = list(js.calls_named(module.project, js.paths_around(module), module.text(named), at_hand=module))
    for site in sites:
        given = js.Call(site.module, site.node).argument(index)
        if given is None:
            continue
        cut = _piece(site.module, given)
        if cut is None:
            around = [above for above in site.module.ancestors(site.node) if above.type in js.FUNCTIONS]
            if not around or any(True for _ in site.module.mentions(_BOUNDED, around[-1])):
                continue
            return None
        most = max(most, cut)
    return most


def _key_of(module: Module, function: Node) -> Node | None:
    """The name of a method of an object, or of a function that is the value of a property."""
    if function.type == "method_definition":
        return function.child_by_field_name("name")
    around = module.parent(function)
    return around.child_by_field_name("key") if around is not None and around.type == "pair" else None


def _piece(module: Module, given: Node) -> float | None:
    """The length of the piece of a list that an argument holds, or what was made of each of its elements."""
    node = js.unwrap(module.initializer(js.unwrap(given)))
    made = module.call(node)
    while made is not None and made.name in ("map", "filter") and made.receiver is not None:
        node = js.unwrap(made.receiver)
        cut = _cut_to(module, node)
        if cut is not None:
            return cut
        node = js.unwrap(module.initializer(node))
        made = module.call(node)
    if node.type == "array" and all(it.type != "spread_element" for it in node.named_children):
        return sum(it.type != "comment" for it in node.named_children)
    cut = _cut_to(module, js.unwrap(given))
    if cut is None:
        cut = _cut_to(module, node)
    return cut if cut is not None else _most_rows(module, given)


def _is_array(module: Module, declaration: js.Declaration) -> bool:
    """Whether a parameter's type is a list of texts, numbers or rows."""
    typed = js.first_named(declaration.owner.child_by_field_name("type"))
    if typed is None:
        return False
    return typed.type == "array_type" or module.text(typed).startswith(
        ("Array<", "readonly ", "ReadonlyArray<")
    )


def _cut_to(module: Module, source: Node) -> float | None:
    """The length of the pieces that a list is one of: of `list.slice(i, i + 500)`, or of the turns over
    `chunk(list, 500)`; None of every other list, and where the length is not known."""
    declaration = module.scope.resolve(source) if source.type == "identifier" else None
    turns = (
        declaration is not None
        and len(declaration.path) == 1
        and declaration.owner.type == "for_in_statement"
    )
    whole = declaration.value if turns and declaration is not None else source
    made = module.call(module.initializer(js.unwrap(whole))) if whole is not None else None
    if made is None or len(made.arguments) != 2:
        return None
    length: Node | None = None
    if turns:
        length = made.arguments[1] if _CUT.search(made.name.encode()) is not None else None
    elif made.name == "slice":
        end = module.operation(made.arguments[1])
        if end is not None and end.operator == "+" and end.left is not None:
            length = end.right if module.is_same(end.left, made.arguments[0]) else None
    return module.number(length) if length is not None else None


def _most_rows(module: Module, source: Node) -> float | None:
    """The most rows that a list can have whose items come from the rows of a query with a `LIMIT`."""
    ran = _query_behind(module, source)
    use = sql.prepared_by(module, ran.receiver) if ran is not None and ran.receiver is not None else None
    found = _LIMIT.search(use.text.text) if use is not None else None
    if use is None or found is None:
        return None
    if found[1]:
        return int(found[1])
    if found[0].rstrip(" ;\n\t").endswith("?"):
        return _last_bound(module, ran)
    hole = next((hole for hole in use.text.holes if hole.at == found.end() - 1), None)
    return module.number(hole.node) if hole is not None else None


def _last_bound(module: Module, ran: js.Call | None) -> float | None:
    """The number that is bound last to the statement that a call runs."""
    bound = (
        module.call(module.initializer(ran.receiver))
        if ran is not None and ran.receiver is not None
        else None
    )
    if bound is None or bound.name != "bind" or not bound.arguments:
        return None
    return module.number(bound.arguments[-1])


def _query_behind(module: Module, rows: Node) -> js.Call | None:
    """The call of `all()` whose rows, or one value of each, a list holds."""
    node = js.unwrap(module.initializer(rows))
    for _ in range(10):
        call, member = module.call(node), module.member(node)
        if call is not None and call.receiver is not None and call.name in ("map", "filter"):
            node = call.receiver
        elif member is not None and member.name == "results":
            node = member.object
        elif node.type == "await_expression" and node.named_children:
            node = node.named_children[0]
        else:
            return call if call is not None and call.name == "all" else None
        node = js.unwrap(module.initializer(js.unwrap(node)))
    return None


def _is_given_few(module: Module, declaration: js.Declaration) -> bool:
    """Whether all that call the function whose parameter a list is are seen, and give it few rows."""
    callers = js.callers_of(module, declaration.scope)
    listed = [parameter.name for parameter in module.parameters(declaration.scope)]
    index = listed.index(declaration.name) if declaration.name in listed else None
    if not callers.complete or not callers.calls or index is None:
        return False
    given = [(site.module, js.Call(site.module, site.node).argument(index)) for site in callers.calls]
    return all(
        argument is not None and (most := _most_rows(other, argument)) is not None and most <= _MOST
        for other, argument in given
    )


def _is_unbounded(module: Module, part: Node) -> bool:
    """Whether an expression reads a body, or gives the rows of a query."""
    call = module.call(part)
    if call is not None and call.name == "json" and not call.is_new:
        return module.reads_request(part)
    made = module.orm_statement(part) if call is not None else None
    if made is not None:
        return made.verb == "SELECT" and not {"limit", "get", "first"} & {*made.methods}
    return module.value_of(part).kind is ValueKind.D1_RESULT
