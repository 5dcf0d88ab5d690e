"""Keep all cookies of a response: `getSetCookie()` reads them, `append()` adds one.

`headers.get("set-cookie")` joins all `Set-Cookie` headers with commas. One header with such a text is one
cookie to a browser: the first one, with the rest in its attributes. `headers.set("Set-Cookie", …)` takes away
the cookies that are there. Either way a response that sets two cookies, as those of logins do, loses some.

## Incorrect

```ts
export default {
  async fetch(request): Promise<Response> {
    const upstream = await fetch("https://example.com", request);
    const headers = new Headers();
    headers.set("Set-Cookie", upstream.headers.get("set-cookie") ?? "");
    return new Response(upstream.body, { status: upstream.status, headers });
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
    return new Response(upstream.body, { status: upstream.status, headers });
  },
} satisfies ExportedHandler;
```

## What to do

- "joins several": Set each for itself: `for (const cookie of response.headers.getSetCookie())
  headers.append("Set-Cookie", cookie)` in the place where it becomes a header, and the text that was read
  goes. Where an object has the headers, make `const headers = new Headers({ … })` of the rest before.

Write `append()` for `set()`.

## Not reported

What only looks whether there is a cookie, or takes one out of the text; responses that the Worker made; a
second `set()` in another branch.

## Fix safety

Unsafe: `append()` instead of `set()` keeps a cookie of the same name as well.

Source: https://developers.cloudflare.com/workers/runtime-apis/headers/,
https://developer.mozilla.org/en-US/docs/Web/API/Headers/getSetCookie
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import PREVIEW, Finding, Fix, Match, Module, Safety, Severity, ValueKind, call, js, rule

if TYPE_CHECKING:
    from tree_sitter import Node


@rule(call("get"), severity=Severity.NOTE, fix=Safety.UNSAFE, presets=(PREVIEW,))
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
                words=_words(module, receiver, sets),
            )
            return


def _words(module: Module, read: Node | None, sets: Node) -> js.Words:
    """What the cookies are read from, and what gets them."""
    made = module.call(sets)
    return (
        *js.word("response.headers", module, read),
        *js.word("headers", module, made.receiver if made is not None else None),
    )


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


@check.on(call("set"))
def check_set(match: Match) -> Iterator[Finding]:
    """`set()` where there are cookies already: those of a response that was copied, or one set before."""
    module = match.module
    if not _names_cookie(match.call) or match.receiver is None or not module.is_run:
        return
    if _reads_own(module, match):
        return
    copied = _copied(module, match.receiver)
    before = _set_before(module, match) if copied is None else None
    if copied is None and before is None:
        return
    fix = Fix("Add the cookie", (match.replace(match.name, "append"),), Safety.UNSAFE)
    if copied is not None:
        yield Finding(
            "`set()` takes away the cookies of the response that is copied here",
            match.at(),
            (module.at(copied, "they come from here"),),
            fix=fix,
        )
    elif before is not None:
        yield Finding(
            "`set()` takes away the cookie that was set before",
            match.at(),
            (module.at(before, "it is set here"),),
            fix=fix,
        )


def _names_cookie(made: js.Call) -> bool:
    name = made.argument(0)
    return name is not None and len(made.arguments) == 2 and _is_header(made, name)


def _is_header(made: js.Call, name: Node) -> bool:
    text = name.text or b""
    return text[1:-1].lower() == b"set-cookie" and text[:1] in (b'"', b"'")


def _reads_own(module: Module, match: Match) -> bool:
    """Whether what is set is made of what was there."""
    value = match.call.argument(1)
    return value is not None and any(
        made.name in ("get", "getSetCookie", "getAll")
        for origin in module.origins(value)
        if (made := module.call(origin)) is not None
    )


def _copied(module: Module, headers: Node) -> Node | None:
    """The response of somebody else, of which headers are a copy: `new Response(body, response).headers`, or
    `new Headers(response.headers)`."""
    access = module.member(headers)
    if access is not None and access.name == "headers":
        made = module.call(module.initializer(access.object))
        given = made.argument(1) if made is not None and made.is_new and made.name == "Response" else None
        return given if given is not None and _is_foreign(module, given) else None
    made = module.call(module.initializer(headers))
    given = made.argument(0) if made is not None and made.is_new and made.name == "Headers" else None
    of = module.member(given) if given is not None else None
    return given if of is not None and of.name == "headers" and _is_foreign(module, of.object) else None


def _is_foreign(module: Module, response: Node) -> bool:
    value = module.value_of(response)
    return value.kind is ValueKind.RESPONSE and value.detail == "fetch"


def _set_before(module: Module, match: Match) -> Node | None:
    """The call that sets a cookie on the same headers before, in the same block."""
    statement = match.call.statement
    block = module.parent(statement) if statement is not None else None
    if block is None or statement is None:
        return None
    for other in block.named_children:
        if other.start_byte >= statement.start_byte:
            break
        made = module.call(js.first_named(other)) if other.type == "expression_statement" else None
        if made is None or made.name not in ("set", "append") or made.receiver is None:
            continue
        if (
            _names_cookie(made)
            and match.receiver is not None
            and module.is_same(made.receiver, match.receiver)
        ):
            return made.node
    return None
