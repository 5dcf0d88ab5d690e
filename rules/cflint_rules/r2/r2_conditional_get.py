"""Let R2 decide by `onlyIf` whether an object has changed, before it sends the body.

A `get()` that is answered with status 304 has read an object that nobody wants: its body is opened, and
neither read nor cancelled. With `onlyIf: request.headers` R2 looks at `If-None-Match` and the others itself,
and gives an object without a body where the client has it.

## Incorrect

```ts
interface Env {
  FILES: R2Bucket;
}

export default {
  async fetch(request, env): Promise<Response> {
    const object = await env.FILES.get(new URL(request.url).pathname.slice(1));
    if (object === null) return new Response("not found", { status: 404 });
    const headers = { etag: object.httpEtag };
    if (request.headers.get("if-none-match") === object.httpEtag) {
      return new Response(null, { status: 304, headers });
    }
    return new Response(object.body, { headers });
  },
} satisfies ExportedHandler<Env>;
```

## Correct

```ts
interface Env {
  FILES: R2Bucket;
}

export default {
  async fetch(request, env): Promise<Response> {
    const key = new URL(request.url).pathname.slice(1);
    const object = await env.FILES.get(key, { onlyIf: request.headers });
    if (object === null) return new Response("not found", { status: 404 });
    const headers = { etag: object.httpEtag };
    if (!("body" in object)) return new Response(null, { status: 304, headers });
    return new Response(object.body, { headers });
  },
} satisfies ExportedHandler<Env>;
```

## What to do

Write `const object = await bucket.get(key, { onlyIf: request.headers })` here, and answer where there is no
body: `if (!("body" in object)) return new Response(null, { status: 304, headers: { etag: object.httpEtag }
})`, behind the check for `null`, which is 404 as before. The comparison of `If-None-Match` that is there
goes; the full answer sends `etag: object.httpEtag`, too, by which clients ask again. As it is, the body is
fetched for nothing.

- "tags without quotation marks": Write `const known =
  request.headers.get("If-None-Match")?.replaceAll('"', "")` and `const object = await bucket.get(key, known
  ? { onlyIf: { etagDoesNotMatch: known } } : {})` here (clients have tags that were sent as `etag`, without
  quotation marks, for which `onlyIf: request.headers` throws), and answer where there is no body: `if
  (!("body" in object)) return new Response(null, { status: 304, headers: { etag: object.httpEtag } })`,
  behind the check for `null`, which is 404 as before. The comparison of `If-None-Match` that is there goes.
  As it is, the body is fetched for nothing.

## Not reported

A `get()` with options that are not in sight, or with `onlyIf`. Answers of 304 that are made before the object
is read, or in another function.

## Fix safety

There is no fix: the test of the body, and status 412 for other conditions, are up to you.

Source: https://developers.cloudflare.com/r2/api/workers/workers-api-reference/#conditional-operations, and
workerd, `src/workerd/api/r2-bucket.c++`, which refuses tags in quotation marks in `etagDoesNotMatch`
"""

from collections.abc import Iterator

from cflint.api import Finding, Match, Severity, call, js, pattern, rule

_UNQUOTED = pattern(rb"""(?i:\betag\b)["']?\s*[:,]\s*\w+\.etag\b""")
"""A header that is sent without quotation marks."""


@rule(call("get"), severity=Severity.NOTE)
def check(match: Match) -> Iterator[Finding]:
    module, function = match.module, match.enclosing_function
    if function is None or not 1 <= len(match.arguments) <= 2 or not module.document.has_word("304"):
        return
    if len(match.arguments) == 2:
        options = match.arguments[1]
        if js.is_open_object(module, options) or module.property_value(options, "onlyIf") is not None:
            return
    if not match.receiver_value.is_binding("r2"):
        return
    answers = module.memoized(
        ("answers of 304", function.id),
        lambda: [
            made for made in module.responses_made(function, into_functions=False) if made.status == 304
        ],
    )
    for made in answers:
        if js.can_reach(module, match.node, made.node):
            yield Finding(
                "the object is read although the answer may be 304: let R2 decide, with `onlyIf`",
                match.at(match.node),
                (module.at(made.node, "the answer"),),
                words=_words(match),
            )
            return


def _words(match: Match) -> js.Words:
    """What the object, its bucket and its key are called here."""
    module = match.module
    result = module.awaited(match.node)
    name = result.declaration.name if result is not None and result.declaration is not None else None
    unquoted = (("tags without quotation marks", ""),) if _UNQUOTED.search(module.document.data) else ()
    return (
        *unquoted,
        *js.word("bucket", module, match.receiver),
        *js.word("key", module, match.call.argument(0)),
        *((("object", name),) if name is not None else ()),
    )
