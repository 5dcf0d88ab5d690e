"""Set the header that tells a backend who the user is; do not append to it.

`append()` keeps what the client sent: a request that comes with `X-User-Id: 1` goes on with `1, 42`, and a
backend that reads the first value takes the visitor for user 1. `set()` replaces it.

## Incorrect

```ts
export default {
  async fetch(request): Promise<Response> {
    const headers = new Headers(request.headers);
    headers.append("X-User-Id", "42");
    return fetch("https://backend.example/", { headers });
  },
} satisfies ExportedHandler;
```

## Correct

```ts
export default {
  async fetch(request): Promise<Response> {
    const headers = new Headers(request.headers);
    headers.set("X-User-Id", "42");
    return fetch("https://backend.example/", { headers });
  },
} satisfies ExportedHandler;
```

## Not reported

Headers that do not begin as those of the incoming request, that were deleted or set before, and names that
say nothing of a user. `X-Forwarded-For` is a list by its nature.

## Fix safety

Safe: only what the client sent of itself is lost.

Source: https://developer.mozilla.org/en-US/docs/Web/API/Headers/append
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import (
    PREVIEW,
    Finding,
    Fix,
    Match,
    Module,
    Safety,
    Severity,
    ValueKind,
    call,
    js,
    pattern,
    rule,
)

if TYPE_CHECKING:
    from tree_sitter import Node

_IDENTITY = pattern(
    r"(?:x-)?(?:\w+-)?(?:auth(?:enticated)?-)?(?:user|account|tenant|org|organi[sz]ation|role|roles|scopes?|email|"
    r"customer|member|admin|identity|principal|groups?)(?:-(?:id|name|email|role|roles|uuid))?|authorization|"
    r"x-auth(?:-token)?|x-api-key|cf-access-[\w-]+|x-forwarded-(?:user|email|groups)|x-real-ip|cf-connecting-ip",
    re.IGNORECASE,
)


@rule(call("append"), severity=Severity.WARNING, fix=Safety.SAFE, presets=(PREVIEW,))
def check(match: Match) -> Iterator[Finding]:
    module = match.module
    name = module.string_of(match.arguments[0]) if len(match.arguments) == 2 else None
    if name is None or match.receiver is None or _IDENTITY.fullmatch(name) is None:
        return
    if not _begins_as_sent(module, match.receiver) or _is_replaced(match, name):
        return
    edit = match.replace(match.name, "set")
    yield Finding(
        f"a client can send `{name}` itself, and `append()` keeps what it sent",
        match.at(match.name),
        fix=Fix("Use `set()`", (edit,), Safety.SAFE),
    )


def _begins_as_sent(module: Module, headers: Node) -> bool:
    """Whether headers are a copy of those of the incoming request."""
    made = module.call(module.initializer(js.unwrap(headers)))
    if made is not None:
        source = made.argument(0)
        return (
            made.is_new
            and source is not None
            and module.is_global(made.callee, "Headers")
            and (_are_of_request(module, source))
        )
    read = module.member(headers)
    request = module.call(module.initializer(js.unwrap(read.object))) if read is not None else None
    if read is None or read.name != "headers" or request is None or not request.is_new:
        return False
    if not module.is_global(request.callee, "Request"):
        return False
    return any(
        module.value_of(argument).kind is ValueKind.REQUEST and module.value_of(argument).detail != "new"
        for argument in request.arguments
    )


def _are_of_request(module: Module, node: Node) -> bool:
    read = module.member(node)
    if read is None or read.name != "headers":
        return False
    value = module.value_of(read.object)
    return value.kind in (ValueKind.REQUEST, ValueKind.HONO_REQUEST) and value.detail != "new"


def _is_replaced(match: Match, name: str) -> bool:
    """Whether what the client sent was deleted or replaced before."""
    module = match.module
    for method in ("delete", "set"):
        for other in module.calls(method, match.enclosing_function):
            if other.node.start_byte < match.node.start_byte and other.arguments:
                text = module.string_of(other.arguments[0])
                if text is not None and text.lower() == name.lower():
                    return True
    return False
