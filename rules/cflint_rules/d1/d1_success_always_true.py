"""Look at `meta.changes` to learn whether a row was changed: `success` of D1 is always true.

A statement that fails throws; one that runs has `success: true`, also when no row fits its `WHERE`. Code that
answers "updated" or "not found" by `success` says that it changed a row that was never there, and its other
branch is never reached.

## Incorrect

```ts
interface Env {
  DB: D1Database;
}

export default {
  async fetch(request, env): Promise<Response> {
    const id = new URL(request.url).searchParams.get("id") ?? "";
    const { success } = await env.DB.prepare("DELETE FROM tasks WHERE id = ?").bind(id).run();
    if (!success) return new Response("No such task", { status: 404 });
    return new Response("Deleted");
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
    const id = new URL(request.url).searchParams.get("id") ?? "";
    const { meta } = await env.DB.prepare("DELETE FROM tasks WHERE id = ?").bind(id).run();
    if (meta.changes === 0) return new Response("No such task", { status: 404 });
    return new Response("Deleted");
  },
} satisfies ExportedHandler<Env>;
```

## What to do

Take `meta` of the result, and ask for `meta.changes > 0` in the place of `success` (`meta.changes === 0` for
`!success`). What the branch for a failure did belongs in a `catch`, or nowhere: the statement throws.

## Not reported

Statements that insert; those for many rows at once, whose `WHERE` compares nothing by `=`; functions that
asked for the row before, or that look at `meta`; results that are handed on as a whole. There is one finding
for a module.

## Fix safety

Unsafe: what the branch for a failure answers is now the answer where no row was changed. There is no fix
where `success` is compared with anything, or is taken out of the result beside something else.

Source: https://developers.cloudflare.com/d1/worker-api/return-object/, and workerd,
src/cloudflare/internal/d1-api.ts (`_sendOrThrow`)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import Edit, Finding, Fix, Module, Safety, Severity, js, module, rule, sql

if TYPE_CHECKING:
    from tree_sitter import Node

_MOST = 5
_CHANGES = frozenset({"UPDATE", "DELETE"})
_PATTERN_NAMES = ("shorthand_property_identifier_pattern", "identifier")


@rule(module("success"), severity=Severity.NOTE, fix=Safety.UNSAFE)
def check(subject: Module) -> Iterator[Finding]:
    if not subject.is_run:
        return
    found = [
        asked
        for made in subject.calls("run", subject.root)
        if made.receiver is not None and _may_change_none(subject, made)
        if (asked := _asked(subject, made)) is not None
    ]
    if found:
        first, *others = sorted(found, key=lambda node: node.start_byte)
        yield Finding(
            "`success` is true as well when no row was there to change: look at `meta.changes`",
            subject.at(first),
            tuple(subject.at(other, "and this") for other in others[:_MOST]),
            fix=_fix(subject, [first, *others]),
        )


def _fix(subject: Module, asked: list[Node]) -> Fix | None:
    """How many rows were changed, in the place of `success`; None of what is taken apart or compared."""
    edits: list[Edit] = []
    for node in asked:
        whole = subject.with_wrappers(node)
        above = subject.parent(whole)
        read = subject.member(node)
        if above is None:
            return None
        if read is None:
            taken = _taken_alone(subject, node)
            if taken is None:
                return None
            edits.append(subject.replace(taken, "{ meta }"))
        if subject.operation(above) is not None and above.type != "unary_expression":
            return None  # compared with something
        changes = f"{subject.text(node).removesuffix('success')}meta.changes"
        if above.type == "unary_expression":
            edits.append(subject.replace(above, f"{changes} === 0"))
        else:
            edits.append(subject.replace(node, f"{changes} > 0"))
    return Fix("Ask how many rows were changed", tuple(edits), Safety.UNSAFE)


def _taken_alone(subject: Module, use: Node) -> Node | None:
    """The pattern `{ success }` that a variable of no other use comes from."""
    declaration = subject.scope.resolve(use)
    if declaration is None or len(subject.scope.references(declaration)) != 1:
        return None
    taken = subject.enclosing(declaration.node, frozenset({"object_pattern"}))
    return taken if taken is not None and subject.text(taken).strip("{ }") == "success" else None


def _may_change_none(subject: Module, made: js.Call) -> bool:
    """Whether a call runs a statement that changes the rows of a key, and nothing asked for them before."""
    use = sql.prepared_by(subject, made.receiver) if made.receiver is not None else None
    if use is None or use.engine is not sql.SqlDialect.D1 or len(use.text.statements) != 1:
        return False
    statement = use.text.statements[0]
    words = [token.upper for token in statement.tokens]
    if statement.verb not in _CHANGES or "WHERE" not in words or "RETURNING" in words:
        return False
    if all(token.text not in ("=", "==") for token in statement.tokens[words.index("WHERE") :]):
        return False
    function = subject.enclosing_function(made.node)
    names = [token.name for _, token in sql.tables(statement) if token.name]
    if function is None or not names:
        return False
    return not any(True for _ in sql.queries_before(subject, function, made.node, (names[0] or "").lower()))


def _asked(subject: Module, made: js.Call) -> Node | None:
    """Where `success` of a result decides something; None where more is asked of the result."""
    result = subject.awaited(made.node)
    if result is None:
        return None
    if result.pattern is not None:
        if "meta" in subject.text(result.pattern):
            return None
        names = [
            one
            for one in subject.descendants(result.pattern, *_PATTERN_NAMES)
            if subject.text(one) == "success"
        ]
        declaration = subject.scope.resolve(names[0]) if names else None
        uses = subject.scope.references(declaration) if declaration is not None else ()
        return next((use for use in uses if _decides(subject, use)), None)
    found: Node | None = None
    for holder in result.holders:
        read = subject.member_read(holder)
        if read is None:
            if holder is not result.node and not js.is_guard(subject, holder):
                return None  # it is handed on
        elif read.name == "success":
            found = found or (read.node if _decides(subject, read.node) else None)
        elif read.name == "meta":
            return None
    return found


def _decides(subject: Module, use: Node) -> bool:
    """Whether something is done, or given back, by what an expression is."""
    if js.is_guard(subject, use):
        return True
    above = subject.parent(subject.with_wrappers(use))
    return above is not None and above.type in ("return_statement", "arrow_function")
