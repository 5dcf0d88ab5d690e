"""Do I/O, timers and random values inside a handler, not while the module loads.

While a Worker starts, there is no request that I/O could belong to: `fetch()`, timers, sockets, the cache,
bindings and random values throw `Disallowed operation called within global scope`. The Worker cannot be
deployed then (error 10021). Do it in the handler, or on first use.

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

## Not reported

Functions that nothing calls while the module loads; what stands under a condition or in a `try`; reading a
variable or a secret of the imported `env`; code that no Worker reaches, and tests.

## Fix safety

There is no fix: where the value is needed is up to the author.

Source: https://developers.cloudflare.com/workers/observability/errors/#validation-errors-10021
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import Finding, Location, Match, Module, Severity, ValueKind, call, import_of, js, new, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_GLOBALS = {
    "fetch": "I/O",
    "setTimeout": "timers",
    "setInterval": "timers",
    "setImmediate": "timers",
}
_METHODS = {
    "crypto": {"randomUUID": "random values", "getRandomValues": "random values"},
    "scheduler": {"wait": "timers"},
    "AbortSignal": {"timeout": "timers"},
}
_PACKAGES = {
    ("nanoid", "nanoid"): "random values",
    ("uuid", "v4"): "random values",
    ("uuid", "v7"): "random values",
    ("@paralleldrive/cuid2", "createId"): "random values",
    ("ulid", "ulid"): "random values",
    ("ulidx", "ulid"): "random values",
    ("cloudflare:sockets", "connect"): "I/O",
    ("node:crypto", "randomUUID"): "random values",
    ("node:crypto", "randomBytes"): "random values",
    ("crypto", "randomUUID"): "random values",
    ("crypto", "randomBytes"): "random values",
}
_WORDS = (
    *_GLOBALS,
    *(name for methods in _METHODS.values() for name in methods),
    *sorted({name for _, name in _PACKAGES}),
    "generateKey",
    "match",
)
_CONDITIONS = frozenset(
    {"if_statement", "ternary_expression", "switch_statement", "try_statement", "binary_expression"}
)


@rule(
    call(*dict.fromkeys(_WORDS)),
    new("WebSocket"),
    import_of("cloudflare:workers"),
    severity=Severity.ERROR,
)
def check(match: Match) -> Iterator[Finding]:
    module = match.module
    if not module.workers:
        return
    if match.node.type == "import_statement":
        yield from _uses_of_env(module)
        return
    what = _disallowed(module, match.node)
    if what is None:
        return
    related = _at_load(module, match.node)
    if related is not None:
        yield Finding(
            f"`{_label(module, match.node)}` runs while the module loads, where {what} "
            + ("are" if what.endswith("s") else "is")
            + " not allowed",
            match.at(match.node),
            related,
        )


def _label(module: Module, node: "Node") -> str:
    callee = node.child_by_field_name("function") or node.child_by_field_name("constructor")
    text = module.text(callee) if callee is not None else ""
    text = text if len(text) <= 40 and "\n" not in text else module.callee_name(node)
    return f"new {text}()" if node.type == "new_expression" else f"{text}()"


def _disallowed(module: Module, node: "Node") -> str | None:
    """What a call needs that is not there while a module loads: `I/O`, `timers`, `random values`."""
    callee = node.child_by_field_name("function") or node.child_by_field_name("constructor")
    callee = js.unwrap(callee) if callee is not None else None
    if callee is None:
        return None
    if node.type == "new_expression":
        return "I/O" if module.is_global(callee, "WebSocket") else None
    name = module.callee_name(node)
    if name in _GLOBALS and module.is_global(callee, name):
        return _GLOBALS[name]
    if callee.type == "identifier":
        declaration = module.scope.resolve(callee)
        ref = module.scope.origin(declaration) if declaration is not None else None
        return _PACKAGES.get((ref.module, ref.name)) if ref is not None else None
    owner = callee.child_by_field_name("object")
    if owner is None:
        return None
    for holder, methods in _METHODS.items():
        if name in methods and module.is_global(owner, holder):
            return methods[name]
    if name == "generateKey" and module.text(owner) == "crypto.subtle":
        return "random values"
    if name == "match" and module.value_of(owner).kind is ValueKind.CACHE:
        return "I/O"
    declaration = module.scope.resolve(owner) if owner.type == "identifier" else None
    ref = module.scope.origin(declaration) if declaration is not None else None
    if ref is not None and ref.name in ("default", "*"):
        return _PACKAGES.get((ref.module, name)) if ref.module.endswith("crypto") else None
    return None


def _uses_of_env(module: Module) -> Iterator[Finding]:
    """Calls of bindings, by the imported `env`, while the module loads."""
    imported = module.import_named("cloudflare:workers", "env")
    if imported is None:
        return
    for use in module.scope.references(imported):
        for above in module.ancestors(use):
            if above.type not in ("member_expression", "call_expression", "non_null_expression"):
                break
            if above.type == "call_expression":
                value = module.value_of(above)
                related = _at_load(module, above) if value.kind is ValueKind.PROMISE else None
                if related is not None:
                    yield Finding(
                        f"`{_label(module, above)}` runs while the module loads, where I/O is not allowed",
                        module.at(above),
                        related,
                    )
                    break


def _at_load(module: Module, node: "Node", hops: int = 0) -> tuple[Location, ...] | None:
    """Whether an expression runs while its module loads: () when directly, the place of the call when it is
    in a function that is called then; None when not, or only under a condition."""
    child = node
    for above in module.ancestors(node):
        if above.type in _CONDITIONS and not _is_unconditional(above, child):
            return None
        if above.type in js.FUNCTIONS:
            if _is_called_in_place(module, above):
                child = above
                continue
            return _called_at_load(module, above) if hops == 0 else None
        if above.type == "public_field_definition" and not _is_static(above):
            return None
        child = above
    return ()


def _is_unconditional(condition: "Node", child: "Node") -> bool:
    if condition.type == "binary_expression":
        left = condition.child_by_field_name("left")
        operator = condition.child_by_field_name("operator")
        short = operator is not None and operator.type in ("&&", "||", "??")
        return not short or (left is not None and left.id == child.id)
    if condition.type == "try_statement":
        return condition.child_by_field_name("handler") is None
    test = condition.child_by_field_name("condition") or condition.child_by_field_name("value")
    return test is not None and test.id == child.id


def _is_static(field: "Node") -> bool:
    return any(child.type == "static" for child in field.children)


def _is_called_in_place(module: Module, function: "Node") -> bool:
    """`(() => { … })()`: a function expression that is called where it stands."""
    parent = module.parent(function)
    while parent is not None and parent.type == "parenthesized_expression":
        parent = module.parent(parent)
    callee = parent.child_by_field_name("function") if parent is not None else None
    return callee is not None and js.unwrap(callee).id == function.id


def _called_at_load(module: Module, function: "Node") -> tuple[Location, ...] | None:
    """The place where a named function is called while the module loads; None when there is none."""
    name = function.child_by_field_name("name") if function.type != "method_definition" else None
    if name is None:
        parent = module.parent(function)
        name = parent.child_by_field_name("name") if parent and parent.type == "variable_declarator" else None
    if name is None or name.type != "identifier":
        return None
    declaration = module.scope.resolve(name)
    if declaration is None or declaration.scope.type != "program":
        return None
    if any(child.type == "*" for child in function.children):
        return None
    for use in module.scope.references(declaration):
        called = module.parent(use)
        callee = called.child_by_field_name("function") if called is not None else None
        if called is None or callee is None or callee.id != use.id or called.type != "call_expression":
            continue
        if _at_load(module, called, 1) == ():
            return (module.at(called, "it is called here"),)
    return None
