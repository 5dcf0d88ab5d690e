"""Check the length of a request's body before reading all of it.

`request.text()`, `json()`, `arrayBuffer()` and `formData()` take the whole body into memory, of which there
are 128 MB for all requests of an isolate, and what was read may go on to a model or a database that is paid
by its size. Refuse what is too large by its `Content-Length`, or read the stream up to a limit.

## Incorrect

```ts
export default {
  async fetch(request: Request): Promise<Response> {
    const note = await request.text();
    return new Response(note.toUpperCase());
  },
};
```

## Correct

```ts
const MOST = 10_000;

export default {
  async fetch(request: Request): Promise<Response> {
    if (Number(request.headers.get("Content-Length") ?? Infinity) > MOST) {
      return new Response("too large", { status: 413 });
    }
    const note = await request.text();
    return new Response(note.toUpperCase());
  },
};
```

## What to do

At the beginning of the handler: `if (request.body && Number(request.headers.get("content-length") ??
Infinity) > 100_000) return new Response("too large", { status: 413 })`. 100 kB are enough for JSON that
people type; take more if clients send more; bodies without a length are refused. Without it, a body of
100 MB can end the Worker ("exceeded memory limit") for all who use it.

## Not reported

Modules that check the length anywhere, or use a body limit of Hono's; Durable Objects, whose requests come
from a Worker; files (`upload-unbounded`).

## Fix safety

There is no fix: the limit is up to the author.

Source: https://developers.cloudflare.com/workers/best-practices/workers-best-practices/
"""

from collections.abc import Iterator

from cflint.api import REFERENCE, Finding, Match, Severity, ValueKind, call, js, pattern, rule
from cflint_rules.security._uploads import is_upload, reads_whole_body

_MEASURED = pattern(rb"\bbyteLength\b")


@rule(
    call("text", "json", "arrayBuffer", "formData", "blob"),
    severity=Severity.NOTE,
    presets=(REFERENCE,),
)
def check(match: Match) -> Iterator[Finding]:
    read = reads_whole_body(match)
    if read is None or is_upload(match):
        return  # upload-unbounded
    if next(match.module.mentions(_MEASURED), None) is not None:
        return  # it is measured, if late
    if read.kind is ValueKind.REQUEST and not _is_incoming(match):
        return
    yield Finding(f"`{read.method}()` takes a body of any length into memory", match.at(match.node))


def _is_incoming(match: Match) -> bool:
    """Whether the request is the one that a handler was called with."""
    module = match.module
    receiver = js.unwrap(match.receiver) if match.receiver is not None else None
    if receiver is None or receiver.type != "identifier":
        return receiver is not None and receiver.type == "member_expression"
    declaration = module.scope.resolve(receiver)
    return (
        declaration is not None
        and declaration.kind is js.DeclarationKind.PARAMETER
        and module.handler_of(declaration.scope) is not None
    )
