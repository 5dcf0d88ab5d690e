"""Refuse everybody while the secret is missing by which clients are checked.

A check that lets everybody in when its secret is not set is open wherever somebody forgot to set it: in a new
environment, in a preview, after a rename. Nothing fails, so nobody notices.

It is a note where the check is left out (`if (env.TOKEN && sent !== env.TOKEN) return no`, or the signature
of a webhook is only looked at with a secret), and a warning where the missing secret itself lets everybody
in.

## Incorrect

```ts
import { Hono } from "hono";

const app = new Hono<{ Bindings: { ADMIN_TOKEN?: string } }>();

app.use("/admin/*", async (c, next) => {
  if (!c.env.ADMIN_TOKEN) return next();
  return c.text("no", 401);
});

export default app;
```

## Correct

```ts
import { Hono } from "hono";

const app = new Hono<{ Bindings: { ADMIN_TOKEN?: string } }>();

app.use("/admin/*", async (c, next) => {
  if (!c.env.ADMIN_TOKEN) return c.text("not set up", 503);
  return c.text("no", 401);
});

export default app;
```

## What to do

Before this check: `if (!env.NAME) return new Response("not configured", { status: 500 })`. Where the secret
is set, nothing changes; where it is not, requests are refused instead of let in: set it (`npx wrangler
secret put NAME`; `NAME=…` in `.dev.vars`).

## Not reported

Secrets that the configuration declares (`vars`, `secrets.required`), and those for which a function that
gets the environment has looked before, by its name; conditions that ask for more, such as
the stage; what is answered otherwise than by `true` or `next()`, or by nothing where a function whose name
says that it checks answers 401 or 403 elsewhere; a captcha (`TURNSTILE_SECRET_KEY`) that is only looked at
when it is set up: it asks who is a person, and lets nobody in; a function that sends something with the
secret in the headers of its `fetch()`, and has nothing to send without it. `true` of a function that asks for
the opposite (`isAnonymous`, `isBlocked`, `needsLogin`): it means the one who is kept out.

## Fix safety

Unsafe: where the secret is not set, requests are refused from then on: set it (`npx wrangler secret put
NAME`; `NAME=…` in `.dev.vars`, and in tests). The fix answers without a secret what the check answers others.
There is none where it answers others nothing that can be said here.

Source: https://developers.cloudflare.com/workers/configuration/secrets/
"""

from __future__ import annotations

import re
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
    pattern,
    quoted,
    rule,
)

if TYPE_CHECKING:
    from tree_sitter import Node

_CAPTCHA = pattern(r"TURNSTILE|H?CAPTCHA", re.IGNORECASE)
"""Names of secrets by which it is asked whether a client is a person: it lets nobody in."""
_MOST_PLACES = 20
_NOTHING = frozenset({"0", '""', "''", "``", "null", "undefined"})
_MIDDLEWARES = frozenset({"NextResponse", "context", "ctx"})
_REFUSED = pattern(rb"\b40[13]\b")
_OPPOSITE = pattern(
    r"^`(?:(?:needs|requires)(?-i:[A-Z_])|(?:is|has|are|was|should)(?:_?Not(?-i:[A-Z_])|(?!\w*(?:allow|permit"
    r"|accept|access|enabled))\w*?(?:anonym|guest|un(?:auth|verified|trusted|known|signed)|logged_?out"
    r"|signed_?out|den(?:y|ied)|(?<!un)block|forb[ia]d|reject|refus|invalid|expired|missing|revoked|banned"
    r"|(?<!un)(?<!b)(?:lock|limit|restrict)ed)))",
    re.IGNORECASE,
)
"""Names of functions of which `true` means somebody who is kept out."""
_CHECKS = pattern(
    r"auth|guard|check|verif|requir|valid|protect|ensure|allow|permit|^`(?:is|has|can|may)(?-i:[A-Z_])",
    re.IGNORECASE,
)
"""Names of functions that ask who somebody is, or what they may."""
_ASKS = pattern(r"auth|guard|check|verify|require|validate|protect|ensure|allow", re.IGNORECASE)


