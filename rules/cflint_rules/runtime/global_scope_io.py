"""Do I/O, timers and random values inside a handler, not while the module loads.

While a Worker starts, there is no request that I/O could belong to: `fetch()`, timers, sockets, the cache,
bindings and random values throw `Disallowed operation called within global scope`. The Worker cannot be
deployed then (error 10021). Do it in the handler, or on first use. The time does not pass either:
`Date.now()` is 0 there in a deployed Worker (it is right in local development), and a bare `env` does not
exist.

## Incorrect

```ts
const INSTANCE = crypto.randomUUID();
const settings = await fetch("https://settings.example/").then((response) => response.json());

export default {
  async fetch(request: Request): Promise<Response> {
    return Response.json({ INSTANCE, settings });
  },
};
```

## Correct

```ts
async function loadSettings(): Promise<unknown> {
  const response = await fetch("https://settings.example/");
  return response.json();
}

export default {
  async fetch(request: Request): Promise<Response> {
    return Response.json({ id: crypto.randomUUID(), settings: await loadSettings() });
  },
};
```

## What to do

Move the call into the handler, or into a function that the handler calls the first time and that keeps the
result.

- "a field that keeps a start": Write `field: empty` and begin the handler with `path ||= time;`: it is set
  with the first request, when there is a time. As it is, each age that is reckoned from it is wrong once this
  is deployed.
- "a field": Write it as a getter, so that it is asked for each time: `get field() { return time }`. As it is,
  each age and date that is reckoned from it is wrong once this is deployed.
- "a member": Take this statement away and begin the handler with `member ??= time;`: it is set with the first
  request, when there is a time. As it is, each age that is reckoned from it is wrong once this is deployed.
- "a time that is set anew": Write `0` for `Date.now()`, which it is anyhow once this is deployed: what
  compares it with the time of a request then finds that it was long ago, here as there.
- "is 0 (1970)": Make the constant a function, `const now = () => new Date()`, and call it where it is used.
  As it is, each age and date that is reckoned from it is wrong once this is deployed.
- "is not defined": Add `import { env } from "cloudflare:workers"` to the module: as it is, it does not load.

## Not reported

Functions that nothing calls while the module loads; what stands under a condition or in a `try`; reading a
variable or a secret of the imported `env`; code that no Worker reaches, or of which it needs types alone, and
tests.

## Errors

```text title="workerd"
Error: Disallowed operation called within global scope. Asynchronous I/O (ex: fetch() or connect()), setting
  a timeout, and generating random values are not allowed within global scope. …
```

```text title="Cloudflare"
Some functionality, such as asynchronous I/O, timeouts, and generating random values, can only be performed
  while handling a request. … [code: 10021]
Script startup exceeded CPU time limit. [code: 10021]
```

Seen in https://github.com/fab-spec/fab/issues/330,
https://developers.cloudflare.com/workers/observability/errors/#validation-errors-10021.

## Fix safety

There is no fix: where the value is needed is up to the author.

Source: https://developers.cloudflare.com/workers/observability/errors/#validation-errors-10021,
https://github.com/cloudflare/workerd/issues/6839 (the time)
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import (
    Finding,
    Match,
    Module,
    Severity,
    ValueKind,
    call,
    identifier,
    import_of,
    js,
    new,
    pattern,
    quoted,
    rule,
)

if TYPE_CHECKING:
    from tree_sitter import Node

_NEEDS = {
    ("", "fetch"): "I/O",
    ("", "WebSocket"): "I/O",
    ("cloudflare:sockets", "connect"): "I/O",
    ("", "setTimeout"): "timers",
    ("", "setInterval"): "timers",
    ("", "setImmediate"): "timers",
    ("", "scheduler.wait"): "timers",
    ("", "AbortSignal.timeout"): "timers",
}
"""What is not there while a module loads, by what needs it; random values besides."""
_PACKAGES = sorted({module for module, _ in js.RANDOM if module} | {"cloudflare:sockets", "crypto"})
_NAMES = {name.rpartition(".")[2] for _, name in (*_NEEDS, *js.RANDOM, *js.RANDOM_KEYS)}
_WORDS = sorted({*_NAMES, "match"} - {"default", "WebSocket"})
_STARTS = pattern(r"start|since|boot|reset|init|launch|first", re.IGNORECASE)
"""Names of what is set once, when something begins."""
_TEXTS = (".toISOString()", ".toString()", ".toJSON()", ".toUTCString()")
_NUMBERS = ("Date.now()", ".getTime()", ".valueOf()")


@rule(call(*_WORDS), new("WebSocket"), severity=Severity.ERROR)
def check(match: Match) -> Iterator[Finding]:
    yield from _disallowed(match.module, match.node)


@check.on(call("now"), new("Date"))
def check_time(match: Match) -> Iterator[Finding]:
    """The time, which stands still at 0 until there is an event; told once of a module."""
    module, node = match.module, match.node
    if module.is_run and _tells_time(module, node):
        first = module.memoized("first time while loading", lambda: node.id)
        if first != node.id:
            return
        made = "new Date()" if node.type == "new_expression" else "Date.now()"
        yield Finding(
            f"`{made}` runs while the module loads, where the time of a deployed Worker is 0 (1970)",
            match.at(),
            tuple(module.at(called, "it is called here") for called in module.run_while_loading(node) or ()),
            severity=Severity.WARNING,
            words=_field_words(module, node) or _member_words(module, node) or _variable_words(module, node),
        )


def _field_words(module: Module, node: Node) -> js.Words:
    """The case of a time that a field of an object is made of, with the field and the whole value."""
    pair = next((it for it in module.ancestors(node) if it.type in ("pair", *js.FUNCTIONS)), None)
    if pair is None or pair.type != "pair":
        return ()
    key, value = pair.child_by_field_name("key"), pair.child_by_field_name("value")
    if key is None or value is None or key.type != "property_identifier" or value.type == "object":
        return ()
    said = (*js.word("field", module, key), *js.word("time", module, value))
    path, text = _path(module, pair), module.text(value)
    empty = '""' if text.endswith(_TEXTS) else "0" if text.endswith(_NUMBERS) else None
    if path is not None and empty is not None and _STARTS.search(module.text(key)) is not None:
        return (("a field that keeps a start", ""), *said, ("path", path), ("empty", empty))
    return (("a field", ""), *said)


def _path(module: Module, pair: Node) -> str | None:
    """How the code reaches a field of an object that a constant of the module holds."""
    names: list[str] = []
    at: Node | None = pair
    while at is not None and at.type == "pair":
        key = module.key(at)
        if key is None:
            return None
        names.insert(0, key)
        literal = module.parent(at)
        at = module.parent(module.with_wrappers(literal)) if literal is not None else None
    name = at.child_by_field_name("name") if at is not None and at.type == "variable_declarator" else None
    return ".".join((module.text(name), *names)) if name is not None else None


def _member_words(module: Module, node: Node) -> js.Words:
    """The case of a time that a member of something is set to, with the member and the time."""
    made = module.assignment(module.parent(node))
    if (
        made is None
        or made.target.type != "member_expression"
        or made.value is None
        or made.value.id != node.id
    ):
        return ()
    return (("a member", ""), *js.word("member", module, made.target), *js.word("time", module, node))


def _variable_words(module: Module, node: Node) -> js.Words:
    """The case of a variable that begins with a time, and is given another one later."""
    name = module.given_name(node)
    declaration = module.scope.resolve(name) if name is not None and name.type == "identifier" else None
    is_plain = (
        node.type == "call_expression" and not declaration.constant if declaration is not None else False
    )
    return (("a time that is set anew", ""),) if is_plain else ()


def _tells_time(module: Module, node: Node) -> bool:
    entropy = module.entropy_at(node)
    if entropy is None or entropy.kind is not js.EntropyKind.TIME or not entropy.name.name.startswith("Date"):
        return False
    return module.run_while_loading(node) is not None


@check.on(identifier("env"))
def check_bare_env(match: Match) -> Iterator[Finding]:
    """`env` where nothing declares it: it is a parameter of handlers."""
    module, node = match.module, match.node
    if node.type != "identifier" or module.scope.resolve(node) is not None or not module.is_run:
        return
    facts = module.project.facts.of(module.path)
    if facts is None or facts.listens or module.member_read(node) is None:
        return  # in the syntax of service workers bindings are globals
    if module.run_while_loading(node) is not None:
        yield Finding(
            "`env` is not defined while the module loads: it is a parameter of the handlers, or imported from"
            " `cloudflare:workers`",
            match.at(),
        )


@check.on(import_of(*_PACKAGES))
def check_imported(match: Match) -> Iterator[Finding]:
    """Calls of what packages export, under whatever name."""
    module = match.module
    for imported in module.imported_by(match.node):
        for use in module.scope.references(imported):
            member = module.parent(use)
            called = module.call_of(member if member is not None and module.member(member) else use)
            if called is not None and called.name not in _WORDS:
                yield from _disallowed(module, called.node)


@check.on(import_of("cloudflare:workers"))
def check_env(match: Match) -> Iterator[Finding]:
    """Calls of bindings, by the imported `env`."""
    module = match.module
    imported = module.import_named("cloudflare:workers", "env") if module.is_run else None
    for use in module.scope.references(imported) if imported is not None else ():
        for above in module.ancestors(use):
            if above.type not in ("member_expression", "call_expression", "non_null_expression"):
                break
            if above.type != "call_expression" or module.run_while_loading(above) is None:
                continue
            if module.value_of(above).kind is ValueKind.PROMISE:
                yield _finding(module, above, "I/O")
                break


def _disallowed(module: Module, node: Node) -> Iterator[Finding]:
    if module.is_run and module.run_while_loading(node) is not None:
        what = _needs(module, node)
        if what is not None:
            yield _finding(module, node, what)


def _needs(module: Module, node: Node) -> str | None:
    """What a call needs that is not there while a module loads: `I/O`, `timers`, `random values`."""
    if module.callee_name(node) == "match":
        receiver = js.Call(module, node).receiver
        return "I/O" if module.value_of(receiver).kind is ValueKind.CACHE else None
    name = module.called_name(node)
    entropy = module.entropy_at(node)
    if entropy is not None and entropy.kind is js.EntropyKind.RANDOM and not entropy.is_predictable:
        return "random values"
    return _NEEDS.get((name.module, name.name)) if name is not None else None


def _finding(module: Module, node: Node, what: str) -> Finding:
    callee = module.text(js.Call(module, node).callee or node)
    made = "new " if node.type == "new_expression" else ""
    label = quoted(f"{made}{callee}()", 42 + len(made), otherwise=f"{made}{module.callee_name(node)}()")
    verb = "are" if what.endswith("s") else "is"
    return Finding(
        f"{label} runs while the module loads, where {what} {verb} not allowed",
        module.at(node),
        tuple(module.at(call, "it is called here") for call in module.run_while_loading(node) or ()),
    )
