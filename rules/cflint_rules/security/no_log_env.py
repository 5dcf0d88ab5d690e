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

## Not reported

The names (`Object.keys(env)`), whether a secret is there (`!!env.API_KEY`), its length or its first
characters; plain variables (`env.LOG_LEVEL`); bindings handed to a function; a secret in the body of a
request to the service that it belongs to.

## Fix safety

Unsafe: `Object.keys(env)` is logged instead, which leaves out the plain variables as well.

Source: https://developers.cloudflare.com/workers/configuration/secrets/
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from typing import TYPE_CHECKING

from cflint.api import (
    Finding,
    Fix,
    Location,
    Match,
    Module,
    Safety,
    Severity,
    Value,
    ValueKind,
    call,
    js,
    new,
    python,
    python_module,
    record,
    rule,
)

if TYPE_CHECKING:
    import libcst as cst
    from tree_sitter import Node


_LOGS = ("log", "info", "warn", "error", "debug", "trace", "dir", "table")
_RESPONSES = ("json", "text", "html", "body")
_COPIES = {"Object": ("entries", "values", "assign", "fromEntries"), "JSON": ("stringify",)}
_LIMIT = 300
_PLAIN = frozenset({"string", "number", "true", "false", "null", "undefined"})
_MADE_OF_PARTS = frozenset({"object", "array", "template_string"})


@rule(
    call(*_LOGS, "stringify", "inspect", *_RESPONSES),
    new("Response"),
    severity=Severity.ERROR,
    fix=Safety.UNSAFE,
)
def check(match: Match) -> Iterator[Finding]:
    module = match.module
    where = _sink(module, match.node)
    if where is None:
        return
    printed = match.arguments if where == "log" else match.arguments[:1]
    leaks = [leak for argument in printed for leak in _leaks(module, argument)]
    if where == "string":
        leaks = [leak for leak in leaks if leak.whole]
        if leaks and _ends_in_a_sink(module, match.node):
            return  # the log or the response has the finding
    for leak in leaks:
        yield from _finding(module, match.node, where, leak)


@record(frozen=True)
class _Leak:
    """Something secret in what is printed: where, what to call it, whether it is all of `env`, and the place
    of the variable that carries it there."""

    node: Node
    label: str
    whole: bool
    spread: bool = False
    via: Node | None = None


def _finding(module: Module, sink: Node, where: str, leak: _Leak) -> Iterator[Finding]:
    verb = {"log": "is logged", "response": "is sent to the client", "string": "becomes one string"}[where]
    yield Finding(
        f"{leak.label} {verb}",
        module.at(leak.via if leak.via is not None else leak.node),
        tuple(_way(module, leak)),
        fix=_fix(module, leak) if where == "log" else None,
        severity=Severity.WARNING if (where != "log" and not leak.whole) or where == "string" else None,
    )


def _way(module: Module, leak: _Leak) -> Iterator[Location]:
    """The places that something secret passes before it is printed, the first one first."""
    origin = _taken(module, leak.node)
    if origin is not None:
        yield module.at(origin, "it is taken from `env` here")
    if leak.via is not None:
        name = "env" if origin is None else module.text(leak.node)
        yield module.at(leak.node, f"it is taken from `{name}` here")


def _taken(module: Module, node: Node) -> Node | None:
    """Where a variable, or the one that it was made of, got its value: `env.NAME`, or a name of a pattern."""
    found: Node | None = None
    node = js.unwrap(node)
    for _ in range(8):
        named = node.type in ("identifier", "shorthand_property_identifier")
        declaration = module.scope.resolve(node) if named else None
        if declaration is None or declaration.value is None:
            return found
        found = declaration.node if declaration.path else js.unwrap(declaration.value)
        if declaration.path:
            return found
        node = found
    return found


def _fix(module: Module, leak: _Leak) -> Fix | None:
    if not leak.whole or leak.spread or leak.via is not None:
        return None
    text = f"Object.keys({module.text(leak.node)})"
    if leak.node.type == "shorthand_property_identifier":
        text = f"{module.text(leak.node)}: {text}"
    return Fix("Log the names of the bindings only", (module.replace(leak.node, text),), Safety.UNSAFE)


