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

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import Finding, Match, Module, Severity, ValueKind, call, js, keyword, pattern, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_DETAILS = frozenset({"message", "stack", "cause"})
_SHOWN_IN = frozenset({"template_substitution", "pair", "ternary_expression"})
_CHOICES = frozenset({"if_statement", "ternary_expression", "switch_statement"})
_DEVELOPMENT = pattern(rb"dev|debug|local|environment|node_env|verbose", re.IGNORECASE)
_PLAIN_ERRORS = frozenset({"Error", "TypeError", "SyntaxError", "RangeError"})
_OWN_FIELDS = ("name", "code", "status")
"""What the fields begin with by which errors of a class of their own are told from others."""


@rule(keyword("catch"), call("onError"), severity=Severity.NOTE)
def check(match: Match) -> Iterator[Finding]:
    module = match.module
    parameter, body = _caught(match)
    if parameter is None or body is None or parameter.type != "identifier":
        return
    data = module.document.data
    name = data[parameter.start_byte : parameter.end_byte]
    if data.find(name, body.start_byte, body.end_byte) == -1:
        return
    responses = list(module.responses_made(body))  # which most have none of
    error = module.scope.resolve(parameter) if responses else None
    if error is None or not any(_is_in(body, use) for use in module.scope.references(error)):
        return
    for made in responses:
        if made.content is None or _is_meant(module, made.node, body):
            continue
        is_expected = made.status is None or made.status < 500
        for leak in _leaks(module, made.content, error):
            shown = module.member(leak)
            if is_expected and (shown is None or shown.name != "stack"):
                continue
            yield Finding(
                "the details of an unexpected error are sent to the client",
                module.at(leak),
                (module.at(parameter, "the error is caught here"),),
            )
            break


def _caught(match: Match) -> tuple[Node | None, Node | None]:
    """The name of an error that was not expected, and the code that handles it."""
    module, node = match.module, match.node
    if node.type == "catch_clause":
        return node.child_by_field_name("parameter"), js.body_of(node)
    if node.type != "call_expression" or match.receiver_value.kind is not ValueKind.HONO_APP:
        return None, None
    handler = js.unwrap(match.arguments[0]) if match.arguments else None
    if handler is None or handler.type not in js.FUNCTIONS:
        return None, None
    given = module.parameters(handler)
    return (given[0].pattern if given else None), js.body_of(handler)


def _leaks(module: Module, content: Node, error: js.Declaration) -> Iterator[Node]:
    """The expressions in a content that tell about the error, by way of one variable too."""
    uses = module.scope.references(error)
    for use in uses:
        detail = _detail(module, use) if _is_in(content, use) else None
        if detail is not None and not _is_meant(module, detail, content):
            yield detail
    for name in (content, *module.descendants(content, "identifier", "shorthand_property_identifier")):
        if name.type not in ("identifier", "shorthand_property_identifier"):
            continue
        declaration = module.scope.resolve(name)
        made = declaration.value if declaration is not None and not declaration.path else None
        if made is None or _is_for_development(module, made):
            continue
        if any(_is_in(made, use) and _detail(module, use) is not None for use in uses):
            yield name


def _detail(module: Module, use: Node) -> Node | None:
    """The expression that shows an error: its message or stack, or all of it as text."""
    whole = module.with_wrappers(use)
    parent = module.parent(whole)
    access = module.member(parent)
    if access is not None and access.object.id == whole.id:
        return access.node if access.name in _DETAILS else None
    if parent is not None and parent.type in _SHOWN_IN:
        condition = parent.child_by_field_name("condition")
        return use if condition is None or condition.id != whole.id else None
    around = module.call_around(use)
    is_text = around is not None and module.is_from(around[0].callee, "", "String", "JSON.stringify")
    return use if is_text else None


def _is_meant(module: Module, node: Node, within: Node) -> bool:
    """Whether something is sent in development only, or for an error of a class of its own."""
    for above in module.ancestors(node):
        if above.id == within.id:
            return False
        if above.type == "binary_expression" and _is_for_development(module, above):
            return True
        if above.type in _CHOICES:
            condition = above.child_by_field_name("condition") or above.child_by_field_name("value")
            if condition is not None and (
                _is_for_development(module, condition) or _tells_errors_apart(module, condition)
            ):
                return True
    return False


def _tells_errors_apart(module: Module, condition: Node) -> bool:
    for part in (condition, *module.descendants(condition, "binary_expression", "member_expression")):
        operation, access = module.operation(part), module.member(part)
        if operation is not None and operation.operator == "instanceof":
            if module.text(operation.right) not in _PLAIN_ERRORS:
                return True
        elif access is not None and access.name.startswith(_OWN_FIELDS):
            return True
    return False


def _is_for_development(module: Module, node: Node) -> bool:
    return next(module.mentions(_DEVELOPMENT, node), None) is not None


def _is_in(outer: Node, inner: Node) -> bool:
    return outer.start_byte <= inner.start_byte < outer.end_byte
