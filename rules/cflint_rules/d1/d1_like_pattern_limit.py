"""Limit a search text before it becomes a pattern of `LIKE`: D1 takes 50 bytes.

The pattern of `LIKE` and `GLOB` may have 50 bytes, the `%` included: about 48 letters, 16 characters of
Chinese or 12 emoji. A longer one makes the query throw, so that who searches for a sentence gets an error
500. `instr(column, ?) > 0` has no such limit, and full-text search (FTS5) is faster.

## Incorrect

```ts
interface Env {
  DB: D1Database;
}

export default {
  async fetch(request, env): Promise<Response> {
    const text = new URL(request.url).searchParams.get("q") ?? "";
    const query = env.DB.prepare("SELECT title FROM pages WHERE title LIKE ? LIMIT 20").bind(`%${text}%`);
    return Response.json((await query.all()).results);
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
    const text = new URL(request.url).searchParams.get("q") ?? "";
    const search = "SELECT title FROM pages WHERE instr(lower(title), lower(?)) > 0 LIMIT 20";
    const { results } = await env.DB.prepare(search).bind(text).all();
    return Response.json(results);
  },
} satisfies ExportedHandler<Env>;
```

## What to do

In the statement write `instr(lower(column), lower(?)) > 0` for each `column LIKE ?` of this value, and bind
the text without the `%`: it finds the same rows, and has no limit of length (`%` and `_` that a user types
are then plain text). For a pattern without `%` in front, `instr(…) = 1`. Do so in each statement that is
shown.

- "in Drizzle": Write `` sql`instr(lower(${column}), lower(${text})) > 0` `` for this `like()` and for each
  other of the same text (`sql` comes from `drizzle-orm`), with the text without the `%`: it finds the same
  rows, and has no limit of length.
- "a beginning": In each statement that is shown write `instr(lower(column), lower(?)) = 1` for each `column
  LIKE ?` of this value, and bind the text without the `%`: it finds the same rows, and has no limit of length
  (`%` and `_` that a user types are then plain text).

## Not reported

Patterns that no client decides; texts that are cut to 50 characters or less, or whose length is compared with
such a number; what a validator gives; queries in a `try` with a `catch`, which may answer otherwise.

## Errors

```text title="workerd"
D1_ERROR: LIKE or GLOB pattern too complex
```

## Fix safety

Unsafe: `%` and `_` that a user types are then plain text, and capitals beyond ASCII are told apart as `LIKE`
does. The fix is for Drizzle's `like()`; in SQL the conditions often stand apart from their values.

Source: https://developers.cloudflare.com/d1/platform/limits/, https://www.sqlite.org/limits.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING

from cflint.api import (
    Finding,
    Fix,
    Location,
    Match,
    Module,
    Safety,
    Severity,
    call,
    fixes,
    js,
    pattern,
    python,
    python_module,
    rule,
    sql,
)

if TYPE_CHECKING:
    import libcst as cst
    from tree_sitter import Node

_CUTS = frozenset({"length", "slice", "substring", "substr", "byteLength"})
_MOST = 50
"""Bytes that a pattern may have. What leaves a text more characters than that limits nothing."""
_LEAST = 5
"""A length of no more than that is asked for since a text is too short."""
_COMPARES = frozenset({"<", ">", "<=", ">=", "===", "!==", "==", "!="})
_MOST_PLACES = 6
_HOW = {"`%TEXT%`": "> 0", "`TEXT%`": "= 1"}
"""What `instr()` gives for a row that a pattern finds."""
_OTHERWISE = {"> 0": "= 0", "= 1": "<> 1"}
_LIKE = frozenset({"LIKE", "GLOB"})
_VALIDATORS = frozenset({"valid", "parse", "safeParse", "parseAsync", "safeParseAsync"})


_SEARCHES = pattern(
    r"search|query|keyword|needle|^(?:q|term|text|match|filter)$|matchText|filterText", re.IGNORECASE
)
"""Names of parameters that hold what a client looks for."""


@rule(call("bind"), severity=Severity.NOTE, fix=Safety.UNSAFE)
def check(match: Match) -> Iterator[Finding]:
    module = match.module
    if not module.document.has_word("LIKE") and not module.document.has_word("like"):
        return
    use = sql.prepared_by(module, match.node)
    if use is None or use.engine is not sql.SqlDialect.D1 or module.try_around(match.node) is not None:
        return
    for value in _patterns(match, use):
        for hole in _holes(module, value):
            if (_is_sent(module, hole) or _is_search(module, hole)) and not _is_limited(module, hole):
                yield Finding(
                    "a search text of more than about 48 bytes throws: D1 takes 50 bytes as a pattern",
                    module.at(value),
                    _bound_at(match, value),
                    words=(("a beginning", ""),) if _is_beginning(module, value) else (),
                )
                return


def _bound_at(match: Match, value: Node) -> tuple[Location, ...]:
    """The statements that a pattern is bound to, where it is made elsewhere: this one first."""
    module = match.module
    if js.span_of(match.node).covers(js.span_of(value)):
        return ()
    name = module.given_name(value)
    declaration = module.scope.resolve(name) if name is not None and name.type == "identifier" else None
    others: dict[int, Node] = {}
    for use in module.scope.references(declaration) if declaration is not None else ():
        around = module.call_around(use)
        if around is not None and around[0].name == "bind" and around[0].node.id != match.node.id:
            others[around[0].node.id] = around[0].node
    return (
        module.at(match.node, "it is bound here"),
        *(module.at(one, "and here") for one in list(others.values())[:_MOST_PLACES]),
    )


def _is_beginning(module: Module, value: Node) -> bool:
    """Whether a pattern is a template without a `%` in front."""
    made = js.unwrap(module.initializer(value))
    text = module.text(made).strip("`")
    return made.type == "template_string" and text.startswith("${") and text.endswith("}%")


def _patterns(match: Match, use: sql.SqlUse) -> Iterator[Node]:
    """The values of a statement that are patterns: those of its `LIKE ?`, or, where the statement is put
    together, all templates with a `%`."""
    module, text = match.module, use.text
    if text.exact and not any(part.type == "spread_element" for part in match.arguments):
        for statement in text.statements:
            bound = {token.start: position for token, position in sql.positions(statement.tokens)}
            for before, token in pairwise(statement.tokens):
                position = bound.get(token.start, -1) if before.upper in _LIKE else -1
                if 0 <= position < len(match.arguments):
                    yield module.initializer(match.arguments[position])
        return
    for argument in match.arguments:
        listed = argument.named_children[0] if argument.type == "spread_element" else argument
        for value in (listed, *_pushed(module, listed)):
            made = js.unwrap(module.initializer(value))
            if made.type == "template_string" and module.text(made).strip("`")[:1] == "%":
                yield made


def _pushed(module: Module, values: Node) -> Iterator[Node]:
    """What is pushed to an array, and what it starts with."""
    made = js.unwrap(module.initializer(values))
    if made.type == "array":
        yield from made.named_children
    declaration = module.scope.resolve(values) if values.type == "identifier" else None
    for use in module.scope.references(declaration) if declaration is not None else ():
        called = module.method_called_on(use)
        if called is not None and called[0] in ("push", "unshift"):
            yield from js.arguments_of(called[1])


def _holes(module: Module, pattern: Node) -> Iterator[Node]:
    """The expressions that a pattern is made of."""
    pattern = js.unwrap(pattern)
    if pattern.type == "template_string":
        for part in pattern.named_children:
            if part.type == "template_substitution":
                yield from part.named_children[:1]
    elif (operation := module.operation(pattern)) is not None and operation.operator == "+":
        for side in (operation.left, operation.right):
            if side is not None and module.string(side) is None:
                yield from _holes(module, side) if js.unwrap(side).type == "binary_expression" else (side,)


@check.on(call("like", "notLike"))
def check_orm(match: Match) -> Iterator[Finding]:
    """The patterns that Drizzle's `like()` is given."""
    module = match.module
    named = module.called_name(match.node) if len(match.arguments) == 2 else None
    if named is None or not named.module.startswith("drizzle-orm") or not module.is_run:
        return
    if module.try_around(match.node) is not None or not _is_for_d1(module, match.node):
        return
    for hole in _holes(module, module.initializer(match.arguments[1])):
        if (_is_sent(module, hole) or _is_search(module, hole)) and not _is_limited(module, hole):
            if _is_first(match, hole):
                yield Finding(
                    "a search text of more than about 48 bytes throws: D1 takes 50 bytes as a pattern",
                    match.at(match.arguments[1]),
                    fix=_by_instr(match, hole),
                    words=(("in Drizzle", ""),),
                )
            return