def _sink(module: Module, node: Node) -> str | None:
    """What a call does with its arguments: `log`, `response`, `string`; None of another call."""
    if node.type == "new_expression":
        return "response" if module.is_global(node.child_by_field_name("constructor"), "Response") else None
    callee = node.child_by_field_name("function")
    callee = js.unwrap(callee) if callee is not None else None
    if callee is None:
        return None
    name = module.callee_name(node)
    owner = callee.child_by_field_name("object") if callee.type == "member_expression" else None
    if owner is None:
        return "string" if name == "inspect" and _is_inspect(module, callee) else None
    if name in _LOGS and module.is_global(owner, "console"):
        return "log"
    if name == "json" and module.is_global(owner, "Response"):
        return "response"
    if name in _RESPONSES and module.value_of(owner).kind is ValueKind.HONO_CONTEXT:
        return "response"
    if name == "stringify" and module.is_global(owner, "JSON"):
        return "string"
    return "string" if name == "inspect" and _is_inspect(module, owner) else None


def _is_inspect(module: Module, node: Node) -> bool:
    declaration = module.scope.resolve(js.unwrap(node)) if js.unwrap(node).type == "identifier" else None
    ref = module.scope.origin(declaration) if declaration is not None else None
    return ref is not None and ref.module in ("util", "node:util")


def _ends_in_a_sink(module: Module, node: Node) -> bool:
    """Whether the string that a call makes is printed, at once or by way of one variable."""
    if _inside_sink(module, node):
        return True
    above = module.parent(node)
    while above is not None and above.type in (
        "template_substitution", "template_string", "binary_expression", "parenthesized_expression",
        "as_expression", "call_expression", "arguments", "object", "pair", "spread_element",
    ):  # fmt: skip
        above = module.parent(above)
    name = above.child_by_field_name("name") if above is not None else None
    if above is None or above.type != "variable_declarator" or name is None or name.type != "identifier":
        return False
    declaration = module.scope.resolve(name)
    return declaration is not None and any(
        _inside_sink(module, use) for use in module.scope.references(declaration)
    )


def _inside_sink(module: Module, node: Node) -> bool:
    for above in module.ancestors(node):
        if above.type in ("call_expression", "new_expression") and _sink(module, above) in (
            "log",
            "response",
        ):
            return True
        if above.type.endswith(("_statement", "_declaration")) or above.type == "statement_block":
            return False
    return False


def _leaks(module: Module, node: Node) -> Iterator[_Leak]:
    """The secrets in what an expression prints."""
    todo: list[tuple[Node, Node | None, bool]] = [(node, None, False)]
    for _ in range(_LIMIT):
        if not todo:
            return
        node, via, spread = todo.pop()
        node = js.unwrap(node)
        if node.type in _PLAIN:
            continue
        if node.type in _MADE_OF_PARTS:
            todo.extend((part, via, is_spread) for part, is_spread in _parts(module, node))
            continue
        value = module.value_of(node)
        if value.kind is ValueKind.ENV or _is_process_env(module, node):
            carried = via if via is not None else None
            yield _Leak(node, f"all of `{module.text(node)}`", True, spread, carried)
            continue
        secret = _secret(module, node, value)
        if secret is not None:
            yield _Leak(node, secret, False, spread, via)
            continue
        if node.type == "identifier" and via is None:
            carrier = _made_of(module, node)
            if carrier is not None:
                todo.append((carrier, node, False))
            continue
        todo.extend((part, via, is_spread) for part, is_spread in _parts(module, node))


def _made_of(module: Module, name: Node) -> Node | None:
    """The object, string or call that a constant was made with."""
    made = module.initializer(name)
    declaration = module.scope.resolve(name)
    if made.type == "identifier" or declaration is None or declaration.kind is js.DeclarationKind.PARAMETER:
        return None
    if made.type in ("object", "template_string", "call_expression", "binary_expression"):
        return made
    return None


