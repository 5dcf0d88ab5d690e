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

## Not reported

Text that is also used elsewhere, that is parsed in a `try` of its own, or that gets a default before it is
parsed.

## Fix safety

Safe in JavaScript where the call stands in `JSON.parse()` itself. Unsafe by way of a variable, and in
TypeScript: the type that the code gives the value, else `any`, becomes the type argument of `get()`, which
needs a namespace with a type.

Source: https://developers.cloudflare.com/kv/api/read-key-value-pairs/
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import Edit, Finding, Fix, Match, Module, Safety, Severity, call, js, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_CHECKS = frozenset({"if_statement", "unary_expression", "parenthesized_expression", "while_statement"})


@rule(call("parse"), severity=Severity.NOTE, fix=Safety.UNSAFE)
def check(match: Match) -> Iterator[Finding]:
    module = match.module
    if len(match.arguments) != 1 or not module.is_global(match.receiver, "JSON"):
        return
    text = js.unwrap(match.arguments[0])
    awaited = text
    if text.type == "identifier":
        declaration = module.scope.resolve(text)
        if declaration is None or declaration.value is None or declaration.path:
            return
        if module.scope.assignments(declaration) or _is_caught_apart(module, declaration.value, match.node):
            return
        awaited = js.unwrap(declaration.value)
        for use in module.scope.references(declaration):
            if use.id != text.id and not _is_check(module, use):
                return
    if awaited.type != "await_expression" or not awaited.named_children:
        return
    read = js.unwrap(awaited.named_children[0])
    if read.type != "call_expression" or not _is_text_read(module, read):
        return
    arguments = js.arguments_of(read)
    if text.type == "identifier":
        edits = [_as_json(match, arguments), match.replace(match.node, module.text(text))]
        callee = read.child_by_field_name("function")
        if module.is_typescript and callee is not None:
            edits.append(match.insert(callee.end_byte, f"<{_expected_type(module, match.node)}>"))
        safety = Safety.UNSAFE
    else:
        key = module.text(arguments[0])
        callee = read.child_by_field_name("function")
        owner = module.text(callee) if callee is not None else ""
        typed = "<any>" if module.is_typescript else ""
        whole = f'await {owner}{typed}({key}, "json")'
        edits = [match.replace(match.node, whole if _stands_free(module, match.node) else f"({whole})")]
        safety = Safety.UNSAFE if module.is_typescript else Safety.SAFE
    related = (module.at(read, "the text is read here"),) if text.type == "identifier" else ()
    yield Finding(
        'KV parses JSON itself: `get(key, "json")`',
        match.at(match.node),
        related,
        fix=Fix('Read the value as `"json"`', tuple(edits), safety),
    )


def _expected_type(module: Module, parse: "Node") -> str:
    """The type that the parsed value is said to have, by a cast or the declaration; else `any`."""
    above = module.parent(parse)
    if above is not None and above.type == "as_expression":
        return module.text(above.named_children[-1])
    annotation = None
    if above is not None and above.type == "variable_declarator":
        annotation = above.child_by_field_name("type")
    return module.text(annotation.named_children[0]) if annotation is not None else "any"


def _as_json(match: Match, arguments: "tuple[Node, ...]") -> Edit:
    if len(arguments) > 1:
        return match.replace(arguments[1], '"json"')
    return match.insert(arguments[0].end_byte, ', "json"')


def _is_text_read(module: Module, read: "Node") -> bool:
    """Whether a call reads one value of a KV namespace as text."""
    callee = read.child_by_field_name("function")
    if callee is None or callee.type != "member_expression":
        return False
    name = callee.child_by_field_name("property")
    arguments = js.arguments_of(read)
    if name is None or module.text(name) != "get" or not 1 <= len(arguments) <= 2:
        return False
    if js.unwrap(arguments[0]).type == "array" or read.child_by_field_name("type_arguments") is not None:
        return False
    if len(arguments) == 2 and module.string(arguments[1]) != "text":
        return False
    return module.value_of(callee.child_by_field_name("object")).is_binding("kv")


def _is_check(module: Module, use: "Node") -> bool:
    """Whether a name is only asked for being there."""
    node = use
    parent = module.parent(node)
    while parent is not None and parent.type in ("parenthesized_expression", "unary_expression"):
        node, parent = parent, module.parent(parent)
    if parent is None:
        return False
    if parent.type in _CHECKS:
        return True
    if parent.type == "ternary_expression":
        condition = parent.child_by_field_name("condition")
        return condition is not None and condition.id == node.id
    if parent.type == "binary_expression":
        operator = parent.child_by_field_name("operator")
        sides = [parent.child_by_field_name(side) for side in ("left", "right")]
        texts = {module.text(side) for side in sides if side is not None}
        if operator is not None and operator.type in ("==", "!=", "===", "!=="):
            return bool(texts & {"null", "undefined"})
        left = parent.child_by_field_name("left")
        return operator is not None and operator.type == "&&" and left is not None and left.id == node.id
    return False


def _is_caught_apart(module: Module, read: "Node", parse: "Node") -> bool:
    """Whether parsing stands in a `try` in which reading does not: broken JSON is expected then."""
    for above in module.ancestors(parse):
        if above.type == "try_statement":
            return not above.start_byte <= read.start_byte < above.end_byte
        if above.type in ("method_definition", "function_declaration", "arrow_function"):
            return False
    return False


def _stands_free(module: Module, node: "Node") -> bool:
    """Whether `await` can take the place of a call without parentheses."""
    parent = module.parent(module.with_wrappers(node))
    return parent is not None and parent.type in (
        "variable_declarator", "return_statement", "arguments", "pair", "assignment_expression",
        "expression_statement", "array",
    )  # fmt: skip