@rule(
    identifier("env", "environment", "bindings"),
    member_access("env"),
    severity=Severity.WARNING,
    fix=Safety.UNSAFE,
)
def check(match: Match) -> Iterator[Finding]:
    module, node = match.module, match.node
    access = module.member(module.parent(module.with_wrappers(node)))
    if access is None or not js.is_secret_name(access.name):
        return
    if match.value_of(node).kind is not ValueKind.ENV and module.text(node) != "process.env":
        return
    if module.environments and all(each.binding(access.name) is not None for each in module.environments):
        return  # it is never missing
    if js.is_env_looked_at(module, access.object, access.node):
        return
    places = _places(module, access.node)
    names = {module.scope.resolve(place): place for place in places[1:]}
    secrets = [access.node, *names.values()]  # one place of each variable: the others mean the same
    for truth in _truths(module, places):
        asked = _asked(module, truth)
        let_in = _lets_in(module, asked) if asked is not None else None
        if let_in is not None and not _is_shown_to_others(module, let_in, secrets):
            yield Finding(
                f"without {quoted(module.text(access.node))} in the environment everybody is let in",
                module.at(let_in),
                (module.at(access.node, "the secret that may be missing"),),
                _refusal(module, let_in),
                words=(("NAME", access.name),),
            )
        optional = _optional_check(module, truth, secrets)
        if optional is not None and not _CAPTCHA.search(access.name):
            yield Finding(
                f"nothing is checked while {quoted(module.text(access.node))} is not set: all are let in",
                module.at(optional),
                (module.at(access.node, "the secret that may be missing"),),
                _always_checked(module, optional),
                severity=Severity.NOTE,
                words=(("NAME", access.name),),
            )


def _refusal(module: Module, let_in: Node) -> Fix | None:
    """The fix that refuses where somebody is let in: `false` for `true`, or what the function answers
    others."""
    value = js.first_named(let_in)
    if value is not None and js.unwrap(value).type == "true":
        return Fix("Refuse", (module.replace(js.unwrap(value), "false"),), Safety.UNSAFE)
    around = module.enclosing_function(let_in)
    for found in module.descendants(around, "return_statement") if around is not None else ():
        is_other = found.id != let_in.id and module.enclosing_function(found) == around
        if is_other and _REFUSED.search(module.text(found).encode()) and _is_known_at(module, found, let_in):
            return Fix("Refuse", (module.replace(let_in, module.text(found)),), Safety.UNSAFE)
    return None


def _is_known_at(module: Module, node: Node, place: Node) -> bool:
    """Whether all names of some code are known at another place of the function."""
    for name in module.descendants(node, "identifier", "shorthand_property_identifier"):
        declared = module.scope.resolve(name)
        if declared is None:
            continue
        is_around = js.contains(declared.scope, place)
        if not is_around or place.start_byte < declared.node.start_byte < node.start_byte:
            return False
    return True


def _always_checked(module: Module, optional: Node) -> Fix | None:
    """The fix that refuses without a secret: `!secret || sent !== secret` for `secret && sent !== secret`;
    an `if (secret)` around the check gets an `else` that answers what the check answers others."""
    operation = module.operation(optional)
    if operation is not None and operation.operator == "&&":
        if operation.left is None or operation.right is None:
            return None
        text = f"{_negated(module, operation.left)} || {module.text(operation.right)}"
        return Fix("Check always", (module.replace(operation.node, text),), Safety.UNSAFE)
    statement = module.parent(optional)
    inside = statement.child_by_field_name("consequence") if statement is not None else None
    for found in module.descendants(inside, "if_statement") if inside is not None else ():
        branch = found.child_by_field_name("consequence")
        if branch is None or statement is None or not _turns_away(module, found):
            continue
        if not _is_known_at(module, branch, statement):
            return None
        refused = " ".join(module.text(branch).split())
        text = refused if branch.type == "statement_block" else f"{{ {refused} }}"
        edit = module.insert(statement.end_byte, f" else {text}")
        return Fix("Refuse without the secret", (edit,), Safety.UNSAFE)
    return None


def _negated(module: Module, node: Node) -> str:
    inner = js.unwrap(node)
    text = module.text(inner)
    return f"!({text})" if inner.type == "binary_expression" else f"!{text}"


def _places(module: Module, access: Node) -> list[Node]:
    """The expressions that are the secret: where it is read, and the variables that hold it, trimmed or with
    an empty text in the place of none."""
    found = [access]
    for place in found:
        found += _held(module, _kept(module, place)) if len(found) < _MOST_PLACES else ()
    return found