def _parts(module: Module, node: Node) -> Iterator[tuple[Node, bool]]:
    """The expressions below that are printed with an expression; whether they are spread."""
    match node.type:
        case "object" | "array":
            for part in node.named_children:
                if part.type == "spread_element":
                    yield from ((inner, True) for inner in part.named_children[:1])
                elif part.type == "pair":
                    value = part.child_by_field_name("value")
                    if value is not None:
                        yield value, False
                elif part.type not in ("comment", "method_definition"):
                    yield part, False
        case "template_string":
            for part in node.named_children:
                if part.type == "template_substitution":
                    yield from ((inner, False) for inner in part.named_children[:1])
        case "ternary_expression":
            yield from ((part, False) for part in _fields(node, "consequence", "alternative"))
        case "binary_expression":
            operator = node.child_by_field_name("operator")
            sides = {
                "+": ("left", "right"),
                "||": ("left", "right"),
                "??": ("left", "right"),
                "&&": ("right",),
            }
            printed = sides.get(operator.type if operator is not None else "", ())
            yield from ((part, False) for part in _fields(node, *printed))
        case "call_expression":
            rebuilt = module.callee_name(node) in _COPIES["Object"]  # names cannot stand for it there
            yield from ((part, rebuilt) for part in _copied(module, node))


def _fields(node: Node, *names: str) -> tuple[Node, ...]:
    return tuple(found for name in names if (found := node.child_by_field_name(name)) is not None)


def _copied(module: Module, call: Node) -> tuple[Node, ...]:
    """The arguments that a call copies into its result: of `JSON.stringify`, `Object.entries`, `String`, …"""
    callee = call.child_by_field_name("function")
    callee = js.unwrap(callee) if callee is not None else None
    arguments = js.arguments_of(call)
    if callee is None or not arguments:
        return ()
    if callee.type == "identifier":
        if module.is_global(callee, "String", "structuredClone") or _is_inspect(module, callee):
            return arguments[:1]
        return ()
    name = module.callee_name(call)
    owner = callee.child_by_field_name("object")
    for known, methods in _COPIES.items():
        if name in methods and module.is_global(owner, known):
            replacer = js.unwrap(arguments[1]).type if name == "stringify" and len(arguments) > 1 else "null"
            if replacer not in ("null", "undefined"):
                return ()  # a replacer may leave things out
            return arguments if name == "assign" else arguments[:1]
    return arguments[:1] if name == "inspect" and owner is not None and _is_inspect(module, owner) else ()


def _is_process_env(module: Module, node: Node) -> bool:
    """`process.env`, in a module that a Worker reaches (elsewhere it is some script's)."""
    return (
        node.type == "member_expression"
        and module.text(node) == "process.env"
        and module.is_global(node.child_by_field_name("object"), "process")
        and bool(module.workers)
    )


def _secret(module: Module, node: Node, value: Value) -> str | None:
    """What to call the secret that an expression is; None when it is none."""
    text = module.text(node)
    if value.kind is ValueKind.CONNECTION_STRING:
        return "a Hyperdrive connection string"
    if value.is_binding("hyperdrive"):
        return f"the Hyperdrive configuration `{text}` with its password"
    if node.type == "member_expression":
        name = node.child_by_field_name("property")
        owner = module.value_of(node.child_by_field_name("object"))
        if name is not None and module.text(name) == "password" and owner.is_binding("hyperdrive"):
            return "a database password"
        if _is_process_env(module, node.child_by_field_name("object") or node) and name is not None:
            return f"the secret `{text}`" if js.is_secret_name(module.text(name)) else None
    if value.kind is not ValueKind.BINDING or value.name is None or value.detail:
        return None
    if value.binding is not None and not value.binding.is_value:
        return None
    return f"the secret `{text}`" if js.is_secret_name(value.name) else None


# -- Python ----------------------------------------------------------------------------------------------

_LOGGERS = ("debug", "info", "warning", "warn", "error", "critical", "exception", "log", "fatal")
_TEXTS = ("str", "repr", "dict", "vars", "list")


