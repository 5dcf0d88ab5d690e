"""Log the details of an unexpected error, and send the client a plain message.

The message and the stack of an error that was not expected reveal internals: table and column names, hosts,
file paths, parts of queries. They belong in the log: they are of no use to a client, but of use to an
attacker.

## Incorrect

```ts
interface Env {
  DB: D1Database;
}

export default {
  async fetch(request, env): Promise<Response> {
    try {
      return Response.json(await env.DB.prepare("SELECT name FROM users").all());
    } catch (error) {
      return Response.json({ error: (error as Error).message }, { status: 500 });
    }
  },
} satisfies ExportedHandler<Env>;
```

## Correct

```ts
interface Env {
  DB: D1Database;
}

export default {
  async fetch(request, env): Promise<Response> {
    try {
      return Response.json(await env.DB.prepare("SELECT name FROM users").all());
    } catch (error) {
      console.error("listing users failed", error);
      return Response.json({ error: "internal error" }, { status: 500 });
    }
  },
} satisfies ExportedHandler<Env>;
```

## Not reported

Statuses below 500, for which a message is meant for the client; errors of a class of one's own (`error
instanceof HttpError`); what is sent in development only.

## Fix safety

There is no fix: the text for the client is up to the author.

Source: https://developers.cloudflare.com/workers/best-practices/workers-best-practices/
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import Finding, Match, Module, Severity, ValueKind, call, js, keyword, pattern, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_DETAILS = frozenset({"message", "stack", "cause"})
_HONO = frozenset({"json", "text", "html", "body"})
_ANSWERS = pattern(rb"\b(?:Response|json|text|html|body)\b")
"""What code that makes a response has a word of."""
_DEVELOPMENT = ("dev", "debug", "local", "environment", "node_env", "verbose")
_PLAIN_ERRORS = frozenset({"Error", "TypeError", "SyntaxError", "RangeError"})


@rule(keyword("catch"), call("onError"), severity=Severity.NOTE)
def check(match: Match) -> Iterator[Finding]:
    module, node = match.module, match.node
    if node.type == "catch_clause":
        parameter, body = node.child_by_field_name("parameter"), node.child_by_field_name("body")
    elif (
        node.type == "call_expression" and match.receiver_value.kind is ValueKind.HONO_APP and match.arguments
    ):
        parameter, body = _first_parameter(module, js.unwrap(match.arguments[0]))
    else:
        return
    if parameter is None or body is None or parameter.type != "identifier":
        return
    if _ANSWERS.search(module.document.data, body.start_byte, body.end_byte) is None:
        return
    declaration = module.scope.resolve(parameter)
    if declaration is None:
        return
    for response in (body, *module.descendants(body, "new_expression", "call_expression")):
        parts = _response(module, response)
        if parts is None or _is_meant(module, response, body):
            continue
        content, status = parts
        for leak in _leaks(module, content, declaration):
            if status < 500 and module.text(leak).rpartition(".")[2] != "stack":
                continue
            yield Finding(
                "the details of an unexpected error are sent to the client",
                module.at(leak),
                (module.at(parameter, "the error is caught here"),),
            )
            break


def _first_parameter(module: Module, function: "Node") -> "tuple[Node | None, Node | None]":
    if function.type not in js.FUNCTIONS:
        return None, None
    single = function.child_by_field_name("parameter")
    listed = function.child_by_field_name("parameters")
    if single is None and listed is not None and listed.named_children:
        first = listed.named_children[0]
        single = first.child_by_field_name("pattern") or first
    return single, function.child_by_field_name("body")


def _response(module: Module, node: "Node") -> "tuple[Node, float] | None":
    """The content and the status of a response that an expression makes."""
    arguments = js.arguments_of(node)
    if not arguments:
        return None
    callee = node.child_by_field_name("function") or node.child_by_field_name("constructor")
    callee = js.unwrap(callee) if callee is not None else None
    if callee is None:
        return None
    second = arguments[1] if len(arguments) > 1 else None
    if module.is_global(callee, "Response") and node.type == "new_expression":
        return arguments[0], _status(module, second)
    if callee.type != "member_expression":
        return None
    owner = callee.child_by_field_name("object")
    name = module.callee_name(node)
    if name == "json" and module.is_global(owner, "Response"):
        return arguments[0], _status(module, second)
    if name in _HONO and module.value_of(owner).kind is ValueKind.HONO_CONTEXT:
        direct = module.number(second) if second is not None else None
        return arguments[0], direct if direct is not None else _status(module, second)
    return None


def _status(module: Module, init: "Node | None") -> float:
    written = module.property_value(init, "status") if init is not None else None
    status = module.number(written) if written is not None else None
    return status if status is not None else 200


def _leaks(module: Module, content: "Node", error: js.Declaration) -> Iterator["Node"]:
    """The expressions in a content that tell about the error, by way of one variable too."""
    for use in module.scope.references(error):
        if content.start_byte <= use.start_byte < content.end_byte:
            detail = _detail(module, use)
            if detail is not None and not _is_meant(module, detail, content):
                yield detail
    for name in (content, *module.descendants(content, "identifier", "shorthand_property_identifier")):
        if name.type not in ("identifier", "shorthand_property_identifier"):
            continue
        declaration = module.scope.resolve(name)
        made = declaration.value if declaration is not None and not declaration.path else None
        if made is None or _is_for_development(module, made):
            continue
        for use in module.scope.references(error):
            if made.start_byte <= use.start_byte < made.end_byte and _detail(module, use) is not None:
                yield name
                break


def _detail(module: Module, use: "Node") -> "Node | None":
    """The expression that shows an error: its message or stack, or all of it as text."""
    node = use
    parent = module.parent(node)
    while parent is not None and parent.type in (
        "parenthesized_expression",
        "as_expression",
        "non_null_expression",
    ):
        node, parent = parent, module.parent(parent)
    if parent is None:
        return None
    if parent.type == "member_expression":
        name = parent.child_by_field_name("property")
        return parent if name is not None and module.text(name) in _DETAILS else None
    if parent.type in (
        "template_substitution",
        "pair",
        "ternary_expression",
        "shorthand_property_identifier",
    ):
        condition = parent.child_by_field_name("condition")
        return use if condition is None or condition.id != node.id else None
    if parent.type == "arguments":
        call = module.parent(parent)
        return use if call is not None and module.callee_name(call) in ("String", "stringify") else None
    return None


def _is_meant(module: Module, response: "Node", body: "Node") -> bool:
    """Whether a response is sent in development only, or for an error of a class of its own."""
    for above in module.ancestors(response):
        if above.id == body.id:
            return False
        if above.type == "binary_expression" and _is_for_development(module, above):
            return True
        if above.type in ("if_statement", "ternary_expression", "switch_statement"):
            condition = above.child_by_field_name("condition") or above.child_by_field_name("value")
            if condition is not None and _is_for_development(module, condition):
                return True
            text = module.text(condition) if condition is not None else ""
            _, found, after = text.partition(" instanceof ")
            if found and after.split(")")[0].split(" ")[0] not in _PLAIN_ERRORS:
                return True
            if ".name" in text or ".code" in text or ".status" in text:
                return True
    return False


def _is_for_development(module: Module, condition: "Node") -> bool:
    text = module.text(condition).lower()
    return any(word in text for word in _DEVELOPMENT)
