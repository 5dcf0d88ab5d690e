"""Export handlers from the entry module: a Worker that only runs once does nothing.

A Worker opens no port: the runtime calls the handlers of its default export. Without any export wrangler
takes the entry for an old service worker, and one that listens to no event is refused by the API ("No event
handlers were registered"). `app.listen()` of Express, Fastify and the like needs `httpServerHandler()`,
exported.

## Incorrect

```ts
// src/index.ts
import express from "express";

const app = express();
app.get("/", (request, response) => response.send("hello"));
app.listen(3000);
```

```jsonc
// wrangler.jsonc
{
  "name": "example",
  "main": "src/index.ts",
  "compatibility_date": "2026-08-01",
  "compatibility_flags": ["nodejs_compat"],
  "observability": { "enabled": true }
}
```

## Correct

```ts
// src/index.ts
import { httpServerHandler } from "cloudflare:node";
import express from "express";

const app = express();
app.get("/", (request, response) => response.send("hello"));
app.listen(3000);

export default httpServerHandler({ port: 3000 });
```

```jsonc
// wrangler.jsonc
{
  "name": "example",
  "main": "src/index.ts",
  "compatibility_date": "2026-08-01",
  "compatibility_flags": ["nodejs_compat"],
  "observability": { "enabled": true }
}
```

## What to do

Export the handlers: `export default { async fetch(request, env, ctx) { … } }`; or let `main` name the
module that does.

## Not reported

Service workers, also where a module that the entry imports listens; CommonJS, whose `module.exports` becomes
the default export; entries that a build makes; entries that export something, of which
[`missing-default-export`](missing_default_export.py) speaks.

## Errors

```text title="workerd"
No event handlers were registered. This script does nothing.
```

```text title="Cloudflare"
The uploaded script has no registered event handlers. [code: 10068]
```

Seen in https://github.com/cloudflare/workers-sdk/issues/2767.

## Fix safety

No fix: what the default export should be depends on the framework.

Source: https://github.com/cloudflare/workers-sdk/blob/main/packages/wrangler/src/deployment-bundle/guess-worker-format.ts
"""

from __future__ import annotations

from collections.abc import Iterator

from cflint.api import (
    PREVIEW,
    Documents,
    Finding,
    Location,
    Project,
    Severity,
    Worker,
    config,
    js,
    rule,
    worker,
)

_LISTENS = ("addEventListener", "onfetch")


@rule(
    worker(),
    severity=Severity.WARNING,
    deployed=True,
    documents=Documents.NOTHING,
    presets=(PREVIEW,),
)
def check(subject: Worker, project: Project) -> Iterator[Finding]:
    configuration = subject.config
    if configuration is None or configuration.is_pages or configuration.name is None or subject.is_document:
        return
    for entry in subject.entries:
        facts = project.facts.of(entry)
        document = project.sources.document(entry)
        if facts is None or document is None or config.is_test_path(entry) or facts.has_errors:
            continue
        if facts.exports or facts.star_exports or facts.is_commonjs or facts.listens:
            continue
        if not document.data.strip() or not js.all_code_is_known(project, subject):
            continue  # a file that a build fills
        if any(js.is_named(project, js.running_paths(subject), word) for word in _LISTENS):
            continue
        listens = next(iter(js.calls_named(project, (entry,), "listen")), None)
        if listens is not None:
            yield Finding(
                "a Worker opens no port, and this module exports nothing: export a handler, with"
                " `httpServerHandler()` of `cloudflare:node` for this one",
                listens.module.at(listens.node),
            )
        else:
            # at the first line of code, which a comment can stand above
            module = js.module_of(project, entry)
            statements = module.root.named_children if module is not None else []
            code = next((node for node in statements if node.type != "comment"), None)
            at = code.start_byte if code is not None else len(document.data) - len(document.data.lstrip())
            yield Finding(
                "this module exports nothing and listens to no event: a Worker without handlers is refused",
                Location(document, document.line_span(document.line_of(at))),
            )
