"""Give each `fetch()` of another server a time after which it ends.

A server that accepts a connection and does not answer keeps the request of the user waiting until the user
gives up. `AbortSignal.timeout()` ends the `fetch()` with an error that the Worker can handle.

## Incorrect

```ts
export default {
  async fetch(): Promise<Response> {
    return fetch("https://rates.example.com/today");
  },
} satisfies ExportedHandler;
```

## Correct

```ts
export default {
  async fetch(): Promise<Response> {
    return fetch("https://rates.example.com/today", { signal: AbortSignal.timeout(10_000) });
  },
} satisfies ExportedHandler;
```

## Options

`seconds` (10) is the time that the fix gives.

## Not reported

A request or options that are made elsewhere, which may have a signal; `fetch()` of a binding.

## Fix safety

Unsafe: an answer that takes longer becomes an error.

Source: https://developers.cloudflare.com/workers/runtime-apis/fetch/
"""

from collections.abc import Iterator

from cflint.api import Edit, Finding, Fix, Match, Option, Safety, Severity, Span, call, rule

_SECONDS = Option(__name__, "seconds", 10, "The time that the fix gives a server to answer.")


@rule(call("fetch"), severity=Severity.WARNING, fix=Safety.UNSAFE, options=[_SECONDS])
def check(match: Match) -> Iterator[Finding]:
    module = match.module
    if match.receiver is not None or not module.is_from(match.callee, "", "fetch"):
        return  # the method of something, or a function of the project
    arguments = match.arguments
    if not 1 <= len(arguments) <= 2 or arguments[0].type not in ("string", "template_string"):
        return  # a request that is made elsewhere may have a signal
    seconds = _SECONDS.value(match.project, match.document.path)
    signal = f"signal: AbortSignal.timeout({seconds}_000)"
    if len(arguments) == 1:
        end = arguments[0].end_byte
        edit = Edit(match.document, Span(end, end), f", {{ {signal} }}")
    else:
        options = arguments[1]
        parts = options.named_children
        if options.type != "object" or any(part.type != "pair" for part in parts):
            return  # what is spread or made elsewhere may have a signal
        if module.property_value(options, "signal") is not None:
            return
        start = options.start_byte + 1
        edit = Edit(match.document, Span(start, start), f" {signal}," if parts else f" {signal} ")
    fix = Fix(f"End it after {seconds} seconds", (edit,), Safety.UNSAFE)
    yield Finding(
        "nothing ends this `fetch()` when the server does not answer", match.at(match.name), fix=fix
    )