@check.on(python_module("env"))
def check_python(module: python.PythonModule) -> Iterator[Finding]:
    import libcst as cst

    for printing in module.find(cst.Call):
        if not _logs(module, printing):
            continue
        named = (one.value for one in printing.args if one.keyword is not None)
        for argument in (*module.arguments(printing), *named):
            for node, via in _printed(module, argument):
                value = module.value_of(node)
                text = module.text(node)
                if value.kind is ValueKind.ENV:
                    label = f"all of `{text}`"
                elif value.kind is ValueKind.BINDING and _is_secret(value):
                    label = f"the secret `{text}`"
                else:
                    continue
                place = module.at(via if via is not None else node)
                yield Finding(f"{label} is logged", place, tuple(_python_way(module, node, via)))


def _python_way(
    module: python.PythonModule, node: cst.BaseExpression, via: cst.BaseExpression | None
) -> Iterator[Location]:
    """The places that something secret passes before it is printed, the first one first."""

    origin: cst.BaseExpression = node
    for _ in range(8):
        given = _assigned(module, origin)
        if given is None:
            break
        origin = given
    if origin is not node:
        yield module.at(origin, "it is taken from `env` here")
    if via is not None:
        name = "env" if origin is node else module.text(node)
        yield module.at(node, f"it is taken from `{name}` here")


def _assigned(module: python.PythonModule, node: cst.BaseExpression) -> cst.BaseExpression | None:
    """What a variable, or a field of `self`, is: the one expression that is assigned to it."""
    import libcst as cst

    if isinstance(node, cst.Name):
        entries = module.resolve(node) or ()
        return entries[0].value if len(entries) == 1 and entries[0].kind == "assignment" else None
    if isinstance(node, cst.Attribute) and module.value_of(node.value).kind is ValueKind.THIS:
        owner = module.class_around(node)
        platform = owner is not None and owner.kind.is_platform and node.attr.value in ("env", "ctx")
        return owner.field(node.attr.value) if owner is not None and not platform else None
    return None


def _is_secret(value: Value) -> bool:
    plain = value.binding is None or value.binding.is_value
    return plain and value.name is not None and js.is_secret_name(value.name)


def _logs(module: python.PythonModule, call: cst.Call) -> bool:
    import libcst as cst

    if module.builtin(call.func) == "print":
        return True
    receiver = module.receiver(call)
    if receiver is None or module.called_name(call) not in _LOGGERS:
        return False
    if module.origin(receiver) in ("logging", "js.console"):
        return True
    if isinstance(receiver, cst.Name):
        entries = module.resolve(receiver) or ()
        made = entries[0].value if len(entries) == 1 else None
        return isinstance(made, cst.Call) and module.origin(made.func) == "logging.getLogger"
    return False


def _printed(
    module: python.PythonModule, node: cst.BaseExpression
) -> Iterator[tuple[cst.BaseExpression, cst.BaseExpression | None]]:
    """The expressions whose text is printed with an expression, each with the variable that carries it there,
    if one does."""
    import libcst as cst

    todo: list[tuple[cst.BaseExpression, cst.BaseExpression | None]] = [(node, None)]
    for _ in range(_LIMIT):
        if not todo:
            return
        node, via = todo.pop()
        inner: Iterable[cst.BaseExpression]
        match node:
            case cst.FormattedString():
                inner = [
                    one.expression for one in node.parts if isinstance(one, cst.FormattedStringExpression)
                ]
            case cst.BinaryOperation() | cst.BooleanOperation():
                inner = (node.left, node.right)
            case cst.Dict():
                inner = [one.value for one in node.elements]
            case cst.List() | cst.Tuple():
                inner = [one.value for one in node.elements]
            case cst.Call() if module.builtin(node.func) in _TEXTS or module.called_name(node) == "format":
                inner = module.arguments(node)
            case cst.Name() if via is None and isinstance(made := _assigned(module, node), _carriers()):
                todo.append((made, node))
                continue
            case _:
                yield node, via
                continue
        todo += [(part, via) for part in inner]


@cache
def _carriers() -> tuple[type[cst.BaseExpression], ...]:
    """What a variable carries its parts in to where it is printed."""
    import libcst as cst

    return (cst.FormattedString, cst.BinaryOperation, cst.Dict, cst.List, cst.Tuple, cst.Call)
