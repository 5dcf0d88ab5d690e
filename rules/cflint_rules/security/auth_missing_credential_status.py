"""Answer a request without credentials with 401, not with 403.

401 means that the request has to be authenticated, and clients react to it: they log in, refresh a token, or
prompt the user. 403 means that the authenticated user may not do this; sending credentials again does not
help.

## Incorrect

```ts
export default {
  async fetch(request: Request): Promise<Response> {
    const token = request.headers.get("Authorization");
    if (!token) {
      return new Response("no token", { status: 403 });
    }
    return new Response("hello");
  },
};
```

## Correct

```ts
export default {
  async fetch(request: Request): Promise<Response> {
    const token = request.headers.get("Authorization");
    if (!token) {
      return new Response("no token", { status: 401, headers: { "WWW-Authenticate": "Bearer" } });
    }
    return new Response("hello");
  },
};
```

## Not reported

403 for credentials that are there but wrong, or not enough.

## Fix safety

There is no fix: clients may rely on the status.

Source: https://www.rfc-editor.org/rfc/rfc9110#section-15.5.2
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import REFERENCE, Finding, Match, Module, Severity, ValueKind, call, js, new, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_FORBIDDEN = 403


@rule(
    call("json", "text", "html"),
    new("Response"),
    severity=Severity.NOTE,
    presets=(REFERENCE,),
)
def check(match: Match) -> Iterator[Finding]:
    module = match.module
    if len(match.arguments) < 2:
        return
    second = match.arguments[1]
    is_response = module.is_global(match.callee, "Response") or module.is_global(match.receiver, "Response")
    if not is_response and match.receiver_value.kind is not ValueKind.HONO_CONTEXT:
        return
    status: Node | None = second
    if module.number(second) is None:
        status = module.property_value(second, "status")
    if status is None or module.number(status) != _FORBIDDEN:
        return
    source = _missing(module, match.node)
    if source is not None:
        yield Finding(
            "403 for a request without credentials: 401 asks for them",
            match.at(status),
            (match.at(source, "the credential is read here"),),
        )


def _missing(module: Module, response: "Node") -> "Node | None":
    """The read of the credential whose absence a response answers, by the innermost `if` around it."""
    child = response
    for above in module.ancestors(response):
        if above.type == "if_statement":
            consequence = above.child_by_field_name("consequence")
            condition = above.child_by_field_name("condition")
            if consequence is None or condition is None or consequence.id != child.id:
                return None
            absent = _absent(module, js.unwrap(condition))
            if absent is None:
                return None
            return next((part for part in module.origins(absent) if module.reads_credential(part)), None)
        child = above
    return None


def _absent(module: Module, condition: "Node") -> "Node | None":
    """The expression that a condition finds to be missing: `!x`, `x == null`, `x === undefined`."""
    if condition.type == "unary_expression":
        operator = condition.child_by_field_name("operator")
        argument = condition.child_by_field_name("argument")
        return (
            js.unwrap(argument)
            if operator is not None and operator.type == "!" and argument is not None
            else None
        )
    if condition.type == "binary_expression":
        operator = condition.child_by_field_name("operator")
        left, right = condition.child_by_field_name("left"), condition.child_by_field_name("right")
        if operator is None or left is None or right is None or operator.type not in ("==", "==="):
            return None
        return js.unwrap(left) if module.text(right) in ("null", "undefined", '""', "''") else None
    return None