def _by_instr(match: Match, hole: Node) -> Fix | None:
    """`instr()` for each `like()` of a function whose pattern is made of the same text, and of `%`."""
    module, around = match.module, match.enclosing_function
    text, edits, replaced = module.text(hole), [], {"like": 0, "notLike": 0}
    for word in replaced:
        for made in module.calls(word, around if around is not None else module.root):
            if len(made.arguments) != 2:
                continue
            written = module.text(made.arguments[1])
            how = _HOW.get(written.replace(f"${{{text}}}", "TEXT"))
            if how is None:
                continue
            sign = how if word == "like" else _OTHERWISE[how]
            column = module.text(made.arguments[0])
            condition = f"sql`instr(lower(${{{column}}}), lower(${{{text}}})) {sign}`"
            edits.append(module.replace(made.node, condition))
            replaced[word] += 1
    imported = fixes.add_imports(module, ["sql"], "drizzle-orm")
    if not edits or imported is None:
        return None
    if any(count and len(list(module.calls(word, module.root))) == count for word, count in replaced.items()):
        return None  # what is imported would be used no more
    return Fix("Look for the text by `instr()`", (*imported, *edits), Safety.UNSAFE)


def _is_for_d1(module: Module, condition: Node) -> bool:
    """Whether the statement that a condition is part of is for D1, or, where it stands alone, the module
    speaks of Drizzle's databases of D1."""
    for above in module.ancestors(condition):
        if above.type in js.FUNCTIONS:
            break
        found = module.orm_statement(above) if above.type == "call_expression" else None
        if found is not None:
            return found.database is not None
    return b"drizzle-orm/d1" in module.document.data


