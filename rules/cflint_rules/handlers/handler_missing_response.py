"""Return a `Response` on every path of a `fetch` handler.

The runtime answers the request with what the handler returns. A path that ends without `return`, or that
returns something else than a `Response`, makes it answer with error 1101 ("Worker threw exception"):
`Incorrect type for Promise: the Promise did not resolve to 'Response'`. The same goes for a Durable Object's
`fetch()`, for an Agent's `onRequest()`, and for what a framework calls for a request: `GET`, `POST`, … of a
route of Next.js, SvelteKit or Astro, `handle` of SvelteKit's hooks, and for `onRequest` and its like below
`functions/` of a Pages project: a middleware that neither calls `context.next()` nor answers leaves the
request without a response.

## Incorrect

```ts
export default {
  async fetch(request: Request): Promise<Response> {
    if (request.method === "GET") {
      return new Response("hello");
    }
    await request.text();
  },
};
```

## Correct

```ts
export default {
  async fetch(request: Request): Promise<Response> {
    if (request.method === "GET") {
      return new Response("hello");
    }
    return new Response(null, { status: 405 });
  },
};
```

## What to do

Whoever comes there gets an error 1101 (a 500). Add a `return` at the end of the function: `return new
Response("not found", { status: 404 })`; a branch that only falls out of its `if` or `case` gets there, too.
Where what comes last is a `catch`, its answer is `new Response("internal error", { status: 500 })`.

- "unfinished": The function is not written yet. Until it is, end it with `return new Response("not
  implemented", { status: 501 })`: as it is, whoever comes there gets an error 500.
- "returns nothing, not a `Response`": Write `return new Response(null, { status: 204 })`, which says that
  it is done and there is nothing to show (of a refusal, its status: 401, 404). The client gets an error 500
  as it is.
- ", not a `Response`": The client gets an error 500. Return a response of the same value: `new
  Response(text)` of a string, `Response.json(object)` of an object.

## Not reported

Handlers that loop for ever, always throw, or end in a call that never returns; handlers of frameworks that
may return something else (Hono's and Next's middlewares, `load` of SvelteKit); handlers that are given to a
wrapper that is not known; objects with a `fetch` that no entry of a Worker exports, such as plugins.

## Errors

```text title="Cloudflare"
Error 1101: Worker threw exception
error code: 1101
```

```text title="workerd"
TypeError: Incorrect type for Promise: the Promise did not resolve to 'Response'.
```

Seen in https://developers.cloudflare.com/workers/observability/errors/.

## Fix safety

Unsafe: what clients expect there is up to the author. Written is 404 behind an `if` or `switch`, 500 behind a
`try`, 501 where the function is not written yet, and an empty 204 where nothing is returned at all.

Source: https://developers.cloudflare.com/workers/observability/errors/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import (
    Finding,
    Fix,
    Handler,
    Match,
    Module,
    Safety,
    Severity,
    ValueKind,
    call,
    handler,
    js,
    rule,
)

if TYPE_CHECKING:
    from tree_sitter import Node

_NO_RESPONSE = {
    "string": "a string",
    "template_string": "a string",
    "number": "a number",
    "object": "an object",
    "array": "an array",
    "true": "a boolean",
    "false": "a boolean",
    "null": "`null`",
    "undefined": "`undefined`",
}
_VERBS = ("get", "post", "put", "patch", "delete", "all")
_COOKIES = frozenset({"getCookie", "setCookie", "deleteCookie", "setSignedCookie", "getSignedCookie"})
_WRAPPERS = frozenset({"withSentry", "instrument", "withTracing", "wrapWorker", "instrumentWorker"})


@rule(
    handler("fetch", "onRequest"),
    # of Pages
    handler(*(f"onRequest{verb}" for verb in ("Get", "Post", "Put", "Patch", "Delete", "Head", "Options"))),
    # of frameworks
    handler("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "ALL", "fallback", "handle"),
    severity=Severity.ERROR,
    fix=Safety.UNSAFE,
)
def check(found: Handler) -> Iterator[Finding]:
    module, function, body = found.module, found.function, found.body
    if body is None or function.has_error or _is_wrapped(found):
        return
    if found.of_app is not None and found.owes is not js.Owes.RESPONSE:
        return
    if found.name == "fetch" and found.owner is None and not js.default_is_entrypoint(module):
        return  # who calls it may take `undefined` for "not mine"
    if any(child.type in ("get", "set", "*") for child in function.children):
        return
    label = f"`{found.name}()` of `{found.owner.name}`" if found.owner else f"the `{found.name}` handler"
    if body.type != "statement_block":
        kind = _no_response(module, body)
        if kind is not None:
            yield Finding(f"{label} returns {kind}, not a `Response`", module.at(body))
        return
    returns = module.returns_of(function)
    for node in returns:
        value = js.first_named(node)
        kind = _no_response(module, value) if value is not None else "nothing"
        if kind is not None:
            yield Finding(f"{label} returns {kind}, not a `Response`", module.at(node))
    if not module.falls_through(function, lambda switch: _may_be_exhaustive(module, switch)):
        return
    name = function.child_by_field_name("name") or function.child_by_field_name("parameters") or function
    if returns:
        message = f"{label} can end without returning a `Response`"
    else:
        message = f"{label} never returns a `Response`"
    end = module.document.data[body.end_byte - 1 : body.end_byte] == b"}"
    yield Finding(
        message,
        module.at(name),
        (module.at(_last(body), "after this, nothing is returned"),) if returns and end else (),
        fix=_fix(module, function, body, answers=bool(returns)) if end else None,
        words=(("unfinished", ""),) if _is_unfinished(body) else (),
    )


@check.on(call(*_VERBS))
def check_route(match: Match) -> Iterator[Finding]:
    """A route of a Hono app, or the function that it hands its context to, of which one way gives nothing:
    Hono throws `Context is not finalized` then."""
    if match.receiver_value.kind is not ValueKind.HONO_APP or len(match.arguments) < 2:
        return
    given = js.function_given(match.module, match.arguments[-1])
    if given is None or not match.module.is_run:
        return
    home, function = _handed_to(*given)
    body = function.child_by_field_name("body")
    if body is None or body.type != "statement_block" or function.has_error:
        return
    parameters = home.parameters(function)
    if len(given[0].parameters(given[1])) != 1 or not parameters or js.is_generator(function):
        return
    returns = home.returns_of(function)
    if not returns or any(js.first_named(node) is None for node in returns):
        return
    if not home.falls_through(function, lambda switch: _may_be_exhaustive(home, switch)):
        return
    context = home.scope.declared_in(function).get(parameters[0].name or "")
    if context is None or any(_answers(home, use) for use in home.scope.references(context)):
        return
    yield Finding(
        "this route can end without a response: Hono throws `Context is not finalized`",
        match.at(match.arguments[0]),
        (home.at(_last(body), "after this, nothing is returned"),),
        fix=_fix(home, function, body, answers=True),
        severity=Severity.NOTE,
    )


def _handed_to(home: Module, function: Node) -> tuple[Module, Node]:
    """The function itself, or the one whose response it returns and does nothing else."""
    body = function.child_by_field_name("body")
    value = body
    if body is not None and body.type == "statement_block":
        statements = [node for node in body.named_children if node.type != "comment"]
        value = js.first_named(statements[0]) if len(statements) == 1 else None
        if value is None or statements[0].type != "return_statement":
            return home, function
    if value is not None and value.type == "await_expression":
        value = js.first_named(value)
    called = (
        js.function_called(home, value) if value is not None and value.type == "call_expression" else None
    )
    return called if called is not None else (home, function)


def _answers(home: Module, use: Node) -> bool:
    """Whether a context is given its response (`c.res = …`), or makes one that is dropped, of which
    `hono-response-not-returned` tells."""
    read = home.member_read(use)
    if read is None:
        return home.call_around(use) is not None and not _only_reads(home, use)
    if read.name == "res":
        return True
    made = home.call_of(read.node)
    return made is not None and made.name in js.HONO_RESPONSES and made.is_statement


def _only_reads(home: Module, use: Node) -> bool:
    """Whether a call that a context is handed to makes no response on it, as far as can be seen."""
    around = home.call_around(use)
    if around is None or not around[0].is_statement or around[0].name in _COOKIES:
        return True
    called = js.function_called(home, around[0].node)
    return called is not None and next(called[0].responses_made(called[1]), None) is None


def _last(body: Node) -> Node:
    statements = [node for node in body.named_children if node.type != "comment"]
    return statements[-1] if statements else body


def _fix(module: Module, function: Node, body: Node, *, answers: bool) -> Fix | None:
    """Append a `return` as the last statement of a body that has none there: what its other answers leave
    open, or that it is done, or not written yet."""
    last = _last(body)
    if _is_unfinished(body):
        title, said = "Answer 501 until it is written", _answer(module, last, "not implemented", 501)
    elif not answers:
        title, said = "Return an empty response", "return new Response(null, { status: 204 })"
    elif last.type == "try_statement":
        title, said = "Answer 500 after the error", _answer(module, last, "internal error", 500)
    elif last.type in ("if_statement", "switch_statement"):
        title, said = "Answer 404 to the rest", _answer(module, last, "not found", 404)
    else:
        return None
    text = f"{said};"
    edit = module.append_statement(function, text)
    if b"\n" not in module.document.data[body.start_byte : body.end_byte]:
        ending = body.named_children[-1] if body.named_children else None
        at = ending.end_byte if ending is not None else body.start_byte + 1
        edit = module.insert(at, f"{_semicolon(module, ending)} {text}" + ("" if ending is not None else " "))
    return Fix(title, (edit,), Safety.UNSAFE) if edit is not None else None


def _answer(module: Module, last: Node, text: str, status: int) -> str:
    said = js.refusing_statement(module, last, text, status)
    return said if said is not None else f'return new Response("{text}", {{ status: {status} }})'


def _is_unfinished(body: Node) -> bool:
    """Whether a function ends before it does anything: with nothing, or a variable that nothing takes."""
    last = _last(body)
    return last.id == body.id or last.type == "lexical_declaration"


def _semicolon(module: Module, last: Node | None) -> str:
    """What parts a statement from one that follows on its line: its own semicolon may be left out."""
    needs = ("expression_statement", "lexical_declaration", "variable_declaration", "do_statement")
    if last is None or last.type not in needs or module.text(last).endswith(";"):
        return ""
    return ";"


def _no_response(module: Module, value: Node) -> str | None:
    """What a returned expression is when it surely is no `Response`."""
    value = js.unwrap(value)
    if value.type == "await_expression":
        value = js.unwrap(js.first_named(value) or value)
    if value.type == "identifier" and module.text(value) == "undefined":
        return "`undefined`"
    made = module.call(value)
    if made is not None:
        return "a string" if module.is_from(made.callee, "", "JSON.stringify") else None
    return _NO_RESPONSE.get(value.type)


def _may_be_exhaustive(module: Module, switch: Node) -> bool:
    """Whether the cases of a `switch` without `default` may be all: not so for what a client sent."""
    value = switch.child_by_field_name("value")
    read = module.member(value)
    if read is not None and read.name in ("path", "url"):
        return False
    name = read.name if read is not None else module.text(js.unwrap(value)) if value is not None else ""
    return not name.endswith(("pathname", "method"))


def _is_wrapped(found: Handler) -> bool:
    """Whether a function is given to a wrapper that may do anything with what it returns."""
    if found.owner is not None:
        return False
    for above in found.module.ancestors(found.function):
        if above.type in js.FUNCTIONS or above.type in js.CLASSES:
            return True
        around = found.module.call(above) if above.type in ("call_expression", "new_expression") else None
        if around is not None:
            return around.name not in _WRAPPERS
    return False
