"""Keep KV's times above their minimum: 60 seconds to expire, 30 to cache.

`put()` throws when `expirationTtl` is less than 60, and `get()` when `cacheTtl` is less than 30. Both are in
seconds, and so is `expiration`, which is a time since 1970: what `Date.now()` gives is in milliseconds. A
time that is what is left of another (`Math.max(0, end - now)`) is below 60 in its last minute.

Better Auth gives the `set()` of its `secondaryStorage` such times: the window of a limit is ten seconds
without one of its own (given since 1.3.26), and a session may have less than a minute left.

## Incorrect

```ts
interface Env {
  CODES: KVNamespace;
}

export default {
  async fetch(request, env): Promise<Response> {
    await env.CODES.put(crypto.randomUUID(), "1234", { expirationTtl: 30 });
    return new Response("sent");
  },
} satisfies ExportedHandler<Env>;
```

## Correct

```ts
interface Env {
  CODES: KVNamespace;
}

export default {
  async fetch(request, env): Promise<Response> {
    await env.CODES.put(crypto.randomUUID(), "1234", { expirationTtl: 60 });
    return new Response("sent");
  },
} satisfies ExportedHandler<Env>;
```

## What to do

Write `60`, the least that KV takes for `expirationTtl` (`30` for `cacheTtl`), where the number stands:
entries live that long then. As it is, the call throws.

- "what is left of a time": Write `60` for that number. Some entries then live up to a minute longer, so that
  what reads them has to look at their own end, too; or store nothing that ends sooner.
- "Better Auth": Write `expirationTtl: Math.max(60, ttl)`. Some entries then live up to a minute longer; as
  it is, the sign-in or the request that stores them fails.
- "in milliseconds": Write `Math.ceil(ms / 1000)`.

## Not reported

Options of the same names of anything but a KV namespace; values that are not known here.

## Errors

```text title="workerd"
Error: KV PUT failed: 400 Invalid expiration_ttl of …. Expiration TTL must be at least 60.
Error: KV GET failed: 400 Invalid cache_ttl of …. Cache TTL must be at least 30.
```

## Fix safety

Safe: the call throws as it is; with the minimum it does what it can.

Source: https://developers.cloudflare.com/kv/api/write-key-value-pairs/,
https://github.com/better-auth/better-auth/blob/main/packages/better-auth/src/api/rate-limiter/index.ts,
https://github.com/zpg6/better-auth-cloudflare/blob/main/src/index.ts, and the rate limiter of Better Auth
1.2.9, 1.3.5, 1.3.24 (no time), 1.3.26 and 1.4.5
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import Finding, Fix, Match, Module, Safety, Severity, call, config, js, pattern, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_MINIMUM = {"expirationTtl": 60, "cacheTtl": 30}
_CONVERTING = frozenset({"/", ">>", ">>>", "|", "*"})
_LIMITS_FROM = (1, 3, 26)
"""The version of Better Auth from which on its rate limiter says how long an entry is to live."""
_LATEST_SECONDS = 100_000_000_000  # the year 5138; milliseconds passed it in 1973


@rule(call("put", "get", "getWithMetadata"), severity=Severity.ERROR, fix=Safety.SAFE)
def check(match: Match) -> Iterator[Finding]:
    module = match.module
    index = 2 if match.word == "put" else 1
    if len(match.arguments) <= index or not match.receiver_value.is_binding("kv"):
        return
    options = match.arguments[index]
    name = "expirationTtl" if match.word == "put" else "cacheTtl"
    written = module.property_value(options, name)
    seconds = module.number(written) if written is not None else None
    if written is not None and seconds is not None and seconds < _MINIMUM[name]:
        least = _MINIMUM[name]
        is_written_here = written.type != "identifier" and js.contains(options, written)
        place: Node | None = None
        fix: Fix | None = Fix(f"Raise it to {least}", (match.replace(written, str(least)),), Safety.SAFE)
        if not is_written_here:
            fix, place = _of_constant(match, written, least)
        yield Finding(
            f"`{name}` is {seconds:g} seconds, and has to be at least {least}: this throws",
            match.at(written),
            (module.at(place, "the number stands here"),) if place is not None else (),
            fix,
        )
    floor = _floor(module, written) if match.word == "put" and written is not None else None
    if floor is not None:
        shortest = module.number(floor) or 0
        yield Finding(
            f"`{name}` is what is left of a time, from {shortest:g} seconds on, and has to be at least"
            f" {_MINIMUM[name]}: `put()` throws in the last minute",
            match.at(floor),
            severity=Severity.WARNING,
        )
    if match.word == "put" and seconds is None:
        for number in _given(module, match, options, written):
            yield Finding(
                f"`{name}` is {module.text(number)} seconds with this, and has to be at least"
                f" {_MINIMUM[name]}: `put()` throws",
                match.at(number),
                (match.at(match.node, "it is written here"),),
            )
    if written is not None and seconds is None and _is_of_better_auth(module, written):
        version = config.installed_version(
            module.project.workspace, posixpath.dirname(module.path), "better-auth"
        )
        limits = version is None or not version.exact or version.lowest >= _LIMITS_FROM
        which = "rate limits, sessions about to end" if limits else "sessions about to end"
        yield Finding(
            f"Better Auth gives times below 60 seconds, too ({which}): this throws",
            match.at(written),
            severity=Severity.WARNING if limits else Severity.NOTE,
        )
    expiration = module.property_value(options, "expiration") if match.word == "put" else None
    if expiration is not None and _in_milliseconds(module, expiration):
        yield Finding(
            "`expiration` is in seconds since 1970, and this is in milliseconds, so that the key never "
            "expires: `Math.ceil(… / 1000)`",
            match.at(expiration),
        )


def _of_constant(match: Match, written: Node, least: int) -> tuple[Fix | None, Node | None]:
    """A fix of a time that is a constant of the module, and where its number stands: there, or where the
    constant is used elsewhere, too, here."""
    module = match.module
    declaration = module.scope.resolve(written) if written.type == "identifier" else None
    if declaration is None or declaration.value is None or not declaration.constant or declaration.path:
        return None, None
    is_exported = any(above.type == "export_statement" for above in module.ancestors(declaration.node))
    is_number = declaration.value.type == "number" and not is_exported
    is_only = is_number and len(module.scope.references(declaration)) == 1
    edit = match.replace(declaration.value if is_only else written, str(least))
    return Fix(f"Raise it to {least}", (edit,), Safety.SAFE), declaration.value


def _floor(module: Module, written: Node) -> Node | None:
    """The number that code itself takes for the least time of an entry, and that is too small: `0` of
    `Math.max(0, end - now)`. None where the function speaks of 60 seconds anywhere."""
    function = module.enclosing_function(written)
    data = module.document.data
    if function is not None and _SIXTY.search(data, function.start_byte, function.end_byte) is not None:
        return None
    node = js.unwrap(module.initializer(written))
    for _ in range(_MOST_NESTED):
        made = module.call(node)
        if made is None or not module.is_from(made.callee, "", *_KEEPS_SMALL, "Math.max"):
            return None
        numbers = [part for part in made.arguments if module.number(part) is not None]
        others = [part for part in made.arguments if module.number(part) is None]
        if made.name == "max":
            if len(numbers) != 1 or len(others) != 1 or not _is_difference(module, others[0]):
                return None
            is_small = (module.number(numbers[0]) or 0) < _MINIMUM["expirationTtl"]
            return numbers[0] if is_small and not _is_long_enough(module, written) else None
        if len(others) != 1:
            return None
        node = js.unwrap(module.initializer(others[0]))
    return None


def _is_difference(module: Module, node: Node) -> bool:
    """Whether a time is what is left until another, so that it gets to nothing."""
    node = module.initializer(node)
    operations = (module.operation(part) for part in (node, *module.descendants(node, "binary_expression")))
    return any(found is not None and found.operator == "-" for found in operations)


def _is_long_enough(module: Module, written: Node) -> bool:
    """Whether a condition around compares something with 60 or more, by whatever name."""
    for condition in module.conditions_around(written):
        for part in (condition, *module.descendants(condition, "binary_expression")):
            compared = module.operation(part)
            sides = compared.operands if compared is not None else ()
            numbers = (module.number(side) for side in sides if side is not None)
            if any(number is not None and number >= _MINIMUM["expirationTtl"] for number in numbers):
                return True
    return False


_KEEPS_SMALL = ("Math.min", "Math.floor", "Math.ceil", "Math.round", "Math.trunc")
"""What makes no time longer than the code says."""
_MOST_NESTED = 6
_SIXTY = pattern(rb"\b60\b")


def _given(module: Module, match: Match, options: Node, written: Node | None) -> Iterator[Node]:
    """The numbers that are too small and become the lifetime by way of parameters of functions of the module:
    those of what writes, or of what hands on its options."""
    found = [written] if written is not None else []
    if written is None and js.unwrap(options).type == "identifier":
        handed = (
            write.arguments[2:]
            for write in js.writes_by(module, match.call)
            if write.node.id != match.node.id
        )
        values = (module.property_value(given[0], "expirationTtl") for given in handed if given)
        found = [value for value in values if value is not None]
    for value in found:
        time = js.unwrap(value)
        declaration = module.scope.resolve(time) if time.type == "identifier" else None
        if declaration is None or declaration.kind is not js.DeclarationKind.PARAMETER:
            number = module.number(time)
            if value is not written and number is not None and number < _MINIMUM["expirationTtl"]:
                yield value
            continue
        function = declaration.scope
        names = [parameter.name for parameter in module.parameters(function)]
        if declaration.name not in names or module.scope.assignments(declaration):
            continue
        if _MINIMUM_SET.search(module.document.data, function.start_byte, function.end_byte):
            continue
        for site in js.calls_in_module(module, function):
            given = js.Call(module, site).argument(names.index(declaration.name))
            number = module.number(given) if given is not None else None
            if given is not None and number is not None and number < _MINIMUM["expirationTtl"]:
                yield given


_MINIMUM_SET = pattern(rb"\b60\b|Math\.max")


def _is_of_better_auth(module: Module, written: Node) -> bool:
    """Whether a time is the one that Better Auth gives the `set()` of its `secondaryStorage`, as it is."""
    time = js.unwrap(module.initializer(written))
    declaration = module.scope.resolve(time) if time.type == "identifier" else None
    if declaration is None or declaration.kind is not js.DeclarationKind.PARAMETER:
        return False
    if _MINIMUM_SET.search(module.document.data, declaration.scope.start_byte, declaration.scope.end_byte):
        return False
    return any(
        above.type == "pair" and module.key(above) == "secondaryStorage"
        for above in module.ancestors(written)
    )


def _in_milliseconds(module: Module, node: Node) -> bool:
    """Whether an expression is in milliseconds: a number as large, or `Date.now()` plus something."""
    number = module.number(node)
    if number is not None:
        return number > _LATEST_SECONDS
    found = list(module.origins(node))
    calls = [call for part in found if (call := module.call(part)) is not None and not call.is_new]
    operations = [operation for part in found if (operation := module.operation(part)) is not None]
    if not calls or any(operation.operator in _CONVERTING for operation in operations):
        return False
    return all(module.is_from(call.callee, "", "Date.now") for call in calls)
