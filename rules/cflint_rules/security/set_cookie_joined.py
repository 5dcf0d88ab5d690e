"""Copy cookies with `getSetCookie()`, not with `get("set-cookie")`.

`headers.get()` joins all `Set-Cookie` headers of a response with commas. One header with such a text is one
cookie to a browser: the first one, with the rest in its attributes. A response that sets two cookies, as
those of logins do, loses all but one.

## Incorrect

```ts
export default {
  async fetch(request): Promise<Response> {
    const upstream = await fetch("https://example.com", request);
    const headers = new Headers();
    headers.set("Set-Cookie", upstream.headers.get("set-cookie") ?? "");
    return new Response(upstream.body, { headers });
  },
} satisfies ExportedHandler;
```

## Correct

```ts
export default {
  async fetch(request): Promise<Response> {
    const upstream = await fetch("https://example.com", request);
    const headers = new Headers();
    for (const cookie of upstream.headers.getSetCookie()) headers.append("Set-Cookie", cookie);
    return new Response(upstream.body, { headers });
  },
} satisfies ExportedHandler;
```

## Not reported

What only looks whether there is a cookie, or takes one out of the text; responses that the Worker made.

## Fix safety

No fix: `set()` of a text becomes a loop with `append()`.

Source: https://developers.cloudflare.com/workers/runtime-apis/headers/,
https://developer.mozilla.org/en-US/docs/Web/API/Headers/getSetCookie
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import PREVIEW, Finding, Match, Module, Severity, call, js, rule

if TYPE_CHECKING:
    from tree_sitter import Node


@rule(call("get"), severity=Severity.NOTE, presets=(PREVIEW,))
def check(match: Match) -> Iterator[Finding]:
    module = match.module
    name = match.call.argument(0)
    if name is None or (module.string_of(name) or "").lower() != "set-cookie":
        return
    receiver = match.receiver
    access = module.member(receiver) if receiver is not None else None
    if access is None or access.name != "headers" or not module.is_run:
        return
    if not _is_of_others(module, access.object):
        return
    for place in (match.node, *_held(module, match.node)):
        sets = _sets_cookie(module, place)
        if sets is not None:
            yield Finding(
                "`get()` joins several cookies into one text: as one header all but the first are lost",
                match.at(),
                () if js.contains(sets, match.node) else (module.at(sets, "it becomes one header here"),),
            )
            return


def _held(module: Module, node: Node) -> tuple[Node, ...]:
    """The uses of a constant that holds a text, with a default or without."""
    operation = module.operation(module.parent(module.with_wrappers(node)))
    is_either = operation is not None and operation.operator in ("??", "||")
    whole = operation.node if operation is not None and is_either else node
    return tuple(module.result_of(whole).references)


def _is_of_others(module: Module, response: Node) -> bool:
    """Whether a response is not one that the code has just made."""
    made = module.initializer(response)
    return made.type != "new_expression"


def _sets_cookie(module: Module, place: Node) -> Node | None:
    """The place where a text becomes a `Set-Cookie` header, whole."""
    node = module.with_wrappers(place)
    above = module.parent(node)
    operation = module.operation(above)
    if operation is not None and operation.operator in ("??", "||"):
        node = module.with_wrappers(operation.node)
        above = module.parent(node)
    if above is None:
        return None
    if above.type == "pair":
        key = module.key(above)
        literal = module.parent(above)
        given = module.call_around(literal) if literal is not None else None
        if given is not None and not (given[0].is_new and given[0].name == "Headers"):
            return None  # no headers, but what a function looks at
        return above if key is not None and key.lower() == "set-cookie" else None
    around = module.call_around(node)
    if around is not None and around[1] == 1 and around[0].name in js.HEADER_SETTERS:
        header = around[0].argument(0)
        if header is not None and (module.string_of(header) or "").lower() == "set-cookie":
            return around[0].node
    return None
