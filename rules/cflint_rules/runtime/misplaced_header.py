"""Put header fields under `headers`: beside `status` in the options of a response they are not sent.

The second argument of `new Response()`, `Response.json()`, `new Request()` and `fetch()` has a few options
(`status`, `headers`, `method`, …), and takes no notice of others. Fields that are written or spread there,
`{ status: 404, ...corsHeaders }`, are in no response: a browser refuses an answer without the CORS headers,
and shows an error of the network in place of the 404. TypeScript does not tell of what is spread.

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

## Not reported

Options that are not seen; names without a hyphen, except `vary`, `etag`, `location` and `expires`; fields
that are under `headers` as well.

## Fix safety

Unsafe: headers are sent that were not before.

Source: https://developers.cloudflare.com/workers/runtime-apis/response/,
https://fetch.spec.whatwg.org/#responseinit
"""

from __future__ import annotations

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
_RESPONSES = ("Response", "Response.json")
_REQUESTS = ("Request", "fetch")


@rule(
    new("Response", "Request"),
    call("json", "fetch"),
    severity=Severity.WARNING,
    fix=Safety.UNSAFE,
    presets=(PREVIEW,),
)
def check(match: Match) -> Iterator[Finding]:
    module, made = match.module, match.call
    if len(made.arguments) != 2 or not module.is_run or not module.runs_in_worker(match.node):
        return
    options = js.unwrap(module.initializer(made.arguments[1]))
    if options.type != "object":
        return
    if module.is_from(made.callee, "", *_RESPONSES):
        yield from _found(module, "a response", options)
    elif module.is_from(made.callee, "", *_REQUESTS):
        yield from _found(module, "a request", options)


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
