"""Let Workers KV parse JSON: `get(key, "json")`.

`JSON.parse(await kv.get(key))` reads the value as text and parses it in a second step. `get(key, "json")`
does both, returns `null` for a key that is not there, and takes a type argument.

## Incorrect

```ts
interface Env {
  SESSIONS: KVNamespace;
}

export default {
  async fetch(request, env): Promise<Response> {
    const session = JSON.parse((await env.SESSIONS.get(request.url)) as string);
    return Response.json(session);
  },
} satisfies ExportedHandler<Env>;
```

## Correct

```ts
interface Env {
  SESSIONS: KVNamespace;
}

export default {
  async fetch(request, env): Promise<Response> {
    const session = await env.SESSIONS.get(request.url, "json");
    return Response.json(session);
  },
} satisfies ExportedHandler<Env>;
```

## What to do

Write `await kv.get(key, "json")` where it is read, and delete `JSON.parse()`. Nothing fails as it is: it is a
step less, and the value gets a type. `null` comes for a missing key, as before; what is no JSON throws at the
`await`: a `try` around the parsing moves there.

## Not reported

Text that is also used elsewhere, that is parsed in a `try` of its own, or that gets a default before it is
parsed. What may be a class of the project instead of a namespace (`env.KV ?? new Memory()`, a type with
another one beside `KVNamespace`): it need not know `"json"`.

## Fix safety

Safe in JavaScript where the call stands in `JSON.parse()` itself. Unsafe by way of a variable, and in
TypeScript: the type that the code gives the value (else `any`) becomes the type argument of `get()`, which
does not compile where the namespace has no type.

Source: https://developers.cloudflare.com/kv/api/read-key-value-pairs/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import Edit, Finding, Fix, Match, Module, Safety, Severity, call, js, rule
from cflint_rules.kv._namespaces import may_be_other

if TYPE_CHECKING:
    from tree_sitter import Node

_CHECKS = frozenset({"if_statement", "while_statement"})
_COMPARISONS = frozenset({"==", "!=", "===", "!=="})
_FREE = frozenset(
    {"variable_declarator", "return_statement", "arguments", "pair", "assignment_expression", "array"}
    | {"expression_statement"}
)
"""Where `await` can take the place of a call without parentheses."""


@rule(call("parse"), severity=Severity.NOTE, fix=Safety.UNSAFE)
def check(match: Match) -> Iterator[Finding]:
    module = match.module
    if len(match.arguments) != 1 or not module.is_global(match.receiver, "JSON"):
        return
    text = js.unwrap(match.arguments[0])
    awaited = _only_value(match, text) if text.type == "identifier" else text
    if awaited is None or awaited.type != "await_expression" or not awaited.named_children:
        return
    read = module.call(awaited.named_children[0])
    if read is None or read.callee is None or not _is_text_read(module, read):
        return
    if text.type == "identifier":
        edits = [_as_json(match, read.arguments), match.replace(match.node, module.text(text))]
        if module.is_typescript:
            edits.append(match.insert(read.callee.end_byte, f"<{_expected_type(module, match.node)}>"))
        safety = Safety.UNSAFE
    else:
        typed = "<any>" if module.is_typescript else ""
        whole = f'await {module.text(read.callee)}{typed}({module.text(read.arguments[0])}, "json")'
        parent = module.parent(module.with_wrappers(match.node))
        is_free = parent is not None and parent.type in _FREE
        edits = [match.replace(match.node, whole if is_free else f"({whole})")]
        safety = Safety.UNSAFE if module.is_typescript else Safety.SAFE
    related = (module.at(read.node, "the text is read here"),) if text.type == "identifier" else ()
    fix = Fix('Read the value as `"json"`', tuple(edits), safety)
    yield Finding(
        'KV parses JSON itself, in one step: `get(key, "json")`',
        match.at(match.node),
        related,
        fix=fix if _is_plain(module, match.node) else None,
    )


def _is_plain(module: Module, parse: Node) -> bool:
    """Whether what is left after the fix is what one would write: not `const x = y ? y : []`, and no type
    that is written down in place."""
    above = module.parent(module.with_wrappers(parse))
    if above is not None and above.type in ("ternary_expression", "binary_expression"):
        return False
    return not _expected_type(module, parse).startswith("{")


def _only_value(match: Match, text: Node) -> Node | None:
    """What a name is set to, when it is used for nothing but to be parsed once, where an error of the parsing
    is no other matter than one of the reading."""
    module = match.module
    declaration = module.scope.resolve(text)
    if declaration is None or declaration.value is None or declaration.path:
        return None
    if module.scope.assignments(declaration):
        return None
    around = module.try_around(match.node)
    if around is not None and not around.start_byte <= declaration.value.start_byte < around.end_byte:
        return None  # broken JSON is expected
    uses = module.scope.references(declaration)
    if any(use.id != text.id and not _is_check(module, use) for use in uses):
        return None
    return js.unwrap(declaration.value)


def _expected_type(module: Module, parse: Node) -> str:
    """The type that the parsed value is said to have, by a cast or the declaration; else `any`."""
    above = module.parent(parse)
    if above is not None and above.type == "as_expression":
        return module.text(above.named_children[-1])
    annotation = None
    if above is not None and above.type == "variable_declarator":
        annotation = js.first_named(above.child_by_field_name("type"))
    return module.text(annotation) if annotation is not None else "any"


def _as_json(match: Match, arguments: tuple[Node, ...]) -> Edit:
    if len(arguments) > 1:
        return match.replace(arguments[1], '"json"')
    return match.insert(arguments[0].end_byte, ', "json"')


def _is_text_read(module: Module, read: js.Call) -> bool:
    """Whether a call reads one value of a KV namespace as text."""
    if read.name != "get" or read.receiver is None or not 1 <= len(read.arguments) <= 2:
        return False
    if js.unwrap(read.arguments[0]).type == "array" or read.node.child_by_field_name("type_arguments"):
        return False
    if len(read.arguments) == 2 and module.string(read.arguments[1]) != "text":
        return False
    return module.value_of(read.receiver).is_binding("kv") and not may_be_other(module, read.receiver)


def _is_check(module: Module, use: Node) -> bool:
    """Whether a name is only looked at for whether it holds anything."""
    node, parent = use, module.parent(use)
    while parent is not None and parent.type in ("parenthesized_expression", "unary_expression"):
        node, parent = parent, module.parent(parent)
    if parent is None:
        return False
    if parent.type in _CHECKS:
        return True
    if parent.type == "ternary_expression":
        condition = parent.child_by_field_name("condition")
        return condition is not None and condition.id == node.id
    operation = module.operation(parent)
    if operation is None or operation.left is None:
        return False
    if operation.operator in _COMPARISONS:
        return any(side.type in ("null", "undefined") for side in operation.operands)
    return operation.operator == "&&" and operation.left.id == js.unwrap(node).id
