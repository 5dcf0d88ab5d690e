"""Ask how large an upload is before you take it into memory.

`formData()`, `arrayBuffer()` and `blob()` hold all of a body in memory, and a copy of it once it becomes a
file. A body may have 100 MB (more on larger plans); all requests of an isolate share 128 MB. A few uploads at
once end them all with "Worker exceeded memory limit". A check of `file.size` comes too late: by then it is
all there.

## Incorrect

```ts
interface Env {
  FILES: R2Bucket;
}

export default {
  async fetch(request, env): Promise<Response> {
    const bytes = await request.arrayBuffer();
    await env.FILES.put(crypto.randomUUID(), bytes);
    return new Response("saved", { status: 201 });
  },
} satisfies ExportedHandler<Env>;
```

## Correct

```ts
interface Env {
  FILES: R2Bucket;
}

const MOST = 10 * 1024 * 1024;

export default {
  async fetch(request, env): Promise<Response> {
    const length = Number(request.headers.get("Content-Length") ?? Infinity);
    if (length > MOST) return new Response("too large", { status: 413 });
    await env.FILES.put(crypto.randomUUID(), request.body);
    return new Response("saved", { status: 201 });
  },
} satisfies ExportedHandler<Env>;
```

## What to do

Before it: `if (Number(request.headers.get("content-length") ?? Infinity) > 20_000_000) return new
Response("too large", { status: 413 })`. How large an upload may be is yours to say; unless you know better,
20 MB (several at once have to fit into 128 MB). One without a length is refused, which browsers always
send.

- "in Python": Before it: `if int(request.headers.get("content-length") or 20_000_001) > 20_000_000: return
  Response("too large", status=413)`. How large an upload may be is yours to say; unless you know better, 20
  MB (several at once have to fit into 128 MB). One without a length is refused, which browsers always send.

## Not reported

Modules that look at the length of the body anywhere, or use a body limit of Hono's; forms out of which no
file is taken; Durable Objects, whose requests come from a Worker. In Python it is `read()` of FastAPI's
`UploadFile`.

## Fix safety

No fix: how large an upload may be is up to the author.

Source: https://developers.cloudflare.com/workers/platform/limits/#memory,
https://developers.cloudflare.com/workers/platform/limits/#request-limits
"""

from __future__ import annotations

from collections.abc import Iterator

from cflint.api import Finding, Match, Severity, call, pattern, python, python_module, rule
from cflint_rules.security._uploads import is_upload, reads_whole_body


@rule(call("arrayBuffer", "formData", "blob"), severity=Severity.NOTE)
def check(match: Match) -> Iterator[Finding]:
    if not match.module.is_run or not match.module.runs_in_worker(match.node):
        return
    read = reads_whole_body(match)
    if read is None or not is_upload(match):
        return
    yield Finding(
        f"`{read.method}()` takes an upload into memory, of which there are 128 MB, and 100 MB or more may be"
        " sent: look at its `Content-Length` first, or stream it",
        match.at(match.node),
    )


_LENGTHS = pattern(r"content-length|content_length|MAX_|max_|\.size\b")


@check.on(python_module("UploadFile"))
def check_python(module: python.PythonModule) -> Iterator[Finding]:
    if not module.workers or module.has_errors:
        return
    for made in module.calls("read"):
        if made.args or not python.is_upload(module, module.receiver(made)):
            continue
        function = module.function_around(made)
        if function is not None and _LENGTHS.search(module.text(function)) is None:
            yield Finding(
                "`read()` takes an upload into memory, of which there are 128 MB, and 100 MB or more may be"
                " sent: look at its `Content-Length` first, or read a part of it",
                module.at(made),
            )
