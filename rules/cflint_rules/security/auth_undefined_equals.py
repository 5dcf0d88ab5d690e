"""Check that a secret is set before what a client sent is compared with it.

A header, cookie or property of a body that a client leaves out is `undefined`, and so is a secret that the
environment lacks: the two are equal, and everybody who sends nothing is let in.

## Incorrect

```ts
import { Hono } from "hono";

const app = new Hono<{ Bindings: { ADMIN_KEY: string } }>();

app.get("/admin", (c) => {
  if (c.req.header("x-admin-key") !== c.env.ADMIN_KEY) return c.text("no", 401);
  return c.text("welcome");
});

export default app;
```

## Correct

```ts
import { Hono } from "hono";

const app = new Hono<{ Bindings: { ADMIN_KEY: string } }>();

async function same(one: string, other: string): Promise<boolean> {
  const [a, b] = await Promise.all(
    [one, other].map((text) => crypto.subtle.digest("SHA-256", new TextEncoder().encode(text))),
  );
  return crypto.subtle.timingSafeEqual(a, b);
}

app.get("/admin", async (c) => {
  const key = c.req.header("x-admin-key");
  if (!key || !c.env.ADMIN_KEY || !(await same(key, c.env.ADMIN_KEY))) return c.text("no", 401);
  return c.text("welcome");
});

export default app;
```

## What to do

Before the comparison: `if (!env.NAME) return new Response("not configured", { status: 500 })`, and set it
where it is missing (`npx wrangler secret put NAME`; `NAME=…` in `.dev.vars`). As it is, whoever sends that
is let in while it is not set.

## Not reported

Secrets that the configuration declares (`vars`, `secrets.required`), and code that tests either side
anywhere, or that hands the environment to a function which looks whether all is set, by its name, and turns
away. With `===`, what is `null` when it is missing (`headers.get()`, `searchParams.get()`). Parameters of the
path, without which the route does not match.

## Fix safety

Unsafe: where the secret is not set, requests are refused from then on: set it (`npx wrangler secret put
NAME`; `NAME=…` in `.dev.vars`, and in tests).

Source: https://hono.dev/docs/api/request
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import (
    Finding,
    Fix,
    Match,
    Module,
    Safety,
    Severity,
    ValueKind,
    identifier,
    js,
    member_access,
    quoted,
    rule,
)

if TYPE_CHECKING:
    from collections.abc import Hashable

    from tree_sitter import Node

    from cflint.api import Span

_STRICT = frozenset({"===", "!=="})
_LOOSE = frozenset({"==", "!="})
_UNDEFINED = frozenset({"header", "query", "param"})
"""What reads of Hono's request, and `getCookie()`, give `undefined` for what is missing."""
_SENT = frozenset({ValueKind.REQUEST, ValueKind.HONO_REQUEST})
_ASKED = ("identifier", "member_expression", "subscript_expression", "call_expression")
_LONGEST = 80
_HOPS = 4
"""How many patterns a body is followed through."""


@rule(
    identifier("env", "environment", "bindings"),
    member_access("env"),
    severity=Severity.WARNING,
    fix=Safety.UNSAFE,
)
def check(match: Match) -> Iterator[Finding]:
    module, node = match.module, match.node
    access = module.member(module.parent(module.with_wrappers(node)))
    if access is None or not js.is_secret_name(access.name) or match.value_of(node).kind is not ValueKind.ENV:
        return
    if _is_declared(module, access.name):
        return
    secret = access.node
    yield from _in_texts(module, secret, access.name)
    for place in (secret, *_names(module, secret)):
        whole = module.with_wrappers(place)
        compared = module.operation(module.parent(whole))
        if compared is None or compared.operator not in _STRICT | _LOOSE or compared.left is None:
            continue
        other = compared.right if compared.left.id == js.unwrap(whole).id else compared.left
        source = _missing(module, other, compared.operator in _LOOSE)
        if source is None or _is_tested(module, secret, place, compared.node):
            continue
        if _is_tested(module, other, other, compared.node) or _is_in_path(module, source):
            continue
        if js.is_env_looked_at(module, access.object, compared.node):
            continue
        yield Finding(
            f"a client that sends nothing passes while there is no {quoted(module.text(secret))}: test it",
            module.at(compared.node),
            () if js.span_of(compared.node).covers(js.span_of(source)) else (module.at(source, "sent here"),),
            _fix(module, compared, secret),
            words=(("NAME", access.name),),
        )


def _in_texts(module: Module, secret: Node, name: str) -> Iterator[Finding]:
    """Where a secret is a part of a text that is compared: without it, the text says `undefined`."""
    for place in (secret, *_names(module, secret)):
        text = _text_around(module, place)
        said = _without_secret(module, text, place) if text is not None else None
        if text is None or said is None:
            continue
        for whole in (text, *_names(module, text)):
            compared = module.operation(module.parent(module.with_wrappers(whole)))
            if compared is None or compared.operator not in _STRICT | _LOOSE or compared.left is None:
                continue
            other = compared.right if compared.left.id == js.unwrap(whole).id else compared.left
            source = _missing(module, other, loose=True)
            if source is None or _is_tested(module, secret, place, compared.node):
                continue
            yield Finding(
                f"a client that sends {quoted(said)} passes while there is no {quoted(module.text(secret))}: "
                "test it",
                module.at(compared.node),
                ()
                if js.span_of(compared.node).covers(js.span_of(source))
                else (module.at(source, "sent here"),),
                _fix(module, compared, secret),
                severity=Severity.NOTE,
                words=(("NAME", name),),
            )


