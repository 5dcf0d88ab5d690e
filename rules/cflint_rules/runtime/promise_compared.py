"""Await a promise before its result is compared, tested or read.

A promise is an object of its own: it equals no text, no number and nothing that was awaited, it counts as
true, and has none of the properties of its result. `===` on it never holds and `!==` always does, so a check
refuses everybody, or lets everybody in, as `if (allowed(user))` does; `result.status` of a function that is
`async` is `undefined`. Nothing fails.

## Incorrect

```ts
async function expected(env: Env): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(env.TOKEN));
  return btoa(String.fromCharCode(...new Uint8Array(digest)));
}

interface Env {
  TOKEN: string;
  SENT: KVNamespace;
}

export default {
  async fetch(request, env): Promise<Response> {
    const sent = await env.SENT.get(new URL(request.url).pathname);
    if (sent === expected(env)) return new Response("in");
    return new Response("no", { status: 403 });
  },
} satisfies ExportedHandler<Env>;
```

## Correct

```ts
async function expected(env: Env): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(env.TOKEN));
  return btoa(String.fromCharCode(...new Uint8Array(digest)));
}

interface Env {
  TOKEN: string;
  SENT: KVNamespace;
}

export default {
  async fetch(request, env): Promise<Response> {
    const sent = await env.SENT.get(new URL(request.url).pathname);
    if (sent === (await expected(env))) return new Response("in");
    return new Response("no", { status: 403 });
  },
} satisfies ExportedHandler<Env>;
```

## Not reported

Comparisons with what may be the same promise (a parameter, a field), and calls that are not known to give a
promise; members of what is known to be anything else than the promise of an `async` function of the project.
What bindings give is reported by
[`binding-unawaited-value`](../bindings/binding_unawaited_value.py).

## Fix safety

Unsafe: in an asynchronous function `await` is put before the call, after which the check decides something;
what it gives has to be of the kind that it is compared with (an object equals no text).

Source: https://tc39.es/ecma262/#sec-isstrictlyequal
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain
from typing import TYPE_CHECKING

from cflint.api import Finding, Fix, Module, Safety, Severity, ValueKind, js, module, pattern, quoted, rule
from cflint_rules.runtime._tests import test_around

if TYPE_CHECKING:
    from tree_sitter import Node

_COMPARES = (
    pattern(
        rb"==(?:(?<=\)[!=]==)|(?<=\) [!=]==)|(?<=\)==)|(?<=\) ==)|(?<=\)!=)|(?<=\) !=)"
        rb"|=?\s*[^;\n&|)]{0,200}\()"
    ),
    pattern(rb"!=(?!=)(?:(?<=\)!=)|(?<=\) !=)|\s*[^;\n&|)]{0,200}\()"),
)
"""Comparisons with a call on one side. As one pattern, which begins with either sign, they take five times as
long."""
_EQUALITY = frozenset({"===", "!==", "==", "!="})
_OTHERS = frozenset({js.PromiseSource.BINDING, js.PromiseSource.STORAGE, js.PromiseSource.RPC})
_VALUES = frozenset({"string", "template_string", "number", "true", "false", "await_expression"})


@rule(module("async", "request", "fetch"), severity=Severity.WARNING, fix=Safety.UNSAFE)
def check(module: Module) -> Iterator[Finding]:
    for mention in chain.from_iterable(map(module.mentions, _COMPARES)):
        compared = module.operation(module.parent(mention))
        if compared is None or compared.operator not in _EQUALITY or compared.left is None:
            continue
        for one, other in ((compared.left, compared.right), (compared.right, compared.left)):
            if one.type != "call_expression" or not _is_value(module, other):
                continue
            source = module.promise_source(one)
            if source is None or source in _OTHERS or module.value_of(one).kind is not ValueKind.PROMISE:
                continue
            if not module.runs_in_worker(one):
                continue
            holds = "always holds" if compared.operator.startswith("!") else "never holds"
            yield Finding(
                f"{quoted(module.text(one), 40)} is a promise here, which equals nothing else: this {holds}",
                module.at(one),
                fix=_fix(module, one),
            )


_ASYNC = pattern(rb"async\s+(?:function\s+)?(?:([A-Za-z_$][\w$]*)\s*[(<])?")
_WORD = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_$")
_CALLED = tuple(
    pattern(before + rb"\s*(?:[\w$]+(?:!|\?)?\.){0,6}#?([A-Za-z_$][\w$]*)\s*[(<]")
    for before in (rb"=", rb"\(", rb"\|(?<=\|\|)", rb"&(?<=&&)", rb"!", rb"return ")
)
"""Calls where a condition or a variable may take what they give, by what stands before: each pattern begins
with what is quick to look for."""
_OF_PROMISES = frozenset({"then", "catch", "finally", "constructor", "toString"})


@check.on(module("async"))
def check_tested(module: Module) -> Iterator[Finding]:
    """Promises of `async` functions of the project where a condition, or a member, wants the result."""
    if not module.is_run:
        return
    names = _async_in(module.document.data) | {one.name.encode() for one in module.scope.imports}
    seen: set[int] = set()
    data = module.document.data
    for match in chain.from_iterable(called.finditer(data) for called in _CALLED) if names else ():
        call = _call_of(module, match) if match[1] in names else None
        above = _asked_by(module, call) if call is not None and call.id not in seen else None
        if call is None or above is None or not _is_async_call(module, call):
            continue
        seen.add(call.id)
        if above.type == "variable_declarator":
            yield from _read_too_early(module, above, call)
        elif module.runs_in_worker(call):
            yield Finding(
                f"{quoted(module.text(call), 40)} is a promise here, which always counts as true",
                module.at(call),
                fix=_fix(module, call),
            )


def _call_of(module: Module, match: re.Match[bytes]) -> Node | None:
    """The call whose name a match has found."""
    leaf = module.node_at(*match.span(1))
    callee = module.parent(leaf) if leaf is not None and leaf.type == "property_identifier" else leaf
    call = module.parent(module.with_wrappers(callee)) if callee is not None else None
    return call if call is not None and call.type == "call_expression" else None


def _asked_by(module: Module, call: Node) -> Node | None:
    """The condition's statement, or the declaration of a variable, that takes what a call gives."""
    above = module.parent(module.with_wrappers(call))
    if above is not None and above.type == "variable_declarator":
        return above
    return test_around(module, call)


