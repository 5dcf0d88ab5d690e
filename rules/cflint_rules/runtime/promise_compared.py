"""Await a promise before its result is compared.

A promise is an object of its own: it equals no text, no number and nothing that was awaited. `===` on it
never holds and `!==` always does, so a check refuses everybody, or lets everybody in, and nothing fails.

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
promise. What bindings give is reported by
[`binding-unawaited-value`](../bindings/binding_unawaited_value.py).

## Fix safety

Unsafe: in an asynchronous function `await` is put before the call, after which the check decides something;
what it gives has to be of the kind that it is compared with (an object equals no text).

Source: https://tc39.es/ecma262/#sec-isstrictlyequal
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import Finding, Fix, Module, Safety, Severity, ValueKind, js, module, pattern, quoted, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_COMPARES = pattern(
    rb"[!=]==?(?:(?<=\)[!=]==)|(?<=\) [!=]==)|(?<=\)[!=]=)|(?<=\) [!=]=)|\s*[^;\n&|)]{0,200}\()"
)
"""Comparisons with a call on one side."""
_EQUALITY = frozenset({"===", "!==", "==", "!="})
_OTHERS = frozenset({js.PromiseSource.BINDING, js.PromiseSource.STORAGE, js.PromiseSource.RPC})
_VALUES = frozenset({"string", "template_string", "number", "true", "false", "await_expression"})


@rule(module("async", "request", "fetch"), severity=Severity.WARNING, fix=Safety.UNSAFE)
def check(module: Module) -> Iterator[Finding]:
    for mention in module.mentions(_COMPARES):
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