def _fix(module: Module, compared: js.Operation, secret: Node) -> Fix | None:
    """The fix by which a comparison fails without the secret: `!secret || sent !== secret`."""
    text = module.text(secret)
    if len(text) > _LONGEST or "\n" in text:
        return None
    is_unlike = compared.operator.startswith("!")
    joined, asked = ("||", f"!{text}") if is_unlike else ("&&", f"!!{text}")
    new = f"{asked} {joined} {module.text(compared.node)}"
    above = module.parent(compared.node)
    around = module.operation(above) if above is not None and above.type == "binary_expression" else None
    is_apart = above is not None and above.type in ("await_expression", "as_expression", "unary_expression")
    if is_apart or (around is not None and around.operator != joined):
        new = f"({new})"
    return Fix("Refuse while there is no secret", (module.replace(compared.node, new),), Safety.UNSAFE)


def _text_around(module: Module, place: Node) -> Node | None:
    """The template or the sum that a value is a part of."""
    above = module.parent(module.with_wrappers(place))
    if above is not None and above.type == "template_substitution":
        return module.parent(above)
    operation = module.operation(above)
    return operation.node if operation is not None and operation.operator == "+" else None


def _without_secret(module: Module, text: Node, place: Node) -> str | None:
    """What a text is when the secret, which is all of it that is not literal, is `undefined`."""
    if text.type == "template_string":
        parts = [part for part in text.named_children if part.type == "template_substitution"]
        if len(parts) != 1:
            return None
        whole, hole = module.text(text), module.text(parts[0])
        return whole[1:-1].replace(hole, "undefined")
    operation = module.operation(text)
    if operation is None or operation.left is None or operation.right is None:
        return None
    literal = module.string(operation.left)
    return f"{literal}undefined" if literal is not None else None


def _is_declared(module: Module, name: str) -> bool:
    """Whether every environment is known to have a variable or secret."""
    environments = module.environments
    return bool(environments) and all(each.binding(name) is not None for each in environments)


def _names(module: Module, secret: Node) -> tuple[Node, ...]:
    """The places of a constant that holds a secret."""
    declaration = module.result_of(secret).declaration
    return module.scope.references(declaration) if declaration is not None else ()


def _missing(module: Module, node: Node, loose: bool) -> Node | None:
    """Where a value is read from a request that is `undefined` (or `null`, where that is as good) when the
    client does not send it."""
    node = js.unwrap(module.initializer(node))
    made = module.call(node)
    if made is not None:
        header = module.header_read(node)
        is_hono = made.receiver is not None and module.value_of(made.receiver).kind is ValueKind.HONO_REQUEST
        if (is_hono or header is not None) and made.name in _UNDEFINED and made.arguments:
            return node
        if module.is_from(made.callee, "hono/cookie", "getCookie") and len(made.arguments) > 1:
            return node
        return node if loose and header is not None else None
    access = module.member(node)
    if access is not None:
        return node if _is_parsed_body(module, access.object) else None
    taken = _destructured(module, node)
    return taken.node if taken is not None and _is_parsed_body(module, taken.value) else None


def _destructured(module: Module, node: Node) -> js.Declaration | None:
    """The name of a pattern that an expression is, which nothing else gives a value."""
    declaration = module.scope.resolve(node) if node.type == "identifier" else None
    if declaration is None or not declaration.path or declaration.value is None:
        return None
    if declaration.default is not None or any(True for _ in module.scope.assignments(declaration)):
        return None
    return declaration


def _is_parsed_body(module: Module, node: Node | None) -> bool:
    """Whether an expression is an object that the client sent as JSON, or what a pattern left of it."""
    for _ in range(_HOPS):
        read = js.unwrap(module.initializer(node)) if node is not None else None
        if read is None:
            return False
        if read.type == "await_expression" and read.named_children:
            body = module.body_read_at(js.unwrap(read.named_children[0]))
            return body is not None and body.method == "json" and body.kind in _SENT
        taken = _destructured(module, read)
        node = taken.value if taken is not None else None
    return False


def _is_in_path(module: Module, source: Node) -> bool:
    """Whether it is a parameter of the path, without which the route does not match: `:token`, no
    `:token?`."""
    made = module.call(source)
    name = module.string(made.arguments[0]) if made is not None and made.name == "param" else None
    if name is None:
        return False
    function = module.enclosing_function(source)
    route = module.call_around(function) if function is not None else None
    path = module.string(route[0].arguments[0]) if route is not None and route[0].arguments else None
    return path is None or f":{name}?" not in path


def _is_tested(module: Module, node: Node, place: Node, comparison: Node) -> bool:
    """Whether code asks whether there is such a value, other than by the comparison itself."""
    around = module.enclosing_function(comparison) or module.root
    asked = module.memoized(("asked whether there is one", around.id), lambda: _asked(module, around))
    compared = js.span_of(comparison)
    return any(
        not compared.covers(span) for value in (node, place) for span in asked.get(module.meaning(value), ())
    )


def _asked(module: Module, around: Node) -> dict[Hashable, list[Span]]:
    """Where a function asks whether there is a value, by what the value means."""
    asked: dict[Hashable, list[Span]] = {}
    for found in module.descendants(around, *_ASKED):
        if module.is_guard(found):
            asked.setdefault(module.meaning(found), []).append(js.span_of(found))
    return asked