def _read_too_early(module: Module, declared: Node, call: Node) -> Iterator[Finding]:
    """A variable that holds a promise, and of which a member of the result is read."""
    read = _read_of(module, declared)
    if read is not None and module.runs_in_worker(call):
        yield Finding(
            f"{quoted(module.text(call), 40)} gives a promise, of which `{module.text(read)}` is `undefined`",
            module.at(call),
            (module.at(read, "it is read here"),),
            _fix(module, call),
        )


def _async_in(data: bytes) -> set[bytes]:
    """What the `async` functions and methods of a module are called."""
    found: set[bytes] = set()
    for match in _ASYNC.finditer(data):
        found.add(match[1] or _given_to(data[max(0, match.start() - 100) : match.start()].rstrip()))
    return found - {b""}


def _given_to(before: bytes) -> bytes:
    """The name in front of the sign at the end of some code, by which a function is called; b"" without one.
    A regular expression with an end takes ten times as long."""
    if not before.endswith((b"=", b":")):
        return b""
    code = before[:-1].rstrip()
    start = end = len(code)
    while start > 0 and code[start - 1] in _WORD:
        start -= 1
    return code[start:end]


def _is_async_call(module: Module, node: Node) -> bool:
    """Whether a call calls a function of the project that is `async`, and no generator."""
    if module.value_of(node).kind is not ValueKind.PROMISE:
        return False  # asked first: it is known without a look at the module of an imported function
    called = js.function_called(module, node)
    if called is None:
        return False
    words = [child.type for child in called[1].children]
    return "async" in words and "*" not in words and "generator" not in called[1].type


def _read_of(module: Module, declared: Node) -> Node | None:
    """The name of a member that is read of a variable, or taken out where it is declared, as if it held the
    result."""
    name = declared.child_by_field_name("name")
    if name is not None and name.type == "object_pattern":
        parts = [part for part in name.named_children if part.type != "comment"]
        return (parts[0].child_by_field_name("key") or parts[0]) if parts else None
    declaration = module.scope.resolve(name) if name is not None and name.type == "identifier" else None
    if declaration is None or not declaration.constant:
        return None
    for use in module.scope.references(declaration):
        read = module.member_read(use)
        if read is not None and read.name not in _OF_PROMISES:
            above = module.parent(read.node)
            assigned = module.assignment(above) if above is not None else None
            is_target = above is not None and above.child_by_field_name("left") == read.node
            return None if assigned is not None and is_target else read.name_node
    return None


def _is_value(module: Module, node: Node) -> bool:
    """Whether an expression is surely no promise: a literal, or something that was awaited."""
    return js.unwrap(module.initializer(node)).type in _VALUES


def _fix(module: Module, call: Node) -> Fix | None:
    if not module.can_await(call):
        return None
    if module.with_wrappers(call).type == "parenthesized_expression":
        return Fix("Await the promise", (module.insert(call.start_byte, "await "),), Safety.UNSAFE)
    edits = (module.insert(call.start_byte, "(await "), module.insert(call.end_byte, ")"))
    return Fix("Await the promise", edits, Safety.UNSAFE)