def _is_search(module: Module, hole: Node) -> bool:
    """Whether a text is a parameter of a function, by a name that says that somebody looks for it."""
    for part in module.origins(hole):
        declaration = module.scope.resolve(part) if part.type == "identifier" else None
        if declaration is not None and declaration.kind is js.DeclarationKind.PARAMETER:
            return _SEARCHES.search(declaration.name) is not None
    return False


def _is_first(match: Match, hole: Node) -> bool:
    """Whether no pattern before this one in the function holds the same text."""
    module, function = match.module, match.enclosing_function
    text = module.text(hole)
    return function is None or not any(
        made.node.start_byte < match.node.start_byte
        and len(made.arguments) == 2
        and text in module.text(made.arguments[1])
        for word in ("like", "notLike")
        for made in module.calls(word, function)
    )


def _is_sent(module: Module, hole: Node) -> bool:
    """Whether a client decides a text as it likes."""
    made = (module.call(origin) for origin in module.origins(hole))
    if any(call is not None and call.name in _VALIDATORS for call in made):
        return False
    return js.may_be_sent(module, hole) and js.request_behind(module, hole) is not None


def _is_limited(module: Module, hole: Node) -> bool:
    """Whether a text is cut somewhere, or its length asked for, so that it may fit."""
    for origin in module.origins(hole):
        made = module.call(origin)
        if made is not None and made.name in _CUTS and not _leaves_more(module, made):
            return True
        declaration = module.scope.resolve(origin) if origin.type == "identifier" else None
        for use in module.scope.references(declaration) if declaration is not None else ():
            read = module.member_read(use)
            if read is None or read.name not in _CUTS:
                continue
            called = module.method_called_on(use)
            if called is not None and _leaves_more(module, js.Call(module, called[1])):
                continue
            if not _asks_for_other(module, read.node):
                return True
    return False


def _leaves_more(module: Module, made: js.Call) -> bool:
    """Whether a call leaves more of a text than a pattern may have: `text.slice(0, 100)`."""
    if len(made.arguments) != 2 or module.number(made.arguments[0]) != 0:
        return False
    return (module.number(made.arguments[1]) or 0) > _MOST


def _asks_for_other(module: Module, read: Node) -> bool:
    """Whether a length is compared with a number that is of no use as a limit: `text.length < 2`."""
    above = module.parent(module.with_wrappers(read))
    compared = module.operation(above) if above is not None else None
    if compared is None or compared.operator not in _COMPARES or compared.right is None:
        return False
    sides = (compared.left, compared.right)
    numbers = [module.number(side) for side in sides if side is not None]
    return any(number is not None and not _LEAST < number <= _MOST for number in numbers)


_PYTHON_LIMITS = pattern(r"len\(|\[:|max_length|instr\(|constr\(")


@check.on(python_module("LIKE", "like"))
def check_python(module: python.PythonModule) -> Iterator[Finding]:
    # Imported where used: libcst is slow to load.
    if module.has_errors or not any(one.bindings_of("d1") for one in module.environments):
        return
    import libcst as cst

    for made in module.find(cst.FormattedString):
        function = module.function_around(made)
        if not isinstance(function, cst.FunctionDef) or module.is_caught(made):
            continue
        text = _python_pattern(made)
        around = module.text(function)
        if text is None or " LIKE " not in around.upper() or _PYTHON_LIMITS.search(around) is not None:
            continue
        if _is_python_given(module, text):
            yield Finding(
                "a search text of more than about 48 bytes throws: D1 takes 50 bytes as a pattern",
                module.at(made),
            )


def _python_pattern(made: cst.FormattedString) -> cst.BaseExpression | None:
    """`text` of `f"%{text}%"`, `f"%{text}"` and `f"{text}%"`; None of other strings."""
    # Imported where used: libcst is slow to load.
    import libcst as cst

    written = [part.value for part in made.parts if isinstance(part, cst.FormattedStringText)]
    holes = [part for part in made.parts if isinstance(part, cst.FormattedStringExpression)]
    is_pattern = written and len(holes) == 1 and all(part == "%" for part in written)
    return holes[0].expression if is_pattern else None


def _is_python_given(module: python.PythonModule, text: cst.BaseExpression) -> bool:
    """Whether a client sends a text: it comes from a request, or is a text that a function is given."""
    # Imported where used: libcst is slow to load.
    import libcst as cst

    if python.reads_python_request(module, text):
        return True
    while isinstance(text, cst.Call) and isinstance(text.func, cst.Attribute):
        text = text.func.value  # `q.strip()`
    entries = module.resolve(text) if isinstance(text, cst.Name) else None
    return entries is not None and len(entries) == 1 and isinstance(entries[0].node, cst.Param)
