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
TypeScript: a stand-in for the namespace in tests has to know `"json"`, and the type that the code gives the
value (else `any`) becomes the type argument of `get()`. That does not compile where the namespace has no
type. Stored values that are falsy themselves (`0`, `false`) now count as missing where the code asks for the
variable.

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
_CLAIMS = frozenset({"non_null_expression", "as_expression"})
"""What says of a text that there is one."""
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
    fix = _fix_by_name(match, read, text) if text.type == "identifier" else _fix_in_place(match, read)
    related = (module.at(read.node, "the text is read here"),) if text.type == "identifier" else ()
    yield Finding('KV parses JSON itself, in one step: `get(key, "json")`', match.at(), related, fix=fix)


def _fix_in_place(match: Match, read: js.Call) -> Fix:
    """Of `JSON.parse(await kv.get(key))`: the reading alone. A cast that stands around it stays."""
    module = match.module
    parent = module.parent(_with_parentheses(module, match.node))
    is_cast = parent is not None and parent.type == "as_expression"
    typed = "<any>" if module.is_typescript and not is_cast else ""
    callee = module.text(read.callee) if read.callee is not None else ""
    whole = f'await {callee}{typed}({module.text(read.arguments[0])}, "json")'
    above = module.parent(module.with_wrappers(match.node))
    is_free = above is not None and above.type in _FREE and not is_cast
    safety = Safety.UNSAFE if module.is_typescript else Safety.SAFE
    edit = match.replace(match.node, whole if is_free else f"({whole})")
    return Fix('Read the value as `"json"`', (edit,), safety)


def _fix_by_name(match: Match, read: js.Call, text: Node) -> Fix | None:
    """Of a text that has a name: it is read as JSON, and the name stands in the place of what parses it, and
    of the question whether there is anything (`text ? JSON.parse(text) : []`)."""
    module = match.module
    if read.callee is None:
        return None
    name = module.text(text)
    claimed = "!" if module.is_typescript and match.arguments[0].type in _CLAIMS else ""
    parsed = _with_parentheses(module, match.node)
    cast = module.parent(parsed)
    cast = cast if cast is not None and cast.type == "as_expression" else None
    expected = _expected_type(module, parsed)
    is_written_out = "\n" in expected
    edits = [_as_json(match, read.arguments)]
    if module.is_typescript and not (is_written_out and cast is not None):
        typed = "any" if is_written_out else expected
        edits.append(match.insert(read.callee.end_byte, f"<{typed}>"))
    value = f"{name}{claimed}"
    whole = cast if cast is not None else match.node
    if is_written_out and cast is not None:
        value = f"{value} as {expected}"
    edits.append(_put(match, text, whole, value, is_written_out and cast is not None))
    return Fix('Read the value as `"json"`', tuple(edits), Safety.UNSAFE)


def _put(match: Match, text: Node, whole: Node, value: str, is_cast: bool) -> Edit:
    """An edit that writes the value where the text is parsed; for `text ? … : null` as a whole."""
    module = match.module
    outer = module.with_wrappers(whole)
    above = module.parent(outer)
    if is_cast or above is None or above.type not in ("ternary_expression", "binary_expression"):
        return match.replace(whole, value)
    if above.type == "binary_expression":
        found = module.operation(above)
        is_guard = found is not None and found.operator == "&&" and _is_name(module, found.left, text)
        return match.replace(above if is_guard else outer, value)
    condition, other = above.child_by_field_name("condition"), above.child_by_field_name("alternative")
    if other is None or other.id == outer.id or not _is_name(module, condition, text):
        return match.replace(outer, value)
    is_null = js.unwrap(other).type == "null"
    return match.replace(above, value if is_null else f"{value} ?? {module.text(other)}")


def _is_name(module: Module, node: Node | None, name: Node) -> bool:
    """Whether an expression is a name, or asks whether that is there: `text`, `text !== null`."""
    found = js.unwrap(node) if node is not None else None
    operation = module.operation(found) if found is not None else None
    if operation is not None and operation.operator in ("!=", "!==") and operation.left is not None:
        right = js.unwrap(operation.right) if operation.right is not None else None
        found = js.unwrap(operation.left) if right is not None and right.type == "null" else None
    return found is not None and found.type == "identifier" and module.text(found) == module.text(name)


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


def _expected_type(module: Module, parsed: Node) -> str:
    """The type that the parsed value is said to have, by a cast or the declaration; else `any`."""
    above = module.parent(parsed)
    if above is not None and above.type == "as_expression":
        return module.text(above.named_children[-1])
    annotation = None
    if above is not None and above.type == "variable_declarator":
        annotation = js.first_named(above.child_by_field_name("type"))
    return module.text(annotation) if annotation is not None else "any"


def _with_parentheses(module: Module, node: Node) -> Node:
    above = module.parent(node)
    while above is not None and above.type == "parenthesized_expression":
        node, above = above, module.parent(above)
    return node


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
