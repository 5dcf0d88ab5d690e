"""Put header fields under `headers`: beside `status` in the options of a response they are not sent.

The second argument of `new Response()`, `Response.json()`, `new Request()` and `fetch()` has a few options
(`status`, `headers`, `method`, …), and takes no notice of others. Fields that are written or spread there,
`{ status: 404, ...corsHeaders }`, are in no response: a browser refuses an answer without the CORS headers,
and shows an error of the network in place of the 404. TypeScript does not tell of what is spread.

Nor is anything sent of a `Headers` that takes the place of the options (`new Response(body, headers)`), or
that is filled (`object.writeHttpMetadata(headers)`) and then given to nothing.

## Incorrect

```ts
const corsHeaders = { "Access-Control-Allow-Origin": "https://app.example.com" };

export default {
  async fetch(): Promise<Response> {
    return new Response("not found", { status: 404, ...corsHeaders });
  },
} satisfies ExportedHandler;
```

## Correct

```ts
const corsHeaders = { "Access-Control-Allow-Origin": "https://app.example.com" };

export default {
  async fetch(): Promise<Response> {
    return new Response("not found", { status: 404, headers: corsHeaders });
  },
} satisfies ExportedHandler;
```

## What to do

Write `headers: corsHeaders` for `...corsHeaders`. Where the options have `headers` already, spread the fields
in there: `headers: { ...corsHeaders, "content-type": "text/plain" }`.

- "given to nothing": Write `{ headers }` into the options of the response that they are for.
- "the third argument": Write the fields there without `headers`: `c.json(body, 404, { "x-version": "2" })`.
- "as its options": Write `{ headers: expression }` for them.

## Not reported

Options that are not seen; names without a hyphen, except `vary`, `etag`, `location` and `expires`; fields
that are under `headers` as well. Headers that are read, or handed to anything but what fills them.

## Fix safety

Unsafe: headers are sent that were not before.

Source: https://developers.cloudflare.com/workers/runtime-apis/response/,
https://fetch.spec.whatwg.org/#responseinit
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import (
    Finding,
    Fix,
    Match,
    Module,
    Safety,
    Severity,
    ValueKind,
    call,
    js,
    new,
    pattern,
    quoted,
    rule,
)

if TYPE_CHECKING:
    from tree_sitter import Node

_FIELD = pattern(r"[A-Za-z]+(?:-[A-Za-z0-9]+)+|[Vv]ary|[Ee][Tt]ag|[Ll]ocation|[Ee]xpires")
_FILLING = frozenset({"set", "append", "delete"})
_RESPONSES = ("Response", "Response.json")
_REQUESTS = ("Request", "fetch")


@rule(
    new("Response", "Request", "NextResponse"),
    call("json", "fetch"),
    severity=Severity.WARNING,
    fix=Safety.UNSAFE,
)
def check(match: Match) -> Iterator[Finding]:
    if len(match.arguments) != 2 or not match.module.is_run:
        return
    found = next(_of_options(match, match.arguments[1]), None)
    if found is not None and match.module.runs_in_worker(match.node):
        yield found


def _of_options(match: Match, given: Node) -> Iterator[Finding]:
    module = match.module
    what = _maker(module, match)
    options = js.unwrap(module.initializer(given)) if what is not None else None
    if what is None or options is None:
        return
    if options.type == "object":
        yield from _found(module, what, options)
    elif module.value_of(given).kind is ValueKind.HEADERS:
        text = module.text(given)
        edit = module.replace(given, "{ headers }" if text == "headers" else f"{{ headers: {text} }}")
        yield Finding(
            f"{what} gets headers as its options: none of them is sent",
            module.at(given),
            fix=Fix("Make them the headers", (edit,), Safety.UNSAFE),
            words=js.word("expression", module, given),
        )


def _maker(module: Module, match: Match) -> str | None:
    """What a call with options makes; None where it is neither a response nor a request."""
    if module.is_from(match.callee, "", *_REQUESTS):
        return "a request"
    if module.is_from(match.callee, "", *_RESPONSES):
        return "a response"
    return "a response" if module.response_made(match.node) is not None and match.word != "fetch" else None


@check.on(new("Headers"))
def check_filled(match: Match) -> Iterator[Finding]:
    """Headers of a name of their own that are filled, and that nothing else gets to see."""
    module = match.module
    name = module.given_name(match.node)
    declaration = module.scope.resolve(name) if name is not None and name.type == "identifier" else None
    if declaration is None or not declaration.constant or match.enclosing_function is None:
        return
    uses = list(module.scope.references(declaration))
    if not uses or not all(_fills(module, use) for use in uses):
        return
    if module.is_run and module.runs_in_worker(match.node):
        yield Finding(
            f"{quoted(declaration.name)} is filled and given to nothing: no response has these headers",
            module.at(declaration.node),
            (module.at(uses[-1], "the last that is done with it"),),
        )


@check.on(call(*sorted(js.HONO_RESPONSES)))
def check_third(match: Match) -> Iterator[Finding]:
    """`c.json(body, 404, { headers })`: Hono takes the fields themselves there."""
    module, given = match.module, match.arguments
    if len(given) != 3 or match.receiver_value.kind is not ValueKind.HONO_CONTEXT:
        return
    options = js.unwrap(module.initializer(given[2]))
    headers = module.property_value(options, "headers") if options.type == "object" else None
    if headers is None or module.string_of(headers) is not None:
        return
    only = len(options.named_children) == 1 and options.id == js.unwrap(given[2]).id
    edit = module.replace(given[2], module.text(headers)) if only else None
    yield Finding(
        f"the third argument of `{match.word}()` holds the fields themselves: those below `headers` are not"
        " sent",
        module.at(headers),
        fix=Fix("Make them the headers", (edit,), Safety.UNSAFE) if edit is not None else None,
    )


def _fills(module: Module, use: Node) -> bool:
    """Whether a place at which headers are named puts something in there, and does nothing else."""
    called = module.method_called_on(use)
    if called is not None:
        return called[0] in _FILLING and module.own_statement(called[1]) is not None
    around = module.call_around(use)
    return (
        around is not None
        and around[0].name == "writeHttpMetadata"
        and module.own_statement(around[0].node) is not None
    )


def _found(module: Module, what: str, options: Node) -> Iterator[Finding]:
    headers = module.property_value(options, "headers")
    sent = module.text(headers) if headers is not None else ""
    for part in options.named_children:
        spread = js.first_named(part) if part.type == "spread_element" else None
        if spread is None:
            name = _field(module, part)
            if name is not None and name not in sent:
                yield Finding(f"{quoted(name)} is no option of {what}: it is not sent", module.at(part))
                return
            continue
        if sent and module.text(spread) in sent:
            continue
        source = next(js.traced(module, spread, _has_fields), None)
        if source is None:
            continue
        name = next(_fields(source))
        fix = _fix(module, part, spread) if headers is None and _has_no_other(source) else None
        yield Finding(
            f"{quoted(name)} is spread into the options of {what}, not into its headers: it is not sent",
            module.at(part),
            (source.module.at(source.node, "the fields stand here"),),
            fix,
        )
        return


def _field(module: Module, part: Node) -> str | None:
    """The name of a property when it is that of a header."""
    key = module.key(part) if part.type == "pair" else None
    return key if key is not None and _FIELD.fullmatch(key) is not None else None


def _fields(found: js.Traced) -> Iterator[str]:
    for part in found.node.named_children:
        name = _field(found.module, part)
        if name is not None:
            yield name


def _has_fields(found: js.Traced) -> bool:
    return not found.path and found.node.type == "object" and next(_fields(found), None) is not None


def _has_no_other(found: js.Traced) -> bool:
    """Whether an object holds header fields only."""
    return all(
        part.type == "comment" or _field(found.module, part) is not None for part in found.node.named_children
    )


def _fix(module: Module, part: Node, spread: Node) -> Fix:
    text = module.text(spread)
    edit = module.replace(part, "headers" if text == "headers" else f"headers: {text}")
    return Fix("Make them the headers", (edit,), Safety.UNSAFE)