def _held(module: Module, value: Node) -> list[Node]:
    """The places of a variable that holds an expression and nothing else."""
    name = module.given_name(value)
    declaration = module.scope.resolve(name) if name is not None and name.type == "identifier" else None
    if declaration is None or declaration.value is None or declaration.path:
        return []
    if module.scope.assignments(declaration) or not js.contains(declaration.value, value):
        return []
    return [use for use in module.scope.references(declaration) if use.id != declaration.node.id]


def _kept(module: Module, place: Node) -> Node:
    """A secret with what leaves it as it is: `(env.TOKEN ?? "").trim()`."""
    while True:
        above = module.parent(module.with_wrappers(place))
        operation = module.operation(above)
        if operation is not None and operation.operator in ("??", "||") and operation.right is not None:
            if module.string(js.unwrap(operation.right)) != "":
                return place
            place = operation.node
            continue
        called = module.method_called_on(place)
        if called is None or called[0] not in ("trim", "toString"):
            return place
        place = called[1]


def _truths(module: Module, places: list[Node]) -> Iterator[Node]:
    """The expressions that are true only where there is a secret: itself, `Boolean(secret)`,
    `secret.length > 0`, and the variables that hold such."""
    for place in places:
        kept = _kept(module, place)
        yield kept
        truth = _truth(module, kept)
        if truth is not None:
            yield truth
            yield from _held(module, truth)


def _truth(module: Module, place: Node) -> Node | None:
    """What asks around a secret whether there is one, and is no more than that."""
    around = module.call_around(place)
    if around is not None and around[0].name == "Boolean" and around[0].receiver is None:
        return around[0].node
    node = place
    read = module.member_read(place)
    if read is not None and read.name == "length":
        node = read.node
    operation = module.operation(module.parent(module.with_wrappers(node)))
    if operation is None:
        return node if node is not place else None
    if operation.operator == "!":
        outer = module.operation(module.parent(module.with_wrappers(operation.node)))
        return outer.node if outer is not None and outer.operator == "!" else None
    right = operation.right
    if right is None or operation.left is None or js.unwrap(operation.left).id != js.unwrap(node).id:
        return None
    nothing = module.text(js.unwrap(right)) in _NOTHING
    return operation.node if nothing and operation.operator in (">", "!==", "!=") else None


def _optional_check(module: Module, place: Node, secrets: list[Node]) -> Node | None:
    """The condition by which clients are compared with a secret only if there is one: `secret && sent !==
    secret` of an `if` that turns them away, or an `if (secret)` around it, without `else`."""
    whole = module.with_wrappers(place)
    above = module.parent(whole)
    operation = module.operation(above)
    if operation is not None and operation.operator == "&&":
        left, right = operation.left, operation.right
        if left is None or right is None or js.unwrap(left).id != js.unwrap(place).id:
            return None
        if not _compares(module, right, secrets) and not _verifies(module, right, secrets):
            return None
        statement = module.parent(module.with_wrappers(operation.node))
        return operation.node if statement is not None and _turns_away(module, statement) else None
    if above is None or above.type != "if_statement" or above.child_by_field_name("alternative") is not None:
        return None
    inside = above.child_by_field_name("consequence")
    for found in module.descendants(inside, "if_statement") if inside is not None else ():
        condition = found.child_by_field_name("condition")
        if condition is None or not _turns_away(module, found):
            continue
        if _compares(module, condition, secrets) or _verifies(module, condition, secrets):
            return whole
    return None


def _verifies(module: Module, condition: Node, secrets: list[Node]) -> bool:
    """Whether a condition says that a call which was handed a secret gave nothing: `!(await verify(body,
    secret))`, or `!valid` where that is what it gave."""
    for found in (js.unwrap(condition), *module.descendants(condition, "unary_expression")):
        negated = module.operation(found)
        if negated is None or negated.operator != "!":
            continue
        made = js.unwrap(module.initializer(negated.right))
        given = module.call(js.first_named(made) if made.type == "await_expression" else made)
        if given is not None and any(_is_secret(module, part, secrets) for part in given.arguments):
            return True
    return False


def _is_secret(module: Module, node: Node, secrets: list[Node]) -> bool:
    return any(module.is_same(node, secret) for secret in secrets)


