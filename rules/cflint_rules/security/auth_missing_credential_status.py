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

## What to do

Write `401` for `403` where credentials are missing, with the header `WWW-Authenticate: Bearer` (`Basic`,
where a browser is to ask for name and password); 403 stays for who is known and may not.

## Not reported

403 for credentials that are there but wrong, or not enough.

## Fix safety

Unsafe: clients, and tests, that tell 403 from 401 get the other status. The header `WWW-Authenticate` is up
to the author.

Source: https://www.rfc-editor.org/rfc/rfc9110#section-15.5.2
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import REFERENCE, Finding, Fix, Match, Module, Safety, Severity, call, new, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_FORBIDDEN = 403


@rule(
    call("json", "text", "html"),
    new("Response"),
    severity=Severity.NOTE,
    fix=Safety.UNSAFE,
    presets=(REFERENCE,),
)
def check(match: Match) -> Iterator[Finding]:
    module = match.module
    made = module.response_made(match.node) if len(match.arguments) > 1 else None
    if made is None or made.status != _FORBIDDEN or made.status_node is None:
        return
    source = _missing(module, match.node)
    if source is not None:
        yield Finding(
            "403 for a request without credentials: 401 asks for them",
            match.at(made.status_node),
            (match.at(source, "the credential is read here"),),
            _fix(match, made.status_node),
        )


def _fix(match: Match, status: Node) -> Fix | None:
    if status.type != "number":
        return None
    return Fix("Answer 401", (match.replace(status, "401"),), Safety.UNSAFE)


def _missing(module: Module, response: Node) -> Node | None:
    """The read of the credential whose absence a response answers, by the innermost `if` around it."""
    child = response
    for above in module.ancestors(response):
        if above.type == "if_statement":
            consequence = above.child_by_field_name("consequence")
            if consequence is None or consequence.id != child.id:
                return None
            absent = _absent(module, above.child_by_field_name("condition"))
            parts = module.origins(absent) if absent is not None else ()
            return next((part for part in parts if module.reads_credential(part)), None)
        child = above
    return None


def _absent(module: Module, condition: Node | None) -> Node | None:
    """The expression that a condition finds to be missing: `!x`, `x == null`, `x === undefined`."""
    test = module.operation(condition)
    if test is None or test.operator not in ("!", "==", "==="):
        return None
    if test.left is None:
        return test.right
    is_nothing = test.right.type in ("null", "undefined") or module.string(test.right) == ""
    return test.left if is_nothing else None
