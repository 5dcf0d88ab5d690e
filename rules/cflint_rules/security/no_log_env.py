"""Keep `env`, connection strings and secrets out of logs and responses.

`env` holds every secret of the Worker, and so does everything that is copied from it as a whole. A log line
is stored, sent on to log services, and read by people who may not have these secrets; a response is read by
anybody. The same holds for a single secret, and for the `connectionString` and `password` of a Hyperdrive
configuration.

## Incorrect

```ts
interface Env {
  PAYMENTS: Fetcher;
  PAYMENTS_SECRET: string;
}

export default {
  async fetch(request, env): Promise<Response> {
    console.log("environment", env);
    const all = JSON.stringify({ ...env });
    console.debug(all);
    console.error(`payments refused ${env.PAYMENTS_SECRET}`);
    return new Response("ok");
  },
} satisfies ExportedHandler<Env>;
```

## Correct

```ts
interface Env {
  PAYMENTS: Fetcher;
  PAYMENTS_SECRET: string;
}

export default {
  async fetch(request, env): Promise<Response> {
    console.log("environment", Object.keys(env));
    console.error("payments refused", { hasSecret: Boolean(env.PAYMENTS_SECRET) });
    return new Response("ok");
  },
} satisfies ExportedHandler<Env>;
```

## What to do

Log `Boolean(value)` for it, which says whether it is set. What was logged in production has to be replaced.

- "in Python": Log `bool(<read>)` for a secret, which says whether it is set, and of all of `env` the names
  that you need. What was logged in production has to be replaced.
- "`<read>` is sent to": Take `<read>` out of what is sent; a variable of it that the client needs is sent
  by its name. Have those secrets replaced that a client may have got.
- "is sent to": Send only what the client needs, by name, and no secret. Have those secrets replaced that a
  client may have got.
- "one string": Take what tells two apart by name (an id, a host) in place of all of it: the text holds each
  secret, wherever it is kept.
- "all of": Log the names for it: `Object.keys(env)`. What was logged in production has to be replaced.
- "the secret `<read>` is logged": Log `Boolean(<read>)` for it, which says whether it is set. What was
  logged in production has to be replaced.

## Not reported

The names (`Object.keys(env)`), whether a secret is there (`!!env.API_KEY`), its length or its first
characters; plain variables (`env.LOG_LEVEL`); bindings handed to a function; a secret in the body of a
request to the service that it belongs to.

## Fix safety

Unsafe: `Object.keys(env)` is logged instead, which leaves out the plain variables as well.

- "the secret": the log says whether it is set, and no more; what was logged in production has to be replaced
- "Hyperdrive": the log says whether it is set, and no more; what was logged in production has to be replaced
- "password": the log says whether it is set, and no more; what was logged in production has to be replaced

Source: https://developers.cloudflare.com/workers/configuration/secrets/
"""

from __future__ import annotations

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
    js,
    new,
    python,
    python_module,
    quoted,
    rule,
)

if TYPE_CHECKING:
    import libcst as cst
    from tree_sitter import Node

_LOGS = ("log", "info", "warn", "error", "debug", "trace", "dir", "table")
_RESPONSES = ("json", "text", "html", "body")
_DOES = {
    "log": "is logged",
    "response": "is sent to the client",
    "string": "becomes one string, with its secrets",
}
_STRING_MAKERS = frozenset({("", "JSON.stringify"), ("node:util", "inspect")})
_IN_STRING = frozenset(
    {"template_substitution", "template_string", "binary_expression", "parenthesized_expression"}
    | {"as_expression", "call_expression", "arguments", "object", "pair", "spread_element"}
)


@rule(
    call(*_LOGS, "stringify", "inspect", *_RESPONSES),
    new("Response"),
    severity=Severity.WARNING,
    fix=Safety.UNSAFE,
)
def check(match: Match) -> Iterator[Finding]:
    module = match.module
    sink = _sink(module, match.node)
    if sink is None:
        return
    printed = match.arguments if sink == "log" else match.arguments[:1]
    leaks = [leak for argument in printed for leak in _leaks(module, argument)]
    if sink == "string":
        leaks = [leak for leak in leaks if module.secret_at(leak.node) is js.Secret.ENV]
        if leaks and _ends_in_a_sink(module, match.node):
            return  # the log or the response has the finding
    if not leaks:
        return
    first, *others = sorted(leaks, key=lambda leak: module.secret_at(leak.node) is not js.Secret.ENV)
    whole = module.secret_at(first.node) is js.Secret.ENV
    places = [leak.names[0] if leak.names else leak.node for leak in others]
    yield Finding(
        f"{_label(module, first.node)} {_DOES[sink]}",
        module.at(first.names[0] if first.names else first.node),
        (*_way(module, first), *(module.at(place, "and this") for place in places)),
        fix=_fix(module, first if whole else None, leaks) if sink == "log" else None,
        severity=Severity.NOTE if sink == "string" or (sink == "response" and not whole) else None,
    )


