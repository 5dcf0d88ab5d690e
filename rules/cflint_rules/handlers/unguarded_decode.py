"""Catch the error of `decodeURIComponent()` where a client decides what it decodes.

A text with a `%` that no two hexadecimal digits follow, or that is no UTF-8 (`/%zz`, `/%ff`), makes it throw
a `URIError`. `new URL()` leaves such a path as it is, so anyone can make the Worker answer 500 by a link,
where 404 or 400 is right.

## Incorrect

```ts
export default {
  async fetch(request): Promise<Response> {
    const name = decodeURIComponent(new URL(request.url).pathname.slice(1));
    return new Response(`Hello ${name}`);
  },
} satisfies ExportedHandler;
```

## Correct

```ts
function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}

export default {
  async fetch(request): Promise<Response> {
    const name = decoded(new URL(request.url).pathname.slice(1));
    if (name === null) return new Response("bad path", { status: 400 });
    return new Response(`Hello ${name}`);
  },
} satisfies ExportedHandler;
```

## What to do

Put it into `try`, and answer 400 in the `catch`; for a cookie, go on as if it were not there.

## Not reported

Calls in a `try` with a `catch`, in the function or around all calls of it; Hono apps with an `onError()`;
functions that nobody is seen to call; what was encoded by the code itself; texts that do not come from a
request, as far as one can see.

## Errors

```text title="workerd"
URIError: URI malformed
```

## Fix safety

No fix: what to answer is up to the author.

Source: https://developer.mozilla.org/en-US/docs/Web/JavaScript/Reference/Global_Objects/decodeURIComponent
"""

from __future__ import annotations

from collections.abc import Iterator

from cflint.api import Finding, Match, Severity, call, js, rule


@rule(call("decodeURIComponent", "decodeURI"), severity=Severity.NOTE)
def check(match: Match) -> Iterator[Finding]:
    module = match.module
    if not js.is_global(module, match.call.callee, match.word) or len(match.arguments) != 1:
        return
    if not js.escapes_handler(module, match.node):
        return
    made = module.provenance(match.arguments[0])
    if made.trust is not js.Trust.REQUEST or made.source is None or made.module is None:
        return
    place = made.module.at(made.source, "the client sends it here")
    related = () if match.at().span.covers(place.span) else (place,)
    yield Finding(
        f"`{match.word}()` throws when a client sends a `%` that encodes nothing", match.at(), related
    )
