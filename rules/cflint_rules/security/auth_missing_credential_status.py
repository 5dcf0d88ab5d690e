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

Answer 401 with `WWW-Authenticate` where credentials are missing or wrong; 403 stays for who is known and
may not.

## Not reported

403 for credentials that are there but wrong, or not enough.

## Fix safety

There is no fix: clients may rely on the status.

Source: https://www.rfc-editor.org/rfc/rfc9110#section-15.5.2
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import REFERENCE, Finding, Match, Module, Severity, call, new, rule

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
    made = module.response_made(match.node) if len(match.arguments) > 1 else None
    if made is None or made.status != _FORBIDDEN or made.status_node is None:
        return
    source = _missing(module, match.node)
    if source is not None:
        yield Finding(
            "403 for a request without credentials: 401 asks for them",
            match.at(made.status_node),
            (match.at(source, "the credential is read here"),),
        )


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