def _sink(module: Module, node: Node) -> str | None:
    """What a call does with its arguments: `log`, `response`, `string`; None of another call."""
    found = module.call(node)
    if found is None:
        return None
    if found.is_new or found.name in _RESPONSES:
        return "response" if module.response_made(node) is not None else None
    called = module.called_name(node)
    if called is None:
        return None
    if (called.module, called.name) in _STRING_MAKERS:
        return "string"
    owner, _, method = called.name.rpartition(".")
    return "log" if (called.module, owner) == ("", "console") and method in _LOGS else None


def _leaks(module: Module, node: Node) -> Iterator[js.Content]:
    """The secrets in what an expression prints."""
    return module.contents(node, lambda part: module.secret_at(part) is not None, hops=1)


def _label(module: Module, node: Node) -> str:
    """What to call a secret."""
    text = module.text(node)
    match module.secret_at(node):
        case js.Secret.ENV:
            return f"all of `{text}`"
        case js.Secret.CONNECTION_STRING:
            return "a Hyperdrive connection string"
        case js.Secret.HYPERDRIVE:
            return f"the Hyperdrive configuration `{text}` with its password"
        case js.Secret.PASSWORD:
            return "a database password"
    return f"the secret `{text}`"


def _way(module: Module, leak: js.Content) -> Iterator[Location]:
    """The places that something secret passes before it is printed, the first one first."""
    origin = module.taken_from(leak.node)
    if origin is not None:
        yield module.at(origin, "it is taken from `env` here")
    if leak.names:
        name = "env" if origin is None else module.text(leak.node)
        yield module.at(leak.node, f"it is taken from `{name}` here")


def _fix(module: Module, whole: js.Content | None, leaks: list[js.Content]) -> Fix | None:
    """The names of the bindings in place of all of `env`; whether it is set in place of each secret."""
    changed = [whole] if whole is not None else leaks
    if any(leak.is_rebuilt or leak.names for leak in changed):
        return None
    function = "Object.keys" if whole is not None else "Boolean"
    edits = []
    for leak in changed:
        text = f"{function}({module.text(leak.node)})"
        if leak.node.type == "shorthand_property_identifier":
            text = f"{module.text(leak.node)}: {text}"
        edits.append(module.replace(leak.node, text))
    title = "Log the names of the bindings only" if whole is not None else "Log whether it is set"
    return Fix(title, tuple(edits), Safety.UNSAFE)


def _ends_in_a_sink(module: Module, node: Node) -> bool:
    """Whether the string that a call makes is printed, at once or by way of one variable."""
    if _is_in_a_sink(module, node):
        return True
    whole = node
    for above in module.ancestors(node):
        if above.type not in _IN_STRING:
            break
        whole = above
    name = module.given_name(whole)
    declaration = module.scope.resolve(name) if name is not None and name.type == "identifier" else None
    if name is None or declaration is None or declaration.node.id != name.id:
        return False
    return any(_is_in_a_sink(module, use) for use in module.scope.references(declaration))


def _is_in_a_sink(module: Module, node: Node) -> bool:
    for above in module.ancestors(node):
        if _sink(module, above) in ("log", "response"):
            return True
        if above.type.endswith(("_statement", "_declaration")) or above.type == "statement_block":
            return False
    return False


@check.on(python_module("env"))
def check_python(module: python.PythonModule) -> Iterator[Finding]:
    # Imported where used: libcst is slow to load.
    import libcst as cst

    for printing in module.find(cst.Call):
        for argument in module.printed(printing) or ():
            for node, via in module.contents(argument):
                label = _python_label(module, node)
                if label is not None:
                    place = module.at(via if via is not None else node)
                    yield Finding(f"{label} is logged", place, tuple(_python_way(module, node, via)))


def _python_label(module: python.PythonModule, node: cst.BaseExpression) -> str | None:
    value = module.value_of(node)
    if value.kind is ValueKind.ENV:
        return f"all of {quoted(module.text(node))}"
    stored = _python_stored(module, node)
    if stored is not None:
        return f"the secret `{stored}`"
    if value.kind is not ValueKind.BINDING or (value.binding is not None and not value.binding.is_value):
        return None
    name = value.name or ""
    if not js.is_secret_name(name) or js.holds_numbers(module.environments, name):
        return None
    return f"the secret {quoted(module.text(node))}"


def _python_stored(module: python.PythonModule, node: cst.BaseExpression) -> str | None:
    """The binding of the Secrets Store whose secret an expression is: `await env.API_TOKEN.get()`."""
    # Imported where used: libcst is slow to load.
    import libcst as cst

    given = module.value_given(node) or node
    if not isinstance(given, cst.Await) or not isinstance(given.expression, cst.Call):
        return None
    owner = module.value_of(module.receiver(given.expression))
    if module.called_name(given.expression) != "get" or owner.binding is None:
        return None
    is_secret = owner.binding.id == "secrets_store_secret" and js.is_secret_name(owner.name or "")
    return owner.name if is_secret else None


def _python_way(
    module: python.PythonModule, node: cst.BaseExpression, via: cst.BaseExpression | None
) -> Iterator[Location]:
    """The places that something secret passes before it is printed, the first one first."""
    origin = node
    for _ in range(8):
        given = module.value_given(origin)
        if given is None:
            break
        origin = given
    if origin is not node:
        yield module.at(origin, "it is taken from `env` here")
    if via is not None:
        name = "env" if origin is node else module.text(node)
        yield module.at(node, f"it is taken from `{name}` here")