def _compares(module: Module, node: Node, secrets: list[Node]) -> bool:
    """Whether a condition says that something is not a secret."""
    for found in (js.unwrap(node), *module.descendants(node, "binary_expression")):
        compared = module.operation(found)
        if compared is None or compared.operator not in ("!=", "!=="):
            continue
        sides = [side for side in compared.operands if side is not None]
        if any(_holds(module, side, secrets) for side in sides):
            return not any(side.type in ("undefined", "null", "string") for side in sides)
    return False


def _holds(module: Module, node: Node, secrets: list[Node]) -> bool:
    """Whether an expression is made with a secret: has it in it, or is a variable that a call gave which was
    handed the secret (`await hmac(body, secret)`)."""
    parts = (node, *module.descendants(node, *{secret.type for secret in secrets}))
    if any(_is_secret(module, part, secrets) for part in parts):
        return True
    made = module.initializer(node)
    if made.id == js.unwrap(node).id:
        return False
    given = module.call(js.first_named(made) if made.type == "await_expression" else made)
    return given is not None and any(_is_secret(module, part, secrets) for part in given.arguments)


def _turns_away(module: Module, statement: Node) -> bool:
    """Whether the branch of an `if` always leaves, by a `return` of something or a `throw`."""
    branch = statement.child_by_field_name("consequence") if statement.type == "if_statement" else None
    if branch is None or js.completes(module, branch):
        return False
    return any(True for _ in (branch, *module.descendants(branch, "return_statement", "throw_statement")))


def _asked(module: Module, place: Node) -> Node | None:
    """The `if` statement that asks for nothing but whether a value is missing."""
    negated = module.operation(module.parent(module.with_wrappers(place)))
    if negated is None or negated.operator != "!":
        return None
    condition = module.with_wrappers(negated.node)
    statement = module.parent(condition)
    return statement if statement is not None and statement.type == "if_statement" else None


def _lets_in(module: Module, statement: Node) -> Node | None:
    """The `return true`, `return next()` or, of a function that refuses others by a status, `return null` in
    a branch."""
    branch = statement.child_by_field_name("consequence")
    around = module.enclosing_function(statement)
    for found in (branch, *module.descendants(branch, "return_statement")) if branch is not None else ():
        if found.type != "return_statement" or module.enclosing_function(found) != around:
            continue
        value = js.first_named(found)
        inner = js.unwrap(value) if value is not None else None
        if inner is not None and inner.type == "await_expression":
            inner = js.first_named(inner)
        if inner is None or inner.type in ("null", "undefined"):
            return found if around is not None and _refuses_others(module, around) else None
        made = module.call(inner)
        is_next = made is not None and made.name == "next" and not made.arguments and _hands_on(module, made)
        if is_next or (inner.type == "true" and not _asks_the_opposite(module, around)):
            return found
    return None


def _is_shown_to_others(module: Module, place: Node, secrets: list[Node]) -> bool:
    """Whether a function that does not ask who somebody is, by its name, shows a secret to a service in the
    headers of its `fetch()`: without it nothing is sent, and nobody is let in."""
    function = module.enclosing_function(place)
    if function is None or _CHECKS.search(js.name_of_function(module, function)) is not None:
        return False
    options = (made.argument(1) for made in module.calls("fetch", function))
    headers = [
        value
        for given in options
        if given is not None and (value := module.property_value(given, "headers")) is not None
    ]
    return any(
        _is_secret(module, part, secrets)
        for value in headers
        for part in module.descendants(value, *{secret.type for secret in secrets})
    )


def _asks_the_opposite(module: Module, function: Node | None) -> bool:
    """Whether a function says `true` of those who are kept out, by its name: `isAnonymous`, `needsLogin`."""
    return function is not None and _OPPOSITE.search(js.name_of_function(module, function)) is not None


def _refuses_others(module: Module, function: Node) -> bool:
    """Whether a function is there to check who asks, by its name, and answers some with 401 or 403."""
    named = _ASKS.search(js.name_of_function(module, function)) is not None
    return named and next(module.mentions(_REFUSED, function), None) is not None


def _hands_on(module: Module, made: js.Call) -> bool:
    """Whether a `next()` is that of a middleware: of Hono, Next.js or Pages."""
    return made.receiver is None or module.text(made.receiver) in _MIDDLEWARES
